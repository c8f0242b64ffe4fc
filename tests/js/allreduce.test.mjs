// The all-reduce figure's rounds, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { numberOf, ringRounds } from "../../book/static/figures/allreduce.js";

const RANKS = [2, 3, 4, 5, 6, 7, 8];

/** @param {number} n @param {number} piece */
function sumOf(n, piece) {
  let sum = 0;
  for (let rank = 0; rank < n; rank += 1) sum += numberOf(rank, piece);
  return sum;
}

test("in the end all ranks have the sum of each piece", () => {
  for (const n of RANKS) {
    const { start, rounds } = ringRounds(n);
    assert.equal(rounds.length, 2 * (n - 1));
    assert.deepEqual(start[1][0], numberOf(1, 0));
    for (const row of rounds.at(-1).after) {
      assert.deepEqual(
        row,
        row.map((_, piece) => sumOf(n, piece)),
      );
    }
  }
});

test("at half-time each rank has its own piece of the sum, and no other", () => {
  for (const n of RANKS) {
    const { after, n: counts } = ringRounds(n).rounds[n - 2];
    for (let rank = 0; rank < n; rank += 1) {
      assert.equal(after[rank][rank], sumOf(n, rank));
      assert.deepEqual(
        counts[rank].flatMap((count, piece) => (count === n ? [piece] : [])),
        [rank],
      );
    }
  }
});

test("in each round every rank sends one piece to its neighbour, and gets one", () => {
  for (const n of RANKS) {
    for (const { messages } of ringRounds(n).rounds) {
      assert.deepEqual(
        messages.map(({ from }) => from),
        [...Array(n).keys()],
      );
      for (const { from, to } of messages) assert.equal(to, (from + 1) % n);
    }
  }
});

test("no number is shown that needs more than two digits", () => {
  for (const n of RANKS) {
    for (const { after } of ringRounds(n).rounds) {
      for (const number of after.flat()) assert.ok(number >= 1 && number < 100);
    }
  }
});
