// What is seen as a file: PNG, or SVG in which texts are texts and the charts are images.

import { colours } from "../theme.js";
import { dataAddress } from "../saving.js";
import { svgElement, xmlText } from "../timeline/svg.js";

const SCALE = 2;
const UNSEEN = "button, input, details, [hidden], .schedlab-sr-only";

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Place  css px in the picture
 * @typedef {object} Found
 * @property {number} width
 * @property {number} height
 * @property {string} background
 * @property {(Place & {canvas: HTMLCanvasElement})[]} images
 * @property {(Place & {colour: string})[]} boxes
 * @property {(Place & {text: string, font: string, weight: string, size: string, colour: string})[]} texts
 */

/**
 * What stands in the view, without what is there to be pressed.
 *
 * @param {import("./app.js").App} app
 * @returns {Found}
 */
function seen({ root }) {
  const whole = root.getBoundingClientRect();
  const place = (/** @type {DOMRect} */ { x, y, width, height }) => ({ x: x - whole.x, y: y - whole.y, width, height });
  const drawn = [...root.querySelectorAll("canvas")].filter((canvas) => canvas.width && canvas.clientWidth);
  return {
    width: Math.ceil(whole.width),
    height: Math.ceil(whole.height),
    background: colours(root, ["schedlab-background"])["schedlab-background"],
    images: drawn.map((canvas) => ({ canvas, ...place(canvas.getBoundingClientRect()) })),
    boxes: [...root.querySelectorAll("i")].map((box) => ({
      colour: getComputedStyle(box).backgroundColor,
      ...place(box.getBoundingClientRect()),
    })),
    texts: textsOf(root, place),
  };
}

/**
 * @param {HTMLElement} root
 * @param {(place: DOMRect) => Place} place
 */
function textsOf(root, place) {
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { parentElement: parent, textContent } = node;
    const text = textContent?.trim();
    if (!text || !parent || parent.closest(UNSEEN)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getClientRects()[0];
    if (!box) continue;
    const { fontFamily: font, fontWeight: weight, fontSize: size, color: colour } = getComputedStyle(parent);
    found.push({ text, font, weight, size, colour, ...place(box) });
  }
  return found;
}

/**
 * @param {import("./app.js").App} app
 * @returns {Promise<Blob>}
 */
export function png(app) {
  app.draw();
  const { width, height, background, images, boxes, texts } = seen(app);
  const canvas = new OffscreenCanvas(width * SCALE, height * SCALE);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(SCALE, SCALE);
  context.fillStyle = background;
  context.fillRect(0, 0, width, height);
  for (const one of images) context.drawImage(one.canvas, one.x, one.y, one.width, one.height);
  for (const box of boxes) {
    context.fillStyle = box.colour;
    context.fillRect(box.x, box.y, box.width, box.height);
  }
  context.textBaseline = "middle";
  for (const { text, x, y, height: high, colour, font, weight, size } of texts) {
    context.font = `${weight} ${size} ${font}`;
    context.fillStyle = colour;
    context.fillText(text, x, y + high / 2);
  }
  return canvas.convertToBlob({ type: "image/png" });
}

/**
 * @param {import("./app.js").App} app
 * @returns {Promise<Blob>}
 */
export async function svg(app) {
  app.draw();
  const { width, height, background, images, boxes, texts } = seen(app);
  // All of them now: the program goes on.
  const addresses = await Promise.all(images.map((one) => dataAddress(one.canvas)));
  const root = svgElement(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" },
    svgElement("title", {}, xmlText(app.title)),
    svgElement("rect", { width, height, fill: background }),
    ...images.map(({ x, y, width: w, height: h }, i) => svgElement("image", { x, y, width: w, height: h, href: addresses[i] })),
    ...boxes.map(({ colour: fill, x, y, width: w, height: h }) => svgElement("rect", { x, y, width: w, height: h, fill })),
    ...texts.map(({ text, x, y, height: high, colour: fill, font, weight, size }) => {
      const style = { "font-family": font, "font-weight": weight, "font-size": size, "dominant-baseline": "central" };
      return svgElement("text", { x, y: y + high / 2, fill, ...style }, xmlText(text));
    }),
  );
  return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
}
