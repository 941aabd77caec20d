// Sorting of many non-negative integers, faster than the browser's own sort with a comparison.

const DIGITS = 1 << 16;
const WORD = 2 ** 32;

/**
 * The places of `keys` in ascending order of the keys; equal keys keep their order.
 *
 * @param {Float64Array} keys  integers, 0 <= key < 2^53
 * @returns {Uint32Array}
 */
export function order(keys) {
  const count = keys.length;
  let largest = 0;
  let sorted = true;
  for (let i = 0; i < count; i++) {
    if (keys[i] > largest) largest = keys[i];
    if (i > 0 && keys[i] < keys[i - 1]) sorted = false;
  }
  let from = new Uint32Array(count);
  for (let i = 0; i < count; i++) from[i] = i;
  if (sorted) return from;
  const low = new Uint32Array(count);
  for (let i = 0; i < count; i++) low[i] = keys[i] % WORD;
  let to = new Uint32Array(count);
  const words = [low];
  if (largest >= WORD) words.push(Uint32Array.from(keys, (key) => key / WORD));
  words.forEach((word, high) => {
    for (const shift of [0, 16]) {
      if (largest < 2 ** (32 * high + shift)) continue;
      pass(word, shift, from, to);
      [from, to] = [to, from];
    }
  });
  return from;
}

/**
 * @param {Uint32Array} word
 * @param {number} shift
 * @param {Uint32Array} from
 * @param {Uint32Array} to
 */
function pass(word, shift, from, to) {
  const counts = new Uint32Array(DIGITS + 1);
  for (let i = 0; i < word.length; i++) counts[((word[i] >>> shift) & 0xffff) + 1]++;
  for (let digit = 0; digit < DIGITS; digit++) counts[digit + 1] += counts[digit];
  for (let i = 0; i < from.length; i++) to[counts[(word[from[i]] >>> shift) & 0xffff]++] = from[i];
}
