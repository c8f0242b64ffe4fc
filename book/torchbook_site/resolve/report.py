"""What the run says of itself: a chapter's strip, the tables of chapters and of claims, `minutes`.

Nothing here is written by hand. Times, devices and claims come from the executed notebooks.
"""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from torchbook_site.notes import QUOTES, notes
from torchbook_site.read.execution import (
    RUN_KEY,
    ChapterCache,
    accelerator_name,
    installed_versions,
)

WORDS_PER_MINUTE = 200  # slow enough for a text with code in it
WORDS_KEY = "torchbook_words"  # in a page's metadata
LETTERS = 100  # in a line of a table, shared out between its columns
PADDING = 4  # of a cell, in letters


class report_placeholder(nodes.General, nodes.Element):
    """Stands where the build report goes until all chapters have been read."""


class needs_placeholder(nodes.General, nodes.Element):
    """Stands where the table of what each chapter needs goes until all have been read."""


class minutes_placeholder(nodes.Inline, nodes.TextElement):
    """Stands where the time to read a page goes until that page has been read."""


class BuildReport(SphinxDirective):
    """The directive `build-report`: chapters, claims and versions of this build."""

    def run(self) -> list[nodes.Node]:
        """Leave a placeholder, and have the page written in every build."""
        notes(self.env, QUOTES)[self.env.docname] = True
        return [report_placeholder()]


class ChapterNeeds(SphinxDirective):
    """The directive `chapter-needs`: what each chapter builds on, takes and brings."""

    def run(self) -> list[nodes.Node]:
        """Leave a placeholder, and have the page written in every build."""
        notes(self.env, QUOTES)[self.env.docname] = True
        return [needs_placeholder()]


class Minutes(SphinxRole):
    """The role `minutes`: how long it takes to read a page, named as in the table of contents."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave a placeholder: the page may not have been read yet."""
        notes(self.env, QUOTES).setdefault(self.env.docname, False)
        return [minutes_placeholder(page=self.text)], []


def run_of(env: BuildEnvironment, docname: str) -> dict[str, Any] | None:
    """Return when, where and how long a page's cells ran, or None if it has no run."""
    text = env.metadata.get(docname, {}).get(RUN_KEY)
    return json.loads(text) if text else None


def chapters(env: BuildEnvironment) -> list[str]:
    """Return the executed pages, in the order of the names."""
    return sorted(docname for docname in env.found_docs if run_of(env, docname))


def claims_of(env: BuildEnvironment, docname: str) -> list[dict[str, Any]]:
    """Return the claims that a chapter's run made, in order."""
    path = Path(env.mystnb_config.output_folder, f"{docname}.glue.json")
    if not path.is_file():
        return []
    outputs = json.loads(path.read_text(encoding="utf-8")).values()
    return [
        output["metadata"]["torchbook_claim"]
        for output in outputs
        if "torchbook_claim" in output["metadata"]
    ]


def count_words(app: Sphinx, doctree: nodes.document) -> None:
    """Note how many words a page has."""
    words = sum(len(p.astext().split()) for p in doctree.findall(nodes.paragraph))
    app.env.metadata[app.env.docname][WORDS_KEY] = words


def minutes_to_read(env: BuildEnvironment, docname: str) -> int:
    """Return how long a page takes to read, its code aside.

    Raises:
        KeyError: if there is no such page.
    """
    return max(1, round(env.metadata[docname][WORDS_KEY] / WORDS_PER_MINUTE))


def fill_in(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the report, the minutes, and the strip of facts under a chapter's title."""
    for placeholder in list(doctree.findall(report_placeholder)):
        placeholder.replace_self(_report(app, docname))
    for placeholder in list(doctree.findall(needs_placeholder)):
        placeholder.replace_self(_needs(app, docname))
    for placeholder in list(doctree.findall(minutes_placeholder)):
        text = f"{minutes_to_read(app.env, placeholder['page'])} min"
        placeholder.replace_self(nodes.inline("", text, classes=["tb-minutes"]))
    if "torchbook" in app.env.metadata.get(docname, {}) and run_of(app.env, docname):
        title = next(doctree.findall(nodes.title))
        title.parent.insert(title.parent.index(title) + 1, _strip(app, docname))


def _strip(app: Sphinx, docname: str) -> nodes.Element:
    minutes, run = minutes_to_read(app.env, docname), run_of(app.env, docname)
    facts: list[tuple[str, str | list[nodes.Node]]] = [
        ("Reading", f"about {minutes} minute{'s' if minutes > 1 else ''}"),
        ("Running", f"{run['seconds']:.0f} s on {run['device']}"),
        ("Data", _settings(app.env, docname)["data"]),
    ]
    if earlier := _links_to_needed(app, docname, docname):
        facts.append(("Builds on", earlier))
    strip = nodes.paragraph(classes=["tb-strip"])
    for name, value in facts:
        content = [nodes.Text(value)] if isinstance(value, str) else value
        strip += nodes.inline("", "", nodes.strong(text=name), nodes.Text(" "), *content)
        strip += nodes.Text(" ")
    return strip


def _settings(env: BuildEnvironment, docname: str) -> dict[str, Any]:
    return json.loads(env.metadata[docname]["torchbook"])


def _links_to_needed(
    app: Sphinx, source: str, chapter: str, by_number: bool = False
) -> list[nodes.Node]:
    """Return links from a page to the chapters that a chapter builds on, with commas between."""
    folder = chapter.rpartition("/")[0]
    linked: list[nodes.Node] = []
    for name in _settings(app.env, chapter)["needs"]:
        needed = f"{folder}/{name}".lstrip("/")
        if needed not in app.env.found_docs:
            raise ValueError(f"{chapter} needs {name!r}, but there is no such chapter")
        if linked:
            linked.append(nodes.Text(", "))
        link = _link(app, source, needed, short=True)
        linked.append(link)
        number, dot, _ = link.astext().partition(". ")
        if by_number and dot:
            link[:] = [nodes.Text(number)]
    return linked


def _needs(app: Sphinx, docname: str) -> nodes.container:
    env = app.env
    rows = []
    for name in env.toctree_includes.get(env.config.root_doc, []):
        run = run_of(env, name)
        if run is None or "torchbook" not in env.metadata[name]:
            continue
        settings = _settings(env, name)
        rows.append(
            [
                _link(app, docname, name, short=True),
                nodes.inline("", "", *_links_to_needed(app, docname, name, by_number=True)),
                f"{minutes_to_read(env, name)} min",
                f"{run['seconds']:.0f} s",
                settings["data"],
                ", ".join(settings.get("extras", [])),
                "helps" if settings.get("gpu") else "not needed",
            ]
        )
    return table(["chapter", "builds on", "reading", "running", "data", "extras", "GPU"], rows)


def _report(app: Sphinx, docname: str) -> list[nodes.Node]:
    env = app.env
    run_rows, claim_rows = [], []
    for name in chapters(env):
        run, link = run_of(env, name), _link(app, docname, name)
        how = "ran" if run["build"] == ChapterCache.build else "from the cache"
        run_rows.append([link, run["device"], f"{run['seconds']:.1f}", _time(run["date"]), how])
        for claim in claims_of(env, name):
            claim_rows.append(
                [
                    _link(app, docname, name, short=True),
                    claim["lesson"],
                    claim["value"],
                    claim["bound"],
                    claim["device"],
                    f"{claim['seconds']:.1f}",
                    claim["date"].partition("T")[0],
                ]
            )
    versions = {"Python": platform.python_version()}
    versions |= installed_versions(Path(app.srcdir, app.config.torchbook_requirements))
    machine = {
        "accelerator": accelerator_name(),
        "processor": platform.machine(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
    }
    return [
        _section(
            "Chapters",
            ["chapter", "device", "seconds", "run at (UTC)", "in this build"],
            run_rows,
        ),
        _section(
            "Claims",
            ["chapter", "claim", "value", "bound", "device", "reached after s", "date (UTC)"],
            claim_rows,
        ),
        _section("Machine", ["what", "this build"], [list(row) for row in machine.items()]),
        _section("Versions", ["library", "version"], [list(row) for row in versions.items()]),
    ]


def _time(date: str) -> str:
    return date.replace("T", " ").removesuffix("+00:00")


def _link(app: Sphinx, source: str, target: str, short: bool = False) -> nodes.reference:
    title = app.env.titles[target].astext()
    if short:  # "03. Computer vision: a network ..." is in a narrow column
        title = title.split(":")[0]
    uri = app.builder.get_relative_uri(source, target)
    return nodes.reference("", title, refuri=uri, internal=True)


def _section(title: str, header: list[str], rows: list[list[Any]]) -> nodes.section:
    section = nodes.section(ids=[title.lower()], names=[title.lower()])
    section += nodes.title(text=title)
    section += table(header, rows)
    return section


def table(header: list[str], rows: list[list[Any]]) -> nodes.container:
    """Return a table; a cell is text or a node.

    A wide table scrolls by itself, and by keyboard, instead of making the page scroll. Its columns
    have their widths from the start: a browser draws the first rows before the last ones have come.
    """
    table = nodes.table(classes=["tb-report", "colwidths-given"])
    group = nodes.tgroup(cols=len(header))
    body_rows = [_row(row) for row in rows]
    for name, *cells in zip(header, *body_rows, strict=True):
        letters = max((len(cell.astext()) for cell in cells), default=0)
        word = max(len(word) for word in name.split())
        group += nodes.colspec(colwidth=max(word, min(letters, LETTERS // len(header))) + PADDING)
    head, body = nodes.thead(), nodes.tbody()
    head += _row(header)
    body += body_rows
    group += [head, body]
    table += group
    box = nodes.container(classes=["tb-scroll"])
    box += table
    return box


def _row(cells: list[Any]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        paragraph = nodes.paragraph()
        paragraph += cell if isinstance(cell, nodes.Node) else nodes.Text(str(cell))
        row += nodes.entry("", paragraph)
    return row
