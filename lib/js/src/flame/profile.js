// What the blob holds: every stack once, the leaf first, and what each profile measured on it.

/**
 * @typedef {{type: string, unit: string, exact: boolean, left_out: number}} Measure
 * @typedef {{name: string, kind: string}} Package
 * @typedef {{function: string, file: string, line: number}} StackFrame
 */

export class Profile {
  /** @param {import("../blob.js").Decoded} decoded */
  constructor({ meta, columns }) {
    /** @type {string[]} */
    this.functions = meta.functions;
    /** @type {string[]} */
    this.short = meta.short;
    /** @type {string[]} */
    this.files = meta.files;
    /** @type {Package[]} */
    this.packages = meta.packages;
    /** @type {string[]} names of the profiles, in the order of time */
    this.series = meta.series;
    /** @type {Measure[]} */
    this.measures = meta.measures;
    /** @type {number} */
    this.measure = meta.measure;
    this.first = columns.stack_first;
    this.frames = columns.stack_frame;
    this.frameFunction = columns.frame_function;
    this.frameFile = columns.frame_file;
    this.frameLine = columns.frame_line;
    this.packageOf = columns.function_package;
    this.stacks = this.first.length - 1;
    this.columns = columns;
    /** @type {Int32Array} a function's place in the alphabet */
    this.rank = ranks(this.functions);
  }

  /**
   * What one profile measured on each stack.
   *
   * @param {number} series
   * @param {number} measure
   */
  values(series, measure) {
    return this.columns[`value_${series}_${measure}`];
  }

  /**
   * @param {number} series
   * @param {number} measure
   */
  total(series, measure) {
    return sum(this.values(series, measure));
  }

  /**
   * @param {number} frame
   * @returns {StackFrame}
   */
  frame(frame) {
    const of = this.functions[this.frameFunction[frame]];
    return { function: of, file: this.files[this.frameFile[frame]], line: this.frameLine[frame] };
  }
}

/** @param {ArrayLike<number>} values */
export function sum(values) {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/** @param {string[]} names */
function ranks(names) {
  const order = names.map((_, i) => i).sort((a, b) => (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : 0));
  const rank = new Int32Array(names.length);
  order.forEach((name, place) => (rank[name] = place));
  return rank;
}

/**
 * What is compared, and what makes a frame wide. With one profile, `before` is nothing.
 *
 * @typedef {object} Chosen
 * @property {number} measure
 * @property {number} before  a profile's number
 * @property {number} after
 * @property {"after" | "before" | "both"} width
 * @property {boolean} normalised  before is scaled to the total of after
 */

/**
 * Per stack: `wide` is what its width stands for, `before` and `after` are what was measured.
 * `factor` makes before comparable with after.
 *
 * @typedef {{wide: ArrayLike<number>, before: ArrayLike<number>, after: ArrayLike<number>, factor: number}} Weights
 */

/**
 * @param {Profile} profile
 * @param {Chosen} chosen
 * @returns {Weights}
 */
export function weigh(profile, { measure, before, after, width, normalised }) {
  const late = profile.values(after, measure);
  if (before === after) return { wide: late, before: late, after: late, factor: 1 };
  const early = profile.values(before, measure);
  const [from, to] = [sum(early), sum(late)];
  const factor = normalised && from > 0 && to > 0 ? to / from : 1;
  if (width === "after") return { wide: late, before: early, after: late, factor };
  if (width === "before") return { wide: early, before: early, after: late, factor };
  const wide = new Float64Array(profile.stacks);
  for (let s = 0; s < wide.length; s++) wide[s] = early[s] * factor + late[s];
  return { wide, before: early, after: late, factor };
}
