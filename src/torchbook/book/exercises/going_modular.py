"""Checks for the exercises of chapter 05, going modular."""

import copy
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    Function,
    WrongAnswerError,
    require,
    require_function,
    require_tensor,
    require_type,
    run_answer,
)
from torchbook.metrics import confusion_matrix


def check_1(answer: object) -> None:
    """Check the number of optimiser steps with accumulation."""
    steps = require_type(answer, int, "It counts steps.")
    require(
        steps not in (5157, 1719),
        "That counts batches. With accumulate=4 there is one step for four of them.",
    )
    require(steps != 430, "That is one epoch. How many are there?")
    require(
        steps not in (1287, 1288, 1289, 429),
        "Close. An epoch's last group of batches makes a step too, though it is not full, and "
        "every epoch has one.",
    )
    require(steps == 1290, "First the batches of one epoch, then its groups of four, then epochs.")


def check_2(answer: object) -> None:
    """Check an accuracy that leaves the model's mode alone."""
    function = require_function(answer)
    state = torch.get_rng_state()
    try:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Dropout(0.9), nn.Linear(20, 4))
        inputs = torch.randn(80, 20)
        targets = model.eval()(inputs).argmax(dim=1)
        targets[60:] = (targets[60:] + 1) % 4  # three quarters are right
        results = []
        for training in (True, False):
            model.train(training)
            results.append(run_answer(function, model, inputs, targets))
            require(
                model.training is training,
                f"The model was in {'training' if training else 'evaluation'} mode before, and is "
                "no longer. model.training tells you the mode; ask before you change it.",
            )
    finally:
        torch.set_rng_state(state)
    for result in results:
        require(
            isinstance(result, float),
            f"The function should return a Python float, but it returned a "
            f"{type(result).__name__}.",
        )
    require(
        abs(results[1] - 0.75) < 1e-6,
        f"For a model that is right in 60 of 80 cases it says {results[1]:.4g}, not 0.75.",
    )
    require(
        abs(results[0] - 0.75) < 1e-6,
        "Right for a model that is in evaluation mode already. For one in training mode its "
        "dropout was still at work.",
    )
    with torch.inference_mode():
        run_answer(function, model, inputs, targets)


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


_BUGS: dict[str, Function] = {
    "has rows and columns swapped: did your labels have a mistake that was not made in both "
    "directions equally often?": _swapped,
    "forgets classes that none of the labels has: let n_classes be larger than your largest "
    "label": _too_small,
    "counts a pair once, however often it occurs": _only_once,
    "returns shares of a row instead of counts": _shares,
    "leaves out all mistakes": _only_right,
}


def check_3(answer: object) -> None:
    """Check a test: it passes a right confusion matrix and fails on wrong ones."""
    test = require_function(answer)
    try:
        test(confusion_matrix)
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
    for what, bug in _BUGS.items():
        try:
            test(bug)
        except AssertionError:
            continue
        except Exception:  # an error of any kind is a failed test, too
            continue
        raise WrongAnswerError(f"Your test says nothing to a function that {what}.")


def check_4(answer: object) -> None:
    """Check a write that leaves the old file or the new one."""
    function = require_function(answer)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "notes.txt"
        function(path, "first, with an ä\n")
        require(path.is_file(), "Afterwards there is no file at the path.")
        require(
            path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
            == "first, with an ä\n",
            "The file does not hold the text in UTF-8. Say which encoding you want.",
        )
        require(
            [p.name for p in folder.iterdir()] == ["notes.txt"],
            "The text was written, but something else was left in the folder.",
        )
        function(path, "second\n")
        require(path.read_text(encoding="utf-8") == "second\n", "A second text did not arrive.")
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
                "A text that cannot be written should raise its UnicodeEncodeError: whoever calls "
                "must hear of it."
            )
        require(
            path.is_file() and path.read_text(encoding="utf-8") == "second\n",
            "The new text could not be written, and now the old one is gone.",
        )
        require(
            [p.name for p in folder.iterdir()] == ["notes.txt"],
            "The old text is still there, but an unfinished file was left beside it.",
        )
        before = path.stat()
        function(path, "fourth\n")
        require(
            path.stat().st_ino != before.st_ino,
            "The old file was opened and written over: for a moment there is neither the old text "
            "nor the new one. Write to another file first.",
        )


def check_5(answer: object) -> None:
    """Check an override of nested settings."""
    function = require_function(answer)
    settings = {"training": {"epochs": 4, "seed": 0}, "data": {"batch_size": 64}}
    given = copy.deepcopy(settings)
    result = require_type(run_answer(function, given, "training.epochs=5"), dict)
    require(
        given == settings,
        "The settings that were passed in have changed. A copy of the outer dictionary still "
        "shares the inner ones.",
    )
    require(
        result.get("training", {}).get("epochs") != "5",
        'epochs became the text "5". Settings of the command line are text until you convert them.',
    )
    require(
        isinstance(result.get("training"), dict) and result["training"].get("epochs") == 5,
        f"training.epochs should be 5 in what is returned, which is {result!r}.",
    )
    require(
        result == {"training": {"epochs": 5, "seed": 0}, "data": {"batch_size": 64}},
        f"One setting changes and all others stay, but {result!r} came back.",
    )
    for wrong in ("training.epoch=5", "train.epochs=5"):
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


_LOSSES: tuple[tuple[list[float], int], ...] = (
    ([1.0, 0.8, 0.9, 0.95, 0.7], 2),
    ([1.0, 0.8, 0.9, 0.7, 0.75, 0.72, 0.71, 0.6], 3),
    ([1.0, 1.0, 1.0, 0.5], 2),
    ([0.5, 0.6], 3),
    ([1.0, 0.9, 0.8, 0.7], 1),
    ([1.0, 0.5, 0.9, 0.8, 0.7, 0.6], 2),
)


def _stops(losses: list[float], patience: int, equal: bool = False, late: int = 0) -> int:
    """Return the last epoch; `equal` takes an equal loss for a new best, `late` waits longer."""
    best, best_epoch = losses[0], 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < best or (equal and loss == best):
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience + late:
            return epoch
    return len(losses)


def _stops_by_the_one_before(losses: list[float], patience: int) -> int:
    worse = 0
    for epoch in range(1, len(losses)):
        worse = worse + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if worse >= patience:
            return epoch + 1
    return len(losses)


def check_6(answer: object) -> None:
    """Check when early stopping stops."""
    function = require_function(answer)
    results = [run_answer(function, list(losses), patience) for losses, patience in _LOSSES]
    expected = [_stops(*case) for case in _LOSSES]
    wrong_rules = {
        "Equal is no new best.": [_stops(*case, equal=True) for case in _LOSSES],
        "One too many: the last epoch without a new best counts, too.": [
            _stops(*case, late=1) for case in _LOSSES
        ],
        "Better than the epoch before is not better than the best.": [
            _stops_by_the_one_before(*case) for case in _LOSSES
        ],
        "That is the best epoch. When does the training notice?": [
            losses.index(min(losses)) + 1 for losses, _ in _LOSSES
        ],
        "Epochs count from 1, places in a list from 0.": [
            place - 1 if result == place - 1 else place
            for place, result in zip(expected, results, strict=True)
        ],
    }
    for (losses, patience), result, right in zip(_LOSSES, results, expected, strict=True):
        why = next((hint for hint, others in wrong_rules.items() if results == others), "")
        require(
            result == right,
            f"For {losses} and patience {patience} it says {result!r}. {why}".strip(),
        )


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


CHECKS: dict[str, Check] = {
    "05-1": check_1,
    "05-2": check_2,
    "05-3": check_3,
    "05-4": check_4,
    "05-5": check_5,
    "05-6": check_6,
    "05-7": check_7,
}
