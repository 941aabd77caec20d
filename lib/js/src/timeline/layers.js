// What is drawn, layer by layer: lanes, what is over them, ruler, minimap, labels, and what follows the pointer.

import { drawHover } from "./hover.js";
import { Labels } from "./labels.js";
import { prepared } from "./layout.js";
import { drawOverlay } from "./overlay.js";
import { Painter } from "./painter.js";
import { Minimap, RULER_PX, drawRuler } from "./ruler.js";
import { visible } from "./rows.js";
import { stealsIn } from "./steals.js";
import { pixelOf, timeAt } from "./viewport.js";
import { wakesIn, wakesOf } from "./wakes.js";

/** More arrows than this hide what they are about. */
const MOST_ARROWS = 300;

/**
 * @typedef {import("./painter.js").Scene} Scene
 */

export class Layers {
  #app;
  #surface;
  #labels;
  #minimap = new Minimap();
  #own = { source: -1, wakes: /** @type {import("./wakes.js").Wake[]} */ ([]) };
  #all = { key: "", found: /** @type {ReturnType<typeof wakesIn> | null} */ (null) };
  #steals = { key: "", found: /** @type {ReturnType<typeof stealsIn> | null} */ (null) };

  /**
   * @param {import("./app.js").App} app
   * @param {import("./surface.js").Surface} surface
   */
  constructor(app, surface) {
    this.#app = app;
    this.#surface = surface;
    this.#labels = new Labels(app);
    this.painter = new Painter(app.lanes);
  }

  /** @param {Scene} scene */
  lanes(scene) {
    const { parts, palette } = this.#app;
    parts.sticky.style.height = `${scene.height}px`;
    // Not under the scroll bar, so that a moment is at the same x everywhere.
    for (const node of [parts.ruler, parts.minimap]) node.style.width = `${scene.width}px`;
    this.#surface.draw(this.painter.frame(scene).frame, palette.bytes);
    this.over(prepared(parts.overlay, scene.width, scene.height, scene.scale), scene);
    this.ruler(prepared(parts.ruler, scene.width, RULER_PX, scene.scale), scene);
    this.#minimap.draw(parts.minimap, scene, palette, this.#app.lanes, this.#app.bounds);
    this.#labels.draw(this.rows(scene), scene.top);
  }

  /** @param {Scene} scene */
  pointer(scene) {
    this.marked(prepared(this.#app.parts.hover, scene.width, scene.height, scene.scale), scene);
  }

  /** The rows that are seen. @param {Scene} scene */
  rows({ top, height }) {
    const { rows } = this.#app.lanes;
    const { from, to } = visible(rows, top, top + height);
    return rows.slice(from, to);
  }

  /**
   * What is over the lanes, on a canvas or into a file.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Scene} scene
   */
  over(context, scene) {
    const { palette, lanes, recording, extent } = this.#app;
    drawOverlay({ context, scene, palette, lanes, rows: this.rows(scene) });
    const x = pixelOf(scene.view, recording.bounds.end, scene.width);
    if (!extent || x >= scene.width) return;
    // A linked timeline is longer.
    context.fillStyle = palette.inks.raised;
    context.fillRect(Math.max(x, 0), 0, scene.width - Math.max(x, 0), scene.height);
    context.fillStyle = palette.inks.ink;
    if (scene.width - x > 100) context.fillText("the capture ends here", Math.max(x, 0) + 6, scene.height / 2);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Scene} scene
   */
  ruler(context, scene) {
    const { palette, recording, selection } = this.#app;
    drawRuler(context, scene, palette, recording.bounds.begin, selection);
  }

  /**
   * What is pinned, selected or under the pointer, and the arrows of wakes and steals.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Scene} scene
   */
  marked(context, scene) {
    const { palette, lanes, hovered, pinned, selection, pointer, elsewhere } = this.#app;
    const t = pointer ? timeAt(scene.view, pointer.x, scene.width) : null;
    const arrows = { wakes: this.#ownWakes(), all: this.#allWakes(), steals: this.steals };
    const marked = { hovered, pinned, selection, t, elsewhere, ...arrows };
    drawHover(context, scene, palette, lanes, marked);
  }

  /** The wakes in the view, if they are asked for; at most as many as can be drawn. */
  get wakes() {
    return this.#allWakes();
  }

  /** The steals in the view, if they are asked for; at most as many as can be drawn. */
  get steals() {
    const { allSteals, view, recording } = this.#app;
    if (!allSteals) return null;
    const key = `${view.t0} ${view.t1}`;
    if (key !== this.#steals.key) this.#steals = { key, found: stealsIn(recording, view, MOST_ARROWS) };
    return this.#steals.found;
  }

  #ownWakes() {
    const { pinned, hovered, recording } = this.#app;
    const source = (pinned ?? hovered)?.source ?? -1;
    if (source !== this.#own.source) this.#own = { source, wakes: source >= 0 ? wakesOf(recording, source) : [] };
    return this.#own.wakes;
  }

  #allWakes() {
    const { allWakes, view, recording } = this.#app;
    if (!allWakes) return null;
    const key = `${view.t0} ${view.t1}`;
    if (key !== this.#all.key) this.#all = { key, found: wakesIn(recording, view, MOST_ARROWS) };
    return this.#all.found;
  }
}
