// <tb-matmul a="1 2 3; 4 5 6" b="1 0; 0 1; 1 1">: matrix multiplication, cell by cell.
// B stands above the result and A to its left, so a row and a column meet in their cell.

import {
  CellByCell,
  define,
  make,
  makeError,
  makePanel,
  makeSelect,
  makeSlices,
  placeOf,
  showNumber,
} from "./common.js";

const SIZES = [1, 2, 3, 4];
const LARGEST_NUMBER = 99;

/** @typedef {number[][]} Matrix rows of equal length */
/** @typedef {"a" | "b"} Name */

/** @param {number} number */
const isAllowed = (number) => Number.isInteger(number) && Math.abs(number) <= LARGEST_NUMBER;

/** Read "1 2 3; 4 5 6". @param {string} text @returns {Matrix} */
export function parseMatrix(text) {
  const rows = text.split(";").map((row) => row.trim().split(/\s+/));
  const sizes = [rows.length, ...rows.map((row) => row.length)];
  const numbers = rows.map((row) => row.map((word) => (word === "" ? NaN : Number(word))));
  if (
    !sizes.every((size) => SIZES.includes(size)) ||
    rows.some((row) => row.length !== rows[0].length) ||
    !numbers.flat().every(isAllowed)
  ) {
    throw new Error(
      `a matrix is 1 to ${SIZES.length} rows of as many whole numbers each ` +
        `(at most ${LARGEST_NUMBER}), such as "1 2; 3 4", but got "${text}"`,
    );
  }
  return numbers;
}

/** @param {Matrix} matrix */
const shapeOf = (matrix) => [matrix.length, matrix[0].length];

/**
 * @param {Matrix} a of shape [m, k]
 * @param {Matrix} b of shape [k, n]
 * @returns {Matrix} of shape [m, n]
 * @throws {Error} with PyTorch's message, if the inner sizes differ
 */
export function matmul(a, b) {
  if (a[0].length !== b.length) {
    const [first, second] = [a, b].map((matrix) => shapeOf(matrix).join("x"));
    throw new Error(`mat1 and mat2 shapes cannot be multiplied (${first} and ${second})`);
  }
  return a.map((row) =>
    b[0].map((_, column) => row.reduce((sum, value, k) => sum + value * b[k][column], 0)),
  );
}

/**
 * The products that make one cell, such as ["1 × 5", "2 × 7"].
 * @param {Matrix} a
 * @param {Matrix} b
 * @param {number} row of A
 * @param {number} column of B
 */
export function products(a, b, row, column) {
  /** @param {number} number */
  const factor = (number) => (number < 0 ? `(${showNumber(number)})` : `${number}`);
  return a[row].map((value, k) => `${factor(value)} × ${factor(b[k][column])}`);
}

export class MatmulFigure extends CellByCell {
  label = "Interactive figure: matrix multiplication";

  read() {
    const a = parseMatrix(this.getAttribute("a") ?? "1 2 3; 4 5 6");
    const b = parseMatrix(this.getAttribute("b") ?? "1 0; 0 1; 1 1");
    this.shapes = { a: shapeOf(a), b: shapeOf(b) };
    /** All 4 × 4 numbers are kept: a number comes back when its row does. @param {Matrix} matrix */
    const fill = (matrix) =>
      SIZES.map((_, i) => SIZES.map((_, j) => matrix[i]?.[j] ?? ((i + 2 * j) % 5) - 1));
    this.numbers = { a: fill(a), b: fill(b) };
  }

  /** @param {Name} name @returns {Matrix} the part that is shown */
  matrix(name) {
    const [rows, columns] = this.shapes[name];
    return this.numbers[name].slice(0, rows).map((row) => row.slice(0, columns));
  }

  build() {
    this.resultShape = make("span", { class: "tb-shape tb-result-shape" });
    this.stage = make("div", { class: "tb-stage tb-falk" });
    this.explanation = make("div", { class: "tb-explanation", "aria-hidden": "true" });
    this.startOver();
    return [
      make(
        "div",
        { class: "tb-formula" },
        this.shapeControl("a"),
        " @ ",
        this.shapeControl("b"),
        this.resultShape,
      ),
      this.stage,
      this.buildButtons(" cell"),
      this.explanation,
      make(
        "p",
        { class: "tb-hint" },
        "Pick other shapes, type other numbers (whole ones, ",
        `−${LARGEST_NUMBER} to ${LARGEST_NUMBER}). In C the arrow keys work too.`,
      ),
    ];
  }

  /** "[2, 3]" with a menu for each size. @param {Name} name */
  shapeControl(name) {
    /** @param {0 | 1} axis */
    const pick = (axis) => {
      const role = (name === "a") === (axis === 1) ? "inner" : "outer";
      const label = `${["rows", "columns"][axis]} of ${name.toUpperCase()}`;
      const select = makeSelect(label, SIZES, this.shapes[name][axis], (size) => {
        this.shapes[name][axis] = Number(size);
        this.startOver();
        this.update();
      });
      return this.sizeMark(role, select);
    };
    return make("span", { class: "tb-shape" }, "[", pick(0), ", ", pick(1), "]");
  }

  /** A size with its role below. @param {"inner" | "outer"} role @param {Node | string} size */
  sizeMark(role, size) {
    return make("span", { class: `tb-size tb-${role}` }, size, make("small", {}, role));
  }

  /** Draw the matrices again when their shapes have changed. */
  startOver() {
    const [rows, columns] = [this.shapes.a[0], this.shapes.b[1]];
    const fits = this.shapes.a[1] === this.shapes.b[0];
    this.inputs = { a: this.numberInputs("a"), b: this.numberInputs("b") };
    this.reset(fits ? rows * columns : 0);
    const result = fits
      ? this.grid(
          "C, the result",
          makeSlices([rows, columns], (flat) => this.cells[flat], true),
        )
      : make("div", { class: "tb-nothing" }, "no result");
    this.stage.style.setProperty("--tb-across", String(this.shapes.a[1] + columns));
    this.stage.replaceChildren(
      makePanel("tb-panel-a", "A", "", this.inputGrid("a")),
      makePanel("tb-panel-b", "B", "", this.inputGrid("b")),
      makePanel("tb-panel-c", "C", "", result),
    );
  }

  /** @param {Name} name */
  inputGrid(name) {
    const inputs = this.inputs[name].flat();
    return make(
      "div",
      { class: "tb-matrix", role: "group", "aria-label": name.toUpperCase() },
      ...makeSlices(this.shapes[name], (flat) => inputs[flat], false),
    );
  }

  /** A field for each number of A or B. @param {Name} name */
  numberInputs(name) {
    return this.matrix(name).map((row, i) =>
      row.map((value, j) => {
        const input = make("input", {
          type: "number",
          min: -LARGEST_NUMBER,
          max: LARGEST_NUMBER,
          required: true,
          value,
          class: "tb-cell",
          "aria-label": `${name.toUpperCase()}[${i}, ${j}]`,
        });
        input.addEventListener("input", () => {
          if (!isAllowed(input.valueAsNumber)) return; // half typed: keep the last good number
          this.numbers[name][i][j] = input.valueAsNumber;
          this.update();
        });
        input.addEventListener("change", () => {
          const kept = String(this.numbers[name][i][j]);
          if (!isAllowed(input.valueAsNumber)) {
            const range = `−${LARGEST_NUMBER} to ${LARGEST_NUMBER}`;
            const place = `${name.toUpperCase()}[${i}, ${j}]`;
            const stays = `${place} stays ${showNumber(kept)}`;
            this.refuse(input.value, `no whole number from ${range}: ${stays}`);
          }
          input.value = kept;
        });
        return input;
      }),
    );
  }

  update() {
    const [a, b] = [this.matrix("a"), this.matrix("b")];
    const width = b[0].length;
    const [row, column] = placeOf(this.current, width);
    this.pair(row, column);
    /** @type {Matrix} */
    let result = null;
    try {
      result = matmul(a, b);
    } catch (error) {
      this.explainError(error.message, a[0].length, b.length);
    }
    this.classList.toggle("tb-failed", result === null);
    this.updateButtons();
    this.resultShape.replaceChildren("→ ", result ? "[" : "error");
    if (!result) return;
    const [rows, columns] = shapeOf(result).map((size) => this.sizeMark("outer", String(size)));
    this.resultShape.append(rows, ", ", columns, "]");
    this.cells.forEach((cell, i) => {
      const [y, x] = placeOf(i, width);
      const text = this.seen.has(i) ? showNumber(result[y][x]) : "?";
      cell.textContent = text;
      cell.setAttribute("aria-label", `${text}, C[${y}, ${x}]`);
      cell.style.setProperty("--tb-digits", String(text.length));
    });
    this.markCurrent(this.cells, this.current);
    this.explainCell(products(a, b, row, column), row, column, showNumber(result[row][column]));
  }

  /**
   * Give each number of A's row and its partner in B's column the same colour.
   * @param {number} row
   * @param {number} column
   */
  pair(row, column) {
    const pairs = Math.min(this.shapes.a[1], this.shapes.b[0]);
    /** @param {HTMLElement} input @param {number} k @param {boolean} isHot */
    const mark = (input, k, isHot) => {
      const kind = k < pairs ? `tb-pair tb-pair-${k}` : "tb-alone";
      input.className = `tb-cell ${isHot ? kind : ""}`;
    };
    for (const [i, inputs] of this.inputs.a.entries()) {
      for (const [k, input] of inputs.entries()) mark(input, k, i === row);
    }
    for (const [k, inputs] of this.inputs.b.entries()) {
      for (const [j, input] of inputs.entries()) mark(input, k, j === column);
    }
  }

  /** @param {string[]} terms @param {number} row @param {number} column @param {string} sum */
  explainCell(terms, row, column, sum) {
    const words = `Row ${row} of A times column ${column} of B`;
    const spelled = terms.flatMap((term, k) => [
      k ? " + " : "",
      make("span", { class: `tb-term tb-pair-${k}` }, term),
    ]);
    this.explanation.replaceChildren(
      make("p", {}, `${words}:`),
      make(
        "p",
        { class: "tb-sum" },
        ...spelled,
        " ",
        make("span", { class: "tb-together" }, "= ", make("strong", {}, sum)),
      ),
    );
    this.say(`${words}: ${terms.join(" + ")} = ${sum}. So C[${row}, ${column}] is ${sum}.`);
  }

  /** @param {string} message @param {number} inA @param {number} inB */
  explainError(message, inA, inB) {
    const why =
      `A row of A has ${inA} ${inA === 1 ? "number" : "numbers"}, a column of B has ${inB}: ` +
      "make the inner sizes equal.";
    this.explanation.replaceChildren(makeError(message), make("p", {}, why));
    this.say(`RuntimeError: ${message}. ${why}`);
  }
}

define("tb-matmul", MatmulFigure);
