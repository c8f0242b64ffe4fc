"""Each lesson is broken on purpose: the run of its chapter then fails, and names its claim.

`tests/broken_lessons/NN_name.py` holds for a chapter the list `BROKEN` of what to replace, by what,
and the claim that must notice. That such a run fails the build is tested in test_book_gates.py.
"""

import ast
import os
import re
import runpy
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import nbclient
import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from myst_nb.core.read import read_myst_markdown_notebook
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "broken_lessons"
# Chapters without broken lessons, each with the reason why there can be none.
EXEMPT: dict[str, str] = {}


def pages(toc: dict) -> list[str]:
    """Return the files that a table of contents names, in order."""
    found = [toc[key] for key in ("file", "root") if key in toc]
    for key in ("parts", "chapters", "sections"):
        for entry in toc.get(key, []):
            found += pages(entry)
    return found


CHAPTERS = [
    Path(page).name
    for page in pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
    if page.startswith("chapters/")
]


@dataclass(frozen=True)
class Cell:
    """A code cell that the build runs."""

    source: str
    tags: tuple[str, ...]

    @cached_property
    def claims(self) -> set[str]:
        """The names of the claims that the cell makes."""
        try:
            tree = ast.parse(TransformerManager().transform_cell(self.source))
        except SyntaxError:  # wrong on purpose
            return set()
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        return {
            call.args[0].value
            for call in calls
            if isinstance(call.func, ast.Name)
            and call.func.id == "claim"
            and call.args
            and isinstance(call.args[0], ast.Constant)
        }


@cache  # a chapter has some twenty lessons to break
def read_cells(text: str) -> tuple[Cell, ...]:
    cells = [
        Cell(cell.source + "\n", tuple(cell.metadata.get("tags", [])))
        for cell in read_myst_markdown_notebook(text).cells
        if cell.cell_type == "code"
    ]
    return tuple(cell for cell in cells if "skip-execution" not in cell.tags)


def read_chapter(name: str) -> str:
    return (ROOT / "chapters" / f"{name}.md").read_text(encoding="utf-8")


def read_broken(name: str) -> list[tuple[str, str, str]]:
    path = FOLDER / f"{name}.py"
    return runpy.run_path(str(path))["BROKEN"] if path.is_file() else []


def break_lesson(text: str, old: str, new: str, claim: str) -> list[Cell]:
    """Return the cells of a chapter up to the claim, broken; raises ValueError where that fails."""
    cells = list(read_cells(text))
    holders = [i for i, cell in enumerate(cells) if old in cell.source]
    claimants = [i for i, cell in enumerate(cells) if claim in cell.claims]
    if text.count(old) != 1:
        raise ValueError(f"it is {text.count(old)} times in the chapter: {old!r}")
    if not holders:
        raise ValueError(f"it is in no cell that runs: {old!r}")
    if old == new:
        raise ValueError(f"nothing is changed: {old!r}")
    if not claimants:
        raise ValueError(f"the chapter makes no claim {claim!r}")
    if claimants[0] < holders[0]:
        raise ValueError(f"the claim {claim!r} is checked before the change: {old!r}")
    holder = cells[holders[0]]
    cells[holders[0]] = replace(holder, source=holder.source.replace(old, new))
    return cells[: claimants[0] + 1]


def first_failure(cells: list[Cell], folder: Path, chapter: str = "") -> str | None:
    """Run cells in a fresh kernel, in a folder; return the first error that was not meant."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(cell.source, metadata={"tags": list(cell.tags)})
            for cell in cells
        ]
    )
    client = nbclient.NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=1800,
        resources={"metadata": {"path": str(folder)}},
    )
    try:  # cells that are tagged raises-exception may raise
        client.execute(env={**os.environ, "TORCHBOOK_CHAPTER": chapter, "OMP_NUM_THREADS": "1"})
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    return None


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_chapter_has_lessons_to_break(chapter):
    broken = read_broken(chapter)
    if chapter in EXEMPT:
        assert EXEMPT[chapter].strip(), "say why"
        assert not broken, "a chapter with broken lessons needs no exception"
        return
    assert len(broken) >= 3, f"at least three entries in {FOLDER / chapter}.py"
    text = read_chapter(chapter)
    for old, new, claim in broken:
        break_lesson(text, old, new, claim)


def test_broken_lessons_and_exceptions_are_of_chapters_that_exist():
    assert {path.stem for path in FOLDER.glob("*.py")} | EXEMPT.keys() <= set(CHAPTERS)


CHAPTER = """---
kernelspec: {name: python3}
---
# A chapter

One and one.

```{code-cell} ipython3
from torchbook.book.claims import claim
one = 1
```

```{code-cell} ipython3
:tags: [raises-exception]
one / 0
```

```{code-cell} ipython3
:tags: [skip-execution]
claim("skipped", "An exercise", 1, at_least=2)
```

```{code-cell} ipython3
claim("two", "One and one", one + one, equals=2)
claim("three", "One and one and one", one + one + one, equals=3)
```

```{code-cell} ipython3
claim("four", "Twice two", 2 * (one + one), equals=4)
```
"""


def test_a_broken_lesson_is_run_up_to_its_claim():
    cells = break_lesson(CHAPTER, "one = 1", "one = 2", "two")
    assert [cell.claims for cell in cells] == [set(), set(), {"two", "three"}]
    assert cells[0].source == "from torchbook.book.claims import claim\none = 2\n"


@pytest.mark.parametrize(
    ("old", "new", "claim", "message"),
    [
        ("one + one", "one", "two", "3 times"),
        ("two = 2", "two = 3", "two", "0 times"),
        ("One and one.", "One.", "two", "no cell that runs"),
        ("An exercise", "A test", "two", "no cell that runs"),
        ("one = 1", "one = 1", "two", "nothing is changed"),
        ("one = 1", "one = 2", "five", "makes no claim 'five'"),
        ("one = 1", "one = 2", "skipped", "makes no claim 'skipped'"),
        ("2 * (one", "3 * (one", "two", "checked before the change"),
    ],
)
def test_an_entry_that_breaks_nothing_is_refused(old, new, claim, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        break_lesson(CHAPTER, old, new, claim)


def test_a_run_ends_at_the_first_error_that_was_not_meant(tmp_path):
    cells = list(read_cells(CHAPTER))
    assert first_failure(cells, tmp_path) is None
    cells[0] = replace(cells[0], source=cells[0].source.replace("one = 1", "one = 2"))
    failure = first_failure(cells, tmp_path, "chapters/few")
    assert failure.startswith("ClaimFailedError: claim 'two' in chapters/few does not hold")
    assert "The value is 4, the bound: exactly 2." in failure


LESSONS = [
    pytest.param(chapter, *lesson, id=f"{chapter}-{i}-{lesson[2]}")
    for chapter in CHAPTERS
    for i, lesson in enumerate(read_broken(chapter), start=1)
]


@pytest.mark.lessons
@pytest.mark.slow
@pytest.mark.parametrize(("chapter", "old", "new", "claim"), LESSONS)
def test_a_broken_lesson_fails_its_claim_and_no_other(chapter, old, new, claim, tmp_path):
    cells = break_lesson(read_chapter(chapter), old, new, claim)
    failure = first_failure(cells, tmp_path, f"chapters/{chapter}")
    assert failure, f"all claims hold, {claim!r} too, although this replaced {old!r}: {new!r}"
    expected = f"ClaimFailedError: claim '{claim}' in chapters/{chapter} does not hold"
    assert failure.startswith(expected), failure
