// <tb-search>: the search, in a dialog on every page and on a page of its own.

import { define, make } from "../figures/common.js";
import { lastLine } from "../figures/messages.js";
import { details, find, load } from "./find.js";

const ROOT = new URL("../../", import.meta.url);
const AT_ONCE = 12; // results that are fetched together
const OF_A_PAGE = 3; // the rest is folded, so that the next page can be seen
const PAUSE = 120; // milliseconds after the last key
const EXAMPLES = ["broadcasting", "overfitting", "learning rate", "state_dict"];
/** @typedef {import("./find.js").Answer} Answer */
/** @typedef {import("./find.js").Hit} Hit */

/** @type {Record<string, string>} */
const KINDS = {
  Error: "Errors",
  Recipe: "Cheat sheet",
  Package: "The package",
  Figures: "All figures",
};

/** @param {string} path @param {string} text */
const link = (path, text) => make("a", { href: new URL(path, ROOT).href }, text);

/** Other places to look. */
const elsewhere = () =>
  make(
    "p",
    {},
    "The ",
    link("book/glossary.html", "glossary"),
    " explains every term; the page on ",
    link("book/errors.html", "errors"),
    " explains the most common messages.",
  );

/** @param {import("./find.js").Snippet} pieces */
const showSnippet = (pieces) =>
  pieces.map(({ text, isFound }) => (isFound ? make("mark", {}, text) : text));

class Search extends HTMLElement {
  #asked = 0;
  #asTyped = ""; // the query in which nothing is to be corrected
  #timer = 0;

  connectedCallback() {
    if (this.field) return;
    this.isPage = !this.closest("dialog");
    const id = this.isPage ? "tb-search-page" : "tb-search-field";
    this.field = make("input", {
      id,
      name: "q",
      type: "text",
      inputmode: "search",
      enterkeyhint: "search",
      maxlength: 2000,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      placeholder: "A term, or an error message",
    });
    this.status = make("p", { class: "tb-search-status", role: "status" });
    this.results = make("div", { class: "tb-search-results" });
    const form = make(
      "form",
      {
        role: "search",
        action: new URL("search.html", ROOT).pathname,
        class: "tb-search-form",
      },
      make("label", { for: id, class: "tb-search-label" }, "Search the book"),
      this.field,
    );
    this.replaceChildren(form, this.status, this.results);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.enter();
    });
    this.field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.look(), PAUSE);
    });
    this.field.addEventListener("paste", (event) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!text.trim().includes("\n")) return;
      event.preventDefault(); // search for the last line of a traceback
      this.ask(lastLine(text));
    });
    this.addEventListener("keydown", (event) => this.walk(event));
    this.field.value = this.isPage ? (new URLSearchParams(location.search).get("q") ?? "") : "";
    load().catch(() => this.giveUp()); // in advance, while the reader types
    this.look();
    if (this.isPage) this.field.focus();
  }

  /** Search for something else. @param {string} query */
  ask(query) {
    this.field.value = query;
    this.field.focus();
    this.look();
  }

  async look() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    const asked = this.#asked;
    const query = this.field.value.trim();
    if (this.isPage) {
      history.replaceState(null, "", query ? `?q=${encodeURIComponent(query)}` : location.pathname);
    }
    if (!query) {
      this.invite();
      return;
    }
    try {
      const answer = await find(query, query === this.#asTyped);
      const hits = await details(answer.found.slice(0, AT_ONCE), answer);
      if (asked === this.#asked) this.show(query, answer, hits);
    } catch {
      if (asked === this.#asked) this.giveUp();
    }
  }

  invite() {
    this.status.textContent = "";
    const examples = EXAMPLES.map((query) => {
      const button = make("button", { type: "button", class: "tb-search-example" }, query);
      button.addEventListener("click", () => this.ask(query));
      return make("li", {}, button);
    });
    this.results.replaceChildren(
      make(
        "p",
        {},
        "Look for a term, a name such as ",
        make("code", {}, "nn.Linear"),
        ", or paste an error message: all of it, or its last line.",
      ),
      make("ul", { class: "tb-search-examples", "aria-label": "For example" }, ...examples),
      elsewhere(),
    );
  }

  giveUp() {
    this.status.textContent = "The search could not be loaded.";
    this.results.replaceChildren(
      make("p", {}, "There may be no network just now. Once there is, type again."),
      elsewhere(),
    );
  }

  /** @param {string} query @param {Answer} answer @param {Hit[]} hits */
  show(query, answer, hits) {
    const { found, words, instead } = answer;
    if (!found.length) {
      this.status.textContent = `Nothing found for “${query.slice(0, 80)}”.`;
      this.results.replaceChildren(
        make("p", {}, "Try fewer words, or another word for it."),
        elsewhere(),
      );
      return;
    }
    const count = found.length === 1 ? "1 result" : `${found.length} results`;
    this.status.textContent = instead ? `Showing ${count} for “${words}”` : count;
    this.results.replaceChildren();
    if (instead) this.offerTyped(query);
    this.addPages(hits);
    this.offerMore(found.slice(AT_ONCE), answer);
    this.results.scrollTop = 0;
  }

  /** Let the reader insist. @param {string} query */
  offerTyped(query) {
    const button = make("button", { type: "button", class: "tb-search-typed" }, query);
    button.addEventListener("click", () => {
      this.#asTyped = query;
      this.ask(query);
    });
    this.results.append(make("p", {}, "Search instead for ", button));
  }

  /** Add results, grouped by page. @param {Hit[]} hits */
  addPages(hits) {
    const pages = new Map();
    for (const hit of hits) {
      const key = hit.url.split("#", 1)[0];
      pages.set(key, [...(pages.get(key) ?? []), hit]);
    }
    this.results.append(
      make(
        "ol",
        { class: "tb-search-pages" },
        ...[...pages.values()].map((group) => this.drawPage(group)),
      ),
    );
  }

  /** @param {Hit[]} hits */
  drawPage(hits) {
    const [{ page, kind }] = hits;
    /** @param {Hit} hit */
    const hit = ({ url, title, snippet }) =>
      make(
        "li",
        {},
        make(
          "a",
          { href: url, class: "tb-search-hit" },
          make("span", { class: "tb-search-title" }, title),
          make("span", { class: "tb-search-excerpt" }, ...showSnippet(snippet)),
        ),
      );
    const name = KINDS[kind] ?? kind;
    const label = page === name ? [] : [make("span", { class: "tb-search-kind" }, name), " "];
    const item = make(
      "li",
      {},
      make("p", { class: "tb-search-page" }, ...label, page),
      make("ul", {}, ...hits.slice(0, OF_A_PAGE).map(hit)),
    );
    const rest = hits.slice(OF_A_PAGE);
    if (rest.length) {
      item.append(
        make(
          "details",
          {},
          make("summary", {}, `${rest.length} more on this page`),
          make("ul", {}, ...rest.map(hit)),
        ),
      );
    }
    return item;
  }

  /** @param {import("./find.js").Found[]} found @param {Answer} answer */
  offerMore(found, answer) {
    if (!found.length) return;
    const more = make(
      "button",
      { type: "button", class: "tb-search-more" },
      `Show ${Math.min(found.length, AT_ONCE)} more`,
    );
    more.addEventListener("click", async () => {
      const asked = this.#asked;
      const hits = await details(found.slice(0, AT_ONCE), answer);
      if (asked !== this.#asked) return;
      more.remove();
      const last = this.hits.length;
      this.addPages(hits);
      this.offerMore(found.slice(AT_ONCE), answer);
      this.hits[last].focus();
    });
    this.results.append(more);
  }

  /** The links of the results. @returns {NodeListOf<HTMLAnchorElement>} */
  get hits() {
    return this.results.querySelectorAll("a.tb-search-hit");
  }

  /** Go to the first result for what is in the field now. */
  async enter() {
    await this.look();
    const [first] = this.hits;
    if (first && !this.isPage) first.click();
    else first?.focus();
  }

  /** Walk through the field and the results with the arrow keys. @param {KeyboardEvent} event */
  walk(event) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const stops = [this.field, ...[...this.hits].filter((hit) => hit.checkVisibility())];
    const current = stops.indexOf(/** @type {HTMLInputElement} */ (document.activeElement));
    if (current < 0) return;
    event.preventDefault();
    stops[Math.min(Math.max(current + step, 0), stops.length - 1)].focus();
  }
}

define("tb-search", Search);

/** @type {Promise<HTMLDialogElement>} */
let dialog;

/**
 * Open the search in a dialog, or go to its field on the search page.
 * @param {string} query what to search for at once, if anything
 */
export async function openSearch(query = "") {
  /** @type {Search} */
  let search = document.querySelector("main tb-search");
  if (!search) {
    dialog ??= makeDialog();
    const box = await dialog;
    if (box.open) return;
    box.showModal();
    search = box.querySelector("tb-search");
  }
  if (query) search.ask(query);
  search.field.focus();
  search.field.select();
}

async function makeDialog() {
  const close = make("button", { type: "button", class: "tb-search-close" }, "Close");
  const box = make(
    "dialog",
    { class: "tb-search-dialog", "aria-label": "Search the book" },
    new Search(),
    close,
  );
  close.addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target === box || target.closest("a")) box.close(); // a click beside it, or on a result
  });
  await addStyles();
  document.body.append(box);
  return box;
}

/** Load the styles and wait for them, so that no unstyled dialog is seen. */
function addStyles() {
  const sheet = make("link", {
    rel: "stylesheet",
    href: new URL("search.css", import.meta.url).href,
  });
  return new Promise((resolve) => {
    sheet.addEventListener("load", resolve);
    sheet.addEventListener("error", resolve);
    document.head.append(sheet);
  });
}
