// A running program, live: an anywidget module. Python's half is schedlab/view/widgets/live.py.

import { App } from "../live/app.js";
import { listen } from "../live/input.js";
import { open, storeOf } from "../live/store.js";

/**
 * @typedef {import("../live/store.js").Model} Model
 */

export default {
  /** @param {{model: Model}} props */
  initialize({ model }) {
    return open(model);
  },

  /**
   * @param {{model: Model, el: HTMLElement, signal?: AbortSignal}} props
   */
  async render({ model, el, signal }) {
    const stop = new AbortController();
    signal?.addEventListener("abort", () => stop.abort(), { once: true });
    const store = storeOf(model);
    await store.settled;
    const span = Math.max(0.5, Number(model.get("span_s")) || 30) * 1e9;
    const app = new App(el, store, { title: String(model.get("heading") ?? ""), span }, stop.signal);
    listen(app);
    app.draw();
    return () => stop.abort();
  },
};
