"""Checks for the exercises of chapter 03, computer vision."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

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
    require_two_whole_numbers,
    run_answer,
)


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _bytes(seed: int, *shape: int) -> Tensor:
    return torch.randint(0, 256, shape, generator=_generator(seed), dtype=torch.uint8)


def _whole(result: object) -> int:
    """Return a whole number, also one that is kept as a float, else raise WrongAnswerError."""
    number = require_number(result, "a whole number")
    require(float(number).is_integer(), f"The answer should be a whole number, but it is {number}.")
    return int(number)


def check_1(answer: object) -> None:
    """Check the side of a picture after a convolution, and after the pooling that follows."""
    convolved, pooled = require_two_whole_numbers(answer, example=(9, 4))
    require(
        convolved not in (13, 14),
        "That is without the padding. It comes first: the picture grows to 32 + 2 * 2 pixels.",
    )
    require(
        convolved != 15,
        "One step is missing. Is there padding on both sides, and is the one added at the end?",
    )
    require(convolved != 17, "The division is rounded down, before the one is added.")
    require(
        convolved not in (31, 32),
        "That would be the side with a stride of 1. With stride 2 the kernel takes double steps.",
    )
    require(
        convolved not in (18, 19),
        "Where is the kernel? It needs room for its own side, which is 5.",
    )
    require(
        convolved == 16,
        "The side after the convolution is not right yet. Put k = 5, p = 2, s = 2 into the "
        "formula, step by step.",
    )
    require(
        pooled == 8, "The first number is right. A pooling of 2 by 2 does what to each side of it?"
    )


@contextmanager
def _without_convolutions() -> Iterator[None]:
    """Within this context no convolution can be made."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise WrongAnswerError("Your function makes the layer and asks it. Use arithmetic only.")

    before = nn.modules.conv._ConvNd.__init__
    nn.modules.conv._ConvNd.__init__ = refuse
    try:
        yield
    finally:
        nn.modules.conv._ConvNd.__init__ = before


def _run_by_arithmetic(function: Any, *arguments: int) -> object:
    with _without_convolutions():
        try:
            return run_answer(function, *arguments)
        except WrongAnswerError as error:
            if isinstance(error.__cause__, WrongAnswerError):  # our own, from inside
                raise error.__cause__ from None
            raise


def check_2(answer: object) -> None:
    """Check a formula for the number of parameters of a convolution."""
    function = require_function(answer)
    for in_channels, out_channels, k in ((3, 7, 5), (1, 10, 3), (10, 10, 3), (64, 32, 1)):
        n = _whole(_run_by_arithmetic(function, in_channels, out_channels, k))
        right = out_channels * (in_channels * k * k + 1)
        case = f"answer({in_channels}, {out_channels}, {k}) gives {n:,}"
        weights = in_channels * out_channels * k * k
        require(n != weights, f"{case}. The weights are all there. What else does each map add?")
        require(
            n != weights + in_channels or in_channels == out_channels,
            f"{case}. The bias belongs to what comes out, not to what goes in.",
        )
        require(
            n != out_channels * k * k + out_channels or in_channels == 1,
            f"{case}. A kernel looks at all channels of its input at once, so it is as deep.",
        )
        require(
            n != in_channels * k * k + 1,
            f"{case}. That is one kernel with its bias. How many kernels are there?",
        )
        require(
            n != in_channels * out_channels * k + out_channels or k == 1,
            f"{case}. A kernel is a square: k is only one of its sides.",
        )
        require(
            n != weights + in_channels * out_channels or in_channels == 1,
            f"{case}. Each kernel has one bias, however many channels it looks at.",
        )
        require(
            n != weights + 1,
            f"{case}. A single bias for all of them? Each map that goes out has one.",
        )
        require(n == right, f"{case}, but PyTorch counts another number.")


def check_3(answer: object) -> None:
    """Check an accuracy over batches of unequal size."""
    function = require_function(answer)
    labels = torch.tensor([1, 2, 1, 1, 1, 1, 1, 1, 0, 1])
    always = nn.functional.one_hot(torch.ones(10, dtype=torch.int64), 3).float()  # always says 1
    batches = list(zip(always.split(4), labels.split(4), strict=True))  # 4, 4 and 2: 3, 4 and 1
    share = require_number(run_answer(function, batches), "a number from 0 to 1")
    require(
        abs(share - 0.75) > 1e-4,
        "You averaged the accuracies of the batches. In this test the last batch is half as large "
        "as the others, but it got the same say. Count the pictures.",
    )
    require(abs(share - 80) > 1e-2, "The right share, in percent. The exercise asks for 0 to 1.")
    require(
        abs(share - 8) > 1e-4 and abs(share - 8 / 3) > 1e-4,
        "You counted the right answers well. Divide by the number of all pictures.",
    )
    require(
        abs(share - 8 / 12) > 1e-4,
        "You divide as if all batches were as long as the first. The last one here is shorter.",
    )
    require(abs(share - 7 / 8) > 1e-4, "You left the last batch out because it is shorter.")
    require(abs(share - 0.5) > 1e-4, "That is the accuracy of the last batch alone.")
    require(abs(share - 0.2) > 1e-4, "You counted the wrong answers.")
    require(abs(share - 0.8) < 1e-5, f"8 of 10 are right in this test, but you get {share:.4g}.")
    logits = torch.randn(101, 5, generator=_generator(3))
    labels = torch.randint(0, 5, (101,), generator=_generator(4))
    batches = list(zip(logits.split(32), labels.split(32), strict=True))
    share = require_number(run_answer(function, batches), "a number from 0 to 1")
    right = (logits.argmax(dim=1) == labels).double().mean().item()
    require(
        abs(share - right) < 1e-5,
        "Right on a small test, wrong on a larger one with 5 classes and batches of 32, 32, 32, 5.",
    )


MANY_OPERATIONS = 60  # a loop over the windows needs thousands, a reshape and a reduction a few


def check_4(answer: object) -> None:
    """Check a max pooling written by hand."""
    function = require_function(answer)
    for shape in ((2, 3, 4, 6), (5, 1, 28, 28)):
        pictures = torch.randn(shape, generator=_generator(5)) - 1  # most are negative
        before = pictures.clone()
        b, c, height, width = shape
        result = run_answer(function, pictures)
        recorder = Operations()
        with suppress(Exception), recorder:  # again, watched: not all of NumPy's ways allow that
            function(pictures.clone())
        require(
            not any("pool" in name for name in recorder.calls),
            "Your function leaves the work to PyTorch's own pooling. Here it should do it itself.",
        )
        result = require_floats(result, (b, c, height // 2, width // 2))
        require(torch.equal(pictures, before), "Your function changes the pictures it was given.")
        require(
            not torch.allclose(result, nn.functional.avg_pool2d(pictures, 2).double(), atol=1e-5),
            "That is the mean of each window. A max pooling keeps the largest number.",
        )
        require(
            not torch.allclose(result, -nn.functional.max_pool2d(-pictures, 2).double(), atol=1e-5),
            "That is the smallest number of each window. A max pooling keeps the largest.",
        )
        require(
            not torch.equal(result, pictures[:, :, ::2, ::2].double()),
            "You kept one fixed corner of each window, not the largest of its four numbers.",
        )
        require(
            torch.allclose(result, nn.functional.max_pool2d(pictures, 2).double(), atol=1e-6),
            "The shape is right, but the numbers are not the largest of each 2 by 2 window. Do "
            "your windows really hold neighbours? Try it on torch.arange(16.).reshape(1, 1, 4, 4).",
        )
        require(
            recorder.calls.total() <= MANY_OPERATIONS,
            "The numbers are right. But you get there window by window, in a loop. `reshape` can "
            "cut all the windows at once.",
        )


def check_5(answer: object) -> None:
    """Check mirroring some pictures of a batch from left to right."""
    function = require_function(answer)
    some = torch.tensor([True, False, False, True, True, False])
    # As wide as the batch is long: there a coin without further axes goes along the columns.
    for channels, coin in ((3, some), (1, some), (1, ~some), (1, some | True), (1, some & False)):
        pictures = _bytes(6, 6, channels, 4, 6)
        before = pictures.clone()
        result = require_tensor(
            run_answer(function, pictures, coin), shape=tuple(pictures.shape), dtype=torch.uint8
        )
        require(
            torch.equal(pictures, before),
            "Your function writes into the pictures it was given: the training data itself would "
            "be mirrored, for good.",
        )
        turned = coin[:, None, None, None]
        mirrored = torch.where(turned, before.flip(3), before)
        if torch.equal(result, mirrored):
            continue
        require(not torch.equal(result, before), "No picture is mirrored.")
        require(
            not torch.equal(result, before.flip(3)),
            "You mirrored all of them. Only those whose coin is True should turn.",
        )
        require(
            not torch.equal(result, torch.where(turned, before.flip(2), before)),
            "Those are upside down. Left and right lie along the width: which axis is that?",
        )
        require(
            not torch.equal(result, torch.where(turned, before.flip(2, 3), before)),
            "Those are turned by 180 degrees. Mirror one axis only, the width.",
        )
        require(
            not torch.equal(result, torch.where(turned, before, before.flip(3))),
            "You mirrored those whose coin is False, and left the others.",
        )
        require(
            not torch.equal(result, torch.where(coin, before.flip(3), before)),
            "The coin was broadcast along the width, so each picture is mirrored in some of its "
            "columns. Give the coin the shape [B, 1, 1, 1].",
        )
        raise WrongAnswerError(
            "Picture i should be mirrored from left to right where coin[i] is True, and untouched "
            "elsewhere."
        )


def check_6(answer: object) -> None:
    """Check the accuracy within each true class."""
    function = require_function(answer)
    labels = torch.tensor([2, 0, 1, 0, 2, 2, 0, 1, 2, 0])
    predictions = torch.tensor([2, 1, 1, 0, 2, 2, 2, 0, 2, 0])
    result = run_answer(function, predictions, labels, 3)
    require(
        not (isinstance(result, Tensor) and not result.is_floating_point() and result.ndim == 1),
        "Shares are floats from 0 to 1, but yours are whole numbers. Are those the counts?",
    )
    shares = require_floats(result, (3,))
    right = torch.tensor([0.5, 0.5, 1.0]).double()
    require(
        not torch.allclose(shares, torch.tensor([2 / 3, 0.5, 0.8]).double(), atol=1e-4),
        "You divided by how often each class was *predicted*. That is a good question too (the "
        "precision), but here we ask: of the true ones, how many were found?",
    )
    require(
        not torch.allclose(shares, torch.tensor([0.2, 0.1, 0.4]).double(), atol=1e-4),
        "You divided by the number of all pictures. Divide by how many each class has.",
    )
    require(
        not torch.allclose(shares, torch.tensor([2.0, 1.0, 4.0]).double(), atol=1e-4),
        "Those are the counts. Divide each by how many pictures the class has.",
    )
    require(not torch.allclose(shares, 100 * right, atol=1e-2), "In percent. We ask for 0 to 1.")
    require(
        not torch.allclose(shares, 1 - right, atol=1e-4),
        "Those are the shares that were missed. We ask for those that were found.",
    )
    require(
        torch.allclose(shares, right, atol=1e-5),
        "In the test, class 0 has 4 pictures, of which 2 were named right; the share is 0.5. "
        f"Yours: {[round(x, 3) for x in shares.tolist()]}.",
    )
    # Class 1 has no pictures but is predicted, class 4 is neither; classes are not in order.
    labels = torch.tensor([3, 2, 0, 3, 2, 3])
    predictions = torch.tensor([3, 1, 0, 2, 2, 3])
    shares = require_floats(run_answer(function, predictions, labels, 5), (5,))
    present = torch.tensor([0, 2, 3])
    require(
        torch.allclose(shares[present], torch.tensor([1, 0.5, 2 / 3]).double(), atol=1e-5),
        "Right on the first test, wrong on one with five classes, two of which have no pictures. "
        f"Yours: {[round(x, 3) for x in shares.tolist()]}.",
    )
    require(
        bool(shares[[1, 4]].isnan().all()),
        "A class without pictures should get nan: 0 would say that all of them were missed. "
        f"Yours: {[round(x, 3) for x in shares.tolist()]}.",
    )


def check_7(answer: object) -> None:
    """Check a count of pictures that were seen before."""
    function = require_function(answer)
    old = _bytes(7, 50, 1, 28, 27)
    new = _bytes(8, 6, 1, 28, 27)
    new[1], new[4], new[5] = old[30], old[7], old[7]
    old[20] = old[21] = old[7]
    n = _whole(run_answer(function, old, new))
    require(
        n != 7,
        "You counted pairs. One of the new pictures has three twins among the old ones, and it "
        "should count once.",
    )
    require(
        n != 2,
        "You counted different pictures. If a picture occurs twice among the new ones and once "
        "among the old, both of the new ones have been seen before.",
    )
    require(
        n != 4,
        "Did you count the old ones that occur among the new? We ask how many of the *new* ones.",
    )
    require(
        n != 0,
        "You find none, but the test has some. Compare each new picture with all old ones, not "
        "only with the one in the same place.",
    )
    require(n == 3, f"3 of the 6 new pictures occur among the old ones, but you count {n}.")
    shuffled = old[:10].flatten(1)[:, torch.randperm(28 * 27, generator=_generator(9))]
    for others in (shuffled.reshape(10, 1, 28, 27), old[:10].flip(3), old[:10].roll(1, dims=3)):
        require(
            _whole(run_answer(function, old, others)) == 0,
            "You also count pictures with the same pixels in other places. Do you compare sums, "
            "or sorted pixels? Two pictures are the same if they are the same pixel for pixel.",
        )
    shifted = (new.int() + 1).clamp(max=255).to(torch.uint8)
    require(
        _whole(run_answer(function, old, shifted)) == 0,
        "You also count pictures that are only similar: these differ in every pixel, by 1.",
    )
    almost = old[:10].clone()
    almost[:, 0, -1, -1] += 1  # of bytes: 255 becomes 0
    require(
        _whole(run_answer(function, old, almost)) == 0,
        "You also count pictures of which one pixel is different. Do you compare all of them?",
    )


def _logits(model: nn.Module, pictures: Tensor) -> Tensor:
    """Return the model's answer in evaluation mode; raise `WrongAnswerError` if it stops."""
    was_training = model.training
    try:
        model.eval()
        with torch.no_grad():
            return model(pictures)
    except RuntimeError as error:
        raise WrongAnswerError(
            f"On a batch of shape {list(pictures.shape)} it stops: "
            f"{str(error).splitlines()[0]}. Print the shape after each layer."
        ) from error
    finally:
        model.train(was_training)


@torch.no_grad()
def _with_opposite_head(model: nn.Module) -> nn.Module:
    """Return a copy whose last layer with parameters computes the opposite of the model's."""
    twin = copy.deepcopy(model)
    layers = [m for m in twin.modules() if any(True for _ in m.parameters(recurse=False))]
    for parameter in layers[-1].parameters() if layers else ():
        parameter.neg_()
    return twin


def check_8(answer: object) -> None:
    """Check a small network for grey pictures of 28 by 28 pixels, in ten classes."""
    require_given(answer)
    require(
        isinstance(answer, nn.Module),
        "The answer should be a model (an nn.Module, such as an nn.Sequential), but it is a "
        f"{type(answer).__name__}. If yours is a class, make an object of it with brackets.",
    )
    model: nn.Module = copy.deepcopy(answer).cpu()  # type: ignore[attr-defined]
    dtype = next((p.dtype for p in model.parameters()), torch.float32)
    pictures = torch.randn(16, 1, 28, 28, generator=_generator(9), dtype=dtype)
    logits = require_tensor(_logits(model, pictures), shape=(16, 10))
    require_tensor(_logits(model, pictures[:1]), shape=(1, 10))
    sums = logits.sum(dim=1)
    require(
        not torch.allclose(sums, torch.ones_like(sums), atol=1e-4),
        "Each row adds up to 1: those are probabilities. Return the logits; the loss does the "
        "softmax itself.",
    )
    # All logits of a right model may happen to be positive; their opposites are then negative.
    # A ReLU lets neither be, whatever the weights, and makes at least one of the two 0.
    both = torch.cat([logits, _logits(_with_opposite_head(model), pictures)])
    require(
        not ((both >= 0).all() and (both == 0).any()),
        "No logit is ever negative, and some are exactly 0. Is there a ReLU after the last layer?",
    )
    n_convolutions = sum(isinstance(layer, nn.Conv2d) for layer in model.modules())
    require(
        n_convolutions >= 2, f"It should have two convolutions or more, but has {n_convolutions}."
    )
    n = sum(p.numel() for p in model.parameters())
    require(
        n < 5_000,
        f"It has {n:,} parameters, and should have fewer than 5,000. Look at the linear layer: "
        "what would a further pooling before it save?",
    )


CHECKS: dict[str, Check] = {
    "03-1": check_1,
    "03-2": check_2,
    "03-3": check_3,
    "03-4": check_4,
    "03-5": check_5,
    "03-6": check_6,
    "03-7": check_7,
    "03-8": check_8,
}
