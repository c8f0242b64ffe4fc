"""Checks for the exercises of chapter 02, classification."""

import math

import torch
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    require,
    require_function,
    require_given,
    require_tensor,
    require_type,
    run_answer,
)
from torchbook.data import circles


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def check_1(answer: object) -> None:
    """Check labels from logits of shape [N, 1]."""
    function = require_function(answer)
    logits = torch.tensor([[2.0], [-1.0], [0.3], [-0.2], [-30.0]])
    result = require_tensor(run_answer(function, logits))
    require(
        result.shape != (5, 1),
        "The shape is still [N, 1]. Compared with targets [N] that would give N times N.",
    )
    require_tensor(result, shape=(5,))
    require(
        result.dtype == torch.int64,
        f"Labels should be int64, but these are {result.dtype}. .long() makes whole numbers.",
    )
    truth = torch.tensor([1, 0, 1, 0, 0])
    require(
        not torch.equal(result, (logits > 0.5).long().squeeze(1)),
        "That is the threshold for probabilities. Which logit has a sigmoid of a half?",
    )
    require(
        not torch.equal(result, 1 - truth),
        "That is the wrong way round: a positive logit leans towards class 1.",
    )
    require(torch.equal(result, truth), f"For {logits.squeeze(1).tolist()} it says {result}.")
    require_tensor(run_answer(function, logits[:1]), shape=(1,))


def check_2(answer: object) -> None:
    """Check the logit of a probability of 0.1."""
    require_given(answer)
    require(
        isinstance(answer, int | float) or (isinstance(answer, Tensor) and answer.numel() == 1),
        "The answer should be one number.",
    )
    logit, truth = float(answer), math.log(0.1 / 0.9)
    require(
        abs(logit - 0.1) > 1e-9, "0.1 is the probability. Its logit is a number of another kind."
    )
    require(
        abs(logit - torch.tensor(0.1).sigmoid().item()) > 1e-3,
        "That is the sigmoid of 0.1. The other way is asked: which number has 0.1 as its sigmoid?",
    )
    require(
        abs(logit + truth) > 5e-3,
        "The size is right. On which side of 0 do logits lie whose probability is below a half?",
    )
    require(
        abs(logit - math.log(0.1)) > 5e-3,
        "That is the logarithm of 0.1. Solve 1 / (1 + exp(-z)) = 0.1 for z.",
    )
    require(
        abs(logit - truth) < 5e-3,
        f"The sigmoid of {logit:.4g} is {1 / (1 + math.exp(-max(min(logit, 99), -99))):.3f}, not "
        "0.1.",
    )


def check_3(answer: object) -> None:
    """Check a softmax that does not overflow."""
    function = require_function(answer)
    logits = torch.randn(4, 3, generator=_generator(0))
    given = logits.clone()
    result = require_tensor(run_answer(function, logits), shape=(4, 3))
    require(torch.equal(given, logits), "The function has changed the logits that it got.")
    require(
        not torch.allclose(result, logits.softmax(dim=0), atol=1e-5),
        "Now the columns add up to 1. Each row is a point: which axis should the sum take away?",
    )
    sums = result.sum(dim=1)
    require(
        torch.allclose(sums, torch.ones(4), atol=1e-4),
        f"The rows should add up to 1, but they add up to {[round(s, 3) for s in sums.tolist()]}.",
    )
    require(
        torch.allclose(result, logits.softmax(dim=1), atol=1e-5),
        "The rows add up to 1, but these are not the shares of e to the power of each logit.",
    )
    large = torch.tensor([[1000.0, 999.0, 0.0], [3.0, 2.0, 1.0]])
    result = run_answer(function, large)
    require(
        not result.isnan().any().item(),
        "Right for small logits. For 1000 it gives nan: e to the power of 1000 is too large for "
        "float32. Only differences between logits matter, so which number could you subtract?",
    )
    require(
        torch.allclose(result, large.softmax(dim=1), atol=1e-5),
        f"Right for small logits. For {large[0].tolist()} it says {result[0].tolist()}: each row "
        "has a largest logit of its own.",
    )
    low = torch.tensor([[-1000.0, -1001.0, -1000.0]])
    require(
        torch.allclose(run_answer(function, low), low.softmax(dim=1), atol=1e-5),
        "Right for large logits, but not where all of a row lie far below 0.",
    )


def check_4(answer: object) -> None:
    """Check that a threshold on the feature separates the circles."""
    function = require_function(answer)
    examples = circles(2000, noise=0.1, seed=123)
    feature = require_tensor(run_answer(function, examples.inputs.clone()))
    require(
        feature.shape != (2000,),
        "The shape should be [N, 1], but it is [N]. An axis of length 1 is missing at the end.",
    )
    require_tensor(feature, shape=(2000, 1))
    order = feature.squeeze(1).argsort()
    inner = examples.targets[order].cumsum(dim=0)
    seen = torch.arange(1, 2001)
    right = inner + (1000 - (seen - inner))  # below the threshold inner, above it outer
    best = torch.maximum(right, 2000 - right).max().item() / 2000
    require(
        best >= 0.9,
        f"With the best threshold your feature is right in {best:.1%}. What do all points of one "
        "circle have in common, wherever on it they lie?",
    )
    turned = examples.inputs.flip(1) * torch.tensor([1.0, -1.0])  # a quarter turn
    require(
        torch.allclose(run_answer(function, turned), feature, atol=1e-4),
        "It separates these circles, but changes when the plane is turned by a right angle.",
    )


def check_5(answer: object) -> None:
    """Check a network whose weights were set by hand."""
    function = require_function(answer)
    network = run_answer(function)
    require(
        isinstance(network, nn.Sequential),
        f"The function should return an nn.Sequential, but it returned a {type(network).__name__}.",
    )
    kinds = [type(layer).__name__ for layer in network]
    require(
        kinds == ["Linear", "ReLU", "Linear"],
        f"The layers should be Linear, ReLU, Linear, but are {', '.join(kinds) or 'none'}.",
    )
    shapes = [tuple(network[i].weight.shape) for i in (0, 2)]
    require(
        shapes == [(4, 2), (1, 4)],
        "The layers should go from 2 numbers to 4 and from 4 to 1, but their weights have shapes "
        f"{shapes[0]} and {shapes[1]}.",
    )
    with torch.inference_mode():
        middle = network(torch.zeros(1, 2)).item()
        far = network(torch.tensor([[3.0, 0], [0, 3.0], [-3.0, 0], [0, -3.0]])).squeeze(1)
        examples = circles(2000, noise=0.1, seed=321)
        answers = network(examples.inputs).squeeze(1) > 0
    require(
        middle > 0,
        f"In the middle the logit should be above 0, but it is {middle:.2f}. When no unit votes, "
        "only the last bias speaks.",
    )
    require(
        (far < 0).all().item(),
        "Far outside, the logit should be below 0 in all four directions, but it is "
        f"{[round(z, 2) for z in far.tolist()]} at (3, 0), (0, 3), (-3, 0), (0, -3).",
    )
    share = (answers == examples.targets.bool()).float().mean().item()
    require(
        share >= 0.97,
        f"The square is there, but it is right for {share:.1%} only. Its sides should lie between "
        "the circles: at which distance from the middle does each unit switch on, and how much "
        "does it take to outvote the bias? (The corners stick out; a smaller square may be "
        "better.)",
    )


def check_6(answer: object) -> None:
    """Check the highest threshold with enough recall."""
    function = require_function(answer)
    probabilities = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.1])
    labels = torch.tensor([1, 0, 1, 0, 1, 0, 1])
    result = run_answer(function, probabilities, labels, 0.75)
    result = require_type(result, float, "`.item()` makes one of a tensor of one number.")
    require(
        abs(result - 0.1) > 1e-6,
        "At 0.1 the recall is large enough, but there is a higher threshold that still does.",
    )
    require(
        abs(result - 0.7) > 1e-6,
        "At 0.7 the alarm finds only 2 of the 4. Is that recall, or precision?",
    )
    require(
        abs(result - 0.4) < 1e-6,
        "With probabilities 0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.1 and labels 1, 0, 1, 0, 1, 0, 1, "
        f"3 of the 4 should be found, but the threshold is {result:.4g}.",
    )
    for seed in range(20):
        generator = _generator(seed)
        n = 5 + 10 * seed
        probabilities = torch.rand(n, generator=generator)
        labels = (torch.rand(n, generator=generator) < 0.3).long()
        labels[seed % n] = 1
        wanted = (0.5, 0.8, 1.0)[seed % 3]
        found = [(probabilities[labels == 1] >= t).double().mean().item() for t in probabilities]
        truth = max(
            t for t, r in zip(probabilities.tolist(), found, strict=True) if r >= wanted - 1e-9
        )
        result = run_answer(function, probabilities.clone(), labels.clone(), wanted)
        require(
            abs(result - truth) < 1e-6,
            f"Right for the small example, wrong for {n} random points and a wanted recall of "
            f"{wanted}: {truth:.4f} is asked, {result:.4f} came. Does something depend on the "
            "order of the points?",
        )


def check_7(answer: object) -> None:
    """Check the table of a calibration curve."""
    function = require_function(answer)
    probabilities = torch.tensor([0.05, 0.15, 0.13, 0.95, 1.0, 0.92, 0.55])
    labels = torch.tensor([0, 0, 1, 1, 1, 0, 1])
    result = require_tensor(run_answer(function, probabilities, labels))
    require(
        result.shape != (9, 2) and result.shape != (11, 2),
        f"There are {len(result)} rows: is 1.0 in a bin of its own, or a bin missing?",
    )
    require_tensor(result, shape=(10, 2))
    require(
        not result.isnan().any().item(),
        "An empty bin has nan: 0 divided by 0. It should have two zeros.",
    )
    truth = torch.zeros(10, 2)
    truth[0] = torch.tensor([0.05, 0.0])
    truth[1] = torch.tensor([0.14, 0.5])
    truth[5] = torch.tensor([0.55, 1.0])
    truth[9] = torch.tensor([2.87 / 3, 2 / 3])
    require(
        not torch.allclose(result.flip(1).float(), truth, atol=1e-4),
        "The two columns are swapped: first the mean probability, then the share of ones.",
    )
    wrong = ((result.float() - truth).abs() > 1e-4).any(dim=1).nonzero().flatten().tolist()
    require(
        wrong != [9] or abs(result[9, 0].item() - 0.935) > 1e-3,
        "Where did the probability of exactly 1.0 go? It belongs to the last bin.",
    )
    require(
        not wrong,
        f"For probabilities {[round(p, 2) for p in probabilities.tolist()]} and labels "
        f"{labels.tolist()} row {wrong[0] if wrong else ''} is not right.",
    )
    generator = _generator(0)
    probabilities = torch.rand(5000, generator=generator)
    labels = (torch.rand(5000, generator=generator) < probabilities).long()
    table = run_answer(function, probabilities, labels)
    require(
        (table[:, 0] - table[:, 1]).abs().max().item() < 0.08,
        "Right for seven points, but calibrated probabilities of 5,000 don't come out near the "
        "diagonal.",
    )


CHECKS: dict[str, Check] = {
    "02-1": check_1,
    "02-2": check_2,
    "02-3": check_3,
    "02-4": check_4,
    "02-5": check_5,
    "02-6": check_6,
    "02-7": check_7,
}
