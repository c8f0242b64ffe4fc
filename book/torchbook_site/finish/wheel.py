"""The package as a wheel in the site: notebooks install it from there."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from torchbook_site.address import wheel_name
from torchbook_site.finish.site import Site

PARTS = ("pyproject.toml", "README.md", "LICENSE", "src")  # what the wheel is made of


def add_wheel(site: Site) -> None:
    """Give the site the wheel, which is built again only if the package has changed."""
    app = site.app
    if not app.config.torchbook_wheel:
        return
    root, store = Path(app.srcdir), Path(app.doctreedir, "torchbook_wheel")
    wheel = store / state_of(root) / wheel_name(app)
    if not wheel.is_file():
        shutil.rmtree(store, ignore_errors=True)
        build(root, wheel)
    site.copy(wheel, f"_static/{wheel.name}")


def build(root: Path, wheel: Path) -> None:
    """Build the wheel from a copy of the sources: building leaves traces beside them."""
    with tempfile.TemporaryDirectory() as folder:
        copy, made = Path(folder, "package"), Path(folder, "made")
        for path in files_of(root):
            target = copy / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", made, copy]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        wheel.parent.mkdir(parents=True)
        shutil.move(next(made.glob("*.whl")), wheel)


def state_of(root: Path) -> str:
    """Return a hash of all that goes into the wheel."""
    state = hashlib.sha256()
    for path in files_of(root):
        state.update(f"{path.relative_to(root)}\0".encode())
        state.update(path.read_bytes())
    return state.hexdigest()


def files_of(root: Path) -> Iterator[Path]:
    """Yield the files that go into the wheel."""
    for part in PARTS:
        for path in sorted((root / part).rglob("*")) if (root / part).is_dir() else [root / part]:
            if path.is_file() and "__pycache__" not in path.parts and "egg-info" not in str(path):
                yield path
