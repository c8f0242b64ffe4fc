"""Where things are: the book on the web (`TORCHBOOK_REPOSITORY` decides), and its files here."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

STATIC = Path(__file__).parents[1] / "static"  # our styles, scripts and pictures
BRANCH = "main"  # of the sources: what is merged there is published
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


def project_of(app: Sphinx) -> dict[str, Any]:
    """Return what pyproject.toml says of the project: its name, its version and more."""
    return tomllib.loads(Path(app.srcdir, "pyproject.toml").read_text(encoding="utf-8"))["project"]


def wheel_name(app: Sphinx) -> str:
    """Return the wheel's file name."""
    project = project_of(app)
    return f"{project['name']}-{project['version']}-py3-none-any.whl"
