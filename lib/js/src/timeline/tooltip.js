// What is said of the place under the pointer.

import { element } from "../dom.js";
import { describe, means, mix } from "./inspect.js";
import { marksIn, markTexts } from "./marks.js";
import { columnTimes } from "./pieces.js";
import { STATES } from "./states.js";
import { columnCounts } from "./steps.js";
import { said as words, stripColumns, valueAt } from "./strips.js";
import { duration, moment } from "./units.js";

const MARKS = 5;
/** So far from the pointer a mark is still meant. */
const NEAR_PX = 3;

/** @param {import("./app.js").App} app */
export function followPointer(app) {
  const show = () => {
    const { tooltip, plot, root } = app.parts;
    const lines = app.pointer ? content(app) : null;
    tooltip.hidden = !lines;
    if (!lines || !app.pointer) return;
    tooltip.replaceChildren(...lines);
    const [inside, outside] = [plot.getBoundingClientRect(), root.getBoundingClientRect()];
    const x = inside.left - outside.left + app.pointer.x;
    const left = x + 14 + tooltip.offsetWidth > outside.width ? x - 14 - tooltip.offsetWidth : x + 14;
    // Below the pointer, or as far up as deep stacks need to be seen; their beginning in any case.
    const lowest = Math.max(0, window.innerHeight - 4 - tooltip.offsetHeight);
    const top = Math.min(inside.top + app.pointer.y + 14, lowest) - outside.top;
    tooltip.style.transform = `translate(${Math.max(0, left)}px, ${top}px)`;
  };
  app.on("hover", show);
  app.parts.plot.addEventListener("pointerleave", () => (app.parts.tooltip.hidden = true), { signal: app.signal });
}

/**
 * @param {import("./app.js").App} app
 * @returns {HTMLElement[] | null}
 */
function content(app) {
  if (!app.pointer) return null;
  const { row, t } = app.placeAt(app.pointer.x, app.pointer.y);
  if (!row || row.kind === "heading") return null;
  const { width, view } = app.scene;
  const step = (view.t1 - view.t0) / width;
  const at = `${moment(t - app.recording.bounds.begin, step)}, a pixel is ${duration(step)}`;
  const own = markTexts(marksIn(app.lanes.marksOf(row), t - NEAR_PX * step, t + NEAR_PX * step));
  const texts = [...new Set([...own, ...ofRunning(app, row, t)])].slice(0, MARKS);
  const marks = [...texts, ...ranges(app, t, step)].map((name) => element("div", { class: "tl-mark" }, name));
  const said = app.hovered ? ofPiece(app, app.hovered, t, step) : ofCounts(app, row, t, step);
  return [...said, ...marks, element("div", { class: "tl-faint" }, at)];
}

/**
 * On a P's row: the regions and the like of the goroutine that runs there.
 *
 * @param {import("./app.js").App} app
 * @param {import("./rows.js").Row} row
 * @param {number} t
 */
function ofRunning({ hovered, lanes, recording }, row, t) {
  if (row.kind !== "p" || !hovered || hovered.source < 0) return [];
  const lane = recording.lives.laneOf(hovered.source);
  return markTexts(marksIn(lanes.marksOf({ ...row, kind: "g", lane }), t, t));
}

/**
 * @param {import("./app.js").App} app
 * @param {import("./lanes.js").Found} found
 * @param {number} t
 * @param {number} step
 */
function ofPiece(app, found, t, step) {
  const { title, facts, stacks } = describe(app.lanes, found);
  const lines = [element("strong", {}, title)];
  lines.push(...facts.slice(0, 8).map(([name, value]) => element("div", {}, name ? `${name}: ${value}` : value)));
  const both = stacks.map(({ name, frames }) => {
    const all = frames.map((frame) => element("div", { class: "tl-frame" }, frame.function));
    return element("div", {}, element("div", { class: "tl-faint" }, name), ...all);
  });
  lines.push(element("div", { class: "tl-both" }, ...both));
  const shown = app.lanes.lives(found.row);
  if (shown && found.end - found.start < step) {
    const times = new Float64Array(STATES);
    columnTimes(shown.recorded, found.row.lane, t - step / 2, t + step / 2, 1, times);
    lines.unshift(element("div", {}, `This pixel: ${mix(times)}`));
  }
  return lines;
}

/**
 * @param {import("./app.js").App} app
 * @param {import("./rows.js").Row} row
 * @param {number} t
 * @param {number} step
 */
function ofCounts(app, row, t, step) {
  const counts = app.lanes.counts(row);
  const lines = [element("strong", {}, row.label)];
  const strip = app.lanes.strip(row);
  if (strip) lines.push(...ofStrip(strip, row.kind, t, step).map((text) => element("div", {}, text)));
  if (!counts) return lines;
  const times = new Float64Array(STATES);
  columnCounts(counts, t - step / 2, t + step / 2, 1, times);
  const unit = row.kind === "region" ? "open here" : "goroutines here, as a mean";
  lines.push(element("div", {}, `${unit}: ${means(times, step)}`));
  lines.push(element("div", {}, `full height: ${counts.peak}`));
  return lines;
}

/**
 * @param {import("./strips.js").Strip} strip
 * @param {string} kind  of the row
 * @param {number} t
 * @param {number} step
 */
function ofStrip(strip, kind, t, step) {
  const value = valueAt(strip, t);
  if (!value) return ["not recorded yet"];
  const [low, high] = [words(strip, value.least), words(strip, value.most)];
  const lines = [low === high ? low : `between ${low} and ${high} in these ${duration(strip.binNs)}`];
  const { mean, peak } = stripColumns(strip, { t0: t - step / 2, t1: t + step / 2 }, 1);
  if (peak[0] !== mean[0] && !strip.binNs) {
    lines.push(`this pixel: ${words(strip, mean[0])} as a mean, at most ${words(strip, peak[0])}`);
  }
  lines.push(`full height: ${words(strip, strip.top)}`);
  if (kind === "queue") lines.push("reconstructed: an estimate from the trace and the scheduler's rules");
  return lines;
}

/**
 * @param {import("./app.js").App} app
 * @param {number} t
 * @param {number} step
 */
function ranges(app, t, step) {
  const hits = app.recording.ranges.filter(({ start, end }) => start <= t + step / 2 && end >= t - step / 2);
  return [...new Set(hits.map(({ name, start, end }) => `${name}, ${duration(end - start)}`))].slice(0, 3);
}
