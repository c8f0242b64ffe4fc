"""The site while it is being finished."""

from __future__ import annotations

import filecmp
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from sphinx.application import Sphinx


@dataclass
class Site:
    """The pages of a site in memory, and its folder, which holds its other files.

    Attributes:
        app: Sphinx, whose build this is.
        folder: where the site is written.
        drafts: the folder with what Sphinx and the stage `write` have written.
        pages: the HTML of each page by its path in the site, such as "book/index.html".
        files: the paths of the other files that the finishing pass has put into the site.
        problems: what is wrong with the site.
    """

    app: Sphinx
    folder: Path
    drafts: Path
    pages: dict[str, str]
    files: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def from_drafts(cls, app: Sphinx) -> Site:
        """Read the drafts of all pages of the book."""
        drafts = Path(app.outdir)
        names = sorted({*app.env.found_docs, *app.config.html_additional_pages})
        paths = {f"{name}.html": drafts / f"{name}.html" for name in names}
        pages = {n: path.read_text(encoding="utf-8") for n, path in paths.items() if path.is_file()}
        return cls(app, app.builder.site, drafts, pages)

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file, unless the site has it already: a file that stays keeps its date."""
        self.files.add(name)
        data = content.encode() if isinstance(content, str) else content
        path = self.folder / name
        if not (path.is_file() and path.read_bytes() == data):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def copy(self, source: Path, name: str) -> None:
        """Copy a file into the site, unless it is there already."""
        self.files.add(name)
        path = self.folder / name
        if not (path.is_file() and filecmp.cmp(source, path, shallow=False)):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)

    def copy_draft(self, name: str) -> None:
        """Copy a file of the drafts into the site, if it is there."""
        if (self.drafts / name).is_file():
            self.copy(self.drafts / name, name)
