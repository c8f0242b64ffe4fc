// The page "Your progress": what is read and done, with ways to change, save and delete it.

import {
  addressOf,
  count,
  fetchContents,
  has,
  load,
  mark,
  merge,
  onChange,
  read,
  reset,
  save,
  serialise,
  stateOf,
} from "../progress.js";
import { define, make, makeButton } from "./common.js";

/** @typedef {import("../progress.js").Chapter} Chapter */
/** @typedef {import("../progress.js").Item} Item */
/** @typedef {import("../progress.js").Kind} Kind */

/** What can be marked: its part of a chapter, its name, what the mark means. */
const PARTS = /** @type {const} */ ([
  { kind: "read", part: "sections", name: "Sections", verb: "read" },
  { kind: "done", part: "exercises", name: "Exercises", verb: "done" },
  { kind: "right", part: "questions", name: "Questions", verb: "answered right" },
]);

/**
 * What a file has added, in words.
 * @param {Record<Kind, number>} added
 */
export function describe(added) {
  const words = PARTS.filter(({ kind }) => added[kind]).map(({ kind, name }) => {
    const one = name.toLowerCase().slice(0, -1);
    return `${added[kind]} ${added[kind] === 1 ? one : `${one}s`}`;
  });
  if (!words.length) return "Everything in it was marked here already.";
  const list = [words.slice(0, -1).join(", "), ...words.slice(-1)].filter(Boolean).join(" and ");
  return `It added ${list}. What was marked here has stayed.`;
}

/** Bars that say how much is marked, for some chapters. */
class Bars {
  /** @param {Chapter[]} chapters */
  constructor(chapters) {
    this.chapters = chapters;
    this.rows = PARTS.filter(({ part }) => chapters.some((chapter) => chapter[part].length)).map(
      ({ kind, part, verb }) => {
        const text = make("span");
        const bar = make("span", { class: "tb-share-bar" });
        return { kind, part, verb, text, bar, box: make("span", {}, text, bar) };
      },
    );
    this.box = make("span", { class: "tb-bars" }, ...this.rows.map(({ box }) => box));
  }

  /** @param {import("../progress.js").Progress} progress */
  update(progress) {
    const counts = count(progress, this.chapters);
    for (const { kind, part, verb, text, bar } of this.rows) {
      const { marked, all } = counts[kind];
      text.textContent = `${marked} of ${all} ${part} ${verb}`;
      bar.style.setProperty("--tb-share", String(marked / all));
    }
  }
}

class Progress extends HTMLElement {
  async connectedCallback() {
    if (this.status) return; // it was only moved
    /** @type {Chapter[]} */
    let chapters;
    try {
      chapters = await fetchContents();
    } catch {
      return; // the fallback stays
    }
    this.status = make("p", { role: "status" });
    /** @type {{ box: HTMLInputElement, kind: Kind, page: string, id: string }[]} */
    this.boxes = [];
    this.total = new Bars(chapters);
    this.chapters = chapters.map((chapter) => this.buildChapter(chapter));
    this.replaceChildren(
      make("div", { class: "tb-total" }, make("strong", {}, "The whole book"), this.total.box),
      this.buildButtons(),
      this.status,
      ...this.chapters.map(({ box }) => box),
    );
    onChange(() => this.update());
    this.update();
  }

  /** @param {Chapter} chapter */
  buildChapter(chapter) {
    /** @param {Kind} kind @param {string} verb @param {Item} item */
    const item = (kind, verb, { id, title }) => {
      const box = make("input", { type: "checkbox", "aria-label": `${title}, ${verb}` });
      box.addEventListener("change", () => mark(kind, chapter.page, id, box.checked));
      this.boxes.push({ box, kind, page: chapter.page, id });
      return make("li", {}, box, make("a", { href: addressOf(chapter.page, id) }, title));
    };
    const bars = new Bars([chapter]);
    const name = make("span", { class: "tb-progress-title" }, chapter.title);
    const box = make("details", {}, make("summary", {}, name, bars.box));
    for (const { kind, part, name, verb } of PARTS) {
      if (!chapter[part].length) continue;
      const items = chapter[part].map((one) => item(kind, verb, one));
      box.append(make("p", {}, `${name} ${verb}`), make("ul", {}, ...items));
    }
    return { chapter, bars, box };
  }

  buildButtons() {
    const file = make("input", { type: "file", accept: ".json,application/json" });
    file.addEventListener("change", () => this.restore(file));
    return make(
      "div",
      { class: "tb-progress-buttons" },
      makeButton("Save to a file", () => this.saveFile()),
      make("label", { class: "tb-button" }, file, "Restore from a file"),
      makeButton("Forget everything", () => {
        if (!confirm("Forget all that you have read, done and answered?")) return;
        reset();
        this.status.textContent = "All forgotten.";
      }),
    );
  }

  /** Add what a file holds to what is marked here. @param {HTMLInputElement} field */
  async restore(field) {
    const [file] = field.files;
    if (!file) return; // the reader has thought better of it
    try {
      const { merged, added } = merge(load(), read(await file.text()));
      save(merged);
      this.status.textContent = `Restored from ${file.name}. ${describe(added)}`;
    } catch (error) {
      this.status.textContent =
        `${file.name} is not a file saved from this page: ${error.message}. ` +
        "Nothing has changed.";
    }
    field.value = ""; // or the same file could not be chosen again
  }

  saveFile() {
    const address = URL.createObjectURL(
      new Blob([serialise(load())], { type: "application/json" }),
    );
    const name = `torchbook-progress-${new Date().toISOString().slice(0, 10)}.json`;
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    this.status.textContent = `Saved as ${name}, in the folder of your downloads.`;
  }

  update() {
    const progress = load();
    for (const { box, kind, page, id } of this.boxes) box.checked = has(progress, kind, page, id);
    this.total.update(progress);
    for (const { chapter, bars, box } of this.chapters) {
      bars.update(progress);
      box.dataset.state = stateOf(progress, chapter);
    }
  }
}

define("tb-progress", Progress);
