// <tb-convolution picture="shirt" side="7" kernel="vertical edges" size="3" padding="0" stride="1">:
// a kernel slides over a picture. Picture and kernel can also be given as numbers: "0 9; 9 0".

import {
  CellByCell,
  define,
  make,
  makeButton,
  makeError,
  makePanel,
  makeSelect,
  makeSlices,
  placeOf,
  setTabStop,
  shade,
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

/** @typedef {number[][]} Rows of equal length */
/** @typedef {"picture" | "kernel"} Name */

/**
 * Scale a position on a side of n to the shirt's side of 7, symmetrically.
 * @param {number} at
 * @param {number} n
 */
const onShirt = (at, n) =>
  2 * at < n ? Math.round((6 * at) / (n - 1)) : 6 - Math.round((6 * (n - 1 - at)) / (n - 1));

/**
 * The brightness, from 0 to 9, of a pixel in a picture of side n.
 * @type {Record<string, (row: number, column: number, n: number) => number>}
 */
const PICTURES = {
  shirt: (row, column, n) => Number(SHIRT[onShirt(row, n)][onShirt(column, n)]),
  square: (row, column, n) =>
    Math.min(row, column, n - 1 - row, n - 1 - column) >= Math.floor(n / 3) ? BRIGHTEST : 0,
  diagonal: (row, column) => (row === column ? BRIGHTEST : 0),
  dot: (row, column, n) =>
    row === Math.floor(n / 2) && column === Math.floor(n / 2) ? BRIGHTEST : 0,
};

/**
 * From dark to bright; the middle of a 3 × 3 kernel counts twice.
 * @param {number} across
 * @param {number} along
 * @param {number} m
 */
const edge = (across, along, m) => Math.sign(across) * (m === 1 && along === 0 ? 2 : 1);

/**
 * The weight, as text, y rows below and x columns to the right of the middle of a kernel of side
 * 2 m + 1.
 * @type {Record<string, (y: number, x: number, m: number) => string>}
 */
const KERNELS = {
  "vertical edges": (y, x, m) => String(edge(x, y, m)),
  "horizontal edges": (y, x, m) => String(edge(y, x, m)),
  blur: (_y, _x, m) => (m ? `1/${(2 * m + 1) ** 2}` : "1"),
  sharpen: (y, x, m) => [m ? "5" : "1", "-1"][Math.abs(y) + Math.abs(x)] ?? "0",
  copy: (y, x) => (y || x ? "0" : "1"),
};

/**
 * @template T
 * @param {number} n
 * @param {(row: number, column: number) => T} draw
 */
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
 * Cross-correlation, which PyTorch calls convolution.
 * @param {Rows} picture
 * @param {Rows} kernel
 * @param {number} padding zeros on each side
 * @param {number} stride
 * @returns {Rows} the feature map
 * @throws {Error} with PyTorch's message, if the kernel does not fit
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

export class ConvolutionFigure extends CellByCell {
  label = "Interactive figure: convolution";

  read() {
    /** @param {string} name @param {number[]} choices @param {number} otherwise */
    const number = (name, choices, otherwise) => Number(this.readChoice(name, choices, otherwise));
    this.setting = {
      side: number("side", SIDES, 7),
      padding: number("padding", PADDINGS, 0),
      size: number("size", KERNEL_SIDES, 3),
      stride: number("stride", STRIDES, 1),
    };
    this.chosen = {
      picture: this.getAttribute("picture") ?? "shirt",
      kernel: this.getAttribute("kernel") ?? "vertical edges",
    };
    /** @type {Record<Name, string[][]>} */
    this.numbers = {
      picture: this.readNumbers("picture", PICTURES, "side", SIDES, parsePixel),
      kernel: this.readNumbers("kernel", KERNELS, "size", KERNEL_SIDES, parseWeight),
    };
  }

  /**
   * Read a name from a list, or "0 9; 9 0".
   * @param {Name} name
   * @param {object} known names
   * @param {"side" | "size"} setting the size that the numbers set
   * @param {number[]} sides allowed
   * @param {(text: string) => number} parse
   * @returns {string[][]} the numbers as they are shown
   */
  readNumbers(name, known, setting, sides, parse) {
    const text = this.chosen[name];
    if (Object.hasOwn(known, text)) return this.drawn(name);
    this.chosen[name] = OWN;
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

  /** The numbers of the chosen picture or kernel. @param {Name} name */
  drawn(name) {
    const { side, size } = this.setting;
    const chosen = this.chosen[name];
    if (name === "picture") {
      return square(side, (row, column) => String(PICTURES[chosen](row, column, side)));
    }
    const middle = (size - 1) / 2;
    return square(size, (row, column) => KERNELS[chosen](row - middle, column - middle, middle));
  }

  build() {
    this.result = make("span", { class: "tb-result-shape" });
    this.stage = make("div", { class: "tb-stage tb-sliding" });
    this.explanation = make("div", { class: "tb-explanation", "aria-hidden": "true" });
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
      this.buildButtons(""),
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

  /**
   * A menu for a size in the formula.
   * @param {"side" | "padding" | "size" | "stride"} setting
   * @param {string} word
   * @param {string} label
   * @param {number[]} options
   */
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

  /** A menu of pictures or kernels. @param {Name} name @param {string[]} options */
  choice(name, options) {
    return makeSelect(name, [...options, OWN], this.chosen[name], (value) => {
      this.chosen[name] = value;
      if (value !== OWN) this.replace(name, this.drawn(name));
    });
  }

  /** Take other numbers of the same shape. @param {Name} name @param {string[][]} rows */
  replace(name, rows) {
    this.numbers[name] = rows;
    rows.flat().forEach((text, i) => {
      this.show(this.fields[name][i], text);
    });
    this.update();
  }

  /** @param {Name} name */
  own(name) {
    this.chosen[name] = OWN;
    this.choices[name].value = OWN;
  }

  moveRight() {
    this.own("picture");
    const moved = this.numbers.picture.map((row) => ["0", ...row.slice(0, -1)]);
    this.replace("picture", moved);
  }

  /** Fit the numbers to their new sides: the reader's own are cut or filled up with zeros. */
  resize() {
    const { side, size } = this.setting;
    /** @param {Name} name @param {number} n @param {number} shift */
    const fit = (name, n, shift) => {
      if (this.chosen[name] !== OWN) return this.drawn(name);
      const rows = this.numbers[name];
      return square(n, (row, column) => rows[row + shift]?.[column + shift] ?? "0");
    };
    const shift = (this.numbers.kernel.length - size) / 2; // a kernel keeps its middle
    this.numbers = { picture: fit("picture", side, 0), kernel: fit("kernel", size, shift) };
  }

  /** Draw everything again when a size has changed. */
  startOver() {
    const { side, padding, size, stride } = this.setting;
    const padded = side + 2 * padding;
    this.across = Math.max(0, Math.floor((padded - size) / stride) + 1);
    this.reset(this.across ** 2);
    this.fields = {
      picture: this.numberFields("picture", parsePixel),
      kernel: this.numberFields("kernel", parseWeight),
    };
    const map = this.across
      ? this.grid(
          "feature map",
          makeSlices([this.across, this.across], (i) => this.cells[i], true),
        )
      : make("div", { class: "tb-nothing" }, "no map");
    this.frame = make("div", { class: "tb-patch", hidden: !this.across });
    /** @param {string} name @param {number} n @param {Node} content */
    const panel = (name, n, content) =>
      makePanel(`tb-panel-${name}`, name, n ? showShape([n, n]) : "error", content);
    this.stage.replaceChildren(
      panel(
        "picture",
        side,
        make("div", { class: "tb-window" }, this.fieldGrid("picture", padded, padding), this.frame),
      ),
      panel("kernel", size, this.fieldGrid("kernel", size, 0)),
      panel("map", this.across, map),
    );
    const below = Math.max(size, 2) + Math.max(this.across, 2); // room for the names
    const widths = { kernel: size, wide: padded + below, narrow: Math.max(padded, below) };
    for (const [name, cells] of Object.entries(widths)) {
      this.style.setProperty(`--tb-${name}`, String(cells));
    }
    this.markUnseen();
    this.news = this.explainSize();
  }

  /** A field for each number. @param {Name} name @param {(text: string) => number} parse */
  numberFields(name, parse) {
    return this.numbers[name].flatMap((row, y) =>
      row.map((text, x) => {
        const field = make("input", {
          class: "tb-cell",
          "aria-label": `${name}[${y}, ${x}]`,
          autocomplete: "off",
          inputmode: name === "picture" && "numeric",
          spellcheck: "false",
        });
        this.show(field, text);
        field.addEventListener("input", () => {
          const good = !Number.isNaN(parse(field.value));
          field.setCustomValidity(good ? "" : "no number that the figure can show");
          field.setAttribute("aria-invalid", String(!good));
          if (!good) return; // half typed: keep the last good number
          this.numbers[name][y][x] = field.value.trim().replace("−", "-");
          this.own(name);
          this.update();
        });
        field.addEventListener("change", () => {
          const kept = this.numbers[name][y][x];
          if (Number.isNaN(parse(field.value))) {
            const place = `${name}[${y}, ${x}]`;
            const stays = `${place} stays ${showNumber(kept)}`;
            this.refuse(field.value, `no number that the figure can show: ${stays}`);
          }
          this.show(field, kept);
        });
        field.addEventListener("focus", () => field.select());
        return field;
      }),
    );
  }

  /** Put a good number into a field. @param {HTMLInputElement} field @param {string} text */
  show(field, text) {
    field.value = text.replace("-", "−");
    field.setCustomValidity("");
    field.removeAttribute("aria-invalid");
    field.style.setProperty("--tb-digits", String(field.value.length));
  }

  /**
   * Fields in a grid, with zeros around them, one Tab stop and arrow keys.
   * @param {Name} name
   * @param {number} across cells in a row
   * @param {number} padding
   */
  fieldGrid(name, across, padding) {
    const fields = this.fields[name];
    const side = across - 2 * padding;
    const zero = {
      class: "tb-cell tb-pad",
      role: "gridcell",
      "aria-readonly": "true",
      "aria-label": "0, padding",
    };
    /** @param {number} flat */
    const draw = (flat) => {
      const [row, column] = placeOf(flat, across).map((at) => at - padding);
      return [row, column].every((at) => at >= 0 && at < side)
        ? make("div", { role: "gridcell" }, fields[row * side + column])
        : make("div", zero, "0");
    };
    const parts = makeSlices([across, across], draw, true);
    const grid = make("div", { class: "tb-matrix", role: "grid", "aria-label": name }, ...parts);
    setTabStop(fields, 0);
    fields.forEach((field, i) => {
      field.addEventListener("focus", () => setTabStop(fields, i));
    });
    walkByKeys(grid, fields, side, (index) => fields[index].focus());
    return grid;
  }

  /** Mark the pixels under no patch: the kernel jumps over them or stops before them. */
  markUnseen() {
    const { side, padding, size, stride } = this.setting;
    const reached = new Set(
      Array.from(
        { length: this.across * size },
        (_, i) => Math.floor(i / size) * stride + (i % size) - padding,
      ),
    );
    this.unseen = 0;
    this.fields.picture.forEach((field, i) => {
      const missed = this.across > 0 && !placeOf(i, side).every((at) => reached.has(at));
      field.classList.toggle("tb-unseen", missed);
      this.unseen += Number(missed);
    });
  }

  /** Show how the side of the map comes about. @returns {string} the same in words */
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
    const picture = this.numbers.picture.map((row) => row.map(parsePixel));
    const kernel = this.numbers.kernel.map((row) => row.map(parseWeight));
    picture.flat().forEach((pixel, i) => {
      shade(this.fields.picture[i], pixel / BRIGHTEST);
    });
    /** @type {number[]} */
    let map = null;
    try {
      map = convolve(picture, kernel, padding, stride).flat();
    } catch (error) {
      this.explainError(error.message);
    }
    this.classList.toggle("tb-failed", map === null);
    this.updateButtons();
    if (!map) return;
    this.drawMap(map);
    const [row, column] = placeOf(this.current, this.across);
    this.frame.style.setProperty("--tb-row", String(row * stride));
    this.frame.style.setProperty("--tb-column", String(column * stride));
    this.explain(picture, row, column, map[this.current]);
  }

  /** @param {number[]} map row by row */
  drawMap(map) {
    const most = Math.max(...map.map(Math.abs)) || 1;
    this.cells.forEach((cell, i) => {
      const seen = this.seen.has(i);
      const text = seen ? showNumber(rounded(map[i], 1)) : "?";
      cell.textContent = text;
      cell.setAttribute("aria-label", `${text}, map[${placeOf(i, this.across).join(", ")}]`);
      cell.style.setProperty("--tb-digits", String(text.length));
      if (seen) shade(cell, 0.5 + map[i] / most / 2);
      else for (const name of ["--tb-shade", "--tb-ink"]) cell.style.removeProperty(name);
    });
    this.markCurrent(this.cells, this.current);
  }

  /**
   * Write out the sum of products of one patch.
   * @param {Rows} picture
   * @param {number} row
   * @param {number} column
   * @param {number} sum
   */
  explain(picture, row, column, sum) {
    const { side, padding, size, stride } = this.setting;
    const [top, left] = [row, column].map((at) => at * stride - padding);
    /** @param {string} text */
    const factor = (text) => (text.startsWith("-") ? `(${showNumber(text)})` : text);
    const lines = this.numbers.kernel.map((weights, y) =>
      weights.map((weight, x) => {
        const pixel = picture[top + y]?.[left + x] ?? 0;
        return { text: `${pixel} × ${factor(weight)}`, isZero: pixel * parseWeight(weight) === 0 };
      }),
    );
    const inside = [top, left].map((first) =>
      Math.max(0, Math.min(first + size, side) - Math.max(first, 0)),
    );
    const share = inside[0] * inside[1];
    const where = share === size ** 2 ? "" : ` (${share ? "partly" : "wholly"} in the padding)`;
    const words =
      `${range("Row", top, size)}, ${range("column", left, size)} of the ` +
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
        total.slice(0, 2),
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

  /** @param {string} message */
  explainError(message) {
    const { side, padding, size } = this.setting;
    const why =
      `The kernel is ${size} by ${size}, the picture ${padding ? "with its padding " : ""}` +
      `only ${side + 2 * padding} by ${side + 2 * padding}: there is no place to lay it. Pad more, ` +
      "or take a smaller kernel.";
    this.explanation.replaceChildren(makeError(message), make("p", {}, why));
    this.say(`RuntimeError: ${message}. ${why}`);
  }
}

define("tb-convolution", ConvolutionFigure);
