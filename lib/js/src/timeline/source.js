// The source of a frame, in the page: the files travel with the widget. JupyterLab can also open the file.

import { decode } from "../blob.js";
import { element } from "../dom.js";
import { button } from "./layout.js";

const LINES_AROUND = 400;

export class SourcePanel {
  node = element("section", { class: "tl-panel tl-source", "aria-label": "Source" });
  #data;
  /** @type {Promise<Record<string, string>> | null} */
  #files = null;

  /** @param {unknown} data  a blob of kind "sources", or nothing */
  constructor(data) {
    this.#data = /** @type {ArrayBufferView | undefined} */ (data);
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
    tools.append(button("Close", "Close the source", () => (this.node.hidden = true)));
    this.node.replaceChildren(
      element("h3", {}, frame.function),
      element("div", { class: "tl-faint" }, place),
      tools,
      text === null ? element("p", {}, "This file did not travel with the view.") : listing(text, frame),
    );
    this.node.hidden = false;
    const line = /** @type {HTMLElement | null} */ (this.node.querySelector("[aria-current]"));
    const box = this.node.querySelector("pre");
    if (line && box) box.scrollTop = line.offsetTop - box.clientHeight / 2;
    this.node.scrollIntoView({ block: "nearest" });
  }

  /** @returns {Promise<Record<string, string>>} */
  #loaded() {
    const none = !this.#data || !this.#data.byteLength;
    this.#files ??= none ? Promise.resolve({}) : decode(/** @type {ArrayBufferView} */ (this.#data)).then(({ meta }) => meta);
    return this.#files;
  }
}

/**
 * @param {string} text
 * @param {import("./model.js").StackFrame} frame
 */
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

/** JupyterLab's application, where it shows itself. @returns {any} */
function jupyterlab() {
  const { jupyterapp } = /** @type {any} */ (window);
  return jupyterapp?.commands?.execute && jupyterapp?.serviceManager?.contents ? jupyterapp : null;
}

/**
 * Opens the file if it is below the folder that JupyterLab shows; where that is, the page does not know, so
 * ever shorter ends of the path are tried.
 *
 * @param {any} lab
 * @param {import("./model.js").StackFrame} frame
 */
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
