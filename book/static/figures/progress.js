// The page "Your progress": what is read and done, with ways to change, save and delete it.

import {
  addressOf,
  fetchContents,
  has,
  load,
  mark,
  onChange,
  parse,
  reset,
  save,
  serialise,
  stateOf,
} from "../progress.js";
import { define, make, makeButton } from "./common.js";

/** @typedef {import("../progress.js").Chapter} Chapter */
/** @typedef {import("../progress.js").Item} Item */
/** @typedef {import("../progress.js").Kind} Kind */

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
    this.status = make("p", { class: "tb-status", role: "status" });
    /** @type {{ box: HTMLInputElement, kind: Kind, page: string, id: string }[]} */
    this.boxes = [];
    this.chapters = chapters.map((chapter) => this.buildChapter(chapter));
    const list = this.chapters.map(({ box }) => box);
    this.replaceChildren(this.buildButtons(), this.status, ...list);
    onChange(() => this.update());
    this.update();
  }

  /** @param {Chapter} chapter */
  buildChapter(chapter) {
    /** @param {Kind} kind @param {Item} item */
    const item = (kind, { id, title }) => {
      const box = make("input", { type: "checkbox", "aria-label": `${title}, ${kind}` });
      box.addEventListener("change", () => mark(kind, chapter.page, id, box.checked));
      this.boxes.push({ box, kind, page: chapter.page, id });
      return make("li", {}, box, " ", make("a", { href: addressOf(chapter.page, id) }, title));
    };
    const count = make("span", { class: "tb-count" });
    const box = make(
      "details",
      {},
      make("summary", {}, chapter.title, " ", count),
      make("p", {}, "Sections"),
      make("ul", {}, ...chapter.sections.map((section) => item("read", section))),
    );
    if (chapter.exercises.length) {
      box.append(
        make("p", {}, "Exercises"),
        make("ul", {}, ...chapter.exercises.map((exercise) => item("done", exercise))),
      );
    }
    return { chapter, count, box };
  }

  buildButtons() {
    const file = make("input", {
      type: "file",
      accept: ".json,application/json",
      "aria-label": "A file saved from this page",
    });
    file.addEventListener("change", async () => {
      const progress = parse((await file.files[0]?.text()) ?? null);
      if (progress) save(progress);
      this.status.textContent = progress
        ? "Taken from the file."
        : "That is not a file saved from this page. Nothing has changed.";
      file.value = "";
    });
    return make(
      "div",
      { class: "tb-progress-buttons" },
      makeButton("Save to a file", () => this.saveFile()),
      make("label", {}, "Take from a file: ", file),
      makeButton("Forget everything", () => {
        if (!confirm("Forget all that you have read and done?")) return;
        reset();
        this.status.textContent = "All forgotten.";
      }),
    );
  }

  saveFile() {
    const address = URL.createObjectURL(
      new Blob([serialise(load())], { type: "application/json" }),
    );
    const link = make("a", { href: address, download: "torchbook-progress.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  update() {
    const progress = load();
    for (const { box, kind, page, id } of this.boxes) box.checked = has(progress, kind, page, id);
    for (const { chapter, count, box } of this.chapters) {
      /** @param {Item[]} list @param {Kind} kind */
      const marked = (list, kind) =>
        list.filter(({ id }) => has(progress, kind, chapter.page, id)).length;
      const { sections, exercises } = chapter;
      count.textContent =
        `${marked(sections, "read")} of ${sections.length} sections read, ` +
        `${marked(exercises, "done")} of ${exercises.length} exercises done`;
      box.dataset.state = stateOf(progress, chapter);
    }
  }
}

define("tb-progress", Progress);
