"""How far a training has come: a bar where someone watches, a line an epoch in a log file."""

import os
import sys
from collections.abc import Iterable
from types import TracebackType

from IPython.core.getipython import get_ipython
from tqdm import tqdm

from torchbook.training import distributed
from torchbook.training.history import History


class Progress:
    """Shows steps and epochs on stderr; of many processes only the first one does.

    In a terminal or a notebook it is a bar that moves with every step. Elsewhere, as in a log file,
    it is a line for each finished epoch. While the book is built it is silent.

    Args:
        epochs: how many there will be.
        batches: those of an epoch.
        accumulate: batches for each step.
        wanted: whether to show anything.
    """

    def __init__(self, epochs: int, batches: Iterable, accumulate: int, wanted: bool) -> None:
        wanted = wanted and distributed.rank() == 0 and "TORCHBOOK_CHAPTER" not in os.environ
        watched = sys.stderr.isatty() or get_ipython() is not None
        self.epochs = epochs
        self.lines = wanted and not watched
        n_steps = -(-len(batches) // accumulate) if hasattr(batches, "__len__") else None
        self.bar = tqdm(total=n_steps, unit="step", disable=not (wanted and watched))

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.close()

    def begin_epoch(self, epoch: int, steps_done: int) -> None:
        """Start the bar anew, after the steps that were done before a break."""
        if not self.bar.disable:
            self.bar.reset()
            self.bar.update(steps_done)
            self.bar.set_description(f"epoch {epoch}/{self.epochs}")

    def step(self) -> None:
        """Move the bar on."""
        self.bar.update()

    def end_epoch(self, history: History) -> None:
        """Show what the epoch came to."""
        row = history.rows[-1]
        shown = {name: f"{row[name]:.4f}" for name in ("train_loss", "valid_loss")}
        self.bar.set_postfix(shown)
        if self.lines:
            values = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items())
            print(
                f"epoch {row['epoch']}/{self.epochs}: {values}, {row['seconds']:.1f} s",
                file=sys.stderr,
                flush=True,
            )
