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
  const total = descriptions.reduce((sum, one2) => sum + BYTES[one2.stored] * one2.length, header.meta);
  const raw = await inflate(bytes.subarray(header.end), total);
  const columns = /* @__PURE__ */ Object.create(null);
  let at = header.meta;
  for (const one2 of descriptions) {
    const size = BYTES[one2.stored] * one2.length;
    columns[one2.name] = readColumn(raw.subarray(at, at + size), one2);
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
function checked(one2) {
  const known = one2 && typeof one2.name === "string" && Object.hasOwn(NEW, one2.type);
  if (!known || !Object.hasOwn(BYTES, one2.stored) || !isCount(one2.length)) {
    throw new BlobError(`the blob describes a column that cannot be: ${JSON.stringify(one2)}`);
  }
  return one2;
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
  const made2 = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made2.setAttribute(name, value);
  made2.append(...children);
  return made2;
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
  const chosen2 = scheme({
    page: documentElement.getAttribute("data-theme"),
    jupyterlabLight: body.getAttribute("data-jp-theme-light"),
    vscode: body.getAttribute("data-vscode-theme-kind"),
    prefersDark
  });
  root.style.colorScheme = chosen2;
  root.dataset.scheme = chosen2;
  return chosen2;
}
function colours(root, names) {
  const probe = document.createElement("span");
  probe.hidden = true;
  root.append(probe);
  const computed = getComputedStyle(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, computed.color];
  });
  probe.remove();
  return (
    /** @type {Record<Name, string>} */
    Object.fromEntries(found)
  );
}

// src/timeline/viewport.js
var NARROWEST = 20;
function all(bounds) {
  return clamp({ t0: bounds.begin, t1: bounds.end }, bounds);
}
function clamp(view, bounds) {
  const widest = Math.max(bounds.end - bounds.begin, NARROWEST);
  const asked = Math.round(view.t1) - Math.round(view.t0);
  const length = Math.min(Math.max(Number.isFinite(asked) ? asked : widest, NARROWEST), widest);
  const latest = bounds.begin + widest - length;
  const wanted = Number.isFinite(view.t0) ? Math.round(view.t0) : bounds.begin;
  const t0 = Math.min(Math.max(wanted, bounds.begin), latest);
  return { t0, t1: t0 + length };
}
function zoom(view, factor, at, bounds) {
  const widest = Math.max(bounds.end - bounds.begin, NARROWEST);
  const before = view.t1 - view.t0;
  const length = Math.round(Math.min(Math.max(before / factor, NARROWEST), widest));
  const t0 = at - (at - view.t0) / before * length;
  return clamp({ t0: Math.round(t0), t1: Math.round(t0) + length }, bounds);
}
function pan(view, by, bounds) {
  const shift = Math.round(by);
  return clamp({ t0: view.t0 + shift, t1: view.t1 + shift }, bounds);
}
function timeAt(view, x, width) {
  return view.t0 + (view.t1 - view.t0) * x / width;
}
function pixelOf(view, t, width) {
  return (t - view.t0) / (view.t1 - view.t0) * width;
}

// src/timeline/arrows.js
var places = /* @__PURE__ */ new WeakMap();
function arrowsOf(lanes, { view, width, top, height }, wake, groups2) {
  const seen = (row) => row.y + row.height > top && row.y < top + height;
  const middle = (row) => row.y + row.height / 2 - top;
  const x = pixelOf(view, wake.t, width);
  const found = [];
  const [from, to] = [ownRow(lanes, wake.from, groups2), ownRow(lanes, wake.to, groups2)];
  if (from && to && from !== to && x >= -2 && x <= width + 2 && crosses(from, to, top, height)) {
    found.push({ x0: x, y0: middle(from), x1: x, y1: middle(to) });
  }
  const [on, then] = [procRow(lanes, wake.fromP), procRow(lanes, wake.toP)];
  if (on && then && (seen(on) || seen(then))) {
    const end = pixelOf(view, wake.ran, width);
    if (end >= -2 && x <= width + 2 && (on !== then || end - x > 8)) {
      found.push({ x0: x, y0: middle(on), x1: end, y1: middle(then) });
    }
  }
  return found;
}
function stealArrow(lanes, { view, width, top, height }, steal) {
  const [from, to] = [procRow(lanes, steal.victim), procRow(lanes, steal.thief)];
  const x = pixelOf(view, steal.t, width);
  if (!from || !to || from === to || x < -2 || x > width + 2 || !crosses(from, to, top, height)) return null;
  const middle = (row) => row.y + row.height / 2 - top;
  return { x0: x, y0: middle(from), x1: x, y1: middle(to) };
}
function crosses(one2, other, top, height) {
  return Math.max(one2.y, other.y) > top - 20 && Math.min(one2.y, other.y) < top + height;
}
function ownRow(lanes, lane, groups2) {
  return rowAt(lanes, `g ${lane}`) ?? (groups2 ? rowAt(lanes, `group ${lanes.groupOf[lane]}`) : void 0);
}
function procRow(lanes, p) {
  return p < 0 ? void 0 : rowAt(lanes, `p ${lanes.procs.number.indexOf(p)}`);
}
function rowAt({ rows }, key2) {
  let known = places.get(rows);
  if (!known) places.set(rows, known = new Map(rows.map((row) => [`${row.kind} ${row.lane}`, row])));
  return known.get(key2);
}
function drawArrow(context, { x0, y0, x1, y1 }, palette2, thick, ink = palette2.inks.ink) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [6 * dx / length, 6 * dy / length];
  for (
    const [colour, wide] of
    /** @type {const} */
    [[palette2.inks.background, thick + 2.5], [ink, thick]]
  ) {
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = wide;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.moveTo(x1 - ux - uy * 0.65, y1 - uy + ux * 0.65);
    context.lineTo(x1, y1);
    context.lineTo(x1 - ux + uy * 0.65, y1 - uy - ux * 0.65);
    context.stroke();
  }
  context.beginPath();
  context.arc(x0, y0, thick + 1.5, 0, 2 * Math.PI);
  context.fill();
}

// src/timeline/steals.js
function stealsIn({ columns, laneOfGoroutine }, { t0, t1 }, most) {
  const { steal_time: time, steal_thief: thief, steal_victim: victim, steal_taken: taken, steal_g: g } = columns;
  const from = bound(time, t0);
  const count = bound(time, t1 + 1) - from;
  const drawn2 = Math.min(count, most);
  const steals = [];
  for (let k = 0; k < drawn2; k++) {
    const i = from + Math.floor(k * count / drawn2);
    const lane = g[i] ? laneOfGoroutine[g[i] - 1] : -1;
    steals.push({ t: time[i], thief: thief[i] - 1, victim: victim[i] - 1, taken: taken[i], lane });
  }
  return { steals, count };
}
function stealsText(drawn2, count) {
  return count > drawn2 ? `${drawn2} of ${count} steals in view: zoom in for all` : `${count} steals in view`;
}
function bound(time, t) {
  let [low, high] = [0, time.length];
  while (low < high) {
    const middle = low + high >>> 1;
    if (time[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

// src/timeline/hover.js
function drawHover(context, scene, palette2, lanes, marked) {
  const { width, height, view } = scene;
  const x = (t) => Math.min(Math.max(pixelOf(view, t, width), -10), width + 10);
  if (marked.selection) {
    const { t0, t1 } = marked.selection;
    context.fillStyle = palette2.inks.accent;
    context.globalAlpha = 0.14;
    context.fillRect(x(t0), 0, Math.max(x(t1) - x(t0), 1), height);
    context.globalAlpha = 1;
    for (const t of [t0, t1]) context.fillRect(Math.round(x(t)), 0, 1, height);
  }
  if (marked.t !== null) {
    context.fillStyle = palette2.inks.faint;
    context.fillRect(Math.round(x(marked.t)), 0, 1, height);
  }
  for (
    const [found, thick] of
    /** @type {const} */
    [[marked.hovered, 1], [marked.pinned, 2]]
  ) {
    if (found) outline(context, found, scene, lanes, palette2.inks.accent, thick);
  }
  if (marked.elsewhere !== null) {
    context.fillStyle = palette2.inks.accent;
    for (let y = 0; y < height; y += 8) context.fillRect(Math.round(x(marked.elsewhere)), y, 1, 5);
  }
  if (marked.steals) drawSteals(context, scene, palette2, lanes, marked.steals);
  if (marked.all) drawAll(context, scene, palette2, lanes, marked.all);
  const said2 = marked.all ? [wakesText(marked.all.wakes.length, marked.all.count)] : [];
  if (marked.steals) said2.push(stealsText(marked.steals.steals.length, marked.steals.count));
  said2.forEach((text, line) => note(context, scene, palette2, text, line));
  for (const wake of marked.wakes) {
    for (const arrow of arrowsOf(lanes, scene, wake, true)) drawArrow(context, arrow, palette2, 1.5);
  }
}
function drawAll(context, scene, palette2, lanes, { wakes }) {
  for (const wake of wakes) {
    for (const arrow of arrowsOf(lanes, scene, wake, false)) drawArrow(context, arrow, palette2, 1);
  }
}
function drawSteals(context, scene, palette2, lanes, { steals }) {
  for (const steal of steals) {
    const arrow = stealArrow(lanes, scene, steal);
    if (arrow) drawArrow(context, arrow, palette2, 1.5, palette2.inks.accent);
  }
}
function note(context, scene, palette2, text, line) {
  const y = 20 * line;
  context.font = "bold 11px system-ui, sans-serif";
  context.textBaseline = "middle";
  const wide = context.measureText(text).width;
  context.fillStyle = palette2.inks.background;
  context.globalAlpha = 0.85;
  context.fillRect(scene.width - wide - 14, y + 2, wide + 12, 18);
  context.globalAlpha = 1;
  context.fillStyle = palette2.inks.ink;
  context.fillText(text, scene.width - wide - 8, y + 11);
}
function wakesText(drawn2, count) {
  if (count < 0) return "Too many spans for wake arrows: zoom in";
  if (count > drawn2) return `${drawn2} of ${count} wakes in view: zoom in for all`;
  return `${count} wakes in view`;
}
function outline(context, found, { view, width, top }, lanes, colour, thick) {
  const row = lanes.rows.find((one2) => one2.kind === found.row.kind && one2.lane === found.row.lane);
  if (!row) return;
  const from = Math.max(pixelOf(view, found.start, width), -4);
  const to = Math.min(pixelOf(view, found.end, width), width + 4);
  context.strokeStyle = colour;
  context.lineWidth = thick;
  context.strokeRect(from - 0.5, row.y - top + 0.5, Math.max(to - from, 2), row.height - 2);
}

// src/timeline/row_lists.js
var [TASK, REGION] = [1, 2];
function rowsOf(lanes) {
  const { wanted, open: open2 } = lanes;
  const rows = [];
  const section = (label, count, inside) => {
    const detail = count ? String(count) : "";
    rows.push({ kind: "heading", lane: 0, label, detail, open: open2.has(label) });
    if (open2.has(label)) rows.push(...inside());
  };
  if (wanted.has("queues")) section("Queues and heap", 0, () => queueRows(lanes));
  if (wanted.has("P")) {
    const { number } = lanes.procs;
    section("Ps", number.length, () => number.map((p, lane) => one("p", lane, `P ${p}`)));
  }
  if (wanted.has("M")) {
    const { threads } = lanes.recording.meta;
    section("Ms", 0, () => lanes.threads.number.map((m, lane) => one("m", lane, `M ${threads[m]}`)));
  }
  if (wanted.has("regions") && lanes.regions.length) {
    section("User regions", lanes.regions.length, () => lanes.regions.map((name, lane) => one("region", lane, name)));
  }
  if (wanted.has("G")) {
    section("Goroutines", lanes.recording.functions.length, () => goroutineRows(lanes));
  }
  return rows;
}
function one(kind, lane, label, detail = "") {
  return { kind, lane, label, detail };
}
function queueRows({ recording, counters: recorded }) {
  const rows = recording.functions.length ? [one("runnable", 0, "Runnable goroutines")] : [];
  recording.columns.queue_p.forEach((p, k) => {
    rows.push(one("queue", k, p ? `P ${p - 1} run queue` : "Global run queue", "≈"));
  });
  return [...rows, ...recorded.map(({ label }, k) => one("counter", k, label))];
}
function goroutineRows(lanes) {
  const rows = [];
  lanes.groups.forEach(({ name, lanes: own }, number) => {
    const seen = lanes.kept || lanes.window ? own.filter((lane) => isWanted(lanes, lane)) : own;
    if (!seen.length) return;
    const open2 = lanes.open.has(groupKey(name));
    rows.push({ ...one("group", number, name || "(no stack seen)", String(seen.length)), open: open2 });
    if (!open2) return;
    for (const lane of seen) {
      const tall = lanes.hasRegions(lane);
      rows.push({ ...one("g", lane, `G ${lanes.recording.goroutineId(lane)}`, name), tall });
    }
  });
  return rows;
}
function isWanted({ kept, window: window2, recording }, lane) {
  if (kept && !kept[lane]) return false;
  const { start: start2, first } = recording.lives;
  return !window2 || start2[first[lane]] < window2.t1 && start2[first[lane + 1] - 1] > window2.t0;
}
function groupKey(name) {
  return `group ${name}`;
}
var COUNTERS = [
  ["/memory/classes/heap/objects:bytes", "Heap"],
  ["/gc/heap/goal:bytes", "Heap goal"],
  ["/sched/gomaxprocs:threads", "GOMAXPROCS"],
  ["sched.runqueue", "Global run queue"],
  ["sched.runq", "run queue"],
  ["sched.threads", "Threads"],
  ["sched.idlethreads", "Idle threads"],
  ["sched.spinningthreads", "Spinning threads"],
  ["sched.idleprocs", "Idle Ps"],
  ["sched.gomaxprocs", "GOMAXPROCS"]
];
function counters({ columns, texts }) {
  const { counter_name: names, counter_p: ps } = columns;
  const found = /* @__PURE__ */ new Map();
  for (let i = 0; i < names.length; i++) {
    const known = found.get(names[i]);
    if (known) known.add(ps[i] - 1);
    else found.set(names[i], /* @__PURE__ */ new Set([ps[i] - 1]));
  }
  return COUNTERS.flatMap(([wanted, label]) => {
    const name = texts.indexOf(wanted);
    const all2 = [...found.get(name) ?? []].sort((a, b) => a - b);
    return all2.map((p) => ({ name, p, label: p < 0 ? label : `P ${p} ${label}` }));
  });
}
function regionNames({ columns, texts }) {
  const found = /* @__PURE__ */ new Set();
  columns.mark_kind.forEach((kind, i) => {
    if (kind === TASK || kind === REGION) found.add(texts[columns.mark_name[i]]);
  });
  return [...found].sort();
}

// src/timeline/states.js
var UNKNOWN = 0;
var RUNNABLE = 1;
var RUNNING = 2;
var WAITING = 3;
var SYSCALL = 4;
var IDLE = 5;
var SCHEDULING = 6;
var ABSENT = 7;
var FADED = 8;
var STATES = 9;
var OPEN_START = 1;
var OPEN_END = 2;
var KEPT_P = 4;
var STACKED = [ABSENT, FADED, IDLE, UNKNOWN, WAITING, RUNNABLE, SCHEDULING, SYSCALL, RUNNING];
var LABELS = [
  "unknown",
  "runnable",
  "running",
  "waiting",
  "system call",
  "idle",
  "scheduling",
  "not there",
  "filtered out"
];

// src/timeline/pieces.js
var EVERY = 64;
function pieces(start2, state, first) {
  return { start: start2, state, first, sums: checkpoints(start2, state, first) };
}
function checkpoints(start2, state, first) {
  const count = start2.length;
  const sums = new Float64Array((Math.floor(count / EVERY) + 1) * STATES);
  const now = new Float64Array(STATES);
  let at = 0;
  for (let lane = 0; lane + 1 < first.length; lane++) {
    const end = first[lane + 1];
    for (let i = first[lane]; i < end; i++) {
      if (i % EVERY === 0) {
        sums.set(now, at);
        at += STATES;
      }
      if (i + 1 < end) now[state[i]] += start2[i + 1] - start2[i];
    }
  }
  if (count % EVERY === 0) sums.set(now, at);
  return sums;
}
function pieceAt(all2, lane, t) {
  const low = all2.first[lane];
  const high = all2.first[lane + 1] - 2;
  return high < low ? low : lastBegun(all2.start, low, high, t);
}
function lastBegun(start2, low, high, t) {
  while (low < high) {
    const middle = low + high + 1 >>> 1;
    if (start2[middle] <= t) low = middle;
    else high = middle - 1;
  }
  return low;
}
function columnTimes(all2, lane, t0, t1, width, out) {
  const { start: start2 } = all2;
  const low = all2.first[lane];
  const end = all2.first[lane + 1] - 1;
  out.fill(0, 0, width * STATES);
  const step = (t1 - t0) / width;
  const born = start2[low];
  const dead = start2[end];
  let piece = low < end ? lastBegun(start2, low, end - 1, t0) : low;
  for (let x = 0, at = 0; x < width; x++, at += STATES) {
    const left = t0 + x * step;
    const right = x + 1 === width ? t1 : t0 + (x + 1) * step;
    const from = Math.max(left, born);
    const to = Math.min(right, dead);
    if (!(to > from)) {
      out[at + ABSENT] = right - left;
      continue;
    }
    out[at + ABSENT] = right - left - (to - from);
    piece = between(all2, piece, end - 1, from, to, out, at);
  }
}
function between(all2, piece, last, from, to, out, at) {
  const { start: start2, state } = all2;
  while (piece < last && start2[piece + 1] <= from) piece++;
  const near = Math.min(last, piece + 2 * EVERY);
  if (near === last || start2[near] > to) {
    while (piece < last && start2[piece + 1] < to) {
      out[at + state[piece]] += start2[piece + 1] - Math.max(start2[piece], from);
      piece++;
    }
    out[at + state[piece]] += to - Math.max(start2[piece], from);
    return piece;
  }
  out[at + state[piece]] += start2[piece + 1] - Math.max(start2[piece], from);
  const end = lastBegun(start2, near, last, to);
  whole(all2, piece + 1, end, out, at);
  out[at + state[end]] += to - start2[end];
  return end;
}
function whole(all2, begin, end, out, at) {
  const { start: start2, state, sums } = all2;
  const a = Math.ceil(begin / EVERY);
  const b = Math.floor(end / EVERY);
  if (b <= a) {
    for (let i = begin; i < end; i++) out[at + state[i]] += start2[i + 1] - start2[i];
    return;
  }
  for (let i = begin; i < a * EVERY; i++) out[at + state[i]] += start2[i + 1] - start2[i];
  for (let s = 0; s < STATES; s++) out[at + s] += sums[b * STATES + s] - sums[a * STATES + s];
  for (let i = b * EVERY; i < end; i++) out[at + state[i]] += start2[i + 1] - start2[i];
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
  const unit = UNITS.find((one2) => size >= one2.ns) ?? UNITS[3];
  const value = ns / unit.ns;
  const digits = unit.ns === 1 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return `${value.toFixed(digits)} ${unit.name}`;
}
function moment(ns, step, largest2 = ns) {
  const size = Math.max(Math.abs(largest2), step);
  const unit = UNITS.find((one2) => size >= one2.ns) ?? UNITS[3];
  const digits = Math.max(0, Math.round(Math.log10(unit.ns)) - Math.floor(Math.log10(Math.max(step, 1)) + 1e-9));
  return `${(ns / unit.ns).toFixed(digits)} ${unit.name}`;
}
function ruler(view, width, space) {
  const least = (view.t1 - view.t0) / Math.max(width, 1) * space;
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one2) => one2 >= least) ?? 10 * power;
  const ticks = [];
  for (let t = Math.ceil(view.t0 / step) * step; t <= view.t1; t += step) ticks.push(t);
  return { step, ticks };
}

// src/timeline/marks.js
var [RANGE, TASK2, REGION2, LOG, LABEL] = [0, 1, 2, 3, 4];
function marksByOwner(recording) {
  const { columns, laneOfGoroutine } = recording;
  const lanes = /* @__PURE__ */ new Map();
  const ps = /* @__PURE__ */ new Map();
  for (let i = 0; i < columns.mark_kind.length; i++) {
    const g = columns.mark_g[i];
    const lane = g ? laneOfGoroutine[g - 1] : -1;
    const mark = markOf(recording, i, lane);
    if (!mark) continue;
    if (lane >= 0) put(lanes, lane, mark);
    if (mark.kind !== "gc") continue;
    if (mark.name.includes("sweep") && columns.mark_p[i]) put(ps, columns.mark_p[i] - 1, mark);
    else if (lane >= 0) for (const [p, part] of onPs(recording, lane, mark)) put(ps, p, part);
  }
  const listed = (all2) => new Map([...all2].map(([key2, marks]) => [key2, list(marks)]));
  return { lanes: listed(lanes), ps: listed(ps) };
}
function markOf({ columns, texts, lives }, i, lane) {
  const kind = columns.mark_kind[i];
  const [start2, name] = [columns.mark_start[i], texts[columns.mark_name[i]]];
  const end = start2 + columns.mark_dur[i];
  if (kind === REGION2) return { kind: "region", name, start: start2, end };
  if (kind === TASK2) return { kind: "region", name: `task ${name}`, start: start2, end };
  if (kind === LOG) {
    const message = texts[columns.mark_message[i]];
    return { kind: "log", name: [name, message].filter(Boolean).join(": "), start: start2, end: start2 };
  }
  if (kind === LABEL) {
    const until = lane < 0 ? start2 : lives.start[pieceAt(lives, lane, start2) + 1];
    return { kind: "gc", name: `mark worker ${name}`, start: start2, end: Math.max(until, start2) };
  }
  const across = name.startsWith("stop-the-world") || name.startsWith("GC concurrent mark");
  return kind === RANGE && !across ? { kind: "gc", name, start: start2, end } : null;
}
function onPs({ lives }, lane, mark) {
  const found = [];
  for (let i = pieceAt(lives, lane, mark.start); i + 1 < lives.first[lane + 1] && lives.start[i] < mark.end; i++) {
    const start2 = Math.max(mark.start, lives.start[i]);
    const end = Math.min(mark.end, lives.start[i + 1]);
    if (lives.state[i] === RUNNING && end > start2) found.push([lives.p(i), { ...mark, start: start2, end }]);
  }
  return found;
}
function put(all2, key2, mark) {
  const known = all2.get(key2);
  if (known) known.push(mark);
  else all2.set(key2, [mark]);
}
function list(marks) {
  marks.sort((a, b) => a.start - b.start);
  let latest = -Infinity;
  return { marks, latest: Float64Array.from(marks, ({ end }) => latest = Math.max(latest, end)) };
}
function marksIn(all2, t0, t1) {
  if (!all2 || !all2.marks.length) return [];
  const { marks, latest } = all2;
  let from = lastBegun(latest, 0, latest.length - 1, t0);
  while (from > 0 && latest[from - 1] >= t0) from--;
  const found = [];
  for (let i = from; i < marks.length && marks[i].start <= t1; i++) if (marks[i].end >= t0) found.push(marks[i]);
  return found;
}
function markTexts(marks) {
  const named = /* @__PURE__ */ new Map();
  for (const { kind, name, start: start2, end } of marks) {
    const label = `${kind === "log" || kind === "region" ? `${kind} ` : ""}${name}`;
    const { count, time } = named.get(label) ?? { count: 0, time: 0 };
    named.set(label, { count: count + 1, time: time + (kind === "log" ? 0 : end - start2) });
  }
  return [...named].map(([label, { count, time }]) => {
    const times = count > 1 ? ` (${count} times)` : "";
    return label.startsWith("log ") ? `${label}${times}` : `${label}${times}, ${duration(time)}`;
  });
}

// src/timeline/draw_marks.js
var LETTER_PX = 6;
var BRACKET_PX = 12;
function drawRanges({ context, scene, palette: palette2, lanes }) {
  const { view, width, height } = scene;
  const drawn2 = { stw: -1, gc: -1 };
  for (const { kind, start: start2, end } of lanes.recording.ranges) {
    const to = Math.min(pixelOf(view, end, width), width + 1);
    const left = Math.max(pixelOf(view, start2, width), drawn2[kind]);
    if (to < 0 || left > width || to <= drawn2[kind] && drawn2[kind] >= 0) continue;
    const wide = Math.max(to - left, 1);
    drawn2[kind] = left + wide;
    const look = rangeLook(kind, palette2);
    context.globalAlpha = look.alpha;
    context.fillStyle = look.ink;
    context.fillRect(left, 0, wide, height);
    context.globalAlpha = 1;
  }
}
function rangeLook(kind, { inks }) {
  return kind === "stw" ? { ink: inks.alert, alpha: 0.45 } : { ink: inks.gc, alpha: 0.16 };
}
function drawRowMarks({ context, scene, palette: palette2, lanes }, row) {
  const { view, width, top } = scene;
  const y = row.y - top;
  const drawn2 = { gc: -1, region: -1, log: -1 };
  let named = -Infinity;
  for (const { kind, name, start: start2, end } of marksIn(lanes.marksOf(row), view.t0, view.t1)) {
    const from = Math.max(pixelOf(view, start2, width), -2);
    const to = Math.min(Math.max(pixelOf(view, end, width), from + 1), width + 2);
    if (to - from < 2) {
      if (to <= drawn2[kind]) continue;
      drawn2[kind] = Math.max(drawn2[kind], Math.ceil(to));
    }
    if (kind === "gc") {
      context.fillStyle = palette2.inks.gcLine;
      context.fillRect(from, y + row.height - 4, Math.max(to - from, 1), 3);
    } else if (kind === "region") {
      bracket(context, palette2.inks.onState, from, to, y);
      if (row.tall) named = nameOf(context, name, Math.max(from, 0, named) + 5, to, y);
    } else tick(context, palette2.inks.onState, from, y);
  }
}
function bracket(context, ink, from, to, y) {
  context.fillStyle = ink;
  context.fillRect(from, y, to - from, 1.5);
  context.fillRect(from, y, 1.5, BRACKET_PX - 4);
  context.fillRect(to - 1.5, y, 1.5, BRACKET_PX - 4);
}
function nameOf(context, name, left, to, y) {
  const letters = Math.floor((to - left - 4) / LETTER_PX);
  if (letters < 2) return left;
  const text = name.length > letters ? `${name.slice(0, letters - 1)}…` : name;
  context.fillText(text, left, y + BRACKET_PX / 2 + 2);
  return left + context.measureText(text).width;
}
function tick(context, ink, x, y) {
  context.fillStyle = ink;
  context.beginPath();
  context.moveTo(x - 3.5, y);
  context.lineTo(x + 3.5, y);
  context.lineTo(x, y + 7);
  context.lineTo(x - 3.5, y);
  context.fill();
}

// src/timeline/strips.js
function queueStrip({ columns, meta }, index) {
  let from = 0;
  for (let k = 0; k < index; k++) from += columns.queue_length[k];
  const to = from + columns.queue_length[index];
  const least = columns.queue_least.subarray(from, to);
  const most = columns.queue_most.subarray(from, to);
  const time = columns.queue_time.subarray(from, to);
  return { time, least, most, top: largest(most), before: 0, binNs: meta.queue_step_ns, bytes: false };
}
function counterStrip({ columns, texts }, { name, p }) {
  const { counter_name: names, counter_p: ps, counter_time: times, counter_value: values } = columns;
  const own = [];
  for (let i = 0; i < names.length; i++) if (names[i] === name && ps[i] === p + 1) own.push(i);
  const time = Float64Array.from(own, (i) => times[i]);
  const value = Float64Array.from(own, (i) => Number(values[i]));
  const bytes = texts[name].endsWith(":bytes");
  return { time, least: value, most: value, top: largest(value), before: NaN, binNs: 0, bytes };
}
function largest(values) {
  let found = 1;
  for (let i = 0; i < values.length; i++) found = Math.max(found, values[i]);
  return found;
}
function valueAt({ time, least, most, before }, t) {
  if (!time.length || time[0] > t) return Number.isNaN(before) ? null : { least: before, most: before };
  const at = lastBegun(time, 0, time.length - 1, t);
  return { least: least[at], most: most[at] };
}
function stripColumns(strip, { t0, t1 }, width) {
  const { time, least, most, before } = strip;
  const mean = new Float64Array(width);
  const peak = new Float64Array(width);
  const step = (t1 - t0) / width;
  const n = time.length;
  let next = n && time[0] <= t0 ? lastBegun(time, 0, n - 1, t0) + 1 : 0;
  let [low, high] = next ? [least[next - 1], most[next - 1]] : [before, before];
  for (let x = 0; x < width; x++) {
    const right = x + 1 === width ? t1 : t0 + (x + 1) * step;
    let at = t0 + x * step;
    let known = 0;
    let sum = 0;
    let top = high;
    while (next < n && time[next] < right) {
      if (!Number.isNaN(low)) {
        known += time[next] - at;
        sum += low * (time[next] - at);
      }
      at = time[next];
      [low, high] = [least[next], most[next]];
      top = Number.isNaN(top) ? high : Math.max(top, high);
      next++;
    }
    if (!Number.isNaN(low)) {
      known += right - at;
      sum += low * (right - at);
    }
    mean[x] = known > 0 ? sum / known : NaN;
    peak[x] = top;
  }
  return { mean, peak };
}
function said(strip, value) {
  return strip.bytes ? `${(value / 2 ** 20).toFixed(2)} MiB` : String(Number(value.toPrecision(3)));
}
function drawStrip(context, { view, width, top }, colour, strip, row) {
  const columns = Math.max(1, Math.round(width));
  const { mean, peak } = stripColumns(strip, view, columns);
  const bottom = row.y - top + row.height - 1;
  const room = row.height - 6;
  context.fillStyle = colour;
  const high = (value) => value > 0 ? Math.max(1, Math.round(value / strip.top * room)) : 0;
  for (
    const [alpha, values] of
    /** @type {const} */
    [[0.28, peak], [0.5, mean]]
  ) {
    context.globalAlpha = alpha;
    let from = 0;
    for (let x = 1; x <= columns; x++) {
      if (x < columns && high(values[x]) === high(values[from])) continue;
      const tall = high(values[from]);
      if (tall) context.fillRect(from, bottom - tall, x - from, tall);
      from = x;
    }
  }
  context.globalAlpha = 1;
}

// src/timeline/overlay.js
var FONT = "11px system-ui, sans-serif";
var EDGE_PX = 4;
var TEXT_PX = 34;
function drawOverlay(drawing) {
  const { context, rows, lanes } = drawing;
  context.font = FONT;
  context.textBaseline = "middle";
  drawRanges(drawing);
  for (const row of rows) {
    const strip = lanes.strip(row);
    if (row.kind === "heading") drawHeading(drawing, row);
    else if (strip) drawStrip(context, drawing.scene, drawing.palette.inks.faint, strip, row);
    else if (lanes.lives(row)) {
      drawPieces(drawing, row);
      drawRowMarks(drawing, row);
    }
  }
}
function drawHeading({ context, scene, palette: palette2 }, row) {
  context.fillStyle = palette2.inks.raised;
  context.fillRect(0, row.y - scene.top, scene.width, row.height);
}
function drawPieces({ context, scene, palette: palette2, lanes }, row) {
  const shown = lanes.lives(row);
  if (!shown) return;
  const { start: start2, first, state } = shown.recorded;
  const { view, width, top } = scene;
  const begin = pieceAt(shown.recorded, row.lane, view.t0);
  const last = first[row.lane + 1] - 1;
  const end = Math.min(last, lastBegun(start2, begin, last, view.t1) + 1);
  if (end - begin > width / EDGE_PX) return;
  const y = row.y - top;
  for (let i = begin; i < end; i++) {
    const from = pixelOf(view, start2[i], width);
    const to = pixelOf(view, start2[i + 1], width);
    if (to - from < EDGE_PX || state[i] === ABSENT) continue;
    context.fillStyle = palette2.inks.edge;
    context.fillRect(Math.round(from), y, 1, row.height - 1);
    const left = Math.max(from, 0);
    if (Math.min(to, width) - left < TEXT_PX || row.height < 14) continue;
    context.fillStyle = palette2.inks.onState;
    const text = pieceText(lanes, row, i, shown.recorded);
    clippedText(context, text, left + 4, y + (row.height + (row.tall ? BRACKET_PX : 0)) / 2, Math.min(to, width) - left - 6);
  }
}
function pieceText({ recording }, row, piece, all2) {
  const state = all2.state[piece];
  const source = row.kind === "g" ? piece : (
    /** @type {any} */
    all2.source[piece]
  );
  if (row.kind !== "g") {
    if (state !== RUNNING && state !== SYSCALL) return state === IDLE ? "" : LABELS[state];
    const lane = recording.lives.laneOf(source);
    return `G${recording.goroutineId(lane)} ${shortName(recording.functions[lane])}`;
  }
  if (state === RUNNING || state === SYSCALL) return `P${recording.lives.p(source)} ${LABELS[state]}`;
  const reason = recording.reasonOf(source);
  return state === WAITING || state === RUNNABLE ? `${LABELS[state]}${reason ? `: ${reason}` : ""}` : LABELS[state];
}
function shortName(name) {
  return name.slice(name.lastIndexOf("/") + 1);
}
function clippedText(context, text, x, y, room) {
  const letters = Math.floor(room / 6);
  if (letters < 2 || !text) return;
  const short2 = text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
  context.fillText(short2, x, y, room);
}

// src/timeline/labels.js
var Labels = class {
  #app;
  #key = "";
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
  }
  /**
   * @param {import("./rows.js").Row[]} rows
   * @param {number} top
   */
  draw(rows, top) {
    const { labels } = this.#app.parts;
    const focused = this.#app.lanes.rows[this.#app.row];
    const key2 = JSON.stringify([rows.map((row) => [row.kind, row.lane, row.open, row.detail, row === focused])]);
    if (key2 !== this.#key) {
      this.#key = key2;
      const had = labels.contains(document.activeElement) ? document.activeElement?.getAttribute("data-name") : null;
      labels.replaceChildren(...rows.map((row) => this.#label(row, row === focused)));
      if (had) {
        const again = [...labels.querySelectorAll("button")].find((one2) => one2.dataset.name === had);
        again?.focus({ preventScroll: true });
      }
    }
    rows.forEach((row, number) => {
      const node = (
        /** @type {HTMLElement} */
        labels.children[number]
      );
      node.style.transform = `translateY(${row.y - top}px)`;
      node.style.height = `${row.height}px`;
    });
  }
  /**
   * @param {import("./rows.js").Row} row
   * @param {boolean} focused
   */
  #label(row, focused) {
    const name = row.kind === "group" ? shortName(row.label) : row.label;
    const detail = row.kind === "g" ? "" : row.detail;
    const inside = [
      element("span", { class: "tl-name" }, name),
      ...detail ? [element("span", { class: "tl-detail" }, detail)] : []
    ];
    const attributes = {
      class: `tl-label tl-label-${row.kind}${focused ? " tl-label-focused" : ""}`,
      title: row.detail && row.kind === "g" ? `${row.label} ${row.detail}` : row.label
    };
    if (row.open === void 0) return element("div", attributes, ...inside);
    const key2 = row.kind === "group" ? groupKey(this.#app.lanes.groups[row.lane].name) : row.label;
    const button2 = element(
      "button",
      { ...attributes, type: "button", "aria-expanded": String(row.open), "data-name": key2 },
      ...inside
    );
    button2.addEventListener("click", () => this.#app.toggle(key2));
    return button2;
  }
};

// src/timeline/layout.js
function layout(root, { title, height, id }) {
  const heading = element("span", { class: "tl-title", id: `${id}-title` }, title);
  const tools = element("div", { class: "tl-tools", role: "toolbar", "aria-label": "View" });
  const filters = element("div", { class: "tl-filters", role: "group", "aria-label": "Filters" });
  const minimap = canvas("tl-minimap");
  const ruler2 = canvas("tl-ruler");
  const lanes = canvas("tl-lanes");
  const overlay = canvas("tl-overlay");
  const hover = canvas("tl-hover");
  const labels = element("div", { class: "tl-labels" });
  const plot = element(
    "div",
    {
      class: "tl-plot",
      tabindex: "0",
      role: "application",
      "aria-labelledby": `${id}-title`,
      "aria-describedby": `${id}-summary`
    },
    lanes,
    overlay,
    hover
  );
  const sticky = element("div", { class: "tl-sticky" }, labels, plot);
  const content3 = element("div", { class: "tl-content" }, sticky);
  const scroller = element("div", { class: "tl-scroller" }, content3);
  scroller.style.height = `${height}px`;
  const tooltip = element("div", { class: "tl-tooltip", "aria-hidden": "true" });
  tooltip.hidden = true;
  const summary2 = element("p", { class: "schedlab-sr-only", id: `${id}-summary` });
  const status = element("p", { class: "tl-status", role: "status", "aria-live": "polite" });
  const legend = element("div", { class: "tl-legend" });
  const panels = element("div", { class: "tl-panels" });
  const help = element("div", { class: "tl-help", role: "dialog", "aria-label": "Keys" });
  help.hidden = true;
  const minimapRow = element("div", { class: "tl-row" }, element("div", { class: "tl-corner" }, "whole capture"), minimap);
  const corner = element("div", { class: "tl-corner" });
  const rulerRow = element("div", { class: "tl-row" }, corner, ruler2);
  root.replaceChildren(
    element("div", { class: "tl-bar" }, heading, tools),
    filters,
    minimapRow,
    rulerRow,
    scroller,
    status,
    legend,
    panels,
    help,
    tooltip,
    summary2
  );
  return {
    root,
    heading,
    tools,
    filters,
    minimap,
    ruler: ruler2,
    corner,
    scroller,
    content: content3,
    sticky,
    labels,
    plot,
    lanes,
    overlay,
    hover,
    tooltip,
    summary: summary2,
    status,
    legend,
    panels,
    help
  };
}
function canvas(name) {
  return element("canvas", { class: name, "aria-hidden": "true" });
}
function button(text, label, act) {
  const made2 = element("button", { type: "button", title: label, "aria-label": label }, text);
  made2.addEventListener("click", act);
  return made2;
}
function prepared(node, width, height, scale) {
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const context = (
    /** @type {CanvasRenderingContext2D} */
    node.getContext("2d")
  );
  if (node.width !== w || node.height !== h) {
    node.width = w;
    node.height = h;
  } else {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, w, h);
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

// src/timeline/rows.js
var HEIGHTS = { heading: 24, runnable: 36, queue: 26, counter: 30, p: 24, m: 16, group: 26, g: 18, region: 16 };
var TALL = 30;
function groups(functions) {
  const byName = /* @__PURE__ */ new Map();
  functions.forEach((name, lane) => {
    const known = byName.get(name);
    if (known) known.push(lane);
    else byName.set(name, [lane]);
  });
  return [...byName].map(([name, lanes]) => ({ name, lanes })).sort((a, b) => isRuntime(a.name) - isRuntime(b.name) || b.lanes.length - a.lanes.length || compare(a.name, b.name));
}
function isRuntime(name) {
  return Number(name === "" || name.startsWith("runtime.") && name !== "runtime.main");
}
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
function stacked(rows) {
  let y = 0;
  const placed = rows.map((row) => {
    const made2 = { ...row, y, height: row.tall ? TALL : HEIGHTS[row.kind] };
    y += made2.height;
    return made2;
  });
  return { rows: placed, height: y };
}
function visible(rows, top, bottom) {
  const from = firstBelow(rows, top);
  let to = from;
  while (to < rows.length && rows[to].y < bottom) to++;
  return { from, to };
}
function rowAt2(rows, y) {
  const found = firstBelow(rows, y);
  return found < rows.length && rows[found].y <= y ? found : -1;
}
function firstBelow(rows, y) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = low + high >>> 1;
    if (rows[middle].y + rows[middle].height > y) high = middle;
    else low = middle + 1;
  }
  return low;
}

// src/timeline/shares.js
var BYTES2 = STATES - 1;
var HALF = 1e-6;
var PLACE = new Uint8Array(STATES);
STACKED.forEach((state, place) => PLACE[state] = place);
function boundaries(times, width, out, offset) {
  for (let x = 0, at = 0; x < width; x++, at += STATES) {
    let total = 0;
    for (let s = 0; s < STATES; s++) total += times[at + s];
    const scale = total > 0 ? 255 / total : 0;
    let sum = 0;
    for (let place = 0; place < BYTES2; place++) {
      sum += times[at + STACKED[place]];
      out[offset + x * BYTES2 + place] = total > 0 ? Math.round(sum * scale - HALF) : 255;
    }
  }
}
function stateAt(bytes, at, y, height) {
  const position = (2 * y + 1) * 255;
  let place = 0;
  while (place < BYTES2 && bytes[at + place] * 2 * height <= position) place++;
  return STACKED[place];
}

// src/timeline/painter.js
var SPACE = 1;
var Painter = class {
  #lanes;
  /** @type {Map<string, Uint8Array>} */
  #known = /* @__PURE__ */ new Map();
  #key = "";
  #times = new Float64Array(0);
  /** @param {import("./lanes.js").Lanes} lanes */
  constructor(lanes) {
    this.#lanes = lanes;
  }
  /** Forgets everything, as after a change of the filter. */
  forget() {
    this.#known.clear();
  }
  /**
   * @param {Scene} scene
   * @returns {{frame: import("./shares.js").Frame, rows: import("./rows.js").Row[]}} rows of the frame
   */
  frame({ view, top, width: cssWidth, height: cssHeight, scale }) {
    const width = Math.max(1, Math.round(cssWidth * scale));
    const height = Math.max(1, Math.round(cssHeight * scale));
    const key2 = `${view.t0} ${view.t1} ${width}`;
    if (key2 !== this.#key) this.#known.clear();
    this.#key = key2;
    const { rows: all2 } = this.#lanes;
    const { from, to } = visible(all2, top, top + cssHeight);
    const rows = all2.slice(from, to).filter((row) => !["heading", "counter", "queue"].includes(row.kind));
    const bytes = new Uint8Array(rows.length * width * BYTES2);
    rows.forEach((row, number) => bytes.set(this.row(row, view, width), number * width * BYTES2));
    const placed = rows.map((row) => {
      const y = Math.round((row.y - top) * scale);
      return { y, height: Math.max(1, Math.round((row.y + row.height - top) * scale) - y - SPACE) };
    });
    return { frame: { width, height, rows: placed, bytes }, rows };
  }
  /**
   * The boundaries of one row.
   *
   * @param {import("./rows.js").Row} row
   * @param {import("./viewport.js").Viewport} view
   * @param {number} width
   */
  row(row, view, width) {
    const key2 = `${row.kind} ${row.lane}`;
    const known = this.#known.get(key2);
    if (known) return known;
    if (this.#times.length < width * STATES) this.#times = new Float64Array(width * STATES);
    this.#lanes.times(row, view, width, this.#times);
    const bytes = new Uint8Array(width * BYTES2);
    boundaries(this.#times, width, bytes, 0);
    this.#known.set(key2, bytes);
    return bytes;
  }
};

// src/timeline/ruler.js
var RULER_PX = 24;
var MINIMAP_PX = 30;
function drawRuler(context, { view, width }, palette2, origin, selection) {
  const own = { t0: view.t0 - origin, t1: view.t1 - origin };
  const { step, ticks } = ruler(own, width, 110);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  if (selection) {
    const [a, b] = [pixelOf(view, selection.t0, width), pixelOf(view, selection.t1, width)];
    context.fillStyle = palette2.inks.accent;
    context.fillRect(a, RULER_PX - 4, Math.max(b - a, 1), 4);
  }
  for (const t of ticks) {
    const x = Math.round(pixelOf(own, t, width));
    context.fillStyle = palette2.inks.line;
    context.fillRect(x, 0, 1, RULER_PX);
    context.fillStyle = palette2.inks.faint;
    context.fillText(moment(t, step, own.t1), x + 4, RULER_PX / 2);
  }
}
var Minimap = class {
  /** @type {ImageData | null} */
  #image = null;
  #palette = "";
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./painter.js").Scene} scene
   * @param {import("./palette.js").Palette} palette
   * @param {import("./lanes.js").Lanes} lanes
   * @param {import("./viewport.js").Bounds} bounds
   */
  draw(canvas2, { view, width, scale }, palette2, lanes, { begin, end }) {
    const context = prepared(canvas2, width, MINIMAP_PX, scale);
    const key2 = [...palette2.states, begin, end].join();
    if (this.#image?.width !== canvas2.width || this.#palette !== key2) {
      this.#image = picture(lanes, palette2, { begin, end }, canvas2.width, canvas2.height);
      this.#palette = key2;
    }
    context.putImageData(this.#image, 0, 0);
    const whole2 = { t0: begin, t1: end };
    const [a, b] = [pixelOf(whole2, view.t0, width), pixelOf(whole2, view.t1, width)];
    context.fillStyle = palette2.inks.background;
    context.globalAlpha = 0.65;
    context.fillRect(0, 0, a, MINIMAP_PX);
    context.fillRect(b, 0, width - b, MINIMAP_PX);
    context.globalAlpha = 1;
    context.strokeStyle = palette2.inks.accent;
    context.lineWidth = 2;
    context.strokeRect(Math.min(a + 1, width - 3), 1, Math.max(b - a - 2, 2), MINIMAP_PX - 2);
  }
};
function picture(lanes, palette2, { begin, end }, width, height) {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colours2 = new Uint32Array(palette2.bytes.slice().buffer);
  const times = new Float64Array(width * STATES);
  const sums = new Float64Array(width * STATES);
  for (let lane = 0; lane < lanes.procs.number.length; lane++) {
    columnTimes(lanes.procs, lane, begin, end, width, times);
    for (let i = 0; i < times.length; i++) sums[i] += times[i];
  }
  const bytes = new Uint8Array(width * BYTES2);
  boundaries(sums, width, bytes, 0);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      pixels[y * width + x] = colours2[placeAt(bytes, x, y, height)];
    }
  }
  return image;
}
function placeAt(bytes, x, y, height) {
  return PLACE[stateAt(bytes, x * BYTES2, y, height)];
}

// src/timeline/wakes.js
var MOST = 200;
var MOST_PIECES = 3e5;
function wakesOf(recording, piece) {
  const { lives } = recording;
  const lane = lives.laneOf(piece);
  let own = piece;
  if (lives.state[piece] === RUNNING && piece > lives.first[lane]) own = piece - 1;
  const led = wakeOf(recording, own);
  const found = led ? [led] : [];
  if (lives.state[piece] === RUNNING) found.push(...made(recording, lane, lives.start[piece], lives.start[piece + 1]));
  return found;
}
function wakesIn(recording, { t0, t1 }, most) {
  const { lives, columns } = recording;
  const { byStart, state, start: start2 } = lives;
  const from = bound2(byStart, start2, t0);
  const to = bound2(byStart, start2, t1 + 1);
  if (to - from > MOST_PIECES) return { wakes: [], count: -1 };
  const found = [];
  for (let k = from; k < to; k++) {
    const piece = byStart[k];
    if (state[piece] === RUNNABLE && columns.cause[piece]) found.push(piece);
  }
  const drawn2 = Math.min(found.length, most);
  const wakes = [];
  for (let k = 0; k < drawn2; k++) {
    const wake = wakeOf(recording, found[Math.floor(k * found.length / drawn2)]);
    if (wake) wakes.push(wake);
  }
  return { wakes, count: found.length };
}
function bound2(byStart, start2, t) {
  let [low, high] = [0, byStart.length];
  while (low < high) {
    const middle = low + high >>> 1;
    if (start2[byStart[middle]] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}
function wakeOf(recording, piece) {
  const { lives } = recording;
  const from = lives.state[piece] === RUNNABLE ? recording.causeOf(piece) : -1;
  if (from < 0) return null;
  const lane = lives.laneOf(piece);
  const t = lives.start[piece];
  const ran = piece + 2 < lives.first[lane + 1] && lives.state[piece + 1] === RUNNING;
  return {
    from,
    to: lane,
    t,
    fromP: placeOf(recording, from, piece, t),
    toP: ran ? lives.p(piece + 1) : -1,
    ran: ran ? lives.start[piece + 1] : t
  };
}
function placeOf({ lives }, waker, piece, t) {
  if (lives.p(piece) >= 0) return lives.p(piece);
  const [low, high] = [lives.first[waker], lives.first[waker + 1] - 2];
  const own = high < low ? -1 : lastBegun(lives.start, low, high, t);
  return own >= 0 && lives.state[own] === RUNNING ? lives.p(own) : -1;
}
function made(recording, lane, t0, t1) {
  const { lives, columns } = recording;
  const wanted = lives.owner[lane] + 1;
  const { cause } = columns;
  const found = [];
  for (let i = 0; i < cause.length && found.length < MOST; i++) {
    if (cause[i] !== wanted || lives.state[i] !== RUNNABLE) continue;
    if (lives.start[i] < t0 || lives.start[i] > t1) continue;
    const wake = wakeOf(recording, i);
    if (wake) found.push(wake);
  }
  return found;
}

// src/timeline/layers.js
var MOST_ARROWS = 300;
var Layers = class {
  #app;
  #surface;
  #labels;
  #minimap = new Minimap();
  #own = { source: -1, wakes: (
    /** @type {import("./wakes.js").Wake[]} */
    []
  ) };
  #all = { key: "", found: (
    /** @type {ReturnType<typeof wakesIn> | null} */
    null
  ) };
  #steals = { key: "", found: (
    /** @type {ReturnType<typeof stealsIn> | null} */
    null
  ) };
  /**
   * @param {import("./app.js").App} app
   * @param {import("./surface.js").Surface} surface
   */
  constructor(app, surface) {
    this.#app = app;
    this.#surface = surface;
    this.#labels = new Labels(app);
    this.painter = new Painter(app.lanes);
  }
  /** @param {Scene} scene */
  lanes(scene) {
    const { parts, palette: palette2 } = this.#app;
    parts.sticky.style.height = `${scene.height}px`;
    for (const node of [parts.ruler, parts.minimap]) node.style.width = `${scene.width}px`;
    this.#surface.draw(this.painter.frame(scene).frame, palette2.bytes);
    this.over(prepared(parts.overlay, scene.width, scene.height, scene.scale), scene);
    this.ruler(prepared(parts.ruler, scene.width, RULER_PX, scene.scale), scene);
    this.#minimap.draw(parts.minimap, scene, palette2, this.#app.lanes, this.#app.bounds);
    this.#labels.draw(this.rows(scene), scene.top);
  }
  /** @param {Scene} scene */
  pointer(scene) {
    this.marked(prepared(this.#app.parts.hover, scene.width, scene.height, scene.scale), scene);
  }
  /** The rows that are seen. @param {Scene} scene */
  rows({ top, height }) {
    const { rows } = this.#app.lanes;
    const { from, to } = visible(rows, top, top + height);
    return rows.slice(from, to);
  }
  /**
   * What is over the lanes, on a canvas or into a file.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Scene} scene
   */
  over(context, scene) {
    const { palette: palette2, lanes, recording, extent } = this.#app;
    drawOverlay({ context, scene, palette: palette2, lanes, rows: this.rows(scene) });
    const x = pixelOf(scene.view, recording.bounds.end, scene.width);
    if (!extent || x >= scene.width) return;
    context.fillStyle = palette2.inks.raised;
    context.fillRect(Math.max(x, 0), 0, scene.width - Math.max(x, 0), scene.height);
    context.fillStyle = palette2.inks.ink;
    if (scene.width - x > 100) context.fillText("the capture ends here", Math.max(x, 0) + 6, scene.height / 2);
  }
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Scene} scene
   */
  ruler(context, scene) {
    const { palette: palette2, recording, selection } = this.#app;
    drawRuler(context, scene, palette2, recording.bounds.begin, selection);
  }
  /**
   * What is pinned, selected or under the pointer, and the arrows of wakes and steals.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Scene} scene
   */
  marked(context, scene) {
    const { palette: palette2, lanes, hovered, pinned, selection, pointer, elsewhere } = this.#app;
    const t = pointer ? timeAt(scene.view, pointer.x, scene.width) : null;
    const arrows = { wakes: this.#ownWakes(), all: this.#allWakes(), steals: this.steals };
    const marked = { hovered, pinned, selection, t, elsewhere, ...arrows };
    drawHover(context, scene, palette2, lanes, marked);
  }
  /** The wakes in the view, if they are asked for; at most as many as can be drawn. */
  get wakes() {
    return this.#allWakes();
  }
  /** The steals in the view, if they are asked for; at most as many as can be drawn. */
  get steals() {
    const { allSteals, view, recording } = this.#app;
    if (!allSteals) return null;
    const key2 = `${view.t0} ${view.t1}`;
    if (key2 !== this.#steals.key) this.#steals = { key: key2, found: stealsIn(recording, view, MOST_ARROWS) };
    return this.#steals.found;
  }
  #ownWakes() {
    const { pinned, hovered, recording } = this.#app;
    const source = (pinned ?? hovered)?.source ?? -1;
    if (source !== this.#own.source) this.#own = { source, wakes: source >= 0 ? wakesOf(recording, source) : [] };
    return this.#own.wakes;
  }
  #allWakes() {
    const { allWakes, view, recording } = this.#app;
    if (!allWakes) return null;
    const key2 = `${view.t0} ${view.t1}`;
    if (key2 !== this.#all.key) this.#all = { key: key2, found: wakesIn(recording, view, MOST_ARROWS) };
    return this.#all.found;
  }
};

// src/timeline/palette.js
var NAMES = (
  /** @type {const} */
  [
    "timeline-unknown",
    "timeline-runnable",
    "timeline-running",
    "timeline-waiting",
    "timeline-syscall",
    "timeline-idle",
    "timeline-scheduling",
    "schedlab-background",
    "timeline-faded"
  ]
);
var OTHERS = (
  /** @type {const} */
  {
    ink: "schedlab-ink",
    faint: "schedlab-faint-ink",
    line: "schedlab-line",
    accent: "schedlab-accent",
    alert: "schedlab-alert",
    raised: "schedlab-raised",
    background: "schedlab-background",
    onState: "timeline-on-state",
    edge: "timeline-edge",
    gc: "timeline-gc",
    gcLine: "timeline-gc-line"
  }
);
function palette(root) {
  const byName = colours(root, NAMES);
  const states = NAMES.map((name) => byName[name]);
  const others = colours(root, Object.values(OTHERS));
  const inks = (
    /** @type {Inks} */
    Object.fromEntries(Object.entries(OTHERS).map(([key2, name]) => [key2, others[name]]))
  );
  const bytes = new Uint8Array(STACKED.length * 4);
  STACKED.forEach((state, place) => {
    if (state === ABSENT) return;
    const [r, g, b] = (states[state].match(/\d+/g) ?? []).map(Number);
    bytes.set([r, g, b, 255], place * 4);
  });
  return { states, inks, bytes };
}

// src/timeline/canvas_renderer.js
function canvasRenderer(canvas2) {
  const context = canvas2.getContext("2d");
  if (!context) throw new Error("this browser has no 2D canvas");
  const palette2 = new Uint32Array(STACKED.length);
  let image = null;
  return {
    kind: "canvas",
    setColours(colours2) {
      palette2.set(new Uint32Array(colours2.slice().buffer));
    },
    draw(frame) {
      const { width, height } = frame;
      if (canvas2.width !== width || canvas2.height !== height) {
        canvas2.width = width;
        canvas2.height = height;
      }
      if (!image || image.width !== width || image.height !== height) {
        image = new ImageData(Math.max(width, 1), Math.max(height, 1));
      }
      paint(frame, new Uint32Array(image.data.buffer), palette2);
      context.putImageData(image, 0, 0);
    },
    release() {
      image = null;
    }
  };
}
function paint({ width, height, rows, bytes }, pixels, palette2) {
  pixels.fill(0);
  rows.forEach((row, number) => {
    const top = Math.max(0, -row.y);
    const bottom = Math.min(row.height, height - row.y);
    for (let x = 0, at = number * width * BYTES2; x < width; x++, at += BYTES2) {
      let pixel = (row.y + top) * width + x;
      let place = 0;
      for (let y = top; y < bottom; y++, pixel += width) {
        const position = (2 * y + 1) * 255;
        while (place < BYTES2 && bytes[at + place] * 2 * row.height <= position) place++;
        pixels[pixel] = palette2[place];
      }
    }
  });
}

// src/timeline/webgl_renderer.js
var VERTEX = `#version 300 es
void main() {
  // One triangle that covers all.
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;
var FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D lines;      // of each line of pixels: row, y in the row, height of the row
uniform usampler2D boundaries; // two texels of four numbers for each column of a row
uniform int canvasHeight;
uniform vec4 palette[${STACKED.length}];
out vec4 colour;
void main() {
  int y = canvasHeight - 1 - int(gl_FragCoord.y);
  uvec4 line = texelFetch(lines, ivec2(0, y), 0);
  if (line.z == 0u) { colour = vec4(0.0); return; }
  int x = int(gl_FragCoord.x) * 2;
  uvec4 position = uvec4((2u * line.y + 1u) * 255u);
  uvec4 scale = uvec4(2u * line.z);
  uvec4 one = uvec4(lessThanEqual(texelFetch(boundaries, ivec2(x, line.x), 0) * scale, position));
  uvec4 two = uvec4(lessThanEqual(texelFetch(boundaries, ivec2(x + 1, line.x), 0) * scale, position));
  uvec4 both = one + two;
  colour = palette[both.x + both.y + both.z + both.w];
}`;
function webglRenderer(canvas2, onLost) {
  const options2 = { antialias: false, depth: false };
  const gl = (
    /** @type {WebGL2RenderingContext | null} */
    canvas2.getContext("webgl2", options2)
  );
  if (!gl) return null;
  const program = linked(gl);
  if (!program) return null;
  gl.useProgram(program);
  const lines = texture(gl, 0);
  const boundaries2 = texture(gl, 1);
  const where = (name) => gl.getUniformLocation(program, name);
  gl.uniform1i(where("lines"), 0);
  gl.uniform1i(where("boundaries"), 1);
  const [canvasHeight, palette2] = [where("canvasHeight"), where("palette")];
  const largest2 = gl.getParameter(gl.MAX_TEXTURE_SIZE);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  let released = false;
  canvas2.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    if (!released) onLost();
  });
  return {
    kind: "webgl",
    setColours(colours2) {
      gl.uniform4fv(palette2, Float32Array.from(colours2, (byte) => byte / 255));
    },
    draw(frame) {
      const width = Math.min(frame.width, Math.floor(largest2 / 2));
      if (canvas2.width !== width || canvas2.height !== frame.height) {
        canvas2.width = width;
        canvas2.height = frame.height;
      }
      gl.viewport(0, 0, width, frame.height);
      gl.uniform1i(canvasHeight, frame.height);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, lines);
      upload(gl, gl.RGBA16UI, gl.UNSIGNED_SHORT, 1, frame.height, linesOf(frame));
      gl.activeTexture(gl.TEXTURE1);
      gl.bindTexture(gl.TEXTURE_2D, boundaries2);
      const rows = Math.max(frame.rows.length, 1);
      const bytes = frame.rows.length ? frame.bytes : new Uint8Array(frame.width * 8);
      upload(gl, gl.RGBA8UI, gl.UNSIGNED_BYTE, frame.width * 2, rows, bytes);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    },
    release() {
      released = true;
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    }
  };
}
function linesOf({ height, rows }) {
  const found = new Uint16Array(height * 4);
  rows.forEach((row, number) => {
    const bottom = Math.min(row.height, height - row.y);
    for (let y = Math.max(0, -row.y); y < bottom; y++) found.set([number, y, row.height, 0], (row.y + y) * 4);
  });
  return found;
}
function upload(gl, format, type, width, height, data) {
  gl.texImage2D(gl.TEXTURE_2D, 0, format, width, height, 0, gl.RGBA_INTEGER, type, data);
}
function texture(gl, unit) {
  const made2 = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, made2);
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  }
  return made2;
}
function linked(gl) {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(Number(type));
    if (!shader) return null;
    gl.shaderSource(shader, String(source));
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}

// src/timeline/surface.js
var Surface = class {
  #parts;
  #wanted;
  #onLost;
  /** @type {import("./canvas_renderer.js").Renderer | null} */
  #renderer = null;
  /**
   * @param {import("./layout.js").Parts} parts  `lanes` is replaced when another kind of context is needed
   * @param {string} wanted  "auto", "webgl" or "canvas"
   * @param {() => void} onLost  the browser took WebGL away: draw again
   */
  constructor(parts, wanted, onLost) {
    this.#parts = parts;
    this.#wanted = wanted;
    this.#onLost = onLost;
  }
  /** The renderer that is in use. @returns {"webgl" | "canvas" | "none"} */
  get kind() {
    return this.#renderer?.kind ?? "none";
  }
  /**
   * @param {import("./shares.js").Frame} frame
   * @param {Uint8Array} colours
   */
  draw(frame, colours2) {
    this.#renderer ??= this.#begun(colours2);
    this.#renderer.draw(frame);
  }
  /** @param {Uint8Array} colours */
  recolour(colours2) {
    this.#renderer?.setColours(colours2);
  }
  /** Gives the context back; the next drawing takes a new one. */
  release() {
    if (!this.#renderer) return;
    this.#renderer.release();
    this.#renderer = null;
    const fresh = (
      /** @type {HTMLCanvasElement} */
      this.#parts.lanes.cloneNode()
    );
    this.#parts.lanes.replaceWith(fresh);
    this.#parts.lanes = fresh;
  }
  /** @param {Uint8Array} colours */
  #begun(colours2) {
    const lost = () => {
      this.release();
      this.#wanted = "canvas";
      this.#onLost();
    };
    const gl = this.#wanted === "canvas" ? null : webglRenderer(this.#parts.lanes, lost);
    const renderer = gl ?? canvasRenderer(this.#parts.lanes);
    renderer.setColours(colours2);
    this.#parts.root.dataset.renderer = renderer.kind;
    return renderer;
  }
};
function isSeen(root) {
  const { top, bottom } = root.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}

// src/timeline/app.js
var App = class {
  /** @type {Viewport} */
  view;
  /** @type {Found | null} */
  hovered = null;
  /** @type {Found | null} */
  pinned = null;
  /** @type {Viewport | null} */
  selection = null;
  /** @type {{x: number, y: number} | null} css px in the plot */
  pointer = null;
  /** Where the pointer is in a linked timeline. @type {number | null} */
  elsewhere = null;
  /** ns of the longest linked timeline; 0 if there is none. */
  extent = 0;
  /** Arrows of all wakes in the view are drawn. */
  allWakes = false;
  /** Arrows of all steals in the view are drawn. */
  allSteals = false;
  /** ms of each frame that was drawn, the last 1000. @type {number[]} */
  frames = [];
  /** @type {Record<string, number>} */
  times = {};
  /** The row that the keyboard is on. */
  row = 0;
  #listeners = (
    /** @type {Map<Change, Set<() => void>>} */
    /* @__PURE__ */ new Map()
  );
  #asked = { lanes: false, hover: false };
  #handle = 0;
  #surface;
  /**
   * @param {HTMLElement} root
   * @param {import("./lanes.js").Lanes} lanes
   * @param {Options} options
   * @param {AbortSignal} signal
   */
  constructor(root, lanes, options2, signal) {
    this.lanes = lanes;
    this.recording = lanes.recording;
    this.options = options2;
    this.signal = signal;
    this.parts = layout(root, options2);
    this.view = all(this.recording.bounds);
    this.allSteals = this.recording.columns.steal_time.length > 0;
    this.#surface = new Surface(this.parts, options2.renderer, () => this.redraw());
    this.layers = new Layers(this, this.#surface);
    followTheme(root, { signal, onChange: () => this.#recolour() });
    this.palette = palette(root);
    this.#watch();
    signal.addEventListener("abort", () => this.#release());
  }
  /** @returns {import("./painter.js").Scene} */
  get scene() {
    const { scroller, plot } = this.parts;
    return {
      view: this.view,
      top: scroller.scrollTop,
      width: plot.clientWidth,
      height: scroller.clientHeight,
      scale: Math.min(window.devicePixelRatio || 1, 2)
    };
  }
  /** What can be shown: the capture, and beyond its end as long as a linked one is. */
  get bounds() {
    const { begin, end } = this.recording.bounds;
    return { begin, end: Math.max(end, begin + this.extent) };
  }
  /** What paints the lanes' rows. */
  get painter() {
    return this.layers.painter;
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
  /** @param {Viewport} view */
  show(view) {
    const next = clamp(view, this.bounds);
    if (next.t0 === this.view.t0 && next.t1 === this.view.t1) return;
    this.view = next;
    if (this.lanes.window) this.showOnlyLiving(true);
    this.#follow();
    this.redraw();
    this.emit("view");
  }
  /** @param {number | null} t  where a linked timeline's pointer is */
  pointElsewhere(t) {
    this.elsewhere = t;
    this.redraw(false);
  }
  /** @param {boolean} on */
  showAllWakes(on) {
    this.allWakes = on;
    this.redraw(false);
    this.emit("rows");
  }
  /** @param {boolean} on  without steals there is nothing to draw */
  showAllSteals(on) {
    this.allSteals = on && this.recording.columns.steal_time.length > 0;
    this.redraw(false);
    this.emit("rows");
  }
  /** @param {Viewport | null} range */
  select(range2) {
    this.selection = range2;
    this.redraw();
    this.emit("selection");
  }
  /** @param {Found | null} found */
  pin(found) {
    this.pinned = found;
    this.redraw(false);
    this.emit("pin");
  }
  /** @param {import("./filter.js").Filter} filter */
  setFilter(filter) {
    this.lanes.setFilter(filter);
    this.painter.forget();
    this.rearranged();
    this.emit("filter");
  }
  /** Leaves out the rows of goroutines that do not live in the view, also after it moved. @param {boolean} on */
  showOnlyLiving(on) {
    this.lanes.window = on ? this.view : null;
    this.lanes.arrange();
    this.rearranged();
  }
  /** @param {string} name of a heading or group */
  toggle(name) {
    this.lanes.toggle(name);
    this.rearranged();
  }
  /** Opens the group of a goroutine, so that its own row is there. @param {number} lane */
  openGoroutine(lane) {
    const before = this.lanes.open.size;
    this.lanes.open.add("Goroutines").add(groupKey(this.lanes.groups[this.lanes.groupOf[lane]].name));
    if (this.lanes.kept && !this.lanes.kept[lane]) this.setFilter({});
    this.lanes.window = null;
    if (this.lanes.open.size === before && this.lanes.rows.some((row) => row.kind === "g" && row.lane === lane)) return;
    this.lanes.arrange();
    this.rearranged();
  }
  /** The rows are others. */
  rearranged() {
    this.parts.content.style.height = `${this.lanes.height}px`;
    this.row = Math.min(this.row, this.lanes.rows.length - 1);
    this.redraw();
    this.emit("rows");
  }
  /** @param {{x: number, y: number} | null} pointer */
  point(pointer) {
    this.pointer = pointer;
    this.#follow();
    this.redraw(false);
  }
  /**
   * The row and moment at a place of the plot.
   *
   * @param {number} x  css px
   * @param {number} y
   */
  placeAt(x, y) {
    const { view, width, top } = this.scene;
    const number = rowAt2(this.lanes.rows, y + top);
    return { row: number < 0 ? null : this.lanes.rows[number], t: timeAt(view, x, width) };
  }
  /** Brings a row into sight. @param {import("./rows.js").Row} row */
  reveal(row) {
    const { scroller } = this.parts;
    const room = Math.min(60, scroller.clientHeight / 4);
    const bottom = row.y + row.height + room;
    if (row.y - room < scroller.scrollTop) scroller.scrollTop = row.y - room;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
  }
  /** Draws soon; only the layer of the pointer if the lanes stay as they are. */
  redraw(lanes = true) {
    this.#asked.lanes ||= lanes;
    this.#asked.hover = true;
    this.#handle ||= requestAnimationFrame(() => this.draw());
  }
  /** Draws now. */
  draw() {
    cancelAnimationFrame(this.#handle);
    this.#handle = 0;
    const began = performance.now();
    const scene = this.scene;
    if (scene.width < 1 || scene.height < 1) return;
    if (!isSeen(this.parts.root)) {
      this.#measured(performance.now() - began);
      return;
    }
    if (this.#asked.lanes) this.layers.lanes(scene);
    this.#asked = { lanes: false, hover: false };
    this.layers.pointer(scene);
    this.#measured(performance.now() - began);
  }
  /** The renderer that is in use. */
  get rendererKind() {
    return this.#surface.kind;
  }
  /** What is under the pointer now. */
  #follow() {
    const place = this.pointer && this.placeAt(this.pointer.x, this.pointer.y);
    this.hovered = place?.row ? this.lanes.at(place.row, place.t) : null;
    this.emit("hover");
  }
  #recolour() {
    this.palette = palette(this.parts.root);
    this.#surface.recolour(this.palette.bytes);
    this.redraw();
    this.emit("rows");
  }
  #watch() {
    const { scroller, plot, root } = this.parts;
    const sizes = new ResizeObserver(() => this.redraw());
    sizes.observe(plot);
    sizes.observe(scroller);
    const seen = new IntersectionObserver((entries) => {
      if (entries.at(-1)?.isIntersecting) this.redraw();
      else this.#surface.release();
    });
    seen.observe(root);
    scroller.addEventListener("scroll", () => {
      this.#follow();
      this.redraw();
      this.emit("view");
    });
    this.signal.addEventListener("abort", () => [sizes, seen].forEach((one2) => one2.disconnect()));
    this.rearranged();
  }
  #release() {
    cancelAnimationFrame(this.#handle);
    this.#surface.release();
  }
  /** @param {number} ms */
  #measured(ms) {
    this.frames.push(ms);
    if (this.frames.length > 1e3) this.frames.shift();
    const { dataset } = this.parts.root;
    dataset.frames = String(Number(dataset.frames ?? 0) + 1);
    if (dataset.ready) return;
    this.times.first_frame_ms = performance.now();
    dataset.firstFrameMs = this.times.first_frame_ms.toFixed(1);
    markReady(this.parts.root);
  }
};

// src/timeline/controls.js
var GOROUTINE_STATES = [RUNNING, RUNNABLE, WAITING, SYSCALL];
var KEYS = [
  ["W or +, S or −", "zoom in, out (at the pointer)"],
  ["A or ←, D or →", "earlier, later"],
  ["↑ ↓", "row above, below"],
  ["N, P", "next, previous span of the row"],
  ["Enter", "open the row's group, or pin its span"],
  ["F, double click", "zoom to the span"],
  ["0", "show all"],
  ["/", "search"],
  ["Escape", "unpin, clear the selection"],
  ["wheel", "zoom, once the timeline was clicked (else with Ctrl); with Shift: earlier, later"],
  ["drag", "move; with Alt, or in the ruler: select a stretch of time"],
  ["?", "this help"]
];
function addTools(app) {
  const middle = () => (app.view.t0 + app.view.t1) / 2;
  const close = button("Close", "Close the help", () => toggle());
  const toggle = () => {
    const { help, plot } = app.parts;
    help.hidden = !help.hidden;
    if (help.hidden) plot.focus();
    else close.focus();
  };
  const list2 = element("dl", { class: "tl-facts" });
  for (const [keys, act] of KEYS) list2.append(element("dt", {}, keys), element("dd", {}, act));
  app.parts.help.append(element("h3", {}, "Keys and pointer"), list2, close);
  app.parts.help.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    toggle();
  });
  app.parts.tools.append(
    button("−", "Zoom out", () => app.show(zoom(app.view, 1 / 2, middle(), app.bounds))),
    button("+", "Zoom in", () => app.show(zoom(app.view, 2, middle(), app.bounds))),
    button("All", "Show all", () => app.show(all(app.bounds))),
    button("?", "Keys and pointer", toggle)
  );
  return { help: toggle };
}
function addFilters(app) {
  const { filters } = app.parts;
  const state = choice("any state", GOROUTINE_STATES.map((one2) => [String(one2), LABELS[one2]]));
  const p = choice("any P", app.lanes.procs.number.map((one2) => [String(one2), `P ${one2}`]));
  const region = choice("any region", app.lanes.regions.map((name2) => [name2, name2]));
  const goroutine = element("input", { type: "number", min: "0", placeholder: "G", size: "6", class: "tl-short" });
  const name = element("input", { type: "text", placeholder: "function", size: "16" });
  const wait = element("input", { type: "number", min: "0", step: "any", placeholder: "µs", class: "tl-short" });
  const living = element("input", { type: "checkbox" });
  living.addEventListener("change", () => app.showOnlyLiving(living.checked));
  app.on("rows", () => living.checked = app.lanes.window !== null);
  const wakes = element("input", { type: "checkbox" });
  wakes.addEventListener("change", () => app.showAllWakes(wakes.checked));
  app.on("rows", () => wakes.checked = app.allWakes);
  const steals = element("input", { type: "checkbox" });
  steals.addEventListener("change", () => app.showAllSteals(steals.checked));
  app.on("rows", () => steals.checked = app.allSteals);
  steals.checked = app.allSteals;
  const clear = button("Clear", "Clear the filters", () => app.setFilter({}));
  const fields = [
    labelled("State", state),
    labelled("P", p),
    labelled("Goroutine", goroutine),
    labelled("Function", name),
    ...app.lanes.regions.length ? [labelled("Region", region)] : [],
    labelled("Waits of at least (µs)", wait),
    labelled("Only goroutines in view", living),
    labelled("Wake arrows of all in view", wakes),
    ...app.recording.columns.steal_time.length ? [labelled("Steal arrows", steals)] : []
  ];
  filters.append(...fields, clear);
  const number = (text) => text === "" ? void 0 : Number(text);
  const read = () => {
    const least = number(wait.value);
    app.setFilter({
      state: number(state.value),
      p: number(p.value),
      goroutine: number(goroutine.value),
      function: name.value,
      region: region.value,
      wait: least === void 0 ? void 0 : least * 1e3
    });
  };
  for (const one2 of [state, p, region, goroutine, name, wait]) one2.addEventListener("change", read);
  app.on("filter", () => {
    const { filter } = app.lanes;
    const text = (value) => value === void 0 ? "" : String(value);
    [state.value, p.value, region.value] = [text(filter.state), text(filter.p), text(filter.region)];
    [goroutine.value, name.value] = [text(filter.goroutine), text(filter.function)];
    wait.value = filter.wait === void 0 ? "" : String(filter.wait / 1e3);
    const left = app.lanes.kept?.reduce((sum, one2) => sum + one2, 0);
    app.parts.status.textContent = left === void 0 ? "No filter." : `The filter leaves ${left} of ${app.recording.functions.length} goroutines.`;
  });
}
function choice(any, options2) {
  const made2 = element("select", {}, element("option", { value: "" }, any));
  for (const [value, text] of options2) made2.append(element("option", { value }, text));
  return made2;
}
function labelled(text, control) {
  return element("label", {}, text, " ", control);
}

// src/timeline/input.js
var CLICK_PX = 4;
function listen(app, commands) {
  const { plot, ruler: ruler2, minimap } = app.parts;
  const { signal } = app;
  plot.addEventListener("wheel", (event) => wheel(app, event), { passive: false, signal });
  drags(app, plot, (event) => event.altKey ? "select" : "pan");
  drags(app, ruler2, () => "select");
  drags(app, minimap, () => "move");
  plot.addEventListener("pointerleave", () => app.point(null), { signal });
  plot.addEventListener("dblclick", () => showPiece(app), { signal });
  plot.addEventListener("keydown", (event) => key(app, event, commands), { signal });
}
function showPiece(app) {
  const found = app.hovered ?? app.pinned;
  if (!found) return;
  const room = Math.max((found.end - found.start) * 0.25, 10);
  app.show({ t0: found.start - room, t1: found.end + room });
}
function wheel(app, event) {
  const focused = app.parts.root.contains(document.activeElement);
  if (!focused && !event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  const [across, along] = [event.deltaX * lines, event.deltaY * lines];
  const { width } = app.scene;
  const { bounds } = app;
  const sideways = event.shiftKey ? across || along : across;
  if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : along)) {
    app.show(pan(app.view, (app.view.t1 - app.view.t0) * sideways / width, bounds));
    return;
  }
  const at = timeAt(app.view, event.offsetX, width);
  app.show(zoom(app.view, Math.exp(-along / 250), at, bounds));
}
function drags(app, node, kindOf) {
  const down = /* @__PURE__ */ new Map();
  let drag = null;
  const { signal } = app;
  const begin = (event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    const { scrollTop: top } = app.parts.scroller;
    drag = { kind: kindOf(event), x: event.offsetX, y: event.offsetY, view: app.view, top, moved: false };
    if (drag.kind === "move") centre(app, event.offsetX);
    if (node === app.parts.plot) node.focus({ preventScroll: true });
  };
  const move = (event) => {
    const before = down.get(event.pointerId);
    if (before && down.size === 2) pinch(app, down, event);
    else if (before && drag) dragTo(app, drag, event);
    if (node === app.parts.plot && !drag?.moved) app.point({ x: event.offsetX, y: event.offsetY });
    if (before) down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  };
  const end = (event) => {
    if (!down.delete(event.pointerId) || !drag) return;
    if (!drag.moved && node === app.parts.plot && event.type === "pointerup") click(app, event);
    if (!drag.moved && drag.kind === "select") app.select(null);
    if (down.size === 0) drag = null;
  };
  node.addEventListener("pointerdown", begin, { signal });
  node.addEventListener("pointermove", move, { signal });
  node.addEventListener("pointerup", end, { signal });
  node.addEventListener("pointercancel", end, { signal });
}
function dragTo(app, drag, event) {
  const [dx, dy] = [event.offsetX - drag.x, event.offsetY - drag.y];
  if (!drag.moved && Math.hypot(dx, dy) < CLICK_PX) return;
  drag.moved = true;
  const { width } = app.scene;
  if (drag.kind === "move") centre(app, event.offsetX);
  else if (drag.kind === "select") {
    const [a, b] = [drag.x, event.offsetX].map((x) => Math.round(timeAt(app.view, Math.min(Math.max(x, 0), width), width)));
    app.select({ t0: Math.min(a, b), t1: Math.max(a, b) });
  } else {
    app.show(pan(drag.view, -dx * (drag.view.t1 - drag.view.t0) / width, app.bounds));
    app.parts.scroller.scrollTop = drag.top - dy;
  }
}
function pinch(app, down, event) {
  const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
  const own = down.get(event.pointerId);
  if (!other || !own) return;
  const [before, after] = [Math.abs(own.x - other.x), Math.abs(event.offsetX - other.x)];
  if (before < 8 || after < 8) return;
  app.show(zoom(app.view, after / before, timeAt(app.view, other.x, app.scene.width), app.bounds));
}
function centre(app, x) {
  const { bounds } = app;
  const t = bounds.begin + (bounds.end - bounds.begin) * x / app.scene.width;
  const half = (app.view.t1 - app.view.t0) / 2;
  app.show({ t0: t - half, t1: t + half });
}
function click(app, event) {
  const { row, t } = app.placeAt(event.offsetX, event.offsetY);
  if (!row) return;
  app.row = app.lanes.rows.indexOf(row);
  if (row.kind === "group") app.toggle(groupKey(app.lanes.groups[row.lane].name));
  else app.pin(app.lanes.at(row, t));
}
function key(app, event, commands) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { bounds } = app;
  const middle = app.pointer ? timeAt(app.view, app.pointer.x, app.scene.width) : (app.view.t0 + app.view.t1) / 2;
  const step = (app.view.t1 - app.view.t0) / 8;
  const acts = {
    a: () => app.show(pan(app.view, -step, bounds)),
    d: () => app.show(pan(app.view, step, bounds)),
    w: () => app.show(zoom(app.view, 1.5, middle, bounds)),
    s: () => app.show(zoom(app.view, 1 / 1.5, middle, bounds)),
    arrowup: () => moveRow(app, -1),
    arrowdown: () => moveRow(app, 1),
    pageup: () => app.parts.scroller.scrollTop -= app.scene.height * 0.9,
    pagedown: () => app.parts.scroller.scrollTop += app.scene.height * 0.9,
    0: () => app.show({ t0: bounds.begin, t1: bounds.end }),
    n: () => movePiece(app, 1),
    p: () => movePiece(app, -1),
    enter: () => enter(app),
    escape: () => escape(app),
    f: () => showPiece(app),
    "/": commands.search,
    "?": commands.help
  };
  const same = { arrowleft: "a", arrowright: "d", "+": "w", "=": "w", "-": "s", home: "0", " ": "enter" };
  const pressed = event.key.toLowerCase();
  const act = acts[
    /** @type {Record<string, string>} */
    same[pressed] ?? pressed
  ];
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}
function moveRow(app, by) {
  app.row = Math.min(Math.max(app.row + by, 0), app.lanes.rows.length - 1);
  const row = app.lanes.rows[app.row];
  app.reveal(row);
  const found = app.lanes.at(row, (app.view.t0 + app.view.t1) / 2);
  if (found) app.pin(found);
  app.redraw();
  app.emit("hover");
}
function movePiece(app, by) {
  const { pinned, lanes } = app;
  if (!pinned) {
    moveRow(app, 0);
    return;
  }
  const all2 = lanes.lives(pinned.row)?.recorded;
  const piece = pinned.piece + by;
  if (!all2 || piece < all2.first[pinned.row.lane] || piece > all2.first[pinned.row.lane + 1] - 2) return;
  const found = lanes.at(pinned.row, (all2.start[piece] + all2.start[piece + 1]) / 2);
  if (!found) return;
  app.pin(found);
  if (found.start < app.view.t0 || found.end > app.view.t1) {
    const half = (app.view.t1 - app.view.t0) / 2;
    const t = (found.start + found.end) / 2;
    app.show({ t0: t - half, t1: t + half });
  }
}
function enter(app) {
  const row = app.lanes.rows[app.row];
  if (row?.kind === "group") app.toggle(groupKey(app.lanes.groups[row.lane].name));
  else if (row?.kind === "heading") app.toggle(row.label);
  else moveRow(app, 0);
}
function escape(app) {
  if (app.pinned) app.pin(null);
  else app.select(null);
}

// src/timeline/derive.js
function procLanes({ lives, procs }) {
  const of = (i) => {
    const state = lives.state[i];
    if (state === RUNNING) return lives.p(i);
    return state === SYSCALL && lives.flags(i) & KEPT_P ? lives.p(i) : -1;
  };
  const work = gathered(lives, of);
  const recorded = /* @__PURE__ */ new Map();
  procs.owner.forEach((p, lane) => recorded.set(p, lane));
  const numbers = [.../* @__PURE__ */ new Set([...work.keys(), ...recorded.keys()])].sort((a, b) => a - b);
  const writer = new Writer(lives, procs);
  for (const p of numbers) {
    const lane = recorded.get(p);
    const background = lane === void 0 ? [] : range(procs.first[lane], procs.first[lane + 1] - 1);
    writer.lane(
      p,
      work.get(p) ?? NOTHING,
      background,
      (i) => procs.state[i] === RUNNING ? SCHEDULING : procs.state[i]
    );
  }
  return writer.finish();
}
function threadLanes({ lives, procs }) {
  const of = (i) => lives.state[i] === RUNNING || lives.state[i] === SYSCALL ? lives.m(i) : -1;
  const work = gathered(lives, of);
  const held = gathered(procs, (i) => procs.state[i] === RUNNING ? procs.m(i) : -1);
  const numbers = [.../* @__PURE__ */ new Set([...work.keys(), ...held.keys()])].sort((a, b) => a - b);
  const writer = new Writer(lives, procs, IDLE);
  for (const m of numbers) writer.lane(m, work.get(m) ?? NOTHING, held.get(m) ?? NOTHING, () => SCHEDULING);
  return writer.finish();
}
var NOTHING = new Uint32Array(0);
function range(begin, end) {
  return Uint32Array.from({ length: Math.max(0, end - begin) }, (_, k) => begin + k);
}
function gathered({ start: start2, first, byStart }, of) {
  const owners = new Int32Array(start2.length).fill(-1);
  const counts = [];
  for (let lane = 0; lane + 1 < first.length; lane++) {
    for (let i = first[lane]; i < first[lane + 1] - 1; i++) {
      const owner = start2[i + 1] > start2[i] ? of(i) : -1;
      if (owner < 0) continue;
      owners[i] = owner;
      counts[owner] = (counts[owner] ?? 0) + 1;
    }
  }
  const lists = [];
  const used = [];
  counts.forEach((count, owner) => {
    lists[owner] = new Uint32Array(count);
    used[owner] = 0;
  });
  for (let k = 0; k < byStart.length; k++) {
    const owner = owners[byStart[k]];
    if (owner >= 0) lists[owner][used[owner]++] = byStart[k];
  }
  const found = /* @__PURE__ */ new Map();
  lists.forEach((list2, owner) => found.set(owner, list2));
  return found;
}
var Writer = class {
  #lives;
  #procs;
  #between;
  #start = new Float64Array(1024);
  #state = new Uint8Array(1024);
  #source = new Int32Array(1024);
  #count = 0;
  /** @type {number[]} */
  #first = [0];
  /** @type {number[]} */
  #number = [];
  /**
   * @param {import("./model.js").Lives} lives
   * @param {import("./model.js").Lives} procs
   * @param {number} [between]  the state where nothing is known
   */
  constructor(lives, procs, between2 = ABSENT) {
    this.#lives = lives;
    this.#procs = procs;
    this.#between = between2;
  }
  /**
   * @param {number} number
   * @param {Uint32Array} work  pieces of goroutines
   * @param {ArrayLike<number>} behind  pieces of Ps, seen where there is no work
   * @param {(piece: number) => number} stateOf  of a piece behind
   */
  lane(number, work, behind, stateOf) {
    const { start: start2 } = this.#lives;
    let until = behind.length ? this.#procs.start[behind[0]] : start2[work[0]];
    if (work.length && start2[work[0]] < until) until = start2[work[0]];
    let next = 0;
    const fill = (end) => {
      while (until < end) {
        while (next < behind.length && this.#procs.start[behind[next] + 1] <= until) next++;
        const piece = next < behind.length ? behind[next] : -1;
        const from = piece < 0 ? end : this.#procs.start[piece];
        if (from > until) {
          this.#add(until, this.#between, -1);
          until = Math.min(from, end);
        } else {
          this.#add(until, stateOf(piece), -2 - piece);
          until = Math.min(this.#procs.start[piece + 1], end);
        }
      }
    };
    for (let k = 0; k < work.length; k++) {
      const piece = work[k];
      fill(start2[piece]);
      const end = start2[piece + 1];
      if (end <= until) continue;
      this.#add(until, this.#lives.state[piece], piece);
      until = end;
    }
    if (behind.length) fill(this.#procs.start[behind[behind.length - 1] + 1]);
    this.#add(until, ABSENT, -1);
    this.#first.push(this.#count);
    this.#number.push(number);
  }
  /** @returns {Derived} */
  finish() {
    const start2 = this.#start.slice(0, this.#count);
    const state = this.#state.slice(0, this.#count);
    const source = this.#source.slice(0, this.#count);
    return { ...pieces(start2, state, Uint32Array.from(this.#first)), source, number: this.#number };
  }
  /**
   * @param {number} start
   * @param {number} state
   * @param {number} source
   */
  #add(start2, state, source) {
    if (this.#count === this.#start.length) this.#grow();
    this.#start[this.#count] = start2;
    this.#state[this.#count] = state;
    this.#source[this.#count] = source;
    this.#count++;
  }
  #grow() {
    const size = this.#start.length * 2;
    const [start2, state, source] = [new Float64Array(size), new Uint8Array(size), new Int32Array(size)];
    start2.set(this.#start);
    state.set(this.#state);
    source.set(this.#source);
    [this.#start, this.#state, this.#source] = [start2, state, source];
  }
};

// src/timeline/filter.js
function isEmpty(filter) {
  return Object.values(filter).every((value) => value === void 0 || value === "");
}
function checkedFilter(value) {
  const given = (
    /** @type {Record<string, unknown>} */
    value && typeof value === "object" ? value : {}
  );
  const filter = {};
  for (
    const name of
    /** @type {const} */
    ["state", "p", "goroutine", "wait"]
  ) {
    const number = given[name];
    if (typeof number === "number" && Number.isFinite(number) && number >= 0) filter[name] = number;
  }
  for (
    const name of
    /** @type {const} */
    ["function", "region"]
  ) {
    const text = given[name];
    if (typeof text === "string" && text) filter[name] = text;
  }
  return filter;
}
function chosen(recording, filter) {
  const { lives } = recording;
  const keep = new Uint8Array(lives.start.length);
  const part = (filter.function ?? "").toLowerCase();
  const stacks = part ? stacksWith(recording, part) : null;
  const inRegion = filter.region ? regionOf(recording, filter.region) : null;
  const { start: start2, state, first } = lives;
  for (let lane = 0; lane + 1 < first.length; lane++) {
    if (filter.goroutine !== void 0 && recording.goroutineId(lane) !== filter.goroutine) continue;
    const named = stacks && recording.functions[lane].toLowerCase().includes(part);
    const regions = inRegion?.get(lane);
    if (inRegion && !regions) continue;
    for (let i = first[lane]; i < first[lane + 1] - 1; i++) {
      const now = state[i];
      if (now === ABSENT) continue;
      if (filter.state !== void 0 && now !== filter.state) continue;
      if (filter.p !== void 0 && lives.p(i) !== filter.p) continue;
      if (filter.wait !== void 0) {
        if (now !== RUNNABLE && now !== WAITING || start2[i + 1] - start2[i] < filter.wait) continue;
      }
      if (stacks && !named && !stacks[recording.stackOf(i)] && !stacks[recording.endOf(i)]) continue;
      if (regions && !overlaps(regions, start2[i], start2[i + 1])) continue;
      keep[i] = 1;
    }
  }
  return keep;
}
function faded(state, kept) {
  const drawn2 = new Uint8Array(state.length);
  for (let i = 0; i < state.length; i++) drawn2[i] = state[i] === ABSENT || kept(i) ? state[i] : FADED;
  return drawn2;
}
function stacksWith({ columns, texts }, part) {
  const { stack_first: first, stack_frame: frame, frame_function: name } = columns;
  const found = new Uint8Array(first.length);
  const matches = texts.map((text) => text.toLowerCase().includes(part));
  for (let stack = 1; stack < first.length; stack++) {
    for (let k = first[stack - 1]; k < first[stack] && !found[stack]; k++) {
      if (matches[name[frame[k]]]) found[stack] = 1;
    }
  }
  return found;
}
function regionOf({ columns, texts, laneOfGoroutine }, name) {
  const byLane = /* @__PURE__ */ new Map();
  const { mark_name: names, mark_g: g, mark_start: start2, mark_dur: dur, mark_kind: kind } = columns;
  for (let i = 0; i < names.length; i++) {
    if (kind[i] !== 1 && kind[i] !== 2 || !g[i] || texts[names[i]] !== name) continue;
    const lane = laneOfGoroutine[g[i] - 1];
    const list2 = byLane.get(lane) ?? [];
    list2.push([start2[i], start2[i] + dur[i]]);
    byLane.set(lane, list2);
  }
  return new Map(
    [...byLane].map(([lane, list2]) => {
      let latest = 0;
      const ends = list2.map(([, end]) => latest = Math.max(latest, end));
      return [lane, { start: Float64Array.from(list2, ([begin]) => begin), end: Float64Array.from(ends) }];
    })
  );
}
function overlaps(regions, begin, end) {
  const last = lastBegun(regions.start, 0, regions.start.length - 1, end);
  return regions.start[last] < end && regions.end[last] > begin;
}

// src/timeline/radix.js
var DIGITS = 1 << 16;
var WORD = 2 ** 32;
function order(keys) {
  const count = keys.length;
  let largest2 = 0;
  let sorted = true;
  for (let i = 0; i < count; i++) {
    if (keys[i] > largest2) largest2 = keys[i];
    if (i > 0 && keys[i] < keys[i - 1]) sorted = false;
  }
  let from = new Uint32Array(count);
  for (let i = 0; i < count; i++) from[i] = i;
  if (sorted) return from;
  const low = new Uint32Array(count);
  for (let i = 0; i < count; i++) low[i] = keys[i] % WORD;
  let to = new Uint32Array(count);
  const words2 = [low];
  if (largest2 >= WORD) words2.push(Uint32Array.from(keys, (key2) => key2 / WORD));
  words2.forEach((word, high) => {
    for (const shift of [0, 16]) {
      if (largest2 < 2 ** (32 * high + shift)) continue;
      pass(word, shift, from, to);
      [from, to] = [to, from];
    }
  });
  return from;
}
function pass(word, shift, from, to) {
  const counts = new Uint32Array(DIGITS + 1);
  for (let i = 0; i < word.length; i++) counts[(word[i] >>> shift & 65535) + 1]++;
  for (let digit = 0; digit < DIGITS; digit++) counts[digit + 1] += counts[digit];
  for (let i = 0; i < from.length; i++) to[counts[word[from[i]] >>> shift & 65535]++] = from[i];
}

// src/timeline/steps.js
var EVERY2 = 64;
function steps(all2, byStart, groupOf, groups2, only) {
  const { start: start2, state, first } = all2;
  const lanes = first.length - 1;
  const laneOf = new Uint32Array(start2.length);
  const room = new Uint32Array(groups2);
  for (let lane = 0; lane < lanes; lane++) {
    laneOf.fill(lane, first[lane], first[lane + 1]);
    room[groupOf[lane]] += first[lane + 1] - first[lane];
  }
  const made2 = Array.from(room, (size) => ({
    n: 0,
    time: new Float64Array(size),
    from: new Uint8Array(size),
    to: new Uint8Array(size)
  }));
  const seen = Uint8Array.from({ length: STATES }, (_, s) => only === void 0 || s === only ? s : ABSENT);
  const before = new Uint8Array(lanes).fill(ABSENT);
  for (let k = 0; k < byStart.length; k++) {
    const i = byStart[k];
    const lane = laneOf[i];
    const end = i + 1 === first[lane + 1];
    if (!end && start2[i] === start2[i + 1]) continue;
    const now = end ? ABSENT : seen[state[i]];
    if (now === before[lane]) continue;
    const group = made2[groupOf[lane]];
    group.time[group.n] = start2[i];
    group.from[group.n] = before[lane];
    group.to[group.n] = now;
    group.n++;
    before[lane] = now;
  }
  return made2.map(({ n, time, from, to }) => {
    const own = { time: time.slice(0, n), from: from.slice(0, n), to: to.slice(0, n) };
    return { ...own, ...summed(own) };
  });
}
function stepsOfSpans(starts2, ends, state) {
  const n = starts2.length;
  const time = new Float64Array(2 * n);
  time.set(starts2);
  time.set(ends, n);
  const from = new Uint8Array(2 * n).fill(ABSENT, 0, n).fill(state, n);
  const to = new Uint8Array(2 * n).fill(state, 0, n).fill(ABSENT, n);
  const places2 = order(time);
  const own = {
    time: Float64Array.from(places2, (place) => time[place]),
    from: Uint8Array.from(places2, (place) => from[place]),
    to: Uint8Array.from(places2, (place) => to[place])
  };
  return { ...own, ...summed(own) };
}
function summed({ time, from, to }) {
  const n = time.length;
  const sums = new Float64Array(Math.ceil(n / EVERY2) * STATES);
  const counts = new Int32Array(sums.length);
  const sum = new Float64Array(STATES);
  const count = new Int32Array(STATES);
  const since = new Float64Array(STATES);
  let there = 0;
  let peak = 0;
  for (let i = 0; i < n; i++) {
    const t = time[i];
    if (i % EVERY2 === 0) {
      for (let s = 0; s < STATES; s++) {
        sum[s] += count[s] * (t - since[s]);
        since[s] = t;
      }
      sums.set(sum, i / EVERY2 * STATES);
      counts.set(count, i / EVERY2 * STATES);
    }
    const [a, b] = [from[i], to[i]];
    sum[a] += count[a] * (t - since[a]);
    sum[b] += count[b] * (t - since[b]);
    since[a] = since[b] = t;
    if (a === ABSENT) there++;
    else count[a]--;
    if (b === ABSENT) there--;
    else count[b]++;
    if ((i + 1 === n || time[i + 1] > t) && there > peak) peak = there;
  }
  return { sums, counts, peak };
}
function cursor() {
  return { next: -1, t: 0, sums: new Float64Array(STATES), counts: new Int32Array(STATES) };
}
function moveTo(all2, at, t) {
  const { time, from, to } = all2;
  const n = time.length;
  if (at.next < 0 || t < at.t || at.next + EVERY2 < n && time[at.next + EVERY2] <= t) jump(all2, at, t);
  const { sums, counts } = at;
  while (at.next < n && time[at.next] <= t) {
    const passed = time[at.next] - at.t;
    if (passed > 0) {
      for (let s = 0; s < STATES; s++) sums[s] += counts[s] * passed;
      at.t = time[at.next];
    }
    if (from[at.next] !== ABSENT) counts[from[at.next]]--;
    if (to[at.next] !== ABSENT) counts[to[at.next]]++;
    at.next++;
  }
  for (let s = 0; s < STATES; s++) sums[s] += counts[s] * (t - at.t);
  at.t = t;
}
function jump({ time, sums, counts }, at, t) {
  const first = time.length === 0 || time[0] > t;
  const block = first ? 0 : Math.floor(lastBegun(time, 0, time.length - 1, t) / EVERY2);
  at.next = block * EVERY2;
  at.t = first ? t : time[at.next];
  for (let s = 0; s < STATES; s++) {
    at.sums[s] = first ? 0 : sums[block * STATES + s];
    at.counts[s] = first ? 0 : counts[block * STATES + s];
  }
}
function columnCounts(all2, t0, t1, width, out) {
  const step = (t1 - t0) / width;
  const at = cursor();
  const before = new Float64Array(STATES);
  moveTo(all2, at, t0);
  before.set(at.sums);
  for (let x = 0, base = 0; x < width; x++, base += STATES) {
    const left = at.t;
    moveTo(all2, at, x + 1 === width ? t1 : t0 + (x + 1) * step);
    let there = 0;
    for (let s = 0; s < STATES; s++) {
      const part = at.sums[s] - before[s];
      out[base + s] = part;
      there += part;
      before[s] = at.sums[s];
    }
    out[base + ABSENT] = Math.max(0, all2.peak * (at.t - left) - there);
  }
}

// src/timeline/lanes.js
var [TASK3, REGION3] = [1, 2];
var Lanes = class {
  /** @type {import("./filter.js").Filter} */
  filter = {};
  /** Goroutine lanes that a filter leaves something of; null without a filter. @type {Uint8Array | null} */
  kept = null;
  /** Rows of goroutines that do not live in it are left out; null: none is. @type {Viewport | null} */
  window = null;
  /** Names of the groups and headings that are open. @type {Set<string>} */
  open = /* @__PURE__ */ new Set(["Ps", "Goroutines", "User regions", "Queues and heap"]);
  /** @type {Row[]} */
  rows = [];
  height = 0;
  /** @type {Map<string, any>} what is made when it is first seen */
  #made = /* @__PURE__ */ new Map();
  /**
   * @param {import("./model.js").Recording} recording
   * @param {string[]} wanted  kinds of lanes: "queues", "P", "M", "G", "regions"
   */
  constructor(recording, wanted) {
    this.recording = recording;
    this.wanted = new Set(wanted);
    this.groups = groups(recording.functions);
    this.regions = regionNames(recording);
    this.counters = counters(recording);
    this.arrange();
  }
  /** @param {import("./filter.js").Filter} filter */
  setFilter(filter) {
    this.filter = filter;
    for (const key2 of [...this.#made.keys()]) {
      if (key2.startsWith("drawn")) this.#made.delete(key2);
    }
    this.kept = isEmpty(filter) ? null : this.#lanesKept();
    this.arrange();
  }
  /** @param {string} name of a heading or group */
  toggle(name) {
    if (!this.open.delete(name)) this.open.add(name);
    this.arrange();
  }
  /** Puts the rows in their places again. */
  arrange() {
    const placed = stacked(rowsOf(this));
    this.rows = placed.rows;
    this.height = placed.height;
  }
  /** @returns {import("./derive.js").Derived} */
  get procs() {
    return this.#once("procs", () => procLanes(this.recording));
  }
  /** @returns {import("./derive.js").Derived} */
  get threads() {
    return this.#once("threads", () => threadLanes(this.recording));
  }
  /**
   * The lives that a row is one lane of; null for a row that counts.
   *
   * @param {Row} row
   * @returns {Shown | null}
   */
  lives(row) {
    if (row.kind === "g") return { recorded: this.recording.lives, drawn: this.#drawn() };
    if (row.kind === "p") return { recorded: this.procs, drawn: this.#drawnOn("p", this.procs) };
    if (row.kind === "m") return { recorded: this.threads, drawn: this.#drawnOn("m", this.threads) };
    return null;
  }
  /**
   * The counts that a row shows over time; null for a row of one lane.
   *
   * @param {Row} row
   * @returns {Steps | null}
   */
  counts(row) {
    if (row.kind === "group") {
      const { byStart } = this.recording.lives;
      const make = () => steps(this.#drawn(), byStart, this.groupOf, this.groups.length);
      return this.#once("drawn groups", make)[row.lane];
    }
    if (row.kind === "runnable") {
      const { lives } = this.recording;
      const one2 = new Uint8Array(lives.owner.length);
      return this.#once("runnable", () => steps(lives, lives.byStart, one2, 1, RUNNABLE)[0]);
    }
    if (row.kind === "region") return this.#once(`region ${row.lane}`, () => this.#region(row.label));
    return null;
  }
  /**
   * Time per state of a row in each column of pixels.
   *
   * @param {Row} row
   * @param {import("./viewport.js").Viewport} view
   * @param {number} width
   * @param {Float64Array} out  width * STATES
   */
  times(row, view, width, out) {
    const lives = this.lives(row);
    const counts = lives ? null : this.counts(row);
    if (lives) columnTimes(lives.drawn, row.lane, view.t0, view.t1, width, out);
    else if (counts) columnCounts(counts, view.t0, view.t1, width, out);
    else out.fill(0, 0, width * STATES);
  }
  /**
   * What a row of one lane does at a moment.
   *
   * @param {Row} row
   * @param {number} t
   * @returns {Found | null}
   */
  at(row, t) {
    const lives = this.lives(row);
    if (!lives) return null;
    const { recorded } = lives;
    const piece = pieceAt(recorded, row.lane, t);
    const [start2, end] = [recorded.start[piece], recorded.start[piece + 1]];
    if (!(t >= start2 && t <= end) || piece + 1 >= recorded.first[row.lane + 1]) return null;
    const source = row.kind === "g" ? piece : (
      /** @type {any} */
      recorded.source[piece]
    );
    return { row, state: recorded.state[piece], start: start2, end, piece, source };
  }
  /**
   * The depths or values that a row shows over time; null for a row of another kind.
   *
   * @param {Row} row
   * @returns {import("./strips.js").Strip | null}
   */
  strip({ kind, lane }) {
    if (kind === "queue") return this.#once(`queue ${lane}`, () => queueStrip(this.recording, lane));
    if (kind === "counter") return this.#once(`counter ${lane}`, () => counterStrip(this.recording, this.counters[lane]));
    return null;
  }
  /**
   * Regions, messages and the collector's work on a goroutine's or P's row.
   *
   * @param {Row} row
   * @returns {import("./marks.js").MarkList | undefined}
   */
  marksOf({ kind, lane }) {
    const { lanes, ps } = this.#once("marks", () => marksByOwner(this.recording));
    if (kind === "g") return lanes.get(lane);
    return kind === "p" ? ps.get(this.procs.number[lane]) : void 0;
  }
  /** @param {number} lane of a goroutine */
  hasRegions(lane) {
    const { lanes } = this.#once("marks", () => marksByOwner(this.recording));
    return lanes.get(lane)?.marks.some((one2) => one2.kind === "region") ?? false;
  }
  /** The group of each goroutine lane. @returns {Int32Array} */
  get groupOf() {
    return this.#once("groupOf", () => {
      const found = new Int32Array(this.recording.functions.length);
      this.groups.forEach((group, number) => group.lanes.forEach((lane) => found[lane] = number));
      return found;
    });
  }
  /** @returns {Pieces} */
  #drawn() {
    const { lives } = this.recording;
    if (isEmpty(this.filter)) return lives;
    return this.#once("drawn lives", () => {
      const keep = this.#chosen();
      return pieces(lives.start, faded(lives.state, (i) => keep[i]), lives.first);
    });
  }
  /**
   * @param {string} name
   * @param {import("./derive.js").Derived} derived
   * @returns {Pieces}
   */
  #drawnOn(name, derived) {
    if (isEmpty(this.filter)) return derived;
    return this.#once(`drawn ${name}`, () => {
      const keep = this.#chosen();
      const { source, state } = derived;
      const kept = (i) => source[i] >= 0 && keep[source[i]];
      return pieces(derived.start, faded(state, kept), derived.first);
    });
  }
  /** @returns {Uint8Array} */
  #chosen() {
    return this.#once("drawn chosen", () => chosen(this.recording, this.filter));
  }
  #lanesKept() {
    const keep = this.#chosen();
    const { first } = this.recording.lives;
    const found = new Uint8Array(first.length - 1);
    for (let lane = 0; lane < found.length; lane++) {
      for (let i = first[lane]; i < first[lane + 1] && !found[lane]; i++) found[lane] = keep[i];
    }
    return found;
  }
  /** @param {string} name */
  #region(name) {
    const { columns, texts } = this.recording;
    const { mark_name: names, mark_kind: kind, mark_start: start2, mark_dur: dur } = columns;
    const found = [];
    names.forEach((text, i) => {
      if ((kind[i] === REGION3 || kind[i] === TASK3) && texts[text] === name) found.push(i);
    });
    return stepsOfSpans(
      Float64Array.from(found, (i) => start2[i]),
      Float64Array.from(found, (i) => start2[i] + dur[i]),
      RUNNING
    );
  }
  /**
   * @template Value
   * @param {string} key
   * @param {() => Value} make
   * @returns {Value}
   */
  #once(key2, make) {
    if (!this.#made.has(key2)) this.#made.set(key2, make());
    return this.#made.get(key2);
  }
};

// src/timeline/legend.js
var RANGES = [
  ["stw", "the world is stopped"],
  ["gc", "the collector marks"]
];
function addLegend(app) {
  const { legend } = app.parts;
  const draw = () => {
    const shown = [RUNNING, RUNNABLE, SYSCALL, WAITING, SCHEDULING, IDLE, UNKNOWN];
    if (app.lanes.kept) shown.push(FADED);
    const items = shown.map((state) => entry(app.palette.states[state], 1, LABELS[state]));
    for (const [kind, words2] of RANGES) {
      const { ink, alpha } = rangeLook(kind, app.palette);
      if (app.recording.ranges.some((range2) => range2.kind === kind)) items.push(entry(ink, alpha, words2));
    }
    legend.replaceChildren(...items, element("span", { class: "tl-faint" }, sourcesOf(app)));
  };
  app.on("rows", draw);
  draw();
}
function entry(ink, alpha, words2) {
  const colour = element("span", { class: "tl-colour" });
  colour.style.background = ink;
  colour.style.opacity = String(alpha);
  return element("span", { class: "tl-key" }, element("span", { class: "tl-swatch", "aria-hidden": "true" }, colour), words2);
}
function sourcesOf(app) {
  const provenance = app.recording.meta.provenance;
  const states = provenance["spans.state"] ?? "recorded";
  const stacks = provenance["spans.stack"] ?? states;
  const parts = [`Goroutines: ${states}.`];
  if (stacks !== states) parts.push(`Their stacks: ${stacks} in part.`);
  if (app.lanes.wanted.has("P")) parts.push(`Ps: ${states}; scheduling is derived (held, and no goroutine runs).`);
  if (app.lanes.wanted.has("M")) parts.push("Ms: derived.");
  if (app.lanes.wanted.has("queues")) parts.push(...queuesOf(app, provenance));
  parts.push("A column of pixels shows each state's share of its time.");
  if (app.recording.columns.mark_kind.length) {
    parts.push("On rows: brackets are regions, ticks messages, a line below the collector's work (assist, sweep, mark worker).");
  }
  if (app.recording.columns.steal_time.length) {
    parts.push("Coloured arrows between Ps: steals, recorded by probes in the runtime.");
  }
  return parts.join(" ");
}
function queuesOf({ recording, lanes }, provenance) {
  const parts = [];
  if (recording.functions.length) parts.push("Runnable count: derived.");
  if (recording.columns.queue_p.length) {
    const step = recording.meta.queue_step_ns;
    const thinned = step ? `, the least (solid) and the most in each ${duration(step)}` : "";
    parts.push(`Run queues (≈): reconstructed; it follows from the trace and from the scheduler's rules${thinned}.`);
  }
  if (lanes.counters.length) {
    parts.push(`Counters: ${provenance["counters.value"] ?? "recorded"}; solid is the mean of a pixel, faint the most in it.`);
  }
  return parts;
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

// src/timeline/linked.js
function keepTogether(app, group) {
  if (!group) return;
  const { begin, end } = app.recording.bounds;
  const length = end - begin;
  let hearing = false;
  const post = joinGroup(group, app.signal, (message) => {
    hearing = true;
    if (message.length !== void 0) extend(app, message.length);
    if (message.t0 !== void 0 && message.t1 !== void 0) app.show({ t0: begin + message.t0, t1: begin + message.t1 });
    if (message.pointer !== void 0) app.pointElsewhere(message.pointer === null ? null : begin + message.pointer);
    hearing = false;
    if (message.ask) post({ length });
  });
  app.on("view", () => {
    if (!hearing) post({ t0: app.view.t0 - begin, t1: app.view.t1 - begin });
  });
  app.on("hover", () => {
    if (!hearing) post({ pointer: app.pointer ? app.placeAt(app.pointer.x, app.pointer.y).t - begin : null });
  });
  post({ length, ask: true });
}
function extend(app, length) {
  const before = all(app.bounds);
  const whole2 = app.view.t0 === before.t0 && app.view.t1 === before.t1;
  app.extent = Math.max(app.extent, length);
  if (whole2) app.show(all(app.bounds));
  app.redraw();
}

// src/timeline/model.js
var LONG = 4294967295;
var RANGE2 = 0;
var Lives = class {
  /** @type {Uint16Array | Uint8Array | Uint32Array} */
  #what;
  /** @type {Uint16Array | Uint8Array | Uint32Array} */
  #where;
  #flags;
  #reasons;
  /** @type {Uint32Array | null} */
  #byStart = null;
  #ps;
  #ms;
  /**
   * @param {Record<string, any>} columns  without a prefix
   * @param {ArrayLike<number>} owner
   * @param {number[][]} whats  state, flags, reason
   * @param {number[][]} wheres  P, M
   */
  constructor(columns, owner, whats, wheres) {
    this.owner = Array.from(owner);
    this.#what = columns.what;
    this.#where = columns.where;
    this.#flags = Uint8Array.from(whats, (one2) => one2[1]);
    this.#reasons = Uint32Array.from(whats, (one2) => one2[2]);
    this.#ps = Int32Array.from(wheres, (one2) => one2[0]);
    this.#ms = Int32Array.from(wheres, (one2) => one2[1]);
    const first = new Uint32Array(columns.lane_length.length + 1);
    for (let k = 0; k + 1 < first.length; k++) first[k + 1] = first[k] + columns.lane_length[k];
    const start2 = starts(columns, first);
    const state = new Uint8Array(start2.length);
    const states = Uint8Array.from(whats, (one2) => one2[0]);
    for (let i = 0; i < state.length; i++) state[i] = states[this.#what[i]];
    const all2 = pieces(start2, state, first);
    this.start = all2.start;
    this.state = all2.state;
    this.first = all2.first;
    this.sums = all2.sums;
  }
  /** @param {number} piece */
  flags(piece) {
    return this.#flags[this.#what[piece]];
  }
  /** A number of reasons. @param {number} piece */
  reason(piece) {
    return this.#reasons[this.#what[piece]];
  }
  /** -1 for none. @param {number} piece */
  p(piece) {
    return this.#ps[this.#where[piece]];
  }
  /** An index into threads, -1 for none. @param {number} piece */
  m(piece) {
    return this.#ms[this.#where[piece]];
  }
  /** All pieces in time's order. @returns {Uint32Array} */
  get byStart() {
    this.#byStart ??= order(this.start);
    return this.#byStart;
  }
  /** The lane that a piece is of. @param {number} piece */
  laneOf(piece) {
    let low = 0;
    let high = this.first.length - 2;
    while (low < high) {
      const middle = low + high + 1 >>> 1;
      if (this.first[middle] <= piece) low = middle;
      else high = middle - 1;
    }
    return low;
  }
};
function starts(columns, first) {
  const { dur, lane_start: begin } = columns;
  const start2 = new Float64Array(dur.length);
  const long = /* @__PURE__ */ new Map();
  for (let k = 0; k < columns.long_at.length; k++) long.set(columns.long_at[k], columns.long_dur[k]);
  for (let lane = 0; lane + 1 < first.length; lane++) {
    let t = begin[lane];
    for (let i = first[lane]; i < first[lane + 1]; i++) {
      start2[i] = t;
      t += dur[i] === LONG ? long.get(i) : dur[i];
    }
  }
  return start2;
}
var Recording = class {
  /**
   * @param {import("../blob.js").Decoded} decoded
   */
  constructor({ columns, meta }) {
    this.columns = /** @type {Record<string, any>} */
    columns;
    this.meta = meta;
    this.lives = new Lives(this.columns, this.columns.lane_g, meta.what, meta.where);
    this.procs = new Lives(without(this.columns, "proc_"), this.columns.proc_p, meta.proc_what, meta.proc_where);
    this.texts = meta.texts;
    this.laneOfGoroutine = new Int32Array(this.columns.g_id.length).fill(-1);
    this.lives.owner.forEach((g, lane) => this.laneOfGoroutine[g] = lane);
    this.bounds = { begin: meta.bounds[0], end: Math.max(meta.bounds[1], meta.bounds[0] + 1) };
    this.functions = this.lives.owner.map((g) => this.texts[this.columns.g_function[g]]);
    this.ranges = this.#ranges();
  }
  /**
   * Stops of the world, and the collector's mark phases.
   *
   * @returns {{kind: "stw" | "gc", name: string, start: number, end: number}[]} in time's order
   */
  #ranges() {
    const { mark_kind: kind, mark_name: names, mark_start: start2, mark_dur: dur } = this.columns;
    const found = [];
    for (let i = 0; i < kind.length; i++) {
      const name = this.texts[names[i]];
      const is = name.startsWith("stop-the-world") ? "stw" : name.startsWith("GC concurrent mark") ? "gc" : null;
      if (kind[i] !== RANGE2 || !is) continue;
      found.push({ kind: (
        /** @type {"stw" | "gc"} */
        is
      ), name, start: start2[i], end: start2[i] + dur[i] });
    }
    return found;
  }
  /** The goroutine's number in the program. @param {number} lane */
  goroutineId(lane) {
    return this.columns.g_id[this.lives.owner[lane]];
  }
  /** @param {number} piece */
  stackOf(piece) {
    return this.columns.stack[piece];
  }
  /** @param {number} piece */
  endOf(piece) {
    return this.columns.end[piece];
  }
  /** The lane of who caused the piece, -1 for nobody. @param {number} piece */
  causeOf(piece) {
    const cause = this.columns.cause[piece];
    return cause === 0 ? -1 : this.laneOfGoroutine[cause - 1];
  }
  /** @param {number} piece */
  reasonOf(piece) {
    return String(this.meta.reasons[this.lives.reason(piece)] ?? "");
  }
  /**
   * @param {number} stack  0 for none
   * @returns {StackFrame[]} the innermost first
   */
  frames(stack) {
    if (!stack) return [];
    const { stack_first: first, stack_frame: frame } = this.columns;
    const { frame_function: name, frame_file: file, frame_line: line } = this.columns;
    const found = [];
    for (let k = first[stack - 1]; k < first[stack]; k++) {
      const one2 = frame[k];
      found.push({ function: this.texts[name[one2]], file: this.texts[file[one2]], line: line[one2] });
    }
    return found;
  }
};
function without(columns, prefix) {
  const own = Object.entries(columns).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, column]) => [name.slice(prefix.length), column]));
}

// src/timeline/inspect.js
function describe(lanes, found) {
  const { recording } = lanes;
  const { row, source } = found;
  const open2 = source >= 0 ? recording.lives.flags(source) : 0;
  const length = duration(found.end - found.start);
  const beyond = open2 & (OPEN_START | OPEN_END) ? `at least ${length}` : length;
  const facts = [
    ["duration", beyond],
    ["from", moment(found.start - recording.bounds.begin, 1)],
    ["to", moment(found.end - recording.bounds.begin, 1)]
  ];
  if (source < 0) {
    const why = row.kind === "p" ? "No goroutine ran on this P." : "This M ran no goroutine.";
    return { title: `${row.label}: ${LABELS[found.state]}`, facts: [...facts, ["", why]], stacks: [], cause: null };
  }
  const lane = recording.lives.laneOf(source);
  const [p, m] = [recording.lives.p(source), recording.lives.m(source)];
  const waker = found.state === RUNNABLE;
  const by = waker ? "made runnable on" : "on";
  const reason = recording.reasonOf(source);
  if (reason) facts.unshift(["reason", reason]);
  if (p >= 0) facts.push([`${by} P`, String(p)]);
  if (m >= 0) facts.push([`${by} M`, String(recording.meta.threads[m])]);
  const cause = recording.columns.cause[source] ? recording.causeOf(source) : -1;
  if (cause >= 0) facts.push(["by", `G ${recording.goroutineId(cause)} ${recording.functions[cause]}`]);
  else if (waker) facts.push(["by", "no goroutine (runtime, timer or network poller)"]);
  const creator = recording.columns.g_creator[recording.lives.owner[lane]];
  if (creator) facts.push(["created by", `G ${recording.columns.g_id[creator - 1]}`]);
  const stacks = [
    { name: "stack when it began", frames: recording.frames(recording.stackOf(source)) },
    {
      name: cause >= 0 ? "stack of who ended or caused it" : "stack when it ended",
      frames: recording.frames(recording.endOf(source))
    }
  ].filter((one2) => one2.frames.length);
  return {
    title: `G ${recording.goroutineId(lane)} ${recording.functions[lane]}: ${LABELS[found.state]}`,
    facts,
    stacks,
    cause: cause >= 0 ? cause : null
  };
}
function mix(times) {
  let total = 0;
  for (let s = 0; s < STATES; s++) if (s !== ABSENT) total += times[s];
  if (!total) return "nothing";
  const parts = [];
  for (let s = 0; s < STATES; s++) {
    if (s !== ABSENT && times[s] > 0) parts.push({ s, share: 100 * times[s] / total });
  }
  parts.sort((a, b) => b.share - a.share);
  const percent2 = (share) => share < 0.1 ? "< 0.1" : share.toFixed(share < 10 ? 1 : 0);
  return parts.map(({ s, share }) => `${s === FADED ? "filtered out" : LABELS[s]} ${percent2(share)} %`).join(", ");
}
function means(times, step) {
  const parts = [];
  for (let s = 0; s < STATES; s++) {
    if (s !== ABSENT && times[s] > 0) parts.push(`${(times[s] / step).toPrecision(3)} ${LABELS[s]}`);
  }
  return parts.length ? parts.join(", ") : "none";
}

// src/timeline/stats.js
var TOP = 10;
function statistics(recording, { t0, t1 }) {
  const { lives, functions } = recording;
  const sums = new Float64Array(STATES);
  const times = new Float64Array(STATES);
  const running = /* @__PURE__ */ new Map();
  const waits = [];
  for (let lane = 0; lane < functions.length; lane++) {
    columnTimes(lives, lane, t0, t1, 1, times);
    if (times[ABSENT] >= t1 - t0) continue;
    for (let s = 0; s < STATES; s++) sums[s] += times[s];
    if (times[RUNNING]) running.set(functions[lane], (running.get(functions[lane]) ?? 0) + times[RUNNING]);
    collectWaits(lives, lane, t0, t1, waits);
  }
  sums[ABSENT] = 0;
  const total = sums.reduce((a, b) => a + b, 0) || 1;
  const states = Array.from(sums, (time, state) => ({ state, time, share: time / total }));
  const all2 = [...running].map(([name, time]) => ({ name, time, share: time / (sums[RUNNING] || 1) }));
  return {
    states: states.filter(({ time }) => time > 0).sort((a, b) => b.time - a.time),
    waits: percentiles(Float64Array.from(waits)),
    functions: all2.sort((a, b) => b.time - a.time).slice(0, TOP),
    samples: sampled(recording, t0, t1)
  };
}
function sampled(recording, t0, t1) {
  const { sample_time: time, sample_stack: stack } = recording.columns;
  const hits = /* @__PURE__ */ new Map();
  let total = 0;
  for (let i = 0; i < time.length; i++) {
    if (time[i] < t0 || time[i] >= t1) continue;
    const name = recording.frames(stack[i])[0]?.function ?? "";
    hits.set(name, (hits.get(name) ?? 0) + 1);
    total++;
  }
  const all2 = [...hits].map(([name, count]) => ({ name, count, share: count / total }));
  return all2.sort((a, b) => b.count - a.count).slice(0, TOP);
}
function collectWaits(lives, lane, t0, t1, waits) {
  const { start: start2, state, first } = lives;
  const last = first[lane + 1] - 1;
  for (let i = pieceAt(lives, lane, t0); i < last && start2[i] < t1; i++) {
    const end = start2[i + 1];
    if (state[i] !== RUNNABLE || end < t0 || end >= t1 || lives.flags(i) & OPEN_START) continue;
    if (i + 1 < last && state[i + 1] === RUNNING) waits.push(end - start2[i]);
  }
}
function percentiles(values) {
  values.sort();
  const count = values.length;
  const at = (q) => count ? values[Math.ceil(q * (count - 1))] : 0;
  return { count, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

// src/timeline/panels.js
function addPanels(app, source) {
  const pinned = element("section", { class: "tl-panel", "aria-label": "Pinned" });
  const selected = element("section", { class: "tl-panel", "aria-label": "Selection" });
  for (const one2 of [pinned, selected]) one2.hidden = true;
  app.parts.panels.append(selected, pinned, source.node);
  app.on("pin", () => drawPinned(app, pinned, source));
  app.on("selection", later(() => drawSelected(app, selected), app.signal));
}
function later(act, signal) {
  let asked = 0;
  signal.addEventListener("abort", () => cancelAnimationFrame(asked));
  return () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      act();
    });
  };
}
function drawPinned(app, panel, source) {
  const { pinned, lanes } = app;
  panel.hidden = !pinned;
  if (!pinned) return;
  const { title, facts, stacks, cause } = describe(lanes, pinned);
  const list2 = element("dl", { class: "tl-facts" });
  for (const [name, value] of facts) {
    if (name) list2.append(element("dt", {}, name), element("dd", {}, value));
    else list2.append(element("dd", {}, value));
  }
  const acts = [button("Zoom to it", "Zoom to it, the pinned span", () => app.show(around(pinned)))];
  if (cause !== null) acts.push(button("Go to who woke it", "Go to who woke it", () => pinGoroutine(app, cause, pinned.start)));
  acts.push(button("Close", "Close the pinned span", () => app.pin(null)));
  panel.replaceChildren(
    element("h3", {}, title),
    element("div", { class: "tl-tools" }, ...acts),
    list2,
    element("div", { class: "tl-stacks" }, ...stacks.map((one2) => stackList(one2.name, one2.frames, source)))
  );
  app.parts.status.textContent = `Pinned ${title}, ${facts.map((fact) => fact.join(" ")).join(", ")}`;
}
function around({ start: start2, end }) {
  const room = Math.max((end - start2) / 4, 10);
  return { t0: start2 - room, t1: end + room };
}
function pinGoroutine(app, lane, t) {
  app.openGoroutine(lane);
  const row = app.lanes.rows.find((one2) => one2.kind === "g" && one2.lane === lane);
  if (!row) return;
  app.row = app.lanes.rows.indexOf(row);
  app.reveal(row);
  const found = app.lanes.at(row, t);
  if (found && (found.end < app.view.t0 || found.start > app.view.t1)) app.show(around(found));
  app.pin(found);
}
function stackList(name, frames, source) {
  const items = frames.map((frame) => {
    const file = frame.file.slice(frame.file.lastIndexOf("/") + 1);
    const place = `${file}:${frame.line}`;
    const one2 = button(frame.function || "(no name)", `Show ${frame.function} at ${place}`, () => source.show(frame));
    one2.classList.add("tl-frame");
    return element("li", {}, one2, " ", element("span", { class: "tl-faint" }, place));
  });
  return element("div", {}, element("h4", {}, name), element("ol", {}, ...items));
}
function drawSelected(app, panel) {
  const { selection, recording } = app;
  panel.hidden = !selection;
  if (!selection) return;
  const found = statistics(recording, selection);
  const from = moment(selection.t0 - recording.bounds.begin, 1);
  const title = `Selected: ${duration(selection.t1 - selection.t0)} from ${from}`;
  const mixRows = found.states.map(({ state, time, share }) => [LABELS[state], duration(time), percent(share)]);
  const waits = found.waits;
  const waitRows = waits.count ? [[String(waits.count), ...[waits.p50, waits.p90, waits.p99, waits.max].map(duration)]] : [["0", "", "", "", ""]];
  const top = found.functions.map(({ name, time, share }) => [name || "(no stack seen)", duration(time), percent(share)]);
  const samples = found.samples.map(({ name, count, share }) => [name || "(none)", String(count), percent(share)]);
  panel.replaceChildren(
    element("h3", {}, title),
    element(
      "div",
      { class: "tl-tools" },
      button("Zoom to it", "Zoom to it, the selection", () => app.show(selection)),
      button("Close", "Close the selection", () => app.select(null))
    ),
    element(
      "div",
      { class: "tl-stacks" },
      table("All goroutines", ["state", "time", "share"], mixRows),
      table("Runnable, until it ran (waits that ended here)", ["waits", "p50", "p90", "p99", "longest"], waitRows),
      table("Running time by start function", ["function", "time", "share"], top),
      ...samples.length ? [table("CPU samples by function", ["function", "samples", "share"], samples)] : []
    )
  );
  const parts = mixRows.slice(0, 3).map(([name, , share]) => `${name} ${share}`);
  app.parts.status.textContent = `${title}: ${parts.join(", ")}`;
}
function percent(share) {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
function table(caption, heads, rows) {
  const head = element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)));
  const body = rows.map((row) => element("tr", {}, ...row.map((value) => element("td", {}, value))));
  return element(
    "table",
    {},
    element("caption", {}, caption),
    element("thead", {}, head),
    element("tbody", {}, ...body)
  );
}

// src/saving.js
function download(content3, title, suffix) {
  const address = URL.createObjectURL(content3);
  const name = title.replaceAll(/[^\p{L}\p{N} _-]+/gu, "_").slice(0, 80) || "view";
  element("a", { href: address, download: `${name}.${suffix}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1e4);
}
async function dataAddress(canvas2) {
  const copy = new OffscreenCanvas(Math.max(canvas2.width, 1), Math.max(canvas2.height, 1));
  copy.getContext("2d")?.drawImage(canvas2, 0, 0);
  const blob = await copy.convertToBlob({ type: "image/png" });
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => fail(new Error("the picture could not be read"));
    reader.readAsDataURL(blob);
  });
}

// src/timeline/svg.js
var SVG = "http://www.w3.org/2000/svg";
function svgElement(tag, attributes, ...children) {
  const made2 = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made2.setAttribute(name, String(value));
  made2.append(...children);
  return made2;
}
function short(value) {
  return Math.round(value * 100) / 100;
}
function xmlText(text) {
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "�").toWellFormed();
}
var SvgContext = class {
  fillStyle = "#000";
  strokeStyle = "#000";
  globalAlpha = 1;
  lineWidth = 1;
  font = "11px sans-serif";
  textBaseline = "middle";
  #path = "";
  #group;
  #measure = (
    /** @type {OffscreenCanvasRenderingContext2D} */
    new OffscreenCanvas(1, 1).getContext("2d")
  );
  /** @param {Element} group  where it writes */
  constructor(group) {
    this.#group = group;
  }
  /** It as what the drawing functions take. @returns {CanvasRenderingContext2D} */
  get context() {
    return (
      /** @type {any} */
      this
    );
  }
  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  fillRect(x, y, width, height) {
    if (width > 0 && height > 0) this.#add("rect", { ...box(x, y, width, height), fill: this.fillStyle });
  }
  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  strokeRect(x, y, width, height) {
    this.#add("rect", { ...box(x, y, width, height), fill: "none", ...this.#stroke() });
  }
  beginPath() {
    this.#path = "";
  }
  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    this.#path += `M${short(x)} ${short(y)}`;
  }
  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.#path += `L${short(x)} ${short(y)}`;
  }
  /** A whole circle. @param {number} x @param {number} y @param {number} radius */
  arc(x, y, radius) {
    const r = short(radius);
    this.#path += `M${short(x - radius)} ${short(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
  }
  stroke() {
    this.#add("path", { d: this.#path, fill: "none", ...this.#stroke() });
  }
  fill() {
    this.#add("path", { d: this.#path, fill: this.fillStyle });
  }
  /** @param {string} text */
  measureText(text) {
    this.#measure.font = this.font;
    return this.#measure.measureText(text);
  }
  /** @param {string} text @param {number} x @param {number} y @param {number} [room] */
  fillText(text, x, y, room) {
    const [, bold, size, family] = /^(bold )?([\d.]+)px (.*)$/.exec(this.font) ?? ["", "", "11", "sans-serif"];
    const attributes = { x: short(x), y: short(y + Number(size) * 0.36), fill: this.fillStyle };
    attributes["font-size"] = size;
    attributes["font-family"] = family;
    if (bold) attributes["font-weight"] = "bold";
    if (room && this.measureText(text).width > room) {
      attributes.textLength = short(room);
      attributes.lengthAdjust = "spacingAndGlyphs";
    }
    this.#add("text", attributes, xmlText(text));
  }
  #stroke() {
    return { stroke: this.strokeStyle, "stroke-width": this.lineWidth };
  }
  /** @param {string} tag @param {Record<string, string | number>} attributes @param {...string} children */
  #add(tag, attributes, ...children) {
    const made2 = svgElement(tag, attributes, ...children);
    if (this.globalAlpha < 1) made2.setAttribute("opacity", String(this.globalAlpha));
    this.#group.append(made2);
  }
};
function box(x, y, width, height) {
  return { x: short(x), y: short(y), width: short(width), height: short(height) };
}

// src/timeline/picture.js
var LABEL_FONT = "12px system-ui, sans-serif";
function addPicture(app) {
  const { title } = app.options;
  app.parts.tools.append(
    button("PNG", "Save the view as a PNG file", () => void png(app).then((blob) => download(blob, title, "png"))),
    button("SVG", "Save the view as an SVG file", () => void svg(app).then((blob) => download(blob, title, "svg")))
  );
}
function png(app) {
  drawn(app);
  const { parts, scene, palette: palette2, layers } = app;
  const { scale, width, height } = scene;
  const left = parts.labels.clientWidth;
  const canvas2 = new OffscreenCanvas(Math.round((left + width) * scale), Math.round((RULER_PX + height) * scale));
  const context = (
    /** @type {OffscreenCanvasRenderingContext2D} */
    canvas2.getContext("2d")
  );
  context.fillStyle = palette2.inks.background;
  context.fillRect(0, 0, canvas2.width, canvas2.height);
  context.drawImage(parts.ruler, left * scale, 0);
  for (const layer of [parts.lanes, parts.overlay, parts.hover]) {
    context.drawImage(layer, left * scale, RULER_PX * scale);
  }
  context.scale(scale, scale);
  drawLabels(
    /** @type {any} */
    context,
    palette2.inks.ink,
    layers.rows(scene),
    scene.top,
    left
  );
  return canvas2.convertToBlob({ type: "image/png" });
}
async function svg(app) {
  drawn(app);
  const { parts, scene, palette: palette2, layers, options: options2 } = app;
  const { width, height } = scene;
  const left = parts.labels.clientWidth;
  const [wide, high] = [left + width, RULER_PX + height];
  const image = await dataAddress(parts.lanes);
  const plotPlace = { width, height, x: left, y: RULER_PX, overflow: "hidden" };
  const [ruler2, labels] = [svgElement("svg", { width, height: RULER_PX, x: left, overflow: "hidden" }), svgElement("g", {})];
  const labelPlace = svgElement("svg", { width: left, height, y: RULER_PX, overflow: "hidden" }, labels);
  const plot = svgElement("svg", plotPlace, svgElement("image", { href: image, width, height, preserveAspectRatio: "none" }));
  layers.ruler(new SvgContext(ruler2).context, scene);
  layers.over(new SvgContext(plot).context, scene);
  layers.marked(new SvgContext(plot).context, scene);
  drawLabels(new SvgContext(labels).context, palette2.inks.ink, layers.rows(scene), scene.top, left, 0);
  const root = svgElement(
    "svg",
    { width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, role: "img" },
    svgElement("title", {}, xmlText(options2.title)),
    svgElement("desc", {}, xmlText(parts.summary.textContent ?? "")),
    svgElement("rect", { width: wide, height: high, fill: palette2.inks.background }),
    ruler2,
    labelPlace,
    plot
  );
  return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
}
function drawn(app) {
  app.redraw();
  app.draw();
}
function drawLabels(context, ink, rows, top, left, above = RULER_PX) {
  context.font = LABEL_FONT;
  context.textBaseline = "middle";
  context.fillStyle = ink;
  for (const row of rows) {
    const inset = row.kind === "heading" || row.kind === "group" ? 8 : 20;
    context.fillText(fitted(context, row.label, left - inset - 4), inset, above + row.y - top + row.height / 2);
  }
}
function fitted(context, text, room) {
  let short2 = text;
  while (short2.length > 1 && context.measureText(short2).width > room) short2 = `${short2.slice(0, -2)}…`;
  return short2;
}

// src/timeline/search.js
var MOST2 = 30;
function find(recording, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const id = /^g?\s*(\d+)$/.exec(wanted)?.[1];
  const hits = [];
  const { functions } = recording;
  for (let lane = 0; lane < functions.length && hits.length < MOST2; lane++) {
    const own = recording.goroutineId(lane);
    const byName = id === void 0 && functions[lane].toLowerCase().includes(wanted);
    if (byName || String(own) === id) hits.push({ label: `G ${own} ${functions[lane]}`, lane });
  }
  if (id === void 0 && hits.length < MOST2) hits.push(...byStack(recording, wanted, MOST2 - hits.length));
  return hits;
}
function byStack(recording, wanted, room) {
  const { columns, texts, lives, functions } = recording;
  const { stack_first: first, stack_frame: frame, frame_function: name, stack } = columns;
  const named = new Int32Array(first.length).fill(-1);
  const matches = texts.map((text) => text.toLowerCase().includes(wanted));
  for (let one2 = 1; one2 < first.length; one2++) {
    for (let k = first[one2 - 1]; k < first[one2]; k++) if (matches[name[frame[k]]]) named[one2] = name[frame[k]];
  }
  const hits = [];
  for (let lane = 0; lane < functions.length && hits.length < room; lane++) {
    if (functions[lane].toLowerCase().includes(wanted)) continue;
    for (let i = lives.first[lane]; i < lives.first[lane + 1]; i++) {
      const text = named[stack[i]];
      if (text < 0) continue;
      hits.push({ label: `G ${recording.goroutineId(lane)} in ${texts[text]}`, lane });
      break;
    }
  }
  return hits;
}
function addSearch(app) {
  const field = element("input", { type: "search", placeholder: "function or G number", "aria-label": "Search", size: "18" });
  const results = element("div", { class: "tl-results", role: "group", "aria-label": "Found" });
  results.hidden = true;
  const go = (hit) => {
    const { view } = app;
    pinGoroutine(app, hit.lane, (view.t0 + view.t1) / 2);
    if (!app.pinned) pinGoroutine(app, hit.lane, app.recording.lives.start[app.recording.lives.first[hit.lane]]);
    results.hidden = true;
    app.parts.plot.focus({ preventScroll: true });
  };
  field.addEventListener("input", () => {
    const hits = find(app.recording, field.value);
    results.hidden = !field.value.trim();
    const said2 = hits.length ? `${hits.length}${hits.length === MOST2 ? " or more" : ""} found` : "nothing found";
    results.replaceChildren(
      element("div", { class: "tl-faint" }, said2),
      ...hits.map((hit) => button(hit.label, hit.label, () => go(hit)))
    );
    app.parts.status.textContent = said2;
  });
  const keys = (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && event.target === field) {
      const [hit] = find(app.recording, field.value);
      if (hit) go(hit);
    } else if (event.key === "Escape") {
      results.hidden = true;
      app.parts.plot.focus({ preventScroll: true });
    }
  };
  for (const node of [field, results]) node.addEventListener("keydown", keys);
  app.parts.tools.prepend(element("div", { class: "tl-search" }, field, results));
  return () => {
    field.focus();
    field.select();
  };
}

// src/timeline/share.js
function addLink(app, address) {
  const { tools, status } = app.parts;
  const field = element("input", { type: "text", readonly: "", "aria-label": "Link to this view", size: "24" });
  field.hidden = true;
  const copy = async () => {
    const link = address();
    try {
      await navigator.clipboard.writeText(link);
      status.textContent = "The link to this view is copied.";
    } catch {
      field.value = link;
      field.hidden = false;
      field.select();
      status.textContent = "Copy the link to this view from the field.";
    }
  };
  tools.append(button("Copy link", "Copy link to this view", () => void copy()), field);
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
    const text = Object.hasOwn(files, frame.file) ? files[frame.file] : null;
    const place = `${frame.file}:${frame.line}`;
    const lab = jupyterlab();
    const tools = element("div", { class: "tl-tools" });
    if (lab) tools.append(button("Open in JupyterLab", `Open in JupyterLab: ${place}`, () => void open(lab, frame)));
    tools.append(button("Close", "Close the source", () => this.node.hidden = true));
    this.node.replaceChildren(
      element("h3", {}, frame.function),
      element("div", { class: "tl-faint" }, place),
      tools,
      text === null ? element("p", {}, "This file did not travel with the view.") : listing(text, frame)
    );
    this.node.hidden = false;
    const line = (
      /** @type {HTMLElement | null} */
      this.node.querySelector("[aria-current]")
    );
    const box2 = this.node.querySelector("pre");
    if (line && box2) box2.scrollTop = line.offsetTop - box2.clientHeight / 2;
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
function listing(text, { line, file }) {
  const lines = text.split("\n");
  const from = Math.max(0, line - LINES_AROUND);
  const rows = lines.slice(from, line + LINES_AROUND).map((code, k) => {
    const number = from + k + 1;
    const row = element("span", { class: "tl-line" }, element("span", { class: "tl-number" }, String(number)), code || " ");
    if (number === line) row.setAttribute("aria-current", "location");
    return row;
  });
  return element("pre", { tabindex: "0", "aria-label": `${file}, line ${line}` }, ...rows);
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

// src/timeline/table_view.js
var PIECES = 200;
function addTable(app) {
  const attributes = { class: "tl-panel tl-table", "aria-label": "Table of the view", tabindex: "0" };
  const panel = element("section", attributes);
  panel.hidden = true;
  const toggle = button("Table", "The view as a table", () => {
    panel.hidden = !panel.hidden;
    toggle.setAttribute("aria-expanded", String(!panel.hidden));
    draw();
  });
  toggle.setAttribute("aria-expanded", "false");
  const draw = () => {
    if (!panel.hidden) panel.replaceChildren(...content(app));
  };
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    if (!panel.hidden) timer = window.setTimeout(draw, 200);
  };
  app.signal.addEventListener("abort", () => clearTimeout(timer));
  for (
    const change of
    /** @type {const} */
    ["view", "rows", "pin"]
  ) app.on(change, soon);
  app.parts.tools.append(toggle);
  app.parts.panels.append(panel);
}
function content(app) {
  const { view, recording, lanes } = app;
  const origin = recording.bounds.begin;
  const rows = lanes.rows.filter((row) => !["heading", "counter", "queue", "runnable", "g"].includes(row.kind));
  const times = new Float64Array(STATES);
  const body = rows.map((row) => {
    lanes.times(row, view, 1, times);
    return [row.label, mix(times)];
  });
  const title = `${moment(view.t0 - origin, 1)} to ${moment(view.t1 - origin, 1)}, ${duration(view.t1 - view.t0)}`;
  return [element("h3", {}, title), table("Share of time by row", ["row", "states"], body), ...piecesOf(app)];
}
function piecesOf({ pinned, lanes, view, recording }) {
  const shown = pinned && lanes.lives(pinned.row);
  if (!shown) return [];
  const { start: start2, state, first } = shown.recorded;
  const rows = [];
  for (let i = first[pinned.row.lane]; i < first[pinned.row.lane + 1] - 1 && rows.length < PIECES; i++) {
    if (start2[i + 1] < view.t0 || start2[i] > view.t1) continue;
    rows.push([LABELS[state[i]], moment(start2[i] - recording.bounds.begin, 1), duration(start2[i + 1] - start2[i])]);
  }
  return [table(`${pinned.row.label}: its first ${rows.length} spans in view`, ["state", "from", "duration"], rows)];
}
function summary(lanes) {
  const { recording } = lanes;
  const { begin, end } = recording.bounds;
  const times = new Float64Array(STATES);
  const parts = [
    `${recording.meta.spans} spans of ${recording.functions.length} goroutines on ${lanes.procs.number.length} Ps in ${duration(end - begin)}.`
  ];
  for (const row of lanes.rows.filter((one2) => one2.kind === "p").slice(0, 8)) {
    lanes.times(row, { t0: begin, t1: end }, 1, times);
    parts.push(`${row.label}: ${mix(times)}.`);
  }
  const waiting = lanes.rows.find((row) => row.kind === "runnable");
  const counts = waiting && lanes.counts(waiting);
  if (counts) {
    columnCounts(counts, begin, end, 1, times);
    const mean = times.reduce((sum, time, s) => LABELS[s] === "runnable" ? sum + time : sum, 0) / (end - begin);
    parts.push(`Runnable goroutines: ${mean.toPrecision(3)} as a mean, ${counts.peak} at most.`);
  }
  return parts.join(" ");
}

// src/timeline/tooltip.js
var MARKS = 5;
var NEAR_PX = 3;
function followPointer(app) {
  const show = () => {
    const { tooltip, plot, root } = app.parts;
    const lines = app.pointer ? content2(app) : null;
    tooltip.hidden = !lines;
    if (!lines || !app.pointer) return;
    tooltip.replaceChildren(...lines);
    const [inside, outside] = [plot.getBoundingClientRect(), root.getBoundingClientRect()];
    const x = inside.left - outside.left + app.pointer.x;
    const left = x + 14 + tooltip.offsetWidth > outside.width ? x - 14 - tooltip.offsetWidth : x + 14;
    const lowest = Math.max(0, window.innerHeight - 4 - tooltip.offsetHeight);
    const top = Math.min(inside.top + app.pointer.y + 14, lowest) - outside.top;
    tooltip.style.transform = `translate(${Math.max(0, left)}px, ${top}px)`;
  };
  app.on("hover", show);
  app.parts.plot.addEventListener("pointerleave", () => app.parts.tooltip.hidden = true, { signal: app.signal });
}
function content2(app) {
  if (!app.pointer) return null;
  const { row, t } = app.placeAt(app.pointer.x, app.pointer.y);
  if (!row || row.kind === "heading") return null;
  const { width, view } = app.scene;
  const step = (view.t1 - view.t0) / width;
  const at = `${moment(t - app.recording.bounds.begin, step)}, a pixel is ${duration(step)}`;
  const own = markTexts(marksIn(app.lanes.marksOf(row), t - NEAR_PX * step, t + NEAR_PX * step));
  const texts = [.../* @__PURE__ */ new Set([...own, ...ofRunning(app, row, t)])].slice(0, MARKS);
  const marks = [...texts, ...ranges(app, t, step)].map((name) => element("div", { class: "tl-mark" }, name));
  const said2 = app.hovered ? ofPiece(app, app.hovered, t, step) : ofCounts(app, row, t, step);
  return [...said2, ...marks, element("div", { class: "tl-faint" }, at)];
}
function ofRunning({ hovered, lanes, recording }, row, t) {
  if (row.kind !== "p" || !hovered || hovered.source < 0) return [];
  const lane = recording.lives.laneOf(hovered.source);
  return markTexts(marksIn(lanes.marksOf({ ...row, kind: "g", lane }), t, t));
}
function ofPiece(app, found, t, step) {
  const { title, facts, stacks } = describe(app.lanes, found);
  const lines = [element("strong", {}, title)];
  lines.push(...facts.slice(0, 8).map(([name, value]) => element("div", {}, name ? `${name}: ${value}` : value)));
  const both = stacks.map(({ name, frames }) => {
    const all2 = frames.map((frame) => element("div", { class: "tl-frame" }, frame.function));
    return element("div", {}, element("div", { class: "tl-faint" }, name), ...all2);
  });
  lines.push(element("div", { class: "tl-both" }, ...both));
  const shown = app.lanes.lives(found.row);
  if (shown && found.end - found.start < step) {
    const times = new Float64Array(STATES);
    columnTimes(shown.recorded, found.row.lane, t - step / 2, t + step / 2, 1, times);
    lines.unshift(element("div", {}, `This pixel: ${mix(times)}`));
  }
  return lines;
}
function ofCounts(app, row, t, step) {
  const counts = app.lanes.counts(row);
  const lines = [element("strong", {}, row.label)];
  const strip = app.lanes.strip(row);
  if (strip) lines.push(...ofStrip(strip, row.kind, t, step).map((text) => element("div", {}, text)));
  if (!counts) return lines;
  const times = new Float64Array(STATES);
  columnCounts(counts, t - step / 2, t + step / 2, 1, times);
  const unit = row.kind === "region" ? "open here" : "goroutines here, as a mean";
  lines.push(element("div", {}, `${unit}: ${means(times, step)}`));
  lines.push(element("div", {}, `full height: ${counts.peak}`));
  return lines;
}
function ofStrip(strip, kind, t, step) {
  const value = valueAt(strip, t);
  if (!value) return ["not recorded yet"];
  const [low, high] = [said(strip, value.least), said(strip, value.most)];
  const lines = [low === high ? low : `between ${low} and ${high} in these ${duration(strip.binNs)}`];
  const { mean, peak } = stripColumns(strip, { t0: t - step / 2, t1: t + step / 2 }, 1);
  if (peak[0] !== mean[0] && !strip.binNs) {
    lines.push(`this pixel: ${said(strip, mean[0])} as a mean, at most ${said(strip, peak[0])}`);
  }
  lines.push(`full height: ${said(strip, strip.top)}`);
  if (kind === "queue") lines.push("reconstructed: an estimate from the trace and the scheduler's rules");
  return lines;
}
function ranges(app, t, step) {
  const hits = app.recording.ranges.filter(({ start: start2, end }) => start2 <= t + step / 2 && end >= t - step / 2);
  return [...new Set(hits.map(({ name, start: start2, end }) => `${name}, ${duration(end - start2)}`))].slice(0, 3);
}

// src/timeline/view_state.js
var SETTLED_MS = 250;
function keepView(app, model) {
  const key2 = String(model.get("group") || model.get("heading") || "timeline");
  const address = !model.get("_model_module");
  restore(app, model.get("view"));
  if (address) restore(app, fromHash(location.hash, key2));
  let timer = 0;
  let own = "";
  const write = () => {
    clearTimeout(timer);
    const value = saved(app);
    own = JSON.stringify(value);
    model.set("view", value);
    model.save_changes();
    if (address) history.replaceState(null, "", toHash(location.hash, key2, value));
  };
  const save = () => {
    clearTimeout(timer);
    timer = window.setTimeout(write, SETTLED_MS);
  };
  const changed = () => {
    const value = model.get("view");
    if (JSON.stringify(value) !== own) restore(app, value);
  };
  for (
    const change of
    /** @type {const} */
    ["view", "pin", "filter", "rows"]
  ) app.on(change, save);
  model.on("change:view", changed);
  app.signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("change:view", changed);
  });
  if (!address) return null;
  return () => {
    write();
    return location.href;
  };
}
function saved(app) {
  const { view, pinned, lanes, parts } = app;
  return {
    t0: view.t0,
    t1: view.t1,
    scroll: Math.round(parts.scroller.scrollTop),
    open: [...lanes.open].sort(),
    living: lanes.window !== null,
    wakes: app.allWakes,
    steals: app.allSteals,
    filters: Object.fromEntries(Object.entries(lanes.filter).filter(([, value]) => value !== void 0 && value !== "")),
    pin: pinned && { kind: pinned.row.kind, id: numberOf(lanes, pinned.row), t: (pinned.start + pinned.end) / 2 }
  };
}
function restore(app, value) {
  if (!value || typeof value !== "object") return;
  const given = (
    /** @type {Partial<Saved>} */
    value
  );
  if (Array.isArray(given.open)) {
    app.lanes.open = new Set(given.open.map(String));
    app.lanes.arrange();
    app.rearranged();
  }
  if (given.filters) app.setFilter(checkedFilter(given.filters));
  if (Number.isFinite(given.t0) && Number.isFinite(given.t1)) {
    app.show({ t0: Number(given.t0), t1: Number(given.t1) });
  }
  if (typeof given.living === "boolean" && given.living !== (app.lanes.window !== null)) {
    app.showOnlyLiving(given.living);
  }
  if (typeof given.wakes === "boolean" && given.wakes !== app.allWakes) app.showAllWakes(given.wakes);
  if (typeof given.steals === "boolean" && given.steals !== app.allSteals) app.showAllSteals(given.steals);
  const { pin } = given;
  if (pin && typeof pin === "object") {
    const row = rowOf(app, pin);
    if (row) app.pin(app.lanes.at(row, Number(pin.t)));
    if (row && !Number.isFinite(given.scroll)) app.reveal(row);
  } else if (pin === null) app.pin(null);
  if (Number.isFinite(given.scroll)) app.parts.scroller.scrollTop = Number(given.scroll);
}
function rowOf(app, { kind, id }) {
  const find2 = () => app.lanes.rows.find((one2) => one2.kind === kind && numberOf(app.lanes, one2) === id);
  const found = find2();
  if (found || kind !== "g") return found;
  const { recording, kept } = app.lanes;
  const lane = recording.functions.findIndex((_, one2) => recording.goroutineId(one2) === id);
  if (lane < 0 || kept && !kept[lane]) return void 0;
  app.openGoroutine(lane);
  return find2();
}
function numberOf(lanes, row) {
  if (row.kind === "p") return lanes.procs.number[row.lane];
  if (row.kind === "m") return lanes.recording.meta.threads[lanes.threads.number[row.lane]];
  return row.kind === "g" ? lanes.recording.goroutineId(row.lane) : row.lane;
}
function fromHash(hash, key2) {
  const text = new URLSearchParams(hash.replace(/^#/, "")).get(key2);
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
function toHash(hash, key2, value) {
  const all2 = new URLSearchParams(hash.replace(/^#/, ""));
  all2.set(key2, JSON.stringify(value));
  return `#${all2}`;
}

// src/timeline/start.js
async function start(model, el, outer) {
  const stop = new AbortController();
  outer?.addEventListener("abort", () => stop.abort(), { once: true });
  const root = widgetRoot(el, "timeline");
  const began = performance.now();
  const decoded = await decode(model.get("data"));
  const inflated = performance.now();
  const recording = new Recording(decoded);
  const lanes = new Lanes(recording, model.get("lanes"));
  const built = performance.now();
  const app = new App(root, lanes, options(model), stop.signal);
  app.times = { start_ms: began, decode_ms: inflated - began, build_ms: built - inflated };
  const search = addSearch(app);
  const { help } = addTools(app);
  addFilters(app);
  addTable(app);
  addPicture(app);
  addLegend(app);
  addPanels(app, new SourcePanel(model.get("sources")));
  followPointer(app);
  listen(app, { search, help });
  const address = keepView(app, model);
  if (address) addLink(app, address);
  keepTogether(app, String(model.get("group") ?? ""));
  root.dataset.spans = String(lanes.recording.meta.spans);
  root.timeline = app;
  app.draw();
  app.parts.summary.textContent = summary(lanes);
  return () => stop.abort();
}
function options(model) {
  const id = `tl-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
  const title = model.get("heading") || "Timeline";
  return { title, height: Number(model.get("height")) || 460, renderer: String(model.get("renderer") ?? ""), id };
}

// src/widgets/timeline.js
var timeline_default = {
  /**
   * @param {{model: import("../timeline/start.js").Model, el: HTMLElement, signal?: AbortSignal}} props
   */
  render({ model, el, signal }) {
    return start(model, el, signal);
  }
};
export {
  timeline_default as default
};
