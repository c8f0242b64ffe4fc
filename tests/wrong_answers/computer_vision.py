"""Typical wrong answers to the exercises of chapter 03, each with a part of the intended hint."""

import torch
from torch import nn


def without_bias(in_channels, out_channels, k):
    return in_channels * out_channels * k * k


def bias_per_input(in_channels, out_channels, k):
    return in_channels * out_channels * k * k + in_channels


def flat_kernels(in_channels, out_channels, k):
    return out_channels * k * k + out_channels


def mean_of_batches(batches):
    shares = [(logits.argmax(dim=1) == targets).float().mean() for logits, targets in batches]
    return torch.stack(shares).mean().item()


def in_percent(batches):
    right = sum((logits.argmax(dim=1) == targets).sum().item() for logits, targets in batches)
    return 100 * right / sum(len(targets) for _, targets in batches)


def as_a_tensor(batches):
    right = sum((logits.argmax(dim=1) == targets).sum() for logits, targets in batches)
    return right / sum(len(targets) for _, targets in batches)


def mean_pooling(pictures):
    return nn.functional.avg_pool2d(pictures, 2)


def every_second_pixel(pictures):
    return pictures[:, :, ::2, ::2]


def windows_of_strangers(pictures):
    b, c, h, w = pictures.shape
    return pictures.reshape(b, c, h // 2, w // 2, 4).amax(dim=-1)


def overlapping_windows(pictures):
    return nn.functional.max_pool2d(pictures, 2, stride=1)


def upside_down(pictures, coin):
    return torch.where(coin[:, None, None, None], pictures.flip(2), pictures)


def all_of_them(pictures, coin):
    return pictures.flip(3)


def in_place(pictures, coin):
    pictures[coin] = pictures[coin].flip(3)
    return pictures


def coin_without_axes(pictures, coin):
    return torch.where(coin, pictures.flip(3), pictures)


def precision(predictions, targets, n_classes):
    right = torch.bincount(targets[predictions == targets], minlength=n_classes)
    return right / torch.bincount(predictions, minlength=n_classes)


def counts(predictions, targets, n_classes):
    return torch.bincount(targets[predictions == targets], minlength=n_classes)


def share_of_all(predictions, targets, n_classes):
    return counts(predictions, targets, n_classes) / len(targets)


def counts_pairs(old, new):
    return (old.flatten(1)[:, None] == new.flatten(1)).all(dim=2).sum().item()


def same_place_only(old, new):
    n = min(len(old), len(new))
    return (old[:n] == new[:n]).flatten(1).all(dim=1).sum().item()


def distinct_only(old, new):
    return len({p.numpy().tobytes() for p in old} & {p.numpy().tobytes() for p in new})


def nearly_the_same(old, new):
    gap = (old.flatten(1).int()[:, None] - new.flatten(1).int()).abs().amax(dim=2)
    return (gap <= 1).any(dim=0).sum().item()


def network(*head):
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        *head,
    )


WRONG = {
    "03-1": [
        ((14, 7), "Put k = 5"),
        ((13, 6), "count the padding on both sides"),
        ((15, 7), "rounded down"),
        ((32, 16), "double steps"),
        ((16, 15), "The first number is right"),
        (16, "two whole numbers"),
    ],
    "03-2": [
        (without_bias, "What else does each map add?"),
        (bias_per_input, "belongs to what comes out"),
        (flat_kernels, "looks at all channels"),
    ],
    "03-3": [
        (mean_of_batches, "averaged the accuracies of the batches"),
        (in_percent, "in percent"),
        (as_a_tensor, "should be a Python float"),
    ],
    "03-4": [
        (mean_pooling, "mean of each window"),
        (every_second_pixel, "one fixed corner"),
        (windows_of_strangers, "really hold neighbours"),
        (overlapping_windows, "The shape should be [2, 3, 2, 3]"),
    ],
    "03-5": [
        (upside_down, "upside down"),
        (all_of_them, "mirrored all of them"),
        (in_place, "writes into the pictures"),
        (coin_without_axes, "stopped on inputs of shape [5, 1, 4, 6] and [5]"),
    ],
    "03-6": [
        (precision, "how often each class was *predicted*"),
        (counts, "Are those the counts?"),
        (share_of_all, "number of all samples"),
    ],
    "03-7": [
        (counts_pairs, "counted pairs"),
        (same_place_only, "with all old ones"),
        (distinct_only, "counted different pictures"),
        (nearly_the_same, "only similar"),
    ],
    "03-8": [
        (network(nn.Linear(128, 5), nn.ReLU()), "a ReLU after the last layer"),
        (network(nn.Linear(128, 5), nn.Softmax(dim=1)), "those are probabilities"),
        (network(nn.Linear(512, 5)), "Print the shape after each layer"),
        (network(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 5)), "fewer than 5,000"),
        (network, "make an object of it"),
        (nn.Sequential(nn.Flatten(), nn.Linear(3072, 1), nn.Linear(1, 5)), "two convolutions"),
    ],
}
