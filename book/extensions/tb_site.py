"""Where the book lives: one setting, `TORCHBOOK_REPOSITORY`, says it for links and notebooks."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

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


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx. A change of address writes all pages anew."""
    repository = os.environ.get("TORCHBOOK_REPOSITORY", "torchbook/torchbook")
    app.add_config_value("torchbook_repository", repository, "html")
    app.add_config_value("torchbook_site", os.environ.get("TORCHBOOK_SITE", ""), "html")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
