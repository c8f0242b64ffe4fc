"""Checks for the exercises of chapter 00, the fundamentals."""

import torch

from torchbook.book.exercises.answers import (
    Check,
    WrongAnswerError,
    require,
    require_function,
    require_given,
    require_tensor,
    run_answer,
)


def _draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check_1(answer: object) -> None:
    """Check the shape of a flattened batch times a matrix."""
    require_given(answer)
    require(
        isinstance(answer, tuple | list) and all(isinstance(length, int) for length in answer),
        "The answer should be a tuple of whole numbers, such as (2, 3).",
    )
    shape = tuple(answer)
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
    require(
        set(board.unique().tolist()) <= {0, 1},
        f"Only 0 and 1 should be on the board, but there is a {board.max().item()}. Which sum of "
        "row and column is even, which is odd?",
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
    table = 5 + _draw(0, 40, 3) * torch.tensor([1.0, 10.0, 100.0])
    result = require_tensor(run_answer(function, table.clone()), shape=(40, 3), dtype=torch.float32)
    require(
        not torch.allclose(result.mean(dim=1), torch.zeros(40), atol=1e-3),
        "Now every row has mean 0, not every column. Which axis should disappear in the mean?",
    )
    require(
        torch.allclose(result.mean(dim=0), torch.zeros(3), atol=1e-3),
        "The means of the columns should be 0, but they are "
        f"{[round(mean, 2) for mean in result.mean(dim=0).tolist()]}.",
    )
    require(
        torch.allclose(result.std(dim=0), torch.ones(3), atol=0.02),
        "The means are right. The standard deviations should be 1, but they are "
        f"{[round(deviation, 2) for deviation in result.std(dim=0).tolist()]}.",
    )
    given = table.clone()
    run_answer(function, given)
    require(
        torch.equal(given, table),
        "The result is right, but the table that was passed in has changed. Avoid -= and /=.",
    )
    square = 5 + _draw(1, 6, 6)
    result = require_tensor(run_answer(function, square.clone()), shape=(6, 6))
    require(
        torch.allclose(result.mean(dim=0), torch.zeros(6), atol=1e-3),
        "Right for a table of 40 rows and 3 columns, wrong for a square one: the means went along "
        "the wrong axis there.",
    )


def check_4(answer: object) -> None:
    """Check the middle of each picture, and that it is a copy."""
    function = require_function(answer)
    pictures = torch.arange(3 * 28 * 28).reshape(3, 28, 28)
    result = require_tensor(run_answer(function, pictures))
    require(
        result.shape[0] == 3,
        f"3 pictures went in, {result.shape[0]} came out: the first axis counts pictures and "
        "should stay as it is.",
    )
    require_tensor(result, shape=(3, 20, 20))
    require(
        torch.equal(result, pictures[:, 4:24, 4:24]),
        "The size is right, but it is not the middle. 28 less 20 leaves 8 pixels: how many of them "
        "on each side?",
    )
    before = pictures.clone()
    result.zero_()
    require(
        torch.equal(pictures, before),
        "The pixels are right. But we painted the result black, and the original went black with "
        "it: a slice shares memory.",
    )


def check_5(answer: object) -> None:
    """Check the share of correct answers."""
    function = require_function(answer)
    scores = torch.eye(4)[[0, 1, 2, 3, 0]] + 0.1 * _draw(2, 5, 4)  # the winners are 0, 1, 2, 3, 0
    labels = torch.tensor([0, 1, 2, 0, 0])
    result = run_answer(function, scores, labels)
    require(
        not isinstance(result, torch.Tensor),
        "The function returns a tensor. Which method turns a tensor of one number into Python's?",
    )
    require(
        isinstance(result, float),
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
        "which axis is the largest score of a row?",
    )
    scores, labels = _draw(3, 300, 7), torch.arange(300) % 7
    truth = (scores.argmax(dim=1) == labels).double().mean().item()
    require(
        abs(run_answer(function, scores, labels) - truth) < 1e-6,
        "Right for 5 rows and wrong for 300. Does something in the function depend on the size?",
    )


def check_6(answer: object) -> None:
    """Check fog from a generator of its own."""
    function = require_function(answer)
    pictures = torch.zeros(2, 3, 50, 50)
    state = torch.get_rng_state()
    try:
        first = require_tensor(run_answer(function, pictures, 2.0, 0), shape=tuple(pictures.shape))
        undisturbed = torch.equal(state, torch.get_rng_state())
        again = run_answer(function, pictures, 2.0, 0)
        other = run_answer(function, pictures, 2.0, 1)
    finally:
        torch.set_rng_state(state)
    require(
        not pictures.any().item(),
        "The function has changed the pictures that it got. Return new ones instead.",
    )
    require(torch.equal(first, again), "Called twice with the same seed, it gave different fog.")
    require(not torch.equal(first, other), "Seeds 0 and 1 gave the same fog.")
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
        torch.allclose(run_answer(function, pictures + 1, 2.0, 0), first + 1),
        "The fog should be added to the pictures. On white ones it did not come out one higher "
        "than on black ones.",
    )
    require(
        undisturbed,
        "The fog is right, but PyTorch's common random numbers moved on or were seeded anew: "
        "whoever draws next will notice. Draw from a generator of your own.",
    )


def check_7(answer: object) -> None:
    """Check matrix multiplication by broadcasting."""
    function = require_function(answer)
    a, b = _draw(4, 2, 3), _draw(5, 3, 4)
    result = require_tensor(run_answer(function, a, b))
    require(
        result.ndim == 2,
        f"The result should have 2 axes, but its shape is {list(result.shape)}. One axis is still "
        "to be summed away.",
    )
    require_tensor(result, shape=(2, 4))
    require(
        torch.allclose(result, a @ b, atol=1e-5),
        "The shape is right, the numbers are not. Which axis do row and column have in common?",
    )
    # Equal numbers everywhere hide a wrong axis in some solutions, a single inner number in others.
    for n, k, m in ((3, 3, 3), (5, 1, 2), (1, 6, 1)):
        a, b = _draw(6, n, k), _draw(7, k, m)
        require(
            torch.allclose(run_answer(function, a, b), a @ b, atol=1e-5),
            f"Wrong for [{n}, {k}] and [{k}, {m}].",
        )
    for left, right in (((2, 3), (4, 5)), ((2, 3), (1, 4)), ((2, 1), (3, 4))):
        try:
            function(torch.ones(left), torch.ones(right))
        except ValueError:
            continue
        except RuntimeError:
            raise WrongAnswerError(
                f"For {list(left)} and {list(right)} it raises PyTorch's RuntimeError; ours should "
                "be a ValueError. Compare the inner numbers first."
            ) from None
        raise WrongAnswerError(
            f"{list(left)} and {list(right)} can't be multiplied, but the function did it: an axis "
            "of length 1 stretched. Compare the inner numbers first."
        )


def check_8(answer: object) -> None:
    """Check the nearest template by squared distance."""
    function = require_function(answer)
    templates = torch.tensor([[1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.2]])
    truth = torch.tensor([2, 1, 0, 1, 1])
    pictures = templates[truth] + 0.05 * _draw(8, 5, 4)
    result = require_tensor(run_answer(function, pictures, templates))
    require(
        not result.is_floating_point(),
        "The function returns floats. Not the distance is asked, but which template has it.",
    )
    require_tensor(result, shape=(5,), dtype=torch.int64)
    farthest = torch.cdist(pictures, templates).argmax(dim=1)
    require(not torch.equal(result, farthest), "That is the farthest template, not the nearest.")
    loudest = (pictures @ templates.T).argmax(dim=1)
    require(
        not torch.equal(result, loudest),
        "That is the largest dot product, in which the brightest template wins. Distances are "
        "asked: subtract first.",
    )
    require(
        torch.equal(result, truth),
        f"For pictures close to the templates {truth.tolist()} it says {result.tolist()}.",
    )
    pictures, templates = _draw(9, 50, 20), _draw(10, 6, 20)
    truth = torch.cdist(pictures.double(), templates.double()).argmin(dim=1)
    require(
        torch.equal(run_answer(function, pictures, templates), truth),
        "Right for clear cases, wrong for close ones. Is it the sum of the squared differences, "
        "over all pixels?",
    )


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
