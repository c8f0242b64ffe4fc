"""Each chapter as a notebook and as a script, each page as Markdown, and the ways to them.

A notebook is made of the resolved page (markdown.py), so it says what the page says; its outputs
are left out, and its first cell installs what the chapter needs, from a wheel that lies beside it.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx.application import Sphinx

from torchbook_site.address import site_of, wheel_name
from torchbook_site.resolve.checks import TAG
from torchbook_site.resolve.launch import FOLDER, notebook_name, settings_of
from torchbook_site.write.markdown import CELL_MARK, Cell, page_as_markdown, with_cells

INSTALL = """\
# Installs what this chapter needs, if it is not there yet. PyTorch stays as it is.
import importlib.util

if importlib.util.find_spec("torchbook") is None:
    %pip install --quiet "torchbook{extras} @ {wheel}"
%load_ext torchbook.book.cells"""
SCRIPT_HEAD = """\
# {title}
#
# The cells of {address}
# as a script. It needs the package torchbook:
#
#     pip install "torchbook{extras} @ {wheel}"
"""
FAILS = "%%fails"  # see torchbook.book.cells
# A cell that is a file, or is added to one.
WRITES = re.compile(r"%%writefile (-a )?(\S+)\n(.*)", re.S)


def _requirement(app: Sphinx, settings: dict[str, Any]) -> dict[str, str]:
    extras = ",".join(settings.get("extras", []))
    wheel = urljoin(site_of(app.config), f"_static/{wheel_name(app)}")
    return {"extras": f"[{extras}]" if extras else "", "wheel": wheel}


def write_other_forms(app: Sphinx, pagename: str, doctree: nodes.document) -> None:
    """Write a page as Markdown and, if it runs, as a notebook and a script."""
    text, cells = page_as_markdown(app, pagename, doctree)
    _save(Path(app.outdir, f"{pagename}.md"), with_cells(text, cells))
    if (settings := settings_of(app, pagename)) is None:
        return
    executed = Path(app.env.mystnb_config.output_folder, f"{pagename}.ipynb")
    sources = nbformat.read(executed, as_version=4).cells
    target = Path(app.outdir, FOLDER, notebook_name(pagename))
    notebook = make_notebook(text, cells, sources, INSTALL.format(**_requirement(app, settings)))
    notebook.metadata |= {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "colab": {"name": f"{target.name}.ipynb", "provenance": [], "toc_visible": True},
    }
    if settings.get("gpu"):
        notebook.metadata["accelerator"] = "GPU"
    nbformat.validate(notebook)
    _save(target.with_suffix(".ipynb"), nbformat.writes(notebook) + "\n")
    head = SCRIPT_HEAD.format(
        title=app.env.titles[pagename].astext(),
        address=urljoin(site_of(app.config), app.builder.get_target_uri(pagename)),
        **_requirement(app, settings),
    )
    _save(target.with_suffix(".py"), make_script(notebook, head))


def _save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def make_notebook(
    text: str, cells: list[Cell], sources: list[NotebookNode], install: str
) -> NotebookNode:
    """Put a page's text and cells together.

    Args:
        text: the page as Markdown, with marks where its cells stand.
        cells: those cells.
        sources: the cells of the page's own notebook, hidden ones included.
        install: the code of the first cell.
    """
    title, _, rest = text.partition("\n\n")
    made = [new_markdown_cell(title.strip()), new_code_cell(install)]
    done = 0  # cells of `sources` that are in, or are text
    for number, part in enumerate(CELL_MARK.split(rest)):
        if number % 2 == 0:
            if part.strip():
                made.append(new_markdown_cell(part.strip()))
            continue
        index = cells[int(part)].index
        made += [_code_cell(s) for s in sources[done : index + 1] if _is_for_readers(s)]
        done = index + 1
    made += [_code_cell(source) for source in sources[done:] if _is_for_readers(source)]
    for number, cell in enumerate(made):
        cell.id = f"cell-{number}"
    return new_notebook(cells=made)


def _is_for_readers(source: NotebookNode) -> bool:
    return source.cell_type == "code" and TAG not in source.metadata.get("tags", [])


def _code_cell(source: NotebookNode) -> NotebookNode:
    """Copy a cell without its output."""
    tags = source.metadata.get("tags", [])
    cell = new_code_cell(source.source)
    if "raises-exception" in tags:  # Colab stops at an error, meant or not
        cell.source = f"{FAILS}\n{source.source}"
    if "skip-execution" in tags:  # an exercise: until it is solved, its check says so
        cell.metadata["tags"] = ["raises-exception"]
    if "hide-input" in tags or "remove-cell" in tags or "remove-input" in tags:
        cell.metadata["jupyter"] = {"source_hidden": True}
    return cell


def make_script(notebook: NotebookNode, head: str) -> str:
    """Return a notebook as a script: its text as comments, its failures caught and shown."""
    parts = [head.rstrip()]
    for cell in notebook.cells[2:]:
        code = cell.source.removeprefix(FAILS).strip()
        if cell.cell_type == "markdown":
            parts.append(f"# %% [markdown]\n{_commented(cell.source)}")
        elif found := WRITES.fullmatch(code):
            parts.append(f"# %%\n{_writing(found[2], found[3], 'a' if found[1] else 'w')}")
        elif "raises-exception" in cell.metadata.get("tags", []) or not _is_python(code):
            parts.append(f"# %%\n{_commented(code)}")  # an exercise to do, or only for a notebook
        elif cell.source.startswith(FAILS):
            parts.append(
                f"# %%\ntry:  # this fails, on purpose\n{textwrap.indent(code, '    ')}\n"
                "except Exception as error:\n"
                '    print(f"{type(error).__name__}: {error}")'
            )
        else:
            parts.append(f"# %%\n{code}")
    script = "\n\n".join(parts) + "\n"
    ast.parse(script)
    return script


def _writing(name: str, text: str, mode: str) -> str:
    """Return code that writes a file, or adds to it (mode "a"), as `%%writefile` does."""
    quoted = text.replace("\\", "\\\\").replace("'''", r"\'\'\'")
    opened = f'with open({name!r}, {mode!r}, encoding="utf-8") as file:'
    return f"{opened}\n    file.write('''\\\n{quoted}\n''')"


def _commented(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def _is_python(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:  # a magic, or wrong on purpose
        return False
    return True
