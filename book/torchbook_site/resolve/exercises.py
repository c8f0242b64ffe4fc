"""Exercises: numbered by their labels, each on a card with the cell to type in and the solution.

They have the numbers that their checks and solutions know them by: 03-8, not 39.
"""

from __future__ import annotations

import hashlib
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import exercise_subtitle, is_exercise_node

from torchbook_site.notes import notes
from torchbook_site.resolve.checks import is_check_cell
from torchbook_site.resolve.folds import fold

CHAPTERS, SOLUTIONS = "chapters/", "book/solutions/"


def number_of(label: str) -> str:
    """Return the number of an exercise, by its label: "03-8" of "ex-03-8"."""
    return label.removeprefix("ex-")


def number_by_label(app: Sphinx, builder: Builder) -> None:
    """Replace the running numbers through the book by those in the labels.

    Only now: from the running numbers Sphinx finds out on which pages any have changed.
    """
    for figures in app.env.toc_fignumbers.values():
        for label in figures.get("exercise", {}):
            figures["exercise"][label] = (number_of(label),)


def note_solutions(app: Sphinx, doctree: nodes.document) -> None:
    """Note a digest of a page of solutions."""
    if app.env.docname.startswith(SOLUTIONS):
        digest = hashlib.sha256(str(doctree).encode()).hexdigest()
        notes(app.env, "solutions")[app.env.docname] = digest


def chapters_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the chapters that show solutions which have changed since they were written."""
    now, then = dict(notes(env, "solutions")), getattr(env, "torchbook_solutions_shown", {})
    env.torchbook_solutions_shown = now
    changed = [page for page in now if now[page] != then.get(page)]
    chapters = [CHAPTERS + page.removeprefix(SOLUTIONS) for page in changed]
    return sorted(env.found_docs.intersection(chapters))


class LayOutExercises(SphinxPostTransform):
    """Make a card of each exercise: the task, the cell where readers answer, the folded solution.

    The solution comes from the page of solutions.
    """

    default_priority = 1  # first: the references in a solution are still to be resolved

    def run(self, **kwargs: Any) -> None:
        """Do so on a chapter."""
        page = self.env.docname.replace(CHAPTERS, SOLUTIONS, 1)
        if page == self.env.docname:
            return
        sections = {}
        if page in self.env.found_docs:
            found = self.env.get_doctree(page).findall(nodes.section)
            sections = {section[0].astext().partition(":")[0]: section for section in found}
        for exercise in list(self.document.findall(is_exercise_node)):
            _simplify(exercise)
            cell = exercise.next_node(descend=False, siblings=True)
            parent, place = exercise.parent, exercise.parent.index(exercise)
            card = nodes.container("", exercise, classes=["tb-exercise"])
            if isinstance(cell, nodes.container) and "tag_skip-execution" in cell["classes"]:
                parent.remove(cell)
                card += cell
            if section := sections.get(number_of(exercise["label"])):
                title, classes = "Show the solution", ["tb-solution"]
                solution = fold("", *_parts(section), title=title, classes=classes)
                for reference in solution.findall(addnodes.pending_xref):
                    reference["refdoc"] = self.env.docname
                card += solution
            parent[place] = card


def _simplify(exercise: nodes.Element) -> None:
    """Take the brackets from around a title, and the section from around the text."""
    title, text = exercise.children
    if isinstance(title[-1], exercise_subtitle):
        title.replace_self(nodes.title("", "", *title[-1].children))
    exercise[1:] = text.children


def _parts(section: nodes.section) -> list[nodes.Node]:
    """Return what a solution says, and its cells as plain code."""
    parts: list[nodes.Node] = []
    for node in section.deepcopy().children[1:]:
        if is_check_cell(node):
            continue
        if node.get("nb_element") == "cell_code":
            code = next(node.findall(nodes.literal_block))
            parts.append(nodes.literal_block(code.rawsource, code.astext(), language="python"))
        else:
            parts.append(node)
        for element in parts[-1].findall(nodes.Element):
            element["ids"], element["names"] = [], []
    return parts
