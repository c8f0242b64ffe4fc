// The sampler asks its network the right things and takes the right steps; without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  advance,
  bells,
  greys,
  question,
  SamplerFigure,
} from "../../book/static/figures/sampler.js";

test("noise has mean 0 and variance 1", () => {
  const all = bells(50_000);
  const mean = all.reduce((sum, x) => sum + x) / all.length;
  const variance = all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length;
  assert.ok(Math.abs(mean) < 0.05 && Math.abs(variance - 1) < 0.05);
  assert.ok(bells(1, () => 0).every(Number.isFinite));
});

test("a question is the picture, then time, class and guidance", () => {
  const picture = Float32Array.from([0.5, -1, 2]);
  assert.deepEqual([...question(picture, 0.25, 7, 3)], [0.5, -1, 2, 0.25, 7, 3]);
  assert.deepEqual([...picture], [0.5, -1, 2]);
});

test("steps along the straight velocity end at the picture", () => {
  const [noise, target] = [Float32Array.from([1, -2, 0]), [-1, 0.5, 1]];
  const velocity = target.map((x, i) => x - noise[i]);
  let picture = noise;
  for (let step = 0; step < 4; step += 1) picture = advance(picture, velocity, 4);
  for (const [i, x] of target.entries()) assert.ok(Math.abs(picture[i] - x) < 1e-6);
});

test("pictures go from black to white, and are clamped beyond", () => {
  const pixels = greys([-1, 1, 0, -3, 5]);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((i) => pixels[4 * i]),
    [0, 255, 128, 0, 255],
  );
  assert.equal(pixels[3], 255);
});

test("it needs a network and classes", () => {
  /** @param {Record<string, string>} attributes */
  const read = (attributes) => {
    const figure = new SamplerFigure();
    figure.dataset = {};
    figure.getAttribute = (name) => attributes[name] ?? null;
    figure.read();
    return figure;
  };
  assert.deepEqual(read({ model: "a.onnx", classes: "cat, dog" }).classes, ["cat", "dog"]);
  assert.throws(() => read({ classes: "cat, dog" }), /model must name/);
  assert.throws(() => read({ model: "a.onnx", classes: "cat" }), /two classes/);
});
