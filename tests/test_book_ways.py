"""The ways through a book: the list of pages, the way to each, previous and next, its foot."""

import json

import pytest
import yaml
from bs4 import BeautifulSoup
from small_book import SmallBook

TOC = {
    "format": "jb-book",
    "root": "index",
    "parts": [
        {"caption": "Foundations & more", "chapters": [{"file": "first"}]},
        {
            "caption": "Reference",
            "chapters": [
                {"file": "errors", "title": "Common <errors>"},
                {"file": "api", "sections": [{"file": "api/data"}, {"file": "api/loop"}]},
            ],
        },
    ],
}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A function that returns a built page as BeautifulSoup reads it."""
    book = SmallBook(tmp_path_factory.mktemp("book"))
    for name in ("index", "first", "errors", "api", "api/data", "api/loop"):
        book.page(name, "Some words.")
    book.write("_toc.yml", yaml.safe_dump(TOC))
    build = book.build()
    assert build.ok, build.output
    return lambda name: BeautifulSoup(book.html(name), "html.parser")


def texts(nodes):
    return [" ".join(node.get_text().split()) for node in nodes]


def test_the_list_has_all_pages_and_those_under_the_one_that_is_read(page):
    pages = ["Page first", "Common <errors>", "Page api"]
    under = ["Page api/data", "Page api/loop"]
    for name in ("index", "first", "errors", "api", "api/data"):
        nav = page(name).select_one("nav.bd-docs-nav")
        assert texts(nav.select(".caption")) == ["Foundations & more", "Reference"]
        assert texts(nav.select("a")) == (pages + under if name.startswith("api") else pages)
    for name, here in (("first", "Page first"), ("api", "Page api"), ("api/data", "Page api/data")):
        nav = page(name).select_one("nav.bd-docs-nav")
        assert texts(nav.select("[aria-current=page]")) == [here]
        assert len(nav.select("li.current")) == 1
    assert not page("index").select("nav.bd-docs-nav [aria-current]")
    folded = page("api/data").select_one("nav.bd-docs-nav details")
    assert folded.has_attr("open")
    assert folded.summary["aria-label"] == "Pages in “Page api”"


def test_the_way_to_a_page(page):
    assert page("index").select_one("nav.tb-way") is None
    for name, way, links in (
        ("first", ["Foundations & more", "Page first"], []),
        ("errors", ["Reference", "Common <errors>"], []),
        ("api/data", ["Reference", "Page api", "Page api/data"], ["../api.html"]),
    ):
        nav = page(name).select_one("nav.tb-way")
        assert nav["aria-label"] == "Breadcrumb"
        assert texts(nav.select("li")) == way
        assert texts(nav.select("[aria-current=page]")) == way[-1:]
        assert [link["href"] for link in nav.select("a")] == links
    data = json.loads(page("api/data").find("script", type="application/ld+json").get_text())
    names = [step["name"] for step in data["itemListElement"]]
    assert names == ["Torchbook", "Page api", "Page api/data"]
    assert data["itemListElement"][2]["item"].endswith("/torchbook/api/data.html")


def test_previous_and_next_have_titles(page):
    nav = page("api").select_one("nav.prev-next-area")
    assert texts(nav.select("a")) == ["Previous Page errors", "Next Page api/data"]
    assert [link["href"] for link in nav.select("a")] == ["errors.html", "api/data.html"]
    assert texts(page("index").select(".prev-next-area a")) == ["Next Page first"]


def test_the_foot_says_what_the_book_is(page):
    foot = page("api/data").select_one("footer.bd-footer-content")
    assert "Version 1.0" in foot.get_text()
    assert {"Text: CC BY 4.0", "Code: MIT", "Source on GitHub"} <= set(texts(foot.select("a")))
