"""Checks for the exercises of chapter 07, experiment tracking."""

import json
import math
import random
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    Function,
    WrongAnswerError,
    require,
    require_function,
    require_given,
    require_tensor,
    require_type,
    run_answer,
)


def _number(answer: object, what: str = "The answer") -> float:
    """Return a plain number, also from NumPy or from a tensor with one element, else raise."""
    require_given(answer)
    try:
        return float(answer)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError):
        raise WrongAnswerError(
            f"{what} should be a number, but it is a {type(answer).__name__}."
        ) from None


def _two_numbers(result: object, what: str) -> tuple[float, float]:
    """Return the two numbers that a function should return, else raise."""
    require(
        isinstance(result, tuple | list | Tensor) and len(result) == 2,
        f"The function should return two numbers, {what}.",
    )
    first, second = result
    return _number(first, "The first of the two"), _number(second, "The second of the two")


def _close(a: float, b: float, tolerance: float = 1e-4) -> bool:
    return abs(a - b) <= tolerance * max(1.0, abs(b))


def check_1(answer: object) -> None:
    """Check the standard deviation of an accuracy."""
    points = _number(answer)
    require(not _close(points, 0.02), "That is a share. The question asks for points, per cent.")
    require(not _close(points, 0.04, 1e-3), "That is the variance, as a share. Take its root.")
    require(not _close(points, 8, 1e-3), "That counts pictures: how far 320 may wander, of 400.")
    require(
        not (3.9 < points < 4.1),
        "Close: that is about half of the 95 % interval. The question asks for one standard "
        "deviation.",
    )
    require(
        1.95 <= points <= 2.05,
        "Section 6 has the formula: the root of p (1 - p) / n, here with p = 0.8 and n = 400.",
    )


_ACCURACIES = [80.0, 82.0, 79.0, 83.0, 81.0]  # mean 81, standard deviation 1.5811
_T4 = 2.7764451  # the t of 4 degrees of freedom that 2.5 % lie above
_T1 = 12.7062047


def _ends(n: int, spread: float, t: float) -> tuple[float, float]:
    half = t * spread / math.sqrt(n)
    return 81 - half, 81 + half


def check_2(answer: object) -> None:
    """Check a t-interval of the mean."""
    function = require_function(answer)
    what = "the lower and the upper end"
    low, high = _two_numbers(run_answer(function, list(_ACCURACIES)), what)
    s, population = statistics.stdev(_ACCURACIES), statistics.pstdev(_ACCURACIES)
    half = (high - low) / 2
    require(
        not _close(half, _T4 * s),
        "That is where single runs lie, roughly, not where their mean does: divide by the root "
        "of n.",
    )
    require(
        not (_close(half, 1.96 * s / 5**0.5, 1e-3) or _close(half, 2 * s / 5**0.5)),
        "1.96 is for a standard deviation that you know. You guessed it from five runs: stats.t.",
    )
    require(
        not _close(half, _T4 * population / 5**0.5),
        "The standard deviation divides by n. For a sample it divides by n - 1.",
    )
    require(
        not _close(half, 2.5705818 * s / 5**0.5),
        "The degrees of freedom are one fewer than the runs: the mean has used up one.",
    )
    require(
        not _close(half, 2.1318468 * s / 5**0.5),
        "That is a 90 % interval: 5 % lie above it, and 5 % below. Of 95 %, how much is on each "
        "side?",
    )
    expected = _ends(5, s, _T4)
    require(
        _close(low, expected[0]) and _close(high, expected[1]),
        f"Of {_ACCURACIES} the mean is 81, and you return {low:.3f} and {high:.3f}. The formula "
        "of section 5 gives another width.",
    )
    low, high = _two_numbers(run_answer(function, [80.0, 82.0]), what)
    expected = _ends(2, 2**0.5, _T1)
    require(
        _close(low, expected[0]) and _close(high, expected[1]),
        "Right for five runs, but not for two. Does your t depend on the number of runs?",
    )


def _draws(function: Function, low: float, high: float, n: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return require_tensor(run_answer(function, low, high, n, generator), shape=(n,))


def check_3(answer: object) -> None:
    """Check log-uniform draws."""
    function = require_function(answer)
    rates = _draws(function, 1e-4, 1e-1, 3000, 0).double()
    require(
        bool(torch.isfinite(rates).all()) and rates.min() >= 0.99e-4 and rates.max() <= 0.101,
        f"From 0.0001 to 0.1 was asked; your draws go from {rates.min():.3g} to {rates.max():.3g}.",
    )
    shares = [((rates > low) & (rates <= 10 * low)).double().mean() for low in (1e-4, 1e-3, 1e-2)]
    text = ", ".join(f"{100 * share:.0f} %" for share in shares)
    require(
        shares[2] < 0.8,
        f"Of your draws {text} lie in the three powers of ten. That is a uniform draw of the rate; "
        "draw its exponent.",
    )
    require(
        min(shares) > 0.28,
        f"Of your draws {text} lie in the three powers of ten. Each should get a third.",
    )
    require(
        rates.unique().numel() > 2500,
        "Only a few different values come out. A grid is what we wanted to get away from.",
    )
    require(
        torch.equal(rates, _draws(function, 1e-4, 1e-1, 3000, 0).double()),
        "The same generator seed gave other draws: let the generator draw, and nobody else.",
    )
    wide = _draws(function, 2.0, 2048.0, 1000, 1)
    require(
        wide.min() >= 1.99 and wide.max() <= 2049 and 0.4 < (wide < 64).double().mean() < 0.6,
        "Right for rates, but not for widths from 2 to 2048, of which half should lie below 64.",
    )


_BEFORE = {0: 79.0, 1: 83.0, 2: 75.0, 3: 81.0, 9: 50.0}
_AFTER = {3: 82.5, 7: 99.0, 0: 80.0, 2: 77.0, 1: 83.5}
_GAIN, _P = 1.25, 0.0304663  # of 1, 0.5, 2, 1.5 points


def check_4(answer: object) -> None:
    """Check a paired comparison by seed."""
    function = require_function(answer)
    before, after = dict(_BEFORE), dict(_AFTER)
    gain, p = _two_numbers(run_answer(function, before, after), "the mean gain and p")
    require(
        before == _BEFORE and after == _AFTER,
        "The dictionaries that were passed in have changed.",
    )
    require(not _close(gain, -_GAIN), "Wrong way round: a gain is after less before.")
    everyone = statistics.mean(_AFTER.values()) - statistics.mean(_BEFORE.values())
    require(
        not _close(gain, everyone),
        "Seeds 7 and 9 are in one dictionary only: they have no partner.",
    )
    require(
        _close(gain, _GAIN),
        f"The gains of seeds 0 to 3 are 1, 0.5, 2 and 1.5 points; their mean is not {gain:.4g}. "
        "Do you pair by seed, or by place?",
    )
    require(
        not _close(p, 0.5974, 2e-3),
        "p is that of strangers: ttest_ind. These are pairs.",
    )
    require(
        not _close(p, _P / 2, 2e-5),
        "p is one-sided. A loss would have surprised us as much as a gain.",
    )
    require(_close(p, _P, 2e-5), f"The gain is right, but p is {p:.4g} and should be {_P:.4g}.")
    try:
        function({0: 80.0, 1: 81.0}, {1: 82.0, 2: 83.0})
    except ValueError:
        return
    except Exception as error:
        raise WrongAnswerError(
            f"With one pair only it should raise a ValueError, but raises {type(error).__name__}."
        ) from error
    raise WrongAnswerError("With one pair there is no spread, so no p: raise a ValueError.")


def _rows(function: Function, text: str) -> list[object]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.jsonl"
        path.write_text(text, encoding="utf-8")
        result = run_answer(function, path)
        require(path.read_text(encoding="utf-8") == text, "The file has changed. Only read it.")
    return require_type(result, list, "One dictionary for each run.")


def check_5(answer: object) -> None:
    """Check reading a log whose last line may be torn."""
    function = require_function(answer)
    whole = '{"seed": 0, "accuracy": 79.5}\n{"seed": 1, "accuracy": 81.0}\n'
    expected = [json.loads(line) for line in whole.splitlines()]
    rows = _rows(function, whole)
    require(
        rows == expected,
        f"For a log of two whole lines you return {len(rows)} rows"
        + (". The last line is whole: keep it." if rows == expected[:1] else ", or other ones."),
    )
    require(
        _rows(function, whole + '{"seed": 2, "acc') == expected,
        "With half a third line, the first two should come back.",
    )
    require(_rows(function, whole + "\n") == expected, "A blank line is no run.")
    require(
        _rows(function, whole.rstrip("\n")) == expected,
        "A last line may be whole and lack only its line break. Look whether it can be read.",
    )
    try:
        _rows(function, '{"seed": 0, "acc\n' + whole)
    except WrongAnswerError as error:
        if isinstance(error.__cause__, json.JSONDecodeError):
            return
        raise
    raise WrongAnswerError(
        "A broken line in the middle was passed over. Nobody was killed there: something else is "
        "wrong, and somebody should hear of it."
    )


def check_6(answer: object) -> None:
    """Check the probability that one of many useless changes wins."""
    function = require_function(answer)

    def says(n: int, level: float) -> float:
        return _number(run_answer(function, n, level), "What the function returns")

    twenty = says(20, 0.05)
    require(
        not _close(twenty, 1.0),
        "20 times 0.05 is 1, a certainty. Would 40 changes win with 200 %? Start from the "
        "probability that none wins.",
    )
    require(
        not _close(twenty, 0.95**20),
        "That is the probability that none of them wins. The question is the opposite.",
    )
    require(
        not _close(twenty, 0.05**20, 1e-9),
        "That is the probability that all of them win at once.",
    )
    require(not _close(twenty, 64.15, 1e-2), "A probability goes from 0 to 1.")
    require(
        _close(twenty, 1 - 0.95**20) and _close(says(1, 0.05), 0.05),
        f"For 20 changes and 0.05 you say {twenty:.4g}. With one change it must be the level "
        "itself; with two, a little less than twice that.",
    )
    require(
        _close(says(7, 0.01), 1 - 0.99**7),
        "Right for 0.05, but not for other levels.",
    )


class _Bench:
    """A noisy score to search: the best rate is 0.004, the noise has standard deviation 1."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, int]] = []

    @staticmethod
    def truth(lr: float) -> float:
        return 80 - 0.5 * math.log10(lr / 0.004) ** 2

    def __call__(self, lr: float, run: int) -> float:
        lr = float(lr)
        self.asked.append((lr, int(run)))
        return self.truth(lr) + random.Random(f"{lr!r} {int(run)}").gauss(0, 1)


def _search(function: Function, n: int, seed: int) -> tuple[float, float, _Bench]:
    bench = _Bench()
    lr, honest = _two_numbers(run_answer(function, bench, n, seed), "the rate and its score")
    return lr, honest, bench


def _mean_bias(function: Function, seeds: Sequence[int]) -> float:
    found = [_search(function, 30, seed) for seed in seeds]
    return statistics.mean(honest - _Bench.truth(lr) for lr, honest, _ in found)


def check_7(answer: object) -> None:
    """Check a random search with an honest estimate."""
    function = require_function(answer)
    lr, honest, bench = _search(function, 30, 0)
    rates = {asked for asked, _ in bench.asked}
    require(len(bench.asked) <= 50, f"You asked {len(bench.asked)} times; n + 20 was the limit.")
    require(
        len(rates) == 30,
        f"You were to try 30 rates, and tried {len(rates)} different ones.",
    )
    require(
        all(0.99e-4 <= rate <= 0.101 for rate in rates),
        "The rates should lie between 0.0001 and 0.1.",
    )
    require(
        sum(rate < 0.001 for rate in rates) >= 3,
        "Hardly any of your rates is below 0.001: draw them log-uniformly.",
    )
    require(lr in rates, "The rate that you return was never tried.")
    first: dict[float, float] = {}
    for rate, number in bench.asked:
        if rate not in first:
            first[rate] = _Bench()(rate, number)
    ranked = sorted(first, key=first.__getitem__, reverse=True)
    require(
        lr in ranked[:10],
        "Larger scores are better, and the rate that you return has a poor one.",
    )
    require(
        _search(function, 30, 0)[:2] == (lr, honest),
        "The same seed gave two different answers: seed whatever draws.",
    )
    require(
        _search(function, 30, 1)[0] != lr,
        "Another seed gave the same rate. Does the seed reach what draws?",
    )
    bias = _mean_bias(function, range(12))
    require(
        bias < 0.75,
        f"Over twelve searches your estimate is {bias:.1f} above the truth, on average. The score "
        "by which a rate was chosen is lucky. Ask again, with runs that had no part in choosing.",
    )
    require(abs(bias) < 0.75, f"Over twelve searches your estimate is off by {bias:.1f}.")


CHECKS: dict[str, Check] = {
    "07-1": check_1,
    "07-2": check_2,
    "07-3": check_3,
    "07-4": check_4,
    "07-5": check_5,
    "07-6": check_6,
    "07-7": check_7,
}
