// Views of one page that move together. They may come from scripts that know nothing of one another, as two
// outputs of a notebook do, so they meet on the window.

const EVENT = "schedlab-link";

/**
 * Join the group called `name`, until `signal` aborts.
 *
 * @template Message
 * @param {string} name  an empty one is no group: nobody hears, and nobody is heard
 * @param {AbortSignal | undefined} signal
 * @param {(message: Message) => void} onMessage  what another member posted; never one's own
 * @param {EventTarget} [meeting]
 * @returns {(message: Message) => void}  posts to the others, at once
 */
export function joinGroup(name, signal, onMessage, meeting = globalThis.window) {
  if (!name) return () => {};
  const self = {};
  /** @param {Event} event */
  const hear = (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    if (detail.name === name && detail.from !== self) onMessage(detail.message);
  };
  meeting.addEventListener(EVENT, hear, { signal });
  return (message) => {
    if (signal?.aborted) return;
    meeting.dispatchEvent(new CustomEvent(EVENT, { detail: { name, from: self, message } }));
  };
}
