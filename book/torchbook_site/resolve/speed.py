"""Show how heavy and how fast the book's pages are, as benchmarks/site_speed.py measured them."""

from __future__ import annotations

from typing import Any

from docutils import nodes

from torchbook_site.resolve.report import table

Result = dict[str, Any]

KB = 1000
# Published sizes of the tutorial that most readers come from; its speed was not measured here.
RIVAL = [
    "learnpytorch.io, a chapter, as published",
    "950 to 3,700",
    "with 2,000 to 20,000 of pictures",
]
EXPECTED_INDEX = 1000  # Lighthouse warns of processors that its own yardstick finds below that


def conditions(result: Result) -> nodes.paragraph:
    """Say where, when and how it was measured."""
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    facts = (
        f"on {result['cpu']}, {result['cores']} cores, "
        f"{result['date'][:16].replace('T', ' ')} UTC; the median of "
        f"{result['task']['rounds']} visits to each page"
    )
    if result["load_at_start"] is not None:
        facts += (
            f". Load of the machine: {result['load_at_start']:.1f} before, "
            f"{result['load_at_end']:.1f} after"
        )
    repeated = sum(found.get("repeated", 0) for found in result["pages"].values())
    if repeated:
        facts += (
            f". {repeated} visits were repeated, whatever they had found: the machine's host took "
            "away more than a twentieth of their time"
        )
    index = min(found["median"]["benchmark_index"] for found in result["pages"].values())
    if index < EXPECTED_INDEX:
        facts += (
            ". Lighthouse slows the processor to a quarter of its speed, and expects one of at "
            f"least {EXPECTED_INDEX:,} on its own yardstick. This one has {index:,.0f}: the phone "
            "that it pretends is slower than meant"
        )
    return nodes.paragraph(text=f"Measured {facts}. Versions: {versions}.")


def show(result: Result) -> list[nodes.Node]:
    """Show a page a row: its weight, how long a phone waits for it, and Lighthouse's score."""
    header = ["page", "text, KB", "sent, KB", "requests", "main part seen, s", "reacts, s"]
    header += ["blocked, ms", "shift", "score of 100"]
    rows = []
    for page, found in result["pages"].items():
        middle = found["median"]
        rows.append(
            [
                page.removeprefix("chapters/"),
                f"{found['html_bytes'] / KB:.0f}",
                f"{middle['bytes'] / KB:.0f}",
                f"{middle['requests']:.0f}",
                f"{middle['largest_contentful_paint_ms'] / 1000:.1f}",
                f"{middle['time_to_interactive_ms'] / 1000:.1f}",
                f"{middle['total_blocking_time_ms']:.0f}",
                f"{middle['layout_shift']:.2f}",
                f"{middle['scores']['performance']:.0f}",
            ]
        )
    rows.append([*RIVAL, *["–"] * (len(header) - len(RIVAL))])
    return [table(header, rows)]
