// The built site in Firefox: what a reader meets first loads, fits, and does what it says. The tests
// in Chromium (tests/site) look closer. A stock Firefox is driven by the standard protocol, WebDriver
// BiDi. (Playwright's own Firefox is a patched one, and with a stock one Playwright asks for what the
// long-term release does not know yet.)

import assert from "node:assert/strict";
import { accessSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const SITE = fileURLToPath(new URL("../_build/html", import.meta.url));
const PAGES = [
  "book/index.html",
  "chapters/00_fundamentals.html",
  "chapters/03_computer_vision.html",
  "chapters/08_paper_replicating.html",
  "book/errors.html",
  "book/cheatsheet.html",
];
const CHAPTER = "chapters/03_computer_vision.html";
const DESK = 1440;
const PHONE = 390;
const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
};

/** @type {import("node:http").Server} */
let server;
/** @type {import("puppeteer-core").Browser} */
let browser;
/** @type {import("puppeteer-core").Page} the one tab, which all tests use in turn */
let tab;
let address = "";
/** @type {string[]} what went wrong on the page */
let problems = [];

/** @returns {string} */
function findFirefox() {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of ["firefox", "firefox-esr"]) {
      try {
        accessSync(join(folder, name));
        return join(folder, name);
      } catch {
        // not there
      }
    }
  }
  throw new Error("These tests need a Firefox: neither firefox nor firefox-esr is on the PATH.");
}

before(async () => {
  server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://here").pathname);
    try {
      const content = readFileSync(join(SITE, normalize(path)));
      response.writeHead(200, {
        "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
      });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${server.address().port}`;
  browser = await puppeteer.launch({ browser: "firefox", executablePath: findFirefox() });
  tab = await browser.newPage();
  tab.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  tab.on("pageerror", (error) => problems.push(String(error)));
});

after(async () => {
  await browser?.close();
  server.close();
});

/** Open a page, and check at the end that nothing went wrong on it, nor against its policy. */
function visit(name, page, width, look) {
  test(name, { timeout: 120_000 }, async () => {
    problems = [];
    await tab.setViewport({ width, height: 900 });
    await tab.goto(`${address}/${page}`);
    await look();
    assert.deepEqual(problems, []);
  });
}

const width = () => tab.evaluate(() => document.documentElement.scrollWidth);
const theme = () => tab.evaluate(() => document.documentElement.dataset.theme);

for (const page of PAGES) {
  visit(`${page} loads and fits`, page, DESK, async () => {
    assert.ok((await width()) <= DESK);
    await tab.setViewport({ width: PHONE, height: 900 });
    await tab.keyboard.press("Shift"); // a key has all figures built
    await tab.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    assert.ok((await width()) <= PHONE);
  });
}

visit("colours change and stay", CHAPTER, DESK, async () => {
  const before = await theme();
  await tab.click(".theme-switch-button");
  const chosen = await theme();
  assert.deepEqual([before, chosen].sort(), ["dark", "light"]);
  await tab.reload();
  assert.equal(await theme(), chosen);
  await tab.evaluate(() => localStorage.clear());
});

visit("the search answers", CHAPTER, DESK, async () => {
  await tab.click(".bd-sidebar-primary a[data-search]");
  await tab.waitForSelector("dialog[open] tb-search input");
  await tab.keyboard.type("dropout");
  await tab.waitForSelector("tb-search a[href*='glossary.html#term-dropout']");
});

visit("a cell is copied", CHAPTER, DESK, async () => {
  await tab.waitForSelector("div.cell_input .tb-copy-code");
  await tab.focus("div.cell_input .tb-copy-code");
  await tab.keyboard.press("Enter");
  await tab.waitForFunction(() =>
    ["Copied", "Selected"].includes(document.activeElement.textContent),
  );
});

visit("a figure can be played with", CHAPTER, DESK, async () => {
  await tab.keyboard.press("Shift");
  await tab.waitForSelector("tb-convolution.tb-figure");
  const text = () => tab.$eval("tb-convolution", (figure) => figure.textContent);
  const before = await text();
  await tab.$$eval("tb-convolution button", (all) =>
    all.find((button) => button.textContent === "Next").click(),
  );
  assert.notEqual(await text(), before);
});

visit("a term leads to the glossary", CHAPTER, DESK, async () => {
  const anchor = await tab.$eval("a.tb-gloss", (link) => link.hash.slice(1));
  await tab.focus("a.tb-gloss");
  await Promise.all([tab.waitForNavigation(), tab.keyboard.press("Enter")]);
  assert.match(tab.url(), /\/book\/glossary\.html#/);
  assert.ok(await tab.$(`dt[id="${anchor}"]`));
});

visit("a model runs in the page", CHAPTER, DESK, async () => {
  await tab.keyboard.press("Shift");
  await tab.$eval("tb-classifier", (model) => model.scrollIntoView());
  await tab.waitForSelector("tb-classifier button");
  const answers = await tab.$eval("tb-classifier", async (model) => {
    await model.load();
    return [...(await model.logits(new Uint8Array(784), [1, 1, 28, 28]))];
  });
  assert.equal(answers.length, 10);
  assert.ok(answers.every(Number.isFinite) && new Set(answers).size > 1);
});
