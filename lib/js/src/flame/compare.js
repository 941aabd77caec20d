// Two of several profiles side by side: which, how wide, and in what colours.

import { choice, toggle } from "./parts.js";
import { visible } from "./words.js";

/** @param {import("./app.js").App} app */
export function addCompare(app) {
  if (!app.compares) return;
  const { profile, parts } = app;
  const series = profile.series.map((name, k) => ({ value: String(k), words: visible(name) }));
  const from = choice("From", series, (value) => app.set({ before: Number(value) }));
  const to = choice("to", series, (value) => app.set({ after: Number(value) }));
  const widths = [
    { value: "both", words: "both together" },
    { value: "after", words: "after" },
    { value: "before", words: "before" },
  ];
  const width = choice("Width", widths, (value) => app.set({ width: /** @type {any} */ (value) }));
  const paints = [{ value: "change", words: "change" }, { value: "package", words: "package" }];
  const colour = choice("Colour", paints, (value) => app.set({ colour: /** @type {any} */ (value) }));
  const normalised = toggle("Compare shares", "Compare shares of each profile's total, not the values themselves", () =>
    app.set({ normalised: !app.state.normalised }),
  );
  if (series.length > 2) parts.compare.append(from.node, to.node);
  parts.compare.append(width.node, colour.node, normalised.node);
  parts.compare.hidden = false;
  const update = () => {
    from.show(String(app.state.before));
    to.show(String(app.state.after));
    width.show(app.state.width);
    colour.show(app.state.colour);
    normalised.show(app.state.normalised);
  };
  app.on(["search"], update);
  update();
}
