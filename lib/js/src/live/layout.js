// The parts of the widget on the page.

import { element } from "../dom.js";

const KEYS = [
  ["Space, K", "pause, resume"],
  ["← →, A D", "back, forward (with Shift: a whole span)"],
  ["Home, End", "the oldest, the newest"],
  ["+ −", "a shorter, a longer stretch of time"],
];

/**
 * @param {HTMLElement} root
 * @param {{title: string, id: string}} options
 */
export function layout(root, { title, id }) {
  const heading = element("span", { class: "live-title", id: `${id}-title` }, title);
  const badge = element("span", { class: "live-badge" }, "live");
  const pause = button("Pause", "Pause");
  const newest = button("Newest", "Follow the newest");
  const back = button("←", "Back");
  const forward = button("→", "Forward");
  const shorter = button("+", "A shorter stretch of time");
  const longer = button("−", "A longer stretch of time");
  const png = button("PNG", "Save the view as a PNG file");
  const svg = button("SVG", "Save the view as an SVG file");
  const scrub = element("input", {
    type: "range",
    step: "any",
    class: "live-scrub",
    "aria-label": "The newest time that is seen",
  });
  const range = element("span", { class: "live-faint", "data-part": "range" });
  const when = element("span", { class: "live-faint", "data-part": "when" });
  const status = element("p", { class: "schedlab-sr-only", role: "status", "aria-live": "polite" });
  const end = element("p", { class: "live-end", role: "status", "data-part": "end" });
  const missed = element("p", { class: "live-missed", "data-part": "missed" });
  const panels = element("div", {
    class: "live-panels",
    tabindex: "0",
    role: "group",
    "aria-labelledby": `${id}-title`,
    "aria-describedby": `${id}-keys`,
  });
  const keys = element("details", { class: "live-keys" }, element("summary", {}, "Keys"));
  const list = element("dl", { id: `${id}-keys` });
  for (const [names, act] of KEYS) list.append(element("dt", {}, names), element("dd", {}, act));
  keys.append(list);
  const unknown = element("ul", { class: "live-unknown" });
  const tools = [pause, newest, back, forward, shorter, longer, png, svg];
  root.replaceChildren(
    element("div", { class: "live-bar" }, heading, badge, element("div", { class: "live-tools", role: "toolbar", "aria-label": "Time and pictures" }, ...tools)),
    element("div", { class: "live-bar" }, scrub, range, when),
    end,
    missed,
    panels,
    unknown,
    keys,
    status,
  );
  return { badge, pause, newest, back, forward, shorter, longer, png, svg, scrub, range, when, status, end, missed, panels, unknown };
}

/**
 * @param {string} text
 * @param {string} title
 */
function button(text, title) {
  const made = element("button", { type: "button", title }, text);
  if (text !== title) made.setAttribute("aria-label", title);
  return made;
}
