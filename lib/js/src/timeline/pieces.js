// Lives of lanes, cut into pieces of one state each, and how long each state took between any two moments.

import { ABSENT, STATES } from "./states.js";

/** A checkpoint for so many pieces: at most so many steps from one to any piece. */
export const EVERY = 64;

/**
 * Lane after lane, each with its pieces in time's order and without gaps: a piece ends where the next one
 * begins. The last piece of a lane is its end and has no duration. `first` has one number more than lanes.
 *
 * @typedef {object} Pieces
 * @property {Float64Array} start  ns
 * @property {Uint8Array} state
 * @property {Uint32Array} first  the first piece of each lane
 * @property {Float64Array} sums  STATES numbers for each checkpoint: ns per state in all pieces before it
 */

/**
 * @param {Float64Array} start
 * @param {Uint8Array} state
 * @param {Uint32Array} first
 * @returns {Pieces}
 */
export function pieces(start, state, first) {
  return { start, state, first, sums: checkpoints(start, state, first) };
}

/**
 * @param {Float64Array} start
 * @param {Uint8Array} state
 * @param {Uint32Array} first
 */
export function checkpoints(start, state, first) {
  const count = start.length;
  const sums = new Float64Array((Math.floor(count / EVERY) + 1) * STATES);
  const now = new Float64Array(STATES);
  let at = 0;
  for (let lane = 0; lane + 1 < first.length; lane++) {
    const end = first[lane + 1];
    for (let i = first[lane]; i < end; i++) {
      if (i % EVERY === 0) {
        sums.set(now, at);
        at += STATES;
      }
      if (i + 1 < end) now[state[i]] += start[i + 1] - start[i];
    }
  }
  if (count % EVERY === 0) sums.set(now, at);
  return sums;
}

/**
 * The piece of a lane at a moment: the last one that began by then, though not the lane's end.
 * Before the lane's life it is the first one, after it the last.
 *
 * @param {Pieces} all
 * @param {number} lane
 * @param {number} t
 */
export function pieceAt(all, lane, t) {
  const low = all.first[lane];
  const high = all.first[lane + 1] - 2;
  return high < low ? low : lastBegun(all.start, low, high, t);
}

/**
 * @param {Float64Array} start
 * @param {number} low
 * @param {number} high  inclusive
 * @param {number} t
 * @returns {number} the last i of low..high with start[i] <= t, else low
 */
export function lastBegun(start, low, high, t) {
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (start[middle] <= t) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * How long a lane was in each state in each of `width` equal columns from t0 to t1. Exact at any zoom:
 * no piece is left out, and none is counted twice. What lies outside of the lane's life is ABSENT.
 *
 * @param {Pieces} all
 * @param {number} lane
 * @param {number} t0
 * @param {number} t1
 * @param {number} width
 * @param {Float64Array} out  width * STATES, overwritten
 */
export function columnTimes(all, lane, t0, t1, width, out) {
  const { start } = all;
  const low = all.first[lane];
  const end = all.first[lane + 1] - 1;
  out.fill(0, 0, width * STATES);
  const step = (t1 - t0) / width;
  const born = start[low];
  const dead = start[end];
  let piece = low < end ? lastBegun(start, low, end - 1, t0) : low;
  for (let x = 0, at = 0; x < width; x++, at += STATES) {
    const left = t0 + x * step;
    const right = x + 1 === width ? t1 : t0 + (x + 1) * step;
    const from = Math.max(left, born);
    const to = Math.min(right, dead);
    if (!(to > from)) {
      out[at + ABSENT] = right - left;
      continue;
    }
    out[at + ABSENT] = right - left - (to - from);
    piece = between(all, piece, end - 1, from, to, out, at);
  }
}

/**
 * Adds the time in each state from `from` to `to`, both inside the lane's life.
 *
 * @param {Pieces} all
 * @param {number} piece  one that began by `from`
 * @param {number} last  the lane's last piece
 * @param {number} from
 * @param {number} to
 * @param {Float64Array} out
 * @param {number} at
 * @returns {number} the piece at `to`
 */
function between(all, piece, last, from, to, out, at) {
  const { start, state } = all;
  while (piece < last && start[piece + 1] <= from) piece++;
  // Few pieces, the common case once zoomed in: walk.
  const near = Math.min(last, piece + 2 * EVERY);
  if (near === last || start[near] > to) {
    while (piece < last && start[piece + 1] < to) {
      out[at + state[piece]] += start[piece + 1] - Math.max(start[piece], from);
      piece++;
    }
    out[at + state[piece]] += to - Math.max(start[piece], from);
    return piece;
  }
  out[at + state[piece]] += start[piece + 1] - Math.max(start[piece], from);
  const end = lastBegun(start, near, last, to);
  whole(all, piece + 1, end, out, at);
  out[at + state[end]] += to - start[end];
  return end;
}

/**
 * Adds the time in each state of the pieces `begin` to `end` - 1 of one lane, by way of the checkpoints.
 *
 * @param {Pieces} all
 * @param {number} begin
 * @param {number} end
 * @param {Float64Array} out
 * @param {number} at
 */
function whole(all, begin, end, out, at) {
  const { start, state, sums } = all;
  const a = Math.ceil(begin / EVERY);
  const b = Math.floor(end / EVERY);
  if (b <= a) {
    for (let i = begin; i < end; i++) out[at + state[i]] += start[i + 1] - start[i];
    return;
  }
  for (let i = begin; i < a * EVERY; i++) out[at + state[i]] += start[i + 1] - start[i];
  for (let s = 0; s < STATES; s++) out[at + s] += sums[b * STATES + s] - sums[a * STATES + s];
  for (let i = b * EVERY; i < end; i++) out[at + state[i]] += start[i + 1] - start[i];
}
