"""Metrics as a sum and a count, so that a small last batch weighs what it should."""

import math

import torch
from torch import Tensor


def count_correct(
    logits: Tensor, targets: Tensor, ignore_index: int = -100
) -> tuple[Tensor, Tensor]:
    """Count the targets whose logit is the largest, and all targets.

    Args:
        logits: scores of shape [N, C] or [N, C, ...], floating point.
        targets: labels of shape [N] or [N, ...], int64.
        ignore_index: targets of this value are not counted, as in `nn.CrossEntropyLoss`.

    Returns:
        Two int64 tensors of shape [], on the device of the logits: nothing is copied to the CPU.

    Raises:
        ValueError: the shapes don't fit; targets [N, 1] would be compared with every sample.
    """
    return count_matches(logits, targets, ignore_index), (targets != ignore_index).count_nonzero()


def count_matches(logits: Tensor, targets: Tensor, ignore_index: int = -100) -> Tensor:
    """Count the targets whose logit is the largest: the first of `count_correct`'s two numbers."""
    if logits.ndim < 2 or targets.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(
            "expected logits of shape [N, C] and targets of shape [N], but they have shapes "
            f"{list(logits.shape)} and {list(targets.shape)}"
        )
    matches = logits.argmax(dim=1) == targets
    if ignore_index >= 0:  # else no prediction equals it
        matches &= targets != ignore_index
    return matches.count_nonzero()


def accuracy(logits: Tensor, targets: Tensor) -> float:
    """Return the share of samples, from 0 to 1, whose largest logit is at the target.

    Args:
        logits: scores of shape [N, C], floating point.
        targets: labels of shape [N], int64.
    """
    correct, n = count_correct(logits, targets)
    return correct.item() / n.item()


def majority_baseline(train_targets: Tensor, targets: Tensor) -> float:
    """Return the accuracy, from 0 to 1, of always answering the commonest training label.

    Args:
        train_targets: labels of the training split, shape [N], int64.
        targets: labels of the split to score on, shape [M], int64.
    """
    return (targets == train_targets.mode().values).sum().item() / len(targets)


def confusion_matrix(predictions: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    """Count how often each class (row) was predicted as each class (column).

    Args:
        predictions: predicted labels of shape [N], int64.
        targets: true labels of shape [N], int64.
        n_classes: the number of classes, C.

    Returns:
        An int64 tensor of shape [C, C]; its sum is N, its diagonal holds the correct ones.

    Raises:
        ValueError: the two have different shapes, or a label is not between 0 and C - 1.
    """
    if predictions.shape != targets.shape:
        raise ValueError(
            "predictions and targets must both have shape [N], but have shapes "
            f"{list(predictions.shape)} and {list(targets.shape)}"
        )
    for name, labels in (("predictions", predictions), ("targets", targets)):
        if len(labels) and not 0 <= labels.min() <= labels.max() < n_classes:
            raise ValueError(
                f"{name} must be labels from 0 to {n_classes - 1}, but go from {labels.min()} "
                f"to {labels.max()}"
            )
    cells = targets * n_classes + predictions  # the two labels as one number
    return cells.bincount(minlength=n_classes**2).reshape(n_classes, n_classes)


def precision_recall_f1(counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return precision, recall and F1 of each class, from a confusion matrix.

    Precision is the share of those predicted as the class that belong to it, recall the share of
    those that belong to it that were predicted as it, F1 the harmonic mean of the two. A share of
    none at all counts as 0.

    Args:
        counts: [C, C], true classes as rows, predicted ones as columns, as `confusion_matrix`
            returns it.

    Returns:
        Three tensors of shape [C], float64, from 0 to 1, on the CPU.

    Raises:
        ValueError: the counts are not a square.
    """
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"counts must have shape [C, C], but have shape {list(counts.shape)}")
    counts = counts.cpu().double()
    hits, predicted, true = counts.diag(), counts.sum(dim=0), counts.sum(dim=1)
    return (
        hits / predicted.clamp(min=1),
        hits / true.clamp(min=1),
        2 * hits / (predicted + true).clamp(min=1),
    )


def wilson_interval(n_correct: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval of accuracies that `n_correct` of `n` samples is compatible with.

    Wilson's score interval (E. B. Wilson, JASA 22, 1927), which also holds near 0 and 1 and for
    small n. It speaks of the choice of the samples, not of the seed of the training.

    Args:
        n_correct: the number of correct samples.
        n: the number of samples, at least 1.
        z: standard deviations; 1.96 gives 95 % confidence.

    Returns:
        The lower and the upper end, each from 0 to 1.

    Raises:
        ValueError: `n` is below 1, or `n_correct` is not between 0 and `n`.
    """
    if n < 1 or not 0 <= n_correct <= n:
        raise ValueError(f"expected 0 <= n_correct <= n and n >= 1, got {n_correct} and {n}")
    p = n_correct / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def count_parameters(model: torch.nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
