// What a flame graph says of its frames.

import assert from "node:assert/strict";
import { test } from "node:test";

import { STEPS, stepOf } from "../src/flame/change.js";
import { change, quantity, share, visible } from "../src/flame/words.js";

test("values have their unit", () => {
  assert.equal(quantity(1_250_000, "nanoseconds"), "1.25 ms");
  assert.equal(quantity(3, "seconds"), "3.00 s");
  assert.equal(quantity(0, "nanoseconds"), "0 s");
  assert.equal(quantity(512, "bytes"), "512 bytes");
  assert.equal(quantity(3.5 * 2 ** 20, "bytes"), "3.50 MiB");
  assert.equal(quantity(12_345, "count"), "12,345");
  assert.equal(quantity(7, "furlongs\n"), "7 furlongs\\u{a}");
  assert.equal(change(-5, "count"), "−5");
  assert.equal(change(5, "count"), "+5");
  assert.equal(change(0, "bytes"), "no change");
});

test("a share is never nothing for something, nor all for less than all", () => {
  assert.equal(share(1, 1e9), "under 0.1 %");
  assert.equal(share(999_999, 1e6), "over 99.9 %");
  assert.equal(share(0, 5), "0.0 %");
  assert.equal(share(5, 5), "100.0 %");
  assert.equal(share(0, 0), "0.0 %");
});

test("what cannot be seen is written out", () => {
  assert.equal(visible("a\u202eb\u0000\ud800<img>"), "a\\u{202e}b\\u{0}\\u{d800}<img>");
});

test("growing and shrinking have steps, and each its words", () => {
  const words = (/** @type {number} */ before, /** @type {number} */ after) => STEPS[stepOf(before, after)].name;
  const steps = [[5, 0], [10, 5], [10, 9], [100, 96], [0, 0], [100, 105], [10, 11], [10, 20], [0, 1]];
  const names = ["gone", "halved", "shrank", "same", "same", "same", "grew", "doubled", "new"];
  assert.deepEqual(steps.map(([before, after]) => words(before, after)), names);
  assert.equal(new Set(STEPS.map((step) => step.words)).size, STEPS.length);
});
