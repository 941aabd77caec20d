// Bundles each src/widgets/*.js (with the *.css beside it) and src/page.js into one file of the package.
//
//   node build.mjs OUT_DIR [ENTRY…]
//
// The output is the same bytes on every machine: no absolute path, no date, no mangled name.

import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

const HERE = import.meta.dirname;
const BROWSERS = ["chrome123", "firefox120", "safari17.5"]; // the first with light-dark() in CSS

/**
 * @param {string[]} entries  paths below lib/js
 * @returns {Promise<Map<string, string>>}  text of each output by its file name
 */
async function bundle(entries) {
  const result = await build({
    absWorkingDir: HERE,
    entryPoints: entries,
    entryNames: "[name]",
    outdir: "out",
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: BROWSERS,
    charset: "utf8",
    legalComments: "none", // the whole licence stands at the top
    logLevel: "warning",
  });
  const texts = new Map();
  for (const file of result.outputFiles) {
    const name = path.relative(HERE, file.path);
    const inputs = Object.keys(result.metafile.outputs[name.replaceAll(path.sep, "/")].inputs);
    const text = header(inputs) + file.text;
    const base = path.basename(name);
    if (texts.has(base)) throw new Error(`two entries are called ${base}`);
    texts.set(base, text);
  }
  return texts;
}

/**
 * Says that the file is made, and of which packages: their licences travel with them.
 * @param {string[]} inputs
 */
function header(inputs) {
  const packages = inputs.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? "");
  const notices = [...new Set(packages)].filter(Boolean).sort().map(licence);
  return ["/*! Built from lib/js by build.mjs; do not edit. */\n", ...notices].join("");
}

/** @param {string} name */
function licence(name) {
  const folder = path.join(HERE, "node_modules", name);
  const { version } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const [file] = globSync("LICEN[CS]E*", { cwd: folder });
  if (!file) throw new Error(`${name} brings no licence file`);
  const text = readFileSync(path.join(folder, file), "utf8").trim().replaceAll("*/", "* /");
  return `/*! Contains ${name} ${version}:\n\n${text}\n*/\n`;
}

/** @returns {string[]} */
function allEntries() {
  const widgets = globSync(["src/widgets/*.js", "src/widgets/*.css"], { cwd: HERE });
  return ["src/page.js", ...widgets.map((file) => file.replaceAll(path.sep, "/")).sort()];
}

const [out, ...named] = process.argv.slice(2);
if (!out) throw new Error("usage: node build.mjs OUT_DIR [ENTRY…]");
const texts = await bundle(named.length ? named : allEntries());
mkdirSync(out, { recursive: true });
for (const old of globSync(["*.js", "*.css"], { cwd: out })) {
  if (!named.length && !texts.has(old)) rmSync(path.join(out, old));
}
for (const [name, text] of texts) {
  writeFileSync(path.join(out, name), text);
  console.log(`${name}: ${Buffer.byteLength(text)} bytes`);
}
