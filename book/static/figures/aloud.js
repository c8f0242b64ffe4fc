// <tb-aloud words="../_static/models/spelling_attention.json">: networks read words aloud. The reader
// steps through the sounds, and sees how much attention each letter gets. All numbers come from the
// run that built the page.

import { define, draw, Figure, make, makeButton, makeSelect } from "./common.js";

const WIDTH = 336;
const TOP = { letters: 30, shares: 86, sounds: 122 };
const BOX = 36; // the height of a letter's box
const SHOWN = 0.05; // smaller shares are not written out

/** @typedef {{sounds: string[], weights: number[][]}} Reading a row of weights for each sound */
/** @typedef {{word: string, ways: string[][], networks: Record<string, Reading>}} Entry */

/**
 * Check a file of words and readings.
 * @param {Entry[]} entries
 * @returns {Entry[]}
 */
export function checked(entries) {
  for (const { word, networks } of entries) {
    for (const { sounds, weights } of Object.values(networks)) {
      if (weights.length !== sounds.length) throw new Error(`${word}: a row for each sound`);
      for (const row of weights) {
        if (row.length !== word.length) throw new Error(`${word}: a weight for each letter`);
      }
    }
  }
  return entries;
}

/** Whether the dictionary lists what a network says. @param {Entry} entry @param {string[]} sounds */
export const isRight = ({ ways }, sounds) => ways.some((way) => way.join(" ") === sounds.join(" "));

/**
 * The letters that get most of a sound's attention, the largest share first: as many as it takes to
 * make up three quarters.
 * @param {string} word
 * @param {number[]} row
 * @returns {{place: number, letter: string, share: number}[]}
 */
export function looksAt(word, row) {
  const order = row.map((_, i) => i).sort((a, b) => row[b] - row[a]);
  const found = [];
  let sum = 0;
  for (const place of order) {
    found.push({ place, letter: word[place], share: row[place] });
    sum += row[place];
    if (sum >= 0.75) break;
  }
  return found;
}

/** @param {number} share */
const percent = (share) => `${Math.round(100 * share)} %`;

export class AloudFigure extends Figure {
  label = "Interactive figure: which letters a network looks at while it speaks";
  /** @type {Entry[]} */
  entries = [];
  chosen = 0;
  network = "";
  place = 0;

  read() {
    this.address = this.getAttribute("words");
    if (!this.address) throw new Error("words must be the address of a file of words");
  }

  build() {
    this.choices = make("div", { class: "tb-inputs" });
    this.stage = make("div", { class: "tb-graph-stage" });
    this.explanation = make("p", { class: "tb-explanation", "aria-hidden": "true" });
    this.buttons = [
      makeButton("Previous sound", () => this.go(this.place - 1)),
      makeButton("Next sound", () => this.go(this.place + 1)),
    ];
    this.load();
    return [
      this.choices,
      this.stage,
      make("div", { class: "tb-buttons" }, ...this.buttons),
      this.explanation,
    ];
  }

  async load() {
    this.sentence = "The words are being loaded.";
    try {
      const answer = await fetch(this.address);
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
      this.show(checked(await answer.json()));
    } catch (error) {
      this.sentence = `The words couldn’t be loaded (${error.message}).`;
      this.update();
    }
  }

  /** @param {Entry[]} entries */
  show(entries) {
    this.entries = entries;
    const words = entries.map(({ word }) => word);
    const networks = Object.keys(entries[0].networks);
    this.network = networks[0];
    const word = makeSelect("Word", words, words[0], (value) => {
      this.chosen = words.indexOf(value);
      this.go(0);
    });
    const network = makeSelect("Network", networks, networks[0], (value) => {
      this.network = value;
      this.go(this.place);
    });
    this.choices.replaceChildren(
      make("label", {}, "Word: ", word),
      make("label", {}, "Network: ", network),
    );
    this.go(0);
  }

  get entry() {
    return this.entries[this.chosen];
  }

  get reading() {
    return this.entry.networks[this.network];
  }

  /** @param {number} place which sound */
  go(place) {
    this.place = Math.max(0, Math.min(place, this.reading.sounds.length - 1));
    this.update();
  }

  update() {
    const isReady = this.entries.length > 0;
    this.buttons[0].disabled = !isReady || this.place === 0;
    this.buttons[1].disabled = !isReady || this.place === this.reading.sounds.length - 1;
    if (isReady) {
      this.stage.replaceChildren(this.picture());
      this.sentence = this.describe();
    }
    this.explanation.textContent = this.sentence;
    this.say(this.sentence);
  }

  describe() {
    const { sounds, weights } = this.reading;
    const letters = looksAt(this.entry.word, weights[this.place]).map(
      ({ place, letter, share }) => `letter ${place + 1}, ${letter} (${percent(share)})`,
    );
    const sentence =
      `Sound ${this.place + 1} of ${sounds.length} is ${sounds[this.place]}. ` +
      `It looks most at ${letters.join(" and ")}.`;
    if (this.place < sounds.length - 1) return sentence;
    if (isRight(this.entry, sounds))
      return `${sentence} The dictionary says the word like this, too.`;
    const ways = this.entry.ways.map((way) => way.join(" ")).join(" or ");
    return `${sentence} The dictionary says it in another way: ${ways}.`;
  }

  picture() {
    const { word } = this.entry;
    const { sounds, weights } = this.reading;
    return draw(
      "svg",
      { viewBox: `0 0 ${WIDTH} 168`, class: "tb-aloud-picture", "aria-hidden": "true" },
      draw(
        "text",
        { x: 0, y: 18, class: "tb-note" },
        "letters, and their shares of attention in %",
      ),
      ...[...word].flatMap((letter, i) => this.letter(letter, i, weights[this.place][i])),
      ...sounds.map((sound, i) => {
        const pitch = WIDTH / sounds.length;
        const look = i === this.place ? "tb-read" : i > this.place ? "tb-later" : "";
        const x = ((i + 0.5) * pitch).toFixed(1);
        return draw("text", { x, y: TOP.sounds + 34, class: `tb-sound ${look}` }, sound);
      }),
      draw("text", { x: 0, y: TOP.sounds + 10, class: "tb-note" }, "sounds"),
    );
  }

  /** @param {string} letter @param {number} i @param {number} share */
  letter(letter, i, share) {
    const pitch = WIDTH / this.entry.word.length;
    const x = ((i + 0.5) * pitch).toFixed(1);
    return [
      draw("rect", {
        x: (i * pitch + 1).toFixed(1),
        y: TOP.letters,
        width: (pitch - 2).toFixed(1),
        height: BOX,
        rx: 3,
        "fill-opacity": (0.75 * share).toFixed(2),
      }),
      draw("text", { x, y: TOP.letters + 24, class: "tb-letter" }, letter),
      draw(
        "text",
        { x, y: TOP.shares, class: "tb-share" },
        share < SHOWN ? "" : `${Math.round(100 * share)}`,
      ),
    ];
  }
}

define("tb-aloud", AloudFigure);
