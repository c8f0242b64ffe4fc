"""The page on all figures: every figure of the book with a small picture and a link to its place.

Figures are noted as pages are read, and get a name to link to: `figure-1`, `figure-2` and so on.
A plot's small picture is the plot itself, as a file: drawn in lines, it weighs less than any grid
of pixels would, and takes the colours of the page's theme from the page that shows it.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from torchbook_site.address import STATIC
from torchbook_site.notes import notes
from torchbook_site.resolve.captions import captioned
from torchbook_site.resolve.drawings import Drawing, plot, tag, take_drawing

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
        section: the title of the section that it is in.
        caption: what it shows, in a sentence; of an interactive figure, its name.
        kind: what it is: "interactive", "plot", "drawing" or "picture".
        source: its picture: for a plot or a picture the file, for a drawing the drawing; for an
            interactive figure a sample that is shown in it, or nothing.
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


def collect_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Note the figures of the page that was just read in their order, and give each its anchor."""
    plots = Path(app.env.mystnb_config.output_folder)
    found: list[Figure] = []
    seen = set()
    end = ""  # the closing tag of the interactive figure whose content is being walked through
    for node in list(doctree.findall(lambda n: isinstance(n, nodes.raw | nodes.image))):
        place = f"figure-{len(found) + 1}", _section_of(node)
        figure = None
        if end and isinstance(node, nodes.image):
            if found and found[-1].kind == "interactive" and not found[-1].source:
                found[-1] = replace(found[-1], source=node["uri"])
        elif isinstance(node, nodes.image):
            figure = _image(node, place, plots)
            is_plot = figure and figure.kind == "plot"
            picture = plot(plots / figure.source).body if is_plot else node["uri"]
            if picture in seen:  # the same plot is shown a second time
                continue
            if figure:
                (node if is_plot else node.parent)["ids"].append(figure.anchor)
                seen.add(picture)
        elif end:
            end = "" if end in node.astext() else end
        elif opening := OPENING.search(node.astext()):
            end = f"</tb-{opening['name']}>"
            end = "" if end in node.astext() else end
            figure = _interactive(node, place, opening)
        elif taken := take_drawing(node):
            taken["ids"].append(place[0])
            caption = CAPTION.search(taken["after"])
            text = unescape(re.sub(r"<[^>]+>", "", caption[1])) if caption else ""
            text = first_sentence(text or taken["drawing"].alt)
            figure = Figure(*place, text, "drawing", taken["drawing"])
            node = taken
        if figure and figure.kind != "interactive" and (text := _caption_around(node)):
            figure = replace(figure, caption=text)
        if figure:
            found.append(figure)
    if found:
        notes(app.env, "figures")[app.env.docname] = found


def _section_of(node: nodes.Node) -> str:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.section):
            return node[node.first_child_matching_class(nodes.title)].astext()
    return ""


def _caption_around(node: nodes.Node) -> str:
    """Return the number and the first sentence of the caption of a figure, if it has one."""
    while node is not None and not isinstance(node, captioned):
        node = node.parent
    if node is None:
        return ""
    number, *text = node.next_node(nodes.caption)
    return f"{number.astext()} {first_sentence(''.join(part.astext() for part in text))}"


def _image(node: nodes.image, place: tuple[str, str], plots: Path) -> Figure | None:
    """Return a plot, unless nothing says what it shows, or a picture with a caption."""
    alt = node.get("alt", "")
    path = plots / Path(node["uri"]).name
    if path.suffix == ".svg" and path.is_file():
        text = alt or plot(path).alt
        return Figure(*place, first_sentence(text), "plot", path.name) if text else None
    if isinstance(node.parent, nodes.figure):
        caption = next(node.parent.findall(nodes.caption), None)
        text = caption.astext() if caption else alt
        return Figure(*place, first_sentence(text), "picture", node["uri"])
    return None


def _interactive(node: nodes.raw, place: tuple[str, str], opening: re.Match[str]) -> Figure | None:
    """Return an interactive figure, unless a cell printed it."""
    if "output" in node["classes"]:
        return None
    html, name = node.astext(), opening["name"]
    kind = KIND.search(opening["attributes"])
    sample = re.search(r'<img src="(?:\.\./)*([^"]+)"', html)
    node.children = [nodes.Text(html.replace(f"<tb-{name}", f'<tb-{name} id="{place[0]}"', 1))]
    caption = f"{name}-{kind[1]}" if kind else name
    return Figure(*place, caption, "interactive", sample[1] if sample else "")


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
    names = {figure.caption for _, figure in interactive}
    problems = [f"does not say what one can do with {n}" for n in names - {*described} if _still(n)]
    problems += [f"describes {name}, which no page holds" for name in described.keys() - names]
    for problem in problems:
        message = f"the page on all figures {problem}"
        logger.warning(message, location=docname, type="torchbook", subtype="gallery")
    shown = [(page, figure) for page, figure in interactive if figure.caption in described]
    parts = {"interactive": ("Figures to play with", shown)}
    for page, figures in groups.items():
        title = app.env.titles[page].astext() if page != app.config.root_doc else FRONT_PAGE
        still = [(page, figure) for figure in figures if figure.kind != "interactive"]
        parts["figures-" + re.sub(r"\W|_", "-", page)] = (title, still)
    contents = nodes.paragraph(classes=["tb-gallery-contents"])
    made: list[nodes.Node] = [contents]
    for name, (title, figures) in parts.items():
        if not figures:
            continue
        contents += nodes.reference("", title.split(":")[0], refid=name, internal=True)
        contents += nodes.Text(" ")
        cards = nodes.bullet_list(classes=["tb-gallery"])
        for page, figure in figures:
            cards += _card(app, docname, page, figure, described)
        made.append(nodes.section("", nodes.title(text=title), cards, ids=[name], names=[name]))
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
    app: Sphinx, docname: str, page: str, figure: Figure, described: dict[str, str]
) -> nodes.list_item:
    """Return a figure of the gallery: one link, with a picture, a sentence and the place."""
    uri = f"{app.builder.get_relative_uri(docname, page)}#{figure.anchor}"
    text = described.get(figure.caption, figure.caption)
    text = textwrap.shorten(text, LONGEST, placeholder=" …")
    is_still = figure.kind != "interactive"
    where = figure.section if is_still else _place(app, page, figure)
    link = nodes.reference("", "", refuri=uri, internal=True)
    link += nodes.raw("", _picture(app, "../" * docname.count("/"), figure), format="html")
    link += nodes.inline("", text, classes=["tb-gallery-caption"])
    link += nodes.Text(" ")
    link += nodes.inline("", where, classes=["tb-gallery-place"])
    return nodes.list_item("", nodes.paragraph("", "", link))


def _picture(app: Sphinx, base: str, figure: Figure) -> str:
    """Return the small picture as HTML; the sentence beside it says what it shows."""
    if figure.kind == "interactive" and (still := _still(figure.caption)):
        with Image.open(still) as image:
            size = image.size
        address = f"{base}_static/figures/stills/{still.stem}"
        dark = _img(f"{address}-dark.webp", size, "only-dark")
        return _img(f"{address}.webp", size, "only-light") + dark
    shown, size, theme = figure.source, BOX, "dark-light"
    if figure.kind == "plot":
        shown = plot(Path(app.env.mystnb_config.output_folder, shown))
    if isinstance(shown, Drawing):
        theme = f"{shown.attributes['class']} {theme}"
        shown, size = shown.store(Path(app.outdir)), shown.size
    elif shown in app.env.images:
        shown = f"{app.builder.imagedir}/{app.env.images[shown][1]}"
    return _img(f"{base}{shown}", size, theme) if shown else ""


def _img(address: str, size: tuple[object, object], theme: str) -> str:
    """Return a picture; the theme puts white under those that it is not told to leave alone."""
    named = {"src": address, "alt": "", "role": "presentation", "loading": "lazy"}
    return tag("img", named | {"width": size[0], "height": size[1], "class": theme})


def _still(name: str) -> Path | None:
    path = STATIC / "figures" / "stills" / f"{name}.webp"
    return path if path.is_file() else None
