// The flow figure's velocity is exact, and its points travel along it; without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countHits,
  FlowFigure,
  noise,
  TARGETS,
  travel,
  velocity,
} from "../../book/static/figures/flow.js";

/** @typedef {[number, number]} Point */

const SPREAD = 0.15;

test("the velocity is the mean of x1 − x0 over pairs that pass near the point", () => {
  /** @type {[Point, number][]} */
  const places = [
    [[0.3, 0.4], 0.3],
    [[0.9, 1.0], 0.5],
    [[-0.5, 0.2], 0.1],
  ];
  const [starts, offsets] = [noise(400_000, 1), noise(400_000, 2)];
  const spots = TARGETS["five spots"];
  for (const [point, t] of places) {
    const sum = [0, 0];
    let n = 0;
    for (const [i, [x0, y0]] of starts.entries()) {
      const [a, b] = spots[i % spots.length];
      const [x1, y1] = [a + SPREAD * offsets[i][0], b + SPREAD * offsets[i][1]];
      const [x, y] = [(1 - t) * x0 + t * x1, (1 - t) * y0 + t * y1];
      if (Math.hypot(x - point[0], y - point[1]) < 0.05) {
        sum[0] += x1 - x0;
        sum[1] += y1 - y0;
        n += 1;
      }
    }
    assert.ok(n > 100, `only ${n} pass`);
    const expected = velocity(spots, point, t);
    for (const axis of [0, 1]) {
      assert.ok(Math.abs(sum[axis] / n - expected[axis]) < 0.3, `${sum[axis] / n} ${expected}`);
    }
  }
});

test("one step leads every point to the average of the target", () => {
  for (const spots of Object.values(TARGETS)) {
    const [mx, my] = [0, 1].map(
      (axis) => spots.reduce((sum, s) => sum + s[axis], 0) / spots.length,
    );
    for (const [x, y] of travel(spots, noise(20, 3), 1)[1]) {
      assert.ok(Math.hypot(x - mx, y - my) < 1e-9);
    }
  }
});

test("with many steps nearly all arrive, with few many don't", () => {
  for (const spots of Object.values(TARGETS)) {
    const points = noise(500, 4);
    const hits = [2, 5, 50].map((n) => countHits(spots, travel(spots, points, n)[n]));
    assert.ok(hits[2] > 480, String(hits));
    assert.ok(hits[0] < hits[1] && hits[1] < hits[2], String(hits));
  }
});

test("noise is a bell, and the same for the same seed", () => {
  assert.deepEqual(noise(3, 5), noise(3, 5));
  assert.notDeepEqual(noise(3, 5), noise(3, 6));
  const all = noise(20_000, 7).flat();
  const mean = all.reduce((sum, x) => sum + x) / all.length;
  const variance = all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length;
  assert.ok(Math.abs(mean) < 0.03 && Math.abs(variance - 1) < 0.03);
});

test("it refuses targets and steps that it doesn't have", () => {
  /** @param {Record<string, string>} attributes */
  const read = (attributes) => {
    const figure = new FlowFigure();
    figure.getAttribute = (name) => attributes[name] ?? null;
    figure.read();
    return figure;
  };
  assert.equal(read({}).n, 10);
  assert.equal(read({ steps: "50", target: "a smile" }).target, "a smile");
  assert.throws(() => read({ steps: "7" }), /steps must be one of/);
  assert.throws(() => read({ target: "a cat" }), /target must be one of/);
});
