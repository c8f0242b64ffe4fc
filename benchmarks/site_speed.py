"""Measure how heavy the built site is, and how fast on a slow phone, with Lighthouse.

    python benchmarks/site_speed.py             # exits with 1 if a bound does not hold
    python benchmarks/site_speed.py --rounds 1  # a quick look

`make lighthouse` sets up what it needs and runs this, on the site that `make book` has built.
Lighthouse pretends a phone with a slow processor on a slow line: it loads a page once, and works
out what each request and each script would have taken there. Of a busy machine little is left in
that, but not nothing: so the pages take turns, and what counts is the median of several visits.
Results go to benchmarks/results/.
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
LIGHTHOUSE = ROOT / "tests" / "node_modules" / "lighthouse" / "cli" / "index.js"
sys.path.insert(0, str(ROOT / "tests"))
from serving import CHROMIUM_FLAGS, serve  # noqa: E402 - the tests' own server and browser

PAGES = ("chapters/00_fundamentals", "chapters/03_computer_vision", "chapters/08_paper_replicating")
AT_LEAST = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
TIMES = {  # by the names of Lighthouse's audits
    "first_contentful_paint_ms": "first-contentful-paint",
    "largest_contentful_paint_ms": "largest-contentful-paint",
    "speed_index_ms": "speed-index",
    "total_blocking_time_ms": "total-blocking-time",
    "time_to_interactive_ms": "interactive",
}
SHIFT = "cumulative-layout-shift"
PROFILE = "Lighthouse's phone"


def lighthouse(address: str) -> dict[str, Any]:
    """Return Lighthouse's own report on a page, as it judges one on a phone."""
    beside = Path(sys.executable).with_name("node")
    node = beside if beside.is_file() else shutil.which("node")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if not (node and browser and LIGHTHOUSE.is_file()):
        raise SystemExit("This needs Node, a Chromium and Lighthouse: say make lighthouse.")
    flags = " ".join(["--headless", *CHROMIUM_FLAGS])
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "report.json")
        options = ["--quiet", "--no-enable-error-reporting", f"--chrome-flags={flags}"]
        subprocess.run(
            [node, LIGHTHOUSE, address, *options, "--output=json", f"--output-path={output}"],
            check=True,
            env=os.environ | {"CHROME_PATH": browser},
        )
        found = json.loads(output.read_text(encoding="utf-8"))
    if "runtimeError" in found:
        raise RuntimeError(f"{address}: {found['runtimeError']['message']}")
    return found


def numbers(found: dict[str, Any]) -> dict[str, float]:
    """Return what the book shows of a report."""
    audits = found["audits"]
    sent = [
        each
        for each in audits["network-requests"]["details"]["items"]
        if each["url"].startswith("http")
    ]
    return {
        **{name: round(100 * found["categories"][name]["score"]) for name in AT_LEAST},
        **{name: audits[audit]["numericValue"] for name, audit in TIMES.items()},
        "layout_shift": audits[SHIFT]["numericValue"],
        "requests": len(sent),
        "transfer_bytes": sum(each["transferSize"] for each in sent),
    }


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each number over all rounds."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def bounds(pages: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what must hold of the scores of each page, and whether it does."""
    return [
        {
            "what": f"{page}, {category}",
            "value": each["median"][category],
            "at_least": bound,
            "holds": each["median"][category] >= bound,
        }
        for page, each in pages.items()
        for category, bound in AT_LEAST.items()
    ]


def measure(rounds: int) -> dict[str, Any]:
    """Measure all pages in turn, several times."""
    start = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": "CPU",
        "cpu": report.processor(),
        "cores": os.cpu_count(),
        "load_at_start": report.load(),
        "task": {"model": PROFILE, "rounds": rounds},
    }
    results: dict[str, list[dict[str, float]]] = {page: [] for page in PAGES}
    with serve(SITE, like_pages=True) as address:
        for turn in range(rounds):
            for page in PAGES:
                found = lighthouse(f"{address}/{page}.html")
                results[page].append(each := numbers(found))
                print(
                    f"round {turn + 1}  {page:32} {each['performance']:3.0f}  "
                    f"LCP {each['largest_contentful_paint_ms'] / 1000:.2f} s  "
                    f"blocked {each['total_blocking_time_ms']:.0f} ms",
                    flush=True,
                )
    pages = {
        page: {
            "html_bytes": (SITE / f"{page}.html").stat().st_size,
            "median": medians(each),
            "rounds": each,
        }
        for page, each in results.items()
    }
    browser = found["environment"]["hostUserAgent"].split("Chrome/")[1].split()[0]
    return start | {
        "load_at_end": report.load(),
        "versions": {"lighthouse": found["lighthouseVersion"], "chromium": browser},
        "pages": pages,
        "must_show": bounds(pages),
    }


def main() -> int:
    """Measure, write the result, return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="visits to each page (5)")
    options = parser.parse_args()
    if not all((SITE / f"{page}.html").is_file() for page in PAGES):
        parser.error(f"there is no built site in {SITE}: say make book first")
    content = measure(options.rounds)
    path = report.save(f"{content['date'][:10]}_site", "site", content)
    for each in content["must_show"]:
        verdict = "holds" if each["holds"] else "DOES NOT HOLD"
        print(f"{each['what']}: {each['value']:.0f}, at least {each['at_least']}: {verdict}")
    print(f"Written to {path}")
    return 0 if all(each["holds"] for each in content["must_show"]) else 1


if __name__ == "__main__":
    sys.exit(main())
