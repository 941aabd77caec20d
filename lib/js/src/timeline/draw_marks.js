// Marks over the lanes: stops of the world and the collector across all, brackets of regions, ticks of messages.

import { marksIn } from "./marks.js";
import { pixelOf } from "./viewport.js";

const LETTER_PX = 6;
/** The room for brackets at the top of a tall row. */
export const BRACKET_PX = 12;

/**
 * Stops of the world and the collector's phases, across all lanes.
 *
 * @param {import("./overlay.js").Drawing} drawing
 */
export function drawRanges({ context, scene, palette, lanes }) {
  const { view, width, height } = scene;
  const drawn = { stw: -1, gc: -1 };
  for (const { kind, start, end } of lanes.recording.ranges) {
    const to = Math.min(pixelOf(view, end, width), width + 1);
    // Many in one pixel are one line, not a darker one.
    const left = Math.max(pixelOf(view, start, width), drawn[kind]);
    if (to < 0 || left > width || (to <= drawn[kind] && drawn[kind] >= 0)) continue;
    const wide = Math.max(to - left, 1);
    drawn[kind] = left + wide;
    const look = rangeLook(kind, palette);
    context.globalAlpha = look.alpha;
    context.fillStyle = look.ink;
    context.fillRect(left, 0, wide, height);
    context.globalAlpha = 1;
  }
}

/**
 * How a stop of the world, or a phase of the collector, is drawn over the lanes.
 *
 * @param {"stw" | "gc"} kind
 * @param {import("./palette.js").Palette} palette
 */
export function rangeLook(kind, { inks }) {
  return kind === "stw" ? { ink: inks.alert, alpha: 0.45 } : { ink: inks.gc, alpha: 0.16 };
}

/**
 * The marks of one goroutine or P: the collector's work as a line below, regions as brackets above, messages
 * as ticks.
 *
 * @param {import("./overlay.js").Drawing} drawing
 * @param {import("./rows.js").Row} row
 */
export function drawRowMarks({ context, scene, palette, lanes }, row) {
  const { view, width, top } = scene;
  const y = row.y - top;
  const drawn = { gc: -1, region: -1, log: -1 };
  // Regions nest: the name of the inner one stands after that of the outer one.
  let named = -Infinity;
  for (const { kind, name, start, end } of marksIn(lanes.marksOf(row), view.t0, view.t1)) {
    const from = Math.max(pixelOf(view, start, width), -2);
    const to = Math.min(Math.max(pixelOf(view, end, width), from + 1), width + 2);
    // Many in one pixel are drawn once.
    if (to - from < 2) {
      if (to <= drawn[kind]) continue;
      drawn[kind] = Math.max(drawn[kind], Math.ceil(to));
    }
    if (kind === "gc") {
      context.fillStyle = palette.inks.gcLine;
      context.fillRect(from, y + row.height - 4, Math.max(to - from, 1), 3);
    } else if (kind === "region") {
      bracket(context, palette.inks.onState, from, to, y);
      if (row.tall) named = nameOf(context, name, Math.max(from, 0, named) + 5, to, y);
    } else tick(context, palette.inks.onState, from, y);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} ink
 * @param {number} from
 * @param {number} to
 * @param {number} y
 */
function bracket(context, ink, from, to, y) {
  context.fillStyle = ink;
  context.fillRect(from, y, to - from, 1.5);
  context.fillRect(from, y, 1.5, BRACKET_PX - 4);
  context.fillRect(to - 1.5, y, 1.5, BRACKET_PX - 4);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} name
 * @param {number} left
 * @param {number} to
 * @param {number} y
 * @returns {number} where it ends
 */
function nameOf(context, name, left, to, y) {
  const letters = Math.floor((to - left - 4) / LETTER_PX);
  if (letters < 2) return left;
  const text = name.length > letters ? `${name.slice(0, letters - 1)}…` : name;
  context.fillText(text, left, y + BRACKET_PX / 2 + 2);
  return left + context.measureText(text).width;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} ink
 * @param {number} x
 * @param {number} y
 */
function tick(context, ink, x, y) {
  context.fillStyle = ink;
  context.beginPath();
  context.moveTo(x - 3.5, y);
  context.lineTo(x + 3.5, y);
  context.lineTo(x, y + 7);
  context.lineTo(x - 3.5, y);
  context.fill();
}
