"""Answers to the exercises of chapter 18: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import itertools
import math

import numpy as np
import torch

KEYS = "123A456B789C*0#D"
LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


def folded(frequency, rate):
    rest = frequency % rate
    return min(rest, rate - rest)


def folded_by_rounding(frequency, rate):
    return abs(frequency - rate * round(frequency / rate))


def folded_by_loop(frequency, rate):
    while frequency > rate / 2:
        frequency = abs(frequency - rate)
    return torch.tensor(float(frequency))


def starts(path):
    found = []
    before = 0
    for t, symbol in enumerate(path):
        if symbol != before and symbol != 0:
            found.append((symbol, 0.04 * t))
        before = symbol
    return found


def starts_by_groups(path):
    found = []
    t = 0
    for symbol, group in itertools.groupby(path):
        if symbol:
            found.append([symbol, t / 25])
        t += len(list(group))
    return found


def starts_in_numpy(path):
    path = np.array(path)
    new = np.append(True, path[1:] != path[:-1])
    places = np.flatnonzero(new & (path != 0))
    return tuple(zip(path[places], places * 0.04, strict=True))


def starts_without_repeats(path):
    found = []
    for t, symbol in enumerate(path):
        if symbol and symbol not in [s for s, _ in found]:
            found.append((symbol, 0.04 * t))
    return found


def starts_blanks_first(path):
    said = [(symbol, t) for t, symbol in enumerate(path) if symbol]
    return [
        (symbol, 0.04 * t)
        for i, (symbol, t) in enumerate(said)
        if i == 0 or symbol != said[i - 1][0]
    ]


def count(target, n_frames, may_skip=lambda states, s: states[s] and states[s] != states[s - 2]):
    states = [0]
    for symbol in target:
        states += [symbol, 0]
    ways = [1, 1] + [0] * (len(states) - 2)
    for _ in range(n_frames - 1):
        new = []
        for s in range(len(states)):
            total = ways[s]
            if s >= 1:
                total += ways[s - 1]
            if s >= 2 and may_skip(states, s):
                total += ways[s - 2]
            new.append(total)
        ways = new
    return ways[-1] + ways[-2]


def count_by_matrix(target, n_frames):
    states = [0] + [part for symbol in target for part in (symbol, 0)]
    step = np.eye(len(states))
    for s in range(1, len(states)):
        step[s, s - 1] = 1
        if s > 1 and states[s] and states[s] != states[s - 2]:
            step[s, s - 2] = 1
    first = np.zeros(len(states))
    first[:2] = 1
    return (np.linalg.matrix_power(step, n_frames - 1) @ first)[-2:].sum()


def count_by_formula(target, n_frames):
    repeats = sum(a == b for a, b in itertools.pairwise(target))
    # choose where each of the 2 * n + 1 - repeats free borders lies
    return torch.tensor(math.comb(n_frames + len(target) - repeats, 2 * len(target)))


def distance(said, heard):
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, start=1):
        new = [i]
        for j, other in enumerate(heard, start=1):
            new.append(min(row[j - 1] + (word != other), row[j] + 1, new[j - 1] + 1))
        row = new
    return row[-1]


def word_errors(said, heard):
    errors = words = 0
    for a, b in zip(said, heard, strict=True):
        errors += distance(a.split(), b.split())
        words += len(a.split())
    return errors / words


def word_errors_in_numpy(said, heard):
    errors = []
    for a, b in zip(said, heard, strict=True):
        a, b = a.split(), b.split()
        table = np.zeros((len(a) + 1, len(b) + 1))
        table[:, 0], table[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
        for i, j in itertools.product(range(len(a)), range(len(b))):
            ways = (table[i, j] + (a[i] != b[j]), table[i, j + 1] + 1, table[i + 1, j] + 1)
            table[i + 1, j + 1] = min(ways)
        errors.append(table[-1, -1])
    return np.sum(errors) / sum(len(a.split()) for a in said)


def word_errors_recursive(said, heard):
    def d(a, b):
        if not a or not b:
            return len(a) + len(b)
        return min(d(a[1:], b[1:]) + (a[0] != b[0]), d(a[1:], b) + 1, d(a, b[1:]) + 1)

    pairs = [(a.split(), b.split()) for a, b in zip(said, heard, strict=True)]
    return torch.tensor(sum(d(a, b) for a, b in pairs) / sum(len(a) for a, _ in pairs))


def mean_of_rates(said, heard):
    pairs = [(a.split(), b.split()) for a, b in zip(said, heard, strict=True)]
    return np.mean([distance(a, b) / len(a) for a, b in pairs])


def by_place(said, heard):
    wrong = words = 0
    for a, b in zip(said, heard, strict=True):
        a, b = a.split(), b.split()
        wrong += sum(x != y for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b))
        words += len(a)
    return wrong / words


def by_heard(said, heard):
    n = sum(len(b.split()) for b in heard)
    return sum(distance(a.split(), b.split()) for a, b in zip(said, heard, strict=True)) / n


def by_letter(said, heard):
    pairs = list(zip(said, heard, strict=True))
    return sum(distance(list(a), list(b)) for a, b in pairs) / sum(len(a) for a, _ in pairs)


def n_errors(said, heard):
    return sum(distance(a.split(), b.split()) for a, b in zip(said, heard, strict=True))


def amounts(sound, size=320, hop=40):
    """Return how much of each of the eight frequencies each piece has, [T, 8]."""
    time = torch.arange(size) / 8000
    waves = torch.stack([2j * math.pi * f * time for f in LOW + HIGH]).exp()
    pieces = torch.nn.functional.pad(sound, (size // 2, size // 2)).unfold(0, size, hop)
    return (pieces.to(waves.dtype) @ waves.T).abs() / size


def read_keys(sound, loud=0.25, shortest=3, fold=True, size=320):
    power = amounts(sound, size)
    low, high = power[:, :4], power[:, 4:]
    keys = low.argmax(dim=1) * 4 + high.argmax(dim=1)
    on = torch.minimum(low.amax(dim=1), high.amax(dim=1)) > loud
    path = torch.where(on, keys, -1).tolist()
    said = ""
    for symbol, group in itertools.groupby(path):
        n = len(list(group))
        if symbol >= 0 and n >= shortest:
            said += KEYS[symbol] * (1 if fold else n)
    return said


def read_keys_in_numpy(sound):
    sound = sound.numpy()
    size, hop = 320, 40
    time = np.arange(size) / 8000
    padded = np.pad(sound, size // 2)
    path = []
    for start in range(0, len(padded) - size, hop):
        piece = padded[start : start + size]
        power = [abs(np.sum(piece * np.exp(2j * np.pi * f * time))) / size for f in LOW + HIGH]
        a, b = int(np.argmax(power[:4])), int(np.argmax(power[4:]))
        path.append(4 * a + b if min(power[a], power[4 + b]) > 0.25 else -1)
    groups = [(symbol, len(list(group))) for symbol, group in itertools.groupby(path)]
    return "".join(KEYS[symbol] for symbol, n in groups if symbol >= 0 and n >= 3)


def read_keys_with_filters(sound):
    power = amounts(sound, size=300, hop=50)
    clear = torch.minimum(power[:, :4].amax(1), power[:, 4:].amax(1)) > 0.26
    keys = torch.where(clear, power[:, :4].argmax(1) * 4 + power[:, 4:].argmax(1), 99)
    symbols, n = torch.unique_consecutive(keys, return_counts=True)
    return "".join(
        KEYS[i] for i, k in zip(symbols.tolist(), n.tolist(), strict=True) if i < 16 < 8 * k
    )


def without_repeats(sound):
    said = read_keys(sound)
    return "".join(key for i, key in enumerate(said) if i == 0 or key != said[i - 1])


RIGHT = {
    "18-1": [298, 298.0, torch.tensor((48000 - 400) // 160 + 1)],
    "18-2": [folded, folded_by_rounding, folded_by_loop],
    "18-3": [starts, starts_by_groups, starts_in_numpy],
    "18-4": [count, count_by_matrix, count_by_formula],
    "18-5": [word_errors, word_errors_in_numpy, word_errors_recursive],
    "18-6": [read_keys, read_keys_in_numpy, read_keys_with_filters],
}

WRONG = {
    "18-1": [
        (301, "center=True"),
        (300, "stick out"),
        (297, "starts at 0"),
        (298.5, "half a piece"),
        (120, "overlap"),
        (48000, "steps of 160"),
    ],
    "18-2": [
        (lambda f, rate: f, "more than the rate can hold"),
        (lambda f, rate: min(f, rate / 2), "look the same"),
        (lambda f, rate: rate - f, "more than the rate can hold"),
        (lambda f, rate: f % rate, "more than the rate can hold"),
        (lambda f, rate: abs(f - rate) if f > rate / 2 else f, "more than the rate can hold"),
        (lambda f, rate: f if f <= rate / 2 else rate - f, "negative"),
        (lambda f, rate: f % (rate / 2), "look the same"),
    ],
    "18-3": [
        (lambda path: [(s, 0.04 * t) for t, s in enumerate(path) if s], "says"),
        (lambda path: [(s, t / 0.04) for s, t in starts(path)], "Those are frames"),
        (lambda path: [(s, 1000 * t) for s, t in starts_by_groups(path)], "of 0.04"),
        (starts_without_repeats, "said again"),
        (starts_blanks_first, "two words"),
        (lambda path: [(s, 0.04 * t) for t, s in enumerate(path)], "leave it out"),
        (lambda path: [s for s, _ in starts(path)], "should be a pair"),
        (lambda path: [(s, t + 0.04) for s, t in starts(path)], "counted from 0"),
    ],
    "18-4": [
        (lambda t, n: count(t, n, lambda states, s: states[s]), "must be a blank"),
        (lambda t, n: count(t, n, lambda states, s: False), "may also skip"),
        (lambda t, n: count(t, n) - 1, "but you return"),
        (lambda t, n: 11**n, "but you return"),
        (lambda t, n: math.comb(n, len(t)), "but you return"),
        (lambda t, n: count(t, n + 1), "but you return"),
    ],
    "18-5": [
        (n_errors, "Divide by the words"),
        (lambda said, heard: 100 * word_errors(said, heard), "not percent"),
        (mean_of_rates, "divide once"),
        (by_place, "word by word"),
        (by_heard, "that were said"),
        (by_letter, "Split the texts"),
        (lambda said, heard: 0.0, "it should be"),
    ],
    "18-6": [
        (without_repeats, "short silence"),
        (lambda sound: read_keys(sound, fold=False), "is one key"),
        (lambda sound: read_keys(sound, loud=0.0, shortest=1), "Without any noise"),
        (lambda sound: read_keys(sound, loud=9.0), "Without any noise"),
        (lambda sound: list(read_keys(sound)), "Return a text"),
        (lambda sound: read_keys(sound) + "?", "no key"),
        (lambda sound: read_keys(sound, loud=0.33, shortest=1, size=160), "of the keys are wrong"),
    ],
}
