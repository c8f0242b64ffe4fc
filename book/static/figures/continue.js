// The front page's button for readers who come back: it leads to where they stopped.

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

/**
 * What the button says, such as "Continue: 00, section 4".
 * @param {string} chapter its title
 * @param {string} section its title
 */
export function nameOf(chapter, section) {
  const [book, part] = [chapter, section].map((title) => title.match(/^(\d+)\. /)?.[1]);
  return `Continue: ${book ?? chapter}, ${part ? `section ${part}` : `“${section}”`}`;
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
          nameOf(chapter.title, section.title),
        ),
      );
    } catch {} // without the list there is no link
  }
}

define("tb-continue", Continue);
