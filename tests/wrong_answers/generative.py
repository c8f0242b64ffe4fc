"""Answers to the exercises of chapter 22: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import itertools
import math

import numpy as np
import torch
from torch.distributions import Normal, kl_divergence

FIRST, SECOND = 0.125 + math.log(2), 2.0


def kl_by_library():
    clouds = Normal(torch.tensor([1.0, -2.0]), torch.tensor([0.5, 1.0]))
    return kl_divergence(clouds, Normal(0.0, 1.0)).sum()


def on_the_way(x0, x1, t):
    t = t.reshape(-1, *[1] * (x0.dim() - 1))
    return (1 - t) * x0 + t * x1, x1 - x0


def on_the_way_by_loop(x0, x1, t):
    return [torch.stack([a + s * (b - a) for a, b, s in zip(x0, x1, t, strict=True)]), x1 - x0]


def on_the_way_in_numpy(x0, x1, t):
    x0, x1, t = x0.numpy(), x1.numpy(), t.numpy()
    x = np.einsum("b,b...->b...", 1 - t, x0) + np.einsum("b,b...->b...", t, x1)
    return x, x1 - x0


def on_the_way_backwards(x0, x1, t):
    x, velocity = on_the_way(x1, x0, t)
    return x, -velocity


def on_the_way_left(x0, x1, t):
    x, _ = on_the_way(x0, x1, t)
    return x, x1 - x


def on_the_way_in_place(x0, x1, t):
    velocity = x1 - x0
    x, _ = on_the_way(x0, x1, t)
    x0.copy_(x)
    return x0, velocity


def on_the_way_for_two_axes(x0, x1, t):
    return (1 - t[:, None]) * x0 + t[:, None] * x1, x1 - x0


def one_time_for_all(x0, x1, t):
    return (1 - t[0]) * x0 + t[0] * x1, x1 - x0


def behind(x, t, velocity):
    noise = x - t[:, None] * velocity
    return noise, noise + velocity


def behind_transposed(x, t, velocity):
    return (x.T - t * velocity.T).T, (x.T + (1 - t) * velocity.T).T


def behind_in_numpy(x, t, velocity):
    x, t, velocity = x.numpy(), t.numpy()[:, np.newaxis], velocity.numpy()
    return [x - t * velocity, x + (1 - t) * velocity]


def euler(velocity, x, n_steps):
    for step in range(n_steps):
        x = x + velocity(x, step / n_steps) / n_steps
    return x


def euler_with_linspace(velocity, x, n_steps):
    x = x.clone()
    times = torch.linspace(0, 1, n_steps + 1, dtype=torch.float64)
    for t, following in itertools.pairwise(times):
        x += (following - t) * velocity(x, t)
    return x


def euler_recursive(velocity, x, n_steps, step=0):
    if step == n_steps:
        return x
    moved = x + velocity(x, step / n_steps) * (1 / n_steps)
    return euler_recursive(velocity, moved, n_steps, step + 1)


def euler_at_ends(velocity, x, n_steps):
    for step in range(n_steps):
        x = x + velocity(x, (step + 1) / n_steps) / n_steps
    return x


def euler_without_length(velocity, x, n_steps):
    for step in range(n_steps):
        x = x + velocity(x, step / n_steps)
    return x


def euler_in_place(velocity, x, n_steps):
    for step in range(n_steps):
        x += velocity(x, step / n_steps) / n_steps
    return x


def euler_from_the_start(velocity, x, n_steps):
    start = x
    for step in range(n_steps):
        x = x + velocity(start, step / n_steps) / n_steps
    return x


def euler_of_whole_times(velocity, x, n_steps):
    for step in range(n_steps):
        x = x + velocity(x, step) / n_steps
    return x


def midpoints(velocity, x, n_steps):
    for step in range(n_steps):
        t, h = step / n_steps, 1 / n_steps
        x = x + h * velocity(x + h / 2 * velocity(x, t), t + h / 2)
    return x


def away(untold, told, unwanted, w):
    return untold + w * (told - unwanted)


def away_by_lerp(untold, told, unwanted, w):
    return torch.add(untold, told - unwanted, alpha=w)


def away_in_numpy(untold, told, unwanted, w):
    return untold.numpy() + w * told.numpy() - w * unwanted.numpy()


def away_in_place(untold, told, unwanted, w):
    untold += w * (told - unwanted)
    return untold


def crowds(features, others):
    means = (features.mean(dim=0) - others.mean(dim=0)) ** 2
    return (means + (features.std(dim=0) - others.std(dim=0)) ** 2).sum()


def crowds_in_numpy(features, others):
    a, b = features.numpy(), others.numpy()
    means = a.mean(axis=0) - b.mean(axis=0)
    spreads = a.std(axis=0, ddof=1) - b.std(axis=0, ddof=1)
    return float(means @ means + spreads @ spreads)


def crowds_by_loop(features, others):
    total = 0.0
    for a, b in zip(features.T, others.T, strict=True):
        total += (a.mean() - b.mean()).item() ** 2 + (a.std() - b.std()).item() ** 2
    return total


def crowds_of_variances(features, others):
    means = (features.mean(dim=0) - others.mean(dim=0)) ** 2
    return (means + (features.var(dim=0) - others.var(dim=0)) ** 2).sum()


def crowds_of_all(features, others):
    return (features.mean() - others.mean()) ** 2 + (features.std() - others.std()) ** 2


def crowds_without_correction(features, others):
    means = (features.mean(dim=0) - others.mean(dim=0)) ** 2
    a, b = features.std(dim=0, correction=0), others.std(dim=0, correction=0)
    return (means + (a - b) ** 2).sum()


def at_times(*times):
    def answer(velocity, x):
        for t, following in itertools.pairwise(times):
            x = x + (following - t) * velocity(x, t)
        return x

    return answer


def by_powers(velocity, x):
    times = torch.linspace(0, 1, 5, dtype=torch.float64) ** 0.7
    for step in range(4):
        x = x + (times[step + 1] - times[step]) * velocity(x, times[step])
    return x


def in_numpy(velocity, x):
    t = 0.0
    for h in (0.35, 0.25, 0.2, 0.2):
        x = np.asarray(x) + h * np.asarray(velocity(torch.as_tensor(x), t))
        t += h
    return x


def all_to_one(velocity, x):
    velocity(x, 0.0)
    return x * 0 + torch.tensor([0.0, 2.2])


def never_looks(velocity, x):
    return x / x.norm(dim=1, keepdim=True) * 2.2


RIGHT = {
    "22-1": [FIRST + SECOND, kl_by_library(), np.float64(2.818), 2.82],
    "22-2": [on_the_way, on_the_way_by_loop, on_the_way_in_numpy],
    "22-3": [behind, behind_transposed, behind_in_numpy],
    "22-4": [euler, euler_with_linspace, euler_recursive],
    "22-5": [away, away_by_lerp, away_in_numpy],
    "22-6": [crowds, crowds_in_numpy, crowds_by_loop],
    "22-7": [at_times(0, 0.4, 0.6, 0.8, 1), by_powers, in_numpy],
}

WRONG = {
    "22-1": [
        (FIRST, "second isn't free"),
        (SECOND, "first isn't free"),
        ((FIRST + SECOND) / 2, "mean"),
        (0.25 + math.log(2) + SECOND, "Square the spread"),
        (4.25 + math.log(2), "halved"),
        (0.125 + 2 * math.log(2) + SECOND, "not of its square"),
        (0.125 + 1 + SECOND, "natural logarithm"),
        (-1.0, "never negative"),
        (3.5, "Then add"),
    ],
    "22-2": [
        (on_the_way_backwards, "all noise"),
        (lambda x0, x1, t: (on_the_way(x0, x1, t)[0], x0 - x1), "sign is wrong"),
        (on_the_way_left, "same all the way"),
        (lambda x0, x1, t: on_the_way(x0, x1, t)[::-1], "First the mixtures"),
        (on_the_way_in_place, "You changed"),
        (on_the_way_for_two_axes, "stopped"),
        (one_time_for_all, "time of its own"),
        (lambda x0, x1, t: on_the_way(x0, x1, t)[0], "two tensors"),
    ],
    "22-3": [
        (lambda x, t, v: behind(x, t, v)[::-1], "First the noise"),
        (lambda x, t, v: (behind(x, t, v)[0], x + t[:, None] * v), "1 − t"),
        (lambda x, t, v: (behind(x, t, v)[0], x + v), "time t already"),
        (lambda x, t, v: (x - (1 - t[:, None]) * v, x + (1 - t[:, None]) * v), "time of t"),
        (lambda x, t, v: (x - v, behind(x, t, v)[1]), "noise isn't right"),
        (lambda x, t, v: (behind(x, t, v)[0], x), "data aren't right"),
        (lambda x, t, v: behind(x, t, v)[0], "two tensors"),
    ],
    "22-4": [
        (euler_at_ends, "at its beginning"),
        (euler_without_length, "lasts 1 / n_steps"),
        (euler_in_place, "You changed"),
        (euler_from_the_start, "where you are then"),
        (euler_of_whole_times, "times should be"),
        (midpoints, "6 times"),
        (lambda velocity, x, n: x, "never called"),
    ],
    "22-5": [
        (lambda u, t, n, w: u + w * (t - u), "no part in it"),
        (lambda u, t, n, w: u + w * (n - t), "towards what isn't wanted"),
        (lambda u, t, n, w: n + w * (t - n), "not with the unwanted"),
        (lambda u, t, n, w: t + w * (t - n), "with w = 0"),
        (away_in_place, "You changed"),
        (lambda u, t, n, w: u + t - n, "Not yet"),
    ],
    "22-6": [
        (lambda a, b: ((a.mean(dim=0) - b.mean(dim=0)) ** 2).sum(), "spreads play no part"),
        (lambda a, b: ((a.std(dim=0) - b.std(dim=0)) ** 2).sum(), "means play no part"),
        (crowds_of_variances, "not their squares"),
        (lambda a, b: crowds(a, b) / a.shape[1], "don't average"),
        (lambda a, b: crowds(a, b).sqrt(), "root"),
        (crowds_without_correction, "N − 1"),
        (crowds_of_all, "axis 0"),
        (lambda a, b: crowds(a, b) + 1, "Not yet"),
    ],
    "22-7": [
        (at_times(0, 0.25, 0.5, 0.75, 1), "shorter steps there"),
        (at_times(0, 0.2, 0.4, 0.6, 0.8, 1), "4 times, and not more"),
        (at_times(0, 0.1, 0.2, 0.3, 1), "arrive"),
        (lambda velocity, x: midpoints(velocity, x, 2), "arrive"),
        (all_to_one, "Some spot"),
        (never_looks, "never called"),
        (lambda velocity, x: x + velocity(x, 2.0), "from 0 to 1"),
        (lambda velocity, x: x + velocity(x, 0.0), "arrive"),
    ],
}
