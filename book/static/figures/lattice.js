// <tb-lattice word="no" frames="5">: all paths through a few frames that CTC reads as a word. The
// reader types the word and sets each frame's weights; all sums are exact.

import { define, draw, Figure, make, makeButton, makeSelect, showNumber } from "./common.js";

export const BLANK = "–";
const MOST_LETTERS = 3;
const FRAMES = [2, 3, 4, 5, 6];
const MOST = 9; // the largest weight
const COLUMN = 62;
const ROW = 40;
const LEFT = 46;
const TOP = 30;

/** @typedef {Record<string, number>} Shares of a frame, by symbol */

/** What a path says: repeats become one, then blanks go. @param {string[]} path */
export const collapse = (path) =>
  path.filter((symbol, i) => symbol !== BLANK && symbol !== path[i - 1]).join("");

/** A blank, a letter, a blank, a letter, ..., a blank. @param {string} word */
export const statesOf = (word) => [BLANK, ...[...word].flatMap((letter) => [letter, BLANK])];

/**
 * From which states a path may come into a state.
 * @param {string[]} states
 * @param {number} s
 * @returns {number[]}
 */
export function before(states, s) {
  const from = [s];
  if (s > 0) from.push(s - 1);
  if (s > 1 && states[s] !== BLANK && states[s] !== states[s - 2]) from.push(s - 2);
  return from;
}

/**
 * Sum over all paths that spell a word, the best of them, and through which states they go.
 * @param {string} word
 * @param {Shares[]} frames
 */
export function sumPaths(word, frames) {
  const states = statesOf(word);
  const none = states.map(() => 0);
  /** @type {number[][]} */
  const forward = [];
  /** @type {number[][]} */
  const ways = [];
  /** @type {number[][]} */
  const best = [];
  /** @type {number[][]} */
  const origin = [];
  frames.forEach((shares, t) => {
    [forward[t], ways[t], best[t], origin[t]] = [[...none], [...none], [...none], [...none]];
    states.forEach((symbol, s) => {
      const from = before(states, s);
      const share = shares[symbol];
      if (t === 0) {
        if (s > 1) return;
        [forward[t][s], ways[t][s], best[t][s]] = [share, 1, share];
        return;
      }
      forward[t][s] = share * from.reduce((sum, f) => sum + forward[t - 1][f], 0);
      ways[t][s] = from.reduce((sum, f) => sum + ways[t - 1][f], 0);
      // The first of equals; but never from where no path has come.
      const reached = from.filter((f) => ways[t - 1][f] > 0);
      if (!reached.length) return;
      const top = reached.reduce((a, b) => (best[t - 1][b] > best[t - 1][a] ? b : a));
      [best[t][s], origin[t][s]] = [share * best[t - 1][top], top];
    });
  });
  const last = frames.length - 1;
  const ends = [states.length - 1, states.length - 2];
  const total = ends.reduce((sum, s) => sum + forward[last][s], 0);
  const count = ends.reduce((sum, s) => sum + ways[last][s], 0);
  return { states, ways, total, count, path: trace(), through: through() };

  /** The states of the best path, or none. */
  function trace() {
    if (!count) return [];
    const open = ends.filter((s) => ways[last][s] > 0);
    let s = open.reduce((a, b) => (best[last][b] > best[last][a] ? b : a));
    const path = [s];
    for (let t = last; t > 0; t--) {
      s = origin[t][s];
      path.unshift(s);
    }
    return path;
  }

  /** Of the sum, the share that goes through each state of each frame. */
  function through() {
    const backward = frames.map(() => [...none]);
    for (const s of ends) backward[last][s] = 1;
    for (let t = last; t > 0; t--) {
      states.forEach((symbol, s) => {
        for (const f of before(states, s)) {
          backward[t - 1][f] += backward[t][s] * frames[t][symbol];
        }
      });
    }
    return forward.map((row, t) => row.map((a, s) => (total ? (a * backward[t][s]) / total : 0)));
  }
}

/** @param {string} text @returns {string} what of it can be the word */
export const cleaned = (text) =>
  text
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z]/g, "")
    .slice(0, MOST_LETTERS);

/** @param {number} share */
const percent = (share) =>
  share > 0 && share < 0.001 ? "<0.1 %" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** @param {string} word */
const symbolsOf = (word) => [BLANK, ...new Set(word)];

export class LatticeFigure extends Figure {
  label = "Interactive figure: all paths that spell a word";
  word = "";
  /** @type {Record<string, number>[]} */
  weights = [];

  read() {
    this.word = cleaned(this.getAttribute("word") ?? "no");
    if (!this.word) throw new Error("word must have a letter from a to z");
    this.frames = Number(this.readChoice("frames", FRAMES, 5));
  }

  build() {
    this.field = make("input", {
      type: "text",
      value: this.word,
      class: "tb-shape-field",
      maxlength: MOST_LETTERS,
      spellcheck: "false",
      autocapitalize: "none",
      autocomplete: "off",
    });
    this.field.addEventListener("input", () => {
      const word = cleaned(this.field.value);
      if (!word) return;
      this.word = word;
      this.reset();
    });
    /** @param {string} value */
    const choose = (value) => {
      this.frames = Number(value);
      this.reset();
    };
    const choice = makeSelect("Number of frames", FRAMES, this.frames, choose);
    this.stage = make("div", { class: "tb-lattice-stage" });
    this.table = make("div", { class: "tb-lattice-weights" });
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    this.fill();
    return [
      make(
        "div",
        { class: "tb-inputs" },
        make("label", {}, "Word: ", this.field),
        make("label", {}, "Frames: ", choice),
      ),
      this.stage,
      this.table,
      make(
        "div",
        { class: "tb-buttons" },
        makeButton("A network that heard it", () => this.reset()),
        makeButton("One that knows nothing", () => this.set(() => 1)),
        makeButton("One that says blank", () => this.set((symbol) => (symbol === BLANK ? 9 : 1))),
      ),
      this.explanation,
      make(
        "p",
        { class: "tb-hint" },
        `Weights from 0 to ${MOST}; a frame’s shares add up to 100 %.`,
      ),
    ];
  }

  /** Weights of a network that is nearly sure, in each frame, of a path that spells the word. */
  fill() {
    const { states, path } = sumPaths(
      this.word,
      Array.from({ length: this.frames }, () =>
        Object.fromEntries(symbolsOf(this.word).map((symbol) => [symbol, 1])),
      ),
    );
    this.weights = Array.from({ length: this.frames }, (_, t) =>
      Object.fromEntries(
        symbolsOf(this.word).map((symbol) => [symbol, symbol === states[path[t]] ? 6 : 1]),
      ),
    );
  }

  reset() {
    this.fill();
    this.buildTable();
    this.update();
  }

  /** @param {(symbol: string) => number} weight */
  set(weight) {
    for (const frame of this.weights) {
      for (const symbol of Object.keys(frame)) frame[symbol] = weight(symbol);
    }
    this.buildTable();
    this.update();
  }

  attach() {
    if (!this.table.childElementCount) this.reset();
  }

  buildTable() {
    const head = make("tr", {}, make("th", { scope: "col" }, "frame"));
    for (let t = 0; t < this.frames; t++) head.append(make("th", { scope: "col" }, String(t + 1)));
    const rows = symbolsOf(this.word).map((symbol) => {
      const name = symbol === BLANK ? "blank" : symbol;
      const cells = this.weights.map((frame, t) => make("td", {}, this.input(frame, symbol, t)));
      return make("tr", {}, make("th", { scope: "row" }, name), ...cells);
    });
    const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
    this.table.replaceChildren(table);
  }

  /** @param {Record<string, number>} frame @param {string} symbol @param {number} t */
  input(frame, symbol, t) {
    const name = symbol === BLANK ? "the blank" : symbol;
    const field = make("input", {
      type: "number",
      min: 0,
      max: MOST,
      value: frame[symbol],
      "aria-label": `Weight of ${name} in frame ${t + 1}`,
    });
    field.addEventListener("input", () => {
      const value = Math.round(Number(field.value));
      if (field.value === "" || !(value >= 0 && value <= MOST)) return;
      const old = frame[symbol];
      frame[symbol] = value;
      if (Object.values(frame).some((weight) => weight > 0)) {
        this.update();
        return;
      }
      frame[symbol] = old;
      field.value = String(old);
      this.refuse("0", `not possible: something in frame ${t + 1} needs a weight`);
    });
    return field;
  }

  /** @returns {Shares[]} */
  get shares() {
    return this.weights.map((frame) => {
      const sum = Object.values(frame).reduce((a, b) => a + b, 0);
      return Object.fromEntries(Object.entries(frame).map(([s, weight]) => [s, weight / sum]));
    });
  }

  update() {
    if (!this.weights.length) return;
    const found = sumPaths(this.word, this.shares);
    this.stage.replaceChildren(this.picture(found));
    const sentence = this.describe(found);
    this.explanation.textContent = sentence;
    this.say(sentence);
  }

  /** @param {ReturnType<typeof sumPaths>} found */
  describe({ states, total, count, path }) {
    const all = symbolsOf(this.word).length ** this.frames;
    if (!count) {
      return `No path of ${this.frames} frames spells ${this.word}: too short. The loss is infinite.`;
    }
    const shares = this.shares;
    const best = path.map((s) => states[s]);
    const share = best.reduce((product, symbol, t) => product * shares[t][symbol], 1);
    const greedy = shares.map((frame) =>
      Object.keys(frame).reduce((a, b) => (frame[b] > frame[a] ? b : a)),
    );
    const read = collapse(greedy);
    const loss = total > 0 ? showNumber((-Math.log(total)).toFixed(2)) : "infinite";
    return (
      `${count} of ${all} paths spell ${this.word}. Together they have ${percent(total)}: ` +
      `a loss of ${loss}. The best one, ${best.join(" ")}, has ${percent(share)}. ` +
      `The largest share of each frame gives ${greedy.join(" ")}, which reads ` +
      `${read ? `“${read}”` : "as nothing at all"}.`
    );
  }

  /** @param {ReturnType<typeof sumPaths>} found */
  picture({ states, ways, path, through }) {
    const width = LEFT + this.frames * COLUMN;
    const height = TOP + states.length * ROW;
    /** @param {number} t @param {number} s */
    const place = (t, s) => [LEFT + (t + 0.5) * COLUMN, TOP + (s + 0.5) * ROW];
    const open = this.onTheWay(states, ways);
    const lines = [];
    const dots = [];
    for (let t = 0; t < this.frames; t++) {
      for (let s = 0; s < states.length; s++) {
        if (!open[t][s]) continue;
        const [x, y] = place(t, s);
        for (const f of t ? before(states, s) : []) {
          if (!open[t - 1][f]) continue;
          const [x0, y0] = place(t - 1, f);
          const isBest = path[t] === s && path[t - 1] === f;
          const look = isBest ? "tb-edge tb-told" : "tb-edge";
          lines.push(draw("line", { x1: x0, y1: y0, x2: x, y2: y, class: look }));
        }
        const r = 4 + 10 * Math.sqrt(through[t][s]);
        const look = path[t] === s ? "tb-stop tb-told" : "tb-stop";
        dots.push(draw("circle", { cx: x, cy: y, r: r.toFixed(1), class: look }));
      }
    }
    const marks = states.map((symbol, s) =>
      draw("text", { x: 20, y: place(0, s)[1] + 5, class: "tb-symbol" }, symbol),
    );
    const heads = Array.from({ length: this.frames }, (_, t) =>
      draw("text", { x: place(t, 0)[0], y: 18, class: "tb-symbol" }, String(t + 1)),
    );
    return draw(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, class: "tb-lattice-picture", "aria-hidden": "true" },
      ...lines,
      ...dots,
      ...marks,
      ...heads,
    );
  }

  /** Which states lie on a path that spells the word. @param {string[]} states @param {number[][]} ways */
  onTheWay(states, ways) {
    const open = ways.map((row) => row.map(() => false));
    const last = this.frames - 1;
    for (const s of [states.length - 1, states.length - 2]) open[last][s] = ways[last][s] > 0;
    for (let t = last; t > 0; t--) {
      states.forEach((_, s) => {
        if (!open[t][s]) return;
        for (const f of before(states, s)) if (ways[t - 1][f] > 0) open[t - 1][f] = true;
      });
    }
    return open;
  }
}

define("tb-lattice", LatticeFigure);
