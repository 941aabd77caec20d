// The script of the page that `schedlab live` serves.

import { element } from "../dom.js";
import { SocketModel } from "../live/socket_model.js";

const el = /** @type {HTMLElement} */ (document.getElementById("view"));
const address = new URL("socket", location.href);
address.protocol = "ws:";
const socket = new WebSocket(address);

try {
  const [{ data }, { default: widget }] = await Promise.all([
    firstMessage(),
    // The very script that JupyterLab gets, so it is not bundled into this one.
    import(new URL("live.js", location.href).href),
  ]);
  const { signal } = new AbortController();
  const model = new SocketModel(JSON.parse(data).state, socket);
  await widget.initialize({ model, signal });
  await widget.render({ model, el, signal });
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  el.replaceChildren(element("p", { role: "alert" }, `The view could not be drawn: ${reason}`));
}

/** @returns {Promise<MessageEvent>} */
function firstMessage() {
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", resolve, { once: true });
    socket.addEventListener("close", () => reject(new Error("schedlab live does not answer")), { once: true });
  });
}
