"""Typical wrong answers to the exercises of chapter 00, each with a part of the intended hint."""

import torch


def only_centres(table):
    return table - table.mean(dim=0)


def standardises_rows(table):
    return (table - table.mean(dim=1, keepdim=True)) / table.std(dim=1, keepdim=True)


def standardises_everything(table):
    return (table - table.mean()) / table.std()


def standardises_in_place(table):
    table -= table.mean(dim=0)
    table /= table.std(dim=0)
    return table


def takes_the_longer_axis(table):
    """Guess the axis from the shape, which a square table does not tell."""
    axis = 0 if table.shape[0] > table.shape[1] else 1
    mean, deviation = table.mean(dim=axis, keepdim=True), table.std(dim=axis, keepdim=True)
    return (table - mean) / deviation


def fog_by_common_seed(pictures, strength, seed):
    torch.manual_seed(seed)
    return pictures + strength * torch.randn(pictures.shape)


def fog_without_seed(pictures, strength, seed):
    return pictures + strength * torch.randn(pictures.shape)


def fog_from_rand(pictures, strength, seed):
    generator = torch.Generator().manual_seed(seed)
    return pictures + strength * torch.rand(pictures.shape, generator=generator)


def fog_of_fixed_strength(pictures, strength, seed):
    generator = torch.Generator().manual_seed(seed)
    return pictures + torch.randn(pictures.shape, generator=generator)


def fog_alone(pictures, strength, seed):
    return strength * torch.randn(pictures.shape, generator=torch.Generator().manual_seed(seed))


def fog_in_place(pictures, strength, seed):
    generator = torch.Generator().manual_seed(seed)
    pictures += strength * torch.randn(pictures.shape, generator=generator)
    return pictures


def broadcasts_unchecked(a, b):
    return (a[:, :, None] * b[None]).sum(dim=1)


def rejects_late(a, b):
    if 1 in (a.shape[1], b.shape[0]) and a.shape[1] != b.shape[0]:
        raise ValueError("inner numbers differ")
    return (a[:, :, None] * b[None]).sum(dim=1)


def sums_nothing(a, b):
    return a[:, :, None] * b[None]


def sums_the_wrong_axis(a, b):
    return (a[:, :, None] * b[None]).sum(dim=2)


WRONG = {
    "00-1": [
        (..., "no answer yet"),
        (64, "tuple of whole numbers"),
        ((64, 784, 784, 10), "inner number"),
        ((64, 1, 28, 10), "melts all later ones"),
        ((64,), "with 2 axes"),
        ((10, 64), "wrong way round"),
        ((64, 11), "side by side"),
    ],
    "00-2": [
        (..., "no answer yet"),
        (torch.zeros(8), "shape should be [8, 8]"),
        ((torch.arange(8)[:, None] + torch.arange(8)) % 2 == 1, ".long() makes whole numbers"),
        (torch.arange(8)[:, None] + torch.arange(8), "even"),
        ((torch.arange(8) % 2).expand(8, 8), "stripes from top to bottom"),
        ((torch.arange(8)[:, None] % 2).expand(8, 8), "stripes from left to right"),
        (torch.zeros(8, 8, dtype=torch.int64), "two neighbours"),
        ((torch.arange(8)[:, None] + torch.arange(8) + 1) % 2, "corner should be 0"),
    ],
    "00-3": [
        (..., "no answer yet"),
        (torch.zeros(40, 3), "without calling it"),
        (lambda table: None, "returns nothing"),
        (only_centres, "standard deviations should be 1"),
        (standardises_rows, "not every column"),
        (standardises_everything, "means of the columns"),
        (standardises_in_place, "has changed"),
        (takes_the_longer_axis, "square one"),
    ],
    "00-4": [
        (lambda pictures: pictures[:, 4:24, 4:24], "shares memory"),
        (lambda pictures: pictures[4:24, 4:24], "first axis counts pictures"),
        (lambda pictures: pictures[:, 4:20, 4:20].clone(), "shape should be [3, 20, 20]"),
        (lambda pictures: pictures[:, :20, :20].clone(), "not the middle"),
    ],
    "00-5": [
        (lambda scores, labels: (scores.argmax(dim=1) == labels).mean(), "stopped on inputs"),
        (lambda scores, labels: (scores.argmax(dim=1) == labels).float().mean(), "a tensor"),
        (
            lambda scores, labels: (scores.argmax(dim=1) == labels).sum().item(),
            "should return a float",
        ),
        (lambda scores, labels: float((scores.argmax(dim=1) == labels).sum()), "how many"),
        (
            lambda scores, labels: 100 * (scores.argmax(1) == labels).float().mean().item(),
            "percent",
        ),
        (lambda scores, labels: (scores.argmax() == labels).float().mean().item(), "which axis"),
        (
            lambda scores, labels: (scores.argmax(1) == labels).sum().item() / 5,
            "depend on the size",
        ),
    ],
    "00-6": [
        (fog_by_common_seed, "generator of your own"),
        (fog_without_seed, "different fog"),
        (fog_from_rand, "bell curve"),
        (fog_of_fixed_strength, "standard deviation 2"),
        (fog_alone, "added to the pictures"),
        (fog_in_place, "has changed the pictures"),
        (lambda pictures, strength, seed: fog_alone(pictures, strength, 0), "Seeds 0 and 1"),
    ],
    "00-7": [
        (broadcasts_unchecked, "Compare the inner numbers"),
        (rejects_late, "RuntimeError"),
        (sums_nothing, "summed away"),
        (sums_the_wrong_axis, "shape should be [2, 4]"),
        (lambda a, b: torch.zeros(len(a), b.shape[1]), "in common"),
    ],
    "00-8": [
        (lambda pictures, templates: (pictures @ templates.T).argmax(dim=1), "subtract first"),
        (lambda pictures, templates: torch.cdist(pictures, templates).argmax(dim=1), "farthest"),
        (lambda pictures, templates: torch.cdist(pictures, templates).amin(dim=1), "floats"),
        (
            lambda pictures, templates: torch.cdist(pictures, templates).argmin(dim=0),
            "should be [5]",
        ),
        (
            lambda pictures, templates: torch.cdist(pictures[:, :4], templates[:, :4]).argmin(
                dim=1
            ),
            "over all pixels",
        ),
        (lambda pictures, templates: torch.zeros(5, dtype=torch.int64), "it says"),
    ],
}
