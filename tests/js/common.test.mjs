// What the figures share.

import assert from "node:assert/strict";
import test from "node:test";

globalThis.HTMLElement ??= class {};
globalThis.HTMLInputElement ??= class {};
globalThis.IntersectionObserver ??= class {};

const { Figure, movesCaret, placeOf, shade, softmax, walkByKeys } = await import(
  "../../book/static/figures/common.js"
);

/** A text field: | is the caret, or each end of what is selected. */
function field(text) {
  const parts = text.split("|");
  const [before, selected, after] = parts.length === 3 ? parts : [parts[0], "", parts[1]];
  return Object.assign(new HTMLInputElement(), {
    value: before + selected + after,
    selectionStart: before.length,
    selectionEnd: before.length + selected.length,
  });
}

test("keys belong to the caret of a text field until it reaches the edge", () => {
  const cases = [
    ["1/|9", ["ArrowLeft", "ArrowRight", "Home", "End"]],
    ["1/9|", ["ArrowLeft", "Home", "End"]],
    ["|1/9", ["ArrowRight", "Home", "End"]],
    ["|1/|9", ["ArrowLeft", "ArrowRight", "Home", "End"]],
    ["|1/9|", ["Home", "End"]], // as on arrival
    ["|", ["Home", "End"]],
  ];
  for (const [text, expected] of cases) {
    const keys = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
    assert.deepEqual(
      keys.filter((key) => movesCaret(key, field(text))),
      expected,
      text,
    );
  }
});

/** Press a key in a grid of 2 rows and 3 columns. @returns where it leads, or null if the page gets it */
function press(key, cells, from) {
  let [listener, led, isPrevented] = [null, null, false];
  const grid = {
    addEventListener(_, added) {
      listener = added;
    },
  };
  walkByKeys(grid, cells, 3, (index) => {
    led = index;
  });
  listener({
    key,
    target: cells[from],
    preventDefault() {
      isPrevented = true;
    },
  });
  assert.equal(isPrevented, led !== null);
  return led;
}

test("keys walk in a grid of cells", () => {
  const cells = Array.from({ length: 6 }, () => ({}));
  const found = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "a", "Tab"].map(
    (key) => press(key, cells, 1),
  );
  assert.deepEqual(found, [0, 2, 1, 4, 0, 2, null, null]);
});

test("a text field in a grid keeps the keys that its caret needs", () => {
  const cells = Array.from({ length: 6 }, () => field("1/|9"));
  assert.deepEqual(
    ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].map((key) =>
      press(key, cells, 1),
    ),
    [null, null, 1, 4, null, null],
  );
});

test("softmax adds up to 1 and does not overflow", () => {
  const [a, b, c] = softmax([1000, 999, -1000]);
  assert.ok(Math.abs(a + b + c - 1) < 1e-12);
  assert.ok(Math.abs(a / b - Math.E) < 1e-12);
  assert.equal(c, 0);
});

test("a number can be read on every shade", () => {
  const look = (share) => {
    const found = {};
    shade(
      {
        style: {
          setProperty: (name, value) => {
            found[name] = value;
          },
        },
      },
      share,
    );
    return [found["--tb-shade"], found["--tb-ink"]];
  };
  assert.deepEqual(look(0), ["rgb(0 0 0)", "#fff"]);
  assert.deepEqual(look(1), ["rgb(255 255 255)", "#000"]);
});

test("cells are counted row by row", () => {
  assert.deepEqual(
    [0, 2, 3, 7].map((flat) => placeOf(flat, 3)),
    [
      [0, 0],
      [0, 2],
      [1, 0],
      [2, 1],
    ],
  );
});

test("a choice is one of a few values", () => {
  const figure = new Figure();
  const read = (text) => {
    figure.getAttribute = () => text;
    return figure.readChoice("stride", [1, 2], 1);
  };
  assert.equal(read(null), "1");
  assert.equal(read("2"), "2");
  assert.throws(() => read("3"), { message: 'stride must be one of 1, 2, but is "3"' });
  assert.throws(() => read(""), { message: 'stride must be one of 1, 2, but is ""' });
});
