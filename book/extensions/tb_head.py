"""What each page says of itself to search engines, to those who share it, and to the browser.

The description is the one in a page's front matter; without one, its first words: a chapter begins
with what its reader will be able to do. The tags themselves stand in book/templates/layout.html.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from tb_site import base_path, site_of

LONGEST = 160  # letters, which is what search engines show
DESCRIPTION = re.compile(r'<meta content="(?P<text>[^"]*)" name="description" ?/?>\n?')
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>\n?')
RELATIVE = re.compile(r'(<[^>]*\s(?:href|src|action)=")(?!/|#|[a-z]+:)')
# They hold nothing of their own: search engines need not know them. Sphinx gives them no title.
NOT_FOR_SEARCH = {"404": "No such page", "search": "Search"}


def opening(doctree: nodes.document) -> str:
    """Return the first running text of a page, cut between sentences or words."""
    for paragraph in doctree.findall(nodes.paragraph):
        is_strip = "tb-strip" in paragraph["classes"] or "tb-strip" in paragraph.parent["classes"]
        if isinstance(paragraph.parent, nodes.section) and paragraph.astext() and not is_strip:
            return shortened(" ".join(paragraph.astext().split()))
    return ""


def shortened(text: str) -> str:
    """Return as many whole sentences of a text as fit; if not even one does, its first words."""
    if len(text) <= LONGEST:
        return text
    start = text[: LONGEST + 1]
    sentence = re.match(r".*[.!?](?= )", start)
    if sentence and len(sentence[0]) >= LONGEST / 3:
        return sentence[0]
    return start.rsplit(" ", 1)[0].rstrip(",;:") + " ..."


def _describe(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Hand the template what it needs; drop what it writes itself from the other tags."""
    tags = VIEWPORT.sub("", context.get("metatags") or "")
    given = DESCRIPTION.search(tags)
    context["metatags"] = DESCRIPTION.sub("", tags)
    title = re.sub(r"<[^>]+>", "", context.get("title") or NOT_FOR_SEARCH.get(pagename, ""))
    if given:
        description = given["text"]  # escaped already, like a title
    elif doctree is not None and (words := opening(doctree)):
        description = escape(words)
    else:
        description = f"{title}, in {escape(app.config.project)}."
    site = site_of(app.config)
    context["pageurl"] = None if pagename in NOT_FOR_SEARCH else f"{site}{pagename}.html"
    context["tb_site"] = site
    context["tb_title"] = title
    context["tb_description"] = description
    context["tb_is_listed"] = pagename not in NOT_FOR_SEARCH
    if pagename == "404":
        context["title"] = title
        context["tb_chapters"] = [
            (name, app.env.titles[name].astext())
            for name in app.env.toctree_includes.get(app.config.root_doc, [])
            if name.startswith("chapters/")
        ]


def anchored(html: str, base: str) -> str:
    """Return a page at the root of the site that works at any address: with absolute addresses."""
    html = html.replace('data-content_root="./"', f'data-content_root="{base}"')
    return RELATIVE.sub(lambda match: match[1] + base, html)


def sitemap(addresses: list[str]) -> str:
    """Return a site map of some addresses."""
    places = "".join(f"<url><loc>{address}</loc></url>\n" for address in addresses)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n'
    )


ROOT_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="refresh" content="0; url={start}" />
<title>{title}</title>
<link rel="canonical" href="{site}{start}" />
</head>
<body><p><a href="{start}">{title}</a></p></body>
</html>
"""


def _write_files(app: Sphinx, exception: Exception | None) -> None:
    """Write what stands at the site's root: its map, what robots may read, the way to the start."""
    if exception is not None or app.builder.format != "html":
        return
    site, start = site_of(app.config), f"{app.config.root_doc}.html"
    names = sorted(app.env.found_docs & set(app.env.all_docs))
    files = {
        "sitemap.xml": sitemap([f"{site}{name}.html" for name in names]),
        "robots.txt": f"User-agent: *\nAllow: /\nSitemap: {site}sitemap.xml\n",
    }
    if "index" not in names:
        title = app.config.project
        files["index.html"] = ROOT_PAGE.format(site=site, start=start, title=title)
    for name, text in files.items():
        Path(app.outdir, name).write_text(text, encoding="utf-8")


def _anchor(app: Sphinx, exception: Exception | None) -> None:
    """Make the page for lost readers work at any address."""
    lost = Path(app.outdir, "404.html")
    if exception is None and app.builder.format == "html" and lost.is_file():
        html = lost.read_text(encoding="utf-8")
        lost.write_text(anchored(html, base_path(app.config)), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("html-page-context", _describe)
    app.connect("build-finished", _write_files)
    app.connect("build-finished", _anchor, priority=870)  # before the policy, which sums it up
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
