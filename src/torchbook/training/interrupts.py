"""Ctrl-C during a training."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from torchbook.training import distributed


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C was pressed.

    Attributes:
        place: where the training stopped, such as "after epoch 2".
        path: the checkpoint that holds everything; None if there is none.
    """

    def __init__(self, place: str, path: Path | None) -> None:
        self.place, self.path = place, path
        if path is None:
            advice = (
                "The model keeps the weights that it has now; to be able to resume, give fit a "
                "file (checkpoint=...)"
            )
        else:
            advice = f"Everything is saved in {path}: the same call with resume=True goes on"
        super().__init__(f"stopped {place}. {advice}")


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C wait for the end of a step; yields a function that tells whether it was pressed.

    A second Ctrl-C interrupts at once. Python delivers Ctrl-C only to the main thread, and under
    torchrun all processes would have to agree on the step: there nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread() or distributed.size() > 1:
        yield lambda: False
        return
    pressed = threading.Event()

    def note(number: int, frame: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
