"""Checks for the exercises of chapter 02, classification."""

import copy
import math

import numpy as np
import torch
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    Operations,
    require,
    require_floats,
    require_function,
    require_given,
    require_number,
    require_tensor,
    run_answer,
)
from torchbook.data import circles, spirals

MOST_PARAMETERS = 100  # in exercise 8
LEAST_ACCURACY = 0.95  # in exercises 4 and 8


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def check_1(answer: object) -> None:
    """Check labels from logits of shape [N, 1]."""
    function = require_function(answer)
    logits = torch.tensor([[2.0], [-1.0], [0.3], [-0.2], [-30.0], [70.0], [-0.01]])
    truth = torch.tensor([1, 0, 1, 0, 0, 1, 0])
    result = run_answer(function, logits.clone())
    if isinstance(result, np.ndarray):
        result = torch.from_numpy(result)
    require_tensor(result)
    require(
        result.shape != (7, 1),
        "The shape is still [N, 1]. Compared with targets [N] that would give N times N.",
    )
    require_tensor(result, shape=(7,))
    require(
        result.dtype == torch.int64,
        f"Labels should be int64, but these are {result.dtype}. .long() makes whole numbers.",
    )
    require(
        not torch.equal(result, (logits > 0.5).long().squeeze(1)),
        "That is the threshold for probabilities. Which logit has a sigmoid of a half?",
    )
    require(
        not torch.equal(result, 1 - truth),
        "That is the wrong way round: a positive logit leans towards class 1.",
    )
    require(
        not torch.equal(result, torch.zeros(7, dtype=torch.int64)),
        "All labels are 0. The `argmax` of a row with a single logit always is.",
    )
    require(
        torch.equal(result, truth),
        f"For the logits {[round(z, 2) for z in logits.squeeze(1).tolist()]} it says "
        f"{result.tolist()}.",
    )
    for n in (1, 2):  # a batch of one must keep its axis
        require_tensor(torch.as_tensor(run_answer(function, logits[:n].clone())), shape=(n,))


def check_2(answer: object) -> None:
    """Check the logit of a probability of 0.1."""
    logit, truth = require_number(answer), math.log(0.1 / 0.9)
    require(
        abs(logit - 0.1) > 1e-6, "0.1 is the probability. Its logit is a number of another kind."
    )
    require(
        abs(logit - 1 / (1 + math.exp(-0.1))) > 2e-3,
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
        abs(logit - math.log10(0.1 / 0.9)) > 5e-3,
        "That is a logarithm to base 10. The sigmoid has e in it, so it takes the natural one.",
    )
    require(
        abs(logit - truth) < 3.5e-3,  # -2.20 is three digits, -2.2 as well
        f"The sigmoid of {logit:.4g} is {1 / (1 + math.exp(-max(min(logit, 99), -99))):.3f}, not "
        "0.1.",
    )


def check_3(answer: object) -> None:
    """Check a softmax that does not overflow."""
    function = require_function(answer)
    near = 2e-4  # float32 may be off by 2e-5 where logits of 1,000 are subtracted
    logits = torch.randn(4, 3, generator=_generator(0))
    given = logits.clone()
    with Operations() as operations:
        result = require_floats(run_answer(function, logits), (4, 3))
    require(torch.equal(given, logits), "The function has changed the logits that it got.")
    require(
        not operations.calls.keys() & {"_softmax", "softmax", "_log_softmax", "log_softmax"},
        "That is PyTorch's own softmax, under whatever name. Build it from `exp` and sums.",
    )
    truth = given.double()
    require(
        not torch.allclose(result, truth.softmax(dim=0), atol=near),
        "Now the columns add up to 1. Each row is a point: which axis should the sum take away?",
    )
    sums = result.sum(dim=1)
    require(
        torch.allclose(sums, torch.ones_like(sums), atol=1e-3),
        f"The rows should add up to 1, but they add up to {[round(s, 3) for s in sums.tolist()]}.",
    )
    require(
        torch.allclose(result, truth.softmax(dim=1), atol=near),
        "The rows add up to 1, but these are not the shares of e to the power of each logit.",
    )
    large = torch.tensor([[1000.0, 999.0, 0.0, 998.5], [3.0, 2.0, 1.0, -4.0]])
    result = require_floats(run_answer(function, large.clone()), (2, 4))
    require(
        not result.isnan().any().item(),
        "Right for small logits. For 1000 it gives nan: e to the power of 1000 is too large for "
        "float32. Only differences between logits matter, so which number could you subtract?",
    )
    require(
        torch.allclose(result, large.double().softmax(dim=1), atol=near),
        f"Right for small logits. For {large[0].tolist()} and, in the same batch, "
        f"{large[1].tolist()} it says {[[round(p, 4) for p in row] for row in result.tolist()]}: "
        "each row has a largest logit of its own.",
    )
    low = torch.tensor([[-1000.0, -1001.0, -1000.5]])
    result = require_floats(run_answer(function, low.clone()), (1, 3))
    require(
        torch.allclose(result, low.double().softmax(dim=1), atol=near),
        "Right for large logits, but not where all of a row lie far below 0.",
    )


def check_4(answer: object) -> None:
    """Check that a threshold on the feature separates the circles."""
    function = require_function(answer)
    examples = circles(2000, noise=0.1, seed=123)
    order = torch.randperm(2000, generator=_generator(1))
    points, labels = examples.inputs[order], examples.targets[order]
    feature = run_answer(function, points.clone())
    feature = require_floats(feature)
    require(
        feature.shape != (2000,),
        "The shape should be [N, 1], but it is [N]. An axis of length 1 is missing at the end.",
    )
    require_tensor(feature, shape=(2000, 1))
    require(not feature.isnan().any().item(), "Some of the numbers are nan.")
    values, order = feature.squeeze(1).sort()
    inner = labels[order].cumsum(dim=0)
    below = torch.arange(1, 2001)
    right = inner + (1000 - (below - inner))  # below the threshold inner, above it outer
    right = torch.maximum(right, 2000 - right)
    is_cut = values.diff() > 0  # equal numbers lie on the same side
    best = right[:-1][is_cut].max().item() / 2000 if is_cut.any() else 0.5
    require(
        best >= LEAST_ACCURACY,
        f"With the best threshold your number is right for {best:.1%} of the points. What do all "
        "points of one circle have in common, wherever on it they lie?",
    )
    few = torch.tensor([1500, 3, 77, 1999, 640])
    alone = require_floats(run_answer(function, points[few].clone()))
    size = feature.std().item()
    require(
        alone.shape == (5, 1) and torch.allclose(alone, feature[few], rtol=1e-3, atol=1e-3 * size),
        "It separates these circles, but a point's number changes with the points beside it. It "
        "should depend on that point only.",
    )


def check_5(answer: object) -> None:
    """Check a network whose weights were set by hand."""
    function = require_function(answer)
    network = run_answer(function)
    require(
        isinstance(network, nn.Sequential),
        f"The function should return an nn.Sequential, but it returned a {type(network).__name__}.",
    )
    network = copy.deepcopy(network).cpu().float()
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


def _highest_threshold(probabilities: Tensor, labels: Tensor, wanted: float) -> float:
    """Try every probability, with plain numbers."""
    cracked = probabilities[labels == 1].tolist()
    enough = [
        t
        for t in probabilities.tolist()
        if sum(p >= t for p in cracked) >= wanted * len(cracked) - 1e-9
    ]
    return max(enough)


def check_6(answer: object) -> None:
    """Check the highest threshold with enough recall."""
    function = require_function(answer)
    probabilities = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.1])
    labels = torch.tensor([1, 0, 1, 0, 1, 0, 1])
    result = require_number(
        run_answer(function, probabilities.clone(), labels.clone(), 0.75),
        "one number, the threshold",
    )
    require(
        abs(result - 0.1) > 1e-6,
        "At 0.1 the recall is large enough, but there is a higher threshold that still does.",
    )
    require(
        abs(result - 0.7) > 1e-6,
        "At 0.7 the alarm finds only 2 of the 4. Is that recall, or precision?",
    )
    require(
        abs(result - 0.3) > 1e-6,
        "At 0.3 the recall is large enough, but so it is at a higher one: a part whose "
        "probability *equals* the threshold sounds the alarm as well.",
    )
    require(
        abs(result - 0.4) < 1e-6,
        "With probabilities 0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.1 and labels 1, 0, 1, 0, 1, 0, 1, "
        f"3 of the 4 should be found, but the threshold is {result:.4g}.",
    )
    for seed in range(30):
        generator = _generator(seed)
        n = 5 + 7 * seed
        probabilities = torch.rand(n, generator=generator)
        if seed % 2:
            probabilities = (20 * probabilities).round() / 20  # some are equal
        labels = (torch.rand(n, generator=generator) < 0.3).long()
        labels[seed % n] = 1
        wanted = (0.5, 0.8, 1.0, 0.65)[seed % 4]
        truth = _highest_threshold(probabilities, labels, wanted)
        result = run_answer(function, probabilities.clone(), labels.clone(), wanted)
        result = require_number(result, "one number, the threshold")
        require(
            abs(result - truth) < 1e-6,
            f"Right for the small example, wrong for {n} random points and a wanted recall of "
            f"{wanted}: {truth:.4f} is asked, {result:.4f} came. Does something depend on the "
            "order of the points, or does a share get rounded the wrong way?",
        )


def _calibration(probabilities: Tensor, labels: Tensor) -> Tensor:
    """The table of exercise 7, in float64."""
    table = torch.zeros(10, 2, dtype=torch.float64)
    bins = (10 * probabilities.double() + 1e-6).long().clamp(max=9)
    for k in bins.unique().tolist():
        table[k, 0] = probabilities[bins == k].double().mean()
        table[k, 1] = labels[bins == k].double().mean()
    return table


def check_7(answer: object) -> None:
    """Check the table of a calibration curve."""
    function = require_function(answer)
    probabilities = torch.tensor([0.05, 0.15, 0.13, 0.95, 1.0, 0.92, 0.55])
    labels = torch.tensor([0, 0, 1, 1, 1, 0, 1])
    result = require_floats(run_answer(function, probabilities.clone(), labels.clone()))
    require(
        result.shape != (9, 2) and result.shape != (11, 2),
        f"There are {len(result)} rows: is 1.0 in a bin of its own, or a bin missing?",
    )
    require_tensor(result, shape=(10, 2))
    require(
        not result.isnan().any().item(),
        "An empty bin has nan: 0 divided by 0. It should have two zeros.",
    )
    truth = _calibration(probabilities, labels)
    require(
        not torch.allclose(result.flip(1), truth, atol=1e-4),
        "The two columns are swapped: first the mean probability, then the share of ones.",
    )
    middles = torch.arange(10) / 10 + 0.05
    require(
        (result[:, 0] - middles).abs().max().item() > 1e-4,
        "The first column holds the middle of each bin. The mean of the probabilities in it is "
        "asked, and zero for an empty one.",
    )
    wrong = ((result - truth).abs() > 1e-4).any(dim=1).nonzero().flatten().tolist()
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
    probabilities = torch.rand(3000, generator=generator) ** 2  # more low ones than high ones
    probabilities = probabilities[((10 * probabilities) % 1 - 0.5).abs() < 0.499]  # off the edges
    labels = (torch.rand(len(probabilities), generator=generator) < probabilities.sqrt()).long()
    result = require_floats(run_answer(function, probabilities.clone(), labels.clone()), (10, 2))
    require(
        torch.allclose(result, _calibration(probabilities, labels), atol=1e-4),
        f"Right for seven points, wrong for {len(probabilities):,} random ones.",
    )


def check_8(answer: object) -> None:
    """Check a trained model for the spiral with few parameters."""
    require_given(answer)
    require(
        isinstance(answer, nn.Module),
        f"The answer should be your trained model, an nn.Module, but it is a "
        f"{type(answer).__name__}.",
    )
    model = copy.deepcopy(answer).cpu().float().eval()
    n_parameters = sum(p.numel() for p in model.parameters())
    n_parameters += sum(b.numel() for b in model.buffers() if b.is_floating_point())
    require(
        n_parameters <= MOST_PARAMETERS,
        f"The model keeps {n_parameters:,} numbers (parameters and buffers), and the limit is "
        f"{MOST_PARAMETERS}. A linear layer has inputs times outputs weights, and a bias for each "
        "output.",
    )
    examples = spirals(9000, n_arms=3, noise=0.06, seed=2026)
    with torch.inference_mode():
        logits = require_tensor(run_answer(model, examples.inputs))
    require(
        logits.shape == (9000, 3),
        f"For points [9000, 2] the model should give logits [9000, 3], but it gives "
        f"{list(logits.shape)}.",
    )
    require(not logits.isnan().any().item(), "The logits are nan: the training has exploded.")
    right = (logits.argmax(dim=1) == examples.targets).float().mean().item()
    require(
        right >= 0.45,
        f"It is right for {right:.1%} of new points, and a third is chance. Has it been trained? "
        "Is arm 0 still label 0?",
    )
    require(
        right >= 0.75,
        f"It is right for {right:.1%} of new points, about what straight lines get. Is there a "
        "bend between the layers?",
    )
    require(
        right >= LEAST_ACCURACY,
        f"It is small enough, and right for {right:.1%} of new points. Longer, another rate, "
        "another start, another shape?",
    )


CHECKS: dict[str, Check] = {
    "02-1": check_1,
    "02-2": check_2,
    "02-3": check_3,
    "02-4": check_4,
    "02-5": check_5,
    "02-6": check_6,
    "02-7": check_7,
    "02-8": check_8,
}
