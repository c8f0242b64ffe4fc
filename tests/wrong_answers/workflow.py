"""Answers to the exercises of chapter 01: wrong ones, each with a part of its hint, and right ones.

The right ones are written in other styles than the published solution.
"""

import copy
import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def unchecked_mae(predictions, targets):
    return (predictions - targets).abs().mean()


def checked(loss):
    """Make of a function of the errors a loss that compares shapes first."""

    def answer(predictions, targets):
        if predictions.shape != targets.shape:
            raise ValueError("shapes differ")
        return loss(predictions - targets)

    return answer


def asserting_mae(predictions, targets):
    assert predictions.shape == targets.shape
    return (predictions - targets).abs().mean()


def compares_lengths(predictions, targets):
    if len(predictions) != len(targets):
        raise ValueError("lengths differ")
    return (predictions - targets).abs().mean()


def compares_axes(predictions, targets):
    if predictions.ndim != targets.ndim:
        raise ValueError("numbers of axes differ")
    return (predictions - targets).abs().mean()


def compares_counts(predictions, targets):
    if predictions.numel() != targets.numel():
        raise ValueError("numbers of elements differ")
    return (predictions - targets).abs().mean()


def made_anew(errors):
    return torch.tensor(errors.abs().mean().item(), requires_grad=True)


def half_hidden(errors):
    return errors.abs().mean() + errors.detach().mean() - errors.mean()


def by_l1_loss(predictions, targets):
    if list(predictions.shape) != list(targets.shape):
        raise ValueError
    return nn.L1Loss()(predictions, targets)


def by_loop(predictions, targets):
    if predictions.size() != targets.size():
        raise ValueError("no")
    total = 0
    for prediction, target in zip(predictions.flatten(), targets.flatten(), strict=True):
        total = total + torch.abs(target - prediction)
    return total / predictions.numel()


def by_where(errors):
    return torch.where(errors > 0, errors, -errors).sum() / errors.numel()


def cut(n, order):
    a, b = 6 * n // 10, 2 * n // 10
    return order[:a], order[a : a + b], order[a + b :]


def own(n, seed):
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def split_with_common_seed(n, seed):
    torch.manual_seed(seed)
    return cut(n, torch.randperm(n))


def split_with_seed_of_numpy(n, seed):
    np.random.seed(seed)
    return cut(n, torch.from_numpy(np.random.permutation(n)))


def split_with_seed_of_python(n, seed):
    random.seed(seed)
    order = list(range(n))
    random.shuffle(order)
    return cut(n, torch.tensor(order))


def split_with_repeats(n, seed):
    generator = torch.Generator().manual_seed(seed)
    return cut(n, torch.randint(0, n, (n,), generator=generator))


def split_that_loses_the_rest(n, seed):
    a, b = 6 * n // 10, 2 * n // 10
    return own(n, seed)[: a + 2 * b].split([a, b, b])


def split_rounded_to_nearest(n, seed):
    a, b = round(0.6 * n), round(0.2 * n)
    return own(n, seed).split([a, b, n - a - b])


def split_once(n, seed, _state=torch.Generator().manual_seed(0)):  # noqa: B008
    return cut(n, torch.randperm(n, generator=_state))


def split_with_fixed_test(n, seed):
    a, b = 6 * n // 10, 2 * n // 10
    train, valid = own(a + b, seed).split([a, b])
    return train, valid, torch.arange(a + b, n)


def split_by_stride(n, seed):
    return cut(n, (7 * torch.arange(n) + seed) % n)


def split_in_pairs(n, seed):
    pairs = 2 * own(n // 2, seed)
    rest = torch.arange(n // 2 * 2, n)
    return cut(n, torch.cat([torch.stack([pairs, pairs + 1], dim=1).flatten(), rest]))


def split_by_numpy(n, seed):
    order = torch.from_numpy(np.random.default_rng(seed).permutation(n))
    return [part.sort().values for part in cut(n, order)]


def split_by_python(n, seed):
    order = list(range(n))
    random.Random(seed).shuffle(order)
    return tuple(torch.tensor(part) for part in cut(n, order))


def split_with_forked_state(n, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return cut(n, torch.rand(n).argsort())


def loop(
    *,
    order=("zero", "backward", "step"),
    loss_after=False,
    as_float=True,
    rows="list",
    loss_fn=F.mse_loss,
    make=torch.optim.SGD,
):
    """Make a training loop, perhaps with something wrong in it."""

    def answer(model, x, y, lr, steps):
        optimizer = make(model.parameters(), lr=lr)
        losses = []
        for _ in range(steps):
            loss = loss_fn(model(x), y)
            for name in order:
                if name == "zero":
                    optimizer.zero_grad()
                elif name == "backward":
                    loss.backward()
                else:
                    optimizer.step()
            if loss_after:
                loss = loss_fn(model(x), y)
            losses.append(loss.item() if as_float else loss)
        return losses if rows == "list" else losses[-1]

    return answer


def zeroes_once(model, x, y, lr, steps):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    optimizer.zero_grad()
    losses = []
    for _ in range(steps):
        loss = F.mse_loss(model(x), y)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses


def trains_a_copy(model, x, y, lr, steps):
    return loop()(copy.deepcopy(model), x, y, lr, steps)


def with_fixed_rate(model, x, y, lr, steps):
    return loop()(model, x, y, 0.04, steps)


def without_optimizer(model, x, y, lr, steps):
    losses = []
    for _ in range(steps):
        model.zero_grad()
        loss = (model(x) - y).square().mean()
        losses.append(float(loss.detach()))
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= lr * parameter.grad
    return losses


def with_grad(model, x, y, lr, steps):
    parameters = list(model.parameters())
    losses = np.zeros(steps)
    for i in range(steps):
        loss = nn.MSELoss()(model(x), y)
        losses[i] = loss.item()
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(lr * gradient)
    return tuple(losses)


def limit_of_two(x):
    inputs = torch.cat([x, torch.ones_like(x)], dim=1)
    return 2 / torch.linalg.eigvalsh(2 * inputs.T @ inputs / len(x))[-1].item()


def limit_by_hessian(x):
    w = torch.zeros((), dtype=x.dtype)
    return 2 / torch.autograd.functional.hessian(lambda w: (w * x - 1).square().mean(), w)


def limit_by_loop(x):
    total = 0.0
    for number in x[:, 0].tolist():
        total += number**2
    return len(x) / total


def limit_by_trying(x):
    low, high = 0.0, 1000.0
    for _ in range(60):
        lr = (low + high) / 2
        step = (1 - lr * 2 * (x.double() ** 2).mean()).abs()  # what one step leaves of 1
        low, high = (lr, high) if step < 1 else (low, lr)
    return np.float32(low)


def in_place(x):
    x *= x
    return 1 / x.mean()


def readings_by_counting(n, error, wanted):
    needed = 1
    while error * math.sqrt(n / needed) > wanted:
        needed += 1
    return needed


def walk(*, lr=0.05, steps=500, uphill=False, brake=None):
    """Make a descent."""

    def answer(slopes):
        w = b = speed_w = speed_b = 0.0
        for _ in range(steps):
            slope_w, slope_b = slopes(w, b)
            speed_w = (brake or 0) * speed_w + slope_w
            speed_b = (brake or 0) * speed_b + slope_b
            w -= (-lr if uphill else lr) * speed_w
            b -= (-lr if uphill else lr) * speed_b
        return w, b

    return answer


def by_optimizer(slopes):
    point = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([point], lr=0.08, momentum=0.7)
    for _ in range(45):
        point.grad = torch.tensor(slopes(point[0], point[1]), dtype=torch.float64)
        optimizer.step()
    return point


def by_newton(slopes):
    start = np.array(slopes(0, 0))
    changes = np.stack([slopes(1, 0) - start, slopes(0, 1) - start], axis=1)
    return np.linalg.solve(changes, -start)


def until_flat(slopes):
    w, b = np.float64(-2), np.float64(25)
    slope_w, slope_b = slopes(w, b)
    while math.hypot(slope_w, slope_b) > 0.02:
        w, b = w - 0.09 * slope_w, b - 0.09 * slope_b
        slope_w, slope_b = slopes(w, b)
    return [w, b]


WRONG = {
    "01-1": [
        (..., "no answer yet"),
        ("2.5", "one number"),
        (5, "sum of the two squares"),
        (1.5, "absolute errors"),
        (np.float32(1.5), "absolute errors"),
        (0.5, "cancelled"),
        (0.25, "averaged first"),
        (1.58, "root of it"),
        (7, "what the line says"),
        (2.51, "what the line says"),
    ],
    "01-2": [
        (..., "no answer yet"),
        (-2.5, "two numbers"),
        ((-1.5, 20.1), "uphill"),
        ((-2.25, 19.95), "derivative of a square"),
        ((-3, 19.8), "mean over two readings"),
        ((5, 1), "That is the gradient"),
        ((-7, 19), "learning rate of 1"),
        ((19.9, -2.5), "wrong order"),
        ((-2.1, 19.9), "multiplied by its hour"),
        ((-2.5, 20), "b is not right yet"),
        ((-2, 19.9), "w not yet"),
        ((-2.49, 19.9), "w not yet"),
    ],
    "01-3": [
        (..., "no answer yet"),
        (unchecked_mae, "they broadcast"),
        (F.l1_loss, "raise no error"),
        (compares_lengths, "targets [3] raise no error"),
        (compares_axes, "targets [1, 3] raise no error"),
        (compares_counts, "targets [3] raise no error"),
        (asserting_mae, "AssertionError"),
        (checked(lambda errors: errors.square().mean()), "mean of the squares"),
        (checked(lambda errors: errors.square().mean().sqrt()), "root of the mean"),
        (checked(lambda errors: errors.mean()), "cancel in your function"),
        (checked(lambda errors: errors.abs().sum()), "not their mean"),
        (checked(lambda errors: errors.abs().max()), "should be 1.875"),
        (checked(lambda errors: errors.abs().median()), "should be 1.875"),
        (checked(lambda errors: errors.detach().abs().mean()), "autograd has lost track"),
        (checked(made_anew), "never reaches the predictions"),
        (checked(half_hidden), "not its gradient"),
        (checked(lambda errors: errors.abs()), "shape should be []"),
        (checked(lambda errors: errors.abs().sum() / len(errors)), "not the mean of all"),
        (checked(lambda errors: errors.square().sqrt().mean()), "gradient is nan"),
    ],
    "01-4": [
        (..., "no answer yet"),
        (split_with_common_seed, "PyTorch's common sequence"),
        (split_with_seed_of_numpy, "NumPy's common sequence"),
        (split_with_seed_of_python, "Python's common sequence"),
        (lambda n, seed: own(n, seed), "three tensors"),
        (lambda n, seed: cut(n, own(n, seed).float()), "dtype should be torch.int64"),
        (split_with_repeats, "a leak"),
        (split_that_loses_the_rest, "left after rounding down"),
        (split_rounded_to_nearest, "left after rounding down"),
        (lambda n, seed: cut(n, torch.arange(n)), "old order"),
        (lambda n, seed: cut(n, own(n, seed) + 1), "should be 0 to 99"),
        (split_once, "gave another split"),
        (lambda n, seed: cut(n, own(n, 0)), "all give the same split"),
        (lambda n, seed: cut(n, own(n, seed % 2)), "only 2 different"),
        (lambda n, seed: cut(n, torch.arange(n).roll(seed)), "different splits"),
        (split_by_stride, "different splits"),
        (split_with_fixed_test, "into the"),
        (split_in_pairs, "are in the same split"),
    ],
    "01-5": [
        (..., "no answer yet"),
        (loop(rows="last"), "returns a float"),
        (lambda model, x, y, lr, steps: [1.0], "one for each step"),
        (loop(as_float=False), "Python floats"),
        (loop(loss_after=True), "*before* the first step"),
        (loop(loss_fn=nn.MSELoss(reduction="sum")), "a sum of squared errors"),
        (loop(loss_fn=F.l1_loss), "the MSE of the model"),
        (loop(order=("zero", "backward")), "nothing moves"),
        (loop(order=("backward", "zero", "step")), "nothing moves"),
        (loop(order=("zero", "step", "backward")), "nothing moves"),
        (loop(order=("backward", "step")), "somebody left in it"),
        (loop(order=("backward", "step", "zero")), "somebody left in it"),
        (loop(make=torch.optim.Adam), "somebody left in it"),
        (
            loop(make=lambda parameters, lr: torch.optim.SGD(parameters, lr, momentum=0.9)),
            "plain SGD",
        ),
        (with_fixed_rate, "learning rate that was given"),
        (zeroes_once, "later ones are not"),
        (trains_a_copy, "has not taken all"),
    ],
    "01-6": [
        (..., "no answer yet"),
        (lambda x: "0.1", "one number"),
        (lambda x: 0.5 / (x**2).mean().item(), "lands at the bottom"),
        (lambda x: 2 / (x**2).mean().item(), "factor 2"),
        (lambda x: 2 * (x**2).mean().item(), "That is the curvature"),
        (lambda x: 1 / (x**2).sum().item(), "a mean, too"),
        (lambda x: 1 / x.mean().item() ** 2, "mean of their squares"),
        (lambda x: 1 / x.var(correction=0), "mean of 0"),
        (limit_of_two, "if b is learned, too"),
        (in_place, "changes the inputs"),
        (lambda x: 0.1, "the limit should be"),
    ],
    "01-7": [
        (..., "no answer yet"),
        (lambda n, error, wanted: n * (error / wanted) ** 2, "whole numbers"),
        (lambda n, error, wanted: int(n * (error / wanted) ** 2), "rounded down"),
        (lambda n, error, wanted: math.ceil(n * error / wanted), "not twice as many"),
        (lambda n, error, wanted: math.ceil(n * (wanted / error) ** 2), "upside down"),
        (lambda n, error, wanted: math.ceil(n * (error / wanted) ** 2) - n, "on top of"),
        (lambda n, error, wanted: int(n * (error / wanted) ** 2) + 1, "One fewer"),
        (lambda n, error, wanted: 1000, "By which factor"),
    ],
    "01-8": [
        (..., "no answer yet"),
        (lambda slopes: 3.0, "two numbers"),
        (walk(), "Fewer than 200"),
        (walk(steps=100), "within 1 %"),
        (walk(lr=0.15, steps=150), "about to explode"),
        (walk(lr=10.0, steps=400), "explodes"),
        (walk(uphill=True, steps=150), "about to explode"),
        (walk(lr=0.1, steps=100), "within 1 %"),
        (lambda slopes: (-2.0, 25.0), "never calls"),
    ],
}

RIGHT = {
    "01-1": [2.5, np.float32(2.5), torch.tensor(2.5), np.array([2.5])],
    "01-2": [
        (-2.5, 19.9),
        [np.float32(-2.5), np.float64(19.9)],
        torch.tensor([-2.5, 19.9]),
        np.array([[-2.5], [19.9]]),
    ],
    "01-3": [by_l1_loss, by_loop, checked(by_where), checked(lambda errors: errors.abs().mean())],
    "01-4": [split_by_numpy, split_by_python, split_with_forked_state],
    "01-5": [loop(), without_optimizer, with_grad],
    "01-6": [
        lambda x: 1 / (x**2).mean(),
        lambda x: (1 / x.double().square().mean()).numpy(),
        limit_by_hessian,
        limit_by_loop,
        limit_by_trying,
    ],
    "01-7": [
        readings_by_counting,
        lambda n, error, wanted: np.ceil(n * error**2 / wanted**2),
        lambda n, error, wanted: torch.tensor(n * (error / wanted) ** 2).ceil().int(),
        lambda n, error, wanted: -int(-n * (error / wanted) ** 2 // 1),
    ],
    "01-8": [
        walk(lr=0.09, steps=160),
        walk(lr=0.08, steps=45, brake=0.7),
        by_optimizer,
        by_newton,
        until_flat,
    ],
}
