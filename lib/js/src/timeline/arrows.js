// Wake arrows: from the row of who woke to the row of who was woken, of goroutines and of the Ps they ran on.
// Steal arrows: from the row of the P that had the goroutines to that of the P that took them.

import { pixelOf } from "./viewport.js";

/**
 * @typedef {{x0: number, y0: number, x1: number, y1: number}} Arrow  css px in the plot
 * @typedef {import("./rows.js").Row} Row
 */

/** Rows by kind and lane, made once for each arrangement. @type {WeakMap<Row[], Map<string, Row>>} */
const places = new WeakMap();

/**
 * Where a wake is drawn, once on goroutines' rows and once on Ps', as far as these are seen. On goroutines' rows
 * it is at the moment of the wake; between Ps it goes from there to the moment at which the woken one ran.
 *
 * @param {import("./lanes.js").Lanes} lanes
 * @param {import("./painter.js").Scene} scene
 * @param {import("./wakes.js").Wake} wake
 * @param {boolean} groups  a group stands in for a goroutine without a row
 * @returns {Arrow[]}
 */
export function arrowsOf(lanes, { view, width, top, height }, wake, groups) {
  const seen = (/** @type {Row} */ row) => row.y + row.height > top && row.y < top + height;
  const middle = (/** @type {Row} */ row) => row.y + row.height / 2 - top;
  const x = pixelOf(view, wake.t, width);
  const found = [];
  const [from, to] = [ownRow(lanes, wake.from, groups), ownRow(lanes, wake.to, groups)];
  if (from && to && from !== to && x >= -2 && x <= width + 2 && crosses(from, to, top, height)) {
    found.push({ x0: x, y0: middle(from), x1: x, y1: middle(to) });
  }
  const [on, then] = [procRow(lanes, wake.fromP), procRow(lanes, wake.toP)];
  if (on && then && (seen(on) || seen(then))) {
    const end = pixelOf(view, wake.ran, width);
    if (end >= -2 && x <= width + 2 && (on !== then || end - x > 8)) {
      found.push({ x0: x, y0: middle(on), x1: end, y1: middle(then) });
    }
  }
  return found;
}

/**
 * Where a steal is drawn; null if it is out of sight.
 *
 * @param {import("./lanes.js").Lanes} lanes
 * @param {import("./painter.js").Scene} scene
 * @param {import("./steals.js").Steal} steal
 * @returns {Arrow | null}
 */
export function stealArrow(lanes, { view, width, top, height }, steal) {
  const [from, to] = [procRow(lanes, steal.victim), procRow(lanes, steal.thief)];
  const x = pixelOf(view, steal.t, width);
  if (!from || !to || from === to || x < -2 || x > width + 2 || !crosses(from, to, top, height)) return null;
  const middle = (/** @type {Row} */ row) => row.y + row.height / 2 - top;
  return { x0: x, y0: middle(from), x1: x, y1: middle(to) };
}

/**
 * @param {Row} one
 * @param {Row} other
 * @param {number} top
 * @param {number} height
 */
function crosses(one, other, top, height) {
  return Math.max(one.y, other.y) > top - 20 && Math.min(one.y, other.y) < top + height;
}

/**
 * @param {import("./lanes.js").Lanes} lanes
 * @param {number} lane
 * @param {boolean} groups
 */
function ownRow(lanes, lane, groups) {
  return rowAt(lanes, `g ${lane}`) ?? (groups ? rowAt(lanes, `group ${lanes.groupOf[lane]}`) : undefined);
}

/**
 * @param {import("./lanes.js").Lanes} lanes
 * @param {number} p
 */
function procRow(lanes, p) {
  return p < 0 ? undefined : rowAt(lanes, `p ${lanes.procs.number.indexOf(p)}`);
}

/**
 * @param {import("./lanes.js").Lanes} lanes
 * @param {string} key
 */
function rowAt({ rows }, key) {
  let known = places.get(rows);
  if (!known) places.set(rows, (known = new Map(rows.map((row) => [`${row.kind} ${row.lane}`, row]))));
  return known.get(key);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Arrow} arrow
 * @param {import("./palette.js").Palette} palette
 * @param {number} thick
 * @param {string} ink
 */
export function drawArrow(context, { x0, y0, x1, y1 }, palette, thick, ink = palette.inks.ink) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [(6 * dx) / length, (6 * dy) / length];
  for (const [colour, wide] of /** @type {const} */ ([[palette.inks.background, thick + 2.5], [ink, thick]])) {
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = wide;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.moveTo(x1 - ux - uy * 0.65, y1 - uy + ux * 0.65);
    context.lineTo(x1, y1);
    context.lineTo(x1 - ux + uy * 0.65, y1 - uy - ux * 0.65);
    context.stroke();
  }
  context.beginPath();
  context.arc(x0, y0, thick + 1.5, 0, 2 * Math.PI);
  context.fill();
}
