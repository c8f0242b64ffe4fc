"""Chapters keep to their form: plain PyTorch in small cells, claims out of sight, captions."""

import ast
import re
from collections import Counter
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
PART = re.compile(  # what can show a figure
    r"^```\{code-cell\}.*?^```$|^```\{glue:\} \S+\n```$|^<(tb-[\w-]+|figure)\b.*?^</\1>$",
    re.M | re.S,
)
DRAWS = re.compile(r"^(?:plt\.show\(\)|(?:\w+ = )?(?:show|plots\.\w+)\(.*\)|figure)$", re.M)
CAPTION = re.compile(r":::\{caption\} (?P<name>[a-z0-9-]+)\n(?P<text>\S.*)\n:::")
PAGES = [*(ROOT / "chapters").glob("*.md"), *(ROOT / "book").rglob("*.md")]
QUOTED = {  # numbers and figures, each quoted on its own page or on another
    name
    for page in PAGES
    for name in re.findall(r"\{glue:\w*\} ?`?(?:[\w./]+::)?(\w+)", page.read_text(encoding="utf-8"))
}
ANSWER = re.compile(r"^- \[(?P<mark>[ x])\] \S.*\n\n(?P<reason>  \S.*\n)", re.M)


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

    def test_boxes_with_cells_begin_and_end(self, path):
        text = path.read_text(encoding="utf-8")
        marks = re.findall(r"^:::\{fold-(start|end)\}.*\n(.*)$", text, re.M)
        assert [kind for kind, _ in marks] == ["start", "end"] * (len(marks) // 2)
        assert all(closing == ":::" for _, closing in marks)

    def test_every_number_for_the_prose_is_quoted(self, path):
        text = path.read_text(encoding="utf-8")
        kept = re.findall(r'^ *glue\("(\w+)", ', text, re.M)
        assert [name for name in kept if name not in QUOTED] == []

    def test_cells_are_short(self, path):
        for tags, code in visible_cells(path):
            body = tree_of(code).body
            is_class = any(isinstance(node, ast.ClassDef) for node in body)
            is_file = WHOLE_FILE.match(code)
            if not is_class and not is_file and "hide-input" not in tags:
                assert len(code.splitlines()) <= MAX_LINES, code

    def test_numbers_for_the_prose_have_names_of_their_own(self, path):
        names = []
        for found in CELL.finditer(path.read_text(encoding="utf-8")):
            for node in tree_of(found["code"]).body:  # not those in branches: only one of them runs
                match node:
                    case ast.Expr(ast.Call(ast.Name("claim" | "glue"), [ast.Constant(name), *_])):
                        names.append(name)
        assert [name for name, n in Counter(names).items() if n > 1] == []

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


def tags_of(cell):
    """Return the tags of a cell, among other words of its options."""
    return set(re.findall(r"[\w-]+", CELL.match(cell)["options"]))


def shows_figure(part):
    """Say whether a part of a chapter shows a figure."""
    if part.startswith("```{code-cell}"):
        hidden = tags_of(part) & {"check", "remove-cell", "remove-output", "skip-execution"}
        return not hidden and bool(DRAWS.search(part))
    return True


def figures_without_caption(text):
    """Return the first line of each figure without a caption directly after it or its checks.

    A figure that is glued has its caption where the glue shows it.
    """
    glued = re.findall(r"^```\{glue:\} (\S+)$", text, re.M)

    def without_checks(cell):
        if "check" not in tags_of(cell[0]):
            return cell[0]
        return ":::{caption}" if any(f'glue("{name}", ' in cell[0] for name in glued) else ""

    text = CELL.sub(without_checks, text)
    missing = []
    for part in PART.finditer(text):
        has_caption = text[part.end() :].lstrip().startswith(":::{caption}")
        if shows_figure(part[0]) and not has_caption:
            missing.append(part[0].partition("\n")[0])
    return missing


def test_a_figure_is_missed_unless_its_caption_follows():
    draws = "```{code-cell} ipython3\nplt.show()\n```\n\n"
    check = "```{code-cell} ipython3\n:tags: [check]\n\ndescribe(figure, alt)\n```\n\n"
    caption = ":::{caption} one\nLook.\n:::\n\n"
    assert figures_without_caption(draws + check + caption) == []
    assert len(figures_without_caption(draws + check + "Some text.\n\n" + caption)) == 1
    assert len(figures_without_caption(draws + draws + caption)) == 1
    assert figures_without_caption("<figure>\n<svg></svg>\n</figure>\n\n") == ["<figure>"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
class TestWords:
    """The captions and the questions of a chapter."""

    def test_each_figure_has_a_caption_with_a_name_of_its_own(self, path):
        text = path.read_text(encoding="utf-8")
        assert figures_without_caption(text) == []
        names = [found["name"] for found in CAPTION.finditer(text)]
        assert len(names) == text.count(":::{caption}") == len(set(names))
        assert set(re.findall(r"\{fig\}`([^`]*)`", text)) <= set(names)

    def test_quick_questions_stand_before_the_recipe(self, path):
        text = path.read_text(encoding="utf-8")
        titles = ["What to remember", "Quick questions", "The whole recipe"]
        headings = re.findall(r"^## (.+)$", text, re.M)
        place = headings.index(titles[0])
        assert headings[place : place + 3] == titles
        section = text.partition("## Quick questions\n")[2].partition("\n## ")[0]
        assert 3 <= section.count(":::{question}") == text.count(":::{question}") <= 5

    def test_each_question_has_one_right_answer_and_a_reason_for_every_one(self, path):
        places = set()
        text = path.read_text(encoding="utf-8")
        for answers in re.findall(r"^:::\{question\} \S[^\n]*\n(.*?)^:::$", text, re.M | re.S):
            marks = [found["mark"] for found in ANSWER.finditer(answers)]
            assert len(marks) == len(re.findall(r"^- ", answers, re.M)) >= 3, answers
            assert marks.count("x") == 1, answers
            places.add(marks.index("x"))
        assert len(places) > 1  # the right answer is not always in the same place
