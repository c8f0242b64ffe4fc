"""Answers to the exercises of chapter 00: wrong ones, each with a part of its hint, and right ones.

`RIGHT` has answers that must be accepted, each written in another style.
"""

import random

import numpy as np
import torch
import torch.nn.functional as F

COLUMN, ROW = torch.arange(8)[:, None], torch.arange(8)


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


def divides_by_the_number_of_rows(table):
    return (table - table.mean(dim=0)) / table.std(dim=0, correction=0)


def standardises_as_numpy_does(table):
    array = table.numpy()
    return torch.from_numpy((array - array.mean(axis=0)) / array.std(axis=0))


def divides_by_the_variance(table):
    return (table - table.mean(dim=0)) / table.var(dim=0)


def scales_to_one(table):
    low, high = table.amin(dim=0), table.amax(dim=0)
    return (table - low) / (high - low)


def standardises_column_by_column(table):
    result = torch.empty_like(table)
    for column in range(table.shape[1]):
        values = table[:, column]
        result[:, column] = (values - values.mean()) / values.std()
    return result


def standardises_in_float64(table):
    array = table.numpy().astype(np.float64)
    return torch.from_numpy((array - array.mean(axis=0)) / array.std(axis=0, ddof=1))


def standardises_by_std_mean(table):
    deviation, mean = torch.std_mean(table, dim=0, keepdim=True)
    return table.sub(mean).div(deviation)


def cuts_by_narrow(pictures):
    return pictures.narrow(1, 4, 20).narrow(2, 4, 20).clone()


def cuts_one_by_one(pictures):
    return torch.stack([picture[4:-4, 4:-4] for picture in pictures])


def blackens_then_cuts(pictures):
    middle = pictures[:, 4:24, 4:24].clone()
    pictures[:, 4:24, 4:24] = 0
    return middle


def counts_in_a_loop(scores, labels):
    n_right = 0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        n_right += row.index(max(row)) == label
    return n_right / len(labels)


def averages_over_classes(scores, labels):
    correct = (scores.argmax(dim=1) == labels).float()
    return torch.stack([correct[labels == k].mean() for k in labels.unique()]).mean().item()


def fog_by_common_seed(pictures, strength, seed):
    torch.manual_seed(seed)
    return pictures + strength * torch.randn(pictures.shape)


def fog_by_numpys_common_seed(pictures, strength, seed):
    np.random.seed(seed)
    return pictures + torch.from_numpy(strength * np.random.randn(*pictures.shape)).float()


def fog_by_pythons_common_seed(pictures, strength, seed):
    random.seed(seed)
    fog = torch.tensor([random.gauss(0, strength) for _ in range(pictures.numel())])
    return pictures + fog.reshape(pictures.shape)


def fog_without_seed(pictures, strength, seed):
    return pictures + strength * torch.randn(pictures.shape)


def fog_from_rand(pictures, strength, seed):
    generator = torch.Generator().manual_seed(seed)
    return pictures + strength * torch.rand(pictures.shape, generator=generator)


def fog_from_stretched_rand(pictures, strength, seed):
    """Draw evenly, with the mean and the standard deviation that were asked for."""
    generator = torch.Generator().manual_seed(seed)
    return pictures + strength * 12**0.5 * (torch.rand(pictures.shape, generator=generator) - 0.5)


def fog_of_fixed_strength(pictures, strength, seed):
    generator = torch.Generator().manual_seed(seed)
    return pictures + torch.randn(pictures.shape, generator=generator)


def fog_of_strength_two(pictures, strength, seed):
    return fog_from_a_generator(pictures, 2, seed)


def fog_the_same_for_all(pictures, strength, seed):
    generator = torch.Generator().manual_seed(seed)
    return pictures + strength * torch.randn(pictures.shape[-2:], generator=generator)


def fog_alone(pictures, strength, seed):
    return strength * torch.randn(pictures.shape, generator=torch.Generator().manual_seed(seed))


def fog_in_place(pictures, strength, seed):
    generator = torch.Generator().manual_seed(seed)
    pictures += strength * torch.randn(pictures.shape, generator=generator)
    return pictures


def fog_from_a_generator(pictures, strength, seed):
    generator = torch.Generator()
    generator.manual_seed(seed)
    return pictures + torch.normal(0.0, float(strength), pictures.shape, generator=generator)


def fog_from_numpys_generator(pictures, strength, seed):
    generator = np.random.default_rng(seed)
    return pictures + torch.from_numpy(generator.normal(0, strength, tuple(pictures.shape)))


def fog_from_a_fork(pictures, strength, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return pictures + strength * torch.randn_like(pictures)


def fog_from_pythons_generator(pictures, strength, seed):
    generator = random.Random(seed)
    fog = torch.tensor([generator.gauss(0, strength) for _ in range(pictures.numel())])
    return pictures + fog.reshape(pictures.shape)


def must_match(a, b):
    if a.shape[1] != b.shape[0]:
        raise ValueError("inner numbers differ")


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


def multiplies_by_at(a, b):
    must_match(a, b)
    return a @ b


def multiplies_by_einsum(a, b):
    must_match(a, b)
    return torch.einsum("ik,kj->ij", a, b)


def multiplies_by_a_linear_layer(a, b):
    must_match(a, b)
    return F.linear(a, b.T)


def multiplies_by_numpy(a, b):
    must_match(a, b)
    return torch.from_numpy(a.numpy() @ b.numpy())


def multiplies_in_a_loop(a, b):
    must_match(a, b)
    return torch.stack([(row[:, None] * b).sum(dim=0) for row in a])


def multiplies_and_asserts(a, b):
    assert a.shape[1] == b.shape[0]
    return (a[:, :, None] * b[None]).sum(dim=1)


def multiplies_by_unsqueeze(a, b):
    must_match(a, b)
    return a.unsqueeze(-1).mul(b.unsqueeze(0)).sum(-2)


def multiplies_transposed(a, b):
    must_match(a, b)
    return torch.sum(a[:, None, :] * b.T, 2)


def multiplies_by_reshape(a, b):
    (n, k), (k_too, m) = a.shape, b.shape
    if k != k_too:
        raise ValueError
    return (a.reshape(n, k, 1).expand(n, k, m) * b.reshape(1, k, m)).double().sum(dim=1)


def fair(templates):
    centred = templates - templates.mean(dim=1, keepdim=True)
    return centred / centred.norm(dim=1, keepdim=True)


def nearest_by_broadcasting(pictures, templates):
    distances = (pictures[:, None, :] - templates[None, :, :]).square().sum(dim=2)
    return distances.argmin(dim=1)


def nearest_by_a_bias(pictures, templates):
    """A linear layer, as the solution explains it."""
    return (pictures @ templates.T - templates.square().sum(dim=1) / 2).argmax(dim=1).int()


def nearest_in_numpy(pictures, templates):
    distances = [((pictures.numpy() - t) ** 2).sum(axis=1) for t in templates.numpy()]
    return np.stack(distances).argmin(axis=0)


def largest_scaled(pictures, templates):
    return (pictures @ (templates / templates.norm(dim=1, keepdim=True)).T).argmax(dim=1)


def forgets_the_batch(pictures, templates):
    return nearest_by_broadcasting(pictures, templates).squeeze()


WRONG = {
    "00-1": [
        (..., "no answer yet"),
        (64, "tuple of whole numbers"),
        ("64, 10", "tuple of whole numbers"),
        ((64, 784, 784, 10), "inner number"),
        ((64, 1, 28, 10), "melts all later ones"),
        ((64,), "with 2 axes"),
        ((10, 64), "wrong way round"),
        ((64, 11), "side by side"),
    ],
    "00-2": [
        (..., "no answer yet"),
        (torch.zeros(8), "shape should be [8, 8]"),
        ((COLUMN + ROW) % 2 == 1, ".long() makes whole numbers"),
        (COLUMN + ROW, "even"),
        ((ROW % 2).expand(8, 8), "stripes from top to bottom"),
        ((COLUMN % 2).expand(8, 8), "stripes from left to right"),
        (torch.zeros(8, 8, dtype=torch.int64), "two neighbours"),
        ((torch.arange(64) % 2).reshape(8, 8), "stripes from top to bottom"),
        ((COLUMN + ROW + 1) % 2, "corner should be 0"),
    ],
    "00-3": [
        (..., "no answer yet"),
        (torch.zeros(40, 3), "without calling it"),
        (lambda table: None, "returns nothing"),
        (only_centres, "standard deviations should be 1"),
        (divides_by_the_variance, "standard deviations should be 1"),
        (divides_by_the_number_of_rows, "leave its settings alone"),
        (standardises_as_numpy_does, "NumPy's divides by the number of rows"),
        (scales_to_one, "means of the columns"),
        (standardises_rows, "not every column"),
        (standardises_everything, "means of the columns"),
        (standardises_in_place, "has changed"),
        (takes_the_longer_axis, "square one"),
    ],
    "00-4": [
        (lambda pictures: pictures[:, 4:24, 4:24], "shares memory"),
        (lambda pictures: pictures[:, 4:24, 4:24].detach(), "shares memory"),
        (lambda pictures: pictures[4:24, 4:24], "first axis counts pictures"),
        (lambda pictures: pictures[:, 4:20, 4:20].clone(), "shape should be [3, 20, 20]"),
        (lambda pictures: pictures[:, 4:24].clone(), "shape should be [3, 20, 20]"),
        (lambda pictures: pictures[:, :20, :20].clone(), "not the middle"),
        (lambda pictures: pictures[:, 3:23, 5:25].clone(), "not the middle"),
        (lambda pictures: pictures[:, 4:24, 4:24].clone().squeeze(), "3 axes"),
        (blackens_then_cuts, "painted on"),
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
        (
            lambda scores, labels: (scores.argmax(1) == labels).sum().item() / scores.shape[1],
            "do you divide by",
        ),
        (averages_over_classes, "the function says"),
    ],
    "00-6": [
        (fog_by_common_seed, "in PyTorch moved on"),
        (fog_by_numpys_common_seed, "in NumPy moved on"),
        (fog_by_pythons_common_seed, "in Python moved on"),
        (fog_without_seed, "different fog"),
        (fog_from_rand, "bell curve"),
        (fog_from_stretched_rand, "two standard deviations"),
        (fog_of_fixed_strength, "standard deviation 2"),
        (fog_of_strength_two, "strength 0.5"),
        (fog_the_same_for_all, "the same fog"),
        (fog_alone, "added to the pictures"),
        (fog_in_place, "has changed the pictures"),
        (lambda pictures, strength, seed: fog_alone(pictures, strength, 0), "Seeds 0 and 1"),
    ],
    "00-7": [
        (broadcasts_unchecked, "Compare the inner numbers"),
        (rejects_late, "RuntimeError"),
        (multiplies_and_asserts, "AssertionError"),
        (sums_nothing, "summed away"),
        (sums_the_wrong_axis, "shape should be [2, 4]"),
        (lambda a, b: torch.zeros(len(a), b.shape[1]), "in common"),
        (multiplies_by_at, "multiplied the matrices for you"),
        (multiplies_by_einsum, "multiplied the matrices for you"),
        (multiplies_by_a_linear_layer, "multiplied the matrices for you"),
        (multiplies_by_numpy, "not with NumPy"),
        (multiplies_in_a_loop, "there is a loop"),
    ],
    "00-8": [
        (lambda pictures, templates: (pictures @ templates.T).argmax(dim=1), "Subtract first"),
        (lambda pictures, templates: torch.cdist(pictures, templates).argmax(dim=1), "farthest"),
        (lambda pictures, templates: torch.cdist(pictures, templates).amin(dim=1), "floats"),
        (
            lambda pictures, templates: torch.cdist(pictures, templates).argmin(dim=0),
            "should be [3000]",
        ),
        (lambda pictures, templates: (pictures @ fair(templates).T).argmax(dim=1), "throw away"),
        (
            lambda pictures, templates: nearest_by_broadcasting(
                pictures[:, :28], templates[:, :28]
            ),
            "as good as guessing",
        ),
        (
            lambda pictures, templates: nearest_by_broadcasting(
                pictures[:, ::2], templates[:, ::2]
            ),
            "is nearest, pixel by pixel",
        ),
        (
            lambda pictures, templates: nearest_by_broadcasting(pictures, templates) + 1,
            "have the numbers 0, 1 and 2",
        ),
        (
            lambda pictures, templates: torch.zeros(len(pictures), dtype=torch.int64),
            "as good as guessing",
        ),
        (forgets_the_batch, "For one picture"),
    ],
}

RIGHT = {
    "00-1": [
        (64, 10),
        [64, 10],
        torch.Size([64, 10]),
        (np.int64(64), np.int64(10)),
        torch.ones(64, 10).shape,
    ],
    "00-2": [
        (COLUMN + ROW) % 2,
        torch.tensor([[(i + j) % 2 for j in range(8)] for i in range(8)]),
        torch.tensor([[0, 1], [1, 0]]).repeat(4, 4),
        (COLUMN % 2 != ROW % 2).long(),
        torch.from_numpy(np.indices((8, 8)).sum(axis=0) % 2),
    ],
    "00-3": [
        standardises_column_by_column,
        standardises_in_float64,
        standardises_by_std_mean,
        lambda table: (table - table.mean(0)) / table.std(0),
        lambda table: (table - table.mean(dim=0)) / table.var(dim=0).sqrt(),
        lambda table: (table - table.mean(dim=0)) / (table.std(dim=0) + 1e-8),
    ],
    "00-4": [
        lambda pictures: pictures[:, 4:24, 4:24].clone(),
        lambda pictures: pictures[:, 4:-4, 4:-4].contiguous(),
        lambda pictures: torch.tensor(pictures[..., 4:24, 4:24].tolist(), dtype=pictures.dtype),
        lambda pictures: F.pad(pictures, (-4, -4, -4, -4)),
        cuts_by_narrow,
        cuts_one_by_one,
    ],
    "00-5": [
        counts_in_a_loop,
        lambda scores, labels: (scores.argmax(dim=1) == labels).float().mean().item(),
        lambda scores, labels: float((scores.max(dim=1).indices == labels).double().mean()),
        lambda scores, labels: (scores.argmax(1) == labels).sum().item() / len(labels),
        lambda scores, labels: np.mean(scores.numpy().argmax(axis=1) == labels.numpy()),
        lambda scores, labels: np.float32((scores.argmax(1) == labels).float().mean().item()),
    ],
    "00-6": [
        fog_from_a_generator,
        fog_from_numpys_generator,
        fog_from_pythons_generator,
        fog_from_a_fork,
        lambda pictures, strength, seed: pictures + fog_alone(pictures, strength, seed),
    ],
    "00-7": [
        multiplies_by_unsqueeze,
        multiplies_transposed,
        multiplies_by_reshape,
    ],
    "00-8": [
        nearest_by_broadcasting,
        nearest_by_a_bias,
        nearest_in_numpy,
        largest_scaled,
        lambda pictures, templates: torch.cdist(pictures, templates).argmin(dim=1).tolist(),
    ],
}
