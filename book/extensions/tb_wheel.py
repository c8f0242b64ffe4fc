"""The package as a wheel that the site serves: notebooks install it from there."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

PARTS = ("pyproject.toml", "README.md", "LICENSE", "src")  # what the wheel is made of


def wheel_name(app: Sphinx) -> str:
    """Return the wheel's file name."""
    project = tomllib.loads(Path(app.srcdir, "pyproject.toml").read_text(encoding="utf-8"))
    return f"{project['project']['name']}-{project['project']['version']}-py3-none-any.whl"


def _build(app: Sphinx, exception: Exception | None) -> None:
    """Build the wheel, if it is not there or the package has changed."""
    if exception is not None or app.builder.name != "html" or not app.config.torchbook_wheel:
        return
    root = Path(app.srcdir)
    wheel = Path(app.outdir, "_static", wheel_name(app))
    stamp = Path(app.doctreedir, "wheel")
    state = _state(root)
    if wheel.is_file() and stamp.is_file() and stamp.read_text() == state:
        return
    with tempfile.TemporaryDirectory() as folder:
        copy, made = Path(folder, "package"), Path(folder, "made")
        copy.mkdir()
        for part in PARTS:  # a copy: building leaves traces beside the sources
            if (root / part).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
                shutil.copytree(root / part, copy / part, ignore=ignored)
            else:
                shutil.copy2(root / part, copy / part)
        options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", made, copy]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        wheel.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(next(made.glob("*.whl")), wheel)
    stamp.write_text(state)


def _state(root: Path) -> str:
    """Return a hash of all that goes into the wheel."""
    state = hashlib.sha256()
    for part in PARTS:
        paths = sorted((root / part).rglob("*")) if (root / part).is_dir() else [root / part]
        for path in paths:
            if path.is_file() and "__pycache__" not in path.parts and "egg-info" not in str(path):
                state.update(f"{path.relative_to(root)}\0".encode())
                state.update(path.read_bytes())
    return state.hexdigest()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("torchbook_wheel", True, "html")
    app.connect("build-finished", _build)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
