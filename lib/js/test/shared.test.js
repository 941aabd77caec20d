import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64 } from "../src/base64.js";
import { joinGroup } from "../src/link.js";
import { scheme } from "../src/theme.js";

test("the page's own theme counts more than the reader's system", () => {
  const silent = { page: null, jupyterlabLight: null, vscode: null, prefersDark: true };
  assert.equal(scheme(silent), "dark");
  assert.equal(scheme({ ...silent, prefersDark: false }), "light");
  assert.equal(scheme({ ...silent, jupyterlabLight: "true" }), "light");
  assert.equal(scheme({ ...silent, jupyterlabLight: "false", prefersDark: false }), "dark");
  assert.equal(scheme({ ...silent, vscode: "vscode-light" }), "light");
  assert.equal(scheme({ ...silent, vscode: "vscode-high-contrast-light" }), "light");
  assert.equal(scheme({ ...silent, vscode: "vscode-high-contrast", prefersDark: false }), "dark");
  assert.equal(scheme({ ...silent, page: "light", jupyterlabLight: "false" }), "light");
  assert.equal(scheme({ ...silent, page: "dark", prefersDark: false }), "dark");
  assert.equal(scheme({ ...silent, page: "auto" }), "dark");
});

test("base64 with and without the browser's own decoder", (context) => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) & 255);
  const text = Buffer.from(bytes).toString("base64");
  assert.deepEqual(fromBase64(text), bytes);
  const own = Object.getOwnPropertyDescriptor(Uint8Array, "fromBase64");
  context.after(() => own && Object.defineProperty(Uint8Array, "fromBase64", own));
  Object.defineProperty(Uint8Array, "fromBase64", { value: undefined, configurable: true });
  assert.deepEqual(fromBase64(text), bytes);
});

test("members of a group hear one another, not themselves, and not after they left", () => {
  const leave = new AbortController();
  const page = new EventTarget();
  /** @type {string[]} */
  const heard = [];
  /** @param {string} who @param {string} group @param {AbortSignal} [signal] */
  const join = (who, group, signal) =>
    joinGroup(group, signal, (/** @type {string} */ message) => heard.push(`${who} ${message}`), page);
  const a = join("a", "left", leave.signal);
  const b = join("b", "left");
  const c = join("c", "right");
  const d = join("d", "");
  join("e", "");
  a("1");
  b("2");
  c("3");
  d("4");
  leave.abort();
  a("5");
  b("6");
  assert.deepEqual(heard, ["b 1", "a 2"]);
});
