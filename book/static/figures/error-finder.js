// <tb-error-finder>: finds a pasted error message on its page. It reads the page's messages: the
// tracebacks under each heading, and the blocks `tb-also`, which have one message per line.

import { define, Figure, make, makeButton } from "./common.js";
import { findMessages, LONGEST_TEXT, lastLine, wordsOf } from "./messages.js";

const MOST_RESULTS = 3;
const MOST_MESSAGES = 20; // in one text, from the end
const LONGEST_QUERY = 200; // for the search of the book
const FITS = 0.5; // lower scores are chance
export const SURELY = 0.8;
const NEAR_THE_BEST = 0.65; // of the best score: other results that are shown

/**
 * The first sentence, which can have several lines: many readers paste no more.
 * @param {string} message
 */
const firstSentence = (message) => message.split(/\.\s/, 1)[0];

/** The first line: CUDA errors all end in the same advice. @param {string} message */
const firstLine = (message) => message.split("\n", 1)[0];

/** @typedef {{ id: string, title: string }} Entry */
/** @typedef {{ entry: Entry, message: string, score: number }} Result */

/** Messages that can be searched. Rare words count more. */
export class Index {
  /** @param {{ entry: Entry, message: string }[]} messages an entry can have several */
  constructor(messages) {
    this.messages = messages.map(({ entry, message }) => ({
      entry,
      message,
      forms: [message, firstSentence(message)].map(wordsOf),
    }));
    /** @type {Map<string, number>} */
    this.weights = new Map();
    for (const {
      forms: [whole],
    } of this.messages) {
      for (const word of whole) this.weights.set(word, (this.weights.get(word) ?? 0) + 1);
    }
    this.weights.forEach((count, word) => {
      this.weights.set(word, Math.log(1 + this.messages.length / count));
    });
  }

  /**
   * The words of a message. A terminal, or a mail, may have cut one in two at the end of a line.
   * @param {string} message
   */
  read(message) {
    const whole = [...wordsOf(message.replace(/\n\s*/g, ""))].filter((word) =>
      this.weights.has(word),
    );
    return new Set([...wordsOf(message), ...whole]);
  }

  /**
   * The similarity of two sets of words: the harmonic mean of the weighted shares that each has of
   * the other. Unknown words may be names, so they never count more than all the known ones.
   * @param {Set<string>} asked
   * @param {Set<string>} known
   * @returns {number} from 0 to 1
   */
  score(asked, known) {
    /** @param {Iterable<string>} words */
    const weigh = (words) =>
      [...words].reduce((sum, word) => sum + (this.weights.get(word) ?? 0), 0);
    const shared = weigh([...asked].filter((word) => known.has(word)));
    const ours = weigh(asked);
    const strangers = [...asked].filter((word) => !this.weights.has(word)).length;
    if (shared === 0) return 0;
    const recall = shared / weigh(known);
    const precision = shared / (ours + Math.min(strangers, ours));
    return (2 * recall * precision) / (recall + precision);
  }

  /**
   * @param {string} text a message or a traceback
   * @returns {Result[]} the best for each entry, best first
   */
  find(text) {
    for (const message of findMessages(text).slice(-MOST_MESSAGES).reverse()) {
      const parts = [message, firstSentence(message), firstLine(message)];
      const asked = parts.map((part) => this.read(part));
      /** @type {Map<Entry, Result>} */
      const best = new Map();
      for (const { entry, message: found, forms } of this.messages) {
        const score = Math.max(
          ...forms.flatMap((known) => asked.map((words) => this.score(words, known))),
        );
        if (score >= FITS && score > (best.get(entry)?.score ?? 0)) {
          best.set(entry, { entry, message: found, score });
        }
      }
      const results = [...best.values()].sort((a, b) => b.score - a.score);
      if (results.length) {
        return results
          .filter(({ score }) => score >= NEAR_THE_BEST * results[0].score)
          .slice(0, MOST_RESULTS);
      }
    }
    return [];
  }
}

/** Read the page's messages. @param {ParentNode} page */
export function readPage(page) {
  /** @type {Map<Element, Entry>} */
  const entries = new Map();
  /** @type {{ entry: Entry, message: string }[]} */
  const messages = [];
  for (const block of page.querySelectorAll(".output.traceback pre, .tb-also pre")) {
    const section = block.closest("section");
    if (!entries.has(section)) {
      const heading = /** @type {Element} */ (section.querySelector("h2, h3").cloneNode(true));
      for (const link of heading.querySelectorAll(".headerlink")) link.remove();
      const id = section.querySelector(":scope > span[id]")?.id ?? section.id;
      entries.set(section, { id, title: heading.textContent.trim() });
    }
    const found = block.closest(".traceback")
      ? findMessages(block.textContent).slice(-1)
      : block.textContent.trim().split("\n");
    for (const message of found) messages.push({ entry: entries.get(section), message });
  }
  return messages;
}

class ErrorFinder extends Figure {
  label = "Find an error by its message";

  read() {
    const messages = readPage(document);
    if (!messages.length) throw new Error("tb-error-finder: the page shows no error");
    this.index = new Index(messages);
  }

  build() {
    this.field = make("textarea", {
      id: "tb-pasted-error",
      class: "tb-paste",
      rows: 5,
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      placeholder: "RuntimeError: …",
    });
    this.field.addEventListener("input", () => this.update());
    this.field.addEventListener("paste", (event) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (text.length <= LONGEST_TEXT) return;
      event.preventDefault(); // the end of a long log is enough
      this.field.value = text.slice(-LONGEST_TEXT);
      this.update();
    });
    this.clear = makeButton("Clear", () => {
      this.field.value = "";
      this.update();
      this.field.focus();
    });
    this.results = make("div", { class: "tb-results" });
    return [
      make(
        "div",
        { class: "tb-paste-head" },
        make("label", { for: "tb-pasted-error" }, "Your error message or traceback"),
        this.clear,
      ),
      this.field,
      this.results,
    ];
  }

  update() {
    const text = this.field.value.trim();
    this.clear.disabled = text === "";
    if (text === "") {
      this.results.replaceChildren(
        make(
          "p",
          { class: "tb-hint" },
          "Paste all of it, or only the last line. Prefixes from a log, colours and your own numbers don't matter.",
        ),
      );
      this.say("");
      return;
    }
    const found = this.index.find(text);
    if (found.length) this.show(found);
    else this.giveAdvice(text);
  }

  /** @param {Result[]} found */
  show(found) {
    const how = found[0].score >= SURELY ? "Found" : "No exact match. The closest";
    this.results.replaceChildren(
      make("p", {}, `${how}:`),
      make(
        "ol",
        { class: "tb-found" },
        ...found.map(({ entry, message }) =>
          make(
            "li",
            {},
            make("a", { href: `#${entry.id}` }, entry.title),
            make("p", { class: "tb-found-message", "aria-hidden": "true" }, message.slice(0, 300)),
          ),
        ),
      ),
    );
    const others = found.length - 1;
    const more = others ? `, and ${others} more that may fit` : "";
    this.say(`${how}: ${found[0].entry.title}${more}. The links follow the field.`);
  }

  /** @param {string} text */
  giveAdvice(text) {
    const advice = [
      "Is the last line in what you pasted? It says what went wrong.",
      "Find the lowest line of your own code, not of a library. The mistake is there, or earlier.",
      "Print the shape, dtype and device of each tensor in that line.",
    ];
    this.results.replaceChildren(
      make("p", { class: "tb-none" }, "Nothing on this page fits."),
      make("p", {}, linkToSearch(lastLine(text).slice(0, LONGEST_QUERY))),
      make("ul", {}, ...advice.map((sentence) => make("li", {}, sentence))),
    );
    this.say(`Nothing on this page fits. A link to search the book follows. ${advice.join(" ")}`);
  }
}

/**
 * A link that searches the whole book.
 * @param {string} query
 */
function linkToSearch(query) {
  const page = new URL("../../search.html", import.meta.url);
  page.searchParams.set("q", query);
  const shown = query.length > 80 ? `${query.slice(0, 79)}…` : query;
  const link = make(
    "a",
    { href: page.href, class: "tb-elsewhere" },
    `Search the book for “${shown}”`,
  );
  link.addEventListener("click", async (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault(); // on this page, so that what was pasted stays in the browser
    try {
      const { openSearch } = await import("../search/panel.js");
      await openSearch(query);
    } catch {
      location.assign(page);
    }
  });
  return link;
}

define("tb-error-finder", ErrorFinder);
