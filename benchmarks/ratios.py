"""What paired timings come to. Only the standard library: the tests need nothing else."""

import random
import statistics
from collections.abc import Sequence


def paired(times: Sequence[float], reference: Sequence[float]) -> list[float]:
    """Divide the times of one contender by those of another, round by round.

    Args:
        times: seconds, one for each round.
        reference: the other's seconds, in the same rounds.

    Raises:
        ValueError: the two have different lengths, or none at all.
    """
    if not times or len(times) != len(reference):
        raise ValueError(
            f"expected the same rounds, at least one, but got {len(times)} and {len(reference)}"
        )
    return [ours / theirs for ours, theirs in zip(times, reference, strict=True)]


def spread(ratios: Sequence[float]) -> dict[str, float]:
    """Summarise ratios: the median, the smallest, the largest."""
    return {
        "median": statistics.median(ratios),
        "smallest": min(ratios),
        "largest": max(ratios),
    }


def bootstrap_interval(
    ratios: Sequence[float], level: float = 0.95, n: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """Return an interval for the median: that of medians of samples drawn with replacement.

    The percentile bootstrap (B. Efron, Annals of Statistics 7, 1979).

    Args:
        ratios: what was measured.
        level: how many of the medians lie inside, from 0 to 1.
        n: the number of samples drawn.
        seed: the same seed gives the same interval.
    """
    generator = random.Random(seed)
    medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(n))
    outside = round(n * (1 - level) / 2)
    return medians[outside], medians[n - 1 - outside]


def rotated(names: Sequence[str], turn: int) -> list[str]:
    """Return the order of a round: each round another one begins, every second runs backwards."""
    first = turn % len(names)
    order = [*names[first:], *names[:first]]
    return order[::-1] if turn % 2 else order
