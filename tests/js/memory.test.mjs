// The memory figure's network computes what PyTorch does; without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cleaned,
  cost,
  MemoryFigure,
  readModel,
  readName,
} from "../../book/static/figures/memory.js";

const [N_EMBEDDING, N_UNITS] = [2, 3];

/** Numbers that are easy to make again. @param {number} n @param {number} k */
const numbers = (n, k) => Array.from({ length: n }, (_, i) => ((i * k) % 11) / 5 - 1);

const FILE = {
  "embedding.weight": Array.from({ length: 27 * N_EMBEDDING }, (_, i) => (i % 7) / 4 - 0.75),
  "memory.cell.from_input.weight": numbers(3 * N_UNITS * N_EMBEDDING, 3),
  "memory.cell.from_input.bias": numbers(3 * N_UNITS, 5),
  "memory.cell.from_state.weight": numbers(3 * N_UNITS * N_UNITS, 4),
  "memory.cell.from_state.bias": numbers(3 * N_UNITS, 7),
  "head.weight": numbers(27 * N_UNITS, 2),
  "head.bias": numbers(27, 3),
};
// What torch.nn.GRUCell and a linear layer made of the same numbers, after ".ab".
const STATE = [0.49597272, -0.32921982, 0.31561157];
const SHARES = [0.00751701, 0.02443475, 0.0274850335, 0.0446178279];

/** @param {number[]} found @param {number[]} expected */
function near(found, expected) {
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(found[i] - value) < 1e-6, `${i}`);
}

test("a name is read as PyTorch's GRU reads it", () => {
  const moments = readName(readModel(FILE), "ab");
  assert.equal(moments.length, 3);
  near(moments[2].state, STATE);
  near(moments[2].shares, SHARES);
  for (const { keep, shares } of moments) {
    assert.equal(keep.length, N_UNITS);
    assert.equal(shares.length, 27);
    near([shares.reduce((sum, share) => sum + share)], [1]);
  }
});

test("a longer name begins like a shorter one", () => {
  const model = readModel(FILE);
  assert.deepEqual(readName(model, "mariah").slice(0, 4), readName(model, "mar"));
  assert.equal(readName(model, "").length, 1);
});

test("weights that don't fit are refused", () => {
  assert.throws(() => readModel({ ...FILE, "head.weight": [1, 2] }), /aren’t 27 rows/);
});

test("what isn't a letter from a to z is left out, and accents are", () => {
  assert.equal(cleaned(" Zoë-Renée 2"), "zoerenee");
  assert.equal(cleaned("abcdefghijklmnopqrstuvwxyz"), "abcdefghijklmno");
  assert.equal(cleaned("42"), "");
});

test("a letter with a share of 1 costs nothing, and costs add up", () => {
  assert.equal(cost([1]), 0);
  near([cost([0.5, 0.25])], [3 * Math.log(2)]);
});

test("it needs an address and a name", () => {
  /** @param {Record<string, string>} attributes */
  const read = (attributes) => {
    const figure = new MemoryFigure();
    figure.getAttribute = (name) => attributes[name] ?? null;
    figure.read();
    return figure;
  };
  assert.equal(read({ model: "a.json", name: "Zoë" }).name, "zoe");
  assert.equal(read({ model: "a.json" }).name, "mariah");
  assert.throws(() => read({ name: "zoe" }), /model must be/);
  assert.throws(() => read({ model: "a.json", name: "42" }), /a letter/);
});
