// <tb-attention picture="shirt" asks="brightness" sharpness="2" place="5">: a picture of 4 by 4
// patches; one asks, all answer, and its weights lie over the picture.

import { Figure, define, make, makeSelect, makeSlices, showNumber } from "./common.js";

const SIDE = 4;
const BRIGHTEST = 9;
const SHARPNESS = [0, 1, 2, 4, 8];

/** What each picture shows: the mean brightness of each patch, from 0 to 9. */
const PICTURES = {
  shirt: [
    [1, 8, 8, 1],
    [7, 9, 9, 7],
    [0, 8, 8, 0],
    [0, 7, 7, 0],
  ],
  trousers: [
    [0, 7, 7, 0],
    [0, 8, 7, 0],
    [0, 6, 6, 0],
    [0, 5, 5, 0],
  ],
  boot: [
    [0, 6, 5, 0],
    [0, 7, 6, 0],
    [1, 8, 8, 3],
    [8, 8, 9, 9],
  ],
  stripes: [
    [9, 9, 9, 9],
    [0, 0, 0, 0],
    [9, 9, 9, 9],
    [0, 0, 0, 0],
  ],
};

/** A point on a circle: two of them have a large dot product where they lie close together. */
const onCircle = (share) => {
  const angle = (Math.PI / 2) * share;
  return [Math.cos(angle), Math.sin(angle)];
};

/**
 * What a patch says of itself; its query and its key are both this, the query times the sharpness.
 * @type {Record<string, (brightness: number, row: number, column: number) => number[]>}
 */
const HEADS = {
  brightness: (brightness) => onCircle((2 * brightness) / BRIGHTEST),
  row: (_, row) => onCircle((2 * row) / (SIDE - 1)),
  column: (_, row, column) => onCircle((2 * column) / (SIDE - 1)),
  place: (_, row, column) => [
    ...onCircle((2 * row) / (SIDE - 1)),
    ...onCircle((2 * column) / (SIDE - 1)),
  ],
};

/**
 * softmax(q kᵀ / √d): how much each query takes from each key.
 * @param {number[][]} queries each of d numbers
 * @param {number[][]} keys each of d numbers
 * @returns {number[][]} a row for each query, which adds up to 1
 */
export function attention(queries, keys) {
  const root = Math.sqrt(queries[0].length);
  return queries.map((q) => {
    const scores = keys.map((k) => q.reduce((sum, value, i) => sum + value * k[i], 0) / root);
    const largest = Math.max(...scores); // so that no exponential is too large for a number
    const powers = scores.map((score) => Math.exp(score - largest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  });
}

/** @param {number} share @returns {string} "23 %", "<1 %" */
const percent = (share) => (share > 0 && share < 0.005 ? "<1 %" : `${Math.round(100 * share)} %`);

/** @param {number} flat @returns {number[]} row and column */
const placeOf = (flat) => [Math.floor(flat / SIDE), flat % SIDE];

export class AttentionFigure extends Figure {
  label = "Interactive figure: attention";

  read() {
    this.chosen = {
      picture: this.readChoice("picture", Object.keys(PICTURES), "shirt"),
      asks: this.readChoice("asks", Object.keys(HEADS), "brightness"),
      sharpness: Number(this.readChoice("sharpness", SHARPNESS.map(String), "4")),
    };
    const places = Array.from({ length: SIDE ** 2 }, (_, i) => String(i));
    this.current = Number(this.readChoice("place", places, "4"));
  }

  /** @returns {string} an attribute that is one of a few words */
  readChoice(name, choices, otherwise) {
    const text = this.getAttribute(name) ?? otherwise;
    if (choices.includes(text)) return text;
    throw new Error(`${name} must be one of ${choices.join(", ")}, but is "${text}"`);
  }

  build() {
    const choice = (name, label, options, convert) =>
      make(
        "label",
        {},
        `${label} `,
        makeSelect(label, options, this.chosen[name], (value) => {
          this.chosen[name] = convert(value);
          this.update();
        }),
      );
    const cells = (role) =>
      Array.from({ length: SIDE ** 2 }, () => make("div", { class: "tb-cell", role }));
    this.pixels = cells("gridcell");
    this.weights = cells(false);
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    return [
      make(
        "div",
        { class: "tb-buttons tb-attention-choices" },
        choice("picture", "picture", Object.keys(PICTURES), String),
        choice("asks", "the head looks for the same", Object.keys(HEADS), String),
        choice("sharpness", "sharpness", SHARPNESS, Number),
      ),
      make(
        "div",
        { class: "tb-stage tb-attending" },
        this.panel(
          "16 patches",
          "choose who asks",
          this.grid(
            "patches",
            makeSlices([SIDE, SIDE], (i) => this.pixels[i], true),
          ),
        ),
        this.panel(
          "its weights",
          "they add up to 100 %",
          make(
            "div",
            { class: "tb-matrix", "aria-hidden": "true" },
            ...makeSlices([SIDE, SIDE], (i) => this.weights[i], false),
          ),
        ),
      ),
      this.explanation,
      make(
        "p",
        { class: "tb-hint" },
        "Click a patch, or walk with the arrow keys. Numbers on the ",
        "left are brightness, 0 (black) to 9 (white).",
      ),
    ];
  }

  panel(name, note, content) {
    return make(
      "div",
      { class: "tb-panel" },
      make("div", { class: "tb-name", "aria-hidden": "true" }, name, make("small", {}, note)),
      content,
    );
  }

  /** Let another patch ask. */
  walk(index) {
    this.current = index;
    this.update();
  }

  update() {
    const { picture, asks, sharpness } = this.chosen;
    const values = PICTURES[picture].flat();
    const keys = values.map((brightness, i) => HEADS[asks](brightness, ...placeOf(i)));
    const query = keys[this.current].map((number) => sharpness * number);
    const [weights] = attention([query], keys);
    const strongest = Math.max(...weights);
    const [row, column] = placeOf(this.current);
    this.pixels.forEach((cell, i) => {
      const level = Math.round((255 * values[i]) / BRIGHTEST);
      cell.textContent = String(values[i]);
      cell.setAttribute(
        "aria-label",
        `patch [${placeOf(i).join(", ")}], brightness ${values[i]}, weight ${percent(weights[i])}`,
      );
      cell.style.setProperty("--tb-shade", `rgb(${level} ${level} ${level})`);
      cell.style.setProperty("--tb-ink", level < 118 ? "#fff" : "#000");
    });
    this.weights.forEach((cell, i) => {
      cell.textContent = percent(weights[i]);
      cell.style.setProperty("--tb-share", `${Math.round((45 * weights[i]) / strongest)}%`);
    });
    this.markCurrent(this.pixels, this.current);
    const mean = weights.reduce((sum, weight, i) => sum + weight * values[i], 0);
    const home = showNumber(mean.toFixed(1));
    const spread =
      strongest - Math.min(...weights) < 1e-9
        ? "It takes the same from all"
        : `It takes most, ${percent(strongest)}, from ${this.names(weights)}`;
    const sentence =
      `Patch [${row}, ${column}] asks for the same ${asks}. ${spread}. What it ` +
      `collects: a brightness of ${home}; its own is ${values[this.current]}.`;
    this.explanation.textContent = sentence;
    this.say(sentence);
  }

  /** @returns {string} the patches with the largest weight, or how many they are */
  names(weights) {
    const strongest = Math.max(...weights);
    const best = weights.flatMap((weight, i) => (strongest - weight < 1e-9 ? [i] : []));
    if (best.length === 1)
      return best[0] === this.current ? "itself" : `[${placeOf(best[0]).join(", ")}]`;
    return best.includes(this.current)
      ? `itself and ${best.length - 1} more like it`
      : `${best.length} patches alike`;
  }
}

define("tb-attention", AttentionFigure);
