// The stacks that grew, each with its course over the profiles; choosing one shows it in the flame graph.

import { element } from "../dom.js";
import { button, panel } from "./parts.js";
import { grew, growing, sparkline } from "./growth.js";
import { nodeAt } from "./paths.js";
import { NONE, ROOT } from "./tree.js";
import { change, count, quantity, visible } from "./words.js";

const MOST = 40;
const [WIDTH, HEIGHT] = [96, 22];
const SVG = "http://www.w3.org/2000/svg";
const LEGIBLE = 120;

/** @param {import("./app.js").App} app */
export function addGrowth(app) {
  if (app.options.mode !== "growth") return;
  const section = panel("growth", "Stacks that grew");
  section.hidden = false;
  let measure = -1;
  const update = () => {
    if (measure === app.state.measure) return;
    measure = app.state.measure;
    const rows = growing(app.profile, measure).filter(({ growth }) => growth > 0);
    const steady = rows.filter(grew).length;
    const said =
      `${count(steady, "stack")} grew and never shrank` +
      (rows.length > steady ? `, ${rows.length - steady} grew but shrank in between` : "") +
      (rows.length > MOST ? `; the first ${MOST} are listed` : "");
    section.replaceChildren(element("h3", {}, `Growth: ${said}.`), list(app, rows.slice(0, MOST)));
  };
  app.on(["tree"], update);
  update();
  app.parts.panels.prepend(section);
}

/**
 * @param {import("./app.js").App} app
 * @param {import("./growth.js").Growing[]} rows
 */
function list(app, rows) {
  const titles = ["stack", "course", visible(app.profile.series[0]), visible(app.profile.series.at(-1) ?? ""), "growth", ""];
  const head = element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)));
  const body = rows.map((row) => element("tr", {}, ...cells(app, row)));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { class: "fl-wide", tabindex: "0", role: "region", "aria-label": "Growing stacks" }, table);
}

/**
 * @param {import("./app.js").App} app
 * @param {import("./growth.js").Growing} row
 */
function cells(app, row) {
  const { unit } = app;
  const name = nameOf(app, row.path);
  const show = button(name, `Show ${name} in the flame graph`, () => showStack(app, row.path));
  show.className = "fl-stack";
  const said = row.values.map((value) => quantity(value, unit)).join(", ");
  const kind = grew(row) ? "steady" : "with drops";
  return [
    element("th", { scope: "row" }, show),
    element("td", {}, drawn(row.values, said)),
    element("td", {}, quantity(row.values[0], unit)),
    element("td", {}, quantity(row.values.at(-1) ?? 0, unit)),
    element("td", {}, change(row.growth, unit)),
    element("td", {}, kind),
  ];
}

/**
 * By its innermost function outside the runtime, and where it began.
 *
 * @param {import("./app.js").App} app
 * @param {number[]} path
 */
function nameOf({ profile }, path) {
  const kinds = path.map((fn) => profile.packages[profile.packageOf[fn]].kind);
  const own = kinds.findLastIndex((kind) => kind !== "runtime");
  const at = path[own < 0 ? path.length - 1 : own];
  if (at === undefined) return "no stack";
  const inner = visible(profile.short[at]);
  return at === path[0] ? inner : `${inner} under ${visible(profile.short[path[0]])}`;
}

/**
 * @param {number[]} values
 * @param {string} said
 */
function drawn(values, said) {
  const points = sparkline(values, WIDTH - 6, HEIGHT - 6).map(([x, y]) => [x + 3, y + 3]);
  const made = (/** @type {string} */ tag, /** @type {Record<string, string>} */ attributes) => {
    const node = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const line = made("polyline", { points: points.map((point) => point.join()).join(" "), class: "fl-spark" });
  const dots = points.map(([x, y]) => made("circle", { cx: String(x), cy: String(y), r: "1.8", class: "fl-dot" }));
  const picture = made("svg", { width: String(WIDTH), height: String(HEIGHT), role: "img", "aria-label": said });
  picture.append(line, ...dots);
  return picture;
}

/**
 * @param {import("./app.js").App} app
 * @param {number[]} path
 */
export function showStack(app, path) {
  app.set({ invert: false, merge: NONE });
  const node = nodeAt(app.tree, path);
  if (node === NONE) return;
  const { tree } = app;
  // As far out as the stack is still wide enough to read.
  let zoomed = node;
  const { width } = app.scene;
  while (zoomed !== ROOT && (tree.wide[node] / tree.wide[tree.parent[zoomed]]) * width >= LEGIBLE) zoomed = tree.parent[zoomed];
  app.zoom(zoomed);
  app.select(node);
  app.parts.plot.focus({ preventScroll: true });
  app.parts.scroller.scrollIntoView({ block: "nearest" });
  app.say(`Shown: ${nameOf(app, path)}.`);
}
