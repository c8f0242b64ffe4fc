// <tb-recommender model="../_static/models/films.json" films="Fargo (1996)|Heat (1995)">: the
// chapter's film tower recommends films to a reader who names some. Its numbers come from the run
// that built the page.

import { define, Figure, make, makeButton } from "./common.js";

const MOST = 10; // favourites
const SHOWN = 10; // recommendations
const FOUND = 5; // films that a search offers
const STEP = 0.25; // of the slider

/**
 * @typedef {object} Model
 * @property {string[]} titles
 * @property {string[]} plain the titles, as they are searched
 * @property {number[]} likes how many viewers liked each film
 * @property {number} viewers of whom
 * @property {number[]} bias
 * @property {number[][]} vectors a row for each film
 */

/** Without capitals, accents and punctuation. @param {string} text */
export const plain = (text) =>
  text
    .normalize("NFD")
    .replace(/[\u0300-\u036f'’]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

/**
 * @param {{titles: string[], likes: number[], viewers: number, bias: number[], vectors: number[]}} file
 * @returns {Model}
 */
export function readModel({ titles, likes, viewers, bias, vectors }) {
  const across = vectors.length / titles.length;
  if (
    !Number.isInteger(across) ||
    bias.length !== titles.length ||
    likes.length !== titles.length
  ) {
    throw new Error(`its numbers don’t fit ${titles.length} films`);
  }
  const rows = titles.map((_, i) => vectors.slice(i * across, (i + 1) * across));
  return { titles, plain: titles.map(plain), likes, viewers, bias, vectors: rows };
}

/**
 * The viewer's tower: the mean of the vectors of the films that they like.
 * @param {Model} model
 * @param {number[]} favourites at least one
 */
export function viewerOf({ vectors }, favourites) {
  const sums = vectors[0].map((_, k) => favourites.reduce((sum, i) => sum + vectors[i][k], 0));
  return sums.map((sum) => sum / favourites.length);
}

/**
 * A score for each film: the match and the film's bias, less a part of how popular it is.
 * @param {Model} model
 * @param {number[]} favourites
 * @param {number} unusual from 0 to 1
 */
export function scoresOf(model, favourites, unusual) {
  const viewer = viewerOf(model, favourites);
  const all = model.likes.reduce((sum, n) => sum + n, 0);
  return model.vectors.map((row, i) => {
    const match = row.reduce((sum, value, k) => sum + value * viewer[k], model.bias[i]);
    return match - unusual * Math.log(model.likes[i] / all);
  });
}

/**
 * The films with the highest scores, without the favourites.
 * @param {Model} model
 * @param {number[]} favourites
 * @param {number} unusual
 * @param {number} count
 */
export function recommend(model, favourites, unusual, count = SHOWN) {
  const scores = scoresOf(model, favourites, unusual);
  return scores
    .map((_, i) => i)
    .filter((i) => !favourites.includes(i))
    .sort((a, b) => scores[b] - scores[a])
    .slice(0, count);
}

/**
 * Films whose titles have all the words, those that begin with them first, then by popularity.
 * @param {Model} model
 * @param {string} text
 * @param {number[]} taken films that aren't wanted
 */
export function search(model, text, taken = []) {
  const wanted = plain(text);
  if (!wanted) return [];
  const words = wanted.split(" ");
  /** @param {number} i */
  const begins = (i) => Number(model.plain[i].replace(/^(the|a|an) /, "").startsWith(wanted));
  return model.titles
    .map((_, i) => i)
    .filter((i) => !taken.includes(i) && words.every((word) => model.plain[i].includes(word)))
    .sort((a, b) => begins(b) - begins(a) || model.likes[b] - model.likes[a])
    .slice(0, FOUND);
}

export class RecommenderFigure extends Figure {
  label = "Interactive figure: films for you";
  /** @type {number[]} */
  favourites = [];
  unusual = 0.5;

  read() {
    this.address = this.getAttribute("model");
    if (!this.address) throw new Error("model must be the address of a file of numbers");
    this.first = (this.getAttribute("films") ?? "").split("|").filter(Boolean);
  }

  build() {
    this.field = make("input", {
      type: "text",
      class: "tb-shape-field tb-film-field",
      spellcheck: "false",
      autocomplete: "off",
    });
    this.field.addEventListener("input", () => this.update());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const [best] = this.found();
      if (best !== undefined) this.add(best);
    });
    this.slider = make("input", {
      type: "range",
      min: 0,
      max: 1,
      step: STEP,
      value: this.unusual,
      "aria-label": "How unusual the films may be",
    });
    this.slider.addEventListener("input", () => {
      this.unusual = this.slider.valueAsNumber;
      this.update();
    });
    this.offers = make("div", { class: "tb-buttons tb-offers" });
    this.chosen = make("div", {
      class: "tb-buttons tb-own-films",
      role: "group",
      "aria-label": "Your films: press one to remove it",
    });
    this.list = make("ol", { class: "tb-recommended" });
    this.hint = make("p", { class: "tb-hint" }, "The films are being loaded.");
    this.load();
    return [
      make("div", { class: "tb-inputs" }, make("label", {}, "Add a film: ", this.field)),
      this.offers,
      make("p", { class: "tb-film-heading" }, "Your films"),
      this.chosen,
      make("p", { class: "tb-film-heading" }, "You may like"),
      make("div", { class: "tb-unusual" }, "popular", this.slider, "unusual"),
      this.list,
      this.hint,
    ];
  }

  async load() {
    try {
      const answer = await fetch(this.address);
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
      this.model = readModel(await answer.json());
      const { titles, viewers } = this.model;
      this.favourites = this.first.map((title) => titles.indexOf(title)).filter((i) => i >= 0);
      this.hint.textContent =
        `${titles.length.toLocaleString("en")} films to choose from. Press one of yours to remove it. In brackets: how many of ` +
        `${viewers} viewers liked the film.`;
    } catch (error) {
      this.hint.textContent = `The films couldn’t be loaded (${error.message}).`;
    }
    this.update();
  }

  found() {
    if (!this.model || this.favourites.length >= MOST) return [];
    return search(this.model, this.field.value, this.favourites);
  }

  /** @param {number} film */
  add(film) {
    this.favourites = [...this.favourites, film];
    this.field.value = "";
    this.field.focus();
    this.update();
  }

  /** @param {number} place in the list of favourites */
  drop(place) {
    this.favourites = this.favourites.filter((_, i) => i !== place);
    this.update();
    const rest = this.chosen.querySelectorAll("button");
    (rest[Math.min(place, rest.length - 1)] ?? this.field).focus();
  }

  update() {
    if (!this.model) return;
    const { titles, likes } = this.model;
    const found = this.found();
    this.offers.replaceChildren(
      ...found.map((film) => makeButton(titles[film], () => this.add(film))),
    );
    const isLost = plain(this.field.value) && !found.length;
    if (isLost) {
      const full = this.favourites.length >= MOST;
      this.offers.replaceChildren(full ? `${MOST} films are enough.` : "No film has that title.");
    }
    this.chosen.replaceChildren(
      ...this.favourites.map((film, place) => {
        return makeButton(`${titles[film]} ×`, () => this.drop(place));
      }),
    );
    if (!this.favourites.length) this.chosen.replaceChildren("Add at least one.");
    const films = this.favourites.length
      ? recommend(this.model, this.favourites, this.unusual)
      : [];
    this.list.replaceChildren(
      ...films.map((film) => make("li", {}, titles[film], make("small", {}, ` (${likes[film]})`))),
    );
    const offers = found.length ? `Found: ${found.map((i) => titles[i]).join("; ")}. ` : "";
    const first = films.slice(0, 3).map((i) => titles[i]);
    this.say(`${offers}${first.length ? `You may like ${first.join("; ")}.` : "No films yet."}`);
  }
}

define("tb-recommender", RecommenderFigure);
