// The blob's columns, as the widget reads them: the counterpart of schedlab/view/widgets/timeline_columns.py.

import { pieces } from "./pieces.js";
import { order } from "./radix.js";

const LONG = 0xffffffff;
const RANGE = 0;

/** Recorded lives of goroutines or Ps, with what is known of each piece. */
export class Lives {
  /** @type {Uint16Array | Uint8Array | Uint32Array} */
  #what;
  /** @type {Uint16Array | Uint8Array | Uint32Array} */
  #where;
  #flags;
  #reasons;
  /** @type {Uint32Array | null} */
  #byStart = null;
  #ps;
  #ms;

  /**
   * @param {Record<string, any>} columns  without a prefix
   * @param {ArrayLike<number>} owner
   * @param {number[][]} whats  state, flags, reason
   * @param {number[][]} wheres  P, M
   */
  constructor(columns, owner, whats, wheres) {
    /** What each lane is of: a row of goroutines, or a P's number. */
    this.owner = Array.from(owner);
    this.#what = columns.what;
    this.#where = columns.where;
    this.#flags = Uint8Array.from(whats, (one) => one[1]);
    this.#reasons = Uint32Array.from(whats, (one) => one[2]);
    this.#ps = Int32Array.from(wheres, (one) => one[0]);
    this.#ms = Int32Array.from(wheres, (one) => one[1]);
    const first = new Uint32Array(columns.lane_length.length + 1);
    for (let k = 0; k + 1 < first.length; k++) first[k + 1] = first[k] + columns.lane_length[k];
    const start = starts(columns, first);
    const state = new Uint8Array(start.length);
    const states = Uint8Array.from(whats, (one) => one[0]);
    for (let i = 0; i < state.length; i++) state[i] = states[this.#what[i]];
    const all = pieces(start, state, first);
    this.start = all.start;
    this.state = all.state;
    this.first = all.first;
    this.sums = all.sums;
  }

  /** @param {number} piece */
  flags(piece) {
    return this.#flags[this.#what[piece]];
  }

  /** A number of reasons. @param {number} piece */
  reason(piece) {
    return this.#reasons[this.#what[piece]];
  }

  /** -1 for none. @param {number} piece */
  p(piece) {
    return this.#ps[this.#where[piece]];
  }

  /** An index into threads, -1 for none. @param {number} piece */
  m(piece) {
    return this.#ms[this.#where[piece]];
  }

  /** All pieces in time's order. @returns {Uint32Array} */
  get byStart() {
    this.#byStart ??= order(this.start);
    return this.#byStart;
  }

  /** The lane that a piece is of. @param {number} piece */
  laneOf(piece) {
    let low = 0;
    let high = this.first.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.first[middle] <= piece) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/**
 * @param {Record<string, any>} columns
 * @param {Uint32Array} first
 */
function starts(columns, first) {
  const { dur, lane_start: begin } = columns;
  const start = new Float64Array(dur.length);
  const long = new Map();
  for (let k = 0; k < columns.long_at.length; k++) long.set(columns.long_at[k], columns.long_dur[k]);
  for (let lane = 0; lane + 1 < first.length; lane++) {
    let t = begin[lane];
    for (let i = first[lane]; i < first[lane + 1]; i++) {
      start[i] = t;
      t += dur[i] === LONG ? long.get(i) : dur[i];
    }
  }
  return start;
}

/**
 * @typedef {{function: string, file: string, line: number}} StackFrame
 */

/** All that a timeline shows, as it was recorded. */
export class Recording {
  /**
   * @param {import("../blob.js").Decoded} decoded
   */
  constructor({ columns, meta }) {
    this.columns = /** @type {Record<string, any>} */ (columns);
    /** @type {any} */
    this.meta = meta;
    this.lives = new Lives(this.columns, this.columns.lane_g, meta.what, meta.where);
    this.procs = new Lives(without(this.columns, "proc_"), this.columns.proc_p, meta.proc_what, meta.proc_where);
    /** @type {string[]} */
    this.texts = meta.texts;
    /** @type {Int32Array} lane of each goroutine, -1 for none */
    this.laneOfGoroutine = new Int32Array(this.columns.g_id.length).fill(-1);
    this.lives.owner.forEach((g, lane) => (this.laneOfGoroutine[g] = lane));
    /** @type {import("./viewport.js").Bounds} */
    this.bounds = { begin: meta.bounds[0], end: Math.max(meta.bounds[1], meta.bounds[0] + 1) };
    /** The start function of each lane; "" where it is not known. @type {string[]} */
    this.functions = this.lives.owner.map((g) => this.texts[this.columns.g_function[g]]);
    this.ranges = this.#ranges();
  }

  /**
   * Stops of the world, and the collector's mark phases.
   *
   * @returns {{kind: "stw" | "gc", name: string, start: number, end: number}[]} in time's order
   */
  #ranges() {
    const { mark_kind: kind, mark_name: names, mark_start: start, mark_dur: dur } = this.columns;
    const found = [];
    for (let i = 0; i < kind.length; i++) {
      const name = this.texts[names[i]];
      const is = name.startsWith("stop-the-world") ? "stw" : name.startsWith("GC concurrent mark") ? "gc" : null;
      if (kind[i] !== RANGE || !is) continue;
      found.push({ kind: /** @type {"stw" | "gc"} */ (is), name, start: start[i], end: start[i] + dur[i] });
    }
    return found;
  }

  /** The goroutine's number in the program. @param {number} lane */
  goroutineId(lane) {
    return this.columns.g_id[this.lives.owner[lane]];
  }

  /** @param {number} piece */
  stackOf(piece) {
    return this.columns.stack[piece];
  }

  /** @param {number} piece */
  endOf(piece) {
    return this.columns.end[piece];
  }

  /** The lane of who caused the piece, -1 for nobody. @param {number} piece */
  causeOf(piece) {
    const cause = this.columns.cause[piece];
    return cause === 0 ? -1 : this.laneOfGoroutine[cause - 1];
  }

  /** @param {number} piece */
  reasonOf(piece) {
    return String(this.meta.reasons[this.lives.reason(piece)] ?? "");
  }

  /**
   * @param {number} stack  0 for none
   * @returns {StackFrame[]} the innermost first
   */
  frames(stack) {
    if (!stack) return [];
    const { stack_first: first, stack_frame: frame } = this.columns;
    const { frame_function: name, frame_file: file, frame_line: line } = this.columns;
    const found = [];
    for (let k = first[stack - 1]; k < first[stack]; k++) {
      const one = frame[k];
      found.push({ function: this.texts[name[one]], file: this.texts[file[one]], line: line[one] });
    }
    return found;
  }
}

/**
 * @param {Record<string, any>} columns
 * @param {string} prefix
 */
function without(columns, prefix) {
  const own = Object.entries(columns).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, column]) => [name.slice(prefix.length), column]));
}
