"""Answers to the exercises of chapter 12: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import numpy as np
import torch
from torch import nn

WORK, NUMBERS = 2 * 32 * 784 * 10, 32 * 784 + 784 * 10 + 32 * 10


def amdahl_left(share, factor):
    return 1 - share + share / factor


def amdahl(share, factor):
    return 1 / amdahl_left(share, factor)


def amdahl_by_numpy(share, factor):
    return np.float64(1.0) / np.dot([1 - share, share], [1.0, 1.0 / factor])


def amdahl_by_torch(share, factor):
    times = torch.tensor([1.0 - share, share / factor], dtype=torch.float64)
    return 1 / times.sum()


def roof(operations, moved, peak, bandwidth):
    return max(operations / peak, moved / bandwidth)


def roof_by_speed(operations, moved, peak, bandwidth):
    return operations / min(peak, bandwidth * operations / moved)


def roof_by_if(operations, moved, peak, bandwidth):
    if operations / moved > peak / bandwidth:
        return np.float64(operations / peak)
    return torch.tensor(moved / bandwidth, dtype=torch.float64)


def mean_at_the_end(losses, sizes):
    return float((torch.stack(losses) * torch.tensor(sizes)).sum() / sum(sizes))


def mean_by_dot(losses, sizes):
    weights = torch.tensor(sizes, dtype=torch.float32)
    return (torch.stack(losses) @ weights / weights.sum()).item()


def mean_in_place(losses, sizes):
    total = torch.zeros((), dtype=torch.float64)
    for loss, size in zip(losses, sizes, strict=True):
        total += loss * size
    return total.div(sum(sizes)).tolist()


def mean_asking(losses, sizes):
    return sum(loss.item() * size for loss, size in zip(losses, sizes, strict=True)) / sum(sizes)


def mean_of_batches(losses, sizes):
    return torch.stack(losses).mean().item()


def mean_not_divided(losses, sizes):
    return (torch.stack(losses) * torch.tensor(sizes)).sum().item()


def mean_as_tensor(losses, sizes):
    return (torch.stack(losses) * torch.tensor(sizes)).sum() / sum(sizes)


def mean_of_the_last(losses, sizes):
    return losses[-1].item() + 1


def batch(pictures, places):
    return pictures[places].float() / 255


def batch_by_select(pictures, places):
    return pictures.index_select(0, places).to(torch.float32).div(255)


def batch_by_stack(pictures, places):
    return torch.stack([pictures[place] for place in places.tolist()]) / 255


def batch_convert_first(pictures, places):
    return (pictures.float() / 255)[places]


def batch_not_divided(pictures, places):
    return pictures[places].float()


def batch_as_double(pictures, places):
    return pictures[places].double() / 255


def batch_of_the_first(pictures, places):
    return pictures[: len(places)].float() / 255


def batch_flat(pictures, places):
    return pictures[places].float().flatten(1) / 255


def batch_by_256(pictures, places):
    return pictures[places].float() / 256


def batch_in_place(pictures, places):
    result = pictures[places].float() / 255
    pictures.zero_()
    return result


def nearest(points, others):
    return torch.cdist(points, others).argmin(dim=1)


def nearest_by_broadcasting(points, others):
    return ((points[:, None] - others[None]) ** 2).sum(dim=2).argmin(dim=1)


def nearest_by_products(points, others):
    return torch.min((others**2).sum(1) - 2 * points @ others.T, dim=1).indices


def nearest_by_loops(points, others):
    found = []
    for point in points:
        distances = [(point - other).norm().item() for other in others]
        found.append(distances.index(min(distances)))
    return torch.tensor(found)


def nearest_by_one_loop(points, others):
    rows = [(point - others).norm(dim=1).argmin() for point in points]
    return torch.stack(rows)


def farthest(points, others):
    return torch.cdist(points, others).argmax(dim=1)


def nearest_distance(points, others):
    return torch.cdist(points, others).min(dim=1).values


def nearest_by_similarity(points, others):
    return (points @ others.T).argmax(dim=1)


def all_distances(points, others):
    return torch.cdist(points, others)


def nearest_of_the_others(points, others):
    return torch.cdist(points, others).argmin(dim=0)


def small_block(n_in, n_out):
    conv = nn.Conv2d(n_in, n_out, 3, stride=2, padding=1)
    return nn.Sequential(conv, nn.ReLU())


class AsAClass(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = small_block(1, 8), small_block(8, 16)
        self.last = nn.Linear(16 * 49, 10)

    def forward(self, x):
        return self.last(self.second(self.first(x)).flatten(1))


def network(*parts):
    return nn.Sequential(*parts)


def separable():
    return network(
        small_block(1, 16),
        nn.Conv2d(16, 16, 3, stride=2, padding=1, groups=16),
        nn.Conv2d(16, 32, 1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


def pooled():
    return network(
        nn.AvgPool2d(2), small_block(1, 16), small_block(16, 32), nn.Flatten(), nn.Linear(512, 10)
    )


RIGHT = {
    "12-1": [
        (WORK, 4 * NUMBERS),
        [float(WORK), np.int64(4 * NUMBERS)],
        torch.tensor([WORK, 4 * NUMBERS]),
    ],
    "12-2": [amdahl, amdahl_by_numpy, amdahl_by_torch],
    "12-3": [roof, roof_by_speed, roof_by_if],
    "12-4": [mean_at_the_end, mean_by_dot, mean_in_place],
    "12-5": [batch, batch_by_select, batch_by_stack],
    "12-6": [nearest, nearest_by_broadcasting, nearest_by_products],
    "12-7": [AsAClass(), separable(), pooled()],
}

WRONG = {
    "12-1": [
        ((4 * NUMBERS, WORK), "Which is which"),
        ((WORK // 2, 4 * NUMBERS), "an addition, too"),
        ((WORK // 32, 4 * NUMBERS), "one row"),
        ((7840, 4 * NUMBERS), "flops aren't right"),
        ((WORK, NUMBERS), "four bytes"),
        ((WORK, 2 * NUMBERS), "bfloat16"),
        ((WORK, 4 * (NUMBERS - 7840)), "weights have to be fetched"),
        ((WORK, 4 * (NUMBERS - 320)), "outputs have to be stored"),
        ((WORK, 4 * (NUMBERS + 31 * 7840)), "once for all rows"),
        ((WORK, 17), "bytes aren't right"),
    ],
    "12-2": [
        (amdahl_left, "Turn it round"),
        (lambda share, factor: amdahl(1 - share, factor), "should stay"),
        (lambda share, factor: 1 + share * (factor - 1), "Add up times"),
        (lambda share, factor: 1 / max(1 - share, 1e-12), "still takes some time"),
        (lambda share, factor: factor, "it should be"),
        (lambda share, factor: "fast", "one number"),
    ],
    "12-3": [
        (lambda o, m, p, b: o / p + m / b, "one after the other"),
        (lambda o, m, p, b: min(o / p, m / b), "the longer of the two"),
        (lambda o, m, p, b: min(p, b * o / m), "speed under the roof"),
        (lambda o, m, p, b: 1 / max(o / p, m / b), "Turn it round"),
        (lambda o, m, p, b: o / p, "the longer of the two"),
        (lambda o, m, p, b: m / b, "the longer of the two"),
        (lambda o, m, p, b: o / b, "isn't right yet"),
    ],
    "12-4": [
        (mean_asking, "you asked 3 times"),
        (mean_of_batches, "mean over batches"),
        (mean_not_divided, "That's the sum"),
        (mean_as_tensor, "Python number"),
        (mean_of_the_last, "isn't right yet"),
    ],
    "12-5": [
        (batch_convert_first, "Pick first"),
        (batch_not_divided, "still 0 to 255"),
        (batch_as_double, "should be float32"),
        (batch_of_the_first, "first pictures"),
        (batch_flat, "shape"),
        (batch_by_256, "divided by 255"),
        (batch_in_place, "changed the pictures"),
    ],
    "12-6": [
        (nearest_by_loops, "calls for"),
        (nearest_by_one_loop, "calls for"),
        (farthest, "farthest"),
        (nearest_distance, "Those are distances"),
        (nearest_by_similarity, "largest product"),
        (all_distances, "shape"),
        (nearest_of_the_others, "shape"),
    ],
    "12-7": [
        (AsAClass, "Pass the network itself"),
        (network(nn.Flatten(), nn.Linear(784, 10)), "Two convolutions"),
        (network(small_block(1, 8), nn.Flatten(), nn.Linear(1568, 10)), "Two convolutions"),
        (
            network(
                nn.Conv2d(1, 32, 3), nn.Conv2d(32, 32, 3), nn.Flatten(), nn.Linear(32 * 576, 10)
            ),
            "million flops",
        ),
        (
            network(small_block(1, 8), small_block(8, 16), nn.Flatten(), nn.Linear(784, 9)),
            "[3, 10]",
        ),
        (network(small_block(1, 8), small_block(8, 16), nn.Linear(16, 10)), "stopped"),
    ],
}
