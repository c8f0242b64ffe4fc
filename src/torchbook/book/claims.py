"""Lessons that the build checks, and numbers that the prose quotes.

A chapter calls `claim` for each lesson that it teaches. If the value from the run is outside the
claim's bound, the run fails, and so does the build. `glue` makes a value available to the prose
without a claim. Outside the book, `claim` only prints.
"""

import math
import os
import time
from datetime import UTC, datetime
from html import escape
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure
from scipy.special import stdtrit
from torch import Tensor

from torchbook import plots
from torchbook.device import best_device, device_name

# The form in which notebooks store a named value, invisible on the page. The book's build reads it
# with MyST-NB's `glue`, https://myst-nb.readthedocs.io/en/latest/render/glue.html
_HIDDEN = "application/papermill.record/"

_started = time.monotonic()


class ClaimFailedError(AssertionError):
    """A value is outside the bound of a claim: what the chapter teaches did not happen."""


def claim(
    name: str,
    lesson: str,
    value: float | bool,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    equals: float | bool | None = None,
    unit: str = "",
) -> None:
    """State a lesson, check its bound against the value from this run, and keep the value.

    In the prose, ``{glue:text}`name:.1f` `` quotes the value. `book/build_report` lists all claims.

    Args:
        name: how the prose refers to the value; unique in its chapter.
        lesson: the claim, in words that can stand alone.
        value: the value from this run.
        at_least: the smallest value for which the claim holds.
        at_most: the largest value for which the claim holds.
        equals: the only value for which the claim holds.
        unit: the unit of the value and the bounds, such as "points" or "s".

    Raises:
        ClaimFailedError: the value is outside the bound; names chapter, claim, value and bound.
        ValueError: no bound was given.
    """
    value = _plain(value)
    checks = [
        ("at least", _plain(at_least), lambda bound: value >= bound),
        ("at most", _plain(at_most), lambda bound: value <= bound),
        ("exactly", _plain(equals), lambda bound: value == bound),
    ]
    given = [(words, bound, holds) for words, bound, holds in checks if bound is not None]
    if not given:
        raise ValueError(f"claim {name!r} needs a bound: at_least, at_most or equals")
    bound_text = " and ".join(f"{words} {_text(bound, unit)}" for words, bound, _ in given)
    chapter = os.environ.get("TORCHBOOK_CHAPTER", "")
    if not all(holds(bound) for _, bound, holds in given):  # also false for nan
        where = f" in {chapter}" if chapter else ""
        raise ClaimFailedError(
            f"claim {name!r}{where} does not hold: {lesson}. "
            f"The value is {_text(value, unit)}, the bound: {bound_text}."
        )
    record = {
        "name": name,
        "lesson": lesson,
        "value": _text(value, unit),
        "bound": bound_text,
        "device": device_name(best_device()),
        "seconds": round(time.monotonic() - _started, 1),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    _keep(name, value, {"torchbook_claim": record})
    _show_claim(lesson, _text(value, unit), bound_text)


def glue(name: str, value: object) -> None:
    """Keep a value of this run for the prose, where ``{glue:text}`name:.2f` `` quotes it.

    Args:
        name: how the prose refers to the value; unique in its chapter.
        value: a number (or a tensor with one element), a text, or a figure, which the directive
            `glue` shows elsewhere on the page.
    """
    _keep(name, _plain(value), {})


def lower_end(values: Tensor) -> float:
    """Return the lower end of the 95 % confidence interval of a mean (Student's t).

    For a paired comparison, give it the differences.

    Args:
        values: independent measurements, at least two, of any shape.
    """
    values = values.double().flatten()
    error = (values.std() / len(values) ** 0.5).item()
    return values.mean().item() - stdtrit(len(values) - 1, 0.975).item() * error


def describe(figure: Figure, alt: str) -> None:
    """Give a figure its alt text: what one would see, for those who don't.

    It belongs in the check cell just after the cell that draws the figure: the build gives it to
    the picture in that cell, and to the figure where it is glued.
    """
    plots.describe(figure, alt)
    if get_ipython() is not None:
        display({"text/plain": "", "text/html": f'<p class="tb-alt">{escape(alt)}</p>'}, raw=True)


def _plain(value: Any) -> Any:
    """Convert a scalar of PyTorch or NumPy to a Python number, as format specifications expect."""
    return value.item() if hasattr(value, "item") else value


def _text(value: float | bool, unit: str) -> str:
    if isinstance(value, float) and math.isfinite(value):
        number = f"{value:.4g}" if abs(value) < 9_999.5 else f"{value:,.0f}"
    elif isinstance(value, int) and not isinstance(value, bool):
        number = f"{value:,}"
    else:
        number = str(value)
    return f"{number} {unit}".strip()


def _keep(name: str, value: Any, metadata: dict[str, Any]) -> None:
    shell = get_ipython()
    if shell is None:
        return
    if isinstance(value, str | int | float):
        bundle = {"text/plain": str(value)}
    else:
        bundle, _ = shell.display_formatter.format(value)
    display(
        {f"{_HIDDEN}{kind}": content for kind, content in bundle.items()},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": _HIDDEN}, **metadata},
    )


def _show_claim(lesson: str, value: str, bound: str) -> None:
    text = f"✓ {lesson}: {value} (must be {bound})"
    if get_ipython() is None:
        print(text)
        return
    html = (
        f'<p class="tb-claim"><span aria-hidden="true">✓</span> {escape(lesson)}: '
        f"<strong>{escape(value)}</strong> <small>(must be {escape(bound)})</small></p>"
    )
    display({"text/plain": text, "text/html": html}, raw=True)
