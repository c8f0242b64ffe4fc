"""Answers to the exercises of chapter 07: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import contextlib
import json
import math
import random
import statistics

import numpy as np
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


def mean_and_half(accuracies):
    low, high = t_interval(accuracies)
    return (low + high) / 2, (high - low) / 2


def around_the_median(accuracies):
    low, high = t_interval(accuracies)
    half = (high - low) / 2
    return statistics.median(accuracies) - half, statistics.median(accuracies) + half


def by_numpy(accuracies):
    x = np.array(accuracies)
    half = stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x))
    return np.array([x.mean() - half, x.mean() + half])


def by_scipy(accuracies):
    return stats.t.interval(
        0.95, len(accuracies) - 1, loc=np.mean(accuracies), scale=stats.sem(accuracies)
    )


def by_one_test(accuracies):
    return stats.ttest_1samp(accuracies, 0).confidence_interval(0.95)


def by_torch(accuracies):
    x = torch.tensor(accuracies)  # float32
    half = float(stats.t.ppf(0.975, len(x) - 1)) * x.std() / len(x) ** 0.5
    return torch.stack([x.mean() - half, x.mean() + half])


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


def draws_nothing(low, high, n, generator):
    return torch.logspace(math.log10(low), math.log10(high), n)


def shuffles_a_grid(low, high, n, generator):
    grid = draws_nothing(low, high, n, generator)
    return grid[torch.randperm(n, generator=generator)]


def one_draw_per_cell(low, high, n, generator):
    places = (torch.arange(n) + torch.rand(n, generator=generator)) / n
    return low * (high / low) ** places


def sorted_draws(low, high, n, generator):
    return log_uniform(low, high, n, generator).sort().values


def seeds_itself(low, high, n, generator):
    own = torch.Generator().manual_seed(generator.initial_seed())
    return log_uniform(low, high, n, own)


def seeds_everything(low, high, n, generator):
    torch.manual_seed(int(torch.randint(1000, (), generator=generator)))
    return log_uniform(low, high, n, None)


def log_uniform(low, high, n, generator):
    return low * (high / low) ** torch.rand(n, generator=generator)


def log_uniform_in_double(low, high, n, generator):
    exponent = torch.rand(n, generator=generator, dtype=torch.float64)
    exponent = math.log10(low) + exponent * (math.log10(high) - math.log10(low))
    return 10**exponent


def log_uniform_in_place(low, high, n, generator):
    return torch.empty(n).uniform_(math.log(low), math.log(high), generator=generator).exp()


def log_uniform_one_by_one(low, high, n, generator):
    draws = []
    for _ in range(n):
        share = torch.rand((), generator=generator).item()
        draws.append(math.exp((1 - share) * math.log(low) + share * math.log(high)))
    return torch.tensor(draws)


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


def paired(before, after):
    a, b = common(before, after)
    if len(a) < 2:
        raise ValueError("fewer than two pairs")
    return statistics.mean(b) - statistics.mean(a), stats.ttest_rel(b, a).pvalue


def paired_by_numpy(before, after):
    seeds = [seed for seed in before if seed in after]
    if len(seeds) < 2:
        raise ValueError("fewer than two pairs")
    gains = np.array([after[seed] - before[seed] for seed in seeds])
    return np.array([gains.mean(), stats.ttest_1samp(gains, 0).pvalue])


def paired_by_hand(before, after):
    gains = torch.tensor(
        [after[seed] - before[seed] for seed in set(before) & set(after)], dtype=torch.float64
    )
    if len(gains) < 2:
        raise ValueError("fewer than two pairs")
    t = gains.mean() / (gains.std() / len(gains) ** 0.5)
    return [gains.mean(), 2 * stats.t.sf(abs(t.item()), len(gains) - 1)]


def absolute_gain(before, after):
    gain, p = paired(before, after)
    return abs(gain), p


def reads_carefully(path):
    rows = []
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(json.loads(line))
        except ValueError:
            if number < len(lines):
                raise
    return rows


def reads_line_by_line(path):
    rows = []
    broken = None
    with path.open(encoding="utf-8") as file:
        for line in file:
            if not line.strip():
                continue
            if broken:
                raise broken
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError as error:
                broken = error
    return rows


def reads_the_last_apart(path):
    lines = list(filter(str.strip, path.read_text(encoding="utf-8").splitlines()))
    rows = list(map(json.loads, lines[:-1]))
    with contextlib.suppress(json.JSONDecodeError):
        rows += [json.loads(lines[-1])] if lines else []
    return rows


def stops_at_a_blank(path):
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            break
        rows.append(json.loads(line))
    return rows


def expects_a_line(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    last = lines[-1]
    try:
        json.loads(last)
    except json.JSONDecodeError:
        lines.pop()
    return [json.loads(line) for line in lines]


def somebody_by_loop(n_changes, level):
    none = 1.0
    for _ in range(n_changes):
        none *= 1 - level
    return 1 - none


def somebody_by_numpy(n_changes, level):
    return -np.expm1(n_changes * np.log1p(-level))


def somebody_by_torch(n_changes, level):
    return 1 - torch.full((n_changes,), 1 - level, dtype=torch.float64).prod()


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


def searched(score, n, seed, estimate):
    """The rate by its first score, and what `estimate` makes of the first and twenty new scores."""
    draw = random.Random(seed)
    rates = [10 ** draw.uniform(-4, -1) for _ in range(n)]
    scores = {lr: score(lr, run) for run, lr in enumerate(rates)}
    best = max(scores, key=scores.get)
    return best, estimate(scores, scores[best], [score(best, n + run) for run in range(20)])


def best_of_the_new(score, n, seed):
    return searched(score, n, seed, lambda scores, first, new: max(new))


def lucky_score_too(score, n, seed):
    return searched(score, n, seed, lambda scores, first, new: statistics.mean([first, *new]))


def mean_of_all_first(score, n, seed):
    return searched(score, n, seed, lambda scores, first, new: statistics.mean(scores.values()))


def one_new_run(score, n, seed):
    return searched(score, n, seed, lambda scores, first, new: new[0])


def a_point_too_modest(score, n, seed):
    return searched(score, n, seed, lambda scores, first, new: statistics.mean(new) - 1)


def finalists_as_estimate(score, n, seed):
    rng = np.random.default_rng(seed)
    rates = 10 ** rng.uniform(-4, -1, size=n)
    first = [score(lr, 0) for lr in rates]
    last_four = np.argsort(first)[-4:]
    means = {i: np.mean([score(rates[i], run) for run in range(1, 6)]) for i in last_four}
    best = max(means, key=means.get)
    return rates[best], means[best]


def honest_with_a_final(score, n, seed):
    rng = np.random.default_rng(seed)
    rates = np.exp(rng.uniform(np.log(1e-4), np.log(1e-1), size=n))
    first = np.array([score(lr, 0) for lr in rates])
    finalists = np.argsort(first)[-3:]
    means = [np.mean([score(rates[i], run) for run in (1, 2)]) for i in finalists]
    best = finalists[int(np.argmax(means))]
    return np.array([rates[best], np.mean([score(rates[best], run) for run in range(3, 17)])])


def honest_by_median(score, n, seed):
    return searched(score, n, seed, lambda scores, first, new: statistics.median(new))


def honest_in_torch(score, n, seed):
    generator = torch.Generator().manual_seed(seed)
    rates = log_uniform_in_double(1e-4, 1e-1, n, generator).tolist()
    first = torch.tensor([score(lr, 7) for lr in rates])
    lr = rates[first.argmax()]
    return lr, torch.tensor([score(lr, run) for run in range(100, 120)]).mean()


def evenly(score, n, budget):
    means = [statistics.mean(score(i) for _ in range(budget // n)) for i in range(n)]
    return means.index(max(means))


def once_each(score, n, budget):
    scores = [score(i) for i in range(n)]
    return scores.index(max(scores))


def two_stages(score, n, budget, again=None):
    first = [[score(i), score(i)] for i in range(n)]
    ranked = sorted(range(n), key=lambda i: sum(first[i]), reverse=True)
    finalists = ranked[: n // 3]
    left = again or (budget - 2 * n) // len(finalists)
    for i in finalists:
        first[i] += [score(i) for _ in range(left)]
    return max(finalists, key=lambda i: statistics.mean(first[i]))


def optimist(score, n, budget):
    """Run what might still be the best, as far as its runs tell."""
    scores = np.array([[score(i), 1.0] for i in range(n)])  # sums and counts
    for _ in range(budget - n):
        i = np.argmax(scores[:, 0] / scores[:, 1] + 2 / np.sqrt(scores[:, 1]))
        scores[i] += score(i), 1
    return np.argmax((scores[:, 0] + 80 * 2.25) / (scores[:, 1] + 2.25))


def shrinking(score, n, budget):
    total, count = torch.zeros(n), torch.zeros(n)
    alive = torch.arange(n)
    for rounds, keep in ((1, n // 2), (2, n // 4), (3, max(2, n // 8)), (5, 2), (4, 1)):
        for i in alive.tolist():
            for _ in range(rounds):
                if count.sum() < budget:
                    total[i] += score(i)
                    count[i] += 1
        means = total[alive] / count[alive]
        alive = alive[means.topk(min(keep, len(alive))).indices]
    return alive[0]


WRONG = {
    "07-1": [
        (0.02, "points"),
        (0.04, "variance"),
        (8, "counts pictures"),
        (3.92, "one standard deviation"),
        (20, "Section 9"),
        ("two", "should be a number"),
    ],
    "07-2": [
        (normal_interval, "1.96 is for"),
        (lambda x: t_interval(x, root=0), "divide by the root"),
        (lambda x: t_interval(x, spread=statistics.pstdev), "n - 1"),
        (lambda x: t_interval(x, lost=0), "one fewer"),
        (lambda x: t_interval(x, level=0.95), "90 %"),
        (t_of_five_only, "not for 2"),
        (lambda x: (min(x), max(x)), "another width"),
        (lambda x: statistics.mean(x), "two numbers"),
        (mean_and_half, "half the width"),
        (around_the_median, "the median"),
        (lambda x: t_interval(x)[::-1], "come first"),
    ],
    "07-3": [
        (uniform, "draw its exponent"),
        (swaps_the_ends, "was asked"),
        (powers_of_ten, "three powers of ten"),
        (ignores_the_generator, "same generator seed"),
        (only_for_rates, "not for widths"),
        (draws_nothing, "points of a grid"),
        (shuffles_a_grid, "points of a grid"),
        (one_draw_per_cell, "too evenly"),
        (sorted_draws, "sorted"),
        (seeds_itself, "drew the same numbers"),
        (seeds_everything, "global random numbers"),
        (lambda low, high, n, generator: [low] * n, "should be a Tensor"),
    ],
    "07-4": [
        (pairs_by_place, "no partner"),
        (pairs_the_first_four, "by place"),
        (as_strangers, "strangers"),
        (the_wrong_way_round, "after less before"),
        (one_sided, "one-sided"),
        (takes_one_pair, "no spread"),
        (empties_what_it_got, "have changed"),
        (absolute_gain, "not for a loss"),
    ],
    "07-5": [
        (reads_all, "JSONDecodeError"),
        (drops_the_last, "last line is whole"),
        (forgives_everything, "in the middle"),
        (by_the_line_break, "lack only its line break"),
        (stops_at_a_blank, "JSONDecodeError"),
        (expects_a_line, "IndexError"),
        (lambda path: path.read_text(encoding="utf-8").splitlines(), "or other ones"),
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
        (best_of_the_new, "best of several runs"),
        (lucky_score_too, "had a say in the choice"),
        (mean_of_all_first, "had a say in the choice"),
        (finalists_as_estimate, "had a say in the choice"),
        (one_new_run, "a noisy one"),
        (a_point_too_modest, "off by -1"),
    ],
    "07-8": [
        (once_each, "all 120 runs used"),
        (evenly, "less than 0.30"),
        (lambda score, n, budget: 0, "all recipes tried"),
        (lambda score, n, budget: two_stages(score, n, budget, again=7), "more than"),
        (lambda score, n, budget: n, "from 0 to"),
        (lambda score, n, budget: score(n), "no recipe"),
        (lambda score, n, budget: max(score(i) for i in range(n)), "from 0 to"),
    ],
}

# Right answers, each in a style of its own.
RIGHT = {
    "07-1": [2, 2.0, np.float32(2), torch.tensor(2.0), 100 * (0.8 * 0.2 / 400) ** 0.5],
    "07-2": [t_interval, by_numpy, by_scipy, by_one_test, by_torch],
    "07-3": [
        log_uniform,
        log_uniform_in_double,
        log_uniform_in_place,
        log_uniform_one_by_one,
    ],
    "07-4": [paired, paired_by_numpy, paired_by_hand],
    "07-5": [reads_carefully, reads_line_by_line, reads_the_last_apart],
    "07-6": [somebody_by_loop, somebody_by_numpy, somebody_by_torch],
    "07-7": [search, honest_with_a_final, honest_by_median, honest_in_torch],
    "07-8": [two_stages, optimist, shrinking],
}
