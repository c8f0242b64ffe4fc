"""Special ways to run the cells of the book's notebooks: each on its own, or failing on purpose.

The cheat sheet calls `each_cell_alone` in a hidden cell. Each later cell then starts in a clean
state, as if pasted into a new notebook: if it needs a name, a file, a seed or a setting from an
earlier cell, it fails, and so does the build. `%load_ext torchbook.book.cells` adds `%%fails`.
"""

import os
import random
import tempfile
from typing import Any

import numpy as np
import torch
from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell


class _NewStart:
    """Brings the notebook back to a clean state before each cell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.folder: tempfile.TemporaryDirectory | None = None
        self.n_threads = torch.get_num_threads()

    def __call__(self, info: Any = None) -> None:
        """Delete all names, change to a new empty folder, reset settings and seeds."""
        self._forget_names()
        folder = tempfile.TemporaryDirectory(prefix="recipe-", ignore_cleanup_errors=True)
        os.chdir(folder.name)
        if self.folder:
            self.folder.cleanup()
        self.folder = folder
        random.seed()
        np.random.seed()
        torch.seed()
        torch.set_num_threads(self.n_threads)
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)
        torch.use_deterministic_algorithms(False)
        torch.autograd.set_detect_anomaly(False)

    def _forget_names(self) -> None:
        """Delete names as `shell.reset()` does, without its slow garbage collection."""
        names = self.shell.user_ns
        for name in set(names) - {"__builtin__", "__builtins__", "__name__"}:
            del names[name]
        self.shell.user_ns_hidden.clear()
        self.shell.history_manager.output_hist.clear()
        self.shell.init_user_ns()


def each_cell_alone() -> None:
    """Let every later cell of this notebook start in a clean state; a second call has no effect.

    Raises:
        RuntimeError: this is not a notebook.
    """
    shell = get_ipython()
    if shell is None:
        raise RuntimeError("each_cell_alone() works in a notebook only")
    registered = shell.events.callbacks["pre_run_cell"]
    if not any(isinstance(callback, _NewStart) for callback in registered):
        shell.events.register("pre_run_cell", _NewStart(shell))


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magic `%%fails`, for cells that fail on purpose.

    Such a cell shows its error like any other, but "Run all" continues after it, in Colab too.

    Args:
        shell: the IPython shell that loads the extension.
    """

    def fails(line: str, cell: str) -> None:
        """Run a cell that should fail."""
        if shell.run_cell(cell).success:
            print("This cell was meant to fail, but did not.")

    shell.register_magic_function(fails, "cell")
