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
import shutil
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx
from tb_policy import sum_of
from tb_search import FOLDER as SEARCH
from tb_styles import NAME as SHEET

WORKER = Path(__file__).parents[1] / "offline" / "sw.js"
LIST = "_static/offline.json"
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
    "_static/*.html",
    "_static/locales/*",
    "_static/onnxruntime/*",
    "_static/scripts/*",
    "_static/vendor/*",
    "notebooks/*",
    LIST,
    WORKER.name,  # the browser itself keeps it
)
ELEMENT = re.compile(r'<tb-offline(?=[\s>])(?P<attributes>[^>]*?)(?: data-bytes="\d+")?>')
IN_ADDRESSES = "/!$&'()*+,;=:@~"  # what a browser leaves as it is, besides letters and digits


def is_kept(name: str) -> bool:
    """Return whether a file of the site, named by its path, is one of those that a reader keeps."""
    return any(fnmatch(name, pattern) for pattern in KEPT) or not any(
        fnmatch(name, pattern) for pattern in LEFT_OUT
    )


def kept_in(site: Path) -> dict[str, Path]:
    """Return the files that a reader keeps, by their paths as in addresses."""
    paths = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
    return {
        quote(name, safe=IN_ADDRESSES): path
        for name, path in sorted(paths.items())
        if is_kept(name)
    }


def list_of(site: Path) -> dict[str, list[Any]]:
    """Return the sum and the size of each file that a reader keeps."""
    return {name: [sum_of(path), path.stat().st_size] for name, path in kept_in(site).items()}


def _say_size(site: Path) -> None:
    """Write into the element how large the book is, less the page that says so."""
    sizes = {path: path.stat().st_size for path in kept_in(site).values()}
    for page in sizes:
        if page.suffix != ".html" or not ELEMENT.search(html := page.read_text(encoding="utf-8")):
            continue
        size = sum(sizes.values()) - sizes[page]
        new = ELEMENT.sub(rf'<tb-offline\g<attributes> data-bytes="{size}">', html)
        if new != html:
            page.write_text(new, encoding="utf-8")


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    _say_size(site)
    shutil.copyfile(WORKER, site / WORKER.name)
    write_list(site)


def write_list(site: Path) -> None:
    """Write the list of what is kept, unless it stands there already: it keeps its date."""
    files, target = list_of(site), site / LIST
    known = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else {}
    if known.get("files") != files:
        content = {"built": datetime.now(UTC).date().isoformat(), "files": files}
        target.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    # After the policy, which writes into all pages; before the gates look.
    app.connect("build-finished", _write, priority=895)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
