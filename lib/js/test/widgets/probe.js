// A widget for the tests of the host, of exported pages and of the blob.
import { decode } from "../../src/blob.js";
import { element, markReady, widgetRoot } from "../../src/dom.js";
import { colours, followTheme } from "../../src/theme.js";

let loaded = 0;
loaded += 1; // stays 1 where the module is loaded once for all views

/** @param {{model: any, el: HTMLElement, signal: AbortSignal}} props */
async function render({ model, el, signal }) {
  if (model.get("fails")) throw new Error(model.get("text"));
  const root = widgetRoot(el, "probe");
  const words = element("p", { "data-part": "text" });
  const ink = element("p", { "data-part": "ink" });
  const button = element("button", { type: "button" }, "One more");
  const show = () => {
    words.textContent = `${model.get("text")} ${model.get("count")}`;
  };
  const paint = () => {
    ink.textContent = colours(root, ["schedlab-ink"])["schedlab-ink"];
  };
  root.append(words, ink, button);
  followTheme(root, { signal, onChange: paint });
  model.on("change:count", show);
  button.addEventListener("click", () => {
    model.set("count", model.get("count") + 1);
    model.save_changes();
  });
  show();
  paint();
  const { kind, meta, columns } = await decode(model.get("data"));
  let sum = 0;
  for (const value of columns.values) sum += value;
  root.append(element("p", { "data-part": "data" }, `${kind}: ${meta.name}: ${sum}; loaded ${loaded}`));
  markReady(root);
  return () => {
    model.off("change:count", show);
    root.dataset.ready = "false";
  };
}

/** @param {{model: any}} props */
function initialize({ model }) {
  model.set("count", model.get("count") + 100);
}

export default { initialize, render };
