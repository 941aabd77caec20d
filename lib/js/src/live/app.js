// The view of one running program: keeps what is seen, and draws once a frame at most.

import { markReady, widgetRoot } from "../dom.js";
import { followTheme } from "../theme.js";
import { Chart } from "./chart.js";
import { HeatMap } from "./heat_map.js";
import { layout } from "./layout.js";
import { HEATS, PANELS } from "./panels.js";
import { seconds } from "./units.js";
import * as windows from "./window.js";

/** Somebody who asked for less motion gets a new picture this often, ms. */
const CALM_MS = 1000;
/** Words for readers of screens, this often, ms. */
const WORDS_MS = 1000;

export class App {
  #asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #calm;
  #drawnAt = -Infinity;
  #wordsAt = -Infinity;
  /** @type {number | null} */
  #pointed = null;

  /**
   * @param {HTMLElement} el
   * @param {import("./store.js").Store} store
   * @param {{title: string, span: number}} options
   * @param {AbortSignal} signal
   */
  constructor(el, store, { title, span }, signal) {
    this.store = store;
    this.signal = signal;
    this.title = title || `Live: ${store.source.name}`;
    this.view = /** @type {windows.Window} */ ({ span, end: null });
    this.root = widgetRoot(el, "live");
    const id = `live-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
    this.parts = layout(this.root, { title: this.title, id });
    const { unknown, bounds } = store.source;
    followTheme(this.root, { signal, onChange: () => this.#restyle() });
    const onPoint = (/** @type {number | null} */ fraction) => this.#point(fraction);
    this.charts = PANELS.filter((panel) => panel.parts.some((part) => !(part in unknown))).map(
      (panel) => new Chart(this.root, panel, { sync: id, onPoint }),
    );
    this.heats = HEATS.filter((heat) => !(heat.part in unknown)).map((heat) => new HeatMap(this.root, heat, bounds));
    this.parts.panels.append(...this.charts.map((one) => one.node), ...this.heats.map((one) => one.node));
    this.parts.unknown.append(...unknowns(unknown));
    const sizes = new ResizeObserver(() => {
      for (const chart of this.charts) chart.resize();
      this.ask();
    });
    sizes.observe(this.parts.panels);
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    store.watch(() => this.#arrived(), signal);
    signal.addEventListener("abort", () => {
      sizes.disconnect();
      cancelAnimationFrame(this.#asked);
      clearTimeout(this.#calm);
      for (const chart of this.charts) chart.destroy();
    });
  }

  get bounds() {
    return this.store.history.bounds;
  }

  get paused() {
    return this.view.end !== null;
  }

  /** @param {windows.Window} view */
  show(view) {
    const was = this.paused;
    this.view = view;
    if (was !== this.paused) this.#say(this.paused ? `Paused at ${seconds(this.#seen().to)}.` : "Following the newest.");
    this.ask();
  }

  toggle() {
    this.show(this.paused ? windows.follow(this.view) : windows.pause(this.view, this.bounds));
  }

  /** Draws in the next frame. */
  ask() {
    this.#asked ||= requestAnimationFrame(() => {
      this.#asked = 0;
      this.draw();
    });
  }

  draw() {
    this.#drawnAt = performance.now();
    const { history, running } = this.store;
    const seen = this.#seen();
    for (const chart of this.charts) chart.draw(history, seen);
    for (const heat of this.heats) heat.draw(history, seen);
    this.#read(seen);
    this.#controls(seen);
    if (history.length || this.store.ended || !running) markReady(this.root);
  }

  #seen() {
    return windows.stretch(this.view, this.bounds);
  }

  /** @param {{from: number, to: number}} seen */
  #read(seen) {
    const { history } = this.store;
    const time = this.#pointed === null ? seen.to : seen.from + this.#pointed * (seen.to - seen.from);
    const at = Math.min(history.length - 1, history.indexAt(time));
    const when = at < 0 ? "nothing yet" : `values at ${seconds(history.times[at])}`;
    this.parts.when.textContent = when;
    const say = this.#drawnAt - this.#wordsAt > WORDS_MS || this.paused;
    if (say) this.#wordsAt = this.#drawnAt;
    for (const chart of this.charts) {
      const words = chart.read(history, at);
      if (say) chart.place.setAttribute("aria-label", `${chart.panel.title}, ${when}: ${words}`);
    }
    for (const heat of this.heats) {
      const words = heat.read(history, seen);
      if (say) heat.canvas.setAttribute("aria-label", `${heat.heat.title}: ${words}`);
    }
  }

  /** @param {{from: number, to: number}} seen */
  #controls(seen) {
    const { parts, store, paused, bounds } = this;
    const { history } = store;
    parts.pause.textContent = paused ? "Resume" : "Pause";
    parts.pause.setAttribute("aria-pressed", String(paused));
    const state = store.failure ? "failed" : store.ended ? "ended" : paused ? "paused" : "live";
    this.root.dataset.state = state;
    this.root.dataset.samples = String(history.next);
    this.root.dataset.from = String(seen.from);
    this.root.dataset.to = String(seen.to);
    parts.badge.textContent = state;
    const { scrub } = parts;
    scrub.min = String(windows.oldestEnd(this.view, bounds) / 1e9);
    scrub.max = String(bounds.end / 1e9);
    scrub.value = String(seen.to / 1e9);
    scrub.disabled = bounds.end - bounds.begin <= this.view.span;
    scrub.setAttribute("aria-valuetext", `${seconds(seen.from)} to ${seconds(seen.to)}`);
    parts.range.textContent = `${seconds(Math.max(0, seen.from))} to ${seconds(seen.to)}, newest ${seconds(bounds.end)}`;
    parts.end.textContent = store.failure || (store.ended && `${capital(store.ended)}.`);
    const missed = history.lost + store.dropped;
    parts.missed.textContent = missed ? `${missed.toLocaleString("en")} samples were missed.` : "";
    parts.missed.dataset.count = String(missed);
  }

  #arrived() {
    const wait = this.calm.matches ? CALM_MS - (performance.now() - this.#drawnAt) : 0;
    if (wait <= 0) this.ask();
    else this.#calm ??= setTimeout(() => ((this.#calm = undefined), this.ask()), wait);
  }

  /** @param {number | null} fraction  where the pointer is between the edges of what is seen */
  #point(fraction) {
    if (fraction === this.#pointed) return;
    this.#pointed = fraction;
    // Drawing moves uPlot's cursor too: then there is nothing new to draw.
    this.ask();
  }

  #restyle() {
    for (const chart of this.charts) chart.restyle();
    this.ask();
  }

  /** @param {string} words */
  #say(words) {
    this.parts.status.textContent = words;
  }
}

/** @param {Record<string, string>} unknown */
function unknowns(unknown) {
  const NAMES = /** @type {Record<string, string>} */ ({
    goroutines: "number of goroutines",
    states: "goroutines by state",
    queues: "run queues",
    threads: "threads",
    latencies: "scheduling latency",
    heap: "heap and collections",
  });
  return Object.entries(unknown).map(([part, why]) => {
    const item = document.createElement("li");
    item.textContent = `Not known here: ${NAMES[part] ?? part}; ${why}.`;
    return item;
  });
}

/** @param {string} words */
function capital(words) {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
