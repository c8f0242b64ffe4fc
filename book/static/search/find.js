// Finds sections of the book, glossary entries and errors. Pagefind does the search. This module
// prepares the query: it removes the numbers of error messages, tries British and American
// spelling, corrects typing errors, and falls back on the rarest words if all words together find
// nothing.

import { findMessages, isErrorLine, withoutName } from "../figures/messages.js";

const FOLDER = new URL("../pagefind/", import.meta.url);
const SHORT_EXCERPT = 24; // words
const RANKING = { termSimilarity: 6 }; // "tensor" before "TensorBoard"
const MANY_WORDS = 6; // a query with more is an error message
const SOME_WORDS = 3; // so is one with more of them and numbers
const NAME = /(?<![\p{L}\p{N}_])[\p{L}_][\p{L}\p{N}_]*/gu; // mat1, but neither 784 nor 32x784
const SMALL_WORDS = new Set(
  (
    "a an and are at by can do does for from how i in is it my of on or the to " +
    "what when where which why with"
  ).split(" "),
);
const ENOUGH = 0.6; // of the weight of all words: smaller matches are chance
const NEAR_THE_BEST = 0.4; // of the best score: errors above it come first for a message

/** @typedef {{ address: string, name: string, title?: string, page: string, kind: string }} Meta */
/** @typedef {{ id: string, score: number, data: () => Promise<{ meta: Meta, excerpt: string }> }} Found */
/** @typedef {{ url: string, title: string, page: string, kind: string, excerpt: string, score: number }} Hit */
/** @typedef {{ found: Found[], words: string, instead: boolean, isMessage: boolean }} Answer */
/** @typedef {(terms: string) => Promise<Found[]>} Ask */
/**
 * @typedef {object} Pagefind what is used of it
 * @property {(settings: object) => Promise<void>} options
 * @property {() => Promise<void>} init
 * @property {(terms: string) => Promise<{ results: Found[] }>} search
 */

/** @type {Promise<{ pagefind: Pagefind, words: string[] }> | undefined} */
let engine;

/** Load Pagefind and the head of its index, once. */
export function load() {
  engine ??= start();
  engine.catch(() => {
    engine = undefined;
  }); // try again the next time
  return engine;
}

async function start() {
  /** @type {Pagefind} */
  const pagefind = await import(new URL("pagefind.js", FOLDER).href);
  const entry = await fetch(new URL("pagefind-entry.json", FOLDER)); // Pagefind only logs errors
  if (!entry.ok) throw new Error(`no index of the search: ${entry.status}`);
  // A worker would be one more file, and no faster for so few records.
  await pagefind.options({ noWorker: true, excerptLength: SHORT_EXCERPT, ranking: RANKING });
  const [words] = await Promise.all([loadWords(), pagefind.init()]);
  return { pagefind, words };
}

/** The words of the book, the most frequent first. */
async function loadWords() {
  const answer = await fetch(new URL("words.txt", FOLDER));
  if (!answer.ok) throw new Error(`no words for the search: ${answer.status}`);
  return (await answer.text()).split(" ");
}

/**
 * @param {string} query
 * @returns {Promise<Answer>} best first; `words` were searched for, and `instead` tells that they
 *   differ from the query
 */
export async function find(query) {
  const { pagefind, words: known } = await load();
  const { words, isMessage } = read(query);
  const kept = [];
  let instead = false;
  for (const word of words) {
    const corrected = isKnown(word, known) ? word : !isMessage && nearest(word, known);
    if (corrected) kept.push(corrected);
    instead ||= corrected !== word && !isMessage;
  }
  const text = kept.join(" ");
  /** @type {Answer} */
  const answer = { found: [], words: text, instead, isMessage };
  if (!text) return answer;
  /** @type {Ask} */
  const ask = async (terms) => (await pagefind.search(terms)).results;
  answer.found = await askEverySpelling(ask, text);
  if (!answer.found.length) answer.found = await askForMost(ask, kept);
  return answer;
}

/**
 * The words of a query that matter.
 * @param {string} query a term, a question, a message or a traceback
 * @returns {{ words: string[], isMessage: boolean }}
 */
export function read(query) {
  const message = findMessages(query).at(-1);
  const bare = withoutName(message)
    .toLowerCase()
    .replace(/"[^"\n]*"/g, " ");
  const names = unique(bare.match(NAME) ?? []);
  const isMessage =
    isErrorLine(message) ||
    names.length > MANY_WORDS ||
    (names.length > SOME_WORDS && /\d/.test(query));
  if (isMessage && names.length) return { words: names, isMessage };
  const all = unique(query.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []);
  const telling = all.filter((word) => !SMALL_WORDS.has(word));
  return { words: telling.length ? telling : all, isMessage: false };
}

/** @param {string[]} words */
const unique = (words) => [...new Set(words)];

/** Whether the book has the word or a form of it. @param {string} word @param {string[]} known */
function isKnown(word, known) {
  const stem = word.replace(/(?:ations?|ing|ions?|ed|ers?|es?|s)$/, "");
  const forms = [...spellings(word), ...(stem.length > 3 ? [stem] : [])];
  return (
    /^\p{N}/u.test(word) || known.some((other) => forms.some((form) => other.startsWith(form)))
  );
}

/**
 * The results for all spellings: the book is British, code is American.
 * @param {Ask} ask
 * @param {string} text
 */
async function askEverySpelling(ask, text) {
  /** @type {Map<string, Found>} */
  const best = new Map();
  for (const spelling of spellings(text)) {
    for (const result of await ask(spelling)) {
      if (!(best.get(result.id)?.score >= result.score)) best.set(result.id, result);
    }
  }
  return [...best.values()].sort((a, b) => b.score - a.score);
}

/** @type {[RegExp, string][]} */
const BRITISH = [
  [/([a-z]{3})iz(e[ds]?|er|ers|ing|ations?)\b/gi, "$1is$2"],
  [/([a-z]{2})yz(e[ds]?|er|ers|ing)\b/gi, "$1ys$2"],
  [/\b(col|behavi|neighb|fav)or/gi, "$1our"],
  [/\bcenter/gi, "centre"],
  [/\bgray/gi, "grey"],
  [/\b(label|model|cancel)(ed|ing)\b/gi, "$1l$2"],
];
/** @type {[RegExp, string][]} */
const AMERICAN = [
  [/([a-z]{3})is(e[ds]?|er|ers|ing|ations?)\b/gi, "$1iz$2"],
  [/\b(col|behavi|neighb|fav)our/gi, "$1or"],
];

/**
 * @param {string} text
 * @returns {Set<string>} the text as it is, in British and in American spelling
 */
export function spellings(text) {
  /** @param {[RegExp, string][]} rules */
  const rewrite = (rules) => rules.reduce((t, [pattern, by]) => t.replace(pattern, by), text);
  return new Set([text, rewrite(BRITISH), rewrite(AMERICAN)]);
}

/**
 * Results for most of the words; rare words count more.
 * @param {Ask} ask
 * @param {string[]} words
 */
async function askForMost(ask, words) {
  if (words.length < 2) return [];
  /** @type {Map<string, Found>} */
  const scores = new Map();
  let all = 0;
  for (const word of words) {
    const results = await ask(word);
    const weight = 1 / Math.log(2 + results.length); // no results: perhaps a name
    all += results.length ? weight : 0;
    for (const result of results) {
      const score = (scores.get(result.id)?.score ?? 0) + weight;
      scores.set(result.id, { ...result, score });
    }
  }
  return [...scores.values()]
    .filter(({ score }) => score >= ENOUGH * all)
    .sort((a, b) => b.score - a.score);
}

/**
 * The word that was meant.
 * @param {string} word
 * @param {string[]} known
 * @returns {string | undefined}
 */
export function nearest(word, known) {
  if (word.length < 4) return undefined;
  let best;
  let least = word.length < 6 ? 2 : 3; // this many errors are too many
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const errors = distance(word, candidate);
    if (errors < least) [best, least] = [candidate, errors];
  }
  return best;
}

/**
 * The number of letters to add, drop, change or swap with the next.
 * @param {string} a
 * @param {string} b
 */
function distance(a, b) {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j += 1) {
      const change = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.length][b.length];
}

/**
 * Fetch the details of some results. Those whose title is the query come first.
 * @param {Found[]} found
 * @param {{ words: string, isMessage: boolean }} answer
 * @returns {Promise<Hit[]>}
 */
export async function details(found, { words, isMessage }) {
  const hits = await Promise.all(
    found.map(async ({ score, data }) => {
      const { meta, excerpt } = await data();
      const url = new URL(`../../${meta.address}`, FOLDER).href;
      return { title: meta.name, ...meta, url, excerpt, score };
    }),
  );
  const names = new Set([...spellings(words)].map(nameOf));
  /** @param {Hit} hit */
  const isNamed = ({ title }) => title.split(", ").some((name) => names.has(nameOf(name)));
  /** @param {Hit} hit */
  const place = (hit) => {
    if (isNamed(hit)) return hit.kind === "Glossary" ? 0 : 1;
    const fits = hit.kind === "Error" && hit.score >= NEAR_THE_BEST * hits[0].score;
    return isMessage && fits ? 2 : 3;
  };
  return hits.toSorted((a, b) => place(a) - place(b));
}

/** A heading without its number, hyphens and the s of a plural. @param {string} title */
const nameOf = (title) =>
  title
    .toLowerCase()
    .replace(/^[\d-]+[.:] /, "")
    .replace(/-/g, " ")
    .replace(/s$/, "");
