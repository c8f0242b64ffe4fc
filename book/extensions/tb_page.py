"""Loose ends between Jupyter Book, MyST-NB and what the book asks of a page."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

# A custom element, whose script is book/static/figures/NAME.js.
INTERACTIVE = re.compile(r"<tb-([a-z-]+)[\s>]")

# What Pygments says of plain names, punctuation and white space.
PLAIN_MARK = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>')


def _visit_hidden(self: HTML5Translator, node: HideCodeCellNode) -> None:
    """Open a folded cell. MyST-NB's own summary is read aloud otherwise than it is written."""
    self.body.append(f'<details class="admonition hide {" ".join(node["classes"])}"><summary>')
    for state in ("collapsed", "expanded"):
        prompt = node["prompt_show" if state == "collapsed" else "prompt_hide"]
        self.body.append(f'<p class="{state} admonition-title">{escape(prompt)}</p>')
    self.body.append("</summary>\n")


def _depart_hidden(self: HTML5Translator, node: HideCodeCellNode) -> None:
    self.body.append("</details>\n")


def _load_figures(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Load the scripts of interactive figures on the pages that hold one."""
    figures = sorted(set(INTERACTIVE.findall(context.get("body") or "")))
    for name in figures:
        app.add_js_file(f"figures/{name}.js", type="module")


def _trim(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Drop the highlighter's marks on names and punctuation, which no style colours."""
    if context.get("body"):
        context["body"] = PLAIN_MARK.sub(r"\1", context["body"])


def _bind_percent(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep a number and its per cent sign on one line."""
    for text in list(doctree.findall(nodes.Text)):
        if " %" in text and not isinstance(text.parent, nodes.literal | nodes.literal_block):
            text.parent.replace(text, nodes.Text(text.replace(" %", "\N{NO-BREAK SPACE}%")))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_node(HideCodeCellNode, override=True, html=(_visit_hidden, _depart_hidden))
    app.connect("html-page-context", _load_figures)
    app.connect("html-page-context", _trim)
    app.connect("doctree-resolved", _bind_percent)
    app.add_css_file("figures/figures.css")
    # Jupyter Book always sets this for sphinx-comments, which the book does not load.
    app.add_config_value("comments_config", {}, "")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
