import assert from "node:assert/strict";
import { test } from "node:test";
import { Model } from "../src/host.js";

/** @param {Model} model @param {string} events */
function listen(model, events) {
  /** @type {unknown[][]} */
  const heard = [];
  /** @param {unknown[]} args */
  const listener = (...args) => heard.push(args);
  model.on(events, listener);
  return { heard, listener };
}

test("a listener hears a change once, with the model and the value", () => {
  const model = new Model({ lane: "P", view: { from: 0, to: [1, 2] } });
  const one = listen(model, "change:lane change:view");
  const any = listen(model, "change");
  model.set("lane", "G");
  model.set("lane", "G");
  model.set("view", { from: 0, to: [1, 2] });
  model.set("view", { from: 0, to: [1, 3] });
  assert.deepEqual(one.heard, [
    [model, "G", {}],
    [model, { from: 0, to: [1, 3] }, {}],
  ]);
  assert.equal(any.heard.length, 2);
  assert.equal(model.get("lane"), "G");
  assert.equal(model.get("missing"), undefined);
});

test("values are told apart by what they hold", () => {
  /** @type {unknown[]} */
  const values = [0, -0, NaN, null, undefined, "", [], {}, [0], { 0: 0 }, { a: undefined }, { b: undefined }];
  values.push(new DataView(new ArrayBuffer(1)), new DataView(new ArrayBuffer(1)));
  for (const from of values) {
    for (const to of values) {
      const model = new Model({ x: from });
      const { heard } = listen(model, "change:x");
      model.set("x", to);
      assert.equal(heard.length, from === to || Object.is(from, to) ? 0 : 1);
    }
  }
});

test("off takes away one listener, one event or all", () => {
  const model = new Model({ a: 0, b: 0 });
  const [one, two] = [listen(model, "change:a change:b"), listen(model, "change:a change:b")];
  model.off("change:a", one.listener);
  model.set("a", 1);
  assert.deepEqual([one.heard.length, two.heard.length], [0, 1]);
  model.off(null, two.listener);
  model.set("b", 1);
  assert.deepEqual([one.heard.length, two.heard.length], [1, 1]);
  model.on("change:a", one.listener);
  model.off("change:b");
  model.set("b", 2);
  model.set("a", 2);
  assert.equal(one.heard.length, 2);
  model.off();
  model.set("a", 3);
  assert.equal(one.heard.length, 2);
});

test("a listener that throws does not keep the others from hearing", (context) => {
  const complain = context.mock.method(console, "error", () => {});
  const model = new Model({ a: 0 });
  model.on("change:a", () => {
    throw new Error("mine");
  });
  const { heard } = listen(model, "change:a");
  model.set("a", 1);
  assert.equal(heard.length, 1);
  assert.equal(complain.mock.callCount(), 1);
});

test("a listener may leave while it is called", () => {
  const model = new Model({ a: 0 });
  let calls = 0;
  const once = () => {
    calls += 1;
    model.off("change:a", once);
  };
  model.on("change:a", once);
  const { heard } = listen(model, "change:a");
  model.set("a", 1);
  model.set("a", 2);
  assert.deepEqual([calls, heard.length], [1, 2]);
});

test("saving and sending reach nobody and do no harm", () => {
  const model = new Model({});
  model.save_changes();
  model.send({ type: "anything" });
});
