"""Code in a line of text, without the marks that Sphinx puts around each of its words."""

from __future__ import annotations

import re

from torchbook_site.finish.site import Site

LITERAL = re.compile(r'<code class="docutils literal notranslate">.*?</code>', re.S)
WORD = re.compile(r'<span class="pre">(.*?)</span>', re.S)


def unwrap_words(site: Site) -> None:
    """Take off the marks, in contents lists too: they were a sixth of the errors page."""
    for name, html in site.pages.items():
        site.pages[name] = LITERAL.sub(lambda literal: WORD.sub(r"\1", literal[0]), html)
