"""Contenders in processes of their own, timed in turn."""

import gc
import multiprocessing
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from contenders import BY_STEPS, CONTENDERS, FIT, MINIMAL
from ratios import rotated
from task import Task

from torchbook.device import best_device

WARM_UP = 1_280  # pictures, before anything is timed


@dataclass
class Timings:
    """What was measured of one entry.

    Attributes:
        seconds: of each round, by the clock.
        cpu_seconds: the same, of all threads of the process, without what other programs take.
        accuracy: on the pictures measured on, after each round's training.
        ready_mib: memory before each training, with libraries and data: of the process, and on CUDA
            of the tensors on the device.
        peak_mib: the largest during each training.
    """

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    ready_mib: list[dict[str, float]] = field(default_factory=list)
    peak_mib: list[dict[str, float]] = field(default_factory=list)


def timed(training: Callable[[], float]) -> dict[str, float]:
    """Run a training. Returns wall-clock seconds, seconds of all CPU threads, and accuracy."""
    on_accelerator = best_device().type != "cpu"
    if on_accelerator:
        torch.accelerator.synchronize()
    start, start_cpu = time.perf_counter(), time.process_time()
    accuracy = training()
    if on_accelerator:
        torch.accelerator.synchronize()
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - start_cpu,
        "accuracy": accuracy,
    }


def memory() -> dict[str, float]:
    """Return the memory of the process, and of the tensors on a CUDA device, in MiB."""
    used = {"process": _status("VmRSS") or _largest_ever()}
    if best_device().type == "cuda":
        used["device"] = torch.cuda.memory_allocated() / 2**20
    return used


def forget_peak() -> None:
    """Let `peak_memory` count from now on, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # man 5 proc: resets VmHWM
    if best_device().type == "cuda":
        torch.cuda.reset_peak_memory_stats()


def peak_memory() -> dict[str, float]:
    """Return the largest memory since `forget_peak`, like `memory`."""
    peak = {"process": _status("VmHWM") or _largest_ever()}
    if best_device().type == "cuda":
        peak["device"] = torch.cuda.max_memory_allocated() / 2**20
    return peak


def _status(name: str) -> float | None:
    """Return a line of Linux's report on this process, in MiB."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 2**10  # KiB
    return None


def _largest_ever() -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def serve(connection: Connection, name: str, task: Task) -> None:
    """Be a contender: train whenever asked, until asked for nothing."""
    be_quiet()
    contender = CONTENDERS[name]
    contender(task.first(WARM_UP))()
    training = contender(task)
    connection.send("ready")
    while connection.recv() == "train":
        gc.collect()
        ready = memory()
        forget_peak()
        result = timed(training)
        connection.send({**result, "ready_mib": ready, "peak_mib": peak_memory()})
        training = contender(task)


def be_quiet() -> None:
    """Send everything that libraries print to where nobody looks."""
    warnings.simplefilter("ignore")
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (a device, not a path)
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)


def race(entries: Mapping[str, tuple[str, Task]], rounds: int) -> dict[str, Timings]:
    """Time all entries in turn, in another order each round.

    Args:
        entries: by label, a contender's name and its task.
        rounds: trainings of each.
    """
    context = multiprocessing.get_context("spawn")
    results = {label: Timings() for label in entries}
    processes, lines = [], {}
    for label, (name, task) in entries.items():
        lines[label], theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, name, task), daemon=True)
        process.start()
        theirs.close()  # if it dies, we hear of it instead of waiting
        processes.append(process)
        hear(lines[label], label)
        print(f"{label} is ready", flush=True)
    for turn in range(rounds):
        for label in rotated(list(entries), turn):
            lines[label].send("train")
            answer = hear(lines[label], label)
            for kind, value in answer.items():
                getattr(results[label], kind).append(value)
            print(
                f"round {turn + 1}  {label:32} {answer['seconds']:7.2f} s  "
                f"{answer['accuracy']:.1%}",
                flush=True,
            )
    for line in lines.values():
        line.send("enough")
    for process in processes:
        process.join()
    return results


def hear(line: Connection, label: str) -> dict[str, Any]:
    """Return what a contender says."""
    try:
        return line.recv()
    except EOFError:
        raise RuntimeError(
            f"{label} failed; to see why, run python benchmarks/run.py one '{label}'"
        ) from None


def pairs(task: Task, n: int) -> dict[str, dict[str, list[float]]]:
    """Time the loop by hand and `fit`, by epochs and by steps, in one process, `n` times each.

    Many short trainings: whatever disturbs the machine for a while meets both. Which comes first
    changes from turn to turn.

    Returns:
        By contender, `seconds` and `cpu_seconds` of each training.
    """
    names = (MINIMAL, FIT, BY_STEPS)
    times = {name: {"seconds": [], "cpu_seconds": []} for name in names}
    for name in names:
        CONTENDERS[name](task.first(WARM_UP))()
    for turn in range(n):
        for name in rotated(names, turn):
            result = timed(CONTENDERS[name](task))
            for kind, values in times[name].items():
                values.append(result[kind])
    return times


def in_own_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        return executor.submit(function, *arguments).result()
