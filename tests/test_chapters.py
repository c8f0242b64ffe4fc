"""Chapters keep to their form: plain PyTorch in small cells, and claims out of sight."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CELL = re.compile(
    r"^```\{code-cell\} ipython3\n(?P<options>(?::[^\n]*\n|---\n.*?^---\n)?)(?P<code>.*?)^```$",
    re.M | re.S,
)
CHAPTERS = sorted((ROOT / "chapters").glob("*.md"))
WHOLE_FILE = re.compile(r"%%writefile \S+\n")  # the first line of a cell that is a whole file
WRITES = re.compile(r"%%writefile (?:-a )?\S+\n")  # and of one that is added to a file
OUT_OF_SIGHT = {"check", "remove-cell", "remove-input"}  # tags of cells whose code no reader sees
MAX_LINES, MAX_NAMES = 15, 6


def visible_cells(path):
    """Return the cells whose code readers see, each as its tags and its code."""
    cells = []
    for found in CELL.finditer(path.read_text(encoding="utf-8")):
        tags = set(re.findall(r"[\w-]+", found["options"].partition("tags:")[2]))
        if not tags & OUT_OF_SIGHT:
            cells.append((tags, found["code"].strip()))
    return cells


def tree_of(code):
    """Return the syntax tree of a cell; an empty one for what is no Python on purpose."""
    try:
        return ast.parse(WRITES.sub("", code, count=1))
    except SyntaxError:
        return ast.parse("")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
class TestChapter:
    """A chapter."""

    def test_claims_and_glued_numbers_are_out_of_sight(self, path):
        for _, code in visible_cells(path):
            assert not re.search(r"\b(claim|glue|describe)\(|^lesson = ", code, re.M), code

    def test_cells_are_short(self, path):
        for tags, code in visible_cells(path):
            body = tree_of(code).body
            is_class = any(isinstance(node, ast.ClassDef) for node in body)
            is_file = WHOLE_FILE.match(code)
            if not is_class and not is_file and "hide-input" not in tags:
                assert len(code.splitlines()) <= MAX_LINES, code

    def test_few_names_are_our_own(self, path):
        names = set()
        for _, code in visible_cells(path):
            for node in ast.walk(tree_of(code)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torchbook"):
                    names |= {alias.name for alias in node.names}
        assert len(names) <= MAX_NAMES, sorted(names)

    def test_a_recipe_and_eight_exercises_at_most_end_it(self, path):
        text = path.read_text(encoding="utf-8")
        recipe = ROOT / "chapters" / "recipes" / f"{path.stem}.py"
        assert f"```{{recipe}} {recipe.name}" in text
        assert "torchbook" not in recipe.read_text(encoding="utf-8")
        assert 5 <= text.count(":::{exercise}") <= 8
