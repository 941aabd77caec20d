// The picture as rectangles and labels, for a canvas and for an SVG alike.

import { boxes } from "./boxes.js";
import { STEPS } from "./change.js";
import { changeOf } from "./colours.js";
import { ROOT } from "./tree.js";
import { visible } from "./words.js";

export const ROW = 19;
const LABELLED = 26;

/**
 * @typedef {object} Scene
 * @property {import("./profile.js").Profile} profile
 * @property {import("./tree.js").Tree} tree
 * @property {number} zoomed
 * @property {number} width  css px
 * @property {number} height  of what is seen
 * @property {number} top  how far it is scrolled
 * @property {boolean} icicle  the root is at the top
 * @property {"package" | "change"} colour
 * @property {string[]} keys  of each function's package
 * @property {Uint8Array | null} found  by the search
 * @property {string} rootLabel
 *
 * @typedef {object} Sink
 * @property {(key: string, x: number, y: number, width: number, height: number, faded: boolean) => void} rectangle
 * @property {(text: string, x: number, y: number, room: number, italic: boolean) => void} label
 */

/** @param {Scene} scene */
export function contentHeight({ tree }) {
  return (tree.levelFirst.length - 1) * ROW;
}

/**
 * @param {Scene} scene
 * @param {number} level
 */
export function rowTop(scene, level) {
  const y = scene.icicle ? level * ROW : contentHeight(scene) - (level + 1) * ROW;
  return y - scene.top;
}

/**
 * @param {Scene} scene
 * @param {number} y
 */
export function levelAt(scene, y) {
  const row = Math.floor((y + scene.top) / ROW);
  return scene.icicle ? row : scene.tree.levelFirst.length - 2 - row;
}

/**
 * @param {Scene} scene
 * @param {Sink} sink
 * @returns {boolean} whether frames were drawn together
 */
export function paint(scene, sink) {
  const { tree, zoomed, width, height, found } = scene;
  const rows = [levelAt(scene, 0), levelAt(scene, height - 1)];
  let merged = false;
  boxes(tree, zoomed, width, Math.max(0, Math.min(...rows)), Math.max(...rows), (node, level, x, own, count, end) => {
    const y = rowTop(scene, level);
    if (count > 1) {
      merged = true;
      sink.rectangle("merged", x, y, Math.max(own, 0.7), ROW - 1, found !== null && !any(found, tree.fn, node, end));
      return;
    }
    const key = keyOf(scene, node);
    const faded = found !== null && node !== ROOT && !found[tree.fn[node]];
    sink.rectangle(key, x, y, own > 2 ? own - 1 : own, ROW - 1, faded);
    if (own >= LABELLED) sink.label(labelOf(scene, node), x + 4, y + ROW / 2, own - 8, key === "runtime");
  });
  return merged;
}

/**
 * @param {Uint8Array} found
 * @param {Int32Array} fn
 * @param {number} from
 * @param {number} end
 */
function any(found, fn, from, end) {
  for (let node = from; node < end; node++) if (found[fn[node]]) return true;
  return false;
}

/**
 * @param {Scene} scene
 * @param {number} node
 */
function keyOf({ tree, colour, keys }, node) {
  if (colour === "change") return STEPS[changeOf(tree, node)].name;
  return node === ROOT ? "root" : keys[tree.fn[node]];
}

/**
 * @param {Scene} scene
 * @param {number} node
 */
function labelOf({ tree, profile, colour, rootLabel }, node) {
  const name = node === ROOT ? rootLabel : visible(profile.short[tree.fn[node]]);
  const { sign } = STEPS[changeOf(tree, node)];
  return colour === "change" && sign ? `${sign} ${name}` : name;
}
