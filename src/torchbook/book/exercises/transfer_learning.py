"""Checks for the exercises of chapter 06, transfer learning."""

import math
import numbers
import tempfile
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    Function,
    require,
    require_function,
    require_given,
    require_tensor,
    require_type,
    run_answer,
)
from torchbook.data import (
    Examples,
    load_animal_vegetable_mineral,
    load_natural_photos,
    split_by_class,
)
from torchbook.models import lite0

TO_BEAT = 87  # %, in exercise 8


def _whole(number: object) -> object:
    """Return a whole number of NumPy or PyTorch as Python's; anything else as it is."""
    if isinstance(number, Tensor) and number.numel() == 1 and not number.is_floating_point():
        return int(number.item())
    if isinstance(number, numbers.Integral) and not isinstance(number, bool):
        return int(number)
    return number


class _Small(nn.Module):
    """A backbone with batch normalisation and a head, small enough to count by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5))
        self.head = nn.Linear(5, 3)  # 18 numbers

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, 4] to logits [B, 3]."""
        return self.head(self.backbone(x))


class _Overhead(nn.Module):
    """A model whose backbone has layers with "head" in their names, and a head of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.overhead = nn.Linear(4, 6)
        self.conv_head = nn.Linear(6, 5)
        self.head = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))  # 34 numbers

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, 4] to logits [B, 2]."""
        return self.head(self.conv_head(self.overhead(x)))


def check_1(answer: object) -> None:
    """Check the number of parameters of a linear head."""
    require_given(answer)
    number = require_type(_whole(answer), int)
    require(number != 7 * 1280, "Close: each class also has a number that belongs to no feature.")
    require(number != 1280 + 7, "Each class has a weight of its own for each feature.")
    require(number != 7 * 1280 + 1280, "There is one bias for each class, not for each feature.")
    require(number != 7 * 1280 + 1, "Each class has a bias of its own.")
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
        abs(result.max().item() - 1) < 1e-4,
        f"255 should become 1, but the largest number is {result.max().item():.4g}.",
    )
    require(
        torch.allclose(result, images.float() / 127.5 - 1, atol=1e-5),
        "The ends should be -1 for 0 and 1 for 255, and the steps between them all alike.",
    )
    grey = (60 + torch.arange(3 * 3 * 4 * 5) % 90).to(torch.uint8).reshape(3, 3, 4, 5)
    result = require_tensor(
        run_answer(function, grey.clone()), shape=(3, 3, 4, 5), dtype=torch.float32
    )
    require(
        torch.allclose(result, grey.float() / 127.5 - 1, atol=1e-5),
        "Images without black and white come out wrong: 100 should become the same number in every "
        "image, whatever else is in it.",
    )


def check_3(answer: object) -> None:
    """Check that all but the head is frozen."""
    function = require_function(answer)
    for model, expected in ((_Small(), 18), (_Overhead(), 34)):
        model.head.requires_grad_(False)
        result = run_answer(function, model)
        of_head = {id(p) for p in model.head.parameters()}
        for name, parameter in model.named_parameters():
            if id(parameter) in of_head:
                require(
                    parameter.requires_grad,
                    "The head is frozen. It may have come so: see to it that it can be trained.",
                )
            else:
                require(
                    not parameter.requires_grad,
                    f"Some parameters of the backbone can still be changed: {name}, for one.",
                )
        number = require_type(_whole(result), int, "Return the number of trainable numbers.")
        n_tensors = len(of_head)
        require(number != n_tensors, "Those are the tensors. Count the numbers in them.")
        require(
            number == expected,
            f"{expected} numbers can still be changed, but the function says {number}.",
        )


class _Long(_Small):
    """The same with a longer head, whose backbone isn't the first thing in it."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.head = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
        self.backbone = nn.ModuleList([nn.Linear(4, 5), nn.BatchNorm1d(5)])


def check_4(answer: object) -> None:
    """Check an optimiser with a rate for the backbone and one for the head."""
    function = require_function(answer)
    for model, rate in ((_Small(), 0.02), (_Long(), 0.0003)):
        optimizer = run_answer(function, model, rate)
        require(
            isinstance(optimizer, torch.optim.AdamW),
            f"The function should return an AdamW optimiser, not a {type(optimizer).__name__}.",
        )
        rates = {id(p): float(g["lr"]) for g in optimizer.param_groups for p in g["params"]}
        require(
            all(id(p) in rates for p in model.parameters()),
            "Some parameters are in no group: the optimiser will never move them.",
        )
        backbone = sorted({rates[id(p)] for p in model.backbone.parameters()})
        head = sorted({rates[id(p)] for p in model.head.parameters()})
        require(backbone != head, "Backbone and head have the same rate: each needs a group.")
        require(
            not (math.isclose(backbone[0], rate) and head[0] < rate),
            "The other way round: the careful, small steps are for what is pretrained.",
        )
        require(
            all(math.isclose(r, rate, rel_tol=1e-6) for r in head)
            and all(math.isclose(r, rate / 10, rel_tol=1e-6) for r in backbone),
            f"For a rate of {rate} the head should have {rate} and the backbone {rate / 10:.5g}, "
            f"but they have {head} and {backbone}.",
        )


def _first_of_each(targets: list[int], k: int) -> list[int]:
    return [i for i, label in enumerate(targets) if targets[:i].count(label) < k]


def check_5(answer: object) -> None:
    """Check the choice of the first k examples of each class."""
    function = require_function(answer)
    lists = ([2, 0, 0, 2, 1, 0, 2, 0], [6, 1, 4, 4, 6, 1, 1, 4, 1, 6, 9])
    for labels in lists:
        targets = torch.tensor(labels)
        for k in (1, 2, 3, 20):
            expected = _first_of_each(labels, k)
            given = targets.clone()
            result = require_tensor(run_answer(function, given, k), dtype=torch.int64)
            require(torch.equal(given, targets), "The labels that came in were changed.")
            require(result.ndim == 1, f"The result should have one axis, not {list(result.shape)}.")
            found = result.tolist()
            require(
                found != list(range(min(k, len(labels)))) or found == expected,
                f"Those are the first {k} of all. The first {k} of each class are asked for.",
            )
            require(
                found == expected or sorted(found) != expected,
                "The right examples, in another order: put the indices in rising order.",
            )
            missing = sorted(set(labels) - {labels[i] for i in found if 0 <= i < len(labels)})
            require(
                not missing or not found,
                f"For the labels {labels} nothing of class {missing[:1]} is chosen. The classes "
                "need not be 0, 1 and 2: go by those that occur.",
            )
            require(
                found == expected,
                f"For the labels {labels} and k = {k} it should not be {found}. How many of each "
                "class are in it?",
            )


def check_6(answer: object) -> None:
    """Check the classifier by the nearest mean."""
    function = require_function(answer)
    # Class 0 is wide and class 1 narrow: for the fourth photo the nearest example is of class 0,
    # the nearest mean that of class 1; for the fifth, medians say 1 and means 0. Of class 2 there
    # is one example, and it lies far out.
    features = torch.tensor([[0.0, 0], [1, 0], [8, 0], [9.5, 0], [10.5, 0], [0, 90]])
    targets = torch.tensor([0, 0, 0, 1, 1, 2])
    unknown = torch.tensor([[2.5, 0], [9.9, 0], [1, 70], [7.5, 0], [6, 0]])
    given = features.clone(), targets.clone(), unknown.clone()
    result = require_tensor(run_answer(function, *given), shape=(5,), dtype=torch.int64)
    found = result.tolist()
    require(found != [2, 2, 1, 2, 2], "Those means lie farthest away: nearest are asked for.")
    require(found != [0, 1, 2, 0, 0], "Those are the labels of single examples that lie nearest.")
    require(found != [0, 1, 2, 1, 1], "Those are the nearest medians. Take the mean of each class.")
    require(
        found == [0, 1, 2, 1, 0],
        f"It should not be {found}. Print the means first: one row for each class.",
    )
    order = torch.tensor([5, 3, 0, 4, 2, 1])
    again = run_answer(function, features[order], targets[order], unknown)
    require(
        again.tolist() == found,
        "In another order, the same examples give other answers: go by the labels.",
    )
    generator = torch.Generator().manual_seed(0)
    targets = torch.tensor([4, 2, 0, 3, 1, 4, 0, 2, 3, 1, 1, 4, 0])
    features = torch.randn(13, 7, generator=generator) + 3  # every mean has another length
    features = features * (1 + targets[:, None])
    unknown = 20 * torch.rand(40, 7, generator=generator)
    means = torch.stack([features[targets == label].mean(dim=0) for label in range(5)])
    expected = (unknown[:, None] - means).norm(dim=2).argmin(dim=1)
    result = require_tensor(
        run_answer(function, features, targets, unknown), shape=(40,), dtype=torch.int64
    )
    require(
        not bool((result < 3).all()) or bool((expected < 3).all()),
        "With five classes, it only ever answers 0, 1 or 2.",
    )
    require(
        torch.equal(result.cpu(), expected),
        "On five classes in seven dimensions, some answers differ from the nearest mean's. Is it "
        "the mean of all examples of a class, and the plain distance to it?",
    )


def _ask_colour(photo: Tensor) -> Tensor:
    """Answer as the chapter's `ask` does, by the colour: the share of red, green and blue."""
    if photo.dtype != torch.uint8 or photo.ndim != 3 or photo.shape[0] != 3:
        raise ValueError(
            f"ask wants uint8 [3, H, W], but got {photo.dtype} {list(photo.shape)}".replace(
                "torch.", ""
            )
        )
    colour = photo.float().mean(dim=(1, 2)) + 1
    return colour / colour.sum()


def check_7(answer: object) -> None:
    """Check the project: a folder of photos, sorted."""
    function = require_function(answer)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Image.new("RGB", (300, 240), (0, 0, 255)).save(folder / "sky.PNG")
        Image.new("RGBA", (230, 400), (255, 0, 0, 255)).save(folder / "barn.png")
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
        sorted(names) == ["barn.png", "fog.jpg", "sky.PNG"],
        f"The folder has barn.png, fog.jpg and sky.PNG, but the result has {', '.join(names)}.",
    )
    require(names == sorted(names), "The right files, but not in alphabetical order.")
    for key, label in (("barn.png", "red"), ("sky.PNG", "blue")):
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


@cache
def _backbone() -> nn.Module:
    model = lite0()
    model.classifier = nn.Identity()
    return model.to(memory_format=torch.channels_last)


def _features(photos: Tensor) -> Tensor:
    """Return the features of uint8 photos [N, 3, 128, 128], [N, 1280]."""
    with torch.no_grad():
        return torch.cat([_backbone()(part.float() / 127.5 - 1) for part in photos.split(30)])


@cache
def _cut_outs() -> Examples:
    """Return 120 photos on paper to train with."""
    splits = load_animal_vegetable_mineral(128)
    inputs = torch.cat([splits.train.inputs, splits.valid.inputs])
    targets = torch.cat([splits.train.targets, splits.valid.targets])
    return split_by_class(Examples(inputs, targets), (120, 90), seed=100)[0]


@cache
def _exam() -> tuple[Tensor, Tensor, Tensor]:
    """Return the features of the photos on paper and of the natural photos, and their labels."""
    natural = load_natural_photos(128)
    return _features(_cut_outs().inputs), _features(natural.inputs), natural.targets


def _right_on_natural(features: Tensor, targets: Tensor) -> float:
    """Train the chapter's head three times; return the mean accuracy on natural photos, in %."""
    _, asked, truth = _exam()
    right = []
    for seed in range(3):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = nn.Linear(1280, 3)
        optimizer = torch.optim.AdamW(head.parameters(), lr=0.003)
        for _ in range(100):
            optimizer.zero_grad()
            F.cross_entropy(head(features), targets).backward()
            optimizer.step()
        right.append(100 * (head(asked).argmax(dim=1) == truth).float().mean().item())
    return sum(right) / len(right)


def check_8(answer: object) -> None:
    """Train on the photos and on the reader's changed copies, and ask about natural photos."""
    function: Function = require_function(answer)
    train = _cut_outs()
    given = train.inputs.clone()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        changed = run_answer(function, given)
    require(torch.equal(given, train.inputs), "The photos that came in were changed.")
    changed = require_tensor(changed, shape=(120, 3, 128, 128), dtype=torch.uint8).cpu()
    require(not torch.equal(changed, train.inputs), "The copies are the photos, as they were.")
    paper, _, _ = _exam()
    features = torch.cat([paper, _features(changed)])
    percent = _right_on_natural(features, train.targets.repeat(2))
    print(f"On natural photos: {percent:.1f} % right.")
    require(
        percent > TO_BEAT,
        f"{percent:.1f} % right on natural photos; it should be more than {TO_BEAT}. Look at "
        "some of your copies: is the thing still there, and is the paper gone?",
    )


CHECKS: dict[str, Check] = {
    "06-1": check_1,
    "06-2": check_2,
    "06-3": check_3,
    "06-4": check_4,
    "06-5": check_5,
    "06-6": check_6,
    "06-7": check_7,
    "06-8": check_8,
}
