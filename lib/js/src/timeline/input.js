// What a reader's hands do: wheel, drag, pinch and keys.

import { groupKey } from "./row_lists.js";
import { pan, timeAt, zoom } from "./viewport.js";

const CLICK_PX = 4;

/**
 * @param {import("./app.js").App} app
 * @param {{search: () => void, help: () => void}} commands
 */
export function listen(app, commands) {
  const { plot, ruler, minimap } = app.parts;
  const { signal } = app;
  plot.addEventListener("wheel", (event) => wheel(app, event), { passive: false, signal });
  drags(app, plot, (event) => (event.altKey ? "select" : "pan"));
  drags(app, ruler, () => "select");
  drags(app, minimap, () => "move");
  plot.addEventListener("pointerleave", () => app.point(null), { signal });
  plot.addEventListener("dblclick", () => showPiece(app), { signal });
  plot.addEventListener("keydown", (event) => key(app, event, commands), { signal });
}

/**
 * Zooms to what is under the pointer, or pinned.
 *
 * @param {import("./app.js").App} app
 */
export function showPiece(app) {
  const found = app.hovered ?? app.pinned;
  if (!found) return;
  const room = Math.max((found.end - found.start) * 0.25, 10);
  app.show({ t0: found.start - room, t1: found.end + room });
}

/**
 * Without focus the page scrolls, as a reader who passes by expects.
 *
 * @param {import("./app.js").App} app
 * @param {WheelEvent} event
 */
function wheel(app, event) {
  const focused = app.parts.root.contains(document.activeElement);
  if (!focused && !event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  const [across, along] = [event.deltaX * lines, event.deltaY * lines];
  const { width } = app.scene;
  const { bounds } = app;
  const sideways = event.shiftKey ? across || along : across;
  if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : along)) {
    app.show(pan(app.view, ((app.view.t1 - app.view.t0) * sideways) / width, bounds));
    return;
  }
  const at = timeAt(app.view, event.offsetX, width);
  app.show(zoom(app.view, Math.exp(-along / 250), at, bounds));
}

/**
 * @param {import("./app.js").App} app
 * @param {HTMLElement} node
 * @param {(event: PointerEvent) => "pan" | "select" | "move"} kindOf
 */
function drags(app, node, kindOf) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  /** @type {{kind: string, x: number, y: number, view: import("./viewport.js").Viewport, top: number, moved: boolean} | null} */
  let drag = null;
  const { signal } = app;
  const begin = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    const { scrollTop: top } = app.parts.scroller;
    drag = { kind: kindOf(event), x: event.offsetX, y: event.offsetY, view: app.view, top, moved: false };
    if (drag.kind === "move") centre(app, event.offsetX);
    if (node === app.parts.plot) node.focus({ preventScroll: true });
  };
  const move = (/** @type {PointerEvent} */ event) => {
    const before = down.get(event.pointerId);
    if (before && down.size === 2) pinch(app, down, event);
    else if (before && drag) dragTo(app, drag, event);
    if (node === app.parts.plot && !drag?.moved) app.point({ x: event.offsetX, y: event.offsetY });
    if (before) down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  };
  const end = (/** @type {PointerEvent} */ event) => {
    if (!down.delete(event.pointerId) || !drag) return;
    if (!drag.moved && node === app.parts.plot && event.type === "pointerup") click(app, event);
    if (!drag.moved && drag.kind === "select") app.select(null);
    if (down.size === 0) drag = null;
  };
  node.addEventListener("pointerdown", begin, { signal });
  node.addEventListener("pointermove", move, { signal });
  node.addEventListener("pointerup", end, { signal });
  node.addEventListener("pointercancel", end, { signal });
}

/**
 * @param {import("./app.js").App} app
 * @param {{kind: string, x: number, y: number, view: import("./viewport.js").Viewport, top: number, moved: boolean}} drag
 * @param {PointerEvent} event
 */
function dragTo(app, drag, event) {
  const [dx, dy] = [event.offsetX - drag.x, event.offsetY - drag.y];
  if (!drag.moved && Math.hypot(dx, dy) < CLICK_PX) return;
  drag.moved = true;
  const { width } = app.scene;
  if (drag.kind === "move") centre(app, event.offsetX);
  else if (drag.kind === "select") {
    const [a, b] = [drag.x, event.offsetX].map((x) => Math.round(timeAt(app.view, Math.min(Math.max(x, 0), width), width)));
    app.select({ t0: Math.min(a, b), t1: Math.max(a, b) });
  } else {
    app.show(pan(drag.view, (-dx * (drag.view.t1 - drag.view.t0)) / width, app.bounds));
    app.parts.scroller.scrollTop = drag.top - dy;
  }
}

/**
 * @param {import("./app.js").App} app
 * @param {Map<number, {x: number, y: number}>} down
 * @param {PointerEvent} event
 */
function pinch(app, down, event) {
  const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
  const own = down.get(event.pointerId);
  if (!other || !own) return;
  const [before, after] = [Math.abs(own.x - other.x), Math.abs(event.offsetX - other.x)];
  if (before < 8 || after < 8) return;
  app.show(zoom(app.view, after / before, timeAt(app.view, other.x, app.scene.width), app.bounds));
}

/**
 * @param {import("./app.js").App} app
 * @param {number} x  in the minimap
 */
function centre(app, x) {
  const { bounds } = app;
  const t = bounds.begin + ((bounds.end - bounds.begin) * x) / app.scene.width;
  const half = (app.view.t1 - app.view.t0) / 2;
  app.show({ t0: t - half, t1: t + half });
}

/**
 * @param {import("./app.js").App} app
 * @param {PointerEvent} event
 */
function click(app, event) {
  const { row, t } = app.placeAt(event.offsetX, event.offsetY);
  if (!row) return;
  app.row = app.lanes.rows.indexOf(row);
  if (row.kind === "group") app.toggle(groupKey(app.lanes.groups[row.lane].name));
  else app.pin(app.lanes.at(row, t));
}

/**
 * @param {import("./app.js").App} app
 * @param {KeyboardEvent} event
 * @param {{search: () => void, help: () => void}} commands
 */
function key(app, event, commands) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { bounds } = app;
  const middle = app.pointer ? timeAt(app.view, app.pointer.x, app.scene.width) : (app.view.t0 + app.view.t1) / 2;
  const step = (app.view.t1 - app.view.t0) / 8;
  /** @type {Record<string, () => void>} */
  const acts = {
    a: () => app.show(pan(app.view, -step, bounds)),
    d: () => app.show(pan(app.view, step, bounds)),
    w: () => app.show(zoom(app.view, 1.5, middle, bounds)),
    s: () => app.show(zoom(app.view, 1 / 1.5, middle, bounds)),
    arrowup: () => moveRow(app, -1),
    arrowdown: () => moveRow(app, 1),
    pageup: () => (app.parts.scroller.scrollTop -= app.scene.height * 0.9),
    pagedown: () => (app.parts.scroller.scrollTop += app.scene.height * 0.9),
    0: () => app.show({ t0: bounds.begin, t1: bounds.end }),
    n: () => movePiece(app, 1),
    p: () => movePiece(app, -1),
    enter: () => enter(app),
    escape: () => escape(app),
    f: () => showPiece(app),
    "/": commands.search,
    "?": commands.help,
  };
  const same = { arrowleft: "a", arrowright: "d", "+": "w", "=": "w", "-": "s", home: "0", " ": "enter" };
  const pressed = event.key.toLowerCase();
  const act = acts[/** @type {Record<string, string>} */ (same)[pressed] ?? pressed];
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

/**
 * @param {import("./app.js").App} app
 * @param {number} by
 */
function moveRow(app, by) {
  app.row = Math.min(Math.max(app.row + by, 0), app.lanes.rows.length - 1);
  const row = app.lanes.rows[app.row];
  app.reveal(row);
  const found = app.lanes.at(row, (app.view.t0 + app.view.t1) / 2);
  if (found) app.pin(found);
  app.redraw();
  app.emit("hover");
}

/**
 * The next piece of the row, or the one before; the view goes with it.
 *
 * @param {import("./app.js").App} app
 * @param {number} by
 */
function movePiece(app, by) {
  const { pinned, lanes } = app;
  if (!pinned) {
    moveRow(app, 0);
    return;
  }
  const all = lanes.lives(pinned.row)?.recorded;
  const piece = pinned.piece + by;
  if (!all || piece < all.first[pinned.row.lane] || piece > all.first[pinned.row.lane + 1] - 2) return;
  const found = lanes.at(pinned.row, (all.start[piece] + all.start[piece + 1]) / 2);
  if (!found) return;
  app.pin(found);
  if (found.start < app.view.t0 || found.end > app.view.t1) {
    const half = (app.view.t1 - app.view.t0) / 2;
    const t = (found.start + found.end) / 2;
    app.show({ t0: t - half, t1: t + half });
  }
}

/** @param {import("./app.js").App} app */
function enter(app) {
  const row = app.lanes.rows[app.row];
  if (row?.kind === "group") app.toggle(groupKey(app.lanes.groups[row.lane].name));
  else if (row?.kind === "heading") app.toggle(row.label);
  else moveRow(app, 0);
}

/** @param {import("./app.js").App} app */
function escape(app) {
  if (app.pinned) app.pin(null);
  else app.select(null);
}
