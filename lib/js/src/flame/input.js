// Pointer and keys.

import { reset } from "./controls.js";
import { sentence } from "./describe.js";
import { NONE, ROOT } from "./tree.js";

/**
 * @param {import("./app.js").App} app
 * @param {{search: () => void, help: () => void}} parts
 */
export function listen(app, parts) {
  const { plot } = app.parts;
  const { signal } = app;
  plot.addEventListener("pointermove", (event) => app.point(event.offsetX, event.offsetY), { signal });
  plot.addEventListener("pointerleave", () => app.leave(), { signal });
  plot.addEventListener("click", (event) => {
    app.point(event.offsetX, event.offsetY);
    const box = app.hovered;
    if (!box) return;
    app.select(box.node);
    if (!event.shiftKey) app.zoom(box.node);
    app.say(sentence(app, box.node));
  }, { signal });
  plot.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (!act(app, parts, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
}

/**
 * @param {import("./app.js").App} app
 * @param {{search: () => void, help: () => void}} parts
 * @param {string} key
 * @returns {boolean} whether the key means something here
 */
function act(app, parts, key) {
  const { tree, state } = app;
  const at = app.selected === NONE ? app.zoomed : app.selected;
  const outwards = state.icicle ? "ArrowUp" : "ArrowDown";
  const inwards = state.icicle ? "ArrowDown" : "ArrowUp";
  /** @type {Record<string, () => void>} */
  const keys = {
    [outwards]: () => go(app, at === ROOT ? ROOT : tree.parent[at]),
    [inwards]: () => go(app, app.selected === NONE ? at : firstChild(tree, at)),
    ArrowLeft: () => go(app, beside(app, at, -1)),
    ArrowRight: () => go(app, beside(app, at, 1)),
    Home: () => go(app, at === ROOT ? ROOT : tree.childFirst[tree.parent[at]]),
    End: () => go(app, at === ROOT ? ROOT : lastChild(tree, tree.parent[at])),
    Enter: () => zoom(app, at),
    Backspace: () => zoom(app, app.zoomed === ROOT ? ROOT : tree.parent[app.zoomed]),
    0: () => back(app),
    Escape: () => back(app),
    " ": () => app.select(app.selected === NONE ? (app.hovered?.node ?? at) : NONE),
    "/": parts.search,
    "?": parts.help,
    n: () => toHit(app, at, 1),
    N: () => toHit(app, at, -1),
    i: () => app.set({ invert: !state.invert }),
    f: () => app.set({ icicle: !state.icicle }),
    m: () => merge(app, at),
  };
  if (!Object.hasOwn(keys, key)) return false;
  keys[key]();
  return true;
}

/** @param {import("./app.js").App} app */
function back(app) {
  reset(app);
  app.select(NONE);
  app.say("The whole is shown.");
}

/**
 * @param {import("./app.js").App} app
 * @param {number} node
 */
function go(app, node) {
  // What is outside of the zoomed frame is not seen.
  if (app.tree.level[node] < app.tree.level[app.zoomed]) app.zoom(node);
  app.select(node);
  app.say(sentence(app, node));
}

/**
 * @param {import("./app.js").App} app
 * @param {number} node
 */
function zoom(app, node) {
  app.zoom(node);
  app.say(`Zoomed. ${sentence(app, node)}`);
}

/**
 * @param {import("./app.js").App} app
 * @param {number} at
 */
function merge(app, at) {
  if (app.state.merge !== NONE) app.set({ merge: NONE });
  else if (at > ROOT) app.set({ merge: app.tree.fn[at] });
}

/**
 * @param {import("./tree.js").Tree} tree
 * @param {number} node
 */
function firstChild({ childFirst, wide }, node) {
  const child = childFirst[node];
  return child < childFirst[node + 1] && wide[child] > 0 ? child : node;
}

/**
 * @param {import("./tree.js").Tree} tree
 * @param {number} node
 */
function lastChild({ childFirst, wide }, node) {
  let last = childFirst[node + 1] - 1;
  while (last > childFirst[node] && !(wide[last] > 0)) last--;
  return last;
}

/**
 * The next frame of the same level that is seen.
 *
 * @param {import("./app.js").App} app
 * @param {number} node
 * @param {1 | -1} step
 */
function beside({ tree, zoomed }, node, step) {
  const { start, wide, levelFirst, level } = tree;
  const right = start[zoomed] + wide[zoomed];
  for (let at = node + step; at >= levelFirst[level[node]] && at < levelFirst[level[node] + 1]; at += step) {
    if (start[at] < start[zoomed] || start[at] >= right) break;
    if (wide[at] > 0) return at;
  }
  return node;
}

/**
 * @param {import("./app.js").App} app
 * @param {number} at
 * @param {1 | -1} step
 */
function toHit(app, at, step) {
  const { tree, found } = app;
  if (!found) return;
  const count = tree.fn.length;
  for (let k = 1; k <= count; k++) {
    const node = (at + step * k + count * 2) % count;
    if (node === ROOT || !found[tree.fn[node]] || !(tree.wide[node] > 0)) continue;
    if (!app.placeOf(node)) app.zoom(ROOT);
    return go(app, node);
  }
}
