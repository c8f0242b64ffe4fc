"""Tables that readers can sort on the book's pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

Row = dict[str, Any]
MISSING = "–"


@dataclass(repr=False)
class Table:
    """Rows, shown as text in a terminal and as a table in a notebook, sortable on the book's pages.

    Attributes:
        rows: dictionaries, which need not have the same keys.
        formats: a format specification for the numbers of a column, such as {"accuracy": ".1f"}.
        caption: the title.
    """

    rows: list[Row]
    formats: dict[str, str] = field(default_factory=dict)
    caption: str = ""

    @property
    def columns(self) -> list[str]:
        """All keys, in the order in which they first appear."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def _text(self, name: str, row: Row) -> str:
        value = row.get(name)
        if value is None:
            return MISSING
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        return format(value, self.formats.get(name, ".4g" if isinstance(value, float) else ""))

    def __str__(self) -> str:
        lines = []
        for name in self.columns:
            cells = [name, *(self._text(name, row) for row in self.rows)]
            width = max(map(len, cells))
            left = not any(_is_number(row.get(name)) for row in self.rows)
            lines.append([f"{cell:<{width}}" if left else f"{cell:>{width}}" for cell in cells])
        table = "\n".join("  ".join(line).rstrip() for line in zip(*lines, strict=True))
        return f"{self.caption}\n{table}" if self.caption else table

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.columns)
        body = "".join(
            f"<tr>{''.join(self._cell(name, row) for name in self.columns)}</tr>"
            for row in self.rows
        )
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        return (
            f"<tb-sortable><table>{caption}<thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table></tb-sortable>"
        )

    def _cell(self, name: str, row: Row) -> str:
        """Return a cell; a number is added unformatted, to sort by."""
        value = row.get(name)
        number = f' data-value="{float(value)!r}"' if _is_number(value) else ""
        return f"<td{number}>{escape(self._text(name, row))}</td>"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def table(
    rows: Sequence[Mapping[str, Any]], formats: Mapping[str, str] | None = None, caption: str = ""
) -> Table:
    """Make a table that readers can sort, on the book's pages, by clicking on a heading.

    Args:
        rows: a dictionary for each row; where a key is missing, the cell shows a dash.
        formats: a format specification for the numbers of a column, such as {"accuracy": ".1f"}.
        caption: the title.

    Raises:
        ValueError: there are no rows, or a format names a column that does not exist.
    """
    made = Table([dict(row) for row in rows], dict(formats or {}), caption)
    if not made.columns:
        raise ValueError("there is nothing to show: no rows, or rows without values")
    if unknown := made.formats.keys() - set(made.columns):
        raise ValueError(f"no column {', '.join(unknown)}; there are {', '.join(made.columns)}")
    return made
