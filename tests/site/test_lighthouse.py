"""Lighthouse on a pretended phone: all that does not depend on how busy this machine is."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import serve
from site_speed import lighthouse
from test_built_site import SITE

pytestmark = [pytest.mark.site, pytest.mark.weekly]

PAGES = (
    "book/index",
    "book/errors",
    "chapters/00_fundamentals",
    "chapters/03_computer_vision",
    "chapters/08_paper_replicating",
)
COMPLETE = ("accessibility", "best-practices", "seo")
# What is wrong or right whatever the time; `cache-insight` and the like judge the site's host, and
# `unused-css-rules` asks for a stylesheet per page, where the site has one for all of them.
OF_PERFORMANCE = (
    "cumulative-layout-shift",
    "cls-culprits-insight",
    "duplicated-javascript-insight",
    "font-display-insight",
    "image-delivery-insight",
    "layout-shifts",
    "legacy-javascript-insight",
    "non-composited-animations",
    "third-parties-insight",
    "total-byte-weight",
    "unsized-images",
    "unused-javascript",
    "viewport-insight",
)


@pytest.fixture(scope="module")
def reports():
    """Lighthouse's report on each page, made two at a time: no time is judged here."""
    with serve(SITE, like_pages=True) as address, ThreadPoolExecutor(2) as pool:
        addresses = [f"{address}/{page}.html" for page in PAGES]
        return dict(zip(PAGES, pool.map(lighthouse, addresses), strict=True))


# On the front page it would have smaller photos, but the live model looks at these very pixels.
NEEDED = {("book/index", "image-delivery-insight")}


@pytest.mark.parametrize("page", PAGES)
def test_lighthouse_finds_nothing(page, reports):
    found = reports[page]
    audits = found["audits"]
    failing = [
        f"{name}: {each['id']}"
        for name in COMPLETE
        for each in found["categories"][name]["auditRefs"]
        if each["weight"] and (audits[each["id"]]["score"] or 0) < 1
        if audits[each["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual")
    ]
    failing += [
        f"performance: {name}, {audits[name].get('displayValue', '')}"
        for name in OF_PERFORMANCE
        if name in audits and audits[name]["score"] not in (None, 1)
        if (page, name) not in NEEDED
    ]
    assert not failing
    assert {name: found["categories"][name]["score"] for name in COMPLETE} == dict.fromkeys(
        COMPLETE, 1
    )
