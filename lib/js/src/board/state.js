// Where everything stands at a moment: a pure function of the events and the time.

import { GLOBAL, LOCAL, NOBODY, NOWHERE, RUNNEXT, RUNNING, SYSCALL } from "./events.js";

/** A P that is not there. */
export const GONE = -2;

const EVERY = 256;

/**
 * @typedef {object} State
 * @property {Uint8Array} place  of each goroutine
 * @property {Int16Array} p  of each goroutine: the P of its place, -1 none
 * @property {Int32Array} m  of each goroutine: its M while it runs or is in a system call, -1 none
 * @property {Uint16Array} reason
 * @property {Int32Array} row  of each goroutine: the row that put it there, -1 none
 * @property {number[]} runnext  goroutine of each P, -1 none
 * @property {number[][]} local  queue of each P, from the head
 * @property {number[]} global
 * @property {Int32Array} procM  M of each P; -1 idle, -2 not there
 * @property {Int32Array} threadP  P (index) of each M, -1 none
 * @property {Uint8Array} seen  Ms that have been seen
 * @property {number} stopped  how many have stopped the world
 * @property {number} why  the reason for which the world is stopped, -1 it is not
 * @property {number} ended  goroutines that have ended
 */

/** @typedef {import("./events.js").Events} Events */

/** @type {WeakMap<Events, State[]>} */
const checkpoints = new WeakMap();

/**
 * The state at `t`, after all that happened then.
 *
 * @param {Events} events
 * @param {number} t  ns
 */
export function stateAt(events, t) {
  return stateAfter(events, events.stepAt(t));
}

/**
 * The state after a step; before all of them for -1. It is the caller's own.
 *
 * @param {Events} events
 * @param {number} step
 */
export function stateAfter(events, step) {
  const known = checkpoints.get(events) ?? [beginning(events)];
  checkpoints.set(events, known);
  const wanted = Math.floor((step + 1) / EVERY);
  for (let next = known.length; next <= wanted; next++) {
    const state = copy(known[next - 1]);
    play(events, state, (next - 1) * EVERY - 1, next * EVERY - 1);
    known.push(state);
  }
  const state = copy(known[wanted]);
  play(events, state, wanted * EVERY - 1, step);
  return state;
}

/**
 * Applies the steps after `from`, up to and with `to`.
 *
 * @param {Events} events
 * @param {State} state
 * @param {number} from
 * @param {number} to
 */
export function play(events, state, from, to) {
  for (let step = from + 1; step <= to; step++) {
    for (let row = events.steps[step]; row < events.endOf(step); row++) apply(events, state, row);
  }
}

/** @param {Events} events */
function beginning(events) {
  const [count, procs, threads] = [events.goroutines, events.meta.procs.length, events.meta.threads.length];
  /** @type {State} */
  const state = {
    place: new Uint8Array(count),
    p: new Int16Array(count).fill(NOBODY),
    m: new Int32Array(count).fill(NOBODY),
    reason: new Uint16Array(count),
    row: new Int32Array(count).fill(-1),
    runnext: new Array(procs).fill(NOBODY),
    local: Array.from({ length: procs }, () => []),
    global: [],
    procM: new Int32Array(procs).fill(GONE),
    threadP: new Int32Array(threads).fill(NOBODY),
    seen: new Uint8Array(threads),
    stopped: 0,
    why: -1,
    ended: 0,
  };
  for (let row = 0; row < events.initial; row++) apply(events, state, row);
  return state;
}

/** @param {State} state @returns {State} */
function copy(state) {
  return {
    ...state,
    place: state.place.slice(),
    p: state.p.slice(),
    m: state.m.slice(),
    reason: state.reason.slice(),
    row: state.row.slice(),
    runnext: state.runnext.slice(),
    local: state.local.map((queue) => queue.slice()),
    global: state.global.slice(),
    procM: state.procM.slice(),
    threadP: state.threadP.slice(),
    seen: state.seen.slice(),
  };
}

/**
 * @param {Events} events
 * @param {State} state
 * @param {number} row
 */
function apply(events, state, row) {
  const g = events.g[row];
  const m = events.m[row];
  if (m !== NOBODY) state.seen[m] = 1;
  if (g === NOBODY) applyToProc(events, state, row);
  else move(events, state, row, g);
}

/**
 * @param {Events} events
 * @param {State} state
 * @param {number} row
 * @param {number} g
 */
function move(events, state, row, g) {
  leave(state, g);
  const place = events.place[row];
  const p = events.procOf.get(events.p[row]) ?? NOBODY;
  const m = events.m[row];
  state.place[g] = place;
  state.p[g] = p;
  state.m[g] = m;
  state.row[g] = row;
  state.reason[g] = events.reason[row];
  if (place === RUNNEXT) state.runnext[p] = g;
  else if (place === LOCAL) state.local[p].splice(events.at[row], 0, g);
  else if (place === GLOBAL) state.global.splice(events.at[row], 0, g);
  else if (place === RUNNING && p !== NOBODY && m !== NOBODY) give(state, p, m);
  else if (place === SYSCALL && p === NOBODY && m !== NOBODY) part(state, m);
  else if (place === NOWHERE && events.kind[row] === events.kinds.ENDED) state.ended += 1;
}

/** Takes a goroutine out of the queue in which it is. @param {State} state @param {number} g */
function leave(state, g) {
  const p = state.p[g];
  if (state.place[g] === RUNNEXT && state.runnext[p] === g) state.runnext[p] = NOBODY;
  else if (state.place[g] === LOCAL) remove(state.local[p], g);
  else if (state.place[g] === GLOBAL) remove(state.global, g);
}

/** @param {Events} events @param {State} state @param {number} row */
function applyToProc(events, state, row) {
  const { kinds } = events;
  const kind = events.kind[row];
  if (kind === kinds.STOPPED || kind === kinds.RESTARTED) {
    state.stopped += kind === kinds.STOPPED ? 1 : -1;
    state.why = state.stopped > 0 ? events.reason[row] : -1;
    return;
  }
  const p = events.procOf.get(events.p[row]) ?? NOBODY;
  if (p === NOBODY) return;
  if (kind === kinds.P_GONE) {
    part(state, state.procM[p]);
    state.procM[p] = GONE;
  } else if (events.m[row] === NOBODY) {
    part(state, state.procM[p]);
    state.procM[p] = NOBODY;
  } else give(state, p, events.m[row]);
}

/** P p is M m's from now on. @param {State} state @param {number} p @param {number} m */
function give(state, p, m) {
  if (state.procM[p] === m && state.threadP[m] === p) return;
  part(state, state.procM[p]);
  part(state, m);
  state.procM[p] = m;
  state.threadP[m] = p;
}

/** M m has no P any more. @param {State} state @param {number} m */
function part(state, m) {
  if (m < 0) return;
  const p = state.threadP[m];
  if (p !== NOBODY && state.procM[p] === m) state.procM[p] = NOBODY;
  state.threadP[m] = NOBODY;
}

/** @param {number[]} queue @param {number} g */
function remove(queue, g) {
  const at = queue.indexOf(g);
  if (at >= 0) queue.splice(at, 1);
}
