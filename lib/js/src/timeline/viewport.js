// The part of time that is seen, and how moving and zooming changes it. Pure; all times in ns.

/**
 * @typedef {{t0: number, t1: number}} Viewport  t0 < t1
 * @typedef {{begin: number, end: number}} Bounds  of what there is to see
 */

/** The narrowest view: one ns is then some dozen pixels wide. */
export const NARROWEST = 20;

/**
 * @param {Bounds} bounds
 * @returns {Viewport}
 */
export function all(bounds) {
  return clamp({ t0: bounds.begin, t1: bounds.end }, bounds);
}

/**
 * The nearest view that is inside of the bounds and neither too narrow nor too wide. Whole ns.
 *
 * @param {Viewport} view
 * @param {Bounds} bounds
 * @returns {Viewport}
 */
export function clamp(view, bounds) {
  const widest = Math.max(bounds.end - bounds.begin, NARROWEST);
  const asked = Math.round(view.t1) - Math.round(view.t0);
  const length = Math.min(Math.max(Number.isFinite(asked) ? asked : widest, NARROWEST), widest);
  const latest = bounds.begin + widest - length;
  const wanted = Number.isFinite(view.t0) ? Math.round(view.t0) : bounds.begin;
  const t0 = Math.min(Math.max(wanted, bounds.begin), latest);
  return { t0, t1: t0 + length };
}

/**
 * Zooms so that `at` stays where it is on the screen; a factor above 1 shows less time.
 *
 * @param {Viewport} view
 * @param {number} factor
 * @param {number} at
 * @param {Bounds} bounds
 */
export function zoom(view, factor, at, bounds) {
  const widest = Math.max(bounds.end - bounds.begin, NARROWEST);
  const before = view.t1 - view.t0;
  const length = Math.round(Math.min(Math.max(before / factor, NARROWEST), widest));
  const t0 = at - ((at - view.t0) / before) * length;
  return clamp({ t0: Math.round(t0), t1: Math.round(t0) + length }, bounds);
}

/**
 * @param {Viewport} view
 * @param {number} by  ns, later is positive
 * @param {Bounds} bounds
 */
export function pan(view, by, bounds) {
  const shift = Math.round(by);
  return clamp({ t0: view.t0 + shift, t1: view.t1 + shift }, bounds);
}

/**
 * The moment under a pixel.
 *
 * @param {Viewport} view
 * @param {number} x
 * @param {number} width
 */
export function timeAt(view, x, width) {
  return view.t0 + ((view.t1 - view.t0) * x) / width;
}

/**
 * The pixel of a moment; the subtraction comes first, so it is exact where it is seen.
 *
 * @param {Viewport} view
 * @param {number} t
 * @param {number} width
 */
export function pixelOf(view, t, width) {
  return ((t - view.t0) / (view.t1 - view.t0)) * width;
}
