// <tb-twins>: a tiny network puts the views of eight signals on a circle, by
// contrastive learning, or by pulling alone. It is trained here, step by step.

import { define, draw, Figure, make, makeButton, showNumber } from "./common.js";

const SIGNALS = 8; // points in a square, which stand for signals
const HIDDEN = 16;
const INPUTS = 3; // two coordinates, and a 1 for the bias
const N_WEIGHTS = HIDDEN * INPUTS + 2 * (HIDDEN + 1);
const NOISE = 0.12; // how far a view lies from its signal
const RATE = 0.03;
const TEMPERATURE = 0.2;
const SEED = 7; // a start at which strangers are apart already
const SIZE = { width: 340, height: 340, radius: 132 };

/** @typedef {[number, number]} Point */
/** @typedef {{isPushing: boolean, temperature: number}} Rule */
/** @typedef {{weights: number[], mean: number[], square: number[], steps: number}} Learner */

/** Random numbers from 0 to 1, the same for the same seed. @param {number} seed */
export function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** @param {() => number} random @returns {number} from a normal distribution */
const normal = (random) =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** @param {() => number} random @returns {Point[]} the signals: two rows of four, out of line */
export const makeSignals = (random) =>
  Array.from({ length: SIGNALS }, (_, i) => [
    (i % 4) - 1.5 + 0.3 * normal(random),
    1.4 * Math.floor(i / 4) - 0.7 + 0.3 * normal(random),
  ]);

/** @param {() => number} random @returns {Learner} */
export const makeLearner = (random) => ({
  weights: Array.from({ length: N_WEIGHTS }, () => 0.6 * normal(random)),
  mean: Array(N_WEIGHTS).fill(0),
  square: Array(N_WEIGHTS).fill(0),
  steps: 0,
});

/** @param {Point[]} signals @param {() => number} random @returns {Point[]} one view of each */
export const makeViews = (signals, random) =>
  signals.map(([x, y]) => [x + NOISE * normal(random), y + NOISE * normal(random)]);

/**
 * What the network makes of a point: a point on the circle, and what led there.
 * @param {number[]} weights
 * @param {Point} point
 */
export function encode(weights, [x, y]) {
  const hidden = Array.from({ length: HIDDEN }, (_, i) => {
    const w = i * INPUTS;
    return Math.tanh(weights[w] * x + weights[w + 1] * y + weights[w + 2]);
  });
  const out = [0, 1].map((k) => {
    const w = HIDDEN * INPUTS + k * (HIDDEN + 1);
    return hidden.reduce((sum, h, i) => sum + weights[w + i] * h, weights[w + HIDDEN]);
  });
  const length = Math.hypot(out[0], out[1]);
  return { hidden, length, unit: /** @type {Point} */ ([out[0] / length, out[1] / length]) };
}

/** @param {Point} a @param {Point} b */
const cosine = (a, b) => a[0] * b[0] + a[1] * b[1];

/**
 * The loss of points on the circle, and its slope for each of their coordinates.
 * @param {Point[]} units first views, then their twins in the same order
 * @param {Rule} rule
 */
export function lossOf(units, { isPushing, temperature }) {
  const n = units.length;
  const twinOf = units.map((_, i) => (i + n / 2) % n);
  const slopes = units.map(() => /** @type {Point} */ ([0, 0]));
  let loss = 0;
  /** @param {number} i @param {number} j @param {number} amount how much their cosine changes it */
  const pull = (i, j, amount) => {
    for (const k of [0, 1]) {
      slopes[i][k] += amount * units[j][k];
      slopes[j][k] += amount * units[i][k];
    }
  };
  for (let i = 0; i < n; i += 1) {
    const twin = twinOf[i];
    if (!isPushing) {
      loss -= cosine(units[i], units[twin]) / n;
      pull(i, twin, -1 / n);
      continue;
    }
    const powers = units.map((other, j) =>
      j === i ? 0 : Math.exp((cosine(units[i], other) - 1) / temperature),
    );
    const sum = powers.reduce((a, b) => a + b);
    loss -= Math.log(powers[twin] / sum) / n;
    for (let j = 0; j < n; j += 1) {
      if (j === i) continue;
      pull(i, j, (powers[j] / sum - (j === twin ? 1 : 0)) / (n * temperature));
    }
  }
  return { loss, slopes };
}

/**
 * The loss of some views, and its gradient for all weights.
 * @param {number[]} weights
 * @param {Point[]} views
 * @param {Rule} rule
 */
export function gradientOf(weights, views, rule) {
  const encoded = views.map((view) => encode(weights, view));
  const { loss, slopes } = lossOf(
    encoded.map(({ unit }) => unit),
    rule,
  );
  const gradient = Array(N_WEIGHTS).fill(0);
  for (const [v, { hidden, length, unit }] of encoded.entries()) {
    const along = cosine(slopes[v], unit);
    const back = [0, 1].map((k) => (slopes[v][k] - along * unit[k]) / length);
    const atHidden = hidden.map((h, i) => {
      const [a, b] = [0, 1].map((k) => HIDDEN * INPUTS + k * (HIDDEN + 1) + i);
      gradient[a] += back[0] * h;
      gradient[b] += back[1] * h;
      return (back[0] * weights[a] + back[1] * weights[b]) * (1 - h * h);
    });
    for (const k of [0, 1]) gradient[HIDDEN * INPUTS + k * (HIDDEN + 1) + HIDDEN] += back[k];
    for (const [i, slope] of atHidden.entries()) {
      gradient[i * INPUTS] += slope * views[v][0];
      gradient[i * INPUTS + 1] += slope * views[v][1];
      gradient[i * INPUTS + 2] += slope;
    }
  }
  return { loss, gradient };
}

/**
 * One step of Adam.
 * @param {Learner} learner
 * @param {number[]} gradient
 */
export function learn(learner, gradient) {
  learner.steps += 1;
  const [b1, b2] = [0.9, 0.999];
  for (const [i, slope] of gradient.entries()) {
    learner.mean[i] = b1 * learner.mean[i] + (1 - b1) * slope;
    learner.square[i] = b2 * learner.square[i] + (1 - b2) * slope * slope;
    const mean = learner.mean[i] / (1 - b1 ** learner.steps);
    const square = learner.square[i] / (1 - b2 ** learner.steps);
    learner.weights[i] -= (RATE * mean) / (Math.sqrt(square) + 1e-8);
  }
}

/** Mean cosines of twins and of strangers. @param {Point[]} units */
export function cosinesOf(units) {
  const n = units.length;
  const sums = { twins: 0, strangers: 0 };
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < n; j += 1) {
      if (i !== j)
        sums[j === (i + n / 2) % n ? "twins" : "strangers"] += cosine(units[i], units[j]);
    }
  }
  return { twins: sums.twins / n, strangers: sums.strangers / (n * (n - 2)) };
}

export class TwinsFigure extends Figure {
  label = "Interactive figure: twins on a circle";
  /** @type {Rule} */
  rule = { isPushing: true, temperature: TEMPERATURE };

  /** Begin again, with the same signals and the same random weights. */
  restart() {
    this.random = randomNumbers(SEED);
    this.signals = makeSignals(this.random);
    this.learner = makeLearner(this.random);
    this.look();
  }

  /** Draw new views, and see where they are. */
  look() {
    this.views = [...makeViews(this.signals, this.random), ...makeViews(this.signals, this.random)];
    this.units = this.views.map((view) => encode(this.learner.weights, view).unit);
  }

  build() {
    this.restart();
    this.stage = make("div", { class: "tb-twins-stage" });
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    this.push = make("input", { type: "checkbox", checked: true });
    this.push.addEventListener("change", () => {
      this.rule.isPushing = this.push.checked;
      this.restart();
      this.update();
    });
    return [
      make("div", { class: "tb-controls" }, make("label", {}, this.push, " push strangers apart")),
      this.stage,
      make(
        "div",
        { class: "tb-buttons" },
        makeButton("One step", () => this.train(1)),
        makeButton("20 steps", () => this.train(20)),
        makeButton("Start again", () => {
          this.restart();
          this.update();
        }),
      ),
      this.explanation,
      make(
        "p",
        { class: "tb-hint" },
        "Twins have the same number. Each change of the box starts again, from the same weights.",
      ),
    ];
  }

  /** @param {number} steps */
  train(steps) {
    for (let step = 0; step < steps; step += 1) {
      learn(this.learner, gradientOf(this.learner.weights, this.views, this.rule).gradient);
      this.look();
    }
    this.update();
  }

  update() {
    this.stage.replaceChildren(this.picture());
    const sentence = this.sentence();
    this.explanation.textContent = sentence;
    this.say(sentence);
  }

  sentence() {
    const { steps } = this.learner;
    const { twins, strangers } = cosinesOf(this.units);
    const { loss } = lossOf(this.units, this.rule);
    const best = this.rule.isPushing
      ? `a guess pays ${Math.log(this.units.length - 1).toFixed(2)}`
      : "the best is −1";
    const start = `After ${steps} ${steps === 1 ? "step" : "steps"}: `;
    const numbers =
      `loss ${showNumber(loss.toFixed(2))} (${best}), cosine of twins ` +
      `${showNumber(twins.toFixed(2))}, of strangers ${showNumber(strangers.toFixed(2))}.`;
    const end = strangers > 0.9 ? " It has collapsed: everybody is everybody’s twin." : "";
    return start + numbers + end;
  }

  picture() {
    const { width, height, radius } = SIZE;
    /** @param {Point} unit @param {number} r */
    const at = ([x, y], r) => ({ x: width / 2 + r * x, y: height / 2 - r * y });
    const n = SIGNALS;
    const marks = this.units.flatMap((unit, i) => {
      const dot = at(unit, radius);
      const text = at(unit, radius + (i < n ? 20 : -20));
      const marked = [
        draw("circle", { cx: dot.x, cy: dot.y, r: 6, class: `tb-view-${(i % n) % 4}` }),
        draw("text", { x: text.x, y: text.y + 5 }, String((i % n) + 1)),
      ];
      if (i >= n) return marked;
      const twin = at(this.units[i + n], radius);
      return [draw("line", { x1: dot.x, y1: dot.y, x2: twin.x, y2: twin.y }), ...marked];
    });
    return draw(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, class: "tb-twins-picture", "aria-hidden": "true" },
      draw("circle", { cx: width / 2, cy: height / 2, r: radius, class: "tb-rim" }),
      ...marks,
    );
  }
}

define("tb-twins", TwinsFigure);
