"""The training loop of the book: `fit`, `evaluate` and `predict`."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm import tqdm

from torchbook.metrics import count_correct

Batch = tuple[Tensor, Tensor]
LossFunction = Callable[[Tensor, Tensor], Tensor]


class DivergedError(RuntimeError):
    """The training loss became infinite or not a number; the weights are of no more use."""


@dataclass(frozen=True)
class Evaluation:
    """How a model did on a number of samples.

    Attributes:
        loss: mean loss per sample.
        accuracy: share of samples predicted correctly, from 0 to 1.
        n: number of samples.
    """

    loss: float
    accuracy: float
    n: int


@dataclass
class History:
    """What happened in each epoch: a plain table, one row (a dict) per epoch."""

    rows: list[dict[str, float]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[float]:
        """Return one column, an entry per epoch.

        Raises:
            KeyError: there is no such column; names those that there are.
        """
        if self.rows and name not in self.rows[0]:
            raise KeyError(f"no column {name!r}; there are {', '.join(self.rows[0])}")
        return [row[name] for row in self.rows]

    @property
    def seconds(self) -> float:
        """The duration of all epochs in seconds, validation included."""
        return sum(self.column("seconds"))

    def __str__(self) -> str:
        lines = ["epoch  train loss  train acc.  valid loss  valid acc.  seconds"]
        for row in self.rows:
            lines.append(
                f"{row['epoch']:5d}  {row['train_loss']:10.4f}  {row['train_accuracy']:10.2%}  "
                f"{row['valid_loss']:10.4f}  {row['valid_accuracy']:10.2%}  {row['seconds']:7.1f}"
            )
        return "\n".join(lines)


def train_one_epoch(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: LossFunction,
    optimizer: Optimizer,
    scheduler: LRScheduler | None = None,
) -> Evaluation:
    """Update the model once for each batch.

    Args:
        model: maps a batch of inputs to logits [B, C].
        batches: yields (inputs [B, ...], targets [B]) on the model's device.
        loss_fn: maps logits and targets to their mean loss, a tensor of shape [].
        optimizer: holds the model's parameters.
        scheduler: moves the learning rate; stepped after every batch.

    Returns:
        Loss and accuracy over the epoch, each sample counted as the model was when it saw it.

    Raises:
        DivergedError: the loss is infinite or not a number.
        ValueError: there was no batch.
    """
    model.train()
    total = _Total()
    for inputs, targets in batches:
        logits = model(inputs)
        loss = loss_fn(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        total.add(loss.detach(), logits.detach(), targets)
    result = total.result()
    if not math.isfinite(result.loss):
        raise DivergedError(
            f"the training loss became {result.loss}. Usually the learning rate "
            f"({optimizer.param_groups[0]['lr']:g} now) is too high: try a tenth of it, and check "
            "the inputs for values that are not finite"
        )
    return result


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: LossFunction = nn.functional.cross_entropy,
) -> Evaluation:
    """Measure the model without changing it; it is left in evaluation mode.

    Args:
        model: maps a batch of inputs to logits [B, C].
        batches: yields (inputs [B, ...], targets [B]) on the model's device.
        loss_fn: maps logits and targets to their mean loss, a tensor of shape [].

    Raises:
        ValueError: there was no batch.
    """
    model.eval()
    total = _Total()
    for inputs, targets in batches:
        logits = model(inputs)
        total.add(loss_fn(logits, targets), logits, targets)
    return total.result()


@torch.inference_mode()
def predict(model: nn.Module, batches: Iterable[Batch]) -> Tensor:
    """Return the logits [N, C] of all samples, in order; the model is left in evaluation mode.

    Raises:
        ValueError: there was no batch.
    """
    model.eval()
    logits = [model(inputs) for inputs, _ in batches]
    if not logits:
        raise ValueError(_NO_BATCH)
    return torch.cat(logits)


def fit(
    model: nn.Module,
    train_batches: Iterable[Batch],
    valid_batches: Iterable[Batch],
    optimizer: Optimizer,
    *,
    epochs: int,
    loss_fn: LossFunction = nn.functional.cross_entropy,
    scheduler: LRScheduler | None = None,
    progress: bool = True,
) -> History:
    """Train for a number of epochs, and measure on the validation split after each.

    Losses and correct answers are summed on the device, and read once an epoch.

    Args:
        model: maps a batch of inputs to logits [B, C]; changed in place.
        train_batches: yields (inputs [B, ...], targets [B]) on the model's device.
        valid_batches: the same for the validation split.
        optimizer: holds the model's parameters.
        epochs: how often to go through the training split, at least 1.
        loss_fn: maps logits and targets to their mean loss, a tensor of shape [].
        scheduler: moves the learning rate; stepped after every batch.
        progress: show a bar that counts epochs.

    Returns:
        A table with a row for each epoch.

    Raises:
        ValueError: `epochs` is below 1, or a split gave no batch.
        DivergedError: the loss became infinite or not a number.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, but is {epochs}")
    history = History()
    bar = tqdm(range(1, epochs + 1), desc="epoch", disable=not progress)
    for epoch in bar:
        start = time.perf_counter()
        train = train_one_epoch(model, train_batches, loss_fn, optimizer, scheduler)
        valid = evaluate(model, valid_batches, loss_fn)
        history.rows.append(
            {
                "epoch": epoch,
                "train_loss": train.loss,
                "train_accuracy": train.accuracy,
                "valid_loss": valid.loss,
                "valid_accuracy": valid.accuracy,
                "seconds": time.perf_counter() - start,
            }
        )
        bar.set_postfix(loss=f"{train.loss:.3f}", valid=f"{valid.accuracy:.1%}")
    return history


_NO_BATCH = "there was no batch: the data is empty, or an iterator that was used up already"


class _Total:
    """Sums over samples that stay on the device until `result` reads them, once."""

    def __init__(self) -> None:
        self.n = 0
        self.loss: Tensor | None = None
        self.correct: Tensor | None = None

    def add(self, mean_loss: Tensor, logits: Tensor, targets: Tensor) -> None:
        n = len(targets)
        if self.n == 0:
            self.loss = torch.zeros((), device=logits.device)
            self.correct = torch.zeros((), dtype=torch.int64, device=logits.device)
        self.n += n
        self.loss += mean_loss * n  # the mean over a batch, weighed by its size
        self.correct += count_correct(logits, targets)

    def result(self) -> Evaluation:
        if self.n == 0:
            raise ValueError(_NO_BATCH)
        # The only place where the CPU waits for the device.
        loss, correct = self.loss.item(), self.correct.item()
        return Evaluation(loss=loss / self.n, accuracy=correct / self.n, n=self.n)
