// A heat map on a canvas: time to the right, durations upwards, the darker the more events.

import { element } from "../dom.js";
import { colours } from "../theme.js";
import { LEFT, RIGHT } from "./chart.js";
import { cells, darkness, quantiles, usedBins } from "./heat.js";
import { bound } from "./units.js";

const ROW = 11;
const FEWEST_ROWS = 6;
const COLUMN = 4;
const TOP = 4;
const BOTTOM = 6;
const STEPS = 5;

export class HeatMap {
  /** @type {{first: number, last: number} | null} */
  #used = null;
  #scanned = 0;

  /**
   * @param {HTMLElement} root
   * @param {(typeof import("./panels.js").HEATS)[number]} heat
   * @param {number[]} bounds  where the bins begin, ns
   */
  constructor(root, heat, bounds) {
    this.root = root;
    this.heat = heat;
    this.bounds = bounds;
    this.words = element("span", { class: "live-value" });
    this.canvas = element("canvas", { class: "live-heat", role: "img", "aria-label": heat.title });
    this.scale = element("span", { class: "live-scale", "aria-hidden": "true" });
    this.node = element(
      "section",
      { class: "live-card" },
      element("h3", {}, heat.title),
      element("p", { class: "live-legend" }, this.words, this.scale),
      this.canvas,
    );
  }

  /**
   * @param {import("./history.js").History} history
   * @param {{from: number, to: number}} seen
   */
  draw(history, seen) {
    const { name } = this.heat;
    this.#used = usedBins(history, name, this.#used, history.length - (history.next - this.#scanned));
    this.#scanned = history.next;
    const { first, last } = this.#rows();
    const height = (last - first + 1) * ROW + TOP + BOTTOM;
    const width = this.canvas.clientWidth;
    if (!width) return;
    const context = this.#sized(width, height);
    const inner = width - LEFT - RIGHT;
    const columns = Math.max(1, Math.round(inner / COLUMN));
    const found = cells(history, name, seen, columns);
    const inks = colours(this.root, ["schedlab-faint-ink", "schedlab-raised", "live-heat-low", "live-heat-high"]);
    const ramp = ramped(inks["live-heat-low"], inks["live-heat-high"]);
    for (let column = 0; column < columns; column++) {
      const x = LEFT + (column * inner) / columns;
      const next = LEFT + ((column + 1) * inner) / columns;
      if (found.known[column]) {
        context.fillStyle = inks["schedlab-raised"];
        context.fillRect(x, TOP, next - x, height - TOP - BOTTOM);
      }
      for (let bin = first; bin <= last; bin++) {
        const count = found.counts[column * found.bins + bin];
        if (count <= 0) continue;
        context.fillStyle = ramp(darkness(count, found.most));
        context.fillRect(x, TOP + (last - bin) * ROW, next - x, ROW - 1);
      }
    }
    this.#label(context, first, last, inks["schedlab-faint-ink"]);
    this.#explain(found.most, ramp);
    this.canvas.dataset.most = String(found.most);
  }

  /**
   * @param {import("./history.js").History} history
   * @param {{from: number, to: number}} seen
   * @returns {string}
   */
  read(history, seen) {
    const found = quantiles(history, this.heat.name, seen, [0.5, 0.99, 1]);
    const text = found ? this.#said(found) : found === null ? `no ${this.heat.what} here` : "not known here";
    if (this.words.textContent !== text) this.words.textContent = text;
    return text;
  }

  /** @param {{count: number, bins: number[]}} found */
  #said({ count, bins }) {
    const below = bins.map((bin) => (bin + 1 < this.bounds.length ? `< ${bound(this.bounds[bin + 1])}` : "more"));
    const [half, most, all] = below;
    return `${count.toLocaleString("en")} ${this.heat.what}: half ${half}, 99 of 100 ${most}, all ${all}`;
  }

  #rows() {
    const { first, last } = this.#used ?? { first: 2, last: 2 };
    const high = Math.min(this.bounds.length - 1, Math.max(last, first + FEWEST_ROWS - 1));
    return { first: Math.max(0, Math.min(first, high - FEWEST_ROWS + 1)), last: high };
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #sized(width, height) {
    const { canvas } = this;
    const ratio = devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
      canvas.style.height = `${height}px`;
    }
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} first
   * @param {number} last
   * @param {string} ink
   */
  #label(context, first, last, ink) {
    context.fillStyle = ink;
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (let bin = first; bin <= last; bin += 2) {
      const y = TOP + (last - bin + 1) * ROW;
      context.fillText(bound(this.bounds[bin]), LEFT - 6, Math.min(y, TOP + (last - first + 1) * ROW - 1));
    }
  }

  /**
   * What the colours mean now.
   *
   * @param {number} most
   * @param {(share: number) => string} ramp
   */
  #explain(most, ramp) {
    if (!this.scale.childElementCount) {
      const steps = Array.from({ length: STEPS }, () => element("i", {}));
      this.scale.append("1 ", ...steps, element("b", {}));
    }
    const steps = this.scale.querySelectorAll("i");
    steps.forEach((step, i) => {
      const count = Math.expm1((Math.log1p(Math.max(most, 1)) * (i + 1)) / STEPS);
      step.style.background = ramp(darkness(count, most));
    });
    const text = ` ${Math.max(1, Math.round(most)).toLocaleString("en")} in a cell`;
    const label = /** @type {HTMLElement} */ (this.scale.querySelector("b"));
    if (label.textContent !== text) label.textContent = text;
  }
}

/**
 * @param {string} low  "rgb(…)"
 * @param {string} high
 */
function ramped(low, high) {
  const [a, b] = [low, high].map((one) => (one.match(/[\d.]+/g) ?? []).map(Number));
  /** @param {number} share */
  return (share) => `rgb(${[0, 1, 2].map((i) => Math.round(a[i] + (b[i] - a[i]) * share)).join(" ")})`;
}
