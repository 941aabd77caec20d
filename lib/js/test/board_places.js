// For tests/view/test_widget_board.py: what a board shows at some times. Standard input is one line of JSON,
// {"file": a blob, "times": [ns, …]}; standard output has one line of JSON for each time.

import { readFileSync } from "node:fs";
import { decode } from "../src/blob.js";
import { Events } from "../src/board/events.js";
import { layout } from "../src/board/layout.js";
import { poolKeys } from "../src/board/pools.js";
import { sentence } from "../src/board/sentences.js";
import { stateAt } from "../src/board/state.js";

const { file, times } = JSON.parse(readFileSync(0, "utf8"));
const blob = readFileSync(file);
const events = new Events(await decode(new DataView(blob.buffer, blob.byteOffset, blob.byteLength)));
const keys = poolKeys(events);
for (const t of times) {
  const state = stateAt(events, t);
  const { tokens } = layout(events, state, { width: 1200, keys, shown: [] });
  console.log(
    JSON.stringify({
      places: Object.fromEntries([...state.place].map((place, g) => [events.ids[g], place])),
      ps: Object.fromEntries([...state.p].map((p, g) => [events.ids[g], p < 0 ? -1 : events.meta.procs[p]])),
      queued: [...state.runnext.filter((g) => g >= 0), ...state.local.flat(), ...state.global].map((g) => events.ids[g]),
      running: Object.fromEntries([...state.procM].map((m, p) => [events.meta.procs[p], m < 0 ? m : events.meta.threads[m]])),
      drawn: [...tokens.keys()].filter((key) => key[0] === "g").map((key) => events.ids[Number(key.slice(1))]),
      said: sentence(events, events.stepAt(t)),
    }),
  );
}
