"""From each page to the repository: to the page's source, and to a new issue about the page."""

from __future__ import annotations

import os
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from sphinx.application import Sphinx

from torchbook_site.address import BRANCH, repository_of
from torchbook_site.resolve.launch import settings_of


def lead_to_repository(app: Sphinx, pagename: str, context: dict[str, Any]) -> None:
    """Hand the templates the addresses; `describe` has named the page before."""
    repository = repository_of(app.config)
    context["tb_repository"] = repository
    context["tb_files"] = f"{repository}/blob/{BRANCH}"
    context["tb_edit"] = address_of(repository, source_of(app, pagename))
    code = documented_code(app, pagename)
    context["tb_docstrings"] = address_of(repository, code) if code else None
    issue = {
        "title": f"{unescape(context['tb_title'])}: ",
        "body": f"Page: {context['tb_site']}{pagename}.html\n\n",
    }
    context["tb_correct"] = f"{repository}/issues/new?{urlencode(issue, quote_via=quote)}"


def address_of(repository: str, source: str) -> str:
    """Return where a file can be edited, or a folder looked at."""
    kind = "edit" if Path(source).suffix else "tree"
    return f"{repository}/{kind}/{BRANCH}/{quote(source)}"


def source_of(app: Sphinx, pagename: str) -> str:
    """Return the path of a page's source in the project: of a page without one, its template's."""
    if pagename in app.env.found_docs:
        return app.env.doc2path(pagename, base=False)
    return f"book/templates/{pagename}.html"


def documented_code(app: Sphinx, pagename: str) -> str | None:
    """Return the module whose docstrings a page shows, or the folder that holds all of them."""
    if settings_of(app, pagename) is not None:  # it reads code for its cells
        return None
    root = Path(app.srcdir).resolve()
    read = [(root / path).resolve() for path in app.env.dependencies.get(pagename, ())]
    modules = [path for path in read if path.suffix == ".py" and root / "src" in path.parents]
    if not modules:
        return None
    return Path(os.path.commonpath(modules)).relative_to(root).as_posix()
