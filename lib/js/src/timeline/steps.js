// How many of a group's goroutines were in each state over time: a step function that is summed exactly.

import { lastBegun } from "./pieces.js";
import { order } from "./radix.js";
import { ABSENT, STATES } from "./states.js";

const EVERY = 64;

/**
 * @typedef {object} Steps
 * @property {Float64Array} time  of each change, ascending
 * @property {Uint8Array} from  the state that one goroutine left (ABSENT: it came)
 * @property {Uint8Array} to  the state that it entered (ABSENT: it went)
 * @property {Float64Array} sums  goroutine-ns per state until each checkpoint's first change
 * @property {Int32Array} counts  goroutines per state before each checkpoint's first change
 * @property {number} peak  the most goroutines that were there at once
 */

/**
 * The steps of several groups of lanes at once.
 *
 * @param {import("./pieces.js").Pieces} all
 * @param {Uint32Array} byStart  all pieces in time's order
 * @param {ArrayLike<number>} groupOf  the group of each lane
 * @param {number} groups  how many there are
 * @param {number} [only]  the one state that counts; without it all do
 * @returns {Steps[]}
 */
export function steps(all, byStart, groupOf, groups, only) {
  const { start, state, first } = all;
  const lanes = first.length - 1;
  const laneOf = new Uint32Array(start.length);
  const room = new Uint32Array(groups);
  for (let lane = 0; lane < lanes; lane++) {
    laneOf.fill(lane, first[lane], first[lane + 1]);
    room[groupOf[lane]] += first[lane + 1] - first[lane];
  }
  const made = Array.from(room, (size) => ({
    n: 0,
    time: new Float64Array(size),
    from: new Uint8Array(size),
    to: new Uint8Array(size),
  }));
  const seen = Uint8Array.from({ length: STATES }, (_, s) => (only === undefined || s === only ? s : ABSENT));
  const before = new Uint8Array(lanes).fill(ABSENT);
  for (let k = 0; k < byStart.length; k++) {
    const i = byStart[k];
    const lane = laneOf[i];
    const end = i + 1 === first[lane + 1];
    // A piece of no duration changes nothing that can be seen or summed.
    if (!end && start[i] === start[i + 1]) continue;
    const now = end ? ABSENT : seen[state[i]];
    if (now === before[lane]) continue;
    const group = made[groupOf[lane]];
    group.time[group.n] = start[i];
    group.from[group.n] = before[lane];
    group.to[group.n] = now;
    group.n++;
    before[lane] = now;
  }
  return made.map(({ n, time, from, to }) => {
    const own = { time: time.slice(0, n), from: from.slice(0, n), to: to.slice(0, n) };
    return { ...own, ...summed(own) };
  });
}

/**
 * How many spans of time there are at a moment, all in one state.
 *
 * @param {Float64Array} starts
 * @param {Float64Array} ends
 * @param {number} state
 */
export function stepsOfSpans(starts, ends, state) {
  const n = starts.length;
  const time = new Float64Array(2 * n);
  time.set(starts);
  time.set(ends, n);
  const from = new Uint8Array(2 * n).fill(ABSENT, 0, n).fill(state, n);
  const to = new Uint8Array(2 * n).fill(state, 0, n).fill(ABSENT, n);
  const places = order(time);
  const own = {
    time: Float64Array.from(places, (place) => time[place]),
    from: Uint8Array.from(places, (place) => from[place]),
    to: Uint8Array.from(places, (place) => to[place]),
  };
  return { ...own, ...summed(own) };
}

/**
 * @param {{time: Float64Array, from: Uint8Array, to: Uint8Array}} changes
 */
function summed({ time, from, to }) {
  const n = time.length;
  const sums = new Float64Array(Math.ceil(n / EVERY) * STATES);
  const counts = new Int32Array(sums.length);
  const sum = new Float64Array(STATES);
  const count = new Int32Array(STATES);
  // The time until which each state's sum is up to date: two states change at a time, not all.
  const since = new Float64Array(STATES);
  let there = 0;
  let peak = 0;
  for (let i = 0; i < n; i++) {
    const t = time[i];
    if (i % EVERY === 0) {
      for (let s = 0; s < STATES; s++) {
        sum[s] += count[s] * (t - since[s]);
        since[s] = t;
      }
      sums.set(sum, (i / EVERY) * STATES);
      counts.set(count, (i / EVERY) * STATES);
    }
    const [a, b] = [from[i], to[i]];
    sum[a] += count[a] * (t - since[a]);
    sum[b] += count[b] * (t - since[b]);
    since[a] = since[b] = t;
    if (a === ABSENT) there++;
    else count[a]--;
    if (b === ABSENT) there--;
    else count[b]++;
    if ((i + 1 === n || time[i + 1] > t) && there > peak) peak = there;
  }
  return { sums, counts, peak };
}

/**
 * A place in the steps: what was summed by `t`, and how many goroutines are in each state then.
 *
 * @typedef {{next: number, t: number, sums: Float64Array, counts: Int32Array}} Cursor
 */

/** @returns {Cursor} */
export function cursor() {
  return { next: -1, t: 0, sums: new Float64Array(STATES), counts: new Int32Array(STATES) };
}

/**
 * Moves a cursor forward to `t`: at most EVERY changes are walked, however far it is.
 *
 * @param {Steps} all
 * @param {Cursor} at
 * @param {number} t
 */
export function moveTo(all, at, t) {
  const { time, from, to } = all;
  const n = time.length;
  if (at.next < 0 || t < at.t || (at.next + EVERY < n && time[at.next + EVERY] <= t)) jump(all, at, t);
  const { sums, counts } = at;
  while (at.next < n && time[at.next] <= t) {
    const passed = time[at.next] - at.t;
    if (passed > 0) {
      for (let s = 0; s < STATES; s++) sums[s] += counts[s] * passed;
      at.t = time[at.next];
    }
    if (from[at.next] !== ABSENT) counts[from[at.next]]--;
    if (to[at.next] !== ABSENT) counts[to[at.next]]++;
    at.next++;
  }
  for (let s = 0; s < STATES; s++) sums[s] += counts[s] * (t - at.t);
  at.t = t;
}

/**
 * @param {Steps} all
 * @param {Cursor} at
 * @param {number} t
 */
function jump({ time, sums, counts }, at, t) {
  const first = time.length === 0 || time[0] > t;
  const block = first ? 0 : Math.floor(lastBegun(time, 0, time.length - 1, t) / EVERY);
  at.next = block * EVERY;
  at.t = first ? t : time[at.next];
  for (let s = 0; s < STATES; s++) {
    at.sums[s] = first ? 0 : sums[block * STATES + s];
    at.counts[s] = first ? 0 : counts[block * STATES + s];
  }
}

/**
 * Goroutine-ns per state in each of `width` equal columns from t0 to t1; ABSENT is what is missing to
 * the peak, so the states of a column always add up to peak * its duration.
 *
 * @param {Steps} all
 * @param {number} t0
 * @param {number} t1
 * @param {number} width
 * @param {Float64Array} out  width * STATES, overwritten
 */
export function columnCounts(all, t0, t1, width, out) {
  const step = (t1 - t0) / width;
  const at = cursor();
  const before = new Float64Array(STATES);
  moveTo(all, at, t0);
  before.set(at.sums);
  for (let x = 0, base = 0; x < width; x++, base += STATES) {
    const left = at.t;
    moveTo(all, at, x + 1 === width ? t1 : t0 + (x + 1) * step);
    let there = 0;
    for (let s = 0; s < STATES; s++) {
      const part = at.sums[s] - before[s];
      out[base + s] = part;
      there += part;
      before[s] = at.sums[s];
    }
    out[base + ABSENT] = Math.max(0, all.peak * (at.t - left) - there);
  }
}
