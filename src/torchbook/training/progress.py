"""How far a training has come: a bar where someone watches, a line an evaluation in a log file."""

import sys
from types import TracebackType

from tqdm import tqdm

from torchbook.training import distributed
from torchbook.training.history import History


class Progress:
    """Shows steps and evaluations on stderr; with several processes only the first one does.

    In a terminal or a notebook it is a bar that moves with every step. Elsewhere, as in a log file,
    it is a line for each evaluation. The variable TQDM_DISABLE=1 turns the bar off.

    Args:
        unit: "epoch" or "step": what the training is measured in.
        epochs: how many epochs there will be; None if it is not known.
        max_steps: how many steps there will be; None if it is not known.
        steps_per_epoch: likewise.
        wanted: whether to show anything.
    """

    def __init__(
        self,
        unit: str,
        epochs: int | None,
        max_steps: int | None,
        steps_per_epoch: int | None,
        wanted: bool,
    ) -> None:
        if unit == "step" and max_steps is None and steps_per_epoch is not None:
            max_steps = epochs * steps_per_epoch
        wanted = wanted and distributed.rank() == 0
        watched = sys.stderr.isatty() or _is_notebook()
        self.unit = unit
        self.total = epochs if unit == "epoch" else max_steps
        self.lines = wanted and not watched
        # Not `disable=False`: that would overrule TQDM_DISABLE.
        options = {} if wanted and watched else {"disable": True}
        n_steps = steps_per_epoch if unit == "epoch" else max_steps
        self.bar = tqdm(total=n_steps, unit="step", **options)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.close()

    def begin(self, epochs_done: int, steps_done: int, steps_in_epoch: int) -> None:
        """Start the bar of an epoch, or of the whole training if it is measured in steps."""
        if self.bar.disable:
            return
        if self.unit == "epoch":
            self.bar.reset()
            self.bar.update(steps_in_epoch)
            self.bar.set_description(f"epoch {epochs_done + 1}/{self.total}")
        else:
            self.bar.update(steps_done - self.bar.n)

    def step(self) -> None:
        """Move the bar on."""
        self.bar.update()

    def evaluated(self, history: History) -> None:
        """Show the last row of the history."""
        row = history.rows[-1]
        shown = {name: f"{row[name]:.4f}" for name in ("train_loss", "valid_loss")}
        self.bar.set_postfix(shown)
        if self.lines:
            values = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items())
            total = "?" if self.total is None else f"{self.total:,}"
            place = f"{self.unit} {row[self.unit]:,}/{total}"
            print(f"{place}: {values}, {row['seconds']:.1f} s", file=sys.stderr, flush=True)


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
