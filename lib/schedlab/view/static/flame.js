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
  const bytes2 = asBytes(data);
  const header = readHeader(bytes2);
  const descriptions = header.columns.map(checked);
  const total = descriptions.reduce((sum2, one) => sum2 + BYTES[one.stored] * one.length, header.meta);
  const raw = await inflate(bytes2.subarray(header.end), total);
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
function readHeader(bytes2) {
  if (bytes2.length < FIXED_BYTES) throw new BlobError(`a blob of ${bytes2.length} bytes is cut`);
  const view = new DataView(bytes2.buffer, bytes2.byteOffset, bytes2.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new BlobError("these bytes are no blob of schedlab");
  const end = FIXED_BYTES + view.getUint32(4, true);
  if (end > bytes2.length) throw new BlobError("the blob's header is cut");
  const header = parsed(bytes2.subarray(FIXED_BYTES, end));
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
function parsed(bytes2) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes2));
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
    const bytes2 = new Uint8Array(values.buffer);
    for (let plane = 0, from = 0; plane < 8; plane++) {
      for (let to = plane; to < bytes2.length; to += 8) bytes2[to] = raw[from++];
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

// src/timeline/layout.js
function button(text2, label, act2) {
  const made = element("button", { type: "button", title: label, "aria-label": label }, text2);
  made.addEventListener("click", act2);
  return made;
}
function prepared(node2, width, height, scale) {
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const context = (
    /** @type {CanvasRenderingContext2D} */
    node2.getContext("2d")
  );
  if (node2.width !== w || node2.height !== h) {
    node2.width = w;
    node2.height = h;
  } else {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, w, h);
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

// src/timeline/source.js
var LINES_AROUND = 400;
var SourcePanel = class {
  node = element("section", { class: "tl-panel tl-source", "aria-label": "Source" });
  #data;
  /** @type {Promise<Record<string, string>> | null} */
  #files = null;
  /** @param {unknown} data  a blob of kind "sources", or nothing */
  constructor(data) {
    this.#data = /** @type {ArrayBufferView | undefined} */
    data;
    this.node.hidden = true;
  }
  /** @param {import("./model.js").StackFrame} frame */
  async show(frame) {
    const files = await this.#loaded();
    const text2 = Object.hasOwn(files, frame.file) ? files[frame.file] : null;
    const place2 = `${frame.file}:${frame.line}`;
    const lab = jupyterlab();
    const tools = element("div", { class: "tl-tools" });
    if (lab) tools.append(button("Open in JupyterLab", `Open in JupyterLab: ${place2}`, () => void open(lab, frame)));
    tools.append(button("Close", "Close the source", () => this.node.hidden = true));
    this.node.replaceChildren(
      element("h3", {}, frame.function),
      element("div", { class: "tl-faint" }, place2),
      tools,
      text2 === null ? element("p", {}, "This file did not travel with the view.") : listing(text2, frame)
    );
    this.node.hidden = false;
    const line = (
      /** @type {HTMLElement | null} */
      this.node.querySelector("[aria-current]")
    );
    const box = this.node.querySelector("pre");
    if (line && box) box.scrollTop = line.offsetTop - box.clientHeight / 2;
    this.node.scrollIntoView({ block: "nearest" });
  }
  /** @returns {Promise<Record<string, string>>} */
  #loaded() {
    const none = !this.#data || !this.#data.byteLength;
    this.#files ??= none ? Promise.resolve({}) : decode(
      /** @type {ArrayBufferView} */
      this.#data
    ).then(({ meta }) => meta);
    return this.#files;
  }
};
function listing(text2, { line, file }) {
  const lines2 = text2.split("\n");
  const from = Math.max(0, line - LINES_AROUND);
  const rows2 = lines2.slice(from, line + LINES_AROUND).map((code, k) => {
    const number = from + k + 1;
    const row = element("span", { class: "tl-line" }, element("span", { class: "tl-number" }, String(number)), code || " ");
    if (number === line) row.setAttribute("aria-current", "location");
    return row;
  });
  return element("pre", { tabindex: "0", "aria-label": `${file}, line ${line}` }, ...rows2);
}
function jupyterlab() {
  const { jupyterapp } = (
    /** @type {any} */
    window
  );
  return jupyterapp?.commands?.execute && jupyterapp?.serviceManager?.contents ? jupyterapp : null;
}
async function open(lab, { file, line }) {
  const parts = file.split("/").filter(Boolean);
  for (let skip = 0; skip < parts.length; skip++) {
    const path = parts.slice(skip).join("/");
    try {
      await lab.serviceManager.contents.get(path, { content: false });
    } catch {
      continue;
    }
    const opened = await lab.commands.execute("docmanager:open", { path, factory: "Editor" });
    await Promise.all([opened?.context?.ready, opened?.content?.ready, opened?.revealed]);
    const position = { line: line - 1, column: 0 };
    opened?.content?.editor?.setCursorPosition(position);
    opened?.content?.editor?.revealPosition(position);
    return;
  }
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
  for (const node2 of [document.documentElement, document.body]) watcher.observe(node2, { attributeFilter });
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
function colours(root, names) {
  const probe = document.createElement("span");
  probe.hidden = true;
  root.append(probe);
  const computed = getComputedStyle(probe);
  const found3 = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, computed.color];
  });
  probe.remove();
  return (
    /** @type {Record<Name, string>} */
    Object.fromEntries(found3)
  );
}

// src/flame/tree.js
var ROOT = 0;
var NONE = -1;
function buildTree(profile, weights, shape) {
  const grown = grow(profile, weights, shape);
  const sums = summed(grown, weights);
  const { invert, merge: merge2 } = shape;
  return numbered(grown, sums, profile.rank, weights.factor, { invert, merge: merge2 });
}
function walk({ first, frames, frameFunction }, stack, { invert, merge: merge2 }) {
  const [low, high] = [first[stack], first[stack + 1]];
  let at = invert ? low : high - 1;
  const step = invert ? 1 : -1;
  if (merge2 !== NONE) while (at >= low && at < high && frameFunction[frames[at]] !== merge2) at += step;
  return { at, step, length: invert ? high - at : at - low + 1 };
}
function grow(profile, { wide, before, after }, shape) {
  const { frames, frameFunction, stacks } = profile;
  const most = frames.length + 1;
  const fn = new Int32Array(most).fill(NONE);
  const parent = new Int32Array(most).fill(NONE);
  const terminal = new Int32Array(stacks).fill(NONE);
  const mask = 2 ** Math.ceil(Math.log2(1.5 * most + 1)) - 1;
  const slots = new Int32Array(mask + 1);
  let count2 = 1;
  for (let s = 0; s < stacks; s++) {
    if (!(wide[s] || before[s] || after[s])) continue;
    const path = walk(profile, s, shape);
    if (path.length <= 0 && shape.merge !== NONE) continue;
    let node2 = ROOT;
    for (let k = 0, at = path.at; k < path.length; k++, at += path.step) {
      const name = frameFunction[frames[at]];
      let slot = hash(node2, name) & mask;
      let child = slots[slot];
      while (child !== 0 && !(parent[child] === node2 && fn[child] === name)) child = slots[slot = slot + 1 & mask];
      if (child === 0) {
        child = slots[slot] = count2++;
        fn[child] = name;
        parent[child] = node2;
      }
      node2 = child;
    }
    terminal[s] = node2;
  }
  return { fn: fn.subarray(0, count2), parent: parent.subarray(0, count2), terminal };
}
function hash(node2, name) {
  const mixed = Math.imul(node2, 2654435761) ^ Math.imul(name + 1, 2246822507);
  return (mixed ^ mixed >>> 15) >>> 0;
}
function summed({ parent, terminal }, weights) {
  const count2 = parent.length;
  const total = { wide: new Float64Array(count2), before: new Float64Array(count2), after: new Float64Array(count2) };
  for (let s = 0; s < terminal.length; s++) {
    if (terminal[s] === NONE) continue;
    total.wide[terminal[s]] += weights.wide[s];
    total.before[terminal[s]] += weights.before[s];
    total.after[terminal[s]] += weights.after[s];
  }
  const self = total.after.slice();
  for (let node2 = count2 - 1; node2 > ROOT; node2--) {
    total.wide[parent[node2]] += total.wide[node2];
    total.before[parent[node2]] += total.before[node2];
    total.after[parent[node2]] += total.after[node2];
  }
  return { ...total, self };
}
function numbered(grown, sums, rank, factor, shape) {
  const count2 = grown.fn.length;
  const { order, childFirst, levelFirst } = arranged(grown, sums, rank);
  const place2 = new Int32Array(count2);
  for (let node2 = 0; node2 < count2; node2++) place2[order[node2]] = node2;
  const fn = new Int32Array(count2);
  const parent = new Int32Array(count2).fill(NONE);
  for (let node2 = 0; node2 < count2; node2++) {
    fn[node2] = grown.fn[order[node2]];
    if (node2 !== ROOT) parent[node2] = place2[grown.parent[order[node2]]];
  }
  const level = new Uint32Array(count2);
  const start2 = new Float64Array(count2);
  const wide = inOrder(sums.wide, order);
  for (let node2 = 0; node2 < count2; node2++) {
    let x = start2[node2];
    for (let child = childFirst[node2]; child < childFirst[node2 + 1]; child++) {
      start2[child] = x;
      level[child] = level[node2] + 1;
      x += wide[child];
    }
  }
  const terminal = grown.terminal.map((old) => old === NONE ? NONE : place2[old]);
  const { before, after, self } = sums;
  return {
    shape,
    fn,
    parent,
    level,
    levelFirst,
    childFirst,
    start: start2,
    wide,
    factor,
    terminal,
    before: inOrder(before, order),
    after: inOrder(after, order),
    self: inOrder(self, order)
  };
}
function inOrder(values, order) {
  const moved = new Float64Array(values.length);
  for (let node2 = 0; node2 < moved.length; node2++) moved[node2] = values[order[node2]];
  return moved;
}
function arranged({ fn, parent }, { wide }, rank) {
  const count2 = fn.length;
  const first = new Uint32Array(count2 + 1);
  for (let node2 = 1; node2 < count2; node2++) first[parent[node2] + 1]++;
  for (let node2 = 0; node2 < count2; node2++) first[node2 + 1] += first[node2];
  const fill2 = first.slice();
  const children = new Uint32Array(Math.max(count2 - 1, 0));
  for (let node2 = 1; node2 < count2; node2++) children[fill2[parent[node2]]++] = node2;
  const order = new Uint32Array(count2);
  const childFirst = new Uint32Array(count2 + 1);
  const levelFirst = [0];
  let known = 1;
  for (let node2 = 0, levelEnd = 1; node2 < count2; node2++) {
    const own = children.subarray(first[order[node2]], first[order[node2] + 1]);
    if (own.length > 1) own.sort((a, b) => wide[b] - wide[a] || rank[fn[a]] - rank[fn[b]]);
    childFirst[node2] = known;
    order.set(own, known);
    known += own.length;
    if (node2 + 1 === levelEnd) {
      levelFirst.push(levelEnd);
      levelEnd = known;
    }
  }
  childFirst[count2] = known;
  return { order, childFirst, levelFirst: Uint32Array.from(levelFirst) };
}

// src/flame/boxes.js
var NARROW = 0.5;
function boxes(tree, zoomed, width, from, to, visit) {
  const base = tree.level[zoomed];
  for (let node2 = zoomed; node2 !== -1; node2 = node2 === ROOT ? -1 : tree.parent[node2]) {
    const level = tree.level[node2];
    if (level >= from && level <= to && tree.wide[node2] > 0) visit(node2, level, 0, width, 1, node2 + 1);
  }
  const last = Math.min(to, tree.levelFirst.length - 2);
  for (let level = Math.max(from, base + 1); level <= last; level++) ofLevel(tree, zoomed, width, level, visit);
}
function ofLevel({ start: start2, wide, levelFirst }, zoomed, width, level, visit) {
  const [left, right] = [start2[zoomed], start2[zoomed] + wide[zoomed]];
  const scale = width / (right - left);
  const end = levelFirst[level + 1];
  let node2 = firstFrom(start2, levelFirst[level], end, left);
  while (node2 < end && start2[node2] < right) {
    const x = (start2[node2] - left) * scale;
    const own = wide[node2] * scale;
    if (own >= NARROW) {
      visit(node2, level, x, own, 1, node2 + 1);
      node2++;
      continue;
    }
    const run = node2;
    let count2 = 0;
    let edge = x;
    while (node2 < end && start2[node2] < right) {
      const at = (start2[node2] - left) * scale;
      if (at >= x + 1 || wide[node2] * scale >= NARROW) break;
      if (wide[node2] > 0) count2++;
      edge = at + wide[node2] * scale;
      node2++;
    }
    if (count2) visit(run, level, x, Math.max(edge - x, NARROW), count2, node2);
  }
}
function firstFrom(start2, low, high, value) {
  while (low < high) {
    const middle = low + high >>> 1;
    if (start2[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
function boxAt(tree, zoomed, width, level, x) {
  let found3 = null;
  if (level < 0 || x < 0 || x > width) return null;
  boxes(tree, zoomed, width, level, level, (node2, _, left, own, count2) => {
    if (left <= x && x < left + Math.max(own, 1) && !found3) found3 = { node: node2, level, x: left, width: own, count: count2 };
  });
  return found3;
}

// src/flame/change.js
var STEPS = [
  { name: "gone", words: "only before", sign: "gone" },
  { name: "halved", words: "half or less", sign: "▼▼" },
  { name: "shrank", words: "less", sign: "▼" },
  { name: "same", words: "the same, within 5 %", sign: "" },
  { name: "grew", words: "more", sign: "▲" },
  { name: "doubled", words: "twice or more", sign: "▲▲" },
  { name: "new", words: "only after", sign: "new" }
];
var SAME = 3;
var ALIKE = 0.05;
function stepOf(before, after) {
  if (before === after) return SAME;
  if (after === 0) return 0;
  if (before === 0) return 6;
  if (Math.abs(after - before) <= ALIKE * before) return SAME;
  const ratio = after / before;
  if (ratio < 1) return ratio <= 0.5 ? 1 : 2;
  return ratio >= 2 ? 5 : 4;
}

// src/flame/colours.js
var NAMED = 4;
var KEYS = (
  /** @type {const} */
  [
    "first",
    "second",
    "third",
    "fourth",
    "other",
    "runtime",
    "none",
    "root",
    "merged",
    "faded",
    "on",
    ...STEPS.map(({ name }) => name)
  ]
);
var SLOTS = ["first", "second", "third", "fourth"];
function byPackage(profile, values) {
  const weight = packageWeights(profile, values);
  const { packages, packageOf } = profile;
  const order = packages.map((_, p) => p).filter((p) => packages[p].name && packages[p].kind !== "runtime");
  const main = (p) => Number(packages[p].name === "main");
  order.sort((a, b) => main(b) - main(a) || weight[b] - weight[a] || (packages[a].name < packages[b].name ? -1 : 1));
  const named = order.slice(0, NAMED);
  const key = packages.map(({ name, kind }, p) => {
    if (kind === "runtime") return "runtime";
    if (!name) return "none";
    return SLOTS[named.indexOf(p)] ?? "other";
  });
  const legend = named.map((p, k) => ({ key: SLOTS[k], words: `${packages[p].name} (${packages[p].kind})` }));
  const others = order.length - named.length;
  if (others > 0) legend.push({ key: "other", words: `${others} other package${others === 1 ? "" : "s"}` });
  if (key.includes("runtime")) legend.push({ key: "runtime", words: "runtime: hatched, in italics" });
  if (key.includes("none")) legend.push({ key: "none", words: "no package" });
  return { keys: Array.from(packageOf, (p) => key[p]), legend };
}
function packageWeights({ first, frames, frameFunction, packageOf, packages, stacks }, values) {
  const weight = new Float64Array(packages.length);
  const seen = new Int32Array(packages.length).fill(-1);
  for (let s = 0; s < stacks; s++) {
    for (let k = first[s]; k < first[s + 1]; k++) {
      const one = packageOf[frameFunction[frames[k]]];
      if (seen[one] !== s) weight[one] += values[s];
      seen[one] = s;
    }
  }
  return weight;
}
function changeOf({ before, after, factor }, node2) {
  return stepOf(before[node2] * factor, after[node2]);
}
function changeLegend() {
  return STEPS.map(({ name, words: words2, sign }) => ({ key: name, words: sign ? `${sign}: ${words2}` : words2 }));
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

// src/flame/words.js
var NANOSECONDS = { nanoseconds: 1, microseconds: 1e3, milliseconds: 1e6, seconds: 1e9 };
var BINARY = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
function quantity(value, unit) {
  if (value === 0 && Object.hasOwn(NANOSECONDS, unit)) return "0 s";
  if (Object.hasOwn(NANOSECONDS, unit)) return duration(value * NANOSECONDS[unit]);
  if (unit === "bytes") return bytes(value);
  const digits = Number.isInteger(value) ? 0 : 1;
  const number = value.toLocaleString("en-US", { maximumFractionDigits: digits });
  return unit === "" || unit === "count" ? number : `${number} ${visible(unit)}`;
}
function bytes(value) {
  let step = 0;
  while (Math.abs(value) >= 1024 && step < BINARY.length - 1) {
    value /= 1024;
    step++;
  }
  const digits = Math.abs(value) >= 100 || step === 0 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${BINARY[step]}`;
}
function change(value, unit) {
  if (value === 0) return "no change";
  return `${value > 0 ? "+" : "−"}${quantity(Math.abs(value), unit)}`;
}
function share(part, whole2) {
  const percent = whole2 ? 100 * part / whole2 : 0;
  if (percent > 0 && percent < 0.05) return "under 0.1 %";
  if (percent > 99.95 && percent < 100) return "over 99.9 %";
  return `${percent.toFixed(1)} %`;
}
function visible(text2) {
  return text2.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
function count(number, noun) {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}

// src/flame/scene.js
var ROW = 19;
var LABELLED = 26;
function contentHeight({ tree }) {
  return (tree.levelFirst.length - 1) * ROW;
}
function rowTop(scene, level) {
  const y = scene.icicle ? level * ROW : contentHeight(scene) - (level + 1) * ROW;
  return y - scene.top;
}
function levelAt(scene, y) {
  const row = Math.floor((y + scene.top) / ROW);
  return scene.icicle ? row : scene.tree.levelFirst.length - 2 - row;
}
function paint(scene, sink) {
  const { tree, zoomed, width, height, found: found3 } = scene;
  const rows2 = [levelAt(scene, 0), levelAt(scene, height - 1)];
  let merged = false;
  boxes(tree, zoomed, width, Math.max(0, Math.min(...rows2)), Math.max(...rows2), (node2, level, x, own, count2, end) => {
    const y = rowTop(scene, level);
    if (count2 > 1) {
      merged = true;
      sink.rectangle("merged", x, y, Math.max(own, 0.7), ROW - 1, found3 !== null && !any(found3, tree.fn, node2, end));
      return;
    }
    const key = keyOf(scene, node2);
    const faded = found3 !== null && node2 !== ROOT && !found3[tree.fn[node2]];
    sink.rectangle(key, x, y, own > 2 ? own - 1 : own, ROW - 1, faded);
    if (own >= LABELLED) sink.label(labelOf(scene, node2), x + 4, y + ROW / 2, own - 8, key === "runtime");
  });
  return merged;
}
function any(found3, fn, from, end) {
  for (let node2 = from; node2 < end; node2++) if (found3[fn[node2]]) return true;
  return false;
}
function keyOf({ tree, colour, keys }, node2) {
  if (colour === "change") return STEPS[changeOf(tree, node2)].name;
  return node2 === ROOT ? "root" : keys[tree.fn[node2]];
}
function labelOf({ tree, profile, colour, rootLabel }, node2) {
  const name = node2 === ROOT ? rootLabel : visible(profile.short[tree.fn[node2]]);
  const { sign } = STEPS[changeOf(tree, node2)];
  return colour === "change" && sign ? `${sign} ${name}` : name;
}

// src/flame/canvas.js
var FONT = "12px system-ui, sans-serif";
var STRIPE = 6;
function painterFor(root) {
  const names = KEYS.map((key) => `flame-${key}`);
  const found3 = colours(root, [...names, "schedlab-background", "schedlab-ink"]);
  const painter = new Painter(Object.fromEntries(KEYS.map((key, k) => [key, found3[names[k]]])));
  return { page: { background: found3["schedlab-background"], ink: found3["schedlab-ink"] }, painter };
}
var Painter = class {
  /** @type {Map<string, number>} */
  #widths = /* @__PURE__ */ new Map();
  /** @type {Map<string, CanvasPattern | null>} */
  #patterns = /* @__PURE__ */ new Map();
  /** @param {Record<string, string>} palette  colours by key */
  constructor(palette) {
    this.palette = palette;
  }
  /**
   * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context  in css px
   * @param {import("./scene.js").Scene} scene
   */
  draw(context, scene) {
    const { palette } = this;
    const groups = /* @__PURE__ */ new Map();
    const labels = [];
    const merged = paint(scene, {
      rectangle(key, x, y, width, height, faded) {
        const group = faded ? "faded" : key;
        const known = groups.get(group);
        if (known) known.push(x, y, width, height);
        else groups.set(group, [x, y, width, height]);
      },
      label: (text2, x, y, room, italic) => {
        const shown = this.#cut(context, text2, room, italic);
        if (shown) labels.push([shown, x, y, italic]);
      }
    });
    for (const [key, numbers] of groups) {
      context.fillStyle = palette[key];
      fill(context, numbers, 0);
      if (key !== "runtime") continue;
      context.fillStyle = this.#stripes(context) ?? palette[key];
      fill(context, numbers, STRIPE);
    }
    context.fillStyle = palette.on;
    context.textBaseline = "middle";
    this.#write(context, labels, false);
    this.#write(context, labels, true);
    return merged;
  }
  /**
   * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
   * @param {[string, number, number, boolean][]} labels
   * @param {boolean} italic
   */
  #write(context, labels, italic) {
    context.font = fontOf(italic);
    for (const [text2, x, y, slanted] of labels) if (slanted === italic) context.fillText(text2, x, y + 0.5);
  }
  /**
   * The text, shortened with "…" to fit; empty if not even three letters do.
   *
   * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
   * @param {string} text
   * @param {number} room
   * @param {boolean} italic
   */
  #cut(context, text2, room, italic) {
    const width = (part) => this.#width(context, part, italic);
    const whole2 = text2.slice(0, 400);
    if (whole2 === text2 && width(whole2) <= room) return text2;
    let low = 0;
    let high = Math.min(whole2.length, Math.ceil(room / 3));
    while (low < high) {
      const middle = low + high + 1 >> 1;
      if (width(`${whole2.slice(0, middle)}…`) <= room) low = middle;
      else high = middle - 1;
    }
    return low >= 3 ? `${whole2.slice(0, low)}…` : "";
  }
  /**
   * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
   * @param {string} text
   * @param {boolean} italic
   */
  #width(context, text2, italic) {
    const key = (italic ? "i" : "n") + text2;
    let width = this.#widths.get(key);
    if (width === void 0) {
      if (this.#widths.size > 5e4) this.#widths.clear();
      const font = fontOf(italic);
      if (context.font !== font) context.font = font;
      width = context.measureText(text2).width;
      this.#widths.set(key, width);
    }
    return width;
  }
  /** @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context */
  #stripes(context) {
    const key = "stripes";
    if (!this.#patterns.has(key)) this.#patterns.set(key, context.createPattern(stripes(), "repeat"));
    return this.#patterns.get(key) ?? null;
  }
};
function fontOf(italic) {
  return italic ? `italic ${FONT}` : FONT;
}
function fill(context, numbers, least) {
  for (let k = 0; k < numbers.length; k += 4) {
    if (numbers[k + 2] >= least) context.fillRect(numbers[k], numbers[k + 1], numbers[k + 2], numbers[k + 3]);
  }
}
function stripes() {
  const made = new OffscreenCanvas(STRIPE, STRIPE);
  const context = (
    /** @type {OffscreenCanvasRenderingContext2D} */
    made.getContext("2d")
  );
  context.strokeStyle = "rgb(255 255 255 / 0.75)";
  context.lineWidth = 1.2;
  for (const shift of [-STRIPE, 0, STRIPE]) {
    context.beginPath();
    context.moveTo(shift, STRIPE);
    context.lineTo(shift + STRIPE, 0);
    context.stroke();
  }
  return made;
}

// src/flame/paths.js
function pathOf(tree, node2) {
  const path = [];
  for (let at = node2; at > ROOT; at = tree.parent[at]) path.push(tree.fn[at]);
  return path.reverse();
}
function nodeAt(tree, path) {
  let node2 = ROOT;
  for (const name of path) {
    let child = tree.childFirst[node2];
    while (child < tree.childFirst[node2 + 1] && tree.fn[child] !== name) child++;
    if (child === tree.childFirst[node2 + 1]) return NONE;
    node2 = child;
  }
  return node2;
}
function isBelow(tree, node2, ancestor) {
  let at = node2;
  while (at > ancestor) at = tree.parent[at];
  return at === ancestor;
}
function widest(tree, fn) {
  let best = NONE;
  for (let node2 = 1; node2 < tree.fn.length; node2++) {
    if (tree.fn[node2] === fn && (best === NONE || tree.wide[node2] > tree.wide[best])) best = node2;
  }
  return best;
}

// src/flame/functions.js
function ofFunctions({ first, frames, frameFunction, functions, stacks }, values) {
  const self = new Float64Array(functions.length);
  const total = new Float64Array(functions.length);
  const seen = new Int32Array(functions.length).fill(-1);
  for (let s = 0; s < stacks; s++) {
    if (!values[s] || first[s] === first[s + 1]) continue;
    self[frameFunction[frames[first[s]]]] += values[s];
    for (let k = first[s]; k < first[s + 1]; k++) {
      const name = frameFunction[frames[k]];
      if (seen[name] === s) continue;
      seen[name] = s;
      total[name] += values[s];
    }
  }
  return { self, total };
}
function search(profile, text2) {
  const wanted = text2.trim().toLowerCase();
  if (!wanted) return null;
  const found3 = Uint8Array.from(profile.functions, (name) => name.toLowerCase().includes(wanted) ? 1 : 0);
  if (!/\.go|\//.test(wanted)) return found3;
  const files = profile.files.map((name) => name.toLowerCase().includes(wanted));
  for (let f = 0; f < profile.frameFile.length; f++) {
    if (files[profile.frameFile[f]]) found3[profile.frameFunction[f]] = 1;
  }
  return found3;
}
function matched({ first, frames, frameFunction, stacks }, found3, values) {
  let sum2 = 0;
  for (let s = 0; s < stacks; s++) {
    for (let k = first[s]; k < first[s + 1]; k++) {
      if (!found3[frameFunction[frames[k]]]) continue;
      sum2 += values[s];
      break;
    }
  }
  return sum2;
}
function linesOf(profile, tree, node2, values) {
  const sums = /* @__PURE__ */ new Map();
  const { start: start2, wide } = tree;
  const [left, right] = [start2[node2], start2[node2] + wide[node2]];
  const deep = tree.level[node2] - 1;
  if (deep < 0) return [];
  for (let s = 0; s < profile.stacks; s++) {
    const end = tree.terminal[s];
    if (end < node2 || start2[end] < left || start2[end] > right || !isBelow(tree, end, node2)) continue;
    const { at, step } = walk(profile, s, tree.shape);
    const frame = profile.frames[at + deep * step];
    sums.set(frame, (sums.get(frame) ?? 0) + values[s]);
  }
  const sorted = [...sums].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return sorted.map(([frame, value]) => ({ frame: profile.frame(frame), value }));
}

// src/flame/marks.js
function placeOf({ tree, zoomed, width }, node2) {
  if (!(tree.wide[node2] > 0)) return null;
  if (isBelow(tree, zoomed, node2)) return { x: 0, width };
  if (!isBelow(tree, node2, zoomed)) return null;
  const scale = width / tree.wide[zoomed];
  return { x: (tree.start[node2] - tree.start[zoomed]) * scale, width: tree.wide[node2] * scale };
}
function outline(context, scene, node2, thickness, { outer, inner }) {
  const place2 = placeOf(scene, node2);
  if (!place2) return;
  const y = rowTop(scene, scene.tree.level[node2]);
  for (
    const [colour, line] of
    /** @type {const} */
    [[outer, thickness], [inner, 1]]
  ) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    const inset = thickness - line / 2;
    context.strokeRect(place2.x + inset, y + inset - 0.5, Math.max(place2.width - 2 * inset, 1), ROW - 2 * inset);
  }
}

// src/flame/parts.js
function layOut(root, { title, id }) {
  const heading = element("span", { class: "fl-title", id: `${id}-title` }, title);
  const tools = element("div", { class: "fl-tools", role: "toolbar", "aria-label": "View" });
  const compare = element("div", { class: "fl-tools", role: "group", "aria-label": "Compare" });
  compare.hidden = true;
  const crumbs = element("nav", { class: "fl-crumbs", "aria-label": "Zoomed to" });
  const picture = element("canvas", { "aria-hidden": "true" });
  const marks = element("canvas", { "aria-hidden": "true" });
  for (const canvas of [picture, marks]) canvas.getContext("2d", { willReadFrequently: true });
  const plot = element(
    "div",
    {
      class: "fl-plot",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "flame graph",
      "aria-labelledby": `${id}-title`,
      "aria-describedby": `${id}-summary`
    },
    picture,
    marks
  );
  const content3 = element("div", { class: "fl-content" }, plot);
  const scroller = element("div", { class: "fl-scroller" }, content3);
  const status = element("p", { class: "fl-status", role: "status", "aria-live": "polite" });
  const legend = element("div", { class: "fl-legend" });
  const panels = element("div", { class: "fl-panels" });
  const help = element("div", { class: "fl-help", role: "dialog", "aria-label": "Keys", tabindex: "-1" });
  help.hidden = true;
  const tooltip = element("div", { class: "fl-tooltip", "aria-hidden": "true" });
  tooltip.hidden = true;
  const summary2 = element("p", { class: "schedlab-sr-only", id: `${id}-summary` });
  root.replaceChildren(
    element("div", { class: "fl-bar" }, heading, tools),
    compare,
    crumbs,
    scroller,
    status,
    legend,
    panels,
    help,
    tooltip,
    summary2
  );
  return { root, tools, compare, crumbs, scroller, content: content3, plot, picture, marks, status, legend, panels, help, tooltip, summary: summary2 };
}
function panel(name, label) {
  const made = element("section", { class: `fl-panel fl-${name}`, "aria-label": label });
  made.hidden = true;
  return made;
}
function button2(text2, hint, act2) {
  const made = element("button", { type: "button", title: hint }, text2);
  made.addEventListener("click", act2);
  return made;
}
function toggle(text2, label, act2) {
  const made = button2(text2, label, act2);
  made.setAttribute("aria-pressed", "false");
  return { node: made, show: (on) => made.setAttribute("aria-pressed", String(on)) };
}
function choice(label, options, act2) {
  const select = element("select", {}, ...options.map(({ value, words: words2 }) => element("option", { value }, words2)));
  select.addEventListener("change", () => act2(select.value));
  return { node: element("label", { class: "fl-choice" }, label, " ", select), show: (value) => select.value = value };
}

// src/flame/profile.js
var Profile = class {
  /** @param {import("../blob.js").Decoded} decoded */
  constructor({ meta, columns }) {
    this.functions = meta.functions;
    this.short = meta.short;
    this.files = meta.files;
    this.packages = meta.packages;
    this.series = meta.series;
    this.measures = meta.measures;
    this.measure = meta.measure;
    this.first = columns.stack_first;
    this.frames = columns.stack_frame;
    this.frameFunction = columns.frame_function;
    this.frameFile = columns.frame_file;
    this.frameLine = columns.frame_line;
    this.packageOf = columns.function_package;
    this.stacks = this.first.length - 1;
    this.columns = columns;
    this.rank = ranks(this.functions);
  }
  /**
   * What one profile measured on each stack.
   *
   * @param {number} series
   * @param {number} measure
   */
  values(series, measure) {
    return this.columns[`value_${series}_${measure}`];
  }
  /**
   * @param {number} series
   * @param {number} measure
   */
  total(series, measure) {
    return sum(this.values(series, measure));
  }
  /**
   * @param {number} frame
   * @returns {StackFrame}
   */
  frame(frame) {
    const of = this.functions[this.frameFunction[frame]];
    return { function: of, file: this.files[this.frameFile[frame]], line: this.frameLine[frame] };
  }
};
function sum(values) {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
function ranks(names) {
  const order = names.map((_, i) => i).sort((a, b) => names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : 0);
  const rank = new Int32Array(names.length);
  order.forEach((name, place2) => rank[name] = place2);
  return rank;
}
function weigh(profile, { measure, before, after, width, normalised }) {
  const late = profile.values(after, measure);
  if (before === after) return { wide: late, before: late, after: late, factor: 1 };
  const early = profile.values(before, measure);
  const [from, to] = [sum(early), sum(late)];
  const factor = normalised && from > 0 && to > 0 ? to / from : 1;
  if (width === "after") return { wide: late, before: early, after: late, factor };
  if (width === "before") return { wide: early, before: early, after: late, factor };
  const wide = new Float64Array(profile.stacks);
  for (let s = 0; s < wide.length; s++) wide[s] = early[s] * factor + late[s];
  return { wide, before: early, after: late, factor };
}

// src/flame/state.js
function initial(profile, mode) {
  const several = profile.series.length > 1;
  return {
    invert: false,
    merge: NONE,
    icicle: false,
    colour: several ? "change" : "package",
    measure: profile.measure,
    before: 0,
    after: profile.series.length - 1,
    width: mode === "diff" ? "both" : "after",
    normalised: false,
    search: ""
  };
}
function built(profile, state) {
  const weights = weigh(profile, state);
  return { weights, tree: buildTree(profile, weights, state), colouring: byPackage(profile, weights.wide) };
}

// src/flame/app.js
var REBUILDS = (
  /** @type {const} */
  ["invert", "merge", "measure", "before", "after", "width", "normalised"]
);
var App = class {
  zoomed = ROOT;
  selected = NONE;
  /** @type {import("./boxes.js").Box | null} */
  hovered = null;
  /** @type {Uint8Array | null} */
  found = null;
  mergedShown = false;
  #listeners = (
    /** @type {[Change[], () => void][]} */
    []
  );
  #frame = 0;
  #dirty = false;
  /**
   * @param {HTMLElement} root
   * @param {import("./profile.js").Profile} profile
   * @param {import("./state.js").State} state
   * @param {{title: string, id: string, height: number, mode: string}} options
   * @param {AbortSignal} signal
   */
  constructor(root, profile, state, options, signal) {
    this.root = root;
    this.profile = profile;
    this.state = state;
    this.options = options;
    this.signal = signal;
    this.parts = layOut(root, options);
    followTheme(root, { signal, onChange: () => this.#recoloured() });
    const { page, painter } = painterFor(root);
    this.page = page;
    this.painter = painter;
    const { tree, weights, colouring } = built(profile, state);
    this.tree = tree;
    this.weights = weights;
    this.colouring = colouring;
    const observer = new ResizeObserver(() => this.draw());
    observer.observe(this.parts.scroller);
    this.parts.scroller.addEventListener("scroll", () => this.draw(), { signal });
    signal.addEventListener("abort", () => {
      observer.disconnect();
      cancelAnimationFrame(this.#frame);
    });
  }
  /** Whether there is something to compare. */
  get compares() {
    return this.profile.series.length > 1;
  }
  get unit() {
    return this.profile.measures[this.state.measure].unit;
  }
  /**
   * @param {readonly Change[]} changes
   * @param {() => void} listener
   */
  on(changes, listener) {
    this.#listeners.push([[...changes], listener]);
  }
  /** @param {Change} change */
  #tell(change2) {
    for (const [changes, listener] of this.#listeners) if (changes.includes(change2)) listener();
  }
  /** @param {Partial<import("./state.js").State>} changes */
  set(changes) {
    const before = { ...this.state };
    Object.assign(this.state, changes);
    const differs = (name) => before[name] !== this.state[name];
    if (REBUILDS.some(differs)) this.#rebuild(differs("invert") || differs("merge"));
    if (differs("search")) this.found = search(this.profile, this.state.search);
    if (differs("icicle")) {
      this.leave();
      this.arrange();
    }
    this.draw();
    this.#tell("search");
    if (differs("colour")) this.#tell("colours");
  }
  /** @param {boolean} reshaped  paths of the tree before mean something else now */
  #rebuild(reshaped) {
    const paths = [this.zoomed, this.selected].map((node2) => node2 === NONE ? null : pathOf(this.tree, node2));
    const chosen = this.selected > ROOT ? this.tree.fn[this.selected] : NONE;
    Object.assign(this, built(this.profile, this.state));
    const again = paths.map((path) => path && !reshaped ? nodeAt(this.tree, path) : NONE);
    this.zoomed = Math.max(again[0], ROOT);
    this.selected = reshaped && chosen !== NONE ? widest(this.tree, chosen) : again[1];
    if (!(this.tree.wide[this.zoomed] > 0)) this.zoomed = ROOT;
    this.leave();
    this.arrange();
    this.#tell("tree");
    this.#tell("zoom");
    this.#tell("select");
  }
  /** Gives the box its height, with the root in sight. */
  arrange() {
    const { scroller, content: content3 } = this.parts;
    const high = contentHeight(this.scene);
    scroller.style.height = `${Math.min(this.options.height, high)}px`;
    content3.style.height = `${high}px`;
    scroller.scrollTop = this.state.icicle ? 0 : high;
  }
  /** @returns {import("./scene.js").Scene} */
  get scene() {
    const { profile, tree, zoomed, state, colouring, found: found3 } = this;
    const { scroller } = this.parts;
    const rootLabel = this.rootLabel();
    return {
      profile,
      tree,
      zoomed,
      found: found3,
      rootLabel,
      width: scroller.clientWidth,
      height: scroller.clientHeight,
      top: scroller.scrollTop,
      icicle: state.icicle,
      colour: state.colour,
      keys: colouring.keys
    };
  }
  rootLabel() {
    const { tree, profile, state, unit } = this;
    const what = state.merge === NONE ? "all" : `all ${profile.short[state.merge]}`;
    if (!this.compares) return `${what}: ${quantity(tree.after[ROOT], unit)}`;
    return `${what}: ${quantity(tree.before[ROOT], unit)} → ${quantity(tree.after[ROOT], unit)}`;
  }
  #recoloured() {
    Object.assign(this, painterFor(this.root));
    this.draw();
  }
  /** Draws at the next frame. */
  draw() {
    this.#dirty = true;
    this.mark();
  }
  /** Draws only what lies over the picture. */
  mark() {
    if (this.#frame || this.signal.aborted) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.paintNow();
    });
  }
  paintNow() {
    const { scene, parts } = this;
    if (!scene.width) return;
    const scale = globalThis.devicePixelRatio || 1;
    if (this.#dirty) {
      this.#dirty = false;
      parts.plot.style.height = `${scene.height}px`;
      const merged = this.painter.draw(prepared(parts.picture, scene.width, scene.height, scale), scene);
      const changed = merged !== this.mergedShown;
      this.mergedShown = merged;
      if (changed) this.#tell("colours");
    }
    const marks = prepared(parts.marks, scene.width, scene.height, scale);
    const inks = { outer: this.page.ink, inner: this.painter.palette.on };
    if (this.hovered) outline(marks, scene, this.hovered.node, 1, inks);
    if (this.selected > ROOT) outline(marks, scene, this.selected, 3, inks);
    if (this.root.dataset.ready !== "true") markReady(this.root);
  }
  /** From left to right, where a node is seen; null if it is not. @param {number} node */
  placeOf(node2) {
    return placeOf(this.scene, node2);
  }
  /**
   * @param {number} x  css px from the plot's corner
   * @param {number} y
   */
  point(x, y) {
    const { scene } = this;
    const before = this.hovered;
    this.hovered = boxAt(this.tree, this.zoomed, scene.width, levelAt(scene, y), x);
    if (before?.node !== this.hovered?.node) this.mark();
    this.#tell("hover");
  }
  leave() {
    if (!this.hovered) return;
    this.hovered = null;
    this.mark();
    this.#tell("hover");
  }
  /** @param {number} node */
  zoom(node2) {
    if (!(this.tree.wide[node2] > 0)) return;
    this.zoomed = node2;
    this.leave();
    this.reveal(node2);
    this.draw();
    this.#tell("zoom");
  }
  /** @param {number} node  NONE for none */
  select(node2) {
    this.selected = node2;
    if (node2 !== NONE) this.reveal(node2);
    this.mark();
    this.#tell("select");
  }
  /** Scrolls so that a node's row is seen. @param {number} node */
  reveal(node2) {
    const { scene } = this;
    const y = rowTop(scene, this.tree.level[node2]);
    const { scroller } = this.parts;
    if (y < 0) scroller.scrollTop += y - ROW;
    else if (y + ROW > scene.height) scroller.scrollTop += y + 2 * ROW - scene.height;
  }
  /** @param {string} text */
  say(text2) {
    this.parts.status.textContent = text2;
  }
};

// src/flame/compare.js
function addCompare(app) {
  if (!app.compares) return;
  const { profile, parts } = app;
  const series = profile.series.map((name, k) => ({ value: String(k), words: visible(name) }));
  const from = choice("From", series, (value) => app.set({ before: Number(value) }));
  const to = choice("to", series, (value) => app.set({ after: Number(value) }));
  const widths = [
    { value: "both", words: "both together" },
    { value: "after", words: "after" },
    { value: "before", words: "before" }
  ];
  const width = choice("Width", widths, (value) => app.set({ width: (
    /** @type {any} */
    value
  ) }));
  const paints = [{ value: "change", words: "change" }, { value: "package", words: "package" }];
  const colour = choice("Colour", paints, (value) => app.set({ colour: (
    /** @type {any} */
    value
  ) }));
  const normalised = toggle(
    "Compare shares",
    "Compare shares of each profile's total, not the values themselves",
    () => app.set({ normalised: !app.state.normalised })
  );
  if (series.length > 2) parts.compare.append(from.node, to.node);
  parts.compare.append(width.node, colour.node, normalised.node);
  parts.compare.hidden = false;
  const update = () => {
    from.show(String(app.state.before));
    to.show(String(app.state.after));
    width.show(app.state.width);
    colour.show(app.state.colour);
    normalised.show(app.state.normalised);
  };
  app.on(["search"], update);
  update();
}

// src/saving.js
function download(content3, title, suffix) {
  const address = URL.createObjectURL(content3);
  const name = title.replaceAll(/[^\p{L}\p{N} _-]+/gu, "_").slice(0, 80) || "view";
  element("a", { href: address, download: `${name}.${suffix}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1e4);
}

// src/flame/picture.js
var SVG = "http://www.w3.org/2000/svg";
var HEAD = 26;
var FOOT = 24;
var SCALE = 2;
var MOST_LEVELS_HIGH = 4e3;
function whole(scene) {
  return { ...scene, top: 0, height: Math.min(contentHeight(scene), MOST_LEVELS_HIGH) };
}
async function png({ scene, title, legend, palette, page }) {
  const shown = whole(scene);
  const canvas = document.createElement("canvas");
  const context = prepared(canvas, shown.width, shown.height + HEAD + FOOT, SCALE);
  context.fillStyle = page.background;
  context.fillRect(0, 0, shown.width, shown.height + HEAD + FOOT);
  context.fillStyle = page.ink;
  context.textBaseline = "middle";
  context.font = `bold ${FONT}`;
  context.fillText(visible(title), 4, HEAD / 2);
  context.save();
  context.translate(0, HEAD);
  new Painter(palette).draw(context, shown);
  context.restore();
  context.font = FONT;
  let x = 4;
  const y = HEAD + shown.height + FOOT / 2;
  for (const { key, words: words2 } of legend) {
    context.fillStyle = palette[key];
    context.fillRect(x, y - 6, 12, 12);
    context.fillStyle = page.ink;
    context.fillText(visible(words2), x + 17, y);
    x += 17 + context.measureText(visible(words2)).width + 16;
  }
  return new Promise(
    (done, fail) => canvas.toBlob((made) => made ? done(made) : fail(new Error("the picture is too large")), "image/png")
  );
}
function svg({ scene, title, legend, palette, page }) {
  const shown = whole(scene);
  const [width, height] = [shown.width, shown.height + HEAD + FOOT];
  const root = node("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`, role: "img" });
  root.append(text("title", {}, title));
  root.append(node("rect", { width, height, fill: page.background }));
  root.append(text("text", { x: 4, y: HEAD / 2 + 4, "font-weight": "bold", fill: page.ink }, title));
  root.setAttribute("style", `font: ${FONT}`);
  root.append(stripes2(palette.runtime));
  const body = node("g", { transform: `translate(0 ${HEAD})` });
  const fill2 = (key) => key === "runtime" ? "url(#stripes)" : palette[key];
  paint(shown, {
    rectangle(key, x2, y, w, h, faded) {
      body.append(node("rect", { x: round(x2), y, width: round(w), height: h, fill: fill2(faded ? "faded" : key) }));
    },
    label(words2, x2, y, room, italic) {
      const box = node("svg", { x: round(x2), y: y - 9, width: round(room), height: 18 });
      box.append(text("text", { y: 13, fill: palette.on, "font-style": italic ? "italic" : "normal" }, words2));
      body.append(box);
    }
  });
  root.append(body);
  let x = 4;
  for (const { key, words: words2 } of legend) {
    const y = HEAD + shown.height + 6;
    root.append(node("rect", { x, y, width: 12, height: 12, fill: fill2(key) }));
    root.append(text("text", { x: x + 17, y: y + 10, fill: page.ink }, words2));
    x += 33 + 6.6 * words2.length;
  }
  return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
}
function stripes2(colour) {
  const size = { width: 6, height: 6 };
  const pattern = node("pattern", { id: "stripes", ...size, patternUnits: "userSpaceOnUse" });
  pattern.append(node("rect", { ...size, fill: colour }));
  pattern.append(node("path", { d: "M-1 1L1 -1M0 6L6 0M5 7L7 5", stroke: "#ffffff", "stroke-opacity": 0.75 }));
  const defs = node("defs", {});
  defs.append(pattern);
  return defs;
}
function node(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (name !== "xmlns") made.setAttribute(name, String(value));
  return made;
}
function text(tag, attributes, words2) {
  const made = node(tag, attributes);
  made.textContent = visible(words2);
  return made;
}
function round(value) {
  return Math.round(value * 100) / 100;
}

// src/flame/controls.js
var CRUMBS = 6;
var HELP = [
  ["arrows", "to the frame above, below, left or right"],
  ["Enter, click", "zoom to the frame"],
  ["Backspace", "zoom out by one frame"],
  ["0, Escape", "back to the whole"],
  ["Home, End", "first and last frame of the caller"],
  ["Space, Shift+click", "select the frame without zooming"],
  ["/", "search; n and N go from hit to hit"],
  ["i", "invert: begin with the innermost calls, callers merged"],
  ["f", "flip: the root at the top or at the bottom"],
  ["m", "only the selected function, wherever it is called; again for all"],
  ["?", "this list"]
];
function addControls(app) {
  const { tools } = app.parts;
  const { profile } = app;
  const field = addSearch(app);
  const invert = toggle("Invert", "Begin with the innermost calls; their callers are merged", () => app.set({ invert: !app.state.invert }));
  const flip = toggle("Root on top", "Turn the picture over", () => app.set({ icicle: !app.state.icicle }));
  tools.append(button2("Reset", "Back to the whole", () => reset(app)), invert.node, flip.node);
  const shows = [() => invert.show(app.state.invert), () => flip.show(app.state.icicle)];
  if (profile.measures.length > 1) {
    const options = profile.measures.map(({ type }, m) => ({ value: String(m), words: visible(type) }));
    const measure = choice("Measure", options, (value) => app.set({ measure: Number(value) }));
    tools.append(measure.node);
    shows.push(() => measure.show(String(app.state.measure)));
  }
  tools.append(button2("PNG", "Save this view as a PNG picture", () => void save(app, "png")));
  tools.append(button2("SVG", "Save this view as an SVG picture", () => void save(app, "svg")));
  const showHelp = () => {
    app.parts.help.hidden = !app.parts.help.hidden;
    if (app.parts.help.hidden) app.parts.plot.focus({ preventScroll: true });
    else app.parts.help.focus();
  };
  tools.append(button2("?", "Keys", showHelp));
  const keys = element("dl", { class: "fl-facts" });
  for (const [key, does] of HELP) keys.append(element("dt", {}, key), element("dd", {}, does));
  app.parts.help.append(element("h3", {}, "Keys"), keys, button2("Close", "Close", showHelp));
  app.parts.help.addEventListener("keydown", (event) => event.key === "Escape" && showHelp());
  const update = () => shows.forEach((show) => show());
  app.on(["search"], update);
  app.on(["tree"], () => app.say(`${app.state.invert ? "Callers merged; " : ""}${app.rootLabel()}.`));
  update();
  addCrumbs(app);
  addLegend(app);
  return { help: showHelp, search: () => {
    field.focus();
    field.select();
  } };
}
function reset(app) {
  if (app.state.merge !== NONE) app.set({ merge: NONE });
  app.zoom(ROOT);
}
function addSearch(app) {
  const field = element("input", { type: "search", placeholder: "function or file", "aria-label": "Search", size: "18" });
  const result = element("span", { class: "fl-result" });
  field.addEventListener("input", () => {
    app.set({ search: field.value });
    app.say(result.textContent ?? "");
  });
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") app.set({ search: "" });
    if (event.key === "Enter" || event.key === "Escape") app.parts.plot.focus({ preventScroll: true });
  });
  app.on(["search", "tree"], () => {
    if (field.value !== app.state.search) field.value = app.state.search;
    result.textContent = found(app);
  });
  app.parts.tools.append(element("span", { class: "fl-search" }, field, result));
  return field;
}
function found({ found: hits, profile, weights, compares }) {
  if (!hits) return "";
  const functions = hits.reduce((sum2, hit) => sum2 + hit, 0);
  if (!functions) return "nothing found";
  const of = (values) => {
    let all = 0;
    for (let s = 0; s < values.length; s++) all += values[s];
    return share(matched(profile, hits, values), all);
  };
  const part = compares ? `${of(weights.before)} before, ${of(weights.after)} after` : `${of(weights.after)} of all`;
  return `${count(functions, "function")}: ${part}`;
}
async function save(app, kind) {
  const { scene, options, painter, page } = app;
  const zoomed = app.zoomed === ROOT ? "" : `, zoomed to ${app.profile.short[app.tree.fn[app.zoomed]]}`;
  const title = `${options.title}: ${app.rootLabel()}${zoomed}`;
  const picture = { scene, title, legend: legendOf(app), palette: painter.palette, page };
  try {
    download(kind === "png" ? await png(picture) : svg(picture), options.title || "flame", kind);
    app.say(`Saved as ${kind.toUpperCase()}.`);
  } catch (error) {
    app.say(`The picture could not be saved: ${error instanceof Error ? error.message : error}`);
  }
}
function addCrumbs(app) {
  const update = () => {
    const path = pathOf(app.tree, app.zoomed);
    const merged = app.state.merge !== NONE;
    app.parts.crumbs.hidden = !path.length && !merged;
    const first = merged ? `all ${visible(app.profile.short[app.state.merge])}` : "all";
    const parts = [button2(first, "Zoom out to the whole", () => app.zoom(ROOT))];
    if (merged) parts.unshift(button2("all stacks", "Show all stacks again", () => reset(app)));
    let node2 = app.zoomed;
    const crumbs = path.map(() => {
      const at = node2;
      node2 = app.tree.parent[node2];
      const name = visible(app.profile.short[app.tree.fn[at]]);
      const made = button2(name, `Zoom to ${name}`, () => app.zoom(at));
      if (at === app.zoomed) made.setAttribute("aria-current", "true");
      return made;
    });
    const shown = crumbs.slice(0, CRUMBS).reverse();
    const skipped = crumbs.length > CRUMBS ? [element("span", {}, `… ${crumbs.length - CRUMBS} more …`)] : [];
    app.parts.crumbs.replaceChildren(...parts, ...skipped, ...shown);
  };
  app.on(["zoom", "tree"], update);
  update();
}
function legendOf(app) {
  const own = app.state.colour === "change" ? changeLegend() : app.colouring.legend;
  return app.mergedShown ? [...own, { key: "merged", words: "several frames, too narrow to tell apart" }] : own;
}
function addLegend(app) {
  const update = () => {
    const keys = legendOf(app).map(
      ({ key, words: words2 }) => element("span", { class: "fl-key" }, element("span", { class: `fl-swatch fl-${key}`, "aria-hidden": "true" }), visible(words2))
    );
    const from = app.state.colour === "change" ? "Colour: change" : "Colour: package";
    app.parts.legend.replaceChildren(element("span", {}, from), ...keys);
  };
  app.on(["colours", "tree"], update);
  update();
}

// src/flame/growth.js
function growing(profile, measure) {
  const series = profile.series.map((_, k) => profile.values(k, measure));
  const all = new Float64Array(profile.stacks);
  for (const values of series) for (let s = 0; s < all.length; s++) all[s] += values[s];
  const chosen = { measure, before: 0, after: 0, width: (
    /** @type {const} */
    "after"
  ), normalised: false };
  const weights = { ...weigh(profile, chosen), wide: all };
  const tree = buildTree(profile, weights, { invert: false, merge: NONE });
  const rows2 = /* @__PURE__ */ new Map();
  for (let s = 0; s < profile.stacks; s++) {
    const node2 = tree.terminal[s];
    if (node2 === NONE) continue;
    const values = rows2.get(node2) ?? series.map(() => 0);
    series.forEach((of, k) => values[k] += of[s]);
    rows2.set(node2, values);
  }
  const found3 = [...rows2].map(([node2, values]) => ({ path: pathOf(tree, node2), ...judged(values) }));
  return found3.sort((a, b) => Number(grew(b)) - Number(grew(a)) || b.growth - a.growth);
}
function judged(values) {
  const steady = values.every((value, k) => k === 0 || value >= values[k - 1]);
  return { values, growth: values[values.length - 1] - values[0], steady };
}
function grew({ steady, growth }) {
  return steady && growth > 0;
}
function sparkline(values, width, height) {
  const peak = Math.max(...values, 1e-9);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  return values.map((value, k) => [k * step, height - value / peak * height]);
}

// src/flame/growth_panel.js
var MOST = 40;
var [WIDTH, HEIGHT] = [96, 22];
var SVG2 = "http://www.w3.org/2000/svg";
var LEGIBLE = 120;
function addGrowth(app) {
  if (app.options.mode !== "growth") return;
  const section = panel("growth", "Stacks that grew");
  section.hidden = false;
  let measure = -1;
  const update = () => {
    if (measure === app.state.measure) return;
    measure = app.state.measure;
    const rows2 = growing(app.profile, measure).filter(({ growth }) => growth > 0);
    const steady = rows2.filter(grew).length;
    const said = `${count(steady, "stack")} grew and never shrank` + (rows2.length > steady ? `, ${rows2.length - steady} grew but shrank in between` : "") + (rows2.length > MOST ? `; the first ${MOST} are listed` : "");
    section.replaceChildren(element("h3", {}, `Growth: ${said}.`), list(app, rows2.slice(0, MOST)));
  };
  app.on(["tree"], update);
  update();
  app.parts.panels.prepend(section);
}
function list(app, rows2) {
  const titles = ["stack", "course", visible(app.profile.series[0]), visible(app.profile.series.at(-1) ?? ""), "growth", ""];
  const head = element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)));
  const body = rows2.map((row) => element("tr", {}, ...cells(app, row)));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { class: "fl-wide", tabindex: "0", role: "region", "aria-label": "Growing stacks" }, table);
}
function cells(app, row) {
  const { unit } = app;
  const name = nameOf(app, row.path);
  const show = button2(name, `Show ${name} in the flame graph`, () => showStack(app, row.path));
  show.className = "fl-stack";
  const said = row.values.map((value) => quantity(value, unit)).join(", ");
  const kind = grew(row) ? "steady" : "with drops";
  return [
    element("th", { scope: "row" }, show),
    element("td", {}, drawn(row.values, said)),
    element("td", {}, quantity(row.values[0], unit)),
    element("td", {}, quantity(row.values.at(-1) ?? 0, unit)),
    element("td", {}, change(row.growth, unit)),
    element("td", {}, kind)
  ];
}
function nameOf({ profile }, path) {
  const kinds = path.map((fn) => profile.packages[profile.packageOf[fn]].kind);
  const own = kinds.findLastIndex((kind) => kind !== "runtime");
  const at = path[own < 0 ? path.length - 1 : own];
  if (at === void 0) return "no stack";
  const inner = visible(profile.short[at]);
  return at === path[0] ? inner : `${inner} under ${visible(profile.short[path[0]])}`;
}
function drawn(values, said) {
  const points = sparkline(values, WIDTH - 6, HEIGHT - 6).map(([x, y]) => [x + 3, y + 3]);
  const made = (tag, attributes) => {
    const node2 = document.createElementNS(SVG2, tag);
    for (const [key, value] of Object.entries(attributes)) node2.setAttribute(key, value);
    return node2;
  };
  const line = made("polyline", { points: points.map((point) => point.join()).join(" "), class: "fl-spark" });
  const dots = points.map(([x, y]) => made("circle", { cx: String(x), cy: String(y), r: "1.8", class: "fl-dot" }));
  const picture = made("svg", { width: String(WIDTH), height: String(HEIGHT), role: "img", "aria-label": said });
  picture.append(line, ...dots);
  return picture;
}
function showStack(app, path) {
  app.set({ invert: false, merge: NONE });
  const node2 = nodeAt(app.tree, path);
  if (node2 === NONE) return;
  const { tree } = app;
  let zoomed = node2;
  const { width } = app.scene;
  while (zoomed !== ROOT && tree.wide[node2] / tree.wide[tree.parent[zoomed]] * width >= LEGIBLE) zoomed = tree.parent[zoomed];
  app.zoom(zoomed);
  app.select(node2);
  app.parts.plot.focus({ preventScroll: true });
  app.parts.scroller.scrollIntoView({ block: "nearest" });
  app.say(`Shown: ${nameOf(app, path)}.`);
}

// src/flame/describe.js
function describe(app, node2) {
  const { tree, profile } = app;
  if (node2 === ROOT) return { title: app.rootLabel(), facts: [] };
  const fn = tree.fn[node2];
  const facts = [["package", packageWords(profile, fn)], ...app.compares ? compared(app, node2) : measured(app, node2)];
  return { title: visible(profile.functions[fn]), facts };
}
function packageWords({ packages, packageOf }, fn) {
  const { name, kind } = packages[packageOf[fn]];
  return name && name !== kind ? `${visible(name)}, ${kind}` : kind;
}
function measured({ tree, unit, zoomed, state }, node2) {
  const whole2 = tree.after[ROOT];
  const total = tree.after[node2];
  const self = tree.self[node2];
  const of = state.invert ? "on such stacks" : "with all it calls";
  const facts = [
    ["total", `${quantity(total, unit)}, ${share(total, whole2)} of all (${of})`],
    ["self", `${quantity(self, unit)}, ${share(self, whole2)} of all`]
  ];
  if (state.invert) facts.pop();
  if (zoomed !== ROOT) facts.push(["of the zoomed frame", share(total, tree.after[zoomed])]);
  return facts;
}
function compared({ tree, unit, profile, state }, node2) {
  const { before, after, factor } = tree;
  const scaled = factor !== 1 ? ", by shares of the total" : "";
  const sides = (
    /** @type {const} */
    [[state.before, before], [state.after, after]]
  );
  const said = sides.map(([series, values]) => {
    const text2 = `${quantity(values[node2], unit)}, ${share(values[node2], values[ROOT])} of its total`;
    return (
      /** @type {[string, string]} */
      [visible(profile.series[series]), text2]
    );
  });
  const difference = change(after[node2] - before[node2], unit);
  return [...said, ["change", `${difference}; ${STEPS[changeOf(tree, node2)].words}${scaled}`]];
}
function lines({ profile, tree, weights, state }, node2) {
  const values = tree.after[node2] > 0 ? weights.after : profile.values(state.before, state.measure);
  return linesOf(profile, tree, node2, values);
}
function place({ file, line }) {
  return file ? `${visible(file)}:${line}` : "no file is named";
}
function sentence(app, node2) {
  const { title, facts } = describe(app, node2);
  const { tree } = app;
  const children = tree.childFirst[node2 + 1] - tree.childFirst[node2];
  const next = app.state.invert ? "caller" : "callee";
  const said = facts.map(([name, value]) => `${name}: ${value}`).join("; ");
  return `${title}. ${said}${said ? ". " : ""}Level ${tree.level[node2]}, ${count(children, next)}.`;
}

// src/flame/input.js
function listen(app, parts) {
  const { plot } = app.parts;
  const { signal } = app;
  plot.addEventListener("pointermove", (event) => app.point(event.offsetX, event.offsetY), { signal });
  plot.addEventListener("pointerleave", () => app.leave(), { signal });
  plot.addEventListener("click", (event) => {
    app.point(event.offsetX, event.offsetY);
    const box = app.hovered;
    if (!box) return;
    app.select(box.node);
    if (!event.shiftKey) app.zoom(box.node);
    app.say(sentence(app, box.node));
  }, { signal });
  plot.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (!act(app, parts, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
}
function act(app, parts, key) {
  const { tree, state } = app;
  const at = app.selected === NONE ? app.zoomed : app.selected;
  const outwards = state.icicle ? "ArrowUp" : "ArrowDown";
  const inwards = state.icicle ? "ArrowDown" : "ArrowUp";
  const keys = {
    [outwards]: () => go(app, at === ROOT ? ROOT : tree.parent[at]),
    [inwards]: () => go(app, app.selected === NONE ? at : firstChild(tree, at)),
    ArrowLeft: () => go(app, beside(app, at, -1)),
    ArrowRight: () => go(app, beside(app, at, 1)),
    Home: () => go(app, at === ROOT ? ROOT : tree.childFirst[tree.parent[at]]),
    End: () => go(app, at === ROOT ? ROOT : lastChild(tree, tree.parent[at])),
    Enter: () => zoom(app, at),
    Backspace: () => zoom(app, app.zoomed === ROOT ? ROOT : tree.parent[app.zoomed]),
    0: () => back(app),
    Escape: () => back(app),
    " ": () => app.select(app.selected === NONE ? app.hovered?.node ?? at : NONE),
    "/": parts.search,
    "?": parts.help,
    n: () => toHit(app, at, 1),
    N: () => toHit(app, at, -1),
    i: () => app.set({ invert: !state.invert }),
    f: () => app.set({ icicle: !state.icicle }),
    m: () => merge(app, at)
  };
  if (!Object.hasOwn(keys, key)) return false;
  keys[key]();
  return true;
}
function back(app) {
  reset(app);
  app.select(NONE);
  app.say("The whole is shown.");
}
function go(app, node2) {
  if (app.tree.level[node2] < app.tree.level[app.zoomed]) app.zoom(node2);
  app.select(node2);
  app.say(sentence(app, node2));
}
function zoom(app, node2) {
  app.zoom(node2);
  app.say(`Zoomed. ${sentence(app, node2)}`);
}
function merge(app, at) {
  if (app.state.merge !== NONE) app.set({ merge: NONE });
  else if (at > ROOT) app.set({ merge: app.tree.fn[at] });
}
function firstChild({ childFirst, wide }, node2) {
  const child = childFirst[node2];
  return child < childFirst[node2 + 1] && wide[child] > 0 ? child : node2;
}
function lastChild({ childFirst, wide }, node2) {
  let last = childFirst[node2 + 1] - 1;
  while (last > childFirst[node2] && !(wide[last] > 0)) last--;
  return last;
}
function beside({ tree, zoomed }, node2, step) {
  const { start: start2, wide, levelFirst, level } = tree;
  const right = start2[zoomed] + wide[zoomed];
  for (let at = node2 + step; at >= levelFirst[level[node2]] && at < levelFirst[level[node2] + 1]; at += step) {
    if (start2[at] < start2[zoomed] || start2[at] >= right) break;
    if (wide[at] > 0) return at;
  }
  return node2;
}
function toHit(app, at, step) {
  const { tree, found: found3 } = app;
  if (!found3) return;
  const count2 = tree.fn.length;
  for (let k = 1; k <= count2; k++) {
    const node2 = (at + step * k + count2 * 2) % count2;
    if (node2 === ROOT || !found3[tree.fn[node2]] || !(tree.wide[node2] > 0)) continue;
    if (!app.placeOf(node2)) app.zoom(ROOT);
    return go(app, node2);
  }
}

// src/flame/saved.js
var SETTLED_MS = 200;
var WIDTHS = ["after", "before", "both"];
var COLOURS = ["package", "change"];
function keepView(app, model) {
  let own = "";
  let timer = 0;
  restore(app, model.get("view"));
  const save2 = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const value = saved(app);
      if (JSON.stringify(value) === own) return;
      own = JSON.stringify(value);
      model.set("view", value);
      model.save_changes();
      app.root.dataset.saved = own;
    }, SETTLED_MS);
  };
  const changed = () => {
    const value = model.get("view");
    if (JSON.stringify(value) === own) return;
    own = JSON.stringify(value);
    restore(app, value);
  };
  app.on(["tree", "zoom", "select", "search", "colours"], save2);
  model.on("change:view", changed);
  app.signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("change:view", changed);
  });
}
function saved(app) {
  const { state, profile, tree, zoomed, selected } = app;
  const names = (node2) => pathOf(tree, node2).map((fn) => profile.functions[fn]);
  return {
    zoom: names(zoomed),
    selected: selected > ROOT ? names(selected) : null,
    search: state.search,
    invert: state.invert,
    icicle: state.icicle,
    merge: state.merge === NONE ? "" : profile.functions[state.merge],
    colour: state.colour,
    measure: profile.measures[state.measure].type,
    before: profile.series[state.before],
    after: profile.series[state.after],
    width: state.width,
    normalised: state.normalised
  };
}
function restore(app, value) {
  if (!value || typeof value !== "object") return;
  const { profile } = app;
  const changes = {};
  for (const name of ["invert", "icicle", "normalised"]) if (typeof value[name] === "boolean") changes[name] = value[name];
  if (typeof value.search === "string") changes.search = value.search;
  if (WIDTHS.includes(value.width)) changes.width = value.width;
  if (COLOURS.includes(value.colour)) changes.colour = value.colour;
  if (value.merge === "") changes.merge = NONE;
  else if (profile.functions.includes(value.merge)) changes.merge = profile.functions.indexOf(value.merge);
  for (const name of ["before", "after"]) {
    if (profile.series.includes(value[name])) changes[name] = profile.series.indexOf(value[name]);
  }
  const measure = profile.measures.findIndex(({ type }) => type === value.measure);
  if (measure >= 0) changes.measure = measure;
  app.set(changes);
  const zoomed = found2(app, value.zoom);
  if (zoomed !== NONE) app.zoom(zoomed);
  if (value.selected === null) app.select(NONE);
  const selected = found2(app, value.selected);
  if (selected > ROOT) app.select(selected);
}
function found2({ profile, tree }, names) {
  return Array.isArray(names) ? nodeAt(tree, names.map((name) => profile.functions.indexOf(name))) : NONE;
}

// src/flame/table.js
var MOST2 = 100;
function rows(profile, { before, after, factor }, order) {
  const late = ofFunctions(profile, after);
  const early = before === after ? late : ofFunctions(profile, before);
  const all = profile.functions.map((_, fn) => ({
    fn,
    self: late.self[fn],
    total: late.total[fn],
    before: early.total[fn],
    change: late.total[fn] - early.total[fn] * factor
  }));
  const size = (row) => Math.abs(row[order]);
  const some = all.filter((row) => row.total || row.before);
  return some.sort((a, b) => size(b) - size(a) || profile.rank[a.fn] - profile.rank[b.fn]);
}
function addTable(app) {
  const section = panel("table", "Top functions");
  let order = app.compares ? "change" : "self";
  const opener = button2("Table", "The heaviest functions as a table", () => {
    section.hidden = !section.hidden;
    opener.setAttribute("aria-expanded", String(!section.hidden));
    update();
  });
  opener.setAttribute("aria-expanded", "false");
  const update = () => {
    if (section.hidden) return;
    section.replaceChildren(...content(app, order, (chosen) => {
      order = chosen;
      update();
      section.querySelector("[aria-sort] button")?.focus();
    }));
  };
  app.on(["tree", "search"], update);
  app.parts.tools.append(opener);
  app.parts.panels.append(section);
}
function content(app, order, sort) {
  const { profile, weights, found: found3, unit, compares } = app;
  const all = rows(profile, weights, order).filter(({ fn }) => !found3 || found3[fn]);
  const whole2 = sum(weights.after);
  const columns = [
    ["self", "self", (row) => `${quantity(row.self, unit)} (${share(row.self, whole2)})`],
    ["total", "total", (row) => `${quantity(row.total, unit)} (${share(row.total, whole2)})`]
  ];
  if (compares) {
    columns.unshift(["before", null, (row) => quantity(row.before, unit)]);
    columns.push(["change", "change", (row) => change(row.change, unit)]);
  }
  columns.push(["package", null, ({ fn }) => packageWords(profile, fn)]);
  const head = columns.map(([title, by]) => {
    const cell = element("th", { scope: "col" }, by ? button2(title, `Sort by ${title}`, () => sort(by)) : title);
    if (by === order) cell.setAttribute("aria-sort", "descending");
    return cell;
  });
  const body = all.slice(0, MOST2).map((row) => {
    const name = visible(profile.functions[row.fn]);
    const show = button2(name, `Select ${name} in the flame graph`, () => choose(app, row.fn));
    show.className = "fl-stack";
    const cells2 = columns.map(([, , said]) => element("td", {}, said(row)));
    return element("tr", {}, element("th", { scope: "row" }, show), ...cells2);
  });
  const caption = `${count(all.length, "function")}${all.length > MOST2 ? `, the first ${MOST2}` : ""}, by ${order}`;
  const top = element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "function"), ...head));
  const table = element("table", {}, element("caption", {}, caption), top, element("tbody", {}, ...body));
  return [element("div", { class: "fl-wide", tabindex: "0", role: "region", "aria-label": "Top functions" }, table)];
}
function choose(app, fn) {
  const node2 = widest(app.tree, fn);
  if (node2 === NONE) return app.say("It is not in this view.");
  if (!app.placeOf(node2)) app.zoom(ROOT);
  app.select(node2);
}

// src/flame/tip.js
var MOST_LINES = 12;
function addTooltip(app) {
  const { tooltip, plot, root } = app.parts;
  let pointer = { x: 0, y: 0 };
  plot.addEventListener("pointermove", (event) => pointer = { x: event.clientX, y: event.clientY }, { signal: app.signal, capture: true });
  app.on(["hover"], () => {
    const box = app.hovered;
    tooltip.hidden = !box;
    if (!box) return;
    tooltip.replaceChildren(...content2(app, box));
    const outside = root.getBoundingClientRect();
    const [x, y] = [pointer.x - outside.left, pointer.y - outside.top];
    const left = x + 14 + tooltip.offsetWidth > outside.width ? x - 14 - tooltip.offsetWidth : x + 14;
    tooltip.style.transform = `translate(${Math.max(0, left)}px, ${y + 16}px)`;
  });
}
function content2(app, box) {
  if (box.count > 1) {
    return [element("strong", {}, `${count(box.count, "frame")} in this pixel`), element("div", {}, "Zoom in to tell them apart.")];
  }
  const { title, facts } = describe(app, box.node);
  const [first, ...others] = box.node === ROOT ? [] : lines(app, box.node);
  const where = first ? [`${place(first.frame)}${others.length ? ` and ${count(others.length, "other line")}` : ""}`] : [];
  return [
    element("strong", {}, title),
    ...where.map((text2) => element("div", { class: "fl-place" }, text2)),
    ...facts.map(([name, value]) => element("div", {}, `${name}: ${value}`))
  ];
}
function addDetails(app, source) {
  const section = panel("details", "Selected frame");
  app.on(["select", "zoom"], () => {
    const node2 = app.selected;
    section.hidden = node2 <= ROOT;
    if (!section.hidden) section.replaceChildren(...details(app, node2, source));
  });
  app.parts.panels.append(section, source.node);
}
function details(app, node2, source) {
  const { title, facts } = describe(app, node2);
  const fn = app.tree.fn[node2];
  const tools = element("div", { class: "fl-tools" });
  tools.append(button2("Zoom", "Zoom to this frame", () => app.zoom(node2)));
  const only = app.state.merge === fn;
  const merge2 = only ? "Show all stacks" : "Only this function";
  const why = only ? "Show all stacks again" : "Merge all calls of this function, from wherever it is called";
  tools.append(button2(merge2, why, () => app.set({ merge: only ? NONE : fn })));
  tools.append(button2("Unselect", "Select no frame", () => app.select(NONE)));
  const list2 = element("dl", { class: "fl-facts" });
  for (const [name, value] of facts) list2.append(element("dt", {}, name), element("dd", {}, value));
  return [element("h3", {}, title), list2, ...places(app, node2, source), tools];
}
function places(app, node2, source) {
  const all = lines(app, node2);
  if (!all.some(({ frame }) => frame.file)) return [];
  const rows2 = all.slice(0, MOST_LINES).map(({ frame, value }) => {
    const text2 = place(frame);
    const show = button2(text2, `Show ${text2}`, () => void source.show(frame));
    show.className = "fl-place";
    return element("li", {}, ...frame.file ? [show] : [text2], ` ${quantity(value, app.unit)}`);
  });
  if (all.length > MOST_LINES) rows2.push(element("li", {}, `and ${count(all.length - MOST_LINES, "other line")}`));
  return [element("ul", { class: "fl-lines", "aria-label": "Lines of this function on these stacks" }, ...rows2)];
}

// src/flame/start.js
async function start(model, el, outer) {
  const stop = new AbortController();
  outer?.addEventListener("abort", () => stop.abort(), { once: true });
  const root = widgetRoot(el, "flame");
  const profile = new Profile(await decode(model.get("data")));
  const mode = String(model.get("mode"));
  const id = `fl-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
  const options = { title: model.get("heading") || "Flame graph", height: Number(model.get("height")) || 460, id, mode };
  const app = new App(root, profile, initial(profile, mode), options, stop.signal);
  const parts = addControls(app);
  addTable(app);
  addCompare(app);
  addGrowth(app);
  addDetails(app, new SourcePanel(model.get("sources")));
  addTooltip(app);
  listen(app, parts);
  app.arrange();
  keepView(app, model);
  root.flame = app;
  app.parts.summary.textContent = summary(app);
  const left = profile.measures[app.state.measure].left_out;
  if (!app.tree.after[ROOT] && !app.tree.before[ROOT]) app.say("There are no samples.");
  else if (left) app.say(`${count(left, "sample")} with a value below zero left out.`);
  app.draw();
  return () => stop.abort();
}
function summary(app) {
  const { profile, tree, state } = app;
  const { type } = profile.measures[state.measure];
  const widest2 = [];
  for (let node2 = tree.childFirst[ROOT]; node2 < tree.childFirst[ROOT + 1] && widest2.length < 3; node2++) {
    widest2.push(visible(profile.short[tree.fn[node2]]));
  }
  return `${visible(type)}, ${app.rootLabel()}, ${count(tree.fn.length - 1, "frame")}, ${tree.levelFirst.length - 2} levels. Widest: ${widest2.join(", ") || "none"}. Press ? for the keys.`;
}

// src/widgets/flame.js
var flame_default = {
  /**
   * @param {{model: import("../timeline/start.js").Model, el: HTMLElement, signal?: AbortSignal}} props
   */
  render({ model, el, signal }) {
    return start(model, el, signal);
  }
};
export {
  flame_default as default
};
