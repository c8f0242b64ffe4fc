"""Each gate is broken on purpose: the build fails, names the place, and fails again."""

import re

import pytest
from small_book import SmallBook, cell

SOUND = "A sentence.\n"


@pytest.fixture
def book(tmp_path):
    book = SmallBook(tmp_path)
    book.page("index", SOUND)
    return book


def test_a_sound_book_builds(book):
    book.page("sound", cell("from torchbook.claims import claim\nclaim('x', 'x', 1, at_least=1)"))
    build = book.build()
    assert build.ok, build.output
    assert not build.problems


def test_every_problem_is_listed_and_listed_again_until_mended(book):
    """All gates that the reading of pages trips, in one book: a build costs seconds."""
    claim = "from torchbook.claims import claim\nclaim('lesson', 'Two is more', 1, at_least=2)"
    book.page("failed_cell", cell("1 / 0"))
    book.page("failed_claim", cell(claim))
    book.page("python_warning", cell("import warnings\nwarnings.warn('watch out')"))
    book.page("missing_number", "Accuracy {glue:text}`nobody:.1f` %.")
    book.page("missing_elsewhere", "Accuracy {glue:text}`failed_cell.md::nobody:.1f` %.")
    book.page("broken_link", "See [there](nowhere.md).")
    book.page("broken_label", "See [there](#no-such-label).")
    book.page("broken_reference", "See {ref}`no-such-label`.")
    book.page("unknown_directive", "```{nonsense}\n```")
    book.page(
        "figure",
        cell("import matplotlib.pyplot as plt\nfigure, axis = plt.subplots()\naxis.plot([1, 2]);"),
    )
    book.page("bad_formula", "$\\frac$ is half a formula.")
    book.page("unknown_formula", "$\\nonsense{x}$ is none.")

    expected = {
        "failed_cell": "ZeroDivisionError",
        "failed_claim": "claim 'lesson' in failed_claim does not hold: Two is more. "
        "The value is 1, the bound: at least 2.",
        "python_warning": "stderr was found",
        "missing_number": "No key 'nobody'",
        "missing_elsewhere": "'nobody' not found",
        "broken_link": "nowhere.md",
        "broken_label": "no-such-label",
        "broken_reference": "no-such-label",
        "unknown_directive": "nonsense",
        "figure": "image without alt text",
        "bad_formula": "NoAvailableTokensError",
        "unknown_formula": "\\\\nonsense cannot be drawn",
    }
    for attempt in ("first", "second"):
        build = book.build()
        assert not build.ok, attempt
        listing = build.output[build.output.rindex("problem(s) in this build") :]
        for page, message in expected.items():
            assert any(page in line for line in listing.splitlines()), (attempt, page, listing)
            assert message in build.output, (attempt, page, message)

    for page in expected:
        book.page(page, SOUND)
    build = book.build()
    assert build.ok, build.output


def test_the_built_site_is_checked_too(book):
    """Raw HTML passes Sphinx by: the finished pages are read again."""
    book.page("elsewhere", '<script src="https://example.org/x.js"></script>')
    book.page("picture", "<img src='_static/torchbook.css'>")
    book.page("anchor", '<a href="index.html#nothing-here">there</a>')
    book.page("file", '<a href="missing.zip">there</a>')
    build = book.build()
    assert not build.ok
    assert build.problems == [
        "anchor.html: link to index.html#nothing-here, where nothing has that name",
        "elsewhere.html: asks another host for https://example.org/x.js",
        "file.html: broken link to missing.zip",
        "picture.html: image without alt text: _static/torchbook.css",
    ]


def test_a_kernel_that_dies_fails_its_page_and_no_other(book):
    book.page("dies", cell("import os\nos._exit(1)"))
    book.page("lives", cell("1 + 1"))
    build = book.build()
    assert not build.ok
    assert any("dies.md" in problem and "kernel" in build.output for problem in build.problems)
    assert "lives" in build.ran


def test_figures_come_into_the_page_in_the_colours_of_its_theme(book):
    code = """import matplotlib.pyplot as plt
from torchbook import plots
figure, axis = plt.subplots()
axis.plot([1, 2])
plots.describe(figure, 'A line that goes "up" & up')"""
    book.page("described", cell(code))
    book.page(
        "by_metadata",
        "```{code-cell} ipython3\n:mystnb: {image: {alt: A line}}\n"
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);\n```\n",
    )
    book.page("formula", "Inline $a^2$ and\n\n$$ \\sum_{i=1}^n x_i $$ (sum)\n\nEquation {eq}`sum`.")
    build = book.build()
    assert build.ok, build.output
    page = book.html("described")
    assert page.count('<svg class="tb-graph"') == 1
    assert 'aria-label="A line that goes &quot;up&quot; &amp; up"' in page
    assert "currentColor" in page
    assert "#000000" not in page
    assert 'aria-label="A line"' in book.html("by_metadata")
    formulas = book.html("formula")
    assert formulas.count("<math") == 2
    assert not re.search(r"<script[^>]*mathjax", formulas, re.IGNORECASE)
    assert '<span class="eqno">(1)</span>' in formulas


def test_a_traceback_on_purpose_shows_the_readers_lines_and_no_path_of_this_machine(book):
    code = "import json\n\njson.loads('{')"
    book.page("purpose", cell(f":tags: [raises-exception]\n{code}"))
    build = book.build()
    assert build.ok, build.output
    page = re.sub(r"<[^>]+>", "", book.html("purpose"))
    assert "Traceback (most recent call last)" in page
    assert re.search(r"Cell In\[1\], line 3", page)
    assert "more in libraries" in page
    assert "JSONDecodeError: Expecting property name" in page
    assert "json/decoder.py" not in page
