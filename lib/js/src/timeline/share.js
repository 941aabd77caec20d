// A link to what is seen, where the page's address holds it.

import { element } from "../dom.js";
import { button } from "./layout.js";

/**
 * @param {import("./app.js").App} app
 * @param {() => string} address  of what is seen now
 */
export function addLink(app, address) {
  const { tools, status } = app.parts;
  const field = element("input", { type: "text", readonly: "", "aria-label": "Link to this view", size: "24" });
  field.hidden = true;
  const copy = async () => {
    const link = address();
    try {
      await navigator.clipboard.writeText(link);
      status.textContent = "The link to this view is copied.";
    } catch {
      // A page may not be allowed to copy; then the reader does.
      field.value = link;
      field.hidden = false;
      field.select();
      status.textContent = "Copy the link to this view from the field.";
    }
  };
  tools.append(button("Copy link", "Copy link to this view", () => void copy()), field);
}
