"""The files beside the pages: what Sphinx copies, other forms of pages, drawings."""

from __future__ import annotations

import re
from pathlib import Path

from torchbook_site.finish.site import Site
from torchbook_site.notes import notes
from torchbook_site.read.recipes import FOLDER as RECIPES
from torchbook_site.resolve.launch import FOLDER, notebook_name, settings_of

DRAWING = re.compile(r"drawings/(?:light/)?[0-9a-f]+\.svg")
# As a page opens, the theme's script makes the browser lay it out again and again. Ours does not
# ask which parts scroll (book/static/scrolling.js finds that out), and sets itself up after the
# first picture of the page: by then the browser knows what the script measures.
THEME_SCRIPT = "_static/scripts/pydata-sphinx-theme.js"
# Of Sphinx's own search, which is off, and of its marks on words that were searched for.
UNUSED = {"searchtools.js", "language_data.js", "doctools.js", "sphinx_highlight.js"}
REPLACED = {
    '["pre",".nboutput > .output_area",".cell_output > .output",".jp-RenderedHTMLCommon",'
    '".pst-scrollable-table-container"].join(", ")': '"tb-none"',
    '"loading"!=document.readyState?e():': '"loading"!=document.readyState'
    "?requestAnimationFrame(()=>setTimeout(e)):",
}


def add_static_files(site: Site) -> None:
    """Copy scripts, pictures and the like, which pages share."""
    for path in sorted((site.drafts / "_static").rglob("*")):
        name = path.relative_to(site.drafts).as_posix()
        if path.is_file() and name != THEME_SCRIPT and path.name not in UNUSED:
            site.copy(path, name)
    try:
        script = (site.drafts / THEME_SCRIPT).read_text(encoding="utf-8")
        site.write(THEME_SCRIPT, calmed(script))
    except (OSError, ValueError) as error:
        site.problems.append(f"the theme's script is not the one that files.py knows: {error}")


def calmed(script: str) -> str:
    """Return the theme's script without what holds a page up.

    Raises:
        ValueError: it is not the script that this was written for.
    """
    for old, new in REPLACED.items():
        if old not in script:
            raise ValueError(f"{old} is missing")
        script = script.replace(old, new)
    return script


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
