"""Answers to the exercises of chapter 16: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import functools
import heapq
import math
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F


def mask_by_triangle(target):
    n = target.shape[1]
    return torch.ones(n, n, dtype=torch.bool).tril() & (target != 0)[:, None, None]


def mask_by_places(target):
    places = torch.arange(target.shape[1])
    past = places[None, :] <= places[:, None]
    return (past[None] & target.bool()[:, None]).unsqueeze(1)


def mask_by_loops(target):
    batch, n = target.shape
    mask = torch.zeros(batch, 1, n, n, dtype=torch.bool)
    for b in range(batch):
        for i in range(n):
            for j in range(i + 1):
                mask[b, 0, i, j] = target[b, j] != 0
    return mask


def attend(q, k, v, allowed):
    scores = q @ k.T / q.shape[1] ** 0.5
    return scores.masked_fill(~allowed, -torch.inf).softmax(dim=1).nan_to_num() @ v


def attend_by_powers(q, k, v, allowed):
    powers = torch.exp(q @ k.T / math.sqrt(q.shape[1])) * allowed
    return (powers @ v) / powers.sum(dim=1, keepdim=True).clamp(min=1e-30)


def attend_in_numpy(q, k, v, allowed):
    q, k, v, allowed = (x.numpy() for x in (q, k, v, allowed))
    rows = []
    for query, row in zip(q, allowed, strict=True):
        if not row.any():
            rows.append(np.zeros(v.shape[1]))
            continue
        powers = np.exp(k[row] @ query / np.sqrt(len(query)))
        rows.append((powers[:, None] * v[row]).sum(axis=0) / powers.sum())
    return np.stack(rows)


def attend_with_nan(q, k, v, allowed):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=None) + torch.where(
        allowed.any(dim=1, keepdim=True), 0.0, torch.nan
    )


def attend_to_all(q, k, v, allowed):
    return (q @ k.T / q.shape[1] ** 0.5).softmax(dim=1) @ v


def attend_without_root(q, k, v, allowed):
    return (q @ k.T).masked_fill(~allowed, -torch.inf).softmax(dim=1).nan_to_num() @ v


def attend_to_mean(q, k, v, allowed):
    scores = (q @ k.T / q.shape[1] ** 0.5).masked_fill(~allowed, -1e9)
    return scores.softmax(dim=1) @ v


def attend_with_zeros(q, k, v, allowed):
    return (q @ k.T / q.shape[1] ** 0.5).masked_fill(~allowed, 0).softmax(dim=1) @ v


def attend_masked_late(q, k, v, allowed):
    return ((q @ k.T / q.shape[1] ** 0.5).softmax(dim=1) * allowed) @ v


def distance(one, other, change=1):
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            if i == 0 or j == 0:
                table[i][j] = i + j
            else:
                same = 0 if one[i - 1] == other[j - 1] else change
                table[i][j] = min(
                    table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + same
                )
    return table[-1][-1]


def distance_by_recursion(one, other):
    @functools.cache
    def between(i, j):
        if i == 0 or j == 0:
            return i + j
        same = between(i - 1, j - 1) + (one[i - 1] != other[j - 1])
        return min(same, between(i - 1, j) + 1, between(i, j - 1) + 1)

    return between(len(one), len(other))


def distance_in_numpy(one, other):
    row = np.arange(len(other) + 1)
    for i, a in enumerate(one, start=1):
        before, row = row, np.zeros_like(row)
        row[0] = i
        for j, b in enumerate(other, start=1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
    return row[-1]


def search(after, n_beams, longest, with_sums=True, keep_end=True):
    beams = [(0.0, [])]
    for _ in range(longest):
        candidates = []
        for score, numbers in beams:
            if numbers and numbers[-1] == 0 and keep_end:
                candidates.append((score, numbers))
                continue
            for number, value in enumerate(after(numbers)):
                total = score + value if with_sums else value
                candidates.append((total, [*numbers, number]))
        beams = sorted(candidates, reverse=True)[:n_beams]
    return max(beam for beam in beams if beam[1][-1] == 0)[1]


def search_by_heap(after, n_beams, longest):
    beams = [((), 0.0)]
    for _ in range(longest):
        found = [beam for beam in beams if beam[0][-1:] == (0,)]
        for numbers, score in beams:
            if numbers[-1:] != (0,):
                values = after(list(numbers))
                found += [((*numbers, n), score + value) for n, value in enumerate(values)]
        beams = heapq.nlargest(n_beams, found, key=lambda beam: beam[1])
    return next(numbers for numbers, _ in beams if numbers[-1] == 0)


def search_in_torch(after, n_beams, longest):
    beams, scores = [[]], torch.zeros(1, dtype=torch.float64)
    for _ in range(longest):
        rows = []
        for numbers, score in zip(beams, scores, strict=True):
            if numbers and numbers[-1] == 0:  # stays as it is, by way of another 0
                rows.append(torch.tensor([0.0] + 3 * [-torch.inf], dtype=torch.float64) + score)
            else:
                rows.append(torch.tensor(after(numbers), dtype=torch.float64) + score)
        scores, places = torch.cat(rows).topk(min(n_beams, 4 * len(rows)))
        extended = []
        for place in places.tolist():
            numbers = beams[place // 4]
            is_done = bool(numbers) and numbers[-1] == 0
            extended.append(numbers if is_done else [*numbers, place % 4])
        beams = extended
    return torch.tensor(next(numbers for numbers in beams if numbers[-1] == 0))


def never_ends(after, n_beams, longest):
    return search(after, n_beams, longest)[:-1] or [1]


def with_score(after, n_beams, longest):
    return -1.5, search(after, n_beams, longest)


def word_for_word(known, texts, score=lambda n, e, s: 2 * n / (e + s)):
    english, spanish, both = Counter(), Counter(), Counter()
    for verse in known:
        ours, theirs = set(verse.english.split()), set(verse.spanish.split())
        english.update(ours)
        spanish.update(theirs)
        both.update((a, b) for a in ours for b in theirs)
    best = {}
    for (a, b), n in both.items():
        value = score(n, english[a], spanish[b])
        if value > best.get(a, (0, ""))[0]:
            best[a] = (value, b)
    return [" ".join(best[w][1] for w in text.split() if w in best) for text in texts]


def by_cosine(known, texts):
    return word_for_word(known, texts, lambda n, e, s: n / (e * s) ** 0.5)


def by_overlap_as_tuple(known, texts):
    return tuple(word_for_word(known, texts, lambda n, e, s: n / (e + s - n)))


def look_up(known, texts):
    sets = [set(verse.english.split()) for verse in known]
    found = []
    for text in texts:
        words = set(text.split())
        shares = [len(words & other) / len(words | other) for other in sets]
        found.append(known[shares.index(max(shares))].spanish)
    return found


RIGHT = {
    "16-1": [4 * (96 * 96 + 96), 37_248.0, np.int64(37_248), torch.tensor(37_248)],
    "16-2": [mask_by_triangle, mask_by_places, mask_by_loops],
    "16-3": [attend, attend_by_powers, attend_in_numpy],
    "16-4": [distance, distance_by_recursion, distance_in_numpy],
    "16-5": [search, search_by_heap, search_in_torch],
    "16-6": [word_for_word, by_cosine, by_overlap_as_tuple],
}

WRONG = {
    "16-1": [
        (4 * 96 * 96, "biases"),
        (3 * (96 * 96 + 96), "fourth layer"),
        (3 * 96 * 96, "each has biases"),
        (96 * 96 + 96, "There are four"),
        (16 * (96 * 96 + 96), "share the four"),
        (384, "Four linear layers"),
    ],
    "16-2": [
        (lambda target: ~mask_by_triangle(target), "swapped"),
        (lambda target: mask_by_triangle(target)[:, 0], "shape"),
        (lambda target: mask_by_triangle(target).float(), "dtype"),
        (
            lambda target: mask_by_triangle(torch.ones_like(target)).expand(
                len(target), -1, -1, -1
            ),
            "padding isn't",
        ),
        (
            lambda target: (target != 0)[:, None, None].expand(-1, 1, target.shape[1], -1),
            "future isn't",
        ),
        (lambda target: mask_by_triangle(target).tril(-1), "itself"),
        (
            lambda target: (
                mask_by_triangle(torch.ones_like(target)) & (target != 0)[:, None, :, None]
            ),
            "rows of padding",
        ),
        (
            lambda target: (
                torch.ones(target.shape[1], target.shape[1]).triu().bool()
                & (target != 0)[:, None, None]
            ),
            "upper triangle",
        ),
    ],
    "16-3": [
        (attend_without_root, "root of d"),
        (attend_with_nan, "mask changes nothing"),
        (lambda q, k, v, allowed: attend(q, k, v, ~allowed), "you hide it"),
        (attend_to_all, "changes nothing"),
        (attend_with_zeros, "exponential is 1"),
        (attend_masked_late, "add up to 1"),
        (attend_to_mean, "collect zeros"),
        (
            lambda q, k, v, a: attend(q, k, v, a) * torch.where(a.any(1), 1, torch.nan)[:, None],
            "NaN",
        ),
        (lambda q, k, v, allowed: v, "shape"),
    ],
    "16-4": [
        (
            lambda a, b: sum(x != y for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b)),
            "move",
        ),
        (
            lambda a, b: max((Counter(a) - Counter(b)).total(), (Counter(b) - Counter(a)).total()),
            "order",
        ),
        (lambda a, b: distance(a, b, change=2), "one step"),
        (lambda a, b: abs(len(a) - len(b)), "same length"),
        (lambda a, b: distance(a, b) / max(len(a), len(b), 1), "whole number"),
        (lambda a, b: len(set(a) ^ set(b)), "it should be"),
    ],
    "16-5": [
        (lambda after, n_beams, longest: search(after, 1, longest), "greedy"),
        (lambda after, n, longest: search(after, 4, longest)[:-1], "ended"),
        (with_score, "without its score"),
        (never_ends, "ended"),
        (lambda after, n, longest: [], "empty"),
        (lambda after, n, longest: [0], "likeliest number at each step"),
        (lambda after, n, longest: [1, 0, 0], "no further"),
    ],
    "16-6": [
        (look_up, "smaller pieces"),
        (lambda known, texts: [known[0].spanish] * len(texts), "at random"),
        (lambda known, texts: list(texts), "English text itself"),
        (lambda known, texts: [""] * len(texts), "empty"),
        (lambda known, texts: look_up(known, texts)[::-1], "at random"),
        (lambda known, texts: look_up(known, texts[:10]), "one translation"),
        (lambda known, texts: word_for_word(known, texts, lambda n, e, s: n), "chrF"),
    ],
}
