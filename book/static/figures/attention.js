// <tb-attention picture="shirt" asks="brightness" sharpness="2" place="5">: a picture of 4 by 4
// patches. One patch asks, all answer, and the weights of the answers lie over the picture.

import {
  define,
  Figure,
  make,
  makePanel,
  makeSelect,
  makeSlices,
  placeOf,
  shade,
  showNumber,
  showShape,
  softmax,
} from "./common.js";

const SIDE = 4;
const BRIGHTEST = 9;
const SHARPNESS = [0, 1, 2, 4, 8];

/**
 * The mean brightness of each patch, from 0 to 9.
 * @type {Record<string, number[][]>}
 */
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

/**
 * A point on a circle: the closer two points are, the larger their dot product.
 * @param {number} share
 */
const onCircle = (share) => {
  const angle = (Math.PI / 2) * share;
  return [Math.cos(angle), Math.sin(angle)];
};

/**
 * A patch's key. Its query is the same, times the sharpness.
 * @type {Record<string, (brightness: number, row: number, column: number) => number[]>}
 */
const HEADS = {
  brightness: (brightness) => onCircle((2 * brightness) / BRIGHTEST),
  row: (_, row) => onCircle((2 * row) / (SIDE - 1)),
  column: (_, _row, column) => onCircle((2 * column) / (SIDE - 1)),
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
  return queries.map((q) =>
    softmax(keys.map((k) => q.reduce((sum, value, i) => sum + value * k[i], 0) / root)),
  );
}

/** @param {number} share */
const percent = (share) => (share > 0 && share < 0.005 ? "<1 %" : `${Math.round(100 * share)} %`);

/** @param {number} flat */
const patch = (flat) => placeOf(flat, SIDE);

export class AttentionFigure extends Figure {
  label = "Interactive figure: attention";

  read() {
    this.chosen = {
      picture: this.readChoice("picture", Object.keys(PICTURES), "shirt"),
      asks: this.readChoice("asks", Object.keys(HEADS), "brightness"),
      sharpness: Number(this.readChoice("sharpness", SHARPNESS, 4)),
    };
    this.current = Number(this.readChoice("place", [...Array(SIDE ** 2).keys()], 4));
  }

  build() {
    /** @param {string} label @param {Node} select */
    const labelled = (label, select) => make("label", {}, `${label} `, select);
    /** @param {"picture" | "asks"} name @param {string} label @param {object} options */
    const choice = (name, label, options) =>
      labelled(
        label,
        makeSelect(label, Object.keys(options), this.chosen[name], (value) => {
          this.chosen[name] = value;
          this.update();
        }),
      );
    const sharpness = makeSelect("sharpness", SHARPNESS, this.chosen.sharpness, (value) => {
      this.chosen.sharpness = Number(value);
      this.update();
    });
    /** @param {string | false} role */
    const cells = (role) =>
      Array.from({ length: SIDE ** 2 }, () => make("div", { class: "tb-cell", role }));
    this.pixels = cells("gridcell");
    this.weights = cells(false);
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    return [
      make(
        "div",
        { class: "tb-buttons tb-attention-choices" },
        choice("picture", "picture", PICTURES),
        choice("asks", "the head looks for the same", HEADS),
        labelled("sharpness", sharpness),
      ),
      make(
        "div",
        { class: "tb-stage tb-attending" },
        makePanel(
          "",
          "16 patches",
          "choose who asks",
          this.grid(
            "patches",
            makeSlices([SIDE, SIDE], (i) => this.pixels[i], true),
          ),
        ),
        makePanel(
          "",
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

  /** Let another patch ask. @param {number} index */
  walk(index) {
    this.current = index;
    this.update();
  }

  update() {
    const { picture, asks, sharpness } = this.chosen;
    const values = PICTURES[picture].flat();
    const keys = values.map((brightness, i) => HEADS[asks](brightness, patch(i)[0], patch(i)[1]));
    const query = keys[this.current].map((number) => sharpness * number);
    const [weights] = attention([query], keys);
    const strongest = Math.max(...weights);
    const [row, column] = patch(this.current);
    this.pixels.forEach((cell, i) => {
      cell.textContent = String(values[i]);
      cell.setAttribute(
        "aria-label",
        `patch ${showShape(patch(i))}, brightness ${values[i]}, weight ${percent(weights[i])}`,
      );
      shade(cell, values[i] / BRIGHTEST);
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

  /** The patches with the largest weight, or their number. @param {number[]} weights */
  names(weights) {
    const strongest = Math.max(...weights);
    const best = weights.flatMap((weight, i) => (strongest - weight < 1e-9 ? [i] : []));
    if (best.length === 1) return best[0] === this.current ? "itself" : showShape(patch(best[0]));
    return best.includes(this.current)
      ? `itself and ${best.length - 1} more like it`
      : `${best.length} patches alike`;
  }
}

define("tb-attention", AttentionFigure);
