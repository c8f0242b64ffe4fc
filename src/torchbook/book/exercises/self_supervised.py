"""Checks for the exercises of chapter 21, self-supervised learning."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    require,
    require_floats,
    require_function,
    require_number,
    run_answer,
)
from torchbook.data import load_mnist_1d

NUMBER_TO_BEAT = 80  # percent of validation signals, in the last exercise


def check_1(answer: object) -> None:
    """Check what a view pays whose twin has a cosine of 0.6, and two strangers 0.3 and -0.2."""
    price = require_number(answer, "one number of nats")
    twin, strangers = math.exp(0.6 / 0.2), math.exp(0.3 / 0.2) + math.exp(-0.2 / 0.2)

    def is_near(value: float) -> bool:
        return abs(price - value) < 0.006

    cold = math.log(1 + (math.exp(0.3) + math.exp(-0.2)) / math.exp(0.6))
    hot = math.log(1 + (math.exp(0.3 * 0.2) + math.exp(-0.2 * 0.2)) / math.exp(0.6 * 0.2))
    itself = math.log(1 + (strangers + math.exp(1 / 0.2)) / twin)
    for wrong, hint in (
        (cold, "The temperature is missing: divide the cosines by 0.2 first."),
        (hot, "Divide by the temperature; you multiply."),
        (itself, "The view itself, with a cosine of 1, is out of the race."),
        (twin / (twin + strangers), "That's the twin's share. The price is minus its logarithm."),
        (-math.log(1 + strangers / twin), "A price is minus the logarithm: never negative."),
        (math.log(1 + strangers / twin) / math.log(2), "Those are bits. Take math.log."),
        (math.log(strangers / twin), "The twin is among the three possible answers, too."),
    ):
        require(not is_near(wrong), hint)
    require(
        is_near(math.log(1 + strangers / twin)),
        "Not yet: divide the three cosines by 0.2, softmax, and take minus the logarithm of the "
        "first share.",
    )


def check_2(answer: object) -> None:
    """Check the loss of a collapsed network on a batch of 100 signals."""
    loss = require_number(answer, "one number of nats")

    def is_near(value: float) -> bool:
        return abs(loss - value) < 0.002

    for wrong, hint in (
        (math.log(200), "Two hundred views, but each meets only the others: itself is left out."),
        (math.log(100), "There are two views of each signal."),
        (math.log(99), "There are two views of each signal: how many others does each meet?"),
        (math.log(198), "The twin is one of those to choose from, too."),
        (-math.log(199), "A loss is minus the logarithm of a share: never negative here."),
        (0, "Twins agree perfectly, but so do strangers. What share does the twin get?"),
        (-1, "That's the loss that only pulls. With strangers, what share does the twin get?"),
        (1 / 199, "That's the twin's share. What does it cost?"),
        (math.log(499), "That's for the chapter's batches of 250."),
    ):
        require(not is_near(wrong), hint)
    require(
        is_near(math.log(199)),
        "Not yet: all cosines are the same, so all others get the same share. How many are there?",
    )


def check_3(answer: object) -> None:
    """Check the spread of features."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(21)
    for n, d in ((50, 8), (7, 3), (200, 16)):
        lengths = 0.5 + 4 * torch.rand(n, 1, generator=generator, dtype=torch.float64)
        features = torch.randn(n, d, generator=generator, dtype=torch.float64) + 0.7
        features = features * lengths
        kept = features.clone()
        found = require_number(run_answer(function, features))
        require(torch.equal(features, kept), "You changed the features that you were given.")
        unit = F.normalize(features, dim=1)
        expected = unit.std(dim=0).mean().item()
        population = unit.std(dim=0, correction=0).mean().item()
        for wrong, hint in (
            (features.std(dim=0).mean(), "Scale each signal's features to length 1 first."),
            (unit.std(dim=1).mean(), "Over the signals, dim=0: does a feature change at all?"),
            (unit.std(), "First the standard deviation of each feature, then the mean of those."),
            (F.normalize(features, dim=0).std(dim=0).mean(), "Each row to length 1, not each col"
             "umn: dim=1."),
            (unit.var(dim=0).mean(), "That's the mean of the variances. Take the roots first."),
        ):  # fmt: skip
            require(abs(found - float(wrong)) > 1e-6, hint)
        require(
            min(abs(found - expected), abs(found - population)) < 1e-6,
            "Not yet: rows to length 1, standard deviation of each column, mean of those.",
        )


def check_4(answer: object) -> None:
    """Check a vote in which near neighbours count more."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(4)
    for n, new, d, k in ((60, 40, 5, 7), (30, 25, 3, 4), (80, 50, 6, 1)):
        features = torch.randn(n, d, generator=generator, dtype=torch.float64)
        features = features * (0.2 + 5 * torch.rand(n, 1, generator=generator))
        digits = torch.randint(10, (n,), generator=generator)
        new_features = torch.randn(new, d, generator=generator, dtype=torch.float64)
        answered = run_answer(function, features, digits, new_features, k)
        found = require_floats(answered, shape=(new,))
        expected = _weighted(features, digits, new_features, k)
        if not torch.equal(found, expected.double()):
            _check_vote(found, features, digits, new_features, k)
        require(
            torch.equal(found, expected.double()),
            f"Not yet, for k = {k}: find the k largest cosines, and add each one to its digit.",
        )


def _weighted(
    features: Tensor, digits: Tensor, new_features: Tensor, k: int, power: float = 1
) -> Tensor:
    cosines = F.normalize(new_features, dim=1) @ F.normalize(features, dim=1).T
    best, nearest = cosines.topk(k, dim=1)
    votes = torch.zeros(len(new_features), 10, dtype=best.dtype)
    votes.scatter_add_(1, digits[nearest], best**power)
    return votes.argmax(dim=1)


def _check_vote(
    found: Tensor, features: Tensor, digits: Tensor, new_features: Tensor, k: int
) -> None:
    def differs(other: Tensor) -> bool:
        return not torch.equal(found, other.double())

    require(
        differs(_weighted(features, digits, new_features, k, power=0)),
        "Each neighbour has one vote there. Let its vote be its cosine.",
    )
    products = new_features @ features.T
    best, nearest = products.topk(k, dim=1)
    votes = torch.zeros(len(found), 10, dtype=best.dtype).scatter_add_(1, digits[nearest], best)
    require(
        differs(votes.argmax(dim=1)),
        "Those are dot products: long features win. Bring all rows to length 1 first.",
    )
    cosines = F.normalize(new_features, dim=1) @ F.normalize(features, dim=1).T
    require(differs(digits[cosines.argmax(dim=1)]), f"Ask {k} neighbours, not only the nearest.")
    far = (-cosines).topk(k, dim=1).indices
    farthest = F.one_hot(digits[far], 10).sum(dim=1).argmax(dim=1)
    require(differs(farthest), "Those are the farthest: the largest cosines are the nearest.")
    everybody = cosines @ F.one_hot(digits, 10).to(cosines.dtype)
    require(differs(everybody.argmax(dim=1)), f"All of them vote. Only the {k} nearest should.")


def check_5(answer: object) -> None:
    """Check NT-Xent for twins that stand side by side."""
    function = require_function(answer)
    generator = torch.Generator().manual_seed(5)
    for n, d, temperature in ((5, 4, 0.5), (3, 8, 0.1), (1, 3, 0.2), (12, 6, 1.0)):
        features = torch.randn(2 * n, d, generator=generator, dtype=torch.float64)
        features = features * (0.3 + 2 * torch.rand(2 * n, 1, generator=generator))
        found = require_number(run_answer(function, features, temperature))
        expected = _price(features, temperature)
        if abs(found - expected) > 1e-4:
            _check_price(found, features, temperature)
        require(
            abs(found - expected) < 1e-4,
            f"Not yet: for {n} pairs of twins it should be {expected:.3f}, but it is {found:.3f}.",
        )


def _price(
    features: Tensor, temperature: float, apart: bool = False, itself: bool = False, scale: int = 1
) -> float:
    """Return the loss, or one with a typical mistake."""
    unit = F.normalize(features, dim=1) if scale else features
    table = unit @ unit.T / temperature
    n = len(table)
    if not itself:
        table = table.masked_fill(torch.eye(n, dtype=torch.bool), -math.inf)
    twins = torch.arange(n).roll(n // 2) if apart else torch.arange(n) ^ 1
    return F.cross_entropy(table, twins).item()


def _check_price(found: float, features: Tensor, temperature: float) -> None:
    n = len(features)
    unit = F.normalize(features, dim=1)
    half = F.cross_entropy(unit[::2] @ unit[1::2].T / temperature, torch.arange(n // 2)).item()
    for wrong, hint in (
        (_price(features, temperature, apart=True), "Twins stand side by side here: 0 and 1, 2 and "
         "3. You look for them half a batch away."),
        (_price(features, temperature, itself=True), "Each view meets itself on the diagonal. Take "
         "it out of the race."),
        (_price(features, temperature, scale=0), "Bring each row to length 1 first."),
        (_price(features, 1.0), "Divide the cosines by the temperature."),
        (_price(features, 1 / temperature), "Divide by the temperature; you multiply."),
        (n * _price(features, temperature), "That's the sum. Return the mean over all views."),
        (half, "You compare even rows with odd ones alone. All other views are in the race."),
    ):  # fmt: skip
        require(abs(found - wrong) > 1e-4, hint)


def check_6(answer: object) -> None:
    """Check features that were made without labels, with a linear probe."""
    function = require_function(answer)
    data = load_mnist_1d()
    signals, new_signals = data.train.inputs.clone(), data.valid.inputs.clone()
    answered = run_answer(function, signals.clone(), new_signals.clone())
    require(
        isinstance(answered, tuple | list) and len(answered) == 2,
        "Return two tensors: the features of the first signals, and those of the second.",
    )
    features, new_features = (require_floats(part).float() for part in answered)
    for part, n in ((features, len(signals)), (new_features, len(new_signals))):
        require(
            part.ndim == 2 and len(part) == n,
            f"Features should be [{n}, D], but they are {list(part.shape)}.",
        )
    width = features.shape[1]
    require(new_features.shape[1] == width, "Both need the same number of features.")
    require(width <= 2000, f"{width:,} features are too many: 2,000 at most.")
    require(
        bool(features.isfinite().all() and new_features.isfinite().all()),
        "There are infinite numbers or NaN among the features.",
    )
    right = 100 * _probed(features, data.train.targets, new_features, data.valid.targets)
    require(
        right > 15,
        f"{right:.0f} %: that's a guess. Have the features collapsed, or are the rows in another "
        "order?",
    )
    require(
        right > 45,
        f"{right:.0f} %: hardly better than the bare signals. What do your features do with a "
        "shape that has moved?",
    )
    require(
        right >= NUMBER_TO_BEAT,
        f"{right:.1f} %. Train for longer, with other views, or with an encoder that doesn't care "
        "where a shape is.",
    )
    print(f"{right:.1f} % of {len(new_signals):,} new signals right")


def _probed(features: Tensor, digits: Tensor, new_features: Tensor, new_digits: Tensor) -> float:
    """Return the share that a linear probe gets right."""
    mean, std = features.mean(dim=0), features.std(dim=0) + 1e-6
    x = (features - mean) / std
    weight = torch.zeros(x.shape[1], 10, requires_grad=True)
    bias = torch.zeros(10, requires_grad=True)
    optimizer = torch.optim.AdamW([weight, bias], lr=0.02)
    for _ in range(200):
        loss = F.cross_entropy(x @ weight + bias, digits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        answers = ((new_features - mean) / std @ weight + bias).argmax(dim=1)
    return (answers == new_digits).float().mean().item()


CHECKS: dict[str, Check] = {
    "21-1": check_1,
    "21-2": check_2,
    "21-3": check_3,
    "21-4": check_4,
    "21-5": check_5,
    "21-6": check_6,
}
