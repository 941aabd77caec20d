// Buttons, the slider and keys.

import { download } from "../saving.js";
import { png, svg } from "./picture.js";
import { follow, move, oldestEnd, resize, seek } from "./window.js";

const STEP = 0.1;

/** @param {import("./app.js").App} app */
export function listen(app) {
  const { parts, signal } = app;
  const back = (/** @type {number} */ part) => () => app.show(move(app.view, app.bounds, -part));
  const size = (/** @type {number} */ direction) => () => app.show(resize(app.view, direction));
  const newest = () => app.show(follow(app.view));
  const pressed = [
    [parts.pause, () => app.toggle()],
    [parts.newest, newest],
    [parts.back, back(5 * STEP)],
    [parts.forward, back(-5 * STEP)],
    [parts.shorter, size(-1)],
    [parts.longer, size(1)],
    [parts.png, () => void png(app).then((blob) => download(blob, app.title, "png"))],
    [parts.svg, () => void svg(app).then((blob) => download(blob, app.title, "svg"))],
  ];
  for (const [node, act] of /** @type {[HTMLElement, () => void][]} */ (pressed)) {
    node.addEventListener("click", act, { signal });
  }
  parts.scrub.addEventListener("input", () => app.show(seek(app.view, app.bounds, Number(parts.scrub.value) * 1e9)), {
    signal,
  });
  /** @type {Record<string, (event: KeyboardEvent) => void>} */
  const keys = {
    " ": () => app.toggle(),
    k: () => app.toggle(),
    ArrowLeft: (event) => back(event.shiftKey ? 1 : STEP)(),
    ArrowRight: (event) => back(event.shiftKey ? -1 : -STEP)(),
    a: (event) => back(event.shiftKey ? 1 : STEP)(),
    d: (event) => back(event.shiftKey ? -1 : -STEP)(),
    Home: () => app.show(seek(app.view, app.bounds, oldestEnd(app.view, app.bounds))),
    End: newest,
    "+": size(-1),
    "=": size(-1),
    "-": size(1),
  };
  parts.panels.addEventListener(
    "keydown",
    (event) => {
      const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key] ?? keys[event.key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      act(event);
    },
    { signal },
  );
  app.calm.addEventListener("change", () => app.ask(), { signal });
}
