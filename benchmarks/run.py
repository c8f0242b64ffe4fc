"""Measure torchbook's `fit` against a loop by hand, the tutorials' loop and its peers.

    python benchmarks/run.py compare   # the comparison; exits with 1 if a bound does not hold
    python benchmarks/run.py apart     # where the differences come from
    python benchmarks/run.py growth    # how the cost of fit grows with data and batch size

`make benchmark` sets up what it needs and runs all three. Results go to benchmarks/results/.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import report
from contenders import (
    AS_DOCUMENTED,
    BY_STEPS,
    CONTENDERS,
    FIT,
    MINIMAL,
    PEERS,
    TAKEN_APART,
    TUTORIAL,
)
from race import Timings, in_own_process, pairs, race
from ratios import bootstrap_interval, paired, spread
from task import MODELS, N_TRAIN, Task

from torchbook.data import load_fashion_mnist

CLOCKS = ("seconds", "cpu_seconds")  # the first one is judged by
AT_MOST_OF_MINIMAL = 1.01  # the median of many pairs
AT_MOST_OF_TUTORIAL = 0.60


def compare(task: Task, rounds: int, n_pairs: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Race all contenders as documented; pair `fit` with the loop by hand. Returns the bounds too.

    The pairs train on half of the task's pictures.
    """
    results = race({name: (name, task) for name in AS_DOCUMENTED}, rounds)
    small = task.first(max(task.batch_size, task.n_train // 2))
    times = in_own_process(pairs, small, n_pairs)
    in_pairs = {name: _in_pairs(times[name], times[MINIMAL]) for name in (FIT, BY_STEPS)}
    bounds = []
    for clock in CLOCKS:
        times_of = {name: getattr(timings, clock) for name, timings in results.items()}
        others = {name: paired(times_of[FIT], times_of[name]) for name in (TUTORIAL, *PEERS)}
        bounds += [
            *(
                bound(clock, MINIMAL, ratios["ratios"][clock], AT_MOST_OF_MINIMAL, of=name)
                for name, ratios in in_pairs.items()
            ),
            *(bound(clock, name, ratios, below=1.0) for name, ratios in others.items()),
            bound(clock, TUTORIAL, others[TUTORIAL], at_most=AT_MOST_OF_TUTORIAL),
        ]
    content = {
        "contenders": with_ratios(results),
        "pairs": {"n_train": small.n_train, "n_valid": small.n_valid, **in_pairs[FIT]},
        "pairs_by_steps": in_pairs[BY_STEPS],
        "must_show": bounds,
    }
    return content, bounds


def _in_pairs(fit: Mapping[str, list[float]], by_hand: Mapping[str, list[float]]) -> dict[str, Any]:
    """Return the ratio of each pair of trainings, by each clock, and what they come to."""
    ratios = {clock: paired(fit[clock], by_hand[clock]) for clock in CLOCKS}
    return {
        "ratios": ratios,
        "summary": {
            clock: {**spread(values), "interval": bootstrap_interval(values)}
            for clock, values in ratios.items()
        },
    }


def apart(task: Task, rounds: int) -> dict[str, Any]:
    """Race the loops with each other's batches."""
    names = (MINIMAL, FIT, *TAKEN_APART)
    return {"contenders": with_ratios(race({name: (name, task) for name in names}, rounds))}


def growth(task: Task, rounds: int) -> dict[str, Any]:
    """Train with 1, 2 and 4 times the data, and with 1, 2 and 4 times the batch size."""
    small = task.first(task.n_train // 4)
    tasks = {f"data x {k}": small.first(k * small.n_train) for k in (1, 2, 4)}
    tasks |= {
        f"batch x {k}": Task(small.model, small.n_train, k * small.batch_size) for k in (2, 4)
    }
    results = race({label: (FIT, each) for label, each in tasks.items()}, rounds)
    return {
        "runs": {
            label: {"n_train": each.n_train, "batch_size": each.batch_size} | asdict(results[label])
            for label, each in tasks.items()
        }
    }


def with_ratios(results: Mapping[str, Timings]) -> dict[str, Any]:
    """Add to each contender its ratio to the loop by hand, round by round, by each clock."""
    return {
        name: asdict(timings)
        | {
            f"{clock}_ratio": spread(
                paired(getattr(timings, clock), getattr(results[MINIMAL], clock))
            )
            for clock in CLOCKS
        }
        for name, timings in results.items()
    }


def bound(
    clock: str,
    other: str,
    ratios: list[float],
    at_most: float | None = None,
    below: float | None = None,
    of: str = FIT,
) -> dict[str, Any]:
    """Return what must hold of the median of ratios of `fit` to another, and whether it does."""
    value = spread(ratios)["median"]
    return {
        "clock": clock,
        "what": f"{of} / {other}",
        "value": value,
        "interval": bootstrap_interval(ratios),
        **({"below": below} if at_most is None else {"at_most": at_most}),
        "holds": value < below if at_most is None else value <= at_most,
    }


def main() -> int:
    """Run a benchmark, write the result, return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", choices=("compare", "apart", "growth", "one"))
    parser.add_argument("contender", nargs="?", help="with `one`: train it here, to see it fail")
    parser.add_argument("--model", choices=MODELS, default="TinyVGG")
    parser.add_argument("--pictures", type=int, default=N_TRAIN, help="to train on (60000)")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7, help="trainings of each (7)")
    parser.add_argument("--pairs", type=int, default=30, help="fit with the loop by hand (30)")
    parser.add_argument("--threads", type=int, help="of PyTorch; as many as it likes by default")
    options = parser.parse_args()
    if options.threads:
        os.environ["OMP_NUM_THREADS"] = str(options.threads)  # for the contenders' processes
        report.torch.set_num_threads(options.threads)
    task = Task(options.model, options.pictures, options.batch_size)
    load_fashion_mnist()  # fetches it where it is not there yet
    if options.benchmark == "one":
        print(CONTENDERS[options.contender](task)())
        return 0

    bounds: list[dict[str, Any]] = []
    content = report.conditions()
    content["task"] = asdict(task) | {"n_valid": task.n_valid, "rounds": options.rounds}
    if options.benchmark == "compare":
        measured, bounds = compare(task, options.rounds, options.pairs)
    else:
        measured = (apart if options.benchmark == "apart" else growth)(task, options.rounds)
    content |= {"load_at_end": report.load(), **measured}
    path = report.write(options.benchmark, options.model, content)

    for name, timings in measured.get("contenders", {}).items():
        ratio = timings["seconds_ratio"]
        print(
            f"{name:32} {ratio['median']:.3f} times the loop by hand "
            f"({ratio['smallest']:.3f} to {ratio['largest']:.3f}), "
            f"{max(m['process'] for m in timings['peak_mib']):,.0f} MiB"
        )
    for each in bounds:
        wanted = f"at most {each['at_most']}" if "at_most" in each else f"below {each['below']}"
        verdict = "holds" if each["holds"] else "DOES NOT HOLD"
        low, high = each["interval"]
        print(
            f"{each['clock']}, {each['what']}: {each['value']:.3f} ({low:.3f} to {high:.3f}), "
            f"must be {wanted}: {verdict}"
        )
    print(f"Written to {path}")
    return 0 if all(each["holds"] for each in bounds if each["clock"] == CLOCKS[0]) else 1


if __name__ == "__main__":
    sys.exit(main())
