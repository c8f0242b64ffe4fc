"""A check cell shows its claims and nothing else; notebooks leave it out."""

import json

import pytest
from small_book import SmallBook, cell

CHECK = """:tags: [check]
from torchbook.book.claims import claim, glue
claim("gain", "Two is more than one", 2, at_least=1, unit="points")
glue("number", 7)"""


@pytest.fixture
def book(tmp_path):
    book = SmallBook(tmp_path)
    book.page("index", "Welcome.")
    return book


def test_readers_see_the_claim_and_the_number_but_no_code(book):
    book.page(
        "chapters/00_small", cell("x = 1 + 1") + "\nSeven: {glue:text}`number`.\n\n" + cell(CHECK)
    )
    build = book.build()
    assert build.ok, build.output
    page = book.html("chapters/00_small")
    assert page.count('class="tb-claim"') == 1
    assert "must be at least 1 points" in page
    assert "Seven: 7." in page
    assert "claims import" not in page
    site = book.folder / "_build" / "html"
    text = (site / "chapters" / "00_small.md").read_text()
    assert "Two is more than one: 2 points (must be at least 1 points)" in text
    assert "claims import" not in text
    notebook = json.loads((site / "notebooks" / "00_small.ipynb").read_text())
    code = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [source for source in code if "x = 1 + 1" in "".join(source)]
    assert not [source for source in code if "claim(" in "".join(source)]
    assert "claim(" not in (site / "notebooks" / "00_small.py").read_text()


def test_a_cell_that_only_keeps_numbers_leaves_nothing(book):
    keeps = ":tags: [check]\nfrom torchbook.book.claims import glue\nglue('number', 7)"
    book.page("page", "Seven: {glue:text}`number`.\n\n" + cell(keeps))
    build = book.build()
    assert build.ok, build.output
    page = book.html("page")
    assert "Seven: 7." in page
    assert 'class="cell' not in page


def test_a_broken_claim_fails_the_build_and_names_itself_and_a_check_cell_may_not_print(book):
    book.page("broken", cell(CHECK.replace("at_least=1", "at_least=3")))
    book.page("prints", cell(":tags: [check]\nprint('a secret')"))
    build = book.build()
    assert not build.ok
    assert "claim 'gain' in broken does not hold: Two is more than one" in build.output
    shows_more = [problem for problem in build.problems if "shows more than claims" in problem]
    assert any("prints.md" in problem for problem in shows_more), build.problems
