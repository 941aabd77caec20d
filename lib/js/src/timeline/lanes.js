// The rows of a timeline and what each shows: recorded lives, derived lanes, and counts of groups.

import { procLanes, threadLanes } from "./derive.js";
import { chosen, faded, isEmpty } from "./filter.js";
import { columnTimes, pieceAt, pieces } from "./pieces.js";
import { marksByOwner } from "./marks.js";
import { counters, regionNames, rowsOf } from "./row_lists.js";
import { groups, stacked } from "./rows.js";
import { RUNNABLE, RUNNING, STATES } from "./states.js";
import { columnCounts, steps, stepsOfSpans } from "./steps.js";
import { counterStrip, queueStrip } from "./strips.js";

const [TASK, REGION] = [1, 2];

/**
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./steps.js").Steps} Steps
 * @typedef {import("./viewport.js").Viewport} Viewport
 * @typedef {import("./pieces.js").Pieces} Pieces
 * @typedef {{recorded: Pieces, drawn: Pieces}} Shown  the same pieces; `drawn` has a filter's faded ones
 */

export class Lanes {
  /** @type {import("./filter.js").Filter} */
  filter = {};
  /** Goroutine lanes that a filter leaves something of; null without a filter. @type {Uint8Array | null} */
  kept = null;
  /** Rows of goroutines that do not live in it are left out; null: none is. @type {Viewport | null} */
  window = null;
  /** Names of the groups and headings that are open. @type {Set<string>} */
  open = new Set(["Ps", "Goroutines", "User regions", "Queues and heap"]);
  /** @type {Row[]} */
  rows = [];
  height = 0;
  /** @type {Map<string, any>} what is made when it is first seen */
  #made = new Map();

  /**
   * @param {import("./model.js").Recording} recording
   * @param {string[]} wanted  kinds of lanes: "queues", "P", "M", "G", "regions"
   */
  constructor(recording, wanted) {
    this.recording = recording;
    this.wanted = new Set(wanted);
    this.groups = groups(recording.functions);
    this.regions = regionNames(recording);
    this.counters = counters(recording);
    this.arrange();
  }

  /** @param {import("./filter.js").Filter} filter */
  setFilter(filter) {
    this.filter = filter;
    for (const key of [...this.#made.keys()]) {
      if (key.startsWith("drawn")) this.#made.delete(key);
    }
    this.kept = isEmpty(filter) ? null : this.#lanesKept();
    this.arrange();
  }

  /** @param {string} name of a heading or group */
  toggle(name) {
    if (!this.open.delete(name)) this.open.add(name);
    this.arrange();
  }

  /** Puts the rows in their places again. */
  arrange() {
    const placed = stacked(rowsOf(this));
    this.rows = placed.rows;
    this.height = placed.height;
  }

  /** @returns {import("./derive.js").Derived} */
  get procs() {
    return this.#once("procs", () => procLanes(this.recording));
  }

  /** @returns {import("./derive.js").Derived} */
  get threads() {
    return this.#once("threads", () => threadLanes(this.recording));
  }

  /**
   * The lives that a row is one lane of; null for a row that counts.
   *
   * @param {Row} row
   * @returns {Shown | null}
   */
  lives(row) {
    if (row.kind === "g") return { recorded: this.recording.lives, drawn: this.#drawn() };
    if (row.kind === "p") return { recorded: this.procs, drawn: this.#drawnOn("p", this.procs) };
    if (row.kind === "m") return { recorded: this.threads, drawn: this.#drawnOn("m", this.threads) };
    return null;
  }

  /**
   * The counts that a row shows over time; null for a row of one lane.
   *
   * @param {Row} row
   * @returns {Steps | null}
   */
  counts(row) {
    if (row.kind === "group") {
      const { byStart } = this.recording.lives;
      const make = () => steps(this.#drawn(), byStart, this.groupOf, this.groups.length);
      return this.#once("drawn groups", make)[row.lane];
    }
    if (row.kind === "runnable") {
      const { lives } = this.recording;
      const one = new Uint8Array(lives.owner.length);
      return this.#once("runnable", () => steps(lives, lives.byStart, one, 1, RUNNABLE)[0]);
    }
    if (row.kind === "region") return this.#once(`region ${row.lane}`, () => this.#region(row.label));
    return null;
  }

  /**
   * Time per state of a row in each column of pixels.
   *
   * @param {Row} row
   * @param {import("./viewport.js").Viewport} view
   * @param {number} width
   * @param {Float64Array} out  width * STATES
   */
  times(row, view, width, out) {
    const lives = this.lives(row);
    const counts = lives ? null : this.counts(row);
    if (lives) columnTimes(lives.drawn, row.lane, view.t0, view.t1, width, out);
    else if (counts) columnCounts(counts, view.t0, view.t1, width, out);
    else out.fill(0, 0, width * STATES);
  }

  /**
   * What a row of one lane does at a moment.
   *
   * @param {Row} row
   * @param {number} t
   * @returns {Found | null}
   */
  at(row, t) {
    const lives = this.lives(row);
    if (!lives) return null;
    const { recorded } = lives;
    const piece = pieceAt(recorded, row.lane, t);
    const [start, end] = [recorded.start[piece], recorded.start[piece + 1]];
    if (!(t >= start && t <= end) || piece + 1 >= recorded.first[row.lane + 1]) return null;
    const source = row.kind === "g" ? piece : /** @type {any} */ (recorded).source[piece];
    return { row, state: recorded.state[piece], start, end, piece, source };
  }

  /**
   * The depths or values that a row shows over time; null for a row of another kind.
   *
   * @param {Row} row
   * @returns {import("./strips.js").Strip | null}
   */
  strip({ kind, lane }) {
    if (kind === "queue") return this.#once(`queue ${lane}`, () => queueStrip(this.recording, lane));
    if (kind === "counter") return this.#once(`counter ${lane}`, () => counterStrip(this.recording, this.counters[lane]));
    return null;
  }

  /**
   * Regions, messages and the collector's work on a goroutine's or P's row.
   *
   * @param {Row} row
   * @returns {import("./marks.js").MarkList | undefined}
   */
  marksOf({ kind, lane }) {
    const { lanes, ps } = this.#once("marks", () => marksByOwner(this.recording));
    if (kind === "g") return lanes.get(lane);
    return kind === "p" ? ps.get(this.procs.number[lane]) : undefined;
  }

  /** @param {number} lane of a goroutine */
  hasRegions(lane) {
    const { lanes } = this.#once("marks", () => marksByOwner(this.recording));
    return lanes.get(lane)?.marks.some((/** @type {import("./marks.js").Mark} */ one) => one.kind === "region") ?? false;
  }

  /** The group of each goroutine lane. @returns {Int32Array} */
  get groupOf() {
    return this.#once("groupOf", () => {
      const found = new Int32Array(this.recording.functions.length);
      this.groups.forEach((group, number) => group.lanes.forEach((lane) => (found[lane] = number)));
      return found;
    });
  }

  /** @returns {Pieces} */
  #drawn() {
    const { lives } = this.recording;
    if (isEmpty(this.filter)) return lives;
    return this.#once("drawn lives", () => {
      const keep = this.#chosen();
      return pieces(lives.start, faded(lives.state, (i) => keep[i]), lives.first);
    });
  }

  /**
   * @param {string} name
   * @param {import("./derive.js").Derived} derived
   * @returns {Pieces}
   */
  #drawnOn(name, derived) {
    if (isEmpty(this.filter)) return derived;
    return this.#once(`drawn ${name}`, () => {
      const keep = this.#chosen();
      const { source, state } = derived;
      const kept = (/** @type {number} */ i) => source[i] >= 0 && keep[source[i]];
      return pieces(derived.start, faded(state, kept), derived.first);
    });
  }

  /** @returns {Uint8Array} */
  #chosen() {
    return this.#once("drawn chosen", () => chosen(this.recording, this.filter));
  }

  #lanesKept() {
    const keep = this.#chosen();
    const { first } = this.recording.lives;
    const found = new Uint8Array(first.length - 1);
    for (let lane = 0; lane < found.length; lane++) {
      for (let i = first[lane]; i < first[lane + 1] && !found[lane]; i++) found[lane] = keep[i];
    }
    return found;
  }

  /** @param {string} name */
  #region(name) {
    const { columns, texts } = this.recording;
    const { mark_name: names, mark_kind: kind, mark_start: start, mark_dur: dur } = columns;
    /** @type {number[]} */
    const found = [];
    names.forEach((/** @type {number} */ text, /** @type {number} */ i) => {
      if ((kind[i] === REGION || kind[i] === TASK) && texts[text] === name) found.push(i);
    });
    return stepsOfSpans(
      Float64Array.from(found, (i) => start[i]),
      Float64Array.from(found, (i) => start[i] + dur[i]),
      RUNNING,
    );
  }

  /**
   * @template Value
   * @param {string} key
   * @param {() => Value} make
   * @returns {Value}
   */
  #once(key, make) {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key);
  }
}

/**
 * A piece that was found: `source` is the goroutine's piece behind it, below 0 if there is none.
 *
 * @typedef {{row: Row, state: number, start: number, end: number, piece: number, source: number}} Found
 */
