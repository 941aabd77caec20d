// What lies over the picture: the frame under the pointer, and the one that is selected.

import { ROW, rowTop } from "./scene.js";
import { isBelow } from "./paths.js";

/**
 * From left to right, where a node is seen; null if it is not.
 *
 * @param {Pick<import("./scene.js").Scene, "tree" | "zoomed" | "width">} scene
 * @param {number} node
 */
export function placeOf({ tree, zoomed, width }, node) {
  if (!(tree.wide[node] > 0)) return null;
  if (isBelow(tree, zoomed, node)) return { x: 0, width };
  if (!isBelow(tree, node, zoomed)) return null;
  const scale = width / tree.wide[zoomed];
  return { x: (tree.start[node] - tree.start[zoomed]) * scale, width: tree.wide[node] * scale };
}

/**
 * Two lines, a dark and a light one, so that it is seen on every colour.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {import("./scene.js").Scene} scene
 * @param {number} node
 * @param {number} thickness
 * @param {{outer: string, inner: string}} inks
 */
export function outline(context, scene, node, thickness, { outer, inner }) {
  const place = placeOf(scene, node);
  if (!place) return;
  const y = rowTop(scene, scene.tree.level[node]);
  for (const [colour, line] of /** @type {const} */ ([[outer, thickness], [inner, 1]])) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    const inset = thickness - line / 2;
    context.strokeRect(place.x + inset, y + inset - 0.5, Math.max(place.width - 2 * inset, 1), ROW - 2 * inset);
  }
}
