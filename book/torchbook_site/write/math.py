"""Write formulas as MathML, which browsers draw themselves: no script, no font, no waiting."""

from __future__ import annotations

import re

import latex2mathml.converter
from docutils import nodes
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


def _mathml(node: nodes.Element, display: str) -> str:
    latex = node.astext().strip()
    try:
        mathml = latex2mathml.converter.convert(latex, display=display)
        # What it doesn't know it passes on as text, a backslash and all: that must not be printed.
        unknown = re.search(r"\\[a-zA-Z]+|&(?!#?\w+;)", mathml)
        if unknown:
            raise ValueError(f"{unknown[0]} cannot be drawn")
    except Exception as error:
        logger.warning("formula %r: %r", latex, error, location=node, type="math")
        return ""
    return mathml


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in running text."""
    self.body.append(_mathml(node, "inline"))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, with its number."""
    identifier = f' id="{node["ids"][0]}"' if node["ids"] else ""
    # scrolling.js takes the stop for Tab and the name from a formula that fits.
    stop = ' tabindex="0" role="group" aria-label="Formula"'
    self.body.append(f'<div class="tb-math"{identifier}{stop}>')
    self.body.append(_mathml(node, "block"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({node["number"]})</span>')
    self.body.append("</div>")
    raise nodes.SkipNode
