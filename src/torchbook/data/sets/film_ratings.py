"""Film ratings: 100,004 by 671 viewers, from 1995 to 2016, shipped with the package.

Source: MovieLens, by GroupLens, https://grouplens.org/datasets/movielens/ , the data set
`ml-latest-small` of October 2016. It's free for research, to be cited and passed on under the same
terms; commercial use needs permission. The terms, and what was changed, are in the folder `films`
beside this file.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from torchbook.data.download import verify_files

FILE = Path(__file__).parent / "films" / "film_ratings.npz"
SHA256 = "ab0b31757e14411541f965900fed5f62202c80e3117cc6aaef65371575155f16"


@dataclass(frozen=True)
class FilmRatings:
    """Ratings of films, the oldest first.

    Attributes:
        titles: each film's title and year, such as "Fargo (1996)", in alphabetical order.
        genres: each film's genres, such as ("Comedy", "Crime"); some films have none.
        viewer: who rated, int64 [N], from 0, in the order of their first ratings.
        film: what was rated, int64 [N], the film's place in `titles`.
        stars: how it was rated, float32 [N], from 0.5 to 5.
        day: when, int64 [N], in days since 1 January 1995.
    """

    titles: list[str]
    genres: list[tuple[str, ...]]
    viewer: Tensor
    film: Tensor
    stars: Tensor
    day: Tensor


def load_film_ratings() -> FilmRatings:
    """Load MovieLens's small data set as of October 2016.

    Returns:
        100,004 ratings of 9,066 films by 671 viewers, each of whom has rated at least 20.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    verify_files(FILE.parent, {FILE.name: SHA256})
    with np.load(FILE) as file:
        titles = file["titles"].tobytes().decode().split("\n")
        kinds = file["genres"].tobytes().decode().split("\n")
        return FilmRatings(
            titles=titles,
            genres=[tuple(kind.split("|")) if kind else () for kind in kinds],
            viewer=torch.from_numpy(file["viewer"].astype(np.int64)),
            film=torch.from_numpy(file["film"].astype(np.int64)),
            stars=torch.from_numpy(file["half_stars"].astype(np.float32)) / 2,
            day=torch.from_numpy(file["day"].astype(np.int64)),
        )
