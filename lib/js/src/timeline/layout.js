// The parts of the widget on the page.

import { element } from "../dom.js";

/**
 * @typedef {ReturnType<typeof layout>} Parts
 */

/**
 * @param {HTMLElement} root
 * @param {{title: string, height: number, id: string}} options
 */
export function layout(root, { title, height, id }) {
  const heading = element("span", { class: "tl-title", id: `${id}-title` }, title);
  const tools = element("div", { class: "tl-tools", role: "toolbar", "aria-label": "View" });
  const filters = element("div", { class: "tl-filters", role: "group", "aria-label": "Filters" });
  const minimap = canvas("tl-minimap");
  const ruler = canvas("tl-ruler");
  const lanes = canvas("tl-lanes");
  const overlay = canvas("tl-overlay");
  const hover = canvas("tl-hover");
  const labels = element("div", { class: "tl-labels" });
  const plot = element(
    "div",
    {
      class: "tl-plot",
      tabindex: "0",
      role: "application",
      "aria-labelledby": `${id}-title`,
      "aria-describedby": `${id}-summary`,
    },
    lanes,
    overlay,
    hover,
  );
  const sticky = element("div", { class: "tl-sticky" }, labels, plot);
  const content = element("div", { class: "tl-content" }, sticky);
  const scroller = element("div", { class: "tl-scroller" }, content);
  scroller.style.height = `${height}px`;
  const tooltip = element("div", { class: "tl-tooltip", "aria-hidden": "true" });
  tooltip.hidden = true;
  const summary = element("p", { class: "schedlab-sr-only", id: `${id}-summary` });
  const status = element("p", { class: "tl-status", role: "status", "aria-live": "polite" });
  const legend = element("div", { class: "tl-legend" });
  const panels = element("div", { class: "tl-panels" });
  const help = element("div", { class: "tl-help", role: "dialog", "aria-label": "Keys" });
  help.hidden = true;
  const minimapRow = element("div", { class: "tl-row" }, element("div", { class: "tl-corner" }, "whole capture"), minimap);
  const corner = element("div", { class: "tl-corner" });
  const rulerRow = element("div", { class: "tl-row" }, corner, ruler);
  root.replaceChildren(
    element("div", { class: "tl-bar" }, heading, tools),
    filters,
    minimapRow,
    rulerRow,
    scroller,
    status,
    legend,
    panels,
    help,
    tooltip,
    summary,
  );
  return {
    root, heading, tools, filters, minimap, ruler, corner, scroller, content, sticky, labels, plot, lanes, overlay,
    hover, tooltip, summary, status, legend, panels, help,
  };
}

/** @param {string} name */
function canvas(name) {
  return element("canvas", { class: name, "aria-hidden": "true" });
}

/**
 * A button that says what it does.
 *
 * @param {string} text
 * @param {string} label
 * @param {() => void} act
 */
export function button(text, label, act) {
  const made = element("button", { type: "button", title: label, "aria-label": label }, text);
  made.addEventListener("click", act);
  return made;
}

/**
 * Makes a canvas as large as it is shown, and its context ready for css px.
 *
 * @param {HTMLCanvasElement} node
 * @param {number} width  css px
 * @param {number} height
 * @param {number} scale
 */
export function prepared(node, width, height, scale) {
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const context = /** @type {CanvasRenderingContext2D} */ (node.getContext("2d"));
  if (node.width !== w || node.height !== h) {
    node.width = w;
    node.height = h;
  } else {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, w, h);
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}
