// The current view as a file: PNG at twice the size, or SVG.

import { prepared } from "../timeline/layout.js";
import { FONT, Painter } from "./canvas.js";
import { contentHeight, paint } from "./scene.js";
import { visible } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const HEAD = 26;
const FOOT = 24;
const SCALE = 2;
const MOST_LEVELS_HIGH = 4000;

/**
 * @typedef {object} Picture
 * @property {import("./scene.js").Scene} scene
 * @property {string} title
 * @property {import("./colours.js").Legend[]} legend
 * @property {Record<string, string>} palette
 * @property {{background: string, ink: string}} page
 */

/**
 * All levels, not only those that are scrolled into view.
 *
 * @param {import("./scene.js").Scene} scene
 */
function whole(scene) {
  return { ...scene, top: 0, height: Math.min(contentHeight(scene), MOST_LEVELS_HIGH) };
}

/**
 * @param {Picture} picture
 * @returns {Promise<Blob>}
 */
export async function png({ scene, title, legend, palette, page }) {
  const shown = whole(scene);
  const canvas = document.createElement("canvas");
  const context = prepared(canvas, shown.width, shown.height + HEAD + FOOT, SCALE);
  context.fillStyle = page.background;
  context.fillRect(0, 0, shown.width, shown.height + HEAD + FOOT);
  context.fillStyle = page.ink;
  context.textBaseline = "middle";
  context.font = `bold ${FONT}`;
  context.fillText(visible(title), 4, HEAD / 2);
  context.save();
  context.translate(0, HEAD);
  new Painter(palette).draw(context, shown);
  context.restore();
  context.font = FONT;
  let x = 4;
  const y = HEAD + shown.height + FOOT / 2;
  for (const { key, words } of legend) {
    context.fillStyle = palette[key];
    context.fillRect(x, y - 6, 12, 12);
    context.fillStyle = page.ink;
    context.fillText(visible(words), x + 17, y);
    x += 17 + context.measureText(visible(words)).width + 16;
  }
  return new Promise((done, fail) =>
    canvas.toBlob((made) => (made ? done(made) : fail(new Error("the picture is too large"))), "image/png"),
  );
}

/**
 * @param {Picture} picture
 * @returns {Blob}
 */
export function svg({ scene, title, legend, palette, page }) {
  const shown = whole(scene);
  const [width, height] = [shown.width, shown.height + HEAD + FOOT];
  const root = node("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`, role: "img" });
  root.append(text("title", {}, title));
  root.append(node("rect", { width, height, fill: page.background }));
  root.append(text("text", { x: 4, y: HEAD / 2 + 4, "font-weight": "bold", fill: page.ink }, title));
  root.setAttribute("style", `font: ${FONT}`);
  root.append(stripes(palette.runtime));
  const body = node("g", { transform: `translate(0 ${HEAD})` });
  const fill = (/** @type {string} */ key) => (key === "runtime" ? "url(#stripes)" : palette[key]);
  paint(shown, {
    rectangle(key, x, y, w, h, faded) {
      body.append(node("rect", { x: round(x), y, width: round(w), height: h, fill: fill(faded ? "faded" : key) }));
    },
    label(words, x, y, room, italic) {
      const box = node("svg", { x: round(x), y: y - 9, width: round(room), height: 18 });
      box.append(text("text", { y: 13, fill: palette.on, "font-style": italic ? "italic" : "normal" }, words));
      body.append(box);
    },
  });
  root.append(body);
  let x = 4;
  for (const { key, words } of legend) {
    const y = HEAD + shown.height + 6;
    root.append(node("rect", { x, y, width: 12, height: 12, fill: fill(key) }));
    root.append(text("text", { x: x + 17, y: y + 10, fill: page.ink }, words));
    x += 33 + 6.6 * words.length;
  }
  return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
}

/**
 * The runtime's hatching.
 *
 * @param {string} colour
 */
function stripes(colour) {
  const size = { width: 6, height: 6 };
  const pattern = node("pattern", { id: "stripes", ...size, patternUnits: "userSpaceOnUse" });
  pattern.append(node("rect", { ...size, fill: colour }));
  pattern.append(node("path", { d: "M-1 1L1 -1M0 6L6 0M5 7L7 5", stroke: "#ffffff", "stroke-opacity": 0.75 }));
  const defs = node("defs", {});
  defs.append(pattern);
  return defs;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function node(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (name !== "xmlns") made.setAttribute(name, String(value));
  return made;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {string} words
 */
function text(tag, attributes, words) {
  const made = node(tag, attributes);
  made.textContent = visible(words);
  return made;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}
