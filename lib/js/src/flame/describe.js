// A frame in words, for the tooltip, the panel and a reader of screens.

import { STEPS } from "./change.js";
import { changeOf } from "./colours.js";
import { linesOf } from "./functions.js";
import { ROOT } from "./tree.js";
import { change, count, quantity, share, visible } from "./words.js";

/**
 * @typedef {{title: string, facts: [string, string][]}} Described
 */

/**
 * @param {import("./app.js").App} app
 * @param {number} node
 * @returns {Described}
 */
export function describe(app, node) {
  const { tree, profile } = app;
  if (node === ROOT) return { title: app.rootLabel(), facts: [] };
  const fn = tree.fn[node];
  /** @type {[string, string][]} */
  const facts = [["package", packageWords(profile, fn)], ...(app.compares ? compared(app, node) : measured(app, node))];
  return { title: visible(profile.functions[fn]), facts };
}

/**
 * "net/http, standard library".
 *
 * @param {import("./profile.js").Profile} profile
 * @param {number} fn
 */
export function packageWords({ packages, packageOf }, fn) {
  const { name, kind } = packages[packageOf[fn]];
  return name && name !== kind ? `${visible(name)}, ${kind}` : kind;
}

/**
 * @param {import("./app.js").App} app
 * @param {number} node
 * @returns {[string, string][]}
 */
function measured({ tree, unit, zoomed, state }, node) {
  const whole = tree.after[ROOT];
  const total = tree.after[node];
  const self = tree.self[node];
  const of = state.invert ? "on such stacks" : "with all it calls";
  /** @type {[string, string][]} */
  const facts = [
    ["total", `${quantity(total, unit)}, ${share(total, whole)} of all (${of})`],
    ["self", `${quantity(self, unit)}, ${share(self, whole)} of all`],
  ];
  if (state.invert) facts.pop();
  if (zoomed !== ROOT) facts.push(["of the zoomed frame", share(total, tree.after[zoomed])]);
  return facts;
}

/**
 * @param {import("./app.js").App} app
 * @param {number} node
 * @returns {[string, string][]}
 */
function compared({ tree, unit, profile, state }, node) {
  const { before, after, factor } = tree;
  const scaled = factor !== 1 ? ", by shares of the total" : "";
  const sides = /** @type {const} */ ([[state.before, before], [state.after, after]]);
  const said = sides.map(([series, values]) => {
    const text = `${quantity(values[node], unit)}, ${share(values[node], values[ROOT])} of its total`;
    return /** @type {[string, string]} */ ([visible(profile.series[series]), text]);
  });
  const difference = change(after[node] - before[node], unit);
  return [...said, ["change", `${difference}; ${STEPS[changeOf(tree, node)].words}${scaled}`]];
}

/**
 * Where the function stood, the heaviest line first.
 *
 * @param {import("./app.js").App} app
 * @param {number} node
 */
export function lines({ profile, tree, weights, state }, node) {
  // What is gone has no line of its own in the later profile.
  const values = tree.after[node] > 0 ? weights.after : profile.values(state.before, state.measure);
  return linesOf(profile, tree, node, values);
}

/** @param {import("./profile.js").StackFrame} frame */
export function place({ file, line }) {
  return file ? `${visible(file)}:${line}` : "no file is named";
}

/**
 * One sentence about a frame.
 *
 * @param {import("./app.js").App} app
 * @param {number} node
 */
export function sentence(app, node) {
  const { title, facts } = describe(app, node);
  const { tree } = app;
  const children = tree.childFirst[node + 1] - tree.childFirst[node];
  const next = app.state.invert ? "caller" : "callee";
  const said = facts.map(([name, value]) => `${name}: ${value}`).join("; ");
  return `${title}. ${said}${said ? ". " : ""}Level ${tree.level[node]}, ${count(children, next)}.`;
}
