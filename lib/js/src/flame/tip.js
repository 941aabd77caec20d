// What is said of the frame under the pointer, and, at more length, of the one that is selected.

import { element } from "../dom.js";
import { describe, lines, place } from "./describe.js";
import { button, panel } from "./parts.js";
import { NONE, ROOT } from "./tree.js";
import { count, quantity } from "./words.js";

const MOST_LINES = 12;

/** @param {import("./app.js").App} app */
export function addTooltip(app) {
  const { tooltip, plot, root } = app.parts;
  /** @type {{x: number, y: number}} */
  let pointer = { x: 0, y: 0 };
  plot.addEventListener("pointermove", (event) => (pointer = { x: event.clientX, y: event.clientY }), { signal: app.signal, capture: true });
  app.on(["hover"], () => {
    const box = app.hovered;
    tooltip.hidden = !box;
    if (!box) return;
    tooltip.replaceChildren(...content(app, box));
    const outside = root.getBoundingClientRect();
    const [x, y] = [pointer.x - outside.left, pointer.y - outside.top];
    const left = x + 14 + tooltip.offsetWidth > outside.width ? x - 14 - tooltip.offsetWidth : x + 14;
    tooltip.style.transform = `translate(${Math.max(0, left)}px, ${y + 16}px)`;
  });
}

/**
 * @param {import("./app.js").App} app
 * @param {import("./boxes.js").Box} box
 */
function content(app, box) {
  if (box.count > 1) {
    return [element("strong", {}, `${count(box.count, "frame")} in this pixel`), element("div", {}, "Zoom in to tell them apart.")];
  }
  const { title, facts } = describe(app, box.node);
  const [first, ...others] = box.node === ROOT ? [] : lines(app, box.node);
  const where = first ? [`${place(first.frame)}${others.length ? ` and ${count(others.length, "other line")}` : ""}`] : [];
  return [
    element("strong", {}, title),
    ...where.map((text) => element("div", { class: "fl-place" }, text)),
    ...facts.map(([name, value]) => element("div", {}, `${name}: ${value}`)),
  ];
}

/**
 * @param {import("./app.js").App} app
 * @param {import("../timeline/source.js").SourcePanel} source
 */
export function addDetails(app, source) {
  const section = panel("details", "Selected frame");
  app.on(["select", "zoom"], () => {
    const node = app.selected;
    section.hidden = node <= ROOT;
    if (!section.hidden) section.replaceChildren(...details(app, node, source));
  });
  app.parts.panels.append(section, source.node);
}

/**
 * @param {import("./app.js").App} app
 * @param {number} node
 * @param {import("../timeline/source.js").SourcePanel} source
 */
function details(app, node, source) {
  const { title, facts } = describe(app, node);
  const fn = app.tree.fn[node];
  const tools = element("div", { class: "fl-tools" });
  tools.append(button("Zoom", "Zoom to this frame", () => app.zoom(node)));
  const only = app.state.merge === fn;
  const merge = only ? "Show all stacks" : "Only this function";
  const why = only ? "Show all stacks again" : "Merge all calls of this function, from wherever it is called";
  tools.append(button(merge, why, () => app.set({ merge: only ? NONE : fn })));
  tools.append(button("Unselect", "Select no frame", () => app.select(NONE)));
  const list = element("dl", { class: "fl-facts" });
  for (const [name, value] of facts) list.append(element("dt", {}, name), element("dd", {}, value));
  return [element("h3", {}, title), list, ...places(app, node, source), tools];
}

/**
 * @param {import("./app.js").App} app
 * @param {number} node
 * @param {import("../timeline/source.js").SourcePanel} source
 */
function places(app, node, source) {
  const all = lines(app, node);
  if (!all.some(({ frame }) => frame.file)) return [];
  const rows = all.slice(0, MOST_LINES).map(({ frame, value }) => {
    const text = place(frame);
    const show = button(text, `Show ${text}`, () => void source.show(frame));
    show.className = "fl-place";
    return element("li", {}, ...(frame.file ? [show] : [text]), ` ${quantity(value, app.unit)}`);
  });
  if (all.length > MOST_LINES) rows.push(element("li", {}, `and ${count(all.length - MOST_LINES, "other line")}`));
  return [element("ul", { class: "fl-lines", "aria-label": "Lines of this function on these stacks" }, ...rows)];
}
