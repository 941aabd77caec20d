// The window that is seen as a table, for those who do not see the picture; and a sentence about the whole.

import { element } from "../dom.js";
import { mix } from "./inspect.js";
import { button } from "./layout.js";
import { table } from "./panels.js";
import { LABELS, STATES } from "./states.js";
import { columnCounts } from "./steps.js";
import { duration, moment } from "./units.js";

const PIECES = 200;

/** @param {import("./app.js").App} app */
export function addTable(app) {
  const attributes = { class: "tl-panel tl-table", "aria-label": "Table of the view", tabindex: "0" };
  const panel = element("section", attributes);
  panel.hidden = true;
  const toggle = button("Table", "The view as a table", () => {
    panel.hidden = !panel.hidden;
    toggle.setAttribute("aria-expanded", String(!panel.hidden));
    draw();
  });
  toggle.setAttribute("aria-expanded", "false");
  const draw = () => {
    if (!panel.hidden) panel.replaceChildren(...content(app));
  };
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    if (!panel.hidden) timer = window.setTimeout(draw, 200);
  };
  app.signal.addEventListener("abort", () => clearTimeout(timer));
  for (const change of /** @type {const} */ (["view", "rows", "pin"])) app.on(change, soon);
  app.parts.tools.append(toggle);
  app.parts.panels.append(panel);
}

/** @param {import("./app.js").App} app */
function content(app) {
  const { view, recording, lanes } = app;
  const origin = recording.bounds.begin;
  const rows = lanes.rows.filter((row) => !["heading", "counter", "queue", "runnable", "g"].includes(row.kind));
  const times = new Float64Array(STATES);
  const body = rows.map((row) => {
    lanes.times(row, view, 1, times);
    return [row.label, mix(times)];
  });
  const title = `${moment(view.t0 - origin, 1)} to ${moment(view.t1 - origin, 1)}, ${duration(view.t1 - view.t0)}`;
  return [element("h3", {}, title), table("Share of time by row", ["row", "states"], body), ...piecesOf(app)];
}

/**
 * The pieces of the pinned row, one by one.
 *
 * @param {import("./app.js").App} app
 */
function piecesOf({ pinned, lanes, view, recording }) {
  const shown = pinned && lanes.lives(pinned.row);
  if (!shown) return [];
  const { start, state, first } = shown.recorded;
  const rows = [];
  for (let i = first[pinned.row.lane]; i < first[pinned.row.lane + 1] - 1 && rows.length < PIECES; i++) {
    if (start[i + 1] < view.t0 || start[i] > view.t1) continue;
    rows.push([LABELS[state[i]], moment(start[i] - recording.bounds.begin, 1), duration(start[i + 1] - start[i])]);
  }
  return [table(`${pinned.row.label}: its first ${rows.length} spans in view`, ["state", "from", "duration"], rows)];
}

/**
 * A sentence or two about the whole, made from the data.
 *
 * @param {import("./lanes.js").Lanes} lanes
 */
export function summary(lanes) {
  const { recording } = lanes;
  const { begin, end } = recording.bounds;
  const times = new Float64Array(STATES);
  const parts = [
    `${recording.meta.spans} spans of ${recording.functions.length} goroutines on ` +
      `${lanes.procs.number.length} Ps in ${duration(end - begin)}.`,
  ];
  for (const row of lanes.rows.filter((one) => one.kind === "p").slice(0, 8)) {
    lanes.times(row, { t0: begin, t1: end }, 1, times);
    parts.push(`${row.label}: ${mix(times)}.`);
  }
  const waiting = lanes.rows.find((row) => row.kind === "runnable");
  const counts = waiting && lanes.counts(waiting);
  if (counts) {
    columnCounts(counts, begin, end, 1, times);
    const mean = times.reduce((sum, time, s) => (LABELS[s] === "runnable" ? sum + time : sum), 0) / (end - begin);
    parts.push(`Runnable goroutines: ${mean.toPrecision(3)} as a mean, ${counts.peak} at most.`);
  }
  return parts.join(" ");
}
