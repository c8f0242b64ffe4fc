"""What the run says of itself: the strip under a chapter's title, and the build report.

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
from sphinx.util.docutils import SphinxDirective
from tb_execution import BUILD_ID, RUN_KEY, accelerator_name, installed_versions

WORDS_PER_MINUTE = 200  # slow enough for a text with code in it


class report_placeholder(nodes.General, nodes.Element):
    """Stands where the build report goes until all chapters have been read."""


class BuildReport(SphinxDirective):
    """The directive `build-report`: chapters, claims and versions of this build."""

    def run(self) -> list[nodes.Node]:
        """Leave a placeholder and remember the page, which is written anew in every build."""
        if not hasattr(self.env, "torchbook_report_pages"):
            self.env.torchbook_report_pages = set()
        self.env.torchbook_report_pages.add(self.env.docname)
        return [report_placeholder()]


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


def _pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    return [name for name in getattr(env, "torchbook_report_pages", ()) if name in env.found_docs]


def _fill_in(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for placeholder in list(doctree.findall(report_placeholder)):
        placeholder.replace_self(_report(app, docname))
    settings = app.env.metadata.get(docname, {}).get("torchbook")
    run = run_of(app.env, docname)
    if settings and run:
        # As it was read: resolved it has other words, and the next page's footer says it too.
        minutes = reading_minutes(app.env.get_doctree(docname))
        title = next(doctree.findall(nodes.title))
        title.parent.insert(
            title.parent.index(title) + 1, _strip(minutes, json.loads(settings), run)
        )


def reading_minutes(doctree: nodes.document) -> int:
    """Return about how long a page takes to read, its code left aside."""
    words = sum(len(p.astext().split()) for p in doctree.findall(nodes.paragraph))
    return max(1, round(words / WORDS_PER_MINUTE))


def _strip(minutes: int, settings: dict[str, Any], run: dict[str, Any]) -> nodes.Element:
    facts = (
        ("Reading", f"about {minutes} minute{'s' if minutes > 1 else ''}"),
        ("Running", f"{run['seconds']:.0f} s on {run['device']}"),
        ("Data", settings["data"]),
    )
    strip = nodes.paragraph(classes=["tb-strip"])
    for name, value in facts:
        strip += nodes.inline("", "", nodes.strong(text=name), nodes.Text(f" {value}"))
        strip += nodes.Text(" ")
    return strip


def _report(app: Sphinx, docname: str) -> list[nodes.Node]:
    env = app.env
    run_rows, claim_rows = [], []
    for name in chapters(env):
        run, link = run_of(env, name), _link(app, docname, name)
        how = "ran" if run["build"] == BUILD_ID else "from the cache"
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
                    _time(claim["date"]),
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
    if short:  # "03. Computer vision: a network ..." stands in a narrow column
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

    A wide table scrolls by itself, and by keyboard, instead of making the page scroll.
    """
    table = nodes.table(classes=["tb-report"])
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=1) for _ in header]
    head, body = nodes.thead(), nodes.tbody()
    head += _row(header)
    body += [_row(row) for row in rows]
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


def _print_summary(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    print("\nChapters")
    for name in chapters(app.env):
        run = run_of(app.env, name)
        how = f"ran on {run['device']}" if run["build"] == BUILD_ID else "from the cache"
        print(f"  {name:<40} {run['seconds']:7.1f} s  {how}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_directive("build-report", BuildReport)
    app.add_node(report_placeholder)
    app.connect("env-updated", _pages_to_write)
    app.connect("doctree-resolved", _fill_in)
    app.connect("build-finished", _print_summary)
    return {"version": "1", "env_version": 1, "parallel_read_safe": False}
