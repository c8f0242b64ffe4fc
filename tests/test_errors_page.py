"""The page of errors: each cell that should raise does, and each has a fix that runs."""

import re
from pathlib import Path

import pytest
from myst_nb.core.read import read_myst_markdown_notebook

PAGE = Path(__file__).parents[1] / "book" / "errors.md"
TEXT = PAGE.read_text(encoding="utf-8")
RAISING = "raises-exception"


def entries():
    """Return the text of each error's section by its label."""
    parts = re.split(r"^\((err-[\w-]+)\)=$", TEXT, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def cells(text):
    """Return source and whether it should raise, for each code cell."""
    return [
        (cell.source, RAISING in cell.metadata.get("tags", []))
        for cell in read_myst_markdown_notebook(text).cells
        if cell.cell_type == "code"
    ]


def test_there_are_enough_of_them():
    assert sum(raises for _, raises in cells(TEXT)) >= 20


@pytest.mark.parametrize("label", entries())
def test_an_entry_is_complete(label):
    """An error is raised, read, fixed and prevented; a silent one shown and prevented."""
    text = entries()[label]
    assert text.lstrip().startswith("### ")
    assert "**Prevent it" in text
    kinds = [raises for _, raises in cells(text)]
    if label.startswith("err-silent-"):
        assert kinds
        assert not any(kinds)
        return
    assert "**Read it.**" in text
    assert "**Fix it.**" in text
    assert kinds[0]
    assert not kinds[-1]
    # Of two in a row, both are fixed by what follows; more would be a mistake.
    assert "RRR" not in "".join("-R"[raises] for raises in kinds)


@pytest.mark.parametrize("label", entries())
def test_an_entry_works_by_itself_and_raises_where_it_should(label, tmp_path, monkeypatch):
    """A reader copies the imports and one entry."""
    monkeypatch.chdir(tmp_path)  # a cell saves files
    names = {"__name__": "__main__"}
    imports = cells(TEXT)[:2]  # the reader's, and the check cells'
    for source, raises in imports + cells(entries()[label]):
        code = compile(source, "a cell", "exec")
        if raises:
            with pytest.raises(Exception, match=r".") as caught:
                exec(code, names)
            assert isinstance(caught.value, NameError) == (label == "err-name"), source
        else:
            exec(code, names)


def test_claims_that_the_silent_errors_make_are_all_there():
    silent = {label for label in entries() if label.startswith("err-silent-")}
    proved = {label for label in silent if "claim(" in entries()[label]}
    # What the device `meta` gives back may differ from version to version.
    assert silent - proved == {"err-silent-meta"}
