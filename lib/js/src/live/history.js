// The last samples of a running program, in columns. Bounded: the oldest make room for the newest.

export const SCALARS = /** @type {const} */ ([
  "goroutines",
  "running",
  "runnable",
  "waiting",
  "not_in_go",
  "gomaxprocs",
  "idle_procs",
  "threads",
  "idle_threads",
  "spinning_threads",
  "runq_global",
  "heap_bytes",
  "goal_bytes",
  "gc_cycles",
]);

/**
 * @typedef {(typeof SCALARS)[number]} Scalar
 * @typedef {"latencies" | "pauses"} Histogram
 * @typedef {{kind: string, meta: any, columns: Record<string, ArrayLike<number>>}} Decoded  as blob.js gives it
 */

/** Columns of twice the room that is needed: so what is kept is in one piece, and is moved only now and then. */
export class History {
  #begin = 0;
  #end = 0;
  /** @type {Float64Array} */
  #time;
  /** @type {Record<string, Float64Array>} */
  #scalars;
  /** @type {Float64Array[]} */
  #queues = [];
  /** @type {Record<Histogram, Int32Array>} */
  #histograms;
  /** The number of the next sample. */
  next = 0;
  /** How many samples never came, because this page was too slow for them. */
  lost = 0;

  /**
   * @param {number} capacity
   * @param {number} bins
   */
  constructor(capacity, bins) {
    this.capacity = capacity;
    this.bins = bins;
    const room = 2 * capacity;
    this.#time = new Float64Array(room);
    this.#scalars = Object.fromEntries(SCALARS.map((name) => [name, new Float64Array(room)]));
    this.#histograms = { latencies: new Int32Array(room * bins), pauses: new Int32Array(room * bins) };
  }

  get length() {
    return this.#end - this.#begin;
  }

  /** How many Ps there were at most. */
  get procs() {
    return this.#queues.length;
  }

  /** In ns, of each sample. What a getter gives is valid until the next append. */
  get times() {
    return this.#time.subarray(this.#begin, this.#end);
  }

  /** The time of the oldest and of the newest sample, ns (0 of an empty history); whether older ones are gone. */
  get bounds() {
    if (!this.length) return { begin: 0, end: 0, full: false };
    return { begin: this.#time[this.#begin], end: this.#time[this.#end - 1], full: this.next > this.length };
  }

  /**
   * NaN where it is not known.
   *
   * @param {Scalar} name
   */
  scalar(name) {
    return this.#scalars[name].subarray(this.#begin, this.#end);
  }

  /**
   * The length of one P's run queue; NaN where it is not known.
   *
   * @param {number} p
   */
  queue(p) {
    return this.#queues[p].subarray(this.#begin, this.#end);
  }

  /**
   * `bins` numbers for each sample; the first of them is -1 where they are not known.
   *
   * @param {Histogram} name
   */
  histogram(name) {
    return this.#histograms[name].subarray(this.#begin * this.bins, this.#end * this.bins);
  }

  /**
   * The place of the first sample at or after a time; `length` if there is none.
   *
   * @param {number} t
   */
  indexAt(t) {
    const { times } = this;
    let [low, high] = [0, times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] < t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Takes a batch in. Samples that are here already are passed over; a gap before it counts as lost.
   *
   * @param {Decoded} batch
   */
  append({ meta, columns }) {
    const skipped = Math.max(0, this.next - meta.first);
    // Who comes late has not missed what had gone by then.
    if (this.next) this.lost += Math.max(0, meta.first - this.next);
    if (skipped >= meta.samples) return;
    this.#addQueues(meta.procs);
    // What would not stay is not copied.
    const from = Math.max(skipped, meta.samples - this.capacity);
    for (let i = from; i < meta.samples; i++) this.#add(meta, columns, i);
    this.next = meta.first + meta.samples;
  }

  /** @param {number} procs */
  #addQueues(procs) {
    while (this.#queues.length < procs) this.#queues.push(new Float64Array(2 * this.capacity).fill(NaN));
  }

  /**
   * @param {any} meta
   * @param {Decoded["columns"]} columns
   * @param {number} i
   */
  #add(meta, columns, i) {
    if (this.#end === 2 * this.capacity) this.#move();
    const at = this.#end++;
    if (this.length > this.capacity) this.#begin++;
    // The clock of a program may not go back.
    this.#time[at] = at > this.#begin ? Math.max(columns.time_ns[i], this.#time[at - 1]) : columns.time_ns[i];
    for (const name of SCALARS) this.#scalars[name][at] = known(columns[name][i]);
    this.#queues.forEach((queue, p) => {
      queue[at] = p < meta.procs ? known(columns.runq_local[i * meta.procs + p]) : NaN;
    });
    for (const [name, target] of Object.entries(this.#histograms)) {
      for (let bin = 0; bin < this.bins; bin++) {
        target[at * this.bins + bin] = columns[name][i * this.bins + bin];
      }
    }
  }

  #move() {
    const { capacity, bins } = this;
    const [begin, end] = [this.#begin, this.#end];
    for (const column of [this.#time, ...Object.values(this.#scalars), ...this.#queues]) {
      column.copyWithin(0, begin, end);
    }
    for (const column of Object.values(this.#histograms)) column.copyWithin(0, begin * bins, end * bins);
    this.#begin = 0;
    this.#end = end - begin;
    if (this.#end > capacity) throw new Error("a history keeps no more than its capacity");
  }
}

/** @param {number} value */
function known(value) {
  return value < 0 ? NaN : value;
}
