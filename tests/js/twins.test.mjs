// The twins figure's network learns as it says; without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cosinesOf,
  encode,
  gradientOf,
  learn,
  lossOf,
  makeLearner,
  makeSignals,
  makeViews,
  randomNumbers,
} from "../../book/static/figures/twins.js";

const PUSHING = { isPushing: true, temperature: 0.2 };
const PULLING = { isPushing: false, temperature: 0.2 };

/** @param {number} seed */
function begin(seed) {
  const random = randomNumbers(seed);
  const signals = makeSignals(random);
  const learner = makeLearner(random);
  const draw = () => [...makeViews(signals, random), ...makeViews(signals, random)];
  return { learner, draw };
}

/** @param {ReturnType<typeof begin>} begun @param {typeof PUSHING} rule @param {number} steps */
function train({ learner, draw }, rule, steps) {
  for (let i = 0; i < steps; i += 1) {
    learn(learner, gradientOf(learner.weights, draw(), rule).gradient);
  }
  return cosinesOf(draw().map((view) => encode(learner.weights, view).unit));
}

test("the loss of four views is that of the chapter's table", () => {
  // In two dimensions, with cosines worked out from angles.
  const angles = [0, 2, 0.4, 2.5];
  const units = angles.map((a) => /** @type {[number, number]} */ ([Math.cos(a), Math.sin(a)]));
  let expected = 0;
  for (const [i, twin] of [2, 3, 0, 1].entries()) {
    const power = (/** @type {number} */ j) => Math.exp(Math.cos(angles[i] - angles[j]) / 0.5);
    const others = [0, 1, 2, 3].filter((j) => j !== i).map(power);
    expected -= Math.log(power(twin) / others.reduce((a, b) => a + b)) / 4;
  }
  const { loss } = lossOf(units, { isPushing: true, temperature: 0.5 });
  assert.ok(Math.abs(loss - expected) < 1e-12);
  const pulled = lossOf(units, { isPushing: false, temperature: 0.5 }).loss;
  assert.ok(Math.abs(pulled + (Math.cos(0.4) + Math.cos(0.5)) / 2) < 1e-12);
});

test("the gradient is what happens when a weight is nudged", () => {
  const { learner, draw } = begin(3);
  const views = draw();
  for (const rule of [PUSHING, PULLING]) {
    const { gradient } = gradientOf(learner.weights, views, rule);
    for (let i = 0; i < gradient.length; i += 1) {
      const [up, down] = [1e-5, -1e-5].map((nudge) => {
        const nudged = learner.weights.map((w, j) => (j === i ? w + nudge : w));
        return gradientOf(nudged, views, rule).loss;
      });
      assert.ok(Math.abs((up - down) / 2e-5 - gradient[i]) < 1e-6, `${i}`);
    }
  }
});

test("with strangers, twins meet and strangers part; without, everybody meets", () => {
  for (const seed of [7, 4]) {
    const apart = train(begin(seed), PUSHING, 200);
    assert.ok(apart.twins > 0.9, `${apart.twins}`);
    assert.ok(apart.strangers < 0.1, `${apart.strangers}`);
    const collapsed = train(begin(seed), PULLING, 200);
    assert.ok(collapsed.twins > 0.99);
    assert.ok(collapsed.strangers > 0.9, `${collapsed.strangers}`);
  }
});

test("what has collapsed recovers when strangers push again", () => {
  const begun = begin(7);
  assert.ok(train(begun, PULLING, 100).strangers > 0.9);
  assert.ok(train(begun, PUSHING, 200).strangers < 0.1);
});
