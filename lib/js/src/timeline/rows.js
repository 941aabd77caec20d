// Which rows there are, from top to bottom, and where each is. Pure.

/**
 * @typedef {"heading" | "runnable" | "queue" | "counter" | "p" | "m" | "group" | "g" | "region"} RowKind
 * @typedef {object} Row
 * @property {RowKind} kind
 * @property {number} lane  the lane; a group's, heading's, region's, queue's or counter's number
 * @property {string} label
 * @property {string} detail  said of the row besides its label
 * @property {number} y  px from the top of all rows
 * @property {number} height
 * @property {boolean} [open]  of a heading or group
 * @property {boolean} [tall]  with room for regions
 * @typedef {{name: string, lanes: number[]}} Group  goroutines of one start function
 */

export const HEIGHTS = { heading: 24, runnable: 36, queue: 26, counter: 30, p: 24, m: 16, group: 26, g: 18, region: 16 };
const TALL = 30;

/**
 * Goroutines by start function, those with the most goroutine lanes first; equals by name.
 *
 * @param {string[]} functions  of each lane
 * @returns {Group[]}
 */
export function groups(functions) {
  /** @type {Map<string, number[]>} */
  const byName = new Map();
  functions.forEach((name, lane) => {
    const known = byName.get(name);
    if (known) known.push(lane);
    else byName.set(name, [lane]);
  });
  return [...byName]
    .map(([name, lanes]) => ({ name, lanes }))
    .sort((a, b) => isRuntime(a.name) - isRuntime(b.name) || b.lanes.length - a.lanes.length || compare(a.name, b.name));
}

/** The program's own functions come before the runtime's. @param {string} name */
function isRuntime(name) {
  return Number(name === "" || (name.startsWith("runtime.") && name !== "runtime.main"));
}

/**
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * @param {Omit<Row, "y" | "height">[]} rows
 * @returns {{rows: Row[], height: number}}
 */
export function stacked(rows) {
  let y = 0;
  const placed = rows.map((row) => {
    const made = { ...row, y, height: row.tall ? TALL : HEIGHTS[row.kind] };
    y += made.height;
    return made;
  });
  return { rows: placed, height: y };
}

/**
 * The rows that are seen from `top` to `bottom`: from..to - 1.
 *
 * @param {Row[]} rows
 * @param {number} top
 * @param {number} bottom
 */
export function visible(rows, top, bottom) {
  const from = firstBelow(rows, top);
  let to = from;
  while (to < rows.length && rows[to].y < bottom) to++;
  return { from, to };
}

/**
 * The row at a height, -1 for none.
 *
 * @param {Row[]} rows
 * @param {number} y
 */
export function rowAt(rows, y) {
  const found = firstBelow(rows, y);
  return found < rows.length && rows[found].y <= y ? found : -1;
}

/**
 * @param {Row[]} rows
 * @param {number} y
 * @returns {number} the first row that ends below y
 */
function firstBelow(rows, y) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle].y + rows[middle].height > y) high = middle;
    else low = middle + 1;
  }
  return low;
}
