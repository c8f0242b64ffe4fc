// The roofline figure's arithmetic, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bend,
  CHOICES,
  costs,
  enough,
  inWords,
  roof,
  showTime,
} from "../../book/static/figures/roofline.js";

const machine = { peak: 1e11, bandwidth: 2e10 };

test("a layer's operations and bytes, counted one by one, are those of the formula", () => {
  for (const [batch, width, bytes] of [
    [1, 1, 4],
    [3, 5, 4],
    [4, 2, 2],
  ]) {
    let [operations, numbers] = [0, 0];
    for (let row = 0; row < batch; row += 1) {
      for (let out = 0; out < width; out += 1) {
        numbers += 2; // an input is fetched, and an output stored
        for (let k = 0; k < width; k += 1) operations += 2;
      }
    }
    numbers += width * width; // the weights
    const found = costs(batch, width, bytes);
    assert.equal(found.operations, operations);
    assert.equal(found.moved, numbers * bytes);
    assert.equal(found.intensity, operations / (numbers * bytes));
  }
});

test("alone, a row does half an operation per byte; in company, more and more", () => {
  assert.ok(Math.abs(costs(1, 4096, 4).intensity - 0.5) < 1e-3);
  let before = 0;
  for (let power = 0; power <= 14; power += 1) {
    const { intensity } = costs(2 ** power, 4096, 4);
    assert.ok(intensity > before);
    before = intensity;
  }
  assert.ok(before < (2 * 4096) / (2 * 4)); // what the width allows
});

test("the roof climbs to the bend and is level after it", () => {
  assert.equal(bend(machine), 5);
  assert.equal(roof(machine, 1), 2e10);
  assert.equal(roof(machine, 5), 1e11);
  assert.equal(roof(machine, 500), 1e11);
});

test("the batch that is large enough is the first power of two beyond the bend", () => {
  for (const { machine: one, bytes } of CHOICES) {
    for (const width of [64, 1024, 8192]) {
      const batch = enough(one, width, bytes);
      if (batch === undefined) {
        assert.ok(costs(2 ** 14, width, bytes).intensity < bend(one));
        continue;
      }
      assert.ok(costs(batch, width, bytes).intensity >= bend(one));
      if (batch > 1) assert.ok(costs(batch / 2, width, bytes).intensity < bend(one));
    }
  }
  assert.equal(enough(machine, 1, 4), undefined);
});

test("numbers and times are short", () => {
  assert.equal(inWords(2 * 64 * 1024 * 1024), "134 million");
  assert.equal(inWords(999_999), "1 million");
  assert.equal(inWords(12), "12");
  assert.equal(showTime(0.00000125), "1.25 microseconds");
  assert.equal(showTime(0.0125), "12.5 milliseconds");
});
