"""One pass over the data: to learn from it, to measure on it, to predict."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from torchbook.device import copy_to, device_of
from torchbook.metrics import count_correct
from torchbook.training import distributed
from torchbook.training.checks import NO_BATCH, Batch, LossFunction, checked
from torchbook.training.history import Evaluation
from torchbook.training.precision import Precision

# Maps outputs [B, ...] and targets [B, ...] to the sum over the batch, a tensor of shape [].
Metric = Callable[[Tensor, Tensor], Tensor]
ACCURACY: Mapping[str, Metric] = {"accuracy": count_correct}


class DivergedError(RuntimeError):
    """The loss became infinite or not a number; the weights are of no more use."""


def train_one_epoch(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: LossFunction,
    optimizer: Optimizer,
    scheduler: LRScheduler | None = None,
    *,
    metrics: Mapping[str, Metric] = ACCURACY,
) -> Evaluation:
    """Update the model once for each batch.

    Args:
        model: maps a batch of inputs to outputs, such as logits [B, C].
        batches: yields (inputs [B, ...], targets [B, ...]) on the model's device.
        loss_fn: maps outputs and targets to their mean loss, a tensor of shape [].
        optimizer: holds the model's parameters.
        scheduler: moves the learning rate; stepped after every batch.
        metrics: each maps outputs and targets to the batch's sum, a tensor of shape [].

    Returns:
        Loss and metrics over the epoch, each sample counted as the model was when it saw it.

    Raises:
        DivergedError: the loss is infinite or not a number.
        ValueError: there was no batch, or a label is out of range.
        TypeError: the inputs are bytes, the weights are floats.
    """
    total = Total(metrics)
    precision = Precision("float32", device_of(model))
    with checked(batches, model, loss_fn) as sound:
        train_steps(model, sound, loss_fn, optimizer, total, precision, scheduler)
    (result,) = read(total)
    check_finite(result.loss, optimizer)
    return result


def train_steps(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: LossFunction,
    optimizer: Optimizer,
    total: "Total",
    precision: Precision,
    scheduler: LRScheduler | None = None,
    *,
    clip_norm: float | None = None,
    accumulate: int = 1,
    after_step: Callable[[], None] = lambda: None,
) -> None:
    """Go through the batches once, with a step after every `accumulate` of them.

    Nothing in here waits for the device. The arguments are those of `fit`; `total` collects loss
    and metrics, `after_step` is called after each step.
    """
    model.train()
    for group in groups_of(batches, accumulate):
        optimizer.zero_grad()
        for inputs, targets, weight in distributed.weighted(group, model):
            with precision.autocast():
                outputs = model(inputs)
                loss = loss_fn(outputs, targets)
            precision.backward(loss if weight is None else loss * weight)
            total.add(loss, outputs, targets)
        precision.step(optimizer, clip_norm)
        if scheduler is not None:
            scheduler.step()
        after_step()


def groups_of(batches: Iterable[Batch], n: int) -> Iterator[list[Batch]]:
    """Yield lists of `n` batches, the last one with what remains."""
    batches = iter(batches)
    while group := list(itertools.islice(batches, n)):
        yield group


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: LossFunction = nn.functional.cross_entropy,
    *,
    metrics: Mapping[str, Metric] = ACCURACY,
) -> Evaluation:
    """Measure the model without changing it; it is left in evaluation mode.

    Args:
        model: maps a batch of inputs to outputs, such as logits [B, C].
        batches: yields (inputs [B, ...], targets [B, ...]) on the model's device.
        loss_fn: maps outputs and targets to their mean loss, a tensor of shape [].
        metrics: each maps outputs and targets to the batch's sum, a tensor of shape [].

    Raises:
        ValueError: there was no batch, or a label is out of range.
        TypeError: the inputs are bytes, the weights are floats.
    """
    total = Total(metrics)
    with checked(batches, model, loss_fn) as sound:
        measure(model, sound, loss_fn, total, Precision("float32", device_of(model)))
    (result,) = read(total)
    return result


@torch.inference_mode()
def measure(
    model: nn.Module,
    batches: Iterable[Batch],
    loss_fn: LossFunction,
    total: "Total",
    precision: Precision,
) -> None:
    """Collect loss and metrics in `total` without waiting for the device."""
    model.eval()
    for inputs, targets in batches:
        with precision.autocast():
            outputs = model(inputs)
            loss = loss_fn(outputs, targets)
        total.add(loss, outputs, targets)


@torch.inference_mode()
def predict(model: nn.Module, batches: Iterable[Batch]) -> Tensor:
    """Return the outputs of all samples in order, such as logits [N, C].

    The model is left in evaluation mode.

    Raises:
        ValueError: there was no batch.
        TypeError: the inputs are bytes, the weights are floats.
    """
    model.eval()
    with checked(batches, model) as sound:
        outputs = [model(inputs) for inputs, _ in sound]
    if not outputs:
        raise ValueError(NO_BATCH)
    return torch.cat(outputs)


def check_finite(loss: float, optimizer: Optimizer, split: str = "training") -> None:
    """Raise DivergedError unless the loss on a split is a finite number."""
    if not math.isfinite(loss):
        raise DivergedError(
            f"the {split} loss became {loss}. Usually the learning rate "
            f"({optimizer.param_groups[0]['lr']:g} now) is too high: try a tenth of it, and check "
            "the inputs for values that are not finite"
        )


class Total:
    """What the batches came to. It stays on the device, batch by batch, until `read` adds it up.

    Args:
        metrics: each maps outputs and targets to the batch's sum, a tensor of shape [].
    """

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self.metrics = metrics
        self.sizes: list[int] = []
        # A row for each batch: its mean loss, and its sum of each metric.
        self.columns: dict[str, list[Tensor]] = {"loss": [], **{name: [] for name in metrics}}

    def add(self, mean_loss: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """Take note of a batch of B samples."""
        self.sizes.append(len(targets))
        self.columns["loss"].append(mean_loss.detach())
        for name, metric in self.metrics.items():
            self.columns[name].append(metric(outputs.detach(), targets))

    def sums(self) -> Tensor:
        """Return the number of samples and the sums of loss and metrics, shape [2 + metrics].

        Raises:
            ValueError: there was no batch.
        """
        if not self.sizes:
            raise ValueError(NO_BATCH)
        device = self.columns["loss"][0].device
        # float64 adds up 100 million samples without losing one. Apple's GPUs do not have it.
        dtype = torch.float32 if device.type == "mps" else torch.float64
        sizes = copy_to(torch.tensor(self.sizes, dtype=dtype), device)
        losses, *counts = (torch.stack(column).to(dtype) for column in self.columns.values())
        # The mean over a batch, weighed by its size.
        return torch.stack([sizes.sum(), sizes @ losses, *(count.sum() for count in counts)])

    def state_dict(self) -> dict[str, Any]:
        """Return all rows so far, for a checkpoint in the middle of an epoch."""
        columns = {name: torch.stack(c) for name, c in self.columns.items() if c}
        return {"sizes": list(self.sizes), "columns": columns}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from rows that `state_dict` returned."""
        self.sizes = list(state["sizes"])
        self.columns |= {name: list(column) for name, column in state["columns"].items()}


def read(*totals: Total) -> list[Evaluation]:
    """Add the totals up, over all processes, and read them: the one wait for the device."""
    sums = distributed.add_up(torch.stack([total.sums() for total in totals]))
    return [
        Evaluation(
            loss=loss / n,
            metrics={name: s / n for name, s in zip(total.metrics, rest, strict=True)},
            n=round(n),
        )
        for total, (n, loss, *rest) in zip(totals, sums.tolist(), strict=True)
    ]
