"""Checks for the exercises of chapter 06, transfer learning."""

import math
import tempfile
from pathlib import Path

import torch
from PIL import Image
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


class _Small(nn.Module):
    """A backbone with batch normalisation and a head, small enough to count by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5))
        self.head = nn.Linear(5, 3)  # 18 numbers

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, 4] to logits [B, 3]."""
        return self.head(self.backbone(x))


def check_1(answer: object) -> None:
    """Check the number of parameters of a linear head."""
    require_given(answer)
    number = require_type(answer, int)
    require(number != 7 * 1280, "Close: each class also has a number that belongs to no feature.")
    require(number != 1280 + 7, "Each class has a weight of its own for each feature.")
    require(number != 7 * 1280 + 1280, "There is one bias for each class, not for each feature.")
    require(number == 7 * 1280 + 7, f"It is not {number:,}. Weights are [7, 1280]; what else?")


def check_2(answer: object) -> None:
    """Check the scaling of bytes to -1 to 1."""
    function = require_function(answer)
    images = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16).repeat(2, 3, 1, 1)
    given = images.clone()
    result = require_tensor(run_answer(function, given), shape=(2, 3, 16, 16), dtype=torch.float32)
    require(torch.equal(given, images), "The images that came in were changed.")
    require(result.min().item() < 0, "0 should become -1, but nothing in the result is below 0.")
    require(
        result.max().item() <= 1.0001,
        f"255 should become 1, but the largest number is {result.max().item():.4g}.",
    )
    require(
        torch.allclose(result, images.float() / 127.5 - 1, atol=1e-5),
        "The ends should be -1 for 0 and 1 for 255, and the steps between them all alike.",
    )


def check_3(answer: object) -> None:
    """Check that all but the head is frozen."""
    function = require_function(answer)
    model = _Small()
    model.head.requires_grad_(False)
    number = run_answer(function, model)
    require(
        not any(p.requires_grad for p in model.backbone.parameters()),
        "Some parameters of the backbone can still be changed.",
    )
    require(
        all(p.requires_grad for p in model.head.parameters()),
        "The head is frozen. It may have come so: see to it that it can be trained.",
    )
    number = require_type(number, int, "Return the number of trainable numbers.")
    require(number != 2, "Those are the tensors. Count the numbers in them.")
    require(number == 18, f"18 numbers can still be changed, but the function says {number}.")


def check_4(answer: object) -> None:
    """Check an optimiser with a rate for the backbone and one for the head."""
    function = require_function(answer)
    model = _Small()
    optimizer = run_answer(function, model, 0.02)
    require(
        isinstance(optimizer, torch.optim.AdamW),
        f"The function should return an AdamW optimiser, not a {type(optimizer).__name__}.",
    )
    rates = {id(p): g["lr"] for g in optimizer.param_groups for p in g["params"]}
    require(
        all(id(p) in rates for p in model.parameters()),
        "Some parameters are in no group: the optimiser will never move them.",
    )
    backbone = {rates[id(p)] for p in model.backbone.parameters()}
    head = {rates[id(p)] for p in model.head.parameters()}
    require(backbone != head, "Backbone and head have the same rate: each needs a group.")
    require(
        not (0.02 in backbone and min(head) < 0.02),
        "The other way round: the careful, small steps are for what is pretrained.",
    )
    require(
        all(abs(rate - 0.02) < 1e-9 for rate in head)
        and all(abs(rate - 0.002) < 1e-9 for rate in backbone),
        "For a rate of 0.02 the head should have 0.02 and the backbone 0.002, but they have "
        f"{sorted(head)} and {sorted(backbone)}.",
    )


def check_5(answer: object) -> None:
    """Check the choice of the first k examples of each class."""
    function = require_function(answer)
    targets = torch.tensor([2, 0, 0, 2, 1, 0, 2, 0])
    for k, expected in ((1, [0, 1, 4]), (2, [0, 1, 2, 3, 4]), (9, list(range(8)))):
        result = require_tensor(run_answer(function, targets.clone(), k), dtype=torch.int64)
        require(result.ndim == 1, f"The result should have one axis, not {list(result.shape)}.")
        found = result.tolist()
        require(
            found != list(range(min(k, 8))) or found == expected,
            f"Those are the first {k} of all. The first {k} of each class are asked for.",
        )
        require(
            found == expected or sorted(found) != expected,
            "The right examples, in another order: put the indices in rising order.",
        )
        require(
            found == expected,
            f"For the labels {targets.tolist()} and k = {k} it should not be {found}. How many "
            "of each class are in it?",
        )


def check_6(answer: object) -> None:
    """Check the classifier by the nearest mean."""
    function = require_function(answer)
    # Class 0 is wide and class 1 narrow: for the fourth photo the nearest example is of class 0,
    # the nearest mean that of class 1. Of class 2 there is one example, and it lies far out.
    features = torch.tensor([[0.0, 0], [1, 0], [8, 0], [9.5, 0], [10.5, 0], [0, 90]])
    targets = torch.tensor([0, 0, 0, 1, 1, 2])
    unknown = torch.tensor([[2.5, 0], [9.9, 0], [1, 70], [7.5, 0]])
    given = features.clone(), targets.clone(), unknown.clone()
    result = require_tensor(run_answer(function, *given), shape=(4,), dtype=torch.int64)
    found = result.tolist()
    require(found != [2, 2, 1, 2], "Those means lie farthest away: nearest are asked for.")
    require(found != [0, 1, 2, 0], "Those are the labels of single examples that lie nearest.")
    require(
        found == [0, 1, 2, 1],
        f"It should not be {found}. Print the means first: one row for each class.",
    )
    order = torch.tensor([5, 3, 0, 4, 2, 1])
    again = run_answer(function, features[order], targets[order], unknown)
    require(
        again.tolist() == found,
        "In another order, the same examples give other answers: go by the labels.",
    )


def _ask_colour(images: Tensor) -> Tensor:
    """Answer as the chapter's `ask` does, by the colour: the share of red, green and blue."""
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1:] != (3, 224, 224):
        raise ValueError(
            "ask wants uint8 [B, 3, 224, 224], but got "
            f"{images.dtype} {list(images.shape)}".replace("torch.", "")
        )
    colour = images.float().mean(dim=(2, 3)) + 1
    return colour / colour.sum(dim=1, keepdim=True)


def check_7(answer: object) -> None:
    """Check the project: a folder of photos, sorted."""
    function = require_function(answer)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Image.new("RGB", (300, 240), (0, 0, 255)).save(folder / "sky.png")
        Image.new("RGB", (230, 400), (255, 0, 0)).save(folder / "barn.png")
        Image.new("L", (224, 224), 90).save(folder / "fog.jpg")
        (folder / "notes.txt").write_text("Not a photo.", encoding="utf-8")
        result = run_answer(function, folder, _ask_colour, ("red", "green", "blue"))
    found = require_type(result, dict)
    names = [str(key) for key in found]
    require(
        not any(len(Path(key).parts) > 1 for key in names),
        "The whole path is the key. The file's name alone is asked for.",
    )
    require("notes.txt" not in names, "There is a text file among the photos, and in the result.")
    require(
        sorted(names) == ["barn.png", "fog.jpg", "sky.png"],
        f"The folder has barn.png, fog.jpg and sky.png, but the result has {', '.join(names)}.",
    )
    require(names == sorted(names), "The right files, but not in the order of the alphabet.")
    for key, label in (("barn.png", "red"), ("sky.png", "blue")):
        pair = found[key]
        require(
            isinstance(pair, tuple | list) and len(pair) == 2,
            f"With each name belongs a pair, but {key} has {pair!r}.",
        )
        require(isinstance(pair[0], str), "First in the pair is the class: its name, as a text.")
        require(
            isinstance(pair[1], float),
            f"The probability should be a Python float, but is a {type(pair[1]).__name__}.",
        )
        require(pair[0] == label, f"{key} is {label} all over, but the answer is {pair[0]}.")
        require(
            math.isclose(pair[1], 256 / 258, abs_tol=1e-3),
            f"The probability of {label} for {key} is not {pair[1]:.4g}: take that of the class "
            "that you name, as ask gave it.",
        )


CHECKS: dict[str, Check] = {
    "06-1": check_1,
    "06-2": check_2,
    "06-3": check_3,
    "06-4": check_4,
    "06-5": check_5,
    "06-6": check_6,
    "06-7": check_7,
}
