"""Exercises: numbered by their labels, each with its solution folded beneath it.

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
from sphinx_exercise.nodes import exercise_enumerable_node

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


class FoldSolutions(SphinxPostTransform):
    """Put each exercise's solution, from the page of solutions, into a box beneath it."""

    default_priority = 1  # first: the references in a solution are still to be resolved

    def run(self, **kwargs: Any) -> None:
        """Do so on a chapter."""
        page = self.env.docname.replace(CHAPTERS, SOLUTIONS, 1)
        if page == self.env.docname or page not in self.env.found_docs:
            return
        sections = {
            section[0].astext().partition(":")[0]: section
            for section in self.env.get_doctree(page).findall(nodes.section)
        }
        for exercise in list(self.document.findall(exercise_enumerable_node)):
            section = sections.get(number_of(exercise["label"]))
            if section is not None:
                solution = fold("", *_parts(section), title="Solution", classes=["tb-solution"])
                for reference in solution.findall(addnodes.pending_xref):
                    reference["refdoc"] = self.env.docname
                above = _last_node(exercise)
                above.parent.insert(above.parent.index(above) + 1, solution)


def _last_node(exercise: nodes.Element) -> nodes.Element:
    """Return where an exercise ends: at the cell where readers answer, if it has one."""
    after = exercise.next_node(descend=False, siblings=True)
    is_cell = isinstance(after, nodes.container) and "tag_skip-execution" in after["classes"]
    return after if is_cell else exercise


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
