// The view as a value of the `view` trait. Functions and profiles go by their names.

import { nodeAt, pathOf } from "./paths.js";
import { NONE, ROOT } from "./tree.js";

const SETTLED_MS = 200;
const WIDTHS = ["after", "before", "both"];
const COLOURS = ["package", "change"];

/**
 * @param {import("./app.js").App} app
 * @param {import("../timeline/start.js").Model} model
 */
export function keepView(app, model) {
  let own = "";
  let timer = 0;
  restore(app, model.get("view"));
  const save = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const value = saved(app);
      if (JSON.stringify(value) === own) return;
      own = JSON.stringify(value);
      model.set("view", value);
      model.save_changes();
      app.root.dataset.saved = own; // for tests, which never sleep
    }, SETTLED_MS);
  };
  const changed = () => {
    const value = model.get("view");
    if (JSON.stringify(value) === own) return;
    own = JSON.stringify(value);
    restore(app, value);
  };
  app.on(["tree", "zoom", "select", "search", "colours"], save);
  model.on("change:view", changed);
  app.signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("change:view", changed);
  });
}

/** @param {import("./app.js").App} app */
export function saved(app) {
  const { state, profile, tree, zoomed, selected } = app;
  const names = (/** @type {number} */ node) => pathOf(tree, node).map((fn) => profile.functions[fn]);
  return {
    zoom: names(zoomed),
    selected: selected > ROOT ? names(selected) : null,
    search: state.search,
    invert: state.invert,
    icicle: state.icicle,
    merge: state.merge === NONE ? "" : profile.functions[state.merge],
    colour: state.colour,
    measure: profile.measures[state.measure].type,
    before: profile.series[state.before],
    after: profile.series[state.after],
    width: state.width,
    normalised: state.normalised,
  };
}

/**
 * @param {import("./app.js").App} app
 * @param {any} value  untrusted; what it does not say, or says wrongly, stays as it is
 */
export function restore(app, value) {
  if (!value || typeof value !== "object") return;
  const { profile } = app;
  /** @type {Record<string, unknown>} */
  const changes = {};
  for (const name of ["invert", "icicle", "normalised"]) if (typeof value[name] === "boolean") changes[name] = value[name];
  if (typeof value.search === "string") changes.search = value.search;
  if (WIDTHS.includes(value.width)) changes.width = value.width;
  if (COLOURS.includes(value.colour)) changes.colour = value.colour;
  if (value.merge === "") changes.merge = NONE;
  else if (profile.functions.includes(value.merge)) changes.merge = profile.functions.indexOf(value.merge);
  for (const name of ["before", "after"]) {
    if (profile.series.includes(value[name])) changes[name] = profile.series.indexOf(value[name]);
  }
  const measure = profile.measures.findIndex(({ type }) => type === value.measure);
  if (measure >= 0) changes.measure = measure;
  app.set(changes);
  const zoomed = found(app, value.zoom);
  if (zoomed !== NONE) app.zoom(zoomed);
  if (value.selected === null) app.select(NONE);
  const selected = found(app, value.selected);
  if (selected > ROOT) app.select(selected);
}

/**
 * @param {import("./app.js").App} app
 * @param {unknown} names
 */
function found({ profile, tree }, names) {
  return Array.isArray(names) ? nodeAt(tree, names.map((name) => profile.functions.indexOf(name))) : NONE;
}
