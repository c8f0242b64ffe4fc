"""Code as HTML: its colours, the links of its names, and where a long line goes on.

A line that may be too long for a phone goes on below itself, further in. It breaks at spaces, after
brackets and commas and before the last part of a long dotted name, but never within a part. What is
copied stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape, unescape
from itertools import pairwise
from typing import Any

from docutils import nodes
from pygments.formatters import HtmlFormatter
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String, Token
from sphinx.application import Sphinx

from torchbook_site.resolve.code_links import Link

# What has a colour of its own in torchbook.css, and its class there.
COLOURED = [
    (Comment, "c"),
    (String, "s"),
    (Number, "m"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Builtin, "b"),
    (Name.Exception, "e"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Generic.Prompt, "c"),
]
FITS = 34  # characters of code on a screen of 320 pixels, at the size that torchbook.css gives it
# Of an output, which doesn't break its lines: on the same screen.
OUTPUT_FITS = 32
DEEPEST = 5  # steps of four spaces: lines further in go on as those do
# After a bracket that is not closed at once, after a comma, and before a call of what a call gave.
BREAK = re.compile(r"(?<=[(\[{])(?![)\]}])|(?<=,)(?=\S)|(?<=[)\]])(?=\.)")
DOTTED = re.compile(r"\w+(?:\.\w+)+")
LONG_NAME = 20

Run = tuple[str, str]  # a class, and text that has it


class CodeFormatter(HtmlFormatter):
    """Marks up code, with the links that the option `links` lists.

    With the option `is_output`, lines stay whole: the box scrolls.
    """

    def _get_css_class(self, ttype: Any) -> str:
        if ttype in Token.Color:  # an output's own
            return super()._get_css_class(ttype)
        return next((css for kind, css in COLOURED if ttype in kind), "")

    def _format_lines(self, tokensource: Iterable[tuple[Any, str]]) -> Iterator[tuple[int, str]]:
        links = self.options.get("links", ())
        for row, runs in enumerate(_lines(self._runs(tokensource)), 1):
            yield 1, self._line(runs, [link for link in links if link[0] == row])

    def _runs(self, tokens: Iterable[tuple[Any, str]]) -> Iterator[Run]:
        for ttype, text in tokens:
            has_own = ttype in Token.Color
            yield (self._get_css_classes if has_own else self._get_css_class)(ttype), text

    def _line(self, runs: list[Run], links: list[Link]) -> str:
        text = "".join(part for _, part in runs)
        marks: dict[int, str] = {}  # what stands between two characters
        goes_on = len(text) > FITS and not self.nowrap and not self.options.get("is_output")
        if goes_on:
            marks = dict.fromkeys(_breaks(text, runs), "<wbr>")
        for _, column, name, _, address in links:
            if text.startswith(name, column):
                link = f'<a tabindex="-1" href="{escape(address)}">'
                marks[column] = marks.get(column, "") + link
                end = column + len(name)
                marks[end] = "</a>" + marks.get(end, "")
        line = "".join(_marked(runs, marks)) + "\n"
        if not goes_on:
            return line
        line = line.replace("-&gt;", '<span class="j">-&gt;</span>')  # browsers break arrows
        steps = min((len(text) - len(text.lstrip())) // 4, DEEPEST)
        return f'<span class="tb-l{steps}">{line}</span>'

    def wrap(self, source: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        """Put the lines into a block. Tab stops at an output that may scroll."""
        lines = list(source)
        texts = [unescape(re.sub(r"<[^>]*>", "", line)) for _, line in lines]
        is_wide = any(len(text) > OUTPUT_FITS for text in texts)
        scrolls = is_wide and self.options.get("is_output")
        stop = ' tabindex="0" role="group" aria-label="Output"' if scrolls else ""
        yield 0, f"<pre{stop}>"
        yield from lines
        yield 0, "</pre>"


def _lines(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Return the lines of a text, each as runs; those of one class are put together."""
    line: list[Run] = []
    for css, text in runs:
        first, *others = text.split("\n")
        for n, part in enumerate([first, *others]):
            if n:
                yield line
                line = []
            if part and line and line[-1][0] == css:
                line[-1] = css, line[-1][1] + part
            elif part:
                line.append((css, part))
    if line:
        yield line


def _breaks(text: str, runs: list[Run]) -> Iterator[int]:
    """Return where a line may break beside its spaces: in its words and comments at dots only."""
    in_names = set()
    for match in DOTTED.finditer(text):
        if len(match[0]) > LONG_NAME:
            in_names.add(match.start() + match[0].rindex("."))
            if text[: match.start()].endswith("="):
                in_names.add(match.start())
    allowed = in_names | {match.start() for match in BREAK.finditer(text)}
    start = 0
    for css, part in runs:
        places = in_names if css in ("s", "c") else allowed
        yield from (place for place in places if start < place <= start + len(part))
        start += len(part)


def _marked(runs: list[Run], marks: dict[int, str]) -> Iterator[str]:
    """Return a line's HTML with marks at its places. A link goes around whole spans."""
    start = 0
    for css, text in runs:
        end = start + len(text)
        cuts = [start, *sorted(place for place in marks if start < place < end), end]
        for left, right in pairwise(cuts):
            part = escape(text[left - start : right - start], quote=False)
            yield marks.get(left, "")
            yield f'<span class="{css}">{part}</span>' if css else part
        start = end
    yield marks.get(start, "")


def prepare_blocks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Say which blocks are output, and leave out of tracebacks what says nothing here.

    That's a line of dashes, the space up to its end, and the numbers of cells.
    """
    for block in doctree.findall(nodes.literal_block):
        if "traceback" in block["classes"]:
            text = re.sub(r"\A-{70,}\n|(?<=\w) {3,}(?=Traceback)", " ", block.rawsource).lstrip()
            text = re.sub(r"\bCell In ?\[\d+\]", "Cell", text)
            block.rawsource = text
            block.children = [nodes.Text(text)]
        elif "output" in block["classes"]:
            block.setdefault("highlight_args", {})["is_output"] = True
