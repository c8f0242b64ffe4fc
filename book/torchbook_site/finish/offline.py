"""The book on a reader's own device: the list of its files, and the worker that serves them.

Who presses the button of `<tb-offline>` gets the files of this list, each with its sum, by which a
browser knows what has changed since, and never mixes two builds. It is the sum that pages give of
their scripts, and its beginning is the version in their addresses: so the worker can tell whether
what is kept is what a page means. The list is written only when one of the files has changed.

Kept is what reading takes: pages, pictures, scripts, the search. Left out is what one takes away or
what only machines read (notebooks, scripts, Markdown, the package), the live models, which with
their runtime weigh more than all the rest, and what the theme brings and no page asks for.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import quote

from torchbook_site.finish.policy import sum_of_bytes
from torchbook_site.finish.search import FOLDER as SEARCH
from torchbook_site.finish.site import Site
from torchbook_site.write.page import SHEET

WORKER = Path(__file__).parents[2] / "offline" / "sw.js"
LIST = "offline.json"
KEPT = (f"_static/{SHEET}", "_static/search/*", f"{SEARCH}/*")  # whatever their endings
LEFT_OUT = (
    ".*",
    "404.html",  # the worker says it in its own words
    "*.css",  # joined in one
    "*.inv",
    "*.map",
    "*.md",
    "*.onnx",
    "*.txt",
    "*.whl",
    "*.xml",
    "_downloads/*",
    "drawings/light/*",  # shown in Markdown and notebooks
    "_static/*.html",
    "_static/onnxruntime/*",
    "notebooks/*",
    LIST,
    WORKER.name,  # the browser itself keeps it
)
ELEMENT = re.compile(r"<tb-offline(?=[\s>])(?P<attributes>[^>]*)>")
IN_ADDRESSES = "/!$&'()*+,;=:@~"  # what a browser leaves as it is, besides letters and digits


def is_kept(name: str) -> bool:
    """Return whether a file of the site, named by its path, is one of those that a reader keeps."""
    return any(fnmatch(name, pattern) for pattern in KEPT) or not any(
        fnmatch(name, pattern) for pattern in LEFT_OUT
    )


def add_offline_copy(site: Site) -> None:
    """Write the worker and the list of what it keeps, and tell readers how much that is."""
    site.copy(WORKER, WORKER.name)
    contents = kept_contents(site.pages, site.files, site.folder)
    total = sum(len(content) for content in contents.values())
    for name, html in site.pages.items():
        if ELEMENT.search(html):
            others = total - len(contents[name])
            html = ELEMENT.sub(rf'<tb-offline\g<attributes> data-bytes="{others}">', html)
            site.pages[name], contents[name] = html, html.encode()
    write_list(site.folder, contents)
    site.files.add(LIST)


def kept_contents(pages: dict[str, str], files: set[str], folder: Path) -> dict[str, bytes]:
    """Return the files that a reader keeps, by their paths in the site.

    Args:
        pages: the pages of the site, which need not have been written yet.
        files: the paths of its other files.
        folder: where these are.
    """
    return {
        name: pages[name].encode() if name in pages else (folder / name).read_bytes()
        for name in sorted(pages.keys() | files)
        if is_kept(name)
    }


def write_list(folder: Path, contents: dict[str, bytes]) -> None:
    """Write the list, unless the same one is there already: it keeps its date."""
    files = {
        quote(name, safe=IN_ADDRESSES): [sum_of_bytes(content), len(content)]
        for name, content in contents.items()
    }
    target = folder / LIST
    known = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else {}
    if known.get("files") != files:
        made = {"built": datetime.now(UTC).date().isoformat(), "files": files}
        target.write_text(json.dumps(made, separators=(",", ":")), encoding="utf-8")
