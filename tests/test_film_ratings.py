"""The film ratings are shipped as they were prepared, and can be prepared again."""

import film_ratings_from_pypi as script
import pytest
import torch

from torchbook.data import load_film_ratings
from torchbook.data.download import DataCorruptError
from torchbook.data.sets import film_ratings


def test_there_is_what_movielens_counts():
    ratings = load_film_ratings()
    assert len(ratings.stars) == len(ratings.viewer) == len(ratings.film) == len(ratings.day)
    assert len(ratings.stars) == 100_004
    assert len(ratings.titles) == len(ratings.genres) == ratings.film.max() + 1 == 9_066
    assert ratings.viewer.max() + 1 == 671
    assert ratings.viewer.bincount().min() == 20
    assert ratings.stars.unique().tolist() == [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]
    assert abs(ratings.stars.double().mean() - 3.543608) < 1e-6


def test_the_oldest_come_first_and_nobody_rated_a_film_twice():
    ratings = load_film_ratings()
    assert (ratings.day.diff() >= 0).all()
    assert ratings.day[0] == 8  # 9 January 1995
    pairs = ratings.viewer * len(ratings.titles) + ratings.film
    assert len(pairs.unique()) == len(pairs)
    newcomers = ratings.viewer.cummax(dim=0).values.unique()
    assert torch.equal(newcomers, torch.arange(671))  # numbered as they came


def test_titles_and_genres_belong_to_the_films():
    ratings = load_film_ratings()
    fargo = ratings.titles.index("Fargo (1996)")
    assert ratings.genres[fargo] == ("Comedy", "Crime", "Drama", "Thriller")
    assert (ratings.film == fargo).sum() == 224
    assert ratings.titles == sorted(ratings.titles)  # says nothing about what is popular


@pytest.mark.parametrize(
    ("title", "year", "expected"),
    [
        ("Shawshank Redemption, The", 1994.0, "The Shawshank Redemption (1994)"),
        ("Amelie (Fabuleux destin d'Amélie Poulain, Le)", 2001.0, "Amelie (2001)"),
        ("Avventura, L'", 1960.0, "L'Avventura (1960)"),
        ("Crouching Tiger, Hidden Dragon", 2000.0, "Crouching Tiger, Hidden Dragon (2000)"),
        ("(500) Days of Summer", 2009.0, "(500) Days of Summer (2009)"),
    ],
)
def test_titles_are_as_one_says_them(title, year, expected):
    assert script.title_of(title, year) == expected


def test_viewers_get_numbers_in_the_order_in_which_they_come():
    assert script.numbered([30, 7, 30, 12]) == {30: 0, 7: 1, 12: 2}


def test_another_file_is_refused(tmp_path, monkeypatch):
    file = tmp_path / film_ratings.FILE.name
    file.write_bytes(b"other films")
    monkeypatch.setattr(film_ratings, "FILE", file)
    with pytest.raises(DataCorruptError):
        load_film_ratings()


def test_the_terms_are_beside_the_file():
    terms = (film_ratings.FILE.parent / "TERMS.txt").read_text(encoding="utf-8")
    assert "may redistribute the data set" in terms
    assert "10.1145/2827872" in terms
