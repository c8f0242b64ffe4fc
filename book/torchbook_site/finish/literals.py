"""Code in a line of text, without the marks that Sphinx puts around each of its words."""

from __future__ import annotations

import re
from html import unescape

from torchbook_site.finish.site import Site

LITERAL = re.compile(r'(<code class="docutils literal notranslate)">(.*?)</code>', re.S)
WORD = re.compile(r'<span class="pre">(.*?)</span>', re.S)
SHORT = 22  # characters, which even a narrow column has room for
MAY_BREAK = re.compile(r"[^\w.]")
NUMBER = re.compile(r"\b[\d.]+e-\d+")


def unwrap_words(site: Site) -> None:
    """Take off the marks, in contents lists too: they were a sixth of the errors page."""
    for name, html in site.pages.items():
        site.pages[name] = LITERAL.sub(_unwrapped, html)


def _unwrapped(literal: re.Match[str]) -> str:
    """Return a literal without the marks; what is short in it is never parted by a new line."""
    words = WORD.sub(r"\1", literal[2])
    text = unescape(words)
    if len(text) > SHORT:
        words = NUMBER.sub(r'<span class="tb-whole">\g<0></span>', words)
        return f'{literal[1]}">{words}</code>'
    whole = " tb-whole" if MAY_BREAK.search(text) else ""
    return f'{literal[1]}{whole}">{words}</code>'
