// From a model to a flame graph on the page.

import { decode } from "../blob.js";
import { widgetRoot } from "../dom.js";
import { SourcePanel } from "../timeline/source.js";
import { App } from "./app.js";
import { addCompare } from "./compare.js";
import { addControls } from "./controls.js";
import { addGrowth } from "./growth_panel.js";
import { listen } from "./input.js";
import { Profile } from "./profile.js";
import { keepView } from "./saved.js";
import { initial } from "./state.js";
import { addTable } from "./table.js";
import { addDetails, addTooltip } from "./tip.js";
import { ROOT } from "./tree.js";
import { count, visible } from "./words.js";

/**
 * @param {import("../timeline/start.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} [outer]
 * @returns {Promise<() => void>}
 */
export async function start(model, el, outer) {
  const stop = new AbortController();
  outer?.addEventListener("abort", () => stop.abort(), { once: true });
  const root = widgetRoot(el, "flame");
  const profile = new Profile(await decode(model.get("data")));
  const mode = String(model.get("mode"));
  const id = `fl-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
  const options = { title: model.get("heading") || "Flame graph", height: Number(model.get("height")) || 460, id, mode };
  const app = new App(root, profile, initial(profile, mode), options, stop.signal);
  const parts = addControls(app);
  addTable(app);
  addCompare(app);
  addGrowth(app);
  addDetails(app, new SourcePanel(model.get("sources")));
  addTooltip(app);
  listen(app, parts);
  app.arrange();
  keepView(app, model);
  // For tests and measurements; nothing of the widget itself uses it.
  /** @type {any} */ (root).flame = app;
  app.parts.summary.textContent = summary(app);
  const left = profile.measures[app.state.measure].left_out;
  if (!app.tree.after[ROOT] && !app.tree.before[ROOT]) app.say("There are no samples.");
  else if (left) app.say(`${count(left, "sample")} with a value below zero left out.`);
  app.draw();
  return () => stop.abort();
}

/** @param {App} app */
function summary(app) {
  const { profile, tree, state } = app;
  const { type } = profile.measures[state.measure];
  const widest = [];
  for (let node = tree.childFirst[ROOT]; node < tree.childFirst[ROOT + 1] && widest.length < 3; node++) {
    widest.push(visible(profile.short[tree.fn[node]]));
  }
  return (
    `${visible(type)}, ${app.rootLabel()}, ${count(tree.fn.length - 1, "frame")}, ` +
    `${tree.levelFirst.length - 2} levels. Widest: ${widest.join(", ") || "none"}. Press ? for the keys.`
  );
}
