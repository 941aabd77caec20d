// Rectangles and labels on a 2D canvas.

import { colours } from "../theme.js";
import { KEYS } from "./colours.js";
import { paint } from "./scene.js";

export const FONT = "12px system-ui, sans-serif";
const STRIPE = 6;

/**
 * A painter in the colours of the current theme, and those of the page around it.
 *
 * @param {HTMLElement} root
 */
export function painterFor(root) {
  const names = KEYS.map((key) => `flame-${key}`);
  const found = colours(root, [...names, "schedlab-background", "schedlab-ink"]);
  const painter = new Painter(Object.fromEntries(KEYS.map((key, k) => [key, found[names[k]]])));
  return { page: { background: found["schedlab-background"], ink: found["schedlab-ink"] }, painter };
}

export class Painter {
  /** @type {Map<string, number>} */
  #widths = new Map();
  /** @type {Map<string, CanvasPattern | null>} */
  #patterns = new Map();

  /** @param {Record<string, string>} palette  colours by key */
  constructor(palette) {
    this.palette = palette;
  }

  /**
   * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context  in css px
   * @param {import("./scene.js").Scene} scene
   */
  draw(context, scene) {
    const { palette } = this;
    /** @type {Map<string, number[]>} */
    const groups = new Map();
    /** @type {[string, number, number, boolean][]} */
    const labels = [];
    const merged = paint(scene, {
      rectangle(key, x, y, width, height, faded) {
        const group = faded ? "faded" : key;
        const known = groups.get(group);
        if (known) known.push(x, y, width, height);
        else groups.set(group, [x, y, width, height]);
      },
      label: (text, x, y, room, italic) => {
        const shown = this.#cut(context, text, room, italic);
        if (shown) labels.push([shown, x, y, italic]);
      },
    });
    for (const [key, numbers] of groups) {
      context.fillStyle = palette[key];
      fill(context, numbers, 0);
      if (key !== "runtime") continue;
      context.fillStyle = this.#stripes(context) ?? palette[key];
      fill(context, numbers, STRIPE);
    }
    context.fillStyle = palette.on;
    context.textBaseline = "middle";
    this.#write(context, labels, false);
    this.#write(context, labels, true);
    return merged;
  }

  /**
   * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
   * @param {[string, number, number, boolean][]} labels
   * @param {boolean} italic
   */
  #write(context, labels, italic) {
    context.font = fontOf(italic);
    for (const [text, x, y, slanted] of labels) if (slanted === italic) context.fillText(text, x, y + 0.5);
  }

  /**
   * The text, shortened with "…" to fit; empty if not even three letters do.
   *
   * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
   * @param {string} text
   * @param {number} room
   * @param {boolean} italic
   */
  #cut(context, text, room, italic) {
    const width = (/** @type {string} */ part) => this.#width(context, part, italic);
    // Longer than any room: not measured whole.
    const whole = text.slice(0, 400);
    if (whole === text && width(whole) <= room) return text;
    let low = 0;
    let high = Math.min(whole.length, Math.ceil(room / 3));
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (width(`${whole.slice(0, middle)}…`) <= room) low = middle;
      else high = middle - 1;
    }
    return low >= 3 ? `${whole.slice(0, low)}…` : "";
  }

  /**
   * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
   * @param {string} text
   * @param {boolean} italic
   */
  #width(context, text, italic) {
    const key = (italic ? "i" : "n") + text;
    let width = this.#widths.get(key);
    if (width === undefined) {
      if (this.#widths.size > 50_000) this.#widths.clear();
      const font = fontOf(italic);
      if (context.font !== font) context.font = font;
      width = context.measureText(text).width;
      this.#widths.set(key, width);
    }
    return width;
  }

  /** @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context */
  #stripes(context) {
    const key = "stripes";
    if (!this.#patterns.has(key)) this.#patterns.set(key, context.createPattern(stripes(), "repeat"));
    return this.#patterns.get(key) ?? null;
  }
}

/** @param {boolean} italic */
function fontOf(italic) {
  return italic ? `italic ${FONT}` : FONT;
}

/**
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
 * @param {number[]} numbers  x, y, width, height, one after another
 * @param {number} least  narrower ones are left out
 */
function fill(context, numbers, least) {
  for (let k = 0; k < numbers.length; k += 4) {
    if (numbers[k + 2] >= least) context.fillRect(numbers[k], numbers[k + 1], numbers[k + 2], numbers[k + 3]);
  }
}

/** Thin diagonal lines, light enough for letters to stand on. */
function stripes() {
  const made = new OffscreenCanvas(STRIPE, STRIPE);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (made.getContext("2d"));
  context.strokeStyle = "rgb(255 255 255 / 0.75)";
  context.lineWidth = 1.2;
  for (const shift of [-STRIPE, 0, STRIPE]) {
    context.beginPath();
    context.moveTo(shift, STRIPE);
    context.lineTo(shift + STRIPE, 0);
    context.stroke();
  }
  return made;
}
