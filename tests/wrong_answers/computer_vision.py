"""Typical wrong answers to the exercises of chapter 03, each with a part of the intended hint.

`RIGHT` has right answers in several styles, which the checks must accept.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# -- 03-2 ----------------------------------------------------------------------------------------


def without_bias(in_channels, out_channels, k):
    return in_channels * out_channels * k * k


def bias_per_input(in_channels, out_channels, k):
    return in_channels * out_channels * k * k + in_channels


def flat_kernels(in_channels, out_channels, k):
    return out_channels * k * k + out_channels


def one_kernel(in_channels, out_channels, k):
    return in_channels * k * k + 1


def narrow_kernels(in_channels, out_channels, k):
    return in_channels * out_channels * k + out_channels


def bias_per_pair(in_channels, out_channels, k):
    return in_channels * out_channels * (k * k + 1)


def single_bias(in_channels, out_channels, k):
    return in_channels * out_channels * k * k + 1


def by_the_layer(in_channels, out_channels, k):
    return sum(p.numel() for p in nn.Conv2d(in_channels, out_channels, k).parameters())


def parameters_in_numpy(in_channels, out_channels, k):
    return np.prod([in_channels, out_channels, k, k]) + np.int64(out_channels)


def parameters_in_a_loop(in_channels, out_channels, k):
    n = 0
    for _ in range(out_channels):
        n += in_channels * k**2
        n += 1
    return n


def parameters_in_pytorch(in_channels, out_channels, k):
    return torch.tensor([out_channels, in_channels, k, k]).prod() + out_channels


# -- 03-3 ----------------------------------------------------------------------------------------


def mean_of_batches(batches):
    shares = [(logits.argmax(dim=1) == labels).float().mean() for logits, labels in batches]
    return torch.stack(shares).mean().item()


def in_percent(batches):
    right = sum((logits.argmax(dim=1) == labels).sum().item() for logits, labels in batches)
    return 100 * right / sum(len(labels) for _, labels in batches)


def a_count(batches):
    return sum((logits.argmax(dim=1) == labels).sum().item() for logits, labels in batches)


def as_long_as_the_first(batches):
    return a_count(batches) / (len(batches) * len(batches[0][1]))


def full_batches_only(batches):
    full = [batch for batch in batches if len(batch[1]) == len(batches[0][1])]
    return a_count(full) / sum(len(labels) for _, labels in full)


def last_batch(batches):
    return a_count(batches[-1:]) / len(batches[-1][1])


def share_wrong(batches):
    return 1 - a_count(batches) / sum(len(labels) for _, labels in batches)


def as_a_tensor(batches):
    right = sum((logits.argmax(dim=1) == labels).sum() for logits, labels in batches)
    return right / sum(len(labels) for _, labels in batches)


def all_together(batches):
    logits = torch.cat([logits for logits, _ in batches])
    labels = torch.cat([labels for _, labels in batches])
    return (logits.argmax(dim=1) == labels).double().mean()


def one_by_one_in_numpy(batches):
    hits = []
    for logits, labels in batches:
        for row, label in zip(logits.numpy(), labels.numpy(), strict=True):
            hits.append(np.argmax(row) == label)
    return np.mean(hits, dtype=np.float32)


# -- 03-4 ----------------------------------------------------------------------------------------


def mean_pooling(pictures):
    b, c, h, w = pictures.shape
    return pictures.reshape(b, c, h // 2, 2, w // 2, 2).mean(dim=(3, 5))


def min_pooling(pictures):
    b, c, h, w = pictures.shape
    return pictures.reshape(b, c, h // 2, 2, w // 2, 2).amin(dim=(3, 5))


def every_second_pixel(pictures):
    return pictures[:, :, ::2, ::2]


def windows_of_strangers(pictures):
    b, c, h, w = pictures.shape
    return pictures.reshape(b, c, h // 2, w // 2, 4).amax(dim=-1)


def overlapping_windows(pictures):
    return pictures.unfold(2, 2, 1).unfold(3, 2, 1).amax(dim=(-1, -2))


def the_layer_itself(pictures):
    return nn.MaxPool2d(2)(pictures)


def the_adaptive_one(pictures):
    return F.adaptive_max_pool2d(pictures, (pictures.shape[2] // 2, pictures.shape[3] // 2))


def with_a_loop(pictures):
    b, c, h, w = pictures.shape
    out = torch.zeros(b, c, h // 2, w // 2)
    for i in range(h // 2):
        for j in range(w // 2):
            window = pictures[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            out[:, :, i, j] = window.amax(dim=(2, 3))
    return out


def pooled_by_two_reductions(pictures):
    b, c, h, w = pictures.shape
    rows = pictures.reshape(b, c, h // 2, 2, w).max(dim=3).values
    return rows.reshape(b, c, h // 2, w // 2, 2).max(dim=4).values


def pooled_by_unfolding(pictures):
    return pictures.unfold(2, 2, 2).unfold(3, 2, 2).amax(dim=(-1, -2))


def pooled_in_numpy(pictures):
    b, c, h, w = pictures.shape
    return pictures.numpy().reshape(b, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))


def pooled_by_corners(pictures):
    top = torch.maximum(pictures[..., ::2, ::2], pictures[..., ::2, 1::2])
    bottom = torch.maximum(pictures[..., 1::2, ::2], pictures[..., 1::2, 1::2])
    return torch.maximum(top, bottom).double()


# -- 03-5 ----------------------------------------------------------------------------------------


def upside_down(pictures, coin):
    return torch.where(coin[:, None, None, None], pictures.flip(2), pictures)


def all_of_them(pictures, coin):
    return pictures.flip(3)


def half_a_turn(pictures, coin):
    return torch.where(coin[:, None, None, None], pictures.flip(2, 3), pictures)


def the_others(pictures, coin):
    return torch.where(coin[:, None, None, None], pictures, pictures.flip(3))


def in_place(pictures, coin):
    pictures[coin] = pictures[coin].flip(3)
    return pictures


def coin_without_axes(pictures, coin):
    return torch.where(coin, pictures.flip(3), pictures)


def as_floats(pictures, coin):
    return torch.where(coin[:, None, None, None], pictures.flip(3), pictures) / 1


def mirrored_in_a_copy(pictures, coin):
    pictures = pictures.clone()
    pictures[coin] = pictures[coin].flip(-1)
    return pictures


def mirrored_in_a_loop(pictures, coin):
    out = []
    for picture, turn in zip(pictures, coin, strict=True):
        out.append(picture.flip(-1) if turn else picture)
    return torch.stack(out)


def mirrored_by_numpy(pictures, coin):
    turned = np.where(coin.numpy()[:, None, None, None], pictures.numpy()[..., ::-1], pictures)
    return torch.from_numpy(turned)


# -- 03-6 ----------------------------------------------------------------------------------------


def precision(predictions, labels, n_classes):
    right = torch.bincount(labels[predictions == labels], minlength=n_classes)
    return right / torch.bincount(predictions, minlength=n_classes)


def counts(predictions, labels, n_classes):
    return torch.bincount(labels[predictions == labels], minlength=n_classes)


def share_of_all(predictions, labels, n_classes):
    return counts(predictions, labels, n_classes) / len(labels)


def recall(predictions, labels, n_classes):
    return counts(predictions, labels, n_classes) / labels.bincount(minlength=n_classes)


def missed(predictions, labels, n_classes):
    return 1 - recall(predictions, labels, n_classes)


def zero_for_absent(predictions, labels, n_classes):
    return recall(predictions, labels, n_classes).nan_to_num(0)


def recall_in_percent(predictions, labels, n_classes):
    return 100 * recall(predictions, labels, n_classes)


def recall_in_a_loop(predictions, labels, n_classes):
    shares = []
    for k in range(n_classes):
        shares.append((predictions[labels == k] == k).float().mean())
    return torch.stack(shares)


def recall_as_a_list(predictions, labels, n_classes):
    shares = []
    for k in range(n_classes):
        n = int((labels == k).sum())
        found = int(((labels == k) & (predictions == k)).sum())
        shares.append(found / n if n else float("nan"))
    return shares


def recall_from_the_matrix(predictions, labels, n_classes):
    matrix = np.zeros((n_classes, n_classes))
    np.add.at(matrix, (labels.numpy(), predictions.numpy()), 1)
    with np.errstate(invalid="ignore"):
        return np.diag(matrix) / matrix.sum(axis=1)


# -- 03-7 ----------------------------------------------------------------------------------------


def counts_pairs(old, new):
    return (old.flatten(1)[:, None] == new.flatten(1)).all(dim=2).sum().item()


def same_place_only(old, new):
    n = min(len(old), len(new))
    return (old[:n] == new[:n]).flatten(1).all(dim=1).sum().item()


def distinct_only(old, new):
    return len({p.numpy().tobytes() for p in old} & {p.numpy().tobytes() for p in new})


def nearly_the_same(old, new):
    gap = (old.flatten(1).int()[:, None] - new.flatten(1).int()).abs().amax(dim=2)
    return (gap <= 1).any(dim=0).sum().item()


def same_sums(old, new):
    seen = {picture.sum().item() for picture in old}
    return sum(picture.sum().item() in seen for picture in new)


def sorted_pixels(old, new):
    seen = {tuple(sorted(picture.flatten().tolist())) for picture in old}
    return sum(tuple(sorted(picture.flatten().tolist())) in seen for picture in new)


def without_the_last_pixel(old, new):
    seen = {picture.numpy().tobytes()[:-1] for picture in old}
    return sum(picture.numpy().tobytes()[:-1] in seen for picture in new)


def old_ones(old, new):
    seen = {picture.numpy().tobytes() for picture in new}
    return sum(picture.numpy().tobytes() in seen for picture in old)


def seen_by_broadcasting(old, new):
    return (old.flatten(1)[:, None] == new.flatten(1)).all(dim=2).any(dim=0).sum()


def seen_in_a_loop(old, new):
    n = np.int64(0)
    for picture in new:
        if any(torch.equal(picture, other) for other in old):
            n += 1
    return n


def seen_as_tuples(old, new):
    seen = set(map(tuple, old.flatten(1).tolist()))
    return len([1 for picture in new.flatten(1).tolist() if tuple(picture) in seen])


# -- 03-8 ----------------------------------------------------------------------------------------


def network(*head):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        *head,
    )


class WithStrides(nn.Module):
    """Strides instead of pooling, and a batch normalisation."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 8, 5, stride=4)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 16, 3, stride=2, bias=False)
        self.head = nn.Linear(16 * 4, 10)

    def forward(self, x):
        x = F.gelu(self.norm(self.first(x)))
        return self.head(F.gelu(self.second(x)).flatten(1))


WRONG = {
    "03-1": [
        ((14, 7), "without the padding"),
        ((13, 6), "without the padding"),
        ((15, 7), "One step is missing"),
        ((17, 8), "rounded down"),
        ((32, 16), "double steps"),
        ((18, 9), "Where is the kernel?"),
        ((20, 10), "Put k = 5"),
        ((16, 15), "The first number is right"),
        (16, "two whole numbers"),
        ((16.5, 8), "a whole number"),
    ],
    "03-2": [
        (without_bias, "What else does each map add?"),
        (bias_per_input, "belongs to what comes out"),
        (flat_kernels, "looks at all channels"),
        (one_kernel, "How many kernels"),
        (narrow_kernels, "only one of its sides"),
        (bias_per_pair, "one bias, however many"),
        (single_bias, "A single bias"),
        (by_the_layer, "Use arithmetic only"),
    ],
    "03-3": [
        (mean_of_batches, "averaged the accuracies of the batches"),
        (in_percent, "in percent"),
        (a_count, "Divide by the number of all pictures"),
        (as_long_as_the_first, "as long as the first"),
        (full_batches_only, "left the last batch out"),
        (last_batch, "last batch alone"),
        (share_wrong, "counted the wrong answers"),
    ],
    "03-4": [
        (mean_pooling, "mean of each window"),
        (min_pooling, "smallest number"),
        (every_second_pixel, "one fixed corner"),
        (windows_of_strangers, "really hold neighbours"),
        (overlapping_windows, "The shape should be [2, 3, 2, 3]"),
        (the_layer_itself, "PyTorch's own pooling"),
        (the_adaptive_one, "PyTorch's own pooling"),
        (with_a_loop, "in a loop"),
    ],
    "03-5": [
        (upside_down, "upside down"),
        (all_of_them, "mirrored all of them"),
        (half_a_turn, "180 degrees"),
        (the_others, "whose coin is False"),
        (in_place, "writes into the pictures"),
        (coin_without_axes, "broadcast along the width"),
        (as_floats, "The dtype should be torch.uint8"),
    ],
    "03-6": [
        (precision, "how often each class was *predicted*"),
        (counts, "Are those the counts?"),
        (share_of_all, "number of all pictures"),
        (missed, "that were missed"),
        (recall_in_percent, "In percent"),
        (zero_for_absent, "should get nan"),
    ],
    "03-7": [
        (counts_pairs, "counted pairs"),
        (old_ones, "how many of the *new* ones"),
        (same_place_only, "with all old ones"),
        (distinct_only, "counted different pictures"),
        (nearly_the_same, "only similar"),
        (same_sums, "same pixels in other places"),
        (sorted_pixels, "same pixels in other places"),
        (without_the_last_pixel, "one pixel is different"),
    ],
    "03-8": [
        (network(nn.Linear(72, 10), nn.ReLU()), "a ReLU after the last layer"),
        (network(nn.Linear(72, 10), nn.Softmax(dim=1)), "those are probabilities"),
        (network(nn.Linear(512, 10)), "Print the shape after each layer"),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten()), "expected input"),  # for colour
        (network(nn.Linear(72, 5)), "The shape should be [16, 10]"),
        (network(nn.Linear(72, 64), nn.ReLU(), nn.Linear(64, 10)), "fewer than 5,000"),
        (network, "make an object of it"),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 1), nn.Linear(1, 10)), "two convolutions"),
    ],
}

RIGHT = {
    "03-1": [
        (16, 8),
        [16, 8],
        (np.int64(16), torch.tensor(8)),
        np.array([16, 8]),
        torch.tensor([16, 8]),
        (16.0, 8.0),
    ],
    "03-2": [parameters_in_numpy, parameters_in_a_loop, parameters_in_pytorch],
    "03-3": [as_a_tensor, all_together, one_by_one_in_numpy],
    "03-4": [pooled_by_two_reductions, pooled_by_unfolding, pooled_in_numpy, pooled_by_corners],
    "03-5": [mirrored_in_a_copy, mirrored_in_a_loop, mirrored_by_numpy],
    "03-6": [recall, recall_in_a_loop, recall_as_a_list, recall_from_the_matrix],
    "03-7": [seen_by_broadcasting, seen_in_a_loop, seen_as_tuples],
    "03-8": [network(nn.Linear(72, 10)), WithStrides(), network(nn.Linear(72, 10)).double()],
}
