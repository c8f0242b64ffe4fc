// On a chapter: records which sections are read and which exercises are done, and marks both in the
// lists of contents.

import {
  addressOf,
  fetchContents,
  has,
  load,
  mark,
  onChange,
  stateOf,
  thisPage,
} from "./progress.js";

const TICK = 500; // milliseconds between two looks at the screen
const FASTEST = 800; // words per minute: nobody reads faster

const page = thisPage();
const sections = [...document.querySelectorAll(".bd-article > section > section[id]")];
const exercises = [...document.querySelectorAll(".tb-exercise > .exercise")];

/** A section is read when its start and its end were seen, with time to read it in between. */
function watchSections() {
  /** @type {Set<Element>} */
  const visible = new Set();
  const needed = new Map(
    sections.map((section) => [
      section,
      Math.max(1000, ((section.textContent.split(/\s+/).length / FASTEST) * 60000) / 2),
    ]),
  );
  const seen = new Map(sections.map((section) => [section, { start: false, time: 0 }]));
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) visible.add(target);
      else visible.delete(target);
    }
  });
  for (const section of sections) observer.observe(section);
  setInterval(() => {
    if (document.hidden) return;
    for (const section of visible) {
      const { top, bottom } = section.getBoundingClientRect();
      const state = seen.get(section);
      state.start ||= top >= 0 && top < innerHeight;
      state.time += TICK;
      if (!state.start || bottom > innerHeight || state.time < needed.get(section)) continue;
      observer.unobserve(section);
      visible.delete(section);
      if (!has(load(), "read", page, section.id)) mark("read", page, section.id);
    }
  }, TICK);
}

/** Put a box to tick at the foot of each exercise's card. */
function addTicks() {
  for (const exercise of exercises) {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.className = "tb-tick";
    const name = exercise.querySelector(".admonition-title").textContent.trim();
    box.setAttribute("aria-label", `Done: ${name}`);
    box.addEventListener("change", () => mark("done", page, exercise.id, box.checked));
    const label = document.createElement("label");
    label.className = "tb-done";
    label.append(box, "Done");
    exercise.parentElement.append(label);
  }
}

/**
 * Put a mark after a link.
 * @param {Element} link
 * @param {string} state its text for screen readers; empty for no mark
 */
function markLink(link, state) {
  link.querySelector(".tb-mark")?.remove();
  if (!state) return;
  const sign = document.createElement("span");
  sign.className = `tb-mark tb-mark--${state}`;
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", state);
  link.append(sign);
}

/** @type {import("./progress.js").Chapter[]} */
let chapters = [];

function show() {
  const progress = load();
  for (const exercise of exercises) {
    /** @type {HTMLInputElement} */
    const box = exercise.parentElement.querySelector(".tb-tick");
    box.checked = has(progress, "done", page, exercise.id);
  }
  for (const link of links(".page-toc .toc-h2 > a[href^='#']")) {
    const id = decodeURIComponent(link.hash.slice(1));
    markLink(link, has(progress, "read", page, id) ? "read" : "");
  }
  for (const link of links(".bd-docs-nav .toctree-l1 > a")) {
    const address = link.href.split("#")[0];
    const chapter = chapters.find((one) => addressOf(one.page) === address);
    if (chapter) markLink(link, stateOf(progress, chapter));
  }
}

/** @param {string} selector @returns {NodeListOf<HTMLAnchorElement>} */
const links = (selector) => document.querySelectorAll(selector);

addTicks();
watchSections();
onChange(show);
show();
fetchContents().then(
  (found) => {
    chapters = found;
    show();
  },
  () => {},
);
