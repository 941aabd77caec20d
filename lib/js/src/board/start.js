// From a model to a board on the page.

import { decode } from "../blob.js";
import { widgetRoot } from "../dom.js";
import { App } from "./app.js";
import { addJumps, addLegend, addTransport } from "./controls.js";
import { addDetails } from "./details.js";
import { Events } from "./events.js";
import { addKeys } from "./keys.js";
import { fittingSpeed } from "./player.js";
import { keepView } from "./view_state.js";

/**
 * @param {import("./view_state.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} [outer]
 * @returns {Promise<() => void>}
 */
export async function start(model, el, outer) {
  const stop = new AbortController();
  outer?.addEventListener("abort", () => stop.abort(), { once: true });
  const root = widgetRoot(el, "board");
  const events = new Events(await decode(model.get("data")));
  const app = new App(root, events, { title: model.get("heading") || "Board" }, stop.signal);
  app.player.setSpeed(fittingSpeed(events.meta.bounds));
  addTransport(app);
  addKeys(app, addJumps(app));
  addLegend(app);
  addDetails(app);
  keepView(app, model);
  // For tests; nothing of the widget itself uses it.
  /** @type {any} */ (root).board = app;
  app.draw();
  return () => stop.abort();
}
