// How much a frame grew or shrank, in seven steps that have words, signs and colours.

/**
 * @typedef {{name: string, words: string, sign: string}} Step
 */

/** From what is gone to what is new; the middle one is the same. @type {readonly Step[]} */
export const STEPS = [
  { name: "gone", words: "only before", sign: "gone" },
  { name: "halved", words: "half or less", sign: "▼▼" },
  { name: "shrank", words: "less", sign: "▼" },
  { name: "same", words: "the same, within 5 %", sign: "" },
  { name: "grew", words: "more", sign: "▲" },
  { name: "doubled", words: "twice or more", sign: "▲▲" },
  { name: "new", words: "only after", sign: "new" },
];

const SAME = 3;
const ALIKE = 0.05;

/**
 * @param {number} before  already scaled to be comparable
 * @param {number} after
 * @returns {number} an index into STEPS
 */
export function stepOf(before, after) {
  if (before === after) return SAME;
  if (after === 0) return 0;
  if (before === 0) return 6;
  if (Math.abs(after - before) <= ALIKE * before) return SAME;
  const ratio = after / before;
  if (ratio < 1) return ratio <= 0.5 ? 1 : 2;
  return ratio >= 2 ? 5 : 4;
}
