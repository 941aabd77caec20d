// Light or dark: decided here once, for CSS too. A widget's root gets `color-scheme` set, and its style sheet
// writes colours as light-dark(LIGHT, DARK).

/**
 * What a page says about its own theme; null where it says nothing.
 *
 * @typedef {{
 *   page: string | null, jupyterlabLight: string | null, vscode: string | null, prefersDark: boolean,
 * }} Signs
 */

/**
 * The page's own word first (data-theme as Sphinx themes set it, JupyterLab, VS Code), then the reader's system.
 *
 * @param {Signs} signs
 * @returns {"light" | "dark"}
 */
export function scheme({ page, jupyterlabLight, vscode, prefersDark }) {
  if (page === "light" || page === "dark") return page;
  if (jupyterlabLight !== null) return jupyterlabLight === "false" ? "dark" : "light";
  if (vscode !== null) return vscode === "vscode-light" || vscode.endsWith("-light") ? "light" : "dark";
  return prefersDark ? "dark" : "light";
}

/**
 * Keep `root` in the page's theme until `signal` aborts.
 *
 * @param {HTMLElement} root
 * @param {{signal?: AbortSignal, onChange?: (scheme: "light" | "dark") => void}} [options]
 *   onChange is called on every later change, after the style sheet follows it, and once more when a root
 *   that was not in the page yet (JupyterLab renders first) gets there: only then has it colours
 * @returns {"light" | "dark"}
 */
export function followTheme(root, { signal, onChange } = {}) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  let current = apply(root, system.matches);
  const update = () => {
    const before = current;
    current = apply(root, system.matches);
    if (current !== before) onChange?.(current);
  };
  const watcher = new MutationObserver(update);
  const attributeFilter = ["data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];
  for (const node of [document.documentElement, document.body]) watcher.observe(node, { attributeFilter });
  system.addEventListener("change", update, { signal });
  signal?.addEventListener("abort", () => watcher.disconnect(), { once: true });
  if (onChange && !root.isConnected) onceShown(root, signal, () => onChange(current));
  return current;
}

/**
 * @param {HTMLElement} root
 * @param {AbortSignal | undefined} signal
 * @param {() => void} then
 */
function onceShown(root, signal, then) {
  const sizes = new ResizeObserver(() => {
    if (!root.isConnected) return;
    sizes.disconnect();
    then();
  });
  sizes.observe(root);
  signal?.addEventListener("abort", () => sizes.disconnect(), { once: true });
}

/**
 * @param {HTMLElement} root
 * @param {boolean} prefersDark
 */
function apply(root, prefersDark) {
  const { body, documentElement } = document;
  const chosen = scheme({
    page: documentElement.getAttribute("data-theme"),
    jupyterlabLight: body.getAttribute("data-jp-theme-light"),
    vscode: body.getAttribute("data-vscode-theme-kind"),
    prefersDark,
  });
  root.style.colorScheme = chosen;
  root.dataset.scheme = chosen;
  return chosen;
}

/**
 * What custom properties come to in the current theme, for a canvas, as "rgb(…)".
 *
 * @template {string} Name
 * @param {HTMLElement} root
 * @param {readonly Name[]} names  without the leading "--"
 * @returns {Record<Name, string>}
 */
export function colours(root, names) {
  const probe = document.createElement("span");
  probe.hidden = true;
  root.append(probe);
  const computed = getComputedStyle(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, computed.color];
  });
  probe.remove();
  return /** @type {Record<Name, string>} */ (Object.fromEntries(found));
}
