"""Checks for the exercises of the chapter "What is deep learning?"."""

import itertools
import math
import statistics
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from torchbook.book.exercises.answers import (
    Check,
    Function,
    WrongAnswerError,
    require,
    require_function,
    require_number,
    require_tensor,
    require_type,
    run_answer,
)
from torchbook.data.sets.used_cars import read_used_cars


def _tensor(value: object) -> Tensor:
    """Return a tensor, also for an array of NumPy."""
    return require_tensor(torch.from_numpy(value) if isinstance(value, np.ndarray) else value)


def check_1(answer: object) -> None:
    """Check the number of parameters of a network with one hidden layer."""
    n = require_number(answer, "one whole number, a count of parameters")
    hints = {
        20 * 30 + 30 * 4: "Those are the weights. Each number of the hidden and of the output "
        "layer also has a bias.",
        20 * 30 + 30 * 4 + 30: "Nearly. The outputs are weighted sums too, so they also have "
        "biases.",
        20 * 30 + 30 * 4 + 4: "Nearly. The hidden numbers are weighted sums too, so they also have "
        "biases.",
        20 * 30 + 30 * 4 + 30 + 4 + 20: "The 20 inputs are given. Nothing is computed there, so "
        "they have no biases.",
        20 * 30 + 30 * 4 + 2: "Nearly. A layer doesn't share one bias: each of its numbers has its "
        "own.",
        20 * 30 + 30: "That is the hidden layer. What leads from it to the outputs?",
        20 * 30 * 4: "The layers follow one another, so their weights add up. They don't multiply.",
        20 + 30 + 4: "Those are the numbers in the layers, the circles of the drawing. Parameters "
        "are its lines, and the biases.",
    }
    for wrong, hint in hints.items():
        require(n != wrong, hint)
    require(
        n == 20 * 30 + 30 * 4 + 30 + 4,
        "Count layer by layer: how many weights lead to the 30, and how many to the 4? Then add "
        "one bias for each number that is computed.",
    )


def _one_hot(words: list[str], known: list[str]) -> Tensor:
    return torch.tensor([[float(word == name) for name in known] for word in words])


def check_2(answer: object) -> None:
    """Check one-hot encoding with words that are not known."""
    function = require_function(answer)
    words = ["wagon", "coupe", "wagon"]
    known = ["wagon", "sedan", "coupe", "hatchback"]
    given = (list(words), list(known))
    result = _tensor(run_answer(function, *given))
    require(
        result.ndim == 2,
        f"Expected 2 axes, words and known words, but the shape is {list(result.shape)}.",
    )
    require(
        tuple(result.shape) != (4, 3),
        "Expected a row for each word, but there is a row for each known word: 4 rows for 3 words.",
    )
    require(
        tuple(result.shape) == (3, 4),
        f"3 words and 4 known ones should give the shape [3, 4], but it is {list(result.shape)}.",
    )
    require(
        result.is_floating_point(),
        f"A network wants floats, but the dtype is {result.dtype}. Write 1.0 instead of 1, or use "
        "the method .float().",
    )
    require(
        not torch.equal(result.float(), _one_hot(words, sorted(known))),
        "The columns are in alphabetical order. They should be in the order of the known words as "
        "given, whatever that is.",
    )
    require(
        torch.equal(result.float(), _one_hot(words, known)),
        "Row i should have its 1 in the column of word i, counted in the order of the known words, "
        f"but for {', '.join(words)} it is {result.tolist()}.",
    )
    require(
        given == (words, known),
        "The result is right, but a list that was passed in has changed. Work on a copy.",
    )
    words = ["sedan", "tractor", "hatchback", "sled"]
    try:
        result = function(list(words), list(known))
    except Exception as error:
        raise WrongAnswerError(
            f"Right for known words, but a word that isn't known stops it ({type(error).__name__})."
            " It should get a row of zeros."
        ) from error
    result = _tensor(result)
    require(
        tuple(result.shape) == (4, 4),
        "4 words, two of them not known, and 4 known words: expected the shape [4, 4], but it is "
        f"{list(result.shape)}.",
    )
    require(
        not result[1].any() and not result[3].any(),
        f"A word that isn't known should get only zeros, but its row is {result[1].tolist()}.",
    )
    require(
        torch.equal(result.float(), _one_hot(words, known)),
        "Words that aren't known get zeros, but the others are no longer right.",
    )
    for words, known in (
        (["d"], ["b", "d"]),
        (list("abcabca"), list("cab")),
        (list("xyzzyx"), ["z"]),
        (list("edge"), list("gfedcba")),
    ):
        require(
            torch.equal(
                _tensor(run_answer(function, list(words), list(known))).float(),
                _one_hot(words, known),
            ),
            f"Right for makes of cars, wrong for the words {words} with {known} known.",
        )


def check_3(answer: object) -> None:
    """Check that a column is standardised by the statistics of another split."""
    function = require_function(answer)
    train = torch.tensor([20_105.0, 9_049, 31_655, 1_226, 24_812, 17_319, 8_113, 27_674, 3_629])
    other = torch.tensor([11_892.0, 36_124, 22_188, 19_842, 2_616, 15_340])
    given = (train.clone(), other.clone())
    result = _tensor(run_answer(function, *given))
    require(
        tuple(result.shape) != (9,),
        "9 numbers came back: the training column gives the mean and the deviation, but the other "
        "column is wanted.",
    )
    require(
        tuple(result.shape) == (6,),
        f"Expected the 6 numbers of the other column, but the shape is {list(result.shape)}.",
    )
    both = torch.cat([train, other])
    mean, deviation = train.mean(), train.std()
    hints = (
        (
            (other - other.mean()) / other.std(),
            "The other column was standardised by its own mean and deviation. A single new car "
            "could not even be priced that way. Which split do the two numbers come from?",
        ),
        (
            (other - both.mean()) / both.std(),
            "The mean and the deviation are those of both splits together: what should be unseen "
            "has leaked in.",
        ),
        ((other - mean) / other.std(), "The mean is right. Which column is the deviation from?"),
        ((other - other.mean()) / deviation, "The deviation is right. Which mean is that?"),
        (
            (other - mean) / train.std(correction=0),
            "Nearly. That deviation divides by N, as NumPy's std does. PyTorch's .std() divides by "
            "N - 1.",
        ),
        (other - mean, "That only subtracts the mean. Then divide by the standard deviation."),
        (other / deviation, "That only divides by the deviation. Subtract the mean first."),
        (
            (other - mean) / train.var(),
            "That divides by the variance. Its root is the standard deviation.",
        ),
        (
            other - mean / deviation,
            "Mind the brackets: subtract the mean first, then divide all of it.",
        ),
    )
    result = result.double()
    for wrong, hint in hints:
        require(not torch.allclose(result, wrong.double(), rtol=1e-3, atol=1e-3), hint)
    require(
        torch.allclose(result, ((other - mean) / deviation).double(), rtol=1e-4, atol=1e-4),
        f"The numbers are not right yet: {[round(x, 3) for x in result.tolist()]}. Subtract the "
        "mean of the training column, then divide by its standard deviation.",
    )
    require(
        torch.equal(given[0], train) and torch.equal(given[1], other),
        "The result is right, but a tensor that was passed in has changed. Avoid -= and /=.",
    )
    one = _tensor(run_answer(function, torch.tensor([4.0, 2.0]), torch.tensor([5.0])))
    require(
        tuple(one.shape) == (1,) and math.isclose(one.item(), 2**0.5, rel_tol=1e-4),
        "Right for six numbers, wrong for the column of a single new car, [5.0].",
    )


def check_4(answer: object) -> None:
    """Check the error of always guessing the known median."""
    function = require_function(answer)
    known = [104.0, 11.0, 13.0, 10.0, 12.0]
    new = [2.0, 14.0, 15.0, 30.0, 52.0, 7.0]

    def off(guess: float, mean: Callable[[list[float]], float] = statistics.fmean) -> float:
        return mean([abs(price - guess) for price in new])

    one = "one number, the mean distance"
    result = require_number(run_answer(function, list(known), list(new)), one)
    guess = statistics.median(known)
    hints = {
        off(statistics.fmean(known)): "That guesses the mean of the known prices, which a single "
        "expensive car drags up. The median is asked for.",
        off(statistics.median(new)): "That takes the median of the new prices. If we knew those, "
        "we wouldn't have to guess.",
        off(statistics.median_low(new)): "That takes the median of the new prices. If we knew "
        "those, we wouldn't have to guess.",
        off(known[2]): "That guesses the price in the middle of the list as it came. It has to be "
        "sorted first.",
        statistics.fmean(price - guess for price in new): "Too low and too high cancel each other "
        "out. A distance has no sign.",
        abs(statistics.fmean(price - guess for price in new)): "Too low and too high cancel each "
        "other out. Take the distance of each car first, then the mean.",
        statistics.fmean((price - guess) ** 2 for price in new): "Those are squares. The plain "
        "distance is asked for.",
        math.sqrt(statistics.fmean((price - guess) ** 2 for price in new)): "That is the root of "
        "the mean square. The plain distance is asked for.",
        off(guess, statistics.median): "The median is the guess. Of the distances, the mean is "
        "asked for.",
        off(guess, statistics.median_low): "The median is the guess. Of the distances, the mean is "
        "asked for.",
        off(guess, sum): "That is the sum of the distances. Divide it by how many there are.",
        off(guess, sum) / len(known): "Divide the sum of the distances by the number of new "
        "prices, not of known ones.",
        guess: "That is the guess itself. How far is it from the new prices, on average?",
    }
    truth = off(guess)
    require(math.isfinite(result), f"The result is {result}, which is no distance.")
    for wrong, hint in hints.items():
        require(not math.isclose(result, wrong, rel_tol=1e-4), hint)
    require(
        math.isclose(result, truth, rel_tol=1e-4),
        f"For known prices {known} and new ones {new} the function says {result:.4g}. Which single "
        "price is guessed for all, and how far off is each?",
    )
    for known, new, truth in (
        ([7.0], [4.0, 11.0, 8.0], 8 / 3),
        ([1.0, 9.0, 2.0], [3.0], 1.0),
        ([21_000.0, 9_500.0, 18_250.0], [30_000.0, 12_250.0], 8_875.0),
    ):
        result = require_number(run_answer(function, list(known), list(new)), one)
        require(
            math.isclose(result, truth, rel_tol=1e-4),
            f"Right at first, but for known prices {known} and new ones {new} the function says "
            f"{result:.4g} instead of {truth:.4g}.",
        )


KINDS = {"supervised", "unsupervised", "self-supervised", "transfer", "rule"}
_SITUATIONS = {
    "sentences": ("self-supervised", "Who gives the right answer for a hidden word?"),
    "postcode": ("rule", "When nothing is uncertain, what does rule 1 say?"),
    "houses": ("supervised", "Each sale comes with its price."),
    "orchids": ("transfer", "Something learned for one task is at hand for another."),
    "customers": ("unsupervised", "Is there any answer to learn from, even a hidden one?"),
}


def check_5(answer: object) -> None:
    """Check which situation asks for which kind of learning."""
    chosen = require_type(answer, dict, "Keep the five lines, and replace the dots.")
    for word, (kind, hint) in _SITUATIONS.items():
        values = [value for situation, value in chosen.items() if word in str(situation)]
        require(len(values) == 1, f"The line about {word} is missing: keep the five lines.")
        require(values[0] is not ..., f"The line about {word} still has its three dots.")
        value = "-".join(str(values[0]).lower().replace("_", " ").replace("-", " ").split())
        require(
            value in KINDS,
            f"{values[0]!r} is none of the five words {', '.join(sorted(KINDS))}.",
        )
        require(value == kind, f"About {word}: {hint}")


def _relu(value: float) -> float:
    return max(0.0, value)


_WRONG_NEURONS: tuple[tuple[Callable[[list[float], list[float], float], float], str], ...] = (
    (
        lambda x, w, b: sum(a * c for a, c in zip(x, w, strict=True)) + b,
        "The sum is right, but ReLU is missing: a sum below 0 becomes 0.",
    ),
    (
        lambda x, w, b: _relu(sum(a * c for a, c in zip(x, w, strict=True))),
        "The bias is missing. It is added to the weighted sum.",
    ),
    (
        lambda x, w, b: _relu(sum(a * c for a, c in zip(x, w, strict=True))) + b,
        "The bias came too late: add it to the sum first, then apply ReLU.",
    ),
    (
        lambda x, w, b: abs(sum(a * c for a, c in zip(x, w, strict=True)) + b),
        "ReLU doesn't flip the sign. A sum below 0 becomes 0.",
    ),
    (
        lambda x, w, b: _relu(sum(a * c + b for a, c in zip(x, w, strict=True))),
        "The bias was added once for each input. It is added only once.",
    ),
    (
        lambda x, w, b: _relu(sum(_relu(a * c) for a, c in zip(x, w, strict=True)) + b),
        "ReLU was applied to each product. It comes after the sum.",
    ),
    (
        lambda x, w, b: _relu(sum(a * c for a, c in zip(x, w, strict=True)) - b),
        "The bias was subtracted. It is added.",
    ),
    (lambda x, w, b: _relu(sum(x) + b), "The weights are missing: it is a weighted sum."),
    (
        lambda x, w, b: _relu(sum(a * c for a, c in zip(x, w, strict=True)) / len(x) + b),
        "That is the mean of the products. Their sum is asked for.",
    ),
)
_NEURONS = (
    ([1.5, -2.0, 0.5], [2.0, -1.0, 4.0], 0.75),  # 7 + 0.75
    ([1.0, 3.0], [0.5, -1.5], 0.25),  # -4 + 0.25: nothing
    ([2.0, 1.0, 4.0, 3.0], [-1.0, 0.5, 0.25, -0.5], 3.5),  # -2 + 3.5
    ([1.0, 2.0], [2.0, 0.5], -2.5),  # 3 - 2.5
    ([1.0, 2.0], [2.0, 0.5], -4.5),  # 3 - 4.5: nothing
    ([3.0], [0.5], 0.0),
)


def check_6(answer: object) -> None:
    """Check a weighted sum with a bias and a ReLU."""
    function = require_function(answer)
    results = []
    for inputs, weights, bias in _NEURONS:
        result = run_answer(function, list(inputs), list(weights), bias)
        results.append(require_number(result))

    def agrees(formula: Callable[[list[float], list[float], float], float]) -> bool:
        pairs = zip(results, _NEURONS, strict=True)
        return all(math.isclose(r, formula(*case), abs_tol=1e-5) for r, case in pairs)

    for formula, hint in _WRONG_NEURONS:
        require(not agrees(formula), hint)
    for result, (inputs, weights, bias) in zip(results, _NEURONS, strict=True):
        truth = _relu(sum(x * w for x, w in zip(inputs, weights, strict=True)) + bias)
        require(
            math.isclose(result, truth, abs_tol=1e-5),
            f"For inputs {inputs}, weights {weights} and bias {bias} it should be {truth}, but it "
            f"is {result}.",
        )


def _pairs(words: list[str]) -> list[tuple[list[str], str]]:
    return [(words[:i], words[i]) for i in range(1, len(words))]


def _read_pairs(result: object) -> list[tuple[list[str], str]]:
    require(
        not isinstance(result, str | dict | Tensor) and hasattr(result, "__iter__"),
        f"The function should return a list of pairs, but it returned a {type(result).__name__}.",
    )
    pairs = []
    for pair in result:
        require(
            isinstance(pair, tuple | list) and len(pair) == 2,
            f"Each part should be a pair, the words so far and the next word, but one is {pair!r}.",
        )
        first, second = pair
        require(
            not (isinstance(first, str) and isinstance(second, tuple | list)),
            f"The pair {pair!r} is the wrong way round: first the words so far, then the next one.",
        )
        require(
            isinstance(first, tuple | list),
            f"The words so far should be a list, but in one pair they are {first!r}.",
        )
        require(
            isinstance(second, str), f"The next word should be one word, but one is {second!r}."
        )
        pairs.append((list(first), second))
    return pairs


def check_7(answer: object) -> None:
    """Check that a sentence becomes pairs of the words so far and the next word."""
    function = require_function(answer)
    words = ["the", "more", "you", "read", "the", "more", "you", "know"]
    given = list(words)
    result = _read_pairs(run_answer(function, given))
    require(
        given == words,
        "The list of words that came in has changed. The function should leave it as it was.",
    )
    nexts = [word for _, word in result]
    require(
        result[:1] != [([], "the")],
        "Before the first word there is nothing to learn from: leave that pair out.",
    )
    require(
        len(result) < 2 or len({tuple(first) for first, _ in result}) > 1,
        "The words so far are the same in every pair. Is it one list that kept growing? Put a copy "
        "into each pair.",
    )
    require(
        result != [([first], second) for first, second in itertools.pairwise(words)],
        "Each pair has only the last word before. All words so far are asked for.",
    )
    require(
        not any(first[-1:] == [second] for first, second in result),
        "The next word is already among the words so far, so there is nothing left to guess.",
    )
    require(
        nexts == words[1:],
        f"The next words should be {words[1:]}, in this order, but they are {nexts}.",
    )
    require(
        result == _pairs(words),
        f"The words so far are not right yet. For {words} the pairs are {result}.",
    )
    for words in (["the", "cat", "sat"], ["stop", "stop"], ["alone"], []):
        result = _read_pairs(run_answer(function, list(words)))
        require(
            result == _pairs(words),
            f"Right for a long sentence, but for {words} it should be {_pairs(words)}, and it is "
            f"{result}.",
        )


MILES = 101  # that the cars have driven since the table was made
MEMORY = 600  # dollars; nothing that hasn't seen the very car comes so close


def _price(function: Function, car: dict[str, str | float]) -> float:
    try:
        guess = function(dict(car))
    except KeyError as error:
        (key,) = error.args or ("",)
        raise WrongAnswerError(
            f"Your function asks the car for {key!r}, which it doesn't have; it has "
            f"{', '.join(car)}."
            if isinstance(key, str) and key not in car.values()
            else f"Your function looks for {key!r} in a table that doesn't have it. The check asks "
            "about cars that you have not seen."
        ) from error
    except Exception as error:
        raise WrongAnswerError(
            f"Your function stopped on the car {car} with {type(error).__name__}: {error}"
        ) from error
    price = require_number(guess, f"a number, the price of the car {car}")
    require(math.isfinite(price), f"For the car {car} the price is {price}.")
    return price


def check_8(answer: object) -> None:
    """Check that rules by hand price cars that their author has not seen to 4,000 dollars."""
    function = require_function(answer)
    off: tuple[list[float], list[float]] = ([], [])  # of every second car, and of the others
    prices = set()
    cars = read_used_cars()
    for i, car in enumerate(cars):
        price = car.pop("price_usd")
        guess = _price(function, car | {"mileage_miles": car["mileage_miles"] + MILES})
        off[i % 2].append(abs(guess - price))
        prices.add(round(guess))
    error = statistics.fmean(off[1])
    worst = cars[2 * max(range(len(off[0])), key=off[0].__getitem__)]
    require(
        len(prices) > 1,
        f"Every car gets the same price, which is off by {error:,.0f} dollars on average. Which "
        "column tells expensive cars from cheap ones?",
    )
    require(
        error < 4_000,
        f"Off by {error:,.0f} dollars on average; it should be below 4,000. Of the cars that you "
        f"may look at, the one you misjudge most is {worst}.",
    )
    require(
        error > MEMORY,
        f"Off by only {error:,.0f} dollars: no rule is that good. Does your function remember the "
        "very cars that it is asked about? Make it from cars[::2] alone.",
    )


CHECKS: dict[str, Check] = {
    "intro-1": check_1,
    "intro-2": check_2,
    "intro-3": check_3,
    "intro-4": check_4,
    "intro-5": check_5,
    "intro-6": check_6,
    "intro-7": check_7,
    "intro-8": check_8,
}
