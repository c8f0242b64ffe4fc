// Finds sections of the book, entries of its glossary and its errors. Pagefind does the looking up;
// here a query becomes words that it can find: without the numbers of a message, in British spelling,
// without typing errors, and, where all of them together give nothing, with those that say the most.

import { findMessages, isErrorLine, withoutName } from "../figures/messages.js";

const FOLDER = new URL("../pagefind/", import.meta.url);
const SHORT_EXCERPT = 24; // words
const RANKING = { termSimilarity: 6 }; // a tensor before TensorBoard
const MANY_WORDS = 6; // more of them are no concept, but a message
const SOME_WORDS = 3; // more of them, with numbers, too
const NAME = /(?<![\p{L}\p{N}_])[\p{L}_][\p{L}\p{N}_]*/gu; // mat1, but neither 784 nor 32x784
const SMALL_WORDS = new Set(
  (
    "a an and are at by can do does for from how i in is it my of on or the to " +
    "what when where which why with"
  ).split(" "),
);
const ENOUGH = 0.6; // of the weight of all words: what fewer fit is coincidence
const NEAR_THE_BEST = 0.4; // of a message, an entry on errors goes first if its score is this share of the best

let engine;

/**
 * Load Pagefind and the head of its index, once.
 * @returns {Promise<object>} rejected where they cannot be had
 */
export function load() {
  engine ??= start();
  engine.catch(() => {
    engine = undefined;
  }); // there may be a network the next time
  return engine;
}

async function start() {
  const pagefind = await import(new URL("pagefind.js", FOLDER).href);
  const entry = await fetch(new URL("pagefind-entry.json", FOLDER)); // Pagefind itself only logs
  if (!entry.ok) throw new Error(`no index of the search: ${entry.status}`);
  // On so few records a worker would be one more file, and no faster.
  await pagefind.options({ noWorker: true, excerptLength: SHORT_EXCERPT, ranking: RANKING });
  const [words] = await Promise.all([loadWords(), pagefind.init()]);
  return { pagefind, words };
}

/** The words of the book, the commonest first: Pagefind would take the nearest beginning instead. */
async function loadWords() {
  const answer = await fetch(new URL("words.txt", FOLDER));
  if (!answer.ok) throw new Error(`no words for the search: ${answer.status}`);
  return (await answer.text()).split(" ");
}

/**
 * @typedef {{ id: string, score: number, data: () => Promise<object> }} Found
 * @param {string} query
 * @returns {Promise<{ found: Found[], words: string, instead: boolean, isMessage: boolean }>} best
 *   first; `words` are what was looked for, `instead` says that they are not what was asked
 */
export async function find(query) {
  const { pagefind, words: known } = await load();
  const { words, isMessage } = read(query);
  const kept = [];
  let instead = false;
  for (const word of words) {
    const mended = isKnown(word, known) ? word : !isMessage && nearest(word, known);
    if (mended) kept.push(mended);
    instead ||= mended !== word && !isMessage;
  }
  const text = kept.join(" ");
  const answer = { found: [], words: text, instead, isMessage };
  if (!text) return answer;
  const ask = async (terms) => (await pagefind.search(terms)).results;
  answer.found = await askEverySpelling(ask, text);
  if (!answer.found.length) answer.found = await askForMost(ask, kept);
  return answer;
}

/**
 * The words of a query that say something.
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

const unique = (words) => [...new Set(words)];

/** Whether the book has the word, its beginning, or another form of it. */
function isKnown(word, known) {
  const stem = word.replace(/(?:ations?|ing|ions?|ed|ers?|es?|s)$/, "");
  const forms = [...spellings(word), ...(stem.length > 3 ? [stem] : [])];
  return (
    /^\p{N}/u.test(word) || known.some((other) => forms.some((form) => other.startsWith(form)))
  );
}

/** The book is British, code is American: what either spelling finds. */
async function askEverySpelling(ask, text) {
  const best = new Map();
  for (const spelling of spellings(text)) {
    for (const result of await ask(spelling)) {
      if (!(best.get(result.id)?.score >= result.score)) best.set(result.id, result);
    }
  }
  return [...best.values()].sort((a, b) => b.score - a.score);
}

const BRITISH = [
  [/([a-z]{3})iz(e[ds]?|er|ers|ing|ations?)\b/gi, "$1is$2"],
  [/([a-z]{2})yz(e[ds]?|er|ers|ing)\b/gi, "$1ys$2"],
  [/\b(col|behavi|neighb|fav)or/gi, "$1our"],
  [/\bcenter/gi, "centre"],
  [/\bgray/gi, "grey"],
  [/\b(label|model|cancel)(ed|ing)\b/gi, "$1l$2"],
];
const AMERICAN = [
  [/([a-z]{3})is(e[ds]?|er|ers|ing|ations?)\b/gi, "$1iz$2"],
  [/\b(col|behavi|neighb|fav)our/gi, "$1or"],
];

/** @param {string} text @returns {Set<string>} the text as it is, as British and as American */
export function spellings(text) {
  const rewrite = (rules) => rules.reduce((t, [pattern, by]) => t.replace(pattern, by), text);
  return new Set([text, rewrite(BRITISH), rewrite(AMERICAN)]);
}

/** What most of the words find, a rare word counting more than a common one. */
async function askForMost(ask, words) {
  if (words.length < 2) return [];
  const scores = new Map();
  let all = 0;
  for (const word of words) {
    const results = await ask(word);
    const weight = 1 / Math.log(2 + results.length); // none at all: a name, perhaps
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

/** The word that was meant. @param {string} word @param {string[]} known @returns {string | undefined} */
export function nearest(word, known) {
  if (word.length < 4) return undefined;
  let best;
  let least = word.length < 6 ? 2 : 3; // so many errors are too many
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const errors = distance(word, candidate);
    if (errors < least) [best, least] = [candidate, errors];
  }
  return best;
}

/** Letters to add, drop, change or swap with the next. @param {string} a @param {string} b */
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
 * Fetch what is shown of some results: first those that are called what was looked for.
 * @param {Found[]} found
 * @param {{ words: string, isMessage: boolean }} answer
 * @returns {Promise<{ url: string, title: string, page: string, kind: string, excerpt: string }[]>}
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
  const isCalledSo = ({ title }) => title.split(", ").some((name) => names.has(nameOf(name)));
  const fits = ({ kind, score }) => kind === "Error" && score >= NEAR_THE_BEST * hits[0].score;
  const place = (hit) => {
    if (isCalledSo(hit)) return hit.kind === "Glossary" ? 0 : 1;
    return isMessage && fits(hit) ? 2 : 3;
  };
  return hits
    .map((hit) => [place(hit), hit])
    .sort((a, b) => a[0] - b[0])
    .map(([, hit]) => hit);
}

/** A heading without its number, hyphens and the s of a plural. @param {string} title */
const nameOf = (title) =>
  title
    .toLowerCase()
    .replace(/^[\d-]+[.:] /, "")
    .replace(/-/g, " ")
    .replace(/s$/, "");
