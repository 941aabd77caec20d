/*! Built from lib/js by build.mjs; do not edit. */
// src/base64.js
function fromBase64(text) {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

// src/dom.js
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// src/host.js
var Model = class {
  /** @type {Map<string, unknown>} */
  #state;
  /** @type {Map<string, Set<Listener>>} */
  #listeners = /* @__PURE__ */ new Map();
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
  save_changes() {
  }
  /**
   * There is nobody to send to.
   *
   * @type {(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]) => void}
   */
  send = () => {
  };
  /**
   * @param {string} events  one name or several, separated by spaces
   * @param {Listener} listener
   */
  on(events, listener) {
    for (const name of events.split(/\s+/)) {
      const known = this.#listeners.get(name);
      if (known) known.add(listener);
      else this.#listeners.set(name, /* @__PURE__ */ new Set([listener]));
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
    for (const listener of [...this.#listeners.get(name) ?? []]) {
      try {
        listener(...args);
      } catch (error) {
        console.error(error);
      }
    }
  }
};
async function mount(page) {
  const described = part(page, "schedlab-page");
  const stop = new AbortController();
  const modules = once((id) => load(part(page, id)));
  const buffers = once((id) => fromBase64(part(page, id)));
  const models = once((number) => start(described.models[Number(number)], modules, buffers, stop.signal));
  const places = (
    /** @type {NodeListOf<HTMLElement>} */
    page.querySelectorAll("[data-view]")
  );
  const cleanups = await Promise.all([...places].map((place) => draw(place, models, stop.signal)));
  page.documentElement.dataset.mounted = "true";
  return async () => {
    stop.abort();
    await Promise.all(cleanups.map((cleanup) => cleanup?.()));
  };
}
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
    return void 0;
  }
}
async function start({ module, state, buffers: ids }, modules, buffers, signal) {
  const views = Object.entries(ids).map(([name, id]) => [name, new DataView(buffers(id).buffer)]);
  const model = new Model({ ...state, ...Object.fromEntries(views) });
  const definition = await modules(module);
  await definition.initialize?.({ model, signal });
  return { definition, model };
}
async function load(source) {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    const { default: exported } = await import(address);
    return typeof exported === "function" ? await exported() : exported;
  } finally {
    URL.revokeObjectURL(address);
  }
}
function part(page, id) {
  const found = page.getElementById(id);
  if (!found) throw new Error(`the page has lost its part ${id}`);
  const text = found.textContent ?? "";
  return found.getAttribute("type") === "application/json" ? JSON.parse(text) : text;
}
function once(make) {
  const made = /* @__PURE__ */ new Map();
  return (key) => {
    const known = made.get(key);
    if (known !== void 0) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
function same(a, b) {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (ArrayBuffer.isView(a) || ArrayBuffer.isView(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => right.has(key) && same(value, right.get(key)));
}

// src/page.js
await mount(document);
