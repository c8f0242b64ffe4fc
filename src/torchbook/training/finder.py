"""A learning rate to start with, found by trying many in one short run."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from torchbook.device import device_of, to_device
from torchbook.training.checkpoint import generator_states, set_generator_states
from torchbook.training.checks import batch_in_errors
from torchbook.training.loop import NO_BATCH
from torchbook.training.steps import Step, SupervisedStep


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
        """The losses as a bias-corrected exponential moving average."""
        mean, smooth = 0.0, []
        for step, loss in enumerate(self.losses, start=1):
            mean = 0.9 * mean + 0.1 * loss
            smooth.append(mean / (1 - 0.9**step))
        return smooth

    @property
    def suggestion(self) -> float:
        """A tenth of the rate at which the smoothed loss is lowest: well before it goes wrong."""
        finite = [loss if math.isfinite(loss) else math.inf for loss in self.smooth]
        return self.rates[finite.index(min(finite))] / 10


def find_learning_rate(
    model: nn.Module,
    batches: Iterable[Any],
    optimizer: Optimizer,
    *,
    step: Step | None = None,
    lowest: float = 1e-6,
    highest: float = 1.0,
    steps: int = 100,
) -> LearningRateTrial:
    """Train with a learning rate that grows from step to step, and record the losses.

    Model, optimiser, the order of the batches and the random numbers are afterwards as they
    were. (L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", arXiv:1506.01186,
    section 3.3.)

    Args:
        model: changed for a moment.
        batches: as for `fit`; gone through as often as needed.
        optimizer: holds the model's parameters.
        step: what to learn from a batch; by default cross-entropy of (inputs, labels).
        lowest: the first learning rate.
        highest: the last one.
        steps: how many, at least 2; each rate is larger than the one before by the same factor.

    Raises:
        ValueError: the rates do not grow, there are fewer than 2 steps, or there was no batch.
    """
    if not 0 < lowest < highest or steps < 2:
        raise ValueError(
            f"expected 0 < lowest < highest and steps >= 2, got {lowest}, {highest} and {steps}"
        )
    rates = [lowest * (highest / lowest) ** (i / (steps - 1)) for i in range(steps)]
    step = SupervisedStep() if step is None else step
    device, losses = device_of(model), []
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict(), model.training))
    generators = generator_states()
    position = copy.deepcopy(batches.state_dict()) if hasattr(batches, "state_dict") else None
    try:
        with batch_in_errors(model) as current:
            model.train()
            for rate, batch in zip(rates, _again_and_again(batches), strict=False):
                current[:] = [batch]
                for group in optimizer.param_groups:
                    group["lr"] = rate
                result = step(model, to_device(batch, device))
                loss = result.loss_sum / result.count
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
        model.train(before[2])
        set_generator_states(generators)
        if position is not None:
            batches.load_state_dict(position)
    return LearningRateTrial(rates[: len(losses)], torch.stack(losses).tolist())


def _again_and_again(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the batches, epoch after epoch; an iterator is used up after the first."""
    n_passes, found = 0, True
    while found:
        found = False
        for batch in batches:
            found = True
            yield batch
        n_passes += found
    if n_passes == 0:
        raise ValueError(NO_BATCH)
