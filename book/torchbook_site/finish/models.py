"""Published files, such as models, and ONNX Runtime, which runs them in the reader's browser.

The runtime comes from npm. Its program is compressed here, because few servers compress this kind
of file: a quarter of the size to load, and the same everywhere.
"""

from __future__ import annotations

import filecmp
import functools
import gzip
import re
import shutil
from html import unescape
from pathlib import Path, PurePosixPath

from sphinx.application import Sphinx

from torchbook_site.finish.site import Site
from torchbook_site.read.files import published_files, store

LIVE = re.compile(r"<tb-(?P<kind>classifier|sampler|writer)(?=[\s>])(?P<attributes>[^>]*)>")
MODEL = re.compile(r"""\smodel=(["'])(?P<url>.*?)\1""")
PROGRAM = "ort-wasm-simd-threaded.wasm"
SCRIPTS = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs")


def add_published_files(site: Site) -> None:
    """Give the site the files that its pages publish."""
    folder = store(site.app)
    names = published_files(site.app.env)
    for name, pages in names.items():
        if len(set(pages.values())) > 1:
            site.problems.append(
                f"{', '.join(pages)}: these pages publish different files under the same name, "
                f"{name}"
            )
        else:
            site.copy(folder / next(iter(pages.values())), f"_static/models/{name}")
    wanted = {digest for pages in names.values() for digest in pages.values()}
    for path in folder.glob("*"):
        if path.name not in wanted:
            path.unlink()


def add_runtime(site: Site) -> None:
    """Give the site ONNX Runtime if a page holds a live model, and tell readers what it weighs."""
    users = [name for name, html in site.pages.items() if LIVE.search(html)]
    if not users:
        return
    files = runtime_files(site.app)
    for name, source in files.items():
        site.copy(source, f"_static/onnxruntime/{name}")
    if not files:
        site.problems.append(
            f"the live models of {', '.join(users)} need onnxruntime-web, which is not in "
            f"{site.app.config.torchbook_onnxruntime}: run npm ci (make book does)"
        )
    runtime = sum(path.stat().st_size for path in files.values())

    def add_size(match: re.Match[str]) -> str:
        url = MODEL.search(match["attributes"])
        name = PurePosixPath(unescape(url["url"])).name if url else ""
        model = site.folder / "_static" / "models" / name
        if not model.is_file():  # the gates name what the site lacks
            return match[0]
        size = runtime + model.stat().st_size
        return f'<tb-{match["kind"]}{match["attributes"]} data-bytes="{size}">'

    for name in users:
        site.pages[name] = LIVE.sub(add_size, site.pages[name])


def runtime_files(app: Sphinx) -> dict[str, Path]:
    """Return the files of the runtime by their names in the site; none if npm has not run."""
    source = Path(app.srcdir, app.config.torchbook_onnxruntime)
    return _runtime_files(source, Path(app.doctreedir, "torchbook_onnxruntime"))


@functools.cache
def _runtime_files(source: Path, folder: Path) -> dict[str, Path]:
    if not all((source / name).is_file() for name in (*SCRIPTS, PROGRAM)):
        return {}
    return {name: source / name for name in SCRIPTS} | {
        f"{PROGRAM}.gz": compress(source / PROGRAM, folder)
    }


def compress(source: Path, folder: Path) -> Path:
    """Return a file compressed with gzip; what was compressed before is used again.

    Args:
        source: the file.
        folder: where the compressed file is kept, beside a copy of what it was made from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    original, packed = folder / source.name, folder / f"{source.name}.gz"
    if not (
        original.is_file() and packed.is_file() and filecmp.cmp(source, original, shallow=False)
    ):
        packed.write_bytes(gzip.compress(source.read_bytes(), mtime=0))
        shutil.copyfile(source, original)  # last: it says that the compressed file is complete
    return packed
