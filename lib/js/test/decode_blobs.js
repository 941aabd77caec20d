// For tests/view/test_widget_blob.py: decodes the files that standard input names, one a line, and says for each,
// in one line of JSON, what came out. Numbers are told by their bytes, so that none is rounded on the way.

import { readFileSync } from "node:fs";
import { decode } from "../src/blob.js";

for (const file of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  console.log(JSON.stringify(await decoded(readFileSync(file))));
}

/** @param {Uint8Array} bytes */
async function decoded(bytes) {
  // Where a message ends up in a larger buffer, its beginning is at any byte.
  const moved = new Uint8Array(bytes.length + 3);
  moved.set(bytes, 3);
  try {
    const { kind, meta, columns } = await decode(new DataView(moved.buffer, 3));
    const told = Object.entries(columns).map(([name, values]) => [
      name,
      values.constructor.name,
      Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex"),
    ]);
    return { kind, meta, columns: told };
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}
