"""Checks for the exercises of chapter 07, experiment tracking."""

import json
import math
import random
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
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
    hint = f"The function should return two numbers, {what}."
    if isinstance(result, Tensor | np.ndarray):
        require(result.ndim > 0, hint)
    require(isinstance(result, tuple | list | Tensor | np.ndarray) and len(result) == 2, hint)
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
        "Section 9 has the formula: the root of p (1 - p) / n, here with p = 0.8 and n = 400.",
    )


_ACCURACIES = [80.0, 82.5, 79.0, 84.0, 81.0]  # mean 81.3, median 81
_OTHERS = ([80.0, 82.0], [71.5, 74.0, 70.0], [90.1, 88.0, 91.7, 89.9, 90.4, 87.2, 90.0, 91.1])


# Student's t that 2.5 % lie above, by the number of runs. (SciPy is an extra, not always there.)
_T = {2: 12.7062047, 3: 4.3026527, 5: 2.7764451, 8: 2.3646243}


def _ends(accuracies: list[float]) -> tuple[float, float]:
    n = len(accuracies)
    half = _T[n] * statistics.stdev(accuracies) / math.sqrt(n)
    mean = statistics.mean(accuracies)
    return mean - half, mean + half


def check_2(answer: object) -> None:
    """Check a t-interval of the mean."""
    function = require_function(answer)
    what = "the lower and the upper end"
    given = list(_ACCURACIES)
    low, high = _two_numbers(run_answer(function, given), what)
    require(given == _ACCURACIES, "The list that was passed in has changed.")
    mean, n = statistics.mean(_ACCURACIES), len(_ACCURACIES)
    s, population = statistics.stdev(_ACCURACIES), statistics.pstdev(_ACCURACIES)
    half, middle = (high - low) / 2, (high + low) / 2
    require(
        not (_close(low, mean) and _close(high, (mean - _ends(_ACCURACIES)[0]), 1e-3)),
        "These are the mean and half the width. The two ends were asked for.",
    )
    require(low < high, "The lower end should come first, then the upper one.")
    require(
        not _close(middle, 81.0, 1e-6),
        "The middle of your interval is the median, 81. The mean is asked for.",
    )
    require(
        not _close(half, _T[n] * s),
        "That is where single runs lie, roughly, not where their mean does: divide by the root "
        "of n.",
    )
    require(
        not (_close(half, 1.96 * s / n**0.5, 1e-3) or _close(half, 2 * s / n**0.5, 1e-3)),
        "1.96 is for a standard deviation that you know. You guessed it from five runs: stats.t.",
    )
    require(
        not _close(half, _T[n] * population / n**0.5, 1e-3),
        "The standard deviation divides by n. For a sample it divides by n - 1.",
    )
    require(
        not _close(half, 2.5705818 * s / n**0.5, 1e-3),
        "The degrees of freedom are one fewer than the runs: the mean has used up one.",
    )
    require(
        not _close(half, 2.1318468 * s / n**0.5, 1e-3),
        "That is a 90 % interval: 5 % lie above it, and 5 % below. Of 95 %, how much is on each "
        "side?",
    )
    require(
        _near((low, high), _ends(_ACCURACIES)),
        f"Of {_ACCURACIES} the mean is {mean:.1f}, and you return {low:.3f} and {high:.3f}. The "
        "formula of section 8 gives another width.",
    )
    for accuracies in _OTHERS:
        low, high = _two_numbers(run_answer(function, list(accuracies)), what)
        require(
            _near((low, high), _ends(accuracies)),
            f"Right for five runs, but not for {len(accuracies)}. Does your factor depend on the "
            "number of runs?",
        )


def _near(found: tuple[float, float], expected: tuple[float, float]) -> bool:
    """Tell whether both numbers are right, to what float32 can hold."""
    return all(abs(a - b) <= 2e-3 for a, b in zip(found, expected, strict=True))


def _draws(function: Function, low: float, high: float, n: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    draws = require_tensor(run_answer(function, low, high, n, generator), shape=(n,))
    return draws.detach().double()


def check_3(answer: object) -> None:
    """Check log-uniform draws."""
    function = require_function(answer)
    state = torch.get_rng_state()
    rates = _draws(function, 1e-4, 1e-1, 3000, 0)
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
    grid = "Only a few different values come out. A grid is what we wanted to get away from."
    require(rates.unique().numel() > 2500, grid)
    again = _draws(function, 1e-4, 1e-1, 3000, 0)
    require(
        torch.equal(rates, again),
        "The same generator seed gave other draws: let the generator draw, and nobody else.",
    )
    require(
        torch.equal(state, torch.get_rng_state()),
        "Your function changed PyTorch's global random numbers, which other code relies on. Use "
        "the generator only.",
    )
    other = _draws(function, 1e-4, 1e-1, 3000, 1)
    require(
        not torch.equal(rates.sort().values, other.sort().values),
        "Another generator seed gave the same values. These are the points of a grid; nothing is "
        "drawn. Use torch.rand with the generator.",
    )
    generator = torch.Generator().manual_seed(0)
    first = run_answer(function, 1e-4, 1e-1, 5, generator)
    second = run_answer(function, 1e-4, 1e-1, 5, generator)
    require(
        not torch.equal(first, second),
        "Called twice with the same generator, it drew the same numbers. Set no seed yourself.",
    )
    gaps = rates.log().sort().values.diff() * 3000 / math.log(1000)  # 1 on average
    require(
        0.8 < gaps.std() < 1.2 and not torch.equal(rates, rates.sort().values),
        "The draws are too evenly spread, or sorted: they should be independent of each other.",
    )
    wide = _draws(function, 2.0, 2048.0, 1000, 1)
    require(
        wide.min() >= 1.99 and wide.max() <= 2049 and 0.4 < (wide < 64).double().mean() < 0.6,
        "Right for rates, but not for widths from 2 to 2048, of which half should lie below 64.",
    )
    _draws(function, 0.5, 0.6, 1, 2)


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
    worse = run_answer(function, {5: 84.0, 2: 81.0, 8: 80.0}, {8: 79.0, 5: 81.5, 2: 80.5, 1: 90.0})
    gain, p = _two_numbers(worse, "the mean gain and p")
    require(
        _close(gain, -4 / 3) and _close(p, 0.156726, 2e-5),
        f"Right for a gain, but not for a loss: of -2.5, -0.5 and -1 points, the mean is -1.333 "
        f"and p is 0.157; you return {gain:.4g} and {p:.4g}.",
    )
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
        _rows(function, whole.replace("\n", "\n\n", 1)) == expected,
        "A blank line in the middle is no run, and no error.",
    )
    require(_rows(function, "") == [], "An empty file holds no runs: return an empty list.")
    require(
        _rows(function, '{"seed": 0, "acc') == [],
        "If the only line is torn, there are no runs: return an empty list.",
    )
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

    def __init__(self, changed: dict[tuple[float, int], float] | None = None) -> None:
        self.asked: list[tuple[float, int]] = []
        self.changed = changed or {}  # what to add to single scores

    @staticmethod
    def truth(lr: float) -> float:
        return 80 - 1.5 * math.log10(lr / 0.004) ** 2

    def __call__(self, lr: float, run: int) -> float:
        lr, run = float(lr), int(run)
        self.asked.append((lr, run))
        noise = random.Random(f"{lr!r} {run}").gauss(0, 1)
        return self.truth(lr) + noise + self.changed.get((lr, run), 0.0)


def _search(
    function: Function,
    n: int,
    seed: int,
    changed: dict[tuple[float, int], float] | None = None,
) -> tuple[float, float, _Bench]:
    bench = _Bench(changed)
    lr, honest = _two_numbers(run_answer(function, bench, n, seed), "the rate and its score")
    return lr, honest, bench


def _biases(function: Function, seeds: Sequence[int]) -> list[float]:
    found = [_search(function, 30, seed) for seed in seeds]
    return [honest - _Bench.truth(lr) for lr, honest, _ in found]


def _check_candidates(lr: float, bench: _Bench) -> None:
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


def _check_no_say_in_both(function: Function, lr: float, honest: float, bench: _Bench) -> None:
    """Check that no single score sways the choice and the estimate too."""
    for asked in sorted(set(bench.asked)):
        if asked[0] != lr:
            continue
        chosen, estimate, _ = _search(function, 30, 0, {asked: 0.3})  # a little better
        in_estimate = chosen == lr and estimate != honest
        in_choice = _search(function, 30, 0, {asked: -30.0})[0] != lr  # much worse
        require(
            not (in_estimate and in_choice),
            "A score that had a say in the choice is part of your estimate, and that score is "
            "lucky. Ask again, with runs that had no part in choosing, and use those alone.",
        )


def check_7(answer: object) -> None:
    """Check a random search with an honest estimate."""
    function = require_function(answer)
    lr, honest, bench = _search(function, 30, 0)
    _check_candidates(lr, bench)
    require(
        _search(function, 30, 0)[:2] == (lr, honest),
        "The same seed gave two different answers: seed whatever draws.",
    )
    require(
        _search(function, 30, 1)[0] != lr,
        "Another seed gave the same rate. Does the seed reach what draws?",
    )
    _check_no_say_in_both(function, lr, honest, bench)
    biases = _biases(function, range(40))
    bias = statistics.mean(biases)
    require(
        bias < 0.35,
        f"Over forty searches your estimate is {bias:.1f} above the truth, on average. Something "
        "lucky is in it: the best of several runs, or the score by which the rate was chosen. Ask "
        "again, with runs that had no part in choosing, and take their mean.",
    )
    require(bias > -0.35, f"Over forty searches your estimate is off by {bias:.1f}, on average.")
    require(
        statistics.stdev(biases) < 0.8,
        "Your estimate is honest, but a single new run is a noisy one. You have twenty runs left.",
    )


N_RECIPES, BUDGET, N_ROUNDS, TO_BEAT = 30, 120, 400, 0.30


class _Recipes:
    """Recipes of different quality, to be found out in noisy runs."""

    def __init__(self, seed: int, n: int, budget: int) -> None:
        self.dice = random.Random(seed)
        self.quality = [self.dice.gauss(80, 1) for _ in range(n)]
        self.left = self.budget = budget

    def __call__(self, i: int) -> float:
        number = int(i)
        if not 0 <= number < len(self.quality):
            raise IndexError(f"there is no recipe {number}")
        if self.left == 0:
            raise WrongAnswerError(f"You asked for more than {self.budget} runs.")
        self.left -= 1
        return self.quality[number] + self.dice.gauss(0, 1.5)


def _shortfall(function: Function, seed: int, n: int, budget: int) -> float:
    """Return by how much the chosen recipe is worse than the best."""
    recipes = _Recipes(seed, n, budget)
    try:
        chosen = function(recipes, n, budget)
    except WrongAnswerError:
        raise
    except Exception as error:
        raise WrongAnswerError(
            f"Your function stopped with {type(error).__name__}: {error}"
        ) from error
    require(chosen is not None and chosen is not ..., "The function returns nothing yet.")
    number = _number(chosen, "What the function returns")
    require(
        number.is_integer() and 0 <= number < n,
        f"The function should return a recipe's number, from 0 to {n - 1}, but returned {chosen}.",
    )
    return max(recipes.quality) - recipes.quality[int(number)]


def check_8(answer: object) -> None:
    """Check how well a function finds the best of many recipes."""
    function = require_function(answer)
    _shortfall(function, 0, 8, 40)
    short = [_shortfall(function, seed, N_RECIPES, BUDGET) for seed in range(N_ROUNDS)]
    mean = statistics.mean(short)
    print(f"On average {mean:.2f} points short of the best, over {N_ROUNDS} rounds.")
    require(
        mean < 0.7,
        f"On average you end {mean:.2f} points short of the best recipe. Are all recipes tried, "
        "and are all 120 runs used?",
    )
    require(
        mean < TO_BEAT,
        f"On average you end {mean:.2f} points short of the best recipe; it should be less than "
        f"{TO_BEAT:.2f}. Recipes that look bad after two runs can be dropped, and their runs given "
        "to the better ones.",
    )


CHECKS: dict[str, Check] = {
    "07-1": check_1,
    "07-2": check_2,
    "07-3": check_3,
    "07-4": check_4,
    "07-5": check_5,
    "07-6": check_6,
    "07-7": check_7,
    "07-8": check_8,
}
