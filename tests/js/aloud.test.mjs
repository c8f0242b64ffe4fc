// The figure that reads words aloud says what its numbers say; without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AloudFigure, checked, isRight, looksAt } from "../../book/static/figures/aloud.js";

const ENTRY = {
  word: "ship",
  ways: [["SH", "IH", "P"]],
  networks: {
    GRUs: {
      sounds: ["SH", "IH", "P"],
      weights: [
        [0.4, 0.5, 0.1, 0],
        [0, 0.1, 0.9, 0],
        [0, 0, 0.2, 0.8],
      ],
    },
    transformer: {
      sounds: ["S", "IH"],
      weights: [
        [1, 0, 0, 0],
        [0, 0, 1, 0],
      ],
    },
  },
};

/** A figure with words, that has not been built. */
function figure() {
  const made = new AloudFigure();
  made.entries = [ENTRY];
  made.network = "GRUs";
  return made;
}

test("letters are named until they make up three quarters of the attention", () => {
  const places = looksAt("ship", [0.4, 0.5, 0.1, 0]).map(({ place }) => place);
  assert.deepEqual(places, [1, 0]);
  assert.deepEqual(looksAt("ship", [0, 0.1, 0.9, 0]), [{ place: 2, letter: "i", share: 0.9 }]);
});

test("a sound is described with the letters that it looks at", () => {
  const made = figure();
  assert.equal(
    made.describe(),
    "Sound 1 of 3 is SH. It looks most at letter 2, h (50 %) and letter 1, s (40 %).",
  );
});

test("at the last sound, it says whether the dictionary agrees", () => {
  const made = figure();
  made.place = 2;
  assert.match(made.describe(), /like this, too\.$/);
  made.network = "transformer";
  made.place = 1;
  assert.match(made.describe(), /in another way: SH IH P\.$/);
  assert.ok(isRight(ENTRY, ["SH", "IH", "P"]));
  assert.ok(!isRight(ENTRY, ["SH", "IH"]));
});

test("weights that don't fit are refused", () => {
  assert.equal(checked([ENTRY]).length, 1);
  const networks = { GRUs: { sounds: ["SH"], weights: [[1, 0]] } };
  assert.throws(() => checked([{ ...ENTRY, networks }]), /a weight for each letter/);
  const short = { GRUs: { sounds: ["SH", "IH"], weights: [[1, 0, 0, 0]] } };
  assert.throws(() => checked([{ ...ENTRY, networks: short }]), /a row for each sound/);
});

test("it needs an address", () => {
  const made = new AloudFigure();
  made.getAttribute = () => null;
  assert.throws(() => made.read(), /words must be/);
});
