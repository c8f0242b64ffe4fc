"""The training loop in plain PyTorch, for classifiers: one pass to learn, to measure, to predict.

`trainer.fit` does the same with everything that real work needs, for any kind of model.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from torchbook.device import device_of

NO_BATCH = "there was no batch: the data is empty, or an iterator that was used up already"


@dataclass(frozen=True)
class Evaluation:
    """How well a classifier did on `n` samples.

    Attributes:
        loss: mean cross-entropy per sample.
        accuracy: share of samples predicted correctly, from 0 to 1.
        n: number of samples.
    """

    loss: float
    accuracy: float
    n: int

    def __str__(self) -> str:
        return f"loss {self.loss:.4f}, accuracy {self.accuracy:.2%} on {self.n:,} samples"


def train_epoch(
    model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], optimizer: Optimizer
) -> Evaluation:
    """Train for one epoch: one optimiser step for each batch.

    Args:
        model: maps inputs [B, ...] to logits [B, C].
        loader: yields inputs [B, ...] and labels [B], int64.
        optimizer: holds the model's parameters.

    Returns:
        Loss and accuracy, each sample counted with the weights that its batch met.

    Raises:
        ValueError: there was no batch.
    """
    device = device_of(model)
    model.train()
    loss_sum, n_correct, n_seen = 0.0, 0, 0
    for inputs, labels in loader:
        inputs, labels = inputs.to(device), labels.to(device)
        logits = model(inputs)
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(labels)
        n_correct += (logits.argmax(dim=1) == labels).sum()
        n_seen += len(labels)
    return _means(loss_sum, n_correct, n_seen)


@torch.no_grad()
def evaluate(model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]]) -> Evaluation:
    """Measure a classifier. It is left in evaluation mode, and otherwise as it was.

    Args:
        model: maps inputs [B, ...] to logits [B, C].
        loader: yields inputs [B, ...] and labels [B], int64.

    Raises:
        ValueError: there was no batch.
    """
    device = device_of(model)
    model.eval()
    loss_sum, n_correct, n_seen = 0.0, 0, 0
    for inputs, labels in loader:
        inputs, labels = inputs.to(device), labels.to(device)
        logits = model(inputs)
        loss_sum += F.cross_entropy(logits, labels, reduction="sum")
        n_correct += (logits.argmax(dim=1) == labels).sum()
        n_seen += len(labels)
    return _means(loss_sum, n_correct, n_seen)


@torch.no_grad()
def predict(model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    """Return the model's outputs for all samples, in order, such as logits [N, C].

    The model is left in evaluation mode.

    Args:
        model: maps inputs [B, ...] to outputs [B, ...].
        loader: yields inputs [B, ...] and targets, which are not used.

    Raises:
        ValueError: there was no batch.
    """
    device = device_of(model)
    model.eval()
    outputs = [model(inputs.to(device)) for inputs, _ in loader]
    if not outputs:
        raise ValueError(NO_BATCH)
    return torch.cat(outputs)


def _means(loss_sum: Tensor, n_correct: Tensor, n_seen: int) -> Evaluation:
    """Divide the sums; this is where the CPU waits for the device."""
    if n_seen == 0:
        raise ValueError(NO_BATCH)
    return Evaluation(loss_sum.item() / n_seen, n_correct.item() / n_seen, n_seen)
