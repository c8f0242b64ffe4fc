"""Answers to the exercises of chapter 02: typical wrong ones, each with a part of the hint that it
should get, and right ones in several styles.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from torchbook.data import circles, spirals

# 02-1


def labels_in_a_loop(logits):
    labels = []
    for row in logits:
        labels.append(1 if row.item() > 0 else 0)
    return torch.tensor(labels)


def labels_from_probabilities(logits):
    return torch.where(logits[:, 0].sigmoid() > 0.5, 1, 0)


def labels_with_numpy(logits):
    return torch.from_numpy((logits.numpy().ravel() > 0).astype(np.int64))


# 02-3


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


def by_log_sum_exp(logits):
    largest = logits.amax(dim=1, keepdim=True)
    total = (logits - largest).exp().sum(dim=1, keepdim=True).log() + largest
    return (logits - total).exp()


def by_their_log_sum_exp(logits):
    return (logits - logits.logsumexp(dim=1, keepdim=True)).exp()


def softmax_in_double(logits):
    shifted = logits.double() - logits.double().max(dim=1, keepdim=True).values
    return overflows(shifted)


def softmax_row_by_row(logits):
    rows = []
    for row in logits.tolist():
        powers = [math.exp(z - max(row)) for z in row]
        rows.append([power / sum(powers) for power in powers])
    return rows


def softmax_with_numpy(logits):
    z = logits.numpy()
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# 02-4


def make_small_network():
    """Train a network whose logit is a feature that separates the circles."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    examples = circles(1000, noise=0.1, seed=5)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(200):
        logits = network(examples.inputs).squeeze(1)
        loss = F.binary_cross_entropy_with_logits(logits, examples.targets.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


def logit_of_a_network(points):
    return make_small_network()(points)


def distance_with_numpy(points):
    return np.hypot(points[:, 0].numpy(), points[:, 1].numpy())[:, None]


def compares_with_the_batch(points):
    distance = points.norm(dim=1, keepdim=True)
    return (distance - distance.mean()) / distance.std()


# 02-5


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


def a_diamond():
    """Stand the square on a corner, and set whole tensors."""
    network = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    network[0].weight = nn.Parameter(signs / 2**0.5)
    network[0].bias = nn.Parameter(torch.full((4,), -0.66))
    network[2].weight = nn.Parameter(torch.full((1, 4), -50.0))
    network[2].bias = nn.Parameter(torch.tensor([0.5]))
    return network


# 02-6


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


def rounds_down(probabilities, labels, wanted):
    cracked = probabilities[labels == 1].sort(descending=True).values
    return cracked[max(int(wanted * len(cracked)), 1) - 1].item()


def only_above(probabilities, labels, wanted):
    cracked = probabilities[labels == 1]
    enough = [t for t in probabilities.tolist() if (cracked > t).float().mean() >= wanted]
    return max(enough, default=0.0)


def tries_all(probabilities, labels, wanted):
    best = 0.0
    for threshold in probabilities.tolist():
        alarm = probabilities >= threshold
        recall = (alarm & (labels == 1)).sum().item() / labels.sum().item()
        if recall >= wanted and threshold > best:
            best = threshold
    return best


def sorts_the_cracked(probabilities, labels, wanted):
    cracked = probabilities[labels == 1].sort(descending=True).values
    return cracked[math.ceil(wanted * len(cracked) - 1e-9) - 1]  # a tensor of shape []


def sorts_with_numpy(probabilities, labels, wanted):
    cracked = np.sort(probabilities.numpy()[labels.numpy() == 1])[::-1]
    return cracked[int(np.ceil(round(wanted * len(cracked), 6))) - 1]  # np.float32


# 02-7


def bins_of(probabilities, labels, n=10, last=9, swap=False, empty=0.0):
    bins = (10 * probabilities).long().clamp(max=last)
    table = torch.full((n, 2), empty)
    for k in range(n):
        inside = bins == k
        if inside.any():
            table[k, 0] = probabilities[inside].mean()
            table[k, 1] = labels[inside].float().mean()
    return table.flip(1) if swap else table


def middles_of_bins(probabilities, labels):
    table = bins_of(probabilities, labels)
    table[:, 0] = torch.arange(10) / 10 + 0.05
    return table


def medians_of_bins(probabilities, labels):
    table = bins_of(probabilities, labels)
    bins = (10 * probabilities).long().clamp(max=9)
    for k in range(10):
        if (bins == k).sum() > 3:
            table[k, 0] = probabilities[bins == k].median()
    return table


def bins_by_counting(probabilities, labels):
    bins = (10 * probabilities).long().clamp(max=9)
    n = bins.bincount(minlength=10).clamp(min=1)
    sums = bins.bincount(weights=probabilities.double(), minlength=10)
    ones = bins.bincount(weights=labels.double(), minlength=10)
    return torch.stack([sums / n, ones / n], dim=1)  # float64


def bins_in_plain_python(probabilities, labels):
    table = []
    for k in range(10):
        inside = [
            (p, y)
            for p, y in zip(probabilities.tolist(), labels.tolist(), strict=True)
            if min(int(p * 10), 9) == k
        ]
        n = max(len(inside), 1)
        table.append([sum(p for p, _ in inside) / n, sum(y for _, y in inside) / n])
    return table


# 02-8


def train_on_spirals(model, epochs=400, rate=0.02):
    examples = spirals(3000, n_arms=3, noise=0.06, seed=4)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        loss = F.cross_entropy(model(examples.inputs), examples.targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


def small_network(activation, n_hidden=6):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(2, n_hidden),
        activation,
        nn.Linear(n_hidden, n_hidden),
        activation,
        nn.Linear(n_hidden, 3),
    )
    return train_on_spirals(model)


class Unrolled(nn.Module):
    """Turn each point back by what the spiral has turned at its radius; nothing is learned."""

    def forward(self, x):
        radius = x.norm(dim=1)
        angle = torch.atan2(x[:, 1], x[:, 0]) - 1.2 * math.pi * (radius - 0.1) / 0.9
        arms = 2 * math.pi * torch.arange(3) / 3
        return torch.cos(angle[:, None] - arms)


WRONG = {
    "02-1": [
        (lambda logits: (logits > 0).long(), "N times N"),
        (lambda logits: logits.squeeze(1) > 0, "should be int64"),
        (lambda logits: (logits.squeeze(1) > 0.5).long(), "threshold for probabilities"),
        (lambda logits: (logits.squeeze(1) < 0).long(), "wrong way round"),
        (lambda logits: logits.argmax(dim=1), "with a single logit always is"),
        (lambda logits: (logits.squeeze(1) > -0.5).long(), "it says"),
        (lambda logits: (logits.squeeze() > 0).long(), "shape should be [1]"),
    ],
    "02-2": [
        (..., "no answer yet"),
        ("0.1", "one number"),
        (torch.tensor([0.1, 0.9]), "one number"),
        (0.1, "another kind"),
        (np.float32(0.1), "another kind"),
        (torch.tensor(0.1).sigmoid(), "other way is asked"),
        (math.log(9), "side of 0"),
        (math.log(0.1), "Solve"),
        (math.log10(1 / 9), "base 10"),
        (-1.0, "sigmoid of -1 is 0.269"),
    ],
    "02-3": [
        (overflows, "too large for float32"),
        (clamps, "largest logit of its own"),
        (shifts_by_the_largest_of_all, "largest logit of its own"),
        (subtracts_in_place, "has changed the logits"),
        (lambda logits: logits.double().softmax(dim=1), "PyTorch's own"),
        (lambda logits: F.log_softmax(logits, dim=1).exp(), "PyTorch's own"),
        (nn.Softmax(dim=1), "PyTorch's own"),
        (lambda logits: overflows(logits.T).T, "columns add up"),
        (lambda logits: logits.sigmoid(), "rows should add up"),
        (lambda logits: torch.full_like(logits, 1 / logits.shape[1]), "not the shares"),
        (lambda logits: overflows(logits - logits.amax(1, keepdim=True).clamp(min=0)), "below 0"),
    ],
    "02-4": [
        (lambda points: points.norm(dim=1), "should be [N, 1]"),
        (lambda points: points, "should be [2000, 1]"),
        (lambda points: points[:, :1], "have in common"),
        (lambda points: points.sum(dim=1, keepdim=True), "have in common"),
        (lambda points: points.prod(dim=1, keepdim=True), "have in common"),
        (lambda points: torch.atan2(points[:, 1:], points[:, :1]), "have in common"),
        (lambda points: (torch.arange(len(points)) % 2)[:, None], "have in common"),
        (compares_with_the_batch, "with the points beside it"),
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
        (only_above, "sounds the alarm as well"),
        (lambda p, y, wanted: p[:2], "one number"),
        (lambda p, y, wanted: 0.5, "3 of the 4"),
        (needs_sorted_points, "order of the points"),
        (rounds_down, "rounded the wrong way"),
    ],
    "02-7": [
        (lambda p, y: bins_of(p, y, n=11, last=10), "a bin of its own"),
        (lambda p, y: bins_of(p, y, last=10), "exactly 1.0"),
        (lambda p, y: bins_of(p, y, swap=True), "swapped"),
        (lambda p, y: bins_of(p, y, empty=float("nan")), "two zeros"),
        (lambda p, y: torch.zeros(10, 2), "is not right"),
        (middles_of_bins, "middle of each bin"),
        (medians_of_bins, "wrong for"),
    ],
    "02-8": [
        (lambda points: points, "nn.Module"),
        (nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU()), "1,152 numbers"),
        (nn.Linear(2, 1), "logits [9000, 3]"),
        (nn.Linear(3, 3), "Your function stopped"),
        (nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 3), nn.Flatten(0)), "logits [9000, 3]"),
        (nn.Sequential(nn.Linear(2, 3), nn.Softmax(dim=0), nn.Threshold(9, 0)), "Has it been"),
        (train_on_spirals(nn.Linear(2, 3), epochs=60, rate=0.1), "what straight lines get"),
    ],
}

# For each exercise, right answers in several styles.
RIGHT = {
    "02-1": [labels_in_a_loop, labels_from_probabilities, labels_with_numpy],
    "02-2": [
        -2.2,
        -2.197,
        math.log(0.1 / 0.9),
        np.float32(math.log(1 / 9)),
        np.log(np.array([1 / 9])),
        torch.logit(torch.tensor(0.1)),
        torch.tensor(0.1, dtype=torch.float64).logit(),
    ],
    "02-3": [
        by_log_sum_exp,
        by_their_log_sum_exp,
        softmax_in_double,
        softmax_row_by_row,
        softmax_with_numpy,
    ],
    "02-4": [
        lambda points: points.norm(dim=1, keepdim=True),
        lambda points: -points.square().sum(dim=1)[:, None],
        lambda points: 1.1 * points[:, :1] ** 2 + points[:, 1:] ** 2,
        lambda points: (points.norm(dim=1, keepdim=True) < 0.75).long(),
        logit_of_a_network,
        distance_with_numpy,
    ],
    "02-5": [a_square, a_diamond, lambda: a_square().double(), lambda: a_square(0.68, -30, 0.3)],
    "02-6": [tries_all, sorts_the_cracked, sorts_with_numpy],
    "02-7": [
        bins_of,
        bins_by_counting,
        bins_in_plain_python,
        lambda p, y: bins_of(p, y).double().numpy(),
    ],
    "02-8": [Unrolled(), small_network(nn.Tanh()), small_network(nn.ReLU()).double()],
}
