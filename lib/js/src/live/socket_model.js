// What a widget's script needs of a model, in a page that `schedlab live` serves: state from its first message,
// batches as they come, and a way back.

import { Model } from "../host.js";

/**
 * @typedef {{kind: string, number?: number, words?: string}} Message
 * @typedef {(content: Message, buffers: DataView[]) => void} Listener
 */

export class SocketModel extends Model {
  /** @type {Set<Listener>} */
  #listeners = new Set();
  /** @type {Message | null} */
  #announced = null;

  /**
   * @param {Record<string, unknown>} state
   * @param {WebSocket} socket
   */
  constructor(state, socket) {
    super(state);
    socket.binaryType = "arraybuffer";
    this.send = (/** @type {unknown} */ content) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(content));
    };
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", () => {
      this.#tell({ kind: "gone", words: "the connection to schedlab live is closed" }, []);
    });
  }

  /**
   * @param {string} events
   * @param {(...args: any[]) => void} listener
   */
  on(events, listener) {
    if (events.split(/\s+/).includes("msg:custom")) this.#listeners.add(listener);
    super.on(events, listener);
  }

  /** @param {string | ArrayBuffer} data  a message, or the bytes that belong to the message before */
  #take(data) {
    if (typeof data === "string") {
      this.#announced = JSON.parse(data);
    } else if (this.#announced) {
      this.#tell(this.#announced, [new DataView(data)]);
      this.#announced = null;
    }
  }

  /**
   * @param {Message} content
   * @param {DataView[]} buffers
   */
  #tell(content, buffers) {
    for (const listener of this.#listeners) listener(content, buffers);
  }
}
