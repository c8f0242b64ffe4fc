"""Checks for the exercises of chapter 16, attention."""

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    Function,
    as_whole,
    require,
    require_floats,
    require_function,
    require_number,
    run_answer,
)
from torchbook.data import load_verses

MEMORY_GETS, TO_BEAT = 29.2, 34.0  # chrF on Exodus


def check_1(answer: object) -> None:
    """Check the number of parameters of an attention of width 96."""
    n = require_number(answer, "one number of parameters")
    width = 96
    require(n != 4 * width * width, "And the biases: each of the four layers has 96.")
    require(n != 3 * (width * width + width), "There's a fourth layer: `out`.")
    require(n != 3 * width * width, "There's a fourth layer, `out`, and each has biases.")
    require(n != width * width + width, "That's one layer. There are four.")
    require(
        n != 16 * (width * width + width),
        "The heads share the four layers: each gets 24 of the 96 numbers.",
    )
    require(
        n == 4 * (width * width + width),
        "Four linear layers, from 96 numbers to 96: a weight for each pair, a bias for each.",
    )


def check_2(answer: object) -> None:
    """Check the mask of a decoder that sees neither the future nor padding."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(16)
    for batch, n in ((3, 5), (1, 4), (2, 7), (4, 1)):
        target = torch.randint(1, 9, (batch, n), generator=generator)
        for i in range(batch):
            target[i, max(1, n - i) :] = 0  # the first row has no padding
        found = run_answer(function, target.clone())
        require(isinstance(found, Tensor), "Return a tensor of booleans.")
        require(
            found.dtype == torch.bool, f"The dtype should be torch.bool, but it is {found.dtype}."
        )
        require(
            tuple(found.shape) == (batch, 1, n, n),
            f"The shape should be {[batch, 1, n, n]}, but it is {list(found.shape)}.",
        )
        past = torch.ones(n, n, dtype=torch.bool).tril()
        real = (target != 0)[:, None, None]
        require(
            n == 1 or not torch.equal(found, ~(past & real)),
            "True and False are swapped: True is for what may be seen.",
        )
        require(
            n < 3 or not torch.equal(found, past.T & real),
            "That's the upper triangle: tokens see the future and not the past.",
        )
        require(
            bool((target != 0).all()) or not torch.equal(found, past.expand(batch, 1, n, n)),
            "The future is hidden, but padding isn't.",
        )
        require(
            n == 1 or not torch.equal(found, real.expand(batch, 1, n, n)),
            "Padding is hidden, but the future isn't.",
        )
        require(
            n < 3 or not torch.equal(found, past.tril(-1) & real), "A token may look at itself."
        )
        require(
            bool((target != 0).all()) or not torch.equal(found, past & real.transpose(2, 3)),
            "You've hidden the rows of padding. Its columns have to be hidden: what is looked at.",
        )
        require(
            torch.equal(found, past & real),
            "Not yet. It's True in row i and column j if j isn't after i, and token j isn't 0.",
        )


def check_3(answer: object) -> None:
    """Check attention in which some queries may look at nothing."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(3)
    for t, s, d, e, empty in (
        (4, 6, 5, 3, None),
        (3, 5, 4, 4, 1),
        (2, 2, 8, 6, 0),
        (5, 1, 2, 2, 3),
    ):
        queries = 2 * torch.randn(t, d, generator=generator).double()
        keys = torch.randn(s, d, generator=generator).double()
        values = torch.randn(s, e, generator=generator).double() + 1
        allowed = torch.rand(t, s, generator=generator) < 0.6
        allowed[:, 0] = True
        if empty is not None:
            allowed[empty] = False
        given = (queries, keys, values, allowed)
        found = require_floats(run_answer(function, *(x.clone() for x in given)), shape=(t, e))
        require(
            not found.isnan().any(),
            "There's a NaN. A query that may look at nothing has only scores of minus infinity, "
            "and the softmax of these is 0 / 0.",
        )
        expected = _attend(*given)
        if not torch.allclose(found, expected, atol=1e-5):
            _hint_attention(found, *given)
        require(
            torch.allclose(found, expected, atol=1e-5),
            "Not yet. Scores over the root of d; minus infinity where it isn't allowed; softmax "
            "over the keys; times the values; zeros for a query that may look at nothing.",
        )


def _attend(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor, scale: float | None = None) -> Tensor:
    scores = q @ k.T / (q.shape[1] ** 0.5 if scale is None else scale)
    weights = scores.masked_fill(~allowed, -torch.inf).softmax(dim=1).nan_to_num()
    return weights @ v


def _hint_attention(found: Tensor, q: Tensor, k: Tensor, v: Tensor, allowed: Tensor) -> None:
    if allowed.all() or allowed.shape[1] < 2:
        return
    everywhere = torch.ones_like(allowed)
    scores = q @ k.T / q.shape[1] ** 0.5
    softly = (scores.masked_fill(~allowed, 0).softmax(dim=1)) @ v
    late = (scores.softmax(dim=1) * allowed) @ v
    columns = scores.masked_fill(~allowed, -torch.inf).softmax(dim=0).nan_to_num() @ v
    empty = ~allowed.any(dim=1, keepdim=True)
    spread = _attend(q, k, v, allowed | empty)
    evenly = torch.where(empty, v.mean(dim=0), spread)
    for wrong, hint in (
        (_attend(q, k, v, allowed, scale=1.0), "Divide the scores by the root of d."),
        (_attend(q, k, v, ~allowed), "True is for what may be seen; you hide it."),
        (_attend(q, k, v, everywhere), "The mask changes nothing yet."),
        (softly, "A score of 0 isn't hidden: its exponential is 1."),
        (late, "The weights of a query have to add up to 1: mask before the softmax, not after."),
        (columns, "The softmax goes over the keys, so that each row adds up to 1."),
    ):
        require(not torch.allclose(found, wrong, atol=1e-5), hint)
    require(
        not any(torch.allclose(found, wrong, atol=1e-5) for wrong in (spread, evenly)),
        "A query that may look at nothing should collect zeros, not the mean of all values.",
    )


def _distance(one: list[str], other: list[str], change: int = 1) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row = row, [i]
        for j, b in enumerate(other, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (0 if a == b else change)))
    return row[-1]


def _place_by_place(one: list[str], other: list[str]) -> int:
    pairs = itertools.zip_longest(one, other)
    return sum(a != b for a, b in pairs)


def _as_bags(one: list[str], other: list[str]) -> int:
    left, right = Counter(one), Counter(other)
    return max((left - right).total(), (right - left).total())


def check_4(answer: object) -> None:
    """Check the edit distance of two lists of sounds."""
    function = require_function(answer)
    shuffler = random.Random(4)
    sounds = ["K", "AE", "T", "S", "IH", "N"]
    pairs = [
        ("K AE T", "K AE T S"),
        ("K AE T", "AE T S"),
        ("K AE T", "T AE K"),
        ("", "K AE"),
        ("S T AA P", ""),
        ("AA B K", "K AA B"),
        ("K AE T", "K AE T"),
    ]
    lists = [(one.split(), other.split()) for one, other in pairs]
    for _ in range(20):
        sizes = shuffler.randint(0, 7), shuffler.randint(0, 7)
        lists.append(tuple(shuffler.choices(sounds, k=size) for size in sizes))
    found = []
    for one, other in lists:
        value = as_whole(run_answer(function, list(one), list(other)))
        require(
            isinstance(value, int) and not isinstance(value, bool),
            f"The distance is a whole number, but it is {value!r:.40}.",
        )
        found.append(value)
    expected = [_distance(*pair) for pair in lists]
    wrong_ways: list[tuple[Callable[[list[str], list[str]], int], str]] = [
        (
            _place_by_place,
            "You compare place by place. If one sound is missing, all the others move.",
        ),
        (_as_bags, "You count which sounds are there, but their order matters, too."),
        (lambda a, b: _distance(a, b, 2), "To change a sound is one step, not two."),
        (lambda a, b: abs(len(a) - len(b)), "Lists of the same length can differ, too."),
    ]
    for way, hint in wrong_ways:
        require(found != [way(*pair) for pair in lists], hint)
    for (one, other), value, right in zip(lists, found, expected, strict=True):
        require(
            value == right,
            f"From {' '.join(one) or 'nothing'} to {' '.join(other) or 'nothing'} it should be "
            f"{right}, but your function says {value}.",
        )


def _tree(seed: int) -> Callable[[list[int]], list[float]]:
    """Return the log probabilities of four numbers after each beginning, made up."""

    def after(beginning: list[int]) -> list[float]:
        generator = random.Random(f"{seed} {[int(i) for i in beginning]}")
        weights = [math.exp(generator.gauss(0, 1.5)) for _ in range(4)]
        weights[0] *= 0.15 * (1 + len(beginning))  # the end comes later
        return [math.log(weight / sum(weights)) for weight in weights]

    return after


def _search(
    after: Callable[[list[int]], list[float]],
    n_beams: int,
    longest: int,
    add: Callable[[float, float], float] = lambda a, b: a + b,
) -> list[int]:
    beams: list[tuple[float, list[int]]] = [(0.0, [])]
    for _ in range(longest):
        candidates = []
        for score, numbers in beams:
            if numbers and numbers[-1] == 0:
                candidates.append((score, numbers))
                continue
            for number, value in enumerate(after(numbers)):
                candidates.append((add(score, value), [*numbers, number]))
        beams = sorted(candidates, reverse=True)[:n_beams]
    ended = [beam for beam in beams if beam[1][-1] == 0]
    return max(ended)[1] if ended else []


def _score(after: Callable[[list[int]], list[float]], numbers: list[int]) -> float:
    return sum(after(numbers[:i])[number] for i, number in enumerate(numbers))


def check_5(answer: object) -> None:
    """Check beam search on made-up trees."""
    function = require_function(answer)
    n_greedy, n_cases = 0, 0
    for seed, n_beams in itertools.product(range(14), (1, 2, 4)):
        after, longest = _tree(seed), 12
        expected = _search(after, n_beams, longest)
        if not expected:
            continue
        found = run_answer(function, after, n_beams, longest)
        require(
            isinstance(found, list | tuple | Tensor),
            "Return the answer as a list of numbers: without its score, and with its 0.",
        )
        numbers = [as_whole(number) for number in found]
        require(
            all(isinstance(number, int) and 0 <= number < 4 for number in numbers),
            "Return the answer as a list of numbers: without its score, and with its 0.",
        )
        require(bool(numbers), "An empty list isn't an answer: at least the 0 has to be there.")
        require(numbers[-1] == 0, "The answer should be ended: its last number is 0.")
        require(0 not in numbers[:-1], "Go no further after a 0: it ends the answer.")
        n_cases += 1
        # Those that stop early may find another answer that is as likely.
        same = _score(after, numbers) >= _score(after, expected) - 1e-6
        n_greedy += n_beams > 1 and numbers == _search(after, 1, longest)
        if n_beams == 1:
            require(same, "With one beam, take the likeliest number at each step.")
        else:
            require(
                same or numbers != _search(after, 1, longest),
                "That's what greedy decoding finds. Keep n_beams beginnings, not one.",
            )
            require(
                same or numbers != _search(after, n_beams, longest, lambda a, b: b),
                "Add up the log probabilities of a beginning, and compare the sums.",
            )
            require(
                same,
                f"With {n_beams} beams there's a likelier answer: {expected} has a log probability "
                f"of {_score(after, expected):.2f}, yours {_score(after, numbers):.2f}.",
            )


def _pieces(text: str, n: int) -> Counter[str]:
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))


def _chrf(written: list[str], references: list[str]) -> float:
    scores = []
    for n in range(1, 7):
        shared, mine, theirs = 0, 0, 0
        for text, reference in zip(written, references, strict=True):
            found = _pieces(text.replace(" ", ""), n)
            wanted = _pieces(reference.replace(" ", ""), n)
            shared += (found & wanted).total()
            mine += found.total()
            theirs += wanted.total()
        precision, recall = shared / max(mine, 1), shared / theirs
        scores.append(5 * precision * recall / max(4 * precision + recall, 1e-9))
    return 100 * sum(scores) / 6


def check_6(answer: object) -> None:
    """Check translations of Exodus made without gradients."""
    function: Function = require_function(answer)
    known, exam, _ = load_verses()
    texts, references = [v.english for v in exam], [v.spanish for v in exam]
    found = run_answer(function, list(known), list(texts))
    require(
        isinstance(found, list | tuple) and len(found) == len(texts),
        f"Return a list with one translation for each of the {len(texts)} texts.",
    )
    require(all(isinstance(text, str) for text in found), "Each translation should be a text.")
    written = [" ".join(text.lower().split()) for text in found]
    require(any(written), "All translations are empty.")
    require(
        not set(written) & set(texts),
        "At least one of your translations is the English text itself.",
    )
    score = _chrf(written, references)
    require(
        score > 17.5,
        f"chrF {score:.1f}: no better than a verse at random. Does each text get its own?",
    )
    require(
        score > MEMORY_GETS - 1.5, f"chrF {score:.1f}: our translation memory gets {MEMORY_GETS}."
    )
    require(
        score >= TO_BEAT,
        f"chrF {score:.1f}. No whole verse fits a new one. Translate smaller pieces: which Spanish "
        "word is often there when an English word is, and seldom when it isn't?",
    )
    print(f"chrF {score:.1f} on {len(texts)} verses of Exodus")


CHECKS: dict[str, Check] = {
    "16-1": check_1,
    "16-2": check_2,
    "16-3": check_3,
    "16-4": check_4,
    "16-5": check_5,
    "16-6": check_6,
}
