// A picture of a view as a file on the reader's disk.

import { element } from "./dom.js";

/**
 * @param {Blob} content
 * @param {string} title  becomes the file's name, as far as a file's name may hold it
 * @param {string} suffix  without the dot
 */
export function download(content, title, suffix) {
  const address = URL.createObjectURL(content);
  const name = title.replaceAll(/[^\p{L}\p{N} _-]+/gu, "_").slice(0, 80) || "view";
  element("a", { href: address, download: `${name}.${suffix}` }).click();
  // The browser reads it after this task; a page that stays open must not keep every picture.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/**
 * A canvas as data:, so that a file that shows it needs no other.
 *
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<string>}
 */
export async function dataAddress(canvas) {
  const copy = new OffscreenCanvas(Math.max(canvas.width, 1), Math.max(canvas.height, 1));
  copy.getContext("2d")?.drawImage(canvas, 0, 0);
  const blob = await copy.convertToBlob({ type: "image/png" });
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => fail(new Error("the picture could not be read"));
    reader.readAsDataURL(blob);
  });
}
