"""Each gate is broken on purpose: the build fails, names the place, and fails again."""

import re
import shutil
from types import SimpleNamespace

import nbformat
import pytest
from fontTools.ttLib import TTFont
from small_book import ROOT, SmallBook, cell
from torchbook_site.finish.gates import problems_of
from torchbook_site.finish.search import state_of
from torchbook_site.read import execution

SOUND = "A sentence.\n"


@pytest.fixture
def book(tmp_path):
    book = SmallBook(tmp_path)
    book.page("index", SOUND)
    return book


def test_a_sound_book_builds(book):
    book.page(
        "sound", cell("from torchbook.book.claims import claim\nclaim('x', 'x', 1, at_least=1)")
    )
    build = book.build()
    assert build.ok, build.output
    assert not build.problems


def test_every_problem_is_listed_and_listed_again_until_fixed(book):
    """All gates that the reading of pages trips, in one book: a build costs seconds."""
    claim = "from torchbook.book.claims import claim\nclaim('lesson', 'Two is more', 1, at_least=2)"
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


def test_plots_are_files_in_the_colours_of_the_pages_theme(book):
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
    pixels = code.replace("plot([1, 2])", "imshow([[1, 2], [3, 4]])").replace("line", "picture")
    book.page("parts/pixels", cell(pixels))
    book.page("formula", "Inline $a^2$ and\n\n$$ \\sum_{i=1}^n x_i $$ (sum)\n\nEquation {eq}`sum`.")
    build = book.build()
    assert build.ok, build.output
    assert ' alt="A line"' in book.html("by_metadata")
    for name, what in (("described", "line"), ("parts/pixels", "picture")):
        page = book.html(name)
        assert "<svg" not in page.partition("<article")[2].partition("</article>")[0]
        image = re.search(r'<img class="tb-graph dark-light" id="figure-1" [^>]*>', page)[0]
        assert f'alt="A {what} that goes &quot;up&quot; &amp; up"' in image
        assert re.search(r' width="\d+" height="\d+"', image)
        source = re.search(r' src="(?:\.\./)?(drawings/\w+\.svg)"', image)[1]
        file = (book.folder / "_build" / "html" / source).read_text(encoding="utf-8")
        assert ("data:image/png" in file) == (what == "picture")
        assert "prefers-color-scheme: dark" in file
        assert "currentColor" in file
        assert "#000000" not in file
    assert "/drawings/light/" in (book.folder / "_build/html/parts/pixels.md").read_text()
    formulas = book.html("formula")
    assert formulas.count("<math") == 2
    assert not re.search(r"<script[^>]*mathjax", formulas, re.IGNORECASE)
    assert '<span class="eqno">(1)</span>' in formulas
    font = TTFont(book.folder / "_build/html/_static/formulas.woff2")
    assert {ord(c) for c in "12=∑𝑎𝑖𝑛𝑥√"} <= font.getBestCmap().keys()
    assert len(font.getBestCmap()) < 20  # and little else
    assert "MATH" in font  # by whose measures browsers draw
    licence = book.folder / "_build/html/_static/formulas-LICENSE.txt"
    assert "SIL OPEN FONT LICENSE" in licence.read_text(encoding="utf-8")


def test_a_traceback_on_purpose_shows_the_readers_lines_and_no_path_of_this_machine(book):
    write = "%%writefile own.py\nimport json\n\n\ndef read(text):\n    return json.loads(text)"
    code = "import own\n\nown.read('{')"
    book.page("purpose", cell(write) + cell(f":tags: [raises-exception]\n{code}"))
    build = book.build()
    assert build.ok, build.output
    page = re.sub(r"<[^>]+>", "", book.html("purpose"))
    assert "Traceback (most recent call last)" in page
    assert re.search(r"Cell, line 3", page)
    assert re.search(r"^File own\.py:5, in read\(text\)$", page, re.M)
    assert "more in libraries" in page
    assert "JSONDecodeError: Expecting property name" in page
    assert "json/decoder.py" not in page


KILL = "import os; app.connect({event!r}, lambda *_: os.kill(os.getpid(), 9), priority={priority})"


@pytest.mark.parametrize(
    ("event", "priority"),
    [("env-updated", 999), ("write-started", 999), ("build-finished", 899)],
    ids=["all pages read", "before writing", "before finishing"],
)
def test_an_interrupted_build_is_not_trusted_by_the_next(book, event, priority):
    """Sphinx has saved by then what it has read, and would not look at the failed page again."""
    book.page("failed", cell("1 / 0"))
    book.hook = KILL.format(event=event, priority=priority)
    assert not book.build().ok
    book.hook = ""
    for _ in range(2):
        build = book.build()
        assert not build.ok
        assert "ZeroDivisionError" in build.output
    book.page("failed", SOUND)
    assert book.build().ok


def test_a_kernel_that_does_not_start_is_started_again(monkeypatch, capsys):
    starts = []

    def fail_twice(notebook, **options):
        starts.append(options["cwd"])
        if len(starts) < 3:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return SimpleNamespace(err=None)

    monkeypatch.setattr(execution, "_single_nb_execution", fail_twice)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    assert execution.run_notebook(notebook, "here").err is None
    assert starts == ["here"] * 3
    assert capsys.readouterr().out.count("starting another") == 2


@pytest.mark.parametrize(("count", "n_starts"), [(None, 3), (1, 1)])
def test_a_kernel_that_keeps_dying_or_had_begun_to_run_fails_its_page(monkeypatch, count, n_starts):
    starts = []

    def fail(notebook, **options):
        starts.append(1)
        raise RuntimeError("Kernel died")

    monkeypatch.setattr(execution, "_single_nb_execution", fail)
    code = nbformat.v4.new_code_cell("1 + 1", execution_count=count)
    result = execution.run_notebook(nbformat.v4.new_notebook(cells=[code]), "here")
    assert isinstance(result.err, RuntimeError)
    assert "the kernel died" in result.exc_string
    assert len(starts) == n_starts


HOST = "https://example.org/x"


@pytest.mark.parametrize(
    "html",
    [
        f'<img src="a.png" srcset="a.png 1x, {HOST} 2x" alt="a">',
        f'<link rel="preload" as="image" imagesrcset="{HOST} 2x" href="a.png">',
        f'<video poster="{HOST}"></video>',
        f'<svg><use href="{HOST}#part"/></svg>',
        f'<svg><use xlink:href="{HOST}#part"/></svg>',
        f'<svg><image href="{HOST}"/></svg>',
        f'<p style="background: url({HOST})"></p>',
        f"<style>p {{ background: url('{HOST}') }}</style>",
        f'<style>@import "{HOST}";</style>',
        f'<link rel="dns-prefetch" href="{HOST}">',
        f'<iframe src="{HOST}"></iframe>',
        f'<object data="{HOST}"></object>',
    ],
)
def test_nothing_on_a_page_may_ask_another_host(tmp_path, html):
    (tmp_path / "a.png").touch()
    [problem] = problems_of({"page.html": html}, tmp_path)
    assert problem.startswith(f"page.html: asks another host for {HOST}")


def test_nothing_in_a_style_sheet_may_ask_another_host(tmp_path):
    (tmp_path / "site.css").write_text(f"p {{ background: url({HOST}) }} a {{ b: url(#c) }}")
    assert problems_of({}, tmp_path) == [f"site.css: asks another host for {HOST}"]


def test_what_a_browser_does_not_fetch_may_lead_anywhere(tmp_path):
    html = f'<a href="{HOST}">x</a><link rel="canonical" href="{HOST}"><svg><use href="#a"/></svg>'
    assert (
        problems_of({"page.html": html + '<img src="data:image/png;base64,x" alt="x">'}, tmp_path)
        == []
    )


def test_files_of_earlier_builds_go(book):
    shutil.copy(ROOT / "book" / "static" / "favicon.svg", book.folder / "dot.svg")
    book.page("old", "![A dot](dot.svg)\n\n" + cell("1 + 1"))
    assert book.build().ok
    site = book.folder / "_build" / "html"
    (site / "_static" / "stray.js").touch()
    names = ("old.html", "old.md", "notebooks/old.ipynb", "_images/dot.svg", "_static/stray.js")
    assert all((site / name).is_file() for name in names)
    (book.folder / "old.md").unlink()
    book.pages.remove("old")
    book.page("new", SOUND)
    build = book.build()
    assert build.ok, build.output
    assert not [name for name in names if (site / name).exists()]


def test_the_index_is_made_again_by_another_version_of_pagefind(monkeypatch):
    before = state_of({})
    assert state_of({}) == before
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0")
    assert state_of({}) != before
