import assert from "node:assert/strict";
import { test } from "node:test";

import { GLOBAL, LOCAL, NOWHERE, RUNNEXT, RUNNING, SYSCALL, WAITING } from "../src/board/events.js";
import { layout } from "../src/board/layout.js";
import { EVEN_MS, Player, SPEEDS, fittingSpeed } from "../src/board/player.js";
import { poolKeys, pools } from "../src/board/pools.js";
import { knownWords, list, sentence } from "../src/board/sentences.js";
import { GONE, play, stateAfter, stateAt } from "../src/board/state.js";
import { dice, made } from "./board_made.js";

/** P0 steals from P1, whose goroutine is in a system call; then P1 is taken. */
function handoff() {
  return made(
    [
      { time: 0, kind: "SEEN", p: 0, m: -1 },
      { time: 0, kind: "SEEN", p: 1, m: 0 },
      { time: 0, kind: "SEEN", g: 0, place: RUNNING, p: 1, m: 0 },
      { time: 10, kind: "CREATED", g: 1, place: RUNNEXT, p: 1, cause: 0 },
      { time: 20, kind: "CREATED", g: 2, place: RUNNEXT, p: 1, cause: 0 },
      { time: 20, kind: "KICKED", g: 1, place: LOCAL, p: 1, at: 0, head: 0, source: 1 },
      { time: 30, kind: "CALL", g: 0, place: SYSCALL, p: 1, m: 0, source: 1 },
      { time: 40, kind: "P_STARTED", p: 0, m: 1 },
      { time: 50, kind: "STOLEN", g: 1, place: RUNNING, p: 0, m: 1, source: 1 },
      { time: 60, kind: "P_TAKEN", g: 0, place: SYSCALL, p: -1, m: 0, source: 1 },
      { time: 60, kind: "P_IDLE", p: 1, m: -1, source: 0, head: 0 },
      { time: 70, kind: "P_STARTED", p: 1, m: 2 },
      { time: 70, kind: "PICKED", g: 2, place: RUNNING, p: 1, m: 2, source: 1 },
      { time: 80, kind: "BLOCKED", g: 1, place: WAITING, reason: 1, source: 0 },
      { time: 90, kind: "ENDED", g: 2, source: 1 },
    ],
    { goroutines: 3, procs: [0, 1], threads: 3 },
  );
}

/** Goroutines that go anywhere at random, several at once. @param {number} seed */
function turmoil(seed) {
  const roll = dice(seed);
  const [goroutines, procs] = [30, 4];
  /** @type {import("./board_made.js").Row[]} */
  const rows = Array.from({ length: procs }, (_, p) => ({ time: 0, kind: "SEEN", p, m: p }));
  /** @type {(number | undefined)[]} */
  const runnext = [];
  for (let time = 1; rows.length < 3000; time += roll(3)) {
    const [g, p, place] = [roll(goroutines), roll(procs), [NOWHERE, RUNNEXT, LOCAL, GLOBAL, RUNNING, SYSCALL, WAITING][roll(7)]];
    const taken = runnext.indexOf(g);
    if (taken >= 0) runnext[taken] = undefined;
    rows.push({ time, kind: "READIED", g, place, p, m: place === RUNNING || place === SYSCALL ? p : -1, at: roll(4) });
    const kicked = runnext[p];
    if (place !== RUNNEXT) continue;
    if (kicked !== undefined) rows.push({ time, kind: "KICKED", g: kicked, place: LOCAL, p, at: 99, head: 0 });
    runnext[p] = g;
  }
  return made(rows, { goroutines, procs: [0, 1, 2, 3], threads: procs });
}

test("a handoff, event by event", () => {
  const events = handoff();
  assert.equal(events.length, 10);
  const at = (/** @type {number} */ t) => stateAt(events, t);
  assert.deepEqual([...at(0).procM], [-1, 0]);
  assert.equal(at(10).runnext[1], 1);
  assert.equal(at(25).runnext[1], 2);
  assert.deepEqual(at(25).local[1], [1]);
  assert.equal(at(35).place[0], SYSCALL);
  assert.equal(at(35).threadP[0], 1, "the M keeps its P");
  assert.deepEqual(at(50).local[1], []);
  assert.equal(at(50).p[1], 0);
  assert.deepEqual([...at(60).procM], [1, -1], "idle, its M in the system call");
  assert.equal(at(60).threadP[0], -1);
  assert.equal(at(69.9).place[2], RUNNEXT);
  assert.deepEqual([...at(70).procM], [1, 2], "two steps at one time");
  assert.equal(at(70).place[2], RUNNING);
  assert.equal(at(90).ended, 1);
});

test("stepping forward to a time is the same as seeking it, in any order", () => {
  for (const seed of [1, 2, 3]) {
    const events = turmoil(seed);
    assert.ok(events.length > 1500);
    const roll = dice(seed + 100);
    const state = stateAfter(events, -1);
    const forward = [structuredClone(state)];
    for (let step = 0; step < events.length; step++) {
      play(events, state, step - 1, step);
      forward.push(structuredClone(state));
    }
    for (let trial = 0; trial < 300; trial++) {
      const step = roll(events.length + 1) - 1;
      assert.deepEqual(stateAfter(trial % 10 ? events : fresh(events), step), forward[step + 1]);
      const t = events.timeOf(step);
      assert.deepEqual(stateAt(events, t), forward[events.stepAt(t) + 1]);
    }
  }
});

/** The same events, of which no checkpoint has been made. @param {import("../src/board/events.js").Events} events */
function fresh(events) {
  return Object.assign(Object.create(Object.getPrototypeOf(events)), events);
}

test("each goroutine is in one place, and queues hold exactly those that say so", () => {
  const events = turmoil(7);
  for (let step = -1; step < events.length; step += 13) {
    const { place, p, runnext, local, global } = stateAfter(events, step);
    const stand = [
      ...runnext.flatMap((g, proc) => (g < 0 ? [] : [[g, RUNNEXT, proc]])),
      ...local.flatMap((queue, proc) => queue.map((g) => [g, LOCAL, proc])),
      ...global.map((g) => [g, GLOBAL, p[g]]),
    ];
    assert.equal(new Set(stand.map(([g]) => g)).size, stand.length);
    for (const [g, where, proc] of stand) assert.deepEqual([place[g], p[g]], [where, proc]);
    const said = [...place].filter((one) => one === RUNNEXT || one === LOCAL || one === GLOBAL).length;
    assert.equal(said, stand.length);
  }
});

test("a state is the asker's own", () => {
  const events = handoff();
  const state = stateAt(events, 25);
  state.local[1].push(77);
  state.place.fill(9);
  assert.deepEqual(stateAt(events, 25).local[1], [1]);
});

test("a P that goes is gone, and a stopped world goes on", () => {
  const events = made(
    [
      { time: 0, kind: "SEEN", p: 3, m: 0 },
      { time: 5, kind: "STOPPED", reason: 2 },
      { time: 6, kind: "P_GONE", p: 3, source: 0 },
      { time: 7, kind: "RESTARTED", reason: 2 },
    ],
    { goroutines: 0, procs: [3], threads: 1 },
  );
  assert.equal(stateAt(events, 5).why, 2);
  assert.deepEqual([...stateAt(events, 6).procM], [GONE]);
  assert.equal(stateAt(events, 6).threadP[0], -1);
  assert.equal(stateAt(events, 7).why, -1);
  assert.equal(sentence(events, 0), "The world is being stopped (GC mark termination): no goroutine may run until it goes on.");
});

test("nothing at all has a state too", () => {
  const events = made([], { goroutines: 0, procs: [], threads: 0 });
  assert.equal(events.stepAt(5), -1);
  const state = stateAt(events, 5);
  assert.deepEqual(state.global, []);
  assert.ok(layout(events, state, { width: 600, keys: poolKeys(events), shown: [] }).height > 0);
  const player = new Player(events, () => {});
  player.play(true);
  assert.equal(player.now.playing, false);
});

test("events in words name Ps, goroutines, who came along, and how it is known", () => {
  const events = handoff();
  const words = Array.from({ length: events.length }, (_, step) => sentence(events, step));
  assert.equal(words[1], "G1 created G3 with a go statement (main.work). It is in P1's runnext; G2 had that slot and went to the queue's tail.");
  assert.equal(words[4], "P0 had nothing to do, stole G2 from P1's queue and runs it, on M101.");
  assert.equal(words[5], "P1 was taken from M100, whose goroutine G1 stays in its system call. P1 can run others.");
  assert.equal(knownWords(events, 4), "recorded; the queue is reconstructed");
  assert.equal(knownWords(events, 5), "recorded");
  assert.match(sentence(events, -1), /beginning/);
  assert.ok(words.every((one) => !/undefined|NaN|P-1/.test(one)), words.join("\n"));
  assert.equal(list(["G1", "G2", "G3", "G4", "G5"]), "G1, G2, G3 and 2 more");
});

test("jumps find the next event of a kind, of a goroutine, of both", () => {
  const events = handoff();
  const { CREATED } = events.kinds;
  assert.equal(events.find(-1, 1, { kind: CREATED }), 0);
  assert.equal(events.find(0, 1, { kind: CREATED }), 1);
  assert.equal(events.find(1, 1, { kind: CREATED }), -1);
  assert.equal(events.find(0, 1, { g: 1 }), 1, "it is kicked out of runnext there");
  assert.equal(events.find(9, -1, { g: 0 }), 5);
  assert.deepEqual(events.movesOf(4, 1, 2).map((row) => events.meta.kinds[events.kind[row]].kind), ["STOLEN", "KICKED"]);
});

test("the layout has a spot for each live goroutine and each seen M, and none twice", () => {
  const events = turmoil(11);
  const keys = poolKeys(events);
  for (let step = -1; step < events.length; step += 101) {
    const state = stateAfter(events, step);
    const { tokens, more } = layout(events, state, { width: 700, keys, shown: [] });
    const live = [...state.place].flatMap((place, g) => (place === NOWHERE ? [] : [`g${g}`]));
    const drawn = [...tokens.keys()].filter((key) => key[0] === "g");
    assert.deepEqual(drawn.sort(), live.sort());
    const hidden = [...tokens.values()].filter((spot) => spot.hidden).length;
    assert.equal(more.reduce((sum, { text }) => sum + Number(text.match(/\d+/)?.[0]), 0), hidden);
    const spots = [...tokens.values()].filter((spot) => !spot.hidden).map(({ x, y }) => `${x},${y}`);
    assert.equal(new Set(spots).size, spots.length);
  }
});

test("a long queue collapses, but who is followed stays in sight", () => {
  const rows = Array.from({ length: 100 }, (_, g) => ({ time: g, kind: "CREATED", g, place: GLOBAL, at: g }));
  const events = made(rows, { goroutines: 100, procs: [0], threads: 0 });
  const state = stateAt(events, 200);
  const { tokens, more } = layout(events, state, { width: 800, keys: poolKeys(events), shown: [70] });
  assert.equal(tokens.get("g0")?.hidden, false);
  assert.equal(tokens.get("g69")?.hidden, true);
  assert.equal(tokens.get("g70")?.hidden, false);
  const [{ text }] = more;
  assert.equal(Number(text.slice(1).split(" ")[0]), 100 - [...tokens.values()].filter((spot) => !spot.hidden).length);
});

test("an M is with its P, in a system call, or parked", () => {
  const events = handoff();
  const keys = poolKeys(events);
  const where = (/** @type {number} */ t) =>
    Object.fromEntries(pools(events, stateAt(events, t), keys).map(({ key, gs, ms }) => [key, [gs, ms]]));
  assert.deepEqual(where(40).syscall, [[], []], "with a P it is in the P's box");
  assert.deepEqual(where(60).syscall, [[0], []]);
  assert.deepEqual(where(80)["wait 2"], [[1], []]);
  assert.deepEqual(where(60).parked, [[], []]);
});

test("play, speeds and the end", () => {
  const events = handoff();
  let changes = 0;
  const player = new Player(events, () => (changes += 1));
  player.setSpeed(1_000_000);
  player.play(true);
  player.tick(30);
  assert.equal(player.now.t, 30);
  assert.equal(player.now.step, events.stepAt(30));
  player.tick(1e9);
  assert.equal(player.now.t, events.meta.bounds[1]);
  assert.equal(player.now.playing, false);
  player.play(true);
  assert.equal(player.now.t, 0, "again from the beginning");
  player.setSpeed(0);
  player.tick(EVEN_MS - 1);
  assert.equal(player.now.step, -1);
  player.tick(1);
  assert.equal(player.now.step, 0);
  player.setSpeed(100);
  player.hurry(1);
  assert.equal(player.now.speed, 10);
  player.hurry(-1);
  player.hurry(-1);
  assert.equal(player.now.speed, 1000);
  player.setSpeed(5);
  assert.equal(player.now.speed, 0);
  const before = changes;
  player.goTo(player.now.step);
  assert.equal(changes, before, "nothing new, nobody told");
  player.seek(Number.NaN);
  assert.equal(player.now.t, 0);
  assert.deepEqual([fittingSpeed([0, 2e6]), fittingSpeed([0, 3e9]), fittingSpeed([0, 1])], [10_000, 10, 1_000_000]);
  assert.ok(SPEEDS.includes(fittingSpeed([0, 1e9])));
});
