"""How long a call takes: not once, but usually, and on a bad day."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Latency:
    """The times of many calls of the same function.

    Attributes:
        times: in seconds, sorted.
    """

    times: tuple[float, ...]

    def quantile(self, share: float) -> float:
        """Return the time, in seconds, that this share of the calls, from 0 to 1, did not exceed.

        Raises:
            ValueError: the share is not from 0 to 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"share must be from 0 to 1, but is {share}")
        place = share * (len(self.times) - 1)
        low = int(place)
        high = min(low + 1, len(self.times) - 1)
        return self.times[low] + (place - low) * (self.times[high] - self.times[low])

    @property
    def median(self) -> float:
        """The time of the middle call, in seconds: what to expect."""
        return self.quantile(0.5)

    @property
    def p95(self) -> float:
        """The 95th percentile, in seconds: what one call in twenty exceeds."""
        return self.quantile(0.95)

    def __str__(self) -> str:
        return (
            f"median {1000 * self.median:.1f} ms, 95th percentile {1000 * self.p95:.1f} ms "
            f"({len(self.times)} calls)"
        )


def latencies(
    functions: Mapping[str, Callable[[], object]], n: int = 60, turn: int = 10
) -> dict[str, Latency]:
    """Time functions against each other, in turns, so that a busy moment hits them all.

    A turn begins with a call that is not counted: it fetches the function's memory into the caches,
    and is where libraries do what they do only once. A call counts as over when the accelerator,
    if there is one, has finished too.

    Args:
        functions: names and what is called, without arguments.
        n: calls of each function that are counted, a multiple of `turn`.
        turn: calls in a row, before the next function has its turn.

    Raises:
        ValueError: `n` is not a multiple of `turn`.
    """
    if turn < 1 or n < 1 or n % turn:
        raise ValueError(f"n must be a multiple of turn, 1 or more, but they are {n} and {turn}")
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(n // turn):
        for name, function in functions.items():
            _seconds(function)
            times[name] += [_seconds(function) for _ in range(turn)]
    return {name: Latency(tuple(sorted(taken))) for name, taken in times.items()}


def _seconds(function: Callable[[], object]) -> float:
    _wait()
    start = time.perf_counter()
    function()
    _wait()
    return time.perf_counter() - start


def _wait() -> None:
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
