"""Loose ends between Jupyter Book, MyST-NB and what the book asks of a page."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.builders.html._assets import _CascadingStyleSheet
from sphinx.writers.html5 import HTML5Translator

from torchbook_site.resolve.progress import say_what_comes_next
from torchbook_site.write.head import describe
from torchbook_site.write.images import size_images
from torchbook_site.write.notebooks import write_other_forms
from torchbook_site.write.paper import mark_repeated_links
from torchbook_site.write.repository import lead_to_repository
from torchbook_site.write.scripts import choose_scripts
from torchbook_site.write.search import save_records
from torchbook_site.write.ways import show_ways

SHEET = "site.css"  # the one stylesheet of all pages; the finishing pass makes it

# A custom element, whose script is book/static/figures/NAME.js.
INTERACTIVE = re.compile(r"<tb-([a-z-]+)[\s>]")

# A list of contents within a page, as docutils writes it.
CONTENTS = re.compile(r'(<nav class="contents local")([^>]*>\s*<p class="topic-title">)([^<]*)')
# The theme lets wide tables scroll; scrolling.js takes the stop for Tab from those that fit.
TABLE = '<div class="pst-scrollable-table-container">'
SHOW_CODE = "<span>Show</span><span>Hide</span> the code"
# The number of a chapter or a section, at the beginning of its title.
NUMBERED = re.compile(r"(<h[12]>)(\d+)\. ")


def visit_hidden(self: HTML5Translator, node: HideCodeCellNode) -> None:
    """Open a folded cell, as the other folded boxes look."""
    self.body.append(f'<details class="tb-fold"><summary>{SHOW_CODE}</summary>\n')


def depart_hidden(self: HTML5Translator, node: HideCodeCellNode) -> None:
    """Close a folded cell."""
    self.body.append("</details>\n")


def complete_page(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Complete a page just before its template is filled in, and write its other forms."""
    body = finished_body(app, pagename, context.get("body") or "")
    if body:
        context["body"] = body
    app.add_js_file("search.js", type="module")
    for name in sorted(set(INTERACTIVE.findall(body))):
        app.add_js_file(f"figures/{name}.js", type="module")
    if 'class="tb-gloss' in body:
        app.add_js_file("terms.js", type="module")
    say_what_comes_next(app, pagename, context)
    show_ways(app, pagename, context)
    describe(app, pagename, context, doctree)
    lead_to_repository(app, pagename, context)
    choose_scripts(context, body)
    context["css_files"] = [_CascadingStyleSheet(f"_static/{SHEET}")]
    if doctree is not None:
        write_other_forms(app, pagename, doctree)
        save_records(app, pagename, doctree)


def finished_body(app: Sphinx, pagename: str, body: str) -> str:
    """Return the HTML of a page's article as readers get it."""
    body = size_images(app, pagename, body)
    body = body.replace(TABLE, f'{TABLE[:-1]} tabindex="0" role="group" aria-label="Table">')
    body = mark_repeated_links(body)
    body = NUMBERED.sub(r'\1<span class="tb-number">\2<i>.</i></span> ', body)
    # Screen readers list the ways through a page by their names.
    return CONTENTS.sub(r'\1 aria-label="\3"\2\3', body)
