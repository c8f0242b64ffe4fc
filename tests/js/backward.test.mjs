// The backward figure's arithmetic, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  gradientsAfter,
  layout,
  readFormulas,
  stepsBack,
} from "../../book/static/figures/backward.js";

const CHAPTER = "c = a + b; d = a * b; y = c + d + c * d";

/** @param {string} text @param {Record<string, number>} inputs @param {boolean} isSorted */
function gradients(text, inputs, isSorted) {
  const values = readFormulas(text, inputs);
  const all = gradientsAfter(values, stepsBack(values, isSorted));
  return Object.fromEntries(
    values.flatMap(({ name, sign }, i) => (!sign && name ? [[name, all[i]]] : [])),
  );
}

test("with the sort the gradients are right, without it those of the chapter's mistake", () => {
  assert.deepEqual(gradients(CHAPTER, { a: 2, b: 3 }, true), { a: 25, b: 19 });
  assert.deepEqual(gradients(CHAPTER, { a: 2, b: 3 }, false), { a: 29, b: 22 });
});

test("where nothing is used twice, both ways are right", () => {
  for (const isSorted of [true, false]) {
    assert.deepEqual(gradients("y = (a + b) * c", { a: 2, b: 3, c: 4 }, isSorted), {
      a: 4,
      b: 4,
      c: 5,
    });
  }
});

test("a number times itself has two paths", () => {
  assert.deepEqual(gradients("y = x * x", { x: 3 }, true), { x: 6 });
});

test("gradients agree with nudging, for formulas made at random", () => {
  let seed = 1;
  const dice = (/** @type {number} */ n) => {
    seed = (seed * 48271) % 2147483647;
    return seed % n;
  };
  for (let k = 0; k < 200; k += 1) {
    const names = ["a", "b", "c"];
    const lines = [];
    for (let i = 0; i < 5; i += 1) {
      const [one, other] = [names[dice(names.length)], names[dice(names.length)]];
      lines.push(`v${i} = ${one} ${dice(2) ? "+" : "*"} ${other}`);
      names.push(`v${i}`);
    }
    const text = lines.join("; ");
    const inputs = { a: 0.3, b: -0.7, c: 1.1 };
    const found = gradients(text, inputs, true);
    for (const [name, gradient] of Object.entries(found)) {
      const at = (/** @type {number} */ move) =>
        readFormulas(text, { ...inputs, [name]: inputs[name] + move }).at(-1).data;
      const nudged = (at(1e-5) - at(-1e-5)) / 2e-5;
      assert.ok(Math.abs(gradient - nudged) < 1e-6, `${text}: ${name}`);
    }
  }
});

test("what is no formula is named", () => {
  for (const [text, message] of [
    ["a + b", /Write “name = formula”/],
    ["y = a +", /missing at the end/],
    ["y = (a + b", /isn’t closed/],
    ["y = a - b", /here is “-”/],
    ["y = a b", /“b” isn’t expected/],
    ["y = a; y = a + 1", /y has a value already/],
    ["y = a", /make something new/],
    ["c = a * b; d = a + b; y = c", /make something new/],
    [`y = ${Array(15).fill("a").join(" + ")}`, /14 steps don’t fit/],
  ]) {
    assert.throws(() => readFormulas(text, {}), { message }, text);
  }
});

test("each value stands below those that it was made from", () => {
  const values = readFormulas(CHAPTER, {});
  const places = layout(values);
  for (const [index, { parents }] of values.entries()) {
    for (const parent of parents) assert.ok(places[index].y > places[parent].y);
  }
});
