"""What the build remembers about each page from one build to the next."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors import EnvironmentCollector

# A kind of note: pages to write whenever another has changed; True if in every build.
QUOTES = "quotes other pages"


def notes(env: BuildEnvironment, kind: str) -> dict[str, Any]:
    """Return the notes of one kind by page; what is put in is kept until the page is read again."""
    if not hasattr(env, "torchbook_notes"):
        env.torchbook_notes = defaultdict(dict)
    return env.torchbook_notes[kind]


class Notes(EnvironmentCollector):
    """Forgets a page's notes when the page is read again or removed."""

    def clear_doc(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        """Forget the notes of a page that is about to be read, or is gone."""
        app.torchbook_reads_pages = True
        for by_page in getattr(env, "torchbook_notes", {}).values():
            by_page.pop(docname, None)

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        """Do nothing: the handlers of `doctree-read` take their own notes, in a fixed order."""


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the pages that quote others: all of them, if this build has read any page."""
    has_read = getattr(app, "torchbook_reads_pages", False)
    pages = [page for page, always in notes(env, QUOTES).items() if has_read or always]
    return sorted(env.found_docs.intersection(pages))
