"""The font of the formulas, cut down to the characters in use.

Browsers set a formula by the measures that a font for mathematics brings: how low a subscript
stands, how a root grows. Few phones have such a font. This one, STIX Two Math, comes from npm, and
browsers fetch it only where a page has a formula.
"""

from __future__ import annotations

import hashlib
import logging
import re
from html import unescape
from pathlib import Path

from fontTools import subset

from torchbook_site.finish.site import Site

logging.getLogger("fontTools").setLevel(logging.WARNING)  # or it tells of each table

NAME = "_static/formulas.woff2"
PRELOAD = '<link rel="preload" href="{}" as="font" type="font/woff2" crossorigin>\n'
FORMULA = re.compile(r"<math[ >].*?</math>", re.S)
TAG = re.compile(r"<[^>]*>")
ROOT = "√"  # no text contains it: an element draws it
# A browser shows a name of one letter in italics: these characters, which the page doesn't hold.
ITALICS = {
    **{chr(ord("A") + i): chr(0x1D434 + i) for i in range(26)},
    **{chr(ord("a") + i): chr(0x1D44E + i) for i in range(26)},
    **{chr(ord("Α") + i): chr(0x1D6E2 + i) for i in range(25)},
    **{chr(ord("α") + i): chr(0x1D6FC + i) for i in range(25)},
    "h": "ℎ",
    "∂": "𝜕",
    "ϵ": "𝜖",
    "ϑ": "𝜗",
    "ϕ": "𝜙",
}


def add_font(site: Site) -> None:
    """Give the site the font, if a page has a formula, and ask for it early there."""
    formulas = {name: FORMULA.findall(html) for name, html in site.pages.items()}
    used = {c for found in formulas.values() for f in found for c in unescape(TAG.sub("", f))}
    if not used:
        return
    source = Path(site.app.srcdir, site.app.config.torchbook_formulas)
    if not source.is_file():
        site.problems.append(
            f"formulas need a font, which is not at {source}: run npm ci (make book does)"
        )
        return
    text = "".join(sorted({ROOT, *used, *(ITALICS[c] for c in used if c in ITALICS)}))
    site.copy(cut(source, text, Path(site.app.doctreedir, "torchbook_formulas")), NAME)
    site.copy(source.parents[1] / "LICENSE", "_static/formulas-LICENSE.txt")
    for name, found in formulas.items():
        if found:  # it's there before the text is, which would move otherwise
            preload = PRELOAD.format("../" * name.count("/") + NAME)
            site.pages[name] = site.pages[name].replace("<link", f"{preload}<link", 1)


def cut(source: Path, text: str, folder: Path) -> Path:
    """Return a font that has the characters of a text; one that was cut before is used again."""
    digest = hashlib.sha256(source.read_bytes() + text.encode())
    path = folder / f"{digest.hexdigest()[:16]}.woff2"
    if not path.is_file():
        options = subset.Options(
            flavor="woff2",
            hinting=False,
            layout_features=["ssty"],  # smaller letters for indices
            name_IDs=[0, 1, 2, 14],  # with the copyright, and where its licence is
        )
        font = subset.load_font(source, options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=text)
        subsetter.subset(font)
        folder.mkdir(parents=True, exist_ok=True)
        subset.save_font(font, path, options)
    return path
