// What is drawn over the lanes: edges and texts of wide pieces, marks, depths and counters.

import { BRACKET_PX, drawRanges, drawRowMarks } from "./draw_marks.js";
import { lastBegun, pieceAt } from "./pieces.js";
import { ABSENT, IDLE, LABELS, RUNNABLE, RUNNING, SYSCALL, WAITING } from "./states.js";
import { drawStrip } from "./strips.js";
import { pixelOf } from "./viewport.js";

const FONT = "11px system-ui, sans-serif";
const EDGE_PX = 4;
const TEXT_PX = 34;

/**
 * @typedef {object} Drawing
 * @property {CanvasRenderingContext2D} context
 * @property {import("./painter.js").Scene} scene
 * @property {import("./palette.js").Palette} palette
 * @property {import("./lanes.js").Lanes} lanes
 * @property {import("./rows.js").Row[]} rows  that are seen
 */

/** @param {Drawing} drawing */
export function drawOverlay(drawing) {
  const { context, rows, lanes } = drawing;
  context.font = FONT;
  context.textBaseline = "middle";
  drawRanges(drawing);
  for (const row of rows) {
    const strip = lanes.strip(row);
    if (row.kind === "heading") drawHeading(drawing, row);
    else if (strip) drawStrip(context, drawing.scene, drawing.palette.inks.faint, strip, row);
    else if (lanes.lives(row)) {
      drawPieces(drawing, row);
      drawRowMarks(drawing, row);
    }
  }
}

/**
 * @param {Drawing} drawing
 * @param {import("./rows.js").Row} row
 */
function drawHeading({ context, scene, palette }, row) {
  context.fillStyle = palette.inks.raised;
  context.fillRect(0, row.y - scene.top, scene.width, row.height);
}

/**
 * Edges and texts where pieces are wide enough for them.
 *
 * @param {Drawing} drawing
 * @param {import("./rows.js").Row} row
 */
function drawPieces({ context, scene, palette, lanes }, row) {
  const shown = lanes.lives(row);
  if (!shown) return;
  const { start, first, state } = shown.recorded;
  const { view, width, top } = scene;
  const begin = pieceAt(shown.recorded, row.lane, view.t0);
  const last = first[row.lane + 1] - 1;
  const end = Math.min(last, lastBegun(start, begin, last, view.t1) + 1);
  if (end - begin > width / EDGE_PX) return;
  const y = row.y - top;
  for (let i = begin; i < end; i++) {
    const from = pixelOf(view, start[i], width);
    const to = pixelOf(view, start[i + 1], width);
    if (to - from < EDGE_PX || state[i] === ABSENT) continue;
    context.fillStyle = palette.inks.edge;
    context.fillRect(Math.round(from), y, 1, row.height - 1);
    const left = Math.max(from, 0);
    if (Math.min(to, width) - left < TEXT_PX || row.height < 14) continue;
    context.fillStyle = palette.inks.onState;
    const text = pieceText(lanes, row, i, shown.recorded);
    clippedText(context, text, left + 4, y + (row.height + (row.tall ? BRACKET_PX : 0)) / 2, Math.min(to, width) - left - 6);
  }
}

/**
 * @param {import("./lanes.js").Lanes} lanes
 * @param {import("./rows.js").Row} row
 * @param {number} piece
 * @param {import("./pieces.js").Pieces} all
 */
function pieceText({ recording }, row, piece, all) {
  const state = all.state[piece];
  const source = row.kind === "g" ? piece : /** @type {any} */ (all).source[piece];
  if (row.kind !== "g") {
    if (state !== RUNNING && state !== SYSCALL) return state === IDLE ? "" : LABELS[state];
    const lane = recording.lives.laneOf(source);
    return `G${recording.goroutineId(lane)} ${shortName(recording.functions[lane])}`;
  }
  if (state === RUNNING || state === SYSCALL) return `P${recording.lives.p(source)} ${LABELS[state]}`;
  const reason = recording.reasonOf(source);
  return state === WAITING || state === RUNNABLE ? `${LABELS[state]}${reason ? `: ${reason}` : ""}` : LABELS[state];
}

/** A function's name without its package's path. @param {string} name */
export function shortName(name) {
  return name.slice(name.lastIndexOf("/") + 1);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} room
 */
function clippedText(context, text, x, y, room) {
  const letters = Math.floor(room / 6);
  if (letters < 2 || !text) return;
  const short = text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
  context.fillText(short, x, y, room);
}
