"""Checks for the exercises of chapter 03, computer vision."""

import copy

import torch
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    WrongAnswerError,
    require,
    require_function,
    require_given,
    require_tensor,
    require_two_whole_numbers,
    require_type,
    run_answer,
)


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _bytes(seed: int, *shape: int) -> Tensor:
    return torch.randint(0, 256, shape, generator=_generator(seed), dtype=torch.uint8)


def check_1(answer: object) -> None:
    """Check the side of a picture after a convolution, and after the pooling that follows."""
    convolved, pooled = require_two_whole_numbers(answer, example=(9, 4))
    require(
        convolved != 13 and convolved != 12,
        "Did you count the padding on both sides? The picture grows to 32 + 2 * 2 pixels first.",
    )
    require(
        convolved not in (15, 17),
        "The division is rounded down, and the one is added after the division, not before.",
    )
    require(
        convolved not in (32, 31),
        "That would be the side with a stride of 1. With stride 2 the kernel takes double steps.",
    )
    require(
        convolved == 16,
        "The side after the convolution is not right yet. Put k = 5, p = 2, s = 2 into the "
        "formula, step by step.",
    )
    require(
        pooled == 8, "The first number is right. A pooling of 2 by 2 does what to each side of it?"
    )


def check_2(answer: object) -> None:
    """Check a formula for the number of parameters of a convolution."""
    function = require_function(answer)
    for in_channels, out_channels, k in ((1, 10, 3), (10, 10, 3), (3, 7, 5), (64, 32, 1)):
        n = require_type(run_answer(function, in_channels, out_channels, k), int)
        right = sum(p.numel() for p in nn.Conv2d(in_channels, out_channels, k).parameters())
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
        require(n == right, f"{case}, but PyTorch counts another number.")


def check_3(answer: object) -> None:
    """Check an accuracy over batches of unequal size."""
    function = require_function(answer)
    targets = torch.tensor([1] * 8 + [0] * 2)
    logits = nn.functional.one_hot(torch.ones(10, dtype=torch.int64), 3).float()  # always says 1
    batches = list(zip(logits.split(4), targets.split(4), strict=True))  # 4, 4 and 2
    share = run_answer(function, batches)
    require(
        isinstance(share, float),
        f"The answer should be a Python float, but it is a {type(share).__name__}. A tensor of "
        "one number becomes one with .item().",
    )
    require(
        abs(share - 2 / 3) > 1e-4,
        "You averaged the accuracies of the batches. In this test the last batch is half as large "
        "as the others, but it got the same say. Count the samples.",
    )
    require(abs(share - 80) > 1e-2, "The right share, in percent. The exercise asks for 0 to 1.")
    require(
        abs(share - 8) > 1e-4 and abs(share - 8 / 3) > 1e-4,
        "You counted the right answers well. Divide by the number of all samples.",
    )
    require(abs(share - 0.8) < 1e-4, f"8 of 10 are right in this test, but you get {share:.4g}.")
    logits = torch.randn(101, 5, generator=_generator(3))
    targets = torch.randint(0, 5, (101,), generator=_generator(4))
    share = run_answer(function, list(zip(logits.split(32), targets.split(32), strict=True)))
    right = (logits.argmax(dim=1) == targets).double().mean().item()
    require(
        isinstance(share, float) and abs(share - right) < 1e-4,
        "Right on a small test, wrong on a larger one with 5 classes and batches of 32, 32, 32, 5.",
    )


def check_4(answer: object) -> None:
    """Check a max pooling written by hand."""
    function = require_function(answer)
    for shape in ((2, 3, 4, 6), (5, 1, 28, 28)):
        pictures = torch.randn(shape, generator=_generator(5))
        before = pictures.clone()
        b, c, height, width = shape
        result = require_tensor(
            run_answer(function, pictures),
            shape=(b, c, height // 2, width // 2),
            dtype=torch.float32,
        )
        require(torch.equal(pictures, before), "Your function changes the pictures it was given.")
        require(
            not torch.allclose(result, nn.functional.avg_pool2d(pictures, 2), atol=1e-5),
            "That is the mean of each window. A max pooling keeps the largest number.",
        )
        require(
            not torch.equal(result, pictures[:, :, ::2, ::2]),
            "You kept one fixed corner of each window, not the largest of its four numbers.",
        )
        require(
            torch.equal(result, nn.functional.max_pool2d(pictures, 2)),
            "The shape is right, but the numbers are not the largest of each 2 by 2 window. Do "
            "your windows really hold neighbours? Try it on torch.arange(16.).reshape(1, 1, 4, 4).",
        )


def check_5(answer: object) -> None:
    """Check mirroring some pictures of a batch from left to right."""
    function = require_function(answer)
    pictures = _bytes(6, 5, 1, 4, 6)
    coin = torch.tensor([True, False, False, True, True])
    before = pictures.clone()
    result = require_tensor(
        run_answer(function, pictures, coin), shape=(5, 1, 4, 6), dtype=torch.uint8
    )
    require(
        torch.equal(pictures, before),
        "Your function writes into the pictures it was given: the training data itself would be "
        "mirrored, for good.",
    )
    require(not torch.equal(result, before), "No picture is mirrored.")
    require(
        not torch.equal(result, before.flip(3)),
        "You mirrored all of them. Only those whose coin is True should turn.",
    )
    upside_down = torch.where(coin[:, None, None, None], before.flip(2), before)
    require(
        not torch.equal(result, upside_down),
        "Those are upside down. Left and right lie along the width: which axis is that?",
    )
    mirrored = torch.where(coin[:, None, None, None], before.flip(3), before)
    other_side = torch.where(coin[:, None, None, None], before, before.flip(3))
    require(
        not torch.equal(result, other_side),
        "You mirrored those whose coin is False, and left the others.",
    )
    require(
        torch.equal(result, mirrored),
        "Picture i should be mirrored from left to right where coin[i] is True, and untouched "
        "elsewhere.",
    )


def check_6(answer: object) -> None:
    """Check the accuracy within each true class."""
    function = require_function(answer)
    targets = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2, 2, 2])
    predictions = torch.tensor([0, 0, 1, 2, 1, 0, 2, 2, 2, 2])
    shares = require_tensor(run_answer(function, predictions, targets, 3), shape=(3,))
    require(
        shares.is_floating_point(),
        "Shares are floats from 0 to 1, but yours are whole numbers. Are those the counts?",
    )
    right = torch.tensor([0.5, 0.5, 1.0])
    of_the_predicted = torch.tensor([2 / 3, 0.5, 0.8])
    require(
        not torch.allclose(shares.float(), of_the_predicted, atol=1e-4),
        "You divided by how often each class was *predicted*. That is a good question too (the "
        "precision), but here we ask: of the true ones, how many were found?",
    )
    require(
        not torch.allclose(shares.float(), torch.tensor([0.2, 0.1, 0.4]), atol=1e-4),
        "You divided by the number of all samples. Divide by how many each class has.",
    )
    require(
        torch.allclose(shares.float(), right, atol=1e-4),
        "In the test, class 0 has 4 pictures, of which 2 were named right; the share is 0.5. "
        f"Yours: {[round(x, 3) for x in shares.tolist()]}.",
    )


def check_7(answer: object) -> None:
    """Check a count of pictures that were seen before."""
    function = require_function(answer)
    old = _bytes(7, 50, 1, 5, 5)
    new = _bytes(8, 6, 1, 5, 5)
    new[1], new[4], new[5] = old[30], old[7], old[7]
    old[20] = old[7]
    n = run_answer(function, old, new)
    n = n.item() if isinstance(n, Tensor) and n.numel() == 1 else n
    require(isinstance(n, int), f"The answer should be a whole number, but it is {n!r:.60}.")
    require(
        n != 5,
        "You counted pairs. One of the new pictures has two twins among the old ones, and it "
        "should count once.",
    )
    require(
        n != 2,
        "You counted different pictures. If a picture occurs twice among the new ones and once "
        "among the old, both of the new ones have been seen before.",
    )
    require(
        n != 0,
        "You find none, but the test has some. Compare each new picture with all old ones, not "
        "only with the one in the same place.",
    )
    require(n == 3, f"3 of the 6 new pictures occur among the old ones, but you count {n}.")
    shifted = (new.int() + 1).clamp(max=255).to(torch.uint8)
    require(
        run_answer(function, old, shifted) == 0,
        "You also count pictures that are only similar: these differ in every pixel, by 1.",
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
    """Check a small network for colour pictures."""
    require_given(answer)
    require(
        isinstance(answer, nn.Module),
        "The answer should be a model (an nn.Module, such as an nn.Sequential), but it is a "
        f"{type(answer).__name__}. If yours is a class, make an object of it with brackets.",
    )
    model: nn.Module = answer  # type: ignore[assignment]
    pictures = torch.randn(16, 3, 32, 32, generator=_generator(9))
    logits = require_tensor(_logits(model, pictures), shape=(16, 5))
    require_tensor(_logits(model, pictures[:1]), shape=(1, 5))
    require(
        not torch.allclose(logits.sum(dim=1), torch.ones(16), atol=1e-4),
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
