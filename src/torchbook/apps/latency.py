"""Two ways to time a call.

`measure` returns what a call costs: the CPU time of one thread, or the time between events on a
GPU. Other programs affect it far less than a wall clock, though more if the call needs much memory:
a comparison may rest on it if the bound is at least ten times away.
`latencies` returns how long a user waits, by the wall clock, whatever else the machine is doing:
an observation that nothing should rest on.
"""

import time
import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Times:
    """The times of many calls of one function.

    Attributes:
        seconds: the time of each call, in order.
    """

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median, in seconds: what to expect."""
        return float(np.median(self.seconds))

    @property
    def p95(self) -> float:
        """The 95th percentile, in seconds: one call in twenty takes longer."""
        return float(np.quantile(self.seconds, 0.95))

    def __str__(self) -> str:
        return (
            f"median {1000 * self.median:.1f} ms, 95th percentile {1000 * self.p95:.1f} ms "
            f"({len(self.seconds)} calls)"
        )


def measure(
    function: Callable[[], object], device: torch.device | str = "cpu", repeat: int = 5
) -> Times:
    """Measure what a call costs on a device, with one thread of the CPU.

    Short calls are measured in blocks that take at least 20 ms; shorter blocks serve as warm-up.

    Args:
        function: the function to call, without arguments.
        device: where it computes. On the CPU, only the calling thread's time counts; on an
            accelerator, the time between an event before the block and one after it.
        repeat: the number of blocks; each gives one time per call.
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
    """Time functions by the wall clock, in turns, so that a busy moment affects them all.

    Each turn begins with a call that is not counted: it fills the caches, and libraries do in it
    what they do only once. A call ends when the accelerator, if there is one, has finished too.

    Args:
        functions: the functions to call, without arguments, by name.
        n: the number of calls to count for each function, a multiple of `turn`.
        turn: the number of calls in a row before the next function has its turn.

    Raises:
        ValueError: `n` is not a multiple of `turn`.
    """
    if turn < 1 or n < 1 or n % turn:
        raise ValueError(f"n must be a positive multiple of turn, but n is {n} and turn is {turn}")
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(n // turn):
        for name, function in functions.items():
            _time_call(function)
            times[name] += [_time_call(function) for _ in range(turn)]
    return {name: Times(tuple(seconds)) for name, seconds in times.items()}


def _clock(device: torch.device) -> Callable[[], float]:
    """Return a clock that measures the work on a device, in seconds."""
    if device.type == "cpu":
        return time.thread_time

    def record() -> torch.Event:
        event = torch.Event(device, enable_timing=True)
        event.record()
        event.synchronize()  # an accelerator returns before its work is done
        return event

    start = record()
    return lambda: start.elapsed_time(record()) / 1000


def _time_call(function: Callable[[], object]) -> float:
    """Return the seconds until a call has finished, on the accelerator too."""
    _synchronize()
    start = time.perf_counter()
    function()
    _synchronize()
    return time.perf_counter() - start


def _synchronize() -> None:
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
