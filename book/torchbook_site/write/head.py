"""What each page says of itself to search engines, to those who share it, and to the browser.

The description is the one in a page's front matter; without one, its first words: a chapter begins
with what its reader will be able to do. The tags themselves stand in book/templates/layout.html.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from torchbook_site.address import project_of, site_of
from torchbook_site.write.paper import running_title

LONGEST = 160  # letters, which is what search engines show
DESCRIPTION = re.compile(r'<meta content="(?P<text>[^"]*)" name="description" ?/?>\n?')
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>\n?')
# They hold nothing of their own: search engines need not know them. Sphinx gives them no title.
NOT_FOR_SEARCH = {"404": "No such page", "search": "Search"}


def take_version(app: Sphinx, config: Config) -> None:
    """Let the site have the package's version."""
    config.version = config.release = project_of(app)["version"]


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


def describe(
    app: Sphinx, pagename: str, context: dict[str, Any], doctree: nodes.document | None
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
    context["tb_running"] = running_title(app.config.project, unescape(title))
    context["tb_is_listed"] = pagename not in NOT_FOR_SEARCH
    if pagename == "404":
        context["title"] = title
        context["tb_chapters"] = [
            (name, app.env.titles[name].astext())
            for name in app.env.toctree_includes.get(app.config.root_doc, [])
            if name.startswith("chapters/")
        ]
