// What a token tells when it is pointed at or has the focus.

import { element } from "../dom.js";
import { duration, moment } from "../timeline/units.js";
import { LOOKS, UNKNOWN_LOOK } from "./draw.js";
import { NOBODY } from "./events.js";
import { placeWords } from "./sentences.js";

/** @typedef {import("./app.js").App} App */

const MOVES = 5;

/** @param {App} app */
export function addDetails(app) {
  const { picture, parts, root } = app;
  const { tooltip } = parts;
  let key = "";
  const show = (/** @type {string} */ wanted) => {
    key = wanted;
    const token = key ? picture.token(key) : undefined;
    tooltip.hidden = !token;
    if (!token) return;
    tooltip.replaceChildren(...(key[0] === "g" ? aboutGoroutine(app, Number(key.slice(1))) : aboutThread(app, Number(key.slice(1)))));
    place(tooltip, app, key);
  };
  const keyAt = (/** @type {EventTarget | null} */ target) =>
    (target instanceof Element && target.closest(".bd-picture [data-key]")?.getAttribute("data-key")) || "";
  const { root: image } = picture;
  image.addEventListener("pointerover", (event) => show(keyAt(event.target)));
  image.addEventListener("pointerleave", () => show(""));
  image.addEventListener("focusin", (event) => {
    const found = keyAt(event.target);
    if (found) app.focused = found;
    show(found);
  });
  image.addEventListener("focusout", () => show(""));
  image.addEventListener("click", (event) => {
    const found = keyAt(event.target);
    if (found[0] === "g") app.choose(Number(found.slice(1)) === app.chosen ? NOBODY : Number(found.slice(1)));
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !tooltip.hidden) {
      show("");
      event.stopPropagation();
    }
  });
  app.on("drawn", () => show(key));
}

/** @param {App} app @param {number} g */
export function aboutGoroutine(app, g) {
  const { events, state, player } = app;
  const look = LOOKS[state.place[g]] ?? UNKNOWN_LOOK;
  const row = state.row[g];
  const since = events.time[row];
  const open = row < events.initial;
  const facts = element("dl", { class: "bd-facts" });
  const fact = (/** @type {string} */ name, /** @type {string} */ value) => facts.append(element("dt", {}, name), element("dd", {}, value));
  const where = placeWords(events, row);
  fact("state", where.startsWith(look.word) ? where : `${look.word}, ${where}`);
  fact(open ? "since before" : "since", `${moment(since, 1, events.meta.bounds[1])} (for ${duration(player.now.t - since)})`);
  const reason = events.meta.reasons[state.reason[g]];
  if (reason) fact("reason", reason);
  if (events.cause[row] !== NOBODY) fact("because of", events.gName(events.cause[row]));
  const moves = events.movesOf(player.now.step, g, MOVES).map((one) => {
    const { label } = events.meta.kinds[events.kind[one]];
    return element("li", {}, `${moment(events.time[one], 1, events.meta.bounds[1])}: ${label}, ${placeWords(events, one)}`);
  });
  return [element("strong", {}, `${events.gName(g)} ${events.functionOf(g)}`), facts, element("div", { class: "bd-faint" }, "Last moves"), element("ol", {}, ...moves)];
}

/** @param {App} app @param {number} m */
function aboutThread(app, m) {
  const { events, state } = app;
  const p = state.threadP[m];
  const held = state.m.indexOf(m);
  const words = [p === NOBODY ? "It has no P." : `It has P${events.meta.procs[p]}.`];
  if (held >= 0) words.push(`Its goroutine is ${events.gName(held)}, ${placeWords(events, state.row[held])}.`);
  else words.push(p === NOBODY ? "It is parked, or outside of Go (derived)." : "It is in the scheduler (derived).");
  return [element("strong", {}, `${events.mName(m)}, a thread of the system`), element("p", {}, words.join(" "))];
}

/** @param {HTMLElement} tooltip @param {App} app @param {string} key */
function place(tooltip, { root, picture, layout }, key) {
  const spot = layout?.tokens.get(key);
  if (!spot || !layout) return;
  // Where it will be, not where it is on its way.
  const [frame, image] = [root.getBoundingClientRect(), picture.root.getBoundingClientRect()];
  const x = image.left - frame.left + (spot.x * image.width) / layout.width;
  const y = image.top - frame.top + (spot.y * image.height) / layout.height;
  const room = Math.max(frame.width - tooltip.offsetWidth - 8, 0);
  tooltip.style.left = `${Math.min(Math.max(x - 30, 4), room)}px`;
  tooltip.style.top = `${y + 18}px`;
}
