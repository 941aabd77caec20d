// The boxes below the Ps: system calls, what goroutines wait for, Ms that are parked.

import { NOBODY, SYSCALL, UNKNOWN, UNQUEUED, WAITING } from "./events.js";

/** @typedef {import("./events.js").Events} Events @typedef {import("./state.js").State} State */

/**
 * @typedef {object} Pool
 * @property {string} key
 * @property {string} title
 * @property {number[]} gs  goroutines, who came first in front
 * @property {number[]} ms  Ms
 */

/** Pools that are used at some time in the window, so that boxes stay where they are. @param {Events} events */
export function poolKeys(events) {
  const keys = new Set(["syscall"]);
  for (let row = 0; row < events.kind.length; row++) {
    if (events.g[row] !== NOBODY) keys.add(keyOf(events, events.place[row], events.reason[row]));
  }
  keys.delete("");
  const order = ["syscall", ...events.meta.pools.map((_, number) => `wait ${number}`), "unqueued"];
  return [...order.filter((key) => keys.has(key)), "parked"];
}

/** @param {Events} events @param {string} key */
export function titleOf(events, key) {
  if (key === "syscall") return "In system calls";
  if (key === "parked") return "Parked Ms";
  if (key === "unqueued") return "Runnable, queue unseen";
  return events.meta.pools[Number(key.slice(5))];
}

/**
 * @param {Events} events
 * @param {State} state
 * @param {string[]} keys
 * @returns {Pool[]}
 */
export function pools(events, state, keys) {
  const found = new Map(keys.map((key) => [key, /** @type {Pool} */ ({ key, title: titleOf(events, key), gs: [], ms: [] })]));
  const busy = new Set();
  for (let g = 0; g < events.goroutines; g++) {
    const m = state.m[g];
    if (state.place[g] === SYSCALL) {
      busy.add(m);
      if (m !== NOBODY && state.threadP[m] !== NOBODY) continue;
    }
    found.get(keyOf(events, state.place[g], state.reason[g]))?.gs.push(g);
  }
  for (const pool of found.values()) pool.gs.sort((a, b) => state.row[a] - state.row[b]);
  const parked = found.get("parked");
  for (let m = 0; m < state.seen.length; m++) {
    if (state.seen[m] && state.threadP[m] === NOBODY && !busy.has(m)) parked?.ms.push(m);
  }
  return [...found.values()];
}

/** @param {Events} events @param {number} place @param {number} reason */
function keyOf(events, place, reason) {
  if (place === SYSCALL) return "syscall";
  if (place === UNQUEUED) return "unqueued";
  if (place === UNKNOWN) return `wait ${events.meta.pools.length - 1}`;
  return place === WAITING ? `wait ${events.meta.pool_of[reason]}` : "";
}
