// Finding goroutines and functions by name.

import { element } from "../dom.js";
import { button } from "./layout.js";
import { pinGoroutine } from "./panels.js";

const MOST = 30;

/**
 * @typedef {{label: string, lane: number}} Hit
 */

/**
 * Goroutines by number, by start function, or by a function that is on one of their stacks.
 *
 * @param {import("./model.js").Recording} recording
 * @param {string} text
 * @returns {Hit[]} at most MOST
 */
export function find(recording, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const id = /^g?\s*(\d+)$/.exec(wanted)?.[1];
  /** @type {Hit[]} */
  const hits = [];
  const { functions } = recording;
  for (let lane = 0; lane < functions.length && hits.length < MOST; lane++) {
    const own = recording.goroutineId(lane);
    const byName = id === undefined && functions[lane].toLowerCase().includes(wanted);
    if (byName || String(own) === id) hits.push({ label: `G ${own} ${functions[lane]}`, lane });
  }
  if (id === undefined && hits.length < MOST) hits.push(...byStack(recording, wanted, MOST - hits.length));
  return hits;
}

/**
 * @param {import("./model.js").Recording} recording
 * @param {string} wanted
 * @param {number} room
 */
function byStack(recording, wanted, room) {
  const { columns, texts, lives, functions } = recording;
  const { stack_first: first, stack_frame: frame, frame_function: name, stack } = columns;
  const named = new Int32Array(first.length).fill(-1);
  const matches = texts.map((text) => text.toLowerCase().includes(wanted));
  for (let one = 1; one < first.length; one++) {
    for (let k = first[one - 1]; k < first[one]; k++) if (matches[name[frame[k]]]) named[one] = name[frame[k]];
  }
  /** @type {Hit[]} */
  const hits = [];
  for (let lane = 0; lane < functions.length && hits.length < room; lane++) {
    if (functions[lane].toLowerCase().includes(wanted)) continue;
    for (let i = lives.first[lane]; i < lives.first[lane + 1]; i++) {
      const text = named[stack[i]];
      if (text < 0) continue;
      hits.push({ label: `G ${recording.goroutineId(lane)} in ${texts[text]}`, lane });
      break;
    }
  }
  return hits;
}

/**
 * @param {import("./app.js").App} app
 * @returns {() => void} puts the cursor into the field
 */
export function addSearch(app) {
  const field = element("input", { type: "search", placeholder: "function or G number", "aria-label": "Search", size: "18" });
  const results = element("div", { class: "tl-results", role: "group", "aria-label": "Found" });
  results.hidden = true;
  const go = (/** @type {Hit} */ hit) => {
    const { view } = app;
    pinGoroutine(app, hit.lane, (view.t0 + view.t1) / 2);
    if (!app.pinned) pinGoroutine(app, hit.lane, app.recording.lives.start[app.recording.lives.first[hit.lane]]);
    results.hidden = true;
    app.parts.plot.focus({ preventScroll: true });
  };
  field.addEventListener("input", () => {
    const hits = find(app.recording, field.value);
    results.hidden = !field.value.trim();
    const said = hits.length ? `${hits.length}${hits.length === MOST ? " or more" : ""} found` : "nothing found";
    results.replaceChildren(
      element("div", { class: "tl-faint" }, said),
      ...hits.map((hit) => button(hit.label, hit.label, () => go(hit))),
    );
    app.parts.status.textContent = said;
  });
  const keys = (/** @type {KeyboardEvent} */ event) => {
    event.stopPropagation();
    if (event.key === "Enter" && event.target === field) {
      const [hit] = find(app.recording, field.value);
      if (hit) go(hit);
    } else if (event.key === "Escape") {
      results.hidden = true;
      app.parts.plot.focus({ preventScroll: true });
    }
  };
  for (const node of [field, results]) node.addEventListener("keydown", keys);
  app.parts.tools.prepend(element("div", { class: "tl-search" }, field, results));
  return () => {
    field.focus();
    field.select();
  };
}
