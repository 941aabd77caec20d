// Buttons and choices above the picture, the way back, the legend, and the list of keys.

import { element } from "../dom.js";
import { download } from "../saving.js";
import { changeLegend } from "./colours.js";
import { matched } from "./functions.js";
import { button, choice, toggle } from "./parts.js";
import { png, svg } from "./picture.js";
import { pathOf } from "./paths.js";
import { NONE, ROOT } from "./tree.js";
import { count, share, visible } from "./words.js";

const CRUMBS = 6;

export const HELP = [
  ["arrows", "to the frame above, below, left or right"],
  ["Enter, click", "zoom to the frame"],
  ["Backspace", "zoom out by one frame"],
  ["0, Escape", "back to the whole"],
  ["Home, End", "first and last frame of the caller"],
  ["Space, Shift+click", "select the frame without zooming"],
  ["/", "search; n and N go from hit to hit"],
  ["i", "invert: begin with the innermost calls, callers merged"],
  ["f", "flip: the root at the top or at the bottom"],
  ["m", "only the selected function, wherever it is called; again for all"],
  ["?", "this list"],
];

/** @param {import("./app.js").App} app */
export function addControls(app) {
  const { tools } = app.parts;
  const { profile } = app;
  const field = addSearch(app);
  const invert = toggle("Invert", "Begin with the innermost calls; their callers are merged", () => app.set({ invert: !app.state.invert }));
  const flip = toggle("Root on top", "Turn the picture over", () => app.set({ icicle: !app.state.icicle }));
  tools.append(button("Reset", "Back to the whole", () => reset(app)), invert.node, flip.node);
  const shows = [() => invert.show(app.state.invert), () => flip.show(app.state.icicle)];
  if (profile.measures.length > 1) {
    const options = profile.measures.map(({ type }, m) => ({ value: String(m), words: visible(type) }));
    const measure = choice("Measure", options, (value) => app.set({ measure: Number(value) }));
    tools.append(measure.node);
    shows.push(() => measure.show(String(app.state.measure)));
  }
  tools.append(button("PNG", "Save this view as a PNG picture", () => void save(app, "png")));
  tools.append(button("SVG", "Save this view as an SVG picture", () => void save(app, "svg")));
  const showHelp = () => {
    app.parts.help.hidden = !app.parts.help.hidden;
    if (app.parts.help.hidden) app.parts.plot.focus({ preventScroll: true });
    else app.parts.help.focus();
  };
  tools.append(button("?", "Keys", showHelp));
  const keys = element("dl", { class: "fl-facts" });
  for (const [key, does] of HELP) keys.append(element("dt", {}, key), element("dd", {}, does));
  app.parts.help.append(element("h3", {}, "Keys"), keys, button("Close", "Close", showHelp));
  app.parts.help.addEventListener("keydown", (event) => event.key === "Escape" && showHelp());
  const update = () => shows.forEach((show) => show());
  app.on(["search"], update);
  app.on(["tree"], () => app.say(`${app.state.invert ? "Callers merged; " : ""}${app.rootLabel()}.`));
  update();
  addCrumbs(app);
  addLegend(app);
  return { help: showHelp, search: () => { field.focus(); field.select(); } };
}

/** @param {import("./app.js").App} app */
export function reset(app) {
  if (app.state.merge !== NONE) app.set({ merge: NONE });
  app.zoom(ROOT);
}

/** @param {import("./app.js").App} app */
function addSearch(app) {
  const field = element("input", { type: "search", placeholder: "function or file", "aria-label": "Search", size: "18" });
  const result = element("span", { class: "fl-result" });
  field.addEventListener("input", () => {
    app.set({ search: field.value });
    app.say(result.textContent ?? "");
  });
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") app.set({ search: "" });
    if (event.key === "Enter" || event.key === "Escape") app.parts.plot.focus({ preventScroll: true });
  });
  app.on(["search", "tree"], () => {
    if (field.value !== app.state.search) field.value = app.state.search;
    result.textContent = found(app);
  });
  app.parts.tools.append(element("span", { class: "fl-search" }, field, result));
  return field;
}

/**
 * How much of the whole a search finds, each stack counted once.
 *
 * @param {import("./app.js").App} app
 */
export function found({ found: hits, profile, weights, compares }) {
  if (!hits) return "";
  const functions = hits.reduce((sum, hit) => sum + hit, 0);
  if (!functions) return "nothing found";
  const of = (/** @type {ArrayLike<number>} */ values) => {
    let all = 0;
    for (let s = 0; s < values.length; s++) all += values[s];
    return share(matched(profile, hits, values), all);
  };
  const part = compares ? `${of(weights.before)} before, ${of(weights.after)} after` : `${of(weights.after)} of all`;
  return `${count(functions, "function")}: ${part}`;
}

/**
 * @param {import("./app.js").App} app
 * @param {"png" | "svg"} kind
 */
async function save(app, kind) {
  const { scene, options, painter, page } = app;
  const zoomed = app.zoomed === ROOT ? "" : `, zoomed to ${app.profile.short[app.tree.fn[app.zoomed]]}`;
  const title = `${options.title}: ${app.rootLabel()}${zoomed}`;
  const picture = { scene, title, legend: legendOf(app), palette: painter.palette, page };
  try {
    download(kind === "png" ? await png(picture) : svg(picture), options.title || "flame", kind);
    app.say(`Saved as ${kind.toUpperCase()}.`);
  } catch (error) {
    app.say(`The picture could not be saved: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {import("./app.js").App} app */
function addCrumbs(app) {
  const update = () => {
    const path = pathOf(app.tree, app.zoomed);
    const merged = app.state.merge !== NONE;
    app.parts.crumbs.hidden = !path.length && !merged;
    const first = merged ? `all ${visible(app.profile.short[app.state.merge])}` : "all";
    const parts = [button(first, "Zoom out to the whole", () => app.zoom(ROOT))];
    if (merged) parts.unshift(button("all stacks", "Show all stacks again", () => reset(app)));
    let node = app.zoomed;
    const crumbs = path.map(() => {
      const at = node;
      node = app.tree.parent[node];
      const name = visible(app.profile.short[app.tree.fn[at]]);
      const made = button(name, `Zoom to ${name}`, () => app.zoom(at));
      if (at === app.zoomed) made.setAttribute("aria-current", "true");
      return made;
    });
    const shown = crumbs.slice(0, CRUMBS).reverse();
    const skipped = crumbs.length > CRUMBS ? [element("span", {}, `… ${crumbs.length - CRUMBS} more …`)] : [];
    app.parts.crumbs.replaceChildren(...parts, ...skipped, ...shown);
  };
  app.on(["zoom", "tree"], update);
  update();
}

/** @param {import("./app.js").App} app */
export function legendOf(app) {
  const own = app.state.colour === "change" ? changeLegend() : app.colouring.legend;
  return app.mergedShown ? [...own, { key: "merged", words: "several frames, too narrow to tell apart" }] : own;
}

/** @param {import("./app.js").App} app */
function addLegend(app) {
  const update = () => {
    const keys = legendOf(app).map(({ key, words }) =>
      element("span", { class: "fl-key" }, element("span", { class: `fl-swatch fl-${key}`, "aria-hidden": "true" }), visible(words)),
    );
    const from = app.state.colour === "change" ? "Colour: change" : "Colour: package";
    app.parts.legend.replaceChildren(element("span", {}, from), ...keys);
  };
  app.on(["colours", "tree"], update);
  update();
}
