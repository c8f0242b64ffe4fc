"""Typical wrong answers to the exercises of chapter 06, each with a part of the intended hint."""

import torch

from torchbook.data import read_image


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


def nearest_example(features, targets, unknown):
    return targets[torch.cdist(unknown, features).argmin(dim=1)]


def class_means(features, targets):
    return torch.stack([features[targets == label].mean(dim=0) for label in targets.unique()])


def distances(features, targets, unknown):
    return torch.cdist(unknown, class_means(features, targets))


def farthest_mean(features, targets, unknown):
    return distances(features, targets, unknown).argmax(dim=1)


def cut_in_three(features, targets, unknown):
    means = torch.stack([features[:3].mean(dim=0), features[3:5].mean(dim=0), features[5]])
    return torch.cdist(unknown, means).argmin(dim=1)


def photo_paths(folder):
    return sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".png"))


def every_file(folder, ask, classes):
    return {path.name: ask(read_image(path, 224).unsqueeze(0)) for path in folder.iterdir()}


def scaled(folder, ask, classes):
    return {p.name: ask(read_image(p, 224).unsqueeze(0) / 255) for p in photo_paths(folder)}


def no_batch(folder, ask, classes):
    return {path.name: ask(read_image(path, 224)) for path in photo_paths(folder)}


def index_for_name(folder, ask, classes):
    found = {}
    for path in photo_paths(folder):
        best = ask(read_image(path, 224).unsqueeze(0))[0].max(dim=0)
        found[path.name] = (best.indices.item(), best.values.item())
    return found


def tensor_for_float(folder, ask, classes):
    found = {}
    for path in photo_paths(folder):
        best = ask(read_image(path, 224).unsqueeze(0))[0].max(dim=0)
        found[path.name] = (classes[best.indices], best.values)
    return found


def whole_path(folder, ask, classes):
    named = tensor_for_float(folder, ask, classes)
    return {folder / name: (label, float(p)) for name, (label, p) in named.items()}


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
    "06-6": [
        (nearest_example, "single examples that lie nearest"),
        (farthest_mean, "nearest are asked for"),
        (distances, "The shape should be"),
        (cut_in_three, "go by the labels"),
    ],
    "06-7": [
        (every_file, "UnreadableImageError"),
        (scaled, "float32"),
        (no_batch, "ask wants uint8 [B, 3, 224, 224]"),
        (index_for_name, "its name, as a text"),
        (tensor_for_float, "a Python float"),
        (whole_path, "The file's name alone"),
    ],
}
