"""The benchmarks' arithmetic, and the page that shows their results. Nothing is timed here."""

import json
import random
import re
import statistics
import subprocess
import sys
from pathlib import Path

import IPython.display
import matplotlib
import pytest
import ratios
import report
import site_speed
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from myst_nb.core.read import read_myst_markdown_notebook

from torchbook.data.download import cache_dir

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "book" / "benchmarks.md").read_text(encoding="utf-8")
CELLS = [c.source for c in read_myst_markdown_notebook(PAGE).cells if c.cell_type == "code"]

positive = st.floats(0.01, 100)


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=20))
def test_paired_ratios_undo_a_slow_round(times):
    ours, theirs = zip(*times, strict=True)
    found = ratios.paired(ours, theirs)
    slowed = ratios.paired([3 * t for t in ours], [3 * t for t in theirs])
    assert slowed == pytest.approx(found)
    assert [r * t for r, t in zip(found, theirs, strict=True)] == pytest.approx(list(ours))


@pytest.mark.parametrize("times", [([], []), ([1.0], [1.0, 2.0])])
def test_unpaired_times_are_refused(times):
    with pytest.raises(ValueError, match="same rounds"):
        ratios.paired(*times)


@given(st.lists(positive, min_size=1, max_size=15))
def test_spread_and_interval_lie_within_the_ratios(values):
    found = ratios.spread(values)
    low, high = ratios.bootstrap_interval(values, n=200)
    assert found["smallest"] <= found["median"] <= found["largest"]
    assert found["smallest"] <= low <= high <= found["largest"]
    assert (low, high) == ratios.bootstrap_interval(values, n=200)


def test_the_interval_covers_the_median_as_often_as_it_says():
    generator = random.Random(0)
    hits = 0
    for _ in range(200):
        low, high = ratios.bootstrap_interval([generator.gauss(1, 0.1) for _ in range(25)], n=300)
        hits += low <= 1 <= high
    assert 0.88 <= hits / 200 <= 0.99


def test_the_order_rotates_and_loses_nobody():
    names = ["a", "b", "c", "d", "e"]
    orders = [ratios.rotated(names, turn) for turn in range(10)]
    assert all(sorted(order) == names for order in orders)
    assert {order[0] for order in orders} == set(names)
    places = [order.index("a") for order in orders]
    assert statistics.mean(places) == pytest.approx(2, abs=0.5)


def result(benchmark: str, date: str = "2026-01-02T03:04:05+00:00", **changes) -> dict:
    timings = {
        "seconds": [1.0, 1.2, 1.1],
        "cpu_seconds": [0.9, 1.0, 1.0],
        "accuracy": [0.8, 0.8, 0.8],
        "ready_mib": [{"process": 500.0}] * 3,
        "peak_mib": [{"process": 612.0}] * 3,
        "seconds_ratio": {"median": 1.0, "smallest": 1.0, "largest": 1.0},
        "cpu_seconds_ratio": {"median": 1.0, "smallest": 1.0, "largest": 1.0},
    }
    ours = timings | {"cpu_seconds_ratio": {"median": 1.0123, "smallest": 0.9, "largest": 1.3456}}
    summary = {"median": 1.004, "smallest": 0.95, "largest": 1.1, "interval": [0.99, 1.013]}
    return {
        "benchmark": benchmark,
        "date": date,
        "versions": {"torch": "2"},
        "device": "CPU",
        "cpu": "A <fast> one",
        "cores": 2,
        "threads": 1,
        "load_at_start": 0.5,
        "load_at_end": 1.5,
        "task": {
            "model": "TinyVGG",
            "n_train": 6000,
            "n_valid": 1000,
            "batch_size": 32,
            "epochs": 1,
            "rounds": 3,
        },
        "contenders": {"minimal loop": timings, "torchbook fit": ours},
        "pairs": {
            "n_train": 600,
            "n_valid": 500,
            "ratios": {"seconds": [1.0, 0.95, 1.1], "cpu_seconds": [1.0, 1.0, 1.0]},
            "summary": {"seconds": summary, "cpu_seconds": summary},
        },
        "must_show": [
            {
                "clock": "seconds",
                "what": "fit / loop",
                "value": 1.004,
                "interval": [0.9, 1.1],
                "at_most": 1.02,
                "holds": True,
            },
            {
                "clock": "seconds",
                "what": "fit / other",
                "value": 1.2,
                "interval": [0.9, 1.3],
                "below": 1.0,
                "holds": False,
            },
        ],
        "runs": {"data x 1": timings | {"n_train": 6000, "batch_size": 32}},
    } | changes


def site_result(**changes) -> dict:
    """What benchmarks/site_speed.py writes, of one page."""
    found = site_speed.median([site_speed.summary(lighthouse_report(score=s)) for s in (0.97, 1)])
    page = {"html_bytes": 123_456, "repeated": 0, "median": found, "runs": []}
    return {
        "benchmark": "site",
        "date": "2026-01-02T03:04:05+00:00",
        "versions": {"lighthouse": "13"},
        "device": "CPU",
        "cpu": "A <fast> one",
        "cores": 2,
        "load_at_start": 0.5,
        "load_at_end": 1.5,
        "task": {"model": "site", "rounds": 2},
        "pages": {"chapters/00_first": page},
    } | changes


def lighthouse_report(score: float = 1.0, milliseconds: float = 1234.5) -> dict:
    """What Lighthouse says of a page, as far as the benchmark reads it."""
    items = [
        {"url": "http://127.0.0.1/a.html", "transferSize": 40_000},
        {"url": "http://127.0.0.1/a.css", "transferSize": 2_000},
        {"url": "data:image/png;base64,AAAA", "transferSize": 0},
    ]
    audits = {name: {"numericValue": milliseconds} for name in site_speed.TIMES.values()}
    return {
        "environment": {"benchmarkIndex": 1500},
        "categories": {name: {"score": score} for name in site_speed.BOUNDS},
        "audits": audits | {"network-requests": {"details": {"items": items}}},
    }


def write(folder: Path, name: str, content: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(content))


@pytest.fixture
def run(monkeypatch):
    """A function that runs the page's cells in a folder: their names, and what they show."""

    def run_in(folder: Path, cells: list[str]) -> tuple[dict, list]:
        shown = []
        monkeypatch.setattr(IPython.display, "display", shown.append)
        monkeypatch.chdir(folder)
        names = {}
        for cell in cells:
            exec(cell, names)
        return names, shown

    return run_in


def test_the_newest_of_each_device_and_model_counts(run, tmp_path):
    results = tmp_path / "benchmarks" / "results"
    write(results, "b", result("compare"))
    write(results, "a", result("compare", date="2026-05-01T00:00:00+00:00"))
    write(results, "gpu", result("compare", device="NVIDIA X"))
    write(results, "other", result("growth"))
    names, _ = run(tmp_path, CELLS[:1])
    assert [(r["device"], r["date"][:10]) for r in names["newest"]("compare")] == [
        ("CPU", "2026-05-01"),
        ("NVIDIA X", "2026-01-02"),
    ]
    with pytest.raises(LookupError, match="no result of the benchmark 'apart'"):
        names["newest"]("apart")


@pytest.mark.parametrize(
    ("interval", "holds", "said"),
    [
        ([0.9, 1.0], True, "yes"),
        ([0.9, 1.1], True, "yes, undecided"),
        ([0.9, 1.1], False, "no, undecided"),
        ([1.03, 1.1], False, "no"),
    ],
)
def test_an_interval_across_the_bound_decides_nothing(run, interval, holds, said):
    names, _ = run(ROOT, CELLS[:1])
    assert names["verdict"]({"interval": interval, "holds": holds, "at_most": 1.02}) == said


def test_only_what_came_over_the_line_is_counted():
    found = site_speed.summary(lighthouse_report(score=0.96))
    assert (found["requests"], found["bytes"]) == (2, 42_000)
    assert found["scores"] == dict.fromkeys(site_speed.BOUNDS, 96)
    assert found["largest_contentful_paint_ms"] == 1234.5


def test_one_slow_visit_does_not_count():
    visits = [
        site_speed.summary(lighthouse_report(s, t)) for s, t in ((1, 900), (0.2, 9e4), (1, 950))
    ]
    found = site_speed.median(visits)
    assert found["largest_contentful_paint_ms"] == 950
    assert found["scores"]["performance"] == 100


@pytest.mark.parametrize(
    ("after", "share"),
    [
        ("cpu 150 10 60 2000 9 0 0 100 0 0", 0.0),
        ("cpu 250 20 100 1000 5 5 5 125 0 0", 25 / 245),  # of what was wanted: idle does not count
        ("cpu 100 10 50 1000 5 0 0 100 0 0", 0.0),
    ],
)
def test_the_host_is_said_to_take_what_it_took(after, share):
    assert report.stolen("cpu 100 10 50 1000 5 0 0 100 0 0", after) == pytest.approx(share)


def test_a_disturbed_visit_is_repeated_whatever_it_found(monkeypatch, tmp_path):
    stat = tmp_path / "stat"
    stat.write_text("cpu 0 0 0 0 0 0 0 0 0 0\n")
    lost = iter([30, 40, 1])
    spent = [0, 0]

    def visit(address):
        spent[0], spent[1] = spent[0] + 100, spent[1] + next(lost)
        stat.write_text(f"cpu {spent[0]} 0 0 0 0 0 0 {spent[1]} 0 0\n")
        return spent[0]

    monkeypatch.setattr(site_speed, "STAT", stat)
    monkeypatch.setattr(site_speed, "lighthouse", visit)
    assert site_speed.undisturbed("page") == (300, 2)
    lost = iter([30] * site_speed.ATTEMPTS)
    with pytest.raises(SystemExit, match="never left page alone"):
        site_speed.undisturbed("page")


def test_the_page_shows_what_was_measured(run, tmp_path):
    for kind in ("compare", "apart", "growth"):
        write(tmp_path / "benchmarks" / "results", kind, result(kind, device="NVIDIA X"))
    write(tmp_path / "benchmarks" / "results", "site", site_result())
    _, shown = run(tmp_path, CELLS)
    figures = [each for each in shown if isinstance(each, Figure)]
    text = "\n".join(each.data for each in shown if not isinstance(each, Figure))
    text = text.replace("\xa0", " ")
    assert "torchbook fit 1.00\xa0(1.00" in figures[0].get_gid()  # clock time, on a GPU
    for cells in (
        ("torchbook fit", "1.00 (1.00 to 1.00)", "1.01 (0.90 to 1.35)", "1.10", "612", "112"),
        ("clock time", "3", "1.004 (0.950 to 1.100)", "0.990 to 1.013"),
        ("fit / loop", "clock time", "1.004", "0.900 to 1.100", "at most 1.02", "yes, undecided"),
        ("fit / other", "clock time", "1.200", "0.900 to 1.300", "below 1", "no, undecided"),
        ("6,000", "32", "1.10", "183 (167 to 200)", "167 (150 to 167)", "612", "112"),
        ("00_first", "123", "42", "2", "1.2", "1.2", "1234", "1234.50", "98"),
    ):
        assert " | ".join(cells) in text
    assert "**TinyVGG** on NVIDIA X (A <fast> one, 2 cores), 2026-01-02 03:04 UTC" in text


def test_the_committed_results_can_be_read_on_a_phone(run):
    with matplotlib.rc_context(fname=ROOT / "book" / "kernel" / "matplotlibrc"):
        _, shown = run(ROOT, CELLS)
        figures = [each for each in shown if isinstance(each, Figure)]
        for figure in figures:
            figure.draw_without_rendering()
    assert len(figures) >= 4
    for figure in figures:
        assert re.match(r"(Bar|Dot) chart of .{40}", figure.get_gid())
        axis, shrunk = figure.axes[0], min(1, 358 / (96 * figure.get_figwidth() + 20))
        texts = [axis.xaxis.label, *axis.get_xticklabels(), *axis.texts]
        assert min(text.get_fontsize() for text in texts) * 96 / 72 * shrunk >= 11
        label = axis.xaxis.label.get_window_extent()
        assert 0 <= label.x0 <= label.x1 <= figure.bbox.width
        for name, value in zip(axis.texts[::2], axis.texts[1::2], strict=True):
            assert name.get_window_extent().x1 < value.get_window_extent().x0


def test_the_script_for_a_gpu_runs_on_a_cpu_and_says_what_it_ran_on(fashion_mnist, tmp_path):
    (tmp_path / "FashionMNIST").symlink_to(cache_dir() / "FashionMNIST")
    tiny = "--steps 2 --batch-size 8 --width 4 --pictures 32 --no-compile --data . --out out.json"
    script = ROOT / "benchmarks" / "fashion_94.py"
    subprocess.run([sys.executable, script, *tiny.split()], cwd=tmp_path, check=True, timeout=300)
    result = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert result["device"]
    assert 0 <= result["test"] <= 100
    assert result["seconds"] > 0
    assert not result["reached"]
