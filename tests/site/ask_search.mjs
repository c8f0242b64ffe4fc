// Asks the search of a built site, without a browser. Reads its folder and a list of queries as JSON,
// writes what the search answers to each.

import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

globalThis.fetch = async (address) => new Response(readFileSync(fileURLToPath(address)));

const { folder, queries } = JSON.parse(readFileSync(0, "utf8"));
const root = pathToFileURL(`${folder}/`).href;
const { details, find } = await import(new URL("_static/search/find.js", root).href);

const answers = [];
for (const query of queries) {
  const answer = await find(query);
  const hits = await details(answer.found.slice(0, 15), answer);
  answers.push({
    words: answer.words,
    instead: answer.instead,
    asTyped: answer.instead ? (await find(query, true)).words : answer.words,
    found: hits.map(({ url, snippet }) => ({
      address: decodeURIComponent(url.slice(root.length)),
      snippet: snippet.map(({ text, isFound }) => (isFound ? `[${text}]` : text)).join(""),
    })),
  });
}
process.stdout.write(JSON.stringify(answers));
