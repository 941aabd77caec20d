// What colour a frame has, by a key that stands for a custom property of the style sheet.

import { STEPS, stepOf } from "./change.js";

const NAMED = 4;

/** @typedef {{key: string, words: string}} Legend */

/** Every key; its colour is the custom property --flame-<key>. */
export const KEYS = /** @type {const} */ ([
  "first", "second", "third", "fourth", "other", "runtime", "none", "root", "merged", "faded", "on",
  ...STEPS.map(({ name }) => name),
]);

const SLOTS = ["first", "second", "third", "fourth"];

/**
 * The key of each function's package: the heaviest four have colours of their own, `main` first.
 *
 * @param {import("./profile.js").Profile} profile
 * @param {ArrayLike<number>} values  per stack
 */
export function byPackage(profile, values) {
  const weight = packageWeights(profile, values);
  const { packages, packageOf } = profile;
  const order = packages.map((_, p) => p).filter((p) => packages[p].name && packages[p].kind !== "runtime");
  const main = (/** @type {number} */ p) => Number(packages[p].name === "main");
  order.sort((a, b) => main(b) - main(a) || weight[b] - weight[a] || (packages[a].name < packages[b].name ? -1 : 1));
  const named = order.slice(0, NAMED);
  const key = packages.map(({ name, kind }, p) => {
    if (kind === "runtime") return "runtime";
    if (!name) return "none";
    return SLOTS[named.indexOf(p)] ?? "other";
  });
  /** @type {Legend[]} */
  const legend = named.map((p, k) => ({ key: SLOTS[k], words: `${packages[p].name} (${packages[p].kind})` }));
  const others = order.length - named.length;
  if (others > 0) legend.push({ key: "other", words: `${others} other package${others === 1 ? "" : "s"}` });
  if (key.includes("runtime")) legend.push({ key: "runtime", words: "runtime: hatched, in italics" });
  if (key.includes("none")) legend.push({ key: "none", words: "no package" });
  return { keys: Array.from(packageOf, (p) => key[p]), legend };
}

/**
 * @param {import("./profile.js").Profile} profile
 * @param {ArrayLike<number>} values
 */
function packageWeights({ first, frames, frameFunction, packageOf, packages, stacks }, values) {
  const weight = new Float64Array(packages.length);
  const seen = new Int32Array(packages.length).fill(-1);
  for (let s = 0; s < stacks; s++) {
    for (let k = first[s]; k < first[s + 1]; k++) {
      const one = packageOf[frameFunction[frames[k]]];
      if (seen[one] !== s) weight[one] += values[s];
      seen[one] = s;
    }
  }
  return weight;
}

/**
 * How a node changed: an index into STEPS.
 *
 * @param {import("./tree.js").Tree} tree
 * @param {number} node
 */
export function changeOf({ before, after, factor }, node) {
  return stepOf(before[node] * factor, after[node]);
}

/** @returns {Legend[]} */
export function changeLegend() {
  return STEPS.map(({ name, words, sign }) => ({ key: name, words: sign ? `${sign}: ${words}` : words }));
}
