"""How long a call takes, measured in the same way everywhere in the book.

`measure` tells what a call costs: the CPU time of one thread, or time between events on a GPU.
Other programs change it far less than the clock, but they do where much memory is asked for: a
claim may rest on it if the bound is ten times away, or more.
`latencies` tells how long somebody waits, by the clock and whatever else the machine is doing.
That is an observation, and no claim rests on it.
"""

import time
import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Times:
    """The times of many calls of the same function.

    Attributes:
        seconds: of each call, in the order of the calls.
    """

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The time of the middle call, in seconds: what to expect."""
        return float(np.median(self.seconds))

    @property
    def p95(self) -> float:
        """The 95th percentile, in seconds: what one call in twenty exceeds."""
        return float(np.quantile(self.seconds, 0.95))

    def __str__(self) -> str:
        return (
            f"median {1000 * self.median:.1f} ms, 95th percentile {1000 * self.p95:.1f} ms "
            f"({len(self.seconds)} calls)"
        )


def measure(
    function: Callable[[], object], device: torch.device | str = "cpu", repeat: int = 5
) -> Times:
    """Measure what a call costs on a device, on one thread of the CPU.

    Short calls are measured many at a time: a block of calls takes 20 ms or more. Blocks that are
    too short only warm up.

    Args:
        function: what is called, without arguments.
        device: where it computes. On the CPU only the calling thread's own time counts, on an
            accelerator the time between an event before the block and one after it.
        repeat: how many blocks are measured, each of which gives one time per call.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        timer, number = timeit.Timer(function, timer=_clock(torch.device(device))), 1
        while timer.timeit(number) < 0.02:
            number *= 2
        blocks = timer.repeat(repeat, number)
    finally:
        torch.set_num_threads(n_threads)
    return Times(tuple(seconds / number for seconds in blocks))


def latencies(
    functions: Mapping[str, Callable[[], object]], n: int = 60, turn: int = 10
) -> dict[str, Times]:
    """Time functions by the clock, in turns, so that a busy moment hits them all.

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
            _waited(function)
            times[name] += [_waited(function) for _ in range(turn)]
    return {name: Times(tuple(taken)) for name, taken in times.items()}


def _clock(device: torch.device) -> Callable[[], float]:
    """Return a clock of the work on a device, in seconds."""
    if device.type == "cpu":
        return time.thread_time

    def event() -> torch.Event:
        happened = torch.Event(device, enable_timing=True)
        happened.record()
        happened.synchronize()  # an accelerator says yes before it is done
        return happened

    start = event()
    return lambda: start.elapsed_time(event()) / 1000


def _waited(function: Callable[[], object]) -> float:
    """Return the seconds by the clock until a call is over, on the accelerator too."""
    _synchronize()
    start = time.perf_counter()
    function()
    _synchronize()
    return time.perf_counter() - start


def _synchronize() -> None:
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
