"""Checks for the exercises of chapter 09, deployment."""

import copy
import io

import numpy as np
import torch
from PIL import Image
from torch import nn

from torchbook.book.exercises.answers import (
    Check,
    WrongAnswerError,
    require,
    require_function,
    require_given,
    require_tensor,
    require_type,
    run_answer,
)


def _draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check_1(answer: object) -> None:
    """Check a median and a mean."""
    require_given(answer)
    require(
        isinstance(answer, tuple | list)
        and len(answer) == 2
        and all(isinstance(number, int | float) for number in answer),
        "The answer should be two numbers, such as (15, 25).",
    )
    median, mean = answer
    require((median, mean) != (29, 10), "The right numbers, the wrong way round: the median first.")
    require(
        median != 105,
        "The median is not halfway between the smallest and the largest: sort all hundred calls "
        "and look at the middle one.",
    )
    require(median == 10, "Sort the hundred times. Which is in the middle?")
    require(mean != 105, "The two times don't weigh the same: one comes nine times as often.")
    require(
        abs(mean - 29) < 1e-9, "The median is right. The mean is the sum of all hundred, by 100."
    )


def check_2(answer: object) -> None:
    """Check which models are not dominated."""
    function = require_function(answer)
    models = {
        "a": (90.0, 20.0, 14.0),
        "b": (90.0, 7.0, 14.0),  # dominates a
        "c": (90.0, 7.0, 7.0),  # dominates a and b
        "d": (58.0, 1.0, 0.1),  # bad, fast and small
        "e": (88.0, 5.0, 4.0),
        "f": (87.0, 5.0, 4.0),  # dominated by e
    }
    result = require_type(run_answer(function, dict(models)), set, "Names belong in it.")
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


def check_3(answer: object) -> None:
    """Check the size of a model's weights and statistics."""
    function = require_function(answer)
    model = nn.Sequential(nn.Conv2d(3, 40, 3), nn.BatchNorm2d(40), nn.Linear(500, 1000))
    n_parameters = sum(w.numel() for w in model.parameters())
    result = run_answer(function, model, 4)
    require(
        isinstance(result, int | float) and not isinstance(result, bool),
        f"The function should return a number, but it returned a {type(result).__name__}.",
    )
    truth = 4 * (n_parameters + 80) / 1e6
    require(
        abs(result - truth * 1e6) > 1e-3 and abs(result - truth * 1e3) > 1e-6,
        "Bytes or kilobytes? Megabytes are asked.",
    )
    require(
        abs(result - truth * 1e6 / 2**20) > 1e-9, "Here a megabyte is a million bytes, not 2 ** 20."
    )
    require(
        abs(result - 4 * n_parameters / 1e6) > 1e-9,
        "The parameters are right. But batch normalisation also has a mean and a variance for each "
        "channel, which are no parameters: where does PyTorch keep those?",
    )
    require(
        abs(result - 4 * (n_parameters + 81) / 1e6) > 1e-9,
        "One number too many: batch normalisation counts its batches, in an int64.",
    )
    require(abs(result - truth) < 1e-9, f"Expected {truth} MB, but the function says {result:.6g}.")
    require(
        abs(run_answer(function, model, 1) - truth / 4) < 1e-9,
        "Right for 4 bytes, wrong for 1. Does the function use its second argument?",
    )


def check_4(answer: object) -> None:
    """Check a quantisation to int8 with a zero point."""
    function = require_function(answer)
    for x in (_draw(0, 3, 50) * 2 + 0.5, torch.tensor([-1.0, 0.0, 0.25, 9.0]), 0.001 * _draw(1, 9)):
        result = run_answer(function, x.clone())
        require(
            isinstance(result, tuple | list) and len(result) == 3,
            "The function should return three things: q, the scale and the zero point.",
        )
        q, scale, zero = result
        q = require_tensor(q, shape=tuple(x.shape), dtype=torch.int8)
        require(
            isinstance(scale, float) and isinstance(zero, int),
            f"Scale and zero point should be a float and an int, but are a {type(scale).__name__} "
            f"and a {type(zero).__name__}.",
        )
        back = scale * (q.float() - zero)
        error = (back - x).abs().max().item()
        step = (x.max() - x.min()).item() / 255
        low, high = int(q.min()), int(q.max())
        require(
            zero != 0 or (abs(low + 128) <= 1 and abs(high - 127) <= 1),
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
            abs(low + 128) <= 1 and abs(high - 127) <= 1,
            f"q should go from -128 to 127, but goes from {low} to {high}. How many steps lie "
            "between the smallest and the largest value?",
        )
        require(
            error <= 1.01 * scale,
            f"Somewhere it comes back {error / scale:.2f} scales away. Is it rounded?",
        )


def check_5(answer: object) -> None:
    """Check that a camera's frame gets the order of axes and channels that the model wants."""
    function = require_function(answer)
    frame = torch.randint(
        256, (4, 6, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    result = require_tensor(run_answer(function, frame.clone()))
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
    require(
        not torch.equal(result[:, [0, 1, 2]].flatten(), frame.flatten())
        and not torch.equal(result.flatten(), frame.flip(2).flatten()),
        "The shape is right, but the numbers were only counted off again: reshape does not move "
        "them. Which method exchanges axes?",
    )
    require(torch.equal(result, truth), "The shape is right, the pixels are not where they belong.")


def check_6(answer: object) -> None:
    """Check answers with a threshold on the probability."""
    function = require_function(answer)
    logits = torch.tensor([[4.0, 0.0, 0.0], [1.0, 0.9, 0.8], [0.0, 3.0, 0.0], [-5.0, -5.0, -4.5]])
    result = require_tensor(run_answer(function, logits.clone(), 0.6), shape=(4,))
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
            torch.equal(run_answer(function, logits, threshold), expected),
            f"Right for four rows, wrong for 200 with a threshold of {threshold}. Along which axis "
            "is the softmax?",
        )


def check_7(answer: object) -> None:
    """Check that a convolution and a batch normalisation are folded into one."""
    function = require_function(answer)
    for options in ({"padding": 1}, {"stride": 2, "groups": 4}):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            conv, norm = nn.Conv2d(4, 8, 3, bias=False, **options), nn.BatchNorm2d(8, eps=0.05)
        with torch.no_grad():
            norm.weight.copy_(1 + 0.5 * _draw(3, 8))
            norm.bias.copy_(_draw(4, 8))
            norm.running_mean.copy_(_draw(5, 8))
            norm.running_var.copy_(0.1 + _draw(6, 8).abs())
        before = copy.deepcopy((conv.state_dict(), norm.state_dict()))
        given = conv, norm.eval()
        folded = require_type(run_answer(function, *given), nn.Conv2d)
        for was, module in zip(before, given, strict=True):
            require(
                all(torch.equal(was[k], v) for k, v in module.state_dict().items()),
                "The convolution or the batch normalisation has changed. Make a new one.",
            )
        x = _draw(7, 2, 4, 9, 9)
        with torch.no_grad():
            expected = norm(conv(x))
            try:
                result = folded(x)
            except RuntimeError as error:
                raise WrongAnswerError(
                    f"The new convolution can't be called on [2, 4, 9, 9]: {error}"
                ) from error
        require(
            result.shape == expected.shape,
            f"The output should have shape {list(expected.shape)}, but has {list(result.shape)}. "
            "Has the new convolution the stride, padding and groups of the old one?",
        )
        spread = norm.running_var.sqrt()
        without_eps = (conv(x) - norm.running_mean[:, None, None]) / spread[:, None, None]
        without_eps = without_eps * norm.weight[:, None, None] + norm.bias[:, None, None]
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


class _Session:
    """Stands in for ONNX Runtime: keeps what it is asked, and answers what it was given."""

    def __init__(self, logits: list[float]) -> None:
        self.logits, self.asked = logits, None

    def run(self, names: object, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.asked = feed["inputs"]
        return [np.array([self.logits], dtype=np.float32)]


def check_8(answer: object) -> None:
    """Check the heart of an app that does without PyTorch."""
    function = require_function(answer)
    classes = ("animal", "mineral", "vegetable")
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    image = Image.fromarray(pixels)
    session = _Session([2.0, 1.0, -1.0])
    result = require_type(run_answer(function, session, classes, image), dict)
    asked = session.asked
    require(asked is not None, "The session was never asked.")
    require(
        isinstance(asked, np.ndarray) and asked.dtype == np.uint8,
        "The session wants a NumPy array of uint8, but got "
        f"{getattr(asked, 'dtype', type(asked).__name__)}.",
    )
    require(
        asked.shape == (1, 3, 5, 7),
        f"A picture of 5 rows and 7 columns should become [1, 3, 5, 7], not {list(asked.shape)}.",
    )
    require(
        np.array_equal(asked[0].transpose(1, 2, 0), pixels),
        "The shape is right, the pixels are not where they belong: reshape does not exchange axes.",
    )
    require(
        tuple(result) == classes,
        f"The keys should be the names of the classes, but are {list(result)}.",
    )
    require(
        all(type(p) is float for p in result.values()),
        "The values should be Python's floats: an app sends them as JSON, which knows no NumPy. "
        ".tolist() or float() makes them.",
    )
    powers = np.exp([2.0, 1.0, -1.0])
    expected = dict(zip(classes, (powers / powers.sum()).tolist(), strict=True))
    require(
        abs(sum(result.values()) - 1) < 1e-4,
        f"Probabilities sum to 1, but these sum to {sum(result.values()):.3g}.",
    )
    require(
        all(abs(result[k] - expected[k]) < 1e-4 for k in classes),
        "They sum to 1, but they are not the softmax of the logits.",
    )
    with np.errstate(all="ignore"):
        large = run_answer(function, _Session([1000.0, 999.0, 0.0]), classes, image)
    require(
        abs(large["animal"] - 0.7311) < 1e-3,
        "With logits of 1,000 and 999 it breaks: exp(1000) is too large for any float. A softmax "
        "does not change if the same number is subtracted from all logits.",
    )
    grey = io.BytesIO()
    Image.new("L", (6, 4), 7).save(grey, "png")
    run_answer(function, session, classes, Image.open(grey))
    require(
        session.asked.shape == (1, 3, 4, 6),
        f"A grey picture came to the session as {list(session.asked.shape)}. Which method of PIL "
        "makes three channels of any mode?",
    )


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
