"""Typical wrong answers to the exercises of chapter 07, each with a part of the intended hint."""

import json
import math
import random
import statistics

import torch
from scipy import stats


def normal_interval(accuracies):
    mean, s = statistics.mean(accuracies), statistics.stdev(accuracies)
    half = 1.96 * s / len(accuracies) ** 0.5
    return mean - half, mean + half


def t_interval(accuracies, level=0.975, lost=1, spread=statistics.stdev, root=0.5):
    n, mean = len(accuracies), statistics.mean(accuracies)
    half = stats.t.ppf(level, n - lost) * spread(accuracies) / n**root
    return mean - half, mean + half


def t_of_five_only(accuracies):
    mean, s = statistics.mean(accuracies), statistics.stdev(accuracies)
    half = 2.7764451 * s / len(accuracies) ** 0.5
    return mean - half, mean + half


def uniform(low, high, n, generator):
    return low + (high - low) * torch.rand(n, generator=generator)


def swaps_the_ends(low, high, n, generator):
    return 10 ** -(1 + 4 * torch.rand(n, generator=generator))


def powers_of_ten(low, high, n, generator):
    first, last = round(math.log10(low)), round(math.log10(high))
    return 10.0 ** torch.randint(first, last + 1, (n,), generator=generator)


def ignores_the_generator(low, high, n, generator):
    return torch.exp(math.log(low) + math.log(high / low) * torch.rand(n))


def only_for_rates(low, high, n, generator):
    return 10 ** (-4 + 3 * torch.rand(n, generator=generator))


def pairs_by_place(before, after):
    a, b = list(before.values()), list(after.values())
    return statistics.mean(b) - statistics.mean(a), stats.ttest_rel(b, a).pvalue


def common(before, after):
    seeds = sorted(before.keys() & after.keys())
    return [before[s] for s in seeds], [after[s] for s in seeds]


def pairs_the_first_four(before, after):
    a, b = list(before.values())[:4], list(after.values())[:4]
    return statistics.mean(b) - statistics.mean(a), stats.ttest_rel(b, a).pvalue


def as_strangers(before, after):
    a, b = common(before, after)
    return statistics.mean(b) - statistics.mean(a), stats.ttest_ind(b, a).pvalue


def the_wrong_way_round(before, after):
    a, b = common(before, after)
    return statistics.mean(a) - statistics.mean(b), stats.ttest_rel(a, b).pvalue


def one_sided(before, after):
    a, b = common(before, after)
    return statistics.mean(b) - statistics.mean(a), stats.ttest_rel(b, a).pvalue / 2


def takes_one_pair(before, after):
    a, b = common(before, after)
    if len(a) < 2:
        return b[0] - a[0], 1.0
    return statistics.mean(b) - statistics.mean(a), stats.ttest_rel(b, a).pvalue


def empties_what_it_got(before, after):
    for seed in list(before):
        if seed not in after:
            before.pop(seed)
    return takes_one_pair(before, after)


def reads_all(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def drops_the_last(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:-1]]


def forgives_everything(path):
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def by_the_line_break(path):
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines if line.strip()]


def search(score, n, seed, again=20, low=-4.0, high=-1.0, log=True, best=max):
    draw = random.Random(seed)
    if log:
        rates = [10 ** draw.uniform(low, high) for _ in range(n)]
    else:
        rates = [draw.uniform(10**low, 10**high) for _ in range(n)]
    scores = {lr: score(lr, run) for run, lr in enumerate(rates)}
    lr = best(scores, key=scores.get)
    if not again:
        return lr, scores[lr]
    return lr, statistics.mean(score(lr, n + run) for run in range(again))


def asks_the_same_run_again(score, n, seed):
    lr, _ = search(score, n, seed, again=0)
    draw = random.Random(seed)
    run = [10 ** draw.uniform(-4, -1) for _ in range(n)].index(lr)
    return lr, score(lr, run)


WRONG = {
    "07-1": [
        (0.02, "points"),
        (0.04, "variance"),
        (8, "counts pictures"),
        (3.92, "one standard deviation"),
        (20, "Section 6"),
        ("two", "should be a number"),
    ],
    "07-2": [
        (normal_interval, "1.96 is for"),
        (lambda x: t_interval(x, root=0), "divide by the root"),
        (lambda x: t_interval(x, spread=statistics.pstdev), "n - 1"),
        (lambda x: t_interval(x, lost=0), "one fewer"),
        (lambda x: t_interval(x, level=0.95), "90 %"),
        (t_of_five_only, "not for two"),
        (lambda x: (min(x), max(x)), "another width"),
        (lambda x: statistics.mean(x), "two numbers"),
    ],
    "07-3": [
        (uniform, "draw its exponent"),
        (swaps_the_ends, "was asked"),
        (powers_of_ten, "three powers of ten"),
        (ignores_the_generator, "same generator seed"),
        (only_for_rates, "not for widths"),
    ],
    "07-4": [
        (pairs_by_place, "no partner"),
        (pairs_the_first_four, "by place"),
        (as_strangers, "strangers"),
        (the_wrong_way_round, "after less before"),
        (one_sided, "one-sided"),
        (takes_one_pair, "no spread"),
        (empties_what_it_got, "have changed"),
    ],
    "07-5": [
        (reads_all, "JSONDecodeError"),
        (drops_the_last, "last line is whole"),
        (forgives_everything, "in the middle"),
        (by_the_line_break, "lack only its line break"),
    ],
    "07-6": [
        (lambda n, level: n * level, "200 %"),
        (lambda n, level: (1 - level) ** n, "none of them wins"),
        (lambda n, level: level**n, "all of them"),
        (lambda n, level: 100 * (1 - (1 - level) ** n), "from 0 to 1"),
        (lambda n, level: 1 - 0.95**n, "other levels"),
        (lambda n, level: 0.5, "the level itself"),
    ],
    "07-7": [
        (lambda score, n, seed: search(score, n, seed, again=0), "lucky"),
        (asks_the_same_run_again, "lucky"),
        (lambda score, n, seed: search(score, n, seed, again=30), "limit"),
        (lambda score, n, seed: search(score, n, seed, log=False), "log-uniformly"),
        (lambda score, n, seed: search(score, n, 0), "Another seed"),
        (lambda score, n, seed: search(score, n, seed, best=min), "Larger scores"),
        (lambda score, n, seed: search(score, n // 2, seed), "tried 15"),
        (lambda score, n, seed: search(score, n, random.random()), "two different answers"),
    ],
}
