"""Check cells: a cell with the tag `check` states the claims of a chapter and keeps its numbers.

Readers see each claim as one line. They see no code, and their notebooks leave the cell out.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

TAG = "check"


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
