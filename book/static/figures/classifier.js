// <tb-classifier model="../_static/models/x.onnx" classes="cat, dog" kind="photo">: a model of the
// book runs in the reader's own browser. It is downloaded only when the reader asks.
//
// kind="photo": the model takes uint8 [1, 3, H, W] of any size and preprocesses it itself.
// kind="grey28": the model takes uint8 [1, 1, 28, 28], bright on black; there is a pad to draw on.
// The images inside the element are its samples. data-tile="28" cuts one into squares of 28 pixels,
// one of each class, row by row. data-bytes, set by the build, is the size of the download.

import {
  define,
  Figure,
  make,
  makeButton,
  makeSelect,
  placeOf,
  showSize,
  softmax,
} from "./common.js";

const KINDS = ["photo", "grey28"];
const SIDE = 28; // of a grey picture, in pixels
const ENOUGH = 512; // pixels of a photo's shorter side: models use fewer
const STEP = 0.25; // of a pixel, between two dabs of the brush

/** @typedef {{ data: Uint8Array | Float32Array, dims: number[] }} Pixels */
/** @typedef {{ logits: number[], milliseconds: number }} Answer */
/** @typedef {CanvasImageSource & { width: number, height: number }} Picture */

/** @param {number} share @returns {string} in per cent, never 0 or 100 */
export function showShare(share) {
  const percent = Math.round(100 * share);
  if (percent === 100) return "over 99 %";
  return percent === 0 ? "under 1 %" : `${percent} %`;
}

/** @param {ImageData} image @returns {Pixels} its colours as [1, 3, H, W] */
export function colours({ data, width, height }) {
  const size = width * height;
  const planes = new Uint8Array(3 * size);
  for (let i = 0; i < size; i += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      planes[channel * size + i] = data[4 * i + channel];
    }
  }
  return { data: planes, dims: [1, 3, height, width] };
}

/** @param {ImageData} image @returns {Pixels} its red channel as [1, 1, H, W] */
export function greys({ data, width, height }) {
  const grey = Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]);
  return { data: grey, dims: [1, 1, height, width] };
}

/**
 * @param {number} width
 * @param {number} height
 * @param {string} ground its colour
 * @param {(context: CanvasRenderingContext2D) => void} draw
 */
function paint(width, height, ground, draw = () => {}) {
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  draw(context);
  return canvas;
}

/** A photo on white, no larger than models need. @param {Picture} picture */
function asPhoto(picture) {
  const scale = Math.min(1, ENOUGH / Math.min(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(1, Math.round(side * scale)),
  );
  return paint(width, height, "#fff", (context) => context.drawImage(picture, 0, 0, width, height));
}

/** A picture like those of the data set: grey, 28 by 28, on black. @param {Picture} picture */
async function asGrey28(picture) {
  const scale = SIDE / Math.max(picture.width, picture.height);
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(1, Math.round(side * scale)),
  );
  /** @type {ImageBitmapOptions} */
  const options = { resizeWidth: width, resizeHeight: height, resizeQuality: "high" };
  const small = await createImageBitmap(asPhoto(picture), options);
  const canvas = paint(width, height, "#fff", (context) => context.drawImage(small, 0, 0));
  const context = canvas.getContext("2d");
  const image = context.getImageData(0, 0, width, height);
  const { data } = image;
  let [edge, edges] = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)];
    const grey = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
    data.fill(grey, i, i + 3);
    if (x % (width - 1) === 0 || y % (height - 1) === 0) [edge, edges] = [edge + grey, edges + 1];
  }
  const isNegative = edge / edges > 127; // a light border: that of the data set is black
  for (let i = 0; isNegative && i < data.length; i += 4) data.fill(255 - data[i], i, i + 3);
  context.putImageData(image, 0, 0);
  return paint(SIDE, SIDE, "#000", (pad) =>
    pad.drawImage(canvas, Math.floor((SIDE - width) / 2), Math.floor((SIDE - height) / 2)),
  );
}

/**
 * What to tell the reader when the worker fails.
 * @type {Record<string, string>}
 */
const FAILURES = {
  download: "The download failed. Check the connection and try again.",
  start: "The model cannot run in this browser. A current Firefox, Chrome, Edge or Safari can.",
  model: "The file that arrived is not a model that works here.",
};

/**
 * What to tell the reader when the camera fails, by the error's name.
 * @type {Record<string, string>}
 */
const NO_CAMERA = {
  NotAllowedError:
    "The browser may not use the camera here. Allow it in the settings of this page, " +
    "or choose a picture.",
  NotFoundError: "There is no camera on this device. Choose a picture instead.",
  NotReadableError: "The camera is busy: another program may be using it.",
};

export class ClassifierFigure extends Figure {
  label = "Interactive figure: a model in your browser";
  /** @type {Worker} */
  #worker = null;
  /** @type {Map<number, { resolve: (answer: Answer) => void, reject: (error: Error) => void }>} */
  #waiting = new Map(); // for the worker's answers, by number
  /** @type {Promise<void>} */
  #loading = null;
  #count = 0;
  #turn = 0; // the latest picture, so that answers to earlier ones are ignored
  /** @type {MediaStream} */
  #stream = null;

  read() {
    this.classes = (this.getAttribute("classes") ?? "").split(",").map((name) => name.trim());
    this.kind = this.readChoice("kind", KINDS, "photo");
    this.model = this.getAttribute("model");
    this.bytes = Number(this.dataset.bytes ?? 0);
    if (!this.model) throw new Error("model must name the model's file");
    if (this.classes.length < 2 || this.classes.includes("")) {
      throw new Error("classes must name two classes or more, with commas between them");
    }
    this.samples = [...this.querySelectorAll("img")];
  }

  build() {
    this.acceptDrops();
    this.isPhoto = this.kind === "photo";
    const size = this.bytes ? ` (${showSize(this.bytes)})` : "";
    this.loadText = `Load the model${size}`;
    this.loadButton = makeButton(this.loadText, () => this.press());
    this.loadButton.classList.add("tb-primary");
    this.progress = make("progress", { "aria-label": "Download", hidden: true });
    this.received = make("span", { class: "tb-received" });
    this.problem = make("p", { class: "tb-problem" });
    this.start = make(
      "div",
      { class: "tb-loading" },
      make("div", { class: "tb-buttons" }, this.loadButton),
      make("p", { class: "tb-received-line" }, this.progress, this.received),
      make(
        "p",
        { class: "tb-hint" },
        "It runs in your browser. Your pictures stay on this device.",
      ),
    );

    this.sampleButtons = this.samples.flatMap((image) => this.buildSamples(image));
    this.use = make(
      "div",
      { class: "tb-use", hidden: true },
      this.isPhoto ? this.buildView() : this.buildPad(),
      this.buildAnswers(),
    );
    const tiles = this.samples.some((image) => image.dataset.tile) ? " tb-tiles" : "";
    const samples = make(
      "div",
      { class: `tb-samples${tiles}`, role: "group", "aria-label": "Samples" },
      ...this.sampleButtons,
    );
    return [samples, this.start, this.buildSources(), this.problem, this.use];
  }

  /** A button for a sample, or one for each of its tiles. @param {HTMLImageElement} image */
  buildSamples(image) {
    const side = Number(image.dataset.tile ?? 0);
    /** @param {string} name @param {HTMLImageElement | HTMLCanvasElement} picture */
    const button = (name, picture) => {
      const made = make("button", { type: "button", class: "tb-sample", disabled: true }, picture);
      if (side) made.setAttribute("aria-label", name);
      made.addEventListener("click", () => this.askSample(made, image, picture, name));
      return made;
    };
    if (!side) return [button(image.alt, image)];
    const [columns, rows] = ["width", "height"].map(
      (name) => Number(image.getAttribute(name)) / side,
    );
    const tiles = Array.from({ length: columns * rows }, () => paint(side, side, "#000"));
    image.loading = "eager";
    this.painted = image
      .decode()
      .then(() => {
        for (const [i, tile] of tiles.entries()) {
          const [y, x] = placeOf(i, columns).map((at) => at * side);
          tile.getContext("2d").drawImage(image, x, y, side, side, 0, 0, side, side);
        }
      })
      .catch(() => this.complain("The sample pictures could not be loaded."));
    return tiles.map((tile, i) => {
      const name = this.classes[i % this.classes.length];
      return button(i < this.classes.length ? name : `${name}, another`, tile);
    });
  }

  /** The ways to give a picture of one's own. */
  buildSources() {
    this.file = make("input", {
      type: "file",
      accept: "image/*",
      "aria-label": "Your own picture",
    });
    this.file.addEventListener("change", () => {
      if (this.file.files.length) this.askFile(this.file.files[0]);
      this.file.value = ""; // or the same file could not be chosen again
    });
    this.file.hidden = true;
    this.video = make("video", { class: "tb-video", playsinline: true, "aria-label": "Camera" });
    this.video.muted = true;
    this.shot = make(
      "div",
      { class: "tb-shot", hidden: true },
      this.video,
      make(
        "div",
        { class: "tb-buttons" },
        makeButton("Take the picture", () => this.shoot()),
        makeButton("Camera off", () => this.stopCamera()),
      ),
    );
    this.cameraButton = makeButton("Use the camera", () => this.startCamera());
    this.sources = make(
      "div",
      { class: "tb-sources", hidden: true },
      make(
        "div",
        { class: "tb-buttons" },
        makeButton("Choose a picture", () => this.file.click()),
        this.file,
        ...(this.isPhoto ? [this.cameraButton] : []),
      ),
      make(
        "p",
        { class: "tb-hint" },
        this.isPhoto
          ? "Or drop a picture here, or paste one."
          : "Or drop a picture here, or paste one: it is made grey, shrunk to 28 by 28 and, if its " +
              "border is light, turned negative, because that is all the model knows.",
      ),
      this.shot,
    );
    return this.sources;
  }

  buildView() {
    this.view = paint(1, 1, "#fff");
    this.view.className = "tb-view";
    this.view.setAttribute("aria-hidden", "true"); // samples have names, readers know their own pictures
    return make("div", { class: "tb-seen" }, this.view);
  }

  /** A pad of 28 by 28 pixels, to draw on by pointer or keyboard. */
  buildPad() {
    this.view = paint(SIDE, SIDE, "#000");
    this.view.className = "tb-view tb-pad-28";
    this.view.tabIndex = 0;
    this.view.setAttribute("role", "application");
    this.view.setAttribute(
      "aria-label",
      "Pad of 28 by 28 pixels. Arrow keys move the brush, the space bar lowers and lifts it.",
    );
    this.brush = makeSelect("brush", ["draw", "rub out"], "draw", () => {});
    this.cursor = make("div", { class: "tb-brush" });
    /** @type {{ x: number, y: number }} */
    this.at = { x: 14, y: 14 };
    this.isDown = false;
    /** @param {PointerEvent} event */
    const place = (event) => {
      const box = this.view.getBoundingClientRect();
      return {
        x: ((event.clientX - box.left) / box.width) * SIDE,
        y: ((event.clientY - box.top) / box.height) * SIDE,
      };
    };
    this.view.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.view.setPointerCapture(event.pointerId);
      this.at = place(event);
      this.stroke(this.at);
    });
    this.view.addEventListener("pointermove", (event) => {
      if (this.view.hasPointerCapture(event.pointerId)) this.stroke(place(event));
    });
    this.view.addEventListener("keydown", (event) => this.steer(event));
    this.moveCursor();
    return make(
      "div",
      { class: "tb-seen" },
      make("div", { class: "tb-pad-frame" }, this.view, this.cursor),
      make(
        "div",
        { class: "tb-buttons" },
        this.brush,
        makeButton("Clear", () => this.clear()),
      ),
    );
  }

  buildAnswers() {
    this.bars = this.classes.map((name) => ({
      row: make("li", {}),
      bar: make("span", { class: "tb-bar", "aria-hidden": "true" }),
      share: make("span", { class: "tb-share" }),
      name,
    }));
    for (const { row, bar, share, name } of this.bars) {
      row.append(make("span", { class: "tb-class" }, name), bar, share);
    }
    this.sentence = make("p", { class: "tb-sentence-line" });
    this.time = make("p", { class: "tb-hint" });
    return make(
      "div",
      { class: "tb-answers" },
      this.sentence,
      make("ul", {}, ...this.bars.map(({ row }) => row)),
      this.time,
    );
  }

  acceptDrops() {
    /** @param {DragEvent} event */
    const isFile = (event) => this.isReady && event.dataTransfer?.types.includes("Files");
    this.addEventListener("dragover", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      this.classList.add("tb-over");
    });
    this.addEventListener("dragleave", () => this.classList.remove("tb-over"));
    this.addEventListener("drop", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      this.classList.remove("tb-over");
      this.askFile(event.dataTransfer.files[0]);
    });
  }

  /** @param {ClipboardEvent} event */
  #paste = (event) => {
    const [file] = event.clipboardData?.files ?? [];
    const target = /** @type {Element} */ (event.target);
    if (file && this.isReady && !target.closest?.("input, textarea")) this.askFile(file);
  };

  attach() {
    document.addEventListener("paste", this.#paste);
  }

  detach() {
    document.removeEventListener("paste", this.#paste);
    this.stopCamera();
    if (!this.isReady) this.stop();
  }

  // The model

  /** Load the model, or stop the download. */
  press() {
    if (this.#loading) this.stop();
    else this.load().catch(() => {}); // the reader has been told why
  }

  /**
   * @returns {Promise<void>} resolved after the first answer, if there are samples
   */
  load() {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load() {
    const focused = document.activeElement;
    this.complain("");
    this.progress.hidden = false;
    this.loadButton.textContent = "Stop";
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
      this.input = await this.#send({ model });
    } catch (error) {
      this.stop();
      if (error.failed) {
        this.complain(`${FAILURES[error.failed]} (${error.message})`);
        this.loadButton.textContent = "Try again";
      }
      throw error;
    }
    this.isReady = true;
    this.start.hidden = true;
    this.sources.hidden = false;
    this.use.hidden = false;
    for (const button of this.sampleButtons) button.disabled = false;
    if (focused === this.loadButton)
      (this.sampleButtons[0] ?? this.sources.querySelector("button")).focus();
    if (this.sampleButtons.length) {
      await this.painted;
      this.sampleButtons[0].click();
      await this.answered;
    } else if (!this.isPhoto) this.clear();
  }

  /** Stop the download, or drop the model. */
  stop() {
    this.#worker?.terminate();
    this.#fail(null, "stopped");
    this.#worker = null;
    this.#loading = null;
    this.progress.hidden = true;
    this.received.textContent = "";
    this.loadButton.textContent = this.loadText;
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
    this.received.textContent = `${showSize(received)}${all}`;
  }

  /**
   * Run the model, which must be loaded.
   * @param {ImageData | Uint8Array | Float32Array} input a picture, or the model's own input
   * @param {number[]} [dims] of the model's own input
   * @returns {Promise<number[]>} one logit for each class
   */
  async logits(input, dims) {
    return (
      await this.#answer(
        input instanceof ImageData
          ? (this.isPhoto ? colours : greys)(input)
          : { data: input, dims },
      )
    ).logits;
  }

  /** @param {Pixels} pixels @returns {Promise<Answer>} */
  #answer({ data, dims }) {
    if (!this.#worker) throw new Error("the model is not loaded: call load() first");
    return this.#send({ data, dims });
  }

  /** Whether all questions are answered. */
  get isIdle() {
    return this.#waiting.size === 0;
  }

  // Pictures

  /**
   * @param {HTMLButtonElement} button
   * @param {HTMLImageElement} image
   * @param {HTMLImageElement | HTMLCanvasElement} picture the image, or a tile of it
   * @param {string} name
   */
  askSample(button, image, picture, name) {
    for (const other of this.sampleButtons)
      other.setAttribute("aria-pressed", String(other === button));
    const isTile = picture !== image;
    this.answered = isTile
      ? this.show(picture, name.replace(", another", ""))
      : this.openSample(image)
          .then((bitmap) => this.show(bitmap))
          .catch(() => this.cannotRead("This sample"));
  }

  /** A sample at full size. @param {HTMLImageElement} image */
  async openSample(image) {
    image.loading = "eager";
    await image.decode();
    return createImageBitmap(image);
  }

  /** @param {File} file that may be a picture */
  async askFile(file) {
    this.release();
    try {
      const picture = await createImageBitmap(file);
      await this.show(this.isPhoto ? picture : await asGrey28(picture));
    } catch {
      this.cannotRead(file.name ? `“${file.name}”` : "That");
    }
  }

  /** @param {string} what */
  cannotRead(what) {
    this.complain(`${what} could not be read as a picture. JPEG, PNG and WebP work everywhere.`);
  }

  /** Show a picture and ask the model about it. @param {Picture} picture */
  async show(picture, truth = "") {
    this.complain("");
    const ready = this.isPhoto ? asPhoto(picture) : picture;
    [this.view.width, this.view.height] = [ready.width, ready.height];
    this.view.getContext("2d").drawImage(ready, 0, 0);
    await this.ask(truth);
  }

  /** Ask about the picture in view. Answers to earlier pictures are ignored. */
  async ask(truth = "") {
    this.#turn += 1;
    const turn = this.#turn;
    const { width, height } = this.view;
    const image = this.view.getContext("2d").getImageData(0, 0, width, height);
    try {
      const { logits, milliseconds } = await this.#answer((this.isPhoto ? colours : greys)(image));
      if (logits.length !== this.classes.length) {
        throw new Error(`${logits.length} answers for ${this.classes.length} classes`);
      }
      if (turn === this.#turn) this.showAnswer(softmax(logits), milliseconds, truth);
    } catch (error) {
      this.complain(`${FAILURES.model} (${error.message})`);
    }
  }

  /** @param {number[]} shares @param {number} milliseconds @param {string} truth */
  showAnswer(shares, milliseconds, truth) {
    const order = shares.map((_, i) => i).sort((a, b) => shares[b] - shares[a]);
    this.bars.forEach(({ row, bar, share }, i) => {
      row.classList.toggle("tb-first", i === order[0]);
      bar.style.setProperty("--tb-share", shares[i].toFixed(4));
      share.textContent = showShare(shares[i]);
    });
    const [first, second] = order.map((i) => `${this.classes[i]}, ${showShare(shares[i])}`);
    const label = truth ? ` The label says ${truth}.` : "";
    this.sentence.textContent = `${first}.${label}`;
    this.time.textContent = `Answered in ${Math.max(1, Math.round(milliseconds))} ms.`;
    this.say(`${first}. Then ${second}.${label}`);
  }

  /** @param {string} message */
  complain(message) {
    this.problem.textContent = message;
    if (message) this.say(message);
  }

  /** Show that no sample is chosen. */
  release() {
    for (const button of this.sampleButtons) button.setAttribute("aria-pressed", "false");
  }

  // The pad

  clear() {
    this.release();
    const context = this.view.getContext("2d");
    context.fillStyle = "#000";
    context.fillRect(0, 0, SIDE, SIDE);
    this.ask();
  }

  /**
   * Draw from the brush to a place, and ask about the result.
   * @param {{ x: number, y: number }} to
   */
  stroke(to) {
    this.release();
    const context = this.view.getContext("2d");
    const isDrawing = this.brush.value === "draw";
    const radius = isDrawing ? 1.1 : 2;
    context.fillStyle = isDrawing ? "#fff" : "#000";
    const [dx, dy] = [to.x - this.at.x, to.y - this.at.y];
    const steps = Math.max(1, Math.ceil(Math.hypot(dx, dy) / STEP));
    for (let i = 0; i <= steps; i += 1) {
      context.beginPath();
      context.arc(
        this.at.x + (dx * i) / steps,
        this.at.y + (dy * i) / steps,
        radius,
        0,
        2 * Math.PI,
      );
      context.fill();
    }
    this.at = to;
    this.moveCursor();
    this.askSoon();
  }

  /** Ask at most once per frame. */
  askSoon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.ask();
    });
  }

  /** @param {KeyboardEvent} event */
  steer(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    /** @type {Record<string, number[]>} */
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const [dx, dy] = step[event.key] ?? [0, 0];
    if (event.key === " ") this.isDown = !this.isDown;
    else if (!dx && !dy) return;
    event.preventDefault(); // the page must not scroll
    /** @param {number} value */
    const within = (value) => Math.min(SIDE - 0.5, Math.max(0.5, value));
    const to = { x: within(this.at.x + dx), y: within(this.at.y + dy) };
    if (this.isDown) this.stroke(to);
    else {
      this.at = to;
      this.moveCursor();
    }
  }

  moveCursor() {
    this.cursor.style.setProperty("--tb-x", String(this.at.x / SIDE));
    this.cursor.style.setProperty("--tb-y", String(this.at.y / SIDE));
    this.cursor.classList.toggle("tb-down", this.isDown);
  }

  // The camera

  async startCamera() {
    this.complain("");
    const { mediaDevices } = navigator;
    if (!mediaDevices?.getUserMedia) {
      this.complain(
        "Browsers lend the camera only to pages that come over https or from localhost.",
      );
      return;
    }
    try {
      const stream = await mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      this.stopCamera();
      if (!this.isConnected) {
        // the figure was removed meanwhile
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      this.#stream = stream;
      this.video.srcObject = stream;
      this.shot.hidden = false;
      await this.video.play();
      this.shot.querySelector("button").focus();
      this.say("The camera is on.");
    } catch (error) {
      this.stopCamera();
      this.complain(NO_CAMERA[error.name] ?? `The camera gives no picture (${error.message}).`);
    }
  }

  async shoot() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return; // there is no picture yet
    const picture = paint(width, height, "#fff", (context) => context.drawImage(this.video, 0, 0));
    this.stopCamera();
    this.release();
    await this.show(picture);
  }

  stopCamera() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    if (!this.video) return;
    const hadFocus = this.shot.contains(document.activeElement);
    this.video.srcObject = null;
    this.shot.hidden = true;
    if (hadFocus) this.cameraButton.focus();
  }
}

define("tb-classifier", ClassifierFigure);
