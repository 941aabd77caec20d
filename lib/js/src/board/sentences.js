// Each event in words.

import { GLOBAL, HAND, LOCAL, NOBODY, RUNNEXT, RUNNING, SYSCALL, UNQUEUED, WAITING } from "./events.js";

/** @typedef {import("./events.js").Events} Events */

/** Where a goroutine stands. @param {Events} events @param {number} row */
export function placeWords(events, row) {
  const p = `P${events.p[row]}`;
  const m = events.m[row] === NOBODY ? "" : events.mName(events.m[row]);
  const reason = events.meta.reasons[events.reason[row]];
  switch (events.place[row]) {
    case RUNNEXT:
      return `in ${p}'s runnext`;
    case LOCAL:
      return `in ${p}'s own queue, place ${events.at[row] + 1}`;
    case GLOBAL:
      return "in the global queue";
    case HAND:
      return `with ${p}, about to run`;
    case RUNNING:
      return `running on ${p}${m && `, ${m}`}`;
    case SYSCALL:
      return `in a system call${m && ` on ${m}`}${events.p[row] === NOBODY ? ", without a P" : `, ${p} kept`}`;
    case WAITING:
      return `waiting${reason ? `: ${reason}` : ""}`;
    case UNQUEUED:
      return "runnable, in some queue";
    default:
      return "nowhere";
  }
}

/**
 * What happened in a step.
 *
 * @param {Events} events
 * @param {number} step  -1: before all of them
 * @param {boolean} [stopped]  the world is stopped
 */
export function sentence(events, step, stopped = false) {
  if (step < 0) return "The beginning: everything is where it was when the window began.";
  const row = events.steps[step];
  if (stopped && events.about(step).kind === "P_IDLE") return `P${events.p[row]} stopped, as the whole world does.`;
  const write = SENTENCES[events.about(step).kind];
  return write ? write(new Words(events, step, row)) : `${events.about(step).label}.`;
}

class Words {
  /** @param {Events} events @param {number} step @param {number} row */
  constructor(events, step, row) {
    this.events = events;
    this.g = events.g[row] === NOBODY ? "" : events.gName(events.g[row]);
    this.p = `P${events.p[row]}`;
    this.hasP = events.p[row] !== NOBODY;
    this.m = events.m[row] === NOBODY ? "an M" : events.mName(events.m[row]);
    this.from = `P${events.source[row]}`;
    this.source = events.source[row];
    this.by = events.cause[row] === NOBODY ? "" : events.gName(events.cause[row]);
    this.reason = events.meta.reasons[events.reason[row]] ?? "";
    this.function = events.g[row] === NOBODY ? "" : events.functionOf(events.g[row]);
    this.place = events.place[row];
    this.where = placeWords(events, row);
    /** @type {number[]} */
    this.others = [];
    for (let next = row + 1; next < events.endOf(step); next++) if (events.g[next] !== NOBODY) this.others.push(next);
  }

  /** The goroutines that were moved too. @param {string} kind */
  also(kind) {
    const number = this.events.kinds[kind];
    return list(this.others.filter((row) => this.events.kind[row] === number).map((row) => this.events.gName(this.events.g[row])));
  }

  get went() {
    const kicked = this.also("KICKED");
    const spilt = this.also("SPILLED");
    const parts = [`It is ${this.where}`];
    if (kicked) parts.push(`; ${kicked} had that slot and went to the queue's tail`);
    if (spilt) parts.push(`; the queue was full, and ${spilt} went to the global queue`);
    return `${parts.join("")}.`;
  }

  get along() {
    const along = this.also("ALONG");
    return along ? ` ${along} came along, into ${this.p}'s own queue.` : "";
  }
}

/** @type {Record<string, (words: Words) => string>} */
const SENTENCES = {
  CREATED: (w) => `${w.by || "The runtime"} created ${w.g} with a go statement (${w.function}). ${w.went}`,
  READIED: (w) => `${w.by} made ${w.g} runnable: what it waited for is there. ${w.went}`,
  TIMER: (w) => `A timer that ${w.hasP ? w.p : "an M without P"} looked after ran out and made ${w.g} runnable. ${w.went}`,
  NETWORK: (w) => `The network poller found that ${w.g} can go on. ${w.went}`,
  FOUND: (w) => `The scheduler itself woke ${w.g} (${w.function}). ${w.went}`,
  PICKED: (w) => `${w.p} took ${w.g} from its own queue and runs it, on ${w.m}.`,
  FROM_GLOBAL: (w) => `${w.p} took ${w.g} from the global queue and runs it, on ${w.m}.${w.along}`,
  STOLEN: (w) => `${w.p} had nothing to do, stole ${w.g} from ${w.from}'s queue and runs it, on ${w.m}.${w.along}`,
  STARTED: (w) => `${w.p} runs ${w.g}, on ${w.m}; it did not stand in a queue.`,
  BLOCKED: (w) =>
    w.reason === "preempted"
      ? `${w.g} was stopped for a moment, so that its stack can be looked at; ${w.from} is free for another goroutine.`
      : `${w.g} blocked${w.reason ? ` (${w.reason})` : ""} and left ${w.from}, which is free for another goroutine. No M waits with it.`,
  PREEMPTED: (w) => `${w.g} had to stop: it was preempted on ${w.from}. ${w.went}`,
  YIELDED: (w) => `${w.g} gave up ${w.from} by itself (${w.reason || "runtime.Gosched"}). ${w.went}`,
  CALL: (w) =>
    w.hasP
      ? `${w.g} entered a system call. ${w.m} goes with it into the kernel and keeps ${w.p} for now.`
      : `${w.g} entered a system call on ${w.m}, without a P.`,
  RETURNED: (w) => `${w.g} came back from its system call; nobody had taken ${w.p}, so it runs on.`,
  RETURNED_TO_P: (w) => `${w.g} came back from its system call. Its P was gone, but ${w.p} was free: it takes that one.`,
  RETURNED_WITHOUT_P: (w) => `${w.g} came back from its system call and found no P. ${w.went} Its M parks.`,
  ENDED: (w) => `${w.g} ended${w.source === NOBODY ? "" : ` on ${w.from}, which is free for another goroutine`}.`,
  P_TAKEN: (w) => `${w.from} was taken from ${w.m}, whose goroutine ${w.g} stays in its system call. ${w.from} can run others.`,
  P_IDLE: (w) => `${w.p} found no work and became idle${w.source === NOBODY ? "" : `; ${w.events.mName(w.source)} let go of it`}.`,
  P_STARTED: (w) => `${w.m} got ${w.p} and looks for work.`,
  P_GONE: (w) => `${w.p} was removed: GOMAXPROCS is smaller now.`,
  STOPPED: (w) => `The world is being stopped (${w.reason.replace(/^stop-the-world \((.*)\)$/, "$1")}): no goroutine may run until it goes on.`,
  RESTARTED: () => "The world goes on: goroutines may run again.",
  SAMPLED: (w) => (w.g ? `${w.g} was seen ${w.where}; it came there at some time since the sample before.` : `${w.p} was seen ${w.m === "an M" ? "idle" : `with ${w.m}`}.`),
  APPEARED: (w) => `${w.g} is seen for the first time, ${w.where}.`,
  LOST: (w) => `${w.g} is not seen any more.`,
};

/**
 * How it is known: "recorded; where it stands is reconstructed".
 *
 * @param {Events} events
 * @param {number} step
 */
export function knownWords(events, step) {
  if (step < 0) return "";
  const { known, place } = events.about(step);
  return !place || place === known ? known : `${known}; the queue is ${place}`;
}

/** "G1", "G1 and G2", "G1, G2 and G3", "G1, G2, G3 and 7 more". @param {string[]} names */
export function list(names) {
  if (names.length < 2) return names.join("");
  if (names.length > 4) return `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
