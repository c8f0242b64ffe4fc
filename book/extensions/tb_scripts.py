"""Each page runs the scripts that it uses, and none before it can be seen.

Sphinx, the theme and its extensions name all their scripts on every page, and run them before the
page is shown. Here a page keeps what something on it asks for, and its scripts wait until it has
been read. Of the inline ones none is kept: they set what nothing reads. (The theme's own, which
chooses light or dark before anything is drawn, stands in its template.) In the site our own
scripts have no comments and types, which are a quarter of their weight.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import rjsmin
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html._assets import _JavaScript
from sphinx.util import logging

logger = logging.getLogger(__name__)

# What has to be on a page for a file to be of use there; a file that is not listed is used by all.
CODE = re.compile(r'<div class="[^"]*\bhighlight\b')
USED_BY = {
    "clipboard.min.js": CODE,
    "copybutton.js": CODE,
    "design-tabs.js": re.compile(r'class="[^"]*\bsd-tab-set\b'),
}
# As a page opens, the theme's script has it laid out again and again. Here it asks nothing whether
# it scrolls (book/static/scrolling.js does that better), and sets itself up when the first picture
# of the page has been drawn: what it then measures is known.
THEME = "scripts/pydata-sphinx-theme.js"
LESS = {
    '["pre",".nboutput > .output_area",".cell_output > .output",".jp-RenderedHTMLCommon",'
    '".pst-scrollable-table-container"].join(", ")': '"tb-none"',
    '"loading"!=document.readyState?e():': '"loading"!=document.readyState'
    "?requestAnimationFrame(()=>setTimeout(e)):",
}
# Sphinx's own search marked words with these; tb_search.py has taken its place.
OF_SPHINX_SEARCH = ("doctools.js", "sphinx_highlight.js")


def is_used(filename: str | os.PathLike[str] | None, body: str) -> bool:
    """Return whether a page has a use for a script; without a name it is inline."""
    if not filename:
        return False
    name = os.path.basename(filename)  # noqa: PTH119 - an address, not a path
    if name in OF_SPHINX_SEARCH:
        return False
    sign = USED_BY.get(name)
    return sign is None or sign.search(body) is not None


def deferred(script: _JavaScript) -> _JavaScript:
    """Return a script that does not hold up the page."""
    if {"defer", "async"} & script.attributes.keys() or script.attributes.get("type") == "module":
        return script
    attributes = script.attributes | {"defer": "defer"}
    return _JavaScript(script.filename, priority=script.priority, **attributes)


def _choose(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    body = context.get("body") or ""
    context["script_files"] = [
        deferred(script) for script in context["script_files"] if is_used(script.filename, body)
    ]


def calmed(script: str) -> str:
    """Return the theme's script, which may be so already, without what holds a page up.

    Raises:
        ValueError: it is another script than the one that this was written for.
    """
    for asked, less in LESS.items():
        if asked in script:
            script = script.replace(asked, less)
        elif less not in script:
            raise ValueError(f"there is no {asked} in it")
    return script


def _calm(app: Sphinx, exception: Exception | None) -> None:
    path = Path(app.outdir, "_static", THEME)
    if exception is not None or app.builder.format != "html" or not path.is_file():
        return
    try:
        path.write_text(calmed(path.read_text(encoding="utf-8")), encoding="utf-8")
    except ValueError as error:
        logger.warning("%s has changed, and tb_scripts.py does not know it: %s", THEME, error)


def _minify(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    for folder in app.config.html_static_path:
        ours = Path(app.confdir, folder)
        for path in ours.rglob("*.js"):
            script = rjsmin.jsmin(path.read_text(encoding="utf-8"))
            copy = Path(app.outdir, "_static", path.relative_to(ours))
            copy.write_text(script, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("html-page-context", _choose, priority=900)  # when all have named theirs
    app.connect("build-finished", _calm, priority=880)  # before the policy, which sums it up
    app.connect("build-finished", _minify, priority=880)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
