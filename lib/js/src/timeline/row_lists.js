// The rows of a timeline from top to bottom: sections, and what is in those that are open.

/**
 * @typedef {Omit<import("./rows.js").Row, "y" | "height">} Listed
 */

const [TASK, REGION] = [1, 2];

/**
 * @param {import("./lanes.js").Lanes} lanes
 * @returns {Listed[]}
 */
export function rowsOf(lanes) {
  const { wanted, open } = lanes;
  /** @type {Listed[]} */
  const rows = [];
  /** @param {string} label @param {number} count @param {() => Listed[]} inside */
  const section = (label, count, inside) => {
    const detail = count ? String(count) : "";
    rows.push({ kind: "heading", lane: 0, label, detail, open: open.has(label) });
    if (open.has(label)) rows.push(...inside());
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

/**
 * @param {import("./rows.js").RowKind} kind
 * @param {number} lane
 * @param {string} label
 * @param {string} [detail]
 * @returns {Listed}
 */
function one(kind, lane, label, detail = "") {
  return { kind, lane, label, detail };
}

/** @param {import("./lanes.js").Lanes} lanes */
function queueRows({ recording, counters: recorded }) {
  const rows = recording.functions.length ? [one("runnable", 0, "Runnable goroutines")] : [];
  recording.columns.queue_p.forEach((/** @type {number} */ p, /** @type {number} */ k) => {
    rows.push(one("queue", k, p ? `P ${p - 1} run queue` : "Global run queue", "≈"));
  });
  return [...rows, ...recorded.map(({ label }, k) => one("counter", k, label))];
}

/** @param {import("./lanes.js").Lanes} lanes */
function goroutineRows(lanes) {
  /** @type {Listed[]} */
  const rows = [];
  lanes.groups.forEach(({ name, lanes: own }, number) => {
    const seen = lanes.kept || lanes.window ? own.filter((lane) => isWanted(lanes, lane)) : own;
    if (!seen.length) return;
    const open = lanes.open.has(groupKey(name));
    rows.push({ ...one("group", number, name || "(no stack seen)", String(seen.length)), open });
    if (!open) return;
    for (const lane of seen) {
      const tall = lanes.hasRegions(lane);
      rows.push({ ...one("g", lane, `G ${lanes.recording.goroutineId(lane)}`, name), tall });
    }
  });
  return rows;
}

/**
 * @param {import("./lanes.js").Lanes} lanes
 * @param {number} lane
 */
function isWanted({ kept, window, recording }, lane) {
  if (kept && !kept[lane]) return false;
  const { start, first } = recording.lives;
  return !window || (start[first[lane]] < window.t1 && start[first[lane + 1] - 1] > window.t0);
}

/** The name under which a group is kept in `open`. @param {string} name */
export function groupKey(name) {
  return `group ${name}`;
}

/** Counters of the whole program; that of a P has the P's number before it. @type {[string, string][]} */
const COUNTERS = [
  ["/memory/classes/heap/objects:bytes", "Heap"],
  ["/gc/heap/goal:bytes", "Heap goal"],
  ["/sched/gomaxprocs:threads", "GOMAXPROCS"],
  ["sched.runqueue", "Global run queue"],
  ["sched.runq", "run queue"],
  ["sched.threads", "Threads"],
  ["sched.idlethreads", "Idle threads"],
  ["sched.spinningthreads", "Spinning threads"],
  ["sched.idleprocs", "Idle Ps"],
  ["sched.gomaxprocs", "GOMAXPROCS"],
];

/**
 * The counters that a capture has.
 *
 * @param {import("./model.js").Recording} recording
 * @returns {{name: number, p: number, label: string}[]} `name` is a number of texts, `p` is -1 for all Ps
 */
export function counters({ columns, texts }) {
  const { counter_name: names, counter_p: ps } = columns;
  /** @type {Map<number, Set<number>>} */
  const found = new Map();
  for (let i = 0; i < names.length; i++) {
    const known = found.get(names[i]);
    if (known) known.add(ps[i] - 1);
    else found.set(names[i], new Set([ps[i] - 1]));
  }
  return COUNTERS.flatMap(([wanted, label]) => {
    const name = texts.indexOf(wanted);
    const all = [...(found.get(name) ?? [])].sort((a, b) => a - b);
    return all.map((p) => ({ name, p, label: p < 0 ? label : `P ${p} ${label}` }));
  });
}

/** @param {import("./model.js").Recording} recording */
export function regionNames({ columns, texts }) {
  const found = new Set();
  columns.mark_kind.forEach((/** @type {number} */ kind, /** @type {number} */ i) => {
    if (kind === TASK || kind === REGION) found.add(texts[columns.mark_name[i]]);
  });
  return [...found].sort();
}
