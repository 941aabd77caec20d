// What a live view asks for, takes in and acknowledges.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { SCALARS } from "../src/live/history.js";
import { open, storeOf } from "../src/live/store.js";

// A page that is hidden has no frames; batches are acknowledged all the same.
/** @type {any} */ (globalThis).document = { hidden: true };

const BINS = 2;

/**
 * A blob as blob.py makes it.
 *
 * @param {number} first
 * @param {number} samples
 * @param {string} [ended]
 */
function blob(first, samples, ended = "") {
  const meta = Buffer.from(JSON.stringify({ first, samples, procs: 0, dropped: 3, ended }));
  const widths = { ...Object.fromEntries(["time_ns", ...SCALARS].map((name) => [name, 1])), runq_local: 0 };
  const all = Object.entries({ ...widths, latencies: BINS, pauses: BINS });
  const columns = all.map(([name, width]) => {
    return { name, type: "u8", stored: "u8", length: samples * Number(width), delta: false };
  });
  const values = columns.map(({ name, length }) => {
    return Buffer.from(Uint8Array.from({ length }, (_, i) => (name === "time_ns" ? first + i : 7)));
  });
  const header = Buffer.from(JSON.stringify({ version: 1, kind: "live", meta: meta.length, columns }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const whole = Buffer.concat([Buffer.from("SLB1"), length, header, deflateSync(Buffer.concat([meta, ...values]))]);
  return new DataView(Uint8Array.from(whole).buffer);
}

let made = 0;

/** @param {Record<string, unknown>} [state] */
function model(state = {}) {
  const source = { id: String(made++), name: "n", hz: 20, capacity: 100, bounds: [0, 256], unknown: {} };
  const traits = /** @type {Record<string, unknown>} */ ({ source, running: true, data: null, ...state });
  /** @type {any[]} */
  const sent = [];
  /** @type {((content: unknown, buffers: DataView[]) => void)[]} */
  const listeners = [];
  return {
    sent,
    get: (/** @type {string} */ name) => traits[name],
    on: (/** @type {string} */ _, /** @type {any} */ listener) => void listeners.push(listener),
    off: () => {},
    send: (/** @type {unknown} */ content) => void sent.push(content),
    /** @param {unknown} content @param {DataView[]} buffers */
    tell: (content, buffers) => listeners.forEach((listener) => listener(content, buffers)),
  };
}

test("it says hello, and acknowledges each batch once it is in", async () => {
  const one = model();
  open(one);
  const store = storeOf(one);
  assert.equal(one.sent.length, 1);
  assert.equal(one.sent[0].kind, "hello");
  one.tell({ kind: "batch", number: 1 }, [blob(0, 3)]);
  one.tell({ kind: "batch", number: 2 }, [blob(3, 2, "it ended")]);
  await store.settled;
  assert.deepEqual([...store.history.times], [0, 1, 2, 3, 4]);
  assert.equal(store.dropped, 3);
  assert.equal(store.ended, "it ended");
  assert.deepEqual(one.sent.slice(1), [
    { kind: "got", number: 1 },
    { kind: "got", number: 2 },
  ]);
});

test("it says hello again until there is an answer, with the same name, and less and less often", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const one = model();
  const close = open(one);
  for (const wait of [300, 600, 1200]) t.mock.timers.tick(wait);
  assert.equal(one.sent.length, 4);
  assert.equal(new Set(one.sent.map(({ page }) => page)).size, 1);
  t.mock.timers.tick(2000);
  assert.equal(one.sent.length, 4);
  one.tell({ kind: "batch", number: 1 }, [blob(0, 1)]);
  t.mock.timers.tick(100_000);
  assert.equal(one.sent.filter(({ kind }) => kind === "hello").length, 4);
  close();
  const other = model();
  open(other)();
  t.mock.timers.tick(100_000);
  assert.equal(other.sent.length, 1, "who is closed asks no more");
});

test("a damaged batch is said, acknowledged, and not the end", async (t) => {
  t.mock.method(console, "error", () => {});
  const one = model();
  open(one);
  const store = storeOf(one);
  one.tell({ kind: "batch", number: 1 }, [new DataView(new ArrayBuffer(3))]);
  await store.settled;
  assert.match(store.failure, /cut/);
  assert.deepEqual(one.sent.at(-1), { kind: "got", number: 1 });
  one.tell({ kind: "batch", number: 2 }, [blob(0, 1)]);
  await store.settled;
  assert.equal(store.history.length, 1);
});

test("views of one model share what came, and say when nobody looks any more", async () => {
  const one = model();
  const close = open(one);
  const [first, second] = [new AbortController(), new AbortController()];
  // Another object for the same model, as anywidget makes them.
  const again = { ...one };
  assert.equal(storeOf(again), storeOf(one));
  storeOf(one).watch(() => {}, first.signal);
  storeOf(again).watch(() => {}, second.signal);
  first.abort();
  assert.deepEqual(one.sent.slice(1), [{ kind: "seen" }]);
  second.abort();
  assert.deepEqual(one.sent.slice(1), [{ kind: "seen" }, { kind: "unseen" }]);
  close();
  assert.throws(() => storeOf(one), /not initialised/);
});

test("a saved view has its history and asks nobody", async () => {
  const one = model({ running: false, data: blob(5, 2, "saved") });
  open(one);
  const store = storeOf(one);
  store.watch(() => {}, new AbortController().signal);
  await store.settled;
  assert.deepEqual([...store.history.times], [5, 6]);
  assert.equal(store.ended, "saved");
  assert.deepEqual(one.sent, []);
});

test("a connection that is lost is an end, but not a second one", async () => {
  const [one, two] = [model(), model()];
  for (const each of [one, two]) open(each);
  one.tell({ kind: "gone", words: "lost" }, []);
  assert.equal(storeOf(one).ended, "lost");
  two.tell({ kind: "batch", number: 1 }, [blob(0, 1, "exit status 0")]);
  await storeOf(two).settled;
  two.tell({ kind: "gone", words: "lost" }, []);
  assert.equal(storeOf(two).ended, "exit status 0");
});
