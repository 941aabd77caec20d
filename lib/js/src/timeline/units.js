// Times as people read them.

const UNITS = [
  { ns: 1e9, name: "s" },
  { ns: 1e6, name: "ms" },
  { ns: 1e3, name: "µs" },
  { ns: 1, name: "ns" },
];

/**
 * A duration with three figures: "1.25 ms".
 *
 * @param {number} ns
 */
export function duration(ns) {
  const size = Math.abs(ns);
  const unit = UNITS.find((one) => size >= one.ns) ?? UNITS[3];
  const value = ns / unit.ns;
  const digits = unit.ns === 1 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return `${value.toFixed(digits)} ${unit.name}`;
}

/**
 * A moment, as exactly as `step` tells two moments apart: "12.003 450 ms".
 *
 * @param {number} ns
 * @param {number} step  ns
 * @param {number} [largest]  what the unit is chosen for; the moment itself if it is not given
 */
export function moment(ns, step, largest = ns) {
  const size = Math.max(Math.abs(largest), step);
  const unit = UNITS.find((one) => size >= one.ns) ?? UNITS[3];
  const digits = Math.max(0, Math.round(Math.log10(unit.ns)) - Math.floor(Math.log10(Math.max(step, 1)) + 1e-9));
  return `${(ns / unit.ns).toFixed(digits)} ${unit.name}`;
}

/**
 * Ticks of a ruler: round moments at least `space` pixels apart.
 *
 * @param {import("./viewport.js").Viewport} view
 * @param {number} width
 * @param {number} space
 * @returns {{step: number, ticks: number[]}}
 */
export function ruler(view, width, space) {
  const least = ((view.t1 - view.t0) / Math.max(width, 1)) * space;
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= least) ?? 10 * power;
  const ticks = [];
  for (let t = Math.ceil(view.t0 / step) * step; t <= view.t1; t += step) ticks.push(t);
  return { step, ticks };
}
