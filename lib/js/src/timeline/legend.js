// What the colours mean, and where what is drawn comes from.

import { element } from "../dom.js";
import { rangeLook } from "./draw_marks.js";
import { FADED, IDLE, LABELS, RUNNABLE, RUNNING, SCHEDULING, SYSCALL, UNKNOWN, WAITING } from "./states.js";
import { duration } from "./units.js";

/** @type {["stw" | "gc", string][]} */
const RANGES = [
  ["stw", "the world is stopped"],
  ["gc", "the collector marks"],
];

/**
 * @param {import("./app.js").App} app
 */
export function addLegend(app) {
  const { legend } = app.parts;
  const draw = () => {
    const shown = [RUNNING, RUNNABLE, SYSCALL, WAITING, SCHEDULING, IDLE, UNKNOWN];
    if (app.lanes.kept) shown.push(FADED);
    const items = shown.map((state) => entry(app.palette.states[state], 1, LABELS[state]));
    for (const [kind, words] of RANGES) {
      const { ink, alpha } = rangeLook(kind, app.palette);
      if (app.recording.ranges.some((range) => range.kind === kind)) items.push(entry(ink, alpha, words));
    }
    legend.replaceChildren(...items, element("span", { class: "tl-faint" }, sourcesOf(app)));
  };
  app.on("rows", draw);
  draw();
}

/**
 * @param {string} ink
 * @param {number} alpha
 * @param {string} words
 */
function entry(ink, alpha, words) {
  const colour = element("span", { class: "tl-colour" });
  colour.style.background = ink;
  colour.style.opacity = String(alpha);
  return element("span", { class: "tl-key" }, element("span", { class: "tl-swatch", "aria-hidden": "true" }, colour), words);
}

/** @param {import("./app.js").App} app */
function sourcesOf(app) {
  /** @type {Record<string, string>} */
  const provenance = app.recording.meta.provenance;
  const states = provenance["spans.state"] ?? "recorded";
  const stacks = provenance["spans.stack"] ?? states;
  const parts = [`Goroutines: ${states}.`];
  if (stacks !== states) parts.push(`Their stacks: ${stacks} in part.`);
  if (app.lanes.wanted.has("P")) parts.push(`Ps: ${states}; scheduling is derived (held, and no goroutine runs).`);
  if (app.lanes.wanted.has("M")) parts.push("Ms: derived.");
  if (app.lanes.wanted.has("queues")) parts.push(...queuesOf(app, provenance));
  parts.push("A column of pixels shows each state's share of its time.");
  if (app.recording.columns.mark_kind.length) {
    parts.push("On rows: brackets are regions, ticks messages, a line below the collector's work (assist, sweep, mark worker).");
  }
  if (app.recording.columns.steal_time.length) {
    parts.push("Coloured arrows between Ps: steals, recorded by probes in the runtime.");
  }
  return parts.join(" ");
}

/**
 * @param {import("./app.js").App} app
 * @param {Record<string, string>} provenance
 */
function queuesOf({ recording, lanes }, provenance) {
  const parts = [];
  if (recording.functions.length) parts.push("Runnable count: derived.");
  if (recording.columns.queue_p.length) {
    const step = recording.meta.queue_step_ns;
    const thinned = step ? `, the least (solid) and the most in each ${duration(step)}` : "";
    parts.push(`Run queues (≈): reconstructed; it follows from the trace and from the scheduler's rules${thinned}.`);
  }
  if (lanes.counters.length) {
    parts.push(`Counters: ${provenance["counters.value"] ?? "recorded"}; solid is the mean of a pixel, faint the most in it.`);
  }
  return parts;
}
