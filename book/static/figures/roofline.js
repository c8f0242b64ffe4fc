// <tb-roofline batch="64" width="1024">: where a linear layer lies under the roof of a machine.

import { define, draw, Figure, make, makeSelect, showNumber } from "./common.js";

const SIZE = { width: 340, height: 260, left: 58, right: 26, top: 14, bottom: 44 };
const INTENSITIES = { from: 0.1, to: 10_000 }; // flops per byte
const SPEEDS = { from: 1e9, to: 1e15 }; // flops per second
const POWERS = { batch: 14, width: 14 }; // the largest: 2 ** 14
const OWN = "your own machine";

/** @typedef {{peak: number, bandwidth: number}} Machine flops and bytes per second */
/** @typedef {{name: string, bytes: number, machine: Machine}} Choice */

/**
 * Machines with the number of bytes of the format for which their peak holds. A core's are round
 * figures; the A100's (40 GB) are those of its data sheet.
 * @type {Choice[]}
 */
export const CHOICES = [
  { name: "one CPU core, float32", bytes: 4, machine: { peak: 1e11, bandwidth: 2e10 } },
  { name: "A100, float32", bytes: 4, machine: { peak: 19.5e12, bandwidth: 1.555e12 } },
  { name: "A100, bfloat16", bytes: 2, machine: { peak: 312e12, bandwidth: 1.555e12 } },
  { name: OWN, bytes: 4, machine: { peak: 1e11, bandwidth: 2e10 } },
];

/**
 * What a linear layer from `width` to `width` numbers costs, without a bias: each multiplication
 * and each addition counts, and everything is fetched or stored once.
 * @param {number} batch
 * @param {number} width
 * @param {number} bytes of a number
 */
export function costs(batch, width, bytes) {
  const operations = 2 * batch * width * width;
  const moved = bytes * (2 * batch * width + width * width);
  return { operations, moved, intensity: operations / moved };
}

/** Flops per byte at which the roof bends. @param {Machine} machine */
export const bend = ({ peak, bandwidth }) => peak / bandwidth;

/** Flops per second that the roof allows. @param {Machine} machine @param {number} intensity */
export const roof = ({ peak, bandwidth }, intensity) => Math.min(peak, bandwidth * intensity);

/**
 * The smallest power of two that is large enough as a batch for arithmetic to be the limit.
 * @param {Machine} machine
 * @param {number} width
 * @param {number} bytes of a number
 * @returns {number | undefined} none, if no batch is: the layer is too narrow
 */
export function enough(machine, width, bytes) {
  for (let power = 0; power <= POWERS.batch; power += 1) {
    if (costs(2 ** power, width, bytes).intensity >= bend(machine)) return 2 ** power;
  }
  return undefined;
}

/** @type {[number, string][]} */
const LARGE = [
  [1e15, "quadrillion"],
  [1e12, "trillion"],
  [1e9, "billion"],
  [1e6, "million"],
];

/** In words, to three digits: "1.05 million". @param {number} number */
export function inWords(number) {
  const rounded = Number(number.toPrecision(3));
  const [size, word] = LARGE.find(([least]) => rounded >= least) ?? [1, ""];
  return `${Number((rounded / size).toPrecision(3))} ${word}`.trim();
}

/** @param {number} seconds */
export function showTime(seconds) {
  const [size, unit] = seconds < 1e-3 ? [1e-6, "microseconds"] : [1e-3, "milliseconds"];
  return `${Number((seconds / size).toPrecision(3))} ${unit}`;
}

/** @param {number} value @param {{from: number, to: number}} range @returns {number} from 0 to 1 */
const share = (value, { from, to }) => Math.log(value / from) / Math.log(to / from);

/** @param {number} intensity */
const atX = (intensity) =>
  SIZE.left + share(intensity, INTENSITIES) * (SIZE.width - SIZE.left - SIZE.right);

/** @param {number} speed */
const atY = (speed) =>
  SIZE.height - SIZE.bottom - share(speed, SPEEDS) * (SIZE.height - SIZE.top - SIZE.bottom);

export class RooflineFigure extends Figure {
  label = "Interactive figure: a linear layer under the roof of a machine";
  size = { batch: 64, width: 1024 };
  choice = CHOICES[0];
  own = { ...CHOICES[3].machine };

  read() {
    for (const name of /** @type {const} */ (["batch", "width"])) {
      const number = Number(this.getAttribute(name) ?? this.size[name]);
      const power = Math.log2(number);
      if (!Number.isInteger(power) || power < 0 || power > POWERS[name]) {
        throw new Error(`${name} must be a power of two up to ${2 ** POWERS[name]}`);
      }
      this.size[name] = number;
    }
  }

  build() {
    this.outputs = { batch: make("output"), width: make("output") };
    this.stage = make("div", { class: "tb-roof-stage" });
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    this.fields = make(
      "div",
      { class: "tb-inputs" },
      this.field("billion flops per second", "peak"),
      this.field("billion bytes per second", "bandwidth"),
    );
    const names = CHOICES.map(({ name }) => name);
    const machines = makeSelect("Machine", names, this.choice.name, (name) => {
      this.choice = CHOICES.find((choice) => choice.name === name);
      this.update();
    });
    return [
      make(
        "div",
        { class: "tb-controls" },
        this.slider("batch", "Batch"),
        this.slider("width", "Width"),
        machines,
      ),
      this.fields,
      this.stage,
      this.explanation,
      make("p", { class: "tb-hint" }, "Move a slider with the mouse, a finger or the arrow keys."),
    ];
  }

  /** @param {"batch" | "width"} name @param {string} label */
  slider(name, label) {
    const slider = make("input", {
      type: "range",
      min: 0,
      max: POWERS[name],
      value: Math.log2(this.size[name]),
      "aria-label": label,
    });
    slider.addEventListener("input", () => {
      this.size[name] = 2 ** Number(slider.value);
      this.update();
    });
    this.sliders = { ...this.sliders, [name]: slider };
    return make("label", { class: "tb-rate" }, `${label} `, slider, this.outputs[name]);
  }

  /** @param {string} label @param {"peak" | "bandwidth"} name */
  field(label, name) {
    const field = make("input", {
      type: "number",
      min: 1,
      max: 1_000_000,
      step: "any",
      value: this.own[name] / 1e9,
    });
    field.addEventListener("input", () => {
      if (!field.validity.valid || !Number.isFinite(field.valueAsNumber)) return;
      this.own[name] = field.valueAsNumber * 1e9;
      this.update();
    });
    return make("label", {}, field, ` ${label}`);
  }

  update() {
    const { batch, width } = this.size;
    const { bytes } = this.choice;
    const isOwn = this.choice.name === OWN;
    const machine = isOwn ? this.own : this.choice.machine;
    this.fields.hidden = !isOwn;
    for (const name of /** @type {const} */ (["batch", "width"])) {
      const text = this.size[name].toLocaleString("en");
      this.outputs[name].textContent = text;
      this.sliders[name].setAttribute("aria-valuetext", text);
    }
    const cost = costs(batch, width, bytes);
    this.stage.replaceChildren(this.picture(machine, cost.intensity));
    const sentence = this.sentence(machine, cost);
    this.explanation.textContent = sentence;
    this.say(sentence);
  }

  /** @param {Machine} machine @param {{operations: number, moved: number, intensity: number}} cost */
  sentence(machine, { operations, moved, intensity }) {
    const { width } = this.size;
    const speed = roof(machine, intensity);
    const isCooking = intensity >= bend(machine);
    const start =
      `${inWords(operations)} flops for ${inWords(moved)} bytes: ` +
      `${showNumber(Number(intensity.toPrecision(3)))} per byte. `;
    const time = `At least ${showTime(operations / speed)}`;
    if (isCooking) return `${start}${time}, limited by arithmetic: the cook is the limit.`;
    const percent = Number(((100 * speed) / machine.peak).toPrecision(2));
    const batch = enough(machine, width, this.choice.bytes);
    const cure = batch
      ? `From a batch of ${batch.toLocaleString("en")} on, arithmetic would be the limit.`
      : "At this width, no batch is large enough.";
    return `${start}${time}, limited by memory, at ${percent} % of the peak. ${cure}`;
  }

  /** @param {Machine} machine @param {number} intensity */
  picture(machine, intensity) {
    const { width, height, left, right, top, bottom } = SIZE;
    const corner = bend(machine);
    const start = Math.max(INTENSITIES.from, SPEEDS.from / machine.bandwidth);
    const points = [start, corner, INTENSITIES.to]
      .filter((at) => at >= start)
      .sort((a, b) => a - b)
      .map((at) => `${atX(at)},${atY(roof(machine, at))}`);
    const [x, y] = [atX(intensity), atY(roof(machine, intensity))];
    const ground = height - bottom;
    /** @param {string} text @param {Record<string, string | number>} place */
    const write = (text, place) => draw("text", place, text);
    const ticksX = [0.1, 1, 10, 100, 1000, 10_000].map((at) =>
      write(at.toLocaleString("en"), { x: atX(at), y: ground + 15, "text-anchor": "middle" }),
    );
    const ticksY = [1e9, 1e11, 1e13, 1e15].map((at) =>
      write(`10${{ 9: "⁹", 11: "¹¹", 13: "¹³", 15: "¹⁵" }[Math.round(Math.log10(at))]}`, {
        x: left - 6,
        y: atY(at) + 4,
        "text-anchor": "end",
      }),
    );
    const middle = (left + width - right) / 2;
    return draw(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, class: "tb-roof-picture", "aria-hidden": "true" },
      draw("rect", {
        class: "tb-frame",
        x: left,
        y: top,
        width: width - left - right,
        height: ground - top,
      }),
      draw("polyline", { class: "tb-roof", points: points.join(" ") }),
      draw("line", { class: "tb-drop", x1: x, x2: x, y1: y, y2: ground }),
      draw("circle", { class: "tb-layer", cx: x, cy: y, r: 7 }),
      ...ticksX,
      ...ticksY,
      write("flops per byte", { x: middle, y: height - 8, "text-anchor": "middle" }),
      write("flops per second", {
        transform: `translate(12 ${(top + ground) / 2}) rotate(-90)`,
        "text-anchor": "middle",
      }),
    );
  }
}

define("tb-roofline", RooflineFigure);
