// Events made by hand for the tests of the board.

import { Events } from "../src/board/events.js";

export const KINDS = ["SEEN", "CREATED", "READIED", "KICKED", "PICKED", "FROM_GLOBAL", "STOLEN", "ALONG", "BLOCKED",
  "PREEMPTED", "CALL", "RETURNED", "ENDED", "P_TAKEN", "P_IDLE", "P_STARTED", "P_GONE", "STOPPED", "RESTARTED", "SAMPLED"];

const EMPTY = { head: 1, g: -1, place: 0, p: -1, m: -1, at: 0, reason: 0, source: -1, cause: -1 };

/**
 * @typedef {Partial<typeof EMPTY> & {time: number, kind: string}} Row
 * @param {Row[]} rows
 * @param {{goroutines: number, procs: number[], threads: number, known?: string, end?: number}} size
 */
export function made(rows, { goroutines, procs, threads, known = "recorded", end }) {
  const whole = rows.map((row) => ({ ...EMPTY, ...row, kind: KINDS.indexOf(row.kind) }));
  if (whole.some((row) => row.kind < 0)) throw new Error("no such kind");
  /** @type {Record<string, any>} */
  const columns = { g_id: Float64Array.from({ length: goroutines }, (_, g) => g + 1), g_function: new Uint32Array(goroutines) };
  for (const name of /** @type {const} */ (["time", "kind", ...Object.keys(EMPTY)])) {
    columns[name] = Float64Array.from(whole, (row) => /** @type {any} */ (row)[name]);
  }
  const meta = {
    bounds: [0, end ?? Math.max(0, ...whole.map((row) => row.time)) + 10],
    procs,
    threads: Array.from({ length: threads }, (_, m) => 100 + m),
    functions: ["main.work"],
    reasons: ["", "chan receive", "stop-the-world (GC mark termination)"],
    pools: ["Wait: network", "Wait: timers", "Wait: channels", "Wait: other", "State not known"],
    pool_of: [3, 2, 3],
    kinds: KINDS.map((kind) => ({ kind, label: kind.toLowerCase(), symbol: `${kind}()`, known, place: kind === "STOLEN" ? "reconstructed" : "" })),
    known,
    lost: "",
  };
  return new Events({ columns, meta });
}

/** A number from 0 to below `n`, always the same ones for a seed. @param {number} seed */
export function dice(seed) {
  let state = seed >>> 0;
  return (/** @type {number} */ n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
