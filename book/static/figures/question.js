// A question with some answers: the chosen one is judged at once, with its reason. The page holds it
// all: the words, the answers as radio buttons, and the reasons, folded.

import { has, load, mark, onChange, thisPage } from "../progress.js";
import { define, make } from "./common.js";

/**
 * Which answer the arrow keys lead to. They only walk: left to itself, the browser would choose each
 * answer on the way, and give it away.
 * @param {string} key as in KeyboardEvent.key
 * @param {number} place of the focused answer
 * @param {number} count of all answers
 * @returns {number | null} null for other keys
 */
export function walk(key, place, count) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key];
  return step ? (place + step + count) % count : null;
}

class Question extends HTMLElement {
  connectedCallback() {
    if (this.status) return; // it was only moved
    this.labels = [...this.querySelectorAll("label")];
    this.boxes = this.labels.map((label) => label.querySelector("input"));
    this.reasons = this.querySelectorAll(".tb-reasons li");
    this.status = make("div", { class: "tb-verdict", role: "status" });
    this.querySelector(".tb-reasons").before(this.status);
    this.boxes.forEach((box, place) => {
      box.addEventListener("change", () => this.judge(place));
      box.addEventListener("keydown", (event) => this.follow(event, place));
    });
    onChange(() => this.show());
    this.show();
  }

  /** @param {KeyboardEvent} event @param {number} place */
  follow(event, place) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const next = walk(event.key, place, this.boxes.length);
    if (event.key === "Enter") this.boxes[place].click();
    else if (next === null) return;
    else this.boxes[next].focus();
    event.preventDefault();
  }

  /** @param {number} chosen */
  judge(chosen) {
    const isRight = chosen === Number(this.getAttribute("right"));
    const verdict = isRight ? "tb-right" : "tb-wrong";
    this.labels.forEach((label, place) => {
      label.className = place === chosen ? verdict : "";
    });
    this.status.className = `tb-verdict ${verdict}`;
    this.status.replaceChildren(...this.reasons[chosen].cloneNode(true).childNodes);
    if (isRight) return mark("right", thisPage(), this.id);
    const end = this.status.lastElementChild;
    (end.matches("p") ? end : this.status).append(" Try again.");
  }

  /** Say whether it was answered before, but not how: one may want to try again. */
  show() {
    this.toggleAttribute("answered", has(load(), "right", thisPage(), this.id));
  }
}

define("tb-question", Question);
