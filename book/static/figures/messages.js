// What a pasted error message says, without what differs from case to case. The finder of errors and
// the search of the book both read messages with it.

export const LONGEST_TEXT = 20_000; // of a longer one the end counts

// Where the last line of a traceback begins: "RuntimeError: ...", perhaps with what pytest or
// torchrun put before it.
const ERROR_LINE =
  /^(?:E +|\[[\w ]+\]: ?)?(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Iteration|Exit|Warning)(?=:|$)/;

/** Whether a line begins with the name of an error. @param {string} line */
export const isErrorLine = (line) => ERROR_LINE.test(line);

/** The line without that name. @param {string} line */
export const withoutName = (line) => line.replace(ERROR_LINE, "").replace(/^:\s*/, "");

/**
 * The messages in a traceback, in order: each from its line to the next one or to an empty line.
 * @param {string} text a traceback, or a bare message
 * @returns {string[]} the whole text, if no line looks like the name of an error
 */
export function findMessages(text) {
  const lines = text.slice(-LONGEST_TEXT).replace(/\r/g, "").split("\n");
  const messages = [];
  let current = null;
  for (const line of lines) {
    if (isErrorLine(line)) messages.push((current = [line]));
    else if (line.trim() === "") current = null;
    else current?.push(line);
  }
  return messages.length ? messages.map((message) => message.join("\n")) : [lines.join("\n")];
}

/**
 * The words of a message, each once, without what differs from case to case: numbers, and names
 * in double quotes.
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
