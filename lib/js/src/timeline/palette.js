// The colours of the current theme, for canvases. They are defined in widgets/timeline.css.

import { colours } from "../theme.js";
import { ABSENT, STACKED } from "./states.js";

const NAMES = /** @type {const} */ ([
  "timeline-unknown",
  "timeline-runnable",
  "timeline-running",
  "timeline-waiting",
  "timeline-syscall",
  "timeline-idle",
  "timeline-scheduling",
  "schedlab-background",
  "timeline-faded",
]);

const OTHERS = /** @type {const} */ ({
  ink: "schedlab-ink",
  faint: "schedlab-faint-ink",
  line: "schedlab-line",
  accent: "schedlab-accent",
  alert: "schedlab-alert",
  raised: "schedlab-raised",
  background: "schedlab-background",
  onState: "timeline-on-state",
  edge: "timeline-edge",
  gc: "timeline-gc",
  gcLine: "timeline-gc-line",
});

/**
 * @typedef {Record<keyof typeof OTHERS, string>} Inks
 * @typedef {{states: string[], inks: Inks, bytes: Uint8Array}} Palette
 *   `states` by state; `bytes` RGBA by place in STACKED, as the renderers want them
 */

/**
 * @param {HTMLElement} root
 * @returns {Palette}
 */
export function palette(root) {
  const byName = colours(root, NAMES);
  const states = NAMES.map((name) => byName[name]);
  const others = colours(root, Object.values(OTHERS));
  const inks = /** @type {Inks} */ (
    Object.fromEntries(Object.entries(OTHERS).map(([key, name]) => [key, others[name]]))
  );
  const bytes = new Uint8Array(STACKED.length * 4);
  STACKED.forEach((state, place) => {
    if (state === ABSENT) return;
    const [r, g, b] = (states[state].match(/\d+/g) ?? []).map(Number);
    bytes.set([r, g, b, 255], place * 4);
  });
  return { states, inks, bytes };
}
