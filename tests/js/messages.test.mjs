// How messages are found in what people paste, by the search and by the finder of errors.

import assert from "node:assert/strict";
import test from "node:test";

import {
  findMessages,
  LONGEST_TEXT,
  lastLine,
  wordsOf,
} from "../../book/static/figures/messages.js";

const MESSAGE = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (7x27 and 12x5)";
const TRACEBACK = `Traceback (most recent call last):
  File "/home/me/train.py", line 88, in <module>
    main(model)
    ~~~~^^^^^^^
  File "/usr/lib/python3/torch/nn/modules/linear.py", line 134, in forward
    return F.linear(input, self.weight, self.bias)
${MESSAGE}`;

/** Change each line of a text. */
const each = (change) => (text) => text.split("\n").map(change).join("\n");
const escaped = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

const NOISES = {
  nothing: (s) => s,
  "a rank": each((line) => `[rank0]: ${line}`),
  "a quotation, its spaces trimmed": each((line) => `> ${line}`.trimEnd()),
  "a quotation of a quotation": each((line) => `> > ${line}`),
  "four spaces": each((line) => `    ${line}`),
  "a fence": (s) => `\`\`\`\n${s}\n\`\`\``,
  "docker compose": each((line) => `trainer-1  | ${line}`),
  "a time that passes": each((line, i) => `2024-05-01T12:00:0${i}.12345${i}Z stderr F ${line}`),
  "a log": each((line, i) => `2024-05-01 12:00:01,12${i} - ERROR - ${line}`),
  journald: each((line) => `May  1 12:00:01 host python[42]: ${line}`),
  mpirun: each((line) => `[1,0]<stderr>:${line}`),
  ray: each((line) => `(RayTrainWorker pid=4242) ${line}`),
  "an exception group": each((line) => `    | ${line}`),
  "numbered lines": each((line, i) => `${String(i + 97).padStart(6)}\t${line}`),
  grep: each((line, i) => `log.txt:${i + 97}:${line}`),
  "a diff": each((line) => `+${line}`),
  Windows: (s) => s.replaceAll("\n", "\r\n"),
  "a progress bar before it": (s) => ` 50%|███  | 5/10 [00:01<00:01, 3.2it/s]${s}`,
  colours: (s) => s.replace(/^(\w*Error)/m, "\u001b[0;31m$1\u001b[0m"),
  "colours without their first character": (s) => s.replace(/^(\w*Error)/m, "[1;35m$1[0m"),
  "colours spelt out": (s) => s.replace(/^(\w*Error)/m, "\\x1b[31m$1\\x1b[0m"),
  "a notebook": (s) =>
    JSON.stringify(
      { outputs: [{ ename: "Error", traceback: s.split("\n") }], source: "x" },
      null,
      1,
    ),
  "part of a notebook": (s) =>
    each((line) => `   ${JSON.stringify(`${line}\n`)},`)(
      s.replace(/^(\w*Error)/m, "\u001b[0;31m$1\u001b[0m"),
    ),
  "a log of JSON": each((line, i) => JSON.stringify({ log: `${line}\n`, time: `12:00:0${i}` })),
  "one string": (s) => JSON.stringify({ level: "error", message: s }),
  "the escapes of HTML": escaped,
  "HTML itself": (s) =>
    `<pre>${escaped(s).replaceAll("\n", "<br>").replace("Run", "<span class='r'>Run")}</span></pre>`,
  "a curly quotation": (s) => s.replace(/"(.*?)"/g, "“$1”"),
  "its first lines lost": (s) => s.split("\n").slice(4).join("\n"),
  "a shell before and after": (s) => `$ python train.py\nepoch 1\n${s}\n\n$ exit`,
};

for (const [name, noise] of Object.entries(NOISES)) {
  test(`a message is found in spite of ${name}`, () => {
    assert.equal(findMessages(noise(TRACEBACK)).at(-1), MESSAGE);
  });
}

test("every line of a message loses its prefix", () => {
  const message = "RuntimeError: Error(s) in loading\n\tMissing key(s): weight";
  const quoted = each((line) => `[rank1]: ${line}`);
  assert.deepEqual(findMessages(quoted(`${TRACEBACK.split("\n")[0]}\n${message}`)), [message]);
  assert.deepEqual(findMessages(quoted(message)), [message]);
  assert.deepEqual(findMessages(each((line) => `> ${line}`)(message)), [message]);
});

test("a message without a traceback is found in a sentence, a warning or a repr", () => {
  const cases = {
    [`Help! I get a ${MESSAGE}`]: MESSAGE,
    [`2024-05-01 ERROR ${MESSAGE}`]: MESSAGE,
    "train.py:3: UserWarning: Using a target size": "UserWarning: Using a target size",
    "caught: ValueError('Target 3')": "ValueError('Target 3')",
    "E   KeyError: 'a'": "KeyError: 'a'",
    "[rank3]: torch.OutOfMemoryError: CUDA out of memory.\r\n":
      "torch.OutOfMemoryError: CUDA out of memory.",
    "cannot be multiplied": "cannot be multiplied",
  };
  for (const [text, message] of Object.entries(cases)) {
    assert.equal(findMessages(text).at(-1), message);
  }
});

test("messages are found in chains, in workers, by any name and in what pytest prints", () => {
  const chain =
    `${TRACEBACK}\n\nDuring handling of the above exception, another exception occurred:\n\n` +
    `${TRACEBACK.replace(MESSAGE, "ValueError: training failed\nmore of it")}\n\nbye`;
  assert.deepEqual(findMessages(chain), [MESSAGE, "ValueError: training failed\nmore of it"]);
  const worker = "RuntimeError: Caught RuntimeError in DataLoader worker process 0.";
  assert.deepEqual(findMessages(`${worker}\nOriginal ${TRACEBACK}`), [worker, MESSAGE]);
  const other = "InvalidArgument: [ONNXRuntimeError] : 2";
  const header = "InvalidArgument                  Traceback (most recent call last)";
  assert.deepEqual(findMessages(`${header}\nCell In[3], line 2\n----> 2 run()\n\n${other}`), [
    other,
  ]);
  assert.deepEqual(findMessages(`onnxruntime.state.${other}`), [`onnxruntime.state.${other}`]);
  const pytest = `>       model(x)\n\na.py:3: \nE   ${MESSAGE}\n\na.py:3: RuntimeError\nFAILED a.py::b - ${MESSAGE}`;
  assert.equal(findMessages(pytest).at(-1), MESSAGE);
});

test("if nothing looks like an error, there is the whole text, and its last line to search for", () => {
  const [cut] = TRACEBACK.split(`\n${MESSAGE}`);
  assert.deepEqual(findMessages(`${cut}\n           ^^^^^`), [
    `${cut}\n           ^^^^^`,
    "return F.linear(input, self.weight, self.bias)",
  ]);
  assert.equal(lastLine(cut), "return F.linear(input, self.weight, self.bias)");
  assert.equal(lastLine(`${TRACEBACK}\nmore`), MESSAGE);
  assert.equal(findMessages("x".repeat(LONGEST_TEXT + 9))[0].length, LONGEST_TEXT);
  for (const text of ["", "...", "\u0000", "<module>", "&#999999;", '"', "[", "(".repeat(999)]) {
    assert.equal(typeof lastLine(text), "string");
  }
});

test("what Python writes in angle brackets is no HTML", () => {
  const message = "TypeError: expected <class 'int'> in <module>";
  assert.deepEqual(findMessages(message), [message]);
});

test("what differs from case to case is no word of a message", () => {
  assert.deepEqual(
    wordsOf('Missing key "layer1.weight" (32x784), and Missing key'),
    new Set(["missing", "key", "x", "and"]),
  );
});
