// What a reader has read and done. It stays in the browser's local storage.

const KEY = "torchbook.progress";
const VERSION = 1;
/** The address of the book's root: this script is in its `_static`. */
export const ROOT = new URL("..", import.meta.url);

/** @typedef {"read" | "done"} Kind */
/** @typedef {Record<string, string[]>} Lists ids by page */
/** @typedef {{ read: Lists, done: Lists, last: { page: string, id: string } | null }} Progress */
/** @typedef {{ id: string, title: string }} Item */
/** @typedef {{ page: string, title: string, sections: Item[], exercises: Item[] }} Chapter */

/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === "string";

/** @param {unknown} lists @returns {Lists} */
function cleanLists(lists) {
  if (typeof lists !== "object" || lists === null) return {};
  return Object.fromEntries(
    Object.entries(lists)
      .filter(([, ids]) => Array.isArray(ids))
      .map(([page, ids]) => [page, [...new Set(ids.filter(isText))]]),
  );
}

/**
 * Read what was saved, without any parts that `serialise` does not write.
 * @param {string | null} text
 * @returns {Progress | null} null if it is something else
 */
export function parse(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || value.version !== VERSION) return null;
  const { read, done, last } = value;
  return {
    read: cleanLists(read),
    done: cleanLists(done),
    last: isText(last?.page) && isText(last?.id) ? { page: last.page, id: last.id } : null,
  };
}

/** @param {Progress} progress */
export const serialise = (progress) => JSON.stringify({ version: VERSION, ...progress });

/** @returns {Progress} */
const empty = () => ({ read: {}, done: {}, last: null });

/** Where the browser stores nothing: kept until the page closes. @type {string | null} */
let fallback = null;

/** @returns {Progress} */
export function load() {
  if (fallback) return parse(fallback);
  try {
    return parse(localStorage.getItem(KEY)) ?? empty();
  } catch {
    return empty();
  }
}

/** @type {Set<() => void>} */
const listeners = new Set();
const tell = () => {
  for (const listener of listeners) listener();
};

/** @param {() => void} listener called after each change, in this tab or another */
export function onChange(listener) {
  listeners.add(listener);
}

addEventListener("storage", (event) => {
  if (event.key === KEY || event.key === null) tell();
});

/** @param {Progress} progress */
export function save(progress) {
  const text = serialise(progress);
  try {
    localStorage.setItem(KEY, text);
    fallback = null;
  } catch {
    fallback = text;
  } // switched off, or full
  tell();
}

/**
 * @param {Kind} kind
 * @param {string} page
 * @param {string} id
 * @param {boolean} on
 */
export function mark(kind, page, id, on = true) {
  const progress = load(); // again: another tab may have changed it
  const ids = new Set(Object.hasOwn(progress[kind], page) ? progress[kind][page] : []);
  if (on) ids.add(id);
  else ids.delete(id);
  progress[kind][page] = [...ids];
  if (on) progress.last = { page, id };
  save(progress);
}

/** @param {Progress} progress @param {Kind} kind @param {string} page @param {string} id */
export const has = (progress, kind, page, id) =>
  Object.hasOwn(progress[kind], page) && progress[kind][page].includes(id);

export const reset = () => save(empty());

/** The chapters, listed by the build. @returns {Promise<Chapter[]>} */
export async function fetchContents() {
  const response = await fetch(new URL("_static/contents.json", ROOT));
  return (await response.json()).chapters;
}

/** @param {Progress} progress @param {Chapter} chapter @returns {"" | "begun" | "done"} */
export function stateOf(progress, chapter) {
  const marks = [
    ...chapter.sections.map(({ id }) => has(progress, "read", chapter.page, id)),
    ...chapter.exercises.map(({ id }) => has(progress, "done", chapter.page, id)),
  ];
  if (!marks.includes(true)) return "";
  return marks.includes(false) ? "begun" : "done";
}

/** @param {string} page @param {string} [id] */
export const addressOf = (page, id) => new URL(`${page}.html${id ? `#${id}` : ""}`, ROOT).href;
