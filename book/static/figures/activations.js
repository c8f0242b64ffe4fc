// <tb-activations gain="1" depth="20" bend="ReLU">: random numbers go through random layers, and a
// histogram of each layer shows what is left of them.

import { define, draw, Figure, make, makeButton, makeSelect, showNumber } from "./common.js";

const WIDTH = 64; // inputs and outputs of a layer
const BATCH = 64;
const DEPTHS = [5, 10, 20, 30];
const MOST_ROWS = 10;
const GAIN = { min: 0.2, max: 3, step: 0.05 };
const BINS = 31; // from -3 to 3; the outer two hold what lies beyond
const REACH = 3;
const PICTURE = { width: 340, row: 34, left: 66, right: 66, tallest: 0.3 };

/** @type {Record<string, {bend: (x: number) => number, best: number}>} */
const BENDS = {
  none: { bend: (x) => x, best: 1 },
  ReLU: { bend: (x) => Math.max(x, 0), best: Math.SQRT2 },
  tanh: { bend: Math.tanh, best: 5 / 3 },
};

/**
 * Random numbers from a bell curve of mean 0 and standard deviation 1, the same for the same seed.
 * @param {number} count an even number
 * @param {number} seed
 */
export function normals(count, seed) {
  let state = seed;
  const uniform = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform())); // Box and Muller
    const angle = 2 * Math.PI * uniform();
    numbers[i] = radius * Math.cos(angle);
    numbers[i + 1] = radius * Math.sin(angle);
  }
  return numbers;
}

/** @type {Float64Array[]} the input, then the weights of each layer, made when they are needed */
const random = [];
/** @param {number} layer */
function randomOf(layer) {
  random[layer] ??= normals(WIDTH * (layer ? WIDTH : BATCH), layer + 1);
  return random[layer];
}

/** @typedef {{size: number, bins: number[], flat: number}} Layer */

/**
 * What a layer's numbers are like.
 * @param {Float64Array} numbers
 * @returns {Layer} the root of their mean square; the share in each bin; the share beyond ±0.95
 */
function describe(numbers) {
  const bins = Array(BINS).fill(0);
  let squares = 0;
  let flat = 0;
  for (const x of numbers) {
    squares += x * x;
    if (Math.abs(x) > 0.95) flat += 1;
    const place = Math.floor(((x + REACH) / (2 * REACH)) * BINS);
    bins[Math.min(Math.max(place, 0), BINS - 1)] += 1 / numbers.length;
  }
  return { size: Math.sqrt(squares / numbers.length), bins, flat: flat / numbers.length };
}

/**
 * Send a batch of random numbers through layers of random weights.
 * @param {number} gain the weights' standard deviation, times the root of the number of inputs
 * @param {number} depth
 * @param {string} bend one of the names in `BENDS`
 * @returns {Layer[]} the input, and what each layer makes of it, bent
 */
export function signal(gain, depth, bend) {
  let x = randomOf(0);
  const layers = [describe(x)];
  const scale = gain / Math.sqrt(WIDTH);
  for (let layer = 1; layer <= depth; layer += 1) {
    const weights = randomOf(layer);
    const y = new Float64Array(BATCH * WIDTH);
    for (let row = 0; row < BATCH; row += 1) {
      for (let column = 0; column < WIDTH; column += 1) {
        let sum = 0;
        for (let i = 0; i < WIDTH; i += 1) {
          sum += x[row * WIDTH + i] * weights[column * WIDTH + i];
        }
        y[row * WIDTH + column] = BENDS[bend].bend(scale * sum);
      }
    }
    layers.push(describe(y));
    x = y;
  }
  return layers;
}

/**
 * The numbers of the rows to show: the input, the last layer, and what fits between.
 * @param {number} depth
 */
export function rowsOf(depth) {
  const count = Math.min(depth, MOST_ROWS);
  return Array.from({ length: count + 1 }, (_, i) => Math.round((i * depth) / count));
}

/** @param {number} size @returns {string} two digits, short however small or large */
export function showSize(size) {
  if (size >= 0.001 && size < 1000) return String(Number(size.toPrecision(2)));
  return showNumber(size.toExponential(0).replace("+", ""));
}

/**
 * What became of the signal, in words.
 * @param {Layer[]} layers
 * @param {string} bend
 */
export function verdict(layers, bend) {
  const { size, flat } = layers.at(-1);
  const depth = layers.length - 1;
  const end = `After ${depth} layers, the numbers’ size is ${showSize(size)}`;
  if (size < 0.05) return `${end}. The signal has died: every input looks the same.`;
  if (size > 20) return `${end}. The signal has exploded.`;
  if (bend === "tanh" && flat > 0.4) {
    const share = Math.round(100 * flat);
    return `${end}, and ${share} % are stuck near −1 or 1, where tanh is flat and no gradient comes back.`;
  }
  return `${end}. The signal arrives.`;
}

export class ActivationsFigure extends Figure {
  label = "Interactive figure: the signal, layer by layer";

  read() {
    this.bend = this.readChoice("bend", Object.keys(BENDS), "ReLU");
    this.depth = Number(this.readChoice("depth", DEPTHS, 20));
    this.gain = Number(this.getAttribute("gain") ?? 1);
    if (!(this.gain >= GAIN.min && this.gain <= GAIN.max)) {
      throw new Error(`gain must be from ${GAIN.min} to ${GAIN.max}, but is "${this.gain}"`);
    }
  }

  build() {
    /** @param {string} text @param {Node} control */
    const choice = (text, control) => make("label", { class: "tb-choice" }, text, control);
    this.slider = make("input", {
      type: "range",
      min: GAIN.min,
      max: GAIN.max,
      step: "any",
      value: this.gain,
      "aria-label": "Gain",
    });
    this.slider.addEventListener("input", () => this.go(this.slider.valueAsNumber));
    this.shown = make("output", {});
    this.stage = make("div", { class: "tb-layers" });
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    /** @param {string} name */
    const chooseBend = (name) => {
      this.bend = name;
      this.update();
    };
    /** @param {string} depth */
    const chooseDepth = (depth) => {
      this.depth = Number(depth);
      this.update();
    };
    const bends = makeSelect("Bend", Object.keys(BENDS), this.bend, chooseBend);
    const depths = makeSelect("Layers", DEPTHS, this.depth, chooseDepth);
    return [
      make("div", { class: "tb-layer-choices" }, choice("bend", bends), choice("layers", depths)),
      make("div", { class: "tb-gain" }, this.shown, this.slider),
      make(
        "div",
        { class: "tb-buttons" },
        makeButton("Smaller gain", () => this.go(this.gain - GAIN.step)),
        makeButton("Larger gain", () => this.go(this.gain + GAIN.step)),
        makeButton("The usual gain", () => this.go(BENDS[this.bend].best)),
      ),
      this.stage,
      this.explanation,
      make(
        "p",
        { class: "tb-hint" },
        "The histograms go from −3 to 3, and their tallest bars are cut off. On the right is the size: the root of the mean square.",
      ),
    ];
  }

  /** @param {number} gain */
  go(gain) {
    const rounded = Math.abs(gain - Math.SQRT2) < 1e-9 ? gain : Math.round(gain * 100) / 100;
    this.gain = Math.min(Math.max(rounded, GAIN.min), GAIN.max);
    this.update();
  }

  update() {
    const layers = signal(this.gain, this.depth, this.bend);
    this.slider.value = String(this.gain);
    this.shown.textContent = `gain ${this.gain.toFixed(2)}`;
    this.slider.setAttribute("aria-valuetext", this.gain.toFixed(2));
    this.stage.replaceChildren(this.picture(layers));
    const sentence = verdict(layers, this.bend);
    this.explanation.textContent = sentence;
    this.say(sentence);
  }

  /** @param {Layer[]} layers */
  picture(layers) {
    const rows = rowsOf(this.depth);
    const height = rows.length * PICTURE.row;
    const parts = rows.flatMap((number, row) => this.row(layers[number], number, row));
    return draw(
      "svg",
      {
        viewBox: `0 0 ${PICTURE.width} ${height}`,
        class: "tb-graph-picture",
        "aria-hidden": "true",
      },
      ...parts,
    );
  }

  /** @param {Layer} layer @param {number} number @param {number} row */
  row({ size, bins }, number, row) {
    const bottom = (row + 1) * PICTURE.row - 4;
    const room = PICTURE.row - 8;
    const step = (PICTURE.width - PICTURE.left - PICTURE.right) / BINS;
    const bars = bins.map((share, bin) => {
      const height = room * Math.min(share / PICTURE.tallest, 1);
      const x = PICTURE.left + bin * step;
      return draw("rect", {
        x,
        y: bottom - height,
        width: step * 0.9,
        height,
        class: "tb-layer-bar",
      });
    });
    const [start, end] = [PICTURE.left, PICTURE.width - PICTURE.right];
    return [
      draw("line", { x1: start, x2: end, y1: bottom, y2: bottom, class: "tb-layer-line" }),
      ...bars,
      draw("text", { x: PICTURE.left - 36, y: bottom - 6 }, number ? `layer ${number}` : "input"),
      draw("text", { x: end + 33, y: bottom - 6, class: "tb-grad" }, showSize(size)),
    ];
  }
}

define("tb-activations", ActivationsFigure);
