// What is known of a piece, in words.

import { ABSENT, FADED, LABELS, OPEN_END, OPEN_START, RUNNABLE, STATES } from "./states.js";
import { duration, moment } from "./units.js";

/**
 * @typedef {import("./model.js").StackFrame} StackFrame
 * @typedef {object} Description
 * @property {string} title
 * @property {[string, string][]} facts  name and value
 * @property {{name: string, frames: StackFrame[]}[]} stacks
 * @property {number | null} cause  lane of who woke it
 */

/**
 * @param {import("./lanes.js").Lanes} lanes
 * @param {import("./lanes.js").Found} found
 * @returns {Description}
 */
export function describe(lanes, found) {
  const { recording } = lanes;
  const { row, source } = found;
  const open = source >= 0 ? recording.lives.flags(source) : 0;
  const length = duration(found.end - found.start);
  const beyond = open & (OPEN_START | OPEN_END) ? `at least ${length}` : length;
  /** @type {[string, string][]} */
  const facts = [
    ["duration", beyond],
    ["from", moment(found.start - recording.bounds.begin, 1)],
    ["to", moment(found.end - recording.bounds.begin, 1)],
  ];
  if (source < 0) {
    const why = row.kind === "p" ? "No goroutine ran on this P." : "This M ran no goroutine.";
    return { title: `${row.label}: ${LABELS[found.state]}`, facts: [...facts, ["", why]], stacks: [], cause: null };
  }
  const lane = recording.lives.laneOf(source);
  const [p, m] = [recording.lives.p(source), recording.lives.m(source)];
  const waker = found.state === RUNNABLE;
  const by = waker ? "made runnable on" : "on";
  const reason = recording.reasonOf(source);
  if (reason) facts.unshift(["reason", reason]);
  if (p >= 0) facts.push([`${by} P`, String(p)]);
  if (m >= 0) facts.push([`${by} M`, String(recording.meta.threads[m])]);
  const cause = recording.columns.cause[source] ? recording.causeOf(source) : -1;
  if (cause >= 0) facts.push(["by", `G ${recording.goroutineId(cause)} ${recording.functions[cause]}`]);
  else if (waker) facts.push(["by", "no goroutine (runtime, timer or network poller)"]);
  const creator = recording.columns.g_creator[recording.lives.owner[lane]];
  if (creator) facts.push(["created by", `G ${recording.columns.g_id[creator - 1]}`]);
  const stacks = [
    { name: "stack when it began", frames: recording.frames(recording.stackOf(source)) },
    {
      name: cause >= 0 ? "stack of who ended or caused it" : "stack when it ended",
      frames: recording.frames(recording.endOf(source)),
    },
  ].filter((one) => one.frames.length);
  return {
    title: `G ${recording.goroutineId(lane)} ${recording.functions[lane]}: ${LABELS[found.state]}`,
    facts,
    stacks,
    cause: cause >= 0 ? cause : null,
  };
}

/**
 * Shares of a column of a row: "running 40 %, waiting 60 %".
 *
 * @param {ArrayLike<number>} times  STATES numbers
 */
export function mix(times) {
  let total = 0;
  for (let s = 0; s < STATES; s++) if (s !== ABSENT) total += times[s];
  if (!total) return "nothing";
  const parts = [];
  for (let s = 0; s < STATES; s++) {
    if (s !== ABSENT && times[s] > 0) parts.push({ s, share: (100 * times[s]) / total });
  }
  parts.sort((a, b) => b.share - a.share);
  const percent = (/** @type {number} */ share) => (share < 0.1 ? "< 0.1" : share.toFixed(share < 10 ? 1 : 0));
  return parts.map(({ s, share }) => `${s === FADED ? "filtered out" : LABELS[s]} ${percent(share)} %`).join(", ");
}

/**
 * How many goroutines of a counting row were in each state, as a mean over a column.
 *
 * @param {ArrayLike<number>} times
 * @param {number} step  ns of the column
 */
export function means(times, step) {
  const parts = [];
  for (let s = 0; s < STATES; s++) {
    if (s !== ABSENT && times[s] > 0) parts.push(`${(times[s] / step).toPrecision(3)} ${LABELS[s]}`);
  }
  return parts.length ? parts.join(", ") : "none";
}
