"""Drawings: matplotlib's plots, and SVGs made by hand. Nothing else of the site parses SVG.

Plots are files beside the page, loaded when the reader comes near: in the page they would delay its
text. A file holds the colours of both themes, and takes those of the page around it. Black in it is
the colour of the text. Drawings made by hand are small and stay in the page.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import itertools
import math
import re
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from PIL import Image
from sphinx.transforms.post_transforms import SphinxPostTransform

from torchbook_site.address import STATIC

BY_HAND = re.compile(r'(<svg class="tb-drawing".*?</svg>)', re.S)
XMLNS = "http://www.w3.org/2000/svg"
SMALLEST_TEXT = 11  # pixels, at any width of the screen
NARROWEST = 320  # pixels: no screen is narrower
PIXELS_PER_POINT = 5 / 3  # text of 10 points is then as large as that of the page
PIXELS = "data:image/"
FONT_SIZE = re.compile(r"(?<=font-size: )[\d.]+(?=px)")
EXPONENT = 0.9  # of the size of other text; matplotlib's 0.7 is too small for a phone
FONTS = re.compile(r"'DejaVu Sans( Mono)?',[^;\"]*")  # the long list of substitutes, at each text
WALL = re.compile(r"fill: #(?:f2f2f2|e6e6e6|ececec); opacity: 0\.5; stroke: #\w+")  # of a 3-d plot
IDENTIFIER = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")
UNIQUE = "\N{PRIVATE USE ONE}"  # stands for the hash of a plot until all else is written
COORDINATES = ("d", "x", "y", "x1", "x2", "y1", "y2")


def drawing_styles() -> tuple[str, str]:
    """Return the styles of a drawing in a file of its own, and the colours it has on dark pages."""
    light, dark = (STATIC / name for name in ("drawings.css", "dark.css"))
    return light.read_text(encoding="utf-8"), dark.read_text(encoding="utf-8")


def tag(name: str, attributes: dict[str, Any]) -> str:
    """Return an opening tag with those attributes that have a value, and `alt`."""
    given = [(key, value) for key, value in attributes.items() if value or key == "alt"]
    return " ".join([f"<{name}", *(f'{key}="{escape(str(value))}"' for key, value in given)]) + ">"


@dataclass(frozen=True)
class Drawing:
    """An SVG.

    Attributes:
        alt: what it shows, for those who do not see it; empty if nothing says it.
        attributes: those of the `<svg>`; its class is `tb-graph` for a plot, or `tb-drawing`.
            Plots with photos are `tb-photos` too, and those in blue on white `tb-pale`.
        body: what is in the `<svg>`.
    """

    alt: str
    attributes: dict[str, str]
    body: str

    @property
    def size(self) -> tuple[str, str]:
        """Its width and height in pixels."""
        return self.attributes["width"], self.attributes["height"]

    @property
    def least_width(self) -> int:
        """The width in pixels at which one can just read the smallest text of a plot."""
        sizes = [float(size) for size in FONT_SIZE.findall(self.body)]
        width = float(self.attributes["viewBox"].split()[2])
        return math.ceil(width * SMALLEST_TEXT / min(sizes)) if sizes else 0

    def inline(self, anchor: str = "") -> str:
        """Return the drawing as part of a page, where a link finds it by its anchor."""
        named = {"class": "", "id": anchor, "role": "img", "aria-label": self.alt}
        return f"{tag('svg', named | self.attributes)}{self.body}</svg>"

    def store(self, site: Path, *, paper: bool = False) -> str:
        """Write the drawing as a file that needs no page, and return its address in the site.

        Args:
            site: the folder of the site.
            paper: whether it is to be dark on white everywhere. Otherwise it has the colours of
                the page around it.
        """
        light, dark = drawing_styles()
        pale = "tb-pale" in self.attributes["class"]  # where it is dark, the page inverts those
        scheme = "" if paper or pale else f"@media (prefers-color-scheme: dark) {{\n{dark}}}"
        ground = "#fff" if paper else "none" if pale else "var(--pst-color-background)"
        svg = (
            f"{tag('svg', {'xmlns': XMLNS} | self.attributes)}<style>{light}{scheme}"
            f"svg:root {{ background: {ground}; font-family: sans-serif; margin: 0; }}"
            f"</style>{self.body}</svg>\n"
        )
        name = f"{hashlib.sha256(svg.encode()).hexdigest()[:16]}.svg"
        path = Path(site, "drawings", "light" if paper else "", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg, encoding="utf-8")
        return path.relative_to(site).as_posix()


class drawing(nodes.raw):
    """A drawing in a document, with the HTML `before` and `after` it.

    It has an `address` if the page shows it as a file.
    """

    def astext(self) -> str:
        """Return HTML."""
        shown, anchor = self["drawing"], "".join(self["ids"][:1])
        html = shown.inline(anchor) if "address" not in self else self._as_file(shown, anchor)
        return f"{self.get('before', '')}{html}{self.get('after', '')}"

    def _as_file(self, shown: Drawing, anchor: str) -> str:
        """Return the picture in a frame, in which it scrolls where the screen is too narrow."""
        # The theme puts white under pictures that are not called dark-light.
        named = {"class": f"{shown.attributes['class']} dark-light", "id": anchor}
        width, height = shown.size
        named |= {"src": self["address"], "alt": shown.alt, "width": width, "height": height}
        if shown.least_width > NARROWEST:
            named["style"] = f"min-width: {shown.least_width}px"
        return f'<span class="tb-plot">{tag("img", named)}</span>'


class ShowPlots(SphinxPostTransform):
    """Put each SVG that a cell drew into a file beside the page, in the page's colours."""

    default_priority = 5  # after MyST-NB chose each output's format, before images are copied
    formats = ("html", "dirhtml")

    def run(self, **kwargs: Any) -> None:
        """Replace them in this document."""
        output = Path(self.env.mystnb_config.output_folder).resolve()
        for node in list(self.document.findall(nodes.image)):
            path = Path(self.env.srcdir, node["uri"]).resolve()
            if path.suffix != ".svg" or not path.is_relative_to(output):
                continue
            shown = plot(path)
            shown = replace(shown, alt=node.get("alt") or shown.alt)
            if shown.alt:  # without alt text it stays an image, and fails that gate
                up = "../" * self.env.docname.count("/")
                address = up + shown.store(Path(self.app.outdir))
                node.replace_self(drawing("", format="html", drawing=shown, address=address))


def take_drawing(node: nodes.raw) -> drawing | None:
    """Put a drawing into the place of HTML that holds one made by hand; return it."""
    before, *others = BY_HAND.split(node.astext(), maxsplit=1)
    if not others:
        return None
    svg, after = others
    root = ElementTree.fromstring(svg)
    alt = root.get("aria-label") or " ".join(root.findtext("title", "").split())
    shown = Drawing(alt, root.attrib, svg.partition(">")[2].removesuffix("</svg>"))
    taken = drawing("", format="html", drawing=shown, before=before, after=after)
    node.replace_self(taken)
    return taken


@functools.cache  # MyST-NB names files by what is in them
def plot(path: Path) -> Drawing:
    """Return a plot that matplotlib has written, with the alt text that `plots.describe` gave it.

    Black in it becomes the colour of the text around it. It weighs half as much and looks the same.
    """
    root = ElementTree.parse(path).getroot()
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # HTML has no namespaces
        element.attrib = {k.rpartition("}")[2]: value for k, value in element.items()}
    for child in [root.find("metadata"), *root.findall("defs[style]")]:
        if child is not None:
            root.remove(child)
    # matplotlib names the outermost group of a figure: there `plots.describe` puts the text.
    alt = "".join(group.get("id", "") for group in root.findall("g")[:1])
    for group in root.iter("g"):
        group.attrib.pop("id", None)
    names = [element.get("id") for element in root.iter() if element.get("id")]
    new = {name: f"{UNIQUE}-{number:x}" for number, name in enumerate(names)}
    for element in root.iter():
        _lighten(element, new)
    for text in root.iter("text"):
        _enlarge_exponents(text)
    for parent in list(root.iter()):
        _group_marks(parent)
    _, _, width, height = root.get("viewBox").split()
    kinds = _kinds([image.get("href") for image in root.iter("image")])
    attributes = {"class": " ".join(["tb-graph", *kinds]), "viewBox": f"0 0 {width} {height}"}
    for name, points in (("width", width), ("height", height)):
        attributes[name] = f"{float(points) * PIXELS_PER_POINT:.0f}"
    body = "".join(ElementTree.tostring(child, encoding="unicode") for child in root)
    body = body.replace(" />", "/>").strip()
    # The same identifiers in two figures of a page would clash: clip paths would cut the wrong one.
    body = body.replace(UNIQUE, f"f{hashlib.sha256(body.encode()).hexdigest()[:8]}")
    return Drawing("" if re.fullmatch(r"figure_\d+", alt) else alt, attributes, body)


def _kinds(pictures: list[str]) -> list[str]:
    """Return what the pictures of pixels in a plot are, for the dark theme."""
    kinds = set()
    for uri in pictures:
        with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
            colours = image.convert("RGB").getcolors(maxcolors=256) or []
        if uri.startswith(f"{PIXELS}webp"):
            kinds.add("tb-photos")
        elif colours and all(red <= green < blue for _, (red, green, blue) in colours):
            kinds.add("tb-pale")
    return sorted(kinds)


def _lighten(element: ElementTree.Element, new: dict[str, str]) -> None:
    """Shorten an element, and give it its new identifier and those that it refers to."""
    for name, value in element.items():
        if name == "id":
            value = new[value]
        elif value.startswith(PIXELS):
            value = shrink_png(value)
        elif name in COORDINATES:
            # A tenth of a point is finer than any eye sees, save in the outline of a small mark.
            places = 2 if name == "d" and len(value) < 400 else 1
            value = re.sub(rf"(\.\d{{{places}}})\d+", r"\1", value)
            value = re.sub(r"\s*([A-Zz])\s*", r"\1", value)
        else:
            value = IDENTIFIER.sub(lambda name: new.get(name[0], name[0]), value)
            value = value.replace("#000000", "currentColor")
            value = WALL.sub("fill: currentColor; opacity: 0.06", value)
            value = FONTS.sub(lambda fonts: "monospace" if fonts[1] else "sans-serif", value)
        element.set(name, value)
    if element.get("transform", "").startswith(("rotate(0 ", "rotate(-0 ")):
        del element.attrib["transform"]
    if element.tag not in ("text", "tspan"):
        element.text = (element.text or "").strip()
    if element.tag != "tspan":
        element.tail = "\n"


def _enlarge_exponents(text: ElementTree.Element) -> None:
    """Give exponents a size that can be read on a phone too, and the room for it.

    matplotlib writes each character with its own place and size.
    """
    sizes = [float(FONT_SIZE.search(part.get("style", ""))[0]) for part in text]
    for size, run in itertools.groupby(zip(sizes, text, strict=True), lambda pair: pair[0]):
        larger = EXPONENT * max(sizes)
        if size < larger:
            parts = [part for _, part in run]
            start = float(parts[0].get("x"))
            for part in parts:
                x = start + (float(part.get("x")) - start) * larger / size
                part.set("x", f"{x:.1f}")
                part.set("style", FONT_SIZE.sub(f"{larger:g}", part.get("style")))


def _group_marks(parent: ElementTree.Element) -> None:
    """Give several equal marks in a row their style as a group."""
    rows = itertools.groupby(parent, lambda mark: (mark.tag, mark.get("href"), mark.get("style")))
    children = []
    for (kind, _, style), marks in rows:
        row = list(marks)
        if kind == "use" and style and len(row) > 1:
            group = ElementTree.Element("g", style=style)
            group.text = group.tail = "\n"
            group.extend(row)
            for mark in row:
                del mark.attrib["style"]
            row = [group]
        children += row
    parent[:] = children


def shrink_png(uri: str) -> str:
    """Store an opaque picture as small as its kind allows: matplotlib always writes four channels.

    Grey ones lose three channels. Photos, which have more than 256 colours, become WebP, at a
    quality where the difference is hard to see. Others stay as they are.
    """
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
        rgba = image.convert("RGBA")
        grey = image.convert("L")
        packed = io.BytesIO()
        if grey.convert("RGBA").tobytes() == rgba.tobytes():
            grey.save(packed, "PNG", optimize=True)
            kind = "png"
        elif rgba.getextrema()[3] == (255, 255) and rgba.getcolors(maxcolors=256) is None:
            rgba.convert("RGB").save(packed, "WEBP", quality=80, method=6)
            kind = "webp"
        else:
            return uri
    return f"data:image/{kind};base64,{base64.b64encode(packed.getvalue()).decode()}"
