"""Checks for the exercises of chapter 19, tables."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    Function,
    as_floats,
    require,
    require_floats,
    require_function,
    require_number,
    run_answer,
)
from torchbook.data import load_diamonds

N_TABLE, N_EXAM = 4_000, 2_000
TO_BEAT = 370  # dollars, in the last exercise


def check_1(answer: object) -> None:
    """Check a share of a gap."""
    share = require_number(answer, "one number of per cent")

    def is_near(value: float) -> bool:
        return abs(share - value) < 0.05

    require(not is_near(0.76), "That's the share. In per cent, please.")
    require(not is_near(24), "That's what is left of the gap.")
    require(not is_near(38), "Those are the dollars won. Of how many?")
    require(
        not is_near(100 * 38 / 310),
        "That's how much the error shrank. The gap is only from 310 to 260.",
    )
    require(
        not is_near(100 * 260 / 272), "That compares two errors. Compare two ways, both from 310."
    )
    require(is_near(76), "How far is it from 310 to 260? And how far did the network get?")


def check_2(answer: object) -> None:
    """Check standardising by the training rows."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(19)
    for n_train, n_valid, n_columns in ((50, 20, 3), (30, 40, 1), (200, 7, 4)):
        scale = torch.rand(n_columns, generator=generator, dtype=torch.float64) * 90 + 10
        train = torch.randn(n_train, n_columns, generator=generator).double() * scale + 300
        valid = torch.randn(n_valid, n_columns, generator=generator).double() * 2 * scale + 500
        if n_columns > 1:
            train[:, 1] = 7
            valid[:, 1] = 9
        _check_scaled(function, train, valid)


def _check_scaled(function: Function, train: Tensor, valid: Tensor) -> None:
    found = run_answer(function, train.clone(), valid.clone())
    require(
        isinstance(found, list | tuple) and len(found) == 2,
        "Return two tensors: the training rows and the validation rows.",
    )
    found_train = require_floats(found[0], shape=tuple(train.shape))
    found_valid = require_floats(found[1], shape=tuple(valid.shape))
    require(
        bool(found_train.isfinite().all() and found_valid.isfinite().all()),
        "There's a NaN or an infinity: what do you divide by where a column is constant?",
    )
    mean = train.mean(dim=0)
    spreads = []
    for correction in (0, 1):
        spread = train.std(dim=0, correction=correction)
        spreads.append(torch.where(spread > 0, spread, 1.0))
    right = any(
        torch.allclose(found_train, (train - mean) / spread, atol=1e-4)
        and torch.allclose(found_valid, (valid - mean) / spread, atol=1e-4)
        for spread in spreads
    )
    if right:
        return
    own = (valid - valid.mean(dim=0)) / spreads[1]
    varies = valid.std(dim=0) > 0
    require(
        not torch.allclose(found_valid.mean(dim=0)[varies], own.mean(dim=0)[varies], atol=1e-3),
        "The validation rows have been centred by their own mean. They get that of training.",
    )
    require(
        not torch.allclose(found_train * spreads[1] + mean, train, atol=1e-3)
        or torch.allclose(found_valid * spreads[1] + mean, valid, atol=1e-3),
        "The training rows are right, the validation rows aren't: the same mean, the same spread.",
    )
    everything = torch.cat([train, valid])
    require(
        not torch.allclose(found_train.mean(dim=0)[varies], _centred(train, everything)[varies]),
        "Mean and spread come from all rows. Only the training rows may decide.",
    )
    require(
        not torch.allclose(found_train, train - mean, atol=1e-4),
        "Centred, but not divided by the standard deviation.",
    )
    require(
        False,
        "Not yet: subtract each column's mean, then divide by its standard deviation, both of the "
        "training rows.",
    )


def _centred(train: Tensor, everything: Tensor) -> Tensor:
    """Return the mean of the training rows when all rows have standardised them."""
    return ((train - everything.mean(dim=0)) / everything.std(dim=0)).mean(dim=0)


def check_3(answer: object) -> None:
    """Check whole numbers for categories, 0 for an unknown one."""
    function = require_function(answer)
    cases = (
        (["b", "a", "c", "a"], ["c", "a", "b", "0"]),
        (["UA", "DL", "AA", "DL", "9E"], ["9E", "ZZ", "UA", "AA", "DL", "", "UA"]),
        (["x"], ["y", "x"]),
    )
    for train, new in cases:
        names = sorted(set(train))
        expected = torch.tensor([names.index(v) + 1 if v in names else 0 for v in new]).double()
        found = require_floats(run_answer(function, list(train), list(new)), shape=(len(new),))
        if torch.equal(found, expected):
            continue
        known = torch.tensor([value in names for value in new])
        everything = sorted(set(train) | set(new))
        require(
            found.tolist() != [everything.index(value) + 1 for value in new],
            "The new rows had a say. Only the training rows make the list.",
        )
        require(
            not torch.equal(found[known], expected[known] - 1),
            "Count from 1: 0 is for those that aren't in the list.",
        )
        require(
            not torch.equal(found[known], expected[known]),
            f"The known ones are right. What wasn't among the training rows should be 0, but "
            f"{next(value for value in new if value not in names)!r} became "
            f"{int(found[~known][0])}.",
        )
        seen = list(dict.fromkeys(train))
        require(
            found[known].tolist() != [seen.index(value) + 1 for value in new if value in seen],
            "That's the order in which they came. It should be the alphabet's.",
        )
        require(
            False,
            f"For {train} and {new} it should be {expected.int().tolist()}, but it is "
            f"{found.int().tolist()}.",
        )


def check_4(answer: object) -> None:
    """Check pieces whose first and last go on."""
    function = require_function(answer)
    for edges in ([0.0, 1.0, 2.0, 4.0], [-3.0, 5.0], [2.0, 10.0, 11.0], [0.0, 0.5, 3.0, 3.5, 9.0]):
        edge = torch.tensor(edges)
        column = torch.tensor([-7.0, 0.3, 2.5, 4.0, 6.0, 20.0])
        n = len(edges) - 1
        free = (column[:, None] - edge[:-1]) / edge.diff()
        expected = free.clamp(0, 1)
        expected[:, 0] = free[:, 0].clamp(max=1)
        expected[:, -1] = free[:, -1] if n == 1 else free[:, -1].clamp(min=0)
        found = require_floats(run_answer(function, column.clone(), edge.clone()), shape=(6, n))
        found = found.float()
        if torch.allclose(found, expected, atol=1e-5):
            continue
        require(
            not torch.allclose(found, free.clamp(0, 1), atol=1e-5),
            "That's the chapter's version: it stops at the outer edges.",
        )
        require(
            not torch.allclose(found, free, atol=1e-5),
            "Now nothing is cut off. Only the first piece may fall below 0, and only the last may "
            "rise above 1.",
        )
        require(
            n > 1,
            "With one piece alone, it's the first and the last: nothing is cut off.",
        )
        require(
            not torch.allclose(found[:, 1:], expected[:, 1:], atol=1e-5),
            "The first piece isn't right: it may fall below 0, but not rise above 1.",
        )
        require(
            not torch.allclose(found[:, :-1], expected[:, :-1], atol=1e-5),
            "The last piece isn't right: it may rise above 1, but not fall below 0.",
        )
        require(
            False, f"Not yet: for 20 and edges at {edges}, it should be {expected[-1].tolist()}."
        )


def _shuffled_errors(
    predict: Callable[[Tensor], Tensor],
    inputs: Tensor,
    targets: Tensor,
    groups: list[list[int]],
    together: bool = True,
) -> Tensor:
    """Return the error when each group is shuffled, in one order or in several."""
    generator = torch.Generator().manual_seed(7)
    errors = []
    for group in groups:
        shuffled = inputs.clone()
        order = torch.randperm(len(inputs), generator=generator)
        for column in group:
            if not together:
                order = torch.randperm(len(inputs), generator=generator)
            shuffled[:, column] = inputs[order, column]
        errors.append((predict(shuffled) - targets).abs().mean())
    return torch.stack(errors).double()


def check_5(answer: object) -> None:
    """Check permutation importance of groups of columns."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(5)
    n = 20_000
    inputs = torch.randn(n, 5, generator=generator)
    inputs[:, 4] = 0.95 * inputs[:, 0] + 0.3 * inputs[:, 4]  # says nearly the same
    weights = torch.tensor([3.0, 0.0, -1.0, 0.5, -2.0])
    targets = inputs @ weights + 0.1 * torch.randn(n, generator=generator)

    def predict(given: Tensor) -> Tensor:
        return torch.as_tensor(np.asarray(given), dtype=torch.float32) @ weights

    for groups in ([[0, 4], [1], [2]], [[2], [0], [1], [3, 1]], [[1, 2, 3]]):
        _check_rises(function, predict, inputs, targets, groups)


def _check_rises(
    function: Function,
    predict: Callable[[Tensor], Tensor],
    inputs: Tensor,
    targets: Tensor,
    groups: list[list[int]],
) -> None:
    base = (predict(inputs) - targets).abs().mean().double()

    def rises(groups: list[list[int]], together: bool = True) -> Tensor:
        return _shuffled_errors(predict, inputs, targets, groups, together) - base

    expected = rises(groups)
    given = inputs.clone()
    copied = [list(group) for group in groups]
    found = require_floats(
        run_answer(function, predict, given, targets.clone(), copied), shape=(len(groups),)
    )
    require(torch.equal(given, inputs), "You shuffled the caller's own inputs. Take a copy.")
    if torch.allclose(found, expected, atol=0.06):
        return
    require(
        not torch.allclose(found, expected + base, atol=0.06),
        "Those are the errors. By how much did they *rise*?",
    )
    require(
        not torch.allclose(found, -expected, atol=0.06),
        "The sign is the wrong way round: a column that matters has a positive number.",
    )
    require(
        not torch.allclose(found, rises(groups, together=False), atol=0.06),
        "The columns of a group are shuffled in different orders. One order for the whole group: "
        "each row gets all of them from one other row.",
    )
    singles = []
    for group in groups:
        singles.append(rises([[column] for column in group]).sum())
    require(
        not torch.allclose(found, torch.stack(singles), atol=0.06),
        "Those are the rises of single columns, added up. Shuffle a group's columns at once.",
    )
    require(
        all(float(found[place].abs()) < 0.06 for place, group in enumerate(groups) if group == [1]),
        "Column 1 doesn't count for this model, but you say that it does. Is the group before "
        "still shuffled?",
    )
    require(
        not bool((found.abs() < 1e-4).all()),
        "Nothing rose. Are the columns really shuffled when you ask for guesses?",
    )
    zeroed = []
    for group in groups:
        without = inputs.clone()
        without[:, group] = 0
        zeroed.append((predict(without) - targets).abs().mean() - base)
    require(
        not torch.allclose(found, torch.stack(zeroed).double(), atol=0.06),
        "Those are columns of one value. Shuffle them: the values stay, in other rows.",
    )
    require(
        False, "Not yet: the mean absolute error with one group shuffled, minus the one without."
    )


def check_6(answer: object) -> None:
    """Check a paired interval."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(6)
    for n, shift in ((400, 0.3), (2_500, -0.1), (1_000, 0.0)):
        shared = 10 * torch.rand(n, generator=generator, dtype=torch.float64)
        first = shared + torch.rand(n, generator=generator, dtype=torch.float64) + shift
        second = shared + torch.rand(n, generator=generator, dtype=torch.float64)
        difference = first - second
        mean = difference.mean()
        half = 1.96 * difference.std() / n**0.5
        found = require_floats(run_answer(function, first.clone(), second.clone()), shape=(2,))
        low, high = found.tolist()
        require(low <= high, "The lower end comes first.")
        middle, width = (low + high) / 2, (high - low) / 2
        unit = half.item()
        require(
            abs(middle + mean.item()) > 0.03 * unit or abs(mean.item()) < 0.03 * unit,
            "That's second minus first.",
        )
        require(
            abs(width - unit * n**0.5) > 0.05 * unit * n**0.5,
            "That's where single differences lie. The mean of many is surer: divide by the root "
            "of N.",
        )
        unpaired = 1.96 * ((first.var() + second.var()) / n).sqrt().item()
        require(
            abs(width - unpaired) > 0.05 * unpaired,
            "That's the interval for two sets of rows. These are the same rows: take the spread of "
            "the differences.",
        )
        require(
            abs(width - unit / 1.96) > 0.02 * unit,
            "That's one standard error on each side. For 95 %, it takes 1.96.",
        )
        require(
            abs(middle - mean.item()) < 0.03 * unit and abs(width - unit) < 0.03 * unit,
            "Not yet: the mean of the differences, plus and minus 1.96 times their standard "
            "deviation, divided by the root of N.",
        )


def check_7(answer: object) -> None:
    """Check prices learned from 4,000 diamonds."""
    function = require_function(answer)
    diamonds = load_diamonds()
    order = np.random.default_rng(7).permutation(len(diamonds["price"]))
    chosen, exam = order[:N_TABLE], order[N_TABLE : N_TABLE + N_EXAM]
    table = {name: column[chosen] for name, column in diamonds.items()}
    new = {name: column[exam] for name, column in diamonds.items() if name != "price"}
    prices_of = run_answer(function, table)
    require(callable(prices_of), "Return a function: it gets a table, and returns prices.")
    found = as_floats(run_answer(prices_of, new))
    require(
        found is not None and found.size == N_EXAM,
        f"Return one price for each of the {N_EXAM:,} rows.",
    )
    guesses = found.reshape(-1)
    require(bool(np.isfinite(guesses).all()), "Some prices are NaN or infinite.")
    require(
        np.median(guesses) > 30,
        "Those are no prices in dollars. Are they logarithms still, or standardised?",
    )
    error = float(np.abs(guesses - diamonds["price"][exam]).mean())
    require(error < 1_500, f"Off by {error:,.0f} dollars: about as far as the same price for all.")
    require(
        error < 450,
        f"Off by {error:.0f} dollars. Do you use the grades, and does the weight bend?",
    )
    require(error < TO_BEAT, f"Off by {error:.0f} dollars. Nearly.")
    print(f"off by {error:.0f} dollars on {N_EXAM:,} new diamonds")


CHECKS: dict[str, Check] = {
    "19-1": check_1,
    "19-2": check_2,
    "19-3": check_3,
    "19-4": check_4,
    "19-5": check_5,
    "19-6": check_6,
    "19-7": check_7,
}
