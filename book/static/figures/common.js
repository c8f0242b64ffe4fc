// What the interactive figures share. They are plain custom elements in the light DOM, so that the
// page's fonts and colours reach them; their look is in figures.css.

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, string | number | boolean>} attributes those with `false` are left out
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children);
  return node;
}

/** @param {string} text @param {() => void} action @returns {HTMLElement} */
export function makeButton(text, action) {
  const button = make("button", { type: "button", class: "tb-button" }, text);
  button.addEventListener("click", action);
  return button;
}

/**
 * @param {string} label
 * @param {(string | number)[]} options
 * @param {string | number} chosen one of them
 * @param {(value: string) => void} action called with a new choice
 * @returns {HTMLElement}
 */
export function makeSelect(label, options, chosen, action) {
  const select = make("select", { "aria-label": label });
  for (const option of options) select.append(new Option(option, option, false, option === chosen));
  select.addEventListener("change", () => action(select.value));
  return select;
}

/** @param {string} message @returns {HTMLElement} an error as a traceback's last line shows it */
export const makeError = (message) => make("p", { class: "tb-error" }, `RuntimeError: ${message}`);

/**
 * A tensor as rows of cells, in slices where it has three dimensions.
 * @param {number[]} shape
 * @param {(flat: number) => HTMLElement} drawCell called for each cell, counted row by row
 * @param {boolean} isGrid whether the parts get the roles that `Figure.grid` needs
 * @returns {HTMLElement[]}
 */
export function makeSlices(shape, drawCell, isGrid) {
  const [depth, rows, columns] = [1, 1, ...shape].slice(-3);
  const list = (length, draw) => Array.from({ length }, (_, i) => draw(i));
  return list(depth, (s) =>
    make(
      "div",
      { class: "tb-slice", role: isGrid && "rowgroup" },
      ...list(rows, (r) =>
        make(
          "div",
          { class: "tb-row", role: isGrid && "row" },
          ...list(columns, (c) => drawCell((s * rows + r) * columns + c)),
        ),
      ),
    ),
  );
}

/** [2, 3] as PyTorch's `list(x.shape)` prints it. @param {number[]} shape */
export const showShape = (shape) => `[${shape.join(", ")}]`;

/** @param {number} bytes @returns {string} */
export const showSize = (bytes) =>
  bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** With a true minus sign. @param {number} number */
export const showNumber = (number) => String(number).replace("-", "−");

/**
 * Where a key leads in a grid of numbers that are counted row by row.
 * @param {string} key as in KeyboardEvent.key
 * @param {number} index where the focus is
 * @param {number} columns
 * @param {number} count of all cells
 * @returns {number} the new index, or the old one where the grid ends or the key means nothing
 */
export function moveInGrid(key, index, columns, count) {
  const start = index - (index % columns);
  const end = start + columns - 1;
  const target = {
    ArrowLeft: Math.max(index - 1, start),
    ArrowRight: Math.min(index + 1, end),
    ArrowUp: index - columns,
    ArrowDown: index + columns,
    Home: start,
    End: end,
  }[key];
  return target >= 0 && target < count ? target : index;
}

/**
 * Let the arrow keys, Home and End walk in a grid.
 * @param {HTMLElement} grid
 * @param {HTMLElement[]} cells those that can have the focus, counted row by row
 * @param {number} columns
 * @param {(index: number) => void} go called with where a key leads
 */
export function walkByKeys(grid, cells, columns, go) {
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (!/^(Arrow|Home$|End$)/.test(event.key)) return;
    event.preventDefault(); // the page must not scroll
    go(moveInGrid(event.key, cells.indexOf(event.target), columns, cells.length));
  });
}

const SIGNS = ["keydown", "beforeprint"];
/** @type {Set<Figure>} those that are not built yet */
const waiting = new Set();

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) target.begin();
  },
  { rootMargin: "100%" },
);

function beginAll() {
  for (const figure of waiting) figure.begin();
}

/**
 * A figure: its fallback stays until it comes near the screen, or someone uses the keyboard (Tab
 * must find what is in it) or prints; then `build` replaces it. (A field or a menu put into a section
 * that is not laid out yet has Chromium lay that whole section out.) A subclass has `label`,
 * `read()`, `build()` and `update()`.
 */
export class Figure extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    if (this.status || waiting.has(this)) return; // it was only moved within the page
    this.read(); // throws on wrong attributes, while the fallback is still there
    if (!waiting.size) for (const sign of SIGNS) addEventListener(sign, beginAll);
    waiting.add(this);
    observer.observe(this);
  }

  /** Build it, if that is not done yet. */
  begin() {
    observer.unobserve(this);
    if (!waiting.delete(this)) return;
    if (!waiting.size) for (const sign of SIGNS) removeEventListener(sign, beginAll);
    this.status = make("p", { class: "tb-status" });
    this.replaceChildren(...this.build(), this.status);
    this.classList.add("tb-figure");
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", this.label);
    this.update();
    // Only now: the first sentence is there to be found, but does not interrupt a page being read.
    this.status.setAttribute("role", "status");
  }

  /**
   * Tell screen readers, once the reader pauses: a sentence per step, not one per keystroke.
   * @param {string} sentence
   */
  say(sentence) {
    clearTimeout(this.#timer);
    if (this.status.textContent === sentence) return; // or it would be read out again
    const write = () => {
      this.status.textContent = sentence;
    };
    if (this.status.hasAttribute("role")) this.#timer = setTimeout(write, 400);
    else write();
  }

  /**
   * A grid in which Tab stops once and the arrow keys walk. The cells are counted row by row,
   * `this.walk(index)` is called with the one to go to.
   * @param {string} label
   * @param {HTMLElement[]} parts rows, or groups of rows
   * @returns {HTMLElement}
   */
  grid(label, parts) {
    const grid = make("div", { class: "tb-matrix", role: "grid", "aria-label": label }, ...parts);
    const cells = [...grid.querySelectorAll("[role=gridcell]")];
    const columns = grid.querySelector("[role=row]").children.length;
    const go = (index) => {
      this.walk(index);
      cells[index].focus();
    };
    grid.addEventListener("click", (event) => {
      const index = cells.indexOf(event.target.closest("[role=gridcell]"));
      if (index >= 0) go(index);
    });
    walkByKeys(grid, cells, columns, go);
    return grid;
  }

  /** Mark one cell of a grid as the current one, and the only one in the Tab order. */
  markCurrent(cells, index) {
    cells.forEach((cell, i) => {
      cell.setAttribute("aria-selected", String(i === index));
      cell.tabIndex = i === index ? 0 : -1;
    });
  }
}

/**
 * A figure that shows a result cell by cell. A subclass has `cells`, and in `startOver` sets
 * `current`, the index of the one that is explained, and `seen`, those that are shown.
 */
export class CellByCell extends Figure {
  /** Go to a cell; beyond the last comes the first. @param {number} index */
  walk(index) {
    this.current = (index + this.cells.length) % this.cells.length;
    this.seen.add(this.current);
    this.update();
  }

  /** Show all cells, or if they are all there only the current one. */
  toggleAll() {
    const all = this.seen.size === this.cells.length;
    this.seen = new Set(all ? [this.current] : this.cells.keys());
    this.update();
  }
}

/** Register an element, once, even if the page names the script twice. */
export function define(name, element) {
  if (!customElements.get(name)) customElements.define(name, element);
}
