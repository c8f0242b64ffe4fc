"""`%%fails`, for cells of the notebooks that fail on purpose."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from torchbook.book import cells


@pytest.fixture
def shell():
    """A shell that no other test takes for its own."""
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_line_magic("load_ext", "torchbook.book.cells")
    return shell


def test_an_error_is_shown_and_the_cell_succeeds(shell, capsys):
    result = shell.run_cell("%%fails\nkept = 1\n1 / 0")
    assert result.success
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert shell.user_ns["kept"] == 1


def test_a_cell_that_does_not_fail_says_so(shell, capsys):
    shell.run_cell("%%fails\n1 / 1")
    assert "meant to fail" in capsys.readouterr().out


def test_the_extension_is_found_where_notebooks_ask_for_it():
    assert callable(cells.load_ipython_extension)
