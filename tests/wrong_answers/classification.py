"""Typical wrong answers to the exercises of chapter 02, each with a part of the intended hint."""

import math

import torch
from torch import nn


def overflows(logits):
    powers = logits.exp()
    return powers / powers.sum(dim=1, keepdim=True)


def clamps(logits):
    return overflows(logits.clamp(max=80))


def shifts_by_the_largest_of_all(logits):
    return overflows(logits - logits.max() + 0 * logits).nan_to_num()


def subtracts_in_place(logits):
    logits -= logits.amax(dim=1, keepdim=True)
    return overflows(logits)


def a_square(side=0.65, vote=-100.0, bias=1.0, width=4):
    network = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 1))
    sides = torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    with torch.no_grad():
        network[0].weight.copy_(sides[:width])
        network[0].bias.fill_(-side)
        network[2].weight.fill_(vote)
        network[2].bias.fill_(bias)
    return network


def with_a_side_missing():
    network = a_square()
    with torch.no_grad():
        network[0].weight[3] = network[0].weight[2]
    return network


def lowest_threshold(probabilities, labels, wanted):
    return probabilities[labels == 1].min().item()


def by_precision(probabilities, labels, wanted):
    right = labels[probabilities.argsort(descending=True)].cumsum(0) / torch.arange(
        1, len(labels) + 1
    )
    return probabilities.sort(descending=True).values[right < wanted][1].item()


def needs_sorted_points(probabilities, labels, wanted):
    found = labels.cumsum(0) / labels.sum()
    return probabilities[found >= wanted - 1e-6][0].item()


def bins_of(probabilities, labels, n=10, last=9, swap=False, empty=0.0):
    bins = (10 * probabilities).long().clamp(max=last)
    table = torch.full((n, 2), empty)
    for k in range(n):
        inside = bins == k
        if inside.any():
            table[k, 0] = probabilities[inside].mean()
            table[k, 1] = labels[inside].float().mean()
    return table.flip(1) if swap else table


WRONG = {
    "02-1": [
        (lambda logits: (logits > 0).long(), "N times N"),
        (lambda logits: logits.squeeze(1) > 0, "should be int64"),
        (lambda logits: (logits.squeeze(1) > 0.5).long(), "threshold for probabilities"),
        (lambda logits: (logits.squeeze(1) < 0).long(), "wrong way round"),
        (lambda logits: logits.argmax(dim=1), "it says"),
        (lambda logits: (logits.squeeze() > 0).long(), "shape should be [1]"),
    ],
    "02-2": [
        (..., "no answer yet"),
        ("0.1", "one number"),
        (0.1, "another kind"),
        (torch.tensor(0.1).sigmoid(), "other way is asked"),
        (math.log(9), "side of 0"),
        (math.log(0.1), "Solve"),
        (-1.0, "sigmoid of -1 is 0.269"),
    ],
    "02-3": [
        (overflows, "too large for float32"),
        (clamps, "largest logit of its own"),
        (shifts_by_the_largest_of_all, "largest logit of its own"),
        (subtracts_in_place, "has changed the logits"),
        (lambda logits: logits.softmax(dim=0), "columns add up"),
        (lambda logits: logits.sigmoid(), "rows should add up"),
        (lambda logits: torch.full_like(logits, 1 / logits.shape[1]), "not the shares"),
        (lambda logits: overflows(logits - logits.amax(1, keepdim=True).clamp(min=0)), "below 0"),
    ],
    "02-4": [
        (lambda points: points.norm(dim=1), "should be [N, 1]"),
        (lambda points: points[:, :1], "have in common"),
        (lambda points: points.sum(dim=1, keepdim=True), "have in common"),
        (lambda points: points.abs() @ torch.tensor([[1.0], [1.05]]), "right angle"),
    ],
    "02-5": [
        (lambda: None, "returns nothing"),
        (lambda: nn.Linear(2, 1), "nn.Sequential"),
        (lambda: nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 1)), "Linear, ReLU, Linear"),
        (lambda: a_square(width=3), "from 2 numbers to 4"),
        (lambda: a_square(vote=100.0, bias=-1.0), "In the middle"),
        (with_a_side_missing, "Far outside"),
        (lambda: a_square(side=0.95), "The corners stick out"),
        (lambda: a_square(vote=-1.0), "outvote the bias"),
    ],
    "02-6": [
        (lowest_threshold, "higher threshold that still does"),
        (by_precision, "recall, or precision"),
        (lambda p, y, wanted: torch.tensor(0.4), "should be a float"),
        (lambda p, y, wanted: 0.5, "3 of the 4"),
        (needs_sorted_points, "order of the points"),
    ],
    "02-7": [
        (lambda p, y: bins_of(p, y, n=11, last=10), "a bin of its own"),
        (lambda p, y: bins_of(p, y, last=10), "exactly 1.0"),
        (lambda p, y: bins_of(p, y, swap=True), "swapped"),
        (lambda p, y: bins_of(p, y, empty=float("nan")), "two zeros"),
        (lambda p, y: torch.zeros(10, 2), "is not right"),
    ],
}
