// From a model to a timeline on the page.

import { decode } from "../blob.js";
import { widgetRoot } from "../dom.js";
import { App } from "./app.js";
import { addFilters, addTools } from "./controls.js";
import { listen } from "./input.js";
import { Lanes } from "./lanes.js";
import { addLegend } from "./legend.js";
import { keepTogether } from "./linked.js";
import { Recording } from "./model.js";
import { addPanels } from "./panels.js";
import { addPicture } from "./picture.js";
import { addSearch } from "./search.js";
import { addLink } from "./share.js";
import { SourcePanel } from "./source.js";
import { addTable, summary } from "./table_view.js";
import { followPointer } from "./tooltip.js";
import { keepView } from "./view_state.js";

/**
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(name: string, listener: (...args: any[]) => void) => void} on
 * @property {(name?: string | null, listener?: ((...args: any[]) => void) | null) => void} off
 * @property {(content: unknown) => void} send
 */

/**
 * @param {Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} [outer]
 * @returns {Promise<() => void>}
 */
export async function start(model, el, outer) {
  const stop = new AbortController();
  outer?.addEventListener("abort", () => stop.abort(), { once: true });
  const root = widgetRoot(el, "timeline");
  const began = performance.now();
  const decoded = await decode(model.get("data"));
  const inflated = performance.now();
  const recording = new Recording(decoded);
  const lanes = new Lanes(recording, model.get("lanes"));
  const built = performance.now();
  const app = new App(root, lanes, options(model), stop.signal);
  app.times = { start_ms: began, decode_ms: inflated - began, build_ms: built - inflated };
  const search = addSearch(app);
  const { help } = addTools(app);
  addFilters(app);
  addTable(app);
  addPicture(app);
  addLegend(app);
  addPanels(app, new SourcePanel(model.get("sources")));
  followPointer(app);
  listen(app, { search, help });
  const address = keepView(app, model);
  if (address) addLink(app, address);
  keepTogether(app, String(model.get("group") ?? ""));
  root.dataset.spans = String(lanes.recording.meta.spans);
  // For tests and measurements; nothing of the widget itself uses it.
  /** @type {any} */ (root).timeline = app;
  app.draw();
  app.parts.summary.textContent = summary(lanes);
  return () => stop.abort();
}

/**
 * @param {Model} model
 * @returns {import("./app.js").Options}
 */
function options(model) {
  const id = `tl-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
  const title = model.get("heading") || "Timeline";
  return { title, height: Number(model.get("height")) || 460, renderer: String(model.get("renderer") ?? ""), id };
}
