// <tb-writer model="../_static/models/x.onnx" letters="\n abc" context="128" prompt="ROMEO:">: a
// small GPT of the book goes on with what the reader writes, in the reader's own browser. It is
// downloaded when the reader first asks it to write, as the classifiers are.
//
// The model takes int32 [1, T], the letters' places in `letters`, and gives one logit for each
// letter that may follow. In `letters`, "\n" stands for the end of a line.

import { define, make, makeButton, showSize, softmax } from "./common.js";
import { LiveFigure } from "./live.js";

const MOST = 400; // letters to write at one go

/**
 * The letters of a text that the model knows, as their places; accents and the rest are left out.
 * @param {string} text
 * @param {string[]} letters
 * @returns {number[]}
 */
export const tokenize = (text, letters) =>
  [...text.normalize("NFD").replace(/[’‘]/g, "'").replace(/—/g, "--")]
    .map((letter) => letters.indexOf(letter))
    .filter((id) => id >= 0);

/**
 * The shares with which to draw the next letter.
 * @param {number[]} logits
 * @param {number} temperature 0 gives all to the likeliest
 * @returns {number[]}
 */
export function sharesOf(logits, temperature) {
  if (temperature > 0) return softmax(logits.map((logit) => logit / temperature));
  const best = logits.indexOf(Math.max(...logits));
  return logits.map((_, id) => (id === best ? 1 : 0));
}

/**
 * Draw one letter.
 * @param {number[]} shares that add up to 1
 * @param {number} random from 0 up to 1
 * @returns {number} its place
 */
export function pick(shares, random) {
  let left = random;
  for (const [id, share] of shares.entries()) {
    left -= share;
    if (left < 0) return id;
  }
  return shares.findLastIndex((share) => share > 0); // for sums that round to less than 1
}

/**
 * What the model sees: the last letters, and a line's end if there are none.
 * @param {number[]} ids
 * @param {number} context
 */
export const windowOf = (ids, context) => (ids.length ? ids.slice(-context) : [0]);

export class WriterFigure extends LiveFigure {
  label = "Interactive figure: a small GPT writes in your browser";
  /** @type {number[]} the letters on the paper */
  ids = [];
  #run = 0; // the latest one; an earlier one stops at its next letter

  read() {
    this.model = this.getAttribute("model");
    this.letters = [...(this.getAttribute("letters") ?? "").replace(/\\n/g, "\n")];
    this.context = Number(this.getAttribute("context") ?? 128);
    this.prompt = (this.getAttribute("prompt") ?? "").replace(/\\n/g, "\n");
    this.bytes = Number(this.dataset.bytes ?? 0);
    if (!this.model) throw new Error("model must name the model's file");
    if (this.letters.length < 2 || new Set(this.letters).size < this.letters.length) {
      throw new Error("letters must be two or more, each once");
    }
    if (!(Number.isInteger(this.context) && this.context > 0)) {
      throw new Error("context must be a whole number above 0");
    }
  }

  build() {
    this.size = this.bytes ? ` (${showSize(this.bytes)})` : "";
    this.field = make("textarea", {
      class: "tb-writer-field",
      rows: 3,
      spellcheck: "false",
      "aria-label": "Your beginning",
    });
    this.field.value = this.prompt;
    this.temperature = make("input", {
      type: "range",
      min: 0,
      max: 1.5,
      step: 0.1,
      value: 0.8,
      "aria-label": "temperature",
    });
    this.degrees = make("output", {});
    this.temperature.addEventListener("input", () => this.showTemperature());
    this.showTemperature();
    this.paper = make("pre", {
      class: "tb-paper",
      tabindex: 0,
      role: "region",
      "aria-label": "What it writes",
    });
    this.writeButton = makeButton("Write", () => this.ask());
    this.haltButton = makeButton("Stop", () => this.halt());
    this.moreButton = makeButton("Write on", () => this.write());
    this.haltButton.hidden = true;
    this.moreButton.hidden = true;
    const price = `At your first question, the model comes to this device${this.size}. What you write stays here.`;
    this.origin = make("p", { class: "tb-hint tb-origin" }, price);
    return [
      make("label", { class: "tb-writer-label" }, "Your beginning: ", this.field),
      make("div", { class: "tb-gain" }, "temperature", this.temperature, this.degrees),
      make("div", { class: "tb-buttons" }, this.writeButton, this.moreButton, this.haltButton),
      this.paper,
      make("div", { class: "tb-foot" }, this.origin, ...this.buildLoading()),
    ];
  }

  showTemperature() {
    this.degrees.textContent = Number(this.temperature.value).toFixed(1);
  }

  detach() {
    this.halt();
    if (!this.isReady) this.stop();
  }

  /** Give the focus to what stops the writing that begins now. */
  takeFocusBack() {
    this.haltButton.focus();
  }

  /** Start from the reader's beginning. */
  async ask() {
    this.ids = tokenize(this.field.value, this.letters);
    this.show();
    await this.write();
  }

  /** Go on from what is on the paper, letter by letter. */
  async write() {
    this.#run += 1;
    const run = this.#run;
    const hadFocus = this.contains(document.activeElement);
    this.complain("");
    this.markBusy(true);
    if (hadFocus && document.activeElement === document.body) this.haltButton.focus();
    const before = this.ids.length;
    try {
      await this.load();
      const start = performance.now();
      for (let i = 0; i < MOST && run === this.#run; i += 1) {
        const seen = windowOf(this.ids, this.context);
        const data = Int32Array.from(seen);
        const { logits } = await this.run({ data, dims: [1, seen.length] });
        if (run !== this.#run) return;
        if (logits.length !== this.letters.length) {
          throw new Error(`${logits.length} logits for ${this.letters.length} letters`);
        }
        const shares = sharesOf(logits, Number(this.temperature.value));
        this.ids.push(pick(shares, Math.random()));
        this.show();
      }
      const each = Math.max(1, Math.round((performance.now() - start) / MOST));
      this.origin.textContent = `Written in your browser just now, ${each} ms for each letter.`;
      this.say(`It wrote: ${this.text.slice(before)}`);
    } catch (error) {
      if (run === this.#run && error.failed !== null) this.explain(error);
    }
    if (run === this.#run) this.markBusy(false);
  }

  /** Stop writing; what is on the paper stays. */
  halt() {
    this.#run += 1;
    this.markBusy(false);
  }

  /** Stop the download because the reader wants it. */
  press() {
    this.halt();
    super.press();
  }

  /** @param {boolean} isBusy */
  markBusy(isBusy) {
    const hadFocus = this.haltButton === document.activeElement;
    this.haltButton.hidden = !isBusy;
    this.moreButton.hidden = isBusy || !this.isReady;
    this.writeButton.disabled = isBusy;
    if (hadFocus && !isBusy) this.writeButton.focus();
  }

  get text() {
    return this.ids.map((id) => this.letters[id]).join("");
  }

  show() {
    const isAtEnd = this.paper.scrollHeight - this.paper.scrollTop - this.paper.clientHeight < 8;
    this.paper.textContent = this.text;
    if (isAtEnd) this.paper.scrollTop = this.paper.scrollHeight;
  }
}

define("tb-writer", WriterFigure);
