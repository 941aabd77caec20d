// The picture as a file: SVG with its style in it, or PNG.

import { download } from "../saving.js";
import { svg } from "./draw.js";

const STYLED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "opacity", "transform", "text-anchor"];
const SCALE = 2;

/**
 * A standalone SVG of what is shown.
 *
 * @param {import("./app.js").App} app
 */
export function standalone(app) {
  const { picture, parts, options, root } = app;
  const copy = /** @type {SVGSVGElement} */ (picture.root.cloneNode(true));
  style(picture.root, copy);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const background = svg("rect", { x: 0, y: 0, width: "100%", height: "100%", fill: getComputedStyle(root).backgroundColor });
  const words = parts.sentence.textContent?.trim() ?? "";
  copy.prepend(svg("title", {}, options.title), svg("desc", {}, words), background);
  copy.removeAttribute("class");
  return new XMLSerializer().serializeToString(copy);
}

/**
 * What the style sheet says, onto each element itself. Where tokens are on their way, the end of it is taken.
 *
 * @param {Element} from
 * @param {Element} to
 */
function style(from, to) {
  const computed = getComputedStyle(from);
  const own = from instanceof SVGElement ? from.style.transform : "";
  for (const name of STYLED) {
    const value = name === "transform" ? own : computed.getPropertyValue(name);
    if (value && value !== "none") to.setAttribute(name, name === "transform" ? value.replaceAll("px", "") : value);
  }
  if (computed.fill === "none") to.setAttribute("fill", "none");
  for (const name of ["style", "class", "tabindex"]) to.removeAttribute(name);
  [...from.children].forEach((child, at) => style(child, to.children[at]));
}

/** @param {import("./app.js").App} app */
export function saveSvg(app) {
  save(app, new Blob([standalone(app)], { type: "image/svg+xml" }), "svg");
}

/** @param {import("./app.js").App} app */
export async function savePng(app) {
  const address = URL.createObjectURL(new Blob([standalone(app)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width * SCALE, image.height * SCALE];
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser gives no canvas to draw the PNG on");
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    /** @type {Blob | null} */
    const made = await new Promise((done) => canvas.toBlob(done, "image/png"));
    if (made) save(app, made, "png");
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** @param {import("./app.js").App} app @param {Blob} content @param {string} suffix */
function save({ options, player }, content, suffix) {
  download(content, `${options.title || "board"}-${player.now.t}ns`, suffix);
}
