// What stretch of the history is seen: the newest, or a place that stays while new samples arrive.

const SPANS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600].map((seconds) => seconds * 1e9);

/**
 * `end` is null while the view follows the newest sample, else the time in ns at the right edge.
 *
 * @typedef {{span: number, end: number | null}} Window
 * @typedef {{begin: number, end: number, full: boolean}} Bounds
 *   of the history, ns; `full` if samples before `begin` have left it
 */

/**
 * The stretch that is seen, ns, always as long as its span. One that stays stays, until its left edge has left the
 * history: then it moves along with that.
 *
 * @param {Window} view
 * @param {Bounds} bounds
 */
export function stretch(view, bounds) {
  const oldest = Math.min(bounds.begin + (bounds.full ? view.span : 0), bounds.end);
  const end = view.end === null ? bounds.end : Math.min(Math.max(view.end, oldest), bounds.end);
  return { from: end - view.span, to: end };
}

/**
 * The right edge of the oldest stretch that is worth seeing, ns.
 *
 * @param {Window} view
 * @param {Bounds} bounds
 */
export function oldestEnd(view, bounds) {
  return Math.min(bounds.begin + view.span, bounds.end);
}

/**
 * Stops at what is seen now.
 *
 * @param {Window} view
 * @param {Bounds} bounds
 * @returns {Window}
 */
export function pause(view, bounds) {
  return { ...view, end: stretch(view, bounds).to };
}

/**
 * @param {Window} view
 * @returns {Window}
 */
export function follow(view) {
  return { ...view, end: null };
}

/**
 * Moves by a part of the span and stays there.
 *
 * @param {Window} view
 * @param {Bounds} bounds
 * @param {number} part
 * @returns {Window}
 */
export function move(view, bounds, part) {
  const { to } = stretch(view, bounds);
  return seek(view, bounds, Math.max(to + part * view.span, Math.min(to, oldestEnd(view, bounds))));
}

/**
 * Puts the right edge at a time and stays there.
 *
 * @param {Window} view
 * @param {Bounds} bounds
 * @param {number} end
 * @returns {Window}
 */
export function seek(view, bounds, end) {
  return { ...view, end: stretch({ ...view, end }, bounds).to };
}

/**
 * The next longer (1) or shorter (-1) span; the right edge stays.
 *
 * @param {Window} view
 * @param {number} direction
 * @returns {Window}
 */
export function resize(view, direction) {
  const [longer, shorter] = [SPANS.find((one) => one > view.span), SPANS.findLast((one) => one < view.span)];
  return { ...view, span: (direction > 0 ? longer : shorter) ?? view.span };
}
