// Runs anywidget modules in a page with no kernel and no network: what anywidget's own host does in JupyterLab,
// as far as schedlab's widgets use it. See schedlab/view/widgets/page.py for what such a page holds.

import { fromBase64 } from "./base64.js";
import { element } from "./dom.js";

/**
 * @typedef {(...args: any[]) => void} Listener
 * @typedef {{module: string, state: Record<string, unknown>, buffers: Record<string, string>}} Described
 *   `module` and each value of `buffers` are ids of script elements
 * @typedef {{models: Described[]}} Page
 * @typedef {void | (() => void | Promise<void>)} Cleanup
 * @typedef {{
 *   initialize?: (props: {model: Model, signal: AbortSignal}) => Cleanup | Promise<Cleanup>,
 *   render?: (props: {model: Model, el: HTMLElement, signal: AbortSignal}) => Cleanup | Promise<Cleanup>,
 * }} Definition
 */

/** The state of one widget; what `get`, `set` and `on` mean is as in JupyterLab. */
export class Model {
  /** @type {Map<string, unknown>} */
  #state;
  /** @type {Map<string, Set<Listener>>} */
  #listeners = new Map();

  /** @param {Record<string, unknown>} state */
  constructor(state) {
    this.#state = new Map(Object.entries(state));
  }

  /** @param {string} name */
  get(name) {
    return this.#state.get(name);
  }

  /**
   * Listeners of "change:<name>" and then of "change" are called if the value is another one.
   *
   * @param {string} name
   * @param {unknown} value
   */
  set(name, value) {
    if (same(this.#state.get(name), value)) return;
    this.#state.set(name, value);
    this.#emit(`change:${name}`, this, value, {});
    this.#emit("change", this, {});
  }

  /** There is nobody to save to: views of this page share the model itself. */
  save_changes() {}

  /**
   * There is nobody to send to.
   *
   * @type {(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]) => void}
   */
  send = () => {};

  /**
   * @param {string} events  one name or several, separated by spaces
   * @param {Listener} listener
   */
  on(events, listener) {
    for (const name of events.split(/\s+/)) {
      const known = this.#listeners.get(name);
      if (known) known.add(listener);
      else this.#listeners.set(name, new Set([listener]));
    }
  }

  /**
   * Without a listener: all of these events; without events: the listener everywhere; without both: all.
   *
   * @param {string | null} [events]
   * @param {Listener | null} [listener]
   */
  off(events, listener) {
    for (const name of events ? events.split(/\s+/) : [...this.#listeners.keys()]) {
      if (listener) this.#listeners.get(name)?.delete(listener);
      else this.#listeners.delete(name);
    }
  }

  /**
   * @param {string} name
   * @param {...unknown} args
   */
  #emit(name, ...args) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        console.error(error); // as an event target does it: the other listeners still hear
      }
    }
  }
}

/**
 * Draws each [data-view] element of the page, in which the number of its model stands.
 *
 * @param {Document} page
 * @returns {Promise<() => Promise<void>>}  takes all views down again
 */
export async function mount(page) {
  /** @type {Page} */
  const described = part(page, "schedlab-page");
  const stop = new AbortController();
  const modules = once((id) => load(part(page, id)));
  const buffers = once((id) => fromBase64(part(page, id)));
  const models = once((number) => start(described.models[Number(number)], modules, buffers, stop.signal));
  const places = /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-view]"));
  const cleanups = await Promise.all([...places].map((place) => draw(place, models, stop.signal)));
  page.documentElement.dataset.mounted = "true";
  return async () => {
    stop.abort();
    await Promise.all(cleanups.map((cleanup) => cleanup?.()));
  };
}

/**
 * One view. A widget that fails says so in its place; the others are not touched.
 *
 * @param {HTMLElement} place
 * @param {(number: string) => ReturnType<typeof start>} models
 * @param {AbortSignal} signal
 */
async function draw(place, models, signal) {
  const el = element("div");
  const words = [...place.childNodes];
  try {
    const { definition, model } = await models(place.dataset.view ?? "");
    place.replaceChildren(el);
    return await definition.render?.({ model, el, signal });
  } catch (error) {
    console.error(error);
    const reason = error instanceof Error ? error.message : String(error);
    el.replaceChildren(element("p", { role: "alert" }, `This view could not be drawn: ${reason}`));
    place.replaceChildren(el, ...words);
    return undefined;
  }
}

/**
 * @param {Described} described
 * @param {(id: string) => Promise<Definition>} modules
 * @param {(id: string) => Uint8Array<ArrayBuffer>} buffers
 * @param {AbortSignal} signal
 */
async function start({ module, state, buffers: ids }, modules, buffers, signal) {
  const views = Object.entries(ids).map(([name, id]) => [name, new DataView(buffers(id).buffer)]);
  const model = new Model({ ...state, ...Object.fromEntries(views) });
  const definition = await modules(module);
  await definition.initialize?.({ model, signal });
  return { definition, model };
}

/**
 * @param {string} source
 * @returns {Promise<Definition>}
 */
async function load(source) {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    const { default: exported } = await import(address);
    return typeof exported === "function" ? await exported() : exported;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/**
 * What a script element of the page holds: JSON, or the text itself.
 *
 * @param {Document} page
 * @param {string} id
 * @returns {any}
 */
function part(page, id) {
  const found = page.getElementById(id);
  if (!found) throw new Error(`the page has lost its part ${id}`);
  const text = found.textContent ?? "";
  return found.getAttribute("type") === "application/json" ? JSON.parse(text) : text;
}

/**
 * @template Value
 * @param {(key: string) => Value} make
 * @returns {(key: string) => Value}
 */
function once(make) {
  /** @type {Map<string, Value>} */
  const made = new Map();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

/**
 * @param {unknown} a
 * @param {unknown} b
 * @returns {boolean}
 */
function same(a, b) {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (ArrayBuffer.isView(a) || ArrayBuffer.isView(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => right.has(key) && same(value, right.get(key)));
}
