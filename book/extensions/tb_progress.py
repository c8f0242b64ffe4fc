"""What comes next, and the list of contents from which a reader's browser keeps the place.

The list goes into one small file, so that pages need not carry it.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_exercise.nodes import is_exercise_node
from tb_report import minutes_to_read

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
    }


def _collect(app: Sphinx, env: BuildEnvironment) -> list[str]:
    app.torchbook_contents = [describe(env, name) for name in chapters_in_order(env)]
    return []


def _add_to_page(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Name what comes next at the foot of a chapter, and load its scripts."""
    names = [chapter["page"] for chapter in app.torchbook_contents]
    if pagename not in names:
        return
    app.add_js_file("reading.js", type="module")
    app.add_js_file("returning.js", type="module")
    link = (context.get("next") or {}).get("link")
    following = [
        chapter
        for chapter in app.torchbook_contents
        if app.builder.get_relative_uri(pagename, chapter["page"]) == link
    ]
    solutions = f"book/solutions/{pagename.removeprefix(CHAPTERS)}"
    context["tb_next"] = following[0] if following else None
    context["tb_brings"] = app.torchbook_brings.get(following[0]["page"]) if following else None
    context["tb_solutions"] = solutions if solutions in app.env.found_docs else None


def _call_it_a_chapter(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Name a chapter's body for the styles: a long page is laid out as one reads."""
    if docname.startswith(CHAPTERS):
        next(doctree.findall(nodes.section))["classes"].append("tb-chapter")


def _write_contents(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        text = json.dumps({"chapters": app.torchbook_contents}, ensure_ascii=False)
        Path(app.outdir, "_static", "contents.json").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.torchbook_contents = []
    app.torchbook_brings = tomllib.loads(BRINGS.read_text(encoding="utf-8"))
    app.connect("env-updated", _collect)
    app.connect("doctree-resolved", _call_it_a_chapter)
    app.connect("html-page-context", _add_to_page)
    app.connect("build-finished", _write_contents)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
