// "Predict first", a switch for the whole book: what cells show is covered by a button until the
// reader asks for it. Errors too: if they alone stayed open, a cover would say that the cell works.
//
// What is covered keeps its place and its height: exercises.css hides it where the head of the page
// has found the switch on (book/templates/layout.html), so that it is never seen by accident.

import { define, make } from "./common.js";

const KEY = "torchbook.predict";
/** What is covered, as in exercises.css: outputs with their captions, and checked results. */
const COVERED = ".tb-chapter :is(.cell_output, .tb-claims)";
const { dataset } = document.documentElement;

/** What belongs to one output is shown together. @type {Map<Element, HTMLElement[]>} */
const groups = new Map();

function gather() {
  /** @type {NodeListOf<HTMLElement>} */
  const parts = document.querySelectorAll(COVERED);
  for (const part of parts) {
    const before = part.matches(".cell_output") ? null : part.previousElementSibling;
    const group = groups.get(before) ?? groups.get(before?.querySelector(".cell_output")) ?? [];
    group.push(part);
    groups.set(part, group);
  }
}

/** @param {HTMLElement[]} group */
function cover(group) {
  const [first] = group;
  for (const part of group) part.classList.remove("tb-shown");
  const text = first.matches(".cell_output") ? "Show the output" : "Show the result";
  const button = make("button", { type: "button", class: "tb-cover" }, text);
  button.addEventListener("click", () => {
    show(group);
    first.tabIndex = -1;
    first.focus({ preventScroll: true }); // the button is gone: what it showed comes next
  });
  first.append(button);
}

/** @param {HTMLElement[]} group */
function show(group) {
  for (const part of group) part.classList.add("tb-shown");
  group[0].querySelector(".tb-cover")?.remove();
}

/**
 * Show what a link leads to. One to a section may be from the search, which knows the messages of
 * errors and nothing else that cells show: it uncovers those.
 */
function showTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (const [part, group] of groups) {
    const isMeant =
      target.localName === "section"
        ? part.closest("section") === target && part.querySelector(".traceback")
        : target.contains(part) || part.contains(target);
    if (isMeant) show(group);
  }
}

/** @param {boolean} isOn */
function turn(isOn) {
  for (const group of new Set(groups.values())) {
    show(group);
    if (isOn) cover(group);
  }
  if (isOn) dataset.predict = "";
  else delete dataset.predict;
}

/** @param {boolean} isOn */
function keep(isOn) {
  try {
    if (isOn) localStorage.setItem(KEY, "on");
    else localStorage.removeItem(KEY);
  } catch {} // a browser that stores nothing: it lasts as long as the page
}

class Predict extends HTMLElement {
  connectedCallback() {
    if (this.box) return; // it was only moved
    this.box = make("input", { type: "checkbox", role: "switch" });
    this.box.checked = "predict" in dataset;
    this.box.addEventListener("change", () => {
      keep(this.box.checked);
      turn(this.box.checked);
    });
    const name = make("strong", {}, "Predict first:");
    const text = " hide what the cells show until I have made a guess";
    this.replaceChildren(make("label", {}, this.box, make("span", {}, name, text)));
  }
}

define("tb-predict", Predict);
gather();
if ("predict" in dataset) {
  turn(true);
  showTarget();
}
addEventListener("hashchange", () => {
  if ("predict" in dataset) showTarget();
});
