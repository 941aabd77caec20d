// One timeline on the page: holds what is seen and chosen, and draws it when that changes.

import { markReady } from "../dom.js";
import { followTheme } from "../theme.js";
import { Layers } from "./layers.js";
import { layout } from "./layout.js";
import { palette } from "./palette.js";
import { groupKey } from "./row_lists.js";
import { rowAt } from "./rows.js";
import { Surface, isSeen } from "./surface.js";
import { all, clamp, timeAt } from "./viewport.js";

/**
 * @typedef {import("./viewport.js").Viewport} Viewport
 * @typedef {import("./lanes.js").Found} Found
 * @typedef {"view" | "pin" | "selection" | "filter" | "hover" | "rows"} Change
 * @typedef {{title: string, height: number, renderer: string, id: string}} Options
 */

export class App {
  /** @type {Viewport} */
  view;
  /** @type {Found | null} */
  hovered = null;
  /** @type {Found | null} */
  pinned = null;
  /** @type {Viewport | null} */
  selection = null;
  /** @type {{x: number, y: number} | null} css px in the plot */
  pointer = null;
  /** Where the pointer is in a linked timeline. @type {number | null} */
  elsewhere = null;
  /** ns of the longest linked timeline; 0 if there is none. */
  extent = 0;
  /** Arrows of all wakes in the view are drawn. */
  allWakes = false;
  /** Arrows of all steals in the view are drawn. */
  allSteals = false;
  /** ms of each frame that was drawn, the last 1000. @type {number[]} */
  frames = [];
  /** @type {Record<string, number>} */
  times = {};
  /** The row that the keyboard is on. */
  row = 0;
  #listeners = /** @type {Map<Change, Set<() => void>>} */ (new Map());
  #asked = { lanes: false, hover: false };
  #handle = 0;
  #surface;

  /**
   * @param {HTMLElement} root
   * @param {import("./lanes.js").Lanes} lanes
   * @param {Options} options
   * @param {AbortSignal} signal
   */
  constructor(root, lanes, options, signal) {
    this.lanes = lanes;
    this.recording = lanes.recording;
    this.options = options;
    this.signal = signal;
    this.parts = layout(root, options);
    this.view = all(this.recording.bounds);
    this.allSteals = this.recording.columns.steal_time.length > 0;
    this.#surface = new Surface(this.parts, options.renderer, () => this.redraw());
    this.layers = new Layers(this, this.#surface);
    followTheme(root, { signal, onChange: () => this.#recolour() });
    this.palette = palette(root);
    this.#watch();
    signal.addEventListener("abort", () => this.#release());
  }

  /** @returns {import("./painter.js").Scene} */
  get scene() {
    const { scroller, plot } = this.parts;
    return {
      view: this.view,
      top: scroller.scrollTop,
      width: plot.clientWidth,
      height: scroller.clientHeight,
      scale: Math.min(window.devicePixelRatio || 1, 2),
    };
  }

  /** What can be shown: the capture, and beyond its end as long as a linked one is. */
  get bounds() {
    const { begin, end } = this.recording.bounds;
    return { begin, end: Math.max(end, begin + this.extent) };
  }

  /** What paints the lanes' rows. */
  get painter() {
    return this.layers.painter;
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

  /** @param {Viewport} view */
  show(view) {
    const next = clamp(view, this.bounds);
    if (next.t0 === this.view.t0 && next.t1 === this.view.t1) return;
    this.view = next;
    if (this.lanes.window) this.showOnlyLiving(true);
    this.#follow();
    this.redraw();
    this.emit("view");
  }

  /** @param {number | null} t  where a linked timeline's pointer is */
  pointElsewhere(t) {
    this.elsewhere = t;
    this.redraw(false);
  }

  /** @param {boolean} on */
  showAllWakes(on) {
    this.allWakes = on;
    this.redraw(false);
    this.emit("rows");
  }

  /** @param {boolean} on  without steals there is nothing to draw */
  showAllSteals(on) {
    this.allSteals = on && this.recording.columns.steal_time.length > 0;
    this.redraw(false);
    this.emit("rows");
  }

  /** @param {Viewport | null} range */
  select(range) {
    this.selection = range;
    this.redraw();
    this.emit("selection");
  }

  /** @param {Found | null} found */
  pin(found) {
    this.pinned = found;
    this.redraw(false);
    this.emit("pin");
  }

  /** @param {import("./filter.js").Filter} filter */
  setFilter(filter) {
    this.lanes.setFilter(filter);
    this.painter.forget();
    this.rearranged();
    this.emit("filter");
  }

  /** Leaves out the rows of goroutines that do not live in the view, also after it moved. @param {boolean} on */
  showOnlyLiving(on) {
    this.lanes.window = on ? this.view : null;
    this.lanes.arrange();
    this.rearranged();
  }

  /** @param {string} name of a heading or group */
  toggle(name) {
    this.lanes.toggle(name);
    this.rearranged();
  }

  /** Opens the group of a goroutine, so that its own row is there. @param {number} lane */
  openGoroutine(lane) {
    const before = this.lanes.open.size;
    this.lanes.open.add("Goroutines").add(groupKey(this.lanes.groups[this.lanes.groupOf[lane]].name));
    if (this.lanes.kept && !this.lanes.kept[lane]) this.setFilter({});
    this.lanes.window = null;
    if (this.lanes.open.size === before && this.lanes.rows.some((row) => row.kind === "g" && row.lane === lane)) return;
    this.lanes.arrange();
    this.rearranged();
  }

  /** The rows are others. */
  rearranged() {
    this.parts.content.style.height = `${this.lanes.height}px`;
    this.row = Math.min(this.row, this.lanes.rows.length - 1);
    this.redraw();
    this.emit("rows");
  }

  /** @param {{x: number, y: number} | null} pointer */
  point(pointer) {
    this.pointer = pointer;
    this.#follow();
    this.redraw(false);
  }

  /**
   * The row and moment at a place of the plot.
   *
   * @param {number} x  css px
   * @param {number} y
   */
  placeAt(x, y) {
    const { view, width, top } = this.scene;
    const number = rowAt(this.lanes.rows, y + top);
    return { row: number < 0 ? null : this.lanes.rows[number], t: timeAt(view, x, width) };
  }

  /** Brings a row into sight. @param {import("./rows.js").Row} row */
  reveal(row) {
    const { scroller } = this.parts;
    // With a few rows around it.
    const room = Math.min(60, scroller.clientHeight / 4);
    const bottom = row.y + row.height + room;
    if (row.y - room < scroller.scrollTop) scroller.scrollTop = row.y - room;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
  }

  /** Draws soon; only the layer of the pointer if the lanes stay as they are. */
  redraw(lanes = true) {
    this.#asked.lanes ||= lanes;
    this.#asked.hover = true;
    this.#handle ||= requestAnimationFrame(() => this.draw());
  }

  /** Draws now. */
  draw() {
    cancelAnimationFrame(this.#handle);
    this.#handle = 0;
    const began = performance.now();
    const scene = this.scene;
    // Nothing can be drawn in a place of no size, such as a tab that is not in front.
    if (scene.width < 1 || scene.height < 1) return;
    if (!isSeen(this.parts.root)) {
      this.#measured(performance.now() - began);
      return;
    }
    if (this.#asked.lanes) this.layers.lanes(scene);
    this.#asked = { lanes: false, hover: false };
    this.layers.pointer(scene);
    this.#measured(performance.now() - began);
  }

  /** The renderer that is in use. */
  get rendererKind() {
    return this.#surface.kind;
  }

  /** What is under the pointer now. */
  #follow() {
    const place = this.pointer && this.placeAt(this.pointer.x, this.pointer.y);
    this.hovered = place?.row ? this.lanes.at(place.row, place.t) : null;
    this.emit("hover");
  }

  #recolour() {
    this.palette = palette(this.parts.root);
    this.#surface.recolour(this.palette.bytes);
    this.redraw();
    this.emit("rows");
  }

  #watch() {
    const { scroller, plot, root } = this.parts;
    const sizes = new ResizeObserver(() => this.redraw());
    sizes.observe(plot);
    sizes.observe(scroller);
    // A browser gives out 16 WebGL contexts: only views that are seen hold one.
    const seen = new IntersectionObserver((entries) => {
      if (entries.at(-1)?.isIntersecting) this.redraw();
      else this.#surface.release();
    });
    seen.observe(root);
    scroller.addEventListener("scroll", () => {
      this.#follow();
      this.redraw();
      this.emit("view");
    });
    this.signal.addEventListener("abort", () => [sizes, seen].forEach((one) => one.disconnect()));
    this.rearranged();
  }

  #release() {
    cancelAnimationFrame(this.#handle);
    this.#surface.release();
  }

  /** @param {number} ms */
  #measured(ms) {
    this.frames.push(ms);
    if (this.frames.length > 1000) this.frames.shift();
    const { dataset } = this.parts.root;
    dataset.frames = String(Number(dataset.frames ?? 0) + 1);
    if (dataset.ready) return;
    this.times.first_frame_ms = performance.now();
    dataset.firstFrameMs = this.times.first_frame_ms.toFixed(1);
    markReady(this.parts.root);
  }
}
