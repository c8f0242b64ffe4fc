// <tb-descent x="0 1 2" y="24 22 20" w="0" b="0" lr="0.05">: a line learns, step by step.
// On the left the loss of every line w x + b, as rings of equal loss; on the right the line itself.

import { define, draw, Figure, make, makeButton, showNumber } from "./common.js";

const RUN_STEPS = 100;
const MILLISECONDS = 40; // between two steps of a run
const SHOWN_ROWS = 4;
const SLIDER = { min: -3, max: -0.5, step: 0.01 }; // powers of ten: 0.001 to 0.32
const MOST_READINGS = 100;
const SIZE = { width: 330, height: 270, left: 46, right: 10, top: 10, bottom: 40 };
const RINGS = [0.3, 1, 2, 3, 4, 5, 6, 7, 8];

/** @typedef {{x: number[], y: number[]}} Readings */
/** @typedef {[number, number]} Pair */
/** @typedef {{w: number, b: number, loss: number, gradW: number, gradB: number}} State */

/** @param {string} text numbers with spaces between @param {string} name @returns {number[]} */
function parseNumbers(text, name) {
  const numbers = (text ?? "")
    .trim()
    .split(/\s+/)
    .map((word) => (word === "" ? NaN : Number(word)));
  if (!numbers.every(Number.isFinite) || numbers.length > MOST_READINGS) {
    throw new Error(`${name} must be 1 to ${MOST_READINGS} numbers, but is "${text}"`);
  }
  return numbers;
}

/** @param {number[]} numbers */
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/**
 * The mean squared error of the line w x + b, and its gradient.
 * @param {Readings} readings
 * @param {number} w
 * @param {number} b
 * @returns {State}
 */
export function stateAt({ x, y }, w, b) {
  const errors = x.map((value, i) => w * value + b - y[i]);
  return {
    w,
    b,
    loss: mean(errors.map((error) => error * error)),
    gradW: 2 * mean(errors.map((error, i) => error * x[i])),
    gradB: 2 * mean(errors),
  };
}

/**
 * One step of gradient descent.
 * @param {Readings} readings
 * @param {State} state
 * @param {number} lr
 */
export const stepFrom = (readings, state, lr) =>
  stateAt(readings, state.w - lr * state.gradW, state.b - lr * state.gradB);

/**
 * @param {Readings} readings
 * @param {number} w
 * @param {number} b
 * @param {number} lr
 * @param {number} steps
 * @returns {State[]} the start and the state after each step
 */
export function descend(readings, w, b, lr, steps) {
  const path = [stateAt(readings, w, b)];
  for (let k = 0; k < steps; k += 1) path.push(stepFrom(readings, path.at(-1), lr));
  return path;
}

/** The line with the smallest loss, by the closed formula. @param {Readings} readings */
export function bestLine(readings) {
  const [meanX, meanY] = [mean(readings.x), mean(readings.y)];
  const spread = mean(readings.x.map((value) => (value - meanX) ** 2));
  const w = mean(readings.x.map((value, i) => (value - meanX) * (readings.y[i] - meanY))) / spread;
  return stateAt(readings, w, meanY - w * meanX);
}

/**
 * The curvature of the loss along the two axes of its rings.
 * @param {Readings} readings
 * @returns {{curvatures: Pair, steep: Pair}} the eigenvalues of the
 *   Hessian, the larger one first, and the direction (w, b) of the larger
 */
export function curvature({ x }) {
  const [ww, wb, bb] = [2 * mean(x.map((value) => value * value)), 2 * mean(x), 2];
  const [middle, reach] = [(ww + bb) / 2, Math.hypot((ww - bb) / 2, wb)];
  const angle = Math.atan2(wb, (ww - bb) / 2) / 2;
  return {
    curvatures: [middle + reach, middle - reach],
    steep: [Math.cos(angle), Math.sin(angle)],
  };
}

/** The learning rate above which descent diverges. @param {Readings} readings */
export const limit = (readings) => 2 / curvature(readings).curvatures[0];

/** A number for a table, with a true minus sign. @param {number} number */
export function show(number) {
  const size = Math.abs(number);
  const text = !Number.isFinite(number)
    ? Number.isNaN(number)
      ? "nan"
      : number < 0
        ? "-∞"
        : "∞"
    : size >= 1e5
      ? number.toExponential(1).replace("e+", "e")
      : size >= 1000
        ? number.toFixed(0)
        : number.toFixed(3);
  return text.replaceAll("-", "−");
}

/** Four to nine round numbers for an axis. @param {number} from @param {number} to */
function roundNumbers(from, to) {
  const unit = 10 ** Math.floor(Math.log10((to - from) / 4));
  const step = unit * [5, 2, 1].find((times) => (to - from) / (times * unit) >= 4 - 1e-9);
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(6)),
  );
}

let plots = 0;

/** Axes with numbers, and a clipped drawing between them. */
class Plot {
  /** @param {Pair} x its range @param {Pair} y @param {string[]} titles */
  constructor(x, y, titles) {
    const { width, height, left, right, top, bottom } = SIZE;
    const [w, h] = [width - left - right, height - top - bottom];
    /** @param {number} value @returns {number} a pixel */
    this.x = (value) => left + (w * (value - x[0])) / (x[1] - x[0]);
    /** @param {number} value @returns {number} a pixel */
    this.y = (value) => top + (h * (y[1] - value)) / (y[1] - y[0]);
    /** @param {number} pixel */
    this.xAt = (pixel) => x[0] + ((pixel - left) * (x[1] - x[0])) / w;
    /** @param {number} pixel */
    this.yAt = (pixel) => y[1] - ((pixel - top) * (y[1] - y[0])) / h;
    plots += 1;
    const id = `tb-descent-window-${plots}`;
    this.ground = draw("g", { class: "tb-ground" });
    this.moving = draw("g");
    /** @param {number} value @param {Record<string, string | number>} position */
    const tick = (value, position) => draw("text", position, showNumber(value));
    const ticks = [
      ...roundNumbers(...x).map((value) =>
        tick(value, { x: this.x(value), y: height - bottom + 15, "text-anchor": "middle" }),
      ),
      ...roundNumbers(...y).map((value) =>
        tick(value, { x: left - 6, y: this.y(value) + 4, "text-anchor": "end" }),
      ),
    ];
    this.root = draw(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "img" },
      draw("clipPath", { id }, draw("rect", { x: left, y: top, width: w, height: h })),
      draw("g", { "clip-path": `url(#${id})` }, this.ground, this.moving),
      draw("rect", { class: "tb-frame", x: left, y: top, width: w, height: h }),
      ...ticks,
      draw("text", { x: left + w / 2, y: height - 6, "text-anchor": "middle" }, titles[0]),
      draw(
        "text",
        { transform: `translate(11 ${top + h / 2}) rotate(-90)`, "text-anchor": "middle" },
        titles[1],
      ),
    );
  }

  /** @param {Pair[]} points @param {string} look */
  line(points, look) {
    /** @param {number} pixel */
    const far = (pixel) => Math.max(-1e5, Math.min(1e5, pixel)); // browsers cannot draw farther
    return draw("polyline", {
      class: look,
      points: points
        .map(([x, y]) => `${far(this.x(x)).toFixed(1)},${far(this.y(y)).toFixed(1)}`)
        .join(" "),
    });
  }

  /** @param {number} x @param {number} y @param {number} radius @param {string} look */
  dot(x, y, radius, look) {
    return draw("circle", { class: look, cx: this.x(x), cy: this.y(y), r: radius });
  }
}

export class DescentFigure extends Figure {
  label = "Interactive figure: gradient descent";

  read() {
    this.readings = {
      x: parseNumbers(this.getAttribute("x"), "x"),
      y: parseNumbers(this.getAttribute("y"), "y"),
    };
    if (this.readings.x.length !== this.readings.y.length) {
      throw new Error(`x has ${this.readings.x.length} numbers, y has ${this.readings.y.length}`);
    }
    /** @param {string} name @param {string} otherwise */
    const read = (name, otherwise) => parseNumbers(this.getAttribute(name) ?? otherwise, name);
    /** @param {string} name @param {string} otherwise @returns {Pair} */
    const range = (name, otherwise) => {
      const [from, to] = read(name, otherwise);
      return [from, to];
    };
    this.start = { w: read("w", "0")[0], b: read("b", "0")[0] };
    /** @type {number} */
    this.lr = read("lr", "0.05")[0];
    this.ranges = {
      w: range("w-range", "-10 10"),
      b: range("b-range", "-10 40"),
      x: range("x-range", "0 6"),
      y: range("y-range", "0 30"),
    };
  }

  build() {
    const { w, b, x, y } = this.ranges;
    this.surface = new Plot(w, b, ["w (cm per hour)", "b (cm)"]);
    this.lines = new Plot(x, y, ["hours", "height (cm)"]);
    this.surface.root.classList.add("tb-surface");
    this.surface.root.addEventListener("click", (event) => this.pickStart(event));
    this.drawRings();
    this.lines.ground.append(
      ...this.readings.x.map((at, i) => this.lines.dot(at, this.readings.y[i], 3.5, "tb-reading")),
    );

    this.slider = make("input", {
      type: "range",
      ...SLIDER,
      value: Math.log10(this.lr),
      "aria-label": "learning rate",
    });
    this.slider.addEventListener("input", () => {
      this.lr = Number((10 ** Number(this.slider.value)).toPrecision(2));
      this.showRate();
    });
    this.rate = make("output", { "aria-hidden": "true" });
    this.fields = { w: this.startField("w"), b: this.startField("b") };
    this.stepButton = makeButton("Step", () => {
      this.stop();
      this.step();
    });
    this.runButton = makeButton("", () => (this.timer ? this.stop() : this.run()));
    this.rows = make("tbody");
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    this.showRate();
    this.reset();
    return [
      make(
        "div",
        { class: "tb-controls" },
        make("label", { class: "tb-rate" }, "learning rate ", this.slider, this.rate),
        make(
          "span",
          { class: "tb-start" },
          "start at ",
          make("label", {}, "w ", this.fields.w),
          make("label", {}, " b ", this.fields.b),
        ),
      ),
      make("div", { class: "tb-plots" }, this.surface.root, this.lines.root),
      make(
        "div",
        { class: "tb-buttons" },
        this.stepButton,
        this.runButton,
        makeButton("Reset", () => {
          this.reset();
          this.update();
        }),
      ),
      this.explanation,
      make(
        "div",
        { class: "tb-last-steps" },
        make(
          "table",
          { class: "tb-steps" },
          make("caption", { class: "tb-status" }, "The last steps"),
          make(
            "thead",
            {},
            make(
              "tr",
              {},
              ...["step", "w", "b", "loss", "gradient w", "gradient b"].map((title) =>
                make("th", { scope: "col" }, title),
              ),
            ),
          ),
          this.rows,
        ),
      ),
      make(
        "p",
        { class: "tb-hint" },
        "Each ring joins lines of equal loss; the stronger the colour, the lower. ",
        "Choose another start with the two fields, or by a click on the rings.",
      ),
    ];
  }

  /** A field for one number of the start. @param {"w" | "b"} name */
  startField(name) {
    const [min, max] = this.ranges[name];
    const field = make("input", {
      type: "number",
      class: "tb-shape-field",
      min,
      max,
      step: "any",
      required: true,
      value: this.start[name],
      "aria-label": `start ${name}`,
    });
    field.addEventListener("input", () => {
      if (!field.validity.valid) return; // half typed: keep the last good number
      this.start[name] = field.valueAsNumber;
      this.reset();
      this.update();
    });
    field.addEventListener("change", () => {
      const kept = String(this.start[name]);
      if (!field.validity.valid) {
        const range = `${showNumber(min)} to ${showNumber(max)}`;
        this.refuse(field.value, `no number from ${range}: ${name} stays ${showNumber(kept)}`);
      }
      field.value = kept;
    });
    return field;
  }

  /** @param {MouseEvent} event a click on the rings */
  pickStart(event) {
    const box = this.surface.root.getBoundingClientRect();
    const scale = SIZE.width / box.width;
    /** @param {"w" | "b"} name @param {number} picked */
    const set = (name, picked) => {
      const [min, max] = this.ranges[name];
      this.start[name] = Number(Math.min(max, Math.max(min, picked)).toFixed(1));
      this.fields[name].value = String(this.start[name]);
    };
    set("w", this.surface.xAt((event.clientX - box.left) * scale));
    set("b", this.surface.yAt((event.clientY - box.top) * scale));
    this.reset();
    this.update();
  }

  /** Rings of equal loss: ellipses around the best line. */
  drawRings() {
    const best = bestLine(this.readings);
    const { curvatures, steep } = curvature(this.readings);
    const flat = [-steep[1], steep[0]];
    const rings = RINGS.toReversed().map((size) => {
      const [a, c] = curvatures.map((curve) => (size * 5.5) / Math.sqrt(curve));
      const points = Array.from({ length: 121 }, (_, i) => {
        const angle = (i * Math.PI) / 60;
        const [along, across] = [a * Math.cos(angle), c * Math.sin(angle)];
        return /** @type {Pair} */ ([
          best.w + along * steep[0] + across * flat[0],
          best.b + along * steep[1] + across * flat[1],
        ]);
      });
      return this.surface.line(points, "tb-ring");
    });
    this.surface.ground.append(...rings);
  }

  detach() {
    this.stop();
  }

  reset() {
    this.stop();
    this.path = [stateAt(this.readings, this.start.w, this.start.b)];
    /** @type {number[]} */
    this.usedRates = [];
  }

  showRate() {
    this.rate.textContent = String(this.lr);
    this.slider.setAttribute("aria-valuetext", String(this.lr));
  }

  get hasDiverged() {
    const { loss } = this.path.at(-1);
    return !(loss <= 1000 * (this.path[0].loss + 1)); // also if it is NaN
  }

  get isAtBottom() {
    const { gradW, gradB } = this.path.at(-1);
    return Math.hypot(gradW, gradB) < 1e-3;
  }

  /** Take one step without drawing it. @returns {boolean} whether it can go on */
  advance() {
    if (this.hasDiverged) return false;
    this.path.push(stepFrom(this.readings, this.path.at(-1), this.lr));
    this.usedRates.push(this.lr);
    return !this.hasDiverged && !this.isAtBottom;
  }

  step() {
    this.advance();
    this.update();
  }

  /** Take many steps, one by one, or at once for readers who prefer less motion. */
  run() {
    let left = RUN_STEPS;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      while (left > 0 && this.advance()) left -= 1;
      this.update();
      return;
    }
    this.timer = setInterval(() => {
      left -= 1;
      if (!this.advance() || left === 0) this.stop();
      this.update();
    }, MILLISECONDS);
    this.update();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.runButton.textContent = `Run ${RUN_STEPS} steps`;
  }

  update() {
    const now = this.path.at(-1);
    const n = this.path.length - 1;
    const failed = this.hasDiverged;
    this.classList.toggle("tb-failed", failed);
    this.stepButton.disabled = failed;
    this.runButton.disabled = failed;
    if (this.timer) this.runButton.textContent = "Stop";

    /** @type {Pair[]} */
    const points = this.path.map(({ w, b }) => [w, b]);
    this.surface.moving.replaceChildren(
      this.surface.line(points, "tb-path"),
      ...points
        .slice(0, -1)
        .slice(-RUN_STEPS)
        .map(([w, b]) => this.surface.dot(w, b, 2, "tb-visited")),
      this.surface.dot(now.w, now.b, 5, "tb-now"),
    );
    const { x: range } = this.ranges;
    this.lines.moving.replaceChildren(
      ...this.readings.x.map((x, i) =>
        this.lines.line(
          [
            [x, this.readings.y[i]],
            [x, now.w * x + now.b],
          ],
          "tb-error-bar",
        ),
      ),
      this.lines.line(
        range.map((x) => [x, now.w * x + now.b]),
        "tb-line",
      ),
    );
    const place = `w = ${show(now.w)}, b = ${show(now.b)}`;
    this.surface.root.setAttribute(
      "aria-label",
      `Rings of equal loss over w and b, long and narrow, and the way so far. Now: ${place}.`,
    );
    this.lines.root.setAttribute(
      "aria-label",
      `${this.readings.x.length} readings of height against hours, and the line with ${place}.`,
    );

    const first = Math.max(0, this.path.length - SHOWN_ROWS);
    this.rows.replaceChildren(
      ...this.path
        .slice(first)
        .map((state, i) =>
          make(
            "tr",
            {},
            make("th", { scope: "row" }, String(first + i)),
            ...[state.w, state.b, state.loss, state.gradW, state.gradB].map((number) =>
              make("td", {}, show(number)),
            ),
          ),
        ),
    );

    const sentences = this.inWords();
    const words = sentences.join(" ");
    this.explanation.replaceChildren(
      ...sentences.flatMap((sentence) => [make("span", { class: "tb-sentence" }, sentence), " "]),
    );
    this.say(
      `Step ${n}: w ${show(now.w)}, b ${show(now.b)}, loss ${show(now.loss)}, ` +
        `gradient ${show(now.gradW)} and ${show(now.gradB)}. ${words}`,
    );
  }

  /** What has just happened. @returns {string[]} sentences */
  inWords() {
    const [before, now] = [this.path.at(-2), this.path.at(-1)];
    if (this.hasDiverged) {
      return [
        "Diverged: the loss is more than a thousand times what it was.",
        "Each step jumps farther up the other side of the valley.",
        "With these readings that happens above a learning rate of " +
          `${limit(this.readings).toFixed(3)}. Reset, and try a smaller one.`,
      ];
    }
    if (this.isAtBottom) {
      return [
        "The bottom: both parts of the gradient are nearly 0,",
        "and no line has a smaller loss on these readings.",
      ];
    }
    if (!before) {
      return [
        "Press Step: w and b each move downhill,",
        "by the learning rate times their part of the gradient.",
      ];
    }
    const lr = this.usedRates.at(-1);
    /** @param {"w" | "b"} name @param {number} gradient */
    const change = (name, gradient) =>
      `${name} = ${show(before[name])} − ${lr} × ` +
      `${gradient < 0 ? `(${show(gradient)})` : show(gradient)} = ${show(now[name])}.`;
    return [
      change("w", before.gradW),
      change("b", before.gradB),
      now.loss <= before.loss
        ? "The loss has fallen."
        : "The loss has grown: the step jumped over the valley and landed higher.",
    ];
  }
}

define("tb-descent", DescentFigure);
