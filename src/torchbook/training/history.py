"""The course of a training: plain numbers, in a table."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["min", "max"]

_SHORT = {"accuracy": "acc."}  # the table has to fit on a phone


@dataclass(repr=False)
class History:
    """What happened in each epoch: a plain table, one row (a dict) per epoch.

    A training that is evaluated by steps has a row per evaluation, with "step" in place of "epoch".
    """

    rows: list[dict[str, float]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[float]:
        """Return one column, an entry per row.

        Raises:
            KeyError: there is no such column; names the columns.
        """
        if self.rows and name not in self.rows[0]:
            raise KeyError(f"no column {name!r}; there are {', '.join(self.rows[0])}")
        return [row[name] for row in self.rows]

    def best(self, column: str = "valid_loss", mode: Mode = "min") -> dict[str, float]:
        """Return the best row, the first of equals.

        Args:
            column: what is compared.
            mode: "min" if smaller is better, "max" if larger is.

        Raises:
            KeyError: there is no such column.
            ValueError: there is no row yet, or the mode is another.
        """
        if mode not in ("min", "max"):
            raise ValueError(f'mode must be "min" or "max", but is {mode!r}')
        values = self.column(column)
        if not values:
            raise ValueError("there is no best epoch: the history has no epoch yet")
        sign = 1 if mode == "min" else -1
        # A value that is not a number is never the best.
        keys = [math.inf if math.isnan(value) else sign * value for value in values]
        return self.rows[keys.index(min(keys))]

    def since_best(self, column: str = "valid_loss", mode: Mode = "min") -> int:
        """Return how many rows follow the best one; 0 if it is the last, or there are none."""
        if not self.rows:
            return 0
        best = self.best(column, mode)
        return len(self) - 1 - next(i for i, row in enumerate(self.rows) if row is best)

    @property
    def seconds(self) -> float:
        """How long all of it took, in seconds, evaluation included."""
        return sum(self.column("seconds"))

    def __str__(self) -> str:
        names = list(self.rows[0]) if self.rows else ["epoch", "train_loss", "valid_loss"]
        titles = [_title(name) for name in names]
        lines = ["  ".join(titles)]
        for row in self.rows:
            cells = [
                f"{_number(name, row[name]):>{len(title)}}"
                for name, title in zip(names, titles, strict=True)
            ]
            lines.append("  ".join(cells))
        return "\n".join(lines)

    __repr__ = __str__


def _title(name: str) -> str:
    """Write train_accuracy as "train acc.", wide enough for the numbers below it."""
    words = [_SHORT.get(word, word) for word in name.split("_")]
    return f"{' '.join(words):>5}"


def _number(name: str, value: float) -> str:
    """Write a number as its column has it."""
    if name in ("epoch", "step"):
        return str(value)
    if name == "seconds":
        return f"{value:.1f}"
    return f"{value:.2%}" if name.endswith("accuracy") else f"{value:.4f}"
