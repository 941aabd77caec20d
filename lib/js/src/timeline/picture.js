// The view as a PNG or SVG file: lanes, what is over them, their labels and the ruler.

import { dataAddress, download } from "../saving.js";
import { button } from "./layout.js";
import { RULER_PX } from "./ruler.js";
import { SvgContext, svgElement, xmlText } from "./svg.js";

const LABEL_FONT = "12px system-ui, sans-serif";

/** @param {import("./app.js").App} app */
export function addPicture(app) {
  const { title } = app.options;
  app.parts.tools.append(
    button("PNG", "Save the view as a PNG file", () => void png(app).then((blob) => download(blob, title, "png"))),
    button("SVG", "Save the view as an SVG file", () => void svg(app).then((blob) => download(blob, title, "svg"))),
  );
}

/** @param {import("./app.js").App} app */
function png(app) {
  drawn(app);
  const { parts, scene, palette, layers } = app;
  const { scale, width, height } = scene;
  const left = parts.labels.clientWidth;
  const canvas = new OffscreenCanvas(Math.round((left + width) * scale), Math.round((RULER_PX + height) * scale));
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = palette.inks.background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(parts.ruler, left * scale, 0);
  for (const layer of [parts.lanes, parts.overlay, parts.hover]) {
    context.drawImage(layer, left * scale, RULER_PX * scale);
  }
  context.scale(scale, scale);
  drawLabels(/** @type {any} */ (context), palette.inks.ink, layers.rows(scene), scene.top, left);
  return canvas.convertToBlob({ type: "image/png" });
}

/**
 * The lanes are an image in it, for there may be millions of spans; all else is vectors and text.
 *
 * @param {import("./app.js").App} app
 */
async function svg(app) {
  drawn(app);
  const { parts, scene, palette, layers, options } = app;
  const { width, height } = scene;
  const left = parts.labels.clientWidth;
  const [wide, high] = [left + width, RULER_PX + height];
  const image = await dataAddress(parts.lanes);
  const plotPlace = { width, height, x: left, y: RULER_PX, overflow: "hidden" };
  const [ruler, labels] = [svgElement("svg", { width, height: RULER_PX, x: left, overflow: "hidden" }), svgElement("g", {})];
  const labelPlace = svgElement("svg", { width: left, height, y: RULER_PX, overflow: "hidden" }, labels);
  const plot = svgElement("svg", plotPlace, svgElement("image", { href: image, width, height, preserveAspectRatio: "none" }));
  layers.ruler(new SvgContext(ruler).context, scene);
  layers.over(new SvgContext(plot).context, scene);
  layers.marked(new SvgContext(plot).context, scene);
  drawLabels(new SvgContext(labels).context, palette.inks.ink, layers.rows(scene), scene.top, left, 0);
  const root = svgElement(
    "svg",
    { width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, role: "img" },
    svgElement("title", {}, xmlText(options.title)),
    svgElement("desc", {}, xmlText(parts.summary.textContent ?? "")),
    svgElement("rect", { width: wide, height: high, fill: palette.inks.background }),
    ruler,
    labelPlace,
    plot,
  );
  return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
}

/** WebGL's pixels are there until the end of the task that drew them. @param {import("./app.js").App} app */
function drawn(app) {
  app.redraw();
  app.draw();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} ink
 * @param {import("./rows.js").Row[]} rows
 * @param {number} top
 * @param {number} left
 * @param {number} [above]
 */
function drawLabels(context, ink, rows, top, left, above = RULER_PX) {
  context.font = LABEL_FONT;
  context.textBaseline = "middle";
  context.fillStyle = ink;
  for (const row of rows) {
    const inset = row.kind === "heading" || row.kind === "group" ? 8 : 20;
    context.fillText(fitted(context, row.label, left - inset - 4), inset, above + row.y - top + row.height / 2);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} room
 */
function fitted(context, text, room) {
  let short = text;
  while (short.length > 1 && context.measureText(short).width > room) short = `${short.slice(0, -2)}…`;
  return short;
}
