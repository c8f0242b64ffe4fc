// <tb-backward formula="c = a + b; y = c * c" values="a 2; b 3">: gradients go back through a graph.

import { define, draw, Figure, make, makeButton, showNumber } from "./common.js";

const MOST = 12; // operations that still fit
const LARGEST_NUMBER = 99;
const SIZE = { width: 340, row: 84, box: { width: 78, height: 46 }, edge: 8 };
const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([a-z]\w*)|([-+*()]))/iy;

/** @typedef {{name: string, sign: string, parents: number[], slopes: number[], data: number}} Value */
/** @typedef {{from: number, to: number, edge: number, slope: number, passed: number, total: number}} Step */

/**
 * Read formulas, each made of names, numbers, +, * and brackets, and compute them in order.
 * @param {string} text such as "c = a + b; y = c * c"
 * @param {Record<string, number>} inputs values of the names that no formula makes; 1 if missing
 * @returns {Value[]} in the order in which they are made; the last is the result
 * @throws {Error} says what is wrong
 */
export function readFormulas(text, inputs) {
  /** @type {Value[]} */
  const values = [];
  /** @type {Map<string, number>} */
  const known = new Map();
  /** @param {Omit<Value, "name">} value */
  const add = (value) => values.push({ name: "", ...value }) - 1;
  const leaf = (/** @type {number} */ data) => add({ sign: "", parents: [], slopes: [], data });

  /** @param {string} sign @param {number} one @param {number} other */
  const operation = (sign, one, other) => {
    const [u, v] = [values[one].data, values[other].data];
    const isSum = sign === "+";
    const slopes = isSum ? [1, 1] : [v, u];
    return add({ sign, parents: [one, other], slopes, data: isSum ? u + v : u * v });
  };

  let last = "";
  for (const statement of text.split(";").filter((part) => part.trim() !== "")) {
    const found = /^\s*([a-z]\w*)\s*=(.*)$/i.exec(statement);
    if (!found) throw new Error(`Write “name = formula”, not “${statement.trim()}”.`);
    const tokens = tokensOf(found[2]);
    let place = 0;
    const next = () => tokens[place];
    const take = () => tokens[place++];

    /** @returns {number} */
    const factor = () => {
      const token = take();
      if (token === "(") {
        const inner = sum();
        if (take() !== ")") throw new Error("A bracket isn’t closed.");
        return inner;
      }
      if (token === undefined || "+*)".includes(token)) {
        throw new Error(`Something is missing ${token ? `before “${token}”` : "at the end"}.`);
      }
      if (/^\d/.test(token)) return leaf(Number(token));
      if (!known.has(token)) {
        known.set(token, leaf(inputs[token] ?? 1));
        values[known.get(token)].name = token;
      }
      return known.get(token);
    };
    const product = () => {
      let left = factor();
      while (next() === "*") {
        take();
        left = operation("*", left, factor());
      }
      return left;
    };
    const sum = () => {
      let left = product();
      while (next() === "+") {
        take();
        left = operation("+", left, product());
      }
      return left;
    };

    const result = sum();
    if (place < tokens.length) throw new Error(`“${next()}” isn’t expected there.`);
    const name = found[1];
    if (known.has(name)) throw new Error(`${name} has a value already: use another name.`);
    if (values[result].sign && !values[result].name) values[result].name = name;
    known.set(name, result);
    last = name;
  }
  if (values.at(-1).name !== last) throw new Error("The last formula must make something new.");
  const operations = values.filter((value) => value.sign !== "").length;
  if (operations === 0) throw new Error("Add or multiply something.");
  if (operations > MOST) throw new Error(`${operations} steps don’t fit; ${MOST} do.`);
  return values;
}

/** @param {string} text @returns {string[]} */
function tokensOf(text) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match || match[3] === "-") {
      const left = text.slice(start).trim();
      throw new Error(`Only names, numbers, +, * and brackets, but here is “${left[0]}”.`);
    }
    tokens.push(match[0].trim());
  }
  return tokens;
}

/** @param {Value[]} values @returns {number[]} the result, and all that it was made from */
function ancestors(values) {
  const found = new Set([values.length - 1]);
  for (const index of found) for (const parent of values[index].parents) found.add(parent);
  return [...found];
}

/**
 * Each passing of a gradient from a value to one that it was made from, in order.
 * @param {Value[]} values
 * @param {boolean} isSorted whether a value waits until all that was made from it has had its turn
 * @returns {Step[]}
 */
export function stepsBack(values, isSorted) {
  const gradients = values.map(() => 0);
  const last = values.length - 1;
  gradients[last] = 1;
  /** @type {Step[]} */
  const steps = [];
  /** @param {number} from @param {number} edge */
  const pass = (from, edge) => {
    const { parents, slopes } = values[from];
    const [to, slope, passed] = [parents[edge], slopes[edge], gradients[from]];
    gradients[to] += slope * passed;
    steps.push({ from, to, edge, slope, passed, total: gradients[to] });
    return to;
  };
  /** @param {number} from */
  const walk = (from) => {
    for (const edge of values[from].parents.keys()) walk(pass(from, edge));
  };
  if (isSorted) {
    for (const from of ancestors(values).sort((a, b) => b - a)) {
      for (const edge of values[from].parents.keys()) pass(from, edge);
    }
  } else walk(last);
  return steps;
}

/** @param {Value[]} values @param {Step[]} steps @returns {number[]} the gradients at the end */
export function gradientsAfter(values, steps) {
  const gradients = values.map((_, index) => Number(index === values.length - 1));
  for (const { to, total } of steps) gradients[to] = total;
  return gradients;
}

/**
 * Where each value stands: below all that it was made from.
 * @param {Value[]} values
 * @returns {{x: number, y: number, rows: number}[]}
 */
export function layout(values) {
  /** @type {number[]} */
  const depth = [];
  for (const { parents } of values) {
    depth.push(parents.length ? 1 + Math.max(...parents.map((parent) => depth[parent])) : 0);
  }
  const rows = Math.max(...depth) + 1;
  return values.map((_, index) => {
    const row = depth.flatMap((level, other) => (level === depth[index] ? [other] : []));
    const share = (row.indexOf(index) + 0.5) / row.length;
    return { x: share * SIZE.width, y: (depth[index] + 0.5) * SIZE.row, rows };
  });
}

/** @param {number} number @returns {string} */
const show = (number) => showNumber(Number(number.toPrecision(4)));

export class BackwardFigure extends Figure {
  label = "Interactive figure: the backward pass";
  /** @type {Record<string, number>} */
  inputs = {};
  /** @type {Value[]} */
  values = [];
  /** @type {Step[]} */
  steps = [];
  done = 0;

  read() {
    this.formula = this.getAttribute("formula") ?? "c = a + b; y = c * c";
    for (const pair of (this.getAttribute("values") ?? "").split(";").filter(Boolean)) {
      const [name, number] = pair.trim().split(/\s+/);
      if (!Number.isFinite(Number(number))) throw new Error(`values: “${pair}” has no number`);
      this.inputs[name] = Number(number);
    }
    readFormulas(this.formula, this.inputs);
  }

  build() {
    this.field = make("input", {
      type: "text",
      value: this.formula,
      class: "tb-shape-field tb-formula-field",
      "aria-label": "Formulas",
      spellcheck: "false",
      autocapitalize: "none",
    });
    this.field.addEventListener("input", () => this.startOver());
    this.problem = make("p", { class: "tb-problem" });
    this.numbers = make("div", { class: "tb-inputs" });
    this.unsorted = make("input", { type: "checkbox" });
    this.unsorted.addEventListener("change", () => this.startOver());
    this.stage = make("div", { class: "tb-graph-stage" });
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    this.buttons = [
      makeButton("Previous step", () => this.go(this.done - 1)),
      makeButton("Next step", () => this.go(this.done + 1)),
      makeButton("To the end", () => this.go(this.steps.length)),
      makeButton("Start again", () => this.go(0)),
    ];
    this.startOver();
    return [
      this.field,
      this.problem,
      this.numbers,
      make("label", { class: "tb-switch" }, this.unsorted, " without the sort"),
      this.stage,
      make("div", { class: "tb-buttons" }, ...this.buttons),
      this.explanation,
      make("p", { class: "tb-hint" }, "Names, numbers, +, * and brackets; semicolons between."),
    ];
  }

  /** Read the formulas again; keep the last good ones while something is half typed. */
  startOver() {
    let problem = "";
    try {
      this.values = readFormulas(this.field.value, this.inputs);
      this.steps = stepsBack(this.values, !this.unsorted.checked);
      this.right = gradientsAfter(this.values, stepsBack(this.values, true));
      this.done = 0;
    } catch (error) {
      problem = error.message;
    }
    this.problem.textContent = problem;
    this.field.setAttribute("aria-invalid", String(problem !== ""));
    if (problem) this.say(problem);
    else {
      this.offerNumbers();
      if (this.status) this.update();
    }
  }

  /** A field for each input. */
  offerNumbers() {
    const names = this.values.filter(({ sign, name }) => !sign && name).map(({ name }) => name);
    if (names.join() === this.names) return;
    this.names = names.join();
    this.numbers.replaceChildren(
      ...names.map((name) => {
        const field = make("input", {
          type: "number",
          step: "any",
          min: -LARGEST_NUMBER,
          max: LARGEST_NUMBER,
          value: this.inputs[name] ?? 1,
          "aria-label": `Value of ${name}`,
        });
        field.addEventListener("input", () => {
          if (!field.validity.valid || !Number.isFinite(field.valueAsNumber)) return;
          this.inputs[name] = field.valueAsNumber;
          this.startOver();
        });
        return make("label", {}, `${name} = `, field);
      }),
    );
  }

  /** @param {number} done how many steps have been taken */
  go(done) {
    this.done = Math.max(0, Math.min(done, this.steps.length));
    this.update();
  }

  update() {
    const taken = this.steps.slice(0, this.done);
    const gradients = gradientsAfter(this.values, taken);
    const heard = new Set([this.values.length - 1, ...taken.map(({ to }) => to)]);
    this.stage.replaceChildren(this.picture(gradients, heard, taken.at(-1)));
    this.buttons[0].disabled = this.buttons[3].disabled = this.done === 0;
    this.buttons[1].disabled = this.buttons[2].disabled = this.done === this.steps.length;
    const sentence = this.sentence(taken.at(-1));
    this.explanation.textContent = sentence;
    this.say(sentence);
  }

  /** @param {number} index */
  nameOf(index) {
    const { name, sign, data } = this.values[index];
    return name || (sign ? `${sign === "*" ? "×" : "+"} (${show(data)})` : show(data));
  }

  /** @param {Step | undefined} step the last one taken */
  sentence(step) {
    const last = this.nameOf(this.values.length - 1);
    if (!step) return `The gradient of ${last} is 1. Whom does it tell?`;
    const { from, to, slope, passed, total } = step;
    const told =
      `${this.nameOf(from)} tells ${this.nameOf(to)}: ${show(slope)} × ${show(passed)} = ` +
      `${show(slope * passed)}. ${this.nameOf(to)} now has ${show(total)}.`;
    if (this.done < this.steps.length) return told;
    const gradients = gradientsAfter(this.values, this.steps);
    const ends = this.values.flatMap(({ name, sign }, index) => {
      if (sign || !name) return [];
      const isRight =
        Math.abs(gradients[index] - this.right[index]) <= 1e-9 * Math.abs(this.right[index]);
      const verdict = isRight ? "right" : `wrong: it should be ${show(this.right[index])}`;
      return [`${name} has ${show(gradients[index])}, which is ${verdict}`];
    });
    return `${told} The end: ${ends.join("; ")}.`;
  }

  /** @param {number[]} gradients @param {Set<number>} heard @param {Step | undefined} step */
  picture(gradients, heard, step) {
    const places = layout(this.values);
    const height = places[0].rows * SIZE.row;
    const shown = ancestors(this.values);
    const edges = shown.flatMap((from) =>
      this.values[from].parents.map((to, edge) => {
        const isNow = step?.from === from && step.edge === edge;
        const bend = this.values[from].parents[0] === this.values[from].parents[1];
        return this.edge(places[from], places[to], bend ? (edge ? 24 : -24) : 0, isNow);
      }),
    );
    const boxes = shown.map((index) => {
      const gradient = heard.has(index) ? show(gradients[index]) : "";
      return this.box(index, places[index], gradient, step);
    });
    return draw(
      "svg",
      { viewBox: `0 0 ${SIZE.width} ${height}`, class: "tb-graph-picture", "aria-hidden": "true" },
      ...edges,
      ...boxes,
    );
  }

  /** @param {{x: number, y: number}} from @param {{x: number, y: number}} to @param {number} bend @param {boolean} isNow */
  edge(from, to, bend, isNow) {
    const [x, y] = [(from.x + to.x) / 2 + bend, (from.y + to.y) / 2];
    const half = SIZE.box.height / 2;
    const path = `M${from.x} ${from.y - half}Q${x} ${y} ${to.x} ${to.y + half}`;
    return draw("path", { d: path, class: isNow ? "tb-edge tb-told" : "tb-edge" });
  }

  /** @param {number} index @param {{x: number, y: number}} place @param {string} gradient @param {Step | undefined} step */
  box(index, { x, y }, gradient, step) {
    const { name, sign, data } = this.values[index];
    const { width, height } = SIZE.box;
    const isNow = step?.to === index || (!step && index === this.values.length - 1);
    const title = name ? `${name} = ${show(data)}` : `${sign === "*" ? "×" : sign} ${show(data)}`;
    return draw(
      "g",
      { class: isNow ? "tb-node tb-told" : "tb-node" },
      draw("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: SIZE.edge }),
      draw("text", { x, y: y - 4 }, title),
      draw("text", { x, y: y + 15, class: "tb-grad" }, gradient && `grad ${gradient}`),
    );
  }
}

define("tb-backward", BackwardFigure);
