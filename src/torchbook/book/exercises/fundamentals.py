"""Checks for the exercises of chapter 00, the fundamentals."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    Function,
    Operations,
    WrongAnswerError,
    random_states,
    require,
    require_function,
    require_given,
    require_tensor,
    run_answer,
)


def _draw(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check_1(answer: object) -> None:
    """Check the shape of a flattened batch times a matrix."""
    require_given(answer)
    require(
        isinstance(answer, tuple | list) and all(isinstance(length, Integral) for length in answer),
        "The answer should be a tuple of whole numbers, such as (2, 3).",
    )
    shape = tuple(int(length) for length in answer)
    require(
        784 not in shape,
        "784 is the inner number on both sides. What happens to the inner numbers?",
    )
    require(
        not {1, 28} & set(shape),
        "flatten(start_dim=1) keeps axis 0 and melts all later ones into one. Which two axes go "
        "into the multiplication?",
    )
    require(
        len(shape) == 2,
        f"A matrix times a matrix is a matrix, with 2 axes, but your shape has {len(shape)}.",
    )
    require(
        shape != (10, 64),
        "The right numbers, the wrong way round: rows come from the left matrix.",
    )
    require(shape == (64, 10), "Write the two shapes side by side: [64, ...] @ [..., 10].")


def check_2(answer: object) -> None:
    """Check a chessboard."""
    board = require_tensor(answer, shape=(8, 8))
    require(
        board.dtype == torch.int64,
        f"The dtype should be torch.int64, but it is {board.dtype}; .long() makes "
        "whole numbers of it.",
    )
    strange = [number for number in board.unique().tolist() if number not in (0, 1)]
    require(
        not strange,
        f"Only 0 and 1 should be on the board, but there is a {max(strange, default=0)}. Which sum "
        "of row and column is even, which is odd?",
    )
    across = (board[:, 1:] != board[:, :-1]).all().item()
    down = (board[1:] != board[:-1]).all().item()
    require(
        across or not down,
        "The board has stripes from left to right: neighbours in a row should differ, too.",
    )
    require(
        down or not across,
        "The board has stripes from top to bottom: neighbours in a column should differ, too.",
    )
    require(across and down, "Somewhere two neighbours in a row or a column are equal.")
    require(board[0, 0].item() == 0, "The pattern is right, but the top left corner should be 0.")


def check_3(answer: object) -> None:
    """Check that every column gets mean 0 and standard deviation 1."""
    function = require_function(answer)
    # Few rows: with many, dividing by N and by N - 1 is nearly the same.
    table = 5 + _draw(0, 7, 3) * torch.tensor([0.1, 10.0, 100.0])
    result = _standardised(function, table)
    require(
        not torch.allclose(result.mean(dim=1), torch.zeros(7).double(), atol=1e-3),
        "Now every row has mean 0, not every column. Which axis should disappear in the mean?",
    )
    require(
        torch.allclose(result.mean(dim=0), torch.zeros(3).double(), atol=1e-3),
        f"The means of the columns should be 0, but they are {_rounded(result.mean(dim=0))}.",
    )
    ones = torch.ones(3).double()
    require(
        not torch.allclose(result.std(dim=0, correction=0), ones, atol=2e-3),
        "The means are right. The standard deviations are 1 if one divides by the number of rows. "
        "PyTorch's std divides by one less, unless its setting `correction` is changed (NumPy's "
        "divides by the number of rows): leave its settings alone.",
    )
    require(
        torch.allclose(result.std(dim=0), ones, atol=2e-3),
        "The means are right. The standard deviations should be 1, but they are "
        f"{_rounded(result.std(dim=0))}.",
    )
    given = table.clone()
    run_answer(function, given)
    require(
        torch.equal(given, table),
        "The result is right, but the table that was passed in has changed. Avoid -= and /=.",
    )
    for n, f in ((6, 6), (4, 9), (300, 2)):
        table = 5 + _draw(1, n, f)
        result = _standardised(function, table)
        expected = (table - table.mean(dim=0)) / table.std(dim=0)
        require(
            torch.allclose(result, expected.double(), atol=2e-3),
            f"Right for a table of 7 rows and 3 columns, wrong for one of {n} rows and {f} "
            f"columns{', a square one' if n == f else ''}. Does the axis depend on the shape?",
        )


def _standardised(function: Function, table: Tensor) -> Tensor:
    result = require_tensor(run_answer(function, table.clone()), shape=tuple(table.shape))
    require(
        result.is_floating_point(),
        f"The result should hold floats, but its dtype is {result.dtype}.",
    )
    return result.detach().double()


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 2) for value in values.tolist()]


def check_4(answer: object) -> None:
    """Check the middle of each picture, and that it is a copy."""
    function = require_function(answer)
    for n in (3, 1, 28):
        pictures = torch.arange(n * 28 * 28).reshape(n, 28, 28)
        if n == 28:
            pictures = pictures.float()
        before = pictures.clone()
        result = require_tensor(run_answer(function, pictures))
        require(
            result.ndim == 3,
            f"The result should have 3 axes, but its shape is {list(result.shape)}. Which axis has "
            "got lost or come in?",
        )
        require(
            result.shape[0] == n,
            f"{n} pictures went in, {result.shape[0]} came out: the first axis counts pictures and "
            "should stay as it is.",
        )
        require_tensor(result, shape=(n, 20, 20))
        require(
            torch.equal(pictures, before),
            "The function has painted on the pictures that it was given.",
        )
        require(
            torch.equal(result, pictures[:, 4:24, 4:24]),
            "The size is right, but it is not the middle. 28 less 20 leaves 8 pixels: how many of "
            "them on each side?",
        )
        result.zero_()
        require(
            torch.equal(pictures, before),
            "The pixels are right. But we painted the result black, and the original went black "
            "with it: a slice shares memory.",
        )


def check_5(answer: object) -> None:
    """Check the share of correct answers."""
    function = require_function(answer)
    scores = torch.eye(4)[[0, 1, 2, 3, 0]] + 0.1 * _draw(2, 5, 4)  # the winners are 0, 1, 2, 3, 0
    labels = torch.tensor([0, 1, 2, 0, 0])
    result = run_answer(function, scores, labels)
    require(
        not isinstance(result, Tensor),
        "The function returns a tensor. Which method turns a tensor of one number into Python's?",
    )
    require(
        isinstance(result, float | np.floating),
        f"The function should return a float from 0 to 1, but it returned {result!r}.",
    )
    require(
        abs(result - 4) > 1e-6,
        "4 is how many are right. The share of all 5 is asked.",
    )
    require(abs(result - 80) > 1e-3, "That is in percent; a share lies between 0 and 1.")
    require(
        abs(result - 0.8) < 1e-6,
        f"For 5 rows, 4 of them right, the share is 0.8, but the function says {result:.4g}. Along "
        "which axis is the largest score of a row? And what do you divide by?",
    )
    for n, n_classes in ((300, 7), (6, 6), (1, 2)):
        scores = _draw(3, n, n_classes)
        labels = torch.arange(n) ** 2 % n_classes  # not as many of each
        truth = (scores.argmax(dim=1) == labels).double().mean().item()
        result = run_answer(function, scores, labels)
        require(
            abs(result - truth) < 1e-6,
            f"Right for 5 rows of 4 scores, wrong for {n} of {n_classes}. Does something in the "
            "function depend on the size?",
        )


def check_6(answer: object) -> None:
    """Check fog from a generator of its own."""
    function = require_function(answer)
    pictures = torch.zeros(2, 3, 50, 50)
    with _random_numbers_watched() as disturbed:
        first = require_tensor(run_answer(function, pictures, 2.0, 0), shape=tuple(pictures.shape))
        torch.rand(1)  # others draw in between
        np.random.rand()
        random.random()
        before = random_states()
        again = run_answer(function, pictures, 2.0, 0)
        other = run_answer(function, pictures, 2.0, 1)
        white = run_answer(function, pictures + 1, 2.0, 0)
        thin = run_answer(function, pictures, 0.5, 0)
        row = require_tensor(run_answer(function, torch.zeros(1000), 1.0, 5), shape=(1000,))
        disturbed += [name for name, state in random_states().items() if state != before[name]]
    require(
        not pictures.any().item(),
        "The function has changed the pictures that it got. Return new ones instead.",
    )
    first, again, other, white, thin = (fog.double() for fog in (first, again, other, white, thin))
    require(torch.equal(first, again), "Called twice with the same seed, it gave different fog.")
    require(not torch.equal(first, other), "Seeds 0 and 1 gave the same fog.")
    require(
        not torch.equal(first[0], first[1]) and not torch.equal(first[0, 0], first[0, 1]),
        "All pictures of a batch, or all channels of a picture, got the same fog. Draw as many "
        "numbers as there are pixels in all.",
    )
    require(
        abs(first.mean().item()) < 0.1,
        f"Fog of strength 2 on black pictures should have mean 0, but it has "
        f"{first.mean().item():.2f}. Is that the bell curve?",
    )
    require(
        abs(first.std().item() - 2) < 0.1,
        f"Fog of strength 2 should have standard deviation 2, but it has {first.std().item():.2f}.",
    )
    require(
        abs(thin.std().item() - 0.5) < 0.03,
        f"Right for strength 2. Fog of strength 0.5 should have standard deviation 0.5, but it has "
        f"{thin.std().item():.2f}.",
    )
    far = (first.abs() > 4).double().mean().item()
    require(
        0.03 < far < 0.06 and first.abs().max().item() > 6,
        f"Mean and standard deviation are right, but in the bell curve about 4.6 % of the numbers "
        f"are more than two standard deviations from the mean. Here it's {100 * far:.1f} %. Is "
        "that the bell curve?",
    )
    require(
        torch.allclose(white, first + 1, atol=1e-5),
        "The fog should be added to the pictures. On white ones it did not come out one higher "
        "than on black ones.",
    )
    require(abs(row.std().item() - 1) < 0.15, "Right for pictures [2, 3, 50, 50], not for [1000].")
    require(
        not disturbed,
        f"The fog is right, but the random numbers that everybody shares in {_listed(disturbed)} "
        "moved on or were seeded again: others will notice. Draw from a generator of your own.",
    )


@contextmanager
def _random_numbers_watched() -> Iterator[list[str]]:
    """Put everybody's random numbers back afterwards; give a list for those that moved."""
    kept = torch.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        yield []
    finally:
        torch.set_rng_state(kept[0])
        np.random.set_state(kept[1])
        random.setstate(kept[2])


def _listed(names: list[str]) -> str:
    return " and ".join(names)


# PyTorch's operations that multiply matrices, by the names under which they arrive below.
_MULTIPLIERS = {
    *("mm", "bmm", "addmm", "addbmm", "baddbmm", "mv", "addmv", "dot", "vdot", "matmul", "einsum"),
    *("linear", "inner", "tensordot", "convolution", "_convolution", "_trilinear", "chain_matmul"),
    *("linalg_multi_dot", "linalg_vecdot", "_scaled_mm", "_int_mm", "conv1d", "conv2d"),
}


def check_7(answer: object) -> None:
    """Check matrix multiplication by broadcasting."""
    function = require_function(answer)
    a, b = _draw(4, 2, 3), _draw(5, 3, 4)
    with Operations() as spy:
        result = run_answer(function, a, b)
    require_tensor(result)
    require(
        result.ndim == 2,
        f"The result should have 2 axes, but its shape is {list(result.shape)}. One axis is still "
        "to be summed away.",
    )
    require_tensor(result, shape=(2, 4))
    require(
        torch.allclose(result.double(), (a @ b).double(), atol=1e-5),
        "The shape is right, the numbers are not. Which axis do row and column have in common?",
    )
    # Equal numbers everywhere hide a wrong axis in some solutions, a single inner number in others.
    for n, k, m in ((3, 3, 3), (5, 1, 2), (1, 6, 1), (7, 8, 9)):
        a, b = _draw(6, n, k), _draw(7, k, m)
        with Operations() as larger:  # the last one, of the largest, is compared below
            result = run_answer(function, a, b)
        require(
            result.shape == (n, m) and torch.allclose(result.double(), (a @ b).double(), atol=1e-5),
            f"Wrong for [{n}, {k}] and [{k}, {m}].",
        )
    forbidden = sorted(_MULTIPLIERS & spy.calls.keys())
    require(
        not forbidden,
        f"The numbers are right, but PyTorch multiplied the matrices for you (by its `"
        f"{'`, `'.join(forbidden)}`). Do it with `*` and one `sum`.",
    )
    require(
        spy.calls["mul"] + spy.calls["mul_"] > 0,
        "The numbers are right, but no tensors were multiplied by `*`. Work with the tensors "
        "themselves, not with NumPy or with Python's numbers.",
    )
    require(
        spy.calls.total() == larger.calls.total(),
        f"The numbers are right, but for larger matrices it takes more of PyTorch's operations "
        f"({larger.calls.total()} and not {spy.calls.total()}): there is a loop. Let `*` broadcast "
        "over all three axes at once.",
    )
    for left, right in (((2, 3), (4, 5)), ((2, 3), (1, 4)), ((2, 1), (3, 4))):
        try:
            function(torch.ones(left), torch.ones(right))
        except ValueError:
            continue
        except Exception as error:
            raise WrongAnswerError(
                f"For {list(left)} and {list(right)} it raises {type(error).__name__}; it should "
                "be a ValueError of ours. Compare the inner numbers first."
            ) from None
        raise WrongAnswerError(
            f"{list(left)} and {list(right)} can't be multiplied, but the function did it: an axis "
            "of length 1 stretched. Compare the inner numbers first."
        )


def _sky() -> Tensor:
    """Return the chapter's sun, moon and star, [3, 784]."""
    y, x = torch.linspace(1, -1, 28).reshape(28, 1), torch.linspace(-1, 1, 28)
    distance, angle = (x**2 + y**2).sqrt(), torch.atan2(y, x)
    sun = distance < 0.76 + 0.2 * (torch.cos(12 * angle) > 0)
    moon = (distance < 0.75) & (((x - 0.3) ** 2 + y**2).sqrt() > 0.6)
    star = distance < 0.46 + 0.24 * torch.sin(5 * angle)
    return torch.stack([sun, moon, star]).float().flatten(start_dim=1)


def check_8(answer: object) -> None:
    """Check that thick fog is seen through better than with fair templates."""
    function = require_function(answer)
    clean = _sky()
    centred = clean - clean.mean(dim=1, keepdim=True)
    fair = centred / centred.norm(dim=1, keepdim=True)
    n, n_right, n_fair, n_raw, n_far = 3000, 0, 0, 0, 0
    for seed in range(100, 105):
        labels = torch.randint(3, (n,), generator=torch.Generator().manual_seed(seed))
        pictures = clean[labels] + 4 * _draw(seed + 1000, n, 784)
        names = _names(run_answer(function, pictures.clone(), clean.clone()), n)
        n_right += (names == labels).sum().item()
        n_fair += ((pictures @ fair.T).argmax(dim=1) == labels).sum().item()
        n_raw += ((pictures @ clean.T).argmax(dim=1) == names).sum().item()
        n_far += (names == torch.cdist(pictures, clean).argmax(dim=1)).sum().item()
    right, needed = 100 * n_right / (5 * n), 100 * n_fair / (5 * n) + 0.5
    score = f"It names {right:.1f} % right, and {needed:.1f} % are needed."
    require(
        n_raw < 0.999 * 5 * n,
        f"{score} That is the largest dot product with the raw pictures, in which the biggest wins "
        "too often. Subtract first.",
    )
    require(
        n_far < 0.999 * 5 * n,
        f"{score} That is the clean picture which is farthest away, not the nearest.",
    )
    require(
        right > 40,
        f"{score} That is as good as guessing, which gets 33 %. Is each picture compared with each "
        "of the three, over all 784 pixels?",
    )
    require(
        abs(right - (needed - 0.5)) > 0.05,
        f"{score} That is what the fair templates get. What do they throw away that could help?",
    )
    require(right >= needed, f"{score} Which clean picture is nearest, pixel by pixel?")
    _names(run_answer(function, pictures[:1].clone(), clean.clone()), 1)


def _names(result: Any, n: int) -> Tensor:
    """Return the answers for n pictures as a tensor, whatever they came as."""
    if isinstance(result, list | tuple | np.ndarray):
        result = torch.as_tensor(np.asarray(result))
    names = require_tensor(result)
    require(
        not names.is_floating_point(),
        "The function returns floats. What is asked is not the score or the distance, but which of "
        "the clean pictures has it.",
    )
    pictures = "one picture" if n == 1 else f"{n} pictures"
    require(
        tuple(names.shape) == (n,),
        f"For {pictures} the shape should be [{n}], but it is {list(names.shape)}.",
    )
    require(
        names.min().item() >= 0 and names.max().item() <= 2,
        f"The clean pictures have the numbers 0, 1 and 2, but there is a "
        f"{names.max().item() if names.max().item() > 2 else names.min().item()} in the result.",
    )
    return names.cpu()


CHECKS: dict[str, Check] = {
    "00-1": check_1,
    "00-2": check_2,
    "00-3": check_3,
    "00-4": check_4,
    "00-5": check_5,
    "00-6": check_6,
    "00-7": check_7,
    "00-8": check_8,
}
