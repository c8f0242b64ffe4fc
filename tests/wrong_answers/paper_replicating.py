"""Answers to the exercises of chapter 08: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def only_reshaped(patches, p):
    b, n, numbers = patches.shape
    side = math.isqrt(n) * p
    return patches.reshape(b, numbers // p**2, side, side)


def on_its_side(patches, p):
    b, n, numbers = patches.shape
    n = math.isqrt(n)
    x = patches.reshape(b, n, n, numbers // p**2, p, p).permute(0, 3, 2, 5, 1, 4)
    return x.reshape(b, -1, n * p, n * p)


def one_channel(patches, p):
    n = math.isqrt(patches.shape[1])
    x = patches.reshape(-1, n, n, 1, p, p).permute(0, 3, 1, 4, 2, 5)
    return x.reshape(-1, 1, n * p, n * p)


def grid_before_patch(patches, p):
    b, n, numbers = patches.shape
    n = math.isqrt(n)
    x = patches.reshape(b, n, n, numbers // p**2, p, p).permute(0, 3, 4, 1, 5, 2)
    return x.reshape(b, -1, n * p, n * p)


def channels_last(patches, p):
    b, n, numbers = patches.shape
    n = math.isqrt(n)
    x = patches.reshape(b, n, n, p, p, numbers // p**2).permute(0, 5, 1, 3, 2, 4)
    return x.reshape(b, -1, n * p, n * p)


def folded(patches, p):
    side = math.isqrt(patches.shape[1]) * p
    return F.fold(patches.transpose(1, 2), (side, side), p, stride=p)


def by_loops(patches, p):
    b, n, numbers = patches.shape
    n = math.isqrt(n)
    picture = torch.zeros(b, numbers // p**2, n * p, n * p, dtype=torch.float64)
    for i in range(n):
        for j in range(n):
            patch = patches[:, i * n + j].reshape(b, -1, p, p)
            picture[:, :, i * p : (i + 1) * p, j * p : (j + 1) * p] = patch
    return picture


def by_concatenation(patches, p):
    b, n, _ = patches.shape
    n = math.isqrt(n)
    squares = patches.reshape(b, n, n, -1, p, p)
    rows = [torch.cat(list(row.unbind(1)), dim=-1) for row in squares.unbind(1)]
    return torch.cat(rows, dim=-2)


def unbiased(z, scale, shift, eps):
    centred = z - z.mean(dim=-1, keepdim=True)
    return centred / (z.var(dim=-1, keepdim=True) + eps).sqrt() * scale + shift


def eps_outside(z, scale, shift, eps):
    centred = z - z.mean(dim=-1, keepdim=True)
    return centred / (z.std(dim=-1, keepdim=True, correction=0) + eps) * scale + shift


def no_eps(z, scale, shift, eps):
    centred = z - z.mean(dim=-1, keepdim=True)
    return centred / z.std(dim=-1, keepdim=True, correction=0) * scale + shift


def no_root(z, scale, shift, eps):
    centred = z - z.mean(dim=-1, keepdim=True)
    return centred / (z.var(dim=-1, keepdim=True, correction=0) + eps) * scale + shift


def over_tokens(z, scale, shift, eps):
    centred = z - z.mean(dim=1, keepdim=True)
    return centred / (z.var(dim=1, keepdim=True, correction=0) + eps).sqrt() * scale + shift


def over_all(z, scale, shift, eps):
    centred = z - z.mean(dim=(1, 2), keepdim=True)
    return centred / (z.var(dim=(1, 2), keepdim=True, correction=0) + eps).sqrt() * scale + shift


def no_scale(z, scale, shift, eps):
    centred = z - z.mean(dim=-1, keepdim=True)
    return centred / (z.var(dim=-1, keepdim=True, correction=0) + eps).sqrt()


def shift_first(z, scale, shift, eps):
    return (no_scale(z, scale, shift, eps) + shift) * scale


def not_centred(z, scale, shift, eps):
    return z / (z.var(dim=-1, keepdim=True, correction=0) + eps).sqrt() * scale + shift


def pytorchs_layer(z, scale, shift, eps):
    layer = nn.LayerNorm(z.shape[-1], eps=eps, elementwise_affine=False)
    return layer(z) * scale + shift


def by_group_norm(z, scale, shift, eps):
    b, t, d = z.shape
    return torch.group_norm(z.reshape(b * t, d), 1, scale, shift, eps).reshape(b, t, d)


def in_double(z, scale, shift, eps):
    z = z.double()
    variance, mean = torch.var_mean(z, dim=-1, keepdim=True, correction=0)
    return (z - mean) * torch.rsqrt(variance + eps) * scale + shift


def by_sums(z, scale, shift, eps):
    d = z.shape[-1]
    centred = z - (z.sum(-1) / d).unsqueeze(-1)
    return scale * centred / ((centred**2).sum(-1, keepdim=True) / d + eps) ** 0.5 + shift


def token_by_token(z, scale, shift, eps):
    result = torch.empty_like(z)
    for i, picture in enumerate(z):
        for j, token in enumerate(picture):
            centred = token - token.mean()
            result[i, j] = centred / math.sqrt((centred**2).mean().item() + eps) * scale + shift
    return result


def weights(q, k):
    return (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(dim=-1)


def hidden_after(q, k, v, hidden):
    return (weights(q, k) * ~hidden) @ v


def score_of_zero(q, k, v, hidden):
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    return scores.masked_fill(hidden, 0).softmax(dim=-1) @ v


def hides_the_rest(q, k, v, hidden):
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    return scores.masked_fill(~hidden, -torch.inf).softmax(dim=-1) @ v


def hides_queries(q, k, v, hidden):
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    return scores.masked_fill(hidden[:, None], -torch.inf).softmax(dim=-1) @ v


def without_root(q, k, v, hidden):
    return (q @ k.transpose(1, 2)).masked_fill(hidden, -torch.inf).softmax(dim=-1) @ v


def divided_by_d(q, k, v, hidden):
    return without_root(q / q.shape[-1], k, v, hidden)


def down_the_columns(q, k, v, hidden):
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    return scores.masked_fill(hidden, -torch.inf).softmax(dim=1).nan_to_num() @ v


def by_sdpa(q, k, v, hidden):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=~hidden)


def only_the_visible(q, k, v, hidden):
    seen = ~hidden
    scores = torch.einsum("btd,bsd->bts", q, k[:, seen]) * q.shape[-1] ** -0.5
    return torch.einsum("bts,bsd->btd", scores.softmax(-1), v[:, seen])


def renormalised(q, k, v, hidden):
    shares = weights(q.double(), k.double()) * ~hidden
    return shares / shares.sum(dim=-1, keepdim=True) @ v.double()


def after_the_blocks(model, images):
    return model.blocks(model.tokens(images))


def all_tokens(model, images):
    return model.head(model.norm(after_the_blocks(model, images)).mean(dim=1))


def last_left_out(model, images):
    return model.head(model.norm(after_the_blocks(model, images))[:, :-1].mean(dim=1))


def mean_first(model, images):
    return model.head(model.norm(after_the_blocks(model, images)[:, 1:].mean(dim=1)))


def no_norm(model, images):
    return model.head(after_the_blocks(model, images)[:, 1:].mean(dim=1))


def block_by_block(model, images):
    z = model.tokens(images)
    for block in model.blocks:
        z = block(z)
    z = model.norm(z)
    total = torch.zeros_like(z[:, 0])
    for i in range(1, z.shape[1]):
        total = total + z[:, i]
    return model.head(total / (z.shape[1] - 1)).double()


def mean_of_logits(model, images):  # the head is affine, so this is the same
    return model.head(model.norm(after_the_blocks(model, images))[:, 1:]).mean(dim=1)


def by_hand(model, images):
    _, patches = model.norm(after_the_blocks(model, images)).tensor_split([1], dim=1)
    return patches.mean(1) @ model.head.weight.T + model.head.bias


def places(weights):
    place, side = torch.arange(weights.shape[-1]), math.isqrt(weights.shape[-1])
    return torch.stack([place // side, place % side], dim=1).float()


def around_the_block(weights):
    distances = torch.cdist(places(weights), places(weights), p=1)
    return (weights * distances).sum(dim=-1).mean(dim=-1)


def along_the_list(weights):
    place = torch.arange(weights.shape[-1])
    return (weights * (place[:, None] - place).abs()).sum(dim=-1).mean(dim=-1)


def squared(weights):
    distances = torch.cdist(places(weights), places(weights)) ** 2
    return (weights * distances).sum(dim=-1).mean(dim=-1)


def mean_of_both(weights):
    return (weights * torch.cdist(places(weights), places(weights))).mean(dim=(1, 2))


def sum_of_both(weights):
    return (weights * torch.cdist(places(weights), places(weights))).sum(dim=(1, 2))


def no_weights(weights):
    return torch.cdist(places(weights), places(weights)).mean().repeat(len(weights))


def distances_by_loops(weights):
    n, side = weights.shape[-1], math.isqrt(weights.shape[-1])
    result = torch.zeros(len(weights), dtype=torch.float64)
    for i in range(n):
        for j in range(n):
            straight = math.hypot(i // side - j // side, i % side - j % side)
            result += weights[:, i, j].double() * straight / n
    return result


def by_cdist(weights):
    return (weights * torch.cdist(places(weights), places(weights))).sum(dim=-1).mean(dim=-1)


def by_einsum(weights):
    apart = places(weights)[:, None] - places(weights)[None]
    return torch.einsum("hij,ij->h", weights, apart.norm(dim=-1)) / weights.shape[-1]


class Stem(nn.Module):
    """Right, for others to go wrong from."""

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(1, 24, 4, stride=4)  # [B, 24, 7, 7]
        self.two = nn.Conv2d(24, 48, 4)  # [B, 48, 4, 4]

    def forward(self, x):
        return self.two(self.one(x).relu())


class BendsAtTheEnd(Stem):
    def forward(self, x):
        return self.two(self.one(x)).relu()


class BendsAtTheStart(Stem):
    def forward(self, x):
        return self.two(self.one(x.relu()))


class NeverCalled(Stem):
    def __init__(self):
        super().__init__()
        self.three = nn.Conv2d(1, 48, 7, stride=7)

    def forward(self, x):
        return self.three(x).relu()


class ThrownAway(NeverCalled):
    def forward(self, x):
        super(NeverCalled, self).forward(x)
        return self.three(x).relu()


def normalised_stem():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.GELU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.GELU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Conv2d(32, 48, 1),
    )


RIGHT = {
    "08-1": [
        [577, 332929],
        (np.int64(577), np.int64(577) ** 2),
        np.array([577, 332929]),
        torch.tensor([577, 577 * 577]),
        (577.0, 577.0**2),
    ],
    "08-2": [folded, by_loops, by_concatenation],
    "08-3": [in_double, by_sums, token_by_token],
    "08-4": [by_sdpa, only_the_visible, renormalised],
    "08-5": [block_by_block, mean_of_logits, by_hand],
    "08-6": [distances_by_loops, by_cdist, by_einsum],
    "08-7": [Stem(), normalised_stem(), Stem().double().train()],
}

WRONG = {
    "08-1": [
        ((576, 576**2), "One more token comes along"),
        ((577, 577), "a weight for each token"),
        ((577, 576**2), "The class token asks"),
        ((197, 197**2), "at 224 pixels"),
        ((25, 625), "forgot to square it"),
        ((577, 12 * 577**2), "How many pairs"),
        (577, "two whole numbers"),
    ],
    "08-2": [
        (only_reshaped, "smeared over whole rows"),
        (on_its_side, "lies on its side"),
        (one_channel, "The shape should be"),
        (grid_before_patch, "must become neighbours"),
        (channels_last, "must become neighbours"),
    ],
    "08-3": [
        (unbiased, "divides by D - 1"),
        (eps_outside, "under the root"),
        (no_eps, "eps is missing"),
        (no_root, "divided by the variance"),
        (over_tokens, "over the tokens"),
        (over_all, "over all tokens together"),
        (no_scale, "Scale and shift are missing"),
        (shift_first, "the shift before"),
        (not_centred, "its mean must be 0"),
        (
            lambda z, scale, shift, eps: F.layer_norm(z, z.shape[-1:], scale, shift, eps),
            "PyTorch normalised for you",
        ),
        (pytorchs_layer, "PyTorch normalised for you"),
        (by_group_norm, "PyTorch normalised for you"),
    ],
    "08-4": [
        (lambda q, k, v, hidden: weights(q, k) @ v, "still looked at"),
        (hidden_after, "no longer add up to 1"),
        (score_of_zero, "still get a share"),
        (hides_the_rest, "wrong way round"),
        (hides_queries, "You hid the queries"),
        (without_root, "root of d is missing"),
        (divided_by_d, "Divide by its root"),
        (down_the_columns, "down the columns"),
    ],
    "08-5": [
        (lambda model, images: model(images), "from the class token"),
        (all_tokens, "still in the mean"),
        (last_left_out, "left out the last patch"),
        (mean_first, "normalised then"),
        (no_norm, "at the end of the model is missing"),
    ],
    "08-6": [
        (around_the_block, "straight line"),
        (along_the_list, "a row and a column"),
        (squared, "the root is missing"),
        (mean_of_both, "a sum a mean already"),
        (sum_of_both, "a sum a mean already"),
        (no_weights, "The weights are missing"),
    ],
    "08-7": [
        (nn.Conv2d(1, 48, 7, stride=7), "Two or more"),
        (
            nn.Sequential(
                nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(16, 48, 3)
            ),
            "must shrink 28 to 4",
        ),
        (
            nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 48, 7, stride=7)),
            "Nothing bends",
        ),
        (
            nn.Sequential(nn.Conv2d(1, 48, 7, 7), nn.ReLU(), nn.Conv2d(48, 48, 7, padding=3)),
            "more than 60,000",
        ),
        (BendsAtTheEnd(), "Nothing bends"),
        (BendsAtTheStart(), "Nothing bends"),
        (NeverCalled(), "depends on 1 of them"),
        (ThrownAway(), "depends on 1 of them"),
    ],
}
