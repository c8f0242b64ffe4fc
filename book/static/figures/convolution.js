// <tb-convolution picture="shirt" side="7" kernel="upright edges" size="3" padding="0" stride="1">:
// a kernel slides over a picture. Picture and kernel may also be numbers: "0 9; 9 0".

import {
  CellByCell,
  define,
  make,
  makeButton,
  makeError,
  makeSelect,
  makeSlices,
  showNumber,
  showShape,
  walkByKeys,
} from "./common.js";

const SIDES = [2, 3, 4, 5, 6, 7];
const KERNEL_SIDES = [1, 3, 5];
const PADDINGS = [0, 1, 2];
const STRIDES = [1, 2, 3];
const BRIGHTEST = 9;
const LARGEST_WEIGHT = 9;
const OWN = "your own";

const SHIRT = ["0790970", "9999999", "9699969", "0099900", "0099900", "0099900", "0099900"];

/** @typedef {number[][]} Rows of numbers, each of the same length */

/** A place on a side of n as a place on the shirt's side of 7; left and right stay alike. */
const onShirt = (at, n) =>
  2 * at < n ? Math.round((6 * at) / (n - 1)) : 6 - Math.round((6 * (n - 1 - at)) / (n - 1));

/** What a picture shows: a brightness for each row and column, from 0 to 9. */
const PICTURES = {
  shirt: (row, column, n) => Number(SHIRT[onShirt(row, n)][onShirt(column, n)]),
  square: (row, column, n) =>
    Math.min(row, column, n - 1 - row, n - 1 - column) >= Math.floor(n / 3) ? BRIGHTEST : 0,
  diagonal: (row, column) => (row === column ? BRIGHTEST : 0),
  dot: (row, column, n) =>
    row === Math.floor(n / 2) && column === Math.floor(n / 2) ? BRIGHTEST : 0,
};

/** Dark before, bright after; in the kernel of 3 the middle counts twice. */
const edge = (across, along, m) => Math.sign(across) * (m === 1 && along === 0 ? 2 : 1);

/** Kernels: the weight as text, y rows below and x columns right of the middle, m to the edge. */
const KERNELS = {
  "upright edges": (y, x, m) => String(edge(x, y, m)),
  "lying edges": (y, x, m) => String(edge(y, x, m)),
  blur: (y, x, m) => (m ? `1/${(2 * m + 1) ** 2}` : "1"),
  sharpen: (y, x, m) => ({ 0: m ? "5" : "1", 1: "-1" })[Math.abs(y) + Math.abs(x)] ?? "0",
  copy: (y, x) => (y || x ? "0" : "1"),
};

const square = (n, draw) =>
  Array.from({ length: n }, (_, row) =>
    Array.from({ length: n }, (_, column) => draw(row, column)),
  );

/** @param {string} text @returns {number} a whole number from 0 to 9, or NaN */
export const parsePixel = (text) => (/^\s*\d\s*$/.test(text) ? Number(text) : NaN);

/**
 * @param {string} text such as "-2", "0.5" or "1/9"
 * @returns {number} at most 9 in size, or NaN
 */
export function parseWeight(text) {
  const found = /^\s*([-−]?)(\d*\.?\d+)(?:\/([1-9]\d?))?\s*$/.exec(text);
  if (!found) return NaN;
  const weight = Number(found[2]) / Number(found[3] ?? 1);
  if (weight > LARGEST_WEIGHT) return NaN;
  return found[1] ? -weight : weight;
}

/**
 * What slides over what: cross-correlation, which PyTorch calls convolution.
 * @param {Rows} picture
 * @param {Rows} kernel
 * @param {number} padding zeros on each side
 * @param {number} stride
 * @returns {Rows} the feature map
 * @throws {Error} with PyTorch's own words, where the kernel does not fit
 */
export function convolve(picture, kernel, padding, stride) {
  const sizes = [picture, picture[0]].map(({ length }) => length + 2 * padding);
  const sides = [kernel.length, kernel[0].length];
  if (sizes.some((size, axis) => size < sides[axis])) {
    throw new Error(
      `Calculated padded input size per channel: (${sizes.join(" x ")}). ` +
        `Kernel size: (${sides.join(" x ")}). Kernel size can't be greater than actual input size`,
    );
  }
  const [rows, columns] = sizes.map((size, axis) => Math.floor((size - sides[axis]) / stride) + 1);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) =>
      kernel
        .flatMap((weights, y) =>
          weights.map(
            (weight, x) =>
              weight * (picture[row * stride + y - padding]?.[column * stride + x - padding] ?? 0),
          ),
        )
        .reduce((sum, product) => sum + product, 0),
    ),
  );
}

/** @param {number} number @param {number} digits after the point */
const rounded = (number, digits) => Math.round(number * 10 ** digits) / 10 ** digits;

/** "= 4" or "≈ 4.33" @param {number} number */
function equals(number) {
  const shown = rounded(number, 2);
  return `${Math.abs(number - shown) < 1e-9 ? "=" : "≈"} ${showNumber(shown)}`;
}

/** "Rows 0 to 2" @param {string} what @param {number} first @param {number} count */
const range = (what, first, count) =>
  count === 1
    ? `${what} ${showNumber(first)}`
    : `${what}s ${showNumber(first)} to ${showNumber(first + count - 1)}`;

/** Paint a cell grey, and its number so that it can be read. @param {number} share of white */
function paint(cell, share) {
  const level = Math.round(255 * share);
  cell.style.setProperty("--tb-shade", `rgb(${level} ${level} ${level})`);
  cell.style.setProperty("--tb-ink", level < 118 ? "#fff" : "#000");
}

export class ConvolutionFigure extends CellByCell {
  label = "Interactive figure: convolution";

  read() {
    this.setting = {
      side: this.readChoice("side", SIDES, 7),
      padding: this.readChoice("padding", PADDINGS, 0),
      size: this.readChoice("size", KERNEL_SIDES, 3),
      stride: this.readChoice("stride", STRIDES, 1),
    };
    this.chosen = {};
    const picture = this.getAttribute("picture") ?? "shirt";
    const kernel = this.getAttribute("kernel") ?? "upright edges";
    this.pixels = this.readNumbers("picture", picture, PICTURES, "side", SIDES, parsePixel);
    this.weights = this.readNumbers("kernel", kernel, KERNELS, "size", KERNEL_SIDES, parseWeight);
  }

  /** @returns {number} an attribute that is one of a few numbers */
  readChoice(name, choices, otherwise) {
    const text = this.getAttribute(name) ?? String(otherwise);
    if (choices.map(String).includes(text)) return Number(text);
    throw new Error(`${name} must be one of ${choices.join(", ")}, but is "${text}"`);
  }

  /** Read a name from a list, or "0 9; 9 0". @returns {string[][]} the numbers as they are shown */
  readNumbers(name, text, known, setting, sides, parse) {
    const isKnown = Object.hasOwn(known, text);
    this.chosen[name] = isKnown ? text : OWN;
    if (isKnown) return this.drawn(name);
    const rows = text.split(";").map((row) => row.trim().split(/\s+/));
    const { length } = rows;
    if (
      !sides.includes(length) ||
      rows.some((row) => row.length !== length) ||
      rows.flat().some((word) => Number.isNaN(parse(word)))
    ) {
      throw new Error(
        `${name} must be one of ${Object.keys(known).join(", ")}, or as many rows ` +
          `as columns of numbers that the figure can show, such as "0 9 0; 0 9 0; 0 9 0", ` +
          `but is "${text}"`,
      );
    }
    this.setting[setting] = length;
    return rows;
  }

  /** @param {"picture" | "kernel"} name @returns {string[][]} as the chosen name says */
  drawn(name) {
    const { side, size } = this.setting;
    const draw = (name === "picture" ? PICTURES : KERNELS)[this.chosen[name]];
    if (name === "picture") return square(side, (row, column) => String(draw(row, column, side)));
    const middle = (size - 1) / 2;
    return square(size, (row, column) => draw(row - middle, column - middle, middle));
  }

  build() {
    this.result = make("span", { class: "tb-result-shape" });
    this.stage = make("div", { class: "tb-stage tb-sliding" });
    this.explanation = make("div", { class: "tb-explanation", "aria-hidden": "true" });
    this.buttons = [
      makeButton("Previous", () => this.walk(this.current - 1)),
      makeButton("Next", () => this.walk(this.current + 1)),
      makeButton("Show all", () => this.toggleAll()),
    ];
    this.choices = {
      picture: this.choice("picture", Object.keys(PICTURES)),
      kernel: this.choice("kernel", Object.keys(KERNELS)),
    };
    const { side, padding, size, stride } = {
      side: this.control("side", "picture", "side of the picture", SIDES),
      padding: this.control("padding", "padding", "padding", PADDINGS),
      size: this.control("size", "kernel", "side of the kernel", KERNEL_SIDES),
      stride: this.control("stride", "stride", "stride", STRIDES),
    };
    this.startOver();
    return [
      make(
        "div",
        { class: "tb-formula tb-conv-formula" },
        "⌊(",
        side,
        "+2·",
        padding,
        "−",
        size,
        ")/",
        stride,
        "⌋+1",
        this.result,
      ),
      make(
        "div",
        { class: "tb-buttons tb-conv-choices" },
        make("label", {}, "picture ", this.choices.picture),
        make("label", {}, "kernel ", this.choices.kernel),
        makeButton("Move picture right", () => this.moveRight()),
      ),
      this.stage,
      make("div", { class: "tb-buttons" }, ...this.buttons),
      this.explanation,
      make(
        "p",
        { class: "tb-hint" },
        "Type over any number: the picture takes 0 (black) to ",
        `${BRIGHTEST} (white), the kernel also −2, 0.5 or 1/9. Arrow keys walk in all three. In `,
        "the map, mid-grey is 0, lighter is positive, darker negative.",
      ),
    ];
  }

  /** A size within the formula. */
  control(setting, word, label, options) {
    const select = makeSelect(label, options, this.setting[setting], (value) => {
      this.setting[setting] = Number(value);
      this.resize();
      this.startOver();
      this.update();
    });
    return make(
      "span",
      { class: "tb-size" },
      select,
      make("small", { "aria-hidden": "true" }, word),
    );
  }

  /** A list of pictures or kernels. @param {"picture" | "kernel"} name */
  choice(name, options) {
    const select = makeSelect(name, [...options, OWN], this.chosen[name], (value) => {
      this.chosen[name] = value;
      if (value === OWN) return; // the numbers stay, to be changed
      this.replace(name, this.drawn(name));
    });
    return select;
  }

  /** Take other numbers of the same shape. @param {"picture" | "kernel"} name */
  replace(name, rows) {
    this[name === "picture" ? "pixels" : "weights"] = rows;
    rows.flat().forEach((text, i) => {
      this.show(this.fields[name][i], text);
    });
    this.update();
  }

  own(name) {
    this.chosen[name] = OWN;
    this.choices[name].value = OWN;
  }

  moveRight() {
    this.own("picture");
    this.replace(
      "picture",
      this.pixels.map((row) => ["0", ...row.slice(0, -1)]),
    );
  }

  /** Fit picture and kernel to their new sides: drawn anew, or cut, or filled up with zeros. */
  resize() {
    const { side, size } = this.setting;
    const shift = (this.weights.length - size) / 2; // a kernel keeps its middle
    const cut = (rows, n, by) => square(n, (row, column) => rows[row + by]?.[column + by] ?? "0");
    this.pixels = this.chosen.picture === OWN ? cut(this.pixels, side, 0) : this.drawn("picture");
    this.weights =
      this.chosen.kernel === OWN ? cut(this.weights, size, shift) : this.drawn("kernel");
  }

  /** Draw everything anew, after a size has changed. */
  startOver() {
    const { side, padding, size, stride } = this.setting;
    const padded = side + 2 * padding;
    this.across = Math.max(0, Math.floor((padded - size) / stride) + 1);
    this.current = 0;
    this.seen = new Set([0]);
    this.fields = {
      picture: this.numberFields("picture", this.pixels, parsePixel),
      kernel: this.numberFields("kernel", this.weights, parseWeight),
    };
    this.cells = Array.from({ length: this.across ** 2 }, () =>
      make("div", { class: "tb-cell", role: "gridcell" }),
    );
    const map = this.across
      ? this.grid(
          "feature map",
          makeSlices([this.across, this.across], (i) => this.cells[i], true),
        )
      : make("div", { class: "tb-nothing" }, "no map");
    this.frame = make("div", { class: "tb-patch", hidden: !this.across });
    this.stage.replaceChildren(
      this.panel(
        "picture",
        [side, side],
        make("div", { class: "tb-window" }, this.fieldGrid("picture", padded, padding), this.frame),
      ),
      this.panel("kernel", [size, size], this.fieldGrid("kernel", size, 0)),
      this.panel("map", this.across ? [this.across, this.across] : null, map),
    );
    const below = Math.max(size, 2) + Math.max(this.across, 2); // room for their names, at least
    const widths = { kernel: size, wide: padded + below, narrow: Math.max(padded, below) };
    for (const [name, cells] of Object.entries(widths))
      this.style.setProperty(`--tb-${name}`, cells);
    this.markUnseen();
    this.news = this.explainSize();
  }

  panel(name, shape, content) {
    return make(
      "div",
      { class: `tb-panel tb-panel-${name}` },
      make(
        "div",
        { class: "tb-name", "aria-hidden": "true" },
        name,
        make("small", {}, shape ? showShape(shape) : "error"),
      ),
      content,
    );
  }

  /** @returns {HTMLInputElement[]} a field for each number of picture or kernel */
  numberFields(name, rows, parse) {
    return rows.flatMap((row, y) =>
      row.map((text, x) => {
        const field = make("input", {
          class: "tb-cell",
          "aria-label": `${name}[${y}, ${x}]`,
          autocomplete: "off",
          inputmode: name === "picture" && "numeric",
          spellcheck: "false",
        });
        this.show(field, text);
        const numbers = () => (name === "picture" ? this.pixels : this.weights);
        field.addEventListener("input", () => {
          const good = !Number.isNaN(parse(field.value));
          field.setCustomValidity(good ? "" : "no number that the figure can show");
          field.setAttribute("aria-invalid", String(!good));
          if (!good) return; // half typed: the last good number counts
          numbers()[y][x] = field.value.trim().replace("−", "-");
          this.own(name);
          this.update();
        });
        field.addEventListener("change", () => this.show(field, numbers()[y][x]));
        field.addEventListener("focus", () => field.select());
        return field;
      }),
    );
  }

  /** Put a good number into a field. */
  show(field, text) {
    field.value = text.replace("-", "−");
    field.setCustomValidity("");
    field.removeAttribute("aria-invalid");
    field.style.setProperty("--tb-digits", field.value.length);
  }

  /** Fields in a grid, zeros around them, in which Tab stops once and the arrow keys walk. */
  fieldGrid(name, across, padding) {
    const fields = this.fields[name];
    const side = across - 2 * padding;
    const parts = makeSlices(
      [across, across],
      (flat) => {
        const [row, column] = [Math.floor(flat / across), flat % across].map((at) => at - padding);
        if ([row, column].every((at) => at >= 0 && at < side)) {
          return make("div", { role: "gridcell" }, fields[row * side + column]);
        }
        return make(
          "div",
          {
            class: "tb-cell tb-pad",
            role: "gridcell",
            "aria-readonly": "true",
            "aria-label": "0, padding",
          },
          "0",
        );
      },
      true,
    );
    const grid = make("div", { class: "tb-matrix", role: "grid", "aria-label": name }, ...parts);
    const stop = (index) =>
      fields.forEach((field, i) => {
        field.tabIndex = i === index ? 0 : -1;
      });
    stop(0);
    grid.addEventListener("focusin", (event) => stop(fields.indexOf(event.target)));
    walkByKeys(grid, fields, side, (index) => fields[index].focus());
    return grid;
  }

  /** Mark the pixels that lie under no patch, because the kernel jumps over them or stops early. */
  markUnseen() {
    const { side, padding, size, stride } = this.setting;
    const reached = new Set(
      Array.from({ length: this.across }, (_, i) => i).flatMap((i) =>
        Array.from({ length: size }, (_, j) => i * stride + j - padding),
      ),
    );
    this.unseen = 0;
    this.fields.picture.forEach((field, i) => {
      const missed =
        this.across > 0 && ![Math.floor(i / side), i % side].every((at) => reached.has(at));
      field.classList.toggle("tb-unseen", missed);
      this.unseen += missed;
    });
  }

  /** Work out the side of the map. @returns {string} the same in words */
  explainSize() {
    const { side, padding, size, stride } = this.setting;
    if (!this.across) {
      this.result.textContent = "→ error";
      return "";
    }
    const quotient = (side + 2 * padding - size) / stride;
    const whole = Number.isInteger(quotient);
    const shown = rounded(quotient, 2);
    this.result.textContent = `=${whole ? "" : `⌊${shown}⌋+1=`}${this.across}`;
    return (
      `The map's side: ${side} plus 2 times ${padding} minus ${size}, divided by ${stride}, is ` +
      `${shown}${whole ? "" : `, rounded down ${Math.floor(quotient)}`}, plus 1 is ${this.across}. ` +
      this.explainUnseen()
    );
  }

  explainUnseen() {
    if (!this.unseen) return "";
    return this.unseen === 1
      ? "1 pixel is never looked at. "
      : `${this.unseen} pixels are never looked at. `;
  }

  update() {
    const { padding, stride } = this.setting;
    const picture = this.pixels.map((row) => row.map(parsePixel));
    const kernel = this.weights.map((row) => row.map(parseWeight));
    picture.flat().forEach((pixel, i) => paint(this.fields.picture[i], pixel / BRIGHTEST));
    let map = null;
    try {
      map = convolve(picture, kernel, padding, stride).flat();
    } catch (error) {
      this.explainError(error);
    }
    this.classList.toggle("tb-failed", map === null);
    this.buttons.forEach((button) => {
      button.disabled = this.cells.length < 2;
    });
    if (!map) return;
    this.drawMap(map);
    this.buttons[2].textContent = this.seen.size === this.cells.length ? "Hide all" : "Show all";
    const [row, column] = [Math.floor(this.current / this.across), this.current % this.across];
    this.frame.style.setProperty("--tb-row", row * stride);
    this.frame.style.setProperty("--tb-column", column * stride);
    this.explain(picture, row, column, map[this.current]);
  }

  /** @param {number[]} map row by row */
  drawMap(map) {
    const most = Math.max(...map.map(Math.abs)) || 1;
    this.cells.forEach((cell, i) => {
      const seen = this.seen.has(i);
      const text = seen ? showNumber(rounded(map[i], 1)) : "?";
      cell.textContent = text;
      cell.setAttribute(
        "aria-label",
        `${text}, map[${Math.floor(i / this.across)}, ${i % this.across}]`,
      );
      cell.style.setProperty("--tb-digits", text.length);
      if (seen) paint(cell, 0.5 + map[i] / most / 2);
      else ["--tb-shade", "--tb-ink"].forEach((name) => cell.style.removeProperty(name));
    });
    this.markCurrent(this.cells, this.current);
  }

  /** Write out the sum of products of one patch. */
  explain(picture, row, column, sum) {
    const { side, padding, size, stride } = this.setting;
    const [top, left] = [row, column].map((at) => at * stride - padding);
    const factor = (text) => (text.startsWith("-") ? `(${showNumber(text)})` : text);
    const lines = this.weights.map((weights, y) =>
      weights.map((weight, x) => {
        const pixel = picture[top + y]?.[left + x] ?? 0;
        return { text: `${pixel} × ${factor(weight)}`, isZero: pixel * parseWeight(weight) === 0 };
      }),
    );
    const inside = [top, left].map(
      (first) =>
        Array.from({ length: size }, (_, i) => first + i).filter((at) => at >= 0 && at < side)
          .length,
    );
    const share = inside[0] * inside[1];
    const where = share === size ** 2 ? "" : ` (${share ? "partly" : "wholly"} in the padding)`;
    const lower = (text) => text[0].toLowerCase() + text.slice(1);
    const words =
      `${range("Row", top, size)}, ${lower(range("Column", left, size))} of the ` +
      `picture${where}, times the kernel`;
    const total = equals(sum);
    const title = `map[${row}, ${column}]`;
    this.explanation.replaceChildren(
      make("p", {}, `${words}, all added up:`),
      ...lines.map((terms, y) =>
        make(
          "p",
          { class: "tb-products" },
          ...terms.flatMap(({ text, isZero }, x) => [
            make("span", { class: isZero ? "tb-zero" : "" }, `${y || x ? "+ " : ""}${text}`),
            " ",
          ]),
        ),
      ),
      make(
        "p",
        { class: "tb-sum" },
        `${total.slice(0, 2)}`,
        make("strong", {}, total.slice(2)),
        ` = ${title}`,
      ),
      make("p", { class: "tb-hint" }, this.explainUnseen()),
    );
    const spelled = lines
      .flat()
      .map(({ text }) => text)
      .join(" + ");
    this.say(`${this.news}${words}: ${spelled} ${total}. So ${title} is ${total.slice(2)}.`);
    this.news = "";
  }

  explainError(error) {
    const { side, padding, size } = this.setting;
    const why =
      `The kernel is ${size} by ${size}, the picture ${padding ? "with its padding " : ""}` +
      `only ${side + 2 * padding} by ${side + 2 * padding}: there is no place to lay it. Pad more, ` +
      "or take a smaller kernel.";
    this.explanation.replaceChildren(makeError(error.message), make("p", {}, why));
    this.say(`RuntimeError: ${error.message}. ${why}`);
  }
}

define("tb-convolution", ConvolutionFigure);
