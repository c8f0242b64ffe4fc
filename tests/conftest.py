"""What all tests share: where they may run, and the data."""

import os
import sys
from collections.abc import Callable

import matplotlib as mpl
import nbclient
import nbformat
import pytest
import torch
from hypothesis import HealthCheck, settings
from matplotlib import pyplot as plt

from torchbook.data import Splits, load_fashion_mnist
from torchbook.data.download import DataUnavailableError

pytest_plugins = ["leftovers"]

mpl.use("Agg")
# The tests train on a handful of numbers: a second thread only waits for the first.
torch.set_num_threads(1)
# No limits of time, neither for an example nor for making it up: on a busy machine they say
# nothing. In CI the same examples.
settings.register_profile(
    "torchbook",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("torchbook")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device on this machine"))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def fashion_mnist() -> Splits:
    """Fetch the real data set on first use; where it cannot be had, only CI insists on it."""
    try:
        return load_fashion_mnist()
    except DataUnavailableError as error:
        if os.environ.get("CI", "").lower() in ("true", "1"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def run_notebook(tmp_path_factory) -> Callable[..., nbformat.NotebookNode]:
    """Run cells in a real kernel and an empty folder; an error does not stop the next cell."""

    def run(*sources: str, **environment: str) -> nbformat.NotebookNode:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in sources]
        )
        folder = tmp_path_factory.mktemp("notebook")
        client = nbclient.NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=600,  # only ends what hangs
            allow_errors=True,
            resources={"metadata": {"path": str(folder)}},
        )
        paths = {"PYTHONPATH": os.pathsep.join(sys.path)}  # absolute, for the kernel runs elsewhere
        client.execute(env={**os.environ, **paths, **environment})
        return notebook

    return run
