// Which pieces a reader asked for. What a filter leaves out is drawn faded, so that time stays whole.

import { lastBegun } from "./pieces.js";
import { ABSENT, FADED, RUNNABLE, WAITING } from "./states.js";

/**
 * All that are given must hold; an empty one holds for all.
 *
 * @typedef {object} Filter
 * @property {number} [state]
 * @property {number} [p]
 * @property {number} [goroutine]  its number in the program
 * @property {string} [function]  part of the name of a function on the piece's stack or of the start function
 * @property {string} [region]  a region or task that the goroutine is in for some of the piece
 * @property {number} [wait]  ns: waiting or runnable for at least so long
 */

/** @param {Filter} filter */
export function isEmpty(filter) {
  return Object.values(filter).every((value) => value === undefined || value === "");
}

/**
 * @param {unknown} value  from a link or a trait
 * @returns {Filter}
 */
export function checkedFilter(value) {
  const given = /** @type {Record<string, unknown>} */ (value && typeof value === "object" ? value : {});
  /** @type {Filter} */
  const filter = {};
  for (const name of /** @type {const} */ (["state", "p", "goroutine", "wait"])) {
    const number = given[name];
    if (typeof number === "number" && Number.isFinite(number) && number >= 0) filter[name] = number;
  }
  for (const name of /** @type {const} */ (["function", "region"])) {
    const text = given[name];
    if (typeof text === "string" && text) filter[name] = text;
  }
  return filter;
}

/**
 * 1 for each piece of a goroutine that is asked for.
 *
 * @param {import("./model.js").Recording} recording
 * @param {Filter} filter
 * @returns {Uint8Array}
 */
export function chosen(recording, filter) {
  const { lives } = recording;
  const keep = new Uint8Array(lives.start.length);
  const part = (filter.function ?? "").toLowerCase();
  const stacks = part ? stacksWith(recording, part) : null;
  const inRegion = filter.region ? regionOf(recording, filter.region) : null;
  const { start, state, first } = lives;
  for (let lane = 0; lane + 1 < first.length; lane++) {
    if (filter.goroutine !== undefined && recording.goroutineId(lane) !== filter.goroutine) continue;
    const named = stacks && recording.functions[lane].toLowerCase().includes(part);
    const regions = inRegion?.get(lane);
    if (inRegion && !regions) continue;
    for (let i = first[lane]; i < first[lane + 1] - 1; i++) {
      const now = state[i];
      if (now === ABSENT) continue;
      if (filter.state !== undefined && now !== filter.state) continue;
      if (filter.p !== undefined && lives.p(i) !== filter.p) continue;
      if (filter.wait !== undefined) {
        if ((now !== RUNNABLE && now !== WAITING) || start[i + 1] - start[i] < filter.wait) continue;
      }
      if (stacks && !named && !stacks[recording.stackOf(i)] && !stacks[recording.endOf(i)]) continue;
      if (regions && !overlaps(regions, start[i], start[i + 1])) continue;
      keep[i] = 1;
    }
  }
  return keep;
}

/**
 * The states to draw.
 *
 * @param {Uint8Array} state
 * @param {(piece: number) => boolean | number} kept
 */
export function faded(state, kept) {
  const drawn = new Uint8Array(state.length);
  for (let i = 0; i < state.length; i++) drawn[i] = state[i] === ABSENT || kept(i) ? state[i] : FADED;
  return drawn;
}

/**
 * @param {import("./model.js").Recording} recording
 * @param {string} part  in lower case
 */
function stacksWith({ columns, texts }, part) {
  const { stack_first: first, stack_frame: frame, frame_function: name } = columns;
  const found = new Uint8Array(first.length);
  const matches = texts.map((text) => text.toLowerCase().includes(part));
  for (let stack = 1; stack < first.length; stack++) {
    for (let k = first[stack - 1]; k < first[stack] && !found[stack]; k++) {
      if (matches[name[frame[k]]]) found[stack] = 1;
    }
  }
  return found;
}

/**
 * @param {import("./model.js").Recording} recording
 * @param {string} name
 * @returns {Map<number, {start: Float64Array, end: Float64Array}>} of each goroutine lane, in time's order
 */
function regionOf({ columns, texts, laneOfGoroutine }, name) {
  /** @type {Map<number, [number, number][]>} */
  const byLane = new Map();
  const { mark_name: names, mark_g: g, mark_start: start, mark_dur: dur, mark_kind: kind } = columns;
  for (let i = 0; i < names.length; i++) {
    if ((kind[i] !== 1 && kind[i] !== 2) || !g[i] || texts[names[i]] !== name) continue;
    const lane = laneOfGoroutine[g[i] - 1];
    const list = byLane.get(lane) ?? [];
    list.push([start[i], start[i] + dur[i]]);
    byLane.set(lane, list);
  }
  return new Map(
    [...byLane].map(([lane, list]) => {
      // Regions nest: the latest end so far makes the search by start exact enough to never miss one.
      let latest = 0;
      const ends = list.map(([, end]) => (latest = Math.max(latest, end)));
      return [lane, { start: Float64Array.from(list, ([begin]) => begin), end: Float64Array.from(ends) }];
    }),
  );
}

/**
 * @param {{start: Float64Array, end: Float64Array}} regions
 * @param {number} begin
 * @param {number} end
 */
function overlaps(regions, begin, end) {
  const last = lastBegun(regions.start, 0, regions.start.length - 1, end);
  return regions.start[last] < end && regions.end[last] > begin;
}
