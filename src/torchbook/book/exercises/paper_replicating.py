"""Checks for the exercises of chapter 08, replicating a paper."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    require,
    require_function,
    require_given,
    require_tensor,
    require_two_whole_numbers,
    run_answer,
)
from torchbook.metrics import count_parameters
from torchbook.models import VisionTransformer


def _random(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check_1(answer: object) -> None:
    """Check the tokens of a picture of 384 pixels, and the weights of one head."""
    tokens, weights = require_two_whole_numbers(answer, example=(50, 2500))
    require(tokens != 576, "Those are the patches. One more token comes along.")
    require(tokens != 197, "That is at 224 pixels. The side is 384 now, the patch still 16.")
    require(tokens != 25, "You divided one side only, or forgot to square it: a picture has two.")
    require(tokens == 577, "How many patches lie along one side? And how many in the square?")
    require(weights != 576**2, "The class token asks and answers, too.")
    require(weights != tokens, "Each token has a weight for each token, itself included.")
    require(weights == tokens**2, "The tokens are right. How many pairs of asking and answering?")


def check_2(answer: object) -> None:
    """Check the inverse of cutting into patches."""
    function = require_function(answer)
    for b, c, side, p in ((2, 3, 2, 2), (1, 1, 4, 7), (2, 2, 3, 5)):
        picture = _random(b, b, c, side * p, side * p)
        patches = F.unfold(picture, p, stride=p).transpose(1, 2)  # [B, N, C * P * P]
        result = require_tensor(run_answer(function, patches, p), shape=tuple(picture.shape))
        require(
            not torch.equal(result, patches.reshape(picture.shape)) or (side * p == p),
            "The shape is right, but each patch is smeared over whole rows. Undo the permutation, "
            "too.",
        )
        require(
            not torch.equal(result, picture.transpose(2, 3)),
            "Your picture lies on its side: rows and columns are exchanged.",
        )
        require(
            torch.equal(result, picture),
            "The shape is right, but the pixels are not where they were. Which axis counts the "
            "rows of patches, and which the rows within one? They must become neighbours.",
        )


def check_3(answer: object) -> None:
    """Check a LayerNorm written by hand."""
    function = require_function(answer)
    z = 0.01 * _random(3, 4, 5, 8) + 0.5
    scale, shift = 1 + 0.3 * _random(4, 8), _random(5, 8)
    for eps in (1e-6, 1e-3):
        result = require_tensor(run_answer(function, z, scale, shift, eps), shape=(4, 5, 8))
        right = F.layer_norm(z, (8,), scale, shift, eps)
        centred = z - z.mean(dim=-1, keepdim=True)
        unbiased = centred / (z.var(dim=-1, keepdim=True) + eps).sqrt() * scale + shift
        require(
            not torch.allclose(result, unbiased, atol=1e-5),
            "Nearly. PyTorch's var divides by D - 1 unless you tell it otherwise; here the "
            "variance is the plain mean of the squares.",
        )
        std = z.std(dim=-1, keepdim=True, correction=0)
        require(
            not torch.allclose(result, centred / (std + eps) * scale + shift, atol=1e-6),
            "You added eps to the standard deviation. It belongs under the root.",
        )
        over_tokens = F.layer_norm(z.transpose(1, 2), (5,), eps=eps).transpose(1, 2)
        require(
            not torch.allclose(result, over_tokens * scale + shift, atol=1e-4),
            "You took mean and variance over the tokens. Each token is to be normalised alone, "
            "over its D numbers.",
        )
        require(
            not torch.allclose(result, F.layer_norm(z, (8,), None, None, eps), atol=1e-4),
            "Scale and shift are missing.",
        )
        require(
            torch.allclose(result, right, atol=1e-4),
            f"The shape is right, the numbers are not, with eps = {eps:g}. Check one token alone: "
            "its mean must be 0 before the scale and the shift.",
        )


def check_4(answer: object) -> None:
    """Check attention in which some tokens are hidden."""
    function = require_function(answer)
    q, k, v = (_random(seed, 2, 6, 4) for seed in (6, 7, 8))
    hidden = torch.tensor([False, True, False, False, True, False])
    result = require_tensor(run_answer(function, q, k, v, hidden), shape=(2, 6, 4))
    scores = q @ k.transpose(1, 2) / 2
    plain = scores.softmax(dim=-1)
    require(
        not torch.allclose(result, plain @ v, atol=1e-5), "The hidden tokens are still looked at."
    )
    require(
        not torch.allclose(result, (plain * ~hidden) @ v, atol=1e-5),
        "The hidden ones have weight 0 now, but the others no longer add up to 1. Hide before the "
        "softmax, not after it.",
    )
    zeroed = scores.masked_fill(hidden, 0).softmax(dim=-1) @ v
    require(
        not torch.allclose(result, zeroed, atol=1e-5),
        "You set the hidden scores to 0, and the exponential of 0 is 1: they still get a share. "
        "Which score has an exponential of 0?",
    )
    only = scores.masked_fill(~hidden, -torch.inf).softmax(dim=-1) @ v
    require(
        not torch.allclose(result, only, atol=1e-5), "It is the wrong way round: you hid the rest."
    )
    unscaled = (2 * scores).masked_fill(hidden, -torch.inf).softmax(dim=-1) @ v
    require(not torch.allclose(result, unscaled, atol=1e-5), "The root of d is missing.")
    right = scores.masked_fill(hidden, -torch.inf).softmax(dim=-1) @ v
    require(
        torch.allclose(result, right, atol=1e-5),
        "The shape is right, the numbers are not. `hidden` is about keys, so about the columns of "
        "the scores.",
    )


def check_5(answer: object) -> None:
    """Check logits from the mean of the patches."""
    function = require_function(answer)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = VisionTransformer(8, 4, 1, 3, 8, 2, 2, 16).eval()
        nn.init.normal_(model.norm.weight)
        nn.init.normal_(model.norm.bias)
    images = _random(9, 5, 1, 8, 8)
    with torch.no_grad():
        result = require_tensor(run_answer(function, model, images), shape=(5, 3))
        z = model.blocks(model.tokens(images))
        normed = model.norm(z)
        require(
            not torch.allclose(result, model(images), atol=1e-5),
            "These are the model's own logits, from the class token.",
        )
        require(
            not torch.allclose(result, model.head(normed.mean(dim=1)), atol=1e-5),
            "The class token is still in the mean. Where among the tokens does it stand?",
        )
        require(
            not torch.allclose(result, model.head(model.norm(z[:, 1:].mean(dim=1))), atol=1e-5),
            "You took the mean first and normalised it then. The exercise wants it the other way.",
        )
        require(
            not torch.allclose(result, model.head(z[:, 1:].mean(dim=1)), atol=1e-5),
            "The LayerNorm at the end of the model is missing.",
        )
        require(
            torch.allclose(result, model.head(normed[:, 1:].mean(dim=1)), atol=1e-5),
            "The shape is right, the numbers are not: tokens, blocks, norm, mean, head, in this "
            "order.",
        )


def check_6(answer: object) -> None:
    """Check the mean distance over which each head looks."""
    function = require_function(answer)
    for side in (3, 5):
        n = side**2
        weights = (2 * _random(side, 3, n, n)).softmax(dim=-1)
        result = require_tensor(run_answer(function, weights), shape=(3,))
        row, column = torch.arange(n) // side, torch.arange(n) % side
        down, right = row[:, None] - row, column[:, None] - column
        straight = (down**2 + right**2).sqrt()

        def mean_of(distance: Tensor, weights: Tensor = weights) -> Tensor:
            return (weights * distance).sum(dim=-1).mean(dim=-1)

        require(
            not torch.allclose(result, mean_of(down.abs() + right.abs())),
            "You added the steps down and across. The straight line between two places is shorter.",
        )
        place = torch.arange(n)
        require(
            not torch.allclose(result, mean_of((place[:, None] - place).abs())),
            "You took the difference of the numbers of the places. The last of a row and the first "
            "of the next are not neighbours: each place has a row and a column.",
        )
        require(
            not torch.allclose(result, mean_of(down**2 + right**2)),
            "These are squared distances: the root is missing.",
        )
        require(
            not torch.allclose(result, mean_of(straight) * n)
            and not torch.allclose(result, mean_of(straight) / n),
            "Over who answers, the weights make a sum a mean already. Over who asks, take the mean "
            "yourself.",
        )
        require(
            torch.allclose(result, mean_of(straight), atol=1e-5),
            f"The shape is right, the numbers are not: for {side} by {side} places the first head "
            f"should get about {mean_of(straight)[0]:.1f}, but gets {result[0]:.3g}.",
        )


def check_7(answer: object) -> None:
    """Check a stem of convolutions in the place of the patches."""
    require_given(answer)
    require(
        isinstance(answer, nn.Module),
        f"The answer should be a module, but it is a {type(answer).__name__}. If yours is a class, "
        "make an object of it with brackets.",
    )
    convolutions = [m for m in answer.modules() if isinstance(m, nn.Conv2d)]
    require(
        len(convolutions) >= 2, f"It has {len(convolutions)} convolutions. Two or more, please."
    )
    n = count_parameters(answer)
    require(n <= 60_000, f"It has {n:,} parameters, more than 60,000. Narrower channels?")
    device = next(answer.parameters()).device
    answer.eval()
    with torch.no_grad():
        x = _random(11, 4, 1, 28, 28).to(device)
        result = require_tensor(run_answer(answer, x))
        require(
            tuple(result.shape) == (4, 64, 4, 4),
            f"A batch [4, 1, 28, 28] should become [4, 64, 4, 4], but becomes "
            f"{list(result.shape)}. The strides and poolings together must shrink 28 to 4.",
        )
        zero = answer(torch.zeros_like(x))
        straight = answer(x) + answer(-x) - 2 * zero
    require(
        straight.abs().max() > 1e-4,
        "Nothing bends between the convolutions, so together they are one convolution.",
    )


CHECKS: dict[str, Check] = {
    "08-1": check_1,
    "08-2": check_2,
    "08-3": check_3,
    "08-4": check_4,
    "08-5": check_5,
    "08-6": check_6,
    "08-7": check_7,
}
