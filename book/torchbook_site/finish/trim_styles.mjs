// Reads {html, js, sheets: [{name, raw}]} and writes the sheets' texts by name, less the rules for
// what is in no tag of the pages and not named in their scripts: css.py.

import { readFileSync } from "node:fs";
import { PurgeCSS } from "purgecss";

const { html, js, sheets } = JSON.parse(readFileSync(0, "utf8"));
const names = (text) => text.match(/[^\s"'<>=/]+/g) ?? [];
const trimmed = await new PurgeCSS().purge({
  content: [{ raw: html, extension: "html" }, { raw: js, extension: "js" }],
  css: sheets,
  extractors: [
    { extensions: ["html"], extractor: (raw) => names(raw.match(/<[a-z](?:"[^"]*"|[^">])*>/gi).join()) },
  ],
  // PurgeCSS would drop a selector of nothing but pseudo-classes (its issue 1282), and `:is(h1, .h1)`
  // would count for less without `.h1`.
  safelist: [/^:/, /^h[1-6]$/],
});
process.stdout.write(JSON.stringify(Object.fromEntries(trimmed.map(({ file, css }) => [file, css]))));
