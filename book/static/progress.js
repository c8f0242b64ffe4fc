// What a reader has read and done, kept in the browser's own storage. Nothing is sent anywhere.

const KEY = "torchbook.progress";
const VERSION = 1;
/** The address of the book's root: this script lies in its `_static`. */
export const ROOT = new URL("..", import.meta.url);

/** @typedef {{read: Record<string, string[]>, done: Record<string, string[]>, last: {page: string, id: string} | null}} Progress */

const isText = (value) => typeof value === "string";

function cleanLists(lists) {
  if (typeof lists !== "object" || lists === null) return {};
  return Object.fromEntries(
    Object.entries(lists)
      .filter(([, ids]) => Array.isArray(ids))
      .map(([page, ids]) => [page, [...new Set(ids.filter(isText))]]),
  );
}

/**
 * Read what was saved; whatever is not as we write it is left out.
 * @param {string | null} text @returns {Progress | null} null if it is not ours at all
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

const empty = () => ({ read: {}, done: {}, last: null });

// For browsers that refuse to store anything: it then lasts as long as the page.
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

const listeners = new Set();
const tell = () => listeners.forEach((listener) => listener());

/** @param {() => void} listener called at each change, in this tab or another */
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
 * @param {"read" | "done"} kind
 * @param {string} page @param {string} id @param {boolean} on
 */
export function mark(kind, page, id, on = true) {
  const progress = load(); // anew: another tab may have written
  const ids = new Set(Object.hasOwn(progress[kind], page) ? progress[kind][page] : []);
  if (on) ids.add(id);
  else ids.delete(id);
  progress[kind][page] = [...ids];
  if (on) progress.last = { page, id };
  save(progress);
}

/** @param {Progress} progress @param {"read" | "done"} kind @param {string} page @param {string} id */
export const has = (progress, kind, page, id) =>
  Object.hasOwn(progress[kind], page) && progress[kind][page].includes(id);

/** Forget everything. */
export const reset = () => save(empty());

/** @returns {Promise<object[]>} the chapters, as the build lists them */
export async function fetchContents() {
  const response = await fetch(new URL("_static/contents.json", ROOT));
  return (await response.json()).chapters;
}

/** How far a chapter is. @returns {"" | "begun" | "done"} */
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
