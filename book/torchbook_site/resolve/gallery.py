"""The page on all figures: every figure of the book with a small picture and a link to its place.

Figures are noted as pages are read, and get a name to link to: `figure-1`, `figure-2` and so on.
A plot's small picture is the plot itself, as a file: drawn in lines, it weighs less than any grid
of pixels would, and takes the colours of the page's theme from the page that shows it.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, replace
from html import escape, unescape
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from torchbook_site.finish.css import STATIC
from torchbook_site.notes import notes
from torchbook_site.resolve.drawings import Drawing, plot, take_drawing

logger = logging.getLogger(__name__)

OPENING = re.compile(r"<tb-(?P<name>[a-z-]+)(?=[\s>])(?P<attributes>[^>]*)>")
KIND = re.compile(r"""\skind=["']([\w-]+)["']""")
CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.S)
FIRST_SENTENCE = re.compile(r".+?[.!?](?=\s+[A-Z]|\s*$)", re.S)
FRONT_PAGE = "The front page"
LONGEST = 110  # characters of a caption
BOX = (320, 180)  # of a picture whose size does not matter: the card has a box for it


@dataclass(frozen=True)
class Figure:
    """A figure of the book.

    Attributes:
        anchor: its name on its page.
        section: the title of the section that it stands in.
        caption: what it shows, in a sentence; of an interactive figure, its name.
        kind: what it is: "interactive", "plot", "drawing" or "picture".
        source: its picture: for a plot or a picture the file, for a drawing the drawing; for an
            interactive figure a sample that stands in it, or nothing.
    """

    anchor: str
    section: str
    caption: str
    kind: str
    source: str | Drawing


class gallery_placeholder(nodes.General, nodes.Element):
    """Stands where the figures go until all pages have been read."""


class FigureGallery(SphinxDirective):
    """The directive `figure-gallery`: all figures, the interactive ones first.

    Its content names these, one a line: `NAME: what one can do with it`, where NAME is the name of
    the element without `tb-`, with its `kind` behind a hyphen where it has one.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Leave a placeholder and remember the page."""
        notes(self.env, "gallery")[self.env.docname] = None
        lines = [line.partition(":") for line in self.content if line.strip()]
        described = {name.strip(): text.strip() for name, _, text in lines}
        return [gallery_placeholder(described=described)]


def first_sentence(text: str) -> str:
    """Return the first sentence of a text, with its stop."""
    text = re.sub(r"\s+", " ", text).strip()
    found = FIRST_SENTENCE.match(text)
    return found[0] if found else text


def figures_of(doctree: nodes.document, plots: Path) -> list[Figure]:
    """List the figures of a page in their order, and give each its anchor.

    Args:
        doctree: the page as it was read.
        plots: the folder with what the cells drew.
    """
    found: list[Figure] = []
    seen: set[str] = set()
    inside = None  # the interactive figure whose content is being walked through
    for node in list(doctree.findall(lambda n: isinstance(n, nodes.raw | nodes.image))):
        anchor = f"figure-{len(found) + 1}"
        where = _section_of(node)
        if isinstance(node, nodes.image) and inside:
            figure = None
            if found and found[-1].kind == "interactive" and not found[-1].source:
                found[-1] = replace(found[-1], source=node["uri"])
        elif isinstance(node, nodes.image):
            figure = _image(node, anchor, where, plots)
            if figure:
                is_plot = figure.kind == "plot"
                picture = plot(plots / figure.source).body if is_plot else figure.source
                if picture in seen:
                    continue  # the same plot is shown a second time
                seen.add(picture)
                (node if is_plot else node.parent)["ids"].append(anchor)
        else:
            html = node.astext()
            if inside:
                inside = None if f"</tb-{inside}>" in html else inside
                continue
            figure = None
            if opening := OPENING.search(html):
                name = opening["name"]
                inside = None if f"</tb-{name}>" in html else name
                if "output" not in node["classes"]:
                    kind = KIND.search(opening["attributes"])
                    caption = f"{name}-{kind[1]}" if kind else name
                    sample = re.search(r'<img src="(?:\.\./)*([^"]+)"', html)
                    figure = Figure(
                        anchor, where, caption, "interactive", sample[1] if sample else ""
                    )
                    html = html.replace(f"<tb-{name}", f'<tb-{name} id="{anchor}"', 1)
                    node.children = [nodes.Text(html)]
            elif taken := take_drawing(node):
                taken["ids"].append(anchor)
                caption = CAPTION.search(taken["after"])
                text = unescape(re.sub(r"<[^>]+>", "", caption[1])) if caption else ""
                text = first_sentence(text or taken["drawing"].alt)
                figure = Figure(anchor, where, text, "drawing", taken["drawing"])
        if figure:
            found.append(figure)
    return found


def _section_of(node: nodes.Node) -> str:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.section):
            return node[node.first_child_matching_class(nodes.title)].astext()
    return ""


def _image(node: nodes.image, anchor: str, where: str, plots: Path) -> Figure | None:
    """Note a plot, or a picture with a caption."""
    alt = node.get("alt", "")
    if isinstance(node.parent, nodes.figure):
        caption = next(node.parent.findall(nodes.caption), None)
        text = caption.astext() if caption else alt
        return Figure(anchor, where, first_sentence(text), "picture", node["uri"])
    path = plots / Path(node["uri"]).name
    if path.suffix != ".svg" or not path.is_file():
        return None
    text = alt or plot(path).alt
    if not text:
        return None  # the gates complain of it
    return Figure(anchor, where, first_sentence(text), "plot", path.name)


def collect_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Note the figures of the page that was just read."""
    plots = Path(app.env.mystnb_config.output_folder)
    if figures := figures_of(doctree, plots):
        notes(app.env, "figures")[app.env.docname] = figures


def _all_figures(env: BuildEnvironment) -> dict[str, list[Figure]]:
    """Return the figures by page, in the order of the book."""
    figures = notes(env, "figures")
    return {page: figures[page] for page in env.collect_relations() if page in figures}


def galleries_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the pages with a gallery if what they show is no longer what they showed."""
    shown = [
        (page, env.titles[page].astext(), figures) for page, figures in _all_figures(env).items()
    ]
    galleries = notes(env, "gallery")
    stale = [page for page, last in galleries.items() if last != shown]
    galleries.update(dict.fromkeys(galleries, shown))
    return stale


def fill_gallery(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the gallery where its placeholder stands."""
    for placeholder in list(doctree.findall(gallery_placeholder)):
        placeholder.replace_self(_gallery(app, docname, placeholder["described"]))


def _gallery(app: Sphinx, docname: str, described: dict[str, str]) -> list[nodes.Node]:
    groups = _all_figures(app.env)
    interactive = [(p, f) for p in groups for f in groups[p] if f.kind == "interactive"]
    for _, figure in interactive:
        if figure.caption not in described and _still(figure):
            logger.warning(
                "the page on all figures does not say what one can do with %s",
                figure.caption,
                location=docname,
                type="torchbook",
                subtype="gallery",
            )
    shown = [(page, figure) for page, figure in interactive if figure.caption in described]
    for name in described.keys() - {figure.caption for _, figure in shown}:
        logger.warning(
            "the page on all figures describes %s, which no page holds",
            name,
            location=docname,
            type="torchbook",
            subtype="gallery",
        )
    parts = {"interactive": ("Figures to play with", shown)}
    for page, figures in groups.items():
        still = [(page, figure) for figure in figures if figure.kind != "interactive"]
        name = "figures-" + re.sub(r"\W|_", "-", page)
        title = app.env.titles[page].astext() if page != app.config.root_doc else FRONT_PAGE
        parts[name] = (title, still)
    parts = {name: part for name, part in parts.items() if part[1]}
    contents = nodes.paragraph(classes=["tb-gallery-contents"])
    for name, (title, _) in parts.items():
        contents += nodes.reference("", title.split(":")[0], refid=name, internal=True)
        contents += nodes.Text(" ")
    made: list[nodes.Node] = [contents]
    for name, (title, figures) in parts.items():
        section = nodes.section(ids=[name], names=[name])
        section += nodes.title(text=title)
        cards = nodes.bullet_list(classes=["tb-gallery"])
        for page, figure in figures:
            text = described.get(figure.caption, figure.caption)
            where = _place(app, page, figure) if name == "interactive" else figure.section
            cards += _card(app, docname, page, figure, text, where)
        section += cards
        made.append(section)
    return made


def _place(app: Sphinx, page: str, figure: Figure) -> str:
    """Return the page and the section of a figure."""
    title = app.env.titles[page].astext()
    if page == app.config.root_doc:
        title = FRONT_PAGE
    elif figure.section == title:
        return title
    return f"{title.split(':')[0]}: {figure.section}"


def _card(
    app: Sphinx, docname: str, page: str, figure: Figure, text: str, where: str
) -> nodes.list_item:
    """Return a figure of the gallery: one link, with a picture, a sentence and the place."""
    uri = f"{app.builder.get_relative_uri(docname, page)}#{figure.anchor}"
    text = textwrap.shorten(text, LONGEST, placeholder=" …")
    link = nodes.reference("", "", refuri=uri, internal=True)
    link += nodes.raw("", _picture(app, docname, figure), format="html")
    link += nodes.inline("", text, classes=["tb-gallery-caption"])
    link += nodes.Text(" ")
    link += nodes.inline("", where, classes=["tb-gallery-place"])
    return nodes.list_item("", nodes.paragraph("", "", link))


def _picture(app: Sphinx, docname: str, figure: Figure) -> str:
    """Return the small picture as HTML; the sentence beside it says what it shows."""
    base = "../" * docname.count("/")
    if figure.kind == "interactive" and (still := _still(figure)):
        with Image.open(still) as image:
            size = image.size
        dark = still.with_stem(f"{still.stem}-dark")
        address = f"{base}_static/figures/stills"
        return _img(f"{address}/{still.name}", size, "only-light") + _img(
            f"{address}/{dark.name}", size, "only-dark"
        )
    shown = figure.source
    if figure.kind == "plot":
        shown = plot(Path(app.env.mystnb_config.output_folder, shown))
    if isinstance(shown, Drawing):
        return _img(base + shown.store(Path(app.outdir)), shown.size, "dark-light")
    if shown in app.env.images:
        shown = f"{app.builder.imagedir}/{app.env.images[shown][1]}"
    return _img(f"{base}{shown}", BOX, "dark-light") if shown else ""


def _img(address: str, size: tuple[int, int], theme: str) -> str:
    """Return a picture; the theme puts white under those that it is not told to leave alone."""
    return (
        f'<img src="{escape(address)}" alt="" role="presentation" loading="lazy" '
        f'width="{size[0]}" height="{size[1]}" class="{theme}"/>'
    )


def _still(figure: Figure) -> Path | None:
    path = STATIC / "figures" / "stills" / f"{figure.caption}.webp"
    return path if path.is_file() else None
