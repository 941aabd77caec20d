// The heaviest functions as a table: the same, for those who do not see the picture.

import { element } from "../dom.js";
import { packageWords } from "./describe.js";
import { ofFunctions } from "./functions.js";
import { button, panel } from "./parts.js";
import { widest } from "./paths.js";
import { sum } from "./profile.js";
import { NONE, ROOT } from "./tree.js";
import { change, count, quantity, share, visible } from "./words.js";

const MOST = 100;

/** @typedef {"self" | "total" | "change"} Order */

/**
 * @typedef {{fn: number, self: number, total: number, before: number, change: number}} Row
 */

/**
 * Every function that took something, in an order; of equal ones, by name.
 *
 * @param {import("./profile.js").Profile} profile
 * @param {import("./profile.js").Weights} weights
 * @param {Order} order
 * @returns {Row[]}
 */
export function rows(profile, { before, after, factor }, order) {
  const late = ofFunctions(profile, after);
  const early = before === after ? late : ofFunctions(profile, before);
  const all = profile.functions.map((_, fn) => ({
    fn,
    self: late.self[fn],
    total: late.total[fn],
    before: early.total[fn],
    change: late.total[fn] - early.total[fn] * factor,
  }));
  const size = (/** @type {Row} */ row) => Math.abs(row[order]);
  const some = all.filter((row) => row.total || row.before);
  return some.sort((a, b) => size(b) - size(a) || profile.rank[a.fn] - profile.rank[b.fn]);
}

/** @param {import("./app.js").App} app */
export function addTable(app) {
  const section = panel("table", "Top functions");
  /** @type {Order} */
  let order = app.compares ? "change" : "self";
  const opener = button("Table", "The heaviest functions as a table", () => {
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
      /** @type {HTMLElement | null} */ (section.querySelector("[aria-sort] button"))?.focus();
    }));
  };
  app.on(["tree", "search"], update);
  app.parts.tools.append(opener);
  app.parts.panels.append(section);
}

/**
 * @param {import("./app.js").App} app
 * @param {Order} order
 * @param {(order: Order) => void} sort
 */
function content(app, order, sort) {
  const { profile, weights, found, unit, compares } = app;
  const all = rows(profile, weights, order).filter(({ fn }) => !found || found[fn]);
  const whole = sum(weights.after);
  /** @type {[string, Order | null, (row: Row) => string][]} */
  const columns = [
    ["self", "self", (row) => `${quantity(row.self, unit)} (${share(row.self, whole)})`],
    ["total", "total", (row) => `${quantity(row.total, unit)} (${share(row.total, whole)})`],
  ];
  if (compares) {
    columns.unshift(["before", null, (row) => quantity(row.before, unit)]);
    columns.push(["change", "change", (row) => change(row.change, unit)]);
  }
  columns.push(["package", null, ({ fn }) => packageWords(profile, fn)]);
  const head = columns.map(([title, by]) => {
    const cell = element("th", { scope: "col" }, by ? button(title, `Sort by ${title}`, () => sort(by)) : title);
    if (by === order) cell.setAttribute("aria-sort", "descending");
    return cell;
  });
  const body = all.slice(0, MOST).map((row) => {
    const name = visible(profile.functions[row.fn]);
    const show = button(name, `Select ${name} in the flame graph`, () => choose(app, row.fn));
    show.className = "fl-stack";
    const cells = columns.map(([, , said]) => element("td", {}, said(row)));
    return element("tr", {}, element("th", { scope: "row" }, show), ...cells);
  });
  const caption = `${count(all.length, "function")}${all.length > MOST ? `, the first ${MOST}` : ""}, by ${order}`;
  const top = element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "function"), ...head));
  const table = element("table", {}, element("caption", {}, caption), top, element("tbody", {}, ...body));
  return [element("div", { class: "fl-wide", tabindex: "0", role: "region", "aria-label": "Top functions" }, table)];
}

/**
 * @param {import("./app.js").App} app
 * @param {number} fn
 */
function choose(app, fn) {
  const node = widest(app.tree, fn);
  if (node === NONE) return app.say("It is not in this view.");
  if (!app.placeOf(node)) app.zoom(ROOT);
  app.select(node);
}
