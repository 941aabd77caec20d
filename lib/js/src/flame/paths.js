// Ways through the tree.

import { NONE, ROOT } from "./tree.js";

/**
 * The functions from below the root to a node.
 *
 * @param {import("./tree.js").Tree} tree
 * @param {number} node
 */
export function pathOf(tree, node) {
  const path = [];
  for (let at = node; at > ROOT; at = tree.parent[at]) path.push(tree.fn[at]);
  return path.reverse();
}

/**
 * The node at the end of a path, or NONE.
 *
 * @param {import("./tree.js").Tree} tree
 * @param {readonly number[]} path
 */
export function nodeAt(tree, path) {
  let node = ROOT;
  for (const name of path) {
    let child = tree.childFirst[node];
    while (child < tree.childFirst[node + 1] && tree.fn[child] !== name) child++;
    if (child === tree.childFirst[node + 1]) return NONE;
    node = child;
  }
  return node;
}

/**
 * Whether `node` is `ancestor` or below it.
 *
 * @param {import("./tree.js").Tree} tree
 * @param {number} node
 * @param {number} ancestor
 */
export function isBelow(tree, node, ancestor) {
  let at = node;
  while (at > ancestor) at = tree.parent[at];
  return at === ancestor;
}

/**
 * The widest node of a function, or NONE.
 *
 * @param {import("./tree.js").Tree} tree
 * @param {number} fn
 */
export function widest(tree, fn) {
  let best = NONE;
  for (let node = 1; node < tree.fn.length; node++) {
    if (tree.fn[node] === fn && (best === NONE || tree.wide[node] > tree.wide[best])) best = node;
  }
  return best;
}
