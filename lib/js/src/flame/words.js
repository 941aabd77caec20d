// Values, shares and foreign names as people read them.

import { duration } from "../timeline/units.js";

/** @type {Record<string, number>} */
const NANOSECONDS = { nanoseconds: 1, microseconds: 1e3, milliseconds: 1e6, seconds: 1e9 };
const BINARY = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/**
 * "1.25 ms", "3.2 MiB", "12,345".
 *
 * @param {number} value
 * @param {string} unit  as the profile spells it
 */
export function quantity(value, unit) {
  if (value === 0 && Object.hasOwn(NANOSECONDS, unit)) return "0 s";
  if (Object.hasOwn(NANOSECONDS, unit)) return duration(value * NANOSECONDS[unit]);
  if (unit === "bytes") return bytes(value);
  const digits = Number.isInteger(value) ? 0 : 1;
  const number = value.toLocaleString("en-US", { maximumFractionDigits: digits });
  return unit === "" || unit === "count" ? number : `${number} ${visible(unit)}`;
}

/** @param {number} value */
function bytes(value) {
  let step = 0;
  while (Math.abs(value) >= 1024 && step < BINARY.length - 1) {
    value /= 1024;
    step++;
  }
  const digits = Math.abs(value) >= 100 || step === 0 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${BINARY[step]}`;
}

/**
 * With its sign: "+1.25 ms", "−3".
 *
 * @param {number} value
 * @param {string} unit
 */
export function change(value, unit) {
  if (value === 0) return "no change";
  return `${value > 0 ? "+" : "−"}${quantity(Math.abs(value), unit)}`;
}

/**
 * "12.3 %"; never "0.0 %" for something, nor "100.0 %" for less than all.
 *
 * @param {number} part
 * @param {number} whole
 */
export function share(part, whole) {
  const percent = whole ? (100 * part) / whole : 0;
  if (percent > 0 && percent < 0.05) return "under 0.1 %";
  if (percent > 99.95 && percent < 100) return "over 99.9 %";
  return `${percent.toFixed(1)} %`;
}

/**
 * On one line, with what cannot be seen, or would turn the direction of writing, written out.
 *
 * @param {string} text
 */
export function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/**
 * @param {number} number
 * @param {string} noun
 */
export function count(number, noun) {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}
