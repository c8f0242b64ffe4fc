// Reads pasted error messages: finds them in whatever surrounds them, and takes their words without
// the parts that vary. Used by the error finder and the search.

export const LONGEST_TEXT = 20_000; // longer texts are cut at the start

const KIND = "Error|Exception|ExceptionGroup|Interrupt|Iteration|Exit|Warning";
const NAME = String.raw`(?:\w+\.)*(?:[A-Z]\w*(?:${KIND})|Error|Exception|ExceptionGroup)`;
// Some errors are called otherwise. Outside a notebook, Python writes their module's name before it.
const OTHER_NAME = String.raw`(?:\w+\.)+[A-Z]\w*(?=: )`;
const ENDED = String.raw`(?=:|\s*$|\(["'])`; // the last is how `repr` writes an error
const ERROR_LINE = new RegExp(`^(?:${NAME}${ENDED}|${OTHER_NAME})`);
const INSIDE = new RegExp(String.raw`(?<![\w.])${NAME}(?=:(?:\s|$)|\(["'])`);
const HANDLED = /\b(?:except|catch|class|import)\s*\(?$/; // before a name that is no message

const HEADER = "Traceback (most recent call last)";
const FRAME = /^(.*?) {2}File "[^"]*", line \d+/;
const NEW_TRACEBACK = /^\s*(?:[\w ]*Traceback \(most recent call last\)|File "[^"]*", line \d)/;
// The header of IPython says the error's name: "InvalidArgument      Traceback (most recent ...".
const ANNOUNCED = /^([A-Z]\w*) {2,}Traceback \(most recent call last\)/;
const LONGEST_PREFIX = 200;
const LETTER = /\p{L}/u;

/** Whether a line starts with the name of an error. @param {string} line */
export const isErrorLine = (line) => ERROR_LINE.test(line);

/** The line without that name. @param {string} line */
export const withoutName = (line) => line.replace(ERROR_LINE, "").replace(/^:\s*/, "");

/**
 * The messages in a text, in its order. Each ends at the next one, at a traceback or at a line
 * without letters. What only may be a message, as it starts inside a line, comes before all others.
 * @param {string} text a traceback, with or without a log around it, or a bare message
 * @returns {string[]} the whole text and its last line, if nothing in it looks like an error
 */
export function findMessages(text) {
  let lines = withoutPrefixes(readable(text.slice(-LONGEST_TEXT)).split("\n"));
  const announced = new Set(lines.map((line) => `${line.match(ANNOUNCED)?.[1]}:`));
  /** @param {string} line */
  const isStart = (line) => isErrorLine(line) || announced.has(line.split(" ", 1)[0]);
  const isCertain = lines.some(isStart);
  const inside = lines.map((line) => (isStart(line) ? -1 : startInside(line)));
  if (!isCertain) {
    const prefixes = lines.map((line, i) => line.slice(0, Math.max(inside[i], 0)));
    lines = strip(lines, new Set(prefixes)); // also the lines that go on with the message
  }
  /** @type {string[][]} */
  const messages = [];
  /** @type {string[] | null} */
  let current = null;
  for (const line of lines) {
    if (isStart(line)) {
      current = [line];
      messages.push(current);
    } else if (!LETTER.test(line) || NEW_TRACEBACK.test(line)) current = null;
    else current?.push(line);
  }
  const likely = isCertain
    ? lines.map((line, i) => line.slice(inside[i])).filter((_, i) => inside[i] > 0)
    : [];
  const found = [...likely, ...messages.map((message) => message.join("\n").trimEnd())];
  if (found.length) return found;
  const whole = lines.join("\n").trim();
  return [...new Set([whole, lines.findLast((line) => LETTER.test(line))?.trim() ?? whole])];
}

/** Where the name of an error starts in a line, or -1. @param {string} line */
function startInside(line) {
  const { index } = line.match(INSIDE) ?? { index: -1 };
  return HANDLED.test(line.slice(0, Math.max(index, 0)).trimEnd()) ? -1 : index;
}

/** The line to search for: the first one of the last message. @param {string} text */
export const lastLine = (text) => findMessages(text).at(-1).split("\n", 1)[0].trim();

/**
 * The words of a message, without numbers and names in double quotes.
 * @param {string} message
 * @returns {Set<string>}
 */
export function wordsOf(message) {
  const bare = message
    .toLowerCase()
    .replace(/"[^"\n]*"/g, " ")
    .replace(/\d+/g, "");
  return new Set(bare.match(/[\p{L}_]+/gu) ?? []);
}

/** Undo JSON, HTML and a terminal's escapes. @param {string} text */
function readable(text) {
  return withoutColours(withoutHtml(withoutJson(text.replace(/\r\n?/g, "\n"))))
    .replace(/^.*\\n\s+File \\?".*$/gm, (line) => line.replace(/\\n/g, "\n").replace(/\\"/g, '"'))
    .replace(/[“”„]/g, '"')
    .replace(/[\u00a0\u202f]/g, " ")
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, "");
}

const JSON_STRING = /"((?:[^"\\\n]|\\.)*)"(\s*:)?/g;
const JSON_REST = /^[\s{}[\]:,\d.eE+-]*(?:(?:true|false|null)[\s{}[\]:,\d.eE+-]*)*$/;

/** Whether a line has a string and otherwise only what belongs to JSON. @param {string} line */
function isJson(line) {
  const rest = line.replace(JSON_STRING, "");
  return rest !== line && JSON_REST.test(rest);
}

/**
 * The strings of JSON, which may be cut anywhere, grouped by their keys. Notebooks are JSON, and so
 * are many logs.
 * @param {string} text
 */
function withoutJson(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  if (lines.filter(isJson).length * 2 <= lines.length) return text;
  /** @type {Map<string, string>} */
  const texts = new Map();
  let key = "";
  for (const [, content, colon] of text.matchAll(JSON_STRING)) {
    if (colon) key = content;
    else texts.set(key, (texts.get(key) ?? "") + decode(content).replace(/\n?$/, "\n"));
  }
  return [...texts.values()].join("\n");
}

/** @param {string} content of a string in JSON */
function decode(content) {
  try {
    return JSON.parse(`"${content}"`);
  } catch {
    return content;
  }
}

// Tags around text. `<module>` and `<lambda>` aren't: Python writes them.
const TAG =
  /<(\/?)(a|b|br|code|div|em|font|i|li|ol|p|pre|samp|span|strong|table|tbody|td|tr|ul)(?=[\s/>])[^<>]*>/gi;
const ENDS_A_LINE = /^(?:br|\/(?:div|li|p|pre|tr))$/i;
/** @type {Record<string, string>} */
const ENTITIES = { lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** @param {string} text */
const withoutHtml = (text) =>
  text
    .replace(TAG, (_, slash, tag) => (ENDS_A_LINE.test(slash + tag) ? "\n" : ""))
    .replace(/&amp;/g, "&")
    .replace(/&(lt|gt|quot|apos|nbsp);/g, (_, name) => ENTITIES[name])
    .replace(/&#(\d{1,6});/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&#x([\da-f]{1,5});/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)));

// The first character of a terminal's escapes may be lost, or spelt out.
const ESCAPE = String.raw`(?:\x1b|\\u001b|\\x1b|\\033|\\e|\^\[|␛)`;
const COLOURS = new RegExp(
  [
    String.raw`${ESCAPE}\[[\d;?]*[a-z]`,
    String.raw`${ESCAPE}\][^\x07\x1b\n]*(?:\x07|\x1b\\)`, // links
    String.raw`\[\d+(?:;\d+)*m`,
  ].join("|"),
  "gi",
);

/** @param {string} text */
const withoutColours = (text) => text.replace(COLOURS, "");

/**
 * The lines without what a log, a mail or a launcher has put before each: whatever stands before
 * the fixed parts of a traceback.
 * @param {string[]} lines
 */
function withoutPrefixes(lines) {
  /** @type {Set<string>} */
  const prefixes = new Set();
  for (const line of lines) {
    const [before, after] = line.split(HEADER, 2);
    // Before the header may be a word of its own: "Original", "Exception Group", in IPython a name.
    if (after !== undefined) prefixes.add(before.replace(/[A-Z]\w*(?: Group)?\s+$/, ""));
    const frame = line.match(FRAME);
    if (frame) prefixes.add(frame[1]);
  }
  return strip(lines, prefixes);
}

/**
 * @param {string[]} lines
 * @param {Set<string>} prefixes
 */
function strip(lines, prefixes) {
  const patterns = [...prefixes]
    .filter((prefix) => prefix && prefix.length <= LONGEST_PREFIX)
    .sort((a, b) => b.length - a.length)
    .flatMap((prefix) => [patternOf(prefix), new RegExp(`${patternOf(prefix.trimEnd()).source}$`)]);
  return lines.map((line) => {
    const pattern = patterns.find((each) => each.test(line));
    return pattern ? line.replace(pattern, "") : line;
  });
}

/**
 * A pattern for a prefix as it is in other lines: with other numbers, and other spaces to align it.
 * @param {string} prefix
 */
function patternOf(prefix) {
  const pattern = prefix.trim().replace(/[\da-f]*\d[\da-f]*|[^\w\s]|\s+/gi, (part) => {
    if (/\d/.test(part)) return "[\\da-fA-F]+";
    return part.trim() ? `\\${part}` : "\\s+";
  });
  return new RegExp(pattern ? `^\\s*${pattern}${prefix.match(/\s*$/)[0]}` : `^${prefix}`);
}
