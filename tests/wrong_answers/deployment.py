"""Answers to the exercises of chapter 09: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import copy
import zlib

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def dominates(a, b, strict):
    better = [a[0] > b[0], a[1] < b[1], a[2] < b[2]]
    no_worse = [a[0] >= b[0], a[1] <= b[1], a[2] <= b[2]]
    return all(better) if strict else all(no_worse)


def efficient(models):
    return {
        n
        for n, m in models.items()
        if not any(dominates(o, m, False) and o != m for o in models.values())
    }


def efficient_by_numpy(models):
    names = np.array(list(models))
    costs = np.array(list(models.values())) * [-1, 1, 1]
    no_worse = (costs[:, None] <= costs[None]).all(axis=2)
    better = (costs[:, None] < costs[None]).any(axis=2)
    return set(names[~(no_worse & better).any(axis=0)])


def efficient_by_loop(models):
    left = dict(models)
    for name, model in models.items():
        for other in models.values():
            if other != model and dominates(other, model, False):
                left.pop(name, None)
    return left.keys()


def only_the_best_of_each(models):
    by_name = models.items()
    return {
        max(by_name, key=lambda item: item[1][0])[0],
        min(by_name, key=lambda item: item[1][1])[0],
        min(by_name, key=lambda item: item[1][2])[0],
    }


def ignores_the_size(models):
    return {
        n
        for n, m in models.items()
        if not any(o[0] >= m[0] and o[1] <= m[1] and o[:2] != m[:2] for o in models.values())
    }


def a_list(models):
    return sorted(efficient(models))


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
    return models.keys() - efficient(models)


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


def floats_by_iteration(model, n_bytes):
    n = 0
    for group in (model.parameters(), model.buffers()):
        for tensor in group:
            if tensor.dtype != torch.int64:
                n += tensor.nelement()
    return np.float64(n * n_bytes) / 10**6


def floats_as_tensor(model, n_bytes):
    return torch.tensor(floats(model, n_bytes), dtype=torch.float64)


def in_kilobytes(model, n_bytes):
    return 1000 * floats(model, n_bytes)


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


def steps(x, n, low_end):
    low, high = x.min().item(), x.max().item()
    scale = (high - low) / n
    zero = round(low_end - low / scale)
    return (x / scale + zero).round().clamp(-128, 127).to(torch.int8), scale, zero


def too_few_steps(x):
    return steps(x, 127, -64)


def from_minus_127(x):
    return steps(x, 254, -127)


def as_tensors(x):
    scale = (x.max() - x.min()) / 255
    zero = (-128 - x.min() / scale).round()
    return (x / scale + zero).round().clamp(-128, 127).to(torch.int8), scale, zero


def by_numpy(x):
    values = x.double().numpy()
    scale = np.ptp(values) / 255
    zero = np.rint(-128 - values.min() / scale).astype(np.int64)
    q = np.clip(np.rint(values / scale) + zero, -128, 127).astype(np.int8)
    return [torch.from_numpy(q), scale, zero]


def fraction_of_a_step(x):
    scale = (x.max() - x.min()).item() / 255
    zero = -128 - x.min().item() / scale
    return (x / scale + zero).round().clamp(-128, 127).to(torch.int8), scale, zero


def cut_off(x):
    scale = (x.max() - x.min()).item() / 255
    zero = round(-128 - x.min().item() / scale)
    return (x / scale + zero).floor().clamp(-128, 127).to(torch.int8), 0.5 * scale, zero


def only_q(x):
    return symmetric(x)[0]


def frame_by_numpy(frame):
    return np.ascontiguousarray(np.moveaxis(frame[..., ::-1], -1, 0))[None]


def frame_by_torch(frame):
    return torch.from_numpy(frame).permute(2, 0, 1).flip(0).unsqueeze(0)


def frame_by_loop(frame):
    result = np.zeros((1, 3, *frame.shape[:2]), dtype=frame.dtype)
    for channel in range(3):
        result[0, 2 - channel] = frame[:, :, channel]
    return result


def reshaped(frame):
    return frame[:, :, ::-1].reshape(1, 3, *frame.shape[:2])


def blue_first(frame):
    return frame.transpose(2, 0, 1)[None]


def turned(frame):
    return frame[:, :, ::-1].transpose(2, 1, 0)[None]


def upside_down(frame):
    return frame[::-1].transpose(2, 0, 1)[None]


def no_batch(frame):
    return frame.transpose(2, 0, 1)[::-1]


def scaled(frame):
    return frame_by_numpy(frame) / 255


def in_place(frame):
    frame[:] = frame[:, :, ::-1].copy()
    return frame.transpose(2, 0, 1)[None]


def answers_by_numpy(logits, threshold):
    powers = np.exp(logits.double().numpy() - logits.max(dim=1).values[:, None].double().numpy())
    p = powers / powers.sum(axis=1, keepdims=True)
    return np.where(p.max(axis=1) < threshold, -1, p.argmax(axis=1))


def answers_by_loop(logits, threshold):
    answers = []
    for p in logits.softmax(-1):
        answers.append(int(p.argmax()) if p.max() >= threshold else -1)
    return torch.tensor(answers)


def answers_in_place(logits, threshold):
    p = torch.nn.functional.softmax(logits.double(), dim=1)
    answers = p.argmax(dim=1)
    answers[p.amax(dim=1) < threshold] = -1
    return answers


def not_at_the_threshold(logits, threshold):
    sure, answers = logits.softmax(dim=1).max(dim=1)
    return torch.where(sure <= threshold, -1, answers)


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
    new = nn.Conv2d(4, 8, conv.kernel_size)
    if folded.weight.shape == new.weight.shape:
        new.load_state_dict(folded.state_dict())
    return new


def rebuilt(conv, norm, dilation=True, dtype=torch.float32):
    new = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        conv.kernel_size,
        stride=conv.stride,
        padding=conv.padding,
        dilation=conv.dilation if dilation else 1,
        groups=conv.groups,
        dtype=dtype,
    )
    with torch.no_grad():
        scale = norm.weight.to(dtype) / torch.sqrt(norm.running_var.to(dtype) + norm.eps)
        new.weight.copy_(torch.einsum("oihw,o->oihw", conv.weight.to(dtype), scale))
        new.bias.copy_(norm.bias - norm.running_mean * scale)
    return new


def no_dilation(conv, norm):
    return rebuilt(conv, norm, dilation=False)


def rebuilt_in_double(conv, norm):
    return rebuilt(conv, norm, dtype=torch.float64)


def pack(weights, dtype=np.float32):
    scales = (np.abs(weights).max(axis=1, keepdims=True) / 127).astype(dtype)
    return scales.tobytes() + np.rint(weights / scales).astype(np.int8).tobytes()


def unpack(packed, shape, dtype=np.float32):
    n = shape[0] * np.dtype(dtype).itemsize
    scales = np.frombuffer(packed[:n], dtype)[:, None].astype(np.float32)
    return scales * np.frombuffer(packed[n:], np.int8).reshape(shape)


def pack_offset(weights):
    """uint8, from the smallest to the largest of each channel; as a bytearray."""
    low, high = weights.min(axis=1), weights.max(axis=1)
    packed = bytearray()
    for row, a, b in zip(weights, low, high, strict=True):
        packed += np.array([a, (b - a) / 255], dtype=np.float16).tobytes()
        step = np.float32(packed_half(packed, 1))
        start = np.float32(packed_half(packed, 0))
        packed += np.clip(np.rint((row - start) / step), 0, 255).astype(np.uint8).tobytes()
    return packed


def packed_half(packed, place):
    return np.frombuffer(bytes(packed[-4:]), np.float16)[place]


def unpack_offset(packed, shape):
    rows = []
    length = 4 + shape[1]
    for start in range(0, len(packed), length):
        row = bytes(packed[start : start + length])
        low, step = np.frombuffer(row[:4], np.float16).astype(np.float64)
        rows.append(low + step * np.frombuffer(row[4:], np.uint8))
    return np.stack(rows)


def pack_squeezed(weights):
    return zlib.compress(pack(weights, np.float64 if weights.shape[1] > 100 else np.float32), 9)


def unpack_squeezed(packed, shape):
    return unpack(zlib.decompress(packed), shape, np.float64 if shape[1] > 100 else np.float32)


def pack_one_scale(weights):
    scale = np.float32(np.abs(weights).max() / 127)
    return scale.tobytes() + np.round(weights / scale).astype(np.int8).tobytes()


def unpack_one_scale(packed, shape):
    scale = np.frombuffer(packed[:4], np.float32)
    return scale * np.frombuffer(packed[4:], np.int8).reshape(shape)


def unpack_unsigned(packed, shape):
    scales = np.frombuffer(packed[:256], np.float32)[:, None]
    return scales * np.frombuffer(packed[256:], np.uint8).reshape(shape)


def pack_half(weights):
    return weights.astype(np.float16).tobytes()


def unpack_half(packed, shape):
    return np.frombuffer(packed, np.float16).reshape(shape)


def pack_coarse(weights):
    scales = (np.abs(weights).max(axis=1, keepdims=True) / 60).astype(np.float32)
    return scales.tobytes() + np.rint(weights / scales).astype(np.int8).tobytes()


def pack_torch(weights):
    x = torch.from_numpy(weights)
    scales = x.abs().amax(dim=1, keepdim=True) / 127
    q = (x / scales).round().to(torch.int8)
    return scales.numpy().tobytes() + q.numpy().tobytes()


KEPT = {}


def keep(weights):
    KEPT["last"] = weights
    return b"as agreed"


def give_back(packed, shape):
    return KEPT["last"][: shape[0], : shape[1]]


RIGHT = {
    "09-1": [(10, 29), [np.float64(10), np.int64(29)], torch.tensor([10.0, 29.0]), (10.0, 29)],
    "09-2": [efficient, efficient_by_numpy, efficient_by_loop],
    "09-3": [floats, floats_by_iteration, floats_as_tensor],
    "09-4": [lambda x: steps(x, 255, -128), as_tensors, by_numpy],
    "09-5": [frame_by_numpy, frame_by_torch, frame_by_loop],
    "09-6": [answers_by_numpy, answers_by_loop, answers_in_place],
    "09-7": [fuse_conv_bn_eval, rebuilt, rebuilt_in_double, lambda c, n: fold(c, n)],
    "09-8": [(pack, unpack), (pack_offset, unpack_offset), [pack_squeezed, unpack_squeezed]],
}
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
        (only_the_best_of_each, "should be out"),
        (ignores_the_size, "should be out"),
        (a_list, "should be a set of names"),
    ],
    "09-3": [
        (only_parameters, "a mean and a variance for each channel"),
        (everything, "counts its batches"),
        (in_bytes, "Megabytes are asked"),
        (always_four, "Does the function use its second argument?"),
        (in_kilobytes, "Megabytes are asked"),
        (mebibytes, "a million bytes"),
    ],
    "09-4": [
        (symmetric, "Which q should stand for 0?"),
        (wraps_round, "it comes out at the other end"),
        (too_few_steps, "How many steps lie between"),
        (from_minus_127, "How many steps lie between"),
        (fraction_of_a_step, "so it should be whole"),
        (cut_off, "How many steps lie between"),
        (only_q, "three things"),
    ],
    "09-5": [
        (reshaped, "Which method exchanges axes?"),
        (blue_first, "blue still comes first"),
        (turned, "lies on its side"),
        (upside_down, "not where they belong"),
        (in_place, "leave it to the camera"),
        (no_batch, "The model takes batches"),
        (scaled, "The dtype should be torch.uint8"),
    ],
    "09-6": [
        (logits_compared, "It is meant for probabilities"),
        (not_at_the_threshold, "is not below a threshold of 1"),
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
        (no_padding, "stride, padding, dilation and groups"),
        (no_dilation, "stride, padding, dilation and groups"),
    ],
    "09-8": [
        ((pack_one_scale, unpack_one_scale), "What would a scale for each channel cost"),
        ((pack, unpack_unsigned), "int8 goes from -128 to 127"),
        ((pack_half, unpack_half), "1.1 are allowed"),
        ((pack_coarse, unpack), "less than 1 % is the goal"),
        ((pack_torch, unpack), "That calls PyTorch"),
        ((keep, give_back), "unpack should return shape"),
        ((lambda w: w.astype(np.int8), unpack), "pack should return bytes"),
        (pack, "two functions: (pack, unpack)"),
    ],
}
