// What a stretch of time holds: the mix of states, waits for a P, and who ran most.

import { columnTimes, pieceAt } from "./pieces.js";
import { ABSENT, OPEN_START, RUNNABLE, RUNNING, STATES } from "./states.js";

/**
 * @typedef {object} Statistics
 * @property {{state: number, time: number, share: number}[]} states  goroutine-ns, the largest first
 * @property {{count: number, p50: number, p90: number, p99: number, max: number}} waits  ns from runnable to
 *   running, of the waits that ended in the stretch; one that was under way when the capture began is left out
 * @property {{name: string, time: number, share: number}[]} functions  running ns by start function
 * @property {{name: string, count: number, share: number}[]} samples  CPU samples by the function they hit
 */

const TOP = 10;

/**
 * @param {import("./model.js").Recording} recording
 * @param {import("./viewport.js").Viewport} range
 * @returns {Statistics}
 */
export function statistics(recording, { t0, t1 }) {
  const { lives, functions } = recording;
  const sums = new Float64Array(STATES);
  const times = new Float64Array(STATES);
  /** @type {Map<string, number>} */
  const running = new Map();
  /** @type {number[]} */
  const waits = [];
  for (let lane = 0; lane < functions.length; lane++) {
    columnTimes(lives, lane, t0, t1, 1, times);
    if (times[ABSENT] >= t1 - t0) continue;
    for (let s = 0; s < STATES; s++) sums[s] += times[s];
    if (times[RUNNING]) running.set(functions[lane], (running.get(functions[lane]) ?? 0) + times[RUNNING]);
    collectWaits(lives, lane, t0, t1, waits);
  }
  sums[ABSENT] = 0;
  const total = sums.reduce((a, b) => a + b, 0) || 1;
  const states = Array.from(sums, (time, state) => ({ state, time, share: time / total }));
  const all = [...running].map(([name, time]) => ({ name, time, share: time / (sums[RUNNING] || 1) }));
  return {
    states: states.filter(({ time }) => time > 0).sort((a, b) => b.time - a.time),
    waits: percentiles(Float64Array.from(waits)),
    functions: all.sort((a, b) => b.time - a.time).slice(0, TOP),
    samples: sampled(recording, t0, t1),
  };
}

/**
 * @param {import("./model.js").Recording} recording
 * @param {number} t0
 * @param {number} t1
 */
function sampled(recording, t0, t1) {
  const { sample_time: time, sample_stack: stack } = recording.columns;
  /** @type {Map<string, number>} */
  const hits = new Map();
  let total = 0;
  for (let i = 0; i < time.length; i++) {
    if (time[i] < t0 || time[i] >= t1) continue;
    const name = recording.frames(stack[i])[0]?.function ?? "";
    hits.set(name, (hits.get(name) ?? 0) + 1);
    total++;
  }
  const all = [...hits].map(([name, count]) => ({ name, count, share: count / total }));
  return all.sort((a, b) => b.count - a.count).slice(0, TOP);
}

/**
 * @param {import("./model.js").Lives} lives
 * @param {number} lane
 * @param {number} t0
 * @param {number} t1
 * @param {number[]} waits
 */
function collectWaits(lives, lane, t0, t1, waits) {
  const { start, state, first } = lives;
  const last = first[lane + 1] - 1;
  for (let i = pieceAt(lives, lane, t0); i < last && start[i] < t1; i++) {
    const end = start[i + 1];
    // It ended here, and by running: the end of the capture ends no wait.
    if (state[i] !== RUNNABLE || end < t0 || end >= t1 || lives.flags(i) & OPEN_START) continue;
    if (i + 1 < last && state[i + 1] === RUNNING) waits.push(end - start[i]);
  }
}

/**
 * Durations that were really there, as schedlab.timeline.summary takes them ("higher").
 *
 * @param {Float64Array} values
 */
export function percentiles(values) {
  values.sort();
  const count = values.length;
  const at = (/** @type {number} */ q) => (count ? values[Math.ceil(q * (count - 1))] : 0);
  return { count, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
