"""Say of each picture how large it is, so that nothing jumps, and load those below only on the way.

A picture near the top may be the first thing that one sees: the first one is loaded at once if it
stands among the first paragraphs, all others when the reader comes near them.
"""

from __future__ import annotations

import posixpath
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from PIL import Image
from sphinx.application import Sphinx

IMAGE = re.compile(r"<img\b(?P<attributes>[^>]*?)(?P<end>\s*/?>)")
SOURCE = re.compile(r'\ssrc="([^"]*)"')
NEAR_THE_TOP = 1500  # characters of HTML
NUMBER = r'="\s*([\d.]+)(?:px|pt)?\s*"'


def size_of(path: Path) -> tuple[int, int] | None:
    """Return the width and height of a picture in pixels; None if a drawing does not say them."""
    if path.suffix != ".svg":
        with Image.open(path) as image:
            return image.size
    tag = re.search(r"<svg\b[^>]*>", path.read_text(encoding="utf-8"))
    if not tag:
        return None
    width, height = (re.search(rf"\s{name}{NUMBER}", tag[0]) for name in ("width", "height"))
    if width and height:
        return round(float(width[1])), round(float(height[1]))
    box = re.search(r'viewBox="\s*\S+[ ,]+\S+[ ,]+([\d.]+)[ ,]+([\d.]+)\s*"', tag[0])
    return (round(float(box[1])), round(float(box[2]))) if box else None


def _file_of(app: Sphinx, pagename: str, source: str) -> Path | None:
    """Return where a picture comes from: the site's copy may not have been made yet."""
    address = posixpath.normpath(posixpath.join(posixpath.dirname(pagename), source))
    name = posixpath.basename(address)
    if address.startswith("_images/"):
        for original, stored in app.builder.images.items():
            if stored == name:
                return Path(app.srcdir, original)
    if address.startswith("_static/"):
        for folder in app.config.html_static_path:
            if (path := Path(app.confdir, folder, address.removeprefix("_static/"))).is_file():
                return path
    return None


def size_images(app: Sphinx, pagename: str, body: str) -> str:
    """Return the HTML of a page, whose pictures say how large they are and when to load them."""
    first = IMAGE.search(body)
    eager = first.start() if first and first.start() < NEAR_THE_TOP else None

    def finish(match: re.Match[str]) -> str:
        attributes = match["attributes"]
        source = SOURCE.search(attributes)
        if source and " width=" not in attributes:
            file = _file_of(app, pagename, unquote(unescape(source[1])))
            if file and (size := size_of(file)):
                attributes += f' width="{size[0]}" height="{size[1]}"'
        if match.start() != eager:
            for setting in ('loading="lazy"', 'decoding="async"'):
                if f" {setting.split('=')[0]}=" not in attributes:
                    attributes += f" {setting}"
        return f"<img{attributes}{match['end']}"

    return IMAGE.sub(finish, body)
