// The picture: SVG elements, each kept for the same box or token, so that they can move.

import { GLOBAL, HAND, LOCAL, NOBODY, RUNNEXT, RUNNING, SYSCALL, UNQUEUED, WAITING } from "./events.js";

/**
 * @typedef {import("./events.js").Events} Events
 * @typedef {import("./state.js").State} State
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {{from: {x: number, y: number}, to: {x: number, y: number}} | null} Trail
 * @typedef {object} Marks
 * @property {Trail} trail  the way of the token that moved
 * @property {string} now  its key
 * @property {number[]} procs  indices of the Ps that this event is about
 * @property {number} chosen  the goroutine that is followed
 * @property {string} focused  the token that Tab comes to
 */

const SVG = "http://www.w3.org/2000/svg";

/** State of a goroutine by its place: what colour and shape say, and the word for it. */
export const LOOKS = /** @type {Record<number, {name: string, word: string}>} */ ({
  [RUNNEXT]: { name: "runnable", word: "runnable" },
  [LOCAL]: { name: "runnable", word: "runnable" },
  [GLOBAL]: { name: "runnable", word: "runnable" },
  [HAND]: { name: "runnable", word: "runnable" },
  [UNQUEUED]: { name: "runnable", word: "runnable" },
  [RUNNING]: { name: "running", word: "running" },
  [SYSCALL]: { name: "syscall", word: "in a system call" },
  [WAITING]: { name: "waiting", word: "waiting" },
});
export const UNKNOWN_LOOK = { name: "unknown", word: "state not known" };

/** @param {string} tag @param {Record<string, string | number>} [attributes] @param {string} [text] */
export function svg(tag, attributes = {}, text = undefined) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return /** @type {SVGElement} */ (made);
}

export class Picture {
  /** @type {Map<string, SVGElement>} */
  #tokens = new Map();

  /** @param {Events} events */
  constructor(events) {
    this.events = events;
    this.root = /** @type {SVGSVGElement} */ (svg("svg", { class: "bd-picture", role: "group" }));
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
  draw(state, layout, marks) {
    const { width, height } = layout;
    this.root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.root.setAttribute("width", String(width));
    this.root.setAttribute("height", String(height));
    this.boxes.replaceChildren(...boxesOf(layout, state, this.events));
    for (const p of marks.procs) this.boxes.querySelector(`[data-box="p${p}"]`)?.classList.add("bd-now");
    this.trails.replaceChildren(...this.#trail(marks.trail));
    this.#tokensOf(state, layout, marks);
  }

  /** @param {string} key */
  token(key) {
    return this.#tokens.get(key);
  }

  /** @param {State} state @param {Layout} layout @param {Marks} marks */
  #tokensOf(state, layout, { now, chosen, focused }) {
    const gone = new Set(this.#tokens.keys());
    for (const [key, spot] of layout.tokens) {
      if (spot.hidden) continue;
      gone.delete(key);
      const number = Number(key.slice(1));
      const known = this.#tokens.get(key);
      const token = known ?? this.#add(key, layout.sizes);
      token.style.transform = `translate(${spot.x}px, ${spot.y}px)`;
      if (key[0] === "g") this.#dress(token, state, number, chosen);
      else token.setAttribute("aria-label", threadWords(this.events, state, number));
      token.classList.toggle("bd-now", key === now);
      token.setAttribute("tabindex", key === focused ? "0" : "-1");
    }
    for (const key of gone) {
      this.#tokens.get(key)?.remove();
      this.#tokens.delete(key);
    }
  }

  /** @param {string} key @param {Layout["sizes"]} sizes */
  #add(key, { tokenW, threadW, tokenH }) {
    const number = Number(key.slice(1));
    const thread = key[0] === "m";
    const w = thread ? threadW : tokenW;
    const token = svg("g", { class: thread ? "bd-token bd-thread" : "bd-token", "data-key": key, role: "img" });
    token.append(
      svg("path", { d: thread ? trapezoid(w, tokenH) : shape("runnable", w, tokenH), class: "bd-shape" }),
      svg("text", { class: "bd-name", "text-anchor": "middle", y: 4.5, "aria-hidden": "true" }, thread ? this.events.mName(number) : this.events.gName(number)),
    );
    token.dataset.width = String(w);
    token.dataset.height = String(tokenH);
    this.tokens.append(token);
    this.#tokens.set(key, token);
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
    // Bent, so that the way there and the way back do not lie on one another.
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = Math.hypot(dx, dy);
    const [bx, by] = [(from.x + to.x) / 2 - (dy / length) * 18, (from.y + to.y) / 2 + (dx / length) * 18];
    const end = { x: to.x - (dx / length) * 16, y: to.y - (dy / length) * 16 };
    return [svg("path", { d: `M${from.x},${from.y} Q${bx},${by} ${end.x},${end.y}`, class: "bd-trail", "marker-end": `url(#${this.arrow})` })];
  }
}

/** @param {Layout} layout @param {State} state @param {Events} events */
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
  made.push(...more.map(({ key, x, y, text }) => svg("text", { class: "bd-more", x, y: y + 4.5, "data-more": key }, text)));
  if (state.why >= 0) {
    const world = boxes.find((box) => box.kind === "global");
    if (world) made.push(svg("text", { class: "bd-stopped", x: world.x + world.w / 2, y: world.y + 17, "text-anchor": "middle" }, `✋ ${events.meta.reasons[state.why]}`));
  }
  return made;
}

/** @param {Events} events @param {State} state @param {number} m */
function threadWords(events, state, m) {
  const p = state.threadP[m];
  return `${events.mName(m)}, a thread, ${p === NOBODY ? "without a P" : `has P${events.meta.procs[p]}`}`;
}

/**
 * The outline of a token around (0, 0): running a pill, runnable a box, waiting an ellipse, in a system call a hexagon.
 *
 * @param {string} state
 * @param {number} w
 * @param {number} h
 */
export function shape(state, w, h) {
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

/** An M. @param {number} w @param {number} h */
function trapezoid(w, h) {
  const [a, b] = [w / 2, h / 2];
  return `M${6 - a},${-b} H${a - 6} L${a},${b} H${-a} Z`;
}
