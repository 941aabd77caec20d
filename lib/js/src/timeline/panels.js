// Below the lanes: what is pinned, what the selected time holds, a frame's source, and a table of the view.

import { element } from "../dom.js";
import { describe } from "./inspect.js";
import { button } from "./layout.js";
import { statistics } from "./stats.js";
import { LABELS } from "./states.js";
import { duration, moment } from "./units.js";

/**
 * @param {import("./app.js").App} app
 * @param {import("./source.js").SourcePanel} source
 */
export function addPanels(app, source) {
  const pinned = element("section", { class: "tl-panel", "aria-label": "Pinned" });
  const selected = element("section", { class: "tl-panel", "aria-label": "Selection" });
  for (const one of [pinned, selected]) one.hidden = true;
  app.parts.panels.append(selected, pinned, source.node);
  app.on("pin", () => drawPinned(app, pinned, source));
  app.on("selection", later(() => drawSelected(app, selected), app.signal));
}

/**
 * Runs at most once in a frame: a drag says "changed" more often than that.
 *
 * @param {() => void} act
 * @param {AbortSignal} signal
 */
export function later(act, signal) {
  let asked = 0;
  signal.addEventListener("abort", () => cancelAnimationFrame(asked));
  return () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      act();
    });
  };
}

/**
 * @param {import("./app.js").App} app
 * @param {HTMLElement} panel
 * @param {import("./source.js").SourcePanel} source
 */
function drawPinned(app, panel, source) {
  const { pinned, lanes } = app;
  panel.hidden = !pinned;
  if (!pinned) return;
  const { title, facts, stacks, cause } = describe(lanes, pinned);
  const list = element("dl", { class: "tl-facts" });
  for (const [name, value] of facts) {
    if (name) list.append(element("dt", {}, name), element("dd", {}, value));
    else list.append(element("dd", {}, value));
  }
  const acts = [button("Zoom to it", "Zoom to it, the pinned span", () => app.show(around(pinned)))];
  if (cause !== null) acts.push(button("Go to who woke it", "Go to who woke it", () => pinGoroutine(app, cause, pinned.start)));
  acts.push(button("Close", "Close the pinned span", () => app.pin(null)));
  panel.replaceChildren(
    element("h3", {}, title),
    element("div", { class: "tl-tools" }, ...acts),
    list,
    element("div", { class: "tl-stacks" }, ...stacks.map((one) => stackList(one.name, one.frames, source))),
  );
  app.parts.status.textContent = `Pinned ${title}, ${facts.map((fact) => fact.join(" ")).join(", ")}`;
}

/** @param {import("./lanes.js").Found} found */
function around({ start, end }) {
  const room = Math.max((end - start) / 4, 10);
  return { t0: start - room, t1: end + room };
}

/**
 * Pins what a goroutine did at a moment, and opens its group so that it is seen.
 *
 * @param {import("./app.js").App} app
 * @param {number} lane
 * @param {number} t
 */
export function pinGoroutine(app, lane, t) {
  app.openGoroutine(lane);
  const row = app.lanes.rows.find((one) => one.kind === "g" && one.lane === lane);
  if (!row) return;
  app.row = app.lanes.rows.indexOf(row);
  app.reveal(row);
  const found = app.lanes.at(row, t);
  if (found && (found.end < app.view.t0 || found.start > app.view.t1)) app.show(around(found));
  app.pin(found);
}

/**
 * @param {string} name
 * @param {import("./model.js").StackFrame[]} frames
 * @param {import("./source.js").SourcePanel} source
 */
function stackList(name, frames, source) {
  const items = frames.map((frame) => {
    const file = frame.file.slice(frame.file.lastIndexOf("/") + 1);
    const place = `${file}:${frame.line}`;
    const one = button(frame.function || "(no name)", `Show ${frame.function} at ${place}`, () => source.show(frame));
    one.classList.add("tl-frame");
    return element("li", {}, one, " ", element("span", { class: "tl-faint" }, place));
  });
  return element("div", {}, element("h4", {}, name), element("ol", {}, ...items));
}

/**
 * @param {import("./app.js").App} app
 * @param {HTMLElement} panel
 */
function drawSelected(app, panel) {
  const { selection, recording } = app;
  panel.hidden = !selection;
  if (!selection) return;
  const found = statistics(recording, selection);
  const from = moment(selection.t0 - recording.bounds.begin, 1);
  const title = `Selected: ${duration(selection.t1 - selection.t0)} from ${from}`;
  const mixRows = found.states.map(({ state, time, share }) => [LABELS[state], duration(time), percent(share)]);
  const waits = found.waits;
  const waitRows = waits.count
    ? [[String(waits.count), ...[waits.p50, waits.p90, waits.p99, waits.max].map(duration)]]
    : [["0", "", "", "", ""]];
  const top = found.functions.map(({ name, time, share }) => [name || "(no stack seen)", duration(time), percent(share)]);
  const samples = found.samples.map(({ name, count, share }) => [name || "(none)", String(count), percent(share)]);
  panel.replaceChildren(
    element("h3", {}, title),
    element(
      "div",
      { class: "tl-tools" },
      button("Zoom to it", "Zoom to it, the selection", () => app.show(selection)),
      button("Close", "Close the selection", () => app.select(null)),
    ),
    element(
      "div",
      { class: "tl-stacks" },
      table("All goroutines", ["state", "time", "share"], mixRows),
      table("Runnable, until it ran (waits that ended here)", ["waits", "p50", "p90", "p99", "longest"], waitRows),
      table("Running time by start function", ["function", "time", "share"], top),
      ...(samples.length ? [table("CPU samples by function", ["function", "samples", "share"], samples)] : []),
    ),
  );
  const parts = mixRows.slice(0, 3).map(([name, , share]) => `${name} ${share}`);
  app.parts.status.textContent = `${title}: ${parts.join(", ")}`;
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/**
 * @param {string} caption
 * @param {string[]} heads
 * @param {string[][]} rows
 */
export function table(caption, heads, rows) {
  const head = element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)));
  const body = rows.map((row) => element("tr", {}, ...row.map((value) => element("td", {}, value))));
  return element(
    "table",
    {},
    element("caption", {}, caption),
    element("thead", {}, head),
    element("tbody", {}, ...body),
  );
}
