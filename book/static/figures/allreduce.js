// <tb-allreduce ranks="4">: ranks add up their numbers round a ring, one round at a time.

import { define, Figure, make, makeButton, makeSelect } from "./common.js";

const RANKS = [2, 3, 4, 5, 6, 7, 8];
const BYTES = 4; // in a number of 32 bits

/** @typedef {{from: number, to: number, piece: number, sent: number, before: number | null}} Message */
/** @typedef {{isAdding: boolean, messages: Message[], after: number[][], n: number[][]}} Round */

/**
 * The number that a rank has in a piece at the start: from 1 to 9, the same on each visit.
 * @param {number} rank @param {number} piece
 */
export const numberOf = (rank, piece) => ((5 * rank + 7 * piece + rank * piece) % 9) + 1;

/** @param {number} n @param {(rank: number, piece: number) => number} cell @returns {number[][]} */
const table = (n, cell) =>
  Array.from({ length: n }, (_, rank) =>
    Array.from({ length: n }, (_, piece) => cell(rank, piece)),
  );

/**
 * All rounds of a ring all-reduce: n - 1 that add up, then n - 1 that pass on.
 * @param {number} n ranks, and as many pieces
 * @returns {{start: number[][], rounds: Round[]}} `n` of a round: from how many ranks each number is
 */
export function ringRounds(n) {
  const start = table(n, numberOf);
  /** @type {Round[]} */
  const rounds = [];
  let values = start;
  let counts = table(n, () => 1);
  for (let round = 0; round < 2 * (n - 1); round += 1) {
    const isAdding = round < n - 1;
    const after = values.map((row) => [...row]);
    const newCounts = counts.map((row) => [...row]);
    const messages = values.map((row, from) => {
      const to = (from + 1) % n;
      const piece = (from - round - 1 + 2 * n) % n;
      const sent = row[piece];
      const before = isAdding ? values[to][piece] : null;
      after[to][piece] = sent + (before ?? 0);
      newCounts[to][piece] = counts[from][piece] + (isAdding ? counts[to][piece] : 0);
      return { from, to, piece, sent, before };
    });
    rounds.push({ isAdding, messages, after, n: newCounts });
    values = after;
    counts = newCounts;
  }
  return { start, rounds };
}

export class AllReduceFigure extends Figure {
  label = "Interactive figure: an all-reduce round a ring";
  n = 4;
  done = 0;
  /** @type {number[][]} */
  start = [];
  /** @type {Round[]} */
  rounds = [];

  read() {
    this.n = Number(this.readChoice("ranks", RANKS, 4));
  }

  build() {
    const select = makeSelect("Number of ranks", RANKS, this.n, (value) => {
      this.n = Number(value);
      this.startOver();
    });
    this.stage = make("div", { class: "tb-ring-stage" });
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    this.bytes = make("p", { class: "tb-hint tb-ring-bytes" });
    this.buttons = [
      makeButton("Previous round", () => this.go(this.done - 1)),
      makeButton("Next round", () => this.go(this.done + 1)),
      makeButton("To the end", () => this.go(this.rounds.length)),
      makeButton("Start again", () => this.go(0)),
    ];
    this.makeRounds();
    return [
      make("div", { class: "tb-ring-choice" }, make("label", {}, "Ranks: ", select)),
      this.stage,
      make("div", { class: "tb-buttons" }, ...this.buttons),
      this.explanation,
      this.bytes,
    ];
  }

  startOver() {
    this.makeRounds();
    this.done = 0;
    this.update();
  }

  makeRounds() {
    const { start, rounds } = ringRounds(this.n);
    this.start = start;
    this.rounds = rounds;
  }

  /** @param {number} done how many rounds are over */
  go(done) {
    this.done = Math.max(0, Math.min(done, this.rounds.length));
    this.update();
  }

  update() {
    const last = this.rounds[this.done - 1];
    this.stage.replaceChildren(this.picture(last));
    const isStart = this.done === 0;
    const isEnd = this.done === this.rounds.length;
    this.buttons[0].disabled = this.buttons[3].disabled = isStart;
    this.buttons[1].disabled = this.buttons[2].disabled = isEnd;
    const sentence = this.sentence(last);
    this.explanation.textContent = sentence;
    const sent = this.done * BYTES;
    const boss = (this.n - 1) * this.n * BYTES;
    this.bytes.textContent =
      `Sent so far by each rank: ${sent} bytes. Its numbers take ${this.n * BYTES}. ` +
      `A boss would send ${boss}.`;
    this.say(`${sentence} ${this.bytes.textContent}`);
  }

  /** @param {Round | undefined} last the round that is just over */
  sentence(last) {
    if (!last) {
      return "Each rank has numbers of its own, and each column is to be added up. Who starts?";
    }
    const { from, to, piece, sent, before } = last.messages[0];
    const what = `rank ${from} sends ${sent} to rank ${to}`;
    const told = last.isAdding
      ? `Adding up, round ${this.done} of ${this.n - 1}: ${what}, ${sent} + ${before} = ${sent + before}`
      : `Passing on, round ${this.done - this.n + 1} of ${this.n - 1}: ${what}, who keeps it`;
    const rest = this.n === 2 ? ", and the other way round" : ", and so do all others";
    const half =
      this.done === this.n - 1
        ? " Half-time: each rank has one piece of the sum, complete."
        : this.done === this.rounds.length
          ? " The end: all ranks have the whole sum."
          : "";
    return `${told} (piece ${piece})${rest}.${half}`;
  }

  /** @param {Round | undefined} last */
  picture(last) {
    const values = last?.after ?? this.start;
    const arrived = new Set(last?.messages.map(({ to, piece }) => `${to} ${piece}`));
    const left = new Set(last?.messages.map(({ from, piece }) => `${from} ${piece}`));
    const head = make("tr", {}, make("td"));
    for (let piece = 0; piece < this.n; piece += 1) {
      head.append(make("th", { scope: "col" }, `${this.n > 5 ? "" : "piece "}${piece}`));
    }
    const rows = values.map((row, rank) => {
      const cells = row.map((number, piece) => {
        const place = `${rank} ${piece}`;
        const isWhole = last?.n[rank][piece] === this.n;
        const classes = [
          arrived.has(place) ? "tb-arrived" : "",
          left.has(place) ? "tb-left" : "",
          isWhole ? "tb-complete" : "",
        ];
        return make("td", { class: classes.join(" ").trim() }, String(number));
      });
      return make("tr", {}, make("th", { scope: "row" }, `rank ${rank}`), ...cells);
    });
    const name = make(
      "caption",
      {},
      "What each rank has; each sends to the one below, the last to the first",
    );
    return make("table", { class: "tb-ring" }, name, make("tbody", {}, head, ...rows));
  }
}

define("tb-allreduce", AllReduceFigure);
