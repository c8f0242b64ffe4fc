"""Files that chapters hand to the site; `torchbook.book.publish` keeps them in the notebook.

As a page is read, its files move from the page's glue data into a store beside the doctrees; the
finishing pass copies them to `_static/models/NAME`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from torchbook.book.publish import FILE_MIME
from torchbook_site.notes import notes


def store(app: Sphinx) -> Path:
    """Return the folder that keeps the files from build to build, each named by its SHA-256."""
    return Path(app.doctreedir, "torchbook_files")


def take_files(app: Sphinx, doctree: nodes.document) -> None:
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
    published = notes(app.env, "files").setdefault(docname, {})
    for key, output in files.items():
        content = base64.b64decode(output["data"][FILE_MIME])
        digest = hashlib.sha256(content).hexdigest()
        target = store(app) / digest
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        published[output["metadata"]["torchbook_file"]["name"]] = digest
        del kept[key]
    path.write_text(json.dumps(kept), encoding="utf-8")


def published_files(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Return for each published name the pages that publish it, each with the file's SHA-256."""
    names: dict[str, dict[str, str]] = {}
    for docname, files in sorted(notes(env, "files").items()):
        for name, digest in files.items():
            names.setdefault(name, {})[docname] = digest
    return names
