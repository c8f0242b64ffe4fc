// The page "Your progress": what is read and done, to tick, to save to a file and to forget.

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

class Progress extends HTMLElement {
  async connectedCallback() {
    if (this.status) return; // it was only moved within the page
    let chapters;
    try {
      chapters = await fetchContents();
    } catch {
      return;
    } // the fallback stays
    this.status = make("p", { class: "tb-status", role: "status" });
    this.boxes = [];
    this.chapters = chapters;
    const list = chapters.map((chapter) => this.buildChapter(chapter));
    this.replaceChildren(this.buildButtons(), this.status, ...list);
    onChange(() => this.update());
    this.update();
  }

  buildChapter(chapter) {
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
    chapter.count = count;
    chapter.box = box;
    return box;
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
    for (const chapter of this.chapters) {
      const count = (list, kind) =>
        list.filter(({ id }) => has(progress, kind, chapter.page, id)).length;
      const { sections, exercises } = chapter;
      chapter.count.textContent =
        `${count(sections, "read")} of ${sections.length} sections read, ` +
        `${count(exercises, "done")} of ${exercises.length} exercises done`;
      chapter.box.dataset.state = stateOf(progress, chapter);
    }
  }
}

define("tb-progress", Progress);
