// The state of a flame graph, and who is told when it changes.

import { markReady } from "../dom.js";
import { followTheme } from "../theme.js";
import { prepared } from "../timeline/layout.js";
import { boxAt } from "./boxes.js";
import { painterFor } from "./canvas.js";
import { search } from "./functions.js";
import { outline, placeOf } from "./marks.js";
import { layOut } from "./parts.js";
import { ROW, contentHeight, levelAt, rowTop } from "./scene.js";
import { nodeAt, pathOf, widest } from "./paths.js";
import { built } from "./state.js";
import { NONE, ROOT } from "./tree.js";
import { quantity } from "./words.js";

/**
 * @typedef {"tree" | "zoom" | "select" | "hover" | "search" | "colours"} Change
 */

const REBUILDS = /** @type {const} */ (["invert", "merge", "measure", "before", "after", "width", "normalised"]);

export class App {
  zoomed = ROOT;
  selected = NONE;
  /** @type {import("./boxes.js").Box | null} */
  hovered = null;
  /** @type {Uint8Array | null} */
  found = null;
  mergedShown = false;
  #listeners = /** @type {[Change[], () => void][]} */ ([]);
  #frame = 0;
  #dirty = false;

  /**
   * @param {HTMLElement} root
   * @param {import("./profile.js").Profile} profile
   * @param {import("./state.js").State} state
   * @param {{title: string, id: string, height: number, mode: string}} options
   * @param {AbortSignal} signal
   */
  constructor(root, profile, state, options, signal) {
    this.root = root;
    this.profile = profile;
    this.state = state;
    this.options = options;
    this.signal = signal;
    this.parts = layOut(root, options);
    followTheme(root, { signal, onChange: () => this.#recoloured() });
    const { page, painter } = painterFor(root);
    this.page = page;
    this.painter = painter;
    const { tree, weights, colouring } = built(profile, state);
    this.tree = tree;
    this.weights = weights;
    this.colouring = colouring;
    const observer = new ResizeObserver(() => this.draw());
    observer.observe(this.parts.scroller);
    this.parts.scroller.addEventListener("scroll", () => this.draw(), { signal });
    signal.addEventListener("abort", () => {
      observer.disconnect();
      cancelAnimationFrame(this.#frame);
    });
  }

  /** Whether there is something to compare. */
  get compares() {
    return this.profile.series.length > 1;
  }

  get unit() {
    return this.profile.measures[this.state.measure].unit;
  }

  /**
   * @param {readonly Change[]} changes
   * @param {() => void} listener
   */
  on(changes, listener) {
    this.#listeners.push([[...changes], listener]);
  }

  /** @param {Change} change */
  #tell(change) {
    for (const [changes, listener] of this.#listeners) if (changes.includes(change)) listener();
  }

  /** @param {Partial<import("./state.js").State>} changes */
  set(changes) {
    const before = { ...this.state };
    Object.assign(this.state, changes);
    const differs = (/** @type {keyof import("./state.js").State} */ name) => before[name] !== this.state[name];
    if (REBUILDS.some(differs)) this.#rebuild(differs("invert") || differs("merge"));
    if (differs("search")) this.found = search(this.profile, this.state.search);
    if (differs("icicle")) {
      this.leave();
      this.arrange();
    }
    this.draw();
    this.#tell("search");
    if (differs("colour")) this.#tell("colours");
  }

  /** @param {boolean} reshaped  paths of the tree before mean something else now */
  #rebuild(reshaped) {
    const paths = [this.zoomed, this.selected].map((node) => (node === NONE ? null : pathOf(this.tree, node)));
    const chosen = this.selected > ROOT ? this.tree.fn[this.selected] : NONE;
    Object.assign(this, built(this.profile, this.state));
    const again = paths.map((path) => (path && !reshaped ? nodeAt(this.tree, path) : NONE));
    this.zoomed = Math.max(again[0], ROOT);
    this.selected = reshaped && chosen !== NONE ? widest(this.tree, chosen) : again[1];
    if (!(this.tree.wide[this.zoomed] > 0)) this.zoomed = ROOT;
    this.leave();
    this.arrange();
    this.#tell("tree");
    this.#tell("zoom");
    this.#tell("select");
  }

  /** Gives the box its height, with the root in sight. */
  arrange() {
    const { scroller, content } = this.parts;
    const high = contentHeight(this.scene);
    scroller.style.height = `${Math.min(this.options.height, high)}px`;
    content.style.height = `${high}px`;
    scroller.scrollTop = this.state.icicle ? 0 : high;
  }

  /** @returns {import("./scene.js").Scene} */
  get scene() {
    const { profile, tree, zoomed, state, colouring, found } = this;
    const { scroller } = this.parts;
    const rootLabel = this.rootLabel();
    return {
      profile, tree, zoomed, found, rootLabel,
      width: scroller.clientWidth,
      height: scroller.clientHeight,
      top: scroller.scrollTop,
      icicle: state.icicle,
      colour: state.colour,
      keys: colouring.keys,
    };
  }

  rootLabel() {
    const { tree, profile, state, unit } = this;
    const what = state.merge === NONE ? "all" : `all ${profile.short[state.merge]}`;
    if (!this.compares) return `${what}: ${quantity(tree.after[ROOT], unit)}`;
    return `${what}: ${quantity(tree.before[ROOT], unit)} → ${quantity(tree.after[ROOT], unit)}`;
  }

  #recoloured() {
    Object.assign(this, painterFor(this.root));
    this.draw();
  }

  /** Draws at the next frame. */
  draw() {
    this.#dirty = true;
    this.mark();
  }

  /** Draws only what lies over the picture. */
  mark() {
    if (this.#frame || this.signal.aborted) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.paintNow();
    });
  }

  paintNow() {
    const { scene, parts } = this;
    if (!scene.width) return;
    const scale = globalThis.devicePixelRatio || 1;
    if (this.#dirty) {
      this.#dirty = false;
      parts.plot.style.height = `${scene.height}px`;
      const merged = this.painter.draw(prepared(parts.picture, scene.width, scene.height, scale), scene);
      const changed = merged !== this.mergedShown;
      this.mergedShown = merged;
      if (changed) this.#tell("colours");
    }
    const marks = prepared(parts.marks, scene.width, scene.height, scale);
    const inks = { outer: this.page.ink, inner: this.painter.palette.on };
    if (this.hovered) outline(marks, scene, this.hovered.node, 1, inks);
    if (this.selected > ROOT) outline(marks, scene, this.selected, 3, inks);
    if (this.root.dataset.ready !== "true") markReady(this.root);
  }

  /** From left to right, where a node is seen; null if it is not. @param {number} node */
  placeOf(node) {
    return placeOf(this.scene, node);
  }

  /**
   * @param {number} x  css px from the plot's corner
   * @param {number} y
   */
  point(x, y) {
    const { scene } = this;
    const before = this.hovered;
    this.hovered = boxAt(this.tree, this.zoomed, scene.width, levelAt(scene, y), x);
    if (before?.node !== this.hovered?.node) this.mark();
    this.#tell("hover");
  }

  leave() {
    if (!this.hovered) return;
    this.hovered = null;
    this.mark();
    this.#tell("hover");
  }

  /** @param {number} node */
  zoom(node) {
    if (!(this.tree.wide[node] > 0)) return;
    this.zoomed = node;
    this.leave();
    this.reveal(node);
    this.draw();
    this.#tell("zoom");
  }

  /** @param {number} node  NONE for none */
  select(node) {
    this.selected = node;
    if (node !== NONE) this.reveal(node);
    this.mark();
    this.#tell("select");
  }

  /** Scrolls so that a node's row is seen. @param {number} node */
  reveal(node) {
    const { scene } = this;
    const y = rowTop(scene, this.tree.level[node]);
    const { scroller } = this.parts;
    if (y < 0) scroller.scrollTop += y - ROW;
    else if (y + ROW > scene.height) scroller.scrollTop += y + 2 * ROW - scene.height;
  }

  /** @param {string} text */
  say(text) {
    this.parts.status.textContent = text;
  }
}
