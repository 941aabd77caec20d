// Play, step, scrub and jump; what the shapes and words mean.

import { element } from "../dom.js";
import { duration, moment } from "../timeline/units.js";
import { LOOKS, UNKNOWN_LOOK, shape, svg } from "./draw.js";
import { NOBODY, RUNNEXT, RUNNING, SYSCALL, WAITING } from "./events.js";
import { EVEN_MS, SPEEDS } from "./player.js";

/** @typedef {import("./app.js").App} App */

/** @param {string} text @param {string} label @param {() => void} act */
export function button(text, label, act) {
  const made = element("button", { type: "button", "aria-label": label, title: label }, text);
  made.addEventListener("click", act);
  return made;
}

/** @param {App} app */
export function addTransport(app) {
  const { player, events, parts } = app;
  const play = button("▶ Play", "Play", () => player.play(!player.now.playing));
  play.classList.add("bd-play");
  const speed = element("select", { "aria-label": "Speed" });
  for (const one of [...SPEEDS].reverse()) speed.append(element("option", { value: String(one) }, speedWords(one)));
  speed.addEventListener("change", () => player.setSpeed(Number(speed.value)));
  const [begin, end] = events.meta.bounds;
  const scrub = element("input", { type: "range", class: "bd-scrub", min: String(begin), max: String(end), step: "1", "aria-label": "Moment" });
  scrub.addEventListener("input", () => player.seek(Number(scrub.value)));
  const readout = element("output", { class: "bd-readout" });
  parts.bar.append(
    button("|◀", "To the beginning (Home)", () => player.goTo(-1)),
    button("‹ Back", "Back one event (left arrow)", () => player.goTo(player.now.step - 1)),
    play,
    button("Step ›", "Step on by one event (right arrow)", () => player.goTo(player.now.step + 1)),
    button("▶|", "To the end (End)", () => player.goTo(events.length - 1)),
    speed,
    scrub,
    readout,
  );
  const show = () => {
    const { t, step, playing, speed: now } = player.now;
    play.textContent = playing ? "❚❚ Pause" : "▶ Play";
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    speed.value = String(now);
    scrub.value = String(t);
    const when = moment(t, 1, end);
    scrub.setAttribute("aria-valuetext", `${when}, event ${step + 1} of ${events.length}`);
    readout.textContent = `${when} · event ${step + 1} of ${events.length}`;
  };
  app.on("moment", show);
  show();
}

/** @param {App} app */
export function addJumps(app) {
  const { player, events, parts } = app;
  const kinds = countedKinds(events);
  const kind = element("select", { "aria-label": "Kind of event" }, element("option", { value: "" }, "any event"));
  for (const [number, count] of kinds) {
    kind.append(element("option", { value: String(number) }, `${events.meta.kinds[number].label} (${count})`));
  }
  const goroutine = element("select", { "aria-label": "Goroutine" }, element("option", { value: "-1" }, "any goroutine"));
  for (let g = 0; g < events.goroutines; g++) {
    goroutine.append(element("option", { value: String(g) }, `${events.gName(g)} ${events.functionOf(g)}`));
  }
  goroutine.addEventListener("change", () => app.choose(Number(goroutine.value)));
  app.on("chosen", () => {
    goroutine.value = String(app.chosen);
  });
  const said = element("span", { class: "bd-faint", role: "status" });
  const jump = (/** @type {1 | -1} */ way) => {
    const wanted = { kind: kind.value === "" ? undefined : Number(kind.value), g: app.chosen === NOBODY ? undefined : app.chosen };
    const found = events.find(player.now.step, way, wanted);
    said.textContent = found < 0 ? (way > 0 ? "No later one." : "No earlier one.") : "";
    if (found >= 0) player.goTo(found);
  };
  parts.jump.append(
    "Jump to",
    kind,
    "of",
    goroutine,
    button("◀ Previous", "Previous such event (P)", () => jump(-1)),
    button("Next ▶", "Next such event (N)", () => jump(1)),
    said,
  );
  return { jump };
}

/** How often each kind begins a step, the most frequent first. @param {import("./events.js").Events} events */
export function countedKinds(events) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const row of events.steps) counts.set(events.kind[row], (counts.get(events.kind[row]) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

/** @param {App} app */
export function addLegend(app) {
  const { events, parts } = app;
  const shapes = [RUNNING, RUNNEXT, WAITING, SYSCALL].map((place) => key(LOOKS[place].name, LOOKS[place].word));
  const thread = element("span", { class: "bd-key" }, picture("thread"), "an M (thread)");
  const unknown = app.keys.includes(`wait ${events.meta.pools.length - 1}`) ? [key(UNKNOWN_LOOK.name, UNKNOWN_LOOK.word)] : [];
  const lines = howKnown(events).map(([how, labels]) => element("li", {}, element("strong", {}, `${how}: `), labels));
  const words = element("details", {}, element("summary", {}, "How each event is known"), element("ul", {}, ...lines));
  parts.legend.append(element("div", { class: "bd-keys" }, ...shapes, ...unknown, thread), element("p", { class: "bd-faint" }, honest(events)), words);
}

/** @param {import("./events.js").Events} events */
function honest(events) {
  const { known, lost } = events.meta;
  const parts =
    known === "sampled"
      ? ["Sampled: states were seen at some moments; what happened between two of them is not known, nor when."]
      : [
          known === "simulated" ? "Simulated: no program ran." : "That a goroutine became runnable, ran, blocked or ended is recorded, with its P and M.",
          "Which queue it stood in meanwhile, and at which place, is reconstructed by the rules of runtime/proc.go; a steal is one where another P ran it.",
        ];
  if (lost) parts.push(`The capture is incomplete: ${lost}.`);
  return parts.join(" ");
}

/** Labels of the kinds that occur, by how they are known. @param {import("./events.js").Events} events @returns {[string, string][]} */
export function howKnown(events) {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  const rows = new Set(events.kind instanceof Uint8Array ? events.kind : Array.from(events.kind));
  for (const number of rows) {
    const { label, known, place, symbol } = events.meta.kinds[number];
    const how = place && place !== known ? `${known}, the queue ${place}` : known;
    const words = found.get(how) ?? new Set();
    words.add(symbol ? `${label} (${symbol})` : label);
    found.set(how, words);
  }
  return [...found].sort().map(([how, labels]) => [how, [...labels].join("; ")]);
}

/** @param {string} state @param {string} word */
function key(state, word) {
  return element("span", { class: "bd-key" }, picture(state), word);
}

/** @param {string} state */
function picture(state) {
  const root = svg("svg", { width: 30, height: 18, viewBox: "-15 -9 30 18", "aria-hidden": "true" });
  const token = svg("g", { class: state === "thread" ? "bd-token bd-thread" : "bd-token", "data-state": state });
  token.append(svg("path", { class: "bd-shape", d: state === "thread" ? "M-9,-8 H9 L14,8 H-14 Z" : shape(state, 28, 16) }));
  root.append(token);
  return root;
}

/** @param {number} speed */
export function speedWords(speed) {
  if (speed === 0) return `one event every ${EVEN_MS / 1000} s`;
  return `${speed.toLocaleString("en")} × slower: 1 s is ${duration(1e9 / speed)}`;
}
