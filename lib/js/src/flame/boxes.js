// Which rectangles are seen: of a view of the tree, level by level.

import { ROOT } from "./tree.js";

/** Frames that are narrower are drawn together, in px. */
export const NARROW = 0.5;

/**
 * A run of frames that are too narrow to be told apart has the first of them as `node`, and their `count`.
 *
 * @typedef {{node: number, level: number, x: number, width: number, count: number}} Box
 */

/**
 * Every rectangle, the nodes `node` to `end` - 1, of the levels `from` to `to` (inclusive) when `zoomed` takes up `width` px. What `zoomed` is
 * called by stands under it, as wide as it.
 *
 * @param {import("./tree.js").Tree} tree
 * @param {number} zoomed
 * @param {number} width  px
 * @param {number} from
 * @param {number} to
 * @param {(node: number, level: number, x: number, width: number, count: number, end: number) => void} visit
 */
export function boxes(tree, zoomed, width, from, to, visit) {
  const base = tree.level[zoomed];
  for (let node = zoomed; node !== -1; node = node === ROOT ? -1 : tree.parent[node]) {
    const level = tree.level[node];
    if (level >= from && level <= to && tree.wide[node] > 0) visit(node, level, 0, width, 1, node + 1);
  }
  const last = Math.min(to, tree.levelFirst.length - 2);
  for (let level = Math.max(from, base + 1); level <= last; level++) ofLevel(tree, zoomed, width, level, visit);
}

/**
 * @param {import("./tree.js").Tree} tree
 * @param {number} zoomed
 * @param {number} width
 * @param {number} level
 * @param {(node: number, level: number, x: number, width: number, count: number, end: number) => void} visit
 */
function ofLevel({ start, wide, levelFirst }, zoomed, width, level, visit) {
  const [left, right] = [start[zoomed], start[zoomed] + wide[zoomed]];
  const scale = width / (right - left);
  const end = levelFirst[level + 1];
  let node = firstFrom(start, levelFirst[level], end, left);
  while (node < end && start[node] < right) {
    const x = (start[node] - left) * scale;
    const own = wide[node] * scale;
    if (own >= NARROW) {
      visit(node, level, x, own, 1, node + 1);
      node++;
      continue;
    }
    const run = node;
    let count = 0;
    let edge = x;
    // As many as begin within one pixel, up to the next that is wide enough for itself.
    while (node < end && start[node] < right) {
      const at = (start[node] - left) * scale;
      if (at >= x + 1 || wide[node] * scale >= NARROW) break;
      if (wide[node] > 0) count++;
      edge = at + wide[node] * scale;
      node++;
    }
    if (count) visit(run, level, x, Math.max(edge - x, NARROW), count, node);
  }
}

/**
 * @param {Float64Array} start
 * @param {number} low
 * @param {number} high
 * @param {number} value
 * @returns {number} the first node of low..high-1 that begins at `value` or later, else high
 */
function firstFrom(start, low, high, value) {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (start[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The box under a place, or null.
 *
 * @param {import("./tree.js").Tree} tree
 * @param {number} zoomed
 * @param {number} width
 * @param {number} level
 * @param {number} x
 * @returns {Box | null}
 */
export function boxAt(tree, zoomed, width, level, x) {
  /** @type {Box | null} */
  let found = null;
  if (level < 0 || x < 0 || x > width) return null;
  boxes(tree, zoomed, width, level, level, (node, _, left, own, count) => {
    if (left <= x && x < left + Math.max(own, 1) && !found) found = { node, level, x: left, width: own, count };
  });
  return found;
}
