"""What a training or an evaluation came to: plain numbers, in a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["min", "max"]

_SHORT = {"accuracy": "acc."}  # the table has to fit on a phone


@dataclass(frozen=True)
class Evaluation:
    """How a model did on a number of samples.

    Attributes:
        loss: mean loss per sample.
        metrics: mean per sample of each metric, by name.
        n: number of samples.
    """

    loss: float
    metrics: dict[str, float]
    n: int

    @property
    def accuracy(self) -> float:
        """Share of samples predicted correctly, from 0 to 1.

        Raises:
            AttributeError: accuracy was not among the metrics.
        """
        if "accuracy" not in self.metrics:
            raise AttributeError(
                f"accuracy was not measured, only {', '.join(['loss', *self.metrics])}"
            )
        return self.metrics["accuracy"]

    def __str__(self) -> str:
        values = {"loss": self.loss, **self.metrics}
        return ", ".join(f"{name} {_number(name, v)}" for name, v in values.items()) + (
            f" on {self.n:,} samples"
        )


@dataclass(repr=False)
class History:
    """What happened in each epoch: a plain table, one row (a dict) per epoch."""

    rows: list[dict[str, float]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[float]:
        """Return one column, an entry per epoch.

        Raises:
            KeyError: there is no such column; names those that there are.
        """
        if self.rows and name not in self.rows[0]:
            raise KeyError(f"no column {name!r}; there are {', '.join(self.rows[0])}")
        return [row[name] for row in self.rows]

    def best(self, column: str = "valid_loss", mode: Mode = "min") -> dict[str, float]:
        """Return the row of the best epoch, the first of equals.

        Args:
            column: what is compared.
            mode: "min" if smaller is better, "max" if larger is.

        Raises:
            KeyError: there is no such column.
            ValueError: there is no epoch yet.
        """
        values = self.column(column)
        if not values:
            raise ValueError("there is no best epoch: the history has no epoch yet")
        return self.rows[values.index(min(values) if mode == "min" else max(values))]

    @property
    def seconds(self) -> float:
        """The duration of all epochs in seconds, validation included."""
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
    if name == "epoch":
        return str(value)
    if name == "seconds":
        return f"{value:.1f}"
    return f"{value:.2%}" if name.endswith("accuracy") else f"{value:.4f}"
