// Steals in a view, and where their arrows are drawn.

import assert from "node:assert/strict";
import { test } from "node:test";

import { stealArrow } from "../src/timeline/arrows.js";
import { stealsIn, stealsText } from "../src/timeline/steals.js";

/** P 1 steals from P 0 at 10, 20, …, 100. */
function recording() {
  const time = Array.from({ length: 10 }, (_, i) => 10 * (i + 1));
  const columns = {
    steal_time: time,
    steal_thief: time.map(() => 2),
    steal_victim: time.map(() => 1),
    steal_taken: time.map((_, i) => i + 1),
    steal_g: [1, ...time.slice(1).map(() => 0)],
  };
  return /** @type {any} */ ({ columns, laneOfGoroutine: [7] });
}

test("the steals of a view are those in its time", () => {
  const { steals, count } = stealsIn(recording(), { t0: 10, t1: 30 }, 100);
  assert.equal(count, 3);
  assert.deepEqual(steals[0], { t: 10, thief: 1, victim: 0, taken: 1, lane: 7 });
  assert.deepEqual(steals.map(({ t, taken, lane }) => [t, taken, lane]), [[10, 1, 7], [20, 2, -1], [30, 3, -1]]);
  assert.deepEqual(stealsIn(recording(), { t0: 101, t1: 200 }, 100), { steals: [], count: 0 });
});

test("of too many steals some are chosen, from all of the view", () => {
  const { steals, count } = stealsIn(recording(), { t0: 0, t1: 200 }, 4);
  assert.equal(count, 10);
  assert.deepEqual(steals.map(({ t }) => t), [10, 30, 60, 80]);
  for (const most of [1, 3, 7, 9]) assert.equal(stealsIn(recording(), { t0: 0, t1: 200 }, most).steals.length, most);
  assert.match(stealsText(4, 10), /^4 of 10 steals/);
  assert.equal(stealsText(10, 10), "10 steals in view");
});

test("an arrow goes from the victim's row to the thief's", () => {
  const rows = [
    { kind: "p", lane: 0, y: 0, height: 20 },
    { kind: "p", lane: 1, y: 30, height: 20 },
  ];
  const lanes = /** @type {any} */ ({ rows, procs: { number: [0, 1] } });
  const scene = /** @type {any} */ ({ view: { t0: 0, t1: 100 }, width: 200, top: 0, height: 100 });
  const steal = { t: 50, thief: 1, victim: 0, taken: 1, lane: -1 };
  assert.deepEqual(stealArrow(lanes, scene, steal), { x0: 100, y0: 10, x1: 100, y1: 40 });
  assert.equal(stealArrow(lanes, scene, { ...steal, t: 150 }), null, "out of the view");
  assert.equal(stealArrow(lanes, scene, { ...steal, victim: 5 }), null, "a P without a row");
  assert.equal(stealArrow(lanes, { ...scene, top: 500 }, steal), null, "scrolled away");
});
