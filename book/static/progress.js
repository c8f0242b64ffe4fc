// What a reader has read and done. It stays in the browser's local storage.

const KEY = "torchbook.progress";
const VERSION = 1;
/** The address of the book's root: this script is in its `_static`. */
export const ROOT = new URL("..", import.meta.url);

/** Sections read, exercises done, questions answered right. @typedef {"read" | "done" | "right"} Kind */
/** @typedef {Record<string, string[]>} Lists ids by page */
/** @typedef {Record<Kind, Lists> & { last: { page: string, id: string } | null }} Progress */
/** @typedef {{ id: string, title: string }} Item */
/** @typedef {{ page: string, title: string, sections: Item[], exercises: Item[], questions: Item[] }} Chapter */

/** Of a chapter's contents, what can be marked as what. @type {Kind[]} */
const KINDS = ["read", "done", "right"];

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
 * Read a file that was saved, without any parts that `serialise` does not write.
 * @param {string} text
 * @returns {Progress}
 * @throws {Error} which says what the text is instead
 */
export function read(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not in the form that this page saves (JSON), or not all of it is there");
  }
  if (typeof value?.version !== "number" || typeof value.read !== "object") {
    throw new Error("it holds something else");
  }
  if (value.version !== VERSION) {
    throw new Error(`it is of version ${value.version}, and this page reads version ${VERSION}`);
  }
  const { read, done, right, last } = value;
  return {
    read: cleanLists(read),
    done: cleanLists(done),
    right: cleanLists(right), // older files have none
    last: isText(last?.page) && isText(last?.id) ? { page: last.page, id: last.id } : null,
  };
}

/** Read what the browser has kept. @param {string | null} text @returns {Progress | null} */
export function parse(text) {
  try {
    return read(text);
  } catch {
    return null;
  }
}

/**
 * Add what an older file holds: nothing that is marked now gets lost.
 * @param {Progress} progress
 * @param {Progress} older
 * @returns {{ merged: Progress, added: Record<Kind, number> }} and how much of each kind is new
 */
export function merge(progress, older) {
  const merged = { ...progress, last: progress.last ?? older.last };
  const added = { read: 0, done: 0, right: 0 };
  for (const kind of KINDS) {
    merged[kind] = { ...progress[kind] };
    for (const [page, ids] of Object.entries(older[kind])) {
      const now = Object.hasOwn(merged[kind], page) ? merged[kind][page] : [];
      const fresh = ids.filter((id) => !now.includes(id));
      if (fresh.length) merged[kind][page] = [...now, ...fresh];
      added[kind] += fresh.length;
    }
  }
  return { merged, added };
}

/** @param {Progress} progress */
export const serialise = (progress) => JSON.stringify({ version: VERSION, ...progress });

/** @returns {Progress} */
const empty = () => ({ read: {}, done: {}, right: {}, last: null });

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
  /** @type {{ chapters: Chapter[] }} */
  const { chapters } = await response.json();
  // A copy that the browser has kept may be older than this script.
  return chapters.map((chapter) => ({ ...chapter, questions: chapter.questions ?? [] }));
}

/** The name of the page that is open. */
export const thisPage = () =>
  location.href
    .split(/[?#]/)[0]
    .slice(ROOT.href.length)
    .replace(/\.html$/, "");

/**
 * How much of some chapters is marked.
 * @param {Progress} progress
 * @param {Chapter[]} chapters
 * @returns {Record<Kind, { marked: number, all: number }>}
 */
export function count(progress, chapters) {
  /** @param {Kind} kind @param {"sections" | "exercises" | "questions"} part */
  const of = (kind, part) => {
    const all = chapters.flatMap(({ page, [part]: items }) => items.map(({ id }) => [page, id]));
    const marked = all.filter(([page, id]) => has(progress, kind, page, id));
    return { marked: marked.length, all: all.length };
  };
  return {
    read: of("read", "sections"),
    done: of("done", "exercises"),
    right: of("right", "questions"),
  };
}

/** @param {Progress} progress @param {Chapter} chapter @returns {"" | "begun" | "done"} */
export function stateOf(progress, chapter) {
  const counts = Object.values(count(progress, [chapter]));
  if (!counts.some(({ marked }) => marked)) return "";
  return counts.every(({ marked, all }) => marked === all) ? "done" : "begun";
}

/** @param {string} page @param {string} [id] */
export const addressOf = (page, id) => new URL(`${page}.html${id ? `#${id}` : ""}`, ROOT).href;
