"""Exercises that check themselves.

A chapter's exercise ends with `check("00-1", my_answer)`: it says that the answer is right, or
gives a hint that fits what is wrong with it, without giving the answer away.
"""

from torchbook.book.exercises import (
    classification,
    computer_vision,
    custom_datasets,
    deployment,
    experiment_tracking,
    fundamentals,
    going_modular,
    paper_replicating,
    transfer_learning,
    what_is_deep_learning,
    workflow,
)
from torchbook.book.exercises.answers import Check, WrongAnswerError

# In the order of the chapters.
_CHAPTERS = (
    what_is_deep_learning,
    fundamentals,
    workflow,
    classification,
    computer_vision,
    custom_datasets,
    going_modular,
    transfer_learning,
    experiment_tracking,
    paper_replicating,
    deployment,
)
CHECKS: dict[str, Check] = {
    number: check for chapter in _CHAPTERS for number, check in chapter.CHECKS.items()
}

__all__ = ["CHECKS", "WrongAnswerError", "check"]


def check(exercise: str, answer: object) -> None:
    """Check an answer and say that it is right.

    Args:
        exercise: the exercise's number as the chapter prints it, such as "00-1".
        answer: a value or a function, as the exercise asks.

    Raises:
        WrongAnswerError: the answer is not right yet; the message is a hint.
        KeyError: there is no such exercise.
    """
    if exercise not in CHECKS:
        raise KeyError(f"no exercise {exercise!r}; there are {', '.join(sorted(CHECKS))}")
    CHECKS[exercise](answer)
    print(f"✓ Exercise {exercise}: that is right.")
