"""Folded boxes, for what only a curious reader needs: a title, and below it text and cells.

The directive `fold` holds text. Cells run only outside directives: a box with cells stands between
`fold-start`, with the title, and `fold-end`.
"""

from __future__ import annotations

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


class fold(nodes.General, nodes.Element):
    """A folded box with a `title`."""


class fold_start(nodes.General, nodes.Element):
    """The beginning of a folded box with cells."""


class fold_end(nodes.General, nodes.Element):
    """The end of a folded box with cells."""


class Fold(SphinxDirective):
    """The directive `fold`."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the box with its text."""
        return [fold("", *self.parse_content_to_nodes(), title=self.arguments[0])]


class FoldStart(SphinxDirective):
    """The directive `fold-start`."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return a mark."""
        node = fold_start(title=self.arguments[0])
        self.set_source_info(node)
        return [node]


class FoldEnd(SphinxDirective):
    """The directive `fold-end`."""

    def run(self) -> list[nodes.Node]:
        """Return a mark."""
        node = fold_end()
        self.set_source_info(node)
        return [node]


def gather(app: Sphinx, doctree: nodes.document) -> None:
    """Put what stands between two marks into a box."""
    for start in list(doctree.findall(fold_start)):
        following = start.parent.children[start.parent.index(start) + 1 :]
        ends = [n for n, node in enumerate(following) if isinstance(node, fold_end | fold_start)]
        if not ends or isinstance(following[ends[0]], fold_start):
            _warn(start, f"the box {start['title']!r} has no fold-end in its section")
            start.parent.remove(start)
            continue
        inside, end = following[: ends[0]], following[ends[0]]
        for node in (*inside, end):
            start.parent.remove(node)
        start.replace_self(fold("", *inside, title=start["title"]))
    for end in list(doctree.findall(fold_end)):
        _warn(end, "this fold-end has no fold-start in its section")
        end.parent.remove(end)


def _warn(node: nodes.Element, message: str) -> None:
    logger.warning(message, location=node, type="torchbook", subtype="fold")


def visit_fold(self: HTML5Translator, node: fold) -> None:
    """Open a box."""
    classes = " ".join(["tb-fold", *node["classes"]])
    self.body.append(f'<details class="{classes}"><summary>{escape(node["title"])}</summary>\n')


def depart_fold(self: HTML5Translator, node: fold) -> None:
    """Close a box."""
    self.body.append("</details>\n")
