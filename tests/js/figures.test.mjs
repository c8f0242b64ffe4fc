// What the interactive figures read and compute; tests/site compares their numbers with PyTorch's.

import assert from "node:assert/strict";
import test from "node:test";

import { AttentionFigure } from "../../book/static/figures/attention.js";
import { BroadcastFigure, broadcast, parseShape } from "../../book/static/figures/broadcast.js";
import {
  ClassifierFigure,
  describe,
  explainFile,
  showShare,
} from "../../book/static/figures/classifier.js";
import { moveInGrid, showSize } from "../../book/static/figures/common.js";
import { nameOf } from "../../book/static/figures/continue.js";
import { ConvolutionFigure, parseWeight } from "../../book/static/figures/convolution.js";
import { DescentFigure } from "../../book/static/figures/descent.js";
import { MatmulFigure } from "../../book/static/figures/matmul.js";
import { PlaygroundFigure, zeroLine } from "../../book/static/figures/playground.js";
import { compareCells } from "../../book/static/figures/sortable.js";

/** Have a figure read its attributes. */
function read(kind, attributes) {
  const figure = new kind();
  figure.getAttribute = (name) => attributes[name] ?? null;
  figure.dataset = {};
  figure.querySelectorAll = () => [];
  figure.read();
}

const FIGURES = [
  [AttentionFigure, {}, [{ picture: "hat" }, { sharpness: "3" }, { place: "16" }]],
  [BroadcastFigure, {}, [{ a: "[5]" }, { b: "[1, 1, 1, 1]" }, { op: "-" }]],
  [
    ClassifierFigure,
    { model: "a.onnx", classes: "one, two" },
    [{ kind: "video" }, { model: "" }, { classes: "one" }, { classes: "one, " }],
  ],
  [
    ConvolutionFigure,
    {},
    [
      { picture: "cat" },
      { picture: "toString" },
      { picture: "1 2; 3" },
      { picture: "1 2 3; 4 5 6" },
      { picture: "1 10; 1 1" },
      { kernel: "1 2; 3 4" },
      { kernel: "10" },
      { padding: "3" },
      { stride: "0" },
      { size: "2" },
      { side: "" },
    ],
  ],
  [DescentFigure, { x: "1 2", y: "1 2" }, [{ x: "1 two" }, { y: "1 2 3" }, { lr: "fast" }]],
  [
    MatmulFigure,
    {},
    [{ a: "1 2 3; 4" }, { a: "1 x" }, { b: "1 2 3 4 5" }, { b: "100" }, { a: "" }],
  ],
  [PlaygroundFigure, {}, [{ data: "moons" }, { layers: "3" }, { rate: "fast" }, { seed: "-1" }]],
];

for (const [kind, right, wrongs] of FIGURES) {
  test(`${kind.name} reads its attributes and refuses wrong ones`, () => {
    assert.doesNotThrow(() => read(kind, right));
    for (const wrong of wrongs) {
      assert.throws(() => read(kind, { ...right, ...wrong }), Error, JSON.stringify(wrong));
    }
  });
}

test("shapes are read as people write them", () => {
  const cases = [
    ["[3, 1]", [3, 1]],
    ["(3,)", [3]],
    [" 2 3 4 ", [2, 3, 4]],
    ["[]", []],
    ["", []],
    ["[2", [2]],
  ];
  for (const [text, shape] of cases) assert.deepEqual(parseShape(text), shape, text);
  for (const text of ["[7, 1]", "[2, 2, 2, 2]", "three", "[2, , 2]"]) {
    assert.throws(
      () => parseShape(text),
      ({ message }) => message.startsWith(`“${text}” is no shape`),
    );
  }
});

test("each dimension is told its rule", () => {
  const rules = [
    ...broadcast([1, 3, 4], [2, 3, 2]).dimensions,
    ...broadcast([3], [2, 1]).dimensions,
  ].map(({ rule, words }) => [rule, words]);
  assert.deepEqual(rules, [
    ["stretched", "1 in a, stretched to 2"],
    ["equal", "equal"],
    ["error", "4 and 2 differ, and neither is 1"],
    ["missing", "none in a: taken as 1, stretched to 2"],
    ["stretched", "1 in b, stretched to 3"],
  ]);
});

test("weights are read as people write them", () => {
  const cases = [
    ["-2", -2],
    ["−2", -2],
    ["0.5", 0.5],
    [".5", 0.5],
    [" 1/9 ", 1 / 9],
    ["-9", -9],
    ["10", NaN],
    ["1/0", NaN],
    ["two", NaN],
    ["", NaN],
    ["1e1", NaN],
    ["-", NaN],
  ];
  for (const [text, weight] of cases) assert.equal(parseWeight(text), weight, text);
});

test("the arrow keys stay in the grid", () => {
  const keys = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "x"];
  const from = (index) => keys.map((key) => moveInGrid(key, index, 3, 6)); // two rows of three
  assert.deepEqual(from(0), [0, 1, 0, 3, 0, 2, 0]);
  assert.deepEqual(from(4), [3, 5, 1, 4, 3, 5, 4]);
});

test("the line stands where the values change sign", () => {
  const side = 41; // a circle of radius 12 around the middle
  const values = Float64Array.from(
    { length: side * side },
    (_, i) => Math.hypot((i % side) - 20, Math.floor(i / side) - 20) - 12,
  );
  const ends = zeroLine(values, side).flat(Infinity);
  assert.ok(ends.length > 200);
  for (let i = 0; i < ends.length; i += 2) {
    assert.ok(Math.abs(Math.hypot(ends[i] - 20, ends[i + 1] - 20) - 12) < 0.1);
  }
});

test("a share is never said to be a certainty, and sizes are short", () => {
  assert.deepEqual([0, 0.004, 0.5, 0.996, 1].map(showShare), [
    "under 1 %",
    "under 1 %",
    "50 %",
    "over 99 %",
    "over 99 %",
  ]);
  assert.deepEqual([999_400, 999_500, 4_012_345].map(showSize), ["999 kB", "1.0 MB", "4.0 MB"]);
});

test("cells are sorted: numbers by value, then texts as people sort them", () => {
  const cell = (text) => ({ text, number: text === "" ? NaN : Number(text) });
  const texts = ["arm 10", "1e-7", "-20", "arm 9", "3", "1e9", "10"];
  assert.deepEqual(
    texts
      .map(cell)
      .sort(compareCells)
      .map(({ text }) => text),
    ["-20", "1e-7", "3", "10", "1e9", "arm 9", "arm 10"],
  );
});

test("an answer below the threshold is called unsure, one at the threshold is not", () => {
  const classes = ["animal", "mineral", "vegetable"];
  const say = (shares, threshold) => describe(classes, shares, threshold);
  const unsure = say([0.3, 0.1, 0.6], 0.684);
  assert.equal(unsure.sentence, "Not sure: vegetable, 60 %?");
  assert.deepEqual([unsure.best, unsure.isSure, unsure.second], [2, false, "animal, 30 %"]);
  assert.equal(say([0.684, 0.2, 0.116], 0.684).sentence, "animal, 68 %.");
  assert.equal(say([0.3, 0.1, 0.6], 0).sentence, "vegetable, 60 %.");
});

test("a file that is no use is told why, and what to do", () => {
  const cases = [
    [undefined, /no file with a picture/],
    [{ name: "IMG_1.HEIC", type: "" }, /“IMG_1.HEIC” is in the format HEIC.*JPEG/],
    [{ name: "", type: "image/heif" }, /^That is in the format HEIC/],
    [{ name: "a.pdf", type: "application/pdf" }, /“a.pdf” is no picture\. JPEG/],
    [{ name: "cat.jpg", type: "image/jpeg" }, /“cat.jpg” could not be read as a picture\. JPEG/],
    [{ name: "", type: "" }, /^That could not be read/],
  ];
  for (const [file, message] of cases) assert.match(explainFile(file), message);
});

test("the button to go on names the chapter and the section, by numbers where they have some", () => {
  const cases = [
    ["00. Tensors: numbers in, numbers out", "4. dtype", "Continue: 00, section 4"],
    ["03. Computer vision", "Exercises", "Continue: 03, “Exercises”"],
    ["What is deep learning?", "2. Rules", "Continue: What is deep learning?, section 2"],
  ];
  for (const [chapter, section, name] of cases) assert.equal(nameOf(chapter, section), name);
});
