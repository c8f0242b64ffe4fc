// The front page's link to where the reader stopped. Its space is reserved, so nothing jumps.

import { addressOf, fetchContents, has, load } from "../progress.js";
import { define, make } from "./common.js";

/** @typedef {import("../progress.js").Chapter} Chapter */

/**
 * The first unread section after the last mark.
 * @param {import("../progress.js").Progress} progress
 * @param {Chapter[]} chapters
 */
function findNext(progress, chapters) {
  const start = Math.max(
    0,
    chapters.findIndex(({ page }) => page === progress.last?.page),
  );
  for (const chapter of [...chapters.slice(start), ...chapters.slice(0, start)]) {
    const { page, sections } = chapter;
    const after =
      page === progress.last?.page
        ? sections.findIndex(({ id }) => id === progress.last.id) + 1
        : 0;
    const order = [...sections.slice(after), ...sections.slice(0, after)];
    const section = order.find(({ id }) => !has(progress, "read", page, id));
    if (section) return { chapter, section };
  }
  return null;
}

class Continue extends HTMLElement {
  async connectedCallback() {
    const progress = load();
    if (this.firstChild || !progress.last) return;
    try {
      const next = findNext(progress, await fetchContents());
      if (!next) return;
      const { chapter, section } = next;
      this.append(
        make(
          "a",
          { href: addressOf(chapter.page, section.id) },
          `Go on with ${chapter.title.split(":")[0]}, “${section.title}”`,
        ),
      );
    } catch {} // without the list there is no link
  }
}

define("tb-continue", Continue);
