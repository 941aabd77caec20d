// Which P took goroutines from which: known where probes in the runtime were recorded beside the trace.

/**
 * P `thief` took `taken` goroutines from the queue of P `victim` at `t`, and ran that of lane `lane` (-1 for none).
 *
 * @typedef {{t: number, thief: number, victim: number, taken: number, lane: number}} Steal
 */

/**
 * The steals in a view, at most `most`: evenly chosen, not the first ones.
 *
 * @param {import("./model.js").Recording} recording
 * @param {import("./viewport.js").Viewport} view
 * @param {number} most
 * @returns {{steals: Steal[], count: number}} `count` is how many there are
 */
export function stealsIn({ columns, laneOfGoroutine }, { t0, t1 }, most) {
  const { steal_time: time, steal_thief: thief, steal_victim: victim, steal_taken: taken, steal_g: g } = columns;
  const from = bound(time, t0);
  const count = bound(time, t1 + 1) - from;
  const drawn = Math.min(count, most);
  const steals = [];
  for (let k = 0; k < drawn; k++) {
    const i = from + Math.floor((k * count) / drawn);
    const lane = g[i] ? laneOfGoroutine[g[i] - 1] : -1;
    steals.push({ t: time[i], thief: thief[i] - 1, victim: victim[i] - 1, taken: taken[i], lane });
  }
  return { steals, count };
}

/**
 * @param {number} drawn
 * @param {number} count
 */
export function stealsText(drawn, count) {
  return count > drawn ? `${drawn} of ${count} steals in view: zoom in for all` : `${count} steals in view`;
}

/**
 * @param {ArrayLike<number>} time  ascending
 * @param {number} t
 * @returns {number} the first that is at t or later
 */
function bound(time, t) {
  let [low, high] = [0, time.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (time[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}
