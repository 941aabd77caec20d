// Numbers as people read them, in a place that keeps its width.

/**
 * @param {number} value  NaN is not known
 * @param {string} unit  "" or "bytes"
 */
export function amount(value, unit) {
  if (Number.isNaN(value)) return "?";
  return unit === "bytes" ? bytes(value) : value.toLocaleString("en");
}

/** @param {number} value */
export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit && size < 100 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

/**
 * A time since the start: "12.3 s".
 *
 * @param {number} ns
 */
export function seconds(ns) {
  return `${(ns / 1e9).toFixed(1)} s`;
}

/**
 * A bound of a bin: powers of two, so 1024 ns are "1 µs" and 8.6e9 ns are "8.6 s".
 *
 * @param {number} ns
 */
export function bound(ns) {
  const units = [
    { ns: 1e9, name: "s" },
    { ns: 1e6, name: "ms" },
    { ns: 1e3, name: "µs" },
  ];
  const unit = units.find((one) => ns >= one.ns);
  if (!unit) return `${ns} ns`;
  const value = ns / unit.ns;
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)} ${unit.name}`;
}
