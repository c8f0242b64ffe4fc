"""Typical wrong answers to the exercises of "What is deep learning?", with the intended hints."""

import torch


def row_per_known_word(words, known):
    return torch.tensor([[float(word == name) for word in words] for name in known]).flip(0)


def as_indices(words, known):
    return torch.tensor([known.index(word) for word in words])


def strangers_stop_it(words, known):
    return torch.eye(len(known))[[known.index(word) for word in words]]


def strangers_are_the_last(words, known):
    places = [known.index(word) if word in known else -1 for word in words]
    return torch.eye(len(known))[places]


def strangers_get_a_column(words, known):
    places = [known.index(word) if word in known else len(known) for word in words]
    if len(known) in places:
        return torch.eye(len(known) + 1)[places]
    return torch.eye(len(known))[places]


def own_statistics(train, other):
    return (other - other.mean(dim=0)) / other.std(dim=0)


def statistics_of_both(train, other):
    both = torch.cat([train, other])
    return (other - both.mean(dim=0)) / both.std(dim=0)


def one_mean_for_all(train, other):
    return (other - train.mean()) / train.std()


def in_place(train, other):
    other -= train.mean(dim=0)
    other /= train.std(dim=0)
    return other


def assigned(points, middles):
    return torch.cdist(points, middles).argmin(dim=1)


def unmoved(points, middles):
    return middles.clone()


def with_empty_groups(points, middles):
    nearest = torch.cdist(points, middles).argmin(dim=1)
    return torch.stack([points[nearest == k].mean(dim=0) for k in range(len(middles))])


def empty_groups_to_zero(points, middles):
    return with_empty_groups(points, middles).nan_to_num()


def shows_what_should_be_hidden(pictures, mask):
    return pictures * mask, pictures[:, ~mask]


def hides_in_place(pictures, mask):
    hidden = pictures[:, mask]
    pictures[:, mask] = 0
    return pictures, hidden


def reads_too_late(pictures, mask):
    seen = pictures * ~mask
    return seen, seen[:, mask]


def keeps_the_shape(pictures, mask):
    return pictures * ~mask, pictures * mask


def situations(**changes):
    right = {
        "predict the hidden word in a million sentences": "self-supervised",
        "sort letters by postcode": "rule",
        "price houses": "supervised",
        "tell 40 orchids apart": "transfer",
        "find groups among customers": "unsupervised",
    }
    return {
        situation: next((new for word, new in changes.items() if word in situation), kind)
        for situation, kind in right.items()
    }


def distance(kind):
    return lambda known, asked: kind(asked - known.median()).item()


WRONG = {
    "intro-1": [
        (64 * 17 + 64, "Those are the weights"),
        (64 * 18 + 64, "the output, too"),
        (64 * 18 + 65 + 17, "no bias"),
        (82, "layer by layer"),
        (1217.0, "whole numbers"),
    ],
    "intro-2": [
        (row_per_known_word, "Row i should have its 1"),
        (as_indices, "Expected 2 axes"),
        (strangers_stop_it, "a word that is not known stops it"),
        (strangers_are_the_last, "should get zeros only"),
        (strangers_get_a_column, "expected the shape [2, 3]"),
    ],
    "intro-3": [
        (own_statistics, "by its own mean"),
        (statistics_of_both, "leaked in"),
        (one_mean_for_all, "for each column"),
        (in_place, "has changed"),
        (lambda train, other: own_statistics(other, train), "40 rows came back"),
    ],
    "intro-4": [
        (lambda known, asked: (asked - known.mean()).abs().mean().item(), "guesses the mean"),
        (lambda known, asked: (asked - asked.median()).abs().mean().item(), "asked prices"),
        (lambda known, asked: (asked - known.median()).abs().mean(), "a tensor"),
        (distance(torch.mean), "cancel"),
        (distance(lambda d: d.square().mean()), "squares"),
        (distance(lambda d: d.abs().median()), "the mean is asked"),
        (distance(lambda d: d.abs().sum()), "guessed for all"),
    ],
    "intro-5": [
        (situations(sentences="unsupervised"), "Who gives the right answer"),
        (situations(postcode="supervised"), "rule 1"),
        (situations(orchids="supervised"), "at hand for another"),
        (situations(customers="reinforcement"), "none of the five words"),
        (situations(houses=...), "three dots"),
        ({"price houses": "supervised"}, "keep the five lines"),
    ],
    "intro-6": [
        (assigned, "half of the way"),
        (unmoved, "have not moved"),
        (with_empty_groups, "the mean of nothing"),
        (empty_groups_to_zero, "should stay at"),
        (lambda points, middles: points.mean(dim=0).expand(len(middles), -1), "two clear groups"),
    ],
    "intro-7": [
        (shows_what_should_be_hidden, "the wrong way round"),
        (hides_in_place, "went dark as well"),
        (reads_too_late, "had been hidden"),
        (keeps_the_shape, "shape [3, 6]"),
        (lambda pictures, mask: pictures * ~mask, "return two tensors"),
    ],
    "intro-8": [
        (lambda car: 18_000, "Every car gets the same price"),
        (lambda car: car["price_usd"], "which it does not have"),
        (lambda car: 4_500 * car["cylinders"], "below 4,000 is asked"),
        (lambda car: "18,000", "should be a number"),
    ],
}
