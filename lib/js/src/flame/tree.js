// Stacks merged into a tree. Nodes are numbered level by level and from left to right, so that a level is a
// run of numbers, and so are a node's children: the widest first.

export const ROOT = 0;
export const NONE = -1;

/**
 * `invert` begins with the leaves, so that the callers of each are merged; `merge` is a function that is made
 * the root of all stacks it is on, or NONE.
 *
 * @typedef {{invert: boolean, merge: number}} Shape
 *
 * @typedef {object} Tree
 * @property {Shape} shape
 * @property {Int32Array} fn  function of each node, NONE of the root
 * @property {Int32Array} parent
 * @property {Uint32Array} level
 * @property {Uint32Array} levelFirst  the first node of each level, and at the end the number of nodes
 * @property {Uint32Array} childFirst  the first child of each node; the last is that of node + 1, less one
 * @property {Float64Array} start  left edge, in the unit of `wide`
 * @property {Float64Array} wide  with all that is called
 * @property {Float64Array} before
 * @property {Float64Array} after
 * @property {Float64Array} self  of `after`, without what is called
 * @property {Int32Array} terminal  the node at which each stack ends, NONE if it is not in the tree
 * @property {number} factor
 */

/**
 * @param {import("./profile.js").Profile} profile
 * @param {import("./profile.js").Weights} weights
 * @param {Shape} shape
 * @returns {Tree}
 */
export function buildTree(profile, weights, shape) {
  const grown = grow(profile, weights, shape);
  const sums = summed(grown, weights);
  const { invert, merge } = shape;
  return numbered(grown, sums, profile.rank, weights.factor, { invert, merge });
}

/**
 * The frames of a stack in the tree's order: `at` the first, and how to go on.
 *
 * @param {import("./profile.js").Profile} profile
 * @param {number} stack
 * @param {Shape} shape
 * @returns {{at: number, step: 1 | -1, length: number}} length 0: the stack is not in the tree
 */
export function walk({ first, frames, frameFunction }, stack, { invert, merge }) {
  const [low, high] = [first[stack], first[stack + 1]];
  let at = invert ? low : high - 1;
  const step = invert ? 1 : -1;
  if (merge !== NONE) while (at >= low && at < high && frameFunction[frames[at]] !== merge) at += step;
  return { at, step, length: invert ? high - at : at - low + 1 };
}

/**
 * Nodes as they are met, a parent before its children.
 *
 * @typedef {{fn: Int32Array, parent: Int32Array, terminal: Int32Array}} Grown
 */

/**
 * @param {import("./profile.js").Profile} profile
 * @param {import("./profile.js").Weights} weights
 * @param {Shape} shape
 * @returns {Grown}
 */
function grow(profile, { wide, before, after }, shape) {
  const { frames, frameFunction, stacks } = profile;
  const most = frames.length + 1;
  const fn = new Int32Array(most).fill(NONE);
  const parent = new Int32Array(most).fill(NONE);
  const terminal = new Int32Array(stacks).fill(NONE);
  // A table from parent and function to the child: open addressing, at most two thirds full. 0 is no child.
  const mask = 2 ** Math.ceil(Math.log2(1.5 * most + 1)) - 1;
  const slots = new Int32Array(mask + 1);
  let count = 1;
  for (let s = 0; s < stacks; s++) {
    if (!(wide[s] || before[s] || after[s])) continue;
    const path = walk(profile, s, shape);
    if (path.length <= 0 && shape.merge !== NONE) continue;
    let node = ROOT;
    for (let k = 0, at = path.at; k < path.length; k++, at += path.step) {
      const name = frameFunction[frames[at]];
      let slot = hash(node, name) & mask;
      let child = slots[slot];
      while (child !== 0 && !(parent[child] === node && fn[child] === name)) child = slots[(slot = (slot + 1) & mask)];
      if (child === 0) {
        child = slots[slot] = count++;
        fn[child] = name;
        parent[child] = node;
      }
      node = child;
    }
    terminal[s] = node;
  }
  return { fn: fn.subarray(0, count), parent: parent.subarray(0, count), terminal };
}

/**
 * @param {number} node
 * @param {number} name
 */
function hash(node, name) {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(name + 1, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/**
 * @param {Grown} grown
 * @param {import("./profile.js").Weights} weights
 */
function summed({ parent, terminal }, weights) {
  const count = parent.length;
  const total = { wide: new Float64Array(count), before: new Float64Array(count), after: new Float64Array(count) };
  for (let s = 0; s < terminal.length; s++) {
    if (terminal[s] === NONE) continue;
    total.wide[terminal[s]] += weights.wide[s];
    total.before[terminal[s]] += weights.before[s];
    total.after[terminal[s]] += weights.after[s];
  }
  const self = total.after.slice();
  // A child has a higher number than its parent.
  for (let node = count - 1; node > ROOT; node--) {
    total.wide[parent[node]] += total.wide[node];
    total.before[parent[node]] += total.before[node];
    total.after[parent[node]] += total.after[node];
  }
  return { ...total, self };
}

/**
 * The same tree with its final numbers, and each node in its place.
 *
 * @param {Grown} grown
 * @param {{wide: Float64Array, before: Float64Array, after: Float64Array, self: Float64Array}} sums
 * @param {Int32Array} rank
 * @param {number} factor
 * @param {Shape} shape
 * @returns {Tree}
 */
function numbered(grown, sums, rank, factor, shape) {
  const count = grown.fn.length;
  const { order, childFirst, levelFirst } = arranged(grown, sums, rank);
  const place = new Int32Array(count);
  for (let node = 0; node < count; node++) place[order[node]] = node;
  const fn = new Int32Array(count);
  const parent = new Int32Array(count).fill(NONE);
  for (let node = 0; node < count; node++) {
    fn[node] = grown.fn[order[node]];
    if (node !== ROOT) parent[node] = place[grown.parent[order[node]]];
  }
  const level = new Uint32Array(count);
  const start = new Float64Array(count);
  const wide = inOrder(sums.wide, order);
  for (let node = 0; node < count; node++) {
    let x = start[node];
    for (let child = childFirst[node]; child < childFirst[node + 1]; child++) {
      start[child] = x;
      level[child] = level[node] + 1;
      x += wide[child];
    }
  }
  const terminal = grown.terminal.map((old) => (old === NONE ? NONE : place[old]));
  const { before, after, self } = sums;
  return {
    shape, fn, parent, level, levelFirst, childFirst, start, wide, factor, terminal,
    before: inOrder(before, order), after: inOrder(after, order), self: inOrder(self, order),
  };
}

/**
 * @param {Float64Array} values
 * @param {Uint32Array} order
 */
function inOrder(values, order) {
  const moved = new Float64Array(values.length);
  for (let node = 0; node < moved.length; node++) moved[node] = values[order[node]];
  return moved;
}

/**
 * Level by level; within a level by parent, then the widest first, then by name.
 *
 * @param {Grown} grown
 * @param {{wide: Float64Array}} sums
 * @param {Int32Array} rank
 */
function arranged({ fn, parent }, { wide }, rank) {
  const count = fn.length;
  const first = new Uint32Array(count + 1);
  for (let node = 1; node < count; node++) first[parent[node] + 1]++;
  for (let node = 0; node < count; node++) first[node + 1] += first[node];
  const fill = first.slice();
  const children = new Uint32Array(Math.max(count - 1, 0));
  for (let node = 1; node < count; node++) children[fill[parent[node]]++] = node;
  const order = new Uint32Array(count);
  const childFirst = new Uint32Array(count + 1);
  const levelFirst = [0];
  let known = 1;
  for (let node = 0, levelEnd = 1; node < count; node++) {
    const own = children.subarray(first[order[node]], first[order[node] + 1]);
    if (own.length > 1) own.sort((a, b) => wide[b] - wide[a] || rank[fn[a]] - rank[fn[b]]);
    childFirst[node] = known;
    order.set(own, known);
    known += own.length;
    if (node + 1 === levelEnd) {
      levelFirst.push(levelEnd);
      levelEnd = known;
    }
  }
  childFirst[count] = known;
  return { order, childFirst, levelFirst: Uint32Array.from(levelFirst) };
}
