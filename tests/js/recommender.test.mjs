// The films that the recommender's figure finds and ranks, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  plain,
  RecommenderFigure,
  readModel,
  recommend,
  scoresOf,
  search,
  viewerOf,
} from "../../book/static/figures/recommender.js";

const FILE = {
  titles: [
    "Amélie (2001)",
    "Heat (1995)",
    "The Big Heat (1953)",
    "Alien³ (1992)",
    "The Heat (2013)",
  ],
  likes: [50, 20, 5, 25, 100],
  viewers: 200,
  bias: [0.5, 0.25, 0, -0.5, 0],
  vectors: [1, 0, 0, 1, 0, 2, -1, 1, 0.5, 0.5],
};
const model = readModel(FILE);

test("a viewer is the mean of the films that they like", () => {
  assert.deepEqual(viewerOf(model, [0, 1]), [0.5, 0.5]);
  assert.deepEqual(viewerOf(model, [3]), [-1, 1]);
});

test("a score is the match and the bias", () => {
  assert.deepEqual(scoresOf(model, [0, 1], 0), [1, 0.75, 1, -0.5, 0.5]);
});

test("the more unusual films are asked for, the less popularity counts", () => {
  const share = FILE.likes.map((n) => n / 200);
  const scores = scoresOf(model, [1], 0.5);
  const expected = [0.5, 1.25, 2, 0.5, 0.5].map((score, i) => score - 0.5 * Math.log(share[i]));
  for (const [i, score] of scores.entries()) assert.ok(Math.abs(score - expected[i]) < 1e-12);
});

test("the best films come first, and none that one has named", () => {
  assert.deepEqual(recommend(model, [0, 1], 0), [2, 4, 3]);
  assert.deepEqual(recommend(model, [2], 0, 2), [1, 3]);
});

test("a search needs all words, in any order, with or without accents and articles", () => {
  assert.deepEqual(search(model, "heat"), [4, 1, 2]); // "The Heat" begins with it, and is popular
  assert.deepEqual(search(model, "HEAT big"), [2]);
  assert.deepEqual(search(model, "amelie"), [0]);
  assert.deepEqual(search(model, "heat", [4]), [1, 2]);
  assert.deepEqual(search(model, "  "), []);
  assert.deepEqual(search(model, "fargo"), []);
});

test("titles are searched without capitals, accents and punctuation", () => {
  assert.equal(plain("Schindler’s List (1993)"), "schindlers list 1993");
  assert.equal(plain("Léon: The Professional"), "leon the professional");
});

test("numbers that don't fit are refused", () => {
  assert.throws(() => readModel({ ...FILE, bias: [1] }), /don’t fit 5 films/);
  assert.throws(() => readModel({ ...FILE, vectors: [1, 2, 3] }), /don’t fit/);
});

test("it needs an address, and may begin with films", () => {
  /** @param {Record<string, string>} attributes */
  const read = (attributes) => {
    const figure = new RecommenderFigure();
    figure.getAttribute = (name) => attributes[name] ?? null;
    figure.read();
    return figure;
  };
  assert.deepEqual(read({ model: "a.json", films: "Heat (1995)|Fargo (1996)" }).first, [
    "Heat (1995)",
    "Fargo (1996)",
  ]);
  assert.deepEqual(read({ model: "a.json" }).first, []);
  assert.throws(() => read({}), /model must be/);
});
