"""Checks for the exercises of chapter 09, deployment."""

import copy
from collections.abc import Set
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    Operations,
    WrongAnswerError,
    require,
    require_floats,
    require_function,
    require_given,
    require_number,
    require_tensor,
    require_type,
    run_answer,
)


def _draw(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check_1(answer: object) -> None:
    """Check a median and a mean."""
    require_given(answer)
    expected = "The answer should be two numbers, such as (15, 25)."
    require(isinstance(answer, tuple | list | np.ndarray | Tensor), expected)
    numbers = require_floats(answer)
    require(tuple(numbers.shape) == (2,), expected)
    median, mean = numbers.tolist()
    require(
        abs(median - 29) > 1e-3 or abs(mean - 10) > 1e-3,
        "The right numbers, the wrong way round: the median first.",
    )
    require(
        abs(median - 105) > 1e-3,
        "The median is not halfway between the smallest and the largest: sort all hundred calls "
        "and look at the middle one.",
    )
    require(abs(median - 10) < 1e-3, "Sort the hundred times. Which is in the middle?")
    require(
        abs(mean - 105) > 1e-3, "The two times don't weigh the same: one comes nine times as often."
    )
    require(
        abs(mean - 29) < 1e-3, "The median is right. The mean is the sum of all hundred, by 100."
    )


def _not_dominated(models: dict[str, tuple[float, float, float]]) -> set[str]:
    """Return the names of the models that no other dominates."""
    costs = {name: (-right, ms, mb) for name, (right, ms, mb) in models.items()}
    return {
        name
        for name, cost in costs.items()
        if not any(
            other != cost and all(a <= b for a, b in zip(other, cost, strict=True))
            for other in costs.values()
        )
    }


def check_2(answer: object) -> None:
    """Check which models are not dominated."""
    function = require_function(answer)
    models = {
        "e": (88.0, 5.0, 4.0),
        "a": (90.0, 20.0, 14.0),
        "d": (58.0, 1.0, 0.1),  # bad, fast and small
        "b": (90.0, 7.0, 14.0),  # dominates a
        "f": (87.0, 5.0, 4.0),  # dominated by e
        "c": (90.0, 7.0, 7.0),  # dominates a and b
    }
    result = run_answer(function, dict(models))
    require(
        isinstance(result, Set),
        f"The answer should be a set of names, but it is a {type(result).__name__}.",
    )
    require(
        result <= models.keys(), "The set should hold names of models, and nothing else is in it."
    )
    require(
        result != {"a", "b", "f"},
        "These are the dominated ones; those that remain are asked.",
    )
    require(
        bool(result),
        "The set is empty. Is each model compared with itself, and found no worse than itself?",
    )
    require(
        "d" in result,
        "The model that is worst in accuracy is missing. But none of the others is as fast as it.",
    )
    for name in sorted({"a", "b", "f"} & result):
        raise WrongAnswerError(
            f"{name!r}, {models[name]}, should be out: another is equal in some and better in the "
            "rest. Need it be better in all three?"
        )
    require(result == {"c", "d", "e"}, "A model is missing that no other dominates.")
    twins = {"one": (80.0, 5.0, 5.0), "two": (80.0, 5.0, 5.0)}
    require(
        run_answer(function, twins) == {"one", "two"},
        "Two models that are equal in everything don't dominate each other: better in one is "
        "needed.",
    )
    table = (10 * _draw(8, 40, 3)).round().abs().tolist()
    many = {f"model {i}": (50 + right, ms, mb) for i, (right, ms, mb) in enumerate(table)}
    wrong = set(run_answer(function, dict(many))) ^ _not_dominated(many)
    require(
        not wrong,
        f"Right for six models, wrong for 40, at {', '.join(sorted(wrong)[:3])}: compare each "
        "model with all the others, in all three numbers.",
    )


def check_3(answer: object) -> None:
    """Check the size of a model's weights and statistics."""
    function = require_function(answer)
    model = nn.Sequential(nn.Conv2d(3, 40, 3), nn.BatchNorm2d(40), nn.Linear(500, 1000))
    n_parameters = sum(w.numel() for w in model.parameters())
    result = require_number(run_answer(function, model, 4))
    truth = 4 * (n_parameters + 80) / 1e6
    require(
        abs(result / truth / 1e6 - 1) > 1e-3 and abs(result / truth / 1e3 - 1) > 1e-3,
        "Bytes or kilobytes? Megabytes are asked.",
    )
    require(
        abs(result - truth * 1e6 / 2**20) > 1e-6, "Here a megabyte is a million bytes, not 2 ** 20."
    )
    require(
        abs(result - 4 * n_parameters / 1e6) > 1e-6,
        "The parameters are right. But batch normalisation also has a mean and a variance for each "
        "channel, which are no parameters: where does PyTorch keep those?",
    )
    require(
        abs(result - 4 * (n_parameters + 81) / 1e6) > 1e-6,
        "One number too many: batch normalisation counts its batches, in an int64.",
    )
    require(abs(result - truth) < 1e-6, f"Expected {truth} MB, but the function says {result:.6g}.")
    require(
        abs(require_number(run_answer(function, model, 1)) - truth / 4) < 1e-6,
        "Right for 4 bytes, wrong for 1. Does the function use its second argument?",
    )


def check_4(answer: object) -> None:
    """Check a quantisation to int8 with a zero point."""
    function = require_function(answer)
    for x in (_draw(0, 3, 50) * 2 + 0.5, torch.tensor([8.7, -1.0, 0.0, 0.25]), 0.001 * _draw(1, 9)):
        result = run_answer(function, x.clone())
        require(
            isinstance(result, tuple | list) and len(result) == 3,
            "The function should return three things: q, the scale and the zero point.",
        )
        q = require_tensor(result[0], shape=tuple(x.shape), dtype=torch.int8)
        scale = require_number(result[1], "one number for the scale")
        zero = require_number(result[2], "one number for the zero point")
        require(
            zero == round(zero),
            f"The zero point is {zero:.4g}, but it is one of the q, so it should be whole.",
        )
        back = scale * (q.double() - zero)
        error = (back - x).abs().max().item()
        step = (x.max() - x.min()).item() / 255
        low, high = int(q.min()), int(q.max())
        require(
            zero != 0 or (low, high) == (-128, 127),
            f"For values from {x.min():.3g} to {x.max():.3g}, q goes from {low} to {high}: with "
            "the zero point at 0, one side is not used up. Which q should stand for 0?",
        )
        require(
            error <= 100 * step,
            f"scale * (q - zero_point) is {error / step:.0f} steps away from what was given. When "
            "a number does not fit into int8, it comes out at the other end. Or has the zero "
            "point the wrong sign?",
        )
        require(
            (low, high) == (-128, 127),
            f"q should go from -128 to 127, but goes from {low} to {high}. How many steps lie "
            "between the smallest and the largest value?",
        )
        require(
            error <= 1.01 * scale,
            f"Somewhere it comes back {error / scale:.2f} scales away. Is it rounded?",
        )


def _as_tensor(result: Any) -> Any:
    """Return a NumPy array as a tensor, and anything else as it is."""
    return torch.from_numpy(result.copy()) if isinstance(result, np.ndarray) else result


def check_5(answer: object) -> None:
    """Check that a camera's frame gets the order of axes and channels that the model wants."""
    function = require_function(answer)
    frame = torch.randint(
        256, (4, 6, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    given = frame.numpy().copy()
    result = require_tensor(_as_tensor(run_answer(function, given)))
    require(
        np.array_equal(given, frame.numpy()),
        "The frame has changed: leave it to the camera as it is.",
    )
    require(
        result.ndim == 4, f"The model takes batches: 4 axes, not {result.ndim}, even for one frame."
    )
    require(
        tuple(result.shape) != (1, 3, 6, 4),
        "Height and width are exchanged: the picture lies on its side.",
    )
    require_tensor(result, shape=(1, 3, 4, 6), dtype=torch.uint8)
    truth = frame.permute(2, 0, 1).flip(0).unsqueeze(0)
    require(
        not torch.equal(result, truth.flip(1)),
        "The axes are right, but blue still comes first.",
    )
    counted_off = (frame, frame.flip(2), frame.flip(0), frame.flip(1))
    require(
        not any(torch.equal(result.flatten(), numbers.flatten()) for numbers in counted_off),
        "The shape is right, but the numbers were only counted off again: reshape does not move "
        "them. Which method exchanges axes?",
    )
    require(torch.equal(result, truth), "The shape is right, the pixels are not where they belong.")


def check_6(answer: object) -> None:
    """Check answers with a threshold on the probability."""
    function = require_function(answer)
    logits = torch.tensor([[4.0, 0.0, 0.0], [1.0, 0.9, 0.8], [0.0, 3.0, 0.0], [-5.0, -5.0, -4.5]])
    result = _as_tensor(run_answer(function, logits.clone(), 0.6))
    result = require_tensor(result, shape=(4,))
    require(
        result.dtype == torch.int64, f"The answers should be int64, but they are {result.dtype}."
    )
    by_logits = torch.where(logits.max(dim=1).values < 0.6, -1, logits.argmax(dim=1))
    require(
        not torch.equal(result, by_logits),
        "That compares the logits with the threshold. It is meant for probabilities.",
    )
    require(
        not torch.equal(result, logits.argmax(dim=1)),
        "It always answers. Where is the largest probability too low?",
    )
    require(
        not torch.equal(result, torch.tensor([-1, 0, -1, 2])),
        "The sure ones are turned away, and the unsure ones answered.",
    )
    require(
        torch.equal(result, torch.tensor([0, -1, 1, -1])),
        f"Expected [0, -1, 1, -1], but got {result.tolist()}.",
    )
    logits = 2 * _draw(2, 200, 5)
    sure, labels = logits.softmax(dim=1).max(dim=1)
    for threshold in (0.3, 0.5, 0.9):
        expected = torch.where(sure < threshold, -1, labels)
        require(
            torch.equal(_as_tensor(run_answer(function, logits.clone(), threshold)), expected),
            f"Right for four rows, wrong for 200 with a threshold of {threshold}. Along which axis "
            "is the softmax?",
        )
    certain = torch.tensor([[0.0, 300.0, 0.0], [300.0, 0.0, 0.0]])  # probabilities of exactly 1
    exact = require_tensor(_as_tensor(run_answer(function, certain, 1.0)), shape=(2,))
    require(
        torch.equal(exact, torch.tensor([1, 0])),
        "A probability of exactly 1 is not below a threshold of 1, so there it should answer.",
    )


def check_7(answer: object) -> None:
    """Check that a convolution and a batch normalisation are folded into one."""
    function = require_function(answer)
    for kernel, options in (
        (3, {"padding": 1}),
        (3, {"stride": 2, "groups": 4}),
        ((3, 5), {"padding": (0, 2)}),
        (3, {"padding": 2, "dilation": 2}),
    ):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            conv, norm = nn.Conv2d(4, 8, kernel, bias=False, **options), nn.BatchNorm2d(8, eps=0.05)
        with torch.no_grad():
            norm.weight.copy_(1 + 0.5 * _draw(3, 8))
            norm.bias.copy_(_draw(4, 8))
            norm.running_mean.copy_(_draw(5, 8))
            norm.running_var.copy_(0.1 + _draw(6, 8).abs())
        before = copy.deepcopy((conv.state_dict(), norm.state_dict()))
        given = conv.eval(), norm.eval()
        folded = require_type(run_answer(function, *given), nn.Conv2d)
        for was, module in zip(before, given, strict=True):
            require(
                was.keys() == module.state_dict().keys()
                and all(torch.equal(was[k], v) for k, v in module.state_dict().items()),
                "The convolution or the batch normalisation has changed. Make a new one.",
            )
        x = _draw(7, 2, 4, 9, 9)
        with torch.no_grad():
            expected = norm(conv(x)).double()
            try:
                result = folded(x.to(folded.weight.dtype)).double()
            except RuntimeError as error:
                raise WrongAnswerError(
                    f"The new convolution can't be called on [2, 4, 9, 9]: {error}"
                ) from error
        require(
            result.shape == expected.shape,
            f"For a convolution with {options}, the output should have shape "
            f"{list(expected.shape)}, but has {list(result.shape)}. Has the new convolution the "
            "stride, padding, dilation and groups of the old one?",
        )
        spread = norm.running_var.sqrt()
        without_eps = (conv(x) - norm.running_mean[:, None, None]) / spread[:, None, None]
        without_eps = without_eps * norm.weight[:, None, None] + norm.bias[:, None, None]
        without_eps = without_eps.detach().double()
        require(
            not torch.allclose(result, without_eps, atol=1e-4),
            "Nearly: eps is missing. It is added to the variance, under the root.",
        )
        require(
            folded.bias is not None,
            "The new convolution has no bias: what becomes of the mean that is subtracted?",
        )
        shift = (result - expected).mean(dim=(0, 2, 3))
        constant = torch.allclose(
            result - expected, shift[:, None, None].expand_as(result), atol=1e-4
        )
        require(
            not constant or bool(shift.abs().max() < 1e-4),
            "The weights are right, the bias is not. What does the mean take away?",
        )
        require(
            torch.allclose(result, expected, atol=1e-4),
            "The output differs. Which axis of the weights counts the output channels?",
        )


def draw_layer(seed: int, n: int) -> np.ndarray:
    """Return weights [64, n], float32, whose channels differ in size by up to a hundred."""
    generator = np.random.default_rng(seed)
    sizes = generator.permutation(np.logspace(-2, 0, 64))[:, None]
    return (sizes * generator.standard_normal((64, n))).astype(np.float32)


def percent_wrong(found: np.ndarray, weights: np.ndarray) -> float:
    """Return the mean error in % of the mean weight, both absolute, as a mean over channels."""
    errors = np.abs(found.astype(np.float64) - weights).mean(axis=1)
    return float(100 * (errors / np.abs(weights).mean(axis=1)).mean())


def one_scale(weights: np.ndarray) -> np.ndarray:
    """Return weights after int8 and back, with one scale for all."""
    scale = np.abs(weights).max() / 127
    return (scale * np.round(weights / scale)).astype(np.float32)


def check_8(answer: object) -> None:
    """Check that weights of about a byte each come back less than 1% wrong."""
    require_given(answer)
    require(
        isinstance(answer, tuple | list) and len(answer) == 2,
        "The answer should be two functions: (pack, unpack).",
    )
    pack, unpack = (require_function(part) for part in answer)
    layers = [draw_layer(seed, n) for seed, n in ((5, 150), (6, 96), (7, 60))]
    with Operations() as operations:
        packed = [run_answer(pack, weights.copy()) for weights in layers]
        for data, weights in zip(packed, layers, strict=True):
            require(
                isinstance(data, bytes | bytearray),
                f"pack should return bytes, but it returned a {type(data).__name__}. An array has "
                ".tobytes().",
            )
            ratio = len(data) / weights.size
            require(
                ratio <= 1.1,
                f"That takes {ratio:.2f} bytes for each weight; 1.1 are allowed. Which dtype has "
                "one byte?",
            )
        found = [
            run_answer(unpack, data, weights.shape)
            for data, weights in zip(packed, layers, strict=True)
        ]
    require(
        not operations.calls,
        f"That calls PyTorch ({', '.join(sorted(operations.calls)[:3])}), which the server doesn't "
        "have. NumPy has the same functions.",
    )
    for back, weights in zip(found, layers, strict=True):
        require(
            isinstance(back, np.ndarray),
            f"unpack should return a NumPy array, but it returned a {type(back).__name__}.",
        )
        require(
            back.shape == weights.shape,
            f"unpack should return shape {weights.shape}, but it returned {back.shape}.",
        )
        wrong = percent_wrong(back, weights)
        require(not np.isnan(wrong), "Some of the weights that come back are not numbers (nan).")
        alone = percent_wrong(one_scale(weights), weights)
        require(
            wrong < 0.8 * alone or wrong > 1.5 * alone,
            f"They come back {wrong:.1f} % wrong, as with one scale for all the weights. The quiet "
            "channels drown. What would a scale for each channel cost in bytes?",
        )
        require(
            wrong < 50,
            f"They come back {wrong:.0f} % wrong. Do pack and unpack agree on the order, the "
            "dtypes and the sign? int8 goes from -128 to 127, uint8 from 0 to 255.",
        )
        require(wrong < 1, f"They come back {wrong:.2f} % wrong; less than 1 % is the goal.")


CHECKS: dict[str, Check] = {
    "09-1": check_1,
    "09-2": check_2,
    "09-3": check_3,
    "09-4": check_4,
    "09-5": check_5,
    "09-6": check_6,
    "09-7": check_7,
    "09-8": check_8,
}
