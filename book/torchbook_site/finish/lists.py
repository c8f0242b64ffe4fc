"""Lists of the book's pages: for search engines, for assistants and for the reader's browser."""

from __future__ import annotations

import json
from urllib.parse import urljoin

from torchbook_site.address import site_of
from torchbook_site.finish.site import Site
from torchbook_site.resolve.progress import contents

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


def add_lists(site: Site) -> None:
    """Write the site map, what robots may read, llms.txt and the contents as data."""
    app, address = site.app, site_of(site.app.config)
    names = sorted(app.env.found_docs & set(app.env.all_docs))
    places = "".join(f"<url><loc>{address}{name}.html</loc></url>\n" for name in names)
    site.write(
        "sitemap.xml",
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n',
    )
    site.write("robots.txt", f"User-agent: *\nAllow: /\nSitemap: {address}sitemap.xml\n")
    site.write("llms.txt", _llms(site))
    text = json.dumps({"chapters": contents(app.env)}, ensure_ascii=False)
    site.write("_static/contents.json", text)


def add_root_page(site: Site) -> None:
    """Let the site's root lead to the first page."""
    config = site.app.config
    site.pages.setdefault(
        "index.html",
        ROOT_PAGE.format(
            site=site_of(config), start=f"{config.root_doc}.html", title=config.project
        ),
    )


def _llms(site: Site) -> str:
    """Return what the book is, and its pages as Markdown in their order (https://llmstxt.org)."""
    env, config = site.app.env, site.app.config
    lines = [f"# {config.project}", ""]
    front_matter = json.loads(env.metadata[config.root_doc].get("myst", "{}"))
    if description := front_matter.get("html_meta", {}).get("description"):
        lines += [f"> {description}", ""]
    lines += ["Every page as Markdown; numbers and outputs are from the run that built it.", ""]
    pages = [config.root_doc]
    while pages:
        page = pages.pop(0)
        lines.append(f"- [{env.titles[page].astext()}]({urljoin(site_of(config), f'{page}.md')})")
        pages = env.toctree_includes.get(page, []) + pages
    return "\n".join(lines) + "\n"
