// What a search shows of a record: whole sentences, from the one in which most was found.

const ENOUGH = 24; // words: no other sentence is added to them
const MOST = 36; // words: a sentence with more is cut, between words
const BEFORE = 8; // words of such a sentence before the first one that was found

const ENDS = /[.!?]["”’)]*$/;
const BEGINS = /^["“‘(]*[\p{Lu}\p{N}]/u;
const PARTS = /^([^\p{L}\p{N}_]*)(.*?)([^\p{L}\p{N}_]*)$/su; // a word and what is around it

/**
 * @param {string} content a record's title and its text
 * @param {string} title
 * @param {number[]} locations of the words that were found, counted from the first of the content
 * @returns {{ text: string, isFound: boolean }[]}
 */
export function snippet(content, title, locations) {
  const words = content.trim().split(/\s+/);
  const start = content.startsWith(title) ? title.split(/\s+/).length : 0;
  const found = new Set(locations);
  const sentences = sentencesOf(words, start);
  if (!sentences.length) return [];

  /** @param {number[]} sentence */
  const count = ([from, to]) => [...found].filter((i) => i >= from && i < to).length;
  // A long one, which may be code or a table, is shown only if no other will do.
  const counts = sentences.map((s) => Math.min(count(s), s[1] - s[0] > MOST ? 0.5 : Infinity));
  const best = counts.indexOf(Math.max(...counts));
  let [from, to] = sentences[best];
  const isWhole = to - from <= MOST;
  if (isWhole) {
    for (const [, end] of sentences.slice(best + 1)) {
      if (to - from >= ENOUGH || end - from > MOST) break;
      to = end;
    }
  } else {
    const first = Math.min(...[...found].filter((i) => i >= from && i < to), to);
    const end = to;
    if (first < end) from = Math.max(from, first - BEFORE);
    to = Math.min(end, from + MOST);
  }
  const isCut = {
    before: !sentences.some(([s]) => s === from),
    after: !isWhole && !ENDS.test(words[to - 1]),
  };
  return join(words.slice(from, to), (i) => found.has(from + i), isCut);
}

/**
 * Where each sentence begins and ends.
 * @param {string[]} words
 * @param {number} start
 */
function sentencesOf(words, start) {
  /** @type {[number, number][]} */
  const sentences = [];
  let from = start;
  for (let i = start; i < words.length; i += 1) {
    const isLast = i === words.length - 1;
    if (isLast || (ENDS.test(words[i]) && BEGINS.test(words[i + 1]))) {
      sentences.push([from, i + 1]);
      from = i + 1;
    }
  }
  return sentences;
}

/**
 * @param {string[]} words
 * @param {(index: number) => boolean} isFound
 * @param {{ before: boolean, after: boolean }} isCut
 */
function join(words, isFound, isCut) {
  /** @type {{ text: string, isFound: boolean }[]} */
  const pieces = [{ text: isCut.before ? "… " : "", isFound: false }];
  words.forEach((word, i) => {
    const [, before, middle, after] = word.match(PARTS);
    const space = i < words.length - 1 ? " " : "";
    if (isFound(i) && middle) {
      pieces.at(-1).text += before;
      pieces.push({ text: middle, isFound: true }, { text: after + space, isFound: false });
    } else pieces.at(-1).text += word + space;
  });
  if (isCut.after) pieces.at(-1).text += " …";
  return pieces.filter(({ text }) => text);
}
