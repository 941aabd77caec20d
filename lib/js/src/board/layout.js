// Where each box and token stands, in px: a pure function of the state and the width.

import { HAND, NOBODY, RUNNING, SYSCALL } from "./events.js";
import { pools } from "./pools.js";
import { GONE } from "./state.js";

/**
 * @typedef {import("./events.js").Events} Events
 * @typedef {import("./state.js").State} State
 * @typedef {{key: string, kind: "global" | "p" | "pool" | "slot" | "run", x: number, y: number, w: number, h: number,
 *   title: string, detail: string, off: boolean}} Box
 * @typedef {{x: number, y: number, hidden: boolean}} Spot
 * @typedef {{key: string, x: number, y: number, text: string}} More
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} height
 * @property {Box[]} boxes
 * @property {Map<string, Spot>} tokens  by "g0", "m0"; the middle of the token
 * @property {More[]} more
 * @property {{x: number, y: number, text: string}[]} labels
 * @property {{tokenW: number, threadW: number, tokenH: number}} sizes
 */

const PAD = 10;
const GAP = 6;
const TOKEN_H = 24;
const LINE = TOKEN_H + GAP;
const CARD_H = 150;
const POOL_LINES = 3;
const CARD_W = 250;
const POOL_W = 190;

/**
 * @param {Events} events
 * @param {State} state
 * @param {{width: number, keys: string[], shown: number[]}} options  `shown` goroutines are never hidden in "+n more"
 * @returns {Layout}
 */
export function layout(events, state, { width, keys, shown }) {
  const made = new Maker(events, state, width, shown);
  const { tokens, boxes, more, labels, sizes } = made;
  let y = PAD;
  const inner = width - 2 * PAD;
  made.box({ key: "global", kind: "global", x: PAD, y, w: inner, h: 58, title: "Global queue", detail: counted(state.global.length, "goroutine") });
  made.row(state.global, PAD + GAP, y + 24, inner - 2 * GAP, 1, "global");
  y += 58 + PAD;
  const count = events.meta.procs.length;
  const columns = Math.max(1, Math.min(count, Math.floor((inner + PAD) / (CARD_W + PAD))));
  // Rows as equal as can be.
  const perRow = Math.ceil(count / Math.ceil(count / columns)) || 1;
  const cardW = (inner + PAD) / perRow - PAD;
  for (let p = 0; p < count; p++) {
    made.card(p, PAD + (p % perRow) * (cardW + PAD), y + Math.floor(p / perRow) * (CARD_H + PAD), cardW);
  }
  y += Math.ceil(count / perRow) * (CARD_H + PAD);
  y = made.pools(pools(events, state, keys), y, inner);
  return { width, height: y, boxes, tokens, more, labels, sizes };
}

class Maker {
  /** @type {Box[]} */
  boxes = [];
  /** @type {Map<string, Spot>} */
  tokens = new Map();
  /** @type {More[]} */
  more = [];
  /** @type {Layout["labels"]} */
  labels = [];

  /** @param {Events} events @param {State} state @param {number} width @param {number[]} shown */
  constructor(events, state, width, shown) {
    this.events = events;
    this.state = state;
    this.width = width;
    this.shown = shown;
    this.sizes = sizesOf(events);
    /** Goroutines in the hands of each P. @type {number[][]} */
    this.held = events.meta.procs.map(() => []);
    for (let g = 0; g < events.goroutines; g++) {
      const place = state.place[g];
      const p = place === SYSCALL && state.m[g] !== NOBODY ? state.threadP[state.m[g]] : state.p[g];
      if (p !== NOBODY && (place === RUNNING || place === HAND || place === SYSCALL)) this.held[p].push(g);
    }
  }

  /** @param {Omit<Box, "off"> & {off?: boolean}} box */
  box(box) {
    this.boxes.push({ off: false, ...box });
  }

  /**
   * One P: its M and what it runs; runnext; its queue.
   *
   * @param {number} p
   * @param {number} x
   * @param {number} y
   * @param {number} w
   */
  card(p, x, y, w) {
    const { state, sizes, events } = this;
    const m = state.procM[p];
    const key = `p${p}`;
    const queue = state.local[p];
    this.box({ key, kind: "p", x, y, w, h: CARD_H, title: `P${events.meta.procs[p]}`, detail: this.doing(p), off: m < 0 });
    const top = y + 28;
    const runX = x + PAD + sizes.threadW + GAP + 4;
    this.box({ key: `${key} m`, kind: "slot", x: x + PAD - 2, y: top, w: sizes.threadW + 4, h: TOKEN_H + 4, title: "", detail: "", off: m < 0 });
    if (m >= 0) this.put(`m${m}`, x + PAD + sizes.threadW / 2, top + 2 + TOKEN_H / 2);
    this.box({ key: `${key} run`, kind: "run", x: runX, y: top, w: x + w - PAD - runX, h: TOKEN_H + 4, title: "", detail: "", off: m < 0 });
    this.row(this.held[p], runX + 4, top + 2, x + w - PAD - runX - 8, 1, `${key} held`);
    if (this.held[p].length === 1) this.named(this.held[p][0], runX + sizes.tokenW + 12, top + 18, x + w - PAD - 4);
    const second = top + TOKEN_H + 24;
    this.labels.push({ x: x + PAD, y: second - 5, text: "runnext" });
    const slotW = sizes.tokenW + 4;
    this.box({ key: `${key} next`, kind: "slot", x: x + PAD - 2, y: second, w: slotW, h: TOKEN_H + 4, title: "", detail: "", off: false });
    if (state.runnext[p] !== NOBODY) this.put(`g${state.runnext[p]}`, x + PAD + sizes.tokenW / 2, second + 2 + TOKEN_H / 2);
    const queueX = x + PAD + slotW + 10;
    this.labels.push({ x: queueX, y: second - 5, text: `queue of P${events.meta.procs[p]}: ${queue.length}` });
    this.row(queue, queueX, second + 2, x + w - PAD - queueX, 2, `${key} queue`);
  }

  /** The function of a goroutine beside it, as much as there is room for. @param {number} g @param {number} x @param {number} y @param {number} until */
  named(g, x, y, until) {
    const room = Math.floor((until - x) / 6.2);
    const name = this.events.functionOf(g);
    if (room > 5) this.labels.push({ x, y, text: name.length <= room ? name : `…${name.slice(1 - room)}` });
  }

  /** What a P does, in words. @param {number} p */
  doing(p) {
    const { state, events } = this;
    if (state.procM[p] === GONE) return "not there";
    if (state.procM[p] === NOBODY) return state.why >= 0 ? "stopped" : "idle";
    const g = this.held[p][0];
    if (g === undefined) return "looks for work";
    if (state.place[g] === RUNNING) return `runs ${events.gName(g)}`;
    return state.place[g] === SYSCALL ? `kept by ${events.gName(g)}'s system call` : `about to run ${events.gName(g)}`;
  }

  /** @param {import("./pools.js").Pool[]} found @param {number} y @param {number} inner  @returns {number} the height until here */
  pools(found, y, inner) {
    const columns = Math.max(1, Math.min(found.length, Math.floor((inner + PAD) / (POOL_W + PAD))));
    // Few Ms and goroutines in the last row would look lost: rows are as equal as can be.
    const rows = Math.ceil(found.length / columns);
    const perRow = Math.ceil(found.length / rows);
    const w = (inner + PAD) / perRow - PAD;
    const h = 26 + POOL_LINES * LINE + 4;
    found.forEach((pool, number) => {
      const x = PAD + (number % perRow) * (w + PAD);
      const top = y + Math.floor(number / perRow) * (h + PAD);
      const detail = detailOf(pool);
      this.box({ key: pool.key, kind: "pool", x, y: top, w, h, title: pool.title, detail });
      if (pool.key === "syscall") this.pairs(pool.gs, x + 8, top + 26, w - 16);
      else if (pool.key === "parked") this.threads(pool.ms, x + 8, top + 26, w - 16);
      else this.row(pool.gs, x + 8, top + 26, w - 16, POOL_LINES, pool.key);
    });
    return y + rows * (h + PAD);
  }

  /** Goroutines in system calls, each with the M that it keeps. @param {number[]} gs @param {number} x @param {number} y @param {number} w */
  pairs(gs, x, y, w) {
    const { tokenW, threadW } = this.sizes;
    const pairW = tokenW + threadW + 2;
    this.grid(gs, { x, y, w, lines: POOL_LINES, itemW: pairW, key: "syscall" }, (g, left, middle, hidden) => {
      const m = this.state.m[g];
      if (m !== NOBODY) this.put(`m${m}`, left + threadW / 2, middle, hidden);
      this.put(`g${g}`, left + threadW + 2 + tokenW / 2, middle, hidden);
    });
  }

  /** @param {number[]} ms @param {number} x @param {number} y @param {number} w */
  threads(ms, x, y, w) {
    const { threadW } = this.sizes;
    this.grid(ms, { x, y, w, lines: POOL_LINES, itemW: threadW, key: "parked" }, (m, left, middle, hidden) =>
      this.put(`m${m}`, left + threadW / 2, middle, hidden),
    );
  }

  /** @param {number[]} gs @param {number} x @param {number} y @param {number} w @param {number} lines @param {string} key */
  row(gs, x, y, w, lines, key) {
    const { tokenW } = this.sizes;
    this.grid(gs, { x, y, w, lines, itemW: tokenW, key }, (g, left, middle, hidden) => this.put(`g${g}`, left + tokenW / 2, middle, hidden));
  }

  /**
   * Items side by side in lines; what has no room is behind "+n more", at its place.
   *
   * @param {number[]} items
   * @param {{x: number, y: number, w: number, lines: number, itemW: number, key: string}} area
   * @param {(item: number, left: number, middle: number, hidden: boolean) => void} place
   */
  grid(items, { x, y, w, lines, itemW, key }, place) {
    const perLine = Math.max(1, Math.floor((w + GAP) / (itemW + GAP)));
    const room = perLine * lines;
    const spot = (/** @type {number} */ at) => ({
      left: x + (at % perLine) * (itemW + GAP),
      middle: y + Math.floor(at / perLine) * LINE + TOKEN_H / 2,
    });
    // "+100 more" needs about 70 px, which may be more than one token's.
    const spare = itemW < 70 && perLine > 1 ? 2 : 1;
    const seen = items.length <= room ? items : this.chosen(items, Math.max(room - spare, 0));
    const inside = new Set(seen);
    seen.forEach((item, at) => place(item, spot(at).left, spot(at).middle, false));
    if (seen.length === items.length) return;
    const last = spot(Math.max(room - spare, 0));
    this.more.push({ key: `${key} more`, x: last.left, y: last.middle, text: `+${items.length - seen.length} more` });
    for (const item of items) if (!inside.has(item)) place(item, last.left, last.middle, true);
  }

  /** The first ones, and in the last places those that must be seen. @param {number[]} items @param {number} room */
  chosen(items, room) {
    const head = items.slice(0, room);
    const wanted = this.shown.filter((g) => items.includes(g) && !head.includes(g)).slice(0, room);
    return [...head.slice(0, room - wanted.length), ...wanted];
  }

  /** @param {string} key @param {number} x @param {number} y */
  put(key, x, y, hidden = false) {
    this.tokens.set(key, { x, y, hidden });
  }
}

/** Wide enough for the longest number. @param {Events} events */
export function sizesOf(events) {
  const digits = (/** @type {ArrayLike<number>} */ numbers) => {
    let most = 0;
    for (let at = 0; at < numbers.length; at++) most = Math.max(most, numbers[at]);
    return String(most).length;
  };
  return { tokenW: 26 + 7.5 * digits(events.ids), threadW: 24 + 7.5 * digits(events.meta.threads), tokenH: TOKEN_H };
}

/** @param {import("./pools.js").Pool} pool */
function detailOf({ key, gs, ms }) {
  if (key === "parked") return String(ms.length);
  if (key === "syscall") return `${gs.length} without P`;
  return String(gs.length);
}

/** @param {number} count @param {string} what */
function counted(count, what) {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
