"""Checks for the exercises of chapter 04, custom data sets."""

import tempfile
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from torchbook.book.exercises.answers import (
    Check,
    WrongAnswerError,
    require,
    require_function,
    require_tensor,
    require_two_whole_numbers,
    require_type,
    run_answer,
)


def _bytes(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def check_1(answer: object) -> None:
    """Check the number of batches and the length of the last."""
    batches, last = require_two_whole_numbers(answer, example=(3, 10))
    require(
        batches != 6,
        "A remainder makes a batch, too: nobody is left out, unless you say drop_last=True.",
    )
    require(last != 32, "210 is no multiple of 32, so the last batch is shorter than the others.")
    require(
        (batches - 1) * 32 + last == 210,
        f"{batches} batches, the last with {last}, make {(batches - 1) * 32 + last} photos in all. "
        "There are 210.",
    )
    require(
        (batches, last) == (7, 18), "No batch is longer than 32, and none but the last shorter."
    )


def check_2(answer: object) -> None:
    """Check the number of photos in each class folder."""
    function = require_function(answer)
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for name, n in (("dog", 3), ("cat", 12), ("axolotl", 1)):
            (root / name).mkdir()
            for i in range(n):
                (root / name / f"{i}.jpg").touch()
        (root / "README.txt").touch()
        (root / "cat" / "Thumbs.db").touch()
        counts = require_type(run_answer(function, root), dict)
    require(
        "README.txt" not in counts,
        "README.txt is a file, not a class: only folders count.",
    )
    require(
        set(counts) == {"axolotl", "cat", "dog"},
        "The keys should be the names of the folders, as text: 'axolotl', 'cat' and 'dog', but "
        f"they are {', '.join(map(repr, counts))}.",
    )
    require(
        counts["cat"] != 13,
        "In the folder cat lies a file Thumbs.db, which is no photo. Count what ends in .jpg.",
    )
    require(
        counts == {"axolotl": 1, "cat": 12, "dog": 3},
        f"There are 1 axolotl, 12 cats and 3 dogs, but the function says {counts}.",
    )
    require(
        list(counts) == ["axolotl", "cat", "dog"],
        "The numbers are right. Put the classes in the order of the alphabet, as ImageFolder does: "
        "the order on a disk differs from one machine to another.",
    )


def check_3(answer: object) -> None:
    """Check a data set over tensors that applies a transform."""
    require(
        answer is not None and answer is not ..., "There is no answer yet: write the class first."
    )
    require(
        isinstance(answer, type),
        "The answer should be the class itself, without brackets after it.",
    )
    require(issubclass(answer, Dataset), "The class should inherit from torch.utils.data.Dataset.")
    pictures, labels = _bytes(0, 5, 3, 4, 4), torch.tensor([2, 0, 2, 1, 0])
    calls = []

    def transform(picture: Tensor) -> Tensor:
        calls.append(picture)
        return picture.float() + len(calls)

    photos = run_answer(answer, pictures, labels, transform)
    require(
        not calls,
        "The transform ran while the data set was being made. Keep it for later: an augmentation "
        "has to throw its dice anew each time that a picture is asked for.",
    )
    require(run_answer(lambda: len(photos)) == 5, "len() of the data set should be 5.")
    example = run_answer(lambda: photos[3])
    require(
        isinstance(example, tuple | list) and len(example) == 2,
        "photos[3] should give two things: a picture and its label.",
    )
    picture, label = example
    require(int(label) == 1, f"The label of number 3 is 1, but photos[3] says {int(label)}.")
    require(bool(calls), "The transform is never called.")
    require(
        isinstance(picture, Tensor) and torch.equal(picture, pictures[3].float() + 1),
        "photos[3] should give the transform's result for picture 3, and call it once.",
    )
    again, _ = run_answer(lambda: photos[3])
    require(
        not torch.equal(again, picture),
        "Asked twice for the same picture, it gave the first result again. Don't keep it: the "
        "transform may throw dice.",
    )
    try:
        photos[5]
    except IndexError:
        return
    except Exception as error:
        raise WrongAnswerError(
            f"photos[5] should raise an IndexError, but raises {type(error).__name__}."
        ) from error
    raise WrongAnswerError("There is no picture 5: photos[5] should raise an IndexError.")


def check_4(answer: object) -> None:
    """Check that each picture of a batch gets a brightness of its own."""
    function = require_function(answer)
    pictures = _bytes(1, 4, 3, 5, 5).float() / 255
    factors = torch.tensor([1.0, 0.5, 1.5, 0.8])
    given = pictures.clone()
    result = require_tensor(run_answer(function, given, factors), shape=(4, 3, 5, 5))
    require(torch.equal(given, pictures), "The pictures that came in were changed.")
    require(
        result.max().item() <= 1,
        "Somewhere a pixel is brighter than white: what is above 1 should be 1.",
    )
    expected = (pictures * factors[:, None, None, None]).clamp(max=1)
    require(torch.allclose(result[0], expected[0]), "A picture with factor 1 should stay as it is.")
    require(
        torch.allclose(result, expected),
        "Each picture has a factor of its own, and each pixel should be multiplied by that of its "
        "picture. Which shape must the factors have, to be broadcast?",
    )
    square = _bytes(2, 5, 3, 5, 5).float() / 255
    factors = torch.linspace(0.5, 1.2, 5)
    expected = (square * factors[:, None, None, None]).clamp(max=1)
    require(
        torch.allclose(run_answer(function, square, factors), expected),
        "Right for 4 pictures of 5 x 5 pixels, wrong for 5 of them: the factors met another axis.",
    )


def check_5(answer: object) -> None:
    """Check a collate function that pads with white."""
    function = require_function(answer)
    sizes = ((4, 6), (5, 2), (3, 3))
    examples = [(_bytes(i, 3, *size), i + 1) for i, size in enumerate(sizes)]
    given = [(picture.clone(), label) for picture, label in examples]
    result = run_answer(function, given)
    require(
        isinstance(result, tuple | list) and len(result) == 2,
        "The function should return two things: a batch of pictures and their labels.",
    )
    pictures, labels = result
    require(isinstance(pictures, Tensor), "The pictures should be one tensor.")
    require(
        tuple(pictures.shape) == (3, 3, 5, 6),
        "Three pictures, of 4 x 6, 5 x 2 and 3 x 3 pixels: the batch should have the shape "
        f"[3, 3, 5, 6], but has {list(pictures.shape)}.",
    )
    require(
        pictures.dtype == torch.uint8,
        f"The pictures came as uint8 and should stay so, but are {pictures.dtype}.",
    )
    for i, (picture, _) in enumerate(examples):
        _, height, width = picture.shape
        require(
            torch.equal(pictures[i, :, :height, :width], picture),
            f"Picture {i} should be in the top left corner of its place, unchanged.",
        )
        beside = torch.cat([pictures[i, :, height:].flatten(), pictures[i, :, :, width:].flatten()])
        require(
            bool((beside == 255).all()),
            "What a picture leaves free should be white, and white is 255.",
        )
    labels = require_tensor(labels, shape=(3,), dtype=torch.int64)
    require(labels.tolist() == [1, 2, 3], f"The labels are 1, 2, 3, not {labels.tolist()}.")


def check_6(answer: object) -> None:
    """Check early stopping with patience."""
    function = require_function(answer)
    losses = [1.1, 0.9, 0.8, 0.85, 0.79, 0.9, 0.95, 1.0, 0.7]
    result = run_answer(function, losses, 3)
    require(
        isinstance(result, int),
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
    for losses, patience, expected, hint in (
        ([3.0, 2.0, 1.0], 2, 3, "Where the loss falls to the end, the last epoch is the best."),
        ([1.0, 2.0, 0.5], 1, 1, "With patience 1 the first epoch without a new lowest is the end."),
        ([1.0, 1.0, 1.0, 0.5], 2, 1, "A loss that only equals the lowest is no new lowest."),
        ([1.0, 0.9, 1.0, 0.8, 1.0, 0.7], 2, 6, "A new lowest gives the whole patience back."),
        ([0.4], 5, 1, "One epoch is enough to have a best one."),
    ):
        result = run_answer(function, losses, patience)
        require(
            result == expected,
            f"{hint} For {losses} and patience {patience} the answer should be {expected}, but it "
            f"is {result}.",
        )


def check_7(answer: object) -> None:
    """Check the way of a photo of any size into the model."""
    function = require_function(answer)
    photo = torch.zeros(3, 200, 300, dtype=torch.uint8)
    photo[0] = 255
    photo[1, :, 50:250] = 255  # the middle square: yellow; what is left and right of it: red
    result = require_tensor(run_answer(function, photo.clone()))
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
    require(
        result.max().item() > 0.5,
        f"White should be 1, but the brightest number is {result.max().item():.2g}. Was it divided "
        "twice?",
    )
    require(
        result[0, 1, :, 2:-2].min().item() > 0.95,
        "The photo is yellow in its middle square and red beside it, and some of the red is still "
        "in the result. Shrink the shorter side to 64, then cut out the middle; don't squash.",
    )
    blocks = torch.arange(2 * 64).reshape(1, 1, 128).expand(3, 128, 128).to(torch.uint8)
    result = run_answer(function, blocks.clone())
    require(
        result[0, 0, 0, -1].item() > 0.45 and result[0, 0, 0, 0].item() < 0.05,
        "The middle was cut out before the photo was shrunk: of a large photo only a detail stays.",
    )
    tall = run_answer(function, torch.zeros(3, 640, 70, dtype=torch.uint8))
    require_tensor(tall, shape=(1, 3, 64, 64), dtype=torch.float32)


def check_8(answer: object) -> None:
    """Check paper of another colour for each picture."""
    function = require_function(answer)
    pictures = _bytes(3, 6, 3, 8, 8) // 2  # dark things ...
    paper = torch.zeros(8, 8, dtype=torch.bool)
    paper[:2] = paper[:, 6:] = True
    pictures[:, :, paper] = 255  # ... on white paper
    pictures[:, 0, 0, 0] = 250  # nearly white is paper, too
    pictures[:, :, 4, 4] = torch.tensor([255, 255, 0], dtype=torch.uint8)  # yellow is not
    given = pictures.clone()
    state = torch.get_rng_state()
    try:
        torch.manual_seed(0)
        result = require_tensor(run_answer(function, given), shape=(6, 3, 8, 8), dtype=torch.uint8)
        other = run_answer(function, pictures.clone())
    finally:
        torch.set_rng_state(state)
    require(torch.equal(given, pictures), "The pictures that came in were changed.")
    require(
        torch.equal(result[:, :, ~paper], pictures[:, :, ~paper]),
        "Only the paper should change: a pixel is paper if all three of its channels are above "
        "240. Yellow has two such channels.",
    )
    sheets = result[:, :, paper]  # [6, 3, n]
    require(not torch.equal(sheets, pictures[:, :, paper]), "The paper is still white.")
    require(
        bool((sheets == sheets[:, :, :1]).all()),
        "The paper of one picture should have one colour, also where it was only nearly white.",
    )
    colours = sheets[:, :, 0].unique(dim=0)
    require(
        len(colours) > 3,
        f"6 pictures got {len(colours)} colours of paper: each picture should throw its own dice.",
    )
    require(
        bool((colours != colours[:, :1]).any()),
        "All paper is grey. Throw dice for red, green and blue separately.",
    )
    require(
        not torch.equal(result, other),
        "Called twice, it chose the same colours. Each call should choose anew.",
    )


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
