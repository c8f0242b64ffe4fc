"""Folded boxes, solutions beneath exercises, and alt texts from check cells."""

import json
import re

import pytest
from small_book import SmallBook, cell

DRAWS = """import matplotlib.pyplot as plt
figure, axes = plt.subplots()
plt.show()"""
DESCRIBES = """:tags: [check]
from torchbook.book.claims import describe, glue
describe(figure, "An empty plot, 0 < 1.")
glue("again", figure)"""
BOX = """:::{fold-start} Why it works
:::

Because it does.

{CELL}

:::{fold-end}
:::
"""
EXERCISE = """:::{{exercise}} Count
:label: ex-00-1
How many?
:::

{CELL}

After it.
"""


@pytest.fixture
def book(tmp_path):
    book = SmallBook(tmp_path)
    book.page("index", "Welcome.")
    return book


def notebook(book, name):
    path = book.folder / "_build" / "html" / "notebooks" / f"{name}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells]


def markdown(book, name):
    return (book.folder / "_build" / "html" / f"{name}.md").read_text(encoding="utf-8")


def test_a_check_cell_says_what_the_picture_before_it_shows(book):
    book.page("page", cell(DRAWS) + cell(DESCRIBES) + "\n```{glue:} again\n```\n")
    build = book.build()
    assert build.ok, build.output
    page = book.html("page")
    assert page.count('alt="An empty plot, 0 &lt; 1."') == 2
    assert "tb-alt" not in page
    assert "describe" not in page


def test_a_picture_that_nothing_describes_fails_the_build(book):
    book.page("page", cell(DRAWS))
    build = book.build()
    assert not build.ok
    assert "image without alt text" in build.output


def test_a_box_folds_text_and_cells(book):
    text = ":::{fold} A proof\nIt is *trivial*.\n:::\n"
    book.page("page", f"Before.\n\n{text}\n{BOX.replace('{CELL}', cell('6 * 7'))}\nAfter.")
    build = book.build()
    assert build.ok, build.output
    proof, reason = re.findall(r'<details class="tb-fold">(.*?)</details>', book.html("page"), re.S)
    assert "<summary>A proof</summary>" in proof
    assert "<em>trivial</em>" in proof
    assert "<summary>Why it works</summary>" in reason
    assert "42" in reason
    assert "After." not in reason
    text = markdown(book, "page")
    assert "<details>\n<summary>A proof</summary>" in text
    start, end = text.index("**▸ Optional: Why it works**"), text.index("**◂ End of the optional")
    assert start < text.index("6 * 7") < end < text.index("After.")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BOX.replace(":::{fold-end}\n:::", ""), "has no fold-end"),
        (":::{fold-end}\n:::\n", "has no fold-start"),
        (BOX.replace("Because", ":::{fold-start} Two\n:::\n\nBecause"), "has no fold-end"),
    ],
)
def test_a_box_with_one_end_fails_the_build(book, text, problem):
    book.page("page", text.replace("{CELL}", "Six times seven."))
    build = book.build()
    assert not build.ok
    assert problem in build.output


def test_a_solution_is_folded_beneath_its_exercise(book):
    answer = cell(":tags: [skip-execution]\nanswer = ...")
    book.page("chapters/00_small", EXERCISE.format(CELL=answer))
    solution = "(a-label)=\n## 00-1: Count\n\nSee [here](a-label).\n\n{}\n## 00-2: More\n\nNo."
    book.page("book/solutions/00_small", solution.format(cell("answer = 42\nprint(answer)")))
    build = book.build()
    assert build.ok, build.output
    page = book.html("chapters/00_small")
    card = page[page.index('<div class="tb-exercise') : page.rindex("After it.")]
    assert "</span>Count</p>" in card  # the title, without brackets
    assert page.count('id="ex-00-1"') == 1
    assert "exercise-content" not in card  # the id would be there once for each exercise
    [box] = re.findall(r'<details class="tb-fold tb-solution">(.*?)</details>', card, re.S)
    assert card.index("How many?") < card.index(box)
    assert "answer" in card[card.index("How many?") : card.index(box)]
    assert "print" in box
    assert 'href="../book/solutions/00_small.html#a-label"' in box
    assert "No." not in box
    text = markdown(book, "chapters/00_small")
    assert "> **Exercise 00-1: Count**" in text
    assert "<summary>Show the solution</summary>" in text
    assert not [code for code in notebook(book, "00_small") if code.startswith("answer = 42")]

    book.page("book/solutions/00_small", solution.format(cell("answer = 43\nprint(answer)")))
    again = book.build()
    assert again.ok, again.output
    assert "43" in book.html("chapters/00_small")
