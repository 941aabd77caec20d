// Stacks become a tree that has all of them, and a picture that has all of the tree.

import assert from "node:assert/strict";
import { test } from "node:test";

import { boxAt, boxes } from "../src/flame/boxes.js";
import { growing, sparkline } from "../src/flame/growth.js";
import { linesOf, matched, ofFunctions, search } from "../src/flame/functions.js";
import { Profile, sum, weigh } from "../src/flame/profile.js";
import { isBelow, nodeAt, pathOf } from "../src/flame/paths.js";
import { NONE, ROOT, buildTree } from "../src/flame/tree.js";

const PLAIN = { invert: false, merge: NONE };
const CHOSEN = { measure: 0, before: 0, after: 0, width: /** @type {const} */ ("after"), normalised: false };

/**
 * @param {[string, ...number[]][]} rows  "main;a;b" from the root on, and a value of each profile;
 *   "a:7" stands at line 7
 */
function made(rows) {
  /** @type {string[]} */
  const functions = [];
  /** @type {string[]} */
  const frames = [];
  const first = [0];
  const stack = [];
  for (const [text] of rows) {
    for (const frame of text.split(";").filter(Boolean).reverse()) {
      if (!frames.includes(frame)) frames.push(frame);
      if (!functions.includes(frame.split(":")[0])) functions.push(frame.split(":")[0]);
      stack.push(frames.indexOf(frame));
    }
    first.push(stack.length);
  }
  const series = rows[0].slice(1).map((_, k) => String(k));
  /** @type {Record<string, any>} */
  const columns = {
    stack_first: Uint32Array.from(first),
    stack_frame: Uint32Array.from(stack),
    frame_function: Uint32Array.from(frames, (name) => functions.indexOf(name.split(":")[0])),
    frame_file: new Uint32Array(frames.length),
    frame_line: Uint32Array.from(frames, (name) => Number(name.split(":")[1] ?? 1)),
    function_package: new Uint32Array(functions.length),
  };
  series.forEach((_, k) => (columns[`value_${k}_0`] = Float64Array.from(rows, (row) => Number(row[k + 1]))));
  const meta = {
    functions, short: functions, files: ["/src/main.go"], packages: [{ name: "main", kind: "module" }], series,
    measures: [{ type: "cpu", unit: "nanoseconds", exact: true, left_out: 0 }], measure: 0,
  };
  return new Profile({ kind: "flame", meta, columns });
}

/** @param {number} seed */
function random(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/**
 * @param {number} seed
 * @param {number} count
 */
function anyProfile(seed, count) {
  const next = random(seed);
  /** @type {[string, number, number][]} */
  const rows = [];
  for (let k = 0; k < count; k++) {
    const path = Array.from({ length: Math.floor(next() * 9) }, () => `f${Math.floor(next() * 6)}:${Math.floor(next() * 3)}`);
    rows.push([path.join(";"), Math.floor(next() ** 6 * 1e6), Math.floor(next() ** 6 * 1e6)]);
  }
  return made(rows);
}

/**
 * @param {Profile} profile
 * @param {string} path
 */
const named = (profile, path) => path.split(";").map((name) => profile.functions.indexOf(name));

test("every total is that of the stacks through the node, and self that of those that end in it", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const profile = anyProfile(seed, 60);
    const values = profile.values(0, 0);
    for (const shape of [PLAIN, { invert: true, merge: NONE }]) {
      const tree = buildTree(profile, weigh(profile, CHOSEN), shape);
      assert.equal(tree.after[ROOT], sum(values), "nothing is lost");
      assert.equal(sum(tree.self), sum(values));
      for (let node = 0; node < tree.fn.length; node++) {
        const own = Array.from(values).filter((_, s) => tree.terminal[s] !== NONE && isBelow(tree, tree.terminal[s], node));
        assert.equal(tree.after[node], sum(own));
        const path = pathOf(tree, node);
        assert.equal(nodeAt(tree, path), node);
        const wanted = path.map((fn) => profile.functions[fn]).join(";");
        const through = Array.from(values).filter((_, s) => stackText(profile, s, shape.invert).startsWith(wanted ? `${wanted};` : ""));
        assert.equal(tree.after[node], sum(through), `${wanted}, seed ${seed}`);
      }
    }
  }
});

/**
 * @param {Profile} profile
 * @param {number} s
 * @param {boolean} invert
 */
function stackText(profile, s, invert) {
  const frames = Array.from(profile.frames.subarray(profile.first[s], profile.first[s + 1]));
  const names = frames.map((frame) => profile.functions[profile.frameFunction[frame]]);
  return (invert ? names : names.reverse()).map((name) => `${name};`).join("");
}

test("children lie side by side inside of their parent, the widest first", () => {
  const tree = buildTree(anyProfile(7, 300), weigh(anyProfile(7, 300), CHOSEN), PLAIN);
  for (let node = 0; node < tree.fn.length; node++) {
    let x = tree.start[node];
    let width = Infinity;
    for (let child = tree.childFirst[node]; child < tree.childFirst[node + 1]; child++) {
      assert.equal(tree.parent[child], node);
      assert.equal(tree.level[child], tree.level[node] + 1);
      assert.equal(tree.start[child], x);
      assert.ok(tree.wide[child] <= width);
      width = tree.wide[child];
      x += width;
    }
    assert.ok(x <= tree.start[node] + tree.wide[node]);
    assert.equal(x + tree.self[node], tree.start[node] + tree.wide[node]);
  }
  for (let level = 0; level + 1 < tree.levelFirst.length; level++) {
    for (let node = tree.levelFirst[level]; node < tree.levelFirst[level + 1]; node++) assert.equal(tree.level[node], level);
  }
});

test("one function, wherever it is called: each stack once, also when it recurses", () => {
  const profile = made([["main;a;f;x", 3], ["main;b;f;y;f;x", 5], ["main;c", 100], ["f", 2]]);
  const merge = profile.functions.indexOf("f");
  const down = buildTree(profile, weigh(profile, CHOSEN), { invert: false, merge });
  assert.equal(down.after[ROOT], 10);
  assert.deepEqual(pathOf(down, 1), [merge]);
  assert.equal(down.after[nodeAt(down, named(profile, "f;x"))], 3);
  assert.equal(down.after[nodeAt(down, named(profile, "f;y;f;x"))], 5);
  const up = buildTree(profile, weigh(profile, CHOSEN), { invert: true, merge });
  assert.equal(up.after[ROOT], 10);
  assert.equal(up.after[nodeAt(up, named(profile, "f;a;main"))], 3);
  assert.equal(up.after[nodeAt(up, named(profile, "f;y;f;b;main"))], 5);
});

test("a difference has both sides of every node, whatever makes it wide", () => {
  for (let seed = 30; seed < 36; seed++) {
    const profile = anyProfile(seed, 80);
    const [early, late] = [profile.total(0, 0), profile.total(1, 0)];
    for (const width of /** @type {const} */ (["after", "before", "both"])) {
      for (const normalised of [false, true]) {
        const weights = weigh(profile, { measure: 0, before: 0, after: 1, width, normalised });
        const tree = buildTree(profile, weights, PLAIN);
        assert.equal(tree.before[ROOT], early);
        assert.equal(tree.after[ROOT], late);
        const scaled = early * weights.factor;
        const wide = { after: late, before: early, both: scaled + late }[width];
        assert.ok(Math.abs(tree.wide[ROOT] - wide) <= 1e-9 * wide);
        if (normalised) assert.ok(Math.abs(scaled - late) <= 1e-9 * late);
        else assert.equal(tree.wide[ROOT], wide, "whole numbers stay exact");
        for (let node = 0; node < tree.fn.length; node++) {
          let [b, a] = [0, 0];
          for (let child = tree.childFirst[node]; child < tree.childFirst[node + 1]; child++) {
            b += tree.before[child];
            a += tree.after[child];
          }
          assert.ok(b <= tree.before[node]);
          assert.equal(a + tree.self[node], tree.after[node]);
        }
      }
    }
  }
});

test("every frame of the levels is in one box, and narrow ones share theirs", () => {
  const profile = anyProfile(5, 4000);
  const tree = buildTree(profile, weigh(profile, CHOSEN), PLAIN);
  let shared = 0;
  for (const zoomed of [ROOT, 1, tree.levelFirst[2]]) {
    for (const width of [30, 1000]) {
      /** @type {Map<number, number>} */
      const seen = new Map();
      let edge = -1;
      let row = -1;
      boxes(tree, zoomed, width, 0, 99, (node, level, x, own, count, end) => {
        assert.ok(own >= 0.5 - 1e-9 && x >= -1e-6 && x + own <= width + 0.5 + 1e-6, `${x} ${own}`);
        if (level === row) assert.ok(x >= edge - 0.5 - 1e-9, "side by side");
        [row, edge] = [level, x + own];
        if (count > 1) {
          shared++;
          assert.ok(own <= 1.5);
        }
        for (let one = node; one < end; one++) {
          assert.ok(!seen.has(one));
          seen.set(one, count);
        }
      });
      for (let node = 0; node < tree.fn.length; node++) {
        const inside = tree.wide[node] > 0 && (isBelow(tree, node, zoomed) || isBelow(tree, zoomed, node));
        assert.equal(seen.has(node), inside || (tree.wide[node] === 0 && seen.has(node)), `${node} under ${zoomed}`);
      }
    }
  }
  assert.ok(shared > 10, "some were too narrow");
  const box = boxAt(tree, ROOT, 1000, 1, 1);
  assert.equal(box?.node, 1);
  assert.equal(boxAt(tree, ROOT, 1000, 200, 1), null);
});

test("an empty profile has a root, and no box", () => {
  const profile = made([["main", 0]]);
  const tree = buildTree(profile, weigh(profile, CHOSEN), PLAIN);
  assert.equal(tree.fn.length, 1);
  boxes(tree, ROOT, 100, 0, 9, () => assert.fail("nothing to see"));
});

test("functions: self, total once per stack, and the share that a search finds", () => {
  const profile = made([["main;f;g;f", 4], ["main;g", 3], ["main", 2], ["", 1]]);
  const { self, total } = ofFunctions(profile, profile.values(0, 0));
  const of = (/** @type {Float64Array} */ values) => Object.fromEntries(profile.functions.map((name, fn) => [name, values[fn]]));
  assert.deepEqual(of(self), { f: 4, g: 3, main: 2 });
  assert.deepEqual(of(total), { f: 4, g: 7, main: 9 });
  const hits = search(profile, " G ");
  assert.ok(hits);
  assert.equal(matched(profile, hits, profile.values(0, 0)), 7);
  assert.equal(search(profile, "  "), null);
  assert.equal(sum(search(profile, "MAIN.GO") ?? []), 3, "files are searched too");
  assert.equal(sum(search(profile, "nowhere") ?? [9]), 0);
});

test("a frame knows its lines, the heaviest first", () => {
  const profile = made([["main:1;f:5;g:8", 4], ["main:2;f:6", 30], ["main:1;f:5", 3], ["x:9;f:7", 99]]);
  for (const invert of [false, true]) {
    const tree = buildTree(profile, weigh(profile, CHOSEN), { invert, merge: NONE });
    const path = invert ? "f;main" : "main;f";
    const node = nodeAt(tree, named(profile, path));
    const found = linesOf(profile, tree, node, profile.values(0, 0)).map(({ frame, value }) => [frame.function, frame.line, value]);
    assert.deepEqual(found, invert ? [["main", 2, 30], ["main", 1, 3]] : [["f", 6, 30], ["f", 5, 7]]);
  }
});

test("stacks that grow come first; a drop in between is said", () => {
  const profile = made([["m;a:1", 1, 2, 9], ["m;a:2", 1, 1, 1], ["m;b", 0, 50, 40], ["m;c", 7, 7, 7], ["m;d", 9, 5, 1], ["m;e", 3, 3, 4]]);
  const rows = growing(profile, 0).map(({ path, values, growth, steady }) => [profile.functions[path[1]], values, growth, steady]);
  assert.deepEqual(rows, [
    ["a", [2, 3, 10], 8, true],
    ["e", [3, 3, 4], 1, true],
    ["b", [0, 50, 40], 40, false],
    ["c", [7, 7, 7], 0, true],
    ["d", [9, 5, 1], -8, false],
  ]);
  assert.deepEqual(sparkline([0, 5, 10], 20, 10), [[0, 10], [10, 5], [20, 0]]);
  assert.deepEqual(sparkline([0], 20, 10), [[0, 10]]);
});
