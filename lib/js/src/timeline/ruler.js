// The ruler and the minimap: where in time the view is.

import { prepared } from "./layout.js";
import { columnTimes } from "./pieces.js";
import { BYTES, PLACE, boundaries, stateAt } from "./shares.js";
import { STATES } from "./states.js";
import { moment, ruler } from "./units.js";
import { pixelOf } from "./viewport.js";

export const RULER_PX = 24;
export const MINIMAP_PX = 30;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./painter.js").Scene} scene
 * @param {import("./palette.js").Palette} palette
 * @param {number} origin
 * @param {{t0: number, t1: number} | null} selection
 */
export function drawRuler(context, { view, width }, palette, origin, selection) {
  const own = { t0: view.t0 - origin, t1: view.t1 - origin };
  const { step, ticks } = ruler(own, width, 110);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  if (selection) {
    const [a, b] = [pixelOf(view, selection.t0, width), pixelOf(view, selection.t1, width)];
    context.fillStyle = palette.inks.accent;
    context.fillRect(a, RULER_PX - 4, Math.max(b - a, 1), 4);
  }
  for (const t of ticks) {
    const x = Math.round(pixelOf(own, t, width));
    context.fillStyle = palette.inks.line;
    context.fillRect(x, 0, 1, RULER_PX);
    context.fillStyle = palette.inks.faint;
    context.fillText(moment(t, step, own.t1), x + 4, RULER_PX / 2);
  }
}

/**
 * The whole capture: what all Ps did, and the window that is seen. The picture of the Ps is kept.
 */
export class Minimap {
  /** @type {ImageData | null} */
  #image = null;
  #palette = "";

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./painter.js").Scene} scene
   * @param {import("./palette.js").Palette} palette
   * @param {import("./lanes.js").Lanes} lanes
   * @param {import("./viewport.js").Bounds} bounds
   */
  draw(canvas, { view, width, scale }, palette, lanes, { begin, end }) {
    const context = prepared(canvas, width, MINIMAP_PX, scale);
    const key = [...palette.states, begin, end].join();
    if (this.#image?.width !== canvas.width || this.#palette !== key) {
      this.#image = picture(lanes, palette, { begin, end }, canvas.width, canvas.height);
      this.#palette = key;
    }
    context.putImageData(this.#image, 0, 0);
    const whole = { t0: begin, t1: end };
    const [a, b] = [pixelOf(whole, view.t0, width), pixelOf(whole, view.t1, width)];
    context.fillStyle = palette.inks.background;
    context.globalAlpha = 0.65;
    context.fillRect(0, 0, a, MINIMAP_PX);
    context.fillRect(b, 0, width - b, MINIMAP_PX);
    context.globalAlpha = 1;
    context.strokeStyle = palette.inks.accent;
    context.lineWidth = 2;
    context.strokeRect(Math.min(a + 1, width - 3), 1, Math.max(b - a - 2, 2), MINIMAP_PX - 2);
  }
}

/**
 * @param {import("./lanes.js").Lanes} lanes
 * @param {import("./palette.js").Palette} palette
 * @param {import("./viewport.js").Bounds} bounds
 * @param {number} width
 * @param {number} height
 */
function picture(lanes, palette, { begin, end }, width, height) {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = new Uint32Array(palette.bytes.slice().buffer);
  const times = new Float64Array(width * STATES);
  const sums = new Float64Array(width * STATES);
  for (let lane = 0; lane < lanes.procs.number.length; lane++) {
    columnTimes(lanes.procs, lane, begin, end, width, times);
    for (let i = 0; i < times.length; i++) sums[i] += times[i];
  }
  const bytes = new Uint8Array(width * BYTES);
  boundaries(sums, width, bytes, 0);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      pixels[y * width + x] = colours[placeAt(bytes, x, y, height)];
    }
  }
  return image;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} x
 * @param {number} y
 * @param {number} height
 */
function placeAt(bytes, x, y, height) {
  return PLACE[stateAt(bytes, x * BYTES, y, height)];
}
