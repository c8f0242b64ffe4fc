"""Check cells: a cell with the tag `check` states the claims of a chapter and keeps its numbers.

Readers see each claim as one line. They see no code, and their notebooks leave the cell out.
`torchbook.book.claims.describe` in such a cell says what the picture in the cell before shows.
"""

from __future__ import annotations

import re
from html import unescape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

TAG = "check"
ALT = re.compile(r'<p class="tb-alt">(.*)</p>\s*', re.S)


def describe_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Move the alt texts in check cells to the pictures in the cells before them."""
    for cell in list(doctree.findall(is_check_cell)):
        for raw in list(cell.findall(nodes.raw)):
            if found := ALT.fullmatch(raw.astext()):
                for image in _cell_before(cell).findall(nodes.image):
                    image["alt"] = unescape(found[1])
                output = raw.parent  # the same output as HTML and as text
                output.parent.remove(output)


def _cell_before(cell: nodes.Element) -> nodes.Element:
    """Return what stands before a check cell and those directly before it."""
    siblings = cell.parent.children[: cell.parent.index(cell)]
    return next((node for node in reversed(siblings) if not is_check_cell(node)), nodes.container())


def show_claims_only(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Leave of each check cell the lines of its claims."""
    for cell in list(doctree.findall(is_check_cell)):
        claims = [raw for raw in cell.findall(nodes.raw) if "tb-claim" in raw.astext()]
        outputs = next((child for child in cell if "cell_output" in child["classes"]), [])
        if len(claims) < len([part for part in outputs if part.astext().strip()]):
            logger.warning(
                "a check cell shows more than claims; only a visible cell may print or draw",
                location=cell,
                type="torchbook",
                subtype="check",
            )
        if claims:
            cell.replace_self(nodes.container("", *claims, classes=["tb-claims"]))
        else:
            cell.parent.remove(cell)


def is_check_cell(node: nodes.Node) -> bool:
    """Return whether a node is a check cell."""
    return isinstance(node, nodes.container) and f"tag_{TAG}" in node["classes"]
