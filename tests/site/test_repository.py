"""From every page to the repository: its source, a correction, and which version it is."""

import re
import tomllib
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from test_built_site import PAGES, ROOT, SITE

pytestmark = pytest.mark.site

LINK = re.compile(r'<a [^>]*href="(?P<to>[^"]*)"[^>]*>(?P<text>.*?)</a>', re.S)
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def links_of(html):
    """Return where the links at the foot of the article lead, by their text."""
    foot = re.search(r'<p class="tb-edit">(.*?)</p>', html, re.S)[1]
    return {link["text"]: unescape(link["to"]) for link in LINK.finditer(foot)}


@pytest.mark.parametrize("page", [*PAGES, "404.html"])
def test_page_leads_to_its_source_and_to_a_correction(page):
    html = (SITE / page).read_text(encoding="utf-8")
    icon = re.search(r'<a [^>]*href="([^"]*)"[^>]* aria-label="Source on GitHub"', html)
    repository = icon[1]
    links = links_of(html)
    start = f"{repository}/edit/main/"
    assert links["Edit this page"].startswith(start)
    source = ROOT / unquote(links["Edit this page"].removeprefix(start))
    assert source.is_file()
    assert source.stem == page.rpartition("/")[2].removesuffix(".html")
    issue = parse_qs(urlsplit(links["Suggest a correction"]).query)
    title = unescape(re.search(r"<title>(.*?)</title>", html, re.S)[1])
    assert issue["title"] == [f"{title.removesuffix(' — Torchbook').strip()}: "]
    assert f"/{page}\n" in issue["body"][0]
    assert re.search(rf'<meta name="version" content="{re.escape(VERSION)}"', html)
    assert f"Version {VERSION}" in html.rpartition("<footer")[0]


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ("data", "src/torchbook/data"),
        ("checkpoint", "src/torchbook/training/checkpoint.py"),
        ("cli", "src/torchbook/apps"),
    ],
)
def test_a_page_made_of_docstrings_leads_to_them(page, code):
    html = (SITE / "book" / "api" / f"{page}.html").read_text(encoding="utf-8")
    assert links_of(html)["See its docstrings in the code"].endswith(f"/main/{code}")


def test_the_set_up_page_names_the_address_to_clone():
    html = (SITE / "book" / "setup.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]*>", "", html)
    repository = re.search(r'href="([^"]*)"[^>]* aria-label="Source on GitHub"', html)[1]
    assert f"git clone {repository}" in text
