// <tb-matmul a="1 2 3; 4 5 6" b="1 0; 0 1; 1 1">: matrix multiplication, cell by cell.
// B stands above the result and A to its left, so that a row and a column meet in their cell.

import {
  CellByCell,
  define,
  make,
  makeButton,
  makeError,
  makeSelect,
  makeSlices,
  showNumber,
} from "./common.js";

const SIZES = [1, 2, 3, 4];
const LARGEST_NUMBER = 99;

/** @typedef {number[][]} Matrix rows of equal length */

const isAllowed = (number) => Number.isInteger(number) && Math.abs(number) <= LARGEST_NUMBER;

/**
 * Read "1 2 3; 4 5 6": numbers with spaces between, rows with semicolons.
 * @param {string} text
 * @returns {Matrix}
 */
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
 * @throws {Error} with PyTorch's own words, where the inner numbers differ
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
 * @returns {string[]}
 */
export function products(a, b, row, column) {
  const factor = (number) => (number < 0 ? `(${showNumber(number)})` : `${number}`);
  return a[row].map((value, k) => `${factor(value)} × ${factor(b[k][column])}`);
}

export class MatmulFigure extends CellByCell {
  label = "Interactive figure: matrix multiplication";

  read() {
    this.shapes = {};
    this.numbers = {};
    for (const [name, start] of [
      ["a", "1 2 3; 4 5 6"],
      ["b", "1 0; 0 1; 1 1"],
    ]) {
      const matrix = parseMatrix(this.getAttribute(name) ?? start);
      this.shapes[name] = shapeOf(matrix);
      // All 4 × 4 numbers are kept; the shape cuts out the part that is shown. So a number
      // comes back when its row does.
      this.numbers[name] = SIZES.map((_, i) =>
        SIZES.map((_, j) => matrix[i]?.[j] ?? ((i + 2 * j) % 5) - 1),
      );
    }
  }

  /** @param {"a" | "b"} name @returns {Matrix} */
  matrix(name) {
    const [rows, columns] = this.shapes[name];
    return this.numbers[name].slice(0, rows).map((row) => row.slice(0, columns));
  }

  build() {
    this.resultShape = make("span", { class: "tb-shape tb-result-shape" });
    this.stage = make("div", { class: "tb-stage tb-falk" });
    this.explanation = make("div", { class: "tb-explanation", "aria-hidden": "true" });
    this.buttons = [
      makeButton("Previous cell", () => this.walk(this.current - 1)),
      makeButton("Next cell", () => this.walk(this.current + 1)),
      makeButton("Show all", () => this.toggleAll()),
    ];
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
      make("div", { class: "tb-buttons" }, ...this.buttons),
      this.explanation,
      make(
        "p",
        { class: "tb-hint" },
        "Pick other shapes, type other numbers (whole ones, ",
        `−${LARGEST_NUMBER} to ${LARGEST_NUMBER}). In C the arrow keys work too.`,
      ),
    ];
  }

  /** "[2, 3]", in which the two numbers can be chosen. */
  shapeControl(name) {
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

  /** A size with its role under it. @param {"inner" | "outer"} role @param {Node | string} size */
  sizeMark(role, size) {
    return make("span", { class: `tb-size tb-${role}` }, size, make("small", {}, role));
  }

  /** Draw the matrices anew, after their shapes have changed. */
  startOver() {
    const [rows, columns] = [this.shapes.a[0], this.shapes.b[1]];
    const fits = this.shapes.a[1] === this.shapes.b[0];
    this.current = 0;
    this.seen = new Set([0]);
    this.inputs = { a: this.numberInputs("a"), b: this.numberInputs("b") };
    this.cells = Array.from({ length: fits ? rows * columns : 0 }, () =>
      make("div", { class: "tb-cell", role: "gridcell" }),
    );
    const result = fits
      ? this.grid(
          "C, the result",
          makeSlices([rows, columns], (flat) => this.cells[flat], true),
        )
      : make("div", { class: "tb-nothing" }, "no result");
    this.stage.style.setProperty("--tb-across", this.shapes.a[1] + columns);
    this.stage.replaceChildren(
      this.panel("a", this.inputGrid("a")),
      this.panel("b", this.inputGrid("b")),
      this.panel("c", result),
    );
  }

  panel(name, content) {
    return make(
      "div",
      { class: `tb-panel tb-panel-${name}` },
      make("div", { class: "tb-name", "aria-hidden": "true" }, name.toUpperCase()),
      content,
    );
  }

  inputGrid(name) {
    const inputs = this.inputs[name].flat();
    return make(
      "div",
      { class: "tb-matrix", role: "group", "aria-label": name.toUpperCase() },
      ...makeSlices(this.shapes[name], (flat) => inputs[flat], false),
    );
  }

  /** @returns {HTMLInputElement[][]} a field for each number of A or B */
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
          if (!isAllowed(input.valueAsNumber)) return; // half typed: the last good number counts
          this.numbers[name][i][j] = input.valueAsNumber;
          this.update();
        });
        input.addEventListener("change", () => {
          input.value = this.numbers[name][i][j];
        });
        return input;
      }),
    );
  }

  update() {
    const [a, b] = [this.matrix("a"), this.matrix("b")];
    const width = b[0].length;
    const [row, column] = [Math.floor(this.current / width), this.current % width];
    this.pair(row, column);
    let result = null;
    try {
      result = matmul(a, b);
    } catch (error) {
      this.explainError(error, a[0].length, b.length);
    }
    this.classList.toggle("tb-failed", result === null);
    this.buttons.forEach((button) => {
      button.disabled = this.cells.length < 2;
    });
    this.resultShape.replaceChildren("→ ", result ? "[" : "error");
    if (!result) return;
    const [rows, columns] = shapeOf(result).map((size) => this.sizeMark("outer", String(size)));
    this.resultShape.append(rows, ", ", columns, "]");
    this.cells.forEach((cell, i) => {
      const [y, x] = [Math.floor(i / width), i % width];
      const text = this.seen.has(i) ? showNumber(result[y][x]) : "?";
      cell.textContent = text;
      cell.setAttribute("aria-label", `${text}, C[${y}, ${x}]`);
      cell.style.setProperty("--tb-digits", text.length);
    });
    this.markCurrent(this.cells, this.current);
    this.buttons[2].textContent = this.seen.size === this.cells.length ? "Hide all" : "Show all";
    this.explainCell(products(a, b, row, column), row, column, showNumber(result[row][column]));
  }

  /** Give each number of A's row and its partner in B's column one colour. */
  pair(row, column) {
    const pairs = Math.min(this.shapes.a[1], this.shapes.b[0]);
    const mark = (input, k, isHot) => {
      const kind = k < pairs ? `tb-pair tb-pair-${k}` : "tb-alone";
      input.className = `tb-cell ${isHot ? kind : ""}`;
    };
    this.inputs.a.forEach((inputs, i) => inputs.forEach((input, k) => mark(input, k, i === row)));
    this.inputs.b.forEach((inputs, k) =>
      inputs.forEach((input, j) => mark(input, k, j === column)),
    );
  }

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

  explainError(error, inA, inB) {
    const count = (n) => `${n} ${n === 1 ? "number" : "numbers"}`;
    const why =
      `A row of A has ${count(inA)}, a column of B has ${inB}: someone is left ` +
      "without a partner. Make the inner numbers equal.";
    this.explanation.replaceChildren(makeError(error.message), make("p", {}, why));
    this.say(`RuntimeError: ${error.message}. ${why}`);
  }
}

define("tb-matmul", MatmulFigure);
