// The events of a board as Python packed them: schedlab/view/widgets/board_events.py says what columns mean.

// As board_kinds.Place.
export const NOWHERE = 0;
export const RUNNEXT = 1;
export const LOCAL = 2;
export const GLOBAL = 3;
export const HAND = 4;
export const RUNNING = 5;
export const SYSCALL = 6;
export const WAITING = 7;
export const UNQUEUED = 8;
export const UNKNOWN = 9;

export const NOBODY = -1;

/**
 * @typedef {{kind: string, label: string, symbol: string, known: string, place: string}} About
 * @typedef {object} Meta
 * @property {[number, number]} bounds  ns
 * @property {number[]} procs  their numbers, ascending
 * @property {number[]} threads  the system's numbers
 * @property {string[]} functions
 * @property {string[]} reasons
 * @property {string[]} pools
 * @property {number[]} pool_of  by reason
 * @property {About[]} kinds
 * @property {string} known
 * @property {string} lost
 */

/** @typedef {ArrayLike<number>} Column */

export class Events {
  /** @param {{columns: Record<string, any>, meta: any}} decoded */
  constructor({ columns, meta }) {
    /** @type {Meta} */
    this.meta = meta;
    const { time, kind, head, g, place, p, m, at, reason, source, cause } = /** @type {Record<string, Column>} */ (columns);
    this.time = time;
    this.kind = kind;
    this.g = g;
    this.place = place;
    this.p = p;
    this.m = m;
    this.at = at;
    this.reason = reason;
    this.source = source;
    this.cause = cause;
    this.ids = /** @type {Column} */ (columns.g_id);
    this.functions = /** @type {Column} */ (columns.g_function);
    /** Kind by name. @type {Record<string, number>} */
    this.kinds = Object.fromEntries(this.meta.kinds.map((about, number) => [about.kind, number]));
    /** @type {Map<number, number>} */
    this.procOf = new Map(this.meta.procs.map((number, index) => [number, index]));
    const steps = [];
    for (let row = 0; row < head.length; row++) if (head[row] && kind[row] !== this.kinds.SEEN) steps.push(row);
    /** The first row of each step. */
    this.steps = Int32Array.from(steps);
    /** Rows that put everything where it is at the beginning. */
    this.initial = steps.length ? steps[0] : head.length;
  }

  get length() {
    return this.steps.length;
  }

  get goroutines() {
    return this.ids.length;
  }

  /** The row after a step's last one. @param {number} step */
  endOf(step) {
    return step + 1 < this.steps.length ? this.steps[step + 1] : this.kind.length;
  }

  /** When a step happened; the beginning for -1. @param {number} step */
  timeOf(step) {
    return step < 0 ? this.meta.bounds[0] : this.time[this.steps[step]];
  }

  /** The last step that has happened at `t`, -1 for none. @param {number} t  ns */
  stepAt(t) {
    let low = 0;
    let high = this.steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time[this.steps[middle]] <= t) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** @param {number} step */
  about(step) {
    return this.meta.kinds[this.kind[this.steps[step]]];
  }

  /** @param {number} g */
  gName(g) {
    return `G${this.ids[g]}`;
  }

  /** @param {number} m */
  mName(m) {
    return `M${this.meta.threads[m]}`;
  }

  /** @param {number} g */
  functionOf(g) {
    return this.meta.functions[this.functions[g]] || "function unknown";
  }

  /** Whether a step moves a goroutine, itself or along. @param {number} step @param {number} g */
  concerns(step, g) {
    for (let row = this.steps[step]; row < this.endOf(step); row++) if (this.g[row] === g) return true;
    return false;
  }

  /**
   * The next step (or, backwards, the one before) that fits.
   *
   * @param {number} step  from here, itself left out
   * @param {1 | -1} way
   * @param {{kind?: number, g?: number}} wanted
   * @returns {number}  -1 if there is none
   */
  find(step, way, { kind, g }) {
    for (let next = step + way; next >= 0 && next < this.length; next += way) {
      if (this.fits(next, { kind, g })) return next;
    }
    return -1;
  }

  /** @param {number} step @param {{kind?: number, g?: number}} wanted */
  fits(step, { kind, g }) {
    return (kind === undefined || this.kind[this.steps[step]] === kind) && (g === undefined || this.concerns(step, g));
  }

  /** The last rows up to a step that moved a goroutine, the latest first. @param {number} step @param {number} g @param {number} most */
  movesOf(step, g, most) {
    const found = [];
    const last = step < 0 ? this.initial : this.endOf(step);
    for (let row = last - 1; row >= 0 && found.length < most; row--) if (this.g[row] === g) found.push(row);
    return found;
  }
}
