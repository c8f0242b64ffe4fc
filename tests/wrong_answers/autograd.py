"""Answers to the exercises of chapter 10: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import math

import numpy as np
import torch


def tanh_of_x(x):
    return np.tanh(x), lambda g: g * (1 - x**2)


def tanh_slope_only(x):
    return np.tanh(x), lambda g: 1 - np.tanh(x) ** 2


def tanh_at_the_gradient(x):
    return np.tanh(x), lambda g: g * (1 - np.tanh(g) ** 2)


def tanh_times_result(x):
    return np.tanh(x), lambda g: g * np.tanh(x)


def tanh_alone(x):
    return np.tanh(x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x)), lambda g: g


def tanh_by_cosh(x):
    return np.tanh(x), lambda g: (g / np.cosh(x) ** 2,)


def tanh_by_torch(x):
    given = torch.tensor(x, requires_grad=True)
    result = given.tanh()

    def back(g):
        return torch.autograd.grad(result, given, torch.as_tensor(g))[0]

    return result.detach(), back


def tanh_by_exponentials(x):
    result = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
    return [result, lambda g: g - g * result * result]


def fit_by_mean(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.mean(axis=0)
    for axis, size in enumerate(shape):
        if size == 1:
            gradient = gradient.mean(axis=axis, keepdims=True)
    return gradient


def fit_front_only(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    return gradient


def fit_behind(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=-1)
    for axis, size in enumerate(shape):
        if size == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


def fit_first_row(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient[0]
    for axis, size in enumerate(shape):
        if size == 1:
            gradient = gradient.take([0], axis=axis)
    return gradient


def fit_by_reshape(gradient, shape):
    return gradient.reshape(-1)[: math.prod(shape)].reshape(shape)


def fit_by_torch(gradient, shape):
    return torch.as_tensor(gradient).sum_to_size(shape)


def fit_by_loop(gradient, shape):
    result = np.zeros(shape)
    padded = (1,) * (gradient.ndim - len(shape)) + tuple(shape)
    view = result.reshape(padded)
    for place in np.ndindex(gradient.shape):
        view[tuple(0 if s == 1 else p for p, s in zip(place, padded, strict=True))] += gradient[
            place
        ]
    return result


def fit_at_once(gradient, shape):
    padded = (1,) * (gradient.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, size in enumerate(padded) if size == 1)
    return gradient.sum(axis=axes, keepdims=True).reshape(shape)


def nudge_leaves_changed(f, x):
    result = np.zeros_like(x)
    for i in range(len(x)):
        x[i] += 1e-5
        up = f(x)
        x[i] -= 2e-5
        result[i] = (up - f(x)) / 2e-5
    return result


def nudge(f, x, size=1e-5, divide=2.0, sign=1):
    result = np.zeros_like(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = size
        result[i] = sign * (f(x + step) - f(x - step)) / (divide * size)
    return result


def nudge_up_only(f, x, size=1e-5):
    result = np.zeros_like(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = size
        result[i] = (f(x + step) - f(x)) / size
    return result


def nudge_all_at_once(f, x):
    return np.full_like(x, (f(x + 1e-5) - f(x - 1e-5)) / 2e-5)


def nudge_as_a_list(f, x):
    return nudge(f, x).tolist()


def nudge_by_eye(f, x):
    steps = 1e-4 * np.eye(len(x))
    return np.array([(f(x + s) - f(x - s)) / 2e-4 for s in steps])


class Clip(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient.clamp(-1, 1)


class ClipByBounds(Clip):
    @staticmethod
    def backward(ctx, gradient):
        one = torch.ones_like(gradient)
        return torch.minimum(torch.maximum(gradient, -one), one)


class ClipByWhere(Clip):
    @staticmethod
    def backward(ctx, gradient):
        return torch.where(gradient.abs() > 1, gradient.sign(), gradient)


class ClipsForward(Clip):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(-1, 1)


class ClipsNothing(Clip):
    @staticmethod
    def backward(ctx, gradient):
        return gradient


class ClipsByNorm(Clip):
    @staticmethod
    def backward(ctx, gradient):
        return gradient / gradient.norm()


class ClipsInPlace(Clip):
    @staticmethod
    def backward(ctx, gradient):
        return gradient.clamp_(-1, 1)


class ClipsToSigns(Clip):
    @staticmethod
    def backward(ctx, gradient):
        return gradient.sign()


class ClipsBelowZero(Clip):
    @staticmethod
    def backward(ctx, gradient):
        return gradient.clamp(0, 1)


class ClipsByInput(Clip):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * (ctx.saved_tensors[0].abs() <= 1)


def by_uses(value):
    uses, waiting = {value: 0}, [value]
    while waiting:
        for parent in waiting.pop().made_from:
            if parent not in uses:
                uses[parent] = 0
                waiting.append(parent)
            uses[parent] += 1
    order, ready = [], [value]
    while ready:
        newest = ready.pop()
        order.append(newest)
        for parent in newest.made_from:
            uses[parent] -= 1
            if uses[parent] == 0:
                ready.append(parent)
    return order


def by_depth_first(value):
    done, order, waiting = set(), [], [(value, False)]
    while waiting:
        node, is_ready = waiting.pop()
        if is_ready:
            order.append(node)
        elif node not in done:
            done.add(node)
            waiting.append((node, True))
            waiting += [(parent, False) for parent in node.made_from]
    return order[::-1]


def by_longest_way(value):
    longest, waiting = {value: 0}, [value]
    while waiting:
        node = waiting.pop(0)
        for parent in node.made_from:
            if longest.get(parent, -1) < longest[node] + 1:
                longest[parent] = longest[node] + 1
                waiting.append(parent)
    return sorted(longest, key=longest.get)


def by_recursion(value):
    order = []

    def visit(node):
        if node not in order:
            for parent in node.made_from:
                visit(parent)
            order.append(node)

    visit(value)
    return order[::-1]


def breadth_first(value):
    order, waiting = [], [value]
    while waiting:
        node = waiting.pop(0)
        if node not in order:
            order.append(node)
            waiting += node.made_from
    return order


def oldest_first(value):
    return by_uses(value)[::-1]


def along_each_path(value):
    order, waiting = [], [value]
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting += node.made_from
    return order


def without_the_result(value):
    return by_uses(value)[1:]


def parents_only(value):
    return [value, *dict.fromkeys(value.made_from)]


class Value:
    """Chapter 10's class, in short."""

    made = 0

    def __init__(self, data, made_from=(), slopes=()):
        self.data, self.made_from, self.slopes = data, made_from, slopes
        Value.made += 1

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))


def dot(us, vs):
    data = sum(u.data * v.data for u, v in zip(us, vs, strict=True))
    return Value(data, (*us, *vs), (*[v.data for v in vs], *[u.data for u in us]))


def dot_by_numpy(us, vs):
    left, right = np.array([u.data for u in us]), np.array([v.data for v in vs])
    return Value(left @ right, us + vs, np.concatenate([right, left]))


def dot_pair_by_pair(us, vs):
    data, made_from, slopes = 0.0, [], []
    for u, v in zip(us, vs, strict=True):
        data += u.data * v.data
        made_from += [u, v]
        slopes += [v.data, u.data]
    return Value(data, made_from, slopes)


def dot_step_by_step(us, vs):
    result = us[0] * vs[0]
    for u, v in zip(us[1:], vs[1:], strict=True):
        result = result + u * v
    return result


def dot_thrown_away(us, vs):
    dot_step_by_step(us, vs)
    return dot(us, vs)


def dot_swapped(us, vs):
    return Value(dot(us, vs).data, (*us, *vs), [x.data for x in (*us, *vs)])


def dot_with_ones(us, vs):
    return Value(dot(us, vs).data, (*us, *vs), [1.0] * (2 * len(us)))


def dot_one_side(us, vs):
    return Value(dot(us, vs).data, tuple(us), [v.data for v in vs])


def dot_as_number(us, vs):
    return dot(us, vs).data


def dot_of_sums(us, vs):
    data = sum(u.data for u in us) * sum(v.data for v in vs)
    return Value(data + 1, (*us, *vs), dot(us, vs).slopes)


RIGHT = {
    "10-1": [[21, 16], np.array([21, 16]), (21.0, torch.tensor(16))],
    "10-2": [tanh_by_cosh, tanh_by_torch, tanh_by_exponentials],
    "10-3": [fit_by_torch, fit_by_loop, fit_at_once],
    "10-4": [nudge, nudge_as_a_list, nudge_by_eye],
    "10-5": [Clip, ClipByBounds, ClipByWhere],
    "10-6": [by_uses, by_depth_first, by_longest_way],
    "10-7": [dot, dot_by_numpy, dot_pair_by_pair],
}

WRONG = {
    "10-1": [
        ((25, 19), "belong to the chapter's y"),
        ((16, 21), "Which is whose"),
        ((6, 6), "way by c"),
        ((15, 10), "way by d"),
        ((21, 21), "The slope of d with respect to b"),
        ((10, 16), "Check a"),
        (21, "two whole numbers"),
    ],
    "10-2": [
        (tanh_of_x, "not of x"),
        (tanh_slope_only, "That's the slope"),
        (tanh_at_the_gradient, "at the gradient"),
        (tanh_times_result, "by the result itself"),
        (tanh_alone, "Return two things"),
        (sigmoid, "isn't tanh"),
    ],
    "10-3": [
        (fit_by_mean, "mean over the copies"),
        (fit_front_only, "shape"),
        (fit_behind, "shape"),
        (fit_first_row, "isn't added up right"),
        (fit_by_reshape, "isn't added up right"),
    ],
    "10-4": [
        (nudge_leaves_changed, "left x changed"),
        (lambda f, x: nudge(f, x, divide=1.0), "Twice as large"),
        (lambda f, x: nudge(f, x, sign=-1), "The sign is wrong"),
        (nudge_all_at_once, "one number at a time"),
        (nudge_up_only, "Nearly"),
        (lambda f, x: nudge_up_only(f, x, 1e-7), "steep valley"),
        (lambda f, x: nudge(f, x, size=1e-2), "Nearly"),
        (lambda f, x: nudge(f, x)[:2], "shape"),
    ],
    "10-5": [
        (ClipsForward, "way forward changes"),
        (ClipsNothing, "limits nothing"),
        (ClipsByNorm, "by itself"),
        (ClipsInPlace, "changed the gradient"),
        (ClipsToSigns, "keeps the signs alone"),
        (ClipsBelowZero, "Negative ones"),
        (ClipsByInput, "looks at x"),
        (Clip.apply, "pass the class itself"),
    ],
    "10-6": [
        (by_recursion, "RecursionError"),
        (breadth_first, "too early"),
        (oldest_first, "too early"),
        (along_each_path, "twice"),
        (without_the_result, "result itself is missing"),
        (parents_only, "An ancestor is missing"),
    ],
    "10-7": [
        (dot_step_by_step, "values in between"),
        (dot_thrown_away, "more values on the way"),
        (dot_swapped, "its partner"),
        (dot_with_ones, "belong to a sum"),
        (dot_one_side, "its partner"),
        (dot_as_number, "one Value"),
        (dot_of_sums, "The number itself is wrong"),
    ],
}
