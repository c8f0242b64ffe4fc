// What the writing figure computes and reads; without a browser and without its model.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  pick,
  sharesOf,
  tokenize,
  WriterFigure,
  windowOf,
} from "../../book/static/figures/writer.js";

const LETTERS = ["\n", " ", "'", "-", "a", "b"];

/** @param {number[]} found @param {number[]} expected */
function near(found, expected) {
  assert.equal(found.length, expected.length);
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(found[i] - value) < 1e-9, `${i}`);
}

test("letters that the model doesn't know are left out, and accents are", () => {
  assert.deepEqual(tokenize("ab\na", LETTERS), [4, 5, 0, 4]);
  assert.deepEqual(tokenize("ä 9 b’—", LETTERS), [4, 1, 1, 5, 2, 3, 3]);
  assert.deepEqual(tokenize("", LETTERS), []);
});

test("a temperature divides the logits, and 0 takes the likeliest", () => {
  const logits = [1, 2, 4].map(Math.log);
  near(sharesOf(logits, 1), [1 / 7, 2 / 7, 4 / 7]);
  near(sharesOf(logits, 0.5), [1 / 21, 4 / 21, 16 / 21]);
  near(sharesOf(logits, 0), [0, 0, 1]);
});

test("letters are drawn as often as their shares say", () => {
  const shares = [0.5, 0, 0.25, 0.25];
  const drawn = Array.from({ length: 100 }, (_, i) => pick(shares, i / 100));
  const counts = shares.map((_, id) => drawn.filter((other) => other === id).length);
  assert.deepEqual(counts, [50, 0, 25, 25]);
  assert.equal(pick([0.3, 0.3, 0.3, 0], 0.99), 2); // the sum rounds to less than 1
});

test("the model sees the last letters, and never nothing", () => {
  assert.deepEqual(windowOf([1, 2, 3], 2), [2, 3]);
  assert.deepEqual(windowOf([1], 2), [1]);
  assert.deepEqual(windowOf([], 2), [0]);
});

test("attributes that don't fit are refused", () => {
  /** @param {Record<string, string>} attributes */
  const read = (attributes) => {
    const figure = new WriterFigure();
    figure.getAttribute = (name) => attributes[name] ?? null;
    figure.dataset = {};
    figure.read();
    return figure;
  };
  const good = { model: "a.onnx", letters: "\\n ab", prompt: "a\\nb" };
  const figure = read(good);
  assert.deepEqual(figure.letters, ["\n", " ", "a", "b"]);
  assert.equal(figure.prompt, "a\nb");
  assert.equal(figure.context, 128);
  assert.throws(() => read({ ...good, model: "" }), /model must/);
  assert.throws(() => read({ ...good, letters: "aa" }), /each once/);
  assert.throws(() => read({ ...good, context: "0" }), /whole number/);
});
