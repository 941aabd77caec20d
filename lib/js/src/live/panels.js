// What is drawn where: the charts and heat maps of the view.

/**
 * @typedef {import("./history.js").History} History
 * @typedef {import("./history.js").Scalar} Scalar
 *
 * @typedef {object} Line
 * @property {string} label
 * @property {string} colour  a custom property of live.css
 * @property {number[]} [dash]
 * @property {(history: History) => Float64Array} values
 *
 * @typedef {object} Panel
 * @property {string} name
 * @property {string} title
 * @property {string} unit  "" or "bytes"
 * @property {string[]} parts  of these, as a source names them, it shows something
 * @property {(history: History) => Line[]} lines
 * @property {{label: string, unit: string, values: (history: History) => Float64Array}[]} [readings]  numbers only
 */

/** More run queues than these are shown as their sum and the longest. */
const MOST_QUEUES = 8;

/**
 * @param {string} label
 * @param {string} colour
 * @param {Scalar} name
 * @param {number[]} [dash]
 * @returns {Line}
 */
function line(label, colour, name, dash) {
  return { label, colour, dash, values: (history) => history.scalar(name) };
}

/** @type {Panel[]} */
export const PANELS = [
  {
    name: "goroutines",
    title: "Goroutines by state",
    unit: "",
    parts: ["goroutines", "states"],
    lines: () => [
      line("all", "live-all", "goroutines", [6, 3]),
      line("running", "live-running", "running"),
      line("runnable", "live-runnable", "runnable"),
      line("waiting (and the runtime's own)", "live-waiting", "waiting", [2, 3]),
      line("in a system call or C", "live-syscall", "not_in_go", [8, 3, 2, 3]),
    ],
  },
  {
    name: "queues",
    title: "Run queues",
    unit: "",
    parts: ["queues"],
    lines: (history) => [line("global", "live-all", "runq_global", [6, 3]), ...queues(history)],
  },
  {
    name: "threads",
    title: "Threads and Ps",
    unit: "",
    parts: ["threads", "queues"],
    lines: () => [
      line("threads", "live-all", "threads", [6, 3]),
      line("idle threads", "live-waiting", "idle_threads", [2, 3]),
      line("spinning threads", "live-runnable", "spinning_threads"),
      line("Ps", "live-running", "gomaxprocs"),
      line("idle Ps", "live-syscall", "idle_procs", [8, 3, 2, 3]),
    ],
  },
  {
    name: "heap",
    title: "Heap and the collector's goal",
    unit: "bytes",
    parts: ["heap"],
    lines: () => [line("heap", "live-running", "heap_bytes"), line("goal", "live-runnable", "goal_bytes", [6, 3])],
    readings: [{ label: "collections", unit: "", values: (history) => history.scalar("gc_cycles") }],
  },
];

/**
 * @param {History} history
 * @returns {Line[]}
 */
function queues(history) {
  if (history.procs > MOST_QUEUES) {
    return [
      { label: "all Ps together", colour: "live-running", values: (one) => over(one, (a, b) => a + b) },
      { label: "the longest P's", colour: "live-runnable", dash: [2, 3], values: (one) => over(one, Math.max) },
    ];
  }
  const dashes = [[], [8, 3], [2, 3], [8, 3, 2, 3]];
  return Array.from({ length: history.procs }, (_, p) => ({
    label: `P${p}`,
    colour: `live-p${p % 4}`,
    dash: dashes[(p >> 2) + (p % 4 > 1 ? 2 : 0)] ?? [],
    values: (/** @type {History} */ one) => one.queue(p),
  }));
}

/**
 * @param {History} history
 * @param {(a: number, b: number) => number} join
 */
function over(history, join) {
  const all = Array.from({ length: history.procs }, (_, p) => history.queue(p));
  return Float64Array.from(history.times, (_, i) => {
    const values = all.map((queue) => queue[i]).filter((value) => !Number.isNaN(value));
    return values.length ? values.reduce(join) : NaN;
  });
}

/** @type {{name: import("./history.js").Histogram, title: string, part: string, what: string}[]} */
export const HEATS = [
  { name: "latencies", title: "Runnable, until it ran", part: "latencies", what: "waits" },
  { name: "pauses", title: "The world was stopped for", part: "heap", what: "pauses" },
];
