"""Exercises have the numbers that their checks and solutions know them by: 03-8, not 39."""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.builders import Builder


def number_of(label: str) -> str:
    """Return the number of an exercise, by its label: "03-8" of "ex-03-8"."""
    return label.removeprefix("ex-")


def number_by_label(app: Sphinx, builder: Builder) -> None:
    """Replace the running numbers through the book by those in the labels.

    Only now: from the running numbers Sphinx finds out on which pages any have changed.
    """
    for figures in app.env.toc_fignumbers.values():
        for label in figures.get("exercise", {}):
            figures["exercise"][label] = (number_of(label),)
