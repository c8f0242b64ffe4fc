"""The two tables are shipped as they were prepared, and can be prepared again."""

import io
import zipfile

import numpy as np
import pandas
import pytest
import tables_from_pypi as script

from torchbook.data import load_diamonds, load_flights
from torchbook.data.download import DataCorruptError
from torchbook.data.sets import tables


def test_the_diamonds_are_as_published():
    diamonds = load_diamonds()
    assert {len(column) for column in diamonds.values()} == {53_794}
    first = {name: column[0] for name, column in diamonds.items()}
    assert (first["cut"], first["color"], first["clarity"]) == ("Ideal", "E", "SI2")
    assert (first["carat"], first["price"]) == (np.float32(0.23), 326)
    assert diamonds["price"].dtype == np.float32
    assert (diamonds["price"].min(), diamonds["price"].max()) == (326, 18_823)
    assert diamonds["y"].max() == np.float32(58.9)
    assert set(diamonds["color"]) == set("DEFGHIJ")


def test_the_flights_are_in_the_order_of_their_days():
    flights = load_flights()
    assert {len(column) for column in flights.values()} == {40_000}
    assert (flights["day"].min(), flights["day"].max()) == (0, 364)
    assert (np.diff(flights["day"]) >= 0).all()
    assert set(flights["origin"]) == {"EWR", "JFK", "LGA"}
    assert 5 <= flights["departs"].min() < flights["departs"].max() < 24
    assert (flights["arr_delay"] < 0).mean() > 0.5


def test_another_file_is_refused(monkeypatch):
    monkeypatch.setitem(tables.SHA256, "flights.npz", "0" * 64)
    with pytest.raises(DataCorruptError, match="not the expected file"):
        load_flights()


def test_a_diamond_that_repeats_another_is_left_out():
    row = {"carat": 0.23, "depth": 61.5, "table": 55.0, "x": 3.95, "y": 3.98, "z": 2.43}
    row |= {"price": 326, "cut": "Ideal", "color": "E", "clarity": "SI2"}
    table = pandas.DataFrame([{"rownames": i, **row} for i in (1, 2)])
    columns = script.diamonds_of(table)
    assert columns["carat"].tolist() == [23]
    assert columns["cut_names"].tolist() == ["Ideal"]


def test_flights_that_never_arrived_are_left_out_and_days_are_counted_from_the_first():
    row = {"hour": 5, "minute": 15, "distance": 1400, "dep_delay": 2.0}
    row |= {"carrier": "UA", "origin": "EWR", "dest": "IAH"}
    days = [(3, 1, 11.0), (1, 1, -5.0), (2, 1, float("nan"))]
    table = pandas.DataFrame([{"month": m, "day": d, "arr_delay": a, **row} for m, d, a in days])
    columns = script.flights_of(table, n=2)
    assert columns["day"].tolist() == [0, 31 + 28]
    assert columns["arr_delay"].tolist() == [-5, 11]
    assert columns["departs"].tolist() == [315, 315]


def test_a_packed_file_is_always_the_same():
    columns = {"day": np.arange(3, dtype=np.uint16), "dest_names": np.array(["ATL"])}
    content = script.packed(columns)
    assert content == script.packed(columns)
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        assert stored["day"].tolist() == [0, 1, 2]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert all(entry.date_time[0] == 1980 for entry in archive.infolist())
