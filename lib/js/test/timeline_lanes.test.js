// The sums behind the pixels, against sums made the slow way, piece by piece.

import assert from "node:assert/strict";
import { test } from "node:test";

import { columnTimes, pieceAt, pieces } from "../src/timeline/pieces.js";
import { order } from "../src/timeline/radix.js";
import { BYTES, boundaries, stateAt } from "../src/timeline/shares.js";
import { ABSENT, RUNNABLE, RUNNING, STACKED, STATES } from "../src/timeline/states.js";
import { columnCounts, steps, stepsOfSpans } from "../src/timeline/steps.js";

/** The same numbers in every run. @param {number} seed */
export function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * @param {() => number} next
 * @param {number[]} lengths  pieces of each lane, its end not counted
 */
function lives(next, lengths) {
  const start = [];
  const state = [];
  const first = [0];
  for (const length of lengths) {
    let t = Math.floor(next() * 1000);
    for (let i = 0; i < length; i++) {
      start.push(t);
      state.push(Math.floor(next() * 8));
      // Some take no time, and a few take very long.
      t += next() < 0.1 ? 0 : Math.floor(next() * (next() < 0.01 ? 1e6 : 500));
    }
    start.push(t);
    state.push(ABSENT);
    first.push(start.length);
  }
  return pieces(Float64Array.from(start), Uint8Array.from(state), Uint32Array.from(first));
}

/**
 * @param {import("../src/timeline/pieces.js").Pieces} all
 * @param {number} lane
 * @param {number} t0
 * @param {number} t1
 */
function slowly(all, lane, t0, t1) {
  const times = new Float64Array(STATES);
  for (let i = all.first[lane]; i < all.first[lane + 1] - 1; i++) {
    const part = Math.min(all.start[i + 1], t1) - Math.max(all.start[i], t0);
    if (part > 0) times[all.state[i]] += part;
  }
  const known = times.reduce((a, b) => a + b, 0);
  times[ABSENT] += t1 - t0 - known;
  return times;
}

/**
 * @param {ArrayLike<number>} found
 * @param {ArrayLike<number>} wanted
 * @param {number} scale
 * @param {string} message
 */
function near(found, wanted, scale, message) {
  for (let s = 0; s < STATES; s++) {
    assert.ok(Math.abs(found[s] - wanted[s]) <= 1e-6 * scale + 1e-6, `${message}, state ${s}: ${found[s]} not ${wanted[s]}`);
  }
}

const LENGTHS = [1, 2, 63, 64, 65, 1000, 0, 4096, 7];
const VIEWS = /** @type {const} */ ([[0, 1.1e7, 50], [0, 1.1e7, 3], [900, 40_000, 700], [5000, 5020, 40], [-500, 10, 9], [2e9, 3e9, 5]]);

test("a column's times are those of all pieces in it, at any zoom, lane by lane", () => {
  const all = lives(random(7), LENGTHS);
  for (let lane = 0; lane < LENGTHS.length; lane++) {
    for (const [t0, t1, width] of VIEWS) {
      const out = new Float64Array(width * STATES);
      columnTimes(all, lane, t0, t1, width, out);
      const step = (t1 - t0) / width;
      for (let x = 0; x < width; x++) {
        const wanted = slowly(all, lane, t0 + x * step, t0 + (x + 1) * step);
        near(out.subarray(x * STATES, (x + 1) * STATES), wanted, step, `lane ${lane}, ${t0} to ${t1}, column ${x}`);
      }
    }
  }
});

test("a group's columns are the sums of its goroutines' columns", () => {
  const all = lives(random(11), [500, 3, 200, 64, 1, 900]);
  const groupOf = [0, 1, 0, 0, 1, 2];
  const groups = steps(all, order(all.start), groupOf, 3);
  for (let group = 0; group < 3; group++) {
    for (const [t0, t1, width] of VIEWS) {
      const out = new Float64Array(width * STATES);
      columnCounts(groups[group], t0, t1, width, out);
      const step = (t1 - t0) / width;
      for (let x = 0; x < width; x++) {
        const wanted = new Float64Array(STATES);
        groupOf.forEach((one, lane) => {
          if (one !== group) return;
          const times = slowly(all, lane, t0 + x * step, t0 + (x + 1) * step);
          for (let s = 0; s < STATES; s++) if (s !== ABSENT) wanted[s] += times[s];
        });
        const there = wanted.reduce((a, b) => a + b, 0);
        wanted[ABSENT] = groups[group].peak * step - there;
        near(out.subarray(x * STATES, (x + 1) * STATES), wanted, step * 6, `group ${group}, ${t0}, column ${x}`);
      }
    }
  }
});

test("counting one state leaves the others out", () => {
  const all = lives(random(5), [300, 300]);
  const [only] = steps(all, order(all.start), [0, 0], 1, RUNNABLE);
  const out = new Float64Array(STATES);
  columnCounts(only, 0, 1e7, 1, out);
  const wanted = slowly(all, 0, 0, 1e7)[RUNNABLE] + slowly(all, 1, 0, 1e7)[RUNNABLE];
  assert.equal(out[RUNNABLE], wanted);
  assert.ok(wanted > 0);
  assert.equal(out[RUNNING], 0);
});

test("spans that overlap are counted", () => {
  const open = stepsOfSpans(Float64Array.of(10, 20, 20), Float64Array.of(30, 40, 25), RUNNING);
  assert.equal(open.peak, 3);
  const out = new Float64Array(2 * STATES);
  columnCounts(open, 0, 40, 2, out);
  assert.deepEqual([out[RUNNING], out[STATES + RUNNING]], [10, 10 + 20 + 5]);
});

test("the piece at a moment is the one that was found by looking at all", () => {
  const all = lives(random(3), [400, 1]);
  for (const lane of [0, 1]) {
    const end = all.first[lane + 1] - 1;
    for (let i = all.first[lane]; i < end; i++) {
      if (all.start[i] === all.start[i + 1]) continue;
      const middle = (all.start[i] + all.start[i + 1]) / 2;
      assert.equal(pieceAt(all, lane, middle), i);
    }
    assert.equal(pieceAt(all, lane, -1), all.first[lane]);
    assert.equal(pieceAt(all, lane, 1e15), end - 1);
  }
});

test("keys are put in order, equal ones stay as they were", () => {
  const next = random(1);
  for (const largest of [1, 100, 2 ** 16, 2 ** 31, 2 ** 40, 2 ** 53 - 1]) {
    const keys = Float64Array.from({ length: 3000 }, () => Math.floor(next() * largest));
    keys[17] = keys[2000];
    const places = order(keys);
    assert.deepEqual([...places].sort((a, b) => a - b), [...keys.keys()]);
    for (let k = 1; k < places.length; k++) {
      const [a, b] = [places[k - 1], places[k]];
      assert.ok(keys[a] < keys[b] || (keys[a] === keys[b] && a < b));
    }
  }
  assert.deepEqual([...order(new Float64Array(0))], []);
});

test("pixels have each state's share: none is off by more than its rounding, and all pixels are taken", () => {
  const next = random(9);
  for (let round = 0; round < 200; round++) {
    const times = Float64Array.from({ length: STATES }, () => (next() < 0.4 ? 0 : next() ** 4 * 1e9));
    const total = times.reduce((a, b) => a + b, 0);
    const bytes = new Uint8Array(BYTES);
    boundaries(times, 1, bytes, 0);
    for (const height of [1, 15, 25, 255]) {
      const pixels = new Float64Array(STATES);
      for (let y = 0; y < height; y++) pixels[stateAt(bytes, 0, y, height)]++;
      for (let s = 0; s < STATES; s++) {
        const share = total ? times[s] / total : Number(s === ABSENT);
        assert.ok(Math.abs(pixels[s] / height - share) <= 1 / height + 1 / 255, `state ${s} at ${height}`);
        if (share === 0) assert.equal(pixels[s], 0, "what takes no time takes no pixel");
      }
    }
  }
  assert.equal(new Set(STACKED).size, STATES);
});
