"""The chapters' notebooks, each in a new environment that has only what Colab has.

The fast test builds two chapters for it. `make colab` takes all chapters from the site that
`make book` built.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import colab_like
import pytest
import yaml
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
    claims = [c for c in run.notebook.cells if c.cell_type == "code" and "claim(" in c.source]
    assert len(claims) >= 3
    return run


@pytest.fixture(scope="module")
def two_chapters(tmp_path_factory):
    """A site of two chapters."""
    folder = tmp_path_factory.mktemp("book")
    toc = {
        "format": "jb-book",
        "root": "book/build_report",
        "chapters": [{"file": f"chapters/{name}"} for name in ("00_fundamentals", "01_workflow")],
    }
    (folder / "toc.yml").write_text(yaml.safe_dump(toc))
    command = ["jupyter-book", "build", str(ROOT), "--toc", str(folder / "toc.yml")]
    command += ["--path-output", str(folder), "--quiet"]
    code = f"from jupyter_book.cli.main import main; main({command[1:]!r})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    site = folder / "_build" / "html"
    assert (site / "notebooks" / "01_workflow.ipynb").is_file(), result.stdout + result.stderr
    return site


def test_what_is_linked_needs_what_it_needs():
    names = colab_like.closure(["torchvision"])
    assert {"torchvision", "torch", "pillow", "sympy"} <= names
    assert "torchbook" not in names


def test_two_chapters_run(two_chapters, environment, tmp_path):
    for chapter in ("00_fundamentals", "01_workflow"):
        folder = tmp_path / chapter
        folder.mkdir()
        check(chapter, two_chapters, environment, folder)


@pytest.mark.colab
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_chapter_runs(chapter, environment, tmp_path):
    run = check(chapter, SITE, environment, tmp_path)
    print(f"{chapter}: {run.seconds:.0f} s, {len(run.notebook.cells)} cells")
