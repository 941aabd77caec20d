// The moment as a value: in a trait, and between views of one group.

import { joinGroup } from "../link.js";

/** @typedef {{get: (name: string) => any, set: (name: string, value: unknown) => void, save_changes: () => void,
 *   on: (name: string, listener: (...args: any[]) => void) => void,
 *   off: (name?: string | null, listener?: ((...args: any[]) => void) | null) => void}} Model */

const SETTLED_MS = 250;

/** @param {import("./app.js").App} app @param {Model} model */
export function keepView(app, model) {
  const { player, signal } = app;
  let own = "";
  let timer = 0;
  let hearing = false;
  const saved = () => {
    const { t, speed } = player.now;
    return { t, speed, playing: false };
  };
  const restore = () => {
    const value = model.get("view");
    if (!value || typeof value !== "object" || JSON.stringify(value) === own) return;
    if (Number.isFinite(value.speed)) player.setSpeed(value.speed);
    if (Number.isFinite(value.t)) player.seek(value.t);
    if (typeof value.playing === "boolean") player.play(value.playing);
  };
  const post = joinGroup(String(model.get("group") ?? ""), signal, (/** @type {{cursor?: unknown}} */ message) => {
    const { cursor } = message ?? {};
    if (typeof cursor !== "number" || !Number.isFinite(cursor)) return;
    hearing = true;
    player.seek(cursor);
    hearing = false;
  });
  let posted = player.now.t;
  app.on("moment", () => {
    const { t } = player.now;
    if (!hearing && t !== posted) post({ cursor: t });
    posted = t;
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      own = JSON.stringify(saved());
      model.set("view", saved());
      model.save_changes();
    }, SETTLED_MS);
  });
  restore();
  model.on("change:view", restore);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("change:view", restore);
  });
}
