"""Answers to the exercises of chapter 21: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import math

import numpy as np
import torch
import torch.nn.functional as F

TWIN, STRANGERS = math.exp(3), math.exp(1.5) + math.exp(-1)


def spread(features):
    return F.normalize(features, dim=1).std(dim=0).mean()


def spread_in_numpy(features):
    rows = features.numpy()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit.std(axis=0).mean()


def spread_by_loop(features):
    unit = [row / row.square().sum().sqrt() for row in features]
    columns = torch.stack(unit).T
    return sum(float(column.std()) for column in columns) / len(columns)


def spread_in_place(features):
    features /= features.norm(dim=1, keepdim=True)
    return features.std(dim=0).mean()


def vote(features, digits, new_features, k):
    cosines = F.normalize(new_features, dim=1) @ F.normalize(features, dim=1).T
    best, nearest = cosines.topk(k, dim=1)
    return (F.one_hot(digits[nearest], 10) * best[:, :, None]).sum(dim=1).argmax(dim=1)


def vote_in_numpy(features, digits, new_features, k):
    known, new = features.numpy(), new_features.numpy()
    known = known / np.linalg.norm(known, axis=1, keepdims=True)
    new = new / np.linalg.norm(new, axis=1, keepdims=True)
    answers = []
    for row in new @ known.T:
        votes = np.zeros(10)
        for place in np.argsort(row)[-k:]:
            votes[digits[place]] += row[place]
        answers.append(votes.argmax())
    return np.array(answers)


def vote_by_loop(features, digits, new_features, k):
    answers = []
    for new in new_features:
        cosines = F.cosine_similarity(features, new[None], dim=1).tolist()
        order = sorted(range(len(cosines)), key=lambda i: -cosines[i])[:k]
        votes = [sum(cosines[i] for i in order if digits[i] == digit) for digit in range(10)]
        answers.append(votes.index(max(votes)))
    return answers


def vote_equal(features, digits, new_features, k):
    cosines = F.normalize(new_features, dim=1) @ F.normalize(features, dim=1).T
    return F.one_hot(digits[cosines.topk(k, dim=1).indices], 10).sum(dim=1).argmax(dim=1)


def vote_by_products(features, digits, new_features, k):
    best, nearest = (new_features @ features.T).topk(k, dim=1)
    return (F.one_hot(digits[nearest], 10) * best[:, :, None]).sum(dim=1).argmax(dim=1)


def vote_of_the_nearest(features, digits, new_features, k):
    cosines = F.normalize(new_features, dim=1) @ F.normalize(features, dim=1).T
    return digits[cosines.argmax(dim=1)]


def vote_of_the_farthest(features, digits, new_features, k):
    cosines = F.normalize(new_features, dim=1) @ F.normalize(features, dim=1).T
    nearest = cosines.topk(k, dim=1, largest=False).indices
    return F.one_hot(digits[nearest], 10).sum(dim=1).argmax(dim=1)


def vote_of_all(features, digits, new_features, k):
    cosines = F.normalize(new_features, dim=1) @ F.normalize(features, dim=1).T
    return (cosines @ F.one_hot(digits, 10).to(cosines.dtype)).argmax(dim=1)


def side_by_side(features, temperature, apart=False, itself=False, scale=True):
    unit = F.normalize(features, dim=1) if scale else features
    n = len(unit)
    table = unit @ unit.T / temperature
    if not itself:
        table = table.masked_fill(torch.eye(n, dtype=torch.bool), -math.inf)
    twins = torch.arange(n).roll(n // 2) if apart else torch.arange(n) ^ 1
    return F.cross_entropy(table, twins)


def side_by_side_by_loop(features, temperature):
    unit = F.normalize(features, dim=1)
    prices = []
    for i in range(len(unit)):
        twin = i + 1 if i % 2 == 0 else i - 1
        powers = [
            math.exp(float(unit[i] @ unit[j]) / temperature) for j in range(len(unit)) if j != i
        ]
        prices.append(math.log(sum(powers)) - float(unit[i] @ unit[twin]) / temperature)
    return sum(prices) / len(prices)


def side_by_side_in_numpy(features, temperature):
    rows = features.numpy()
    unit = rows / np.sqrt((rows**2).sum(axis=1, keepdims=True))
    powers = np.exp(unit @ unit.T / temperature)
    np.fill_diagonal(powers, 0)
    n = len(unit)
    shares = powers[np.arange(n), np.arange(n) ^ 1] / powers.sum(axis=1)
    return -np.log(shares).mean()


def side_by_side_regrouped(features, temperature):
    both = F.normalize(torch.cat([features[::2], features[1::2]]), dim=1)
    table = both @ both.T / temperature - 1e9 * torch.eye(len(both))
    return F.cross_entropy(table, torch.arange(len(both)).roll(len(both) // 2))


def even_against_odd(features, temperature):
    unit = F.normalize(features, dim=1)
    return F.cross_entropy(unit[::2] @ unit[1::2].T / temperature, torch.arange(len(unit) // 2))


def convolved(signals, n_kernels, generator):
    parts = []
    for dilation in (1, 2, 3):
        kernels = torch.randn(n_kernels, 1, 9, generator=generator)
        kernels = kernels - kernels.mean(dim=2, keepdim=True)
        found = F.conv1d(signals[:, None], kernels, padding=4 * dilation, dilation=dilation)
        parts += [found.amax(dim=2), -found.amin(dim=2), (found > 1).float().mean(dim=2)]
    return torch.cat(parts, dim=1)


def random_kernels(signals, new_signals):
    """Untrained: how strongly random patterns are found, wherever they are."""
    generator = torch.Generator()
    return (
        convolved(signals, 200, generator.manual_seed(0)),
        convolved(new_signals, 200, generator.manual_seed(0)),
    )


def random_kernels_in_numpy(signals, new_signals):
    return [part.numpy() for part in random_kernels(signals, new_signals)]


def fewer_kernels(signals, new_signals):
    generator = torch.Generator()
    first = convolved(signals, 120, generator.manual_seed(1))
    return first.double(), convolved(new_signals, 120, generator.manual_seed(1)).double()


def bare(signals, new_signals):
    return signals, new_signals


def few_kernels(signals, new_signals):
    generator = torch.Generator()
    first = convolved(signals, 3, generator.manual_seed(0))
    return first, convolved(new_signals, 3, generator.manual_seed(0))


def collapsed(signals, new_signals):
    return torch.ones(len(signals), 4), torch.ones(len(new_signals), 4)


def with_nan(signals, new_signals):
    return signals.sqrt(), new_signals.sqrt()


RIGHT = {
    "21-1": [math.log(1 + STRANGERS / TWIN), np.float64(0.218), torch.tensor(0.22), 0.2179],
    "21-2": [math.log(199), np.float64(5.293), torch.tensor(199.0).log(), 5.2933],
    "21-3": [spread, spread_in_numpy, spread_by_loop],
    "21-4": [vote, vote_in_numpy, vote_by_loop],
    "21-5": [side_by_side, side_by_side_by_loop, side_by_side_in_numpy, side_by_side_regrouped],
    "21-6": [random_kernels, random_kernels_in_numpy, fewer_kernels],
}

WRONG = {
    "21-1": [
        (math.log(1 + (math.exp(0.3) + math.exp(-0.2)) / math.exp(0.6)), "temperature is missing"),
        (math.log(1 + (math.exp(0.06) + math.exp(-0.04)) / math.exp(0.12)), "you multiply"),
        (math.log(1 + (STRANGERS + math.exp(5)) / TWIN), "out of the race"),
        (TWIN / (TWIN + STRANGERS), "minus its logarithm"),
        (-math.log(1 + STRANGERS / TWIN), "never negative"),
        (math.log(1 + STRANGERS / TWIN) / math.log(2), "bits"),
        (math.log(STRANGERS / TWIN), "among the three"),
        (3.0, "divide the three cosines"),
    ],
    "21-2": [
        (math.log(200), "itself is left out"),
        (math.log(100), "two views"),
        (math.log(99), "two views"),
        (math.log(198), "twin is one of those"),
        (-math.log(199), "never negative"),
        (0, "so do strangers"),
        (-1, "only pulls"),
        (1 / 199, "What does it cost"),
        (math.log(499), "batches of 250"),
        (4.0, "How many are there"),
    ],
    "21-3": [
        (lambda features: features.std(dim=0).mean(), "length 1 first"),
        (lambda features: F.normalize(features, dim=1).std(dim=1).mean(), "Over the signals"),
        (lambda features: F.normalize(features, dim=1).std(), "then the mean"),
        (lambda features: F.normalize(features, dim=0).std(dim=0).mean(), "not each column"),
        (lambda features: F.normalize(features, dim=1).var(dim=0).mean(), "variances"),
        (spread_in_place, "changed the features"),
        (lambda features: F.normalize(features, dim=1).std(dim=0), "one number"),
        (lambda features: 0.1, "Not yet"),
    ],
    "21-4": [
        (vote_equal, "Let its vote be its cosine"),
        (vote_by_products, "long features win"),
        (vote_of_the_nearest, "not only the nearest"),
        (vote_of_the_farthest, "the nearest"),
        (vote_of_all, "All of them vote"),
        (lambda features, digits, new_features, k: digits[:k], "shape"),
        (lambda features, digits, new_features, k: digits.new_zeros(len(new_features)), "Not yet"),
    ],
    "21-5": [
        (lambda f, t: side_by_side(f, t, apart=True), "half a batch away"),
        (lambda f, t: side_by_side(f, t, itself=True), "out of the race"),
        (lambda f, t: side_by_side(f, t, scale=False), "length 1 first"),
        (lambda f, t: side_by_side(f, 1.0), "by the temperature"),
        (lambda f, t: side_by_side(f, 1 / t), "you multiply"),
        (lambda f, t: len(f) * side_by_side(f, t), "the mean over all views"),
        (even_against_odd, "even rows with odd"),
        (lambda f, t: 0.0, "Not yet"),
    ],
    "21-6": [
        (bare, "hardly better"),
        (few_kernels, "Train for longer"),
        (collapsed, "collapsed"),
        (with_nan, "NaN"),
        (lambda signals, new_signals: signals, "two tensors"),
        (lambda signals, new_signals: (signals[:10], new_signals), "Features should be"),
        (lambda signals, new_signals: (signals, new_signals[:, :7]), "same number of features"),
        (lambda signals, new_signals: (signals.repeat(1, 60), new_signals.repeat(1, 60)), "many"),
    ],
}
