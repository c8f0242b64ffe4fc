"""Checks for the exercises of chapter 05, going modular."""

import argparse
import contextlib
import copy
import io
import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    Function,
    WrongAnswerError,
    require,
    require_function,
    require_given,
    require_tensor,
    require_type,
    run_answer,
)
from torchbook.metrics import confusion_matrix

N_STEPS, RESTART = 10_000, 60  # of exercise 8: steps of a second each, seconds after a kill
MACHINES = ((2, 300), (20, 2_000), (60, 20_000), (5, 100_000))  # seconds: to save, between kills
TO_BEAT = 17  # percent


def _whole_number(answer: object) -> int:
    """Return the answer as an int, whatever it came as."""
    require_given(answer)
    if isinstance(answer, Tensor | np.generic) and np.ndim(answer) == 0:
        answer = answer.item()
    require(
        not isinstance(answer, bool)
        and isinstance(answer, int | float)
        and math.isfinite(answer)
        and answer == round(answer),
        f"The answer should be a whole number, but it is {str(answer)[:40]} "
        f"(a {type(answer).__name__}).",
    )
    return int(answer)


def check_1(answer: object) -> None:
    """Check the number of steps that are left after a kill."""
    steps = _whole_number(answer)
    require(
        steps != 85,
        "That would be right if nothing were lost. What is in the last checkpoint, after 75 steps?",
    )
    require(
        steps not in (93, 92, 155, 62),
        "An epoch has one batch more than 1,000 // 32: the last one, which isn't full.",
    )
    require(steps != 11, "That is how many steps are lost. How many are still to be taken?")
    require(steps != 64, "That is how many steps are in the checkpoint. How many are left?")
    require(steps != 160, "That is the whole run. Two of its epochs are in the checkpoint.")
    require(
        steps == 96, "First the steps in an epoch, then the epochs that are saved, then the rest."
    )


def check_2(answer: object) -> None:
    """Check an accuracy that leaves the model's mode alone."""
    function = require_function(answer)
    state = torch.get_rng_state()
    try:
        torch.manual_seed(0)
        for n, n_classes, n_right in ((80, 4, 60), (7, 3, 4)):
            model = nn.Sequential(nn.Dropout(0.9), nn.BatchNorm1d(20), nn.Linear(20, n_classes))
            inputs = torch.randn(n, 20)
            targets = model.eval()(inputs).argmax(dim=1)
            targets[n_right:] = (targets[n_right:] + 1) % n_classes
            _check_accuracy(function, model, inputs, targets, n_right)
    finally:
        torch.set_rng_state(state)
    with torch.inference_mode():
        run_answer(function, model, inputs, targets)


def _check_accuracy(
    function: Function, model: nn.Module, inputs: Tensor, targets: Tensor, n_right: int
) -> None:
    results = []
    for training in (True, False):
        model.train(training)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        results.append(run_answer(function, model, inputs, targets))
        require(
            model.training is training,
            f"The model was in {'training' if training else 'evaluation'} mode before, and is no "
            "longer. model.training tells you the mode; ask before you change it.",
        )
        seen = all(torch.equal(before[name], v) for name, v in model.state_dict().items())
        model.load_state_dict(before)
        require(
            seen,
            "The model was changed: it was measured in training mode, in which dropout is at work "
            "and batch normalisation takes notes.",
        )
    for result in results:
        require(
            isinstance(result, float | np.floating),
            f"The function should return a Python float, but it returned a "
            f"{type(result).__name__}.",
        )
    share = n_right / len(targets)
    require(
        abs(results[1] - share) < 1e-6,
        f"For a model that is right in {n_right} of {len(targets)} cases it says {results[1]:.4g}, "
        f"not {share:.4g}.",
    )
    require(
        abs(results[0] - share) < 1e-6,
        "Right for a model that is in evaluation mode already. For one in training mode its "
        "dropout was still at work.",
    )


def _swapped(predictions: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    return confusion_matrix(targets, predictions, n_classes)


def _too_small(predictions: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    seen = int(torch.cat([predictions, targets]).max()) + 1
    return confusion_matrix(predictions, targets, seen)


def _only_once(predictions: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    counts = torch.zeros(n_classes, n_classes, dtype=torch.int64)
    counts[targets, predictions] += 1  # repeated pairs are counted once
    return counts


def _shares(predictions: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    counts = confusion_matrix(predictions, targets, n_classes)
    return counts / counts.sum(dim=1, keepdim=True).clamp(min=1)


def _only_right(predictions: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    return torch.diag(confusion_matrix(predictions, targets, n_classes).diag())


def _as_floats(predictions: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    return confusion_matrix(predictions, targets, n_classes).float()


def _by_hand(predictions: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    counts = torch.zeros(n_classes, n_classes, dtype=torch.int64)
    for prediction, target in zip(predictions.tolist(), targets.tolist(), strict=True):
        counts[target, prediction] += 1
    return counts


_BUGS: dict[str, Function] = {
    "has rows and columns swapped: did your labels have a mistake that was not made in both "
    "directions equally often?": _swapped,
    "forgets classes that none of the labels has: let n_classes be larger than your largest "
    "label": _too_small,
    "counts a pair once, however often it occurs": _only_once,
    "returns shares of a row instead of counts": _shares,
    "leaves out all mistakes": _only_right,
    "returns the right numbers as float32: int64 was promised": _as_floats,
}


def _disguised(function: Function) -> Function:
    """Return the function in a wrapper, so that only what it returns tells them apart."""

    def confusion(predictions: Tensor, targets: Tensor, n_classes: int) -> Tensor:
        return function(predictions, targets, n_classes)

    return confusion


def check_3(answer: object) -> None:
    """Check a test: it passes right confusion matrices and fails on wrong ones."""
    test = require_function(answer)
    _passes(test, confusion_matrix)
    for what, bug in _BUGS.items():
        try:
            test(_disguised(bug))
        except AssertionError:
            continue
        except Exception:  # an error of any kind is a failed test, too
            continue
        raise WrongAnswerError(f"Your test says nothing to a function that {what}.")
    _passes(test, _by_hand)
    _passes(test, confusion_matrix)


def _passes(test: Function, right: Function) -> None:
    try:
        test(_disguised(right))
    except AssertionError as error:
        raise WrongAnswerError(
            "Your test fails on a confusion matrix that is right. Rows are true classes, columns "
            "are predicted ones."
        ) from error
    except Exception as error:
        raise WrongAnswerError(
            f"Your test stopped with {type(error).__name__} on a confusion matrix that is right: "
            f"{error}"
        ) from error


def _text_at(path: Path) -> str | None:
    """Return what a file holds, None if there is none."""
    try:
        return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return None


class _Watched:
    """While it is entered, looks at a file before and after each call in the reader's function."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: list[str | None] = []

    def __enter__(self) -> list[str | None]:
        self.before = sys.getprofile()
        sys.setprofile(self._look)
        return self.seen

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self.before)

    def _look(self, *_: object) -> None:
        text = _text_at(self.path)
        if not self.seen or self.seen[-1] != text:
            self.seen.append(text)


def check_4(answer: object) -> None:
    """Check a write that leaves the old file or the new one, at every moment."""
    function = require_function(answer)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "notes.txt"
        function(path, "first, with an ä\n")
        require(path.is_file(), "Afterwards there is no file at the path.")
        require(
            _text_at(path) == "first, with an ä\n",
            "The file does not hold the text in UTF-8. Say which encoding you want.",
        )
        require(
            [p.name for p in folder.iterdir()] == ["notes.txt"],
            "The text was written, but something else was left in the folder.",
        )
        function(path, "second\n")
        require(_text_at(path) == "second\n", "A second text did not arrive.")
        try:
            function(path, "third \ud800")
        except UnicodeEncodeError:
            pass
        except Exception as error:
            raise WrongAnswerError(
                f"For a text that cannot be written it raised {type(error).__name__}: let the "
                "UnicodeEncodeError pass."
            ) from error
        else:
            raise WrongAnswerError(
                "A text that cannot be written should raise its UnicodeEncodeError: the caller "
                "must hear of it."
            )
        require(
            _text_at(path) == "second\n",
            "The new text could not be written, and now the old one is gone.",
        )
        require(
            [p.name for p in folder.iterdir()] == ["notes.txt"],
            "The old text is still there, but an unfinished file was left beside it.",
        )
        before, long = path.stat(), "fourth\n" * 10_000
        with _Watched(path) as seen:
            function(path, long)
        require(_text_at(path) == long, "A long text did not arrive.")
        require(
            None not in seen,
            "For a moment there is no file at the path: the old one was moved away or deleted "
            "before the new one was in its place. A rename replaces what is there, in one go.",
        )
        require(
            set(seen) <= {"second\n", long} and path.stat().st_ino != before.st_ino,
            "The old file was opened and written over: for a moment there is neither the old text "
            "nor the new one. Write to another file first.",
        )


def check_5(answer: object) -> None:
    """Check an override of nested settings."""
    function = require_function(answer)
    settings = {"training": {"epochs": 4, "seed": 0}, "data": {"batch_size": 64, "seed": 7}}
    for override, section, key, value in (
        ("training.epochs=5", "training", "epochs", 5),
        ("data.seed=-12", "data", "seed", -12),
        ("training.seed=100", "training", "seed", 100),
    ):
        given = copy.deepcopy(settings)
        result = require_type(run_answer(function, given, override), dict)
        require(
            given == settings,
            "The settings that were passed in have changed. A copy of the outer dictionary still "
            "shares the inner ones.",
        )
        got = result[section].get(key) if isinstance(result.get(section), dict) else None
        require(
            not isinstance(got, str),
            f'{key} became the text "{got}". What comes from a command line is text until you '
            "convert it.",
        )
        require(
            got == value and not isinstance(got, bool),
            f"{section}.{key} should be {value} in what is returned, which is {result!r}.",
        )
        expected = copy.deepcopy(settings)
        expected[section][key] = value
        require(
            result == expected,
            f"One setting changes and all others stay, but {result!r} came back.",
        )
        require(
            isinstance(got, int | np.integer),
            f"{key} should be a whole number, but it is a {type(got).__name__}.",
        )
    for wrong in ("training.epoch=5", "train.epochs=5", "data.epochs=5"):
        try:
            function(copy.deepcopy(settings), wrong)
        except KeyError:
            continue
        except Exception as error:
            raise WrongAnswerError(
                f"{wrong!r} should raise a KeyError, but raises {type(error).__name__}."
            ) from error
        raise WrongAnswerError(
            f"{wrong!r} is misspelt and was accepted. Somebody would train for hours with the old "
            "value."
        )


_DEFAULTS = {"photos": "cats", "epochs": 16, "lr": 0.003, "model": "tiny", "resume": False}
_LINES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("cats", {}),
    ("cats --epochs 3", {"epochs": 3}),
    ("--epochs 120 my/dogs", {"epochs": 120, "photos": "my/dogs"}),
    ("cats --lr 1e-2 --resume", {"lr": 0.01, "resume": True}),
    ("cats --model small", {"model": "small"}),
    ("cats --resume --model=tiny --lr=1", {"resume": True, "lr": 1.0}),
)
_REFUSED = {
    "": "There is no folder of photos in an empty command line, and it was accepted.",
    "cats --epochs many": "--epochs many was accepted, which is no number.",
    "cats --epochs 2.5": "--epochs 2.5 was accepted, which is no whole number.",
    "cats --lr fast": "--lr fast was accepted, which is no number.",
    "cats --model huge": "--model huge was accepted. Which argument of add_argument lists choices?",
    "cats --rate 0.1": "--rate is no option, and was accepted. parse_args refuses what it does not "
    "know; parse_known_args does not.",
    "cats dogs": "Two folders were accepted.",
}


def _parsed(function: Function, line: str) -> Any:
    """Call the reader's function; None if it refuses. Usage messages are not shown."""
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            return function(line.split())
    except SystemExit:
        return None
    except argparse.ArgumentError:  # of a parser with exit_on_error=False
        return None
    except Exception as error:
        message = str(error).splitlines()[0] if str(error) else "no message"
        raise WrongAnswerError(
            f"For {line.split()} your function stopped with {type(error).__name__}: {message}"
        ) from error


def check_6(answer: object) -> None:
    """Check a command line: defaults, types, choices and what is refused."""
    function = require_function(answer)
    for line, changed in _LINES:
        options = _parsed(function, line)
        require(options is not None, f"{line.split()} was refused, or nothing was returned.")
        for name, value in (_DEFAULTS | changed).items():
            require(hasattr(options, name), f"What is returned has no {name}.")
            got = getattr(options, name)
            why = ""
            if isinstance(got, str) and not isinstance(value, str):
                why = " Words stay words unless you give add_argument a type."
            elif name == "resume":
                why = ' Use action="store_true".'
            require(
                got == value and isinstance(got, type(value)),
                f"For {line.split()}, {name} should be {value!r}, but it is {got!r}.{why}",
            )
    for line, hint in _REFUSED.items():
        require(_parsed(function, line) is None, hint)


class _KilledError(Exception):
    """Stands for whatever ends a run."""


def _walk(log: list[int], break_at: int | None = None) -> Callable[[Tensor, Any], Tensor]:
    """Return a step of a random walk, which stops with an error when it is called too often."""

    def step(state: Tensor, generator: torch.Generator) -> Tensor:
        log.append(1)
        draw = torch.randn(3, generator=generator)
        if len(log) == break_at:
            raise _KilledError("killed in the middle of a step")
        return 0.9 * state + draw

    return step


def check_7(answer: object) -> None:
    """Check a loop that goes on after a break."""
    function = require_function(answer)
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), []
        step = _walk(log)
        generator, truth = torch.Generator().manual_seed(0), torch.zeros(3)
        for _ in range(10):
            truth = step(truth, generator)
        log.clear()
        whole = require_tensor(run_answer(function, step, 10, folder / "whole.pt"), shape=(3,))
        require(len(log) == 10, f"For n_steps=10 without a break it made {len(log)} steps.")
        require(
            torch.equal(whole, truth),
            "Without any break the last state is not the right one. It begins with zeros, and the "
            "generator with seed 0.",
        )

        path = folder / "broken.pt"
        for break_at in (5, 3):  # two breaks: after 4 good steps, and after 2 more
            try:
                function(_walk([], break_at), 10, path)
            except _KilledError:
                pass
            except Exception as error:
                raise WrongAnswerError(
                    f"After a break it stopped with {type(error).__name__}: "
                    f"{str(error).splitlines()[0] if str(error) else 'no message'}"
                ) from error
            else:
                raise WrongAnswerError(
                    "step raised an error, and the function went on as if nothing had happened. "
                    "Let it pass."
                )
            require(
                path.is_file(),
                "After a break there is no file at the path. When do you save?",
            )
        log.clear()
        end = require_tensor(run_answer(function, step, 10, path), shape=(3,))
        require(
            len(log) == 4,
            f"Broken off twice after 6 good steps in all, it made {len(log)} more steps; 4 of 10 "
            "were left.",
        )
        require(
            torch.equal(end, truth),
            "It went on at the right step and ended elsewhere than the unbroken run. What else "
            "changes from step to step, beside the state?",
        )
        try:
            torch.load(path, weights_only=True)
        except Exception as error:
            raise WrongAnswerError(
                "The file cannot be opened with weights_only=True. Save tensors and plain values."
            ) from error
        log.clear()
        run_answer(function, step, 10, path)
        require(
            not log,
            f"All 10 steps were done already, and called again it made {len(log)} more.",
        )


def overhead(every: int, save_seconds: float, seconds_between_kills: float) -> float:
    """Return the expected time of a run beyond its steps, as a share of the time of its steps.

    A stretch of t seconds that starts again after each kill is killed exp(t / m) - 1 times on
    average, if kills come at random, every m seconds on average; each costs m seconds of work and
    of waiting for the machine besides.

    Args:
        every: steps from one checkpoint to the next.
        save_seconds: how long it takes to save one.
        seconds_between_kills: on average.
    """

    def expected(seconds: float) -> float:
        mean = seconds_between_kills
        return (mean + RESTART) * math.expm1(seconds / mean)

    n_full, rest = divmod(N_STEPS, every)
    total = n_full * expected(every + save_seconds)
    if rest:
        total += expected(rest + save_seconds)
    return total / N_STEPS - 1


def check_8(answer: object) -> None:
    """Work out what the reader's checkpoints cost on four machines."""
    function = require_function(answer)
    costs, chosen, worst = [], [], ("", 0.0)
    for machine in MACHINES:
        every = _whole_number(run_answer(function, *machine))
        require(every >= 1, f"For {machine} it says {every}: save after at least one step.")
        cost, best = overhead(every, *machine), min(overhead(n, *machine) for n in range(1, 5_000))
        costs.append(100 * min(cost, 1e9))
        chosen.append(every)
        print(f"saving {machine[0]} s, killed every {machine[1]} s: every {every} steps, ", end="")
        print(f"{costs[-1]:.1f} %")
        if cost - best > worst[1]:
            more = overhead(max(1, every // 2), *machine) < cost
            worst = (
                f"{machine}: there, save {'more often' if more else 'less often'}",
                cost - best,
            )
    mean = sum(costs) / len(costs)
    print(f"on average {mean:.1f} %")
    require(
        mean < TO_BEAT,
        f"On average {mean:.1f} %; it should be less than {TO_BEAT}. Most is lost with {worst[0]}."
        + (" One number can't suit all four machines." if len(set(chosen)) == 1 else ""),
    )


CHECKS: dict[str, Check] = {
    "05-1": check_1,
    "05-2": check_2,
    "05-3": check_3,
    "05-4": check_4,
    "05-5": check_5,
    "05-6": check_6,
    "05-7": check_7,
    "05-8": check_8,
}
