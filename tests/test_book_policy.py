"""A small book built again: sums, policy, sheet and head follow what changed, and only that."""

import base64
import hashlib
import re

import pytest
from small_book import ROOT, SmallBook

PAGES = ("first", "second", "404")


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    """A book with a script and a sheet of its own, and its pages after each of four builds.

    The first; one with nothing changed; one after a change of the script, the sheet and the second
    page's text (without a page to write Sphinx copies no scripts either); one of the text alone.
    """
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.settings["html_static_path"] = [str(ROOT / "book" / "static"), "own"]
    book.settings["html_js_files"] = ["own.js"]
    book.settings["html_css_files"] = ["torchbook.css", "own.css"]
    book.write("own/own.js", "window.own = 1;\n")
    book.write("own/own.css", ".own { color: red; }\n")
    book.page("first", "One first page: this & that.")
    book.page("second", "The second.")
    states = []
    for change in (
        lambda: None,
        lambda: None,
        lambda: (
            book.write("own/own.js", "window.own = 2;\n"),
            book.write("own/own.css", ".own { color: blue; }\n"),
            book.page("second", "The second, better."),
        ),
        lambda: book.page("second", "The second, better still."),
    ):
        change()
        build = book.build()
        assert build.ok, build.output
        states.append({name: book.html(name) for name in PAGES})
        # Now, since the next build may change the files.
        for html in states[-1].values():
            check_sums(html, book.folder / "_build" / "html")
    return book, states


def check_sums(html, site):
    tags = re.findall(r"<script\b[^>]* src=[^>]*>", html)
    assert any("own.js" in tag for tag in tags)
    for tag in tags:
        address = re.search(r' src="(?:/[\w-]+/)?([^"?]*)', tag)[1]
        total = hashlib.sha384((site / address).read_bytes()).digest()
        assert f'integrity="sha384-{base64.b64encode(total).decode()}"' in tag


def test_a_build_with_nothing_changed_changes_no_page(builds):
    _, (first, second, *_) = builds
    assert first == second


def test_a_changed_script_changes_its_sum_on_pages_that_are_not_written(builds):
    _, (_, before, after, _) = builds
    for name in ("first", "404"):
        assert before[name] != after[name]
        plain = [re.sub(r'\?v=\w+|integrity="[^"]*"', "", html[name]) for html in (before, after)]
        assert plain[0] == plain[1]


def test_a_changed_page_changes_no_other(builds):
    _, (*_, before, after) = builds
    assert [name for name in PAGES if before[name] != after[name]] == ["second"]


def test_each_page_has_one_policy_and_one_sheet(builds):
    book, states = builds
    for html in (html for state in states for html in state.values()):
        assert html.count('<meta http-equiv="Content-Security-Policy"') == 1
        sheets = re.findall(r'<link\b[^>]*rel="stylesheet"[^>]*>', html)
        assert len(sheets) == 1
        assert "_static/site.css?v=" in sheets[0]
    css = (book.folder / "_build" / "html" / "_static" / "site.css").read_text()
    assert ".own { color: blue; }" in css


def test_the_lost_page_works_at_any_address_and_the_first_words_describe_a_page(builds):
    _, (*_, last) = builds
    addresses = re.findall(r'<(?:script|link|a)\b[^>]* (?:src|href)="([^"]*)"', last["404"])
    assert addresses
    assert [a for a in addresses if not re.match(r"/|#|[a-z]+:", a)] == []
    for name, words in (
        ("first", "One first page: this &amp; that."),
        ("404", "No such page, in "),
    ):
        assert f'<meta name="description" content="{words}' in last[name]
