// The names of the rows that are seen, left of the plot. Groups and headings are buttons that open and close.

import { element } from "../dom.js";
import { groupKey } from "./row_lists.js";
import { shortName } from "./overlay.js";

export class Labels {
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
    const key = JSON.stringify([rows.map((row) => [row.kind, row.lane, row.open, row.detail, row === focused])]);
    if (key !== this.#key) {
      this.#key = key;
      const had = labels.contains(document.activeElement) ? document.activeElement?.getAttribute("data-name") : null;
      labels.replaceChildren(...rows.map((row) => this.#label(row, row === focused)));
      if (had) {
        const again = [...labels.querySelectorAll("button")].find((one) => one.dataset.name === had);
        again?.focus({ preventScroll: true });
      }
    }
    rows.forEach((row, number) => {
      const node = /** @type {HTMLElement} */ (labels.children[number]);
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
      ...(detail ? [element("span", { class: "tl-detail" }, detail)] : []),
    ];
    const attributes = {
      class: `tl-label tl-label-${row.kind}${focused ? " tl-label-focused" : ""}`,
      title: row.detail && row.kind === "g" ? `${row.label} ${row.detail}` : row.label,
    };
    if (row.open === undefined) return element("div", attributes, ...inside);
    const key = row.kind === "group" ? groupKey(this.#app.lanes.groups[row.lane].name) : row.label;
    const button = element(
      "button",
      { ...attributes, type: "button", "aria-expanded": String(row.open), "data-name": key },
      ...inside,
    );
    button.addEventListener("click", () => this.#app.toggle(key));
    return button;
  }
}
