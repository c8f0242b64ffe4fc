// The lattice figure adds up exactly the paths that a word has; without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BLANK,
  before,
  cleaned,
  collapse,
  LatticeFigure,
  statesOf,
  sumPaths,
} from "../../book/static/figures/lattice.js";

/** Every path of so many frames. @param {string[]} symbols @param {number} n @returns {string[][]} */
const everyPath = (symbols, n) =>
  n === 0
    ? [[]]
    : everyPath(symbols, n - 1).flatMap((path) => symbols.map((symbol) => [...path, symbol]));

/** @param {string} word @param {number} n */
function frames(word, n) {
  const symbols = [BLANK, ...new Set(word)];
  return Array.from({ length: n }, (_, t) => {
    const weights = symbols.map((_, i) => ((3 * t + 5 * i) % 7) + 1);
    const sum = weights.reduce((a, b) => a + b);
    return Object.fromEntries(symbols.map((symbol, i) => [symbol, weights[i] / sum]));
  });
}

/** @param {number} a @param {number} b */
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-12, `${a} and ${b}`);

test("repeats become one, then blanks go", () => {
  assert.equal(collapse(["n", "n", BLANK, "o", "o"]), "no");
  assert.equal(collapse(["o", BLANK, "o"]), "oo");
  assert.equal(collapse(["o", "o", "o"]), "o");
  assert.equal(collapse([BLANK, BLANK]), "");
});

test("two of the same letter can't be reached without a blank between them", () => {
  assert.deepEqual(before(statesOf("no"), 3), [3, 2, 1]);
  assert.deepEqual(before(statesOf("oo"), 3), [3, 2]);
  assert.deepEqual(before(statesOf("no"), 2), [2, 1]);
});

test("sum, count and best path are those of all paths, written out", () => {
  for (const [word, n] of [
    ["no", 5],
    ["oo", 4],
    ["a", 3],
    ["ada", 6],
    ["oo", 3],
    ["no", 2],
  ]) {
    const shares = frames(word, n);
    const symbols = Object.keys(shares[0]);
    const spelling = everyPath(symbols, n).filter((path) => collapse(path) === word);
    const chances = spelling.map((path) =>
      path.reduce((product, symbol, t) => product * shares[t][symbol], 1),
    );
    const found = sumPaths(word, shares);
    near(
      found.total,
      chances.reduce((a, b) => a + b, 0),
    );
    assert.equal(found.count, spelling.length);
    const best = found.path.map((s) => found.states[s]);
    assert.equal(collapse(best), word);
    near(
      best.reduce((p, symbol, t) => p * shares[t][symbol], 1),
      Math.max(...chances),
    );
    for (const row of found.through)
      near(
        row.reduce((a, b) => a + b),
        1,
      );
  }
});

test("a word that doesn't fit has no path", () => {
  const found = sumPaths("oo", frames("oo", 2));
  assert.equal(found.count, 0);
  assert.equal(found.total, 0);
  assert.deepEqual(found.path, []);
});

test("a word has three letters at most, without accents", () => {
  assert.equal(cleaned(" Nö-one"), "noo");
  assert.equal(cleaned("42"), "");
});

test("it needs a word and a number of frames", () => {
  /** @param {Record<string, string>} attributes */
  const read = (attributes) => {
    const figure = new LatticeFigure();
    figure.getAttribute = (name) => attributes[name] ?? null;
    figure.read();
    return figure;
  };
  assert.equal(read({ word: "Zoë" }).word, "zoe");
  assert.equal(read({}).frames, 5);
  assert.throws(() => read({ word: "42" }), /a letter/);
  assert.throws(() => read({ frames: "90" }), /frames must be one of/);
});
