// The history of a running program, what of it is seen, and the cells of its heat maps.

import assert from "node:assert/strict";
import { test } from "node:test";

import { cells, darkness, quantiles, usedBins } from "../src/live/heat.js";
import { History, SCALARS } from "../src/live/history.js";
import { amount, bound, bytes } from "../src/live/units.js";
import { follow, move, oldestEnd, pause, resize, seek, stretch } from "../src/live/window.js";

const BINS = 4;
const MS = 1e6;

/**
 * A batch as blob.js gives it: a sample each 50 ms, whose number is its count of goroutines.
 *
 * @param {number} first
 * @param {number} samples
 * @param {{procs?: number, latencies?: (number: number) => number[]}} [options]
 */
function batch(first, samples, { procs = 2, latencies = () => [1, 0, 0, 0] } = {}) {
  const numbers = Array.from({ length: samples }, (_, i) => first + i);
  /** @type {Record<string, number[]>} */
  const columns = Object.fromEntries(SCALARS.map((name) => [name, numbers.map(() => -1)]));
  columns.goroutines = numbers;
  columns.time_ns = numbers.map((number) => number * 50 * MS);
  columns.runq_local = numbers.flatMap((number) => Array.from({ length: procs }, (_, p) => number * 10 + p));
  columns.latencies = numbers.flatMap(latencies);
  columns.pauses = numbers.flatMap(() => [-1, -1, -1, -1]);
  return { kind: "live", meta: { first, samples, procs, dropped: 0, ended: "" }, columns };
}

/** @param {History} history */
function seen(history) {
  return [...history.scalar("goroutines")];
}

test("a history keeps the newest, in order, however they come", () => {
  for (const sizes of [[1], [3, 1, 7, 2], [10], [25], [4]]) {
    const history = new History(10, BINS);
    let next = 0;
    for (let k = 0; k < 40; k++) {
      const size = sizes[k % sizes.length];
      history.append(batch(next, size));
      next += size;
      const expected = Array.from({ length: Math.min(10, next) }, (_, i) => next - Math.min(10, next) + i);
      assert.deepEqual(seen(history), expected);
      assert.deepEqual([...history.times], expected.map((number) => number * 50 * MS));
      assert.deepEqual([...history.queue(1)], expected.map((number) => number * 10 + 1));
      assert.equal(history.histogram("latencies").length, expected.length * BINS);
      assert.equal(history.next, next);
      assert.equal(history.lost, 0);
      assert.equal(history.bounds.full, next > 10);
    }
  }
});

test("what came twice is taken once, and what never came is counted", () => {
  const history = new History(100, BINS);
  history.append(batch(0, 5));
  history.append(batch(0, 8));
  assert.deepEqual(seen(history), [0, 1, 2, 3, 4, 5, 6, 7]);
  history.append(batch(2, 3));
  assert.equal(history.length, 8);
  history.append(batch(20, 2));
  assert.deepEqual(seen(history).slice(-3), [7, 20, 21]);
  assert.equal(history.lost, 12);
});

test("who comes late has missed nothing, but older samples are gone", () => {
  const history = new History(100, BINS);
  history.append(batch(7, 2));
  assert.equal(history.lost, 0);
  assert.equal(history.bounds.full, true);
});

test("unknown counts are no numbers, and Ps may come and go", () => {
  const history = new History(10, BINS);
  history.append(batch(0, 1, { procs: 0 }));
  assert.equal(history.procs, 0);
  history.append(batch(1, 1, { procs: 3 }));
  history.append(batch(2, 1, { procs: 1 }));
  assert.ok(Number.isNaN(history.scalar("running")[0]));
  assert.deepEqual([...history.queue(2)], [NaN, 12, NaN]);
  assert.deepEqual([...history.queue(0)], [NaN, 10, 20]);
});

test("a clock that goes back does not break the order", () => {
  const history = new History(10, BINS);
  const wrong = batch(0, 3);
  wrong.columns.time_ns = [100, 50, 120];
  history.append(wrong);
  assert.deepEqual([...history.times], [100, 100, 120]);
});

test("an empty history has a place for everything", () => {
  const history = new History(10, BINS);
  assert.deepEqual(history.bounds, { begin: 0, end: 0, full: false });
  assert.equal(history.indexAt(5), 0);
  assert.equal(cells(history, "latencies", { from: -1e9, to: 0 }, 10).most, 0);
  assert.equal(quantiles(history, "latencies", { from: -1e9, to: 0 }, [0.5]), undefined);
  assert.equal(usedBins(history, "latencies", null, 0), null);
});

test("no event is lost or counted twice on its way into cells", () => {
  const history = new History(1000, BINS);
  history.append(batch(0, 200, { latencies: (number) => [number % 3, 5, 0, number % 50 === 0 ? 1 : 0] }));
  const rows = history.histogram("latencies");
  let expected = 0;
  for (let i = BINS; i < rows.length; i++) expected += rows[i];
  for (const columns of [1, 7, 100, 199, 1000]) {
    const found = cells(history, "latencies", { from: 0, to: 199 * 50 * MS }, columns);
    const sum = found.counts.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - expected) < 1e-6, `${columns} columns: ${sum} of ${expected}`);
    assert.ok(found.known.every((one) => one === 1));
  }
});

test("a cell shows the time in which its events happened: before the sample", () => {
  const history = new History(100, BINS);
  history.append(batch(0, 5, { latencies: (number) => [0, 0, number === 3 ? 8 : 0, 0] }));
  const found = cells(history, "latencies", { from: 0, to: 200 * MS }, 4);
  const row = [0, 1, 2, 3].map((column) => found.counts[column * BINS + 2]);
  assert.deepEqual(row, [0, 0, 8, 0], "sample 3 was taken at 150 ms and tells of 100 to 150 ms");
  const ahead = cells(history, "latencies", { from: 0, to: 400 * MS }, 8);
  assert.deepEqual([...ahead.known], [1, 1, 1, 1, 0, 0, 0, 0], "of the time to come nothing is known");
});

test("what a source does not know is not shown as nothing", () => {
  const history = new History(100, BINS);
  history.append(batch(0, 5));
  const found = cells(history, "pauses", { from: 0, to: 200 * MS }, 4);
  assert.deepEqual([...found.known], [0, 0, 0, 0]);
  assert.equal(quantiles(history, "pauses", { from: 0, to: 200 * MS }, [0.5]), undefined);
});

test("quantiles name the bin in which the share is reached", () => {
  const history = new History(100, BINS);
  history.append(batch(0, 1, { latencies: () => [50, 49, 0, 1] }));
  const all = { from: -1, to: 0 };
  assert.deepEqual(quantiles(history, "latencies", all, [0.5, 0.51, 0.99, 1]), { count: 100, bins: [0, 1, 1, 3] });
  const none = new History(100, BINS);
  none.append(batch(0, 1, { latencies: () => [0, 0, 0, 0] }));
  assert.equal(quantiles(none, "latencies", all, [0.5]), null);
});

test("used bins only grow, and old samples are not looked at again", () => {
  const history = new History(100, BINS);
  history.append(batch(0, 2, { latencies: () => [0, 1, 0, 0] }));
  const first = usedBins(history, "latencies", null, 0);
  assert.deepEqual(first, { first: 1, last: 1 });
  history.append(batch(2, 1, { latencies: () => [0, 0, 2, 0] }));
  assert.deepEqual(usedBins(history, "latencies", first, 2), { first: 1, last: 2 });
  assert.deepEqual(usedBins(history, "latencies", null, 2), { first: 2, last: 2 });
});

test("more events are darker, and one is seen", () => {
  assert.equal(darkness(0, 100), 0);
  assert.ok(darkness(1, 1e6) > 0.15);
  assert.ok(darkness(10, 100) < darkness(50, 100));
  assert.equal(darkness(100, 100), 1);
});

test("a view that follows ends at the newest sample", () => {
  const view = { span: 1000, end: null };
  assert.deepEqual(stretch(view, { begin: 0, end: 5000, full: false }), { from: 4000, to: 5000 });
  assert.deepEqual(stretch(view, { begin: 0, end: 200, full: false }), { from: -800, to: 200 });
});

test("a paused view stays where it is while samples arrive, until they have left the history", () => {
  const young = pause({ span: 1000, end: null }, { begin: 10, end: 300, full: false });
  for (const end of [300, 900, 50_000]) {
    assert.deepEqual(stretch(young, { begin: 10, end, full: false }), { from: -700, to: 300 });
  }
  const view = pause({ span: 1000, end: null }, { begin: 0, end: 5000, full: false });
  assert.deepEqual(stretch(view, { begin: 3999, end: 90_000, full: true }), { from: 4000, to: 5000 });
  assert.deepEqual(stretch(view, { begin: 4500, end: 90_000, full: true }), { from: 4500, to: 5500 });
  assert.deepEqual(follow(view), { span: 1000, end: null });
});

test("one can go back to the oldest, forward to the newest, and no further", () => {
  const bounds = { begin: 0, end: 5000, full: false };
  let view = pause({ span: 1000, end: null }, bounds);
  view = move(view, bounds, -0.5);
  assert.deepEqual(stretch(view, bounds), { from: 3500, to: 4500 });
  for (let k = 0; k < 20; k++) view = move(view, bounds, -1);
  assert.deepEqual(stretch(view, bounds), { from: 0, to: 1000 });
  for (let k = 0; k < 20; k++) view = move(view, bounds, 1);
  assert.deepEqual(stretch(view, bounds), { from: 4000, to: 5000 });
  assert.notEqual(view.end, null, "it was paused and is");
  assert.equal(stretch(seek(view, bounds, -9), bounds).to, 0);
  assert.equal(oldestEnd(view, bounds), 1000);
});

test("spans go in steps, and stop at the last", () => {
  let view = { span: 30e9, end: /** @type {number | null} */ (7e9) };
  assert.equal(resize(view, 1).span, 60e9);
  assert.equal(resize(view, -1).span, 10e9);
  for (let k = 0; k < 30; k++) view = resize(view, 1);
  assert.deepEqual(view, { span: 3600e9, end: 7e9 });
  for (let k = 0; k < 30; k++) view = resize(view, -1);
  assert.equal(view.span, 1e9);
});

test("numbers in words", () => {
  assert.equal(amount(NaN, ""), "?");
  assert.equal(amount(12345, ""), "12,345");
  assert.deepEqual([0, 1023, 1536, 4 << 20, 200 * 2 ** 30].map(bytes), ["0 B", "1023 B", "1.5 KiB", "4.0 MiB", "200 GiB"]);
  assert.deepEqual([0, 256, 1024, 2 ** 20, 2 ** 33].map(bound), ["0 ns", "256 ns", "1 µs", "1 ms", "8.6 s"]);
});
