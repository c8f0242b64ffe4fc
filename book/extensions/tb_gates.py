"""What a build must not let through, and that it says so again until it is mended.

Sphinx reports a failed cell or a broken reference only in the build that reads the page. Here a
build with any problem forgets what it read, so that the next one looks at everything again; runs
that succeeded stay in the cache. At the end all problems are listed together.
"""

from __future__ import annotations

import logging as python_logging
import os
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from tb_site import base_path

logger = logging.getLogger(__name__)

# Elements that make a browser fetch something as soon as the page is opened, and live models, which
# do so when asked.
FETCHING = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "tb-classifier": "model",
    "video": "src",
}
FETCHING_RELATIONS = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect"}


class ProblemList(python_logging.Handler):
    """Collects what Sphinx counts as a warning or an error."""

    def __init__(self, app: Sphinx) -> None:
        super().__init__(python_logging.WARNING)
        self.problems: list[str] = []
        self.addFilter(logging.WarningSuppressor(app))
        self.addFilter(logging.WarningLogRecordTranslator(app))

    def emit(self, record: python_logging.LogRecord) -> None:
        """Remember a message with its place."""
        location, message = getattr(record, "location", None), record.getMessage()
        if location and not message.startswith(str(location)):
            message = f"{location}: {message}"
        if message not in self.problems:
            self.problems.append(message)


class Page(HTMLParser):
    """The parts of a built page that the gates look at."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.images_without_alt: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to, fetches or is called."""
        values = dict(attrs)
        for key in ("id", "name"):
            if values.get(key):
                self.anchors.add(values[key])
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "img" and not (values.get("alt") or values.get("role") == "presentation"):
            self.images_without_alt.append(values.get("src") or "without a source")
        url = values.get(FETCHING.get(tag, ""))
        fetches = tag != "link" or FETCHING_RELATIONS & set((values.get("rel") or "").split())
        if url and fetches:
            self.fetched.append(url)


def _check_alt(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Warn of each image without alt text, at its place in the source."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            logger.warning(
                "image without alt text: %s (end the cell with plots.describe(figure, ...), or "
                "give the image an :alt:)",
                Path(image["uri"]).name,
                location=image,
                type="torchbook",
                subtype="alt",
            )
            image["alt"] = "?"  # said once is enough


def check_site(folder: Path, base: str = "/") -> list[str]:
    """Return the problems of a built site: broken links, requests elsewhere, images without alt.

    Args:
        folder: where the site's index.html is.
        base: the path of the site on its host, with which absolute addresses begin.
    """

    def find(page: Path, url: str) -> Path | None:
        path = unquote(urlsplit(url).path)
        if path.startswith(base):
            path = folder / path.removeprefix(base)
        target = Path(os.path.normpath(page.parent / path)) if path else page
        if target.is_dir():
            target /= "index.html"
        return target if target.is_file() else None

    pages = {
        path: Page(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.html"))
        if "_static" not in path.relative_to(folder).parts  # the theme's templates lie there
    }
    problems = []
    for path, page in pages.items():
        name = path.relative_to(folder).as_posix()
        problems += [f"{name}: image without alt text: {src}" for src in page.images_without_alt]
        for url in page.fetched:
            if urlsplit(url).netloc:
                problems.append(f"{name}: asks another host for {url}")
            elif urlsplit(url).path and find(path, url) is None:
                problems.append(f"{name}: asks for {url}, which the site does not have")
        for url in page.links:
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                continue
            target = find(path, url)
            if target is None:
                problems.append(f"{name}: broken link to {url}")
                continue
            anchor = unquote(parts.fragment)
            if anchor and target in pages and anchor not in pages[target].anchors:
                problems.append(f"{name}: link to {url}, where nothing has that name")
    return list(dict.fromkeys(problems))


def _start(app: Sphinx) -> None:
    app.torchbook_problems = ProblemList(app)
    python_logging.getLogger(logging.NAMESPACE).addHandler(app.torchbook_problems)


def _finish(app: Sphinx, exception: Exception | None) -> None:
    problems = app.torchbook_problems.problems
    python_logging.getLogger(logging.NAMESPACE).removeHandler(app.torchbook_problems)
    if exception is None and app.builder.name == "html":
        for problem in check_site(Path(app.outdir), base_path(app.config)):
            logger.warning(problem, type="torchbook", subtype="site")
            problems.append(problem)
    if not problems:
        return
    # The next build must read all pages again, or it would not see these problems.
    Path(app.doctreedir, "environment.pickle").unlink(missing_ok=True)
    print(f"\n{len(problems)} problem(s) in this build:")
    for problem in problems:
        print(f"  - {problem}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", _start)
    app.connect("doctree-resolved", _check_alt, priority=900)
    app.connect("build-finished", _finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
