"""A learning rate to begin with, found by trying many in one short run."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer

from torchbook.device import device_of
from torchbook.training.checks import Batch, LossFunction, checked
from torchbook.training.loop import Total, train_steps
from torchbook.training.precision import Precision


@dataclass(frozen=True)
class LearningRateTrial:
    """The loss of each batch while the learning rate grew.

    Attributes:
        rates: the learning rate of each step, growing.
        losses: the mean loss of each step's batch, before the step.
    """

    rates: list[float]
    losses: list[float]

    @property
    def smooth(self) -> list[float]:
        """The losses as a running mean that weighs the last ones most, free of its slow start."""
        mean, smooth = 0.0, []
        for step, loss in enumerate(self.losses, start=1):
            mean = 0.9 * mean + 0.1 * loss
            smooth.append(mean / (1 - 0.9**step))
        return smooth

    @property
    def suggestion(self) -> float:
        """A tenth of the rate at which the smooth loss is lowest: well before it goes wrong."""
        finite = [loss if math.isfinite(loss) else math.inf for loss in self.smooth]
        return self.rates[finite.index(min(finite))] / 10


def find_learning_rate(
    model: nn.Module,
    batches: Iterable[Batch],
    optimizer: Optimizer,
    *,
    loss_fn: LossFunction = nn.functional.cross_entropy,
    lowest: float = 1e-6,
    highest: float = 1.0,
    steps: int = 100,
) -> LearningRateTrial:
    """Train with a learning rate that grows from step to step, and note the losses.

    Model and optimiser are afterwards as they were. (L. N. Smith, "Cyclical Learning Rates for
    Training Neural Networks", arXiv:1506.01186, section 3.3.)

    Args:
        model: maps a batch of inputs to outputs, such as logits [B, C].
        batches: yields (inputs [B, ...], targets [B, ...]) on the model's device; gone through as
            often as needed.
        optimizer: holds the model's parameters.
        loss_fn: maps outputs and targets to their mean loss, a tensor of shape [].
        lowest: the first learning rate.
        highest: the last one.
        steps: how many, at least 2; each is larger than the one before by the same factor.

    Raises:
        ValueError: the rates do not grow, there are fewer than 2 steps, or there was no batch.
    """
    if not 0 < lowest < highest or steps < 2:
        raise ValueError(
            f"expected 0 < lowest < highest and steps >= 2, got {lowest}, {highest} and {steps}"
        )
    rates = [lowest * (highest / lowest) ** (i / (steps - 1)) for i in range(steps)]
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict(), model.training))
    total = Total({})

    def next_rate() -> None:
        if len(total.sizes) < steps:
            for group in optimizer.param_groups:
                group["lr"] = rates[len(total.sizes)]

    def enough() -> Iterable[Batch]:
        while len(total.sizes) < steps:
            n_before = len(total.sizes)
            for batch in batches:
                if len(total.sizes) == steps:
                    return
                yield batch
            if len(total.sizes) == n_before:
                return

    next_rate()
    precision = Precision("float32", device_of(model))
    try:
        with checked(enough(), model, loss_fn, batches) as sound:
            train_steps(model, sound, loss_fn, optimizer, total, precision, after_step=next_rate)
        total.sums()  # says so if there was no batch
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
        model.train(before[2])
    return LearningRateTrial(rates, torch.stack(total.columns["loss"]).tolist())
