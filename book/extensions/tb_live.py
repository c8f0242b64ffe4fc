"""What live models need: ONNX Runtime in the site, and the size of what their button loads.

The runtime comes from npm. Its program is packed, because few servers do that for this kind of
file: a quarter of the size to load, and the same everywhere.
"""

from __future__ import annotations

import filecmp
import functools
import gzip
import re
import shutil
from html import unescape
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from tb_files import stored

logger = logging.getLogger(__name__)

CLASSIFIER = re.compile(r"<tb-classifier(?=[\s>])(?P<attributes>[^>]*)>")
MODEL = re.compile(r"""\smodel=(["'])(?P<url>.*?)\1""")
PACKED = "ort-wasm-simd-threaded.wasm"
PLAIN = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs")


@functools.cache
def runtime_files(source: Path, store: Path) -> dict[str, Path] | None:
    """Return the files of the runtime by the names that the site gives them, None without npm's.

    Args:
        source: the folder of the npm package's built files.
        store: where what is made of them is kept from build to build.
    """
    if not all((source / name).is_file() for name in (*PLAIN, PACKED)):
        return None
    files = {name: source / name for name in PLAIN}
    files[f"{PACKED}.gz"] = pack(source / PACKED, store)
    return files


def pack(source: Path, store: Path) -> Path:
    """Return the file packed with gzip; what was packed before is not packed again."""
    store.mkdir(parents=True, exist_ok=True)
    original, packed = store / source.name, store / f"{source.name}.gz"
    if not (
        original.is_file() and packed.is_file() and filecmp.cmp(source, original, shallow=False)
    ):
        packed.write_bytes(gzip.compress(source.read_bytes(), mtime=0))
        shutil.copyfile(source, original)  # last: it says that the packed one is complete
    return packed


def _runtime(app: Sphinx) -> dict[str, Path] | None:
    source = Path(app.srcdir, app.config.torchbook_onnxruntime)
    return runtime_files(source, Path(app.doctreedir, "torchbook_onnxruntime"))


def _note_classifiers(app: Sphinx, doctree: nodes.document) -> None:
    if any(CLASSIFIER.search(raw.astext()) for raw in doctree.findall(nodes.raw)):
        app.env.torchbook_live_pages.add(app.env.docname)


def _pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the pages with a live model: another page may have made it smaller."""
    return sorted(env.torchbook_live_pages & env.found_docs)


def _say_sizes(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Tell each classifier of a page how many bytes its button loads."""
    if "<tb-classifier" not in (context.get("body") or ""):
        return
    files = _runtime(app) or {}
    runtime = sum(path.stat().st_size for path in files.values())

    def add_size(match: re.Match[str]) -> str:
        url = MODEL.search(match["attributes"])
        name = PurePosixPath(unescape(url["url"])).name if url else ""
        model = stored(app, name)
        if not model:  # the gates complain of a file that the site lacks
            return match[0]
        size = runtime + model.stat().st_size
        return f'<tb-classifier{match["attributes"]} data-bytes="{size}">'

    context["body"] = CLASSIFIER.sub(add_size, context["body"])


def _put_into_site(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", "onnxruntime")
    if not getattr(app.env, "torchbook_live_pages", None):
        return
    files = _runtime(app)
    if files is None:
        logger.warning(
            "the live models of %s need onnxruntime-web, which is not in %s: say npm ci (make book "
            "does it)",
            ", ".join(sorted(app.env.torchbook_live_pages)),
            app.config.torchbook_onnxruntime,
            type="torchbook",
            subtype="live",
        )
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in files.items():
        target = folder / name
        if not (target.is_file() and filecmp.cmp(source, target, shallow=False)):
            shutil.copyfile(source, target)


def _start(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    if not hasattr(env, "torchbook_live_pages"):
        env.torchbook_live_pages = set()


def _purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    getattr(env, "torchbook_live_pages", set()).discard(docname)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("torchbook_onnxruntime", "node_modules/onnxruntime-web/dist", "env")
    app.connect("env-before-read-docs", _start)
    app.connect("doctree-read", _note_classifiers)
    app.connect("env-purge-doc", _purge)
    app.connect("env-updated", _pages_to_write)
    app.connect("html-page-context", _say_sizes)
    app.connect("build-finished", _put_into_site, priority=800)  # before the gates look
    return {"version": "1", "env_version": 1, "parallel_read_safe": False}
