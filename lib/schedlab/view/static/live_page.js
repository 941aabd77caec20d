/*! Built from lib/js by build.mjs; do not edit. */
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
function same(a, b) {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (ArrayBuffer.isView(a) || ArrayBuffer.isView(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => right.has(key) && same(value, right.get(key)));
}

// src/live/socket_model.js
var SocketModel = class extends Model {
  /** @type {Set<Listener>} */
  #listeners = /* @__PURE__ */ new Set();
  /** @type {Message | null} */
  #announced = null;
  /**
   * @param {Record<string, unknown>} state
   * @param {WebSocket} socket
   */
  constructor(state, socket2) {
    super(state);
    socket2.binaryType = "arraybuffer";
    this.send = (content) => {
      if (socket2.readyState === WebSocket.OPEN) socket2.send(JSON.stringify(content));
    };
    socket2.addEventListener("message", ({ data }) => this.#take(data));
    socket2.addEventListener("close", () => {
      this.#tell({ kind: "gone", words: "the connection to schedlab live is closed" }, []);
    });
  }
  /**
   * @param {string} events
   * @param {(...args: any[]) => void} listener
   */
  on(events, listener) {
    if (events.split(/\s+/).includes("msg:custom")) this.#listeners.add(listener);
    super.on(events, listener);
  }
  /** @param {string | ArrayBuffer} data  a message, or the bytes that belong to the message before */
  #take(data) {
    if (typeof data === "string") {
      this.#announced = JSON.parse(data);
    } else if (this.#announced) {
      this.#tell(this.#announced, [new DataView(data)]);
      this.#announced = null;
    }
  }
  /**
   * @param {Message} content
   * @param {DataView[]} buffers
   */
  #tell(content, buffers) {
    for (const listener of this.#listeners) listener(content, buffers);
  }
};

// src/widgets/live_page.js
var el = (
  /** @type {HTMLElement} */
  document.getElementById("view")
);
var address = new URL("socket", location.href);
address.protocol = "ws:";
var socket = new WebSocket(address);
try {
  const [{ data }, { default: widget }] = await Promise.all([
    firstMessage(),
    // The very script that JupyterLab gets, so it is not bundled into this one.
    import(new URL("live.js", location.href).href)
  ]);
  const { signal } = new AbortController();
  const model = new SocketModel(JSON.parse(data).state, socket);
  await widget.initialize({ model, signal });
  await widget.render({ model, el, signal });
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  el.replaceChildren(element("p", { role: "alert" }, `The view could not be drawn: ${reason}`));
}
function firstMessage() {
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", resolve, { once: true });
    socket.addEventListener("close", () => reject(new Error("schedlab live does not answer")), { once: true });
  });
}
