"""A book of a few tiny pages, built with the real book's settings and extension."""

import atexit
import copy
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from torchbook_site import SETTINGS

ROOT = Path(__file__).parents[1]

FRONT_MATTER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
torchbook:
  data: none
  needs: []
---
"""

# Sphinx calls this once it has loaded all extensions. The real module would ask PyTorch, whose
# import takes half the time of a build.
SETUP = """
def setup(app):
    import sys, types

    sys.modules["torchbook.device"] = types.SimpleNamespace(
        best_device=lambda: None, device_name=lambda device: {name!r}
    )
    {hook}
"""


@dataclass
class Build:
    """What one build did and said."""

    ok: bool
    output: str
    ran: set[str] = field(default_factory=set)
    cached: set[str] = field(default_factory=set)

    @property
    def problems(self) -> list[str]:
        """The problems as the end of the build lists them."""
        return re.findall(r"^  - (.*)$", self.output, re.M)


@functools.cache
def real_settings() -> str:
    """Return the real book's settings as a conf.py, as Jupyter Book writes it.

    From there on plain Sphinx builds the small books: so each of them shows that the book could
    leave Jupyter Book.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name in ("_config.yml", "_toc.yml"):
            shutil.copy(ROOT / name, folder)
        program = Path(sys.executable).with_name("jupyter-book")
        subprocess.run([program, "config", "sphinx", folder], check=True, capture_output=True)
        settings = Path(folder, "conf.py").read_text(encoding="utf-8")
    return settings.replace("'book/", f"'{ROOT}/book/")  # the real book's files


@functools.cache
def build_server() -> subprocess.Popen[str]:
    """Start the process from which the small books' builds are forked; it ends with the tests."""
    settings: dict[str, list[str]] = {}
    exec(real_settings(), settings)
    server = subprocess.Popen(
        [sys.executable, ROOT / "tests" / "small_book_server.py", *settings["extensions"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([f"{ROOT}/src", f"{ROOT}/book"])},
    )
    atexit.register(server.communicate)
    return server


class SmallBook:
    """Pages in a folder, with a package `little` beside them that the pages may import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.device = "CPU"
        self.hook = ""  # a line of Python that Sphinx runs with `app` before it reads the pages
        self.pages: list[str] = []
        self.settings: dict[str, object] = {
            "torchbook_package": "little",
            "torchbook_kernel": str(ROOT / "book" / "kernel"),
            "torchbook_formulas": str(ROOT / SETTINGS["torchbook_formulas"][0]),
            # Seconds in each build, for nothing:
            "torchbook_wheel": False,
            "torchbook_search": False,
            "torchbook_trim": False,
        }
        self.write("requirements.txt", "numpy\n")
        self.write("pyproject.toml", '[project]\nname = "little"\nversion = "1.0"\n')
        self.write("src/little/__init__.py", "")

    def copy(self, folder: Path) -> "SmallBook":
        """Return a copy in another folder, with all that was built, for a test to change."""
        shutil.copytree(self.folder, folder)
        other = copy.copy(self)
        other.folder, other.pages = folder, list(self.pages)
        return other

    def write(self, path: str, text: str) -> None:
        """Write a file of the book."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def page(self, name: str, body: str) -> None:
        """Write an executable page and put it into the table of contents; the first is the root."""
        front_matter = FRONT_MATTER if "{code-cell}" in body else ""
        self.write(f"{name}.md", f"{front_matter}# Page {name}\n\n{body}\n")
        if name not in self.pages:
            self.pages.append(name)
        toc: dict[str, object] = {"format": "jb-book", "root": self.pages[0]}
        if self.pages[1:]:
            toc["chapters"] = [{"file": page} for page in self.pages[1:]]
        self.write("_toc.yml", yaml.safe_dump(toc))

    def build(self) -> Build:
        """Build as `make book` does, but with plain Sphinx."""
        lines = [real_settings()]
        lines += [f"{name} = {value!r}" for name, value in self.settings.items()]
        lines.append(SETUP.format(name=self.device, hook=self.hook))
        self.write("conf.py", "\n".join(lines) + "\n")
        server = build_server()
        with tempfile.NamedTemporaryFile() as said:
            server.stdin.write(f"{self.folder}\t{said.name}\n")
            server.stdin.flush()
            code = int(server.stdout.readline())
            output = re.sub(r"\x1b\[[\d;]*m", "", said.read().decode())
        rows = re.findall(r"^  (\S+) +[\d.]+ s  (ran on|from the cache)", output, re.M)
        return Build(
            ok=code == 0,
            output=output,
            ran={page for page, how in rows if how == "ran on"},
            cached={page for page, how in rows if how != "ran on"},
        )

    def html(self, name: str) -> str:
        """Return a built page."""
        return (self.folder / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")


def cell(code: str) -> str:
    """Return a code cell."""
    return f"```{{code-cell}} ipython3\n{code}\n```\n"
