"""The ways to run, take and copy a page, under its title."""

from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx

from torchbook_site.address import NOTEBOOK_BRANCH, repository_of
from torchbook_site.resolve.exercises import CHAPTERS
from torchbook_site.resolve.report import run_of

FOLDER = "notebooks"  # in the site: notebooks and scripts


def settings_of(app: Sphinx, page: str) -> dict[str, Any] | None:
    """Return what the front matter of a page that runs says under `torchbook`, else None."""
    text = app.env.metadata.get(page, {}).get("torchbook")
    return json.loads(text) if text and run_of(app.env, page) else None


def notebook_name(page: str) -> str:
    """Return the name of a page's notebook: a chapter and its solutions need one each."""
    folder, *rest = page.split("/")
    return "_".join(rest) or folder


def launch_links(app: Sphinx, page: str) -> dict[str, str]:
    """Return where a chapter can be run and had, by name."""
    name = notebook_name(page)
    file = f"{repository_of(app.config)}/blob/{NOTEBOOK_BRANCH}/{name}.ipynb"
    return {
        "Colab": "https://colab.research.google.com/github/"
        f"{app.config.torchbook_repository}/blob/{NOTEBOOK_BRANCH}/{name}.ipynb",
        "Kaggle": f"https://www.kaggle.com/kernels/welcome?src={quote(file, safe='')}",
    }


def offer(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the ways to run, take and copy a page under its title."""
    title = next(doctree.findall(nodes.title), None)
    if title is None or docname == app.config.root_doc:
        return
    base = "../" * docname.count("/")
    parts = []
    if settings_of(app, docname) is not None:
        name = notebook_name(docname)
        parts = [
            f'<a href="{escape(url)}">Open in {where}</a>'
            for where, url in launch_links(app, docname).items()
        ]
        parts += [
            f'<a href="{base}{FOLDER}/{name}.{ending}" download>{what}</a>'
            for ending, what in (("ipynb", "Notebook"), ("py", "Script"))
        ]
    markdown = f"{base}{docname}.md"
    parts.append(
        f'<tb-copy-page href="{markdown}"><a href="{markdown}">Copy page as Markdown</a>'
        "</tb-copy-page>"
    )
    if docname.startswith(CHAPTERS):
        parts.append("<tb-predict></tb-predict>")  # what the cells show can be covered
    bar = nodes.raw(
        "",
        f'<nav class="tb-launch" aria-label="Run or take this page">{" ".join(parts)}</nav>',
        format="html",
    )
    place = title.parent.index(title) + 1
    after = title.parent[place] if place < len(title.parent) else None
    if isinstance(after, nodes.paragraph) and "tb-strip" in after["classes"]:
        place += 1
    title.parent.insert(place, bar)
