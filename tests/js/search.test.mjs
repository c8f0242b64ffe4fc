// How the search reads a query, and how the finder of errors compares messages.

import assert from "node:assert/strict";
import test from "node:test";

import { Index } from "../../book/static/figures/error-finder.js";
import { nearest, read, spellings } from "../../book/static/search/find.js";

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
  const known = ["gradient", "descent", "broadcasting", "tensor"];
  assert.deepEqual(
    ["brodcasting", "descnet", "tensro", "qwertzblubb", "ten"].map((word) => nearest(word, known)),
    ["broadcasting", "descent", "tensor", undefined, undefined],
  );
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
