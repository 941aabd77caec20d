// The parts of the widget on the page.

import { element } from "../dom.js";

/** @typedef {ReturnType<typeof layOut>} Parts */

/**
 * @param {HTMLElement} root
 * @param {{title: string, id: string}} options
 */
export function layOut(root, { title, id }) {
  const heading = element("span", { class: "fl-title", id: `${id}-title` }, title);
  const tools = element("div", { class: "fl-tools", role: "toolbar", "aria-label": "View" });
  const compare = element("div", { class: "fl-tools", role: "group", "aria-label": "Compare" });
  compare.hidden = true;
  const crumbs = element("nav", { class: "fl-crumbs", "aria-label": "Zoomed to" });
  const picture = element("canvas", { "aria-hidden": "true" });
  const marks = element("canvas", { "aria-hidden": "true" });
  // Thousands of small rectangles: drawn by the processor they take 2 ms; a browser without a graphics card that
  // is asked to accelerate takes a hundred.
  for (const canvas of [picture, marks]) canvas.getContext("2d", { willReadFrequently: true });
  const plot = element(
    "div",
    {
      class: "fl-plot",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "flame graph",
      "aria-labelledby": `${id}-title`,
      "aria-describedby": `${id}-summary`,
    },
    picture,
    marks,
  );
  const content = element("div", { class: "fl-content" }, plot);
  const scroller = element("div", { class: "fl-scroller" }, content);
  const status = element("p", { class: "fl-status", role: "status", "aria-live": "polite" });
  const legend = element("div", { class: "fl-legend" });
  const panels = element("div", { class: "fl-panels" });
  const help = element("div", { class: "fl-help", role: "dialog", "aria-label": "Keys", tabindex: "-1" });
  help.hidden = true;
  const tooltip = element("div", { class: "fl-tooltip", "aria-hidden": "true" });
  tooltip.hidden = true;
  const summary = element("p", { class: "schedlab-sr-only", id: `${id}-summary` });
  root.replaceChildren(
    element("div", { class: "fl-bar" }, heading, tools),
    compare,
    crumbs,
    scroller,
    status,
    legend,
    panels,
    help,
    tooltip,
    summary,
  );
  return { root, tools, compare, crumbs, scroller, content, plot, picture, marks, status, legend, panels, help, tooltip, summary };
}

/**
 * @param {string} name
 * @param {string} label
 */
export function panel(name, label) {
  const made = element("section", { class: `fl-panel fl-${name}`, "aria-label": label });
  made.hidden = true;
  return made;
}

/**
 * A button that is called what is written on it, and explains itself to the pointer.
 *
 * @param {string} text
 * @param {string} hint
 * @param {() => void} act
 */
export function button(text, hint, act) {
  const made = element("button", { type: "button", title: hint }, text);
  made.addEventListener("click", act);
  return made;
}

/**
 * A button that is on or off.
 *
 * @param {string} text
 * @param {string} label
 * @param {() => void} act
 */
export function toggle(text, label, act) {
  const made = button(text, label, act);
  made.setAttribute("aria-pressed", "false");
  return { node: made, show: (/** @type {boolean} */ on) => made.setAttribute("aria-pressed", String(on)) };
}

/**
 * @param {string} label
 * @param {readonly {value: string, words: string}[]} options
 * @param {(value: string) => void} act
 */
export function choice(label, options, act) {
  const select = element("select", {}, ...options.map(({ value, words }) => element("option", { value }, words)));
  select.addEventListener("change", () => act(select.value));
  return { node: element("label", { class: "fl-choice" }, label, " ", select), show: (/** @type {string} */ value) => (select.value = value) };
}
