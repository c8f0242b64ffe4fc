"""Answers to the exercises of chapter 20: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import numpy as np
import torch
import torch.nn.functional as F


def step(p, q, stars, mean, lr):
    error = mean + p @ q - stars
    return p - lr * 2 * error * q, q - lr * 2 * error * p


def step_in_numpy(p, q, stars, mean, lr):
    p, q = p.numpy(), q.numpy()
    slope = 2 * (mean + np.dot(p, q) - stars)
    return [p - lr * slope * q, q - lr * slope * p]


def step_by_lists(p, q, stars, mean, lr):
    pairs = list(zip(p.tolist(), q.tolist(), strict=True))
    slope = 2 * (mean + sum(a * b for a, b in pairs) - stars)
    return [a - lr * slope * b for a, b in pairs], [b - lr * slope * a for a, b in pairs]


def step_uphill(p, q, stars, mean, lr):
    return step(p, q, stars, mean, -lr)


def step_without_two(p, q, stars, mean, lr):
    return step(p, q, stars, mean, lr / 2)


def step_one_after_the_other(p, q, stars, mean, lr):
    error = mean + p @ q - stars
    p = p - lr * 2 * error * q
    return p, q - lr * 2 * error * p


def step_by_itself(p, q, stars, mean, lr):
    error = mean + p @ q - stars
    return p - lr * 2 * error * p, q - lr * 2 * error * q


def step_in_place(p, q, stars, mean, lr):
    new_p, new_q = step(p, q, stars, mean, lr)
    p.copy_(new_p)
    return p, new_q


def steps_alone(p, q, stars, mean, lr):
    error = mean + p @ q - stars
    return lr * 2 * error * q, lr * 2 * error * p


def recall(recommended, known, hidden, k):
    fresh = [film for film in recommended if film not in known][:k]
    return len(set(fresh) & hidden) / min(k, len(hidden))


def recall_by_loop(recommended, known, hidden, k):
    places, found = 0, 0
    for film in recommended:
        if film in known:
            continue
        if places == k:
            break
        places += 1
        found += film in hidden
    return np.float64(found) / min(len(hidden), k)


def recall_in_torch(recommended, known, hidden, k):
    films = torch.tensor([film for film in recommended if film not in known])[:k]
    return torch.isin(films, torch.tensor(sorted(hidden))).sum() / min(k, len(hidden))


def recall_with_known(recommended, known, hidden, k):
    return recall(recommended, set(), hidden, k)


def recall_of_all_hidden(recommended, known, hidden, k):
    return recall(recommended, known, hidden, k) * min(k, len(hidden)) / len(hidden)


def precision(recommended, known, hidden, k):
    return recall(recommended, known, hidden, k) * min(k, len(hidden)) / k


def n_found(recommended, known, hidden, k):
    return recall(recommended, known, hidden, k) * min(k, len(hidden))


def recall_that_forgets(recommended, known, hidden, k):
    while set(recommended) & known:
        for film in known:
            if film in recommended:
                recommended.remove(film)
    return recall(recommended, known, hidden, k)


def recall_cut_first(recommended, known, hidden, k):
    fresh = [film for film in recommended[:k] if film not in known]
    return len(set(fresh) & hidden) / min(k, len(hidden))


def fold_in(q, y, bias_strength, taste_strength):
    x = torch.cat([torch.ones(len(q), 1, dtype=q.dtype), q], dim=1)
    diagonal = torch.tensor([bias_strength] + [taste_strength] * q.shape[1], dtype=q.dtype)
    w = torch.linalg.solve(x.T @ x + diagonal.diag(), x.T @ y)
    return w[0], w[1:]


def fold_in_in_numpy(q, y, bias_strength, taste_strength):
    x = np.hstack([np.ones((len(q), 1)), q.numpy()])
    matrix = x.T @ x + np.diag([bias_strength] + [taste_strength] * q.shape[1])
    w = np.linalg.inv(matrix) @ (x.T @ y.numpy())
    return float(w[0]), w[1:].tolist()


def fold_in_by_more_rows(q, y, bias_strength, taste_strength):
    k = q.shape[1]
    roots = torch.tensor([bias_strength] + [taste_strength] * k, dtype=q.dtype).sqrt()
    x = torch.cat([torch.ones(len(q), 1, dtype=q.dtype), q], dim=1)
    rows = torch.cat([x, roots.diag()])
    w = torch.linalg.lstsq(rows, torch.cat([y, torch.zeros(k + 1, dtype=q.dtype)])[:, None])
    return w.solution[0, 0], w.solution[1:, 0]


def fold_in_swapped(q, y, bias_strength, taste_strength):
    return fold_in(q, y, taste_strength, bias_strength)


def fold_in_with_one(q, y, bias_strength, taste_strength):
    return fold_in(q, y, bias_strength, bias_strength)


def fold_in_with_the_other(q, y, bias_strength, taste_strength):
    return fold_in(q, y, taste_strength, taste_strength)


def fold_in_free_bias(q, y, bias_strength, taste_strength):
    return fold_in(q, y, 0.0 if len(q) else 1.0, taste_strength)


def fold_in_bias_first(q, y, bias_strength, taste_strength):
    bias = y.sum() / (len(y) + bias_strength)
    eye = taste_strength * torch.eye(q.shape[1], dtype=q.dtype)
    return bias, torch.linalg.solve(q.T @ q + eye, q.T @ (y - bias))


def fold_in_without_bias(q, y, bias_strength, taste_strength):
    eye = taste_strength * torch.eye(q.shape[1], dtype=q.dtype)
    return 0.0, torch.linalg.solve(q.T @ q + eye, q.T @ y)


def batch_loss(viewers, films, numbers, shares, sign=-1, mask=True):
    scores = viewers @ films.T + sign * shares[numbers].log()
    if mask:
        same = numbers[:, None] == numbers[None, :]
        scores = scores.masked_fill(same.fill_diagonal_(False), float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(numbers)))


def batch_loss_by_hand(viewers, films, numbers, shares):
    total = 0.0
    for i, viewer in enumerate(viewers):
        powers = []
        for j, film in enumerate(films):
            power = (viewer @ film).exp() / shares[numbers[j]]
            if i == j:
                right = power
            if i == j or numbers[i] != numbers[j]:
                powers.append(power)
        total -= (right / sum(powers)).log().item()
    return total / len(viewers)


def batch_loss_in_numpy(viewers, films, numbers, shares):
    scores = viewers.numpy() @ films.numpy().T - np.log(shares.numpy()[numbers.numpy()])
    same = numbers.numpy()[:, None] == numbers.numpy()[None, :]
    np.fill_diagonal(same, False)
    scores[same] = -1e9
    scores -= scores.max(axis=1, keepdims=True)
    shares_of_row = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return -np.log(np.diagonal(shares_of_row)).mean()


def batch_loss_of_rows(viewers, films, numbers, shares):
    return batch_loss(films, viewers, numbers, shares)


def batch_loss_added(viewers, films, numbers, shares):
    return batch_loss(viewers, films, numbers, shares, sign=1)


def batch_loss_uncorrected(viewers, films, numbers, shares):
    return batch_loss(viewers, films, numbers, shares, sign=0)


def batch_loss_unmasked(viewers, films, numbers, shares):
    return batch_loss(viewers, films, numbers, shares, mask=False)


def batch_loss_plain(viewers, films, numbers, shares):
    return batch_loss(viewers, films, numbers, shares, sign=0, mask=False)


def batch_loss_summed(viewers, films, numbers, shares):
    return len(numbers) * batch_loss(viewers, films, numbers, shares)


def batch_loss_all_masked(viewers, films, numbers, shares):
    scores = viewers @ films.T - shares[numbers].log()
    same = numbers[:, None] == numbers[None, :]
    return F.cross_entropy(scores.masked_fill(same, float("-inf")), torch.arange(len(numbers)))


def batch_loss_share(viewers, films, numbers, shares):
    same = (numbers[:, None] == numbers[None, :]).fill_diagonal_(False)
    scores = (viewers @ films.T - shares[numbers]).masked_fill(same, float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(numbers)))


def ease(learn, strength=300.0, least=3):
    kept = (learn.sum(dim=0) >= least).nonzero()[:, 0]
    x = learn[:, kept].double()
    inverse = torch.linalg.inv(x.T @ x + strength * torch.eye(len(kept)))
    weights = (-inverse / inverse.diagonal()).fill_diagonal_(0)

    def scores_for(shown):
        scores = torch.full(shown.shape, -1e9, dtype=torch.float64)
        scores[:, kept] = shown[:, kept].double() @ weights
        return scores

    return scores_for


def ease_in_numpy(learn):
    kept = np.flatnonzero(learn.sum(dim=0).numpy() >= 5)
    x = learn.numpy()[:, kept].astype(np.float64)
    inverse = np.linalg.inv(x.T @ x + 200 * np.eye(len(kept)))
    weights = -inverse / np.diagonal(inverse)
    np.fill_diagonal(weights, 0)

    def scores_for(shown):
        scores = np.full(tuple(shown.shape), -1e9)
        scores[:, kept] = shown.numpy()[:, kept] @ weights
        return scores

    return scores_for


def ease_in_float32(learn):
    scores_for = ease(learn, strength=250.0, least=4)
    return lambda shown: scores_for(shown).float()


def popular(learn):
    counts = learn.sum(dim=0).float()
    return lambda shown: counts.expand(shown.shape)


def unpopular(learn):
    counts = learn.sum(dim=0).float()
    return lambda shown: -counts.expand(shown.shape)


def liked_together(learn):
    x = learn.float()
    return lambda shown: (shown.float() @ x.T) @ x


def with_nan(learn):
    x = learn.float()
    return lambda shown: (shown.float() @ x.T @ x) / x.sum(dim=0) ** 0.5


RIGHT = {
    "20-1": [3.5 + 5 / 7, np.float64(4.21), torch.tensor(4.2143), 4.21],
    "20-2": [step, step_in_numpy, step_by_lists],
    "20-3": [recall, recall_by_loop, recall_in_torch],
    "20-4": [fold_in, fold_in_in_numpy, fold_in_by_more_rows],
    "20-5": [batch_loss, batch_loss_by_hand, batch_loss_in_numpy],
    "20-6": [ease, ease_in_numpy, ease_in_float32],
}

WRONG = {
    "20-1": [
        (4.75, "pretended"),
        (5 / 7, "Add the mean"),
        (19 / 7, "not 0"),
        (3.5 + 1.25 / 7, "not their mean"),
        (3.5 + 5 / 3, "count and the strength"),
        (4.0, "How far is each rating"),
    ],
    "20-2": [
        (step_uphill, "uphill"),
        (step_without_two, "factor of 2"),
        (step_one_after_the_other, "old p"),
        (step_by_itself, "p moves by q"),
        (steps_alone, "Where do they lead"),
        (lambda p, q, s, m, lr: step(p, q, s, m, 1.0), "What is lr for"),
        (step_in_place, "changed the vectors"),
        (lambda p, q, s, m, lr: (step(p, q, s, m, lr)[0], q), "q moves, too"),
        (lambda p, q, s, m, lr: step(p, q, s, 0.0, lr), "Not yet"),
        (lambda p, q, s, m, lr: p, "Return two"),
    ],
    "20-3": [
        (recall_with_known, "take up places"),
        (recall_cut_first, "take up places"),
        (recall_of_all_hidden, "more than k"),
        (precision, "precision"),
        (n_found, "count"),
        (recall_that_forgets, "changed the list"),
        (lambda r, known, hidden, k: 0.0, "should be"),
        (lambda r, known, hidden, k: recall(r, known, hidden, len(r)), "should be"),
    ],
    "20-4": [
        (fold_in_swapped, "swapped"),
        (fold_in_with_one, "taste has a strength"),
        (fold_in_with_the_other, "bias has a strength"),
        (fold_in_free_bias, "isn't shrunk"),
        (fold_in_bias_first, "solve for all at once"),
        (fold_in_without_bias, "smallest"),
        (lambda q, y, b, t: torch.zeros(1 + q.shape[1]), "Return a bias and a taste"),
    ],
    "20-5": [
        (batch_loss_added, "not added"),
        (batch_loss_uncorrected, "correction is missing"),
        (batch_loss_unmasked, "isn't a wrong answer"),
        (batch_loss_plain, "plain loss"),
        (batch_loss_summed, "mean is asked for"),
        (batch_loss_of_rows, "other way round"),
        (batch_loss_share, "logarithm of the share"),
        (batch_loss_all_masked, "right answer masked"),
        (lambda v, f, n, s: 1.0, "should be"),
    ],
    "20-6": [
        (popular, "so do the most popular"),
        (unpopular, "the higher, the better"),
        (liked_together, "Nearly"),
        (with_nan, "NaN"),
        (lambda learn: learn.sum(dim=0), "Return a function"),
        (lambda learn: lambda shown: shown.sum(dim=1), "shape"),
    ],
}
