"""Checks for the exercises of chapter 04, custom data sets."""

import random
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from torchbook.book.exercises.answers import (
    Check,
    Function,
    WrongAnswerError,
    as_whole,
    require,
    require_function,
    require_tensor,
    require_two_whole_numbers,
    require_type,
    run_answer,
)
from torchbook.data import Examples, load_animal_vegetable_mineral, split_by_class

BROWN = torch.tensor([150, 105, 70]).reshape(3, 1, 1)  # the lamp of exercise 8
TO_BEAT = 50  # % right under it


def _bytes(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def check_1(answer: object) -> None:
    """Check the number of batches and the length of the last."""
    batches, last = require_two_whole_numbers(answer, example=(3, 10))
    require(
        batches != 6,
        "A remainder makes a batch too: nobody is left out, unless you say drop_last=True.",
    )
    require(last != 32, "210 isn't a multiple of 32, so the last batch is shorter than the others.")
    require(
        (batches - 1) * 32 + last == 210,
        f"{batches} batches, the last with {last}, make {(batches - 1) * 32 + last} photos in all. "
        "There are 210.",
    )
    require(
        (batches, last) == (7, 18), "No batch is longer than 32, and only the last may be shorter."
    )


def check_2(answer: object) -> None:
    """Check the number of photos in each class folder."""
    function = require_function(answer)
    expected = {"axolotl": 1, "bee": 7, "cat": 12, "dog": 3, "emu": 2, "fox": 5, "yak": 0}
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for name in ("dog", "yak", "cat", "axolotl", "fox", "bee", "emu"):
            (root / name).mkdir()
            for i in range(expected[name]):
                (root / name / f"{i}.jpg").touch()
        (root / "README.txt").touch()
        (root / "loose.jpg").touch()
        (root / "cat" / "Thumbs.db").touch()
        (root / "dog" / "jpg.txt").touch()
        counts = dict(require_type(run_answer(function, root), dict))
    counts = {name: as_whole(n) for name, n in counts.items()}
    require(
        not counts.keys() & {"README.txt", "loose.jpg"},
        "README.txt and loose.jpg are files, not classes: only folders count.",
    )
    require(
        counts.keys() - {"yak"} == expected.keys() - {"yak"},
        "The keys should be the names of the folders, as text: 'axolotl', 'bee', 'cat' and so on, "
        f"but they are {', '.join(map(repr, counts))}.",
    )
    require("yak" in counts, "The folder yak is empty. It is a class all the same, with 0 photos.")
    require(
        counts["cat"] != 13,
        "In the folder cat there is a file Thumbs.db, not a photo. Count what ends in .jpg.",
    )
    require(
        counts["dog"] != 4,
        "In the folder dog there is a file jpg.txt, not a photo. Count what *ends* in .jpg.",
    )
    for name, n in expected.items():
        require(counts[name] == n, f"{name} should have {n}, but has {counts[name]}.")
    require(
        list(counts) == list(expected),
        "The numbers are right. Put the classes in alphabetical order, as ImageFolder does: the "
        "order on a disk differs from one machine to another.",
    )


def check_3(answer: object) -> None:
    """Check a data set whose labels are in a table."""
    require(
        answer is not None and answer is not ..., "There is no answer yet: write the class first."
    )
    require(
        isinstance(answer, type),
        "The answer should be the class itself, without brackets after it.",
    )
    require(issubclass(answer, Dataset), "The class should inherit from torch.utils.data.Dataset.")
    table = [
        ("7.png", "otter"),
        ("b.png", "bee"),
        ("a.png", "otter"),
        ("c.png", "crab"),
        ("0.png", "bee"),
    ]
    labels = [2, 0, 2, 1, 0]
    colours = [(200, 10, 20), (90, 90, 90), (10, 200, 20), (10, 20, 200), (250, 250, 0)]
    calls = []

    def transform(photo: object) -> Tensor:
        calls.append(photo)
        return torch.tensor([len(calls)])

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for i, (name, _) in enumerate(table):
            photo = Image.new("RGB", (4 + i, 3), colours[i])
            if i == 1:
                photo = photo.convert("L")
            if i == 3:
                photo.putalpha(128)
            photo.save(folder / name)
        Image.new("RGB", (9, 9)).save(folder / "unlabelled.png")
        photos = run_answer(answer, folder, list(table), transform)
        require(
            not calls,
            "The transform ran while the data set was being made. Keep it for later: an "
            "augmentation has to throw its dice again each time a picture is asked for.",
        )
        n = run_answer(lambda: len(photos))
        require(n != 6, "There are 6 files, but the table has 5 rows, and the table counts.")
        require(n == 5, f"The table has 5 rows, so len() of the data set should be 5, not {n}.")
        classes = list(getattr(photos, "classes", ()))
        require(
            classes == ["bee", "crab", "otter"],
            "The attribute `classes` should be ['bee', 'crab', 'otter'], each name once and in "
            f"alphabetical order, but it is {classes}.",
        )
        for index in (3, 0, 4, 1, 2):
            _check_example(photos, index, labels[index], (4 + index, 3), colours[index], calls)
        n_calls = len(calls)
        run_answer(lambda: photos[3])
        require(
            len(calls) > n_calls,
            "Asked twice for the same picture, it returned the first result again. Don't keep it: "
            "the transform may throw dice.",
        )
        _check_end(photos, 5)


def _check_example(
    photos: Any, index: int, label: int, size: tuple[int, int], colour: tuple, calls: list
) -> None:
    n_calls = len(calls)
    example = run_answer(lambda: photos[index])
    require(
        isinstance(example, tuple | list) and len(example) == 2,
        f"photos[{index}] should return two things: a picture and its label.",
    )
    require(len(calls) > n_calls, "The transform is never called.")
    require(len(calls) == n_calls + 1, "Call the transform once for each picture, not more often.")
    photo = calls[-1]
    require(
        isinstance(photo, Image.Image),
        f"The transform should get a picture of PIL, but got a {type(photo).__name__}.",
    )
    require(
        photo.mode == "RGB",
        f"The transform should get an RGB picture, but got one of mode {photo.mode}: some files "
        "are grey or transparent.",
    )
    require(
        photo.size == size and photo.getpixel((0, 0)) == colour,
        f"photos[{index}] should be the file in row {index} of the table, but it's another.",
    )
    picture, got = example
    got = as_whole(got)
    require(
        isinstance(got, int) and not isinstance(got, bool),
        f"The label should be a number, the class's place in `classes`, but is {got!r}.",
    )
    require(got == label, f"The label of row {index} should be {label}, but it is {got}.")
    require(
        isinstance(picture, Tensor) and picture.tolist() == [len(calls)],
        f"The first thing that photos[{index}] returns should be what the transform returned.",
    )


def _check_end(photos: Any, n: int) -> None:
    """Check that asking for an example too many raises an IndexError, which ends a loop."""
    try:
        photos[n]
    except IndexError:
        return
    except Exception as error:
        raise WrongAnswerError(
            f"photos[{n}] should raise an IndexError, but raises {type(error).__name__}."
        ) from error
    raise WrongAnswerError(f"There is no picture {n}: photos[{n}] should raise an IndexError.")


def check_4(answer: object) -> None:
    """Check a random lamp for each picture of a batch."""
    function = require_function(answer)
    pictures = _bytes(1, 32, 3, 5, 7).float() / 300 + 0.1
    given = pictures.clone()
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        torch.manual_seed(7)
        result = run_answer(function, given)
        torch.manual_seed(7)
        again = run_answer(function, pictures.clone())
        later = run_answer(function, pictures.clone())
        square = run_answer(function, pictures[:3, :, :3, :3].clone())
    finally:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
    require_tensor(result, shape=(32, 3, 5, 7))
    require(result.is_floating_point(), f"The result should be floats, but is {result.dtype}.")
    require(torch.equal(given, pictures), "The pictures that came in were changed.")
    factors = _factors(result, pictures)
    require(not bool((factors == 1).all()), "All lamps are white: nothing has changed.")
    low, high = factors.min().item(), factors.max().item()
    require(
        low > 0.4999 and high < 1.0001,
        f"The factors should be between 0.5 and 1, but they go from {low:.2f} to {high:.2f}.",
    )
    require(
        bool((factors[:, 0] - factors[:, 1]).abs().max() > 1e-4)
        and bool((factors[:, 1] - factors[:, 2]).abs().max() > 1e-4),
        "The lamps have no colour: draw factors for red, green and blue separately.",
    )
    require(
        bool((factors - factors[:1]).abs().max() > 1e-4),
        "All pictures stand under the same lamp. Draw three factors for each picture.",
    )
    require(
        low < 0.6 and high > 0.9,
        "The factors should come from the whole range from 0.5 to 1, but in 32 pictures they only "
        f"go from {low:.2f} to {high:.2f}.",
    )
    require(
        not torch.equal(result, later),
        "Called twice, it chose the same lamps. Each call should choose new ones: don't set a seed "
        "in the function.",
    )
    require(
        torch.equal(result, again),
        "After the same torch.manual_seed it chose other lamps: these aren't PyTorch's global "
        "random numbers, so nobody could repeat a training.",
    )
    require_tensor(square, shape=(3, 3, 3, 3))
    _factors(square, pictures[:3, :, :3, :3])


def _factors(result: Tensor, pictures: Tensor) -> Tensor:
    """Return the factor of each picture and channel, [B, 3]; it must be one for all pixels."""
    factors = result.detach().cpu().double() / pictures.double()  # [B, 3, H, W]
    middle = factors.mean(dim=(2, 3), keepdim=True)
    require(
        bool((factors - middle).abs().max() < 1e-4),
        "Within a picture, all its pixels stand under the same lamp: one factor for the red of all "
        "pixels, one for the green, one for the blue. Which shape must the factors have, to be "
        "broadcast?",
    )
    return middle[:, :, 0, 0].float()


def check_5(answer: object) -> None:
    """Check a collate function that pads with white."""
    function = require_function(answer)
    _check_batch(function, ((4, 6), (5, 2), (3, 3), (2, 5)), [3, 0, 7, 3])
    _check_batch(function, ((2, 9),), [4])
    _check_batch(function, ((3, 2), (3, 4)), [1, 0])


def _check_batch(function: Function, sizes: tuple, labels: list[int]) -> None:
    examples = [(_bytes(i, 3, *size), labels[i]) for i, size in enumerate(sizes)]
    result = run_answer(function, [(picture.clone(), label) for picture, label in examples])
    require(
        isinstance(result, tuple | list) and len(result) == 2,
        "The function should return two things: a batch of pictures and their labels.",
    )
    pictures, got = result
    require(isinstance(pictures, Tensor), "The pictures should be one tensor.")
    shape = [len(sizes), 3, max(height for height, _ in sizes), max(width for _, width in sizes)]
    require(
        list(pictures.shape) == shape,
        f"For pictures of {', '.join(f'{h} x {w}' for h, w in sizes)} pixels the batch should have "
        f"the shape {shape}, but has {list(pictures.shape)}.",
    )
    require(
        pictures.dtype == torch.uint8,
        f"The pictures came as uint8 and should stay so, but are {pictures.dtype}.",
    )
    for i, (picture, _) in enumerate(examples):
        _, height, width = picture.shape
        require(
            torch.equal(pictures[i, :, :height, :width], picture),
            f"Picture {i} should be in the top left corner of its sheet, unchanged.",
        )
        beside = torch.cat([pictures[i, :, height:].flatten(), pictures[i, :, :, width:].flatten()])
        require(
            bool((beside == 255).all()),
            "What a picture leaves free should be white, and white is 255.",
        )
    got = require_tensor(got, shape=(len(sizes),), dtype=torch.int64)
    require(got.tolist() == labels, f"The labels are {labels}, not {got.tolist()}.")


def _best_epoch(losses: list[float], patience: int) -> int:
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best == patience:
            break
    return best


def check_6(answer: object) -> None:
    """Check early stopping with patience."""
    function = require_function(answer)
    losses = [1.1, 0.9, 0.8, 0.85, 0.79, 0.9, 0.95, 1.0, 0.7]
    result = as_whole(run_answer(function, list(losses), 3))
    require(
        isinstance(result, int) and not isinstance(result, bool),
        f"The function should return the number of an epoch, an int, but returned {result!r}.",
    )
    require(result != 4, "Epochs count from 1, indices from 0.")
    require(
        result != 8,
        "8 is where training stops. The epoch whose weights are kept is asked for.",
    )
    require(
        result != 9,
        "Epoch 9 has the lowest loss of all, but nobody would have seen it: after epoch 5 there "
        "are three epochs in a row without a new lowest, and training stops.",
    )
    require(result == 5, f"For {losses} and patience 3 it should be 5, but it is {result}.")
    cases = [
        ([3.0, 2.0, 1.0], 2, "Where the loss falls to the end, the last epoch is the best."),
        ([1.0, 2.0, 0.5], 1, "With patience 1 the first epoch without a new lowest is the end."),
        ([1.0, 1.0, 1.0, 0.5], 2, "A loss that only equals the lowest isn't a new lowest."),
        ([1.0, 0.9, 1.0, 0.8, 1.0, 0.7], 2, "A new lowest gives the whole patience back."),
        ([0.4], 5, "One epoch is enough to have a best one."),
        ([700.0, 900.0, 650.0], 2, "A loss may be as large as it likes."),
        ([2.0, -1.0, -3.0, -2.0], 2, "A loss may be below 0."),
    ]
    dice = random.Random(0)
    for _ in range(300):
        case = [dice.randint(3, 9) / 10 for _ in range(dice.randint(1, 12))]
        cases.append((case, dice.randint(1, 4), "It fails on a list drawn at random."))
    for case, patience, hint in cases:
        result = as_whole(run_answer(function, list(case), patience))
        expected = _best_epoch(case, patience)
        require(
            result == expected,
            f"{hint} For {case} and patience {patience} the answer should be {expected}, but it "
            f"is {result}.",
        )


def check_7(answer: object) -> None:
    """Check the way of a photo of any size into the model."""
    function = require_function(answer)
    result = require_tensor(run_answer(function, _slopes(200, 300)))
    require(
        result.ndim == 4,
        f"A model takes batches: the result should have 4 axes, but its shape is "
        f"{list(result.shape)}.",
    )
    require(
        result.is_floating_point(), f"The model takes floats, but the result is {result.dtype}."
    )
    require(
        result.max().item() <= 1.001,
        f"Training showed the model numbers from 0 to 1; here is one of {result.max().item():.0f}.",
    )
    require_tensor(result, shape=(1, 3, 64, 64), dtype=torch.float32)
    white = run_answer(function, torch.full((3, 90, 80), 255, dtype=torch.uint8))
    require(
        white.min().item() > 0.998,
        f"White, 255, should become 1, but became {white.min().item():.4g}. Divide by 255, once.",
    )
    black = run_answer(function, torch.zeros(3, 90, 80, dtype=torch.uint8))
    require(
        black.abs().max().item() < 0.002,
        f"Black, 0, should stay 0, but became {black.flatten()[0].item():.3g}.",
    )
    for height, width in ((200, 300), (300, 200), (640, 97), (64, 64), (52, 88)):
        _check_slopes(function, height, width)


def _slopes(height: int, width: int) -> Tensor:
    """Return a photo: red grows from left to right, green from top to bottom, blue is constant."""
    photo = torch.full((3, height, width), 180, dtype=torch.uint8)
    photo[0] = (255 * torch.linspace(0, 1, width)).round().to(torch.uint8)
    photo[1] = (255 * torch.linspace(0, 1, height)).round().to(torch.uint8)[:, None]
    return photo


def _check_slopes(function: Function, height: int, width: int) -> None:
    result = run_answer(function, _slopes(height, width))
    result = require_tensor(result, shape=(1, 3, 64, 64)).detach().cpu()[0]
    side = min(height, width)
    places = (torch.arange(64) + 0.5) * side / 64 - 0.5  # in the middle square
    rows = ((height - side) / 2 + places).clamp(0, height - 1) / (height - 1)
    columns = ((width - side) / 2 + places).clamp(0, width - 1) / (width - 1)
    expected = torch.stack(
        [columns.expand(64, 64), rows[:, None].expand(64, 64), torch.full((64, 64), 180 / 255)]
    )
    size = f"Of a photo of {height} x {width} pixels, "
    require(
        bool(result[2].amax() - result[2].amin() < 0.05),
        "The channels come out in another order: red, green and blue should stay where they are.",
    )
    spread = (result.amax(dim=(1, 2)) - result.amin(dim=(1, 2)))[:2]
    wanted = (expected.amax(dim=(1, 2)) - expected.amin(dim=(1, 2)))[:2]
    require(
        bool((spread < wanted + 0.05).all()),
        f"{size}too much is left: what is outside the middle square should be gone. Shrink the "
        "shorter side to 64, then cut out the middle; don't squash.",
    )
    require(
        bool((spread > wanted - 0.05).all()),
        f"{size}only a detail is left. Shrink it first, and then cut out the middle.",
    )
    require(
        bool((result - expected).abs().max() < 0.03),
        f"{size}the middle square should be left, neither mirrored nor turned.",
    )


@cache
def _photos() -> Examples:
    """Return the 210 photos that are not for the test."""
    splits = load_animal_vegetable_mineral(64)
    return Examples(
        torch.cat([splits.train.inputs, splits.valid.inputs]),
        torch.cat([splits.train.targets, splits.valid.targets]),
    )


def check_8(answer: object) -> None:
    """Train with the reader's function, and ask what it learned under a brown lamp."""
    function = require_function(answer)
    right, said = [], []
    for seed in (100, 101):
        train, valid = split_by_class(_photos(), (150, 60), seed)
        model = run_answer(function, train.inputs.clone(), train.targets.clone())
        require(
            callable(model),
            "The function should return a function, from pictures to answers, but returned a "
            f"{type(model).__name__}.",
        )
        pictures = (valid.inputs * (BROWN / 255)).to(torch.uint8)
        answers = _class_numbers(run_answer(model, pictures), len(valid))
        right.append((answers == valid.targets).float().mean().item())
        said.append(answers)
    require(
        len(torch.cat(said).unique()) > 1,
        f"All answers are {said[0][0].item()}. A brick can do that, and gets 43 % if it says 0.",
    )
    percent = 100 * sum(right) / len(right)
    print(f"Under the lamp: {percent:.1f} % of {2 * len(said[0])} photos right.")
    require(
        percent > TO_BEAT,
        f"{percent:.1f} % right under the lamp; it should be more than {TO_BEAT}. The lamp leaves "
        "0.27 of the blue, even of white paper's: does your training show the model anything like "
        "that, or can you undo it?",
    )


def _class_numbers(answers: object, n: int) -> Tensor:
    """Return the answers as an int64 tensor [n], whatever they came as."""
    if isinstance(answers, Tensor):
        answers = answers.detach().cpu()
    try:
        answers = torch.as_tensor(answers)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WrongAnswerError(
            f"The answers should be {n} whole numbers, but they are a {type(answers).__name__}."
        ) from error
    require(
        answers.ndim != 2,
        f"The answers have the shape {list(answers.shape)}. If these are logits or probabilities, "
        "take the argmax of each row.",
    )
    require(
        tuple(answers.shape) == (n,),
        f"For {n} pictures there should be {n} answers, but their shape is {list(answers.shape)}.",
    )
    require(
        bool(((answers >= 0) & (answers <= 2) & (answers == answers.round())).all()),
        "Each answer should be 0, 1 or 2.",
    )
    return answers.long()


CHECKS: dict[str, Check] = {
    "04-1": check_1,
    "04-2": check_2,
    "04-3": check_3,
    "04-4": check_4,
    "04-5": check_5,
    "04-6": check_6,
    "04-7": check_7,
    "04-8": check_8,
}
