"""One stylesheet for the whole site: what all of them say, less what no page uses.

Sphinx, the theme and its extensions bring ten sheets of half a megabyte, four fifths of it for
parts that this book does not have: 90 KB compressed, in ten answers that a page waits for. Joined
and trimmed they are a third of that, in one answer, and the reader's browser has it for all pages.

A rule of theirs stays if each class that it asks for is on some page, or is a word in some script;
what stands in :not(), :is() and their like is not looked at. Our own sheets stay whole. No fonts
come along: the theme's icons are drawn by book/static/torchbook.css.
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from torchbook_site.finish.site import Site

NAME = "site.css"
OURS = Path(__file__).parents[2] / "static" / "torchbook.css"
THEME = ("basic.css", "styles/pydata-sphinx-theme.css")  # Sphinx's, the theme's: before all others

TOKEN = re.compile(
    r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^"')]*\)|[{};]|[^{};"'/u]+|.""", re.S
)
CONDITIONAL = re.compile(r"@(?:media|supports|container|layer)\b")
ALTERNATIVES = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]")
COMMA = re.compile(r",(?![^(]*\))")
CLASS = re.compile(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)")
ADDRESS = re.compile(r"""(url\(\s*["']?)(?!data:|/|#|[a-z]+:)([^"')]+)""")


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Yield each rule of a sheet: what stands before its braces, and what is in them, if any."""
    depth, start, body = 0, [], []
    for token in TOKEN.findall(css):
        if token.startswith("/*"):
            continue
        depth -= token == "}"
        if depth < 0:
            raise ValueError("a stylesheet with a brace too many")
        if depth == 0 and token in ("}", ";"):
            yield "".join(start).strip(), "".join(body) if token == "}" else None
            start, body = [], []
        elif depth == 0 and token == "{":
            depth = 1
        else:
            (body if depth else start).append(token)
            depth += token == "{"
    if depth:
        raise ValueError("a stylesheet that ends within a rule")


def trimmed(css: str, used: set[str]) -> str:
    """Return a sheet without the rules that need a class which is not used."""
    kept = []
    for start, body in rules(css):
        if body is None:
            if start and not start.startswith("@charset"):
                kept.append(f"{start};")
        elif CONDITIONAL.match(start):
            if inner := trimmed(body, used):
                kept.append(f"{start}{{{inner}}}")
        elif start.startswith("@"):
            if not start.startswith("@font-face"):
                kept.append(f"{start}{{{body}}}")
        elif selectors := [part for part in COMMA.split(start) if applies(part, used)]:
            kept.append(f"{','.join(selectors)}{{{body.strip()}}}")
    return "".join(kept)


def applies(selector: str, used: set[str]) -> bool:
    """Return whether all classes that a selector asks for are used."""
    return used.issuperset(CLASS.findall(ALTERNATIVES.sub("", selector)))


@functools.cache
def drawing_styles() -> tuple[str, str, str]:
    """Return what a drawing needs where the page's sheet does not reach it: in a file of its own.

    Returns:
        The book's tokens for light pages and paper, those that are otherwise on dark pages, and the
        rules for drawings and graphs, which use them.
    """
    light, dark, looks = "", "", ""
    for start, body in rules(OURS.read_text(encoding="utf-8")):
        if start in (":root", "html[data-theme]"):
            light += body
        elif start == "@media screen":
            dark += "".join(inner for of, inner in rules(body) if of == 'html[data-theme="dark"]')
        elif start.startswith(("svg.tb-graph", "svg.tb-drawing")):
            looks += f"{start}{{{body}}}"
    return tuple(re.sub(r"\s*\n\s*", "", part) for part in (light, dark, looks))


def names_in_use(site: Site) -> set[str]:
    """Return the classes on the site's pages, and every word in its scripts."""
    used: set[str] = set()
    for html in site.pages.values():
        for value in set(re.findall(r'\bclass="([^"]*)"', html)):
            used.update(value.split())
    for path in (site.drafts / "_static").rglob("*.js"):
        if "vendor" not in path.parts and path.name not in ("fontawesome.js", "bootstrap.js"):
            used.update(re.findall(r"-?[A-Za-z_][\w-]*", path.read_text(encoding="utf-8")))
    return used


def join_styles(site: Site) -> None:
    """Write the one stylesheet of all pages."""
    app, static = site.app, site.drafts / "_static"
    ours = [Path(app.confdir, folder) for folder in app.config.html_static_path]
    # Those of all pages. (Sphinx's `_orig_css_files` is not there when no page had to be written.)
    sheets = sorted(app.builder._css_files, key=lambda sheet: sheet.priority)
    addresses = [*THEME, *(str(sheet.filename).removeprefix("_static/") for sheet in sheets)]
    used = names_in_use(site)
    parts = []
    for address in dict.fromkeys(addresses):
        if not (static / address).is_file():
            continue
        css = (static / address).read_text(encoding="utf-8")
        if not any((folder / address).is_file() for folder in ours):
            css = trimmed(css, used)
        here = posixpath.dirname(address)

        def move(match: re.Match[str], here: str = here) -> str:
            return match[1] + posixpath.normpath(posixpath.join(here, match[2]))

        parts.append(ADDRESS.sub(move, css))
    site.write(f"_static/{NAME}", "\n".join(parts))
