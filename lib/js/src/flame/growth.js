// Which stacks grew from profile to profile.

import { weigh } from "./profile.js";
import { pathOf } from "./paths.js";
import { NONE, buildTree } from "./tree.js";

/**
 * @typedef {object} Growing
 * @property {number[]} path  functions, the root first
 * @property {number[]} values  of each profile
 * @property {number} growth  the last less the first
 * @property {boolean} steady  it never shrank from one profile to the next
 */

/**
 * Every stack (by its functions, whatever the lines), the steadily growing first, then by growth.
 *
 * @param {import("./profile.js").Profile} profile
 * @param {number} measure
 * @returns {Growing[]}
 */
export function growing(profile, measure) {
  const series = profile.series.map((_, k) => profile.values(k, measure));
  const all = new Float64Array(profile.stacks);
  for (const values of series) for (let s = 0; s < all.length; s++) all[s] += values[s];
  const chosen = { measure, before: 0, after: 0, width: /** @type {const} */ ("after"), normalised: false };
  const weights = { ...weigh(profile, chosen), wide: all };
  const tree = buildTree(profile, weights, { invert: false, merge: NONE });
  /** @type {Map<number, number[]>} */
  const rows = new Map();
  for (let s = 0; s < profile.stacks; s++) {
    const node = tree.terminal[s];
    if (node === NONE) continue;
    const values = rows.get(node) ?? series.map(() => 0);
    series.forEach((of, k) => (values[k] += of[s]));
    rows.set(node, values);
  }
  const found = [...rows].map(([node, values]) => ({ path: pathOf(tree, node), ...judged(values) }));
  return found.sort((a, b) => Number(grew(b)) - Number(grew(a)) || b.growth - a.growth);
}

/** @param {number[]} values */
function judged(values) {
  const steady = values.every((value, k) => k === 0 || value >= values[k - 1]);
  return { values, growth: values[values.length - 1] - values[0], steady };
}

/** @param {{steady: boolean, growth: number}} row */
export function grew({ steady, growth }) {
  return steady && growth > 0;
}

/**
 * The points of a sparkline: from left to right, 0 at the bottom.
 *
 * @param {number[]} values
 * @param {number} width
 * @param {number} height
 */
export function sparkline(values, width, height) {
  const peak = Math.max(...values, 1e-9);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  return values.map((value, k) => [k * step, height - (value / peak) * height]);
}
