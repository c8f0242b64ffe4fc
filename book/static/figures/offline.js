// <tb-offline>: keeps the book in the reader's browser. data-bytes, set by the build, is its size.
// Nothing is registered, kept or fetched before the reader presses the button.
//
// Each file is kept under its checksum, `chapters/x.html?v=SUM`, and checked as it arrives, so
// files of two builds never mix. The list of files is stored last: until then the worker
// (book/offline/sw.js) serves the previous build, or nothing. Files that have arrived are reused.

import { ROOT } from "../progress.js";
import { define, make, makeButton, showSize } from "./common.js";

const CACHE = `torchbook ${ROOT.pathname}`; // other sites may share the host
const LIST = `${ROOT.href}offline.json`;
const AT_ONCE = 6;
const PAUSE = 5000; // milliseconds between two spoken progress reports

/** @typedef {{ built: string, files: Record<string, [string, number]> }} List checksum and size by path */

/** An error whose message is meant for the reader. */
class Problem extends Error {}

const CANNOT =
  "The book cannot be kept here: the browser is too old for that, its window is a private one, " +
  "or the address does not begin with https.";
const NO_NETWORK = "The network is gone. What has come so far is kept: go on when it is back.";
const NEW = "The site has just been published again: try again in a few minutes.";
const FULL = "There is no room left. What has come so far can be removed here.";

/** @param {Error} error */
function explain(error) {
  if (error instanceof Problem) return error.message;
  return error.name === "QuotaExceededError" ? FULL : `The browser refused: ${error.message}`;
}

/** @param {number} count */
const showCount = (count) => count.toLocaleString("en");
/** @param {string} date such as 2026-11-28 */
const showDate = (date) =>
  new Date(date).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });

/** The address under which a file is kept. @param {string} path @param {string} sum */
const keyOf = (path, sum) => `${ROOT.href}${path}?v=${sum}`;

/** @param {[string, [string, number]][]} entries of a list */
const weigh = (entries) => entries.reduce((sum, [, [, bytes]]) => sum + bytes, 0);

/** Describe the kept copy. @param {List} list */
function describe({ built, files }) {
  const entries = Object.entries(files);
  return (
    `The book is kept on this device, as it was built on ${showDate(built)}: ` +
    `${showCount(entries.length)} files, ${showSize(weigh(entries))}.`
  );
}

/**
 * Fetch a file from the server, not from a cache.
 * @param {string} url
 * @param {AbortSignal} [signal]
 */
async function ask(url, signal) {
  const answer = await fetch(url, { cache: "no-store", signal }).catch((error) => {
    throw signal?.aborted ? error : new Problem(NO_NETWORK);
  });
  if (answer.status === 404) throw new Problem(NEW);
  if (!answer.ok)
    throw new Problem(`The server answered ${answer.status}. Try again in some minutes.`);
  return answer;
}

/** @param {Response | undefined} answer @returns {Promise<List | null>} */
async function readList(answer) {
  const list = await answer?.json().catch(() => {});
  return typeof list?.files === "object" ? list : null;
}

/**
 * Fetch a file, and keep it if its checksum is right.
 * @param {Cache} cache
 * @param {string} path
 * @param {string} sum
 * @param {AbortSignal} signal
 */
async function keep(cache, path, sum, signal) {
  const answer = await ask(ROOT.href + path, signal);
  const content = await answer.arrayBuffer().catch((error) => {
    throw signal.aborted ? error : new Problem(NO_NETWORK);
  });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-384", content));
  if (btoa(String.fromCharCode(...digest)) !== sum) throw new Problem(NEW);
  const headers = {
    "Content-Type": answer.headers.get("Content-Type") ?? "application/octet-stream",
  };
  await cache.put(keyOf(path, sum), new Response(content, { headers }));
}

/** The files of a list that are not kept yet. @param {List} list */
async function missingFrom(list) {
  const keys = (await caches.has(CACHE)) ? await (await caches.open(CACHE)).keys() : [];
  const kept = new Set(keys.map(({ url }) => url));
  return Object.entries(list.files).filter(([path, [sum]]) => !kept.has(keyOf(path, sum)));
}

/** Delete the files of other builds. @param {Cache} cache @param {List} list */
async function dropOthers(cache, list) {
  const named = new Set(Object.entries(list.files).map(([path, [sum]]) => keyOf(path, sum)));
  const others = (await cache.keys()).filter(({ url }) => url !== LIST && !named.has(url));
  await Promise.all(others.map((key) => cache.delete(key)));
}

/** The worker of this site, not that of a site above it on the same host. */
async function findWorker() {
  const registration = await navigator.serviceWorker.getRegistration(ROOT.href);
  return registration?.scope === ROOT.href ? registration : undefined;
}

/** Tell the worker that the kept copy has changed. */
const tellWorker = async () => (await findWorker())?.active?.postMessage("changed");

class Offline extends HTMLElement {
  /** @type {AbortController | null} during a download */
  #stop = null;
  #turn = 0; // the latest look, so that slower ones are ignored
  #spoken = 0; // time of the last spoken progress report

  async connectedCallback() {
    if (this.said) return; // it was only moved
    this.said = make("p", { tabindex: -1 });
    this.bar = make("progress", { "aria-label": "Files that are kept" });
    this.count = make("span", { class: "tb-count" });
    this.status = make("p", { class: "tb-status", role: "status" });
    this.buttons = {
      keep: makeButton("", () => this.keep()),
      stop: makeButton("Stop", () => this.#stop?.abort()),
      remove: makeButton("Remove it", () => this.remove()),
    };
    this.line = make(
      "div",
      { class: "tb-progress-buttons" },
      this.bar,
      this.count,
      this.buttons.stop,
    );
    this.replaceChildren(
      this.said,
      this.line,
      make("div", { class: "tb-progress-buttons" }, this.buttons.keep, this.buttons.remove),
      this.status,
    );
    if (!navigator.serviceWorker || !window.caches || !crypto.subtle) this.show(CANNOT);
    else await this.look().catch(() => this.show(CANNOT));
    // Set last, so that the first sentence does not interrupt a screen reader.
    this.said.setAttribute("role", "status");
  }

  /**
   * Show a sentence, and the buttons that go with it.
   * @param {string} sentence
   * @param {string} [keep] text of the first button, if it is shown
   * @param {boolean} [canRemove]
   */
  show(sentence, keep = "", canRemove = false) {
    const { keep: button, remove, stop } = this.buttons;
    const focused = document.activeElement;
    if (this.said.textContent !== sentence) this.said.textContent = sentence; // or it would be read again
    button.textContent = keep;
    button.hidden = !keep;
    remove.hidden = !canRemove;
    this.line.hidden = !this.#stop;
    if (!this.contains(focused) || !focused.closest("[hidden]")) return;
    (this.#stop ? stop : this.said).focus(); // or the focus would be lost with the button
  }

  /** Show what is kept. @param {string} [problem] an error to show instead */
  async look(problem = "") {
    this.#turn += 1;
    const turn = this.#turn;
    if (!(await caches.has(CACHE))) {
      const bytes = Number(this.dataset.bytes ?? 0);
      this.show(
        problem || "The book is not kept on this device.",
        `Keep the book on this device${bytes ? ` (${showSize(bytes)})` : ""}`,
      );
      return;
    }
    const kept = await readList(await caches.match(LIST, { cacheName: CACHE }));
    const is = kept ? describe(kept) : "The book is not kept as a whole.";
    const more = kept ? "Bring up to date" : "Go on";
    this.show(problem || is, kept && !problem ? "" : more, true); // before the network answers
    const list = await ask(LIST)
      .then(readList)
      .catch(() => {});
    if (!list) return;
    const missing = await missingFrom(list);
    if (turn !== this.#turn) return; // a button was pressed meanwhile
    const size = showSize(weigh(missing));
    if (!kept) {
      const all = Object.keys(list.files).length;
      const have = `${showCount(all - missing.length)} of ${showCount(all)} files are on this device.`;
      this.show(problem || `${is} ${have}`, `${more} (${size})`, true);
    } else if (missing.length || JSON.stringify(list.files) !== JSON.stringify(kept.files)) {
      this.show(problem || `${is} The site has changed since.`, `${more} (${size})`, true);
    }
  }

  async keep() {
    this.#turn += 1;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.bar.removeAttribute("value");
    this.count.textContent = "";
    this.show("The book is being kept. Leave this page open.");
    let problem = "";
    try {
      await this.fetchAll(signal);
    } catch (error) {
      if (!signal.aborted) problem = explain(error);
      this.#stop.abort(); // the other files are not needed
    }
    this.#stop = null;
    this.status.textContent = "";
    await this.look(problem).catch(() => this.show(CANNOT));
  }

  /** @param {AbortSignal} signal */
  async fetchAll(signal) {
    const list = await readList(await ask(LIST, signal));
    if (!list) throw new Problem(NEW);
    const missing = await missingFrom(list);
    await checkRoom(weigh(missing));
    await navigator.serviceWorker.register(`${ROOT.href}sw.js`, { scope: ROOT.href });
    navigator.storage.persist?.().catch(() => {}); // or the browser may delete it when space runs out
    const cache = await caches.open(CACHE);
    const all = Object.keys(list.files).length;
    let done = all - missing.length;
    this.advance(done, all);
    const queue = missing.values();
    const work = async () => {
      for (const [path, [sum]] of queue) {
        signal.throwIfAborted();
        await keep(cache, path, sum, signal);
        done += 1;
        this.advance(done, all);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    await cache.put(LIST, new Response(JSON.stringify(list)));
    await tellWorker();
    await dropOthers(cache, list);
  }

  /**
   * Show the progress, and sometimes tell screen readers.
   * @param {number} done
   * @param {number} all
   */
  advance(done, all) {
    this.bar.max = all;
    this.bar.value = done;
    this.count.textContent = `${showCount(done)} of ${showCount(all)} files`;
    if (Date.now() - this.#spoken < PAUSE) return;
    this.#spoken = Date.now();
    this.status.textContent = this.count.textContent;
  }

  async remove() {
    await caches.delete(CACHE);
    await tellWorker();
    await (await findWorker())?.unregister();
    await this.look();
  }
}

/** @param {number} bytes to be stored */
async function checkRoom(bytes) {
  const { quota, usage } = (await navigator.storage.estimate?.()) ?? {};
  if (!(quota - usage < bytes)) return; // old browsers do not tell
  throw new Problem(
    `There is not enough room: ${showSize(bytes)} are needed, and the browser has ` +
      `${showSize(Math.max(0, quota - usage))} for this site.`,
  );
}

define("tb-offline", Offline);
