"""Checks for the exercises of chapter 12, training fast."""

import math

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from torchbook.book.exercises.answers import (
    Check,
    Operations,
    WrongAnswerError,
    require,
    require_floats,
    require_function,
    require_number,
    require_tensor,
    require_two_whole_numbers,
    require_type,
    run_answer,
)

_ASKS = "_local_scalar_dense"  # the operation that all questions end in
_MOST_FLOPS = 1_000_000


def _close(one: float, other: float, tolerance: float = 1e-6) -> bool:
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)


def check_1(answer: object) -> None:
    """Check the operations and the bytes of a linear layer from [32, 784] to [32, 10]."""
    operations, moved = require_two_whole_numbers(answer, example=(1_000, 2_000))
    weights, inputs, outputs = 784 * 10, 32 * 784, 32 * 10
    work, numbers = 2 * 32 * 784 * 10, weights + inputs + outputs
    require((operations, moved) != (4 * numbers, work), "Both are there. Which is which?")
    require(operations != work // 2, "You counted the multiplications. Each has an addition, too.")
    require(operations != work // 32, "That's the work for one row. There are 32.")
    require(
        operations == work,
        "The flops aren't right: for each row and each output, 784 products are added up.",
    )
    require(moved != numbers, "Those are the numbers. A float32 has four bytes.")
    require(moved != 2 * numbers, "Four bytes for each number; bfloat16 would take two.")
    require(moved != 4 * (inputs + outputs), "The weights have to be fetched, too.")
    require(moved != 4 * (inputs + weights), "The outputs have to be stored, too.")
    require(
        moved != 4 * (inputs + 32 * weights + outputs),
        "The weights are fetched once for all rows. That's what a batch is for.",
    )
    require(moved == 4 * numbers, "The bytes aren't right: inputs, weights and outputs, once each.")


def check_2(answer: object) -> None:
    """Check Amdahl's law."""
    function = require_function(answer)
    for share, factor in ((0.3, 2.0), (0.8, 8.0), (0.95, 1000.0), (0.5, 0.5), (0.0, 7.0), (1.0, 7)):
        expected = 1 / (1 - share + share / factor)
        given = require_number(run_answer(function, share, factor))
        if _close(given, expected):
            continue
        require(not _close(given, 1 / expected), "That's the time that's left. Turn it round.")
        require(
            not _close(given, 1 / (share + (1 - share) / factor)),
            "You speed up the part that should stay, and leave the other.",
        )
        require(not _close(given, 1 + share * (factor - 1)), "Add up times, not speeds.")
        require(
            share == 1 or not _close(given, 1 / (1 - share)),
            "What becomes faster still takes some time.",
        )
        raise WrongAnswerError(
            f"With share {share} and factor {factor}, it should be {expected:.3f}. "
            "The old time is 1: what is the new one?"
        )


def check_3(answer: object) -> None:
    """Check the shortest time under a roofline."""
    function = require_function(answer)
    for operations, moved, peak, bandwidth in (
        (1e9, 1e6, 1e11, 2e10),
        (1e6, 1e9, 1e11, 2e10),
        (3e12, 2e9, 19.5e12, 1.555e12),
        (10, 1000, 5, 50),
    ):
        cooking, walking = operations / peak, moved / bandwidth
        given = require_number(run_answer(function, operations, moved, peak, bandwidth))
        require(
            not _close(given, cooking + walking),
            "That's one after the other. They overlap: who is the last to finish?",
        )
        require(
            not _close(given, min(cooking, walking)),
            "Nobody can serve before both are done: take the longer of the two.",
        )
        require(
            not _close(given, min(peak, bandwidth * operations / moved)),
            "That's the speed under the roof. How long does the work take at that speed?",
        )
        require(
            not _close(given, 1 / max(cooking, walking)),
            "Turn it round: seconds are work divided by speed.",
        )
        require(
            _close(given, max(cooking, walking)),
            "It isn't right yet: how long does the arithmetic alone take, and the bytes alone?",
        )


def check_4(answer: object) -> None:
    """Check a mean that asks once."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(4)
    for sizes in ([64, 64, 11], [1], [3, 5, 8, 13, 21]):
        losses = list(torch.rand(len(sizes), generator=generator) * 3)
        expected = sum(float(a) * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)
        with Operations() as operations:
            given = run_answer(function, list(losses), list(sizes))
        require(
            not isinstance(given, Tensor),
            "Return a Python number. One question is allowed, at the end.",
        )
        given = require_number(given)
        plain = sum(float(loss) for loss in losses) / len(losses)
        require(
            _close(given, expected, 1e-5) or not _close(given, plain, 1e-5),
            "That's the mean over batches. A batch of 64 counts more than one of 11.",
        )
        require(
            not _close(given, expected * sum(sizes), 1e-4) or sum(sizes) == 1,
            "That's the sum. Divide by the number of pictures.",
        )
        require(_close(given, expected, 1e-5), "The mean over all pictures isn't right yet.")
        asked = operations.calls[_ASKS]
        require(asked <= 1, f"Right, but you asked {asked} times for {len(losses)} batches.")


def check_5(answer: object) -> None:
    """Check a batch taken from bytes."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(5)
    for n, side in ((50, 28), (300, 9)):
        pictures = torch.randint(0, 256, (n, 1, side, side), generator=generator).to(torch.uint8)
        places = torch.tensor([7, 3, 3, n - 1, 0])
        before = pictures.clone()
        largest = _Largest()
        with largest:
            batch = run_answer(function, pictures, places)
        batch = require_tensor(batch)
        require(torch.equal(pictures, before), "You changed the pictures that you were given.")
        require(
            batch.dtype == torch.float32,
            f"The batch should be float32, but it is {batch.dtype}.",
        )
        require(
            tuple(batch.shape) == (5, 1, side, side),
            f"The shape should be {[5, 1, side, side]}, but it is {list(batch.shape)}.",
        )
        expected = before[places].double() / 255
        require(
            not torch.allclose(batch.double(), expected * 255),
            "Those are still 0 to 255: divide.",
        )
        require(
            not torch.allclose(batch.double(), before[: len(places)].double() / 255),
            "Those are the first pictures. Take those of the places.",
        )
        require(
            torch.allclose(batch.double(), expected, atol=1e-6),
            "The numbers aren't right yet. They should be those of the places, divided by 255.",
        )
        require(
            largest.numbers <= batch.numel(),
            "Right, but on the way you made floats of more pictures than you need. Pick first.",
        )


class _Largest(Operations):
    """Also keeps the size of the largest float tensor that an operation made."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(
        self, func: object, types: object, args: tuple = (), kwargs: dict | None = None
    ) -> object:
        result = super().__torch_dispatch__(func, types, args, kwargs)
        if isinstance(result, Tensor) and result.is_floating_point():
            self.numbers = max(self.numbers, result.numel())
        return result


def check_6(answer: object) -> None:
    """Check nearest neighbours in a few calls."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(6)
    for n, m, d in ((5, 7, 3), (40, 11, 2), (1, 6, 4), (9, 1, 5)):
        points = torch.randn(n, d, generator=generator)
        others = torch.randn(m, d, generator=generator)
        apart = (points[:, None] - others).pow(2).sum(dim=2)  # [N, M]
        expected = apart.argmin(dim=1)
        with Operations() as operations:
            result = run_answer(function, points.clone(), others.clone())
        found = require_tensor(result)
        require(
            not (found.is_floating_point() and found.numel() == n),
            "Those are distances. Which of the others is it that's so near?",
        )
        require(
            tuple(found.shape) == (n,),
            f"The shape should be {[n]}, one place for each point, but it is {list(found.shape)}.",
        )
        require(found.dtype == torch.int64, f"The places should be int64, but are {found.dtype}.")
        require(
            m == 1 or not torch.equal(found, apart.argmax(dim=1)),
            "Those are the ones farthest away.",
        )
        require(
            m == 1
            or torch.equal(found, expected)
            or not torch.equal(found, (points @ others.T).argmax(dim=1)),
            "The largest product isn't the smallest distance: a long vector has large products.",
        )
        require(torch.equal(found, expected), "Some of them aren't the nearest.")
        calls = sum(
            number for name, number in operations.calls.items() if not name.startswith("_record")
        )
        require(
            calls <= 10,
            f"Right, but that took {calls} calls for {n} and {m} points. Ten are allowed.",
        )


def check_7(answer: object) -> None:
    """Check a network with little arithmetic."""
    model = require_type(answer, nn.Module, "Pass the network itself, such as nn.Sequential(...).")
    convolutions = [part for part in model.modules() if isinstance(part, nn.Conv2d)]
    require(len(convolutions) >= 2, f"Two convolutions at least; yours has {len(convolutions)}.")
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            device = next(model.parameters()).device
            logits = run_answer(model, torch.rand(3, 1, 28, 28, device=device))
            with FlopCounterMode(display=False) as counter:
                run_answer(model, torch.rand(1, 1, 28, 28, device=device))
    finally:
        model.train(was_training)
    values = require_floats(logits)
    require(
        tuple(values.shape) == (3, 10),
        f"Three pictures should give logits of shape [3, 10], but yours have {list(values.shape)}.",
    )
    flops = counter.get_total_flops()
    require(
        flops < _MOST_FLOPS,
        f"Yours does {flops / 1e6:.2f} million flops for a picture. Fewer than 1 million!",
    )
    print(f"{flops / 1e6:.2f} million flops for a picture. Does it get to 90 %?")


CHECKS: dict[str, Check] = {
    "12-1": check_1,
    "12-2": check_2,
    "12-3": check_3,
    "12-4": check_4,
    "12-5": check_5,
    "12-6": check_6,
    "12-7": check_7,
}
