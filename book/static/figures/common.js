// What the interactive figures share. They are custom elements in the light DOM, so the page's
// fonts and colours apply to them. Their styles are in figures.css.

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean>} attributes those that are `false` are left out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children);
  return node;
}

/**
 * Make an element of a drawing.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function draw(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** @param {string} text @param {() => void} action */
export function makeButton(text, action) {
  const button = make("button", { type: "button", class: "tb-button" }, text);
  button.addEventListener("click", action);
  return button;
}

/**
 * @param {string} label
 * @param {(string | number)[]} options
 * @param {string | number} chosen one of the options
 * @param {(value: string) => void} action called with a new choice
 */
export function makeSelect(label, options, chosen, action) {
  const select = make("select", { "aria-label": label });
  for (const option of options) {
    select.append(new Option(String(option), String(option), false, option === chosen));
  }
  select.addEventListener("change", () => action(select.value));
  return select;
}

/**
 * A part of a figure under its name.
 * @param {string} look more classes
 * @param {string} name
 * @param {string} note in small print after the name
 * @param {Node} content
 */
export function makePanel(look, name, note, content) {
  const small = note ? [make("small", {}, note)] : [];
  return make(
    "div",
    { class: `tb-panel ${look}` },
    make("div", { class: "tb-name", "aria-hidden": "true" }, name, ...small),
    content,
  );
}

/** An error like the last line of a traceback. @param {string} message */
export const makeError = (message) => make("p", { class: "tb-error" }, `RuntimeError: ${message}`);

/**
 * A tensor as rows of cells, in slices if it has three dimensions.
 * @param {number[]} shape
 * @param {(flat: number) => Node} drawCell called for each cell, row by row
 * @param {boolean} isGrid whether the parts get the roles that `Figure.grid` needs
 */
export function makeSlices(shape, drawCell, isGrid) {
  const [depth, rows, columns] = [1, 1, ...shape].slice(-3);
  /** @type {(length: number, draw: (i: number) => Node) => Node[]} */
  const list = (length, draw) => Array.from({ length }, (_, i) => draw(i));
  /** @param {number} flat the first cell */
  const row = (flat) =>
    make(
      "div",
      { class: "tb-row", role: isGrid && "row" },
      ...list(columns, (c) => drawCell(flat + c)),
    );
  return list(depth, (s) =>
    make(
      "div",
      { class: "tb-slice", role: isGrid && "rowgroup" },
      ...list(rows, (r) => row((s * rows + r) * columns)),
    ),
  );
}

/**
 * Paint a cell grey, with a number that can be read on it.
 * @param {HTMLElement} cell
 * @param {number} share of white
 */
export function shade(cell, share) {
  const level = Math.round(255 * share);
  cell.style.setProperty("--tb-shade", `rgb(${level} ${level} ${level})`);
  cell.style.setProperty("--tb-ink", level < 118 ? "#fff" : "#000");
}

/** Like PyTorch's `list(x.shape)`: "[2, 3]". @param {number[]} shape */
export const showShape = (shape) => `[${shape.join(", ")}]`;

/** @param {number} bytes */
export const showSize = (bytes) =>
  bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** With a true minus sign. @param {number | string} number */
export const showNumber = (number) => String(number).replace("-", "−");

/** @param {number[]} logits @returns {number[]} shares that add up to 1 */
export function softmax(logits) {
  const largest = Math.max(...logits); // subtracted, or large logits overflow
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Row and column of a cell. @param {number} flat counted row by row @param {number} columns */
export const placeOf = (flat, columns) => [Math.floor(flat / columns), flat % columns];

/**
 * Where a key leads in a grid.
 * @param {string} key as in KeyboardEvent.key
 * @param {number} index of the focused cell, counted row by row
 * @param {number} columns
 * @param {number} count of all cells
 * @returns {number} the new index, or the old one at the edge and for other keys
 */
export function moveInGrid(key, index, columns, count) {
  const start = index - (index % columns);
  const end = start + columns - 1;
  /** @type {Record<string, number>} */
  const targets = {
    ArrowLeft: Math.max(index - 1, start),
    ArrowRight: Math.min(index + 1, end),
    ArrowUp: index - columns,
    ArrowDown: index + columns,
    Home: start,
    End: end,
  };
  const target = targets[key];
  return target >= 0 && target < count ? target : index;
}

/**
 * Whether a key belongs to the caret of a text field in a grid: Home and End do, and Left and Right
 * until the caret reaches the edge. While the whole text is selected, as after Tab, arrows walk.
 * @param {string} key
 * @param {{ selectionStart: number, selectionEnd: number, value: string }} field
 */
export function movesCaret(key, { selectionStart, selectionEnd, value: { length } }) {
  if (key === "Home" || key === "End") return true;
  if (selectionStart === 0 && selectionEnd === length) return false;
  return (
    (key === "ArrowLeft" && selectionEnd > 0) || (key === "ArrowRight" && selectionStart < length)
  );
}

/**
 * Let the arrow keys, Home and End walk in a grid.
 * @param {HTMLElement} grid
 * @param {HTMLElement[]} cells that can have the focus, row by row
 * @param {number} columns
 * @param {(index: number) => void} go called with the new index
 */
export function walkByKeys(grid, cells, columns, go) {
  grid.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (!/^(Arrow|Home$|End$)/.test(key)) return;
    if (target instanceof HTMLInputElement && movesCaret(key, target)) return;
    event.preventDefault(); // the page must not scroll
    go(moveInGrid(key, cells.indexOf(/** @type {HTMLElement} */ (target)), columns, cells.length));
  });
}

/** Leave only one cell in the Tab order. @param {HTMLElement[]} cells @param {number} index */
export function setTabStop(cells, index) {
  cells.forEach((cell, i) => {
    cell.tabIndex = i === index ? 0 : -1;
  });
}

const SIGNS = ["keydown", "beforeprint"];
/** @type {Set<Figure>} figures on the page that are not built yet */
const waiting = new Set();

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) /** @type {Figure} */ (target).begin();
    }
  },
  { rootMargin: "100%" },
);

function beginAll() {
  for (const figure of waiting) figure.begin();
}

/**
 * A figure. Its fallback stays until it comes near the screen, or the reader uses the keyboard (Tab
 * must reach its controls) or prints. Then `build` replaces it. (Chromium lays out the whole
 * section when a control is added to it, so figures far away are not built.)
 */
export class Figure extends HTMLElement {
  /** What screen readers call it. */
  label = "";
  /** @type {HTMLElement} set once it is built */
  status;
  #timer = 0;

  /** Read the attributes; throw if one is wrong. */
  read() {}

  /** @returns {Node[]} */
  build() {
    return [];
  }

  /** Draw the current state. */
  update() {}

  /** Go to a cell of the grid. @param {number} _index */
  walk(_index) {}

  /** Called when it is built, and when a built one is put back into the page. */
  attach() {}

  /** Called when a built one leaves the page: undo what `attach` did. */
  detach() {}

  connectedCallback() {
    if (this.status) {
      this.attach();
      return;
    }
    this.read();
    if (!waiting.size) for (const sign of SIGNS) addEventListener(sign, beginAll);
    waiting.add(this);
    observer.observe(this);
  }

  disconnectedCallback() {
    this.#leaveQueue();
    if (this.status) this.detach();
  }

  /** @returns {boolean} whether it was waiting to be built */
  #leaveQueue() {
    observer.unobserve(this);
    const wasWaiting = waiting.delete(this);
    if (!waiting.size) for (const sign of SIGNS) removeEventListener(sign, beginAll);
    return wasWaiting;
  }

  /** Build it, unless it is built already. */
  begin() {
    if (!this.#leaveQueue()) return;
    this.status = make("p", { class: "tb-status" });
    this.replaceChildren(...this.build(), this.status);
    this.classList.add("tb-figure");
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", this.label);
    this.update();
    this.attach();
    // Set last, so that the first sentence does not interrupt a screen reader.
    this.status.setAttribute("role", "status");
  }

  /**
   * An attribute that must be one of a few values.
   * @param {string} name
   * @param {(string | number)[]} choices
   * @param {string | number} otherwise where the attribute is missing
   * @returns {string}
   */
  readChoice(name, choices, otherwise) {
    const text = this.getAttribute(name) ?? String(otherwise);
    if (choices.map(String).includes(text)) return text;
    throw new Error(`${name} must be one of ${choices.join(", ")}, but is "${text}"`);
  }

  /**
   * Tell screen readers, after a pause: one sentence per step, not one per key.
   * @param {string} sentence
   */
  say(sentence) {
    clearTimeout(this.#timer);
    if (this.status.textContent === sentence) return; // or it would be read again
    const write = () => {
      this.status.textContent = sentence;
    };
    if (this.status.hasAttribute("role")) this.#timer = setTimeout(write, 400);
    else write();
  }

  /**
   * Say in the place of the hint that an entry was refused, until the next one.
   * @param {string} typed empty if it was not even a number
   * @param {string} otherwise what it should have been, and what stays
   */
  refuse(typed, otherwise) {
    const hint = this.querySelector(":scope > .tb-hint");
    const before = [...hint.childNodes];
    const sentence = `${typed ? `“${showNumber(typed)}”` : "That"} is ${otherwise}.`;
    hint.replaceChildren(sentence);
    hint.classList.add("tb-refused");
    this.say(sentence);
    const restore = () => {
      hint.replaceChildren(...before);
      hint.classList.remove("tb-refused");
    };
    this.addEventListener("input", restore, { once: true }); // it comes before any other refusal
  }

  /**
   * A grid with one Tab stop, in which the arrow keys call `this.walk`.
   * @param {string} label
   * @param {Node[]} parts rows, or groups of rows
   */
  grid(label, parts) {
    const grid = make("div", { class: "tb-matrix", role: "grid", "aria-label": label }, ...parts);
    const cells = /** @type {HTMLElement[]} */ ([...grid.querySelectorAll("[role=gridcell]")]);
    const columns = grid.querySelector("[role=row]").children.length;
    /** @param {number} index */
    const go = (index) => {
      this.walk(index);
      cells[index].focus();
    };
    cells.forEach((cell, index) => {
      cell.addEventListener("click", () => go(index));
    });
    walkByKeys(grid, cells, columns, go);
    return grid;
  }

  /**
   * Mark one cell of a grid as the current one.
   * @param {HTMLElement[]} cells
   * @param {number} index
   */
  markCurrent(cells, index) {
    cells.forEach((cell, i) => {
      cell.setAttribute("aria-selected", String(i === index));
    });
    setTabStop(cells, index);
  }
}

/** A figure that shows its result cell by cell. */
export class CellByCell extends Figure {
  /** @type {HTMLElement[]} */
  cells = [];
  /** The index of the cell that is explained. */
  current = 0;
  /** @type {Set<number>} the cells that are shown */
  seen = new Set();

  /** Start again with new cells. @param {number} count */
  reset(count) {
    this.cells = Array.from({ length: count }, () =>
      make("div", { class: "tb-cell", role: "gridcell" }),
    );
    this.current = 0;
    this.seen = new Set([0]);
  }

  /** Go to a cell; after the last comes the first. @param {number} index */
  walk(index) {
    this.current = (index + this.cells.length) % this.cells.length;
    this.seen.add(this.current);
    this.update();
  }

  /** @param {string} what the buttons move on by, such as " cell" */
  buildButtons(what) {
    this.buttons = [
      makeButton(`Previous${what}`, () => this.walk(this.current - 1)),
      makeButton(`Next${what}`, () => this.walk(this.current + 1)),
      makeButton("", () => this.toggleAll()),
    ];
    return make("div", { class: "tb-buttons" }, ...this.buttons);
  }

  updateButtons() {
    for (const button of this.buttons) button.disabled = this.cells.length < 2;
    this.buttons[2].textContent = this.seen.size === this.cells.length ? "Hide all" : "Show all";
  }

  /** Show all cells, or only the current one if all are shown. */
  toggleAll() {
    const isAll = this.seen.size === this.cells.length;
    this.seen = new Set(isAll ? [this.current] : this.cells.keys());
    this.update();
  }
}

/**
 * Register an element once, even if the page names the script twice.
 * @param {string} name
 * @param {CustomElementConstructor} element
 */
export function define(name, element) {
  if (!customElements.get(name)) customElements.define(name, element);
}
