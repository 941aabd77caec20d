// One chart of lines over time, by uPlot.

import uPlot from "uplot";

import { element } from "../dom.js";
import { colours } from "../theme.js";
import { amount } from "./units.js";

/** Space for the numbers at the left, the same for all panels, so that their times stand below one another. */
export const LEFT = 62;
export const RIGHT = 10;
const HEIGHT = 150;
const AXIS = 26;

export class Chart {
  /** @type {uPlot | null} */
  #plot = null;
  /** @type {HTMLElement[]} */
  #values = [];
  /** @type {import("./panels.js").Line[]} */
  #lines = [];

  /**
   * @param {HTMLElement} root
   * @param {import("./panels.js").Panel} panel
   * @param {{sync: string, onPoint: (fraction: number | null) => void}} options
   */
  constructor(root, panel, { sync, onPoint }) {
    this.panel = panel;
    this.root = root;
    this.sync = sync;
    this.onPoint = onPoint;
    this.legend = element("ul", { class: "live-legend" });
    this.place = element("div", { class: "live-plot", role: "img", "aria-label": panel.title });
    this.node = element("section", { class: "live-card" }, element("h3", {}, panel.title), this.legend, this.place);
  }

  /**
   * @param {import("./history.js").History} history
   * @param {{from: number, to: number}} seen
   */
  draw(history, seen) {
    const lines = this.panel.lines(history);
    if (!this.#plot || lines.length !== this.#lines.length) this.#make(lines);
    const plot = /** @type {uPlot} */ (this.#plot);
    const first = Math.max(0, history.indexAt(seen.from) - 1);
    const end = Math.min(history.length, history.indexAt(seen.to) + 1);
    const times = Float64Array.from(history.times.subarray(first, end), (ns) => ns / 1e9);
    const values = this.#lines.map((line) => holes(line.values(history).subarray(first, end)));
    plot.batch(() => {
      plot.setData(/** @type {any} */ ([times, ...values]), false);
      plot.setScale("x", { min: seen.from / 1e9, max: seen.to / 1e9 });
    });
  }

  /**
   * The values at one sample beside the names of the lines.
   *
   * @param {import("./history.js").History} history
   * @param {number} at
   * @returns {string}  the same in words
   */
  read(history, at) {
    const readings = this.#readings();
    const texts = readings.map(({ values, unit }) => (at < 0 ? "?" : amount(values(history)[at], unit)));
    texts.forEach((text, i) => {
      if (this.#values[i].textContent !== text) this.#values[i].textContent = text;
    });
    return readings.map(({ label }, i) => `${label} ${texts[i] === "?" ? "unknown" : texts[i]}`).join(", ");
  }

  /** What stands in the legend: the lines, and what has none. */
  #readings() {
    const { readings = [], unit } = this.panel;
    return [...this.#lines.map(({ label, values }) => ({ label, values, unit })), ...readings];
  }

  resize() {
    const width = this.place.clientWidth;
    if (width && this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height: HEIGHT });
  }

  /** After a change of theme. */
  restyle() {
    this.#make(this.#lines);
  }

  destroy() {
    this.#plot?.destroy();
    this.#plot = null;
  }

  /** @param {import("./panels.js").Line[]} lines */
  #make(lines) {
    this.#plot?.destroy();
    this.#lines = lines;
    const names = ["schedlab-ink", "schedlab-faint-ink", "schedlab-line", ...lines.map((line) => line.colour)];
    const found = colours(this.root, names);
    this.#drawLegend(found);
    const axis = {
      stroke: found["schedlab-faint-ink"],
      grid: { stroke: found["schedlab-line"], width: 1 },
      ticks: { stroke: found["schedlab-line"], width: 1 },
      font: "11px system-ui, sans-serif",
    };
    this.#plot = new uPlot(
      {
        width: this.place.clientWidth || 400,
        height: HEIGHT,
        padding: [8, RIGHT, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: this.sync, setSeries: false }, drag: { x: false, y: false }, points: { size: 6 } },
        scales: {
          x: { time: false, auto: false },
          y: { range: (_, least, most) => [0, top(least, most)] },
        },
        axes: [
          { ...axis, size: AXIS, values: (_, ticks) => ticks.map((tick) => (tick < 0 ? "" : `${tick} s`)) },
          {
            ...axis,
            size: LEFT,
            incrs: this.panel.unit === "bytes" ? powersOfTwo() : wholeSteps(),
            values: (_, ticks) => ticks.map((tick) => amount(tick, this.panel.unit)),
          },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.label,
            stroke: found[line.colour],
            width: 1.6,
            dash: line.dash,
            points: { show: false },
          })),
        ],
        hooks: {
          setCursor: [
            (plot) => {
              const { left } = plot.cursor;
              this.onPoint(left === undefined || left < 0 ? null : left / plot.over.clientWidth);
            },
          ],
        },
      },
      /** @type {any} */ ([[], ...lines.map(() => [])]),
      this.place,
    );
  }

  /** @param {Record<string, string>} found */
  #drawLegend(found) {
    const readings = this.#readings();
    this.#values = readings.map(() => element("span", { class: "live-value" }, "?"));
    const items = readings.map(({ label }, i) => {
      const line = this.#lines[i];
      if (!line) return element("li", {}, `${label} `, this.#values[i]);
      const swatch = element("canvas", { class: "live-swatch", width: "44", height: "16", "aria-hidden": "true" });
      const context = swatch.getContext("2d");
      if (context) {
        context.strokeStyle = found[line.colour];
        context.lineWidth = 4;
        context.setLineDash((line.dash ?? []).map((one) => one * 2));
        context.beginPath();
        context.moveTo(0, 8);
        context.lineTo(44, 8);
        context.stroke();
      }
      return element("li", {}, swatch, `${line.label} `, this.#values[i]);
    });
    this.legend.replaceChildren(...items);
  }
}

/**
 * uPlot breaks a line at null, and would draw NaN.
 *
 * @param {Float64Array} values
 */
function holes(values) {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}

/**
 * A little more than the most, and never nothing.
 *
 * @param {number | null} _
 * @param {number | null} most
 */
function top(_, most) {
  return Math.max(1, (most ?? 0) * 1.08);
}

function wholeSteps() {
  return Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((factor) => factor * 10 ** power)).flat();
}

function powersOfTwo() {
  return Array.from({ length: 44 }, (_, power) => 2 ** power);
}
