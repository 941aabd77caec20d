// Moving and zooming, rulers, rows, filters from a link.

import assert from "node:assert/strict";
import { test } from "node:test";

import { checkedFilter, isEmpty } from "../src/timeline/filter.js";
import { groups, rowAt, stacked, visible } from "../src/timeline/rows.js";
import { percentiles } from "../src/timeline/stats.js";
import { duration, moment, ruler } from "../src/timeline/units.js";
import { fromHash, toHash } from "../src/timeline/view_state.js";
import { NARROWEST, all, clamp, pan, pixelOf, timeAt, zoom } from "../src/timeline/viewport.js";

const BOUNDS = { begin: 1000, end: 3_600_000_000_000 };

test("zooming in and out again about a point leaves the point where it is", () => {
  let view = all(BOUNDS);
  const at = 123_456_789_012;
  const x = pixelOf(view, at, 1000);
  for (let k = 0; k < 75; k++) view = zoom(view, 1.5, at, BOUNDS);
  assert.equal(view.t1 - view.t0, NARROWEST);
  assert.ok(view.t0 <= at && at <= view.t1, "to the nanosecond");
  for (let k = 0; k < 90; k++) view = zoom(view, 1 / 1.5, at, BOUNDS);
  assert.deepEqual(view, all(BOUNDS));
  view = zoom(view, 8, at, BOUNDS);
  assert.ok(Math.abs(pixelOf(view, at, 1000) - x) < 1e-3);
});

test("no view leaves the bounds, and all are whole nanoseconds", () => {
  for (const asked of [
    { t0: -5, t1: 10 },
    { t0: 3.6e12, t1: 4e12 },
    { t0: 0, t1: 1e15 },
    { t0: 5000.4, t1: 5000.6 },
    { t0: NaN, t1: NaN },
    { t0: 900, t1: 100 },
  ]) {
    const view = clamp(asked, BOUNDS);
    assert.ok(view.t0 >= BOUNDS.begin && view.t1 <= BOUNDS.end && view.t1 - view.t0 >= NARROWEST, JSON.stringify(view));
    assert.ok(Number.isInteger(view.t0) && Number.isInteger(view.t1));
  }
  assert.deepEqual(pan({ t0: 2000, t1: 3000 }, -1e9, BOUNDS), { t0: 1000, t1: 2000 });
  assert.deepEqual(pan({ t0: 2000, t1: 3000 }, 250.4, BOUNDS), { t0: 2250, t1: 3250 });
});

test("pixels and moments are each other's inverse", () => {
  const view = { t0: 3_599_999_999_000, t1: 3_599_999_999_100 };
  for (const t of [3_599_999_999_000, 3_599_999_999_037, 3_599_999_999_100]) {
    assert.equal(Math.round(timeAt(view, pixelOf(view, t, 777), 777)), t);
  }
});

test("a ruler has round moments that are far enough apart, and tells them apart", () => {
  for (const width of [20, 999, 12_345, 7e6, 3e10]) {
    const view = { t0: 123_456, t1: 123_456 + width };
    const { step, ticks } = ruler(view, 1000, 100);
    assert.ok((step / width) * 1000 >= 100 || step === 1);
    assert.ok(ticks.length <= 11 && ticks.length >= 1, `${ticks.length} ticks`);
    const texts = ticks.map((t) => moment(t, step, view.t1));
    assert.equal(new Set(texts).size, ticks.length, texts.join());
  }
  assert.equal(moment(1_234_567, 1), "1.234567 ms");
  assert.equal(moment(40, 1), "40 ns");
  assert.deepEqual([duration(0), duration(999), duration(1250), duration(2e9)], ["0 ns", "999 ns", "1.25 µs", "2.00 s"]);
});

test("groups: the program's before the runtime's, the larger first", () => {
  const found = groups(["runtime.gc", "main.a", "main.b", "main.b", "", "runtime.main"]);
  assert.deepEqual(found.map(({ name }) => name), ["main.b", "main.a", "runtime.main", "", "runtime.gc"]);
  assert.deepEqual(found[0].lanes, [2, 3]);
});

test("the rows that are seen are those that overlap the window", () => {
  const { rows, height } = stacked(
    Array.from({ length: 10_000 }, (_, lane) => ({ kind: /** @type {const} */ ("g"), lane, label: "", detail: "" })),
  );
  assert.equal(height, 180_000);
  assert.deepEqual(visible(rows, 18 * 5000 - 1, 18 * 5002 + 1), { from: 4999, to: 5003 });
  assert.deepEqual(visible(rows, -10, 1), { from: 0, to: 1 });
  assert.equal(rowAt(rows, 18 * 77), 77);
  assert.equal(rowAt(rows, -1), -1);
  assert.equal(rowAt(rows, height), -1);
});

test("a filter from a link has only what a filter may have", () => {
  const hostile = { state: "2", p: -1, goroutine: 7, wait: Infinity, function: 5, region: "a", other: 1, __proto__: { p: 3 } };
  assert.deepEqual(checkedFilter(hostile), { goroutine: 7, region: "a" });
  assert.deepEqual(checkedFilter("x"), {});
  assert.ok(isEmpty({ function: "", p: undefined }));
  assert.ok(!isEmpty({ p: 0 }));
});

test("views in an address: each has its own, and nonsense is no view", () => {
  const hash = toHash(toHash("", "a", { t0: 1 }), "b & <c>", { t1: 2 });
  assert.deepEqual(fromHash(hash, "a"), { t0: 1 });
  assert.deepEqual(fromHash(hash, "b & <c>"), { t1: 2 });
  assert.equal(fromHash("#a={", "a"), null);
  assert.equal(fromHash("", "a"), null);
});

test("percentiles are durations that were there", () => {
  assert.deepEqual(percentiles(Float64Array.of(30, 10, 20, 40)), { count: 4, p50: 30, p90: 40, p99: 40, max: 40 });
  assert.deepEqual(percentiles(new Float64Array(0)), { count: 0, p50: 0, p90: 0, p99: 0, max: 0 });
});
