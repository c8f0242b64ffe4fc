"""Which sources the site was built from, so that no other site is tested or published.

A clean build writes two hashes to `_build/built-from`: of its sources, and of what they ran on. A
build that fails or is interrupted leaves no such file.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from pathlib import Path

from sphinx.application import Sphinx

from torchbook_site.finish.site import Site
from torchbook_site.read.execution import accelerator_name

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


def surroundings_hash() -> str:
    """Return a hash of the versions of Python and of all that is installed, and of the device."""
    # Of each package, the name of its folder says the version: reading it there would take longer.
    installed = {info.name for folder in sys.path for info in Path(folder).glob("*.dist-info")}
    lines = [platform.python_version(), accelerator_name(), *sorted(installed)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def is_current(root: Path = Path()) -> bool:
    """Say whether the last build ended clean, and another would do the same again."""
    stamp = root / STAMP
    site = root / "_build" / "html" / "index.html"
    if not (root / ".git").exists() or not stamp.is_file() or not site.is_file():
        return False
    hashes = stamp.read_text(encoding="utf-8").split()
    # The surroundings come last: to name the device, PyTorch has to be loaded.
    return hashes[:1] == [source_hash(root)] and hashes[1:] == [surroundings_hash()]


def check(root: Path = Path()) -> None:
    """Raise SystemExit unless the last build ended clean and its sources are still the same."""
    stamp = root / STAMP
    if not stamp.is_file():
        raise SystemExit("There is no site from a build without problems: run `make book` first.")
    if stamp.read_text(encoding="utf-8").split()[0] != source_hash(root):
        raise SystemExit("The sources have changed since the site was built: run `make book`.")


def begin(app: Sphinx) -> None:
    """Withdraw the last build's stamp, and remember the sources as they are before this one."""
    root = Path(app.srcdir)
    (root / STAMP).unlink(missing_ok=True)
    app.torchbook_sources = source_hash(root)
    app.torchbook_untracked = list_files(root, "--others")


def find_files_left_behind(site: Site) -> None:
    """Find what the build has left among the sources."""
    app = site.app
    for name in sorted(list_files(Path(app.srcdir), "--others") - app.torchbook_untracked):
        site.problems.append(f"the build left a file among the sources: {name}")


def write_stamp(app: Sphinx) -> None:
    """Stamp the site of a clean build."""
    hashes = f"{app.torchbook_sources} {surroundings_hash()}"
    (Path(app.srcdir) / STAMP).write_text(hashes, encoding="utf-8")
