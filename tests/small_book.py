"""A book of a few tiny pages, built with the real book's settings and extensions."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

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

# Jupyter Book as its command line runs it, on a pretended device.
DRIVER = """
import sys
sys.path.insert(0, sys.argv[1])
import tb_execution
device = sys.argv[2]
tb_execution.accelerator_name = lambda: device
from jupyter_book.cli.main import main
main(sys.argv[3:])
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


class SmallBook:
    """Pages in a folder, with a package `little` beside them that the pages may import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.device = "CPU"
        self.pages: list[str] = []
        config = yaml.safe_load((ROOT / "_config.yml").read_text())
        del config["html"]["favicon"]  # its path is relative to the real book
        sphinx = config["sphinx"]
        extensions = str(ROOT / "book" / "extensions")
        sphinx["local_extensions"] = dict.fromkeys(sphinx["local_extensions"], extensions)
        sphinx["config"]["html_static_path"] = [str(ROOT / "book" / "static")]
        sphinx["config"]["templates_path"] = [str(ROOT / "book" / "templates")]
        sphinx["config"]["torchbook_package"] = "little"
        sphinx["config"]["torchbook_wheel"] = False  # seconds in each build, for nothing
        sphinx["config"]["torchbook_search"] = False
        sphinx["config"]["torchbook_trim"] = False
        sphinx["config"]["torchbook_kernel"] = str(ROOT / "book" / "kernel")
        self.write("_config.yml", yaml.safe_dump(config))
        self.write("requirements.txt", "numpy\n")
        self.write("pyproject.toml", '[project]\nname = "little"\nversion = "1.0"\n')
        self.write("src/little/__init__.py", "")

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
        chapters = [{"file": page} for page in self.pages[1:]]
        toc = {"format": "jb-book", "root": self.pages[0], "chapters": chapters}
        self.write("_toc.yml", yaml.safe_dump(toc))

    def build(self) -> Build:
        """Build as `make book` does."""
        arguments = ["build", str(self.folder), "--warningiserror", "--keep-going", "--nitpick"]
        source = os.pathsep.join([str(self.folder / "src"), str(ROOT / "src")])
        result = subprocess.run(
            [sys.executable, "-c", DRIVER, ROOT / "book" / "extensions", self.device, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": source},
        )
        output = re.sub(r"\x1b\[[\d;]*m", "", result.stdout + result.stderr)
        rows = re.findall(r"^  (\S+) +[\d.]+ s  (ran on|from the cache)", output, re.M)
        return Build(
            ok=result.returncode == 0,
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
