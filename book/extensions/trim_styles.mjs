// Reads {pages, scripts, sheets: [{name, raw}]} and writes the sheets' texts by name, less the rules
// for what is on no page and named in no script: tb_styles.py.

import { readFileSync } from "node:fs";
import { PurgeCSS } from "purgecss";

const { pages, scripts, sheets } = JSON.parse(readFileSync(0, "utf8"));

const found = (text, pattern) => [...new Set(Array.from(text.matchAll(pattern), (match) => match[1]))];

/** What selectors can match on a page: the words of its text are not among it. */
const namesOnPage = (html) => ({
  tags: found(html, /<([a-z][\w-]*)/gi),
  ids: found(html, /\sid="([^"]*)"/g),
  classes: found(html, /\sclass="([^"]*)"/g).flatMap((value) => value.split(/\s+/)),
  attributes: {
    names: found(html, /\s([a-z][\w-]*)(?=[\s=>])/gi),
    values: found(html, /\s[\w-]+="([^"]*)"/g),
  },
});

const trimmed = await new PurgeCSS().purge({
  content: [
    ...pages.map((raw) => ({ raw, extension: "html" })),
    ...scripts.map((raw) => ({ raw, extension: "js" })),
  ],
  css: sheets,
  extractors: [{ extensions: ["html"], extractor: namesOnPage }],
  // PurgeCSS would drop a selector of nothing but pseudo-classes (its issue 1282); and `:is(h1, .h1)`
  // would count for less without `.h1`.
  safelist: [/^:/, /^h[1-6]$/],
});

process.stdout.write(JSON.stringify(Object.fromEntries(trimmed.map(({ file, css }) => [file, css]))));
