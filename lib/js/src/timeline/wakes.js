// Who unblocked whom: the arrows of one piece, and those of all pieces in a view.

import { lastBegun } from "./pieces.js";
import { RUNNABLE, RUNNING } from "./states.js";

/**
 * `from` made `to` (lanes of goroutines) runnable at `t` on P `fromP`; it then ran at `ran` on P `toP`. A P is
 * -1, and `ran` is `t`, where that is not known.
 *
 * @typedef {{from: number, to: number, t: number, fromP: number, toP: number, ran: number}} Wake
 */

/** More are not drawn: a goroutine may wake thousands in one piece. */
const MOST = 200;
/** More pieces in a view are not even looked through while a reader moves it. */
const MOST_PIECES = 300_000;

/**
 * The wakes of a goroutine's piece: the one that led to it, and those that happened in it.
 *
 * @param {import("./model.js").Recording} recording
 * @param {number} piece
 * @returns {Wake[]}
 */
export function wakesOf(recording, piece) {
  const { lives } = recording;
  const lane = lives.laneOf(piece);
  let own = piece;
  // A running piece was made to run by who ended the wait before it.
  if (lives.state[piece] === RUNNING && piece > lives.first[lane]) own = piece - 1;
  const led = wakeOf(recording, own);
  const found = led ? [led] : [];
  if (lives.state[piece] === RUNNING) found.push(...made(recording, lane, lives.start[piece], lives.start[piece + 1]));
  return found;
}

/**
 * The wakes in a view, at most `most`: evenly chosen among the pieces, not the first ones.
 *
 * @param {import("./model.js").Recording} recording
 * @param {import("./viewport.js").Viewport} view
 * @param {number} most
 * @returns {{wakes: Wake[], count: number}} `count` is how many there are, -1 for too many to count
 */
export function wakesIn(recording, { t0, t1 }, most) {
  const { lives, columns } = recording;
  const { byStart, state, start } = lives;
  const from = bound(byStart, start, t0);
  const to = bound(byStart, start, t1 + 1);
  if (to - from > MOST_PIECES) return { wakes: [], count: -1 };
  const found = [];
  for (let k = from; k < to; k++) {
    const piece = byStart[k];
    if (state[piece] === RUNNABLE && columns.cause[piece]) found.push(piece);
  }
  const drawn = Math.min(found.length, most);
  const wakes = [];
  for (let k = 0; k < drawn; k++) {
    const wake = wakeOf(recording, found[Math.floor((k * found.length) / drawn)]);
    if (wake) wakes.push(wake);
  }
  return { wakes, count: found.length };
}

/**
 * @param {Uint32Array} byStart
 * @param {Float64Array} start
 * @param {number} t
 * @returns {number} the first k whose piece begins at t or later
 */
function bound(byStart, start, t) {
  let [low, high] = [0, byStart.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (start[byStart[middle]] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @param {import("./model.js").Recording} recording
 * @param {number} piece
 * @returns {Wake | null} null unless someone made the goroutine runnable here
 */
function wakeOf(recording, piece) {
  const { lives } = recording;
  const from = lives.state[piece] === RUNNABLE ? recording.causeOf(piece) : -1;
  if (from < 0) return null;
  const lane = lives.laneOf(piece);
  const t = lives.start[piece];
  const ran = piece + 2 < lives.first[lane + 1] && lives.state[piece + 1] === RUNNING;
  return {
    from,
    to: lane,
    t,
    fromP: placeOf(recording, from, piece, t),
    toP: ran ? lives.p(piece + 1) : -1,
    ran: ran ? lives.start[piece + 1] : t,
  };
}

/**
 * The P on which the waker ran; where that was not seen, the one that the trace names for the wake itself.
 *
 * @param {import("./model.js").Recording} recording
 * @param {number} waker
 * @param {number} piece
 * @param {number} t
 */
function placeOf({ lives }, waker, piece, t) {
  if (lives.p(piece) >= 0) return lives.p(piece);
  const [low, high] = [lives.first[waker], lives.first[waker + 1] - 2];
  const own = high < low ? -1 : lastBegun(lives.start, low, high, t);
  return own >= 0 && lives.state[own] === RUNNING ? lives.p(own) : -1;
}

/**
 * @param {import("./model.js").Recording} recording
 * @param {number} lane  of the waker
 * @param {number} t0
 * @param {number} t1
 */
function made(recording, lane, t0, t1) {
  const { lives, columns } = recording;
  const wanted = lives.owner[lane] + 1;
  const { cause } = columns;
  /** @type {Wake[]} */
  const found = [];
  for (let i = 0; i < cause.length && found.length < MOST; i++) {
    if (cause[i] !== wanted || lives.state[i] !== RUNNABLE) continue;
    if (lives.start[i] < t0 || lives.start[i] > t1) continue;
    const wake = wakeOf(recording, i);
    if (wake) found.push(wake);
  }
  return found;
}
