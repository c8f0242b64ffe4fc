// <tb-search>: the search of the book, in a dialog on every page and on a page of its own.

import { define, make } from "../figures/common.js";
import { findMessages } from "../figures/messages.js";
import { details, find, load } from "./find.js";

const ROOT = new URL("../../", import.meta.url);
const AT_ONCE = 15; // results that are fetched together
const OF_A_PAGE = 3; // before the rest is folded, so that the next page is seen
const PAUSE = 120; // milliseconds without a key
const EXAMPLES = ["broadcasting", "overfitting", "learning rate", "state_dict"];
const KINDS = { Error: "Errors", Recipe: "Cheat sheet", Package: "The package" };

const link = (path, text) => make("a", { href: new URL(path, ROOT).href }, text);

/** Where to look without the search. */
const elsewhere = () =>
  make(
    "p",
    {},
    "The ",
    link("book/glossary.html", "glossary"),
    " explains every term; the page on ",
    link("book/errors.html", "errors"),
    " reads and mends the commonest messages.",
  );

/**
 * Pagefind's excerpt as nodes, without the title that it may begin with.
 * @param {string} html of which only the marks are kept
 * @param {string} title
 */
function showExcerpt(html, title) {
  const parts = html.split(/<\/?mark>/).map((part) => {
    const box = document.createElement("template");
    box.innerHTML = part;
    return box.content.textContent;
  });
  const whole = parts.join("");
  let drop = whole.startsWith(title) ? title.length : 0;
  if (drop) drop += whole.slice(drop).match(/^[.\s]*/)[0].length;
  return parts.map((part, i) => {
    const text = part.slice(drop);
    drop = Math.max(0, drop - part.length);
    return i % 2 && text ? make("mark", {}, text) : text;
  });
}

class Search extends HTMLElement {
  #asked = 0;
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
      event.preventDefault(); // of a traceback its last line says what to look for
      this.ask(findMessages(text).at(-1).split("\n", 1)[0].trim());
    });
    this.addEventListener("keydown", (event) => this.walk(event));
    this.field.value = this.isPage ? (new URLSearchParams(location.search).get("q") ?? "") : "";
    load().catch(() => this.giveUp()); // it comes while the reader types
    this.look();
    if (this.isPage) this.field.focus();
  }

  /** Look for something else than what was typed. @param {string} query */
  ask(query) {
    this.field.value = query;
    this.field.focus();
    this.look();
  }

  async look() {
    clearTimeout(this.#timer);
    const asked = (this.#asked += 1);
    const query = this.field.value.trim();
    if (this.isPage) {
      history.replaceState(null, "", query ? `?q=${encodeURIComponent(query)}` : location.pathname);
    }
    if (!query) {
      this.invite();
      return;
    }
    try {
      const answer = await find(query);
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
    this.status.textContent = instead ? `${count} for “${words}” instead` : count;
    this.results.replaceChildren();
    this.addPages(hits);
    this.offerMore(found.slice(AT_ONCE), answer);
    this.results.scrollTop = 0;
  }

  /** Add results, each page with its sections under one heading. */
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

  drawPage(hits) {
    const [{ page, kind }] = hits;
    const hit = ({ url, title, excerpt }) =>
      make(
        "li",
        {},
        make(
          "a",
          { href: url, class: "tb-search-hit" },
          make("span", { class: "tb-search-title" }, title),
          make("span", { class: "tb-search-excerpt" }, ...showExcerpt(excerpt, title)),
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
      const last = this.results.querySelectorAll("a.tb-search-hit").length;
      this.addPages(hits);
      this.offerMore(found.slice(AT_ONCE), answer);
      this.results.querySelectorAll("a.tb-search-hit")[last].focus();
    });
    this.results.append(more);
  }

  /** Enter goes to the first result, of what the field says now. */
  async enter() {
    await this.look();
    const first = this.results.querySelector("a.tb-search-hit");
    if (first && !this.isPage) first.click();
    else first?.focus();
  }

  /** The arrow keys go through the field and the results. @param {KeyboardEvent} event */
  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const hits = [...this.results.querySelectorAll("a.tb-search-hit")];
    const stops = [this.field, ...hits.filter((hit) => hit.checkVisibility())];
    const current = stops.indexOf(document.activeElement);
    if (current < 0) return;
    event.preventDefault();
    stops[Math.min(Math.max(current + step, 0), stops.length - 1)].focus();
  }
}

define("tb-search", Search);

let dialog;

/** Open the search over the page, or go to its field if the page is the search's own. */
export async function openSearch() {
  const page = document.querySelector("main tb-search");
  if (page) {
    page.field.focus();
    page.field.select();
    return;
  }
  if (!dialog) {
    dialog = makeDialog();
    await addStyles();
    document.body.append(dialog);
  }
  if (dialog.open) return;
  dialog.showModal();
  const { field } = dialog.querySelector("tb-search");
  field.focus();
  field.select();
}

function makeDialog() {
  const close = make("button", { type: "button", class: "tb-search-close" }, "Close");
  const box = make(
    "dialog",
    { class: "tb-search-dialog", "aria-label": "Search the book" },
    make("tb-search"),
    close,
  );
  close.addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => {
    if (event.target === box || event.target.closest("a")) box.close(); // beside it, or a result
  });
  return box;
}

/** Wait for the styles: an unstyled dialog would flash up. */
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
