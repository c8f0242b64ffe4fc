"""Loose ends between Jupyter Book, MyST-NB and what the book asks of a page."""

from __future__ import annotations

import re
from html import escape, unescape
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

SHEET = "site.css"  # the one stylesheet of all pages; the finishing pass makes it

# A custom element, whose script is book/static/figures/NAME.js.
INTERACTIVE = re.compile(r"<tb-([a-z-]+)[\s>]")

# A list of contents within a page, as docutils writes it.
CONTENTS = re.compile(r'(<nav class="contents local")([^>]*>\s*<p class="topic-title">)([^<]*)')
# What Pygments says of plain names, operators, punctuation and white space.
PLAIN_MARK = re.compile(r'<span class="(?:n|o|p|w)">([^<]*)</span>')
# The theme lets wide tables scroll; scrolling.js takes the stop for Tab from those that fit.
TABLE = '<div class="pst-scrollable-table-container">'
PYTHON_BLOCK = re.compile(
    r'(?P<start><div class="highlight-(?:ipython3|python) notranslate"><div class="highlight"><pre>'
    r"(?:<span></span>)?)(?P<code>.*?)(?P<end></pre>)",
    re.S,
)
FITS_ON_A_PHONE = 44  # characters of code at the size that torchbook.css gives it there
BLOCK = re.compile(
    r'(?P<start><div class="(?P<kind>[^"]*\bhighlight-[^"]*)"><div class="highlight"><pre)'
    r"(?P<code>>.*?</pre>)",
    re.S,
)
# Characters that fit wherever lines do not break: outputs at 320 pixels, Python code at 641.
FITS_EVERYWHERE, PYTHON_FITS = 32, 66
# The number of a chapter or a section, at the beginning of its title.
NUMBERED = re.compile(r"(<h[12]>)(\d+)\. ")


def visit_hidden(self: HTML5Translator, node: HideCodeCellNode) -> None:
    """Open a folded cell. Screen readers read MyST-NB's own summary differently from its text."""
    self.body.append(f'<details class="admonition hide {" ".join(node["classes"])}"><summary>')
    for state in ("collapsed", "expanded"):
        prompt = node["prompt_show" if state == "collapsed" else "prompt_hide"]
        self.body.append(f'<p class="{state} admonition-title">{escape(prompt)}</p>')
    self.body.append("</summary>\n")


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
    say_what_comes_next(app, pagename, context)
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
    # The highlighter's marks on names and punctuation go: no style of ours uses them.
    body = PLAIN_MARK.sub(r"\1", body)
    body = body.replace(TABLE, f'{TABLE[:-1]} tabindex="0" role="group" aria-label="Table">')
    body = PYTHON_BLOCK.sub(_mark_long_lines, body)
    body = BLOCK.sub(_let_tab_stop, body)
    body = mark_repeated_links(body)
    body = NUMBERED.sub(r'\1<span class="tb-number">\2<i>.</i></span> ', body)
    # Screen readers list the ways through a page by their names.
    return CONTENTS.sub(r'\1 aria-label="\3"\2\3', body)


def _mark_long_lines(block: re.Match[str]) -> str:
    """Mark the lines that are too long for a phone, and how far in they begin.

    They continue there below themselves, further in. What is copied does not change.
    """
    lines = block["code"].splitlines(keepends=True)
    for place, line in enumerate(lines):
        text = unescape(re.sub(r"<[^>]*>", "", line)).rstrip("\n")
        whole = all(line.count(f"<{tag}") == line.count(f"</{tag}") for tag in ("a", "span"))
        if len(text) > FITS_ON_A_PHONE and whole:
            level = min((len(text) - len(text.lstrip())) // 4, 5)
            lines[place] = f'<span class="tb-l{level}">{line}</span>'
    return block["start"] + "".join(lines) + block["end"]


def _let_tab_stop(block: re.Match[str]) -> str:
    """Let Tab stop at what may scroll, and name it; scrolling.js takes that from what fits."""
    kind, text = block["kind"], unescape(re.sub(r"<[^>]*>", "", f"<pre{block['code']}"))
    fits = PYTHON_FITS if re.search(r"-(ipython3|python)\b", kind) else FITS_EVERYWHERE
    if all(len(line) <= fits for line in text.splitlines()):
        return block[0]
    name = "Error message" if "traceback" in kind else "Output" if "output" in kind else "Code"
    return f'{block["start"]} tabindex="0" role="group" aria-label="{name}"{block["code"]}'


def bind_percent(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep a number and its per cent sign on one line."""
    for text in list(doctree.findall(nodes.Text)):
        if " %" in text and not isinstance(text.parent, nodes.literal | nodes.literal_block):
            text.parent.replace(text, nodes.Text(text.replace(" %", "\N{NO-BREAK SPACE}%")))
