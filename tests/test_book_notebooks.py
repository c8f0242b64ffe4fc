"""Chapters as notebooks, scripts and Markdown, made by a build of a small book."""

import ast
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from small_book import SmallBook, build_server, cell
from torchbook_site.write.notebooks import make_script

CHAPTER = r"""
One *sentence*, a cost of \$5 or \$6, a `name`, and [a link](second.md).
The answer is {glue:text}`answer`, as [below](#small-label) and in {ref}`the section <small-label>`.

```{admonition} Beware
Of the dog.
```

| a | b |
| - | - |
| 1 | {glue:text}`answer` |

$$ y = \frac{1}{x} $$

<tb-matmul a="1">
<p>Without scripts.</p>
</tb-matmul>

<audio controls src="../_static/models/two.wav" aria-label="A voice says: two"></audio>

<figure>
<svg class="tb-drawing" role="img" viewBox="0 0 10 10" width="10" height="10">
<title>A small box.</title><g class="box"><rect x="1" y="1" width="8" height="8"/></g>
</svg>
<figcaption>A box.</figcaption>
</figure>

![A dot.](dot.svg)

(small-label)=
## A section

```{literalinclude} ../src/little/__init__.py
:language: python
```

GLUE

FAILS

HIDDEN

PRINTS

BARE

FOLDED

```{exercise} Count
:label: ex-small-1

How many?
```

EXERCISE
"""


DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"><circle r="1"/></svg>'


def tagged(tag, code):
    return f"```{{code-cell}} ipython3\n:tags: [{tag}]\n\n{code}\n```\n"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.write("src/little/__init__.py", "TWO = 2\n")
    text = CHAPTER.replace(
        "GLUE",
        cell(
            "from torchbook.book.claims import glue\nfrom torchbook.book.publish import publish\n"
            'glue("answer", 42)\nopen("two.wav", "w").close()\npublish("two.wav")'
        ),
    )
    text = text.replace("FAILS", tagged("raises-exception", "1 / 0"))
    text = text.replace("HIDDEN", tagged("remove-cell", "secret = 7"))
    text = text.replace("PRINTS", cell('print("<tb-x>", secret)'))
    text = text.replace("BARE", tagged("remove-input", "print(secret * 6)"))
    text = text.replace("FOLDED", tagged("hide-input", "print(6)"))
    text = text.replace("EXERCISE", tagged("skip-execution", "answer = ..."))
    book.write("chapters/dot.svg", DOT)
    book.page("first", "See [the chapter](chapters/small.md).")
    book.page("chapters/small", text)
    book.page("chapters/second", "Nothing.")
    result = book.build()
    assert result.ok, result.output
    return book


@pytest.fixture(scope="module")
def site(book):
    return book.folder / "_build" / "html"


@pytest.fixture(scope="module")
def notebook(site):
    notebook = nbformat.read(site / "notebooks" / "small.ipynb", as_version=4)
    nbformat.validate(notebook)
    return notebook


@pytest.fixture(scope="module")
def prose(notebook):
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


@pytest.fixture(scope="module")
def code(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def test_nothing_of_the_markup_is_left(prose):
    assert not re.search(r"\{[a-z:]+\}`|```\{|:::|<tb-|<svg|<figure", prose)


def test_numbers_are_resolved(prose):
    assert "The answer is 42" in prose
    assert re.search(r"\|\s*1\s*\|\s*42\s*\|", prose)


def test_links_and_pictures_are_absolute(prose):
    targets = re.findall(r"\]\(([^)]+)\)", prose)
    assert len(targets) >= 5
    assert all(target.startswith("https://") for target in targets)
    site = "https://torchbook.github.io/torchbook"
    assert f"({site}/chapters/second.html)" in prose
    assert f"![A dot.]({site}/_images/dot.svg)" in prose
    assert f"({site}/chapters/small.html#small-label)" in prose


def test_dollars_are_not_taken_for_formulas(prose):
    assert r"\$5 or \$6" in prose
    assert "$$\ny = \\frac{1}{x}\n$$" in prose


def test_boxes_are_quotations_and_sources_are_shown(prose):
    assert "> **Beware**" in prose
    assert "> Of the dog." in prose
    assert "> **Exercise small-1: Count**" in prose
    assert "```python\nTWO = 2\n```" in prose


def test_an_interactive_figure_and_a_sound_become_links_and_a_drawing_a_file(prose, site):
    assert "interactive on the page](https://" in prose
    sound = "https://torchbook.github.io/torchbook/_static/models/two.wav"
    assert f"[Listen: A voice says: two]({sound})" in prose
    name = re.search(r"!\[A small box\.\]\(https://.*?/drawings/light/(.*?)\)", prose)[1]
    svg = (site / "drawings" / "light" / name).read_text()
    assert 'xmlns="http://www.w3.org/2000/svg"' in svg
    assert "var(" in svg
    assert "--pst-color-surface: #" in svg
    assert "A box." in prose


def test_the_first_cell_installs_and_outputs_are_left_out(notebook, code):
    assert notebook.cells[0].source == "# Page chapters/small"
    assert notebook.cells[1] is code[0]
    assert "little-1.0-py3-none-any.whl" in code[0].source
    assert not any(cell.outputs for cell in code)


def test_failures_are_marked_and_hidden_cells_are_there(code):
    sources = [cell.source for cell in code]
    assert "%%fails\n1 / 0" in sources
    assert sources.index("secret = 7") < sources.index('print("<tb-x>", secret)')
    exercise = code[-1]
    assert exercise.source == "answer = ..."
    assert exercise.metadata.tags == ["raises-exception"]


def test_the_script_is_python(site):
    script = (site / "notebooks" / "small.py").read_text()
    tree = ast.parse(script)
    assert any(isinstance(node, ast.Try) for node in tree.body)
    assert "# answer = ..." in script


def test_a_cell_that_is_a_whole_file_is_written_by_the_script_too(tmp_path, monkeypatch):
    text = '"""A file."""\n\nmarks = "\\n", \'\', """x""", \'\'\'y\'\'\''
    cells = [
        new_markdown_cell("# A"),
        new_code_cell("1"),
        new_code_cell(f"%%writefile a.py\n{text}"),
        new_code_cell("%%writefile -a a.py\nmore = 1"),
    ]
    script = make_script(new_notebook(cells=cells), "# head")
    monkeypatch.chdir(tmp_path)
    exec(compile(script, "script", "exec"), {})
    assert (tmp_path / "a.py").read_text() == text + "\nmore = 1\n"


def test_pages_are_had_as_markdown_with_what_cells_printed(site):
    text = (site / "chapters" / "small.md").read_text()
    assert '```python\nprint("<tb-x>", secret)\n```\n\n```text\n<tb-x> 7\n```' in text
    assert "```text\n42\n```" in text  # of a cell that the page shows without its code
    assert "secret * 6" not in text
    code = "<details>\n<summary>Code</summary>\n\n```python\nprint(6)\n```\n\n</details>"
    assert f"{code}\n\n```text\n6\n```" in text
    assert (site / "first.md").is_file()
    lines = (site / "llms.txt").read_text().splitlines()
    links = [line for line in lines if line.startswith("- ")]
    assert [re.search(r"/(\w+)\.md\)$", line)[1] for line in links] == ["first", "small", "second"]


def test_the_page_offers_them_all(book):
    html = book.html("chapters/small")
    assert "colab.research.google.com/github/torchbook/torchbook/blob/notebooks/small.ipynb" in html
    assert 'href="../notebooks/small.ipynb" download' in html
    assert 'href="../notebooks/small.py" download' in html
    assert '<tb-copy-page href="../chapters/small.md">' in html
    assert "notebooks/second" not in book.html("chapters/second")


def test_the_repository_is_one_setting(book, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_REPOSITORY", "Somebody/course")
    build_server.cache_clear()  # the variable is read when the extension is imported
    result = book.build()
    build_server.cache_clear()
    assert result.ok, result.output
    assert result.ran == set()
    assert "github/Somebody/course/blob/notebooks/small.ipynb" in book.html("chapters/small")
    notebook = (book.folder / "_build" / "html" / "notebooks" / "small.ipynb").read_text()
    assert "https://somebody.github.io/course/_static/" in notebook
    assert "torchbook.github.io" not in notebook
