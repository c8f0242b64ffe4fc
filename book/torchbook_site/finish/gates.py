"""What a build must not let through, said again by every build until it is fixed.

Sphinx reports a failed cell or a broken reference only in the build that reads the page. So a build
marks its doctrees as unfinished when it begins, and removes the mark only when it ends without a
problem. A build that finds the mark (the last one had problems, was interrupted, or ran out of
memory or time) reads all pages again; runs of chapters that succeeded stay in the cache.
"""

from __future__ import annotations

import logging as python_logging
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from docutils import nodes
from sphinx.application import ENV_PICKLE_FILENAME, Sphinx
from sphinx.util import logging

from torchbook_site.address import base_path
from torchbook_site.finish.site import Site

logger = logging.getLogger(__name__)

MARK = "unfinished"  # a file beside the doctrees
# Attributes whose address a browser fetches as soon as the page is opened (a live model: when the
# reader asks for it), by element. "*" stands for all elements.
FETCHING = {
    "*": {"poster", "srcset", "imagesrcset", "background"},
    "audio": {"src"},
    "embed": {"src"},
    "feimage": {"href", "xlink:href"},
    "iframe": {"src"},
    "image": {"href", "xlink:href"},
    "img": {"src"},
    "input": {"src"},
    "link": {"href"},
    "object": {"data"},
    "script": {"src", "href", "xlink:href"},
    "source": {"src"},
    "tb-aloud": {"words"},
    "tb-classifier": {"model"},
    "tb-memory": {"model"},
    "tb-recommender": {"model"},
    "tb-sampler": {"model"},
    "tb-writer": {"model"},
    "track": {"src"},
    "use": {"href", "xlink:href"},
    "video": {"src"},
}
FETCHING_RELATIONS = {
    "stylesheet",
    "icon",
    "apple-touch-icon",
    "preload",
    "modulepreload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
}
CSS_ADDRESS = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")


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
        self.in_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to, fetches or is called."""
        values = {name: value for name, value in attrs if value}
        self.in_style = tag == "style"
        self.anchors.update(values[key] for key in ("id", "name") if key in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "img" and not (values.get("alt") or values.get("role") == "presentation"):
            self.images_without_alt.append(values.get("src") or "without a source")
        self.fetched += css_addresses(values.get("style", ""))
        if tag == "link" and not FETCHING_RELATIONS & set(values.get("rel", "").split()):
            return
        for name in values.keys() & (FETCHING["*"] | FETCHING.get(tag, set())):
            # Candidates of a srcset: an address, and perhaps its width or density.
            candidates = values[name].split(",") if name.endswith("srcset") else [values[name]]
            self.fetched += [candidate.split()[0] for candidate in candidates if candidate.strip()]

    def handle_data(self, data: str) -> None:
        """Note what an inline style sheet fetches."""
        if self.in_style:
            self.fetched += css_addresses(data)


def css_addresses(css: str) -> list[str]:
    """Return the addresses that some CSS fetches, less references within the document."""
    found = (a or b for a, b in CSS_ADDRESS.findall(css))
    return [address.strip() for address in found if not address.startswith(("#", "data:"))]


def check_alt(app: Sphinx, doctree: nodes.document, docname: str) -> None:
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
            image["alt"] = "?"  # so that check_site does not report it a second time


def check_site(site: Site) -> None:
    """Find broken links, requests to other hosts and images without alt text."""
    site.problems += problems_of(site.pages, site.folder, base_path(site.app.config))


def problems_of(pages: dict[str, str], folder: Path, base: str = "/") -> list[str]:
    """Return the problems of a site.

    Args:
        pages: the HTML of each page by its path in the site.
        folder: the site's folder, which holds its other files.
        base: the path of the site on its host, with which absolute addresses begin.
    """

    def path_of(page: str, url: str) -> str | None:
        """Return the path in the site that an address leads to, None if the site has none there."""
        address = urlsplit(urljoin(f"{base}{page}", url))
        path = unquote(address.path)
        if not path.startswith(base):
            return None
        path = path.removeprefix(base)
        candidates = (path, f"{path.rstrip('/')}/index.html".lstrip("/"))
        return next((p for p in candidates if p in pages or (folder / p).is_file()), None)

    parsed = {name: Page(html) for name, html in pages.items()}
    problems = []
    for name, page in parsed.items():
        problems += [f"{name}: image without alt text: {src}" for src in page.images_without_alt]
        for url in page.fetched:
            parts = urlsplit(url)
            if parts.netloc:
                problems.append(f"{name}: asks another host for {url}")
            elif parts.path and not parts.scheme and path_of(name, url) is None:
                problems.append(f"{name}: asks for {url}, which the site does not have")
        for url in page.links:
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                continue
            target, anchor = path_of(name, url), unquote(parts.fragment)
            if target is None:
                problems.append(f"{name}: broken link to {url}")
            elif anchor and target in parsed and anchor not in parsed[target].anchors:
                problems.append(f"{name}: link to {url}, where nothing has that name")
    for sheet in sorted(folder.rglob("*.css")):
        name = sheet.relative_to(folder).as_posix()
        for url in css_addresses(sheet.read_text(encoding="utf-8")):
            if urlsplit(url).netloc:
                problems.append(f"{name}: asks another host for {url}")
    return list(dict.fromkeys(problems))


def begin(app: Sphinx) -> None:
    """Mark the doctrees as unfinished; forget them if they are marked already.

    Called before Sphinx loads what the last build read.
    """
    mark = Path(app.doctreedir, MARK)
    if mark.exists():
        Path(app.doctreedir, ENV_PICKLE_FILENAME).unlink(missing_ok=True)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


def collect_problems(app: Sphinx) -> None:
    """Begin to collect what Sphinx warns of."""
    app.torchbook_problems = ProblemList(app)
    python_logging.getLogger(logging.NAMESPACE).addHandler(app.torchbook_problems)


def end(app: Sphinx, problems: list[str], *, interrupted: bool) -> bool:
    """List all problems; remove the mark if there are none. Return whether the build is clean.

    Args:
        app: Sphinx.
        problems: those of the finished site, of which Sphinx does not know yet.
        interrupted: whether the build stopped before its end.
    """
    python_logging.getLogger(logging.NAMESPACE).removeHandler(app.torchbook_problems)
    for problem in problems:
        logger.warning(problem, type="torchbook", subtype="site")
    problems = app.torchbook_problems.problems + problems
    if problems:
        print(f"\n{len(problems)} problem(s) in this build:")
        for problem in problems:
            print(f"  - {problem}")
    is_clean = not problems and not interrupted
    if is_clean:
        Path(app.doctreedir, MARK).unlink()
    return is_clean
