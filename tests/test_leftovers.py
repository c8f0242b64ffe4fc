"""A run of the tests that leaves files in the checkout fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
from pathlib import Path

def test_a_file_is_left():
    Path(__file__).with_name("left.txt").touch()

def test_an_ignored_file_is_left():
    Path(__file__).with_name("ignored.txt").touch()

def test_nothing_is_left(tmp_path):
    (tmp_path / "temporary.txt").touch()
"""


@pytest.fixture
def run(tmp_path):
    """A function that runs these tests in a folder, as a process of its own."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_files.py").write_text(TESTS)
    (tmp_path / ".gitignore").write_text("ignored.txt\n__pycache__\n.pytest_cache\n")

    def run(*options):
        command = [sys.executable, "-m", "pytest", "-p", "leftovers", *options]
        variables = {
            "PYTHONPATH": str(Path(__file__).parent),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        return subprocess.run(
            command, cwd=tmp_path, env=os.environ | variables, capture_output=True, text=True
        )

    return run


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "workers"])
def test_a_file_that_is_left_in_a_checkout_fails_the_run(run, tmp_path, options):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    result = run(*options)
    assert "3 passed" in result.stdout
    assert result.stderr.endswith("the tests left files behind: left.txt\n"), result.stderr
    assert result.returncode == 1


def test_a_file_that_was_there_before_is_not_left(run, tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "left.txt").touch()
    result = run()
    assert result.returncode == 0, result.stdout + result.stderr


def test_outside_a_checkout_nothing_is_looked_for(run):
    result = run()
    assert result.returncode == 0, result.stdout + result.stderr
