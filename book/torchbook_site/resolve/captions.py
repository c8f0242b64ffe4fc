"""Captions: the directive `caption` after a figure, and the role `fig`, which leads to it.

Only figures with such a caption have a number: that of the chapter, and their place among the
captioned figures of the page ("Figure 3.4"; on a page without a number, "Figure 4").
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from torchbook_site.resolve.checks import is_check_cell

logger = logging.getLogger(__name__)

CHAPTER = re.compile(r"(\d+)\. ")  # at the beginning of a chapter's title
TAGS = re.compile(r"\s*</?figure>\s*")  # around a drawing made by hand
CLOSING = re.compile(r"</(tb-[a-z-]+)>\s*$")


class captioned(nodes.figure):
    """A figure with a caption; not Sphinx's, which are numbered through the whole book."""


class caption_mark(nodes.General, nodes.Element):
    """A caption with a `name`, until it has found its figure."""


class fig_mark(nodes.General, nodes.Inline, nodes.Element):
    """A link to a figure by the `name` of its caption, until that has its number."""


class Caption(SphinxDirective):
    """The directive `caption`: a paragraph about the figure before it, and a name for links."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Leave a mark."""
        mark = caption_mark("", *self.parse_content_to_nodes(), name=self.arguments[0])
        self.set_source_info(mark)
        return [mark]


class Fig(SphinxRole):
    """The role `fig`: "Figure 3.4", by the name of a caption of the same page."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave a mark."""
        mark = fig_mark(name=self.text)
        self.set_source_info(mark)
        return [mark], []


def attach(app: Sphinx, doctree: nodes.document) -> None:
    """Put each caption of the page to its figure, number them, and link what refers to them."""
    chapter = CHAPTER.match(app.env.titles[app.env.docname].astext())
    start = f"Figure {int(chapter[1])}." if chapter else "Figure "
    numbers: dict[str, str] = {}
    for mark in list(doctree.findall(caption_mark)):
        name = mark["name"]
        try:
            _check(mark, numbers)
            figure = _figure_before(mark)
        except ValueError as problem:
            _warn(mark, f"the caption {name!r} {problem}")
        else:
            numbers[name] = f"{start}{len(numbers) + 1}"
            number = nodes.strong("", f"{numbers[name]}.", classes=["caption-number"])
            figure["ids"] = [_id(name)]
            figure += nodes.caption("", "", number, nodes.Text(" "), *mark[0].children)
        mark.parent.remove(mark)
    for mark in list(doctree.findall(fig_mark)):
        name = mark["name"]
        if name in numbers:
            link = nodes.reference("", numbers[name], refid=_id(name), internal=True)
            link["classes"].append("tb-fig")
            mark.parent.replace(mark, link)
        else:
            known = ", ".join(numbers) or "none"
            _warn(mark, f"no figure of this page has a caption called {name!r}; it has: {known}")
            mark.parent.replace(mark, nodes.Text(name))


def _id(name: str) -> str:
    return f"fig-{name}"


def _check(mark: caption_mark, numbers: dict[str, str]) -> None:
    """Raise ValueError if this cannot be a caption: what is wrong with it."""
    name = mark["name"]
    if name in numbers:
        raise ValueError("has the name of another on this page: give it one of its own")
    if nodes.make_id(name) != name:
        raise ValueError("needs a name of lower-case words joined by hyphens")
    if len(mark) != 1 or not isinstance(mark[0], nodes.paragraph):
        raise ValueError("must be one paragraph")


def _figure_before(mark: caption_mark) -> captioned:
    """Turn the figure before a caption into one that can hold it; check cells may be between."""
    before = mark.parent.children[: mark.parent.index(mark)]
    while before and (is_check_cell(before[-1]) or isinstance(before[-1], nodes.comment)):
        before.pop()
    last = before[-1] if before else mark
    images = list(last.findall(nodes.image))
    if isinstance(last, nodes.raw) and (closing := CLOSING.search(last.astext())):
        firsts = [n for n, node in enumerate(before) if f"<{closing[1]}" in node.astext()]
        return _wrap(before[firsts[-1]], before[firsts[-1] :])
    if isinstance(last, nodes.raw) and "<svg" in last.astext():
        if "<figcaption" in last.astext():
            raise ValueError("follows a drawing with a <figcaption>: leave one of them out")
        last.children = [nodes.Text(TAGS.sub("", last.astext()))]
        return _wrap(last, [last])
    if next(last.findall(nodes.caption), None):
        raise ValueError("follows a figure that has a caption already: leave one of them out")
    if not images:
        raise ValueError(
            "has no figure before it: it goes directly after the cell, the glue directive or the "
            "HTML that shows one"
        )
    shown = images[-1]  # alone in a paragraph or in a figure, or among the outputs of a cell
    is_alone = isinstance(shown.parent, nodes.paragraph | nodes.figure)
    return _wrap(shown.parent if is_alone else shown, [shown])


def _wrap(first: nodes.Element, inside: list[nodes.Element]) -> captioned:
    """Put a figure where `first` stands, with the nodes `inside` it."""
    figure = captioned()
    parent, place = first.parent, first.parent.index(first)
    for node in {*inside, first}:
        node.parent.remove(node)
    figure += inside
    parent.insert(place, figure)
    return figure


def _warn(mark: nodes.Element, message: str) -> None:
    logger.warning(message, location=mark, type="torchbook", subtype="caption")
