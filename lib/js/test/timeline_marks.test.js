// Strips, marks, and wakes, against sums and lists made the slow way.

import assert from "node:assert/strict";
import { test } from "node:test";

import { marksByOwner, marksIn, markTexts } from "../src/timeline/marks.js";
import { pieces } from "../src/timeline/pieces.js";
import { order } from "../src/timeline/radix.js";
import { ABSENT, RUNNABLE, RUNNING, WAITING } from "../src/timeline/states.js";
import { counterStrip, stripColumns, valueAt } from "../src/timeline/strips.js";
import { wakesIn, wakesOf } from "../src/timeline/wakes.js";

const STRIP = {
  time: Float64Array.of(10, 20, 21, 40),
  least: [2, 100, 0, 4],
  most: [2, 100, 0, 4],
  top: 100,
  before: 0,
  binNs: 0,
  bytes: false,
};

test("a strip's column has the mean over its time and the most, a short peak included", () => {
  const { mean, peak } = stripColumns(STRIP, { t0: 0, t1: 60 }, 3);
  assert.deepEqual([...mean], [(10 * 0 + 10 * 2) / 20, 100 / 20, 4]);
  assert.deepEqual([...peak], [2, 100, 4]);
  const part = stripColumns(STRIP, { t0: 21, t1: 41 }, 2);
  assert.deepEqual([...part.mean], [0, 0.4]);
  assert.deepEqual([...part.peak], [0, 4]);
});

test("before a counter was recorded nothing is known of it", () => {
  const columns = { counter_name: [0, 0, 0], counter_p: [1, 2, 1], counter_time: [5, 6, 9], counter_value: [3, 7, 1] };
  const strip = counterStrip(/** @type {any} */ ({ columns, texts: ["sched.runq"] }), { name: 0, p: 0 });
  assert.deepEqual([...strip.time], [5, 9]);
  assert.equal(valueAt(strip, 4), null);
  assert.deepEqual(valueAt(strip, 8), { least: 3, most: 3 });
  const { mean, peak } = stripColumns(strip, { t0: 0, t1: 10 }, 5);
  assert.deepEqual([...mean], [NaN, NaN, 3, 3, 2]);
  assert.deepEqual([...peak], [NaN, NaN, 3, 3, 3]);
});

/** Two goroutines; the first wakes the second, which then runs on P 1. */
function recording() {
  const start = Float64Array.of(0, 100, 0, 50, 60, 90);
  const state = Uint8Array.of(RUNNING, ABSENT, WAITING, RUNNABLE, RUNNING, ABSENT);
  const first = Uint32Array.of(0, 2, 6);
  const all = pieces(start, state, first);
  const ps = [0, -1, -1, 0, 1, -1];
  const laneOf = (/** @type {number} */ i) => (i < 2 ? 0 : 1);
  const lives = { ...all, owner: [0, 1], byStart: order(start), p: (/** @type {number} */ i) => ps[i], laneOf };
  const columns = {
    cause: [0, 0, 0, 1, 0, 0],
    mark_kind: [2, 3, 0, 0, 4, 0],
    mark_start: [10, 20, 30, 40, 60, 70],
    mark_dur: [60, 0, 100, 5, 0, 5],
    mark_g: [1, 1, 1, 0, 2, 1],
    mark_p: [1, 1, 1, 2, 2, 1],
    mark_name: [0, 0, 1, 2, 3, 4],
    mark_message: [5, 6, 5, 5, 5, 5],
  };
  const texts = ["part", "GC mark assist", "GC incremental sweep", "GC (idle)", "stop-the-world (x)", "", "said"];
  const causeOf = (/** @type {number} */ i) => columns.cause[i] - 1;
  return /** @type {any} */ ({ lives, columns, texts, causeOf, laneOfGoroutine: [0, 1] });
}

test("a wake goes from the waker's P to the one on which the woken one ran", () => {
  const wake = { from: 0, to: 1, t: 50, fromP: 0, toP: 1, ran: 60 };
  assert.deepEqual(wakesOf(recording(), 4), [wake]);
  assert.deepEqual(wakesOf(recording(), 0), [wake], "also from the waker's side");
  assert.deepEqual(wakesIn(recording(), { t0: 0, t1: 100 }, 10), { wakes: [wake], count: 1 });
  assert.deepEqual(wakesIn(recording(), { t0: 51, t1: 100 }, 10), { wakes: [], count: 0 });
});

test("of too many wakes some are chosen, from all of the view", () => {
  const n = 1000;
  const start = Float64Array.from({ length: n }, (_, i) => i);
  const lives = {
    start,
    state: new Uint8Array(n).fill(RUNNABLE),
    first: Uint32Array.of(0, n),
    byStart: order(start),
    p: () => 0,
    laneOf: () => 0,
  };
  const many = /** @type {any} */ ({ lives, columns: { cause: new Uint8Array(n).fill(1) }, causeOf: () => 0 });
  for (const most of [7, 301, 333, 999]) assert.equal(wakesIn(many, { t0: 0, t1: n }, most).wakes.length, most);
  const { wakes, count } = wakesIn(many, { t0: 0, t1: n }, 300);
  assert.equal(count, n);
  assert.equal(wakes.length, 300);
  assert.ok(wakes[0].t === 0 && wakes[299].t > 990);
});

test("marks are found by owner and time; what stops all is nobody's own", () => {
  const { lanes, ps } = marksByOwner(recording());
  const names = (/** @type {import("../src/timeline/marks.js").Mark[]} */ marks) => marks.map(({ name }) => name);
  assert.deepEqual(names(lanes.get(0)?.marks ?? []), ["part", "part: said", "GC mark assist"]);
  assert.deepEqual(names(marksIn(lanes.get(0), 40, 70)), ["part", "GC mark assist"], "both still last");
  assert.deepEqual(names(marksIn(lanes.get(0), 71, 90)), ["GC mark assist"]);
  assert.deepEqual(names(marksIn(lanes.get(0), 131, 140)), []);
  assert.deepEqual(ps.get(0)?.marks.map(({ start, end }) => [start, end]), [[30, 100]], "while it runs on the P");
  assert.deepEqual(names(ps.get(1)?.marks ?? []), ["GC incremental sweep", "mark worker GC (idle)"]);
  assert.deepEqual(lanes.get(1)?.marks.map(({ start, end }) => [start, end]), [[60, 90]], "as long as the worker runs");
  assert.deepEqual(marksIn(undefined, 0, 1), []);
});

test("marks of one name are one line, with how many and how long together", () => {
  /** @type {(kind: string, name: string, start: number, end: number) => any} */
  const mark = (kind, name, start, end) => ({ kind, name, start, end });
  const sweeps = [1, 2, 3].map((n) => mark("gc", "GC incremental sweep", n * 1000, n * 1000 + 500));
  assert.deepEqual(markTexts([mark("region", "collect", 0, 9e6), ...sweeps, mark("log", "done", 5000, 5000)]), [
    "region collect, 9.00 ms",
    "GC incremental sweep (3 times), 1.50 µs",
    "log done",
  ]);
});
