"""Used cars: 804 General Motors cars of 2005 with their prices, shipped with the package.

Source: figures collected by Shonda Kuiper from the Kelley Blue Book for "Introduction to Multiple
Regression: How Much Is Your Car Worth?", Journal of Statistics Education 16(3), 2008; also the
table `car_prices` in R's package `modeldata`, with columns renamed and one-hot columns folded into
`make` and `body`. Licence: MIT.
"""

import csv
from importlib.resources import files

import torch
from torch import Tensor

from torchbook.data.examples import Examples, Splits, split

SHA256 = "c0702a115eae61094e96204fb32cbc10692b83992dffc1fb707d4052b5506e6a"

NUMBERS = (
    "mileage_miles",
    "cylinders",
    "doors",
    "cruise_control",  # this and the next two: 1 if the car has it, else 0
    "upgraded_sound",
    "leather",
)
MAKES = ("Buick", "Cadillac", "Chevy", "Pontiac", "Saab", "Saturn")
BODIES = ("convertible", "coupe", "hatchback", "sedan", "wagon")

# The name of each input of `load_used_cars`, in order.
FEATURES = (*NUMBERS, *(f"make={make}" for make in MAKES), *(f"body={body}" for body in BODIES))

N_TEST = 160
TEST_SEED = 2005  # one test split for every validation split


def read_used_cars() -> list[dict[str, str | float]]:
    """Return the table as it was published, one dict per car.

    Returns:
        804 dicts: `make` and `body` as text; `mileage_miles` (miles), `cylinders`, `doors`, three
        columns of 0 or 1 for equipment, and `price_usd` (US dollars of 2005) as floats.
    """
    text = files("torchbook.data.sets").joinpath("used_cars.csv").read_text(encoding="utf-8")
    return [
        {name: value if name in ("make", "body") else float(value) for name, value in row.items()}
        for row in csv.DictReader(text.splitlines())
    ]


def load_used_cars(n_valid: int = 120, seed: int = 0, standardise: bool = True) -> Splits:
    """Load the used cars as numbers, split into train, validation and test.

    `make` and `body` become one-hot columns. The test split is always the same 160 cars; `seed`
    draws the validation split from the others. Cars of one model, which differ in mileage and
    equipment, may be in all three splits.

    Args:
        n_valid: the number of validation cars, from 1 to 643.
        seed: which random validation split.
        standardise: subtract the mean of each column and divide by its standard deviation, both
            of the training split; a column that is constant there is only centred.

    Returns:
        Splits with inputs as float32 tensors [N, 17], their columns named by `FEATURES`, and prices
        in US dollars as float32 tensors [N].

    Raises:
        ValueError: `n_valid` is out of range.
    """
    cars = read_used_cars()
    n_rest = len(cars) - N_TEST
    if not 1 <= n_valid < n_rest:
        raise ValueError(f"n_valid must be from 1 to {n_rest - 1}, but is {n_valid}")
    prices = torch.tensor([car["price_usd"] for car in cars])
    everything = Examples(torch.tensor([_numbers(car) for car in cars]), prices)
    test, rest = split(everything, (N_TEST, n_rest), seed=TEST_SEED)
    valid, train = split(rest, (n_valid, n_rest - n_valid), seed=seed)
    if not standardise:
        return Splits(train, valid, test)
    mean, deviation = _statistics(train.inputs)
    return Splits(
        *(Examples((part.inputs - mean) / deviation, part.targets) for part in (train, valid, test))
    )


def _numbers(car: dict[str, str | float]) -> list[float]:
    makes = [float(car["make"] == make) for make in MAKES]
    bodies = [float(car["body"] == body) for body in BODIES]
    return [*(car[name] for name in NUMBERS), *makes, *bodies]


def _statistics(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each column; 1 where a column is constant."""
    deviation = inputs.std(dim=0, correction=0)
    return inputs.mean(dim=0), torch.where(deviation > 0, deviation, 1.0)
