// <tb-memory model="../_static/models/names_gru.json" name="mariah">: a small GRU reads a name that
// the reader types, letter by letter. Its weights come from the run that built the page.

import { define, draw, Figure, make, makeButton, showNumber, softmax } from "./common.js";

const LETTERS = ".abcdefghijklmnopqrstuvwxyz";
const MOST = 15; // letters of a name
const BARS = 6;
const SQUARE = { pitch: 21, size: 18, across: 16 };
const WIDTH = SQUARE.pitch * SQUARE.across;

/**
 * @typedef {object} Model
 * @property {number[][]} embedding a row for each letter
 * @property {{weight: number[][], bias: number[]}} fromInput of r, z and the candidate
 * @property {{weight: number[][], bias: number[]}} fromState
 * @property {{weight: number[][], bias: number[]}} head
 */
/** @typedef {{state: number[], keep: number[], shares: number[]}} Moment after a letter */

/** @param {number[]} flat @param {number} rows @returns {number[][]} */
function inRows(flat, rows) {
  const across = flat.length / rows;
  if (!Number.isInteger(across)) throw new Error(`${flat.length} numbers aren’t ${rows} rows`);
  return Array.from({ length: rows }, (_, i) => flat.slice(i * across, (i + 1) * across));
}

/**
 * @param {Record<string, number[]>} file the weights by PyTorch's names, each as a flat list
 * @returns {Model}
 */
export function readModel(file) {
  /** @param {string} name */
  const layer = (name) => {
    const bias = file[`${name}.bias`];
    return { weight: inRows(file[`${name}.weight`], bias.length), bias };
  };
  return {
    embedding: inRows(file["embedding.weight"], LETTERS.length),
    fromInput: layer("memory.cell.from_input"),
    fromState: layer("memory.cell.from_state"),
    head: layer("head"),
  };
}

/** @param {{weight: number[][], bias: number[]}} layer @param {number[]} x @returns {number[]} */
const linear = ({ weight, bias }, x) =>
  weight.map((row, i) => row.reduce((sum, w, j) => sum + w * x[j], bias[i]));

/** @param {number} x */
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/**
 * One step of the GRU, as the chapter's GRUCell takes it.
 * @param {Model} model
 * @param {number[]} state
 * @param {number} id of the letter
 * @returns {Moment}
 */
export function step(model, state, id) {
  const n = state.length;
  const input = linear(model.fromInput, model.embedding[id]);
  const memory = linear(model.fromState, state);
  const keep = state.map((_, i) => sigmoid(input[n + i] + memory[n + i]));
  const next = state.map((old, i) => {
    const r = sigmoid(input[i] + memory[i]);
    const candidate = Math.tanh(input[2 * n + i] + r * memory[2 * n + i]);
    return keep[i] * old + (1 - keep[i]) * candidate;
  });
  return { state: next, keep, shares: softmax(linear(model.head, next)) };
}

/**
 * Read a name from its first full stop to its last letter.
 * @param {Model} model
 * @param {string} name
 * @returns {Moment[]} after each letter
 */
export function readName(model, name) {
  let state = Array(model.fromState.weight[0].length).fill(0);
  return [...`.${name}`].map((letter) => {
    const moment = step(model, state, LETTERS.indexOf(letter));
    state = moment.state;
    return moment;
  });
}

/** What letters cost that got these shares. @param {number[]} shares @returns {number} in nats */
export const cost = (shares) => shares.reduce((sum, share) => sum - Math.log(share), 0);

/** @param {string} text @returns {string} what of it can be a name */
export const cleaned = (text) =>
  text
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z]/g, "")
    .slice(0, MOST);

/** @param {string} letter */
const spoken = (letter) => (letter === "." ? "the end" : letter);

/** @param {number} share */
const percent = (share) => (share < 0.005 ? "<1 %" : `${Math.round(100 * share)} %`);

export class MemoryFigure extends Figure {
  label = "Interactive figure: the memory of a GRU";
  /** @type {Moment[]} */
  moments = [];
  place = 0;
  name = "";

  read() {
    this.address = this.getAttribute("model");
    if (!this.address) throw new Error("model must be the address of a file of weights");
    this.name = cleaned(this.getAttribute("name") ?? "mariah");
    if (!this.name) throw new Error("name must have a letter from a to z");
  }

  build() {
    this.field = make("input", {
      type: "text",
      value: this.name,
      class: "tb-shape-field tb-name-field",
      maxlength: MOST,
      spellcheck: "false",
      autocapitalize: "none",
      autocomplete: "off",
    });
    this.field.addEventListener("input", () => {
      this.name = cleaned(this.field.value);
      this.place = Math.min(this.place, this.name.length);
      this.readAgain();
    });
    this.stage = make("div", { class: "tb-graph-stage" });
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    this.buttons = [
      makeButton("Previous letter", () => this.go(this.place - 1)),
      makeButton("Next letter", () => this.go(this.place + 1)),
      makeButton("To the end", () => this.go(this.name.length)),
    ];
    this.load();
    return [
      make("div", { class: "tb-inputs" }, make("label", {}, "Name: ", this.field)),
      this.stage,
      make("div", { class: "tb-buttons" }, ...this.buttons),
      this.explanation,
      make("p", { class: "tb-hint" }, `Letters from a to z, ${MOST} at most.`),
    ];
  }

  async load() {
    this.sentence = "The network is being loaded.";
    try {
      const answer = await fetch(this.address);
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
      this.model = readModel(await answer.json());
      this.place = Math.min(3, this.name.length);
      this.readAgain();
    } catch (error) {
      this.sentence = `The network couldn’t be loaded (${error.message}).`;
      this.update();
    }
  }

  readAgain() {
    if (!this.model) return;
    this.moments = readName(this.model, this.name);
    this.update();
  }

  /** @param {number} place how many letters have been read */
  go(place) {
    this.place = Math.max(0, Math.min(place, this.name.length));
    this.update();
  }

  update() {
    const isReady = this.moments.length > 0;
    this.buttons[0].disabled = !isReady || this.place === 0;
    this.buttons[1].disabled = !isReady || this.place === this.name.length;
    this.buttons[2].disabled = this.buttons[1].disabled;
    if (isReady) {
      this.stage.replaceChildren(this.picture());
      this.sentence = this.describe();
    }
    this.explanation.textContent = this.sentence;
    this.say(this.sentence);
  }

  /** The letter that comes next. */
  get following() {
    return this.name[this.place] ?? ".";
  }

  describe() {
    const { shares, keep } = this.moments[this.place];
    const kept = keep.reduce((sum, k) => sum + k, 0) / keep.length;
    const best = LETTERS[shares.indexOf(Math.max(...shares))];
    const share = shares[LETTERS.indexOf(this.following)];
    const read = this.place ? `It has read ${this.name.slice(0, this.place)}` : "It knows nothing";
    const gates = this.place ? `, kept ${percent(kept)} of its state at the last letter,` : "";
    const sentence =
      `${read}${gates} and expects ${spoken(best)} most. ` +
      `${this.place < this.name.length ? "Next comes" : "Now comes"} ${spoken(this.following)}, ` +
      `which it gave ${percent(share)}: ${showNumber(cost([share]).toFixed(1))} nats.`;
    if (this.place < this.name.length) return sentence;
    const all = [...`${this.name}.`].map((letter, i) => {
      return this.moments[i].shares[LETTERS.indexOf(letter)];
    });
    const mean = (cost(all) / all.length).toFixed(2);
    return `${sentence} For the whole name, that makes ${mean} nats per letter.`;
  }

  picture() {
    const { state, keep, shares } = this.moments[this.place];
    const rows = Math.ceil(state.length / SQUARE.across);
    const block = rows * SQUARE.pitch;
    const [letters, first, second] = [26, 58, 58 + block + 34];
    const third = second + block + 34;
    const order = shares.map((_, i) => i).sort((a, b) => shares[b] - shares[a]);
    const shown = order.slice(0, BARS);
    const next = LETTERS.indexOf(this.following);
    if (!shown.includes(next)) shown[BARS - 1] = next;
    const height = third + BARS * 22;
    return draw(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${height}`, class: "tb-memory-picture", "aria-hidden": "true" },
      ...this.spelling(letters),
      draw("text", { x: 0, y: first - 8 }, "state: blue above 0, orange below"),
      ...this.squares(state, first, (value) => (value < 0 ? "tb-below" : "tb-above")),
      draw("text", { x: 0, y: second - 8 }, "gate z: the fuller, the more is kept"),
      ...this.squares(keep, second, () => "tb-kept"),
      draw("text", { x: 0, y: third - 8 }, "what it expects next"),
      ...shown.flatMap((id, i) => this.bar(id, shares[id], third + i * 22, id === next)),
    );
  }

  /** The name, with the letter that was read last. @param {number} y */
  spelling(y) {
    return [...`.${this.name}.`].map((letter, i) => {
      const look = i === this.place ? "tb-read" : i > this.place ? "tb-later" : "";
      return draw("text", { x: 8 + i * 19, y: y - 6, class: `tb-letter ${look}` }, letter);
    });
  }

  /** @param {number[]} values @param {number} y @param {(value: number) => string} look */
  squares(values, y, look) {
    return values.map((value, i) =>
      draw("rect", {
        x: (i % SQUARE.across) * SQUARE.pitch + 1,
        y: y + Math.floor(i / SQUARE.across) * SQUARE.pitch,
        width: SQUARE.size,
        height: SQUARE.size,
        rx: 3,
        class: look(value),
        "fill-opacity": Math.min(1, Math.abs(value)).toFixed(2),
      }),
    );
  }

  /** @param {number} id @param {number} share @param {number} y @param {boolean} isNext */
  bar(id, share, y, isNext) {
    const label = LETTERS[id] === "." ? "end" : LETTERS[id];
    const full = WIDTH - 90;
    return [
      draw("text", { x: 0, y: y + 14, class: isNext ? "tb-read" : "" }, label),
      draw("rect", {
        x: 36,
        y: y + 2,
        width: Math.max(1, share * full).toFixed(1),
        height: 15,
        rx: 2,
        class: isNext ? "tb-chance tb-told" : "tb-chance",
      }),
      draw("text", { x: 42 + share * full, y: y + 14 }, percent(share)),
    ];
  }
}

define("tb-memory", MemoryFigure);
