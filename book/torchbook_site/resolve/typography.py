"""What stays together on a line, and how numbers stand in tables."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

CODE = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)
# A word with a hyphen is parted there, which is no good in 1e-6, 2026-11-30, T-shirt or UTF-8: a
# part of one character, or one with a digit, does not stand alone.
HYPHENATED = re.compile(r"[\w.=]*\w(?:-\w[\w.]*)+")
LONGEST = 18  # characters that stay together, so that a narrow column has room for them
PARTS_OF_WHOLE = re.compile(r"\w|.*\d.*")
NUMBER = re.compile(
    r"[+\-−±~≈<>]?\s?\d[\d,.]*(?:e[+\-−]?\d+)?\s?(?:%|×|[kMGTµm]?(?:B|s|Hz)|[kKMG]|points?|min|h)?"
)
SHORT_CELL = 14  # characters


def bind_percent(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep a number and its per cent sign on one line."""
    for text in list(doctree.findall(nodes.Text)):
        if " %" in text and not isinstance(text.parent, nodes.literal | nodes.literal_block):
            text.parent.replace(text, nodes.Text(text.replace(" %", "\N{NO-BREAK SPACE}%")))


def keep_whole(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep numbers, dates and names with a hyphen on one line."""
    for element in list(doctree.findall(nodes.TextElement)):
        if not isinstance(element, CODE):
            element[:] = [part for child in element for part in _parts(child)]


def _parts(node: nodes.Node) -> list[nodes.Node]:
    """Return a text in parts, of which those that stay together are marked; or a node as it is."""
    if not isinstance(node, nodes.Text):
        return [node]
    parts: list[nodes.Node] = []
    end = 0
    for match in HYPHENATED.finditer(node):
        pieces = match[0].split("-")
        if len(match[0]) <= LONGEST and any(map(PARTS_OF_WHOLE.fullmatch, pieces)):
            parts.append(nodes.Text(node[end : match.start()]))
            parts.append(nodes.inline("", match[0], classes=["tb-whole"]))
            end = match.end()
    return [*parts, nodes.Text(node[end:])] if parts else [node]


def align_numbers(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put columns of numbers at the right of tables, and keep what is short on one line."""
    for table in doctree.findall(nodes.table):
        rows = [list(row.findall(nodes.entry)) for row in table.findall(nodes.row)]
        if len({len(row) for row in rows}) > 1:
            continue  # cells that span others
        n_heads = sum(len(head.children) for head in table.findall(nodes.thead))
        for column in list(zip(*rows, strict=True))[1:]:
            cells = column[n_heads:]
            texts = [cell.astext().strip() for cell in cells]
            if any(texts) and all(NUMBER.fullmatch(text) for text in texts if text):
                for cell in column:
                    cell["classes"].append("tb-number-cell")
            else:
                for cell, text in zip(cells, texts, strict=True):
                    if len(text) <= SHORT_CELL and any(map(str.isdigit, text)):
                        cell["classes"].append("tb-whole")
