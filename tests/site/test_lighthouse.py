"""What Lighthouse says of a page on a phone, as far as no clock decides it.

The scores that depend on time are measured by benchmarks/site_speed.py, on a quiet machine.
"""

import sys

import pytest
from serving import serve
from test_built_site import ROOT, SITE

sys.path.insert(0, str(ROOT / "benchmarks"))
from site_speed import AT_LEAST, lighthouse

pytestmark = pytest.mark.site

PAGES = (
    "book/index",
    "book/errors",
    "chapters/00_fundamentals",
    "chapters/03_computer_vision",
    "chapters/08_paper_replicating",
)
COMPLETE = [category for category, bound in AT_LEAST.items() if bound == 100]
TIMELESS = (  # what it says of performance without a clock
    "cumulative-layout-shift",
    "duplicated-javascript-insight",
    "font-display-insight",
    "legacy-javascript-insight",
    "third-parties-insight",
    "total-byte-weight",
    "unsized-images",
    "viewport-insight",
)


@pytest.fixture(scope="module")
def address():
    """The address of the built site, on a server like its host."""
    with serve(SITE, like_pages=True) as address:
        yield address


@pytest.mark.parametrize("page", PAGES)
def test_lighthouse_finds_nothing(page, address):
    found = lighthouse(f"{address}/{page}.html")
    audits, categories = found["audits"], found["categories"]
    judged = [
        (category, audit["id"])
        for category in COMPLETE
        for audit in categories[category]["auditRefs"]
        if audit["weight"]
    ]
    judged += [("performance", name) for name in TIMELESS]
    failing = [
        f"{category}: {audits[name]['title']} ({name})"
        for category, name in judged
        if audits[name]["scoreDisplayMode"] not in ("notApplicable", "manual", "informative")
        and audits[name]["score"] != 1
    ]
    assert not failing
    scores = {category: categories[category]["score"] for category in COMPLETE}
    assert scores == dict.fromkeys(COMPLETE, 1)
