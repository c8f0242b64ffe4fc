"""Record which sources the site was built from, so that no other site is tested.

A clean build writes a hash of its sources to `_build/built-from`. A build that fails or is
interrupted leaves no such file. Run as a script, this module exits with an error unless the site
was built from the current folder's sources as they are now.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

STAMP = Path("_build", "built-from")


def list_files(root: Path, *options: str) -> set[str]:
    """Return the files that `git ls-files` lists; none if the folder is not a git checkout."""
    if not (root / ".git").exists():
        return set()
    command = ["git", "ls-files", "-z", "--exclude-standard", *options]
    answer = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return set(filter(None, answer.stdout.split("\0")))


def source_hash(root: Path) -> str:
    """Return a hash of all files that git does not ignore, without those in tests/."""
    digest = hashlib.sha256()
    for name in sorted(list_files(root, "--cached", "--others")):
        if not name.startswith("tests/") and (root / name).is_file():
            content = hashlib.sha256((root / name).read_bytes()).hexdigest()
            digest.update(f"{content} {name}\n".encode())
    return digest.hexdigest()


def check(root: Path) -> None:
    """Raise SystemExit unless the last build ended clean and its sources are still the same."""
    stamp = root / STAMP
    if not stamp.is_file():
        raise SystemExit("There is no site from a build without problems: run `make book` first.")
    if stamp.read_text(encoding="utf-8") != source_hash(root):
        raise SystemExit("The sources have changed since the site was built: run `make book`.")


def begin(app: Sphinx) -> None:
    """Withdraw the last build's stamp, and remember the sources as they are before this one."""
    root = Path(app.srcdir)
    (root / STAMP).unlink(missing_ok=True)
    app.torchbook_sources = source_hash(root)
    app.torchbook_untracked = list_files(root, "--others")


def find_leftovers(app: Sphinx, exception: Exception | None) -> None:
    """Warn of each file that the build has left among the sources."""
    for name in sorted(list_files(Path(app.srcdir), "--others") - app.torchbook_untracked):
        logger.warning("the build left a file among the sources: %s", name)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Stamp the site, if the build had no problem."""
    clean = exception is None and not app.torchbook_problems.problems
    if clean and app.builder.name == "html":
        (Path(app.srcdir) / STAMP).write_text(app.torchbook_sources, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", begin)
    app.connect("build-finished", find_leftovers, priority=895)  # before the gates list problems
    app.connect("build-finished", finish, priority=910)  # after the gates
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    check(Path())
