// Timelines that are looked at together: the same stretch of time after their beginnings, and one pointer.

import { joinGroup } from "../link.js";
import { all } from "./viewport.js";

/**
 * Times are ns since the sender's beginning; `length` is that of the sender's capture.
 *
 * @typedef {{length?: number, ask?: boolean, t0?: number, t1?: number, pointer?: number | null}} Message
 */

/**
 * @param {import("./app.js").App} app
 * @param {string} group  an empty one: alone
 */
export function keepTogether(app, group) {
  if (!group) return;
  const { begin, end } = app.recording.bounds;
  const length = end - begin;
  let hearing = false;
  /** @type {(message: Message) => void} */
  const post = joinGroup(group, app.signal, (/** @type {Message} */ message) => {
    hearing = true;
    // The longer one's end can be seen in all: else they would not be at the same scale.
    if (message.length !== undefined) extend(app, message.length);
    if (message.t0 !== undefined && message.t1 !== undefined) app.show({ t0: begin + message.t0, t1: begin + message.t1 });
    if (message.pointer !== undefined) app.pointElsewhere(message.pointer === null ? null : begin + message.pointer);
    hearing = false;
    if (message.ask) post({ length });
  });
  app.on("view", () => {
    if (!hearing) post({ t0: app.view.t0 - begin, t1: app.view.t1 - begin });
  });
  app.on("hover", () => {
    if (!hearing) post({ pointer: app.pointer ? app.placeAt(app.pointer.x, app.pointer.y).t - begin : null });
  });
  post({ length, ask: true });
}

/**
 * @param {import("./app.js").App} app
 * @param {number} length
 */
function extend(app, length) {
  const before = all(app.bounds);
  const whole = app.view.t0 === before.t0 && app.view.t1 === before.t1;
  app.extent = Math.max(app.extent, length);
  if (whole) app.show(all(app.bounds));
  app.redraw();
}
