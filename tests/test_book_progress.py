"""The list of contents says what the chapters hold, and a chapter's foot what comes next."""

import json
import re

import pytest
from small_book import SmallBook, cell


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.page("index", "Welcome.")
    exercise = ":::{exercise} Add\n:label: ex-add\nAdd two numbers.\n:::\n"
    book.page("chapters/00_fundamentals", f"## One\n\n{cell('1')}\n\n## Two\n\n{exercise}")
    numbered = ":::{exercise} Divide\n:label: ex-01-1\nDivide one.\n:::\n\nAs in {ref}`ex-01-1`.\n"
    book.page("chapters/01_workflow", f"## Three\n\n{numbered}\n" + "word " * 1000)
    book.page("book/solutions/00_fundamentals", "Two.")
    result = book.build()
    assert result.ok, result.output
    return book


def test_contents(book):
    path = book.folder / "_build" / "html" / "_static" / "contents.json"
    first, second = json.loads(path.read_text(encoding="utf-8"))["chapters"]
    assert (first["page"], first["minutes"]) == ("chapters/00_fundamentals", 1)
    assert first["sections"] == [{"id": "one", "title": "One"}, {"id": "two", "title": "Two"}]
    assert first["exercises"] == [{"id": "ex-add", "title": "Add"}]
    assert (second["page"], second["minutes"]) == ("chapters/01_workflow", 5)
    html = book.html("chapters/00_fundamentals")
    for entry in first["sections"] + first["exercises"]:
        assert f'id="{entry["id"]}"' in html


def test_exercises_have_the_numbers_of_their_labels(book):
    html = book.html("chapters/01_workflow")
    assert re.search(r'<span class="caption-number">Exercise 01-1 ?</span>', html)
    links = re.findall(r'href="#ex-01-1"[^>]*><span[^>]*>(.*?)</a>', html, re.S)
    assert "Exercise 01-1" in [re.sub(r"<[^>]+>", "", link) for link in links]


def test_what_comes_next(book):
    html = book.html("chapters/00_fundamentals")
    foot = html[html.index('<nav class="prev-next-area"') :]
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", foot))
    assert html.count('class="prev-next-area"') == 1
    assert "Next, about 5 minutes" in text
    assert "A whole training, by hand and then with PyTorch" in text
    assert "A whole training" not in book.html("chapters/01_workflow")
    assert 'href="../book/solutions/00_fundamentals.html"' in foot
    assert "Solutions to this chapter" in text


def test_scripts_only_where_they_work(book):
    assert "reading.js" in book.html("chapters/00_fundamentals")
    assert "reading.js" not in book.html("index")
