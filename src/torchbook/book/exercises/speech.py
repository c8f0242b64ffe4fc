"""Checks for the exercises of chapter 18, speech."""

import math

import numpy as np
import torch
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    as_whole,
    require,
    require_function,
    require_number,
    run_answer,
)

KEYS = "123A456B789C*0#D"
LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
MOST_ERRORS = 5.0  # percent, to beat in the last exercise


def check_1(answer: object) -> None:
    """Check how many pieces a sound has."""
    n = require_number(answer, "one whole number")
    require(n != 301, "That's with center=True, which adds half a piece at each end.")
    require(n != 300, "The last pieces would stick out: each needs 400 samples.")
    require(n != 297, "And the piece that starts at 0.")
    require(n != 297.5, "There's no half a piece, and the one that starts at 0 counts, too.")
    require(n != 298.5, "There's no half a piece.")
    require(n != 120, "They overlap: each starts 160 samples after the last.")
    require(n == 298, "The last piece may start at 48,000 - 400. How many steps of 160 is that?")


def check_2(answer: object) -> None:
    """Check what a frequency is taken for at a sampling rate."""
    function = require_function(answer)
    for frequency, rate, expected in (
        (5000, 8000, 3000),
        (3000, 8000, 3000),
        (440, 8000, 440),
        (9000, 8000, 1000),
        (15000, 8000, 1000),
        (4000, 8000, 4000),
        (20000, 44100, 20000),
        (30000, 44100, 14100),
        (21000, 8000, 3000),
    ):
        found = require_number(run_answer(function, frequency, rate), "one number of hertz")
        about = f"{frequency:,} hertz at {rate:,} samples per second"
        require(found >= 0, f"For {about} you return a negative frequency. Which wave is that?")
        require(
            found <= rate / 2,
            f"For {about} you return {found:g}, more than the rate can hold: {rate / 2:g}.",
        )
        require(
            math.isclose(found, expected, abs_tol=1e-6),
            f"For {about} you return {found:g}. Two frequencies look the same if they add up to "
            "the rate, or differ by it.",
        )


def _spell(path: list[int]) -> list[tuple[int, int]]:
    return [
        (symbol, t)
        for t, symbol in enumerate(path)
        if symbol != 0 and (t == 0 or symbol != path[t - 1])
    ]


def check_3(answer: object) -> None:
    """Check symbols and the seconds at which they begin."""
    function = require_function(answer)
    for path in (
        [0, 3, 3, 0, 1, 1, 1, 0, 0],
        [4, 1, 1, 4, 0, 0, 4],
        [2, 2, 2],
        [5, 5, 0, 5, 0],
        [0, 0, 0],
        [1, 2],
    ):
        expected = _spell(path)
        found = run_answer(function, list(path))
        require(isinstance(found, list | tuple), "Return a list of pairs.")
        pairs = []
        for pair in found:
            is_pair = isinstance(pair, list | tuple) and len(pair) == 2
            require(is_pair, "Each of the list should be a pair: a symbol and its seconds.")
            seconds = require_number(pair[1], "seconds")
            pairs.append((as_whole(pair[0]), seconds))
        symbols = [symbol for symbol, _ in pairs]
        require(0 not in symbols, "The blank isn't said: leave it out.")
        once = [symbol for i, symbol in enumerate(path) if symbol and symbol not in path[:i]]
        right = [symbol for symbol, _ in expected]
        if right != once:
            require(symbols != once, f"In {path} a symbol is said again, after a blank or another.")
        gone = [symbol for symbol in path if symbol]
        runs = [symbol for i, symbol in enumerate(gone) if i == 0 or symbol != gone[i - 1]]
        if right != runs:
            require(
                symbols != runs, f"In {path} a blank stands between two of the same: two words."
            )
        require(symbols == right, f"{path} says {right}, but yours says {symbols}.")
        times = [seconds for _, seconds in pairs]
        starts = [t for _, t in expected]
        if any(starts):
            require(not np.allclose(times, starts), "Those are frames. Each lasts 0.04 seconds.")
        require(
            np.allclose(times, [0.04 * t for t in starts], atol=1e-6),
            f"In {path} the symbols begin in the frames {starts}, counted from 0, each of 0.04 "
            "seconds.",
        )


def _n_paths(target: list[int], n_frames: int) -> int:
    states = [0]
    for symbol in target:
        states += [symbol, 0]
    ways = [1] + [0] * (len(states) - 1)
    if target:
        ways[1] = 1
    for _ in range(n_frames - 1):
        new = list(ways)
        for s, symbol in enumerate(states):
            if s:
                new[s] += ways[s - 1]
            if s > 1 and symbol and symbol != states[s - 2]:
                new[s] += ways[s - 2]
        ways = new
    return sum(ways[-2:])


def check_4(answer: object) -> None:
    """Check the number of paths that are read as a target."""
    function = require_function(answer)
    for target, n_frames in (
        ([1, 2], 4),
        ([3], 3),
        ([2, 2], 4),
        ([1, 2, 3], 3),
        ([5, 5], 2),
        ([4, 4, 1], 9),
        ([3, 1, 4, 1, 1], 60),
    ):
        expected = _n_paths(target, n_frames)
        found = require_number(run_answer(function, list(target), n_frames), "one whole number")
        about = f"{n_frames} frames that say {target}"
        without = _n_paths([9 if i % 2 else 8 for i in range(len(target))], n_frames)
        if without != expected:
            require(
                found != without,
                f"For {about} you count too many: between two of the same there must be a blank.",
            )
        stuck = _stuck(target, n_frames)
        if stuck != expected:
            require(found != stuck, f"For {about}: a path may also skip the blank between two.")
        require(
            math.isclose(found, expected, rel_tol=1e-9, abs_tol=0.1),
            f"For {about} there are {expected:,} paths, but you return {found:,.0f}.",
        )


def _stuck(target: list[int], n_frames: int) -> int:
    ways = [1, 1] + [0] * (2 * len(target) - 1)
    for _ in range(n_frames - 1):
        ways = [n + (ways[s - 1] if s else 0) for s, n in enumerate(ways)]
    return sum(ways[-2:])


def _distance(said: list[str], heard: list[str]) -> int:
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, start=1):
        new = [i]
        for j, other in enumerate(heard, start=1):
            new.append(min(row[j - 1] + (word != other), row[j] + 1, new[j - 1] + 1))
        row = new
    return row[-1]


def check_5(answer: object) -> None:
    """Check the word error rate of texts."""
    function = require_function(answer)
    cases = (
        (["one two three"], ["one three"], 1 / 3),
        (["one", "one two three four"], ["two", "one two three four"], 1 / 5),
        (["four five six"], ["five six four"], 2 / 3),
        (["nine"], ["nine nine nine"], 2.0),
        (["one two", "three"], ["", "three"], 2 / 3),
        (["the cat sat", "on"], ["the cat sat", "on"], 0.0),
    )
    for said, heard, expected in cases:
        found = require_number(run_answer(function, list(said), list(heard)), "one number")
        pairs = [(s.split(), h.split()) for s, h in zip(said, heard, strict=True)]
        distances = [_distance(s, h) for s, h in pairs]
        means = np.mean([d / len(s) for d, (s, _) in zip(distances, pairs, strict=True)])
        about = f"said {said}, heard {heard}"

        def is_near(value: float, found: float = found, expected: float = expected) -> bool:
            different = not math.isclose(value, expected, abs_tol=1e-6)
            return different and math.isclose(found, value, abs_tol=1e-6)

        require(not is_near(sum(distances)), "That's the number of errors. Divide by the words.")
        require(not is_near(100 * expected), "Return a share of 1, not percent.")
        require(
            not is_near(float(means)),
            "That's the mean of the texts' rates: long texts must count for more. Add up the "
            "errors and the words, and divide once.",
        )
        n_heard = sum(len(h) for _, h in pairs)
        if n_heard:
            require(not is_near(sum(distances) / n_heard), "Divide by the words that were said.")
        by_place = sum(
            sum(a != b for a, b in zip(s, h, strict=False)) + abs(len(s) - len(h)) for s, h in pairs
        )
        n_said = sum(len(s) for s, _ in pairs)
        require(
            not is_near(by_place / n_said),
            f"For {about} you compare word by word. If one is missing, the others still count.",
        )
        letters = [(list(s), list(h)) for s, h in zip(said, heard, strict=True)]
        by_letter = sum(_distance(s, h) for s, h in letters) / sum(len(s) for s, _ in letters)
        require(not is_near(by_letter), "Those are letters. Split the texts into words.")
        require(
            math.isclose(found, expected, abs_tol=1e-6),
            f"For {about} it should be {expected:.3f}, but is {found:.3f}.",
        )


def dial(number: str, generator: torch.Generator, noise: float) -> Tensor:
    """Return the sound of a dialled number, as in the recipe, shape [samples]."""

    def some(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=generator))

    parts = [torch.zeros(some(0, 400))]
    for key in number:
        time = torch.arange(some(400, 1200)) / 8000
        place = KEYS.index(key)
        parts.append(torch.sin(2 * math.pi * LOW[place // 4] * time))
        parts[-1] = parts[-1] + torch.sin(2 * math.pi * HIGH[place % 4] * time)
        parts.append(torch.zeros(some(300, 800)))
    sound = torch.cat(parts)
    return sound + noise * torch.randn(len(sound), generator=generator)


def check_6(answer: object) -> None:
    """Check that dialled numbers are read out of their sounds."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(18)
    errors, n_keys, clean_errors = 0, 0, 0
    for i in range(60):
        n = 1 + int(torch.randint(9, (), generator=generator))
        number = "".join(KEYS[int(torch.randint(16, (), generator=generator))] for _ in range(n))
        if i % 3 == 0:  # the same key twice
            number += number[-1]
        noise = 0.0 if i < 10 else 2.0
        found = run_answer(function, dial(number, generator, noise))
        require(isinstance(found, str), 'Return a text, such as "555".')
        unknown = sorted(set(found) - set(KEYS))
        require(not unknown, f"There's no key {unknown[0] if unknown else ''!r} on this telephone.")
        distance = _distance(list(number), list(found))
        errors += distance
        clean_errors += distance if i < 10 else 0
        n_keys += len(number)
        if i < 10:
            once = "".join(key for j, key in enumerate(number) if j == 0 or key != number[j - 1])
            require(
                found == number or found != once or once == number,
                f"{number} was dialled, and you heard {found}: between two of the same there's a "
                "short silence.",
            )
            require(
                len(found) < 3 * len(number) + 3,
                f"{number} was dialled, and you heard {found}: a key that's held is one key.",
            )
    require(
        clean_errors <= 2,
        f"Without any noise, you got {clean_errors} keys wrong. Which of the low and which of the "
        "high frequencies is the loudest?",
    )
    rate = 100 * errors / n_keys
    require(
        rate < MOST_ERRORS,
        f"{rate:.1f} % of the keys are wrong; beat {MOST_ERRORS:g}. Noise is spread over all "
        "frequencies, a key isn't: compare with the mean, or look at longer pieces.",
    )
    print(f"{rate:.1f} % of the keys wrong.")


CHECKS: dict[str, Check] = {
    "18-1": check_1,
    "18-2": check_2,
    "18-3": check_3,
    "18-4": check_4,
    "18-5": check_5,
    "18-6": check_6,
}
