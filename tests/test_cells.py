"""Recipes of the cheat sheet are complete: each cell starts from nothing."""

import os
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from small_book import ROOT
from traitlets.config import Config

from torchbook.book import cells as module
from torchbook.book.cells import each_cell_alone

START = "from torchbook.book.cells import each_cell_alone\n\neach_cell_alone()"


def printed(notebook_cell):
    return "".join(o.get("text", "") for o in notebook_cell.outputs if o.output_type == "stream")


def errors(notebook_cell):
    return [o.ename for o in notebook_cell.outputs if o.output_type == "error"]


@pytest.fixture(scope="module")
def cells(run_notebook):
    """Cells that leave something behind, and cells that look for it."""
    setup = (
        "import os, random\nfrom pathlib import Path\nimport numpy as np\nimport torch\nx = 1\n"
        "Path('left.txt').write_text('here')\nos.environ['FIRST'] = os.getcwd()\n"
        "torch.manual_seed(0), np.random.seed(0), random.seed(0)\n"
        "torch.set_default_dtype(torch.float64), torch.set_grad_enabled(False)\n"
        "torch.use_deterministic_algorithms(True)\n'the last value'"
    )
    look = (
        "import os\nfrom pathlib import Path\nimport torch\n"
        "print(list(Path().iterdir()), os.getcwd() != os.environ['FIRST'])\n"
        "print(Path(os.environ['FIRST']).exists(), torch.get_default_dtype())\n"
        "print(torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled())"
    )
    imports = "import torch, numpy, random\n"
    draw = imports + "print(torch.rand(1), numpy.random.rand(), random.random())"
    seed = imports + "torch.manual_seed(0), numpy.random.seed(0), random.seed(0)"
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    sources = [START, setup, "x", "np", "_", "Path", look, START]
    sources += [seed, draw, seed, draw, "1 / 0", "2"]
    return run_notebook(*sources, PYTHONPATH=path).cells


def test_names_are_forgotten(cells):
    assert not errors(cells[1]), cells[1].outputs
    for place in (2, 3, 5):
        assert errors(cells[place]) == ["NameError"]
    [result] = cells[4].outputs  # IPython's name for the last value: there is none
    assert "the last value" not in str(result)


def test_files_and_settings_are_forgotten(cells):
    assert printed(cells[6]).split("\n")[:3] == ["[] True", "False torch.float32", "True False"]


def test_a_seed_holds_for_its_own_cell_only(cells):
    assert printed(cells[9])
    assert printed(cells[9]) != printed(cells[11])


def test_a_cell_after_a_failed_one_runs(cells):
    assert errors(cells[12]) == ["ZeroDivisionError"]
    assert not errors(cells[13])
    assert not any(o.get("name") == "stderr" for each in cells for o in each.outputs)


def test_in_this_process(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    shell.user_ns["x"] = 1
    start = module._NewStart(shell)
    start()
    first = Path.cwd()
    assert "x" not in shell.user_ns
    start()
    assert first != Path.cwd()
    assert not first.exists()
    monkeypatch.chdir(tmp_path)
    start.folder.cleanup()


def test_outside_a_notebook():
    with pytest.raises(RuntimeError, match="notebook"):
        each_cell_alone()
