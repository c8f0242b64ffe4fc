// Finds sections of the book, glossary entries and errors. Pagefind does the search. This module
// prepares the query: it removes the numbers of error messages, tries British and American
// spelling, corrects typing errors, and falls back on the rarest words if all words together find
// nothing.

import { findMessages, isErrorLine, withoutName } from "../figures/messages.js";
import { snippet } from "./snippet.js";

const FOLDER = new URL("../pagefind/", import.meta.url);
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
const MUCH_MORE = 4; // times as many records
const ENOUGH = 0.6; // of the weight of all words: smaller matches are chance
const ASIDE = ["Package", "Solution", "Figures", "Report"]; // what one looks up rather than reads
const NEAR_THE_BEST = 0.4; // of the best score: errors above it come first for a message

/** @typedef {{ address: string, name: string, title?: string, page: string, kind: string }} Meta */
/** @typedef {{ meta: Meta, content: string, locations: number[] }} Data */
/** @typedef {{ id: string, score: number, data: () => Promise<Data> }} Found */
/** @typedef {ReturnType<typeof snippet>} Snippet */
/** @typedef {{ url: string, title: string, page: string, kind: string, snippet: Snippet, score: number }} Hit */
/** @typedef {{ found: Found[], words: string, instead: boolean, isMessage: boolean }} Answer */
/** @typedef {Map<string, number>} Known the words of the book, and in how many records each is; the commonest first */
/** @typedef {(terms: string) => Promise<Found[]>} Ask */
/**
 * @typedef {object} Pagefind what is used of it
 * @property {(settings: object) => Promise<void>} options
 * @property {() => Promise<void>} init
 * @property {(terms: string) => Promise<{ results: Found[] }>} search
 */

/** @type {Promise<{ pagefind: Pagefind, known: Known }> | undefined} */
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
  await pagefind.options({ noWorker: true, ranking: RANKING });
  const [known] = await Promise.all([loadWords(), pagefind.init()]);
  return { pagefind, known };
}

async function loadWords() {
  const answer = await fetch(new URL("words.txt", FOLDER));
  if (!answer.ok) throw new Error(`no words for the search: ${answer.status}`);
  /** @type {Known} */
  const known = new Map();
  for (const line of (await answer.text()).split("\n")) {
    const [count, ...words] = line.split(" ");
    for (const word of words) known.set(word, Number(count));
  }
  return known;
}

/**
 * @param {string} query
 * @param {boolean} asTyped whether no word is to be corrected
 * @returns {Promise<Answer>} best first; `words` were searched for, and `instead` tells that they
 *   differ from the query
 */
export async function find(query, asTyped = false) {
  const { pagefind, known } = await load();
  const { words, isMessage } = read(query);
  let kept = words;
  if (isMessage) kept = words.filter((word) => isKnown(word, known));
  else if (!asTyped) {
    const last = words.at(-1); // it may still be being typed
    kept = words.map((word) => meant(word, known, word === last)).filter(Boolean);
  }
  const text = kept.join(" ");
  const instead = !isMessage && text !== words.join(" ");
  /** @type {Answer} */
  const answer = { found: [], words: text, instead, isMessage };
  if (!text) return answer;
  /** @type {Ask} */
  const ask = async (terms) => {
    // Of a word that it doesn't have, Pagefind would look for the first letters.
    const hasAll = terms.split(" ").every((word) => isKnown(word, known));
    return hasAll ? (await pagefind.search(terms)).results : [];
  };
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

/** The words that begin with one of some forms. @param {Iterable<string>} forms @param {Known} known */
const beginningWith = (forms, known) =>
  [...known.keys()].filter((other) => [...forms].some((form) => other.startsWith(form)));

/** The word without its ending, if enough remains. @param {string} word */
function stemOf(word) {
  const stem = word.replace(/(?:ations?|ing|ions?|ed|ers?|es?|s)$/, "");
  return stem !== word && stem.length > 3 ? [stem] : [];
}

/** Whether the book has the word or a form of it. @param {string} word @param {Known} known */
const isKnown = (word, known) =>
  /^\p{N}/u.test(word) || beginningWith([...spellings(word), ...stemOf(word)], known).length > 0;

/**
 * What was meant by a word of a query: the word itself, or another if it has a slip in it.
 * @param {string} word
 * @param {Known} known
 * @param {boolean} isLast whether it may still be being typed
 * @returns {string | undefined} nothing if the book has no word like it
 */
export function meant(word, known, isLast) {
  const forms = spellings(word);
  if (/^\p{N}/u.test(word) || [...forms].some((form) => known.has(form))) return word;
  const doubled = word.replace(/([bdgmnprt])(ing|ed|ers?)$/, "$1$1$2"); // overfiting
  if (known.has(doubled)) return doubled;
  if (beginningWith(stemOf(word), known).length) return word;
  const begun = beginningWith(forms, known);
  if (!begun.length) return nearest(word, known);
  const other = nearest(word, known, 1);
  const count = begun.reduce((sum, one) => sum + known.get(one), 0);
  const isSlip = !isLast || (!begun.includes(other) && known.get(other) >= MUCH_MORE * count);
  return (isSlip && other) || word;
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
 * The word of the book that looks most like another one.
 * @param {string} word
 * @param {Known} known
 * @param {number} most errors that it may have
 * @returns {string | undefined}
 */
export function nearest(word, known, most = word.length < 6 ? 1 : 2) {
  if (word.length < 4) return undefined;
  let best;
  let least = most + 1;
  for (const candidate of known.keys()) {
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
      const { meta, content, locations } = await data();
      const url = new URL(`../../${meta.address}`, FOLDER).href;
      const title = meta.title ?? meta.name;
      return { ...meta, title, url, score, snippet: snippet(content, title, locations) };
    }),
  );
  const names = new Set([...spellings(words)].map(nameOf));
  /** @param {Hit} hit */
  const isNamed = ({ title }) => title.split(", ").some((name) => names.has(nameOf(name)));
  /** @param {Hit} hit */
  const place = (hit) => {
    const isAside = ASIDE.includes(hit.kind);
    if (isNamed(hit) && (!isAside || words.includes("_"))) return hit.kind === "Glossary" ? 0 : 1;
    const fits = hit.kind === "Error" && hit.score >= NEAR_THE_BEST * hits[0].score;
    if (isMessage && fits) return 2;
    return isAside ? 4 : 3;
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
