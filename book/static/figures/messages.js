// Reads pasted error messages without the parts that vary. Used by the error finder and the search.

export const LONGEST_TEXT = 20_000; // longer texts are cut at the start

// The start of a traceback's last line: "RuntimeError: ...", perhaps with a prefix by pytest or
// torchrun.
const ERROR_LINE =
  /^(?:E +|\[[\w ]+\]: ?)?(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Iteration|Exit|Warning)(?=:|$)/;

/** Whether a line starts with the name of an error. @param {string} line */
export const isErrorLine = (line) => ERROR_LINE.test(line);

/** The line without that name. @param {string} line */
export const withoutName = (line) => line.replace(ERROR_LINE, "").replace(/^:\s*/, "");

/**
 * The messages in a traceback, in order. Each ends at the next one or at an empty line.
 * @param {string} text a traceback, or a bare message
 * @returns {string[]} the whole text, if no line starts with the name of an error
 */
export function findMessages(text) {
  const lines = text.slice(-LONGEST_TEXT).replace(/\r/g, "").split("\n");
  /** @type {string[][]} */
  const messages = [];
  /** @type {string[] | null} */
  let current = null;
  for (const line of lines) {
    if (isErrorLine(line)) {
      current = [line];
      messages.push(current);
    } else if (line.trim() === "") current = null;
    else current?.push(line);
  }
  return messages.length ? messages.map((message) => message.join("\n")) : [lines.join("\n")];
}

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
