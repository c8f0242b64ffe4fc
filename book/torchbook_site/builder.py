"""The HTML builder: it writes drafts, which the finishing pass turns into the site."""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment


class BookBuilder(StandaloneHTMLBuilder):
    """Writes drafts.

    Attributes:
        site: the folder of the finished site; the drafts lie beside it.
    """

    search = False  # Sphinx's own index, which each search would load whole

    def __init__(self, app: Sphinx, env: BuildEnvironment) -> None:
        self.site = Path(app.outdir)
        app.outdir = type(app.outdir)(self.site.with_name("drafts"))
        super().__init__(app, env)

    def copy_static_files(self) -> None:
        """Copy the static files into an empty folder, so that none of an earlier build remain."""
        shutil.rmtree(Path(self.outdir, "_static"), ignore_errors=True)
        super().copy_static_files()
