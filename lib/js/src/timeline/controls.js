// Buttons, filters, search, legend and help around the lanes.

import { element } from "../dom.js";
import { button } from "./layout.js";
import { LABELS, RUNNABLE, RUNNING, SYSCALL, WAITING } from "./states.js";
import { all, zoom } from "./viewport.js";

/** Of goroutines, to filter by. */
const GOROUTINE_STATES = [RUNNING, RUNNABLE, WAITING, SYSCALL];

const KEYS = [
  ["W or +, S or −", "zoom in, out (at the pointer)"],
  ["A or ←, D or →", "earlier, later"],
  ["↑ ↓", "row above, below"],
  ["N, P", "next, previous span of the row"],
  ["Enter", "open the row's group, or pin its span"],
  ["F, double click", "zoom to the span"],
  ["0", "show all"],
  ["/", "search"],
  ["Escape", "unpin, clear the selection"],
  ["wheel", "zoom, once the timeline was clicked (else with Ctrl); with Shift: earlier, later"],
  ["drag", "move; with Alt, or in the ruler: select a stretch of time"],
  ["?", "this help"],
];

/**
 * @param {import("./app.js").App} app
 * @returns {{help: () => void}}
 */
export function addTools(app) {
    const middle = () => (app.view.t0 + app.view.t1) / 2;
  const close = button("Close", "Close the help", () => toggle());
  const toggle = () => {
    const { help, plot } = app.parts;
    help.hidden = !help.hidden;
    if (help.hidden) plot.focus();
    else close.focus();
  };
  const list = element("dl", { class: "tl-facts" });
  for (const [keys, act] of KEYS) list.append(element("dt", {}, keys), element("dd", {}, act));
  app.parts.help.append(element("h3", {}, "Keys and pointer"), list, close);
  app.parts.help.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    toggle();
  });
  app.parts.tools.append(
    button("−", "Zoom out", () => app.show(zoom(app.view, 1 / 2, middle(), app.bounds))),
    button("+", "Zoom in", () => app.show(zoom(app.view, 2, middle(), app.bounds))),
    button("All", "Show all", () => app.show(all(app.bounds))),
    button("?", "Keys and pointer", toggle),
  );
  return { help: toggle };
}

/**
 * @param {import("./app.js").App} app
 */
export function addFilters(app) {
  const { filters } = app.parts;
  const state = choice("any state", GOROUTINE_STATES.map((one) => [String(one), LABELS[one]]));
  const p = choice("any P", app.lanes.procs.number.map((one) => [String(one), `P ${one}`]));
  const region = choice("any region", app.lanes.regions.map((name) => [name, name]));
  const goroutine = element("input", { type: "number", min: "0", placeholder: "G", size: "6", class: "tl-short" });
  const name = element("input", { type: "text", placeholder: "function", size: "16" });
  const wait = element("input", { type: "number", min: "0", step: "any", placeholder: "µs", class: "tl-short" });
  const living = element("input", { type: "checkbox" });
  living.addEventListener("change", () => app.showOnlyLiving(living.checked));
  app.on("rows", () => (living.checked = app.lanes.window !== null));
  const wakes = element("input", { type: "checkbox" });
  wakes.addEventListener("change", () => app.showAllWakes(wakes.checked));
  app.on("rows", () => (wakes.checked = app.allWakes));
  const steals = element("input", { type: "checkbox" });
  steals.addEventListener("change", () => app.showAllSteals(steals.checked));
  app.on("rows", () => (steals.checked = app.allSteals));
  steals.checked = app.allSteals;
  const clear = button("Clear", "Clear the filters", () => app.setFilter({}));
  const fields = [
    labelled("State", state),
    labelled("P", p),
    labelled("Goroutine", goroutine),
    labelled("Function", name),
    ...(app.lanes.regions.length ? [labelled("Region", region)] : []),
    labelled("Waits of at least (µs)", wait),
    labelled("Only goroutines in view", living),
    labelled("Wake arrows of all in view", wakes),
    ...(app.recording.columns.steal_time.length ? [labelled("Steal arrows", steals)] : []),
  ];
  filters.append(...fields, clear);
  const number = (/** @type {string} */ text) => (text === "" ? undefined : Number(text));
  const read = () => {
    const least = number(wait.value);
    app.setFilter({
      state: number(state.value),
      p: number(p.value),
      goroutine: number(goroutine.value),
      function: name.value,
      region: region.value,
      wait: least === undefined ? undefined : least * 1000,
    });
  };
  for (const one of [state, p, region, goroutine, name, wait]) one.addEventListener("change", read);
  app.on("filter", () => {
    const { filter } = app.lanes;
    const text = (/** @type {string | number | undefined} */ value) => (value === undefined ? "" : String(value));
    [state.value, p.value, region.value] = [text(filter.state), text(filter.p), text(filter.region)];
    [goroutine.value, name.value] = [text(filter.goroutine), text(filter.function)];
    wait.value = filter.wait === undefined ? "" : String(filter.wait / 1000);
    const left = app.lanes.kept?.reduce((sum, one) => sum + one, 0);
    app.parts.status.textContent =
      left === undefined ? "No filter." : `The filter leaves ${left} of ${app.recording.functions.length} goroutines.`;
  });
}

/**
 * @param {string} any
 * @param {[string, string][]} options
 */
function choice(any, options) {
  const made = element("select", {}, element("option", { value: "" }, any));
  for (const [value, text] of options) made.append(element("option", { value }, text));
  return made;
}

/**
 * @param {string} text
 * @param {HTMLElement} control
 */
function labelled(text, control) {
  return element("label", {}, text, " ", control);
}
