// On a chapter: notices which sections are read, lets exercises be ticked, and marks both in the lists.

import { ROOT, addressOf, fetchContents, has, load, mark, onChange, stateOf } from "./progress.js";

const TICK = 500; // milliseconds between two looks at what is on screen
const FASTEST = 800; // words per minute: who is through sooner has not read it

const page = location.href
  .split(/[?#]/)[0]
  .slice(ROOT.href.length)
  .replace(/\.html$/, "");
const sections = [...document.querySelectorAll(".bd-article > section > section[id]")];
const exercises = [...document.querySelectorAll("div.exercise[id]")];

/** A section is read when its start was seen, its end is, and there was time to read between. */
function watchSections() {
  const visible = new Map();
  const needed = new Map(
    sections.map((section) => [
      section,
      Math.max(1000, ((section.textContent.split(/\s+/).length / FASTEST) * 60000) / 2),
    ]),
  );
  const seen = new Map(sections.map((section) => [section, { start: false, time: 0 }]));
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) visible.set(target, true);
      else visible.delete(target);
    }
  });
  sections.forEach((section) => observer.observe(section));
  setInterval(() => {
    if (document.hidden) return;
    for (const section of visible.keys()) {
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

/** Put a checkbox into each exercise's title line. */
function addTicks() {
  for (const exercise of exercises) {
    const title = exercise.querySelector(".admonition-title");
    const box = document.createElement("input");
    const name = title.textContent.trim();
    box.type = "checkbox";
    box.setAttribute("aria-label", `Done: ${name}`);
    box.className = "tb-tick";
    box.addEventListener("change", () => mark("done", page, exercise.id, box.checked));
    title.append(box);
  }
}

/** A mark after a link, and a word for those who do not see it. */
function markLink(link, state) {
  link.querySelector(".tb-mark")?.remove();
  if (!state) return;
  const sign = document.createElement("span");
  sign.className = `tb-mark tb-mark--${state}`;
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", state);
  link.append(sign);
}

function show(chapters) {
  const progress = load();
  for (const exercise of exercises) {
    exercise.querySelector(".tb-tick").checked = has(progress, "done", page, exercise.id);
  }
  for (const link of document.querySelectorAll(".page-toc .toc-h2 > a[href^='#']")) {
    const id = decodeURIComponent(link.hash.slice(1));
    markLink(link, has(progress, "read", page, id) ? "read" : "");
  }
  for (const link of document.querySelectorAll(".bd-docs-nav .toctree-l1 > a")) {
    const address = link.href.split("#")[0];
    const chapter = chapters.find((one) => addressOf(one.page) === address);
    if (chapter) markLink(link, stateOf(progress, chapter));
  }
}

addTicks();
watchSections();
let chapters = [];
onChange(() => show(chapters));
show(chapters);
fetchContents().then(
  (found) => {
    chapters = found;
    show(chapters);
  },
  () => {},
);
