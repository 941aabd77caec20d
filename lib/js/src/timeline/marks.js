// Regions, log messages, and the collector's work, by the goroutine or P that they belong to.

import { lastBegun, pieceAt } from "./pieces.js";
import { RUNNING } from "./states.js";
import { duration } from "./units.js";

const [RANGE, TASK, REGION, LOG, LABEL] = [0, 1, 2, 3, 4];

/**
 * @typedef {"gc" | "region" | "log"} MarkKind
 * @typedef {{kind: MarkKind, name: string, start: number, end: number}} Mark
 * @typedef {{marks: Mark[], latest: Float64Array}} MarkList  by start; `latest` is the latest end so far
 */

/**
 * The marks of each goroutine lane, and those of the collector by P.
 *
 * @param {import("./model.js").Recording} recording
 * @returns {{lanes: Map<number, MarkList>, ps: Map<number, MarkList>}}
 */
export function marksByOwner(recording) {
  const { columns, laneOfGoroutine } = recording;
  /** @type {Map<number, Mark[]>} */
  const lanes = new Map();
  /** @type {Map<number, Mark[]>} */
  const ps = new Map();
  for (let i = 0; i < columns.mark_kind.length; i++) {
    const g = columns.mark_g[i];
    const lane = g ? laneOfGoroutine[g - 1] : -1;
    const mark = markOf(recording, i, lane);
    if (!mark) continue;
    if (lane >= 0) put(lanes, lane, mark);
    if (mark.kind !== "gc") continue;
    if (mark.name.includes("sweep") && columns.mark_p[i]) put(ps, columns.mark_p[i] - 1, mark);
    else if (lane >= 0) for (const [p, part] of onPs(recording, lane, mark)) put(ps, p, part);
  }
  const listed = (/** @type {Map<number, Mark[]>} */ all) => new Map([...all].map(([key, marks]) => [key, list(marks)]));
  return { lanes: listed(lanes), ps: listed(ps) };
}

/**
 * @param {import("./model.js").Recording} recording
 * @param {number} i
 * @param {number} lane
 * @returns {Mark | null} null for what is drawn across all lanes
 */
function markOf({ columns, texts, lives }, i, lane) {
  const kind = columns.mark_kind[i];
  const [start, name] = [columns.mark_start[i], texts[columns.mark_name[i]]];
  const end = start + columns.mark_dur[i];
  if (kind === REGION) return { kind: "region", name, start, end };
  if (kind === TASK) return { kind: "region", name: `task ${name}`, start, end };
  if (kind === LOG) {
    const message = texts[columns.mark_message[i]];
    return { kind: "log", name: [name, message].filter(Boolean).join(": "), start, end: start };
  }
  // A worker of the collector is labelled when it begins to run, for as long as it runs.
  if (kind === LABEL) {
    const until = lane < 0 ? start : lives.start[pieceAt(lives, lane, start) + 1];
    return { kind: "gc", name: `mark worker ${name}`, start, end: Math.max(until, start) };
  }
  const across = name.startsWith("stop-the-world") || name.startsWith("GC concurrent mark");
  return kind === RANGE && !across ? { kind: "gc", name, start, end } : null;
}

/**
 * What a goroutine does in a range it does on the Ps on which it runs meanwhile. (A sweep is a P's own.)
 *
 * @param {import("./model.js").Recording} recording
 * @param {number} lane
 * @param {Mark} mark
 * @returns {[number, Mark][]}
 */
function onPs({ lives }, lane, mark) {
  /** @type {[number, Mark][]} */
  const found = [];
  for (let i = pieceAt(lives, lane, mark.start); i + 1 < lives.first[lane + 1] && lives.start[i] < mark.end; i++) {
    const start = Math.max(mark.start, lives.start[i]);
    const end = Math.min(mark.end, lives.start[i + 1]);
    if (lives.state[i] === RUNNING && end > start) found.push([lives.p(i), { ...mark, start, end }]);
  }
  return found;
}

/**
 * @param {Map<number, Mark[]>} all
 * @param {number} key
 * @param {Mark} mark
 */
function put(all, key, mark) {
  const known = all.get(key);
  if (known) known.push(mark);
  else all.set(key, [mark]);
}

/** @param {Mark[]} marks @returns {MarkList} */
function list(marks) {
  marks.sort((a, b) => a.start - b.start);
  let latest = -Infinity;
  return { marks, latest: Float64Array.from(marks, ({ end }) => (latest = Math.max(latest, end))) };
}

/**
 * Those that touch t0..t1, in time's order.
 *
 * @param {MarkList | undefined} all
 * @param {number} t0
 * @param {number} t1
 * @returns {Mark[]}
 */
export function marksIn(all, t0, t1) {
  if (!all || !all.marks.length) return [];
  const { marks, latest } = all;
  let from = lastBegun(latest, 0, latest.length - 1, t0);
  while (from > 0 && latest[from - 1] >= t0) from--;
  const found = [];
  for (let i = from; i < marks.length && marks[i].start <= t1; i++) if (marks[i].end >= t0) found.push(marks[i]);
  return found;
}

/**
 * A text for each; those of the same name are counted, so that many small ones hide no other.
 *
 * @param {Mark[]} marks
 */
export function markTexts(marks) {
  /** @type {Map<string, { count: number, time: number }>} */
  const named = new Map();
  for (const { kind, name, start, end } of marks) {
    const label = `${kind === "log" || kind === "region" ? `${kind} ` : ""}${name}`;
    const { count, time } = named.get(label) ?? { count: 0, time: 0 };
    named.set(label, { count: count + 1, time: time + (kind === "log" ? 0 : end - start) });
  }
  return [...named].map(([label, { count, time }]) => {
    const times = count > 1 ? ` (${count} times)` : "";
    return label.startsWith("log ") ? `${label}${times}` : `${label}${times}, ${duration(time)}`;
  });
}
