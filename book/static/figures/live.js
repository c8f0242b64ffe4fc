// A model of the book that runs in the reader's own browser: downloaded when the reader first asks
// it something, by classifier-worker.js, in a thread of its own.

import { Figure, make, makeButton, showSize } from "./common.js";

/** @typedef {{ data: Uint8Array | Float32Array | Int32Array, dims: number[] }} Input */
/** @typedef {{ logits: number[], milliseconds: number }} Answer */

/**
 * What to tell the reader when the model fails.
 * @type {Record<string, string>}
 */
const FAILURES = {
  offline: "You are offline, and the model is not on this device yet. Connect, then try again.",
  download: "The download failed. Check the connection and try again.",
  start: "The model cannot run in this browser. A current Firefox, Chrome, Edge or Safari can.",
  model: "The file that arrived is not a model that works here.",
};

/** A figure with a live model. It calls `buildLoading` in `build`, and has `ask`. */
export class LiveFigure extends Figure {
  /** The address of the model's file. @type {string} */
  model;
  /** The size of the download, or 0. */
  bytes = 0;
  /** Whether the model is here. */
  isReady = false;
  /** @type {Worker} */
  #worker = null;
  /** @type {Map<number, { resolve: (answer: Answer) => void, reject: (error: Error) => void }>} */
  #waiting = new Map(); // for the worker's answers, by number
  /** @type {Promise<void>} */
  #loading = null;
  #count = 0;

  /** Ask the model; called again when something failed. */
  ask() {}

  /** How far the download is, or what went wrong. */
  buildLoading() {
    this.progress = make("progress", { "aria-label": "Download" });
    this.received = make("span", { class: "tb-received" });
    this.stopButton = makeButton("Stop", () => this.press());
    this.loading = make(
      "div",
      { class: "tb-loading", hidden: true },
      make("p", { class: "tb-received-line" }, this.progress, this.received),
      this.stopButton,
    );
    this.problem = make("p", { class: "tb-problem" });
    this.againButton = makeButton("Try again", () => this.tryAgain());
    this.againButton.hidden = true;
    return [this.loading, this.problem, this.againButton];
  }

  /** Stop the download because the reader wants it. */
  press() {
    this.stop();
    this.againButton.hidden = false;
    this.againButton.focus();
  }

  /** Give the focus to what was pressed before: the button that had it is gone. */
  takeFocusBack() {
    this.querySelector("button").focus();
  }

  /** Ask again what failed. */
  tryAgain() {
    this.ask();
    this.stopButton.focus(); // for the button that had the focus is gone
  }

  /** @returns {Promise<void>} resolved when the model is here */
  load() {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load() {
    this.loading.hidden = false;
    this.say(`Loading the model${this.bytes ? `, ${showSize(this.bytes)}` : ""}.`);
    try {
      if (!globalThis.Worker || !globalThis.WebAssembly || !globalThis.DecompressionStream) {
        throw Object.assign(new Error("too old a browser"), { failed: "start" });
      }
      this.#worker = new Worker(new URL("classifier-worker.js", import.meta.url), {
        type: "module",
      });
      this.#worker.onmessage = ({ data }) => this.#hear(data);
      this.#worker.onerror = () => this.#fail("download", "the worker did not start");
      const model = new URL(this.model, document.baseURI).href;
      await this.#send({ model });
    } catch (error) {
      this.stop();
      throw error;
    }
    const hadFocus = this.loading.contains(document.activeElement);
    this.isReady = true;
    this.loading.hidden = true;
    // The button that had it is gone: back to what was pressed before.
    if (hadFocus) this.takeFocusBack();
  }

  /** Stop the download, or drop the model. */
  stop() {
    this.#worker?.terminate();
    this.#fail(null, "stopped");
    this.#worker = null;
    this.#loading = null;
    this.loading.hidden = true;
    this.progress.removeAttribute("value");
    this.received.textContent = "";
  }

  /** @param {object} message @param {Transferable[]} transfer @returns {Promise<Answer>} */
  #send(message, transfer = []) {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...message }, transfer);
    });
  }

  /**
   * @param {Answer & { id: number, received?: number, failed?: string, message?: string }} data
   */
  #hear({ id, received, failed, message, ...answer }) {
    if (received) return this.showProgress(received);
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    return failed ? reject(Object.assign(new Error(message), { failed })) : resolve(answer);
  }

  /** @param {string | null} failed @param {string} message */
  #fail(failed, message) {
    for (const { reject } of this.#waiting.values()) {
      reject(Object.assign(new Error(message), { failed }));
    }
    this.#waiting.clear();
  }

  /** @param {number} received */
  showProgress(received) {
    if (this.bytes) {
      this.progress.max = this.bytes;
      this.progress.value = Math.min(received, this.bytes);
    }
    const all = this.bytes ? ` of ${showSize(this.bytes)}` : "";
    const isAll = this.bytes && received >= this.bytes; // what remains is to start it
    this.received.textContent = isAll ? "Starting the model" : `${showSize(received)}${all}`;
  }

  /** Run the model, which must be loaded. @param {Input} input @returns {Promise<Answer>} */
  run({ data, dims }) {
    if (!this.#worker) throw new Error("the model is not loaded: call load() first");
    return this.#send({ data, dims });
  }

  /** Whether the model is here or on its way. */
  get isLoading() {
    return this.#loading !== null;
  }

  /** Whether all questions are answered. */
  get isIdle() {
    return this.#waiting.size === 0;
  }

  /** @param {Error & { failed?: string }} error */
  explain({ failed = "model", message }) {
    const why = failed === "download" && navigator.onLine === false ? "offline" : failed;
    this.complain(`${FAILURES[why]} (${message})`);
    this.againButton.hidden = failed === "start";
  }

  /** @param {string} message what went wrong, or nothing */
  complain(message) {
    this.problem.textContent = message;
    this.againButton.hidden = true;
    if (message) this.say(message);
  }
}
