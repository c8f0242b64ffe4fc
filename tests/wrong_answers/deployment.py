"""Typical wrong answers to the exercises of chapter 09, each with a part of the intended hint."""

import copy

import numpy as np
import torch
from torch import nn


def dominates(a, b, strict):
    better = [a[0] > b[0], a[1] < b[1], a[2] < b[2]]
    no_worse = [a[0] >= b[0], a[1] <= b[1], a[2] <= b[2]]
    return all(better) if strict else all(no_worse)


def better_in_all(models):
    return {n for n, m in models.items() if not any(dominates(o, m, True) for o in models.values())}


def against_itself(models):
    return {
        n for n, m in models.items() if not any(dominates(o, m, False) for o in models.values())
    }


def best_accuracy(models):
    best = max(right for right, _, _ in models.values())
    return {name for name, (right, _, _) in models.items() if right == best}


def drops_twins(models):
    return {
        n
        for n, m in models.items()
        if not any(dominates(o, m, False) for k, o in models.items() if k != n)
    }


def the_dominated(models):
    return models.keys() - {
        n
        for n, m in models.items()
        if not any(dominates(o, m, False) and o != m for o in models.values())
    }


def only_parameters(model, n_bytes):
    return n_bytes * sum(w.numel() for w in model.parameters()) / 1e6


def everything(model, n_bytes):
    return n_bytes * sum(w.numel() for w in model.state_dict().values()) / 1e6


def in_bytes(model, n_bytes):
    return 1e6 * floats(model, n_bytes)


def floats(model, n_bytes):
    return (
        n_bytes * sum(w.numel() for w in model.state_dict().values() if w.is_floating_point()) / 1e6
    )


def always_four(model, n_bytes):
    return floats(model, 4)


def mebibytes(model, n_bytes):
    return floats(model, n_bytes) * 1e6 / 2**20


def symmetric(x):
    scale = x.abs().max().item() / 127
    return (x / scale).round().to(torch.int8), scale, 0


def wraps_round(x):
    scale = (x.max() - x.min()).item() / 255
    zero = round(-x.min().item() / scale)  # for 0 to 255
    return (x / scale + zero).round().to(torch.uint8).to(torch.int8), scale, zero


def too_few_steps(x):
    low, high = x.min().item(), x.max().item()
    scale = (high - low) / 127
    zero = round(-64 - low / scale)
    return (x / scale + zero).round().clamp(-128, 127).to(torch.int8), scale, zero


def as_tensors(x):
    scale = (x.max() - x.min()) / 255
    zero = (-128 - x.min() / scale).round()
    return (x / scale + zero).round().clamp(-128, 127).to(torch.int8), scale, zero


def only_q(x):
    return symmetric(x)[0]


def reshaped(frame):
    return frame.flip(2).reshape(1, 3, *frame.shape[:2])


def blue_first(frame):
    return frame.permute(2, 0, 1).unsqueeze(0)


def turned(frame):
    return frame.flip(2).permute(2, 1, 0).unsqueeze(0)


def no_batch(frame):
    return frame.permute(2, 0, 1).flip(0)


def scaled(frame):
    return frame.permute(2, 0, 1).flip(0).unsqueeze(0) / 255


def logits_compared(logits, threshold):
    best, answers = logits.max(dim=1)
    return torch.where(best < threshold, -1, answers)


def always_answers(logits, threshold):
    return logits.argmax(dim=1)


def the_other_way(logits, threshold):
    sure, answers = logits.softmax(dim=1).max(dim=1)
    return torch.where(sure >= threshold, -1, answers)


def wrong_axis(logits, threshold):
    sure, answers = logits.softmax(dim=0).max(dim=1)
    return torch.where(sure < threshold, -1, answers)


def floats_out(logits, threshold):
    sure, answers = logits.softmax(dim=1).max(dim=1)
    return torch.where(sure < threshold, -1.0, answers.float())


def fold(conv, norm, eps=True, bias=True, axis=0):
    with torch.no_grad():
        scale = norm.weight / (norm.running_var + (norm.eps if eps else 0)).sqrt()
        new = copy.deepcopy(conv)
        shape = (-1, 1, 1, 1) if axis == 0 else (1, -1, 1, 1)
        weight = conv.weight
        new.weight = nn.Parameter(
            weight * scale.reshape(shape)
            if axis == 0
            else weight * scale[: weight.shape[1], None, None]
        )
        new.bias = nn.Parameter(norm.bias - scale * norm.running_mean) if bias else None
    return new


def no_eps(conv, norm):
    return fold(conv, norm, eps=False)


def no_bias(conv, norm):
    return fold(conv, norm, bias=False)


def wrong_weights(conv, norm):
    return fold(conv, norm, axis=1)


def forgot_the_mean(conv, norm):
    new = fold(conv, norm)
    new.bias = nn.Parameter(norm.bias.detach().clone())
    return new


def fold_in_place(conv, norm):
    new = fold(conv, norm)
    conv.weight = nn.Parameter(new.weight.detach())
    return new


def no_padding(conv, norm):
    folded = fold(conv, norm)
    new = nn.Conv2d(4, 8, 3)
    new.load_state_dict(folded.state_dict())
    return new


def serve(
    session, classes, image, convert=True, axes=True, stable=True, plain=True, dtype=np.uint8
):
    pixels = np.asarray(image.convert("RGB") if convert else image).astype(dtype)
    x = pixels.transpose(2, 0, 1)[None] if axes else pixels.reshape(1, 3, *pixels.shape[:2])
    logits = session.run(None, {"inputs": x})[0][0]
    powers = np.exp(logits - (logits.max() if stable else 0))
    p = powers / powers.sum()
    return dict(zip(classes, p.tolist() if plain else p, strict=True))


WRONG = {
    "09-1": [
        ((29, 10), "the wrong way round"),
        ((105, 29), "sort all hundred calls"),
        ((10, 105), "one comes nine times as often"),
        ((10, 20), "the sum of all hundred"),
        ((200, 29), "Which is in the middle?"),
        (10, "two numbers"),
    ],
    "09-2": [
        (better_in_all, "Need it be better in all three?"),
        (against_itself, "compared with itself"),
        (best_accuracy, "none of the others is as fast as it"),
        (drops_twins, "equal in everything don't dominate each other"),
        (the_dominated, "those that remain are asked"),
    ],
    "09-3": [
        (only_parameters, "a mean and a variance for each channel"),
        (everything, "counts its batches"),
        (in_bytes, "Megabytes are asked"),
        (always_four, "Does the function use its second argument?"),
        (mebibytes, "a million bytes"),
    ],
    "09-4": [
        (symmetric, "Which q should stand for 0?"),
        (wraps_round, "it comes out at the other end"),
        (too_few_steps, "How many steps lie between"),
        (as_tensors, "should be a float and an int"),
        (only_q, "three things"),
    ],
    "09-5": [
        (reshaped, "Which method exchanges axes?"),
        (blue_first, "blue still comes first"),
        (turned, "lies on its side"),
        (no_batch, "The model takes batches"),
        (scaled, "The dtype should be torch.uint8"),
    ],
    "09-6": [
        (logits_compared, "It is meant for probabilities"),
        (always_answers, "It always answers"),
        (the_other_way, "The sure ones are turned away"),
        (wrong_axis, "Along which axis is the softmax?"),
        (floats_out, "should be int64"),
    ],
    "09-7": [
        (no_eps, "eps is missing"),
        (no_bias, "what becomes of the mean that is subtracted?"),
        (wrong_weights, "Which axis of the weights counts the output channels?"),
        (forgot_the_mean, "The weights are right, the bias is not"),
        (fold_in_place, "Make a new one"),
        (no_padding, "stride, padding and groups"),
    ],
    "09-8": [
        (lambda s, c, i: serve(s, c, i, axes=False), "reshape does not exchange axes"),
        (lambda s, c, i: serve(s, c, i, stable=False), "exp(1000) is too large for any float"),
        (lambda s, c, i: serve(s, c, i, plain=False), "JSON, which knows no NumPy"),
        (lambda s, c, i: serve(s, c, i, dtype=np.float32), "a NumPy array of uint8"),
        (
            lambda s, c, i: serve(s, c, i if i.mode == "RGB" else i.convert("L"), convert=False),
            "Your function stopped with ValueError",
        ),
    ],
}
