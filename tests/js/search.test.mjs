// How the search reads a query, and how the finder of errors compares messages.

import assert from "node:assert/strict";
import test from "node:test";

import { Index } from "../../book/static/figures/error-finder.js";
import { meant, nearest, read, spellings } from "../../book/static/search/find.js";
import { snippet } from "../../book/static/search/snippet.js";

test("a message becomes its words, a question those that say something", () => {
  assert.deepEqual(read("what is overfitting?"), { words: ["overfitting"], isMessage: false });
  assert.deepEqual(read("how to"), { words: ["how", "to"], isMessage: false });
  assert.deepEqual(
    read("RuntimeError: mat1 and mat2 shapes cannot be multiplied (32x784 and 128x10)"),
    { words: ["mat1", "and", "mat2", "shapes", "cannot", "be", "multiplied"], isMessage: true },
  );
  assert.equal(read("learning rate finder").isMessage, false);
});

test("either spelling finds the other", () => {
  assert.deepEqual(spellings("optimizer"), new Set(["optimizer", "optimiser"]));
  assert.deepEqual(spellings("normalisation"), new Set(["normalisation", "normalization"]));
  assert.deepEqual(
    spellings("gray labeled center"),
    new Set(["gray labeled center", "grey labelled centre"]),
  );
  assert.deepEqual(spellings("size"), new Set(["size"]));
});

test("the word that was meant is near, and nonsense is near to none", () => {
  const words = ["gradient", "descent", "broadcasting", "tensor"];
  const known = new Map(words.map((word) => [word, 1]));
  assert.deepEqual(
    ["brodcasting", "descnet", "tensro", "qwertzblubb", "ten"].map((word) => nearest(word, known)),
    ["broadcasting", "descent", "tensor", undefined, undefined],
  );
});

test("a word with a slip is corrected; a word of the book, a form of one, or half of one is not", () => {
  const known = new Map([
    ["learning", 128],
    ["training", 90],
    ["normalisation", 30],
    ["overfitting", 20],
    ["descent", 11],
    ["tanh", 4],
    ["decentralised", 1],
  ]);
  /** @type {[string, boolean, string | undefined][]} */
  const table = [
    ["learnin", false, "learning"],
    ["learnin", true, "learnin"], // its last letter may yet come
    ["decent", true, "descent"], // much commoner than what begins with it
    ["overfiting", true, "overfitting"],
    ["normalization", true, "normalization"],
    ["trainings", false, "trainings"],
    ["trained", true, "trained"],
    ["tanh", false, "tanh"],
    ["224", false, "224"],
    ["qwertz", true, undefined],
  ];
  for (const [word, isLast, expected] of table) {
    assert.equal(meant(word, known, isLast), expected, word);
  }
});

/** As readers see it, with what was found in brackets. */
const shown = (...task) =>
  snippet(...task)
    .map(({ text, isFound }) => (isFound ? `[${text}]` : text))
    .join("");

test("a snippet is whole sentences from where most was found, without the title", () => {
  const content =
    "What helps? Nothing does at first. Then you lower the learning rate, and “it” works! Try it.";
  assert.equal(
    shown(content, "What helps?", [10, 11, 13]),
    "Then you lower the [learning] [rate], and “[it]” works! Try it.",
  );
  assert.equal(shown("Only a title.", "Only a title", [0]), "");
  assert.equal(shown("Title. Some text.", "Title", [0]), "Some text.");
});

test("a sentence that is too long is cut between words, and says so", () => {
  const words = Array.from({ length: 100 }, (_, i) => `word${i}`);
  const text = shown(`Title. ${words.join(" ")}`, "Title", [51]);
  assert.match(text, /^… word42 .*word49 \[word50\] word51.* word77 …$/);
  assert.match(shown(`Title. ${words.join(" ")}`, "Title", []), /^word0 .*word35 …$/);
});

test("the rarest words decide, and what fits too little is not found", () => {
  const index = new Index([
    { entry: "shapes", message: "RuntimeError: mat1 and mat2 shapes cannot be multiplied" },
    { entry: "dtype", message: "RuntimeError: mat1 and mat2 must have the same dtype" },
    { entry: "memory", message: "CUDA out of memory. Tried to allocate 2.00 GiB." },
  ]);
  const first = (text) => index.find(text)[0]?.entry;
  assert.equal(first("mat1 and mat2 shapes cannot be multiplied (1x2 and 3x4)"), "shapes");
  assert.equal(
    first("RuntimeError: mat1 and mat2 must have the same dtype, but got Half"),
    "dtype",
  );
  assert.equal(first("CUDA out of memory"), "memory");
  assert.equal(first("The cat sat on the mat and ate the input."), undefined);
  assert.equal(first("..."), undefined);
});

test("a word that a terminal has cut in two is put together", () => {
  const message = "RuntimeError: mat1 and mat2 shapes cannot be multiplied";
  const index = new Index([{ entry: "shapes", message }]);
  assert.equal(
    index.find("mat1 and mat2 sha\npes can\nnot be multip\n  lied (3x4)")[0]?.entry,
    "shapes",
  );
});
