"""The used cars arrive as they were published, become numbers, and are split without a leak."""

import hashlib
from importlib.resources import files

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchbook.data import load_used_cars
from torchbook.data.sets import used_cars
from torchbook.data.sets.used_cars import BODIES, FEATURES, MAKES, NUMBERS, read_used_cars

N = 804


def rows(inputs: torch.Tensor) -> list[tuple[float, ...]]:
    return sorted(map(tuple, inputs.tolist()))


def test_the_package_ships_the_file_that_the_book_was_written_with():
    content = files("torchbook.data.sets").joinpath("used_cars.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == used_cars.SHA256


def test_the_table_is_read_as_published():
    cars = read_used_cars()
    assert len(cars) == N
    assert cars[0] == {
        "make": "Buick",
        "body": "sedan",
        "mileage_miles": 20105.0,
        "cylinders": 6.0,
        "doors": 4.0,
        "cruise_control": 1.0,
        "upgraded_sound": 0.0,
        "leather": 0.0,
        "price_usd": 22661.05,
    }
    assert {car["make"] for car in cars} == set(MAKES)
    assert {car["body"] for car in cars} == set(BODIES)


def test_numbers_stay_and_categories_become_one_hot():
    splits = load_used_cars(standardise=False)
    parts = (splits.train, splits.valid, splits.test)
    assert [len(part) for part in parts] == [524, 120, 160]
    inputs = torch.cat([part.inputs for part in parts])
    targets = torch.cat([part.targets for part in parts])
    assert inputs.shape == (N, len(FEATURES)) == (N, 17)
    assert inputs.dtype == targets.dtype == torch.float32
    table = {(*(car[name] for name in NUMBERS), car["price_usd"]): car for car in read_used_cars()}
    assert len(table) == N  # no two cars agree in all of these
    for row, price in zip(inputs.tolist(), targets, strict=True):
        key = min(table, key=lambda k: (k[:6] != tuple(row[:6]), abs(k[6] - price.item())))
        car = table.pop(key)
        assert key[:6] == tuple(row[:6])
        assert price.item() == pytest.approx(car["price_usd"])
        hot = {name for name, value in zip(FEATURES[6:], row[6:], strict=True) if value == 1}
        assert hot == {f"make={car['make']}", f"body={car['body']}"}
        assert sum(row[6:]) == 2


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), n_valid=st.integers(1, 643))
def test_splits_are_complete_and_the_test_split_never_moves(seed, n_valid):
    splits = load_used_cars(n_valid, seed, standardise=False)
    whole = load_used_cars(standardise=False)
    assert len(splits.valid) == n_valid
    assert torch.equal(splits.test.inputs, whole.test.inputs)
    assert torch.equal(splits.test.targets, whole.test.targets)
    assert rows(torch.cat([splits.train.inputs, splits.valid.inputs])) == rows(
        torch.cat([whole.train.inputs, whole.valid.inputs])
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), n_valid=st.integers(1, 500))
def test_columns_are_standardised_by_the_training_split_alone(seed, n_valid):
    raw = load_used_cars(n_valid, seed, standardise=False)
    splits = load_used_cars(n_valid, seed)
    assert torch.allclose(splits.train.inputs.mean(dim=0), torch.zeros(17), atol=1e-4)
    deviation = splits.train.inputs.std(dim=0, correction=0)
    assert torch.allclose(deviation, torch.ones(17), atol=1e-4)
    mean, deviation = raw.train.inputs.mean(dim=0), raw.train.inputs.std(dim=0, correction=0)
    for part, raw_part in ((splits.valid, raw.valid), (splits.test, raw.test)):
        assert torch.allclose(part.inputs, (raw_part.inputs - mean) / deviation, atol=1e-4)
        assert torch.equal(part.targets, raw_part.targets)


def test_a_column_in_which_all_agree_is_not_divided_by_zero():
    splits = load_used_cars(n_valid=643)  # one training car
    assert torch.equal(splits.train.inputs, torch.zeros(1, 17))
    assert splits.valid.inputs.isfinite().all()


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    first, again, other = load_used_cars(seed=1), load_used_cars(seed=1), load_used_cars(seed=2)
    assert torch.equal(first.valid.targets, again.valid.targets)
    assert not torch.equal(first.valid.targets, other.valid.targets)


@pytest.mark.parametrize("n_valid", [-1, 0, 644])
def test_sizes_out_of_range_are_refused(n_valid):
    with pytest.raises(ValueError, match=f"n_valid must be from 1 to 643, but is {n_valid}"):
        load_used_cars(n_valid)
