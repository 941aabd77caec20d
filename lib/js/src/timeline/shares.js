// From times per state to what a column of pixels shows. Integers from here on: both renderers draw the same.

import { STACKED, STATES } from "./states.js";

/** Numbers for each column of a row: where the first STATES - 1 states end, of 255, from the top. */
export const BYTES = STATES - 1;

/** So that what lies on the border between two numbers is the same one in every column. */
const HALF = 1e-6;

/** A state's place in STACKED. @type {Uint8Array} */
export const PLACE = new Uint8Array(STATES);
STACKED.forEach((state, place) => (PLACE[state] = place));

/**
 * Where each state of a column ends, rounded as a running sum: no share is off by more than 1 of 255,
 * and they always add up.
 *
 * @param {Float64Array} times  width * STATES
 * @param {number} width
 * @param {Uint8Array} out
 * @param {number} offset
 */
export function boundaries(times, width, out, offset) {
  for (let x = 0, at = 0; x < width; x++, at += STATES) {
    let total = 0;
    for (let s = 0; s < STATES; s++) total += times[at + s];
    const scale = total > 0 ? 255 / total : 0;
    let sum = 0;
    for (let place = 0; place < BYTES; place++) {
      sum += times[at + STACKED[place]];
      out[offset + x * BYTES + place] = total > 0 ? Math.round(sum * scale - HALF) : 255;
    }
  }
}

/**
 * The state that pixel `y` (0 at the top) of a row of `height` pixels shows.
 *
 * @param {Uint8Array} bytes
 * @param {number} at  of the column's first byte
 * @param {number} y
 * @param {number} height
 */
export function stateAt(bytes, at, y, height) {
  const position = (2 * y + 1) * 255;
  let place = 0;
  while (place < BYTES && bytes[at + place] * 2 * height <= position) place++;
  return STACKED[place];
}

/**
 * What is to be drawn: rows of lanes, each `height` pixels from `y` on, in the order of their boundaries.
 *
 * @typedef {object} Frame
 * @property {number} width  pixels
 * @property {number} height
 * @property {{y: number, height: number}[]} rows
 * @property {Uint8Array} bytes  rows.length * width * BYTES
 */
