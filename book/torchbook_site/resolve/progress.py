"""What comes next, and the list of contents from which a reader's browser keeps the place.

The list goes into one small file, so that pages need not carry it.
"""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_exercise.nodes import is_exercise_node

from torchbook_site.resolve.questions import question
from torchbook_site.resolve.report import minutes_to_read

CHAPTERS = "chapters/"
BRINGS = Path(__file__).with_name("brings.toml")
EXERCISE_TITLE = re.compile(r"^Exercise\s*(?:%s\s*)?\(?(.*?)\)?$")


def chapters_in_order(env: BuildEnvironment) -> list[str]:
    """Return the chapters in the order of the table of contents."""
    root = env.config.root_doc
    return [name for name in env.toctree_includes.get(root, []) if name.startswith(CHAPTERS)]


def describe(env: BuildEnvironment, docname: str) -> dict[str, Any]:
    """Return what a browser needs to know of a chapter."""
    doctree = env.get_doctree(docname)
    chapter = next(doctree.findall(nodes.section))
    return {
        "page": docname,
        "title": env.titles[docname].astext(),
        "minutes": minutes_to_read(env, docname),
        "sections": [
            {"id": section["ids"][0], "title": section.next_node(nodes.title).astext()}
            for section in chapter.children
            if isinstance(section, nodes.section)
        ],
        "exercises": [
            {
                "id": exercise["ids"][0],
                "title": EXERCISE_TITLE.sub(r"\1", exercise.next_node(nodes.title).astext()),
            }
            for exercise in doctree.findall(is_exercise_node)
        ],
        "questions": [
            {"id": node["ids"][0], "title": node[0].astext()} for node in doctree.findall(question)
        ],
    }


def contents(env: BuildEnvironment) -> list[dict[str, Any]]:
    """Return what a browser needs to know of each chapter, in their order."""
    return [describe(env, name) for name in chapters_in_order(env)]


def say_what_comes_next(app: Sphinx, pagename: str, context: dict[str, Any]) -> None:
    """Name what comes next at the foot of a chapter, and load its scripts."""
    chapters = chapters_in_order(app.env)
    if pagename not in chapters:
        return
    app.add_js_file("reading.js", type="module")
    app.add_js_file("returning.js", type="module")
    following = chapters[chapters.index(pagename) + 1 :][:1]
    solutions = f"book/solutions/{pagename.removeprefix(CHAPTERS)}"
    context["tb_next"] = describe(app.env, following[0]) if following else None
    context["tb_brings"] = _brings().get(following[0]) if following else None
    context["tb_solutions"] = solutions if solutions in app.env.found_docs else None


@functools.cache
def _brings() -> dict[str, str]:
    return tomllib.loads(BRINGS.read_text(encoding="utf-8"))


def call_it_a_chapter(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Name a chapter's body for the styles: the browser lays a long page out as one reads."""
    if docname.startswith(CHAPTERS):
        next(doctree.findall(nodes.section))["classes"].append("tb-chapter")
