"""Answers to the exercises of chapter 06: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torchvision.transforms import v2


def min_max(images):
    x = images.float()
    return 2 * (x - x.min()) / (x.max() - x.min()) - 1


def with_zero_mean(images):
    x = images.float()
    return (x - x.mean()) / 127.5


def scaled_in_place(images):
    result = images.float() / 127.5 - 1
    images.zero_()
    return result


def trainable(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def freezes_everything(model):
    model.requires_grad_(False)
    return trainable(model)


def freezes_nothing(model):
    return trainable(model)


def frees_the_head_only(model):
    for parameter in model.parameters():
        parameter.requires_grad = False
    for parameter in model.head.parameters():
        parameter.requires_grad = True
    return np.int64(trainable(model))


def by_identity(model):
    of_head = set(map(id, model.head.parameters()))
    n = torch.tensor(0)
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in of_head)
        n += parameter.numel() * parameter.requires_grad
    return n


def by_name(model):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("head" in name)
    return trainable(model)


def by_beginning_of_name(model):
    n = 0
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.split(".")[0] == "head"
        if parameter.requires_grad:
            n += parameter.numel()
    return n


def freezes_the_backbone_alone(model):
    for name, parameter in model.named_parameters():
        if "head" not in name:
            parameter.requires_grad = False
    return trainable(model)


def counts_tensors(model):
    model.requires_grad_(False)
    model.head.requires_grad_(True)
    return len([p for p in model.parameters() if p.requires_grad])


def counts_all(model):
    frees_the_head_only(model)
    return sum(p.numel() for p in model.parameters())


def one_rate(model, lr):
    return torch.optim.AdamW(model.parameters(), lr=lr)


def groups(model, of_backbone, of_head, kind=torch.optim.AdamW):
    return kind(
        [
            {"params": list(model.backbone.parameters()), "lr": of_backbone},
            {"params": list(model.head.parameters()), "lr": of_head},
        ]
    )


def added_later(model, lr):
    optimizer = torch.optim.AdamW(model.backbone.parameters(), lr=0.1 * lr)
    optimizer.add_param_group({"params": model.head.parameters(), "lr": lr})
    return optimizer


def a_group_for_each(model, lr):
    found = []
    for name, parameter in model.named_parameters():
        rate = lr if name.startswith("head.") else lr / 10
        found.append({"params": [parameter], "lr": rate})
    return torch.optim.AdamW(found, weight_decay=0)


def rate_of_the_example(model, lr):
    return groups(model, 0.002, 0.02)


def head_only(model, lr):
    return torch.optim.AdamW(model.head.parameters(), lr=lr)


def by_class(targets, k):
    return torch.cat([(targets == label).nonzero()[:k, 0] for label in targets.unique()])


def three_classes(targets, k):
    found = [(targets == label).nonzero()[:k, 0] for label in range(3)]
    return torch.cat(found).sort().values


def last_of_each(targets, k):
    found = [(targets == label).nonzero()[-k:, 0] for label in targets.unique()]
    return torch.cat(found).sort().values


def one_too_many(targets, k):
    return right_by_counter(targets, k + 1)


def right_by_class(targets, k):
    return by_class(targets, k).sort()[0]


def right_by_counter(targets, k):
    seen, found = Counter(), []
    for index, label in enumerate(targets.tolist()):
        if seen[label] < k:
            found.append(index)
        seen[label] += 1
    return torch.tensor(found)


def right_by_one_hot(targets, k):
    hot = F.one_hot(targets)  # [N, C]
    rank = (hot.cumsum(dim=0) * hot).sum(dim=1)
    return torch.arange(len(targets))[rank <= k]


def nearest_example(features, targets, unknown):
    return targets[torch.cdist(unknown, features).argmin(dim=1)]


def class_means(features, targets):
    return torch.stack([features[targets == label].mean(dim=0) for label in targets.unique()])


def distances(features, targets, unknown):
    return torch.cdist(unknown, class_means(features, targets))


def farthest_mean(features, targets, unknown):
    return distances(features, targets, unknown).argmax(dim=1)


def nearest_median(features, targets, unknown):
    found = [features[targets == label].quantile(0.5, dim=0) for label in targets.unique()]
    return torch.cdist(unknown, torch.stack(found)).argmin(dim=1)


def mean_of_three(features, targets, unknown):
    means = torch.stack([features[targets == label].mean(dim=0) for label in range(3)])
    return torch.cdist(unknown, means).argmin(dim=1)


def largest_product(features, targets, unknown):
    means = class_means(features, targets)
    return (unknown @ means.T - (means**2).sum(dim=1)).argmax(dim=1)


def cut_in_three(features, targets, unknown):
    means = torch.stack([features[:3].mean(dim=0), features[3:5].mean(dim=0), features[5]])
    return torch.cdist(unknown, means).argmin(dim=1)


def right_means(features, targets, unknown):
    return distances(features, targets, unknown).argmin(1)


def right_with_numpy(features, targets, unknown):
    x, y, asked = features.numpy(), targets.numpy(), unknown.numpy()
    means = np.array([x[y == label].mean(axis=0) for label in range(y.max() + 1)])
    squares = ((asked[:, None] - means[None]) ** 2).sum(axis=2)
    return torch.from_numpy(squares.argmin(axis=1))


def right_with_index_add(features, targets, unknown):
    n = targets.bincount()
    sums = torch.zeros(len(n), features.shape[1], dtype=torch.float64)
    means = sums.index_add(0, targets, features.double()) / n[:, None]
    answers = []
    for row in unknown.double():
        answers.append((means - row).norm(dim=1).argmin())
    return torch.stack(answers)


def photo_paths(folder):
    paths = [path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".png")]
    return sorted(paths)


def read(path):
    return v2.functional.pil_to_tensor(Image.open(path).convert("RGB"))


def every_file(folder, ask, classes):
    return {path.name: ask(read(path)) for path in folder.iterdir()}


def scaled(folder, ask, classes):
    return {p.name: ask(read(p) / 255) for p in photo_paths(folder)}


def a_batch(folder, ask, classes):
    return {p.name: ask(read(p).unsqueeze(0)) for p in photo_paths(folder)}


def any_channels(folder, ask, classes):
    return {
        path.name: ask(v2.functional.pil_to_tensor(Image.open(path)))
        for path in photo_paths(folder)
    }


def small_letters_only(folder, ask, classes):
    named = right_folder(folder, ask, classes)
    return {name: pair for name, pair in named.items() if name.endswith((".jpg", ".png"))}


def index_for_name(folder, ask, classes):
    named = right_folder(folder, ask, classes)
    return {name: (classes.index(label), p) for name, (label, p) in named.items()}


def tensor_for_float(folder, ask, classes):
    named = right_folder(folder, ask, classes)
    return {name: (label, torch.tensor(p)) for name, (label, p) in named.items()}


def whole_path(folder, ask, classes):
    return {folder / name: pair for name, pair in right_folder(folder, ask, classes).items()}


def backwards(folder, ask, classes):
    return dict(reversed(right_folder(folder, ask, classes).items()))


def first_class(folder, ask, classes):
    found = {}
    for path in photo_paths(folder):
        p = ask(read(path))
        found[path.name] = (classes[p.argmax()], p[0].item())
    return found


def right_folder(folder, ask, classes):
    found = {}
    for path in photo_paths(folder):
        sure, best = ask(read(path)).max(dim=0)
        found[path.name] = (classes[best], sure.item())
    return found


def right_with_pil(folder, ask, classes):
    found = {}
    for path in photo_paths(folder):
        with Image.open(path) as picture:
            photo = v2.functional.pil_to_tensor(picture.convert("RGB"))
        probabilities = ask(photo).tolist()
        best = max(range(len(classes)), key=probabilities.__getitem__)
        found[path.name] = [classes[best], probabilities[best]]
    return found


def right_with_numpy_arrays(folder, ask, classes):
    found = {}
    for path in photo_paths(folder):
        pixels = np.array(Image.open(path).convert("RGB"))  # [H, W, 3]
        p = ask(torch.from_numpy(pixels).permute(2, 0, 1)).double().numpy()
        found[path.name] = (classes[int(p.argmax())], p.max())  # a float64 is a float
    return found


def on_scene(photos, scenes):
    paper = (photos > 235).all(dim=1, keepdim=True)
    return torch.where(paper, scenes.to(torch.uint8), photos)


def on_pieces(photos):
    places = torch.randint(len(photos), (len(photos),))
    pieces = photos[places][:, :, 40:88, 40:88].float()
    return on_scene(photos, F.interpolate(pieces, size=128, mode="bilinear"))


def on_photos_upside_down(photos):
    others = photos.roll(7, dims=0).flip(2)[:, :, 32:96, 32:96]
    return on_scene(photos, v2.functional.resize(others, [128, 128]))


def on_small_pieces(photos):
    copies = []
    for photo in photos:
        other = photos[torch.randint(len(photos), ())]
        piece = other[None, :, 44:84, 44:84].float()
        scene = F.interpolate(piece, size=128, mode="bilinear")[0].to(torch.uint8)
        copies.append(on_scene(photo[None], scene)[0])
    return torch.stack(copies)


WRONG = {
    "06-1": [
        (..., "no answer yet"),
        (7 * 1280, "a number that belongs to no feature"),
        (1280 + 7, "a weight of its own for each feature"),
        (7 * 1280 + 1280, "one bias for each class"),
        (7 * 1280 + 1, "a bias of its own"),
        (4_652_008, "what else?"),
    ],
    "06-2": [
        (lambda x: x.float() / 255, "nothing in the result is below 0"),
        (lambda x: x.float() - 127.5, "255 should become 1, but the largest number is 127.5"),
        (lambda x: x.float() / 128 - 1, "255 should become 1"),
        (lambda x: x.double() / 127.5 - 1, "dtype should be"),
        (min_max, "whatever else is in it"),
        (with_zero_mean, "whatever else is in it"),
        (scaled_in_place, "were changed"),
        (lambda x: 2 * (x.float() / 255) ** 2 - 1, "the steps between them"),
    ],
    "06-3": [
        (freezes_everything, "The head is frozen"),
        (freezes_nothing, "backbone can still be changed"),
        (freezes_the_backbone_alone, "The head is frozen"),
        (by_name, "backbone can still be changed: overhead.weight"),
        (counts_tensors, "Those are the tensors"),
        (counts_all, "18 numbers can still be changed, but"),
    ],
    "06-4": [
        (one_rate, "the same rate"),
        (lambda model, lr: groups(model, lr, lr / 10), "The other way round"),
        (lambda model, lr: groups(model, lr, 10 * lr), "should have 0.02 and the backbone 0.002"),
        (lambda model, lr: groups(model, lr / 10, lr, torch.optim.Adam), "an AdamW optimiser"),
        (rate_of_the_example, "For a rate of 0.0003"),
        (head_only, "in no group"),
    ],
    "06-5": [
        (lambda targets, k: torch.arange(min(k, len(targets))), "the first 1 of all"),
        (by_class, "in another order"),
        (three_classes, "nothing of class [4]"),
        (last_of_each, "How many of each"),
        (one_too_many, "How many of each"),
        (lambda targets, k: right_by_counter(targets, k).tolist(), "should be a Tensor"),
        (lambda targets, k: right_by_counter(targets, k).int(), "dtype should be"),
    ],
    "06-6": [
        (nearest_example, "single examples that lie nearest"),
        (nearest_median, "nearest medians"),
        (farthest_mean, "nearest are asked for"),
        (distances, "The shape should be"),
        (cut_in_three, "go by the labels"),
        (mean_of_three, "only ever answers 0, 1 or 2"),
        (largest_product, "Print the means first"),
    ],
    "06-7": [
        (every_file, "stopped"),
        (scaled, "float32"),
        (a_batch, "ask wants uint8 [3, H, W]"),
        (any_channels, "ask wants uint8 [3, H, W]"),
        (small_letters_only, "has barn.png, fog.jpg and sky.PNG"),
        (index_for_name, "its name, as a text"),
        (tensor_for_float, "a Python float"),
        (whole_path, "The file's name alone"),
        (backwards, "alphabetical order"),
        (first_class, "The probability of blue"),
    ],
    "06-8": [
        (lambda photos: photos, "as they were"),
        (lambda photos: photos.float(), "dtype should be"),
        (lambda photos: photos[:60], "The shape should be"),
        (lambda photos: photos.fill_(0), "were changed"),
        (lambda photos: torch.randint_like(photos, 256), "on natural photos; it should be more"),
        (lambda photos: photos.flip(3), "on natural photos; it should be more"),
    ],
}

# Right answers, each in a style of its own.
RIGHT = {
    "06-1": [8967, np.int64(1280 * 7 + 7), torch.tensor(1281 * 7)],
    "06-2": [
        lambda x: 2 * (x.float() / 255) - 1,
        lambda x: torch.from_numpy((x.numpy() / 127.5 - 1).astype(np.float32)),
        lambda x: v2.functional.normalize(x.float() / 255, [0.5] * 3, [0.5] * 3),
    ],
    "06-3": [frees_the_head_only, by_identity, by_beginning_of_name],
    "06-4": [lambda model, lr: groups(model, lr / 10, lr), added_later, a_group_for_each],
    "06-5": [right_by_class, right_by_counter, right_by_one_hot],
    "06-6": [right_means, right_with_numpy, right_with_index_add],
    "06-7": [right_folder, right_with_pil, right_with_numpy_arrays],
    "06-8": [on_pieces, on_photos_upside_down, on_small_pieces],
}
