// Depths and counters over time: step functions, drawn as strips. What was thinned out says so.

import { lastBegun } from "./pieces.js";

/**
 * A value holds until the next one. Where steps were too many to travel, `least` and `most` are what there was
 * in each bin; else they are the same numbers.
 *
 * @typedef {object} Strip
 * @property {Float64Array} time  ascending
 * @property {ArrayLike<number>} least
 * @property {ArrayLike<number>} most
 * @property {number} top  the largest value, at least 1
 * @property {number} before  the value before the first time; NaN: not known
 * @property {number} binNs  0: every step is there
 * @property {boolean} bytes
 */

/**
 * The reconstructed run queue number `index`.
 *
 * @param {import("./model.js").Recording} recording
 * @param {number} index
 * @returns {Strip}
 */
export function queueStrip({ columns, meta }, index) {
  let from = 0;
  for (let k = 0; k < index; k++) from += columns.queue_length[k];
  const to = from + columns.queue_length[index];
  const least = columns.queue_least.subarray(from, to);
  const most = columns.queue_most.subarray(from, to);
  const time = columns.queue_time.subarray(from, to);
  return { time, least, most, top: largest(most), before: 0, binNs: meta.queue_step_ns, bytes: false };
}

/**
 * A recorded counter.
 *
 * @param {import("./model.js").Recording} recording
 * @param {{name: number, p: number}} counter
 * @returns {Strip}
 */
export function counterStrip({ columns, texts }, { name, p }) {
  const { counter_name: names, counter_p: ps, counter_time: times, counter_value: values } = columns;
  const own = [];
  for (let i = 0; i < names.length; i++) if (names[i] === name && ps[i] === p + 1) own.push(i);
  const time = Float64Array.from(own, (i) => times[i]);
  const value = Float64Array.from(own, (i) => Number(values[i]));
  const bytes = texts[name].endsWith(":bytes");
  return { time, least: value, most: value, top: largest(value), before: NaN, binNs: 0, bytes };
}

/** @param {ArrayLike<number>} values */
function largest(values) {
  let found = 1;
  for (let i = 0; i < values.length; i++) found = Math.max(found, values[i]);
  return found;
}

/**
 * The least and the most at a moment; null where it is not known.
 *
 * @param {Strip} strip
 * @param {number} t
 */
export function valueAt({ time, least, most, before }, t) {
  if (!time.length || time[0] > t) return Number.isNaN(before) ? null : { least: before, most: before };
  const at = lastBegun(time, 0, time.length - 1, t);
  return { least: least[at], most: most[at] };
}

/**
 * For each of `width` equal columns the mean over its time (of the least, where bins were thinned out) and the
 * most that there was in it; NaN where nothing is known.
 *
 * @param {Strip} strip
 * @param {import("./viewport.js").Viewport} view
 * @param {number} width
 */
export function stripColumns(strip, { t0, t1 }, width) {
  const { time, least, most, before } = strip;
  const mean = new Float64Array(width);
  const peak = new Float64Array(width);
  const step = (t1 - t0) / width;
  const n = time.length;
  let next = n && time[0] <= t0 ? lastBegun(time, 0, n - 1, t0) + 1 : 0;
  let [low, high] = next ? [least[next - 1], most[next - 1]] : [before, before];
  for (let x = 0; x < width; x++) {
    const right = x + 1 === width ? t1 : t0 + (x + 1) * step;
    let at = t0 + x * step;
    let known = 0;
    let sum = 0;
    let top = high;
    while (next < n && time[next] < right) {
      if (!Number.isNaN(low)) {
        known += time[next] - at;
        sum += low * (time[next] - at);
      }
      at = time[next];
      [low, high] = [least[next], most[next]];
      top = Number.isNaN(top) ? high : Math.max(top, high);
      next++;
    }
    if (!Number.isNaN(low)) {
      known += right - at;
      sum += low * (right - at);
    }
    mean[x] = known > 0 ? sum / known : NaN;
    peak[x] = top;
  }
  return { mean, peak };
}

/**
 * @param {Strip} strip
 * @param {number} value
 */
export function said(strip, value) {
  return strip.bytes ? `${(value / 2 ** 20).toFixed(2)} MiB` : String(Number(value.toPrecision(3)));
}

/**
 * Solid up to the mean, faint up to the most.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {import("./painter.js").Scene} scene
 * @param {string} colour
 * @param {Strip} strip
 * @param {import("./rows.js").Row} row
 */
export function drawStrip(context, { view, width, top }, colour, strip, row) {
  const columns = Math.max(1, Math.round(width));
  const { mean, peak } = stripColumns(strip, view, columns);
  const bottom = row.y - top + row.height - 1;
  const room = row.height - 6;
  context.fillStyle = colour;
  // A value above 0 is seen, however small it is.
  const high = (/** @type {number} */ value) => (value > 0 ? Math.max(1, Math.round((value / strip.top) * room)) : 0);
  for (const [alpha, values] of /** @type {const} */ ([[0.28, peak], [0.5, mean]])) {
    context.globalAlpha = alpha;
    let from = 0;
    // Columns of the same height are one rectangle.
    for (let x = 1; x <= columns; x++) {
      if (x < columns && high(values[x]) === high(values[from])) continue;
      const tall = high(values[from]);
      if (tall) context.fillRect(from, bottom - tall, x - from, tall);
      from = x;
    }
  }
  context.globalAlpha = 1;
}
