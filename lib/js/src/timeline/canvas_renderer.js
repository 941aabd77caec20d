// Draws a frame with a 2D canvas, pixel by pixel. The same pixels as webgl_renderer.js.

import { BYTES } from "./shares.js";
import { STACKED } from "./states.js";

/**
 * @typedef {object} Renderer
 * @property {"webgl" | "canvas"} kind
 * @property {(colours: Uint8Array) => void} setColours  4 bytes (RGBA, opaque or 0) for each place in STACKED
 * @property {(frame: import("./shares.js").Frame) => void} draw
 * @property {() => void} release
 */

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Renderer}
 */
export function canvasRenderer(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser has no 2D canvas");
  const palette = new Uint32Array(STACKED.length);
  /** @type {ImageData | null} */
  let image = null;
  return {
    kind: "canvas",
    setColours(colours) {
      palette.set(new Uint32Array(colours.slice().buffer));
    },
    draw(frame) {
      const { width, height } = frame;
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      if (!image || image.width !== width || image.height !== height) {
        image = new ImageData(Math.max(width, 1), Math.max(height, 1));
      }
      paint(frame, new Uint32Array(image.data.buffer), palette);
      context.putImageData(image, 0, 0);
    },
    release() {
      image = null;
    },
  };
}

/**
 * @param {import("./shares.js").Frame} frame
 * @param {Uint32Array} pixels  width * height
 * @param {Uint32Array} palette  a pixel for each place in STACKED
 */
export function paint({ width, height, rows, bytes }, pixels, palette) {
  pixels.fill(0);
  rows.forEach((row, number) => {
    const top = Math.max(0, -row.y);
    const bottom = Math.min(row.height, height - row.y);
    for (let x = 0, at = number * width * BYTES; x < width; x++, at += BYTES) {
      let pixel = (row.y + top) * width + x;
      let place = 0;
      for (let y = top; y < bottom; y++, pixel += width) {
        const position = (2 * y + 1) * 255;
        while (place < BYTES && bytes[at + place] * 2 * row.height <= position) place++;
        pixels[pixel] = palette[place];
      }
    }
  });
}
