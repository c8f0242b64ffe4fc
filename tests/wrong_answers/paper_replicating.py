"""Typical wrong answers to the exercises of chapter 08, each with a part of the intended hint."""

import math

import torch
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


def unbiased(z, scale, shift, eps):
    centred = z - z.mean(dim=-1, keepdim=True)
    return centred / (z.var(dim=-1, keepdim=True) + eps).sqrt() * scale + shift


def eps_outside(z, scale, shift, eps):
    centred = z - z.mean(dim=-1, keepdim=True)
    return centred / (z.std(dim=-1, keepdim=True, correction=0) + eps) * scale + shift


def over_tokens(z, scale, shift, eps):
    centred = z - z.mean(dim=1, keepdim=True)
    return centred / (z.var(dim=1, keepdim=True, correction=0) + eps).sqrt() * scale + shift


def no_scale(z, scale, shift, eps):
    centred = z - z.mean(dim=-1, keepdim=True)
    return centred / (z.var(dim=-1, keepdim=True, correction=0) + eps).sqrt()


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


def all_tokens(model, images):
    return model.head(model.norm(model.blocks(model.tokens(images))).mean(dim=1))


def mean_first(model, images):
    return model.head(model.norm(model.blocks(model.tokens(images))[:, 1:].mean(dim=1)))


def places(weights):
    place, side = torch.arange(weights.shape[-1]), math.isqrt(weights.shape[-1])
    return torch.stack([place // side, place % side], dim=1).float()


def around_the_block(weights):
    distances = torch.cdist(places(weights), places(weights), p=1)
    return (weights * distances).sum(dim=-1).mean(dim=-1)


def along_the_list(weights):
    place = torch.arange(weights.shape[-1])
    return (weights * (place[:, None] - place).abs()).sum(dim=-1).mean(dim=-1)


def no_root(weights):
    distances = torch.cdist(places(weights), places(weights)) ** 2
    return (weights * distances).sum(dim=-1).mean(dim=-1)


def mean_of_both(weights):
    return (weights * torch.cdist(places(weights), places(weights))).mean(dim=(1, 2))


WRONG = {
    "08-1": [
        ((576, 576**2), "One more token comes along"),
        ((577, 577), "a weight for each token"),
        ((577, 576**2), "The class token asks"),
        ((197, 197**2), "at 224 pixels"),
    ],
    "08-2": [
        (only_reshaped, "smeared over whole rows"),
        (on_its_side, "lies on its side"),
        (one_channel, "The shape should be"),
        (grid_before_patch, "must become neighbours"),
    ],
    "08-3": [
        (unbiased, "divides by D - 1"),
        (eps_outside, "under the root"),
        (over_tokens, "over the tokens"),
        (no_scale, "Scale and shift are missing"),
    ],
    "08-4": [
        (lambda q, k, v, hidden: weights(q, k) @ v, "still looked at"),
        (hidden_after, "no longer add up to 1"),
        (score_of_zero, "still get a share"),
        (hides_the_rest, "wrong way round"),
    ],
    "08-5": [
        (lambda model, images: model(images), "from the class token"),
        (all_tokens, "still in the mean"),
        (mean_first, "normalised it then"),
    ],
    "08-6": [
        (around_the_block, "straight line"),
        (along_the_list, "a row and a column"),
        (no_root, "the root is missing"),
        (mean_of_both, "a sum a mean already"),
    ],
    "08-7": [
        (nn.Conv2d(1, 64, 7, stride=7), "Two or more"),
        (
            nn.Sequential(nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.Conv2d(16, 64, 3)),
            "must shrink 28 to 4",
        ),
        (
            nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 64, 7, stride=7)),
            "Nothing bends",
        ),
        (
            nn.Sequential(nn.Conv2d(1, 64, 7, 7), nn.ReLU(), nn.Conv2d(64, 64, 7, padding=3)),
            "more than 60,000",
        ),
    ],
}
