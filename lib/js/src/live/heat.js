// How many events of which duration came when: counts for the cells of a heat map, and words about them.

/**
 * @typedef {import("./history.js").History} History
 * @typedef {import("./history.js").Histogram} Name
 */

/**
 * `counts[column * bins + bin]`; `known[column]` is 1 where a sample told of the time that the column shows.
 *
 * @typedef {{counts: Float64Array, known: Uint8Array, columns: number, bins: number, most: number}} Cells
 */

/**
 * The events of a sample happened since the sample before. They are shared out over the columns of that time, so
 * that the sum over the columns is the number of events, however many samples a column has, or columns a sample.
 *
 * @param {History} history
 * @param {Name} name
 * @param {{from: number, to: number}} seen  ns
 * @param {number} columns
 * @returns {Cells}
 */
export function cells(history, name, { from, to }, columns) {
  const { bins, times } = history;
  const rows = history.histogram(name);
  const counts = new Float64Array(columns * bins);
  const knownColumns = new Uint8Array(columns);
  const width = (to - from) / columns;
  // The first sample tells of a time of unknown length before it.
  for (let i = Math.max(1, history.indexAt(from)); i < times.length && times[i - 1] < to; i++) {
    if (rows[i * bins] < 0) continue;
    const [begin, end] = [times[i - 1], times[i]];
    const last = Math.min(columns - 1, Math.ceil((end - from) / width) - 1);
    for (let column = Math.max(0, Math.floor((begin - from) / width)); column <= last; column++) {
      const overlap = Math.min(end, from + (column + 1) * width) - Math.max(begin, from + column * width);
      const share = end > begin ? overlap / (end - begin) : 1;
      if (share <= 0) continue;
      knownColumns[column] = 1;
      for (let bin = 0; bin < bins; bin++) counts[column * bins + bin] += rows[i * bins + bin] * share;
    }
  }
  return { counts, known: knownColumns, columns, bins, most: counts.reduce((a, b) => Math.max(a, b), 0) };
}

/**
 * The first and the last bin that has anything in the history; null if none has.
 *
 * @param {History} history
 * @param {Name} name
 * @param {{first: number, last: number} | null} before  what was found before the samples from `start` on
 * @param {number} start
 */
export function usedBins(history, name, before, start) {
  const { bins, length } = history;
  const rows = history.histogram(name);
  let { first, last } = before ?? { first: bins, last: -1 };
  for (let i = Math.max(0, start); i < length; i++) {
    for (let bin = 0; bin < bins; bin++) {
      if (rows[i * bins + bin] <= 0) continue;
      first = Math.min(first, bin);
      last = Math.max(last, bin);
    }
  }
  return last < 0 ? null : { first, last };
}

/**
 * Number of events in a stretch, and the bins below whose end the given shares of them are; null if there are none,
 * undefined if it is not known.
 *
 * @param {History} history
 * @param {Name} name
 * @param {{from: number, to: number}} seen
 * @param {number[]} shares
 */
export function quantiles(history, name, { from, to }, shares) {
  const { bins } = history;
  const rows = history.histogram(name);
  // A sample tells of the time before it.
  const [begin, end] = [history.indexAt(from + 1), history.indexAt(to + 1)];
  const sums = new Float64Array(bins);
  let known = false;
  for (let i = begin; i < end; i++) {
    if (rows[i * bins] < 0) continue;
    known = true;
    for (let bin = 0; bin < bins; bin++) sums[bin] += rows[i * bins + bin];
  }
  if (!known) return undefined;
  const count = sums.reduce((a, b) => a + b, 0);
  if (!count) return null;
  const found = shares.map((share) => {
    let [sum, bin] = [0, 0];
    while (bin < bins - 1 && (sum += sums[bin]) < share * count) bin++;
    return bin;
  });
  return { count, bins: found };
}

/**
 * How dark a cell is, 0 to 1: by the logarithm, because one long wait among thousands of short ones matters.
 *
 * @param {number} count
 * @param {number} most
 */
export function darkness(count, most) {
  if (count <= 0) return 0;
  return 0.15 + 0.85 * (Math.log1p(count) / Math.log1p(Math.max(most, 1)));
}
