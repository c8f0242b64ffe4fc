"""Pages as plain Markdown, such as GitHub, Colab and assistants read it.

Written from the resolved page: directives, references, numbers and equations are what they stand
for, links and pictures are absolute. The page's own address in the site with the ending `.md` gives
it; `llms.txt` lists them all (https://llmstxt.org). The notebooks are made of the same text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from urllib.parse import urljoin

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_markdown_builder.contexts import IndentContext, SubContextParams, WrappedContext
from sphinx_markdown_builder.translator import MarkdownTranslator, pushing_context

from torchbook_site.address import STATIC, site_of
from torchbook_site.resolve.captions import captioned
from torchbook_site.resolve.drawings import drawing
from torchbook_site.resolve.exercises import number_of
from torchbook_site.resolve.folds import fold
from torchbook_site.resolve.questions import asked, choice, question

CELL = "\x00cell {}\x00"  # marks the place of a cell in the text
CELL_MARK = re.compile("\x00cell (\\d+)\x00")
LINK = re.compile(r'<a\s[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', re.S)
# The ways to take a page along, and a list of links that the names in its code are on the page.
ONLY_FOR_PAGES = ('<nav class="tb-launch"', '<details class="tb-names"')
SOUND = re.compile(r'<audio\s[^>]*?\bsrc="([^"]*)"[^>]*?\baria-label="([^"]*)"[^>]*>')
INTERACTIVE = re.compile(r"<tb-(?P<name>[a-z-]+)[ >].*?</tb-(?P=name)>", re.S)


@dataclass(frozen=True)
class Cell:
    """A code cell of a page.

    Attributes:
        index: its place among the cells of the page's notebook.
        code: what it runs.
        output: what it showed, as Markdown; empty if nothing.
        folded: whether the page folds its code.
    """

    index: int
    code: str
    output: str
    folded: bool


class PlainMarkdown(MarkdownTranslator):
    """Writes a resolved page as Markdown, and puts its cells aside.

    Args:
        document: the resolved page.
        app: Sphinx, with its HTML builder.
        page: the page's name.

    Attributes:
        cells: the code cells; in the text a mark stands for each.
    """

    def __init__(self, document: nodes.document, app: Sphinx, page: str) -> None:
        super().__init__(document, app.builder)
        self.app = app
        self.site = site_of(app.config)
        self.address = urljoin(self.site, app.builder.get_target_uri(page))
        self.cells: list[Cell] = []

    def visit_Text(self, node: nodes.Text) -> None:
        """Write text so that none of it is taken for Markdown, HTML or a formula."""
        text = node.astext()
        if not self.status.preserve_line_breaks:
            text = text.replace("\n", " ")
        if self.status.escape_text:
            text = re.sub(r"([\\*`$]|(?:^|(?<=[\s_]))_)", r"\\\1", text)
            text = re.sub(r"<(?=[a-zA-Z/!])", "&lt;", text)
        self.add(text)

    def visit_literal(self, node: nodes.literal) -> None:
        """Write code in a line, in as many backticks as it needs."""
        code = node.astext()
        fence = "``" if "`" in code else "`"
        space = " " if "`" in (code[:1], code[-1:]) else ""
        self.add(f"{fence}{space}{code}{space}{fence}")
        raise nodes.SkipNode

    def visit_literal_block(self, node: nodes.literal_block) -> None:
        """Write a block of code."""
        language = node.get("language", "")
        self.add(fenced(node.astext().rstrip(), language if language != "none" else ""), 2, 2)
        raise nodes.SkipNode

    def visit_math_block(self, node: nodes.math_block) -> None:
        """Write a formula on lines of its own."""
        self.add(f"$$\n{node.astext().strip()}\n$$", prefix_eol=2, suffix_eol=2)
        raise nodes.SkipNode

    def visit_container(self, node: nodes.container) -> None:
        """Put a code cell aside. If the page hides its code, what it showed is part of the text."""
        parts = [part.get("nb_element") for part in node.findall(nodes.container)]
        if parts[0] == "cell_code" and "cell_code_source" in parts:
            code = next(node.findall(nodes.literal_block)).astext()
            outputs = [child for child in node.children[1:] if isinstance(child, nodes.Element)]
            shown = "\n\n".join(filter(None, (self._shown(output) for output in outputs)))
            self.add(CELL.format(len(self.cells)), prefix_eol=2, suffix_eol=2)
            folded = "tag_hide-input" in node["classes"]
            self.cells.append(Cell(node["cell_index"], code, shown, folded))
            for figure in node.findall(captioned):
                figure.next_node(nodes.caption).walkabout(self)
            raise nodes.SkipNode

    def _shown(self, output: nodes.Element) -> str:
        """Return what a cell showed: text as text, a picture as a picture."""
        parts = []
        for node in output.findall():
            if isinstance(node, nodes.literal_block):
                parts.append(fenced(node.astext().rstrip(), "text"))
            elif isinstance(node, drawing):
                parts.append(self._picture(node))
            elif isinstance(node, nodes.raw) and node.get("format") == "html":
                parts.append(self._html(node.astext()))
        return "\n\n".join(filter(None, parts))

    def visit_raw(self, node: nodes.raw) -> None:
        """Write pictures as links to them, and leave out what only a page can show."""
        html = node.astext() if node.get("format") == "html" else ""
        if not html.startswith(ONLY_FOR_PAGES) and (text := self._html(html)):
            self.add(text, prefix_eol=2, suffix_eol=2)
        raise nodes.SkipNode

    def visit_drawing(self, node: drawing) -> None:
        """Write a link to a file of a drawing, and what stands around it."""
        before, after = (self._html(node.get(part, "")) for part in ("before", "after"))
        parts = filter(None, (before, self._picture(node), after))
        self.add("\n\n".join(parts), prefix_eol=2, suffix_eol=2)
        raise nodes.SkipNode

    def _picture(self, node: drawing) -> str:
        text = node["drawing"].alt.replace("[", "(").replace("]", ")")
        address = node["drawing"].store(Path(self.app.outdir), paper=True)
        return f"![{text}]({urljoin(self.site, address)})"

    def _html(self, html: str) -> str:
        """Turn HTML of ours into Markdown."""
        html = INTERACTIVE.sub(self._still, html)
        html = SOUND.sub(r'<a href="\1">Listen: \2</a>', html)
        html = re.sub(r"<code>(.*?)</code>", r"`\1`", html, flags=re.S)
        html = LINK.sub(
            lambda link: f"[{link[2]}]({urljoin(self.address, unescape(link[1]))})", html
        )
        html = re.sub(r"</(?:p|figure|figcaption|tr|div|li)>", "\n\n", html)
        html = re.sub(r"<(?:/?[a-z][a-z0-9-]*)(?:\s[^>]*)?>", "", html)
        return re.sub(r"\n\s*\n", "\n\n", unescape(html)).strip()

    def _still(self, match: re.Match[str]) -> str:
        """Return the still picture of an interactive figure, and the way to the figure."""
        name = match["name"]
        text = f"[This figure is interactive on the page]({self.address})"
        still = f"figures/stills/{name}.webp"
        if (STATIC / still).is_file():
            text = f"![The figure as it opens]({urljoin(self.site, f'_static/{still}')})\n\n{text}"
        return f"\n\n{text}\n\n"

    def visit_image(self, node: nodes.image) -> None:
        """Write a picture with its whole address; Sphinx has made it relative to the page."""
        self.add(f"![{node.get('alt', '')}]({urljoin(self.address, node['uri'])})")
        raise nodes.SkipNode

    def _fetch_ref_uri(self, node: nodes.Element) -> str:
        target = node.get("refuri") or ("#" + node["refid"] if "refid" in node else "")
        return urljoin(self.address, target)

    def visit_paragraph(self, node: nodes.paragraph) -> None:
        """Write a paragraph, unless it is the strip of facts under the title."""
        if "tb-strip" in node["classes"]:
            raise nodes.SkipNode
        super().visit_paragraph(node)

    depart_paragraph = MarkdownTranslator._pop_context

    def visit_target(self, node: nodes.target) -> None:
        """Leave out anchors: links lead to the site."""
        raise nodes.SkipNode

    @pushing_context
    def visit_admonition(self, node: nodes.Element) -> None:
        """Write a box as a quotation."""
        self._push_context(IndentContext("> ", empty=True, params=SubContextParams(2, 2)))

    visit_exercise_node = visit_exercise_enumerable_node = visit_admonition
    depart_exercise_node = depart_exercise_enumerable_node = MarkdownTranslator._pop_context

    def visit_title(self, node: nodes.title) -> None:
        """Write a heading, or the title of a box in bold."""
        if isinstance(node.parent, nodes.Admonition):
            title = node.astext()
            if "label" in node.parent:  # an exercise; its check asks for the number in the label
                name = title.strip(" ()")
                title = f"Exercise {number_of(node.parent['label'])}: {name}"
            self.add(f"**{title}**", prefix_eol=2, suffix_eol=2)
            raise nodes.SkipNode
        super().visit_title(node)

    depart_title = MarkdownTranslator._pop_context

    def visit_compound(self, node: nodes.compound) -> None:
        """Leave out a table of contents that is not to be seen."""
        if "toctree-wrapper" in node["classes"]:
            raise nodes.SkipNode

    def visit_caption(self, node: nodes.caption) -> None:
        """Write the caption of a figure below it, as a paragraph; that of a block of code above."""
        if isinstance(node.parent, captioned):
            super().visit_paragraph(node)
            return
        self.add(f"*{node.astext()}*", prefix_eol=2, suffix_eol=2)
        raise nodes.SkipNode

    depart_caption = MarkdownTranslator._pop_context

    def visit_meta(self, node: nodes.Element) -> None:
        """Leave out what only search engines read, and what is hidden or only for the page."""
        raise nodes.SkipNode

    visit_HiddenCellNode = visit_sd_tab_input = visit_meta

    def visit_sd_tab_label(self, node: nodes.Element) -> None:
        """Write the name of a tab above what it holds."""
        self.add(f"**{node.astext()}**", prefix_eol=2, suffix_eol=2)
        raise nodes.SkipNode

    def visit_fold(self, node: fold) -> None:
        """Fold a box of text; one with cells can't be folded, and says where it begins."""
        if self._has_cells(node):
            self.add(f"**▸ Optional: {node['title']}**", prefix_eol=2, suffix_eol=2)
        else:
            title = escape(node["title"])
            self.add(f"<details>\n<summary>{title}</summary>", prefix_eol=2, suffix_eol=2)

    def depart_fold(self, node: fold) -> None:
        """Say where a box ends."""
        end = "**◂ End of the optional part**" if self._has_cells(node) else "</details>"
        self.add(end, prefix_eol=2, suffix_eol=2)

    def visit_question(self, node: question) -> None:
        """Write a question in bold, its answers as a list, and their reasons in a fold."""

    @pushing_context
    def visit_asked(self, node: asked) -> None:
        """Write the words of a question in bold."""
        self._push_context(WrappedContext("**", params=SubContextParams(2, 2)))

    @pushing_context
    def visit_choice(self, node: choice) -> None:
        """Write an answer behind its letter."""
        params = SubContextParams(1, 1)
        self._push_context(IndentContext(f"* {node['letter']}: ", only_first=True, params=params))

    @staticmethod
    def _has_cells(node: fold) -> bool:
        return any(part.get("nb_element") == "cell_code" for part in node.findall(nodes.container))

    def visit_HideCodeCellNode(self, node: nodes.Element) -> None:
        """Open what is folded on the page."""

    visit_HideOutputNode = visit_HideInputCells = visit_HideCodeCellNode


def fenced(code: str, language: str) -> str:
    """Return a block of code, in a fence longer than any in it."""
    longest = max((len(run) for run in re.findall(r"^`{3,}", code, re.M)), default=2)
    fence = "`" * max(3, longest + 1)
    known = {"ipython3": "python", "myst-ansi": "text"}  # elsewhere, MyST-NB's names say nothing
    return f"{fence}{known.get(language, language)}\n{code}\n{fence}"


def page_as_markdown(app: Sphinx, page: str, document: nodes.document) -> tuple[str, list[Cell]]:
    """Return a resolved page as Markdown with marks for its cells, and the cells."""
    translator = PlainMarkdown(document, app, page)
    document.walkabout(translator)
    return re.sub(r"\n{3,}", "\n\n", translator.astext()), translator.cells


def with_cells(text: str, cells: list[Cell]) -> str:
    """Put the cells and what they showed back into the text of a page."""

    def whole(match: re.Match[str]) -> str:
        cell = cells[int(match[1])]
        code = fenced(cell.code, "python")
        if cell.folded:
            code = f"<details>\n<summary>Code</summary>\n\n{code}\n\n</details>"
        return "\n\n".join(filter(None, (code, cell.output)))

    return CELL_MARK.sub(whole, text)
