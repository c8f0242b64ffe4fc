"""Files that chapters hand to the site: `torchbook.publish` keeps them in the executed notebook.

As a page is read, its files move from the page's glue data into a store beside the doctrees, so
that nothing else has to read them again; at the end the site gets them as `_static/models/NAME`.
"""

from __future__ import annotations

import base64
import filecmp
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from torchbook.publish import FILE_MIME

logger = logging.getLogger(__name__)


def _store(app: Sphinx) -> Path:
    return Path(app.doctreedir, "torchbook_files")


def _take_files(app: Sphinx, doctree: nodes.document) -> None:
    """Move the files of the page that was just read into the store."""
    docname = app.env.docname
    # The glue data of a page that glues nothing any more stays where it is: ask the page first.
    keys = NbMetadataCollector.get_doc_data(app.env).get(docname, {}).get("glue", [])
    path = Path(app.env.mystnb_config.output_folder, f"{docname}.glue.json")
    if not keys or not path.is_file():
        return
    kept = json.loads(path.read_text(encoding="utf-8"))
    files = {key: output for key, output in kept.items() if "torchbook_file" in output["metadata"]}
    if not files:
        return
    published = app.env.torchbook_files.setdefault(docname, {})
    for key, output in files.items():
        content = base64.b64decode(output["data"][FILE_MIME])
        digest = hashlib.sha256(content).hexdigest()
        target = _store(app) / digest
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        published[output["metadata"]["torchbook_file"]["name"]] = digest
        del kept[key]
    path.write_text(json.dumps(kept), encoding="utf-8")


def published_files(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Return for each published name the pages that publish it, each with the file's SHA-256."""
    names: dict[str, dict[str, str]] = {}
    for docname, files in sorted(getattr(env, "torchbook_files", {}).items()):
        for name, digest in files.items():
            names.setdefault(name, {})[docname] = digest
    return names


def stored(app: Sphinx, name: str) -> Path | None:
    """Return the file that was published under a name, or None if none was."""
    digest = next(iter(published_files(app.env).get(name, {}).values()), None)
    return _store(app) / digest if digest else None


def _put_into_site(app: Sphinx, exception: Exception | None) -> None:
    """Give the site the files that its pages publish, and no others."""
    if exception is not None or app.builder.format != "html":
        return
    names = published_files(app.env)
    folder = Path(app.outdir, "_static", "models")
    for path in folder.glob("*"):
        if path.name not in names:
            path.unlink()
    for name, pages in names.items():
        if len(set(pages.values())) > 1:
            logger.warning(
                "%s: these pages publish different files under the same name, %s",
                ", ".join(pages),
                name,
                type="torchbook",
                subtype="files",
            )
            continue
        source, target = _store(app) / next(iter(pages.values())), folder / name
        if not (target.is_file() and filecmp.cmp(source, target, shallow=False)):
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    wanted = {digest for pages in names.values() for digest in pages.values()}
    for path in _store(app).glob("*"):
        if path.name not in wanted:
            path.unlink()


def _start(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    if not hasattr(env, "torchbook_files"):
        env.torchbook_files = {}


def _purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    getattr(env, "torchbook_files", {}).pop(docname, None)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("env-before-read-docs", _start)
    app.connect("doctree-read", _take_files)
    app.connect("env-purge-doc", _purge)
    app.connect("build-finished", _put_into_site, priority=800)  # before the gates look
    return {"version": "1", "env_version": 1, "parallel_read_safe": False}
