"""Where the book lives: one setting, `TORCHBOOK_REPOSITORY`, decides every link to it."""

from __future__ import annotations

from urllib.parse import urlsplit

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
