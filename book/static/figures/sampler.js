// <tb-sampler model="../_static/models/x.onnx" classes="cat, dog">: a network of the book draws
// pictures from noise in the reader's own browser, step by step. It is downloaded when the reader
// first asks for a picture.
//
// The model takes float32 [1, 787]: a picture of 28 by 28 pixels around -1 to 1, row by row, then
// the time, the number of the class, and the guidance. It gives the velocity, [1, 784].
// The build sets data-bytes, the size of the download.

import { define, make, makeButton, makeSelect, showSize } from "./common.js";
import { LiveFigure } from "./live.js";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const STEPS = [1, 2, 3, 5, 10, 20, 50];
const GUIDANCES = [0, 1, 2, 3, 5, 8];
const MAX_KEPT = 8; // pictures beside the large one
const PAUSE = 60; // milliseconds at least between two steps, so that one sees them

/**
 * Normal random numbers.
 * @param {number} n @param {() => number} random from 0 to below 1
 */
export function bells(n, random = Math.random) {
  return Float32Array.from({ length: n }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return radius * Math.cos(2 * Math.PI * random());
  });
}

/**
 * What the network is asked.
 * @param {Float32Array} picture @param {number} t @param {number} label @param {number} guidance
 */
export function question(picture, t, label, guidance) {
  const row = new Float32Array(picture.length + 3);
  row.set(picture);
  row.set([t, label, guidance], picture.length);
  return row;
}

/** Go a step. @param {Float32Array} picture @param {ArrayLike<number>} velocity @param {number} n steps in all */
export const advance = (picture, velocity, n) => picture.map((x, i) => x + velocity[i] / n);

/** From black, -1, to white, 1. @param {ArrayLike<number>} picture */
export function greys(picture) {
  const pixels = new Uint8ClampedArray(4 * picture.length);
  for (let i = 0; i < picture.length; i += 1) {
    const grey = 127.5 * (picture[i] + 1); // what lies beyond is clamped
    pixels.set([grey, grey, grey, 255], 4 * i);
  }
  return pixels;
}

/** A canvas of 28 by 28 pixels. @param {string} look */
const canvasOf = (look) => make("canvas", { width: SIDE, height: SIDE, class: look });

/** @param {HTMLCanvasElement} canvas @param {ArrayLike<number>} picture */
const paint = (canvas, picture) =>
  canvas.getContext("2d").putImageData(new ImageData(greys(picture), SIDE, SIDE), 0, 0);

export class SamplerFigure extends LiveFigure {
  label = "Interactive figure: a network draws clothes";
  /** The latest picture asked for, so that an earlier one stops. */
  #turn = 0;
  /** Settled when the picture before has stopped: the network does one thing at a time. */
  #drawing = Promise.resolve();
  n = 20;
  guidance = 2;

  read() {
    this.model = this.getAttribute("model");
    if (!this.model) throw new Error("model must name the network's file");
    this.classes = (this.getAttribute("classes") ?? "").split(",").map((name) => name.trim());
    if (this.classes.length < 2 || this.classes.includes("")) {
      throw new Error("classes must name two classes or more, with commas between them");
    }
    this.bytes = Number(this.dataset.bytes ?? 0);
  }

  build() {
    this.choice = 0;
    this.noise = bells(PIXELS);
    const size = this.bytes ? ` (${showSize(this.bytes)} at first)` : "";
    const select = makeSelect("Class", this.classes, this.classes[0], (name) => {
      this.choice = this.classes.indexOf(name);
      this.redraw();
    });
    const guidance = makeSelect("Guidance", GUIDANCES, this.guidance, (value) => {
      this.guidance = Number(value);
      this.redraw();
    });
    const steps = makeSelect("Number of steps", STEPS, this.n, (value) => {
      this.n = Number(value);
      this.redraw();
    });
    this.view = canvasOf("tb-sampler-view");
    this.view.setAttribute("role", "img");
    this.kept = make("div", { class: "tb-sampler-kept", "aria-hidden": "true" });
    this.drawButton = makeButton(`Draw${size}`, () => this.ask());
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    paint(this.view, this.noise);
    return [
      make(
        "div",
        { class: "tb-inputs" },
        make("label", {}, "Class: ", select),
        make("label", {}, "Guidance: ", guidance),
        make("label", {}, "Steps: ", steps),
      ),
      make("div", { class: "tb-sampler-stage" }, this.view, this.kept),
      make("div", { class: "tb-buttons" }, this.drawButton),
      this.explanation,
      make("p", { class: "tb-hint" }, "The network runs on this device. No picture leaves it."),
      ...this.buildLoading(),
    ];
  }

  update() {
    this.tell("Noise: nothing has been drawn yet.");
  }

  detach() {
    this.#turn += 1;
    this.stop();
  }

  /** @param {string} sentence */
  tell(sentence) {
    this.explanation.textContent = sentence;
    this.view.setAttribute("aria-label", sentence);
    this.say(sentence);
  }

  /** Draw with new noise. */
  ask() {
    this.noise = bells(PIXELS);
    this.drawPicture();
  }

  /** The same noise with other settings, once the network is here. */
  redraw() {
    if (this.isReady) this.drawPicture();
  }

  /** @returns {Promise<void>} resolved when it is drawn, or given up for another */
  drawPicture() {
    this.#turn += 1;
    const turn = this.#turn;
    this.#drawing = this.#drawing.then(() => this.#draw(turn));
    return this.#drawing;
  }

  /** @param {number} turn */
  async #draw(turn) {
    if (turn !== this.#turn) return;
    const [n, label, guidance] = [this.n, this.choice, this.guidance];
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.complain("");
    try {
      await this.load();
      this.drawButton.textContent = "Draw another";
      let picture = this.noise;
      if (!isCalm) paint(this.view, picture);
      for (let step = 0; step < n; step += 1) {
        const data = question(picture, step / n, label, guidance);
        const [{ logits }] = await Promise.all([
          this.run({ data, dims: [1, data.length] }),
          new Promise((resolve) => setTimeout(resolve, isCalm ? 0 : PAUSE)),
        ]);
        if (turn !== this.#turn) return;
        picture = advance(picture, logits, n);
        if (!isCalm || step === n - 1) paint(this.view, picture);
        this.explanation.textContent = `Step ${step + 1} of ${n}`;
      }
      const steps = n === 1 ? "one step" : `${n} steps`;
      this.tell(`${this.classes[label]}, guidance ${guidance}, in ${steps}.`);
      this.keep(picture);
    } catch (error) {
      if (turn !== this.#turn || error.failed === null) return; // the reader's own doing
      this.stop();
      this.explain(error);
    }
  }

  /** Put a finished picture beside the large one. @param {Float32Array} picture */
  keep(picture) {
    const small = canvasOf("");
    paint(small, picture);
    this.kept.prepend(small);
    while (this.kept.children.length > MAX_KEPT) this.kept.lastChild.remove();
  }
}

define("tb-sampler", SamplerFigure);
