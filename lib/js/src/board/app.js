// One board on the page: draws the moment that the player is at.

import { element, markReady } from "../dom.js";
import { followTheme } from "../theme.js";
import { Picture } from "./draw.js";
import { NOBODY } from "./events.js";
import { layout } from "./layout.js";
import { Player } from "./player.js";
import { poolKeys } from "./pools.js";
import { knownWords, sentence } from "./sentences.js";
import { stateAfter } from "./state.js";

const NARROWEST = 560;
const HISTORY = 4;

/** @typedef {"moment" | "drawn" | "chosen"} Change */

export class App {
  /** The goroutine that is followed, -1 none. */
  chosen = NOBODY;
  /** The token that Tab comes to. */
  focused = "";
  #drawn = { step: -2, width: 0, chosen: NOBODY };
  #listeners = /** @type {Map<Change, Set<() => void>>} */ (new Map());
  #handle = 0;
  #playedAt = 0;

  /**
   * @param {HTMLElement} root
   * @param {import("./events.js").Events} events
   * @param {{title: string}} options
   * @param {AbortSignal} signal
   */
  constructor(root, events, options, signal) {
    this.root = root;
    this.events = events;
    this.options = options;
    this.signal = signal;
    this.player = new Player(events, () => this.#moved());
    this.picture = new Picture(events);
    this.keys = poolKeys(events);
    this.state = stateAfter(events, -1);
    /** @type {import("./layout.js").Layout | null} */
    this.layout = null;
    this.parts = {
      bar: element("div", { class: "bd-bar" }),
      sentence: element("p", { class: "bd-sentence", role: "status", "aria-live": "polite" }),
      stage: element("div", { class: "bd-stage" }),
      jump: element("div", { class: "bd-bar" }),
      history: element("ol", { class: "bd-history", "aria-label": "Events before this one, the latest first" }),
      tooltip: element("div", { class: "bd-tooltip", role: "tooltip", hidden: "" }),
      legend: element("div", { class: "bd-legend" }),
    };
    const { bar, stage, jump, history, tooltip, legend } = this.parts;
    stage.append(this.picture.root);
    root.append(bar, this.parts.sentence, stage, jump, history, legend, tooltip);
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", options.title);
    this.picture.root.setAttribute("aria-label", "Goroutines, Ms and Ps. Up and down move from token to token.");
    followTheme(root, { signal });
    const sizes = new ResizeObserver(() => this.draw());
    sizes.observe(stage);
    signal.addEventListener("abort", () => {
      sizes.disconnect();
      cancelAnimationFrame(this.#handle);
    });
  }

  /** @param {Change} change @param {() => void} listener */
  on(change, listener) {
    const known = this.#listeners.get(change);
    if (known) known.add(listener);
    else this.#listeners.set(change, new Set([listener]));
  }

  /** @param {Change} change */
  emit(change) {
    for (const listener of this.#listeners.get(change) ?? []) listener();
  }

  /** Follow a goroutine, or none. @param {number} g */
  choose(g) {
    if (g === this.chosen) return;
    this.chosen = g;
    this.draw();
    this.emit("chosen");
  }

  /** Draws now, what has changed. */
  draw() {
    const { events, player, parts, picture, root } = this;
    const { step, playing } = player.now;
    const width = Math.max(Math.floor(parts.stage.clientWidth), NARROWEST);
    if (parts.stage.clientWidth < 1) return;
    const drawn = this.#drawn;
    if (drawn.step === step && drawn.width === width && drawn.chosen === this.chosen) return;
    root.classList.toggle("bd-still", drawn.width !== width || Math.abs(step - drawn.step) > 3);
    this.#drawn = { step, width, chosen: this.chosen };
    this.state = stateAfter(events, step);
    const now = step < 0 ? NOBODY : events.g[events.steps[step]];
    const shown = [now, this.chosen].filter((g) => g !== NOBODY);
    this.layout = layout(events, this.state, { width, keys: this.keys, shown });
    if (!this.layout.tokens.has(this.focused) || this.layout.tokens.get(this.focused)?.hidden) {
      this.focused = [...this.layout.tokens].find(([, spot]) => !spot.hidden)?.[0] ?? "";
    }
    const trail = this.#trail(step, width, shown);
    const procs = step < 0 ? [] : procsOf(events, events.steps[step]);
    picture.draw(this.state, this.layout, { trail, now: moverOf(events, step), procs, chosen: this.chosen, focused: this.focused });
    this.#say(step, playing);
    root.dataset.step = String(step);
    this.emit("drawn");
    if (!root.dataset.ready) markReady(root);
  }

  /** From where to where the token of this event went. @param {number} step @param {number} width @param {number[]} shown */
  #trail(step, width, shown) {
    const { events } = this;
    const mover = moverOf(events, step);
    const to = this.layout?.tokens.get(mover);
    if (!to) return null;
    const before = layout(events, stateAfter(events, step - 1), { width, keys: this.keys, shown });
    const from = before.tokens.get(mover) ?? before.tokens.get(`g${events.cause[events.steps[step]]}`);
    return from ? { from, to } : null;
  }

  /** @param {number} step @param {boolean} playing */
  #say(step, playing) {
    const { events, parts } = this;
    const words = (/** @type {number} */ one) => sentence(events, one, this.state.why >= 0);
    // Said aloud only when it stands still: nobody can listen as fast as it plays.
    parts.sentence.setAttribute("aria-live", playing && this.player.now.speed > 0 ? "off" : "polite");
    const known = knownWords(events, step);
    const symbol = step < 0 ? "" : events.about(step).symbol;
    const children = [element("span", {}, words(step))];
    if (symbol) children.push(element("code", { class: "bd-symbol" }, symbol));
    if (known) children.push(element("span", { class: "bd-known" }, known));
    parts.sentence.replaceChildren(...children.flatMap((one) => [one, " "]));
    const earlier = [];
    for (let one = step - 1; one >= 0 && earlier.length < HISTORY; one--) earlier.push(element("li", {}, sentence(events, one)));
    parts.history.replaceChildren(...earlier);
  }

  #moved() {
    this.draw();
    this.emit("moment");
    this.#playOn();
  }

  #playOn() {
    if (!this.player.now.playing || this.#handle || this.signal.aborted) return;
    this.#playedAt = performance.now();
    const frame = (/** @type {number} */ at) => {
      this.#handle = 0;
      if (!this.player.now.playing) return;
      // A tab that was not in front has not been playing.
      this.player.tick(Math.min(Math.max(at - this.#playedAt, 0), 250));
      this.#playedAt = at;
      if (this.player.now.playing && !this.#handle) this.#handle = requestAnimationFrame(frame);
    };
    this.#handle = requestAnimationFrame(frame);
  }
}

/** The token that an event is about: a goroutine's, else an M's. @param {import("./events.js").Events} events @param {number} step */
function moverOf(events, step) {
  if (step < 0) return "";
  const row = events.steps[step];
  if (events.g[row] !== NOBODY) return `g${events.g[row]}`;
  const { P_IDLE, P_GONE } = events.kinds;
  const m = [P_IDLE, P_GONE].includes(events.kind[row]) ? events.source[row] : events.m[row];
  return m === NOBODY ? "" : `m${m}`;
}

/** Indices of the Ps that an event is about. @param {import("./events.js").Events} events @param {number} row */
function procsOf(events, row) {
  const own = [events.p[row], ...(events.g[row] === NOBODY ? [] : [events.source[row]])];
  return own.flatMap((p) => events.procOf.get(p) ?? []);
}
