"""Answers to the exercises of chapter 11: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def kaiming(shape):
    fan_in = math.prod(shape[1:])
    return torch.randn(shape) * (2 / fan_in) ** 0.5


def kaiming_by_torch(shape):
    return nn.init.kaiming_normal_(torch.empty(shape), nonlinearity="relu")


def kaiming_uniform(shape):
    bound = (6 / math.prod(shape[1:])) ** 0.5
    return torch.empty(shape, dtype=torch.float64).uniform_(-bound, bound)


def drawn(spread):
    return lambda shape: torch.randn(shape) * spread(shape)


def too_narrow_uniform(shape):
    bound = (2 / math.prod(shape[1:])) ** 0.5
    return torch.empty(shape).uniform_(-bound, bound)


def not_around_zero(shape):
    return torch.rand(shape) * (24 / math.prod(shape[1:])) ** 0.5


def the_same_again(shape):
    torch.manual_seed(0)
    return kaiming(shape)


def nesterov(w, gradient, rolling, lr):
    rolling = 0.9 * rolling + gradient
    return w - lr * (gradient + 0.9 * rolling), rolling


def nesterov_by_torch(w, gradient, rolling, lr):
    weight = nn.Parameter(w.clone())
    optimizer = torch.optim.SGD([weight], lr=lr, momentum=0.9, nesterov=True)
    optimizer.state[weight]["momentum_buffer"] = rolling.clone()
    weight.grad = gradient.clone()
    optimizer.step()
    return weight.detach(), optimizer.state[weight]["momentum_buffer"]


def nesterov_by_numpy(w, gradient, rolling, lr):
    w, gradient, rolling = w.numpy(), gradient.numpy(), rolling.numpy()
    new = gradient + 0.9 * rolling
    return [w - lr * gradient - lr * 0.9 * new, new]


def plain_momentum(w, gradient, rolling, lr):
    rolling = 0.9 * rolling + gradient
    return w - lr * rolling, rolling


def running_mean(w, gradient, rolling, lr):
    rolling = 0.9 * rolling + 0.1 * gradient
    return w - lr * (gradient + 0.9 * rolling), rolling


def whole_rolling(w, gradient, rolling, lr):
    rolling = 0.9 * rolling + gradient
    return w - lr * (gradient + rolling), rolling


def uphill(w, gradient, rolling, lr):
    rolling = 0.9 * rolling + gradient
    return w + lr * (gradient + 0.9 * rolling), rolling


def nesterov_in_place(w, gradient, rolling, lr):
    rolling *= 0.9
    rolling += gradient
    w -= lr * (gradient + 0.9 * rolling)
    return w, rolling


def old_rolling_returned(w, gradient, rolling, lr):
    new = 0.9 * rolling + gradient
    return w - lr * (gradient + 0.9 * new), rolling


def triangle(peak, n_steps, n_up):
    rates = [peak * (step + 1) / n_up for step in range(n_up)]
    n_down = n_steps - n_up
    return rates + [peak * (n_down - step) / (n_down + 1) for step in range(n_down)]


def triangle_by_numpy(peak, n_steps, n_up):
    return np.interp(np.arange(1, n_steps + 1), [0, n_up, n_steps + 1], [0, peak, 0])


def triangle_by_minimum(peak, n_steps, n_up):
    step = torch.arange(1, n_steps + 1, dtype=torch.float64)
    return peak * torch.minimum(step / n_up, (n_steps + 1 - step) / (n_steps + 1 - n_up))


def from_zero(peak, n_steps, n_up):
    return np.interp(np.arange(n_steps), [0, n_up, n_steps], [0, peak, 0]).tolist()


def to_zero(peak, n_steps, n_up):
    return np.interp(np.arange(1, n_steps + 1), [0, n_up, n_steps], [0, peak, 0]).tolist()


def peak_twice(peak, n_steps, n_up):
    n_down = n_steps - n_up
    up = [peak * (step + 1) / n_up for step in range(n_up)]
    return up + [peak * (n_down - step) / n_down for step in range(n_down)]


def one_too_many(peak, n_steps, n_up):
    return [*triangle(peak, n_steps, n_up), 0.0]


def cosine_down(peak, n_steps, n_up):
    n_down = n_steps - n_up
    up = [peak * (step + 1) / n_up for step in range(n_up)]
    return up + [peak * (1 + math.cos(math.pi * (i + 1) / (n_down + 1))) / 2 for i in range(n_down)]


def soft(labels, n_classes, smoothing):
    return (1 - smoothing) * F.one_hot(labels, n_classes) + smoothing / n_classes


def soft_by_loop(labels, n_classes, smoothing):
    rows = []
    for label in labels.tolist():
        row = [smoothing / n_classes] * n_classes
        row[label] += 1 - smoothing
        rows.append(row)
    return rows


def soft_by_scatter(labels, n_classes, smoothing):
    targets = torch.full((len(labels), n_classes), smoothing / n_classes, dtype=torch.float64)
    targets[torch.arange(len(labels)), labels] += 1 - smoothing
    return targets


def shared_among_others(labels, n_classes, smoothing):
    targets = torch.full((len(labels), n_classes), smoothing / (n_classes - 1))
    targets[torch.arange(len(labels)), labels] = 1 - smoothing
    return targets


def hard(labels, n_classes, smoothing):
    return F.one_hot(labels, n_classes).float()


def too_much(labels, n_classes, smoothing):
    return F.one_hot(labels, n_classes) + smoothing / n_classes


def smoothing_on_all(labels, n_classes, smoothing):
    return (1 - smoothing) * F.one_hot(labels, n_classes) + smoothing


def uniform(labels, n_classes, smoothing):
    return torch.full((len(labels), n_classes), 1 / n_classes)


def mean_of(states):
    result = {}
    for name, last in states[-1].items():
        if last.is_floating_point():
            result[name] = torch.stack([state[name] for state in states]).mean(dim=0)
        else:
            result[name] = last.clone()
    return result


def mean_by_sum(states):
    result = {name: value.clone() for name, value in states[-1].items()}
    for name, value in result.items():
        if torch.is_floating_point(value):
            for state in states[:-1]:
                value += state[name]
            value /= len(states)
    return result


def mean_step_by_step(states):
    result = {name: value.clone() for name, value in states[0].items()}
    for n, state in enumerate(states[1:], start=2):
        for name, kept in result.items():
            if kept.is_floating_point():
                kept.lerp_(state[name], 1 / n)
            else:
                kept.copy_(state[name])
    return result


def mean_in_place(states):
    for name, value in states[0].items():
        for state in states[1:]:
            value += state[name]
        if value.is_floating_point():
            value /= len(states)
    return states[0]


def mean_of_all(states):
    return {k: torch.stack([s[k] for s in states]).double().mean(dim=0) for k in states[0]}


def sum_of(states):
    result = mean_of(states)
    for value in result.values():
        if value.is_floating_point():
            value *= len(states)
    return result


def last_alone(states):
    return {name: value.clone() for name, value in states[-1].items()}


def first_count(states):
    result = mean_of(states)
    result["norm.num_batches_tracked"] = states[0]["norm.num_batches_tracked"].clone()
    return result


def float_weights(states):
    return {k: v.double() if v.is_floating_point() else v for k, v in mean_of(states).items()}


def rolling_down(rate, keep, n=40):
    def answer(gradient, w):
        rolling = torch.zeros_like(w)
        for _ in range(n):
            rolling = keep * rolling + gradient(w)
            w = w - rate * rolling
        return w

    return answer


def conjugate(gradient, w):
    """Hestenes and Stiefel's: the gradient is linear, so gradient(d) is the matrix times d."""
    residual = -gradient(w)
    direction = residual
    for _ in range(25):
        turned = gradient(direction)
        step = (residual @ residual) / (direction @ turned)
        w = w + step * direction
        new = residual - step * turned
        direction = new + (new @ new) / (residual @ residual) * direction
        residual = new
    return w


def chebyshev(gradient, w):
    """Heavy ball with the best numbers for these curvatures, as an array."""
    low, high = (1 / 300) ** 0.5, 1.0
    rate, keep = (2 / (low + high)) ** 2, ((high - low) / (high + low)) ** 2
    return rolling_down(0.98 * rate, keep)(gradient, w).numpy()


def flies_away(gradient, w):
    return rolling_down(400.0, 0.99)(gradient, w) * float("inf")


RIGHT = {
    "11-1": [0.05, np.float64(0.05), torch.tensor((2 / (5 * 5 * 32)) ** 0.5)],
    "11-2": [kaiming, kaiming_by_torch, kaiming_uniform],
    "11-3": [nesterov, nesterov_by_torch, nesterov_by_numpy],
    "11-4": [triangle, triangle_by_numpy, triangle_by_minimum],
    "11-5": [soft, soft_by_loop, soft_by_scatter],
    "11-6": [mean_of, mean_by_sum, mean_step_by_step],
    "11-7": [rolling_down(3.3, 0.8), conjugate, chebyshev],
}

WRONG = {
    "11-1": [
        (2 / 800, "Take its root"),
        ((1 / 800) ** 0.5, "without the ReLU"),
        ((2 / 1200) ** 0.5, "not the outputs"),
        ((2 / 25) ** 0.5, "all the maps"),
        ((2 / 32) ** 0.5, "25 places"),
        (0.01, "Count the inputs"),
        ("0.05", "one number"),
    ],
    "11-2": [
        (drawn(lambda shape: 2 / math.prod(shape[1:])), "mean square"),
        (drawn(lambda shape: (1 / math.prod(shape[1:])) ** 0.5), "without the ReLU"),
        (drawn(lambda shape: (2 / shape[0] / math.prod(shape[2:])) ** 0.5), "count the outputs"),
        (drawn(lambda shape: (2 / shape[1]) ** 0.5), "several places"),
        (too_narrow_uniform, "spreads less"),
        (not_around_zero, "mean isn't 0"),
        (torch.zeros, "the same"),
        (the_same_again, "Twice the same"),
        (lambda shape: kaiming(shape).T if len(shape) == 2 else kaiming(shape), "shape"),
    ],
    "11-3": [
        (plain_momentum, "plain momentum"),
        (running_mean, "running mean"),
        (whole_rolling, "0.9 times"),
        (uphill, "uphill"),
        (nesterov_in_place, "changed what you were given"),
        (old_rolling_returned, "0.9 times the old one"),
        (lambda *given: nesterov(*given)[0], "two tensors"),
    ],
    "11-4": [
        (from_zero, "first rate is 0"),
        (to_zero, "last rate is 0"),
        (peak_twice, "peak comes twice"),
        (one_too_many, "There should be"),
        (cosine_down, "way down isn't the line"),
        (lambda peak, n_steps, n_up: [peak] * n_steps, "rise in a line"),
        (lambda peak, n_steps, n_up: [r / 2 for r in triangle(peak, n_steps, n_up)], "largest"),
    ],
    "11-5": [
        (shared_among_others, "share the smoothing among the others"),
        (hard, "nothing is smoothed"),
        (too_much, "add up to 1"),
        (smoothing_on_all, "add up to 1"),
        (uniform, "aren't right yet"),
        (lambda labels, n, s: soft(labels, n, s).T, "shape"),
    ],
    "11-6": [
        (mean_in_place, "changed one of the dictionaries"),
        (mean_of_all, "dtype"),
        (sum_of, "the sum"),
        (last_alone, "last one alone"),
        (first_count, "whole number"),
        (float_weights, "keep its dtype"),
        (lambda states: list(mean_of(states).values()), "dictionary"),
    ],
    "11-7": [
        (rolling_down(1.95, 0.0), "of the height are left"),
        (rolling_down(1.95, 0.9), "of the height are left"),
        (rolling_down(3.3, 0.8, 60), "the budget"),
        (lambda gradient, w: w, "no lower than you began"),
        (flies_away, "inf or nan"),
        (lambda gradient, w: gradient(w)[:5], "shape"),
    ],
}
