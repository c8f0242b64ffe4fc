// <tb-broadcast a="[3, 1]" b="[1, 4]" op="+">: how two shapes are broadcast together.

import {
  define,
  Figure,
  make,
  makeButton,
  makeError,
  makePanel,
  makeSelect,
  makeSlices,
  showShape,
} from "./common.js";

const SIZES = [1, 2, 3, 4];
const MOST_DIMENSIONS = 3;
/** @type {Record<string, (x: number, y: number) => number>} */
const OPERATIONS = { "+": (x, y) => x + y, "×": (x, y) => x * y };
const EXAMPLES = ["[3, 4] + [4]", "[3, 1] × [1, 4]", "[2, 3, 4] + [3, 1]", "[3, 2] + [3]"];

/** @typedef {number[]} Shape */
/** @typedef {"a" | "b"} Name */
/**
 * @typedef {object} Dimension one dimension of two aligned shapes
 * @property {number | null} a its size in a, null if a does not have it
 * @property {number | null} b the same for b
 * @property {number | null} size in the result, null if the two do not fit
 * @property {"equal" | "stretched" | "missing" | "error"} rule
 * @property {string} words what happens, for the reader
 */

/**
 * Read "[3, 1]", "(3, 1)", "3, 1" or "3 1". Empty text is the shape of a single number.
 * @param {string} text
 * @returns {Shape}
 */
export function parseShape(text) {
  const words = text.replace(/^\s*[[(]|,?\s*[\])]?\s*$/g, "").trim();
  const shape = words === "" ? [] : words.split(/\s*,\s*|\s+/).map(Number);
  if (shape.length > MOST_DIMENSIONS || !shape.every((size) => SIZES.includes(size))) {
    throw new Error(
      `“${text}” is no shape that this figure can draw: up to ${MOST_DIMENSIONS} ` +
        `sizes, each from 1 to ${SIZES.at(-1)}, as in [3, 1].`,
    );
  }
  return shape;
}

/** @param {number | null} a @param {number | null} b @returns {Dimension} */
function align(a, b) {
  const [sizeA, sizeB] = [a ?? 1, b ?? 1];
  const size = Math.max(sizeA, sizeB);
  if (sizeA !== sizeB && Math.min(sizeA, sizeB) !== 1) {
    return { a, b, size: null, rule: "error", words: `${a} and ${b} differ, and neither is 1` };
  }
  const stretched = sizeA === sizeB ? "" : `, stretched to ${size}`;
  if (a === null || b === null) {
    const who = a === null ? "a" : "b";
    return { a, b, size, rule: "missing", words: `none in ${who}: taken as 1${stretched}` };
  }
  if (!stretched) return { a, b, size, rule: "equal", words: "equal" };
  return { a, b, size, rule: "stretched", words: `1 in ${sizeA < sizeB ? "a" : "b"}${stretched}` };
}

/**
 * Align two shapes from the right.
 * @param {Shape} a
 * @param {Shape} b
 * @returns {{dimensions: Dimension[], shape: Shape | null, error: string | null}} the error is
 *   PyTorch's message, which names the last dimension that does not fit
 */
export function broadcast(a, b) {
  const rank = Math.max(a.length, b.length);
  const dimensions = Array.from({ length: rank }, (_, d) =>
    align(a[d - rank + a.length] ?? null, b[d - rank + b.length] ?? null),
  );
  const last = dimensions.findLastIndex(({ rule }) => rule === "error");
  if (last < 0) return { dimensions, shape: dimensions.map(({ size }) => size), error: null };
  const error =
    `The size of tensor a (${dimensions[last].a}) must match ` +
    `the size of tensor b (${dimensions[last].b}) at non-singleton dimension ${last}`;
  return { dimensions, shape: null, error };
}

/** @param {Shape} shape */
const countOf = (shape) => shape.reduce((product, size) => product * size, 1);

/**
 * The numbers of a tensor, row by row: 1 to 9, again and again. For a sum, b has tens, so the
 * result shows what was added.
 * @param {"a" | "b"} name
 * @param {Shape} shape
 * @param {string} op
 * @returns {number[]}
 */
export function fill(name, shape, op) {
  const unit = name === "b" && op === "+" ? 10 : 1;
  return Array.from({ length: countOf(shape) }, (_, i) => ((i % 9) + 1) * unit);
}

/**
 * @param {number} flat
 * @param {Shape} shape
 * @returns {number[]} the place of the number that is `flat`th, row by row
 */
export function unravel(flat, shape) {
  const place = [];
  for (const size of shape.toReversed()) {
    place.unshift(flat % size);
    flat = Math.floor(flat / size);
  }
  return place;
}

/**
 * Where the number at a place of the broadcast tensor comes from.
 * @param {number[]} place in the result
 * @param {Shape} shape of the tensor before
 * @returns {{place: number[], flat: number, isCopy: boolean}} its place before, as a list and
 *   counted row by row, and whether it is a copy
 */
export function source(place, shape) {
  const missing = place.length - shape.length;
  const before = shape.map((size, d) => (size === 1 ? 0 : place[missing + d]));
  const flat = before.reduce((index, at, d) => index * shape[d] + at, 0);
  return { place: before, flat, isCopy: place.some((at, d) => at !== (before[d - missing] ?? 0)) };
}

/**
 * @param {Shape} a
 * @param {Shape} b
 * @param {string} op
 * @returns {number[]} the result's numbers, row by row
 * @throws {Error} with PyTorch's message, if the shapes do not fit
 */
export function compute(a, b, op) {
  const { shape, error } = broadcast(a, b);
  if (error) throw new Error(error);
  const [x, y] = [fill("a", a, op), fill("b", b, op)];
  return Array.from({ length: countOf(shape) }, (_, i) => {
    const place = unravel(i, shape);
    return OPERATIONS[op](x[source(place, a).flat], y[source(place, b).flat]);
  });
}

export class BroadcastFigure extends Figure {
  label = "Interactive figure: broadcasting";

  read() {
    this.shapes = {
      a: parseShape(this.getAttribute("a") ?? "[3, 1]"),
      b: parseShape(this.getAttribute("b") ?? "[1, 4]"),
    };
    this.firstOp = this.readChoice("op", Object.keys(OPERATIONS), "+");
  }

  build() {
    this.fields = { a: this.shapeField("a"), b: this.shapeField("b") };
    this.op = makeSelect("operation", Object.keys(OPERATIONS), this.firstOp, () =>
      this.readFields(),
    );
    this.problem = make("p", { class: "tb-problem" });
    this.table = make("table", { class: "tb-alignment" });
    this.stage = make("div", { class: "tb-stage tb-side-by-side" });
    this.explanation = make("div", { class: "tb-explanation", "aria-hidden": "true" });
    const examples = EXAMPLES.map((text) =>
      makeButton(text, () => {
        [this.fields.a.value, this.op.value, this.fields.b.value] = text.split(/ ([+×]) /);
        this.readFields();
      }),
    );
    return [
      make(
        "div",
        { class: "tb-formula" },
        make("label", {}, "a ", this.fields.a),
        this.op,
        make("label", {}, "b ", this.fields.b),
      ),
      this.problem,
      make(
        "div",
        { class: "tb-buttons tb-examples", role: "group", "aria-label": "Examples" },
        ...examples,
      ),
      this.table,
      this.stage,
      this.explanation,
      make(
        "p",
        { class: "tb-hint" },
        `Type two shapes: up to ${MOST_DIMENSIONS} sizes, each from `,
        `1 to ${SIZES.at(-1)}. In the result, click a cell or walk with the arrow keys.`,
      ),
    ];
  }

  /** @param {Name} name */
  shapeField(name) {
    const field = make("input", {
      class: "tb-shape-field",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `shape of ${name}`,
      value: showShape(this.shapes[name]),
    });
    field.addEventListener("input", () => this.readFields());
    return field;
  }

  /** Read what the reader typed. While it is not a shape, the last good one stays. */
  readFields() {
    /** @param {Name} name */
    const read = (name) => {
      const field = this.fields[name];
      try {
        this.shapes[name] = parseShape(field.value);
        field.removeAttribute("aria-invalid");
        return "";
      } catch (error) {
        field.setAttribute("aria-invalid", "true");
        return `${name}: ${error.message} `;
      }
    };
    this.problem.textContent = read("a") + read("b");
    this.update();
    if (this.problem.textContent) this.say(this.problem.textContent);
  }

  update() {
    const { a, b } = this.shapes;
    const op = this.op.value;
    const { dimensions, shape, error } = broadcast(a, b);
    this.classList.toggle("tb-failed", error !== null);
    this.drawTable(dimensions);
    this.shape = shape;
    this.values = {
      a: fill("a", a, op),
      b: fill("b", b, op),
      result: shape && compute(a, b, op),
    };
    /** @param {string} text */
    const sign = (text) => make("span", { class: "tb-sign", "aria-hidden": "true" }, text);
    this.stage.replaceChildren(
      this.drawTensor("a"),
      sign(op),
      this.drawTensor("b"),
      sign("="),
      this.drawResult(),
    );
    /** @param {string} name */
    const cells = (name) =>
      /** @type {HTMLElement[]} */ ([
        ...this.stage.querySelectorAll(`.tb-tensor-${name} .tb-cell`),
      ]);
    this.cells = { a: cells("a"), b: cells("b"), result: cells("result") };
    const across = shape ? 3 * (shape.at(-1) ?? 1) : (a.at(-1) ?? 1) + (b.at(-1) ?? 1) + 2;
    this.stage.style.setProperty("--tb-across", String(across));
    const rules = dimensions.map(({ words }, d) => `Dimension ${d}: ${words}.`).join(" ");
    const question = `${showShape(a)} ${op} ${showShape(b)}`;
    if (error) {
      this.explanation.replaceChildren(makeError(error));
      this.say(`${question} fails. ${rules} RuntimeError: ${error}`);
    } else {
      this.mark(this.cells.result.length - 1); // the last cell shows copies, if there are any
      this.say(`${question} gives ${showShape(shape)}. ${rules}`);
    }
  }

  /** @param {Dimension[]} dimensions */
  drawTable(dimensions) {
    /** @param {string} title @param {(dimension: Dimension, d: number) => Node} draw */
    const row = (title, draw) =>
      make("tr", {}, make("th", { scope: "row" }, title), ...dimensions.map(draw));
    /** @param {string | number} text @param {string} kind */
    const cell = (text, kind = "") => make("td", { class: kind }, String(text));
    this.table.replaceChildren(
      make("caption", { class: "tb-status" }, "The two shapes, aligned from the right"),
      make(
        "thead",
        {},
        row("dim", (_, d) => make("th", { scope: "col" }, String(d))),
      ),
      make(
        "tbody",
        {},
        row("a", ({ a }) => cell(a ?? "–")),
        row("b", ({ b }) => cell(b ?? "–")),
        row("rule", ({ rule, words }) => cell(words, `tb-rule tb-rule-${rule}`)),
        row("result", ({ size }) => cell(size ?? "error", "tb-size-of-result")),
      ),
    );
  }

  /** @param {string} name @param {Shape | null} shape @param {Node} content */
  panel(name, shape, content) {
    return makePanel(`tb-tensor-${name}`, name, shape ? showShape(shape) : "error", content);
  }

  /** Draw a or b, broadcast to the result's shape if there is one. @param {Name} name */
  drawTensor(name) {
    const own = this.shapes[name];
    const shown = this.shape ?? own;
    const slices = makeSlices(
      shown,
      (index) => {
        const { flat, isCopy } = source(unravel(index, shown), own);
        const look = `tb-cell ${isCopy ? "tb-copy" : "tb-own"}`;
        return make("div", { class: look }, String(this.values[name][flat]));
      },
      false,
    );
    const label = `${name} of shape ${showShape(own)}: ${this.values[name].join(", ")}`;
    return this.panel(
      name,
      own,
      make("div", { class: "tb-matrix", role: "img", "aria-label": label }, ...slices),
    );
  }

  drawResult() {
    const { shape } = this;
    const { result } = this.values;
    if (!shape) return this.panel("result", shape, make("div", { class: "tb-nothing" }, "none"));
    const slices = makeSlices(
      shape,
      (flat) =>
        make(
          "div",
          {
            class: "tb-cell",
            role: "gridcell",
            "aria-label": `${result[flat]}, result${showShape(unravel(flat, shape))}`,
          },
          String(result[flat]),
        ),
      true,
    );
    return this.panel("result", shape, this.grid("result", slices));
  }

  /** @param {number} index of a cell of the result */
  walk(index) {
    this.say(this.mark(index));
  }

  /**
   * Show where a cell of the result comes from.
   * @param {number} index
   * @returns {string} the same in words
   */
  mark(index) {
    const place = unravel(index, this.shape);
    /** @param {string} name @param {number[]} at */
    const indexed = (name, at) => (at.length ? name + showShape(at) : name);
    this.markCurrent(this.cells.result, index);
    /** @param {Name} name */
    const from = (name) => {
      this.cells[name].forEach((cell, i) => {
        cell.classList.toggle("tb-here", i === index);
      });
      const { place: before, flat } = source(place, this.shapes[name]);
      return [indexed(name, before), this.values[name][flat]];
    };
    const sources = [from("a"), from("b")];
    const [names, numbers] = [0, 1].map((part) =>
      sources.map((tensor) => tensor[part]).join(` ${this.op.value} `),
    );
    const title = indexed("result", place);
    const value = String(this.values.result[index]);
    this.explanation.replaceChildren(
      make(
        "p",
        { class: "tb-sum" },
        `${title} = ${names} `,
        make("span", { class: "tb-together" }, `= ${numbers} = `, make("strong", {}, value)),
      ),
    );
    return `${title} is ${names}: ${numbers} = ${value}.`;
  }
}

define("tb-broadcast", BroadcastFigure);
