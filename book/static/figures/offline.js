// <tb-offline>: keeps the book in the reader's browser. data-bytes, from the build, is how large it
// is. Before its button is pressed nothing is registered, kept or fetched.
//
// What is kept lies under its sum, `chapters/x.html?v=SUM`, and each file is summed up as it
// arrives: files of two builds never mix. The list of the files comes last. With it a build is kept
// as a whole; until then the worker at the site's root (book/offline/sw.js) serves the earlier one,
// or nothing, and what has come serves the next attempt.

import { ROOT } from "../progress.js";
import { define, make, makeButton, showSize } from "./common.js";

const CACHE = `torchbook ${ROOT.pathname}`; // other sites may share the host
const LIST = `${ROOT.href}_static/offline.json`;
const AT_ONCE = 6;
const PAUSE = 5000; // milliseconds between two sentences on how far it is

/** @typedef {{ built: string, files: Record<string, [string, number]> }} List sum and size by path */

/** What went wrong, in words for the reader. */
class Problem extends Error {}

const CANNOT =
  "The book cannot be kept here: the browser is too old for that, its window is a private one, " +
  "or the address does not begin with https.";
const NO_NETWORK = "The network is gone. What has come so far is kept: go on when it is back.";
const NEW = "The site has just been published anew: try again in some minutes.";
const FULL = "There is no room left. What has come so far can be removed here.";

/** @param {Error} error @returns {string} what to tell the reader */
function explain(error) {
  if (error instanceof Problem) return error.message;
  return error.name === "QuotaExceededError" ? FULL : `The browser refused: ${error.message}`;
}

const showCount = (count) => count.toLocaleString("en");
/** @param {string} date as in 2026-11-28 */
const showDate = (date) =>
  new Date(date).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });

/** Under which address a file is kept. @param {string} path @param {string} sum */
const keyOf = (path, sum) => `${ROOT.href}${path}?v=${sum}`;

/** @param {[string, [string, number]][]} entries of a list @returns {number} their bytes */
const weigh = (entries) => entries.reduce((sum, [, [, bytes]]) => sum + bytes, 0);

/** @param {List} list that is kept */
function describe({ built, files }) {
  const entries = Object.entries(files);
  return (
    `The book is kept on this device, as it was built on ${showDate(built)}: ` +
    `${showCount(entries.length)} files, ${showSize(weigh(entries))}.`
  );
}

/** The file as it lies on the server now. @param {string} url @param {AbortSignal} [signal] */
async function ask(url, signal) {
  const answer = await fetch(url, { cache: "no-store", signal }).catch((error) => {
    throw signal?.aborted ? error : new Problem(NO_NETWORK);
  });
  if (answer.status === 404) throw new Problem(NEW);
  if (!answer.ok)
    throw new Problem(`The server answered ${answer.status}. Try again in some minutes.`);
  return answer;
}

/** @param {Response | undefined} answer @returns {Promise<List | null>} null if it is no list */
async function readList(answer) {
  const list = await answer?.json().catch(() => null);
  return typeof list?.files === "object" ? list : null;
}

/**
 * Fetch a file, and keep it if it is the one that the list means.
 * @param {Cache} cache @param {string} path @param {string} sum @param {AbortSignal} signal
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

/** Which files of a list are not kept yet. @param {List} list */
async function missingFrom(list) {
  const keys = (await caches.has(CACHE)) ? await (await caches.open(CACHE)).keys() : [];
  const kept = new Set(keys.map(({ url }) => url));
  return Object.entries(list.files).filter(([path, [sum]]) => !kept.has(keyOf(path, sum)));
}

/** Drop what a list does not name: other builds. @param {Cache} cache @param {List} list */
async function dropOthers(cache, list) {
  const named = new Set(Object.entries(list.files).map(([path, [sum]]) => keyOf(path, sum)));
  const others = (await cache.keys()).filter(({ url }) => url !== LIST && !named.has(url));
  await Promise.all(others.map((key) => cache.delete(key)));
}

/** The worker of this site, not one of a site above it on the same host. */
async function findWorker() {
  const registration = await navigator.serviceWorker.getRegistration(ROOT.href);
  return registration?.scope === ROOT.href ? registration : undefined;
}

/** Tell the worker that what is kept has changed. */
const tellWorker = async () => (await findWorker())?.active?.postMessage("changed");

class Offline extends HTMLElement {
  #stop = null; // while files come
  #turn = 0; // of the latest look: an answer to an earlier one comes too late
  #spoken = 0; // when the last sentence on how far it is was said

  async connectedCallback() {
    if (this.said) return; // it was only moved within the page
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
    // Only now: what is there from the start does not interrupt a page being read.
    this.said.setAttribute("role", "status");
  }

  /**
   * Show a sentence, and the buttons that go with it.
   * @param {string} sentence
   * @param {string} [keep] what the first button says, if it is there
   * @param {boolean} [canRemove]
   */
  show(sentence, keep = "", canRemove = false) {
    const { keep: button, remove, stop } = this.buttons;
    const focused = document.activeElement;
    if (this.said.textContent !== sentence) this.said.textContent = sentence; // not read out twice
    button.textContent = keep;
    button.hidden = !keep;
    remove.hidden = !canRemove;
    this.line.hidden = !this.#stop;
    if (!this.contains(focused) || !focused.closest("[hidden]")) return;
    (this.#stop ? stop : this.said).focus(); // a button that goes must not take the focus with it
  }

  /** See what is kept, and say so. @param {string} [problem] what went wrong before */
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
    this.show(problem || is, kept && !problem ? "" : more, true); // the network may take its time
    const list = await ask(LIST)
      .then(readList)
      .catch(() => null);
    if (!list) return;
    const missing = await missingFrom(list);
    if (turn !== this.#turn) return; // another button has been pressed
    const size = showSize(weigh(missing));
    if (!kept) {
      const all = Object.keys(list.files).length;
      const have = `${showCount(all - missing.length)} of ${showCount(all)} files are on this device.`;
      this.show(problem || `${is} ${have}`, `${more} (${size})`, true);
    } else if (missing.length || JSON.stringify(list.files) !== JSON.stringify(kept.files)) {
      this.show(problem || `${is} The site has changed since.`, `${more} (${size})`, true);
    }
  }

  /** Put all that is missing into the cache. */
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
      this.#stop.abort(); // the other files need not come
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
    navigator.storage.persist?.().catch(() => {}); // or the browser may drop it all for lack of room
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

  /** Show how far it is; say it aloud now and then. */
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

/** @param {number} bytes that have to go into the browser's storage */
async function checkRoom(bytes) {
  const { quota, usage } = (await navigator.storage.estimate?.()) ?? {};
  if (!(quota - usage < bytes)) return; // an old browser does not say
  throw new Problem(
    `There is not enough room: ${showSize(bytes)} are needed, and the browser has ` +
      `${showSize(Math.max(0, quota - usage))} for this site.`,
  );
}

define("tb-offline", Offline);
