// What a reader's browser keeps, and what becomes of bad data.

import assert from "node:assert/strict";
import test from "node:test";

import {
  addressOf,
  has,
  load,
  mark,
  onChange,
  parse,
  reset,
  save,
  serialise,
  stateOf,
} from "../../book/static/progress.js";

const KEY = "torchbook.progress";
const EMPTY = { read: {}, done: {}, last: null };

test("marks are kept, each once, and can be taken back", () => {
  reset();
  let changes = 0;
  onChange(() => {
    changes += 1;
  });
  mark("read", "a", "one");
  mark("read", "a", "one");
  mark("done", "a", "two");
  assert.deepEqual(load(), {
    read: { a: ["one"] },
    done: { a: ["two"] },
    last: { page: "a", id: "two" },
  });
  mark("done", "a", "two", false);
  assert.deepEqual(
    [has(load(), "read", "a", "one"), has(load(), "done", "a", "two")],
    [true, false],
  );
  assert.equal(has(load(), "read", "toString", "one"), false);
  assert.equal(changes, 4);
});

test("what was saved is read again as it was", () => {
  const progress = { read: { a: ["one"] }, done: {}, last: { page: "a", id: "one" } };
  assert.deepEqual(parse(serialise(progress)), progress);
});

test("what is not ours is refused, and of ours what is garbled is left out", () => {
  for (const text of [null, "", '{"version": 1, "read": [', "[]", "null", "7", '{"version": 99}']) {
    assert.equal(parse(text), null, text);
  }
  const garbled = { version: 1, read: { a: ["x", 1, "x"], b: "y" }, done: [], last: { page: 3 } };
  assert.deepEqual(parse(JSON.stringify(garbled)), { read: { a: ["x"] }, done: {}, last: null });
  localStorage.setItem(KEY, '{"version": 1, "read": [');
  assert.deepEqual(load(), EMPTY);
});

test("where nothing can be stored it lasts as long as the page", () => {
  const { setItem } = localStorage;
  localStorage.setItem = () => {
    throw new Error("full");
  };
  mark("done", "a", "one");
  assert.ok(has(load(), "done", "a", "one"));
  localStorage.setItem = setItem;
  save(load());
  assert.ok(localStorage.getItem(KEY).includes("one"));
});

test("a chapter is done when all of it is", () => {
  const chapter = { page: "a", sections: [{ id: "one" }], exercises: [{ id: "two" }] };
  const state = (read, done) => stateOf({ read: { a: read }, done: { a: done } }, chapter);
  assert.deepEqual(
    [state([], []), state(["one"], []), state(["one"], ["two"])],
    ["", "begun", "done"],
  );
});

test("addresses lead from the book's root", () => {
  assert.match(addressOf("chapters/a", "b"), /\/chapters\/a\.html#b$/);
});
