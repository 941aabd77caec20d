// What came of a program so far: one for each model, shared by all its views.

import { decode } from "../blob.js";
import { History } from "./history.js";

/**
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, listener: (...args: any[]) => void) => void} on
 * @property {(name?: string | null, listener?: ((...args: any[]) => void) | null) => void} off
 * @property {(content: unknown) => void} send
 *
 * @typedef {{id: string, name: string, hz: number, capacity: number, bounds: number[], unknown: Record<string, string>}} Source
 */

/** How long to wait for an answer to the first greeting, and to a later one, ms. */
const FIRST_ANSWER_MS = 300;
const LAST_ANSWER_MS = 20_000;

/** @type {Map<string, Store>} */
const stores = new Map();

/**
 * Called once for each model, before a view of it. A view may get another object for the same model, so that
 * they find one another by the source's id.
 *
 * @param {Model} model
 * @returns {() => void}  forgets it
 */
export function open(model) {
  const { id } = model.get("source");
  const store = new Store(model);
  stores.set(id, store);
  return () => {
    store.close();
    stores.delete(id);
  };
}

/**
 * @param {Model} model
 * @returns {Store}
 */
export function storeOf(model) {
  const store = stores.get(model.get("source").id);
  if (!store) throw new Error("this view's model was not initialised");
  return store;
}

export class Store {
  /** @type {Model} */
  #model;
  #views = 0;
  #answered = false;
  #closed = false;
  #page = crypto.randomUUID();
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {Promise<void>} */
  #work = Promise.resolve();
  /** How the program ended, in words. */
  ended = "";
  /** Samples that were dropped before they had a number. */
  dropped = 0;
  /** What went wrong here. */
  failure = "";

  /** @param {Model} model */
  constructor(model) {
    this.#model = model;
    this.source = /** @type {Source} */ (model.get("source"));
    this.running = Boolean(model.get("running"));
    this.history = new History(this.source.capacity, this.source.bounds.length);
    model.on("msg:custom", (content, buffers) => {
      if (content?.kind === "batch") {
        this.#answered = true;
        this.#enqueue(() => this.#receive(content.number, buffers[0]));
      }
      if (content?.kind === "gone" && !this.ended) this.#end(String(content.words));
    });
    const saved = model.get("data");
    if (saved?.byteLength) this.#enqueue(() => this.#take(saved));
    if (this.running) this.#greet(FIRST_ANSWER_MS);
  }

  /**
   * A greeting may be lost, as when a kernel restarts. So it is said again until there is an answer.
   *
   * @param {number} patience  ms
   */
  #greet(patience) {
    if (this.#answered || this.ended || this.#closed) return;
    this.#model.send({ kind: "hello", page: this.#page });
    setTimeout(() => this.#greet(Math.min(2 * patience, LAST_ANSWER_MS)), patience);
  }

  /** Nothing is asked for any more. */
  close() {
    this.#closed = true;
  }

  /** Resolves when what had come when it was called is in the history. */
  get settled() {
    return this.#work;
  }

  /**
   * @param {() => void} listener  called when there is something new
   * @param {AbortSignal} signal
   */
  watch(listener, signal) {
    this.#listeners.add(listener);
    if (this.#views++ === 0 && this.running) this.#model.send({ kind: "seen" });
    const leave = () => {
      this.#listeners.delete(listener);
      if (--this.#views === 0 && this.running) this.#model.send({ kind: "unseen" });
    };
    signal.addEventListener("abort", leave, { once: true });
  }

  /** @param {() => Promise<void>} act  one after the other, in the order in which they came */
  #enqueue(act) {
    this.#work = this.#work.then(act).catch((error) => {
      console.error(error);
      this.failure = error instanceof Error ? error.message : String(error);
      this.#tell();
    });
  }

  /**
   * @param {number} number
   * @param {DataView | ArrayBuffer} data
   */
  async #receive(number, data) {
    try {
      await this.#take(data);
    } finally {
      await drawn();
      this.#model.send({ kind: "got", number });
    }
  }

  /** @param {DataView | ArrayBuffer} data */
  async #take(data) {
    const batch = await decode(data);
    this.history.append(batch);
    this.dropped = batch.meta.dropped;
    if (batch.meta.ended) this.#end(batch.meta.ended);
    this.#tell();
  }

  /** @param {string} words */
  #end(words) {
    this.ended = words;
    this.#tell();
  }

  #tell() {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** The next frame; a page that is hidden has none. */
function drawn() {
  return new Promise((resolve) => {
    setTimeout(resolve, 250);
    if (!document.hidden) requestAnimationFrame(resolve);
  });
}
