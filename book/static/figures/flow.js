// <tb-flow target="five spots" steps="10">: points travel from noise to a few spots, along the
// exact velocity, in as many steps as the reader chooses.

import { define, draw, Figure, make, makeButton, makeSelect } from "./common.js";

/** @typedef {[number, number]} Point */

const STEPS = [1, 2, 3, 5, 10, 20, 50];
const SPREAD = 0.15; // of each spot: its standard deviation
const N_POINTS = 150;
const REACH = 3.4; // what the picture shows, to each side of 0
const SIZE = 400;
const MILLISECONDS = 2400; // of a whole journey, or less where there are few steps

/** @param {number} n @param {number} radius @param {number} turn @returns {Point[]} */
const ring = (n, radius, turn = 0) =>
  Array.from({ length: n }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / n;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });

/** The middles of the spots. @type {Record<string, Point[]>} */
export const TARGETS = {
  "two spots": [
    [-1.8, 0],
    [1.8, 0],
  ],
  "five spots": ring(5, 2.2, Math.PI / 2),
  "a smile": [
    [-0.9, 1.4],
    [0.9, 1.4],
    ...Array.from({ length: 7 }, (_, i) => {
      const angle = Math.PI * (1.15 + (0.7 * i) / 6);
      return /** @type {Point} */ ([2.2 * Math.cos(angle), 2.2 * Math.sin(angle) + 0.5]);
    }),
  ],
};

/**
 * Points from a bell, the same for the same seed.
 * @param {number} n @param {number} seed @returns {Point[]}
 */
export function noise(n, seed) {
  let state = seed * 7919 + 12345;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Array.from({ length: n }, () => {
    const [radius, angle] = [Math.sqrt(-2 * Math.log(1 - random())), 2 * Math.PI * random()];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/**
 * The mean of x1 − x0 over all pairs of noise x0 and target x1 whose line is at a point at a time.
 * For a target made of round bells it has a closed form.
 * @param {Point[]} spots @param {Point} point @param {number} t from 0 to 1
 * @returns {Point}
 */
export function velocity(spots, [x, y], t) {
  const variance = (1 - t) ** 2 + (t * SPREAD) ** 2; // of what comes from one spot, at time t
  const slope = (t * SPREAD ** 2 - (1 - t)) / variance;
  const logs = spots.map(([a, b]) => -((x - t * a) ** 2 + (y - t * b) ** 2) / (2 * variance));
  const largest = Math.max(...logs);
  let [sum, vx, vy] = [0, 0, 0];
  for (const [i, [a, b]] of spots.entries()) {
    const weight = Math.exp(logs[i] - largest);
    sum += weight;
    vx += weight * (a + slope * (x - t * a));
    vy += weight * (b + slope * (y - t * b));
  }
  return [vx / sum, vy / sum];
}

/**
 * Where points are after each of n steps of the same length; the first are where they start.
 * @param {Point[]} spots @param {Point[]} points @param {number} n
 */
export function travel(spots, points, n) {
  const places = [points];
  for (let step = 0; step < n; step += 1) {
    places.push(
      places[step].map((point) => {
        const [vx, vy] = velocity(spots, point, step / n);
        return [point[0] + vx / n, point[1] + vy / n];
      }),
    );
  }
  return places;
}

/** How many points lie within three spreads of a spot. @param {Point[]} spots @param {Point[]} points */
export const countHits = (spots, points) =>
  points.filter(([x, y]) => spots.some(([a, b]) => Math.hypot(x - a, y - b) <= 3 * SPREAD)).length;

const names = Object.keys(TARGETS);
/** @param {number} x */
const across = (x) => ((1 + x / REACH) * SIZE) / 2;
/** @param {number} y */
const down = (y) => ((1 - y / REACH) * SIZE) / 2;

export class FlowFigure extends Figure {
  label = "Interactive figure: a flow from noise to spots";
  target = names[1];
  n = 10;
  seed = 1;
  /** How many steps are done; between two whole numbers while it plays. */
  done = 0;
  /** @type {Point[][]} */
  places = [];
  frame = 0;

  read() {
    this.target = this.readChoice("target", names, names[1]);
    this.n = Number(this.readChoice("steps", STEPS, 10));
  }

  build() {
    const target = makeSelect("Target", names, this.target, (name) => {
      this.target = name;
      this.startOver();
    });
    const steps = makeSelect("Number of steps", STEPS, this.n, (value) => {
      this.n = Number(value);
      this.startOver();
    });
    this.spots = draw("g", { class: "tb-flow-spots" });
    this.trails = draw("path", { class: "tb-flow-trails" });
    this.dots = Array.from({ length: N_POINTS }, () => draw("circle", { r: 3 }));
    this.stage = draw(
      "svg",
      { viewBox: `0 0 ${SIZE} ${SIZE}`, class: "tb-flow-picture", "aria-hidden": "true" },
      this.spots,
      this.trails,
      draw("g", { class: "tb-flow-points" }, ...this.dots),
    );
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    this.buttons = [
      makeButton("Previous step", () => this.go(Math.ceil(this.done) - 1)),
      makeButton("Next step", () => this.go(Math.floor(this.done) + 1)),
      makeButton("All steps", () => this.play()),
      makeButton("New noise", () => {
        this.seed += 1;
        this.startOver();
      }),
    ];
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.walkAll();
    return [
      make(
        "div",
        { class: "tb-inputs" },
        make("label", {}, "Target: ", target),
        make("label", {}, "Steps: ", steps),
      ),
      this.stage,
      make("div", { class: "tb-buttons" }, ...this.buttons),
      this.explanation,
    ];
  }

  detach() {
    cancelAnimationFrame(this.frame);
  }

  walkAll() {
    this.places = travel(TARGETS[this.target], noise(N_POINTS, this.seed), this.n);
  }

  startOver() {
    this.walkAll();
    this.go(0);
  }

  /** @param {number} done how many steps are done */
  go(done) {
    cancelAnimationFrame(this.frame);
    this.done = Math.max(0, Math.min(done, this.n));
    this.update();
  }

  /** Take all steps that are left, or all again after the last. */
  play() {
    const from = this.done >= this.n ? 0 : this.done;
    if (this.calm.matches) {
      this.go(this.n);
      return;
    }
    this.go(from);
    const begin = performance.now();
    const pace = Math.min(this.n, 12) / this.n; // few steps take less time
    const total = Math.max(600, MILLISECONDS * pace * (this.n < 12 ? this.n / 12 : 1));
    /** @param {number} now */
    const move = (now) => {
      this.done = Math.min(this.n, from + (Math.max(0, now - begin) / total) * this.n);
      if (this.done < this.n) {
        this.picture();
        this.frame = requestAnimationFrame(move);
      } else this.update();
    };
    this.frame = requestAnimationFrame(move);
  }

  update() {
    this.picture();
    this.buttons[0].disabled = this.done === 0;
    this.buttons[1].disabled = this.done === this.n;
    this.buttons[2].textContent = this.done === this.n ? "Again" : "All steps";
    const sentence = this.sentence();
    this.explanation.textContent = sentence;
    this.say(sentence);
  }

  sentence() {
    const done = Math.floor(this.done);
    if (done === 0) {
      return `${N_POINTS} points of noise, at time 0. The circles are where they should go.`;
    }
    if (done < this.n) return `Step ${done} of ${this.n}: time ${(done / this.n).toFixed(2)}.`;
    const hits = countHits(TARGETS[this.target], this.places[this.n]);
    const steps = this.n === 1 ? "one step" : `${this.n} steps`;
    const moral = this.n === 1 ? " All of them stand where the average of the target is." : "";
    return `After ${steps}, ${hits} of ${N_POINTS} points have arrived in a circle.${moral}`;
  }

  picture() {
    const spots = TARGETS[this.target];
    const radius = ((3 * SPREAD) / REACH) * (SIZE / 2);
    this.spots.replaceChildren(
      ...spots.map(([x, y]) => draw("circle", { cx: across(x), cy: down(y), r: radius })),
    );
    const step = Math.min(Math.floor(this.done), this.n - 1);
    const share = this.done - step;
    const trails = [];
    for (const [i, dot] of this.dots.entries()) {
      const [from, to] = [this.places[step][i], this.places[step + 1][i]];
      const x = across(from[0] + share * (to[0] - from[0])).toFixed(1);
      const y = down(from[1] + share * (to[1] - from[1])).toFixed(1);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      if (i % 5 === 0) {
        const path = this.places.slice(0, step + 1).map((places) => places[i]);
        const corners = path.map(([a, b]) => `${across(a).toFixed(1)} ${down(b).toFixed(1)}`);
        trails.push(`M${corners.join("L")}L${x} ${y}`);
      }
    }
    this.trails.setAttribute("d", trails.join(""));
  }
}

define("tb-flow", FlowFigure);
