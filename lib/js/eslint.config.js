import js from "@eslint/js";
import globals from "globals";

const UNSAFE = ["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "srcdoc"];

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-implied-eval": "error",
      "no-eval": "error",
      "no-new-func": "error",
      "no-shadow": "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["src/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: {
      // Texts from programs and traces are untrusted: they become text nodes, never markup.
      "no-restricted-properties": [
        "error",
        ...UNSAFE.map((property) => ({ property, message: "Markup from text; use textContent." })),
        { object: "document", property: "write", message: "Markup from text; use textContent." },
      ],
      // A page has no network, and a widget needs none.
      "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "localStorage", "sessionStorage"],
    },
  },
  { files: ["test/**/*.js", "build.mjs"], languageOptions: { globals: globals.node } },
];
