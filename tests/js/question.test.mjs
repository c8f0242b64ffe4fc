// Which answer the arrow keys lead to.

import assert from "node:assert/strict";
import test from "node:test";

import { walk } from "../../book/static/figures/question.js";

test("arrows walk from answer to answer, around both ends, and other keys do not", () => {
  const keys = ["ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"];
  assert.deepEqual(
    keys.map((key) => walk(key, 0, 3)),
    [1, 1, 2, 2],
  );
  assert.equal(walk("ArrowDown", 2, 3), 0);
  assert.equal(walk("Tab", 1, 3), null);
});
