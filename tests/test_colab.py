"""The chapters' notebooks, each in a new environment that has only what Colab has.

They come from the site that `make book` built. `make weekly` runs two of them, `make colab` all.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import colab_like
import pytest
from serving import serve

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.md"))
WHERE = "import torchbook, torch; print(torchbook.__file__, torch.__version__)"


@pytest.fixture
def environment():
    """A fresh one, on the file system of the environment that it takes its files from."""
    with tempfile.TemporaryDirectory(dir=Path(sys.prefix)) as folder:
        environment = Path(folder) / "colab"
        colab_like.make_environment(environment)
        yield environment


def check(chapter, site, environment, folder):
    """Run a chapter's notebook, and look at what must hold for each."""
    import torch

    with serve(site) as address:
        notebook = site / "notebooks" / f"{chapter}.ipynb"
        run = colab_like.run(notebook, environment, address, folder)
    python = environment / "bin" / "python"
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    answer = subprocess.run([python, "-c", WHERE], capture_output=True, text=True, env=bare)
    where, version = answer.stdout.split()
    assert where.startswith(str(environment)), "the package came from somewhere else"
    assert version == torch.__version__, "the install cell changed PyTorch"
    assert "meant to fail" not in run.printed("%%fails")
    code = [cell for cell in run.notebook.cells if cell.cell_type == "code" and cell.source]
    assert len(code) >= 20
    assert all(cell.execution_count for cell in code)
    return run


def test_what_is_linked_needs_what_it_needs():
    names = colab_like.closure(["torchvision"])
    assert {"torchvision", "torch", "pillow", "sympy"} <= names
    assert "torchbook" not in names


@pytest.mark.site
@pytest.mark.weekly
def test_two_chapters_run(environment, tmp_path):
    for chapter in ("00_fundamentals", "01_workflow"):
        folder = tmp_path / chapter
        folder.mkdir()
        check(chapter, SITE, environment, folder)


@pytest.mark.colab
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_chapter_runs(chapter, environment, tmp_path):
    run = check(chapter, SITE, environment, tmp_path)
    print(f"{chapter}: {run.seconds:.0f} s, {len(run.notebook.cells)} cells")
