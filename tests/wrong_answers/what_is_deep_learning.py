"""Typical wrong answers to the exercises of "What is deep learning?", with the intended hints.

RIGHT has right answers in different styles, which the checks must accept.
"""

import math
import statistics
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F

from torchbook.data.sets.used_cars import read_used_cars

# intro-2: one-hot


def row_per_known_word(words, known):
    return torch.tensor([[float(word == name) for word in words] for name in known])


def as_indices(words, known):
    return torch.tensor([known.index(word) for word in words])


def alphabetical(words, known):
    return torch.tensor([[float(word == name) for name in sorted(known)] for word in words])


def sorts_in_place(words, known):
    order = list(known)
    known.sort()
    return torch.tensor([[float(word == name) for name in order] for word in words])


def whole_numbers(words, known):
    return torch.tensor([[int(word == name) for name in known] for word in words])


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


def strangers_are_dropped(words, known):
    return torch.tensor([[float(w == name) for name in known] for w in words if w in known])


def always_four_columns(words, known):
    return F.pad(torch.tensor([[float(w == n) for n in known] for w in words]), (0, 4 - len(known)))


def rows_with_a_loop(words, known):
    rows = []
    for word in words:
        row = [0.0] * len(known)
        if word in known:
            row[known.index(word)] = 1.0
        rows.append(row)
    return torch.tensor(rows)


def with_scatter(words, known):
    result = torch.zeros(len(words), len(known), dtype=torch.float64)
    for i, word in enumerate(words):
        for j, name in enumerate(known):
            if word == name:
                result[i, j] = 1
    return result


def with_numpy(words, known):
    return torch.from_numpy((np.array(words)[:, None] == np.array(known)).astype("float32"))


def with_one_hot(words, known):
    places = torch.tensor([known.index(w) if w in known else len(known) for w in words])
    return F.one_hot(places, len(known) + 1)[:, :-1].float()


# intro-3: standardise


def own_statistics(train, other):
    return (other - other.mean()) / other.std()


def statistics_of_both(train, other):
    both = torch.cat([train, other])
    return (other - both.mean()) / both.std()


def as_numpy_does(train, other):
    return (other - train.mean()) / train.std(correction=0)


def with_variance(train, other):
    return (other - train.mean()) / train.var()


def without_brackets(train, other):
    return other - train.mean() / train.std()


def in_place(train, other):
    other -= train.mean()
    other /= train.std()
    return other


def between_0_and_1(train, other):
    return (other - train.min()) / (train.max() - train.min())


def standardise_by_hand(train, other):
    values = train.tolist()
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return torch.tensor([(value - mean) / math.sqrt(variance) for value in other.tolist()])


def standardise_with_numpy(train, other):
    known = train.numpy().astype("float64")
    return (other.numpy() - known.mean()) / known.std(ddof=1)


# intro-4: the dull guess


def distance(of_guess, mean=statistics.fmean, power=1):
    return lambda known, new: mean([abs(price - of_guess(known, new)) ** power for price in new])


def median_guess(known, new):
    return statistics.median(known)


def signed(known, new):
    return statistics.fmean(price - statistics.median(known) for price in new)


def unsorted_middle(known, new):
    return known[len(known) // 2]


def with_torch(known, new):
    return (torch.tensor(new) - torch.tensor(known).median()).abs().mean()


def with_torch_float64(known, new):
    known = torch.tensor(known, dtype=torch.float64)
    return (torch.tensor(new, dtype=torch.float64) - known.median()).abs().mean().item()


def numpy_number(known, new):
    return np.abs(np.array(new) - np.median(known)).mean()


def sorted_by_hand(known, new):
    guess = sorted(known)[len(known) // 2]
    total = 0
    for price in new:
        total += max(price - guess, guess - price)
    return total / len(new)


# intro-5: kinds of learning


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


# intro-6: one number of a hidden layer


def products(inputs, weights):
    return [x * w for x, w in zip(inputs, weights, strict=True)]


def neuron_with_a_loop(inputs, weights, bias):
    total = bias
    for i in range(len(inputs)):
        total += inputs[i] * weights[i]
    if total < 0:
        return 0
    return total


def neuron_with_torch(inputs, weights, bias):
    return torch.relu(torch.tensor(inputs) @ torch.tensor(weights) + bias)


def neuron_with_numpy(inputs, weights, bias):
    return np.maximum(0, np.dot(inputs, weights) + bias)


# intro-7: labels for free


def one_growing_list(words):
    so_far, pairs = [], []
    for i in range(len(words) - 1):
        so_far.append(words[i])
        pairs.append((so_far, words[i + 1]))
    return pairs


def empties_the_words(words):
    pairs, so_far = [], [words.pop(0)]
    while words:
        pairs.append((list(so_far), words[0]))
        so_far.append(words.pop(0))
    return pairs


def last_two_words(words):
    return [(words[max(0, i - 2) : i], words[i]) for i in range(1, len(words))]


def pairs_by_slices(words):
    return [(words[:i], words[i]) for i in range(1, len(words))]


def pairs_by_growing(words):
    pairs = []
    so_far = []
    for word in words:
        if so_far:
            pairs.append([so_far.copy(), word])
        so_far.append(word)
    return pairs


def pairs_one_by_one(words):
    for place in range(len(words) - 1):
        yield tuple(words[: place + 1]), words[place + 1]


# intro-8: price a car by rules


def exact_table():
    table = {}
    for car in read_used_cars():
        price = car.pop("price_usd")
        table[tuple(car.values())] = price
    return table


TABLE = exact_table()


def looks_it_up(car):
    return TABLE[tuple(car.values())]


def looks_it_up_or_median(car):
    return TABLE.get(tuple(car.values()), 18_000)


def most_alike_of(cars):
    columns = ("make", "body", "cylinders", "doors", "cruise_control", "upgraded_sound", "leather")

    def price(car):
        def unlike(other):
            n_other = sum(car[column] != other[column] for column in columns)
            return n_other, abs(car["mileage_miles"] - other["mileage_miles"])

        return min(cars, key=unlike)["price_usd"]

    return price


def simple_rules(car):
    prices = {
        "Buick": 20_000,
        "Cadillac": 32_000,
        "Chevy": 13_000,
        "Pontiac": 16_000,
        "Saab": 29_000,
        "Saturn": 13_500,
    }
    price = prices[car["make"]]
    if car["cylinders"] == 8:
        price += 10_000
    if car["body"] == "convertible":
        price += 10_000
    return price


def whole_tensor(car):
    return torch.tensor(simple_rules(car))


def numpy_price(car):
    return np.float32(simple_rules(car) - 0.15 * (car["mileage_miles"] - 20_000))


WRONG = {
    "intro-1": [
        (20 * 30 + 30 * 4, "Those are the weights"),
        (20 * 30 + 30 * 4 + 30, "The outputs are weighted sums too"),
        (20 * 30 + 30 * 4 + 4, "The hidden numbers are weighted sums too"),
        (20 * 30 + 30 * 4 + 54, "The 20 inputs are given"),
        (20 * 30 + 30 * 4 + 2, "doesn't share one bias"),
        (20 * 30 + 30, "That is the hidden layer"),
        (20 * 30 * 4, "They don't multiply"),
        (54, "the circles of the drawing"),
        (753, "layer by layer"),
        ("754", "one whole number"),
    ],
    "intro-2": [
        (row_per_known_word, "Expected a row for each word"),
        (as_indices, "Expected 2 axes"),
        (alphabetical, "alphabetical order"),
        (sorts_in_place, "has changed"),
        (whole_numbers, "A network wants floats"),
        (strangers_stop_it, "a word that isn't known stops it"),
        (strangers_are_the_last, "should get only zeros"),
        (strangers_get_a_column, "expected the shape [4, 4]"),
        (strangers_are_dropped, "expected the shape [4, 4]"),
        (always_four_columns, "wrong for the words"),
        (lambda words, known: torch.eye(len(words), len(known)), "Row i should have its 1"),
        (lambda words, known: [[0.0]], "should be a Tensor"),
    ],
    "intro-3": [
        (own_statistics, "by its own mean"),
        (statistics_of_both, "leaked in"),
        (as_numpy_does, "divides by N"),
        (with_variance, "the variance"),
        (without_brackets, "Mind the brackets"),
        (in_place, "has changed"),
        (between_0_and_1, "not right yet"),
        (lambda train, other: own_statistics(other, train), "9 numbers came back"),
        (lambda train, other: other - train.mean(), "only subtracts the mean"),
        (lambda train, other: other / train.std(), "only divides"),
        (lambda train, other: (other - train.mean()) / other.std(), "the deviation from?"),
        (lambda train, other: (other - other.mean()) / train.std(), "Which mean"),
    ],
    "intro-4": [
        (distance(lambda known, new: statistics.fmean(known)), "guesses the mean"),
        (distance(lambda known, new: statistics.median(new)), "the median of the new"),
        (distance(unsorted_middle), "has to be sorted"),
        (signed, "cancel"),
        (lambda known, new: abs(signed(known, new)), "cancel"),
        (distance(median_guess, power=2), "squares"),
        (distance(median_guess, statistics.median), "the mean is asked for"),
        (distance(median_guess, sum), "the sum of the distances"),
        (lambda known, new: distance(median_guess, sum)(known, new) / len(known), "not of known"),
        (lambda known, new: distance(median_guess, sum)(known, new) / 6, "Right at first"),
        (median_guess, "the guess itself"),
        (lambda known, new: [1.0, 2.0], "one number"),
        (lambda known, new: 3.0, "guessed for all"),
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
        (lambda x, w, b: sum(products(x, w)) + b, "ReLU is missing"),
        (lambda x, w, b: max(0, sum(products(x, w))), "The bias is missing"),
        (lambda x, w, b: max(0, sum(products(x, w))) + b, "The bias came too late"),
        (lambda x, w, b: abs(sum(products(x, w)) + b), "doesn't flip the sign"),
        (lambda x, w, b: max(0, sum(p + b for p in products(x, w))), "once for each input"),
        (lambda x, w, b: max(0, sum(max(0, p) for p in products(x, w)) + b), "to each product"),
        (lambda x, w, b: max(0, sum(x) + b), "The weights are missing"),
        (lambda x, w, b: max(0, sum(products(x, w)) / len(x) + b), "the mean of the products"),
        (lambda x, w, b: max(0, sum(products(x, w)) - b), "was subtracted"),
        (lambda x, w, b: [max(0, p) for p in products(x, w)], "one number"),
        (lambda x, w, b: min(1, max(0, sum(products(x, w)) + b)), "it should be"),
    ],
    "intro-7": [
        (one_growing_list, "one list that kept growing"),
        (empties_the_words, "should leave it as it was"),
        (lambda words: [(words[:i], words[i]) for i in range(len(words))], "leave that pair out"),
        (lambda words: [([a], b) for a, b in pairwise(words)], "only the last"),
        (lambda words: [(w, first) for first, w in pairs_by_slices(words)], "wrong way round"),
        (lambda words: [(" ".join(a), b) for a, b in pairs_by_slices(words)], "should be a list"),
        (lambda words: [(words[: i + 1], words[i]) for i in range(1, len(words))], "already among"),
        (lambda words: pairs_by_slices(words)[:-1], "The next words should be"),
        (lambda words: [a for a, b in pairs_by_slices(words)], "should be a pair"),
        (last_two_words, "not right yet"),
        (lambda words: [(words[:i], words[i]) for i in range(1, 8)], "IndexError"),
        (lambda words: " ".join(words), "a list of pairs"),
    ],
    "intro-8": [
        (lambda car: 18_000, "Every car gets the same price"),
        (lambda car: car["price_usd"], "which it doesn't have"),
        (lambda car: 4_500 * car["cylinders"], "should be below 4,000"),
        (lambda car: "18,000", "should be a number"),
        (lambda car: math.nan, "the price is nan"),
        (looks_it_up, "cars that you have not seen"),
        (looks_it_up_or_median, "Every car gets the same price"),
        (most_alike_of(read_used_cars()), "no rule is that good"),
    ],
}

RIGHT = {
    "intro-1": [754, 754.0, np.int64(754), torch.tensor(754)],
    "intro-2": [rows_with_a_loop, with_scatter, with_numpy, with_one_hot],
    "intro-3": [
        lambda train, other: (other - train.mean()) / train.std(),
        lambda train, other: (other.double() - train.double().mean()) / train.double().std(),
        standardise_by_hand,
        standardise_with_numpy,
    ],
    "intro-4": [
        distance(median_guess),
        with_torch,
        with_torch_float64,
        numpy_number,
        sorted_by_hand,
    ],
    "intro-5": [situations(), situations(sentences="Self-supervised", customers=" unsupervised")],
    "intro-6": [
        lambda x, w, b: max(0, sum(products(x, w)) + b),
        neuron_with_a_loop,
        neuron_with_torch,
        neuron_with_numpy,
    ],
    "intro-7": [pairs_by_slices, pairs_by_growing, pairs_one_by_one],
    "intro-8": [
        simple_rules,
        whole_tensor,
        numpy_price,
        most_alike_of(read_used_cars()[::2]),
    ],
}
