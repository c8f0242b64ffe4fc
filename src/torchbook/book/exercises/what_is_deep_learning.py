"""Checks for the exercises of the chapter "What is deep learning?"."""

import math

import torch

from torchbook.book.exercises.answers import (
    Check,
    WrongAnswerError,
    require,
    require_function,
    require_tensor,
    require_type,
    run_answer,
)
from torchbook.data.sets.used_cars import read_used_cars


def _draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check_1(answer: object) -> None:
    """Check the number of parameters of a network with one hidden layer."""
    n = require_type(answer, int, "Parameters are counted in whole numbers.")
    require(
        n != 17 * 64 + 64,
        "Those are the weights. Each number of the hidden and of the output layer also has a bias.",
    )
    require(
        n != 17 * 64 + 64 + 64,
        "Nearly: the output, too, has something to add to its weighted sum.",
    )
    require(
        n != 17 * 64 + 64 + 64 + 1 + 17,
        "The 17 inputs are given. Nothing is added to them, so they have no bias.",
    )
    require(
        n == 17 * 64 + 64 + 64 + 1,
        "Count layer by layer: how many weights lead to the 64, and how many to the last one? Then "
        "one bias for each number that is computed.",
    )


def check_2(answer: object) -> None:
    """Check one-hot encoding with words that are not known."""
    function = require_function(answer)
    known = ["coupe", "sedan", "wagon"]
    result = require_tensor(run_answer(function, ["wagon", "coupe", "wagon"], list(known)))
    require(
        result.ndim == 2,
        f"Expected 2 axes, words and known words, but the shape is {list(result.shape)}.",
    )
    require_tensor(result, shape=(3, 3), dtype=torch.float32)
    expected = torch.tensor([[0.0, 0, 1], [1, 0, 0], [0, 0, 1]])
    require(
        torch.equal(result, expected),
        "Row i should have its 1 in the column of word i, counted in the order of the known words, "
        f"but for wagon, coupe, wagon it is {result.tolist()}.",
    )
    try:
        result = function(["sedan", "tractor"], list(known))
    except Exception as error:
        raise WrongAnswerError(
            f"Right for known words, but a word that is not known stops it ({type(error).__name__})"
            ". It should get a row of zeros."
        ) from error
    result = require_tensor(result)
    require(
        result.shape == (2, 3),
        f"Two words, one of them not known: expected the shape [2, 3], got {list(result.shape)}.",
    )
    require(
        torch.equal(result, torch.tensor([[0.0, 1, 0], [0, 0, 0]])),
        f"A word that is not known should get zeros only, but its row is {result[1].tolist()}.",
    )


def check_3(answer: object) -> None:
    """Check that a table is standardised by the statistics of another one."""
    function = require_function(answer)
    train = 5 + _draw(0, 40, 3) * torch.tensor([1.0, 10.0, 100.0])
    other = 6 + _draw(1, 15, 3) * torch.tensor([2.0, 5.0, 100.0])
    given = (train.clone(), other.clone())
    result = require_tensor(run_answer(function, *given))
    require(
        tuple(result.shape) != (40, 3),
        "40 rows came back: the training table gives the statistics, the other one is wanted.",
    )
    require_tensor(result, shape=(15, 3))
    own = (other - other.mean(dim=0)) / other.std(dim=0)
    require(
        not torch.allclose(result, own, atol=1e-3),
        "The other table was standardised by its own mean and deviation. A single new car could "
        "not even be priced that way; from which table do the statistics come?",
    )
    both = torch.cat([train, other])
    require(
        not torch.allclose(result, (other - both.mean(dim=0)) / both.std(dim=0), atol=1e-3),
        "The statistics are those of both tables together: what should be unseen has leaked in.",
    )
    require(
        torch.allclose(result, (other - train.mean(dim=0)) / train.std(dim=0), atol=1e-3),
        "The numbers are not right yet. One mean and one deviation for each column: over which "
        "axis do they run?",
    )
    require(
        torch.equal(given[0], train) and torch.equal(given[1], other),
        "The result is right, but a table that was passed in has changed. Avoid -= and /=.",
    )


def check_4(answer: object) -> None:
    """Check the error of always guessing the known median."""
    function = require_function(answer)
    known = torch.tensor([10.0, 11.0, 12.0, 13.0, 104.0])
    asked = torch.tensor([2.0, 14.0, 15.0, 30.0, 52.0, 7.0])
    result = run_answer(function, known, asked)
    require(
        not isinstance(result, torch.Tensor),
        "The function returns a tensor. Which method turns a tensor of one number into Python's?",
    )
    require(isinstance(result, float), f"It should return a float, but it returned {result!r}.")
    hints = {
        (asked - known.mean()).abs().mean().item(): "That guesses the mean of the known prices, "
        "which one dear car drags up. The median is asked.",
        (asked - asked.median()).abs().mean().item(): "That takes the median of the asked prices. "
        "If we knew those, we would not have to guess.",
        (asked - known.median())
        .mean()
        .item(): "Too low and too high cancel each other. A distance has no sign.",
        (asked - known.median()).square().mean().item(): "Those are squares. The plain distance is "
        "asked.",
        (asked - known.median())
        .abs()
        .median()
        .item(): "The median is the guess; of the distances, the mean is asked.",
    }
    truth = (asked - known.median()).abs().mean().item()
    require(math.isfinite(result), f"The result is {result}, which is no distance.")
    for wrong, hint in hints.items():
        require(abs(result - wrong) > 1e-3, hint)
    require(
        abs(result - truth) < 1e-3,
        f"For known prices {known.tolist()} and asked ones {asked.tolist()} the function says "
        f"{result:.4g}. Which single price is guessed for all, and how far off is each?",
    )


KINDS = {"supervised", "unsupervised", "self-supervised", "transfer", "rule"}
_SITUATIONS = {
    "sentences": ("self-supervised", "Who gives the right answer for a hidden word?"),
    "postcode": ("rule", "When nothing is uncertain, what does rule 1 say?"),
    "houses": ("supervised", "Each sale comes with its price."),
    "orchids": ("transfer", "Something learned for one question is at hand for another."),
    "customers": ("unsupervised", "Is there any answer to learn from, even a hidden one?"),
}


def check_5(answer: object) -> None:
    """Check which situation asks for which kind of learning."""
    chosen = require_type(answer, dict, "Keep the five lines, and replace the dots.")
    for word, (kind, hint) in _SITUATIONS.items():
        values = [value for situation, value in chosen.items() if word in str(situation)]
        require(len(values) == 1, f"The line about {word} is missing: keep the five lines.")
        require(values[0] is not ..., f"The line about {word} still has its three dots.")
        require(
            isinstance(values[0], str) and values[0] in KINDS,
            f"{values[0]!r} is none of the five words {', '.join(sorted(KINDS))}.",
        )
        require(values[0] == kind, f"About {word}: {hint}")


def check_6(answer: object) -> None:
    """Check one step of k-means, with a middle that gets no point."""
    function = require_function(answer)
    points = torch.tensor([[0.0, 0.0], [0.0, 2.0], [10.0, 0.0], [12.0, 0.0], [11.0, 3.0]])
    middles = torch.tensor([[1.0, 1.0], [9.0, 1.0]])
    result = require_tensor(run_answer(function, points.clone(), middles.clone()))
    require(
        result.is_floating_point(),
        "The function returns whole numbers. Which middle is nearest is half of the way; where do "
        "the middles move?",
    )
    require_tensor(result, shape=(2, 2))
    require(
        not torch.allclose(result, middles),
        "The middles have not moved. Each should become the mean of its points.",
    )
    require(
        torch.allclose(result, torch.tensor([[0.0, 1.0], [11.0, 1.0]]), atol=1e-5),
        f"For two clear groups the middles should be their means, but they are {result.tolist()}.",
    )
    lonely = torch.cat([middles, torch.tensor([[99.0, -99.0]])])
    result = require_tensor(run_answer(function, points.clone(), lonely.clone()), shape=(3, 2))
    require(
        not result.isnan().any().item(),
        "A middle to which no point is nearest became nan, the mean of nothing. It should stay.",
    )
    require(
        torch.equal(result[2], lonely[2]),
        f"A middle without points should stay at {lonely[2].tolist()}, but it went to "
        f"{result[2].tolist()}.",
    )
    points, middles = _draw(2, 200, 5), _draw(3, 4, 5)
    nearest = torch.cdist(points, middles).argmin(dim=1)
    expected = torch.stack([points[nearest == k].mean(dim=0) for k in range(4)])
    require(
        torch.allclose(run_answer(function, points, middles), expected, atol=1e-4),
        "Right for two clear groups of points in the plane, wrong for 200 points with 5 numbers.",
    )


def check_7(answer: object) -> None:
    """Check that hidden pixels become targets, and the given pictures stay."""
    function = require_function(answer)
    pictures = 1 + torch.arange(3 * 4 * 5, dtype=torch.float32).reshape(3, 4, 5)
    mask = torch.zeros(4, 5, dtype=torch.bool)
    mask[1:3, 2:5] = True
    given = pictures.clone()
    result = run_answer(function, given, mask.clone())
    require(
        isinstance(result, tuple | list) and len(result) == 2,
        "The function should return two tensors: what is seen, and what was hidden.",
    )
    seen, hidden = (require_tensor(part) for part in result)
    require(
        tuple(seen.shape) == (3, 4, 5),
        f"The first tensor should hold the pictures, [3, 4, 5], but has shape {list(seen.shape)}.",
    )
    require(
        torch.equal(given, pictures),
        "The pictures that came in went dark as well: the function wrote into them.",
    )
    require(
        not torch.equal(seen, pictures * mask),
        "The mask is the wrong way round: where it is True, nothing should be seen.",
    )
    require(
        torch.equal(seen, pictures * ~mask),
        "In the first tensor, the pixels under the mask should be 0 and all others as they were.",
    )
    require(
        tuple(hidden.shape) == (3, 6),
        "Of 3 pictures 6 pixels each were hidden, so the second tensor should have shape [3, 6], "
        f"but it has {list(hidden.shape)}.",
    )
    require(
        not (hidden == 0).all().item(),
        "The targets are all 0: they were read after the pixels had been hidden.",
    )
    require(
        torch.equal(hidden, pictures[:, mask]),
        "The second tensor has the right shape, but holds other numbers than were hidden.",
    )


def check_8(answer: object) -> None:
    """Check that rules by hand price the used cars to 4,000 dollars."""
    function = require_function(answer)
    cars = read_used_cars()
    distances, guesses = [], set()
    for car in cars:
        price = car.pop("price_usd")
        try:
            guess = function(dict(car))
        except KeyError as error:
            raise WrongAnswerError(
                f"Your function asks the car for {error}, which it does not have; it has "
                f"{', '.join(car)}."
            ) from error
        except Exception as error:
            raise WrongAnswerError(
                f"Your function stopped on the car {car} with {type(error).__name__}: {error}"
            ) from error
        require(
            isinstance(guess, int | float) and not isinstance(guess, bool),
            f"A price should be a number, but for the car {car} the function returned {guess!r}.",
        )
        distances.append(abs(guess - price))
        guesses.add(round(guess))
    error = sum(distances) / len(distances)
    require(math.isfinite(error), "Some prices are infinite or no number.")
    worst = cars[max(range(len(cars)), key=distances.__getitem__)]
    require(
        len(guesses) > 1,
        f"Every car gets the same price, wrong by {error:,.0f} dollars on average. Which column "
        "tells dear cars from cheap ones?",
    )
    require(
        error < 4_000,
        f"Wrong by {error:,.0f} dollars on average; below 4,000 is asked. The car that you "
        f"misjudge most is {worst}.",
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
