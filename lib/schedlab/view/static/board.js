/*! Built from lib/js by build.mjs; do not edit. */
// src/blob.js
var MAGIC = 826428499;
var VERSION = 1;
var FIXED_BYTES = 8;
var NEW = {
  u8: (length) => new Uint8Array(length),
  i8: (length) => new Int8Array(length),
  u16: (length) => new Uint16Array(length),
  i16: (length) => new Int16Array(length),
  u32: (length) => new Uint32Array(length),
  i32: (length) => new Int32Array(length),
  f64: (length) => new Float64Array(length)
};
var BYTES = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, f64: 8, i64: 8 };
var BlobError = class extends Error {
  name = "BlobError";
};
async function decode(data) {
  const bytes = asBytes(data);
  const header = readHeader(bytes);
  const descriptions = header.columns.map(checked);
  const total = descriptions.reduce((sum, one) => sum + BYTES[one.stored] * one.length, header.meta);
  const raw = await inflate(bytes.subarray(header.end), total);
  const columns = /* @__PURE__ */ Object.create(null);
  let at = header.meta;
  for (const one of descriptions) {
    const size = BYTES[one.stored] * one.length;
    columns[one.name] = readColumn(raw.subarray(at, at + size), one);
    at += size;
  }
  return { kind: header.kind, meta: parsed(raw.subarray(0, header.meta)), columns };
}
function asBytes(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (!ArrayBuffer.isView(data)) throw new BlobError("no bytes to decode");
  return new Uint8Array(
    /** @type {ArrayBuffer} */
    data.buffer,
    data.byteOffset,
    data.byteLength
  );
}
function readHeader(bytes) {
  if (bytes.length < FIXED_BYTES) throw new BlobError(`a blob of ${bytes.length} bytes is cut`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new BlobError("these bytes are no blob of schedlab");
  const end = FIXED_BYTES + view.getUint32(4, true);
  if (end > bytes.length) throw new BlobError("the blob's header is cut");
  const header = parsed(bytes.subarray(FIXED_BYTES, end));
  if (header?.version !== VERSION) {
    throw new BlobError(`the blob has version ${header?.version}; this code reads version ${VERSION}`);
  }
  if (typeof header.kind !== "string" || !Array.isArray(header.columns) || !isCount(header.meta)) {
    throw new BlobError("the blob's header is damaged");
  }
  const { kind, meta, columns } = header;
  return { kind: String(kind), meta: Number(meta), columns: (
    /** @type {unknown[]} */
    columns
  ), end };
}
function checked(one) {
  const known = one && typeof one.name === "string" && Object.hasOwn(NEW, one.type);
  if (!known || !Object.hasOwn(BYTES, one.stored) || !isCount(one.length)) {
    throw new BlobError(`the blob describes a column that cannot be: ${JSON.stringify(one)}`);
  }
  return one;
}
function isCount(value) {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new BlobError("the blob's JSON is damaged", { cause: error });
  }
}
async function inflate(deflated, total) {
  const raw = new Uint8Array(total);
  let at = 0;
  try {
    const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
    for (const reader = stream.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > total) {
        await reader.cancel();
        throw new BlobError("the blob holds more than its header says");
      }
      raw.set(value, at);
      at += value.length;
    }
  } catch (error) {
    if (error instanceof BlobError) throw error;
    throw new BlobError("the blob's compressed part is cut or damaged", { cause: error });
  }
  if (at !== total) throw new BlobError(`the blob holds ${at} bytes where its header says ${total}`);
  return raw;
}
function readColumn(raw, { type, stored, length, delta }) {
  const values = unshuffled(raw, stored, length);
  if (!delta && (type === stored || stored === "i64")) return values;
  const column = NEW[type](length);
  if (delta) {
    for (let i = 0, value = 0; i < length; i++) column[i] = value += values[i];
  } else {
    column.set(values);
  }
  return column;
}
function unshuffled(raw, stored, length) {
  const values = NEW[stored === "i64" ? "f64" : stored](length);
  const size = BYTES[stored];
  if (size === 1) {
    values.set(stored === "i8" ? new Int8Array(raw.buffer, raw.byteOffset, length) : raw);
  } else if (size === 2) {
    const high = raw.subarray(length);
    for (let i = 0; i < length; i++) values[i] = raw[i] | high[i] << 8;
  } else if (size === 4) {
    words(raw, length, values);
  } else if (stored === "i64") {
    const low = words(raw.subarray(0, 4 * length), length, new Uint32Array(length));
    const high = words(raw.subarray(4 * length), length, new Int32Array(length));
    for (let i = 0; i < length; i++) values[i] = high[i] * 2 ** 32 + low[i];
  } else {
    const bytes = new Uint8Array(values.buffer);
    for (let plane = 0, from = 0; plane < 8; plane++) {
      for (let to = plane; to < bytes.length; to += 8) bytes[to] = raw[from++];
    }
  }
  return values;
}
function words(raw, length, values) {
  const [b, c, d] = [raw.subarray(length), raw.subarray(2 * length), raw.subarray(3 * length)];
  for (let i = 0; i < length; i++) values[i] = raw[i] | b[i] << 8 | c[i] << 16 | d[i] << 24;
  return values;
}

// src/dom.js
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
function widgetRoot(el, name) {
  const root = element("div", { class: `schedlab schedlab-${name}` });
  keepShortcutsAway(root);
  el.replaceChildren(root);
  return root;
}
function keepShortcutsAway(root) {
  root.dataset.lmSuppressShortcuts = "true";
  root.addEventListener("focusin", (event) => {
    if (event.target instanceof Element) event.target.setAttribute("data-lm-suppress-shortcuts", "true");
  });
}
function markReady(root) {
  root.dataset.ready = "true";
}

// src/theme.js
function scheme({ page, jupyterlabLight, vscode, prefersDark }) {
  if (page === "light" || page === "dark") return page;
  if (jupyterlabLight !== null) return jupyterlabLight === "false" ? "dark" : "light";
  if (vscode !== null) return vscode === "vscode-light" || vscode.endsWith("-light") ? "light" : "dark";
  return prefersDark ? "dark" : "light";
}
function followTheme(root, { signal, onChange } = {}) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  let current = apply(root, system.matches);
  const update = () => {
    const before = current;
    current = apply(root, system.matches);
    if (current !== before) onChange?.(current);
  };
  const watcher = new MutationObserver(update);
  const attributeFilter = ["data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];
  for (const node of [document.documentElement, document.body]) watcher.observe(node, { attributeFilter });
  system.addEventListener("change", update, { signal });
  signal?.addEventListener("abort", () => watcher.disconnect(), { once: true });
  if (onChange && !root.isConnected) onceShown(root, signal, () => onChange(current));
  return current;
}
function onceShown(root, signal, then) {
  const sizes = new ResizeObserver(() => {
    if (!root.isConnected) return;
    sizes.disconnect();
    then();
  });
  sizes.observe(root);
  signal?.addEventListener("abort", () => sizes.disconnect(), { once: true });
}
function apply(root, prefersDark) {
  const { body, documentElement } = document;
  const chosen = scheme({
    page: documentElement.getAttribute("data-theme"),
    jupyterlabLight: body.getAttribute("data-jp-theme-light"),
    vscode: body.getAttribute("data-vscode-theme-kind"),
    prefersDark
  });
  root.style.colorScheme = chosen;
  root.dataset.scheme = chosen;
  return chosen;
}

// src/board/events.js
var NOWHERE = 0;
var RUNNEXT = 1;
var LOCAL = 2;
var GLOBAL = 3;
var HAND = 4;
var RUNNING = 5;
var SYSCALL = 6;
var WAITING = 7;
var UNQUEUED = 8;
var UNKNOWN = 9;
var NOBODY = -1;
var Events = class {
  /** @param {{columns: Record<string, any>, meta: any}} decoded */
  constructor({ columns, meta }) {
    this.meta = meta;
    const { time, kind, head, g, place: place2, p, m, at, reason, source, cause } = (
      /** @type {Record<string, Column>} */
      columns
    );
    this.time = time;
    this.kind = kind;
    this.g = g;
    this.place = place2;
    this.p = p;
    this.m = m;
    this.at = at;
    this.reason = reason;
    this.source = source;
    this.cause = cause;
    this.ids = /** @type {Column} */
    columns.g_id;
    this.functions = /** @type {Column} */
    columns.g_function;
    this.kinds = Object.fromEntries(this.meta.kinds.map((about, number) => [about.kind, number]));
    this.procOf = new Map(this.meta.procs.map((number, index) => [number, index]));
    const steps = [];
    for (let row = 0; row < head.length; row++) if (head[row] && kind[row] !== this.kinds.SEEN) steps.push(row);
    this.steps = Int32Array.from(steps);
    this.initial = steps.length ? steps[0] : head.length;
  }
  get length() {
    return this.steps.length;
  }
  get goroutines() {
    return this.ids.length;
  }
  /** The row after a step's last one. @param {number} step */
  endOf(step) {
    return step + 1 < this.steps.length ? this.steps[step + 1] : this.kind.length;
  }
  /** When a step happened; the beginning for -1. @param {number} step */
  timeOf(step) {
    return step < 0 ? this.meta.bounds[0] : this.time[this.steps[step]];
  }
  /** The last step that has happened at `t`, -1 for none. @param {number} t  ns */
  stepAt(t) {
    let low = 0;
    let high = this.steps.length;
    while (low < high) {
      const middle = low + high >> 1;
      if (this.time[this.steps[middle]] <= t) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
  /** @param {number} step */
  about(step) {
    return this.meta.kinds[this.kind[this.steps[step]]];
  }
  /** @param {number} g */
  gName(g) {
    return `G${this.ids[g]}`;
  }
  /** @param {number} m */
  mName(m) {
    return `M${this.meta.threads[m]}`;
  }
  /** @param {number} g */
  functionOf(g) {
    return this.meta.functions[this.functions[g]] || "function unknown";
  }
  /** Whether a step moves a goroutine, itself or along. @param {number} step @param {number} g */
  concerns(step, g) {
    for (let row = this.steps[step]; row < this.endOf(step); row++) if (this.g[row] === g) return true;
    return false;
  }
  /**
   * The next step (or, backwards, the one before) that fits.
   *
   * @param {number} step  from here, itself left out
   * @param {1 | -1} way
   * @param {{kind?: number, g?: number}} wanted
   * @returns {number}  -1 if there is none
   */
  find(step, way, { kind, g }) {
    for (let next = step + way; next >= 0 && next < this.length; next += way) {
      if (this.fits(next, { kind, g })) return next;
    }
    return -1;
  }
  /** @param {number} step @param {{kind?: number, g?: number}} wanted */
  fits(step, { kind, g }) {
    return (kind === void 0 || this.kind[this.steps[step]] === kind) && (g === void 0 || this.concerns(step, g));
  }
  /** The last rows up to a step that moved a goroutine, the latest first. @param {number} step @param {number} g @param {number} most */
  movesOf(step, g, most) {
    const found = [];
    const last = step < 0 ? this.initial : this.endOf(step);
    for (let row = last - 1; row >= 0 && found.length < most; row--) if (this.g[row] === g) found.push(row);
    return found;
  }
};

// src/board/draw.js
var SVG = "http://www.w3.org/2000/svg";
var LOOKS = (
  /** @type {Record<number, {name: string, word: string}>} */
  {
    [RUNNEXT]: { name: "runnable", word: "runnable" },
    [LOCAL]: { name: "runnable", word: "runnable" },
    [GLOBAL]: { name: "runnable", word: "runnable" },
    [HAND]: { name: "runnable", word: "runnable" },
    [UNQUEUED]: { name: "runnable", word: "runnable" },
    [RUNNING]: { name: "running", word: "running" },
    [SYSCALL]: { name: "syscall", word: "in a system call" },
    [WAITING]: { name: "waiting", word: "waiting" }
  }
);
var UNKNOWN_LOOK = { name: "unknown", word: "state not known" };
function svg(tag, attributes = {}, text = void 0) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== void 0) made.textContent = text;
  return (
    /** @type {SVGElement} */
    made
  );
}
var Picture = class {
  /** @type {Map<string, SVGElement>} */
  #tokens = /* @__PURE__ */ new Map();
  /** @param {Events} events */
  constructor(events) {
    this.events = events;
    this.root = /** @type {SVGSVGElement} */
    svg("svg", { class: "bd-picture", role: "group" });
    this.boxes = svg("g", { class: "bd-boxes", "aria-hidden": "true" });
    this.trails = svg("g", { class: "bd-trails", "aria-hidden": "true" });
    this.tokens = svg("g", { class: "bd-tokens" });
    const marker = svg("marker", { id: `bd-arrow-${Math.random().toString(36).slice(2)}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" });
    marker.append(svg("path", { d: "M0,0 L8,4 L0,8 z", class: "bd-arrow" }));
    const defs = svg("defs");
    defs.append(marker);
    this.arrow = marker.id;
    this.root.append(defs, this.boxes, this.trails, this.tokens);
  }
  /**
   * @param {State} state
   * @param {Layout} layout
   * @param {Marks} marks
   */
  draw(state, layout2, marks) {
    const { width, height } = layout2;
    this.root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.root.setAttribute("width", String(width));
    this.root.setAttribute("height", String(height));
    this.boxes.replaceChildren(...boxesOf(layout2, state, this.events));
    for (const p of marks.procs) this.boxes.querySelector(`[data-box="p${p}"]`)?.classList.add("bd-now");
    this.trails.replaceChildren(...this.#trail(marks.trail));
    this.#tokensOf(state, layout2, marks);
  }
  /** @param {string} key */
  token(key2) {
    return this.#tokens.get(key2);
  }
  /** @param {State} state @param {Layout} layout @param {Marks} marks */
  #tokensOf(state, layout2, { now, chosen, focused }) {
    const gone = new Set(this.#tokens.keys());
    for (const [key2, spot] of layout2.tokens) {
      if (spot.hidden) continue;
      gone.delete(key2);
      const number = Number(key2.slice(1));
      const known = this.#tokens.get(key2);
      const token = known ?? this.#add(key2, layout2.sizes);
      token.style.transform = `translate(${spot.x}px, ${spot.y}px)`;
      if (key2[0] === "g") this.#dress(token, state, number, chosen);
      else token.setAttribute("aria-label", threadWords(this.events, state, number));
      token.classList.toggle("bd-now", key2 === now);
      token.setAttribute("tabindex", key2 === focused ? "0" : "-1");
    }
    for (const key2 of gone) {
      this.#tokens.get(key2)?.remove();
      this.#tokens.delete(key2);
    }
  }
  /** @param {string} key @param {Layout["sizes"]} sizes */
  #add(key2, { tokenW, threadW, tokenH }) {
    const number = Number(key2.slice(1));
    const thread = key2[0] === "m";
    const w = thread ? threadW : tokenW;
    const token = svg("g", { class: thread ? "bd-token bd-thread" : "bd-token", "data-key": key2, role: "img" });
    token.append(
      svg("path", { d: thread ? trapezoid(w, tokenH) : shape("runnable", w, tokenH), class: "bd-shape" }),
      svg("text", { class: "bd-name", "text-anchor": "middle", y: 4.5, "aria-hidden": "true" }, thread ? this.events.mName(number) : this.events.gName(number))
    );
    token.dataset.width = String(w);
    token.dataset.height = String(tokenH);
    this.tokens.append(token);
    this.#tokens.set(key2, token);
    return token;
  }
  /** @param {SVGElement} token @param {State} state @param {number} g @param {number} chosen */
  #dress(token, state, g, chosen) {
    const look = LOOKS[state.place[g]] ?? UNKNOWN_LOOK;
    if (token.dataset.state !== look.name) {
      token.dataset.state = look.name;
      token.querySelector("path")?.setAttribute("d", shape(look.name, Number(token.dataset.width), Number(token.dataset.height)));
    }
    token.classList.toggle("bd-chosen", g === chosen);
    token.setAttribute("aria-label", `${this.events.gName(g)}, ${this.events.functionOf(g)}, ${look.word}`);
  }
  /** @param {Trail} trail */
  #trail(trail) {
    if (!trail) return [];
    const { from, to } = trail;
    if (Math.hypot(to.x - from.x, to.y - from.y) < 30) return [];
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = Math.hypot(dx, dy);
    const [bx, by] = [(from.x + to.x) / 2 - dy / length * 18, (from.y + to.y) / 2 + dx / length * 18];
    const end = { x: to.x - dx / length * 16, y: to.y - dy / length * 16 };
    return [svg("path", { d: `M${from.x},${from.y} Q${bx},${by} ${end.x},${end.y}`, class: "bd-trail", "marker-end": `url(#${this.arrow})` })];
  }
};
function boxesOf({ boxes, labels, more }, state, events) {
  const made = boxes.flatMap((box) => {
    const { kind, x, y, w, h, off } = box;
    const name = `bd-box bd-${kind}${off ? " bd-off" : ""}`;
    const rect = svg("rect", { class: name, x, y, width: w, height: h, rx: kind === "p" || kind === "pool" || kind === "global" ? 5 : 4, "data-box": box.key });
    if (!box.title) return [rect];
    const title = svg("text", { class: "bd-title", x: x + 8, y: y + 17 }, box.title);
    const detail = svg("text", { class: "bd-detail", x: x + w - 8, y: y + 17, "text-anchor": "end", "data-detail": box.key }, box.detail);
    return [rect, title, detail];
  });
  made.push(...labels.map(({ x, y, text }) => svg("text", { class: "bd-label", x, y }, text)));
  made.push(...more.map(({ key: key2, x, y, text }) => svg("text", { class: "bd-more", x, y: y + 4.5, "data-more": key2 }, text)));
  if (state.why >= 0) {
    const world = boxes.find((box) => box.kind === "global");
    if (world) made.push(svg("text", { class: "bd-stopped", x: world.x + world.w / 2, y: world.y + 17, "text-anchor": "middle" }, `✋ ${events.meta.reasons[state.why]}`));
  }
  return made;
}
function threadWords(events, state, m) {
  const p = state.threadP[m];
  return `${events.mName(m)}, a thread, ${p === NOBODY ? "without a P" : `has P${events.meta.procs[p]}`}`;
}
function shape(state, w, h) {
  const [a, b] = [w / 2, h / 2];
  switch (state) {
    case "running":
      return `M${b - a},${-b} H${a - b} A${b},${b} 0 0 1 ${a - b},${b} H${b - a} A${b},${b} 0 0 1 ${b - a},${-b} Z`;
    case "waiting":
      return `M${-a},0 A${a},${b} 0 0 1 ${a},0 A${a},${b} 0 0 1 ${-a},0 Z`;
    case "syscall":
      return `M${7 - a},${-b} H${a - 7} L${a},0 L${a - 7},${b} H${7 - a} L${-a},0 Z`;
    default:
      return `M${-a},${-b} H${a} V${b} H${-a} Z`;
  }
}
function trapezoid(w, h) {
  const [a, b] = [w / 2, h / 2];
  return `M${6 - a},${-b} H${a - 6} L${a},${b} H${-a} Z`;
}

// src/board/pools.js
function poolKeys(events) {
  const keys = /* @__PURE__ */ new Set(["syscall"]);
  for (let row = 0; row < events.kind.length; row++) {
    if (events.g[row] !== NOBODY) keys.add(keyOf(events, events.place[row], events.reason[row]));
  }
  keys.delete("");
  const order = ["syscall", ...events.meta.pools.map((_, number) => `wait ${number}`), "unqueued"];
  return [...order.filter((key2) => keys.has(key2)), "parked"];
}
function titleOf(events, key2) {
  if (key2 === "syscall") return "In system calls";
  if (key2 === "parked") return "Parked Ms";
  if (key2 === "unqueued") return "Runnable, queue unseen";
  return events.meta.pools[Number(key2.slice(5))];
}
function pools(events, state, keys) {
  const found = new Map(keys.map((key2) => [
    key2,
    /** @type {Pool} */
    { key: key2, title: titleOf(events, key2), gs: [], ms: [] }
  ]));
  const busy = /* @__PURE__ */ new Set();
  for (let g = 0; g < events.goroutines; g++) {
    const m = state.m[g];
    if (state.place[g] === SYSCALL) {
      busy.add(m);
      if (m !== NOBODY && state.threadP[m] !== NOBODY) continue;
    }
    found.get(keyOf(events, state.place[g], state.reason[g]))?.gs.push(g);
  }
  for (const pool of found.values()) pool.gs.sort((a, b) => state.row[a] - state.row[b]);
  const parked = found.get("parked");
  for (let m = 0; m < state.seen.length; m++) {
    if (state.seen[m] && state.threadP[m] === NOBODY && !busy.has(m)) parked?.ms.push(m);
  }
  return [...found.values()];
}
function keyOf(events, place2, reason) {
  if (place2 === SYSCALL) return "syscall";
  if (place2 === UNQUEUED) return "unqueued";
  if (place2 === UNKNOWN) return `wait ${events.meta.pools.length - 1}`;
  return place2 === WAITING ? `wait ${events.meta.pool_of[reason]}` : "";
}

// src/board/state.js
var GONE = -2;
var EVERY = 256;
var checkpoints = /* @__PURE__ */ new WeakMap();
function stateAfter(events, step) {
  const known = checkpoints.get(events) ?? [beginning(events)];
  checkpoints.set(events, known);
  const wanted = Math.floor((step + 1) / EVERY);
  for (let next = known.length; next <= wanted; next++) {
    const state2 = copy(known[next - 1]);
    play(events, state2, (next - 1) * EVERY - 1, next * EVERY - 1);
    known.push(state2);
  }
  const state = copy(known[wanted]);
  play(events, state, wanted * EVERY - 1, step);
  return state;
}
function play(events, state, from, to) {
  for (let step = from + 1; step <= to; step++) {
    for (let row = events.steps[step]; row < events.endOf(step); row++) apply2(events, state, row);
  }
}
function beginning(events) {
  const [count, procs, threads] = [events.goroutines, events.meta.procs.length, events.meta.threads.length];
  const state = {
    place: new Uint8Array(count),
    p: new Int16Array(count).fill(NOBODY),
    m: new Int32Array(count).fill(NOBODY),
    reason: new Uint16Array(count),
    row: new Int32Array(count).fill(-1),
    runnext: new Array(procs).fill(NOBODY),
    local: Array.from({ length: procs }, () => []),
    global: [],
    procM: new Int32Array(procs).fill(GONE),
    threadP: new Int32Array(threads).fill(NOBODY),
    seen: new Uint8Array(threads),
    stopped: 0,
    why: -1,
    ended: 0
  };
  for (let row = 0; row < events.initial; row++) apply2(events, state, row);
  return state;
}
function copy(state) {
  return {
    ...state,
    place: state.place.slice(),
    p: state.p.slice(),
    m: state.m.slice(),
    reason: state.reason.slice(),
    row: state.row.slice(),
    runnext: state.runnext.slice(),
    local: state.local.map((queue) => queue.slice()),
    global: state.global.slice(),
    procM: state.procM.slice(),
    threadP: state.threadP.slice(),
    seen: state.seen.slice()
  };
}
function apply2(events, state, row) {
  const g = events.g[row];
  const m = events.m[row];
  if (m !== NOBODY) state.seen[m] = 1;
  if (g === NOBODY) applyToProc(events, state, row);
  else move(events, state, row, g);
}
function move(events, state, row, g) {
  leave(state, g);
  const place2 = events.place[row];
  const p = events.procOf.get(events.p[row]) ?? NOBODY;
  const m = events.m[row];
  state.place[g] = place2;
  state.p[g] = p;
  state.m[g] = m;
  state.row[g] = row;
  state.reason[g] = events.reason[row];
  if (place2 === RUNNEXT) state.runnext[p] = g;
  else if (place2 === LOCAL) state.local[p].splice(events.at[row], 0, g);
  else if (place2 === GLOBAL) state.global.splice(events.at[row], 0, g);
  else if (place2 === RUNNING && p !== NOBODY && m !== NOBODY) give(state, p, m);
  else if (place2 === SYSCALL && p === NOBODY && m !== NOBODY) part(state, m);
  else if (place2 === NOWHERE && events.kind[row] === events.kinds.ENDED) state.ended += 1;
}
function leave(state, g) {
  const p = state.p[g];
  if (state.place[g] === RUNNEXT && state.runnext[p] === g) state.runnext[p] = NOBODY;
  else if (state.place[g] === LOCAL) remove(state.local[p], g);
  else if (state.place[g] === GLOBAL) remove(state.global, g);
}
function applyToProc(events, state, row) {
  const { kinds } = events;
  const kind = events.kind[row];
  if (kind === kinds.STOPPED || kind === kinds.RESTARTED) {
    state.stopped += kind === kinds.STOPPED ? 1 : -1;
    state.why = state.stopped > 0 ? events.reason[row] : -1;
    return;
  }
  const p = events.procOf.get(events.p[row]) ?? NOBODY;
  if (p === NOBODY) return;
  if (kind === kinds.P_GONE) {
    part(state, state.procM[p]);
    state.procM[p] = GONE;
  } else if (events.m[row] === NOBODY) {
    part(state, state.procM[p]);
    state.procM[p] = NOBODY;
  } else give(state, p, events.m[row]);
}
function give(state, p, m) {
  if (state.procM[p] === m && state.threadP[m] === p) return;
  part(state, state.procM[p]);
  part(state, m);
  state.procM[p] = m;
  state.threadP[m] = p;
}
function part(state, m) {
  if (m < 0) return;
  const p = state.threadP[m];
  if (p !== NOBODY && state.procM[p] === m) state.procM[p] = NOBODY;
  state.threadP[m] = NOBODY;
}
function remove(queue, g) {
  const at = queue.indexOf(g);
  if (at >= 0) queue.splice(at, 1);
}

// src/board/layout.js
var PAD = 10;
var GAP = 6;
var TOKEN_H = 24;
var LINE = TOKEN_H + GAP;
var CARD_H = 150;
var POOL_LINES = 3;
var CARD_W = 250;
var POOL_W = 190;
function layout(events, state, { width, keys, shown }) {
  const made = new Maker(events, state, width, shown);
  const { tokens, boxes, more, labels, sizes } = made;
  let y = PAD;
  const inner = width - 2 * PAD;
  made.box({ key: "global", kind: "global", x: PAD, y, w: inner, h: 58, title: "Global queue", detail: counted(state.global.length, "goroutine") });
  made.row(state.global, PAD + GAP, y + 24, inner - 2 * GAP, 1, "global");
  y += 58 + PAD;
  const count = events.meta.procs.length;
  const columns = Math.max(1, Math.min(count, Math.floor((inner + PAD) / (CARD_W + PAD))));
  const perRow = Math.ceil(count / Math.ceil(count / columns)) || 1;
  const cardW = (inner + PAD) / perRow - PAD;
  for (let p = 0; p < count; p++) {
    made.card(p, PAD + p % perRow * (cardW + PAD), y + Math.floor(p / perRow) * (CARD_H + PAD), cardW);
  }
  y += Math.ceil(count / perRow) * (CARD_H + PAD);
  y = made.pools(pools(events, state, keys), y, inner);
  return { width, height: y, boxes, tokens, more, labels, sizes };
}
var Maker = class {
  /** @type {Box[]} */
  boxes = [];
  /** @type {Map<string, Spot>} */
  tokens = /* @__PURE__ */ new Map();
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
    this.held = events.meta.procs.map(() => []);
    for (let g = 0; g < events.goroutines; g++) {
      const place2 = state.place[g];
      const p = place2 === SYSCALL && state.m[g] !== NOBODY ? state.threadP[state.m[g]] : state.p[g];
      if (p !== NOBODY && (place2 === RUNNING || place2 === HAND || place2 === SYSCALL)) this.held[p].push(g);
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
    const key2 = `p${p}`;
    const queue = state.local[p];
    this.box({ key: key2, kind: "p", x, y, w, h: CARD_H, title: `P${events.meta.procs[p]}`, detail: this.doing(p), off: m < 0 });
    const top = y + 28;
    const runX = x + PAD + sizes.threadW + GAP + 4;
    this.box({ key: `${key2} m`, kind: "slot", x: x + PAD - 2, y: top, w: sizes.threadW + 4, h: TOKEN_H + 4, title: "", detail: "", off: m < 0 });
    if (m >= 0) this.put(`m${m}`, x + PAD + sizes.threadW / 2, top + 2 + TOKEN_H / 2);
    this.box({ key: `${key2} run`, kind: "run", x: runX, y: top, w: x + w - PAD - runX, h: TOKEN_H + 4, title: "", detail: "", off: m < 0 });
    this.row(this.held[p], runX + 4, top + 2, x + w - PAD - runX - 8, 1, `${key2} held`);
    if (this.held[p].length === 1) this.named(this.held[p][0], runX + sizes.tokenW + 12, top + 18, x + w - PAD - 4);
    const second = top + TOKEN_H + 24;
    this.labels.push({ x: x + PAD, y: second - 5, text: "runnext" });
    const slotW = sizes.tokenW + 4;
    this.box({ key: `${key2} next`, kind: "slot", x: x + PAD - 2, y: second, w: slotW, h: TOKEN_H + 4, title: "", detail: "", off: false });
    if (state.runnext[p] !== NOBODY) this.put(`g${state.runnext[p]}`, x + PAD + sizes.tokenW / 2, second + 2 + TOKEN_H / 2);
    const queueX = x + PAD + slotW + 10;
    this.labels.push({ x: queueX, y: second - 5, text: `queue of P${events.meta.procs[p]}: ${queue.length}` });
    this.row(queue, queueX, second + 2, x + w - PAD - queueX, 2, `${key2} queue`);
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
    if (g === void 0) return "looks for work";
    if (state.place[g] === RUNNING) return `runs ${events.gName(g)}`;
    return state.place[g] === SYSCALL ? `kept by ${events.gName(g)}'s system call` : `about to run ${events.gName(g)}`;
  }
  /** @param {import("./pools.js").Pool[]} found @param {number} y @param {number} inner  @returns {number} the height until here */
  pools(found, y, inner) {
    const columns = Math.max(1, Math.min(found.length, Math.floor((inner + PAD) / (POOL_W + PAD))));
    const rows = Math.ceil(found.length / columns);
    const perRow = Math.ceil(found.length / rows);
    const w = (inner + PAD) / perRow - PAD;
    const h = 26 + POOL_LINES * LINE + 4;
    found.forEach((pool, number) => {
      const x = PAD + number % perRow * (w + PAD);
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
    this.grid(
      ms,
      { x, y, w, lines: POOL_LINES, itemW: threadW, key: "parked" },
      (m, left, middle, hidden) => this.put(`m${m}`, left + threadW / 2, middle, hidden)
    );
  }
  /** @param {number[]} gs @param {number} x @param {number} y @param {number} w @param {number} lines @param {string} key */
  row(gs, x, y, w, lines, key2) {
    const { tokenW } = this.sizes;
    this.grid(gs, { x, y, w, lines, itemW: tokenW, key: key2 }, (g, left, middle, hidden) => this.put(`g${g}`, left + tokenW / 2, middle, hidden));
  }
  /**
   * Items side by side in lines; what has no room is behind "+n more", at its place.
   *
   * @param {number[]} items
   * @param {{x: number, y: number, w: number, lines: number, itemW: number, key: string}} area
   * @param {(item: number, left: number, middle: number, hidden: boolean) => void} place
   */
  grid(items, { x, y, w, lines, itemW, key: key2 }, place2) {
    const perLine = Math.max(1, Math.floor((w + GAP) / (itemW + GAP)));
    const room = perLine * lines;
    const spot = (at) => ({
      left: x + at % perLine * (itemW + GAP),
      middle: y + Math.floor(at / perLine) * LINE + TOKEN_H / 2
    });
    const spare = itemW < 70 && perLine > 1 ? 2 : 1;
    const seen = items.length <= room ? items : this.chosen(items, Math.max(room - spare, 0));
    const inside = new Set(seen);
    seen.forEach((item, at) => place2(item, spot(at).left, spot(at).middle, false));
    if (seen.length === items.length) return;
    const last = spot(Math.max(room - spare, 0));
    this.more.push({ key: `${key2} more`, x: last.left, y: last.middle, text: `+${items.length - seen.length} more` });
    for (const item of items) if (!inside.has(item)) place2(item, last.left, last.middle, true);
  }
  /** The first ones, and in the last places those that must be seen. @param {number[]} items @param {number} room */
  chosen(items, room) {
    const head = items.slice(0, room);
    const wanted = this.shown.filter((g) => items.includes(g) && !head.includes(g)).slice(0, room);
    return [...head.slice(0, room - wanted.length), ...wanted];
  }
  /** @param {string} key @param {number} x @param {number} y */
  put(key2, x, y, hidden = false) {
    this.tokens.set(key2, { x, y, hidden });
  }
};
function sizesOf(events) {
  const digits = (numbers) => {
    let most = 0;
    for (let at = 0; at < numbers.length; at++) most = Math.max(most, numbers[at]);
    return String(most).length;
  };
  return { tokenW: 26 + 7.5 * digits(events.ids), threadW: 24 + 7.5 * digits(events.meta.threads), tokenH: TOKEN_H };
}
function detailOf({ key: key2, gs, ms }) {
  if (key2 === "parked") return String(ms.length);
  if (key2 === "syscall") return `${gs.length} without P`;
  return String(gs.length);
}
function counted(count, what) {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

// src/board/player.js
var SPEEDS = [0, 10, 100, 1e3, 1e4, 1e5, 1e6];
var EVEN_MS = 1200;
var WHOLE_MS = 3e4;
var NS_PER_MS = 1e6;
var Player = class {
  /** ms since the last event, at an even pace. */
  #waited = 0;
  /** @param {import("./events.js").Events} events @param {() => void} changed */
  constructor(events, changed) {
    this.events = events;
    this.changed = changed;
    const [t] = events.meta.bounds;
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
    const at = SPEEDS.indexOf(this.now.speed) - way;
    this.setSpeed(SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)]);
  }
  /** Time has passed at the reader's. @param {number} ms */
  tick(ms) {
    const { playing, speed, t, step } = this.now;
    if (!playing) return;
    const [, end] = this.events.meta.bounds;
    if (speed > 0) {
      this.seek(t + ms * NS_PER_MS / speed);
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
  #set(part2) {
    const next = { ...this.now, ...part2 };
    const { t, step, speed, playing } = this.now;
    if (next.t === t && next.step === step && next.speed === speed && next.playing === playing) return;
    this.now = next;
    this.changed();
  }
};
function fittingSpeed([begin, end]) {
  const wanted = WHOLE_MS * NS_PER_MS / Math.max(end - begin, 1);
  return SPEEDS.filter((speed) => speed > 0).reduce(
    (best, speed) => Math.abs(Math.log(speed / wanted)) < Math.abs(Math.log(best / wanted)) ? speed : best
  );
}

// src/board/sentences.js
function placeWords(events, row) {
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
function sentence(events, step, stopped = false) {
  if (step < 0) return "The beginning: everything is where it was when the window began.";
  const row = events.steps[step];
  if (stopped && events.about(step).kind === "P_IDLE") return `P${events.p[row]} stopped, as the whole world does.`;
  const write = SENTENCES[events.about(step).kind];
  return write ? write(new Words(events, step, row)) : `${events.about(step).label}.`;
}
var Words = class {
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
};
var SENTENCES = {
  CREATED: (w) => `${w.by || "The runtime"} created ${w.g} with a go statement (${w.function}). ${w.went}`,
  READIED: (w) => `${w.by} made ${w.g} runnable: what it waited for is there. ${w.went}`,
  TIMER: (w) => `A timer that ${w.hasP ? w.p : "an M without P"} looked after ran out and made ${w.g} runnable. ${w.went}`,
  NETWORK: (w) => `The network poller found that ${w.g} can go on. ${w.went}`,
  FOUND: (w) => `The scheduler itself woke ${w.g} (${w.function}). ${w.went}`,
  PICKED: (w) => `${w.p} took ${w.g} from its own queue and runs it, on ${w.m}.`,
  FROM_GLOBAL: (w) => `${w.p} took ${w.g} from the global queue and runs it, on ${w.m}.${w.along}`,
  STOLEN: (w) => `${w.p} had nothing to do, stole ${w.g} from ${w.from}'s queue and runs it, on ${w.m}.${w.along}`,
  STARTED: (w) => `${w.p} runs ${w.g}, on ${w.m}; it did not stand in a queue.`,
  BLOCKED: (w) => w.reason === "preempted" ? `${w.g} was stopped for a moment, so that its stack can be looked at; ${w.from} is free for another goroutine.` : `${w.g} blocked${w.reason ? ` (${w.reason})` : ""} and left ${w.from}, which is free for another goroutine. No M waits with it.`,
  PREEMPTED: (w) => `${w.g} had to stop: it was preempted on ${w.from}. ${w.went}`,
  YIELDED: (w) => `${w.g} gave up ${w.from} by itself (${w.reason || "runtime.Gosched"}). ${w.went}`,
  CALL: (w) => w.hasP ? `${w.g} entered a system call. ${w.m} goes with it into the kernel and keeps ${w.p} for now.` : `${w.g} entered a system call on ${w.m}, without a P.`,
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
  SAMPLED: (w) => w.g ? `${w.g} was seen ${w.where}; it came there at some time since the sample before.` : `${w.p} was seen ${w.m === "an M" ? "idle" : `with ${w.m}`}.`,
  APPEARED: (w) => `${w.g} is seen for the first time, ${w.where}.`,
  LOST: (w) => `${w.g} is not seen any more.`
};
function knownWords(events, step) {
  if (step < 0) return "";
  const { known, place: place2 } = events.about(step);
  return !place2 || place2 === known ? known : `${known}; the queue is ${place2}`;
}
function list(names) {
  if (names.length < 2) return names.join("");
  if (names.length > 4) return `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

// src/board/app.js
var NARROWEST = 560;
var HISTORY = 4;
var App = class {
  /** The goroutine that is followed, -1 none. */
  chosen = NOBODY;
  /** The token that Tab comes to. */
  focused = "";
  #drawn = { step: -2, width: 0, chosen: NOBODY };
  #listeners = (
    /** @type {Map<Change, Set<() => void>>} */
    /* @__PURE__ */ new Map()
  );
  #handle = 0;
  #playedAt = 0;
  /**
   * @param {HTMLElement} root
   * @param {import("./events.js").Events} events
   * @param {{title: string}} options
   * @param {AbortSignal} signal
   */
  constructor(root, events, options, signal) {
    this.root = root;
    this.events = events;
    this.options = options;
    this.signal = signal;
    this.player = new Player(events, () => this.#moved());
    this.picture = new Picture(events);
    this.keys = poolKeys(events);
    this.state = stateAfter(events, -1);
    this.layout = null;
    this.parts = {
      bar: element("div", { class: "bd-bar" }),
      sentence: element("p", { class: "bd-sentence", role: "status", "aria-live": "polite" }),
      stage: element("div", { class: "bd-stage" }),
      jump: element("div", { class: "bd-bar" }),
      history: element("ol", { class: "bd-history", "aria-label": "Events before this one, the latest first" }),
      tooltip: element("div", { class: "bd-tooltip", role: "tooltip", hidden: "" }),
      legend: element("div", { class: "bd-legend" })
    };
    const { bar, stage, jump, history, tooltip, legend } = this.parts;
    stage.append(this.picture.root);
    root.append(bar, this.parts.sentence, stage, jump, history, legend, tooltip);
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", options.title);
    this.picture.root.setAttribute("aria-label", "Goroutines, Ms and Ps. Up and down move from token to token.");
    followTheme(root, { signal });
    const sizes = new ResizeObserver(() => this.draw());
    sizes.observe(stage);
    signal.addEventListener("abort", () => {
      sizes.disconnect();
      cancelAnimationFrame(this.#handle);
    });
  }
  /** @param {Change} change @param {() => void} listener */
  on(change, listener) {
    const known = this.#listeners.get(change);
    if (known) known.add(listener);
    else this.#listeners.set(change, /* @__PURE__ */ new Set([listener]));
  }
  /** @param {Change} change */
  emit(change) {
    for (const listener of this.#listeners.get(change) ?? []) listener();
  }
  /** Follow a goroutine, or none. @param {number} g */
  choose(g) {
    if (g === this.chosen) return;
    this.chosen = g;
    this.draw();
    this.emit("chosen");
  }
  /** Draws now, what has changed. */
  draw() {
    const { events, player, parts, picture: picture2, root } = this;
    const { step, playing } = player.now;
    const width = Math.max(Math.floor(parts.stage.clientWidth), NARROWEST);
    if (parts.stage.clientWidth < 1) return;
    const drawn = this.#drawn;
    if (drawn.step === step && drawn.width === width && drawn.chosen === this.chosen) return;
    root.classList.toggle("bd-still", drawn.width !== width || Math.abs(step - drawn.step) > 3);
    this.#drawn = { step, width, chosen: this.chosen };
    this.state = stateAfter(events, step);
    const now = step < 0 ? NOBODY : events.g[events.steps[step]];
    const shown = [now, this.chosen].filter((g) => g !== NOBODY);
    this.layout = layout(events, this.state, { width, keys: this.keys, shown });
    if (!this.layout.tokens.has(this.focused) || this.layout.tokens.get(this.focused)?.hidden) {
      this.focused = [...this.layout.tokens].find(([, spot]) => !spot.hidden)?.[0] ?? "";
    }
    const trail = this.#trail(step, width, shown);
    const procs = step < 0 ? [] : procsOf(events, events.steps[step]);
    picture2.draw(this.state, this.layout, { trail, now: moverOf(events, step), procs, chosen: this.chosen, focused: this.focused });
    this.#say(step, playing);
    root.dataset.step = String(step);
    this.emit("drawn");
    if (!root.dataset.ready) markReady(root);
  }
  /** From where to where the token of this event went. @param {number} step @param {number} width @param {number[]} shown */
  #trail(step, width, shown) {
    const { events } = this;
    const mover = moverOf(events, step);
    const to = this.layout?.tokens.get(mover);
    if (!to) return null;
    const before = layout(events, stateAfter(events, step - 1), { width, keys: this.keys, shown });
    const from = before.tokens.get(mover) ?? before.tokens.get(`g${events.cause[events.steps[step]]}`);
    return from ? { from, to } : null;
  }
  /** @param {number} step @param {boolean} playing */
  #say(step, playing) {
    const { events, parts } = this;
    const words2 = (one) => sentence(events, one, this.state.why >= 0);
    parts.sentence.setAttribute("aria-live", playing && this.player.now.speed > 0 ? "off" : "polite");
    const known = knownWords(events, step);
    const symbol = step < 0 ? "" : events.about(step).symbol;
    const children = [element("span", {}, words2(step))];
    if (symbol) children.push(element("code", { class: "bd-symbol" }, symbol));
    if (known) children.push(element("span", { class: "bd-known" }, known));
    parts.sentence.replaceChildren(...children.flatMap((one) => [one, " "]));
    const earlier = [];
    for (let one = step - 1; one >= 0 && earlier.length < HISTORY; one--) earlier.push(element("li", {}, sentence(events, one)));
    parts.history.replaceChildren(...earlier);
  }
  #moved() {
    this.draw();
    this.emit("moment");
    this.#playOn();
  }
  #playOn() {
    if (!this.player.now.playing || this.#handle || this.signal.aborted) return;
    this.#playedAt = performance.now();
    const frame = (at) => {
      this.#handle = 0;
      if (!this.player.now.playing) return;
      this.player.tick(Math.min(Math.max(at - this.#playedAt, 0), 250));
      this.#playedAt = at;
      if (this.player.now.playing && !this.#handle) this.#handle = requestAnimationFrame(frame);
    };
    this.#handle = requestAnimationFrame(frame);
  }
};
function moverOf(events, step) {
  if (step < 0) return "";
  const row = events.steps[step];
  if (events.g[row] !== NOBODY) return `g${events.g[row]}`;
  const { P_IDLE, P_GONE } = events.kinds;
  const m = [P_IDLE, P_GONE].includes(events.kind[row]) ? events.source[row] : events.m[row];
  return m === NOBODY ? "" : `m${m}`;
}
function procsOf(events, row) {
  const own = [events.p[row], ...events.g[row] === NOBODY ? [] : [events.source[row]]];
  return own.flatMap((p) => events.procOf.get(p) ?? []);
}

// src/timeline/units.js
var UNITS = [
  { ns: 1e9, name: "s" },
  { ns: 1e6, name: "ms" },
  { ns: 1e3, name: "µs" },
  { ns: 1, name: "ns" }
];
function duration(ns) {
  const size = Math.abs(ns);
  const unit = UNITS.find((one) => size >= one.ns) ?? UNITS[3];
  const value = ns / unit.ns;
  const digits = unit.ns === 1 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return `${value.toFixed(digits)} ${unit.name}`;
}
function moment(ns, step, largest = ns) {
  const size = Math.max(Math.abs(largest), step);
  const unit = UNITS.find((one) => size >= one.ns) ?? UNITS[3];
  const digits = Math.max(0, Math.round(Math.log10(unit.ns)) - Math.floor(Math.log10(Math.max(step, 1)) + 1e-9));
  return `${(ns / unit.ns).toFixed(digits)} ${unit.name}`;
}

// src/board/controls.js
function button(text, label, act) {
  const made = element("button", { type: "button", "aria-label": label, title: label }, text);
  made.addEventListener("click", act);
  return made;
}
function addTransport(app) {
  const { player, events, parts } = app;
  const play2 = button("▶ Play", "Play", () => player.play(!player.now.playing));
  play2.classList.add("bd-play");
  const speed = element("select", { "aria-label": "Speed" });
  for (const one of [...SPEEDS].reverse()) speed.append(element("option", { value: String(one) }, speedWords(one)));
  speed.addEventListener("change", () => player.setSpeed(Number(speed.value)));
  const [begin, end] = events.meta.bounds;
  const scrub = element("input", { type: "range", class: "bd-scrub", min: String(begin), max: String(end), step: "1", "aria-label": "Moment" });
  scrub.addEventListener("input", () => player.seek(Number(scrub.value)));
  const readout = element("output", { class: "bd-readout" });
  parts.bar.append(
    button("|◀", "To the beginning (Home)", () => player.goTo(-1)),
    button("‹ Back", "Back one event (left arrow)", () => player.goTo(player.now.step - 1)),
    play2,
    button("Step ›", "Step on by one event (right arrow)", () => player.goTo(player.now.step + 1)),
    button("▶|", "To the end (End)", () => player.goTo(events.length - 1)),
    speed,
    scrub,
    readout
  );
  const show = () => {
    const { t, step, playing, speed: now } = player.now;
    play2.textContent = playing ? "❚❚ Pause" : "▶ Play";
    play2.setAttribute("aria-label", playing ? "Pause" : "Play");
    speed.value = String(now);
    scrub.value = String(t);
    const when = moment(t, 1, end);
    scrub.setAttribute("aria-valuetext", `${when}, event ${step + 1} of ${events.length}`);
    readout.textContent = `${when} · event ${step + 1} of ${events.length}`;
  };
  app.on("moment", show);
  show();
}
function addJumps(app) {
  const { player, events, parts } = app;
  const kinds = countedKinds(events);
  const kind = element("select", { "aria-label": "Kind of event" }, element("option", { value: "" }, "any event"));
  for (const [number, count] of kinds) {
    kind.append(element("option", { value: String(number) }, `${events.meta.kinds[number].label} (${count})`));
  }
  const goroutine = element("select", { "aria-label": "Goroutine" }, element("option", { value: "-1" }, "any goroutine"));
  for (let g = 0; g < events.goroutines; g++) {
    goroutine.append(element("option", { value: String(g) }, `${events.gName(g)} ${events.functionOf(g)}`));
  }
  goroutine.addEventListener("change", () => app.choose(Number(goroutine.value)));
  app.on("chosen", () => {
    goroutine.value = String(app.chosen);
  });
  const said = element("span", { class: "bd-faint", role: "status" });
  const jump = (way) => {
    const wanted = { kind: kind.value === "" ? void 0 : Number(kind.value), g: app.chosen === NOBODY ? void 0 : app.chosen };
    const found = events.find(player.now.step, way, wanted);
    said.textContent = found < 0 ? way > 0 ? "No later one." : "No earlier one." : "";
    if (found >= 0) player.goTo(found);
  };
  parts.jump.append(
    "Jump to",
    kind,
    "of",
    goroutine,
    button("◀ Previous", "Previous such event (P)", () => jump(-1)),
    button("Next ▶", "Next such event (N)", () => jump(1)),
    said
  );
  return { jump };
}
function countedKinds(events) {
  const counts = /* @__PURE__ */ new Map();
  for (const row of events.steps) counts.set(events.kind[row], (counts.get(events.kind[row]) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}
function addLegend(app) {
  const { events, parts } = app;
  const shapes = [RUNNING, RUNNEXT, WAITING, SYSCALL].map((place2) => key(LOOKS[place2].name, LOOKS[place2].word));
  const thread = element("span", { class: "bd-key" }, picture("thread"), "an M (thread)");
  const unknown = app.keys.includes(`wait ${events.meta.pools.length - 1}`) ? [key(UNKNOWN_LOOK.name, UNKNOWN_LOOK.word)] : [];
  const lines = howKnown(events).map(([how, labels]) => element("li", {}, element("strong", {}, `${how}: `), labels));
  const words2 = element("details", {}, element("summary", {}, "How each event is known"), element("ul", {}, ...lines));
  parts.legend.append(element("div", { class: "bd-keys" }, ...shapes, ...unknown, thread), element("p", { class: "bd-faint" }, honest(events)), words2);
}
function honest(events) {
  const { known, lost } = events.meta;
  const parts = known === "sampled" ? ["Sampled: states were seen at some moments; what happened between two of them is not known, nor when."] : [
    known === "simulated" ? "Simulated: no program ran." : "That a goroutine became runnable, ran, blocked or ended is recorded, with its P and M.",
    "Which queue it stood in meanwhile, and at which place, is reconstructed by the rules of runtime/proc.go; a steal is one where another P ran it."
  ];
  if (lost) parts.push(`The capture is incomplete: ${lost}.`);
  return parts.join(" ");
}
function howKnown(events) {
  const found = /* @__PURE__ */ new Map();
  const rows = new Set(events.kind instanceof Uint8Array ? events.kind : Array.from(events.kind));
  for (const number of rows) {
    const { label, known, place: place2, symbol } = events.meta.kinds[number];
    const how = place2 && place2 !== known ? `${known}, the queue ${place2}` : known;
    const words2 = found.get(how) ?? /* @__PURE__ */ new Set();
    words2.add(symbol ? `${label} (${symbol})` : label);
    found.set(how, words2);
  }
  return [...found].sort().map(([how, labels]) => [how, [...labels].join("; ")]);
}
function key(state, word) {
  return element("span", { class: "bd-key" }, picture(state), word);
}
function picture(state) {
  const root = svg("svg", { width: 30, height: 18, viewBox: "-15 -9 30 18", "aria-hidden": "true" });
  const token = svg("g", { class: state === "thread" ? "bd-token bd-thread" : "bd-token", "data-state": state });
  token.append(svg("path", { class: "bd-shape", d: state === "thread" ? "M-9,-8 H9 L14,8 H-14 Z" : shape(state, 28, 16) }));
  root.append(token);
  return root;
}
function speedWords(speed) {
  if (speed === 0) return `one event every ${EVEN_MS / 1e3} s`;
  return `${speed.toLocaleString("en")} × slower: 1 s is ${duration(1e9 / speed)}`;
}

// src/board/details.js
var MOVES = 5;
function addDetails(app) {
  const { picture: picture2, parts, root } = app;
  const { tooltip } = parts;
  let key2 = "";
  const show = (wanted) => {
    key2 = wanted;
    const token = key2 ? picture2.token(key2) : void 0;
    tooltip.hidden = !token;
    if (!token) return;
    tooltip.replaceChildren(...key2[0] === "g" ? aboutGoroutine(app, Number(key2.slice(1))) : aboutThread(app, Number(key2.slice(1))));
    place(tooltip, app, key2);
  };
  const keyAt = (target) => target instanceof Element && target.closest(".bd-picture [data-key]")?.getAttribute("data-key") || "";
  const { root: image } = picture2;
  image.addEventListener("pointerover", (event) => show(keyAt(event.target)));
  image.addEventListener("pointerleave", () => show(""));
  image.addEventListener("focusin", (event) => {
    const found = keyAt(event.target);
    if (found) app.focused = found;
    show(found);
  });
  image.addEventListener("focusout", () => show(""));
  image.addEventListener("click", (event) => {
    const found = keyAt(event.target);
    if (found[0] === "g") app.choose(Number(found.slice(1)) === app.chosen ? NOBODY : Number(found.slice(1)));
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !tooltip.hidden) {
      show("");
      event.stopPropagation();
    }
  });
  app.on("drawn", () => show(key2));
}
function aboutGoroutine(app, g) {
  const { events, state, player } = app;
  const look = LOOKS[state.place[g]] ?? UNKNOWN_LOOK;
  const row = state.row[g];
  const since = events.time[row];
  const open = row < events.initial;
  const facts = element("dl", { class: "bd-facts" });
  const fact = (name, value) => facts.append(element("dt", {}, name), element("dd", {}, value));
  const where = placeWords(events, row);
  fact("state", where.startsWith(look.word) ? where : `${look.word}, ${where}`);
  fact(open ? "since before" : "since", `${moment(since, 1, events.meta.bounds[1])} (for ${duration(player.now.t - since)})`);
  const reason = events.meta.reasons[state.reason[g]];
  if (reason) fact("reason", reason);
  if (events.cause[row] !== NOBODY) fact("because of", events.gName(events.cause[row]));
  const moves = events.movesOf(player.now.step, g, MOVES).map((one) => {
    const { label } = events.meta.kinds[events.kind[one]];
    return element("li", {}, `${moment(events.time[one], 1, events.meta.bounds[1])}: ${label}, ${placeWords(events, one)}`);
  });
  return [element("strong", {}, `${events.gName(g)} ${events.functionOf(g)}`), facts, element("div", { class: "bd-faint" }, "Last moves"), element("ol", {}, ...moves)];
}
function aboutThread(app, m) {
  const { events, state } = app;
  const p = state.threadP[m];
  const held = state.m.indexOf(m);
  const words2 = [p === NOBODY ? "It has no P." : `It has P${events.meta.procs[p]}.`];
  if (held >= 0) words2.push(`Its goroutine is ${events.gName(held)}, ${placeWords(events, state.row[held])}.`);
  else words2.push(p === NOBODY ? "It is parked, or outside of Go (derived)." : "It is in the scheduler (derived).");
  return [element("strong", {}, `${events.mName(m)}, a thread of the system`), element("p", {}, words2.join(" "))];
}
function place(tooltip, { root, picture: picture2, layout: layout2 }, key2) {
  const spot = layout2?.tokens.get(key2);
  if (!spot || !layout2) return;
  const [frame, image] = [root.getBoundingClientRect(), picture2.root.getBoundingClientRect()];
  const x = image.left - frame.left + spot.x * image.width / layout2.width;
  const y = image.top - frame.top + spot.y * image.height / layout2.height;
  const room = Math.max(frame.width - tooltip.offsetWidth - 8, 0);
  tooltip.style.left = `${Math.min(Math.max(x - 30, 4), room)}px`;
  tooltip.style.top = `${y + 18}px`;
}

// src/saving.js
function download(content, title, suffix) {
  const address = URL.createObjectURL(content);
  const name = title.replaceAll(/[^\p{L}\p{N} _-]+/gu, "_").slice(0, 80) || "view";
  element("a", { href: address, download: `${name}.${suffix}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1e4);
}

// src/board/exporting.js
var STYLED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "opacity", "transform", "text-anchor"];
var SCALE = 2;
function standalone(app) {
  const { picture: picture2, parts, options, root } = app;
  const copy2 = (
    /** @type {SVGSVGElement} */
    picture2.root.cloneNode(true)
  );
  style(picture2.root, copy2);
  copy2.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const background = svg("rect", { x: 0, y: 0, width: "100%", height: "100%", fill: getComputedStyle(root).backgroundColor });
  const words2 = parts.sentence.textContent?.trim() ?? "";
  copy2.prepend(svg("title", {}, options.title), svg("desc", {}, words2), background);
  copy2.removeAttribute("class");
  return new XMLSerializer().serializeToString(copy2);
}
function style(from, to) {
  const computed = getComputedStyle(from);
  const own = from instanceof SVGElement ? from.style.transform : "";
  for (const name of STYLED) {
    const value = name === "transform" ? own : computed.getPropertyValue(name);
    if (value && value !== "none") to.setAttribute(name, name === "transform" ? value.replaceAll("px", "") : value);
  }
  if (computed.fill === "none") to.setAttribute("fill", "none");
  for (const name of ["style", "class", "tabindex"]) to.removeAttribute(name);
  [...from.children].forEach((child, at) => style(child, to.children[at]));
}
function saveSvg(app) {
  save(app, new Blob([standalone(app)], { type: "image/svg+xml" }), "svg");
}
async function savePng(app) {
  const address = URL.createObjectURL(new Blob([standalone(app)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width * SCALE, image.height * SCALE];
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser gives no canvas to draw the PNG on");
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const made = await new Promise((done) => canvas.toBlob(done, "image/png"));
    if (made) save(app, made, "png");
  } finally {
    URL.revokeObjectURL(address);
  }
}
function save({ options, player }, content, suffix) {
  download(content, `${options.title || "board"}-${player.now.t}ns`, suffix);
}

// src/board/keys.js
var KEYS = [
  ["Space", "play, pause"],
  ["← →", "back, on by one event"],
  ["Home, End", "to the beginning, to the end"],
  ["+ −", "faster, slower"],
  ["N, P", "next, previous event of the kind and goroutine chosen under “Jump to”"],
  ["↑ ↓", "from token to token; each tells its state"],
  ["Enter", "follow the goroutine of the token, or no more"],
  ["?", "this help"]
];
function addKeys(app, { jump }) {
  const { root, parts, player, events } = app;
  const help = element("div", { class: "bd-help", role: "dialog", "aria-label": "Keys", hidden: "" });
  const close = button("Close", "Close the help", () => toggle());
  const opener = button("?", "Keys (?)", () => toggle());
  const toggle = () => {
    help.hidden = !help.hidden;
    if (help.hidden) opener.focus();
    else close.focus();
  };
  const list2 = element("dl", { class: "bd-facts" });
  for (const [keys, act] of KEYS) list2.append(element("dt", {}, keys), element("dd", {}, act));
  help.append(element("h3", {}, "Keys"), list2, close);
  root.append(help);
  parts.jump.append(
    element("span", { class: "bd-space" }),
    button("SVG", "Save this picture as SVG", () => saveSvg(app)),
    button("PNG", "Save this picture as PNG", () => void savePng(app)),
    opener
  );
  const acts = {
    " ": () => player.play(!player.now.playing),
    ArrowLeft: () => player.goTo(player.now.step - 1),
    ArrowRight: () => player.goTo(player.now.step + 1),
    Home: () => player.goTo(-1),
    End: () => player.goTo(events.length - 1),
    "+": () => player.hurry(1),
    "=": () => player.hurry(1),
    "-": () => player.hurry(-1),
    n: () => jump(1),
    p: () => jump(-1),
    ArrowDown: () => walk(app, 1),
    ArrowUp: () => walk(app, -1),
    "?": toggle
  };
  root.addEventListener("keydown", (event) => {
    const { target, key: key2 } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !(target instanceof Element)) return;
    if (key2 === "Escape" && !help.hidden) {
      toggle();
      event.stopPropagation();
      return;
    }
    if (target.matches("select") || key2 === " " && target.matches("button, summary")) return;
    if (key2 === "Enter" && target.matches("[data-key]")) target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const act = acts[key2.length === 1 ? key2.toLowerCase() : key2];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
function walk(app, way) {
  const { picture: picture2, layout: layout2 } = app;
  if (!layout2) return;
  const keys = [...layout2.tokens].filter(([, spot]) => !spot.hidden).sort(([, a], [, b]) => a.y - b.y || a.x - b.x).map(([key2]) => key2);
  if (!keys.length) return;
  const inside = picture2.root.contains(document.activeElement);
  const at = inside ? keys.indexOf(app.focused) + way : keys.indexOf(app.focused);
  const next = keys[(Math.max(at, inside ? at : 0) + keys.length) % keys.length];
  picture2.token(app.focused)?.setAttribute("tabindex", "-1");
  app.focused = next;
  const token = picture2.token(next);
  token?.setAttribute("tabindex", "0");
  token?.focus();
}

// src/link.js
var EVENT = "schedlab-link";
function joinGroup(name, signal, onMessage, meeting = globalThis.window) {
  if (!name) return () => {
  };
  const self = {};
  const hear = (event) => {
    const { detail } = (
      /** @type {CustomEvent} */
      event
    );
    if (detail.name === name && detail.from !== self) onMessage(detail.message);
  };
  meeting.addEventListener(EVENT, hear, { signal });
  return (message) => {
    if (signal?.aborted) return;
    meeting.dispatchEvent(new CustomEvent(EVENT, { detail: { name, from: self, message } }));
  };
}

// src/board/view_state.js
var SETTLED_MS = 250;
function keepView(app, model) {
  const { player, signal } = app;
  let own = "";
  let timer = 0;
  let hearing = false;
  const saved = () => {
    const { t, speed } = player.now;
    return { t, speed, playing: false };
  };
  const restore = () => {
    const value = model.get("view");
    if (!value || typeof value !== "object" || JSON.stringify(value) === own) return;
    if (Number.isFinite(value.speed)) player.setSpeed(value.speed);
    if (Number.isFinite(value.t)) player.seek(value.t);
    if (typeof value.playing === "boolean") player.play(value.playing);
  };
  const post = joinGroup(String(model.get("group") ?? ""), signal, (message) => {
    const { cursor } = message ?? {};
    if (typeof cursor !== "number" || !Number.isFinite(cursor)) return;
    hearing = true;
    player.seek(cursor);
    hearing = false;
  });
  let posted = player.now.t;
  app.on("moment", () => {
    const { t } = player.now;
    if (!hearing && t !== posted) post({ cursor: t });
    posted = t;
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      own = JSON.stringify(saved());
      model.set("view", saved());
      model.save_changes();
    }, SETTLED_MS);
  });
  restore();
  model.on("change:view", restore);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("change:view", restore);
  });
}

// src/board/start.js
async function start(model, el, outer) {
  const stop = new AbortController();
  outer?.addEventListener("abort", () => stop.abort(), { once: true });
  const root = widgetRoot(el, "board");
  const events = new Events(await decode(model.get("data")));
  const app = new App(root, events, { title: model.get("heading") || "Board" }, stop.signal);
  app.player.setSpeed(fittingSpeed(events.meta.bounds));
  addTransport(app);
  addKeys(app, addJumps(app));
  addLegend(app);
  addDetails(app);
  keepView(app, model);
  root.board = app;
  app.draw();
  return () => stop.abort();
}

// src/widgets/board.js
var board_default = {
  /**
   * @param {{model: import("../board/view_state.js").Model, el: HTMLElement, signal?: AbortSignal}} props
   */
  render({ model, el, signal }) {
    return start(model, el, signal);
  }
};
export {
  board_default as default
};
