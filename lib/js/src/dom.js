/**
 * An element with attributes and children; strings become text, never markup.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * The root that every widget draws into. Keys meant for what is inside are not JupyterLab's shortcuts.
 *
 * @param {HTMLElement} el
 * @param {string} name  its class is schedlab-<name>
 */
export function widgetRoot(el, name) {
  const root = element("div", { class: `schedlab schedlab-${name}` });
  keepShortcutsAway(root);
  el.replaceChildren(root);
  return root;
}

/**
 * JupyterLab looks for the mark on the element that has the focus before it looks at those around it, and some
 * of its shortcuts fit any element with the focus: so the mark must be on that very element.
 *
 * @param {HTMLElement} root
 */
function keepShortcutsAway(root) {
  root.dataset.lmSuppressShortcuts = "true";
  root.addEventListener("focusin", (event) => {
    if (event.target instanceof Element) event.target.setAttribute("data-lm-suppress-shortcuts", "true");
  });
}

/**
 * Tells tests and printers that the first complete frame is there.
 *
 * @param {HTMLElement} root
 */
export function markReady(root) {
  root.dataset.ready = "true";
}
