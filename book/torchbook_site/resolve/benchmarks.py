"""Draw the committed results of the benchmarks: the newest of each device and model.

Every number on that page comes from the files in benchmarks/results; its text types none.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from torchbook_site.resolve import speed
from torchbook_site.resolve.report import table

Result = dict[str, Any]

CLOCKS = {"seconds": "the clock", "cpu_seconds": "CPU time"}
QUANTITY = {"seconds": "time by the clock", "cpu_seconds": "CPU time"}
OURS = "torchbook fit"
WIDTH, MARGIN, ROW = 400, 8, 40  # of a chart, in its own units: as wide as a phone


class Benchmark(SphinxDirective):
    """The directive `benchmark`: charts and tables of one kind, for every device and model.

    Its argument is "compare", "pairs", "apart", "growth" or "site".
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Draw what the newest files say."""
        self.env.note_reread()  # a new file is no change of this page, but should be on it
        name = directives.choice(self.arguments[0], tuple(SHOW))
        kind, show = SHOW[name]
        results = newest(Path(self.env.srcdir, self.config.torchbook_benchmarks), kind)
        if not results:
            raise self.error(f"there is no result of the benchmark {kind!r}")
        if kind == "site":
            return [speed.conditions(results[0]), *speed.show(results[0])]
        return [
            node
            for result in results
            for node in (
                _conditions(result, result[name] if name == "pairs" else {}),
                *show(result),
            )
        ]


def newest(folder: Path, kind: str) -> list[Result]:
    """Return the newest result of a benchmark for each device and model, by device and model."""
    found: dict[tuple[str, str], Result] = {}
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        if result["benchmark"] != kind:
            continue
        key = (result["device"], result["task"]["model"])
        if key not in found or found[key]["date"] < result["date"]:
            found[key] = result
    return [found[key] for key in sorted(found)]


def _conditions(result: Result, sizes: dict[str, int]) -> nodes.paragraph:
    """Say where, when and on what it was measured; `sizes` are those that differ from the task."""
    task = result["task"] | sizes
    device = result["device"]
    processor = f"{result['cpu']}, {result['cores']} cores"
    where = processor if device == "CPU" else f"{device} ({processor})"
    threads = result["threads"]
    facts = (
        f"{where}, {threads} thread{'s' if threads > 1 else ''} of PyTorch, "
        f"{result['date'][:16].replace('T', ' ')} UTC; {task['n_train']:,} pictures to train on, "
        f"{task['n_valid']:,} to measure on, batches of {task['batch_size']}"
    )
    if task["epochs"] > 1:
        facts += f", {task['epochs']} epochs"
    if result["load_at_start"] is not None:
        facts += (
            f". Load of the machine: {result['load_at_start']:.1f} before, "
            f"{result['load_at_end']:.1f} after"
        )
    facts += ". Versions: " + ", ".join(f"{k} {v}" for k, v in result["versions"].items())
    paragraph = nodes.paragraph()
    paragraph += [nodes.strong(text=task["model"]), nodes.Text(f" on {facts}.")]
    return paragraph


def chart_clock(result: Result) -> str:
    """Return which clock a chart shows: on a CPU the one that other programs disturb less."""
    return "cpu_seconds" if result["device"] == "CPU" else "seconds"


def compare(result: Result) -> list[nodes.Node]:
    """Show each contender's time as a ratio to the loop by hand, and its memory."""
    contenders = result["contenders"]
    clock = chart_clock(result)
    bars = [
        Bar(name, ratio["median"], ratio["smallest"], ratio["largest"], accent=name == OURS)
        for name, each in contenders.items()
        for ratio in (each[f"{clock}_ratio"],)
    ]
    on_device = result["device"] != "CPU"
    header = ["contender", "by the clock", "smallest", "largest"]
    header += ["by CPU time", "smallest", "largest", "seconds", "peak, MiB", "training, MiB"]
    rows = []
    for name, each in contenders.items():
        row = [name]
        for clock_of_table in CLOCKS:
            ratio = each[f"{clock_of_table}_ratio"]
            row += [f"{ratio[part]:.2f}" for part in ("median", "smallest", "largest")]
        row += [f"{statistics.median(each['seconds']):.2f}", *_memory(each)]
        if on_device:
            row += _memory(each, "device")
        rows.append(row)
    rounds = result["task"]["rounds"]
    quantity = f"{QUANTITY[clock]}, as a multiple of the loop by hand"
    chart = bar_chart(bars, quantity, reference=1.0, rounds=rounds)
    return [_raw(chart), table(header + ["device, MiB", "training"] * on_device, rows)]


def pairs(result: Result) -> list[nodes.Node]:
    """Show `fit` against the loop by hand, pair by pair, and whether all bounds held."""
    found, summary = result["pairs"], result["pairs"]["summary"]
    clock = chart_clock(result)
    header = ["measured by", "pairs", "median", "95 % interval", "smallest", "largest"]
    rows = [
        [
            name,
            str(len(found["ratios"][kind])),
            f"{summary[kind]['median']:.3f}",
            "{:.3f} to {:.3f}".format(*summary[kind]["interval"]),
            f"{summary[kind]['smallest']:.3f}",
            f"{summary[kind]['largest']:.3f}",
        ]
        for kind, name in CLOCKS.items()
    ]
    verdicts = [
        [
            each["what"],
            CLOCKS[each["clock"]],
            f"{each['value']:.3f}",
            "{:.3f} to {:.3f}".format(*each["interval"]),
            f"at most {each['at_most']:.2f}" if "at_most" in each else f"below {each['below']:.0f}",
            verdict(each),
        ]
        for each in result["must_show"]
    ]
    return [
        _raw(strip_chart(found["ratios"][clock], summary[clock], CLOCKS[clock])),
        table(header, rows),
        table(
            ["what must hold", "measured by", "median", "95 % interval", "bound", "held"], verdicts
        ),
    ]


def verdict(bound: dict[str, Any]) -> str:
    """Say whether a bound held, and whether the whole interval is on the same side of it."""
    low, high = bound["interval"]
    limit = bound.get("at_most", bound.get("below"))
    held = "yes" if bound["holds"] else "no"
    return f"{held}, undecided" if low <= limit < high else held


def growth(result: Result) -> list[nodes.Node]:
    """Show time per picture and memory for more data and larger batches."""
    bars, rows = [], []
    for run in result["runs"].values():
        n, batch_size = run["n_train"], run["batch_size"]
        each = {clock: sorted(1e6 * t / n for t in run[clock]) for clock in CLOCKS}
        values = {clock: (statistics.median(t), t[0], t[-1]) for clock, t in each.items()}
        name = f"{n:,} pictures, batches of {batch_size}"
        bars.append(Bar(name, *values[chart_clock(result)], form=".0f"))
        rows.append(
            [f"{n:,}", str(batch_size), f"{statistics.median(run['seconds']):.2f}"]
            + [f"{value:.0f}" for clock in CLOCKS for value in values[clock]]
            + _memory(run)
        )
    header = ["pictures", "batch size", "seconds", "µs per picture", "smallest", "largest"]
    header += ["by CPU time", "smallest", "largest", "peak, MiB", "training, MiB"]
    quantity = f"microseconds per picture, by {CLOCKS[chart_clock(result)]}"
    rounds = result["task"]["rounds"]
    return [_raw(bar_chart(bars, quantity, rounds=rounds)), table(header, rows)]


def _memory(timings: dict[str, Any], where: str = "process") -> list[str]:
    """Return the peak of all trainings, and by how much it is above what was there before them."""
    peak = max(each[where] for each in timings["peak_mib"])
    return [f"{peak:,.0f}", f"{peak - timings['ready_mib'][0][where]:,.0f}"]


SHOW = {
    "compare": ("compare", compare),
    "pairs": ("compare", pairs),
    "apart": ("apart", compare),
    "growth": ("growth", growth),
    "site": ("site", speed.show),
}


@dataclass(frozen=True)
class Bar:
    """A row of a chart: a median, and how far the rounds lie apart."""

    name: str
    median: float
    smallest: float
    largest: float
    accent: bool = False
    form: str = ".2f"

    def __str__(self) -> str:
        median, smallest, largest = (
            format(value, self.form) for value in (self.median, self.smallest, self.largest)
        )
        return f"{median} ({smallest} to {largest})"


def bar_chart(
    bars: Sequence[Bar], quantity: str, reference: float | None = None, rounds: int = 1
) -> str:
    """Return an SVG: a bar for each median from 0, a thin line from the smallest to the largest.

    Args:
        bars: what to draw, from top to bottom.
        quantity: what the bars are, with its unit.
        reference: where a dashed line goes through all bars.
        rounds: how often each was measured.
    """
    scale = (WIDTH - 2 * MARGIN) / max(bar.largest for bar in bars)
    height = ROW * len(bars) + 28
    parts = []
    for place, bar in enumerate(bars):
        y = ROW * place
        colour = "var(--tb-accent)" if bar.accent else "var(--pst-color-secondary)"
        left, right = (MARGIN + scale * value for value in (bar.smallest, bar.largest))
        parts += [
            f'<text x="{MARGIN}" y="{y + 15}">{escape(bar.name)}</text>',
            f'<text x="{WIDTH - MARGIN}" y="{y + 15}" text-anchor="end">{bar}</text>',
            f'<rect x="{MARGIN}" y="{y + 21}" width="{scale * bar.median:.1f}" height="12" '
            f'style="fill:{colour}"/>',
            f'<path d="M{left:.1f} {y + 27}H{right:.1f}M{left:.1f} {y + 23}v8'
            f'M{right:.1f} {y + 23}v8" stroke="currentColor" fill="none"/>',
        ]
    if reference is not None:  # in pieces, beside the bars: the numbers stay legible
        x = MARGIN + scale * reference
        line = "".join(f"M{x:.1f} {ROW * place + 19}v16" for place in range(len(bars)))
        parts.append(f'<path d="{line}" stroke="currentColor" stroke-dasharray="3 3"/>')
    parts.append(f'<text x="{MARGIN}" y="{height - 8}">{escape(quantity)}</text>')
    rows = "; ".join(f"{bar.name} {bar}" for bar in bars)
    alt = (
        f"A bar chart: {quantity}, median (smallest to largest) of {rounds} "
        f"round{'s' if rounds > 1 else ''}. {rows}."
    )
    return _svg(parts, height, alt)


def strip_chart(ratios: Sequence[float], summary: dict[str, Any], clock: str) -> str:
    """Return an SVG: a dot for each ratio, the median with its interval, a line at 1."""
    smallest, largest = min(0.95, *ratios), max(1.05, *ratios)
    scale = (WIDTH - 4 * MARGIN) / (largest - smallest)

    def x(ratio: float) -> float:
        return 2 * MARGIN + scale * (ratio - smallest)

    low, high = summary["interval"]
    median = summary["median"]
    parts = [
        f'<path d="M{x(1):.1f} 8V92" stroke="currentColor" stroke-dasharray="3 3"/>',
        f'<text x="{x(1):.1f}" y="108" text-anchor="middle">1</text>',
        f'<text x="{MARGIN}" y="108">{smallest:.2f}</text>',
        f'<text x="{WIDTH - MARGIN}" y="108" text-anchor="end">{largest:.2f}</text>',
        *(
            f'<circle cx="{x(ratio):.1f}" cy="{20 + 7 * (place % 6)}" r="3" fill-opacity="0.6" '
            'style="fill:var(--pst-color-secondary)"/>'
            for place, ratio in enumerate(ratios)
        ),
        f'<path d="M{x(low):.1f} 78H{x(high):.1f}" stroke-width="4" '
        'style="stroke:var(--tb-accent)"/>',
        f'<circle cx="{x(median):.1f}" cy="78" r="6" style="fill:var(--tb-accent)"/>',
    ]
    alt = (
        f"A strip of {len(ratios)} dots, each the time of fit by {clock}, divided by that of "
        f"the loop by hand, in one pair. They lie from {min(ratios):.3f} to {max(ratios):.3f}. The "
        f"median is {median:.3f}, with a 95 % interval from {low:.3f} to {high:.3f}."
    )
    return _svg(parts, 114, alt)


def _svg(parts: Sequence[str], height: int, alt: str) -> str:
    return (
        f'<svg class="tb-graph" role="img" aria-label="{escape(alt)}" '
        f'viewBox="0 0 {WIDTH} {height}" width="{1.4 * WIDTH:.0f}" height="{1.4 * height:.0f}" '
        f'font-size="12.5">{"".join(parts)}</svg>'
    )


def _raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")
