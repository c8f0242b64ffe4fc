// <tb-playground data="circles" noise="0.1" layers="1" units="4" activation="ReLU" rate="0.3"
//   batch="full" seed="1">: a small network that learns in the page, with its decision boundary.

import { define, Figure, make, makeButton, makeSelect } from "./common.js";

const CHOICES = {
  data: ["circles", "spirals", "xor", "blobs"],
  noise: ["0", "0.1", "0.2", "0.3"],
  layers: ["0", "1", "2"],
  units: ["1", "2", "3", "4", "6", "8"],
  activation: ["none", "ReLU", "tanh"],
  rate: ["0.01", "0.03", "0.1", "0.3", "1", "3"],
  batch: ["full", "50", "10"],
};
const LABELS = {
  data: "data",
  noise: "noise",
  layers: "hidden layers",
  units: "units in each",
  activation: "activation",
  rate: "learning rate",
  batch: "batch",
};
const START = {
  data: "circles",
  noise: "0.1",
  layers: "1",
  units: "4",
  activation: "ReLU",
  rate: "0.3",
  batch: "full",
};
/** @typedef {keyof typeof CHOICES} Option */
const OPTIONS = /** @type {Option[]} */ (Object.keys(CHOICES));
/** @typedef {{ points: number[][], labels: number[] }} Data */
/** @typedef {{ weight: number[][], bias: number[] }} Layer like PyTorch's nn.Linear */
/** @typedef {(point: number[]) => number[]} ToPixels */
/** @typedef {CanvasRenderingContext2D} Pen */
const N_TRAIN = 200;
const N_HELD_OUT = 200;
const LAST_EPOCH = 5000;
const EPOCHS_AT_ONCE = 500; // of one Play, for readers who prefer less motion
const BUDGET_MS = 8; // of training per frame, so that the page stays responsive
const EPOCHS_PER_FRAME = 4;
const EXTENT = 1.6; // the picture reaches from -1.6 to 1.6
const GRID = 64; // points across the picture at which the network is evaluated

/**
 * Random numbers from a seed: the generator of S. Park and K. Miller, with their factor of 1993.
 * @param {number} seed a whole number, 0 or more
 * @returns {() => number} evenly between 0 and 1
 */
export function randomFrom(seed) {
  const [factor, prime] = [48271, 2 ** 31 - 1];
  let state = (seed % (prime - 1)) + 1;
  const next = () => {
    state = (factor * state) % prime; // less than 2 ** 53: exact
    return state / prime;
  };
  for (let i = 0; i < 10; i += 1) next(); // neighbouring seeds start with similar numbers
  return next;
}

/**
 * A point of class 0 or 1, without noise.
 * @type {Record<string, (label: number, random: () => number) => number[]>}
 */
const SHAPES = {
  circles(label, random) {
    const angle = 2 * Math.PI * random();
    const radius = label ? 0.5 : 1;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  spirals(label, random) {
    const along = random();
    const [radius, angle] = [0.1 + 0.9 * along, Math.PI * (label + 1.2 * along)];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  xor(label, random) {
    const [x, y, side] = [0.1 + 0.9 * random(), 0.1 + 0.9 * random(), random() < 0.5 ? -1 : 1];
    return [side * x, (label ? -side : side) * y];
  },
  blobs(label, random) {
    const [angle, radius] = [2 * Math.PI * random(), 0.4 * Math.sqrt(random())];
    const centre = label ? -0.55 : 0.55;
    return [centre + radius * Math.cos(angle), centre + radius * Math.sin(angle)];
  },
};

/**
 * Draw labelled points, of each class in turn.
 * @param {string} kind of CHOICES.data
 * @param {number} n
 * @param {number} noise its standard deviation
 * @param {number} seed
 * @returns {Data}
 */
export function makeData(kind, n, noise, seed) {
  const random = randomFrom(seed);
  const bell = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const labels = Array.from({ length: n }, (_, i) => i % 2);
  const points = labels.map((label) =>
    SHAPES[kind](label, random).map((coordinate) => coordinate + noise * bell()),
  );
  return { points, labels };
}

/**
 * The function, and its slope as a function of its value.
 * @type {Record<string, [(z: number) => number, (a: number) => number]>}
 */
const ACTIVATIONS = {
  none: [(z) => z, () => 1],
  ReLU: [(z) => Math.max(z, 0), (a) => (a > 0 ? 1 : 0)],
  tanh: [Math.tanh, (a) => 1 - a * a],
};

/** It does not overflow. @param {number} z @returns {number} a probability */
export function sigmoid(z) {
  const small = Math.exp(-Math.abs(z));
  return (z >= 0 ? 1 : small) / (1 + small);
}

/** Binary cross-entropy from a logit. @param {number} z @param {number} label 0 or 1 */
const crossEntropy = (z, label) => Math.max(z, 0) - z * label + Math.log1p(Math.exp(-Math.abs(z)));

/**
 * A network of linear layers with an activation between them and one logit at the end, trained by
 * plain gradient descent on the mean binary cross-entropy.
 */
export class Network {
  /**
   * @param {Layer[]} layers
   * @param {string} activation of CHOICES.activation
   */
  constructor(layers, activation) {
    this.layers = layers.map(({ weight, bias }) => ({
      nOut: weight.length,
      nIn: weight[0].length,
      weight: Float64Array.from(weight.flat()),
      bias: Float64Array.from(bias),
    }));
    this.activate = ACTIVATIONS[activation][0];
    this.slope = ACTIVATIONS[activation][1];
    this.values = this.layers.map(({ nOut }) => new Float64Array(nOut)); // after each layer
    this.deltas = this.layers.map(({ nOut }) => new Float64Array(nOut)); // slopes of the loss
    this.sums = this.layers.map(({ nIn, nOut }) => ({
      weight: new Float64Array(nIn * nOut),
      bias: new Float64Array(nOut),
    }));
  }

  /**
   * Start as nn.Linear does: uniformly between ±1 / √(number of inputs).
   * @param {number[]} widths
   * @param {string} activation
   * @param {number} seed
   */
  static random(widths, activation, seed) {
    const random = randomFrom(seed);
    const layers = widths.slice(1).map((nOut, i) => {
      const draw = () => (2 * random() - 1) / Math.sqrt(widths[i]);
      const row = () => Array.from({ length: widths[i] }, draw);
      return {
        weight: Array.from({ length: nOut }, row),
        bias: Array.from({ length: nOut }, draw),
      };
    });
    return new Network(layers, activation);
  }

  /**
   * @param {{ weight: Float64Array, bias: Float64Array }[]} of
   * @returns {Layer[]} a copy
   */
  parameters(of = this.layers) {
    return of.map(({ weight, bias }, l) => {
      const { nIn, nOut } = this.layers[l];
      /** @param {number} o */
      const row = (o) => Array.from(weight.subarray(o * nIn, (o + 1) * nIn));
      return { weight: Array.from({ length: nOut }, (_, o) => row(o)), bias: Array.from(bias) };
    });
  }

  /** @param {number[]} point @returns {number} its logit */
  logit(point) {
    /** @type {ArrayLike<number>} */
    let input = point;
    const last = this.layers.length - 1;
    for (let l = 0; l <= last; l += 1) {
      const { nIn, nOut, weight, bias } = this.layers[l];
      const output = this.values[l];
      for (let o = 0; o < nOut; o += 1) {
        let sum = bias[o];
        for (let i = 0; i < nIn; i += 1) sum += weight[o * nIn + i] * input[i];
        output[o] = l < last ? this.activate(sum) : sum;
      }
      input = output;
    }
    return input[0];
  }

  /** The mean loss, and the number of points on the right side. @param {Data} data */
  evaluate({ points, labels }) {
    let [loss, right] = [0, 0];
    points.forEach((point, p) => {
      const z = this.logit(point);
      loss += crossEntropy(z, labels[p]);
      right += Number(Number(z > 0) === labels[p]);
    });
    return { loss: loss / points.length, right };
  }

  /**
   * Put the gradients of the mean loss into `sums`.
   * @param {number[][]} points
   * @param {number[]} labels
   * @returns {number} the mean loss
   */
  backward(points, labels) {
    for (const { weight, bias } of this.sums) {
      weight.fill(0);
      bias.fill(0);
    }
    let loss = 0;
    points.forEach((point, p) => {
      const z = this.logit(point);
      loss += crossEntropy(z, labels[p]);
      const last = this.layers.length - 1;
      this.deltas[last][0] = (sigmoid(z) - labels[p]) / points.length;
      for (let l = last; l >= 0; l -= 1) this.#backThrough(l, l ? this.values[l - 1] : point);
    });
    return loss / points.length;
  }

  /** @param {number} l the layer @param {ArrayLike<number>} input */
  #backThrough(l, input) {
    const { nIn, nOut, weight } = this.layers[l];
    const [sums, delta] = [this.sums[l], this.deltas[l]];
    for (let o = 0; o < nOut; o += 1) {
      sums.bias[o] += delta[o];
      for (let i = 0; i < nIn; i += 1) sums.weight[o * nIn + i] += delta[o] * input[i];
    }
    if (l === 0) return;
    for (let i = 0; i < nIn; i += 1) {
      let sum = 0;
      for (let o = 0; o < nOut; o += 1) sum += delta[o] * weight[o * nIn + i];
      this.deltas[l - 1][i] = sum * this.slope(input[i]);
    }
  }

  /** @param {number[][]} points @param {number[]} labels */
  gradients(points, labels) {
    const loss = this.backward(points, labels);
    return { loss, layers: this.parameters(this.sums) };
  }

  /**
   * One step of gradient descent.
   * @param {number[][]} points
   * @param {number[]} labels
   * @param {number} rate
   * @returns {number} the mean loss before the step
   */
  step(points, labels, rate) {
    const loss = this.backward(points, labels);
    this.layers.forEach(({ weight, bias }, l) => {
      const sums = this.sums[l];
      for (let k = 0; k < weight.length; k += 1) weight[k] -= rate * sums.weight[k];
      for (let k = 0; k < bias.length; k += 1) bias[k] -= rate * sums.bias[k];
    });
    return loss;
  }
}

/**
 * The line along which the values on a grid are 0, as pieces [x1, y1, x2, y2] in grid steps.
 * @param {Float64Array} values row by row
 * @param {number} side points in a row
 * @returns {number[][]}
 */
export function zeroLine(values, side) {
  const pieces = [];
  for (let row = 0; row + 1 < side; row += 1) {
    for (let column = 0; column + 1 < side; column += 1) {
      // The line passes between neighbouring corners whose signs differ.
      const corners = [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ].map(([x, y]) => [column + x, row + y, values[(row + y) * side + column + x]]);
      const ends = corners.flatMap(([x1, y1, from], c) => {
        const [x2, y2, to] = corners[(c + 1) % 4];
        if (from > 0 === to > 0) return [];
        const part = from / (from - to);
        return [[x1 + part * (x2 - x1), y1 + part * (y2 - y1)]];
      });
      for (let e = 0; e + 1 < ends.length; e += 2) pieces.push([...ends[e], ...ends[e + 1]]);
    }
  }
  return pieces;
}

/** @param {number} right @param {number} n */
const percent = (right, n) => `${((100 * right) / n).toFixed(1)} %`;

export class PlaygroundFigure extends Figure {
  label = "Interactive figure: a network learns in the page";

  read() {
    this.options = { ...START };
    for (const name of OPTIONS) {
      this.options[name] = this.readChoice(name, CHOICES[name], START[name]);
    }
    this.seed = Number(this.getAttribute("seed") ?? 1);
    if (!Number.isInteger(this.seed) || this.seed < 0) {
      throw new Error("seed must be a whole number, 0 or more");
    }
  }

  build() {
    /** @param {Option} name */
    const field = (name) =>
      make(
        "label",
        { class: "tb-choice" },
        make("span", {}, LABELS[name]),
        makeSelect(LABELS[name], CHOICES[name], this.options[name], (value) => {
          this.options[name] = value;
          if (name !== "rate" && name !== "batch") this.reset();
        }),
      );
    this.playButton = makeButton("Play", () => (this.isPlaying ? this.pause() : this.play()));
    const buttons = [
      this.playButton,
      makeButton("One epoch", () => {
        this.pause();
        this.train(1);
        this.finish();
      }),
      makeButton("Reset", () => this.reset()),
      makeButton("Another start", () => {
        this.seed += 1;
        this.reset();
      }),
    ];
    this.picture = make("canvas", { role: "img", class: "tb-plane" });
    this.curve = make("canvas", { role: "img", class: "tb-curve" });
    this.numbers = make("p", { class: "tb-numbers" });
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.startOver();
    const redraw = () => this.draw();
    this.resizes = new ResizeObserver(redraw);
    this.themes = new MutationObserver(redraw);
    return [
      make("div", { class: "tb-choices" }, ...OPTIONS.map(field)),
      make("div", { class: "tb-buttons" }, ...buttons),
      this.numbers,
      make("div", { class: "tb-stage tb-screens" }, this.picture, this.curve),
      make(
        "p",
        { class: "tb-hint" },
        "Full marks: what it learns from. Hollow marks: held out. ",
        "Thick line: where the network is undecided. Dashed: the line of each unit in the first ",
        "hidden layer.",
      ),
    ];
  }

  attach() {
    this.resizes.observe(this.picture);
    this.themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  detach() {
    this.pause(false);
    this.resizes.disconnect();
    this.themes.disconnect();
  }

  /** Draw points and weights, which follow from the options and the seed. */
  startOver() {
    const { data, noise, layers, units, activation } = this.options;
    this.trainData = makeData(data, N_TRAIN, Number(noise), 1000);
    this.heldOut = makeData(data, N_HELD_OUT, Number(noise), 2000);
    const hidden = Array.from({ length: Number(layers) }, () => Number(units));
    this.network = Network.random([2, ...hidden, 1], activation, this.seed);
    this.random = randomFrom(this.seed + 3000); // for the order of the batches
    this.epoch = 0;
    this.history = [this.measure()];
  }

  reset() {
    this.pause(false);
    this.startOver();
    this.finish();
  }

  /** The network and the data, for the tests. */
  state() {
    return {
      epoch: this.epoch,
      layers: this.network.parameters(),
      train: this.trainData,
      heldOut: this.heldOut,
      options: { ...this.options },
      ...this.history.at(-1),
    };
  }

  measure() {
    const train = this.network.evaluate(this.trainData);
    const heldOut = this.network.evaluate(this.heldOut);
    return { trainLoss: train.loss, heldOutLoss: heldOut.loss, right: heldOut.right };
  }

  /** @param {number} epochs at most @param {number} milliseconds at most */
  train(epochs, milliseconds = Infinity) {
    const { points, labels } = this.trainData;
    const size = this.options.batch === "full" ? N_TRAIN : Number(this.options.batch);
    const rate = Number(this.options.rate);
    const end = performance.now() + milliseconds;
    for (let e = 0; e < epochs && performance.now() < end && this.epoch < LAST_EPOCH; e += 1) {
      const order = [...points.keys()];
      for (let i = order.length - 1; size < N_TRAIN && i > 0; i -= 1) {
        const j = Math.floor(this.random() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
      }
      for (let start = 0; start < order.length; start += size) {
        const batch = order.slice(start, start + size);
        this.network.step(
          batch.map((i) => points[i]),
          batch.map((i) => labels[i]),
          rate,
        );
      }
      this.epoch += 1;
      this.history.push(this.measure());
      if (!Number.isFinite(this.history.at(-1).trainLoss)) break;
    }
  }

  get isDone() {
    return this.epoch >= LAST_EPOCH || !Number.isFinite(this.history.at(-1).trainLoss);
  }

  play() {
    if (this.isDone) return;
    this.isPlaying = true;
    this.playButton.textContent = "Pause";
    const stop = this.calm.matches ? this.epoch + EPOCHS_AT_ONCE : Infinity;
    const frame = () => {
      const { top, bottom } = this.getBoundingClientRect();
      if (bottom > 0 && top < innerHeight) {
        this.train(Math.min(EPOCHS_PER_FRAME, stop - this.epoch), BUDGET_MS);
        if (this.isDone || this.epoch >= stop) {
          this.pause();
          return;
        }
        if (!this.calm.matches) this.draw();
      }
      this.frame = requestAnimationFrame(frame);
    };
    this.frame = requestAnimationFrame(frame);
    this.say("Training.");
  }

  pause(tell = true) {
    const wasPlaying = this.isPlaying;
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
    this.playButton.textContent = "Play";
    if (wasPlaying && tell) this.finish();
  }

  update() {
    this.finish();
  }

  /** Draw, and tell screen readers the state. */
  finish() {
    this.draw();
    this.say(this.sentence());
  }

  sentence() {
    const { trainLoss, right } = this.history.at(-1);
    if (!Number.isFinite(trainLoss)) {
      return (
        `Epoch ${this.epoch}: the loss is no longer a number, the learning rate is too high. ` +
        "Press Reset."
      );
    }
    return (
      `Epoch ${this.epoch}, training loss ${trainLoss.toFixed(3)}, ` +
      `right on held-out points: ${percent(right, N_HELD_OUT)} (guessing: 50 %).` +
      (this.epoch >= LAST_EPOCH ? " That is enough; press Reset." : "")
    );
  }

  draw() {
    const style = getComputedStyle(this);
    this.colours = Object.fromEntries(
      ["blue", "orange", "text", "muted", "ground", "line"].map((name) => [
        name,
        style.getPropertyValue(`--tb-${name}`).trim(),
      ]),
    );
    this.numbers.textContent = this.sentence();
    this.drawPlane();
    this.drawCurve();
  }

  /**
   * Fit a canvas to its size on the screen.
   * @param {HTMLCanvasElement} canvas
   * @returns {Pen | null} null if it has no size
   */
  pen(canvas) {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return null;
    const sharpness = devicePixelRatio || 1;
    canvas.width = Math.round(width * sharpness);
    canvas.height = Math.round(height * sharpness);
    const pen = canvas.getContext("2d");
    pen.scale(sharpness, sharpness);
    return pen;
  }

  drawPlane() {
    const pen = this.pen(this.picture);
    if (!pen) return;
    const side = this.picture.clientWidth;
    const scale = side / (2 * EXTENT);
    /** @type {ToPixels} */
    const at = ([x, y]) => [(x + EXTENT) * scale, (EXTENT - y) * scale];
    const logits = new Float64Array(GRID * GRID);
    /** @param {number} i */
    const place = (i) => (2 * EXTENT * i) / (GRID - 1) - EXTENT;
    for (let row = 0; row < GRID; row += 1) {
      for (let column = 0; column < GRID; column += 1) {
        logits[row * GRID + column] = this.network.logit([place(column), -place(row)]);
      }
    }
    const cell = side / (GRID - 1);
    pen.drawImage(this.paint(logits), -cell / 2, -cell / 2, GRID * cell, GRID * cell);
    this.drawUnits(pen, at, side);
    pen.strokeStyle = this.colours.text;
    pen.lineWidth = 2.5;
    pen.beginPath();
    for (const piece of zeroLine(logits, GRID)) {
      const [x1, y1, x2, y2] = piece.map((steps) => steps * cell);
      pen.moveTo(x1, y1);
      pen.lineTo(x2, y2);
    }
    pen.stroke();
    this.drawPoints(pen, at, this.heldOut, false);
    this.drawPoints(pen, at, this.trainData, true);
    const { data, layers, units, activation } = this.options;
    const built =
      layers === "0"
        ? "no hidden layer"
        : `${layers} hidden ${layers === "1" ? "layer" : "layers"} of ${units}, activation ${activation}`;
    this.picture.setAttribute(
      "aria-label",
      `Points of two classes (${data}) in the plane, and the boundary of a network with ${built}.`,
    );
  }

  /**
   * A picture with a dot for each logit: the larger the logit, the stronger the colour.
   * @param {Float64Array} logits
   */
  paint(logits) {
    const small = new OffscreenCanvas(GRID, GRID);
    const pen = small.getContext("2d", { willReadFrequently: true });
    const [blue, orange] = ["blue", "orange"].map((name) => {
      pen.fillStyle = this.colours[name];
      pen.fillRect(0, 0, 1, 1);
      return pen.getImageData(0, 0, 1, 1).data;
    });
    const image = pen.createImageData(GRID, GRID);
    logits.forEach((z, i) => {
      image.data.set(z > 0 ? orange : blue, 4 * i);
      image.data[4 * i + 3] = 255 * (0.08 + 0.42 * Math.abs(2 * sigmoid(z) - 1));
    });
    pen.putImageData(image, 0, 0);
    return small;
  }

  /**
   * The lines on which the units of the first hidden layer are 0.
   * @param {Pen} pen
   * @param {ToPixels} at
   * @param {number} side
   */
  drawUnits(pen, at, side) {
    const [{ nOut, weight, bias }] = this.network.layers;
    if (this.network.layers.length === 1) return;
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, side, side);
    pen.clip();
    pen.strokeStyle = this.colours.muted;
    pen.setLineDash([5, 5]);
    pen.beginPath();
    for (let o = 0; o < nOut; o += 1) {
      const [a, b] = [weight[2 * o], weight[2 * o + 1]];
      const squared = a * a + b * b;
      if (squared === 0) continue;
      const foot = [(-bias[o] * a) / squared, (-bias[o] * b) / squared];
      const reach = (3 * EXTENT + Math.hypot(...foot)) / Math.sqrt(squared);
      const [x1, y1] = at([foot[0] - b * reach, foot[1] + a * reach]);
      const [x2, y2] = at([foot[0] + b * reach, foot[1] - a * reach]);
      pen.moveTo(x1, y1);
      pen.lineTo(x2, y2);
    }
    pen.stroke();
    pen.restore();
  }

  /**
   * Draw class 0 as discs and class 1 as squares, so that colour is not the only difference.
   * @param {Pen} pen
   * @param {ToPixels} at
   * @param {Data} data
   * @param {boolean} isFull
   */
  drawPoints(pen, at, { points, labels }, isFull) {
    pen.lineWidth = 1;
    points.forEach((point, i) => {
      const [x, y] = at(point);
      pen.beginPath();
      if (labels[i]) pen.rect(x - 3, y - 3, 6, 6);
      else pen.arc(x, y, 3.3, 0, 2 * Math.PI);
      const colour = this.colours[labels[i] ? "orange" : "blue"];
      pen.fillStyle = isFull ? colour : this.colours.ground;
      pen.strokeStyle = isFull ? this.colours.ground : colour;
      pen.fill();
      pen.stroke();
    });
  }

  drawCurve() {
    const pen = this.pen(this.curve);
    if (!pen) return;
    const [width, height] = [this.curve.clientWidth, this.curve.clientHeight];
    const [left, top, bottom] = [34, 26, height - 34];
    const losses = this.history
      .flatMap((row) => [row.trainLoss, row.heldOutLoss])
      .filter(Number.isFinite);
    const highest = losses.reduce((most, loss) => Math.max(most, loss), 0.8);
    const last = Math.max(this.epoch, 10);
    /** @param {number} epoch */
    const x = (epoch) => left + ((width - left - 8) * epoch) / last;
    /** @param {number} loss */
    const y = (loss) => bottom - ((bottom - top) * loss) / highest;
    pen.strokeStyle = this.colours.muted;
    pen.strokeRect(left, top, width - left - 8, bottom - top);
    pen.fillStyle = this.colours.text;
    pen.font = `13px ${getComputedStyle(this).fontFamily}`;
    pen.textAlign = "right";
    for (const tick of [0, highest]) pen.fillText(tick.toFixed(1), left - 5, y(tick) + 4);
    pen.fillText(String(last), width - 8, bottom + 17);
    pen.textAlign = "center";
    pen.fillText("0", left, bottom + 17);
    pen.fillText("epoch", (left + width - 8) / 2, bottom + 17);
    pen.textAlign = "left";
    pen.fillText("loss: training (full), held out (dashed)", left - 26, 16);
    const every = Math.ceil(this.history.length / width);
    /** @param {"trainLoss" | "heldOutLoss"} name @param {string} colour @param {number[]} dash */
    const draw = (name, colour, dash) => {
      pen.strokeStyle = colour;
      pen.lineWidth = 2;
      pen.setLineDash(dash);
      pen.beginPath();
      this.history.forEach((row, epoch) => {
        if (epoch % every && epoch !== this.epoch) return;
        if (Number.isFinite(row[name])) pen.lineTo(x(epoch), y(row[name]));
      });
      pen.stroke();
    };
    draw("trainLoss", this.colours.blue, []);
    draw("heldOutLoss", this.colours.orange, [5, 4]);
    const { trainLoss, heldOutLoss } = this.history.at(-1);
    this.curve.setAttribute(
      "aria-label",
      `Loss over ${this.epoch} epochs: ` +
        `training from ${this.history[0].trainLoss.toFixed(3)} to ${trainLoss.toFixed(3)}, ` +
        `held out from ${this.history[0].heldOutLoss.toFixed(3)} to ${heldOutLoss.toFixed(3)}.`,
    );
  }
}

define("tb-playground", PlaygroundFigure);
