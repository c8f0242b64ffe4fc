"""Checks for the exercises of chapter 13, many devices."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    as_whole,
    random_states,
    require,
    require_floats,
    require_function,
    require_number,
    run_answer,
)
from torchbook.training.simulated import Cluster


def check_1(answer: object) -> None:
    """Check the bytes that each of 8 ranks sends to add up GPT-2's gradients."""
    number = require_number(answer)
    weights, size = 124_439_808, 4 * 124_439_808
    right = 2 * 7 * size // 8
    require(
        not math.isclose(number, 2 * size),
        "That's for ever so many ranks. With 8, each sends 7 pieces in a lap, not 8.",
    )
    require(
        not math.isclose(number, right / 2),
        "That's one of the two laps: the adding or the passing.",
    )
    require(
        not math.isclose(number, 8 * right),
        "That's what all ranks send together. In each round goes a piece, an eighth of the whole.",
    )
    require(
        not math.isclose(number, 2 * 7 * weights // 8),
        "Those are numbers. How many bytes has each?",
    )
    require(not math.isclose(number, 7 * size), "That's what a boss would send to seven others.")
    require(
        not math.isclose(number, size), "That's how large the gradient is. How often does it go?"
    )
    require(not math.isclose(number, 2 * right), "In 32 bits a number takes 4 bytes.")
    require(
        math.isclose(number, right, rel_tol=1e-9),
        "Not yet. Two laps of 7 rounds, an eighth of the gradient in each, 4 bytes for a number.",
    )


def check_2(answer: object) -> None:
    """Check the seconds of a ring all-reduce."""
    function = require_function(answer)
    for n, n_bytes, latency, bandwidth in (
        (8, 318_080, 20e-6, 1.25e9),
        (2, 4096, 1e-3, 1e6),
        (4, 10_000_000, 1e-6, 5e8),
        (1, 4096, 1e-3, 1e6),
        (64, 6400, 3e-5, 1e9),
    ):
        result = require_number(run_answer(function, n, n_bytes, latency, bandwidth))
        rounds, piece = 2 * (n - 1), n_bytes / n / bandwidth
        right = rounds * (latency + piece)

        def close(other: float, result: float = result) -> bool:
            return math.isclose(result, other, rel_tol=1e-6, abs_tol=1e-12)

        if n == 1:
            require(close(0), "One rank alone has nobody to talk to: 0 seconds.")
            continue
        require(not close(right / 2), "That's one lap. There are two.")
        require(not close(latency + rounds * piece), "Each round has a latency of its own.")
        require(
            not close(rounds * (latency + n_bytes / bandwidth)),
            "In each round goes a piece, not the whole tensor.",
        )
        require(
            not close(2 * n * (latency + piece)), "A lap has one round less than there are ranks."
        )
        require(not close(rounds * piece), "Where is the latency?")
        require(
            close(right), f"With {n} ranks and {n_bytes} bytes, the cluster's clock says otherwise."
        )


def check_3(answer: object) -> None:
    """Check the gradient of a batch from uneven shares."""
    function = require_function(answer)
    draw = torch.Generator().manual_seed(3)
    for counts in ([60, 4], [1, 2, 3], [5, 0, 7, 1], [9], [8, 8]):
        gradients = [torch.randn(6, generator=draw, dtype=torch.float64) for _ in counts]
        for place, count in enumerate(counts):
            if count == 0:
                gradients[place] = torch.zeros(6, dtype=torch.float64)
        kept = [gradient.clone() for gradient in gradients]
        result = require_floats(run_answer(function, list(gradients), list(counts)), (6,))
        require(
            all(torch.equal(a, b) for a, b in zip(gradients, kept, strict=True)),
            "You changed the gradients that you were given.",
        )
        total = sum(c * g for c, g in zip(counts, kept, strict=True))
        if len(set(counts)) > 1:
            require(
                not torch.allclose(result, torch.stack(kept).mean(dim=0)),
                "In a plain average, a picture of a small share counts more than others.",
            )
        if sum(counts) != len(counts):
            require(
                not torch.allclose(result, total / len(counts)), "Divide by pictures, not by ranks."
            )
        require(
            not torch.allclose(result, total), "Those are sums. A loss that's a mean wants a mean."
        )
        require(
            torch.allclose(result, total / sum(counts)),
            f"With shares of {counts} that isn't the batch's gradient.",
        )


def check_4(answer: object) -> None:
    """Check the bytes of the ZeRO stages in mixed precision."""
    function = require_function(answer)
    for n_weights, n in ((7_500_000_000, 64), (1_000_000, 8), (640, 1), (4096, 2)):
        expected = [16.0, 4 + 12 / n, 2 + 14 / n, 16 / n]
        for stage, each in enumerate(expected):
            result = require_number(run_answer(function, n_weights, n, stage))
            right = each * n_weights
            if n > 1:
                require(
                    not math.isclose(result, (12 + 4 / n) * n_weights)
                    and not math.isclose(result, (14 + 2 / n) * n_weights),
                    "It's the optimiser that is shared out first, because it's the largest. Each "
                    "stage shares out one thing more.",
                )
                require(
                    not (stage and math.isclose(result, 16.0 * n_weights)),
                    "From stage 1 on, something is shared out.",
                )
            require(
                not math.isclose(result, [16, 8 + 8 / n, 4 + 12 / n, 16 / n][stage] * n_weights)
                or math.isclose(result, right),
                "That's the table for 32 bits: 4, 4 and 8. In mixed precision it's 2, 2 and 12.",
            )
            require(
                not math.isclose(result * 1e9, right, rel_tol=1e-6), "In bytes, please, not in GB."
            )
            require(
                math.isclose(result, right, rel_tol=1e-6),
                f"For {n_weights:,} weights on {n} ranks, stage {stage} isn't right yet.",
            )


def check_5(answer: object) -> None:
    """Check a sampler for several ranks that repeats nothing."""
    function = require_function(answer)
    for n_examples, n_ranks in ((10, 4), (64, 8), (7, 2), (30, 1), (23, 3)):
        orders = []
        for epoch in range(3):
            before = random_states()
            shares = [
                _places(run_answer(function, n_examples, n_ranks, rank, epoch))
                for rank in range(n_ranks)
            ]
            require(
                random_states() == before,
                "You changed a random state that others use, too. Take a generator of your own.",
            )
            again = _places(run_answer(function, n_examples, n_ranks, 0, epoch))
            require(again == shares[0], "Two calls with the same arguments give different answers.")
            together = [place for share in shares for place in share]
            require(
                all(0 <= place < n_examples for place in together),
                f"With {n_examples} examples, the places go from 0 to {n_examples - 1}.",
            )
            require(
                len(together) == len(set(together)),
                "An example comes twice. Do all ranks shuffle in the same way before they share?",
            )
            require(len(together) == n_examples, "Some examples are nobody's.")
            sizes = [len(share) for share in shares]
            require(max(sizes) - min(sizes) <= 1, f"The shares are too uneven: {sizes}.")
            orders.append(shares)
        require(
            not orders[0] == orders[1] == orders[2],
            "All epochs have the same order. What is the epoch's number for?",
        )
        if n_ranks > 1 and n_examples > 20:
            require(
                {frozenset(order[0]) for order in orders} != {frozenset(orders[0][0])},
                "A rank sees the same examples in every epoch. Shuffle first, then share.",
            )


def check_6(answer: object) -> None:
    """Check a broadcast in which nobody's line is busy for long."""
    function = require_function(answer)
    for n in (1, 2, 3, 4, 5, 8, 16):
        tensor = torch.arange(6.0).reshape(2, 3) + n
        # A tensor takes a second, and the way to it no time.
        cluster = Cluster(n, latency=0.0, bandwidth=float(tensor.nbytes))
        copies = run_answer(function, cluster, tensor.clone())
        _require_all_have(copies, tensor, n, "rank 0's tensor")
        _require_talk(cluster, n)
        require(cluster.sent[0] >= tensor.nbytes or n == 1, "Only rank 0 has anything to send.")
        require(
            sum(cluster.sent) >= (n - 1) * tensor.nbytes,
            "Fewer bytes went round than the others need. Did a copy come by another way?",
        )
        needed = math.ceil(math.log2(n))
        require(
            n <= 3 or max(cluster.sent) < (n - 1) * tensor.nbytes,
            "Rank 0 sends all copies itself, so everything waits for its line. Who else can help?",
        )
        require(
            cluster.seconds <= needed + 1e-9,
            f"With {n} ranks, that takes as long as {cluster.seconds:.3g} tensors one after "
            f"another; {needed} will do. Those who have it can double in each round.",
        )


def check_7(answer: object) -> None:
    """Check an all-reduce that is fast for small tensors."""
    function = require_function(answer)
    draw = torch.Generator().manual_seed(7)
    for n in (2, 4, 8):
        cluster = Cluster(n)
        tensors = [torch.randn(1000, generator=draw) for _ in range(n)]
        kept = [tensor.clone() for tensor in tensors]
        sums = run_answer(function, cluster, list(tensors))
        require(
            all(torch.equal(a, b) for a, b in zip(tensors, kept, strict=True)),
            "You changed the tensors that you were given.",
        )
        right = torch.stack(kept).double().sum(dim=0).float()
        _require_all_have(sums, right, n, "the sum")
        _require_talk(cluster, n)
        require(
            min(cluster.sent) > 0,
            "A rank has sent nothing, so how do the others know its numbers?",
        )
        size = kept[0].nbytes
        ring = 2 * (n - 1) * (cluster.latency + size / n / cluster.bandwidth)
        boss = 2 * (cluster.latency + (n - 1) * size / cluster.bandwidth)
        micro = 1e6 * cluster.seconds
        require(
            cluster.seconds < min(ring, boss) * (1 - 1e-9),
            f"Right, but not faster: {micro:.1f} millionths of a second for {n} ranks. The ring "
            f"needs {1e6 * ring:.1f}, the boss {1e6 * boss:.1f}. How few rounds would do?",
        )


def _places(result: object) -> list[int]:
    """Return a list of whole numbers from a list, a range, an array or a tensor."""
    if isinstance(result, Tensor | np.ndarray):
        result = result.tolist()
    require(isinstance(result, Sequence | range), "Return a list of places.")
    places = [as_whole(place) for place in result]  # type: ignore[attr-defined]
    require(all(isinstance(place, int) for place in places), "Places are whole numbers.")
    return places


def _require_all_have(copies: object, expected: Tensor, n: int, what: str) -> None:
    require(
        isinstance(copies, list | tuple) and len(copies) == n,
        f"Return a list with one tensor for each of the {n} ranks.",
    )
    for rank, copy in enumerate(copies):  # type: ignore[arg-type]
        found = require_floats(copy)
        require(
            found.shape == expected.shape,
            f"Rank {rank}'s tensor has the shape {list(found.shape)}, "
            f"where it should be {list(expected.shape)}.",
        )
        require(
            torch.allclose(found, expected.double(), atol=1e-4),
            f"With {n} ranks, rank {rank} doesn't have {what}.",
        )


def _require_talk(cluster: Cluster, n: int) -> None:
    require(
        n == 1 or sum(cluster.sent) > 0,
        "Not a byte was sent. Ranks see nothing of each other; talk by cluster.exchange.",
    )


CHECKS: dict[str, Check] = {
    "13-1": check_1,
    "13-2": check_2,
    "13-3": check_3,
    "13-4": check_4,
    "13-5": check_5,
    "13-6": check_6,
    "13-7": check_7,
}
