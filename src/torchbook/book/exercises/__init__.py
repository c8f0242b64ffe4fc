"""Exercises that check themselves.

A chapter's exercise ends with `check("00-1", my_answer)`: it says that the answer is right, or
gives a hint that fits what is wrong with it, without giving the answer away.
"""

import functools
import importlib

from torchbook.book.exercises.answers import Check, WrongAnswerError

__all__ = ["WrongAnswerError", "check", "checks"]

_MODULES = (  # in the order of the chapters
    "what_is_deep_learning",
    "fundamentals",
    "workflow",
    "classification",
    "computer_vision",
    "custom_datasets",
    "going_modular",
    "transfer_learning",
    "experiment_tracking",
    "paper_replicating",
    "deployment",
    "autograd",
    "training_well",
    "training_fast",
    "many_devices",
    "text",
    "recurrent",
    "attention",
    "gpt",
    "speech",
    "tables",
    "recommendation",
    "self_supervised",
    "generative",
)


@functools.cache
def checks() -> dict[str, Check]:
    """Return all checks by the number of their exercise.

    They are imported only now: a page that only offers exercises needs none of them, and isn't run
    again when one changes.
    """
    modules = [importlib.import_module(f"{__name__}.{name}") for name in _MODULES]
    return {number: check for module in modules for number, check in module.CHECKS.items()}


def check(exercise: str, answer: object) -> None:
    """Check an answer and say that it is right.

    Args:
        exercise: the exercise's number as the chapter prints it, such as "00-1".
        answer: a value or a function, as the exercise asks.

    Raises:
        WrongAnswerError: the answer is not right yet; the message is a hint.
        KeyError: there is no such exercise.
    """
    if exercise not in checks():
        raise KeyError(f"no exercise {exercise!r}; there are {', '.join(sorted(checks()))}")
    checks()[exercise](answer)
    print(f"✓ Exercise {exercise}: that is right.")
