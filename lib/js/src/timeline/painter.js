// From the rows that are seen to a frame for the renderer. Remembers what it worked out until time or filter change.

import { visible } from "./rows.js";
import { BYTES, boundaries } from "./shares.js";
import { STATES } from "./states.js";

/** Pixels between two rows. */
const SPACE = 1;

/**
 * @typedef {object} Scene
 * @property {import("./viewport.js").Viewport} view
 * @property {number} top  css px that are scrolled away
 * @property {number} width  css px
 * @property {number} height  css px
 * @property {number} scale  pixels of the screen for each css px
 */

export class Painter {
  #lanes;
  /** @type {Map<string, Uint8Array>} */
  #known = new Map();
  #key = "";
  #times = new Float64Array(0);

  /** @param {import("./lanes.js").Lanes} lanes */
  constructor(lanes) {
    this.#lanes = lanes;
  }

  /** Forgets everything, as after a change of the filter. */
  forget() {
    this.#known.clear();
  }

  /**
   * @param {Scene} scene
   * @returns {{frame: import("./shares.js").Frame, rows: import("./rows.js").Row[]}} rows of the frame
   */
  frame({ view, top, width: cssWidth, height: cssHeight, scale }) {
    const width = Math.max(1, Math.round(cssWidth * scale));
    const height = Math.max(1, Math.round(cssHeight * scale));
    const key = `${view.t0} ${view.t1} ${width}`;
    if (key !== this.#key) this.#known.clear();
    this.#key = key;
    const { rows: all } = this.#lanes;
    const { from, to } = visible(all, top, top + cssHeight);
    const rows = all.slice(from, to).filter((row) => !["heading", "counter", "queue"].includes(row.kind));
    const bytes = new Uint8Array(rows.length * width * BYTES);
    rows.forEach((row, number) => bytes.set(this.row(row, view, width), number * width * BYTES));
    const placed = rows.map((row) => {
      const y = Math.round((row.y - top) * scale);
      return { y, height: Math.max(1, Math.round((row.y + row.height - top) * scale) - y - SPACE) };
    });
    return { frame: { width, height, rows: placed, bytes }, rows };
  }

  /**
   * The boundaries of one row.
   *
   * @param {import("./rows.js").Row} row
   * @param {import("./viewport.js").Viewport} view
   * @param {number} width
   */
  row(row, view, width) {
    const key = `${row.kind} ${row.lane}`;
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#times.length < width * STATES) this.#times = new Float64Array(width * STATES);
    this.#lanes.times(row, view, width, this.#times);
    const bytes = new Uint8Array(width * BYTES);
    boundaries(this.#times, width, bytes, 0);
    this.#known.set(key, bytes);
    return bytes;
  }
}
