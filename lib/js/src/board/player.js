// The moment that is shown, and how it goes on.

/** How many times slower than the program; 0 is one event after the other, at an even pace. */
export const SPEEDS = [0, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
export const EVEN_MS = 1200;
const WHOLE_MS = 30_000;
const NS_PER_MS = 1e6;

/**
 * @typedef {{t: number, step: number, speed: number, playing: boolean}} Moment
 *   `step` is the last one that has happened; several may have the same time
 */

export class Player {
  /** ms since the last event, at an even pace. */
  #waited = 0;

  /** @param {import("./events.js").Events} events @param {() => void} changed */
  constructor(events, changed) {
    this.events = events;
    this.changed = changed;
    const [t] = events.meta.bounds;
    /** @type {Moment} */
    this.now = { t, step: -1, speed: 0, playing: false };
  }

  /** @param {number} t  ns */
  seek(t) {
    const [begin, end] = this.events.meta.bounds;
    const inside = Math.min(Math.max(Number.isFinite(t) ? Math.round(t) : begin, begin), end);
    this.#set({ t: inside, step: this.events.stepAt(inside) });
  }

  /** To just after a step; -1 is the beginning. @param {number} step */
  goTo(step) {
    const inside = Math.min(Math.max(step, -1), this.events.length - 1);
    this.#set({ step: inside, t: this.events.timeOf(inside) });
  }

  /** @param {boolean} playing */
  play(playing) {
    const atEnd = this.now.step >= this.events.length - 1 && (this.now.speed === 0 || this.now.t >= this.events.meta.bounds[1]);
    if (playing && atEnd) this.goTo(-1);
    this.#waited = 0;
    this.#set({ playing: playing && this.events.length > 0 });
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.#waited = 0;
    this.#set({ speed: SPEEDS.includes(speed) ? speed : 0 });
  }

  /** Faster or slower by one. @param {1 | -1} way */
  hurry(way) {
    // In SPEEDS the slowest stands last, and the even pace first.
    const at = SPEEDS.indexOf(this.now.speed) - way;
    this.setSpeed(SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)]);
  }

  /** Time has passed at the reader's. @param {number} ms */
  tick(ms) {
    const { playing, speed, t, step } = this.now;
    if (!playing) return;
    const [, end] = this.events.meta.bounds;
    if (speed > 0) {
      this.seek(t + (ms * NS_PER_MS) / speed);
      if (this.now.t >= end) this.play(false);
      return;
    }
    this.#waited += ms;
    if (this.#waited < EVEN_MS) return;
    this.#waited = 0;
    this.goTo(step + 1);
    if (this.now.step >= this.events.length - 1) this.#set({ playing: false });
  }

  /** @param {Partial<Moment>} part */
  #set(part) {
    const next = { ...this.now, ...part };
    const { t, step, speed, playing } = this.now;
    if (next.t === t && next.step === step && next.speed === speed && next.playing === playing) return;
    this.now = next;
    this.changed();
  }
}

/** A speed with which the window lasts about half a minute. @param {[number, number]} bounds */
export function fittingSpeed([begin, end]) {
  const wanted = (WHOLE_MS * NS_PER_MS) / Math.max(end - begin, 1);
  return SPEEDS.filter((speed) => speed > 0).reduce((best, speed) =>
    Math.abs(Math.log(speed / wanted)) < Math.abs(Math.log(best / wanted)) ? speed : best,
  );
}
