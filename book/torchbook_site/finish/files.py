"""The files beside the pages: what Sphinx copies, other forms of pages, drawings."""

from __future__ import annotations

import re
from pathlib import Path

import rjsmin

from torchbook_site.finish.site import Site
from torchbook_site.notes import notes
from torchbook_site.read.recipes import FOLDER as RECIPES
from torchbook_site.resolve.launch import FOLDER, notebook_name, settings_of

DRAWING = re.compile(r"drawings/(?:light/)?[0-9a-f]+\.svg")
# No page loads these: Sphinx's own search is off; theme.js and site.css replace the theme's files.
UNUSED = ("doctools.js", "language_data.js", "searchtools.js", "sphinx_highlight.js")
UNUSED_FOLDERS = ("locales", "scripts", "styles", "vendor", "webpack-macros.html")


def add_static_files(site: Site) -> None:
    """Copy scripts, pictures and the like, which pages share; ours lose their comments."""
    folders = [Path(site.app.confdir, folder) for folder in site.app.config.html_static_path]
    for path in sorted((site.drafts / "_static").rglob("*")):
        name = path.relative_to(site.drafts)
        if path.is_dir() or path.name in UNUSED or name.parts[1] in UNUSED_FOLDERS:
            continue
        inside = path.relative_to(site.drafts / "_static")
        if path.suffix == ".js" and any((folder / inside).is_file() for folder in folders):
            site.write(name.as_posix(), rjsmin.jsmin(path.read_text(encoding="utf-8")))
        else:
            site.copy(path, name.as_posix())


def add_files_of_pages(site: Site) -> None:
    """Copy the pages' pictures, downloads, drawings, and their other forms."""
    env = site.app.env
    texts = [f"{name}.md" for name in env.found_docs]
    texts += [
        f"{FOLDER}/{notebook_name(name)}{ending}"
        for name in env.found_docs
        if settings_of(site.app, name) is not None
        for ending in (".ipynb", ".py")
    ]
    names = {"objects.inv", *texts}
    names |= {f"_images/{name}" for _, name in env.images.values()}
    names |= {f"_downloads/{name}" for _, name in env.dlfiles.values()}
    shown = [path.read_text("utf-8") for name in texts if (path := site.drafts / name).is_file()]
    for text in (*shown, *site.pages.values()):
        names.update(DRAWING.findall(text))
    for name in sorted(names):
        site.copy_draft(name)
    for scripts in notes(env, "recipes").values():
        for script in map(Path, scripts):
            site.copy(script, f"{RECIPES}/{script.name}")


def remove_leftovers(site: Site) -> None:
    """Remove the files of earlier builds that no step of this one has put into the site."""
    for path in site.folder.rglob("*"):
        name = path.relative_to(site.folder).as_posix()
        if path.is_file() and name not in site.files and name not in site.pages:
            path.unlink()
