"""Plain PyTorch loops for classifiers: train for one epoch, evaluate, predict.

    model = TinyVGG(1, 10, 10, 28).to(best_device())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(3):
        print(train_epoch(model, train_loader, optimizer))
        print(evaluate(model, valid_loader))

`torchbook.training.fit` is the full-featured version, for any kind of model. In the shapes, B is
the number of samples in a batch, C the number of classes and N the number of all samples.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from torchbook.device import device_of

NO_BATCH = (
    "there was no batch: the data is empty, the iterator is exhausted, or drop_last=True left "
    "nothing"
)


@dataclass(frozen=True)
class Evaluation:
    """Mean loss and accuracy over a number of samples.

    Attributes:
        loss: mean cross-entropy per sample.
        accuracy: share of samples classified correctly, from 0 to 1.
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
    """Train for one epoch, with one optimiser step per batch. The model stays in training mode.

    Args:
        model: maps inputs [B, ...] to logits [B, C].
        loader: yields inputs [B, ...] and labels [B], whole numbers (int64) from 0 to C - 1.
        optimizer: holds the model's parameters.

    Returns:
        Mean loss and accuracy over the epoch. Each batch is measured just before its own step, so
        this is not the score of the trained model: `evaluate` gives that.

    Raises:
        ValueError: the loader yields no batch.
    """
    device = device_of(model)
    model.train()
    loss_sum, n_correct, n_seen = 0.0, 0, 0  # the first two become tensors on the device
    for inputs, labels in loader:
        inputs, labels = inputs.to(device), labels.to(device)
        logits = model(inputs)  # [B, C]
        loss = F.cross_entropy(logits, labels)  # the mean over the batch
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        # Not `loss.item()`: that would make the CPU wait for a GPU in every step.
        loss_sum += loss.detach() * len(labels)
        n_correct += (logits.argmax(dim=1) == labels).sum()
        n_seen += len(labels)
    return _means(loss_sum, n_correct, n_seen)


@torch.no_grad()
def evaluate(model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]]) -> Evaluation:
    """Measure a classifier as it is now. Leaves it in evaluation mode and changes nothing else.

    Args:
        model: maps inputs [B, ...] to logits [B, C].
        loader: yields inputs [B, ...] and labels [B], whole numbers (int64) from 0 to C - 1.

    Raises:
        ValueError: the loader yields no batch.
    """
    device = device_of(model)
    model.eval()
    loss_sum, n_correct, n_seen = 0.0, 0, 0
    for inputs, labels in loader:
        inputs, labels = inputs.to(device), labels.to(device)
        logits = model(inputs)  # [B, C]
        loss_sum += F.cross_entropy(logits, labels, reduction="sum")
        n_correct += (logits.argmax(dim=1) == labels).sum()
        n_seen += len(labels)
    return _means(loss_sum, n_correct, n_seen)


@torch.no_grad()
def predict(model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    """Return the model's outputs for all samples, in the order in which the loader yields them.

    The model stays in evaluation mode, and the outputs on its device.

    Args:
        model: maps inputs [B, ...] to outputs [B, ...], such as logits [B, C].
        loader: yields pairs of inputs [B, ...] and targets, which are not used.

    Returns:
        The outputs of all batches, one after the other: [N, ...].

    Raises:
        ValueError: the loader yields no batch.
    """
    device = device_of(model)
    model.eval()
    outputs = [model(inputs.to(device)) for inputs, _ in loader]
    if not outputs:
        raise ValueError(NO_BATCH)
    return torch.cat(outputs)


def _means(loss_sum: Tensor | float, n_correct: Tensor | int, n_seen: int) -> Evaluation:
    """Divide the sums by the number of samples. `.item()` waits until a GPU has finished."""
    if n_seen == 0:
        raise ValueError(NO_BATCH)
    return Evaluation(loss_sum.item() / n_seen, n_correct.item() / n_seen, n_seen)
