// The keyboard, and its help.

import { element } from "../dom.js";
import { button } from "./controls.js";
import { savePng, saveSvg } from "./exporting.js";

/** @typedef {import("./app.js").App} App */

const KEYS = [
  ["Space", "play, pause"],
  ["← →", "back, on by one event"],
  ["Home, End", "to the beginning, to the end"],
  ["+ −", "faster, slower"],
  ["N, P", "next, previous event of the kind and goroutine chosen under “Jump to”"],
  ["↑ ↓", "from token to token; each tells its state"],
  ["Enter", "follow the goroutine of the token, or no more"],
  ["?", "this help"],
];

/** @param {App} app @param {{jump: (way: 1 | -1) => void}} acts */
export function addKeys(app, { jump }) {
  const { root, parts, player, events } = app;
  const help = element("div", { class: "bd-help", role: "dialog", "aria-label": "Keys", hidden: "" });
  const close = button("Close", "Close the help", () => toggle());
  const opener = button("?", "Keys (?)", () => toggle());
  const toggle = () => {
    help.hidden = !help.hidden;
    if (help.hidden) opener.focus();
    else close.focus();
  };
  const list = element("dl", { class: "bd-facts" });
  for (const [keys, act] of KEYS) list.append(element("dt", {}, keys), element("dd", {}, act));
  help.append(element("h3", {}, "Keys"), list, close);
  root.append(help);
  parts.jump.append(
    element("span", { class: "bd-space" }),
    button("SVG", "Save this picture as SVG", () => saveSvg(app)),
    button("PNG", "Save this picture as PNG", () => void savePng(app)),
    opener,
  );
  /** @type {Record<string, () => void>} */
  const acts = {
    " ": () => player.play(!player.now.playing),
    ArrowLeft: () => player.goTo(player.now.step - 1),
    ArrowRight: () => player.goTo(player.now.step + 1),
    Home: () => player.goTo(-1),
    End: () => player.goTo(events.length - 1),
    "+": () => player.hurry(1),
    "=": () => player.hurry(1),
    "-": () => player.hurry(-1),
    n: () => jump(1),
    p: () => jump(-1),
    ArrowDown: () => walk(app, 1),
    ArrowUp: () => walk(app, -1),
    "?": toggle,
  };
  root.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !(target instanceof Element)) return;
    if (key === "Escape" && !help.hidden) {
      toggle();
      event.stopPropagation();
      return;
    }
    // A list is chosen from with the same keys, and a button is pressed with the space bar.
    if (target.matches("select") || (key === " " && target.matches("button, summary"))) return;
    if (key === "Enter" && target.matches("[data-key]")) target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const act = acts[key.length === 1 ? key.toLowerCase() : key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** To the next token, in the order of reading. @param {App} app @param {1 | -1} way */
function walk(app, way) {
  const { picture, layout } = app;
  if (!layout) return;
  const keys = [...layout.tokens].filter(([, spot]) => !spot.hidden).sort(([, a], [, b]) => a.y - b.y || a.x - b.x).map(([key]) => key);
  if (!keys.length) return;
  const inside = picture.root.contains(document.activeElement);
  const at = inside ? keys.indexOf(app.focused) + way : keys.indexOf(app.focused);
  const next = keys[(Math.max(at, inside ? at : 0) + keys.length) % keys.length];
  picture.token(app.focused)?.setAttribute("tabindex", "-1");
  app.focused = next;
  const token = picture.token(next);
  token?.setAttribute("tabindex", "0");
  token?.focus();
}
