// Serves the kept book where there is no network. Registered only when a reader asks for it: what
// fills the cache is book/static/figures/offline.js. Nothing is answered here but the site's own
// files, and from the cache only those that stand in the kept list, each under its sum.
//
// A page comes from the network if that answers soon. What a page loads by an address with its
// version (`?v=`) comes from the cache if that very version is kept. Other files (what scripts
// import, pictures, the search's index) belong to the page that asks, which may be newer than what
// is kept: for them, too, the network is asked first.

const ROOT = self.registration.scope;
const CACHE = `torchbook ${new URL(ROOT).pathname}`; // other sites may share the host
const LIST = `${ROOT}_static/offline.json`;
const PATIENCE = 3000; // milliseconds for the network, where a copy is kept
const QUIET = 30000; // milliseconds in which a network that failed is not waited for again

let list = null; // of the kept files, once it has been read
let quietUntil = 0;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
// The page that keeps the book says so when what is kept has changed.
self.addEventListener("message", () => {
  list = null;
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(ROOT)) return;
  if (request.cache === "no-store") return; // that page again: it wants the site's files, not ours
  event.respondWith(request.mode === "navigate" ? openPage(request) : giveFile(request));
});

/** @returns {Promise<Record<string, [string, number]>>} sum and size by path; empty if none is kept */
async function readList() {
  const answer = await caches.match(LIST, { cacheName: CACHE });
  return answer ? (await answer.json()).files : {};
}

/**
 * A kept file.
 * @param {URL} url
 * @param {string | null} version the beginning of its sum, if it must be that one
 * @returns {Promise<Response | undefined>}
 */
async function kept(url, version) {
  list ??= await readList().catch(() => ({}));
  const path = (url.origin + url.pathname).slice(ROOT.length).replace(/(^|\/)$/, "$1index.html");
  if (!Object.hasOwn(list, path)) return undefined;
  const [sum] = list[path];
  if (version !== null && !sum.replace(/\W/g, "").startsWith(version)) return undefined;
  const answer = await caches
    .match(`${ROOT}${path}?v=${sum}`, { cacheName: CACHE })
    .catch(() => undefined);
  if (!answer) list = null; // the cache is no longer what it was
  return answer;
}

/**
 * The network's answer; where a copy is kept, that one if the network fails or takes too long.
 * @param {Request} request @param {Response | undefined} copy
 */
async function ask(request, copy) {
  const answer = fetch(request);
  if (!copy) return answer;
  const late = new Promise((resolve) => {
    setTimeout(resolve, PATIENCE);
  });
  const first = await Promise.race([answer, late]).catch(() => undefined);
  if (first && first.status < 500) return first;
  quietUntil = Date.now() + QUIET;
  return copy;
}

async function openPage(request) {
  try {
    const copy = await kept(new URL(request.url), null); // whatever it is asked: search.html?q=
    const answer = await ask(request, copy);
    if (answer !== copy) quietUntil = 0; // what a new page needs must not be old
    return answer;
  } catch {
    return notKept();
  }
}

async function giveFile(request) {
  const url = new URL(request.url);
  const version = url.searchParams.get("v");
  const copy = await kept(url, version);
  return copy && (version || Date.now() < quietUntil) ? copy : ask(request, copy);
}

/** The page that says that there is none. */
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
