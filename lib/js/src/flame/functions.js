// Functions instead of frames: what each took itself and with all it called, and which a search finds.

import { isBelow } from "./paths.js";
import { walk } from "./tree.js";

/**
 * Of each function: its own, and with all it called, counted once for a stack however often it recurses.
 *
 * @param {import("./profile.js").Profile} profile
 * @param {ArrayLike<number>} values  per stack
 */
export function ofFunctions({ first, frames, frameFunction, functions, stacks }, values) {
  const self = new Float64Array(functions.length);
  const total = new Float64Array(functions.length);
  const seen = new Int32Array(functions.length).fill(-1);
  for (let s = 0; s < stacks; s++) {
    if (!values[s] || first[s] === first[s + 1]) continue;
    self[frameFunction[frames[first[s]]]] += values[s];
    for (let k = first[s]; k < first[s + 1]; k++) {
      const name = frameFunction[frames[k]];
      if (seen[name] === s) continue;
      seen[name] = s;
      total[name] += values[s];
    }
  }
  return { self, total };
}

/**
 * Which functions have the text in their name, or, if it looks like a part of a path, in their file's; whatever
 * the case.
 *
 * @param {import("./profile.js").Profile} profile
 * @param {string} text
 * @returns {Uint8Array | null} 1 for each that has it; null for an empty text
 */
export function search(profile, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return null;
  const found = Uint8Array.from(profile.functions, (name) => (name.toLowerCase().includes(wanted) ? 1 : 0));
  if (!/\.go|\//.test(wanted)) return found;
  const files = profile.files.map((name) => name.toLowerCase().includes(wanted));
  for (let f = 0; f < profile.frameFile.length; f++) {
    if (files[profile.frameFile[f]]) found[profile.frameFunction[f]] = 1;
  }
  return found;
}

/**
 * The sum over all stacks with a function that was found on them, each counted once.
 *
 * @param {import("./profile.js").Profile} profile
 * @param {Uint8Array} found
 * @param {ArrayLike<number>} values
 */
export function matched({ first, frames, frameFunction, stacks }, found, values) {
  let sum = 0;
  for (let s = 0; s < stacks; s++) {
    for (let k = first[s]; k < first[s + 1]; k++) {
      if (!found[frameFunction[frames[k]]]) continue;
      sum += values[s];
      break;
    }
  }
  return sum;
}

/**
 * The files and lines at which a node's function stood, the heaviest first.
 *
 * @param {import("./profile.js").Profile} profile
 * @param {import("./tree.js").Tree} tree
 * @param {number} node
 * @param {ArrayLike<number>} values
 * @returns {{frame: import("./profile.js").StackFrame, value: number}[]}
 */
export function linesOf(profile, tree, node, values) {
  /** @type {Map<number, number>} */
  const sums = new Map();
  const { start, wide } = tree;
  const [left, right] = [start[node], start[node] + wide[node]];
  const deep = tree.level[node] - 1;
  if (deep < 0) return [];
  for (let s = 0; s < profile.stacks; s++) {
    const end = tree.terminal[s];
    // Most stacks are told apart by where they stand, without going up the tree.
    if (end < node || start[end] < left || start[end] > right || !isBelow(tree, end, node)) continue;
    const { at, step } = walk(profile, s, tree.shape);
    const frame = profile.frames[at + deep * step];
    sums.set(frame, (sums.get(frame) ?? 0) + values[s]);
  }
  const sorted = [...sums].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return sorted.map(([frame, value]) => ({ frame: profile.frame(frame), value }));
}
