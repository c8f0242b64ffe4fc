"""The ways through the book: the list of pages at its side, and where in it a page stands.

The book has parts, a part has pages, and a page may have pages under it, such as the package's. The
list shows those only around the page that is read: there are more of them than of all others.
"""

from __future__ import annotations

import json
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from torchbook_site.address import site_of

Page = tuple[str, str]  # its name and its title


def lists_on(env: BuildEnvironment, docname: str) -> list[tuple[str, list[Page]]]:
    """Return the lists of pages that a page has: the caption and the pages of each."""
    toc = env.tocs.get(docname, nodes.bullet_list())
    return [
        (
            tree.get("caption") or "",
            [
                (name, title or env.titles[name].astext())
                for title, name in tree["entries"]
                if name in env.titles
            ],
        )
        for tree in toc.findall(addnodes.toctree)
    ]


def trail(way: list[Page], app: Sphinx) -> str:
    """Return the pages on the way to one as search engines read it (https://schema.org)."""
    site = site_of(app.config)
    steps = [
        {"@type": "ListItem", "position": position, "name": title, "item": f"{site}{name}.html"}
        for position, (name, title) in enumerate((step for step in way if step[0]), 1)
    ]
    data = {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": steps}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")  # or a title could end the element


def show_ways(app: Sphinx, pagename: str, context: dict[str, Any]) -> None:
    """Hand the templates the list of pages and the way to this one.

    A step of the way is a name and a title; a part of the book is no page and has no name.
    """
    env, parts, way = app.env, [], []
    for caption, pages in lists_on(env, app.config.root_doc):
        entries = []
        for page in pages:
            under = [each for _, pages_under in lists_on(env, page[0]) for each in pages_under]
            here = next((each for each in under if each[0] == pagename), None)
            is_current = here is not None or page[0] == pagename
            entries.append((*page, under if is_current else []))
            if is_current:
                way = [("", caption), page, here]
        parts.append((caption, entries))
    context["tb_parts"] = parts
    context["tb_way"] = way = [step for step in way if step and step[1]]
    context["tb_trail"] = trail([(app.config.root_doc, app.config.project), *way], app)
