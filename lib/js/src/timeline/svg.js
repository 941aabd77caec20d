// A canvas' context that writes SVG: so a picture's vectors come from the same code as its pixels.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
export function svgElement(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** @param {number} value */
function short(value) {
  return Math.round(value * 100) / 100;
}

/** What XML cannot hold: a trace may name anything. @param {string} text */
export function xmlText(text) {
  // eslint-disable-next-line no-control-regex -- they are what is meant
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd").toWellFormed();
}

/** The part of CanvasRenderingContext2D that the timeline draws with. */
export class SvgContext {
  fillStyle = "#000";
  strokeStyle = "#000";
  globalAlpha = 1;
  lineWidth = 1;
  font = "11px sans-serif";
  textBaseline = "middle";
  #path = "";
  #group;
  #measure = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(1, 1).getContext("2d"));

  /** @param {Element} group  where it writes */
  constructor(group) {
    this.#group = group;
  }

  /** It as what the drawing functions take. @returns {CanvasRenderingContext2D} */
  get context() {
    return /** @type {any} */ (this);
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  fillRect(x, y, width, height) {
    if (width > 0 && height > 0) this.#add("rect", { ...box(x, y, width, height), fill: this.fillStyle });
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  strokeRect(x, y, width, height) {
    this.#add("rect", { ...box(x, y, width, height), fill: "none", ...this.#stroke() });
  }

  beginPath() {
    this.#path = "";
  }

  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    this.#path += `M${short(x)} ${short(y)}`;
  }

  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.#path += `L${short(x)} ${short(y)}`;
  }

  /** A whole circle. @param {number} x @param {number} y @param {number} radius */
  arc(x, y, radius) {
    const r = short(radius);
    this.#path += `M${short(x - radius)} ${short(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
  }

  stroke() {
    this.#add("path", { d: this.#path, fill: "none", ...this.#stroke() });
  }

  fill() {
    this.#add("path", { d: this.#path, fill: this.fillStyle });
  }

  /** @param {string} text */
  measureText(text) {
    this.#measure.font = this.font;
    return this.#measure.measureText(text);
  }

  /** @param {string} text @param {number} x @param {number} y @param {number} [room] */
  fillText(text, x, y, room) {
    const [, bold, size, family] = /^(bold )?([\d.]+)px (.*)$/.exec(this.font) ?? ["", "", "11", "sans-serif"];
    /** @type {Record<string, string | number>} */
    const attributes = { x: short(x), y: short(y + Number(size) * 0.36), fill: this.fillStyle };
    attributes["font-size"] = size;
    attributes["font-family"] = family;
    if (bold) attributes["font-weight"] = "bold";
    if (room && this.measureText(text).width > room) {
      attributes.textLength = short(room);
      attributes.lengthAdjust = "spacingAndGlyphs";
    }
    this.#add("text", attributes, xmlText(text));
  }

  #stroke() {
    return { stroke: this.strokeStyle, "stroke-width": this.lineWidth };
  }

  /** @param {string} tag @param {Record<string, string | number>} attributes @param {...string} children */
  #add(tag, attributes, ...children) {
    const made = svgElement(tag, attributes, ...children);
    if (this.globalAlpha < 1) made.setAttribute("opacity", String(this.globalAlpha));
    this.#group.append(made);
  }
}

/** @param {number} x @param {number} y @param {number} width @param {number} height */
function box(x, y, width, height) {
  return { x: short(x), y: short(y), width: short(width), height: short(height) };
}
