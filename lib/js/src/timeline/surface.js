// The canvas of the lanes, and who draws on it: WebGL while it is seen, else, or without WebGL, a 2D context.

import { canvasRenderer } from "./canvas_renderer.js";
import { webglRenderer } from "./webgl_renderer.js";

export class Surface {
  #parts;
  #wanted;
  #onLost;
  /** @type {import("./canvas_renderer.js").Renderer | null} */
  #renderer = null;

  /**
   * @param {import("./layout.js").Parts} parts  `lanes` is replaced when another kind of context is needed
   * @param {string} wanted  "auto", "webgl" or "canvas"
   * @param {() => void} onLost  the browser took WebGL away: draw again
   */
  constructor(parts, wanted, onLost) {
    this.#parts = parts;
    this.#wanted = wanted;
    this.#onLost = onLost;
  }

  /** The renderer that is in use. @returns {"webgl" | "canvas" | "none"} */
  get kind() {
    return this.#renderer?.kind ?? "none";
  }

  /**
   * @param {import("./shares.js").Frame} frame
   * @param {Uint8Array} colours
   */
  draw(frame, colours) {
    this.#renderer ??= this.#begun(colours);
    this.#renderer.draw(frame);
  }

  /** @param {Uint8Array} colours */
  recolour(colours) {
    this.#renderer?.setColours(colours);
  }

  /** Gives the context back; the next drawing takes a new one. */
  release() {
    if (!this.#renderer) return;
    this.#renderer.release();
    this.#renderer = null;
    // A canvas that once was WebGL's can be nobody else's.
    const fresh = /** @type {HTMLCanvasElement} */ (this.#parts.lanes.cloneNode());
    this.#parts.lanes.replaceWith(fresh);
    this.#parts.lanes = fresh;
  }

  /** @param {Uint8Array} colours */
  #begun(colours) {
    const lost = () => {
      this.release();
      this.#wanted = "canvas";
      this.#onLost();
    };
    const gl = this.#wanted === "canvas" ? null : webglRenderer(this.#parts.lanes, lost);
    const renderer = gl ?? canvasRenderer(this.#parts.lanes);
    renderer.setColours(colours);
    this.#parts.root.dataset.renderer = renderer.kind;
    return renderer;
  }
}

/**
 * Some of it is on the screen: only then it needs a WebGL context, of which a browser has few.
 *
 * @param {HTMLElement} root
 */
export function isSeen(root) {
  const { top, bottom } = root.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}
