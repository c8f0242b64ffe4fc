// Serves the kept copy of the book when there is no network. book/static/figures/offline.js
// registers it and fills the cache, when the reader asks for that.
//
// It answers only requests for the site's own files, and takes from the cache only files in the
// kept list, each stored under its checksum:
// - A page comes from the network, or from the cache if the network is slow or fails.
// - A file whose address has a version (`?v=`) comes from the cache if that version is kept.
// - Other files (imported scripts, pictures, the search index) must fit the page that asks, which may
//   be newer than the kept copy, so the network is asked first.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const ROOT = worker.registration.scope;
const CACHE = `torchbook ${new URL(ROOT).pathname}`; // other sites may share the host
const LIST = `${ROOT}offline.json`;
const PATIENCE = 3000; // milliseconds to wait for the network if a copy is kept
const QUIET = 30000; // milliseconds without waiting again after the network failed

/** @typedef {Record<string, [string, number]>} List checksum and size of each kept file, by path */

/** @type {List} null until it is read */
let list = null;
let quietUntil = 0;

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
// Sent by offline.js when the kept copy has changed.
worker.addEventListener("message", () => {
  list = null;
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(ROOT)) return;
  if (request.cache === "no-store") return; // offline.js wants the files from the server
  event.respondWith(request.mode === "navigate" ? openPage(request) : giveFile(request));
});

/** @returns {Promise<List>} */
async function readList() {
  const answer = await caches.match(LIST, { cacheName: CACHE });
  return answer ? (await answer.json()).files : {};
}

/**
 * A kept file.
 * @param {URL} url
 * @param {string | null} version the beginning of its checksum, or null for any version
 * @returns {Promise<Response | void>}
 */
async function kept(url, version) {
  list ??= await readList().catch(() => /** @type {List} */ ({}));
  const path = (url.origin + url.pathname).slice(ROOT.length).replace(/(^|\/)$/, "$1index.html");
  if (!Object.hasOwn(list, path)) return undefined;
  const [sum] = list[path];
  if (version !== null && !sum.replace(/\W/g, "").startsWith(version)) return undefined;
  const key = `${ROOT}${path}?v=${sum}`;
  const answer = await caches.match(key, { cacheName: CACHE }).catch(() => {});
  if (!answer) list = null; // the cache has changed
  return answer;
}

/**
 * The network's answer, or the kept copy if the network fails or is slow.
 * @param {Request} request
 * @param {Response | void} copy
 */
async function ask(request, copy) {
  const answer = fetch(request);
  if (!copy) return answer;
  /** @type {Promise<void>} */
  const late = new Promise((resolve) => {
    setTimeout(resolve, PATIENCE);
  });
  const first = await Promise.race([answer, late]).catch(() => {});
  if (first && first.status < 500) return first;
  quietUntil = Date.now() + QUIET;
  return copy;
}

/** @param {Request} request */
async function openPage(request) {
  try {
    const copy = await kept(new URL(request.url), null); // with any query, such as search.html?q=
    const answer = await ask(request, copy);
    if (answer !== copy) quietUntil = 0; // a new page needs new files
    return answer;
  } catch {
    return notKept();
  }
}

/** @param {Request} request */
async function giveFile(request) {
  const url = new URL(request.url);
  const version = url.searchParams.get("v");
  const copy = await kept(url, version);
  return copy && (version || Date.now() < quietUntil) ? copy : ask(request, copy);
}

/** A page that says that the one asked for is not kept. */
function notKept() {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Not kept on this device</title>
<main><h1>This page is not kept on this device</h1>
<p>There is no network, and what was asked for is not part of what is kept: notebooks, downloads and
live models are not. With a network this address works again.</p>
<p><a href="${ROOT}">To the beginning of the book</a></p></main></html>`;
  return new Response(html, {
    status: 503,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": "default-src 'none'",
    },
  });
}
