// The activations figure's arithmetic, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  normals,
  rowsOf,
  showSize,
  signal,
  verdict,
} from "../../book/static/figures/activations.js";

/** @param {number} gain @param {number} depth @param {string} bend */
const last = (gain, depth, bend) => signal(gain, depth, bend).at(-1);

test("the random numbers have mean 0 and standard deviation 1, and come again", () => {
  const numbers = normals(100_000, 7);
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const square = numbers.reduce((a, b) => a + b * b, 0) / numbers.length;
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(square - 1) < 0.02);
  assert.deepEqual(normals(10, 7), normals(10, 7));
  assert.notDeepEqual(normals(10, 7), normals(10, 8));
});

test("the usual gains keep the signal through 30 layers, to within a factor of 3", () => {
  for (const [gain, bend] of [
    [1, "none"],
    [Math.SQRT2, "ReLU"],
  ]) {
    const { size } = last(gain, 30, bend);
    assert.ok(size > 1 / 3 && size < 3, `${bend}: ${size}`);
  }
  assert.ok(last(5 / 3, 30, "tanh").size > 0.4);
});

test("without a bend, twice the gain is twice the size in each layer", () => {
  const [one, two] = [signal(1, 5, "none"), signal(2, 5, "none")];
  for (let layer = 0; layer <= 5; layer += 1) {
    const ratio = two[layer].size / one[layer].size;
    assert.ok(Math.abs(ratio / 2 ** layer - 1) < 1e-9);
  }
});

test("too small a gain kills the signal, too large a one explodes it", () => {
  assert.ok(last(0.5, 20, "ReLU").size < 1e-6);
  assert.ok(last(3, 20, "ReLU").size > 1e4);
  assert.match(verdict(signal(0.5, 20, "ReLU"), "ReLU"), /has died/);
  assert.match(verdict(signal(3, 20, "ReLU"), "ReLU"), /has exploded/);
  assert.match(verdict(signal(Math.SQRT2, 20, "ReLU"), "ReLU"), /arrives/);
  assert.match(verdict(signal(3, 10, "tanh"), "tanh"), /% are stuck near −1 or 1/);
});

test("each histogram holds all numbers; ReLU leaves none below zero", () => {
  for (const { bins } of signal(1.4, 5, "ReLU")) {
    assert.ok(Math.abs(bins.reduce((a, b) => a + b, 0) - 1) < 1e-9);
  }
  const below = last(1.4, 5, "ReLU").bins.slice(0, 15);
  assert.equal(
    below.reduce((a, b) => a + b, 0),
    0,
  );
});

test("the rows begin with the input and end with the last layer", () => {
  assert.deepEqual(rowsOf(5), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(rowsOf(20), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  assert.deepEqual(rowsOf(30).at(-1), 30);
});

test("sizes are short", () => {
  assert.equal(showSize(0.123456), "0.12");
  assert.equal(showSize(1), "1");
  assert.equal(showSize(3.2e-8), "3e−8");
  assert.equal(showSize(45678), "5e4");
  assert.equal(showSize(0), "0e0");
});
