"""Put matplotlib's SVGs into the page, where they take the colours of its theme.

A picture in an `<img>` cannot know whether the reader has chosen the dark theme. An SVG in the page
can: black becomes the colour of the text, text stays text, and the alt text its accessible name.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.transforms.post_transforms import SphinxPostTransform

# matplotlib names the outermost group of a figure: there `torchbook.plots.describe` puts the text.
GROUP_ID = re.compile(r"""<g id=(?P<quote>["'])(?P<text>.*?)(?P=quote)""")
EMBEDDED = re.compile(r"data:image/png;base64,\s*([A-Za-z0-9+/=\s]+)")
FONTS = re.compile(r"'DejaVu Sans( Mono)?',[^;\"]*")  # the long list of substitutes, at each text
COORDINATES = re.compile(r' (?:d|x|y|x1|x2|y1|y2)="[^"]*"')
MARKS = re.compile(  # several equal marks in a row, each with its style
    r'<use (?P<mark>href="[^"]+") x="[^"]*" y="[^"]*"(?P<style> style="[^"]*")/>\n'
    r'(?:<use (?P=mark) x="[^"]*" y="[^"]*"(?P=style)/>\n)+'
)
NAMELESS = re.compile(r"figure_\d+")


class InlineFigures(SphinxPostTransform):
    """Replace each SVG that a cell drew by its own source."""

    default_priority = 5  # after MyST-NB chose each output's format, before images are copied
    formats = ("html", "dirhtml")

    def run(self, **kwargs: Any) -> None:
        """Replace them in this document."""
        output = Path(self.env.mystnb_config.output_folder).resolve()
        for node in list(self.document.findall(nodes.image)):
            path = Path(self.env.srcdir, node["uri"]).resolve()
            if path.suffix == ".svg" and path.is_relative_to(output):
                figure = inline_svg(
                    path.read_text(encoding="utf-8"), node.get("alt", ""), "".join(node["ids"][:1])
                )
                if figure is not None:  # without alt text it stays an image, and fails that gate
                    node.replace_self(nodes.raw("", figure, format="html"))


def alt_text(svg: str) -> str:
    """Return what `torchbook.plots.describe` has written into a figure, or nothing."""
    group = GROUP_ID.search(svg)
    return unescape(group["text"]) if group and not NAMELESS.fullmatch(group["text"]) else ""


def inline_svg(svg: str, alt: str = "", anchor: str = "") -> str | None:
    """Return HTML for a figure of matplotlib's, or None if nothing says what it shows.

    Args:
        svg: the figure as matplotlib writes it.
        alt: its alt text, if the cell's metadata gives one.
        anchor: the name by which a link finds it on its page.
    """
    alt = alt or alt_text(svg)
    if not alt:
        return None
    # The same identifiers in two figures of a page would clash: clip paths would cut the wrong one.
    prefix = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8] + "-"
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", body, flags=re.S)
    body = GROUP_ID.sub("<g", body)
    known = dict.fromkeys(re.findall(r'\bid="([^"]+)"', body))
    new = {old: f"{prefix}{number:x}" for number, old in enumerate(known)}  # short: some come often
    body = re.sub(r'\bid="([^"]+)"', lambda match: f'id="{new[match[1]]}"', body)
    body = re.sub(r"url\(#([^)]+)\)", lambda match: f"url(#{new[match[1]]})", body)
    body = re.sub(r'xlink:href="#([^"]+)"', lambda match: f'href="#{new[match[1]]}"', body)
    body = body.replace('xlink:href="data:', 'href="data:')
    body = re.sub(r"#000000\b", "currentColor", body)
    body = FONTS.sub(lambda fonts: "monospace" if fonts[1] else "sans-serif", body)
    body = EMBEDDED.sub(_shrink_png, body)
    body = COORDINATES.sub(_fewer_digits, body)
    body = re.sub(r"\n\s*", "\n", body)
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', body).groups()
    body = re.sub(r' transform="rotate\(-?0 [^"]*"', "", body)
    body = re.sub(r' d="[^"]*"', lambda match: re.sub(r"\s*([A-Zz])\s*", r"\1", match[0]), body)
    body = MARKS.sub(_style_once, body)
    name = f'id="{anchor}" ' if anchor else ""
    opening = (
        f'<svg class="tb-graph" {name}role="img" aria-label="{escape(alt)}" '
        f'viewBox="0 0 {width} {height}" width="{float(width) * 4 / 3:.0f}" '
        f'height="{float(height) * 4 / 3:.0f}">'
    )
    return opening + body[body.index(">") + 1 :].strip()


def _fewer_digits(match: re.Match[str]) -> str:
    """Cut matplotlib's six decimals, half of what a figure weighs.

    A tenth of a point is finer than any eye sees, save in the outline of a small mark.
    """
    small_outline = match[0].startswith(" d=") and len(match[0]) < 400
    return re.sub(r"(\.\d\d)\d+" if small_outline else r"(\.\d)\d+", r"\1", match[0])


def _style_once(match: re.Match[str]) -> str:
    """Give a row of equal marks their style as a group."""
    return f"<g{match['style']}>\n{match[0].replace(match['style'], '')}</g>\n"


def _shrink_png(match: re.Match[str]) -> str:
    """Store an opaque picture as small as its kind allows: matplotlib always writes four channels.

    Grey ones lose three channels. Photos, which have more than 256 colours, become WebP, at a
    quality where the difference is hard to see. Others stay as they are.
    """
    with Image.open(io.BytesIO(base64.b64decode(match[1]))) as image:
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
            return match[0]
    return f"data:image/{kind};base64,{base64.b64encode(packed.getvalue()).decode()}"
