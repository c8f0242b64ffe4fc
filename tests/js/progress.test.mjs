// What a reader's browser keeps, and what becomes of bad data.

import assert from "node:assert/strict";
import test from "node:test";

import { describe } from "../../book/static/figures/progress.js";
import {
  addressOf,
  count,
  has,
  load,
  mark,
  merge,
  onChange,
  parse,
  read,
  reset,
  save,
  serialise,
  stateOf,
} from "../../book/static/progress.js";

const KEY = "torchbook.progress";
const EMPTY = { read: {}, done: {}, right: {}, last: null };

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
    right: {},
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
  const progress = {
    read: { a: ["one"] },
    done: {},
    right: { a: ["q-1"] },
    last: { page: "a", id: "one" },
  };
  assert.deepEqual(parse(serialise(progress)), progress);
});

test("what is not ours is refused, and of ours what is garbled is left out", () => {
  for (const text of [null, "", '{"version": 1, "read": [', "[]", "null", "7", '{"version": 99}']) {
    assert.equal(parse(text), null, text);
  }
  const garbled = { version: 1, read: { a: ["x", 1, "x"], b: "y" }, done: [], last: { page: 3 } };
  assert.deepEqual(parse(JSON.stringify(garbled)), { ...EMPTY, read: { a: ["x"] } });
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

test("a file that is no progress is refused with a reason", () => {
  assert.throws(() => read('{"version": 1, "read": ['), /not all of it is there/);
  assert.throws(() => read("null"), /something else/);
  assert.throws(() => read('{"version": 7, "read": {}}'), /version 7, .* reads version 1/);
});

test("older data is added: nothing that is marked gets lost", () => {
  const now = {
    ...EMPTY,
    done: { a: ["one"] },
    right: { a: ["q-1"] },
    last: { page: "a", id: "x" },
  };
  const text =
    '{"version": 1, "read": {"b": ["s"]}, "done": {"a": ["two", "one"]}, "last": {"page": "b", "id": "s"}}';
  const { merged, added } = merge(now, read(text));
  assert.deepEqual(merged, { ...now, read: { b: ["s"] }, done: { a: ["one", "two"] } });
  assert.deepEqual(added, { read: 1, done: 1, right: 0 });
  assert.deepEqual(merge(EMPTY, now).merged, now);
  assert.deepEqual(merge(merged, now), { merged, added: { read: 0, done: 0, right: 0 } });
});

test("what a file adds is said in words", () => {
  const words = (read, done, right) => describe({ read, done, right });
  assert.match(words(1, 0, 0), /added 1 section\./);
  assert.match(words(0, 2, 1), /added 2 exercises and 1 question\./);
  assert.match(words(3, 2, 4), /added 3 sections, 2 exercises and 4 questions\./);
  assert.match(words(0, 0, 0), /already/);
});

test("a chapter is done when all of it is", () => {
  const chapter = {
    page: "a",
    sections: [{ id: "one" }],
    exercises: [{ id: "two" }],
    questions: [{ id: "q-1" }],
  };
  const progress = (read, done, right) => ({
    read: { a: read },
    done: { a: done },
    right: { a: right },
  });
  const state = (...lists) => stateOf(progress(...lists), chapter);
  assert.deepEqual(
    [
      state([], [], []),
      state([], [], ["q-1"]),
      state(["one"], ["two"], []),
      state(["one"], ["two"], ["q-1"]),
    ],
    ["", "begun", "begun", "done"],
  );
  const old = progress(["one", "gone"], [], []);
  assert.deepEqual(count(old, [chapter, { ...chapter, page: "b" }]), {
    read: { marked: 1, all: 2 },
    done: { marked: 0, all: 2 },
    right: { marked: 0, all: 2 },
  });
});

test("addresses lead from the book's root", () => {
  assert.match(addressOf("chapters/a", "b"), /\/chapters\/a\.html#b$/);
});
