"""Checks for the exercises of chapter 08, replicating a paper."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchbook.book.exercises.answers import (
    Check,
    Operations,
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


def _numbers(answer: object, shape: tuple[int, ...]) -> Tensor:
    """Return a tensor of this shape as float32, whatever its dtype was."""
    return require_tensor(answer, shape=shape).detach().to("cpu", torch.float32)


def _close(one: Tensor, other: Tensor, tolerance: float = 1e-5) -> bool:
    return torch.allclose(one, other, rtol=0, atol=tolerance)


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
    for b, c, side, p in ((2, 3, 2, 2), (1, 1, 4, 7), (2, 2, 3, 5), (3, 5, 1, 4)):
        picture = _random(b, b, c, side * p, side * p)
        patches = F.unfold(picture, p, stride=p).transpose(1, 2)  # [B, N, C * P * P]
        result = _numbers(run_answer(function, patches.clone(), p), tuple(picture.shape))
        require(
            not torch.equal(result, patches.reshape(picture.shape)) or side == 1,
            "The shape is right, but each patch is smeared over whole rows. Undo the permutation, "
            "too.",
        )
        require(
            not torch.equal(result, picture.transpose(2, 3)),
            "Your picture lies on its side: rows and columns are exchanged.",
        )
        require(
            torch.equal(result, picture),
            "The shape is right, but the pixels aren't where they were. Which axis counts the "
            "rows of patches, and which the rows within one? They must become neighbours.",
        )


# How PyTorch normalises, by all of its functions and layers.
_NORMALISERS = {
    *("native_layer_norm", "_fused_rms_norm", "native_batch_norm", "native_group_norm"),
    *("_native_batch_norm_legit", "_batch_norm_impl_index", "cudnn_batch_norm"),
    *("_native_batch_norm_legit_no_training", "batch_norm_stats", "layer_norm", "group_norm"),
    "_batch_norm_with_update",
}


def check_3(answer: object) -> None:
    """Check a LayerNorm written by hand."""
    function = require_function(answer)
    for b, t, d, eps in ((4, 5, 8, 1e-6), (2, 3, 6, 1e-3), (1, 1, 48, 1e-5)):
        z = 0.01 * _random(3, b, t, d) + 0.5
        scale, shift = 1 + 0.3 * _random(4, d), _random(5, d)
        with Operations() as operations:
            result = run_answer(function, z.clone(), scale, shift, eps)
        result = _numbers(result, (b, t, d))
        centred = z - z.mean(dim=-1, keepdim=True)
        unbiased = centred / (z.var(dim=-1, keepdim=True) + eps).sqrt() * scale + shift
        require(
            not _close(result, unbiased, 1e-4),
            "Nearly. PyTorch's var divides by D - 1 unless you tell it otherwise; here the "
            "variance is the plain mean of the squares.",
        )
        std = z.std(dim=-1, keepdim=True, correction=0)
        require(
            not _close(result, centred / (std + eps) * scale + shift, 1e-5),
            "You added eps to the standard deviation. It belongs under the root.",
        )
        require(
            not _close(result, centred / std * scale + shift, 1e-5),
            "eps is missing. It's added to the variance, under the root.",
        )
        require(
            not _close(result, centred / (std**2 + eps) * scale + shift, 1e-4),
            "You divided by the variance. Divide by its root.",
        )
        if t > 1:
            over_tokens = F.layer_norm(z.transpose(1, 2), (t,), eps=eps).transpose(1, 2)
            require(
                not _close(result, over_tokens * scale + shift, 1e-4),
                "You took mean and variance over the tokens. Each token is to be normalised alone, "
                "over its D numbers.",
            )
            over_all = F.layer_norm(z, (t, d), eps=eps)
            require(
                not _close(result, over_all * scale + shift, 1e-4),
                "You took mean and variance over all tokens together. Each token is to be "
                "normalised alone, over its D numbers.",
            )
        require(
            not _close(result, F.layer_norm(z, (d,), None, None, eps), 1e-4),
            "Scale and shift are missing.",
        )
        require(
            not _close(result, (F.layer_norm(z, (d,), None, None, eps) + shift) * scale, 1e-4),
            "You added the shift before you multiplied by the scale.",
        )
        require(
            _close(result, F.layer_norm(z, (d,), scale, shift, eps), 1e-4),
            f"The shape is right, the numbers aren't, with eps = {eps:g}. Check one token alone: "
            "its mean must be 0 before the scale and the shift.",
        )
        require(
            not operations.calls.keys() & _NORMALISERS,
            "The numbers are right, but PyTorch normalised for you. Do it with means, squares and "
            "a root.",
        )


def check_4(answer: object) -> None:
    """Check attention in which some tokens are hidden."""
    function = require_function(answer)
    for b, t, d, places in ((2, 6, 4, (1, 4)), (3, 5, 16, (0,)), (1, 9, 2, (2, 3, 8))):
        q, k, v = (_random(seed, b, t, d) for seed in (6, 7, 8))
        hidden = torch.zeros(t, dtype=torch.bool)
        hidden[list(places)] = True
        result = _numbers(run_answer(function, q, k, v, hidden.clone()), (b, t, d))
        scores = q @ k.transpose(1, 2) / math.sqrt(d)
        plain = scores.softmax(dim=-1)
        require(not _close(result, plain @ v), "The hidden tokens are still looked at.")
        require(
            not _close(result, (plain * ~hidden) @ v),
            "The hidden ones have weight 0 now, but the others no longer add up to 1. Hide before "
            "the softmax, not after it.",
        )
        zeroed = scores.masked_fill(hidden, 0).softmax(dim=-1) @ v
        require(
            not _close(result, zeroed),
            "You set the hidden scores to 0, and the exponential of 0 is 1: they still get a "
            "share. Which score has an exponential of 0?",
        )
        only = scores.masked_fill(~hidden, -torch.inf).softmax(dim=-1) @ v
        require(not _close(result, only), "It's the wrong way round: you hid the rest.")
        unscaled = (scores * math.sqrt(d)).masked_fill(hidden, -torch.inf).softmax(dim=-1) @ v
        require(not _close(result, unscaled), "The root of d is missing.")
        divided = (scores / math.sqrt(d)).masked_fill(hidden, -torch.inf).softmax(dim=-1) @ v
        require(not _close(result, divided), "You divided by d. Divide by its root.")
        down = scores.masked_fill(hidden, -torch.inf).softmax(dim=1)
        require(
            not _close(result, down.nan_to_num() @ v),
            "Your softmax goes down the columns. Each query's weights are a row.",
        )
        rows = scores.masked_fill(hidden[:, None], 0).softmax(dim=-1) @ v
        silent = (plain @ v).masked_fill(hidden[:, None], 0)
        require(
            not _close(result.nan_to_num(), silent) and not _close(result, rows),
            "You hid the queries, the rows of the scores. A hidden token may still ask; nobody may "
            "take anything from it. That's about the columns.",
        )
        right = scores.masked_fill(hidden, -torch.inf).softmax(dim=-1) @ v
        require(
            _close(result, right),
            "The shape is right, the numbers aren't. `hidden` is about keys, so about the columns "
            "of the scores.",
        )


def check_5(answer: object) -> None:
    """Check logits from the mean of the patches."""
    function = require_function(answer)
    for size, channels, n_classes, b in ((8, 1, 3, 5), (12, 2, 4, 1)):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = VisionTransformer(size, 4, channels, n_classes, 8, 2, 2, 16).eval()
            nn.init.normal_(model.norm.weight)
            nn.init.normal_(model.norm.bias)
            nn.init.normal_(model.class_token)
        images = _random(9, b, channels, size, size)
        with torch.no_grad():
            result = _numbers(run_answer(function, model, images), (b, n_classes))
            z = model.blocks(model.tokens(images))
            normed = model.norm(z)
            require(
                not _close(result, model(images)),
                "These are the model's own logits, from the class token.",
            )
            require(
                not _close(result, model.head(normed.mean(dim=1))),
                "The class token is still in the mean. Where among the tokens is it?",
            )
            require(
                not _close(result, model.head(normed[:, :-1].mean(dim=1))),
                "You left out the last patch instead of the class token. Where is that one?",
            )
            require(
                not _close(result, model.head(model.norm(z[:, 1:].mean(dim=1)))),
                "You took the mean first and normalised then. The exercise wants it the other way "
                "round.",
            )
            require(
                not _close(result, model.head(z[:, 1:].mean(dim=1))),
                "The LayerNorm at the end of the model is missing.",
            )
            require(
                _close(result, model.head(normed[:, 1:].mean(dim=1))),
                "The shape is right, the numbers aren't: tokens, blocks, norm, mean, head, in this "
                "order.",
            )


def check_6(answer: object) -> None:
    """Check the mean distance over which each head looks."""
    function = require_function(answer)
    for h, side in ((3, 3), (2, 5), (1, 2)):
        n = side**2
        weights = (2 * _random(side, h, n, n)).softmax(dim=-1)
        result = _numbers(run_answer(function, weights.clone()), (h,))
        row, column = torch.arange(n) // side, torch.arange(n) % side
        down, right = row[:, None] - row, column[:, None] - column
        straight = (down**2 + right**2).sqrt()

        def mean_of(distance: Tensor, weights: Tensor = weights) -> Tensor:
            return (weights * distance).sum(dim=-1).mean(dim=-1)

        require(
            not _close(result, mean_of(down.abs() + right.abs())),
            "You added the steps down and across. The straight line between two places is shorter.",
        )
        place = torch.arange(n)
        require(
            not _close(result, mean_of((place[:, None] - place).abs())),
            "You took the difference of the numbers of the places. The last of a row and the first "
            "of the next aren't neighbours: each place has a row and a column.",
        )
        require(
            not _close(result, mean_of(down**2 + right**2)),
            "These are squared distances: the root is missing.",
        )
        require(
            not _close(result, mean_of(straight) * n, 1e-4)
            and not _close(result, mean_of(straight) / n),
            "Over who answers, the weights make a sum a mean already. Over who asks, take the mean "
            "yourself.",
        )
        require(
            not _close(result, straight.mean().expand(h)),
            "The weights are missing: this is the mean distance between any two places.",
        )
        require(
            _close(result, mean_of(straight)),
            f"The shape is right, the numbers aren't: for {side} by {side} places the first head "
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
    first = next(answer.parameters())
    x = _random(11, 4, 1, 28, 28).to(first.device, first.dtype)
    was_training = answer.training
    answer.eval()
    called: list[nn.Module] = []
    hooks = [m.register_forward_hook(lambda m, _, __: called.append(m)) for m in convolutions]
    try:
        result = require_tensor(run_answer(answer, x))
        for hook in hooks:
            hook.remove()
        require(
            tuple(result.shape) == (4, 48, 4, 4),
            f"A batch [4, 1, 28, 28] should become [4, 48, 4, 4], but becomes "
            f"{list(result.shape)}. The strides and poolings together must shrink 28 to 4.",
        )
        weight = _random(12, *result.shape).to(result)
        used = [
            m
            for m in dict.fromkeys(called)
            if _counts(
                torch.autograd.grad(
                    (result * weight).sum(), m.weight, retain_graph=True, allow_unused=True
                )[0]
            )
        ]
        require(
            len(used) >= 2,
            f"It holds {len(convolutions)} convolutions, but what comes out depends on "
            f"{len(used)} of them. Does `forward` use the others?",
        )
        require(
            _bends_between(answer, used[0], used[-1], x),
            "Nothing bends between the convolutions, so together they are one convolution.",
        )
    finally:
        for hook in hooks:
            hook.remove()
        answer.train(was_training)


def _counts(gradient: Tensor | None) -> bool:
    return gradient is not None and bool(gradient.abs().max() > 0)


def _bends_between(stem: nn.Module, first: nn.Module, last: nn.Module, x: Tensor) -> bool:
    """Whether the input of the last convolution is not affine in the output of the first.

    The first's output is replaced by two random ones and by their mean: through affine layers, the
    input of the last would be the mean of the two as well.
    """
    seen: list[Tensor] = []
    shares = [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5)]

    def replace(_: nn.Module, __: object, output: Tensor) -> Tensor:
        one, other = (_random(seed, *output.shape).to(output) for seed in (13, 14))
        share = shares[len(seen)]
        return share[0] * one + share[1] * other

    hooks = [
        first.register_forward_hook(replace),
        last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach())),
    ]
    try:
        with torch.no_grad():
            for _ in shares:
                stem(x)
    finally:
        for hook in hooks:
            hook.remove()
    return bool(((seen[0] + seen[1]) / 2 - seen[2]).abs().max() > 1e-4)


CHECKS: dict[str, Check] = {
    "08-1": check_1,
    "08-2": check_2,
    "08-3": check_3,
    "08-4": check_4,
    "08-5": check_5,
    "08-6": check_6,
    "08-7": check_7,
}
