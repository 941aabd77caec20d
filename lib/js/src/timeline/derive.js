// What Ps and Ms did, from what goroutines did on them.

import { pieces } from "./pieces.js";
import { ABSENT, IDLE, KEPT_P, RUNNING, SCHEDULING, SYSCALL } from "./states.js";

/**
 * Lanes whose pieces point to what they were derived from: `source` is a goroutine's piece, or -2 - a P's
 * recorded piece, or -1 for nothing.
 *
 * @typedef {import("./pieces.js").Pieces & {source: Int32Array, number: number[]}} Derived
 *   `number` is each lane's P number or index into threads
 */

/**
 * @typedef {object} Sources  the goroutines' and the Ps' recorded lives
 * @property {import("./model.js").Lives} lives
 * @property {import("./model.js").Lives} procs
 */

/**
 * A P runs goroutines (system calls during which it was kept count), is idle, or schedules: it is held
 * by an M that runs no goroutine.
 *
 * @param {Sources} sources
 * @returns {Derived}
 */
export function procLanes({ lives, procs }) {
  const of = (/** @type {number} */ i) => {
    const state = lives.state[i];
    if (state === RUNNING) return lives.p(i);
    return state === SYSCALL && lives.flags(i) & KEPT_P ? lives.p(i) : -1;
  };
  const work = gathered(lives, of);
  /** @type {Map<number, number>} */
  const recorded = new Map();
  procs.owner.forEach((p, lane) => recorded.set(p, lane));
  const numbers = [...new Set([...work.keys(), ...recorded.keys()])].sort((a, b) => a - b);
  const writer = new Writer(lives, procs);
  for (const p of numbers) {
    const lane = recorded.get(p);
    const background = lane === undefined ? [] : range(procs.first[lane], procs.first[lane + 1] - 1);
    writer.lane(p, work.get(p) ?? NOTHING, background, (i) =>
      procs.state[i] === RUNNING ? SCHEDULING : procs.state[i],
    );
  }
  return writer.finish();
}

/**
 * An M runs a goroutine, is in a system call with one, or schedules (it holds a P); else it is idle.
 *
 * @param {Sources} sources
 * @returns {Derived}
 */
export function threadLanes({ lives, procs }) {
  const of = (/** @type {number} */ i) =>
    lives.state[i] === RUNNING || lives.state[i] === SYSCALL ? lives.m(i) : -1;
  const work = gathered(lives, of);
  const held = gathered(procs, (i) => (procs.state[i] === RUNNING ? procs.m(i) : -1));
  const numbers = [...new Set([...work.keys(), ...held.keys()])].sort((a, b) => a - b);
  const writer = new Writer(lives, procs, IDLE);
  for (const m of numbers) writer.lane(m, work.get(m) ?? NOTHING, held.get(m) ?? NOTHING, () => SCHEDULING);
  return writer.finish();
}

const NOTHING = new Uint32Array(0);

/**
 * @param {number} begin
 * @param {number} end
 */
function range(begin, end) {
  return Uint32Array.from({ length: Math.max(0, end - begin) }, (_, k) => begin + k);
}

/**
 * The pieces of each P or M in time's order.
 *
 * @param {import("./model.js").Lives} from
 * @param {(piece: number) => number} of  the P's or M's number, -1 for none
 * @returns {Map<number, Uint32Array>}
 */
function gathered({ start, first, byStart }, of) {
  const owners = new Int32Array(start.length).fill(-1);
  /** @type {number[]} */
  const counts = [];
  for (let lane = 0; lane + 1 < first.length; lane++) {
    for (let i = first[lane]; i < first[lane + 1] - 1; i++) {
      const owner = start[i + 1] > start[i] ? of(i) : -1;
      if (owner < 0) continue;
      owners[i] = owner;
      counts[owner] = (counts[owner] ?? 0) + 1;
    }
  }
  /** @type {Uint32Array[]} */
  const lists = [];
  /** @type {number[]} */
  const used = [];
  counts.forEach((count, owner) => {
    lists[owner] = new Uint32Array(count);
    used[owner] = 0;
  });
  for (let k = 0; k < byStart.length; k++) {
    const owner = owners[byStart[k]];
    if (owner >= 0) lists[owner][used[owner]++] = byStart[k];
  }
  const found = new Map();
  lists.forEach((list, owner) => found.set(owner, list));
  return found;
}

/** Puts lanes together from work and what is behind it, one after another. */
class Writer {
  #lives;
  #procs;
  #between;
  #start = new Float64Array(1024);
  #state = new Uint8Array(1024);
  #source = new Int32Array(1024);
  #count = 0;
  /** @type {number[]} */
  #first = [0];
  /** @type {number[]} */
  #number = [];

  /**
   * @param {import("./model.js").Lives} lives
   * @param {import("./model.js").Lives} procs
   * @param {number} [between]  the state where nothing is known
   */
  constructor(lives, procs, between = ABSENT) {
    this.#lives = lives;
    this.#procs = procs;
    this.#between = between;
  }

  /**
   * @param {number} number
   * @param {Uint32Array} work  pieces of goroutines
   * @param {ArrayLike<number>} behind  pieces of Ps, seen where there is no work
   * @param {(piece: number) => number} stateOf  of a piece behind
   */
  lane(number, work, behind, stateOf) {
    const { start } = this.#lives;
    let until = behind.length ? this.#procs.start[behind[0]] : start[work[0]];
    if (work.length && start[work[0]] < until) until = start[work[0]];
    let next = 0;
    /** @param {number} end */
    const fill = (end) => {
      while (until < end) {
        while (next < behind.length && this.#procs.start[behind[next] + 1] <= until) next++;
        const piece = next < behind.length ? behind[next] : -1;
        const from = piece < 0 ? end : this.#procs.start[piece];
        if (from > until) {
          this.#add(until, this.#between, -1);
          until = Math.min(from, end);
        } else {
          this.#add(until, stateOf(piece), -2 - piece);
          until = Math.min(this.#procs.start[piece + 1], end);
        }
      }
    };
    for (let k = 0; k < work.length; k++) {
      const piece = work[k];
      fill(start[piece]);
      const end = start[piece + 1];
      if (end <= until) continue;
      this.#add(until, this.#lives.state[piece], piece);
      until = end;
    }
    if (behind.length) fill(this.#procs.start[behind[behind.length - 1] + 1]);
    this.#add(until, ABSENT, -1);
    this.#first.push(this.#count);
    this.#number.push(number);
  }

  /** @returns {Derived} */
  finish() {
    const start = this.#start.slice(0, this.#count);
    const state = this.#state.slice(0, this.#count);
    const source = this.#source.slice(0, this.#count);
    return { ...pieces(start, state, Uint32Array.from(this.#first)), source, number: this.#number };
  }

  /**
   * @param {number} start
   * @param {number} state
   * @param {number} source
   */
  #add(start, state, source) {
    if (this.#count === this.#start.length) this.#grow();
    this.#start[this.#count] = start;
    this.#state[this.#count] = state;
    this.#source[this.#count] = source;
    this.#count++;
  }

  #grow() {
    const size = this.#start.length * 2;
    const [start, state, source] = [new Float64Array(size), new Uint8Array(size), new Int32Array(size)];
    start.set(this.#start);
    state.set(this.#state);
    source.set(this.#source);
    [this.#start, this.#state, this.#source] = [start, state, source];
  }
}
