"""Where things are: the book on the web (`TORCHBOOK_REPOSITORY` decides), and its files here."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

STATIC = Path(__file__).parents[1] / "static"  # our styles, scripts and pictures
NOTEBOOK_BRANCH = "notebooks"  # one commit, replaced by each publication


def site_of(config: Config) -> str:
    """Return the address of the built site, with a slash at its end."""
    if config.torchbook_site:
        return config.torchbook_site.rstrip("/") + "/"
    owner, name = config.torchbook_repository.split("/")
    return f"https://{owner.lower()}.github.io/{name}/"


def base_path(config: Config) -> str:
    """Return the path of the site on its host, with a slash at both ends."""
    return urlsplit(site_of(config)).path


def repository_of(config: Config) -> str:
    """Return the address of the repository, without a slash at its end."""
    return f"https://github.com/{config.torchbook_repository}"


def wheel_name(app: Sphinx) -> str:
    """Return the wheel's file name."""
    project = _project(app.srcdir)
    return f"{project['name']}-{project['version']}-py3-none-any.whl"


def version_of_project(app: Sphinx) -> str:
    """Return the version of the package, which is the book's."""
    return _project(app.srcdir)["version"]


@functools.cache
def _project(folder: str) -> dict[str, str]:
    text = Path(folder, "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]
