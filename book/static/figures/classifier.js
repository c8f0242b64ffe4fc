// <tb-classifier model="../_static/models/x.onnx" classes="cat, dog" kind="photo">: a model of the
// book runs in the reader's own browser. It is downloaded when the reader first asks it something.
//
// kind="photo": the model takes uint8 [1, 3, H, W] of any size and preprocesses it itself.
// kind="grey28": the model takes uint8 [1, 1, 28, 28], bright on black; there is a pad to draw on.
// The images inside the element are its samples. data-tile="28" cuts one into squares of 28 pixels,
// one of each class, row by row.
//
// The build sets what only it knows: data-bytes, the size of the download; data-threshold, below
// which the model's notes call an answer unsure; and, for a sample, data-logits, what the model said
// of it during the build. Such a sample is answered at once, without a download.

import { define, make, makeButton, makeSelect, placeOf, showSize, softmax } from "./common.js";
import { LiveFigure } from "./live.js";

const KINDS = ["photo", "grey28"];
const SIDE = 28; // of a grey picture, in pixels
const ENOUGH = 512; // pixels of a photo's shorter side: models use fewer
const STEP = 0.25; // of a pixel, between two dabs of the brush

/** @typedef {import("./live.js").Input} Input */
/** @typedef {CanvasImageSource & { width: number, height: number }} Picture */
/**
 * @typedef {object} Sample
 * @property {HTMLButtonElement} button
 * @property {HTMLImageElement} image
 * @property {HTMLCanvasElement} [tile] its part of the image
 * @property {string} truth the label of a tile
 * @property {number[]} [logits] what the model said of it during the build
 */

/** @param {number} share @returns {string} in per cent, never 0 or 100 */
export function showShare(share) {
  const percent = Math.round(100 * share);
  if (percent === 100) return "over 99 %";
  return percent === 0 ? "under 1 %" : `${percent} %`;
}

/**
 * Say what the model takes a picture for, and how sure it is.
 * @param {string[]} classes
 * @param {number[]} shares one for each class
 * @param {number} threshold the share from which on an answer counts as sure
 */
export function describe(classes, shares, threshold) {
  const order = shares.map((_, i) => i).sort((a, b) => shares[b] - shares[a]);
  const [first, second] = order.map((i) => `${classes[i]}, ${showShare(shares[i])}`);
  const isSure = shares[order[0]] >= threshold;
  return {
    best: order[0],
    isSure,
    sentence: isSure ? `${first}.` : `Not sure: ${first}?`,
    second,
  };
}

/**
 * Say why a file is no use, and what to do.
 * @param {{ name: string, type: string } | undefined} file
 */
export function explainFile(file) {
  const works = "JPEG, PNG and WebP work everywhere.";
  if (!file) return `That was no file with a picture. ${works}`;
  const name = file.name ? `“${file.name}”` : "That";
  if (/hei[cf]/i.test(file.type) || /\.hei[cf]$/i.test(file.name)) {
    return `${name} is in the format HEIC, which this browser can't read. Save it as JPEG, or take a screenshot of it.`;
  }
  if (file.type && !file.type.startsWith("image/")) return `${name} is no picture. ${works}`;
  return `${name} could not be read as a picture. ${works}`;
}

/** @param {ImageData} image @returns {Input} its colours as [1, 3, H, W] */
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

/** @param {ImageData} image @returns {Input} its red channel as [1, 1, H, W] */
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

export class ClassifierFigure extends LiveFigure {
  label = "Interactive figure: a model in your browser";
  #turn = 0; // the latest question, so that answers to earlier ones are ignored
  #truth = ""; // the label of the picture in view
  /** @type {MediaStream} */
  #stream = null;

  read() {
    this.classes = (this.getAttribute("classes") ?? "").split(",").map((name) => name.trim());
    this.kind = this.readChoice("kind", KINDS, "photo");
    this.model = this.getAttribute("model");
    this.bytes = Number(this.dataset.bytes ?? 0);
    this.threshold = Number(this.dataset.threshold ?? 0);
    if (!this.model) throw new Error("model must name the model's file");
    if (this.classes.length < 2 || this.classes.includes("")) {
      throw new Error("classes must name two classes or more, with commas between them");
    }
    this.images = [...this.querySelectorAll("img")];
  }

  build() {
    this.acceptDrops();
    this.isPhoto = this.kind === "photo";
    this.size = this.bytes ? ` (${showSize(this.bytes)})` : "";
    this.samples = this.images.flatMap((image) => this.buildSamples(image));
    this.use = make(
      "div",
      { class: "tb-use" },
      this.isPhoto ? this.buildView() : this.buildPad(),
      this.buildAnswers(),
    );
    const tiles = this.images.some((image) => image.dataset.tile) ? " tb-tiles" : "";
    const samples = make(
      "div",
      { class: `tb-samples${tiles}`, role: "group", "aria-label": "Samples" },
      ...this.samples.map(({ button }) => button),
    );
    return [samples, this.use, this.buildSources()];
  }

  /** A sample, or one for each tile. @param {HTMLImageElement} image @returns {Sample[]} */
  buildSamples(image) {
    const side = Number(image.dataset.tile ?? 0);
    /** @param {Omit<Sample, "button">} sample @param {string} name */
    const complete = (sample, name) => {
      const button = make("button", { type: "button", class: "tb-sample" }, sample.tile ?? image);
      if (name) button.setAttribute("aria-label", name);
      const whole = { ...sample, button };
      button.addEventListener("click", () => this.askSample(whole));
      return whole;
    };
    if (!side) {
      const logits = image.dataset.logits?.split(" ").map(Number);
      return [complete({ image, logits, truth: "" }, "")];
    }
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
      const truth = this.classes[i % this.classes.length];
      return complete(
        { image, tile, truth },
        i < this.classes.length ? truth : `${truth}, another`,
      );
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
    return make(
      "div",
      { class: "tb-sources" },
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
          ? "Or paste or drop one here. It stays on this device."
          : "Or paste or drop one here: it is made grey, shrunk to 28 by 28 and, if its border is " +
              "light, turned negative, because that is all the model knows. It stays on this device.",
      ),
      this.shot,
    );
  }

  /** Where the reader's own picture is seen; a sample is seen on its button. */
  buildView() {
    this.view = paint(1, 1, "#fff");
    this.view.className = "tb-view";
    this.view.setAttribute("aria-hidden", "true"); // readers know their own pictures
    /** @type {HTMLElement} */
    this.seen = make("div", { class: "tb-seen", hidden: true }, this.view);
    return this.seen;
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
    const percent = Math.round(100 * this.threshold);
    const mark = `Below the mark, ${percent} %, it is not sure.`;
    this.answers = make(
      "div",
      { class: "tb-answers" },
      this.sentence,
      make("ul", { class: percent > 0 && "tb-marked" }, ...this.bars.map(({ row }) => row)),
      percent ? make("p", { class: "tb-hint" }, mark) : "",
      this.buildFoot(),
    );
    this.answers.style.setProperty("--tb-threshold", String(this.threshold));
    this.sentence.textContent = this.isPhoto ? "Pick a picture." : "Pick a picture, or draw one.";
    return this.answers;
  }

  /** What the model weighs, where an answer comes from, how far a download is, or what went wrong. */
  buildFoot() {
    const when = this.isPhoto ? "For a picture of your own" : "At your first question";
    const price = `${when}, the model comes to this device${this.size}.`;
    this.origin = make("p", { class: "tb-hint tb-origin" }, price);
    this.liveButton = makeButton(`Ask it here, now${this.size}`, () => this.#askPressed());
    this.liveButton.hidden = true;
    return make("div", { class: "tb-foot" }, this.origin, this.liveButton, ...this.buildLoading());
  }

  acceptDrops() {
    /** @param {DragEvent} event */
    const isFile = (event) => event.dataTransfer?.types.includes("Files");
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
    if (file && !target.closest?.("input, textarea")) this.askFile(file);
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

  /** Ask again what failed. */
  tryAgain() {
    this.ask(this.#truth);
    this.stopButton.focus(); // for the button that had the focus is gone
  }

  /** Give the focus to the sample that was pressed before, if there was one. */
  takeFocusBack() {
    (this.pressed?.button ?? this.querySelector("button")).focus();
  }

  /**
   * Run the model, which must be loaded.
   * @param {ImageData | Uint8Array | Float32Array} input a picture, or the model's own input
   * @param {number[]} [dims] of the model's own input
   * @returns {Promise<number[]>} one logit for each class
   */
  async logits(input, dims) {
    return (
      await this.run(
        input instanceof ImageData
          ? (this.isPhoto ? colours : greys)(input)
          : { data: input, dims },
      )
    ).logits;
  }

  // Pictures

  /** From now on, answers to earlier questions come too late. */
  #takeTurn() {
    this.#turn += 1;
    return this.#turn;
  }

  /** @param {Sample} sample */
  askSample(sample) {
    this.release();
    sample.button.setAttribute("aria-pressed", "true");
    if (sample.logits && !this.isReady) {
      this.#takeTurn();
      this.complain("");
      this.seen.hidden = true;
      this.showAnswer(sample.logits, "Its answer when this page was built.");
      this.liveButton.hidden = this.isLoading;
      this.use.scrollIntoView({ block: "nearest" });
    } else this.#askLive(sample);
  }

  /** Have the model itself answer for the sample that is pressed. */
  #askPressed() {
    const { pressed } = this;
    this.#askLive(pressed);
    pressed.button.focus(); // for the button that had the focus is gone
  }

  /** @param {Sample} sample */
  async #askLive({ image, tile, truth }) {
    if (this.isPhoto) this.seen.hidden = true;
    const turn = this.#takeTurn();
    let picture;
    try {
      image.loading = "eager";
      await (tile ? this.painted : image.decode());
      picture = tile ?? (await createImageBitmap(image));
    } catch {
      this.complain("This sample could not be loaded. Check the connection and try again.");
      return;
    }
    if (turn === this.#turn) await this.show(picture, truth);
  }

  /** @param {File | undefined} file that may be a picture */
  async askFile(file) {
    this.release();
    const turn = this.#takeTurn();
    let picture;
    try {
      picture = await createImageBitmap(file);
      if (!this.isPhoto) picture = await asGrey28(picture);
    } catch {
      this.forget();
      this.complain(explainFile(file));
      return;
    }
    if (turn !== this.#turn) return;
    if (this.isPhoto) this.seen.hidden = false;
    await this.show(picture);
  }

  /** Show a picture and ask the model about it. @param {Picture} picture */
  async show(picture, truth = "") {
    const ready = this.isPhoto ? asPhoto(picture) : picture;
    [this.view.width, this.view.height] = [ready.width, ready.height];
    this.view.getContext("2d").drawImage(ready, 0, 0);
    this.use.scrollIntoView({ block: "nearest" });
    await this.ask(truth);
  }

  /** Ask about the picture in view. */
  async ask(truth = "") {
    this.#truth = truth;
    const turn = this.#takeTurn();
    this.complain("");
    if (!this.isReady) this.forget();
    try {
      await this.load();
      if (turn !== this.#turn) return;
      const { width, height } = this.view;
      const image = this.view.getContext("2d").getImageData(0, 0, width, height);
      const { logits, milliseconds } = await this.run((this.isPhoto ? colours : greys)(image));
      if (turn !== this.#turn) return;
      if (logits.length !== this.classes.length) {
        throw new Error(`${logits.length} answers for ${this.classes.length} classes`);
      }
      const time = Math.max(1, Math.round(milliseconds));
      this.showAnswer(logits, `Its answer just now, in your browser, in ${time} ms.`, truth);
    } catch (error) {
      if (turn === this.#turn && error.failed !== null) this.explain(error);
    }
  }

  /**
   * @param {number[]} logits
   * @param {string} origin when and where they were worked out
   */
  showAnswer(logits, origin, truth = "") {
    const shares = softmax(logits);
    const { best, isSure, sentence, second } = describe(this.classes, shares, this.threshold);
    this.bars.forEach(({ row, bar, share }, i) => {
      row.classList.toggle("tb-first", i === best);
      bar.style.setProperty("--tb-share", shares[i].toFixed(4));
      share.textContent = showShare(shares[i]);
    });
    this.answers.classList.toggle("tb-unsure", !isSure);
    const label = truth ? ` The label says ${truth}.` : "";
    this.sentence.textContent = `${sentence}${label}`;
    this.origin.textContent = origin;
    this.say(`${sentence} Then ${second}.${label}`);
  }

  /** Take the answer away: it belongs to another picture. */
  forget() {
    for (const { row, bar, share } of this.bars) {
      row.classList.remove("tb-first");
      bar.style.removeProperty("--tb-share");
      share.textContent = "";
    }
    this.answers.classList.remove("tb-unsure");
    this.origin.textContent = "";
    this.sentence.textContent = "";
  }

  /** @param {string} message */
  complain(message) {
    this.problem.textContent = message;
    this.againButton.hidden = true;
    this.liveButton.hidden = true;
    if (!message) return;
    this.origin.textContent = "";
    this.say(message);
  }

  /** The sample that was chosen last, if no other picture came since. */
  get pressed() {
    return this.samples.find(({ button }) => button.getAttribute("aria-pressed") === "true");
  }

  /** Show that no sample is chosen. */
  release() {
    for (const { button } of this.samples) button.setAttribute("aria-pressed", "false");
  }

  // The pad

  clear() {
    this.release();
    const context = this.view.getContext("2d");
    context.fillStyle = "#000";
    context.fillRect(0, 0, SIDE, SIDE);
    if (this.isReady) this.ask(); // an empty pad is no reason to load it
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
    this.seen.hidden = false;
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
