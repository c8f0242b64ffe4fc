"""Show how heavy and how fast the book's pages are, as benchmarks/site_speed.py measured them."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from tb_report import table

Result = dict[str, Any]

KB = 1000


def conditions(result: Result) -> nodes.paragraph:
    """Say where, when and how it was measured."""
    rounds = result["task"]["rounds"]
    facts = (
        f"{result['cpu']}, {result['cores']} cores, {result['date'][:16].replace('T', ' ')} UTC; "
        f"the median of {rounds} visit{'s' if rounds > 1 else ''} to each page"
    )
    if result["load_at_start"] is not None:
        facts += (
            f". Load of the machine: {result['load_at_start']:.1f} before, "
            f"{result['load_at_end']:.1f} after"
        )
    facts += ". Versions: " + ", ".join(f"{k} {v}" for k, v in result["versions"].items())
    paragraph = nodes.paragraph()
    paragraph += [nodes.strong(text=result["task"]["model"]), nodes.Text(f" on {facts}.")]
    return paragraph


def site(result: Result) -> list[nodes.Node]:
    """Show a row for each page: what it weighs, how long a phone waits for it, how it is judged."""
    header = ["page", "text, KB", "sent, KB", "requests", "main part seen, s", "blocked, ms"]
    header += ["score", "all bounds held"]
    rows = []
    for page, found in result["pages"].items():
        median = found["median"]
        held = all(
            each["holds"] for each in result["must_show"] if each["what"].startswith(f"{page}, ")
        )
        rows.append(
            [
                page.rpartition("/")[2],
                f"{found['html_bytes'] / KB:.0f}",
                f"{median['transfer_bytes'] / KB:.0f}",
                f"{median['requests']:.0f}",
                f"{median['largest_contentful_paint_ms'] / 1000:.1f}",
                f"{median['total_blocking_time_ms']:.0f}",
                f"{median['performance']:.0f}",
                "yes" if held else "no",
            ]
        )
    return [table(header, rows)]
