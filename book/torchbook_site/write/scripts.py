"""Each page runs the scripts that it uses, and none before it can be seen.

Sphinx, the theme and its extensions name all their scripts on every page, and run them before the
page is shown. Here a page keeps what something on it asks for, and its scripts wait until it has
been read. Of the inline ones none is kept: they set what nothing reads. (The theme's own, which
chooses light or dark before anything is drawn, is in its template.)
"""

from __future__ import annotations

import os
import re
from typing import Any

from sphinx.builders.html._assets import _JavaScript

# What has to be on a page for a file to be of use there; a file that is not listed is used by all.
CODE = re.compile(r'<div class="[^"]*\bhighlight\b')
USED_BY = {
    "copy.js": CODE,
    "design-tabs.js": re.compile(r'class="[^"]*\bsd-tab-set\b'),
}
# Sphinx's own search marked words with the first three; Pagefind's index has taken its place, and
# book/static/theme.js that of the theme's script.
REPLACED = (
    "documentation_options.js",
    "doctools.js",
    "sphinx_highlight.js",
    "sphinx-book-theme.js",
)


def is_used(filename: str | os.PathLike[str] | None, body: str) -> bool:
    """Return whether a page has a use for a script; without a name it is inline."""
    if not filename:
        return False
    name = os.path.basename(filename)  # noqa: PTH119 - an address, not a path
    if name in REPLACED:
        return False
    sign = USED_BY.get(name)
    return sign is None or sign.search(body) is not None


def deferred(script: _JavaScript) -> _JavaScript:
    """Return a script that does not hold up the page."""
    if {"defer", "async"} & script.attributes.keys() or script.attributes.get("type") == "module":
        return script
    attributes = script.attributes | {"defer": "defer"}
    return _JavaScript(script.filename, priority=script.priority, **attributes)


def choose_scripts(context: dict[str, Any], body: str) -> None:
    """Leave a page the scripts that it uses."""
    context["script_files"] = [
        deferred(script) for script in context["script_files"] if is_used(script.filename, body)
    ]
