"""Measure how fast the built site is on a slow phone, with Lighthouse.

    python benchmarks/site_speed.py           # after make book; exits with 1 if a bound is missed
    python benchmarks/site_speed.py --runs 1  # a quick look

Lighthouse pretends a phone with a slow processor and a slow line. Each page is measured several
times, in turns, and what counts is the median. A visit during which the machine's host took away
more than a twentieth of the time says more of the host than of the page: it is repeated, whatever
it found, and the repetitions are counted. Results go to benchmarks/results/.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import report

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "tests"))
from serving import CHROMIUM_FLAGS, serve  # noqa: E402 - the tests' own server, as its host does it

PAGES = ("chapters/00_fundamentals", "chapters/03_computer_vision", "chapters/08_paper_replicating")
STOLEN = 0.05  # the most that a visit may lose
ATTEMPTS = 60  # visits to a page at most
STAT = Path("/proc/stat")
BOUNDS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
TIMES = {
    "largest_contentful_paint_ms": "largest-contentful-paint",
    "first_contentful_paint_ms": "first-contentful-paint",
    "total_blocking_time_ms": "total-blocking-time",
    "speed_index_ms": "speed-index",
    "time_to_interactive_ms": "interactive",
    "layout_shift": "cumulative-layout-shift",
}


def lighthouse(address: str) -> dict[str, Any]:
    """Return Lighthouse's own report on a page."""
    program = ROOT / "tests" / "node_modules" / "lighthouse" / "cli" / "index.js"
    beside = Path(sys.executable).with_name("node")
    node = str(beside) if beside.is_file() else shutil.which("node")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if not (node and browser and program.is_file()):
        raise SystemExit("This needs Node, a Chromium and Lighthouse: say make lighthouse.")
    flags = " ".join(["--headless", *CHROMIUM_FLAGS])
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "report.json")
        options = ["--quiet", "--no-enable-error-reporting", "--output=json"]
        options += [f"--output-path={output}", f"--chrome-flags={flags}"]
        subprocess.run(
            [node, program, address, *options],
            check=True,
            env=os.environ | {"CHROME_PATH": browser},
        )
        return json.loads(output.read_text(encoding="utf-8"))


def undisturbed(address: str) -> tuple[dict[str, Any], int]:
    """Return Lighthouse's report on a visit that the host left alone, and how many came before."""
    for repeated in range(ATTEMPTS):
        before = STAT.read_text().splitlines()[0] if STAT.exists() else None
        found = lighthouse(address)
        if before is None:  # only Linux says
            return found, 0
        lost = report.stolen(before, STAT.read_text().splitlines()[0])
        if lost <= STOLEN:
            return found, repeated
        print(f"The host took {lost:.0%} of the time: once more.", flush=True)
    raise SystemExit(f"The host never left {address} alone for a visit, {ATTEMPTS} times.")


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of a report that the book shows."""
    audits = found["audits"]
    requests = [
        each
        for each in audits["network-requests"]["details"]["items"]
        if each["url"].startswith("http")
    ]
    return {
        "scores": {name: round(100 * found["categories"][name]["score"]) for name in BOUNDS},
        **{name: audits[audit]["numericValue"] for name, audit in TIMES.items()},
        "requests": len(requests),
        "bytes": sum(each.get("transferSize", 0) for each in requests),
        "benchmark_index": found["environment"]["benchmarkIndex"],
    }


def median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of each number over some runs."""
    middle = {
        name: statistics.median(run[name] for run in runs) for name in runs[0] if name != "scores"
    }
    scores = {name: statistics.median(run["scores"][name] for run in runs) for name in BOUNDS}
    return {"scores": scores, **middle}


def measure(runs: int) -> dict[str, Any]:
    """Measure all pages in turns."""
    result: dict[str, Any] = {
        "benchmark": "site",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": "CPU",
        "cpu": report.processor(),
        "cores": os.cpu_count(),
        "load_at_start": report.load(),
        "task": {"model": "site", "profile": "slow phone", "rounds": runs},
    }
    found: dict[str, list[dict[str, Any]]] = {page: [] for page in PAGES}
    repeated = dict.fromkeys(PAGES, 0)
    with serve(SITE, like_pages=True) as address:
        for place in range(runs):
            for page in PAGES:
                one, disturbed = undisturbed(f"{address}/{page}.html")
                repeated[page] += disturbed
                found[page].append(summary(one))
                print(f"{place + 1}/{runs} {page}: {found[page][-1]}", flush=True)
    result["versions"] = {
        "lighthouse": one["lighthouseVersion"],
        "chromium": one["environment"]["hostUserAgent"].split("Chrome/")[1].split()[0],
    }
    result["load_at_end"] = report.load()
    result["pages"] = {
        page: {
            "html_bytes": (SITE / f"{page}.html").stat().st_size,
            "repeated": repeated[page],
            "median": median(each),
            "runs": each,
        }
        for page, each in found.items()
    }
    return result


def main() -> None:
    """Measure, write the result, and judge it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="how often each page is measured")
    result = measure(parser.parse_args().runs)
    path = report.RESULTS / f"{result['date'][:10]}_site.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"Written to {path}")
    low = [
        f"{page}: {name} {each['median']['scores'][name]:.0f}, must be at least {bound}"
        for page, each in result["pages"].items()
        for name, bound in BOUNDS.items()
        if each["median"]["scores"][name] < bound
    ]
    print("\n".join(low))
    sys.exit(bool(low))


if __name__ == "__main__":
    main()
