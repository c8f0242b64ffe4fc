"""Answers to the exercises of chapter 17: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from torchbook.models import GPT

D = 192


def mask_by_tril(n_past, n_new):
    return torch.ones(n_new, n_past + n_new, dtype=torch.bool).tril(n_past)


def mask_by_loop(n_past, n_new):
    return [[column <= n_past + row for column in range(n_past + n_new)] for row in range(n_new)]


def mask_by_comparison(n_past, n_new):
    return np.arange(n_past + n_new) <= n_past + np.arange(n_new)[:, None]


def mask_to_add(n_past, n_new):
    return torch.zeros(n_new, n_past + n_new).masked_fill(~mask_by_tril(n_past, n_new), -torch.inf)


def top_k_by_topk(logits, k):
    best, places = logits.topk(k)
    return torch.zeros_like(logits).scatter(0, places, best.softmax(dim=0))


def top_k_by_masking(logits, k):
    smallest = logits.sort(descending=True).values[k - 1]
    return logits.masked_fill(logits < smallest, -torch.inf).softmax(dim=0)


def top_k_in_numpy(logits, k):
    powers = np.exp(logits.numpy())
    powers[np.argsort(powers)[:-k]] = 0
    return (powers / powers.sum()).tolist()


def top_k_unscaled(logits, k):
    return torch.where(top_k_by_topk(logits, k) > 0, logits.softmax(dim=0), 0)


def top_k_zero_logits(logits, k):
    return torch.where(top_k_by_topk(logits, k) > 0, logits, 0).softmax(dim=0)


def top_k_in_place(logits, k):
    logits[logits.argsort()[:-k]] = -torch.inf
    return logits.softmax(dim=0)


def top_p(shares, p, scale=True, back=True):
    values, order = shares.sort(descending=True)
    values = torch.where(values.cumsum(dim=0) - values < p, values, 0)
    if scale:
        values = values / values.sum()
    return torch.zeros_like(shares).scatter(0, order, values) if back else values


def top_p_by_loop(shares, p):
    kept, spent = {}, 0.0
    for place in sorted(range(len(shares)), key=lambda i: -shares[i]):
        if spent >= p:
            break
        kept[place] = shares[place].item()
        spent += kept[place]
    return [kept.get(place, 0.0) / spent for place in range(len(shares))]


def top_p_in_numpy(shares, p):
    shares = shares.numpy().copy()
    order = np.argsort(-shares)
    before = np.cumsum(shares[order]) - shares[order]
    shares[order[before >= p]] = 0
    return shares / shares.sum()


def keep_some(shares, order):
    result = torch.zeros_like(shares)
    result[order] = shares[order]
    return result / result.sum()


def least_likely(shares, p):
    n = int((top_p(shares, p) > 0).sum())
    return keep_some(shares, shares.argsort()[:n])


def one_too_few(shares, p):
    n = int((top_p(shares, p) > 0).sum())
    return keep_some(shares, shares.argsort(descending=True)[: max(1, n - 1)])


def three_always(shares, p):
    return keep_some(shares, shares.argsort(descending=True)[:3])


def step(query, key, value, keys, values, root=0.5, first=False):
    keys = torch.cat([key, keys] if first else [keys, key], dim=1)
    values = torch.cat([value, values] if first else [values, value], dim=1)
    shares = (query @ keys.transpose(1, 2) / query.shape[-1] ** root).softmax(dim=-1)
    return shares @ values, keys, values


def step_by_pytorch(query, key, value, keys, values):
    keys, values = torch.cat((keys, key), 1), torch.cat((values, value), 1)
    return F.scaled_dot_product_attention(query, keys, values), keys, values


def step_in_numpy(*given):
    query, key, value, keys, values = (tensor.numpy() for tensor in given)
    keys, values = np.concatenate([keys, key], 1), np.concatenate([values, value], 1)
    powers = np.exp(np.einsum("hqd,htd->hqt", query, keys) / np.sqrt(query.shape[2]))
    return powers / powers.sum(2, keepdims=True) @ values, keys, values


def step_of_the_past(query, key, value, keys, values):
    shares = (query @ keys.mT / query.shape[2] ** 0.5).softmax(dim=2)
    return [shares @ values, *step(query, key, value, keys, values)[1:]]


def step_with_causal(query, key, value, keys, values):
    keys, values = torch.cat((keys, key), 1), torch.cat((values, value), 1)
    return F.scaled_dot_product_attention(query, keys, values, is_causal=True), keys, values


def trained(batches, n=200, muon=True, width=64, **options):
    torch.manual_seed(0)
    options = options or {"rope": True, "qk_norm": True, "relu2": True}
    model = GPT(63, 64, width=width, n_layers=2, **options)
    matrices = [w for n, w in model.named_parameters() if n.startswith("blocks") and w.ndim == 2]
    others = [
        w for n, w in model.named_parameters() if not (n.startswith("blocks") and w.ndim == 2)
    ]
    first = torch.optim.Muon(matrices, lr=0.02) if muon else torch.optim.AdamW(matrices, lr=0.016)
    optimizers = [first, torch.optim.AdamW(others, lr=0.016)]
    for number, (x, y) in enumerate(batches[:n]):
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] *= 1 - 1 / (n - number)
            optimizer.zero_grad()
        F.cross_entropy(model(x).flatten(0, 1), y.flatten()).backward()
        for optimizer in optimizers:
            optimizer.step()
    return model


def as_function(batches):
    model = trained(batches)
    return lambda ids: model(ids).tolist()


def wider(batches):
    return trained(batches, width=80)


class Seer(nn.Module):
    def forward(self, ids):
        return 9 * F.one_hot(ids.roll(-1, 1), 63).float()


def pairs(batches):
    counts = torch.full((63, 63), 0.1)
    for x, y in batches:
        counts.index_put_((x.flatten(), y.flatten()), torch.tensor(1.0), accumulate=True)
    logits = (counts / counts.sum(1, keepdim=True)).log()
    return lambda ids: logits[ids]


RIGHT = {
    "17-1": [12 * D * D + 13 * D, np.int64(444864), torch.tensor(444864), 444864.0],
    "17-2": [mask_by_tril, mask_by_loop, mask_by_comparison],
    "17-3": [top_k_by_topk, top_k_by_masking, top_k_in_numpy],
    "17-4": [top_p, top_p_by_loop, top_p_in_numpy],
    "17-5": [step, step_by_pytorch, step_in_numpy],
    "17-6": [trained, as_function, wider],
}

WRONG = {
    "17-1": [
        (12 * D * D, "biases and the norms"),
        (12 * D * D + 9 * D, "two norms are missing"),
        (12 * D * D + 4 * D, "biases of the four"),
        (12 * D * D + 11 * D, "weight and bias"),
        (12 * 64 * 64 + 13 * 64, "width of 64"),
        (1000, "six parts"),
    ],
    "17-2": [
        (lambda past, new: torch.ones(new, past + new).tril() == 1, "starts after the cache"),
        (lambda past, new: ~mask_by_tril(past, new), "swapped"),
        (mask_to_add, "not what is added"),
        (lambda past, new: torch.ones(new, past + new) == 1, "read the answer"),
        (lambda past, new: torch.ones(new, past + new).tril(past - 1) == 1, "see itself"),
        (lambda past, new: torch.ones(new, new).tril() == 1, "shape"),
        (lambda past, new: torch.ones(new, past + new).tril(past + 1) == 1, "read the answer"),
    ],
    "17-3": [
        (lambda logits, k: logits.softmax(dim=0), "Nothing is left out"),
        (top_k_unscaled, "add up to 1"),
        (top_k_zero_logits, "exp(0)"),
        (top_k_in_place, "changed the logits"),
        (lambda logits, k: top_k_by_topk(logits, k).sort(descending=True).values, "sorted"),
        (lambda logits, k: top_k_by_topk(logits, min(k + 1, len(logits))), "have a share"),
        (lambda logits, k: logits.topk(k).values.softmax(dim=0), "shape"),
    ],
    "17-4": [
        (lambda shares, p: shares, "Nothing is left out"),
        (lambda shares, p: top_p(shares, p, scale=False), "add up to 1"),
        (lambda shares, p: top_p(shares, p, back=False), "sorted"),
        (one_too_few, "one is missing"),
        (three_always, "should stay"),
        (least_likely, "others stay"),
        (lambda shares, p: torch.zeros_like(shares), "always stays"),
    ],
    "17-5": [
        (lambda *given: step(*given, root=0), "root of d"),
        (lambda *given: step(*given, root=1), "not by d"),
        (lambda *given: step(*given, first=True), "comes last"),
        (step_of_the_past, "look at itself"),
        (step_with_causal, "no mask is needed"),
        (lambda *given: step(*given)[0], "three things"),
    ],
    "17-6": [
        (lambda batches: GPT(63, 64), "knows nothing yet"),
        (lambda batches: Seer(), "sees the future"),
        (pairs, "is the goal"),
        (lambda batches: lambda ids: torch.zeros(200, 64), "shape"),
        (lambda batches: "a model", "model itself"),
        (lambda batches: trained(batches, n=40, muon=False), "is the goal"),
    ],
}
