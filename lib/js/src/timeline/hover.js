// The layer that follows the pointer: the piece under it, what is pinned, arrows, the selected time.

import { arrowsOf, drawArrow, stealArrow } from "./arrows.js";
import { stealsText } from "./steals.js";
import { pixelOf } from "./viewport.js";

/**
 * @typedef {object} Marked
 * @property {import("./lanes.js").Found | null} hovered
 * @property {import("./lanes.js").Found | null} pinned
 * @property {import("./wakes.js").Wake[]} wakes  of what is pinned or under the pointer
 * @property {{wakes: import("./wakes.js").Wake[], count: number} | null} all  wakes in the view, if asked for
 * @property {{steals: import("./steals.js").Steal[], count: number} | null} steals  in the view, if asked for
 * @property {{t0: number, t1: number} | null} selection
 * @property {number | null} t  where the pointer is
 * @property {number | null} elsewhere  where the pointer is in a linked timeline
 */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./painter.js").Scene} scene
 * @param {import("./palette.js").Palette} palette
 * @param {import("./lanes.js").Lanes} lanes
 * @param {Marked} marked
 */
export function drawHover(context, scene, palette, lanes, marked) {
  const { width, height, view } = scene;
  const x = (/** @type {number} */ t) => Math.min(Math.max(pixelOf(view, t, width), -10), width + 10);
  if (marked.selection) {
    const { t0, t1 } = marked.selection;
    context.fillStyle = palette.inks.accent;
    context.globalAlpha = 0.14;
    context.fillRect(x(t0), 0, Math.max(x(t1) - x(t0), 1), height);
    context.globalAlpha = 1;
    for (const t of [t0, t1]) context.fillRect(Math.round(x(t)), 0, 1, height);
  }
  if (marked.t !== null) {
    context.fillStyle = palette.inks.faint;
    context.fillRect(Math.round(x(marked.t)), 0, 1, height);
  }
  for (const [found, thick] of /** @type {const} */ ([[marked.hovered, 1], [marked.pinned, 2]])) {
    if (found) outline(context, found, scene, lanes, palette.inks.accent, thick);
  }
  if (marked.elsewhere !== null) {
    context.fillStyle = palette.inks.accent;
    for (let y = 0; y < height; y += 8) context.fillRect(Math.round(x(marked.elsewhere)), y, 1, 5);
  }
  if (marked.steals) drawSteals(context, scene, palette, lanes, marked.steals);
  if (marked.all) drawAll(context, scene, palette, lanes, marked.all);
  const said = marked.all ? [wakesText(marked.all.wakes.length, marked.all.count)] : [];
  if (marked.steals) said.push(stealsText(marked.steals.steals.length, marked.steals.count));
  said.forEach((text, line) => note(context, scene, palette, text, line));
  for (const wake of marked.wakes) {
    for (const arrow of arrowsOf(lanes, scene, wake, true)) drawArrow(context, arrow, palette, 1.5);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./painter.js").Scene} scene
 * @param {import("./palette.js").Palette} palette
 * @param {import("./lanes.js").Lanes} lanes
 * @param {{wakes: import("./wakes.js").Wake[]}} all
 */
function drawAll(context, scene, palette, lanes, { wakes }) {
  for (const wake of wakes) {
    for (const arrow of arrowsOf(lanes, scene, wake, false)) drawArrow(context, arrow, palette, 1);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./painter.js").Scene} scene
 * @param {import("./palette.js").Palette} palette
 * @param {import("./lanes.js").Lanes} lanes
 * @param {{steals: import("./steals.js").Steal[]}} all
 */
function drawSteals(context, scene, palette, lanes, { steals }) {
  for (const steal of steals) {
    const arrow = stealArrow(lanes, scene, steal);
    if (arrow) drawArrow(context, arrow, palette, 1.5, palette.inks.accent);
  }
}

/**
 * A line of words in the upper right corner.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {import("./painter.js").Scene} scene
 * @param {import("./palette.js").Palette} palette
 * @param {string} text
 * @param {number} line
 */
function note(context, scene, palette, text, line) {
  const y = 20 * line;
  context.font = "bold 11px system-ui, sans-serif";
  context.textBaseline = "middle";
  const wide = context.measureText(text).width;
  context.fillStyle = palette.inks.background;
  context.globalAlpha = 0.85;
  context.fillRect(scene.width - wide - 14, y + 2, wide + 12, 18);
  context.globalAlpha = 1;
  context.fillStyle = palette.inks.ink;
  context.fillText(text, scene.width - wide - 8, y + 11);
}

/**
 * @param {number} drawn
 * @param {number} count  -1: too many to count
 */
export function wakesText(drawn, count) {
  if (count < 0) return "Too many spans for wake arrows: zoom in";
  if (count > drawn) return `${drawn} of ${count} wakes in view: zoom in for all`;
  return `${count} wakes in view`;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./lanes.js").Found} found
 * @param {import("./painter.js").Scene} scene
 * @param {import("./lanes.js").Lanes} lanes
 * @param {string} colour
 * @param {number} thick
 */
function outline(context, found, { view, width, top }, lanes, colour, thick) {
  const row = lanes.rows.find((one) => one.kind === found.row.kind && one.lane === found.row.lane);
  if (!row) return;
  const from = Math.max(pixelOf(view, found.start, width), -4);
  const to = Math.min(pixelOf(view, found.end, width), width + 4);
  context.strokeStyle = colour;
  context.lineWidth = thick;
  context.strokeRect(from - 0.5, row.y - top + 0.5, Math.max(to - from, 2), row.height - 2);
}
