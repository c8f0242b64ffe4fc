"""The build report and the strip say what the run says."""

import platform
import re
from importlib.metadata import version

import pytest
from small_book import SmallBook, cell


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.page("index", "```{build-report}\n```\n\n## What each needs\n\n```{chapter-needs}\n```")
    book.page(
        "sums",
        ("word " * 900)
        + "\n\n"
        + cell(
            "from torchbook.book.claims import claim, glue\n"
            "claim('sum', 'Two and two make four', 2 + 2, equals=4)\n"
            "claim('half', 'A half is small', 0.5, at_least=0, at_most=1, unit='apples')\n"
            "glue('unclaimed', 1)"
        ),
    )
    book.page("products", cell("print(2 * 3)"))
    text = (book.folder / "products.md").read_text(encoding="utf-8")
    text = text.replace("needs: []", "needs: [sums]\n  extras: [trees]\n  gpu: true")
    book.write("products.md", text)
    first = book.build()
    assert first.ok, first.output
    return book


def rows(html: str, section: str) -> list[list[str]]:
    """Return the cells of a section's table as text."""
    part = html[html.index(f'id="{section}"') :]
    body = part[part.index("<tbody>") : part.index("</tbody>")]
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
        for row in body.split("</tr>")
        if "<td" in row
    ]


def test_chapters(book):
    [_, [chapter, device, seconds, date, how]] = rows(book.html("index"), "chapters")
    assert (chapter, device, how) == ("Page sums", "CPU", "ran")
    assert float(seconds) > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", date)


def test_claims(book):
    table = rows(book.html("index"), "claims")
    assert [row[:4] for row in table] == [
        ["Page sums", "Two and two make four", "4", "exactly 4"],
        ["Page sums", "A half is small", "0.5 apples", "at least 0 apples and at most 1 apples"],
    ]
    for row in table:
        assert row[4]  # the device
        assert float(row[5]) >= 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row[6])


def test_versions_and_machine(book):
    html = book.html("index")
    versions = dict(rows(html, "versions"))
    assert versions == {"Python": platform.python_version(), "numpy": version("numpy")}
    assert dict(rows(html, "machine"))["accelerator"] == "CPU"


def test_strip(book):
    html = book.html("sums")
    strip = re.search(r'<p class="tb-strip">(.*?)</p>', html, re.S)[1]
    text = re.sub(r"<[^>]+>", "", strip)
    assert re.search(r"Reading about [45] minutes", text)
    assert re.search(r"Running \d+ s on CPU", text)
    assert "Data none" in text
    assert "Builds on" not in text


def test_what_a_chapter_builds_on(book):
    strip = re.search(r'<p class="tb-strip">(.*?)</p>', book.html("products"), re.S)[1]
    assert re.search(r'Builds on</strong>\s*<a [^>]*href="sums\.html">Page sums</a>', strip)


def test_the_table_of_what_each_chapter_needs(book):
    sums, products = rows(book.html("index"), "what-each-needs")
    assert sums[:3] == ["Page sums", "", "4 min"]
    assert re.fullmatch(r"\d+ s", sums[3])
    assert sums[4:] == ["none", "", "not needed"]
    assert products[:3] == ["Page products", "Page sums", "1 min"]
    assert products[4:] == ["none", "trees", "helps"]


def test_a_chapter_that_needs_an_unknown_one(book, tmp_path):
    other = book.copy(tmp_path / "book")
    text = (other.folder / "products.md").read_text(encoding="utf-8")
    other.write("products.md", text.replace("needs: [sums]", "needs: [powers]"))
    result = other.build()
    assert not result.ok
    assert "products needs 'powers', but there is no such chapter" in result.output


def test_a_cached_run_keeps_its_date_and_is_called_cached(book):
    [_, [*_, date, _]] = rows(book.html("index"), "chapters")
    again = book.build()
    assert again.ok, again.output
    [_, [*_, date_again, how]] = rows(book.html("index"), "chapters")
    assert (date_again, how) == (date, "from the cache")
    assert len(rows(book.html("index"), "claims")) == 2
