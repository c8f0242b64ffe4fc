"""A pytest plugin: a run of the tests that leaves files in the checkout fails, and names them."""

import subprocess
from pathlib import Path

import pytest

FILES_BEFORE = pytest.StashKey[set[str]]()


def untracked(root: Path) -> set[str]:
    """Return the files that git neither tracks nor ignores; none if this is not a checkout."""
    if not (root / ".git").exists():
        return set()
    command = ["git", "ls-files", "-z", "--others", "--exclude-standard"]
    answer = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return set(filter(None, answer.stdout.split("\0")))


def pytest_sessionstart(session):
    session.config.stash[FILES_BEFORE] = untracked(session.config.rootpath)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around all others: the message is the last line
def pytest_sessionfinish(session):
    yield
    if hasattr(session.config, "workerinput"):
        return  # a worker of pytest-xdist: its files are seen when all workers have finished
    left = untracked(session.config.rootpath) - session.config.stash[FILES_BEFORE]
    if left:
        pytest.exit(f"the tests left files behind: {', '.join(sorted(left))}", returncode=1)
