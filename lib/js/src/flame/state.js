// What a flame graph shows, apart from where in it the reader is.

import { byPackage } from "./colours.js";
import { weigh } from "./profile.js";
import { NONE, buildTree } from "./tree.js";

/**
 * @typedef {object} State
 * @property {boolean} invert
 * @property {number} merge  a function, or NONE
 * @property {boolean} icicle
 * @property {"package" | "change"} colour
 * @property {number} measure
 * @property {number} before
 * @property {number} after
 * @property {"after" | "before" | "both"} width
 * @property {boolean} normalised
 * @property {string} search
 */

/**
 * @param {import("./profile.js").Profile} profile
 * @param {string} mode
 * @returns {State}
 */
export function initial(profile, mode) {
  const several = profile.series.length > 1;
  return {
    invert: false,
    merge: NONE,
    icicle: false,
    colour: several ? "change" : "package",
    measure: profile.measure,
    before: 0,
    after: profile.series.length - 1,
    width: mode === "diff" ? "both" : "after",
    normalised: false,
    search: "",
  };
}

/**
 * What the state makes of the profiles.
 *
 * @param {import("./profile.js").Profile} profile
 * @param {State} state
 */
export function built(profile, state) {
  const weights = weigh(profile, state);
  return { weights, tree: buildTree(profile, weights, state), colouring: byPackage(profile, weights.wide) };
}
