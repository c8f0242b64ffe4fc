"""The cheat sheet's recipes are short, complete by themselves, and kept so by the build."""

import ast
import builtins
import re
import textwrap

import pytest
from small_book import ROOT

SOURCE = (ROOT / "book" / "cheatsheet.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", SOURCE, re.M | re.S)
RECIPES = dict(
    re.findall(
        r"^### ([^\n]+)\n\n[^\n]+\n\n```\{code-cell\} ipython3\n(.*?)^```$", SOURCE, re.M | re.S
    )
)


def unknown_names(code):
    """Return the names that a piece of code uses and nowhere makes."""
    used, made = set(), set(dir(builtins))
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            made.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
    return used - made


def test_the_first_cell_makes_the_others_start_from_nothing():
    first, *others = CELLS
    hidden, code = first.split("\n", 1)
    assert hidden == ":tags: [remove-cell]"
    assert "each_cell_alone()" in code.splitlines()
    assert len(others) == len(RECIPES)  # each has a heading and one paragraph


def test_there_are_enough():
    assert len(RECIPES) >= 35


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_is_short_and_has_all_it_needs(title):
    code = RECIPES[title]
    assert len(code.strip().splitlines()) < 15
    assert max(map(len, code.splitlines())) <= 100
    assert not unknown_names(code)


def test_a_missing_name_would_be_noticed():
    code = """
    import torch
    def f(a):
        return a + b + torch.x
    print(f(1), c)
    """
    assert unknown_names(textwrap.dedent(code)) == {"b", "c"}
