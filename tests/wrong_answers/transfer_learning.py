"""Typical wrong answers to the exercises of chapter 06, each with a part of the intended hint."""

import torch


def trainable(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def freezes_everything(model):
    model.requires_grad_(False)
    return trainable(model)


def freezes_nothing(model):
    return trainable(model)


def counts_tensors(model):
    model.requires_grad_(False)
    model.head.requires_grad_(True)
    return len([p for p in model.parameters() if p.requires_grad])


def one_rate(model, lr):
    return torch.optim.AdamW(model.parameters(), lr=lr)


def rates_swapped(model, lr):
    return torch.optim.AdamW(
        [
            {"params": model.backbone.parameters(), "lr": lr},
            {"params": model.head.parameters(), "lr": lr / 10},
        ]
    )


def head_only(model, lr):
    return torch.optim.AdamW(model.head.parameters(), lr=lr)


def by_class(targets, k):
    return torch.cat([(targets == label).nonzero()[:k, 0] for label in targets.unique()])


WRONG = {
    "06-1": [
        (7 * 1280, "a number that belongs to no feature"),
        (1280 + 7, "a weight of its own for each feature"),
    ],
    "06-2": [
        (lambda x: x.float() / 255, "nothing in the result is below 0"),
        (lambda x: x.float() - 127.5, "255 should become 1, but the largest number is 127.5"),
    ],
    "06-3": [
        (freezes_everything, "The head is frozen"),
        (freezes_nothing, "backbone can still be changed"),
        (counts_tensors, "Those are the tensors"),
    ],
    "06-4": [
        (one_rate, "the same rate"),
        (rates_swapped, "The other way round"),
        (head_only, "in no group"),
    ],
    "06-5": [
        (lambda targets, k: torch.arange(min(k, len(targets))), "the first 1 of all"),
        (by_class, "in another order"),
    ],
}
