// The view as a value: in a trait, in the address of an exported page, and between linked timelines.

import { checkedFilter } from "./filter.js";

/**
 * @typedef {object} Saved
 * @property {number} t0
 * @property {number} t1
 * @property {number} scroll  css px
 * @property {string[]} open  groups and headings
 * @property {boolean} living  only goroutines that live in the view have rows
 * @property {import("./filter.js").Filter} filters
 * @property {boolean} wakes  arrows of all wakes in the view
 * @property {boolean} steals  arrows of all steals in the view
 * @property {{kind: string, id: number, t: number} | null} pin  a P's, M's or goroutine's number, and a moment
 */

const SETTLED_MS = 250;

/**
 * Keeps model and address in step with the app.
 *
 * @param {import("./app.js").App} app
 * @param {import("./start.js").Model} model
 * @returns {(() => string) | null} the address of what is seen now; null where the page's address is not ours
 */
export function keepView(app, model) {
  const key = String(model.get("group") || model.get("heading") || "timeline");
  // Only a page of our own may have its address changed.
  const address = !model.get("_model_module");
  restore(app, model.get("view"));
  if (address) restore(app, fromHash(location.hash, key));
  let timer = 0;
  let own = "";
  const write = () => {
    clearTimeout(timer);
    const value = saved(app);
    own = JSON.stringify(value);
    model.set("view", value);
    model.save_changes();
    if (address) history.replaceState(null, "", toHash(location.hash, key, value));
  };
  const save = () => {
    clearTimeout(timer);
    timer = window.setTimeout(write, SETTLED_MS);
  };
  const changed = () => {
    const value = model.get("view");
    if (JSON.stringify(value) !== own) restore(app, value);
  };
  for (const change of /** @type {const} */ (["view", "pin", "filter", "rows"])) app.on(change, save);
  model.on("change:view", changed);
  app.signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("change:view", changed);
  });
  if (!address) return null;
  return () => {
    write();
    return location.href;
  };
}

/**
 * @param {import("./app.js").App} app
 * @returns {Saved}
 */
export function saved(app) {
  const { view, pinned, lanes, parts } = app;
  return {
    t0: view.t0,
    t1: view.t1,
    scroll: Math.round(parts.scroller.scrollTop),
    open: [...lanes.open].sort(),
    living: lanes.window !== null,
    wakes: app.allWakes,
    steals: app.allSteals,
    filters: Object.fromEntries(Object.entries(lanes.filter).filter(([, value]) => value !== undefined && value !== "")),
    pin: pinned && { kind: pinned.row.kind, id: numberOf(lanes, pinned.row), t: (pinned.start + pinned.end) / 2 },
  };
}

/**
 * @param {import("./app.js").App} app
 * @param {unknown} value  untrusted; what it does not say stays as it is
 */
export function restore(app, value) {
  if (!value || typeof value !== "object") return;
  const given = /** @type {Partial<Saved>} */ (value);
  if (Array.isArray(given.open)) {
    app.lanes.open = new Set(given.open.map(String));
    app.lanes.arrange();
    app.rearranged();
  }
  if (given.filters) app.setFilter(checkedFilter(given.filters));
  if (Number.isFinite(given.t0) && Number.isFinite(given.t1)) {
    app.show({ t0: Number(given.t0), t1: Number(given.t1) });
  }
  if (typeof given.living === "boolean" && given.living !== (app.lanes.window !== null)) {
    app.showOnlyLiving(given.living);
  }
  if (typeof given.wakes === "boolean" && given.wakes !== app.allWakes) app.showAllWakes(given.wakes);
  if (typeof given.steals === "boolean" && given.steals !== app.allSteals) app.showAllSteals(given.steals);
  const { pin } = given;
  if (pin && typeof pin === "object") {
    const row = rowOf(app, pin);
    if (row) app.pin(app.lanes.at(row, Number(pin.t)));
    if (row && !Number.isFinite(given.scroll)) app.reveal(row);
  } else if (pin === null) app.pin(null);
  if (Number.isFinite(given.scroll)) app.parts.scroller.scrollTop = Number(given.scroll);
}

/**
 * The row of what is pinned; a goroutine's group is opened for it, unless a filter leaves the goroutine out.
 *
 * @param {import("./app.js").App} app
 * @param {{kind: string, id: number}} pin
 */
function rowOf(app, { kind, id }) {
  const find = () => app.lanes.rows.find((one) => one.kind === kind && numberOf(app.lanes, one) === id);
  const found = find();
  if (found || kind !== "g") return found;
  const { recording, kept } = app.lanes;
  const lane = recording.functions.findIndex((_, one) => recording.goroutineId(one) === id);
  if (lane < 0 || (kept && !kept[lane])) return undefined;
  app.openGoroutine(lane);
  return find();
}

/**
 * @param {import("./lanes.js").Lanes} lanes
 * @param {import("./rows.js").Row} row
 */
function numberOf(lanes, row) {
  if (row.kind === "p") return lanes.procs.number[row.lane];
  if (row.kind === "m") return lanes.recording.meta.threads[lanes.threads.number[row.lane]];
  return row.kind === "g" ? lanes.recording.goroutineId(row.lane) : row.lane;
}

/**
 * @param {string} hash
 * @param {string} key
 * @returns {unknown}
 */
export function fromHash(hash, key) {
  const text = new URLSearchParams(hash.replace(/^#/, "")).get(key);
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} hash
 * @param {string} key
 * @param {unknown} value
 */
export function toHash(hash, key, value) {
  const all = new URLSearchParams(hash.replace(/^#/, ""));
  all.set(key, JSON.stringify(value));
  return `#${all}`;
}
