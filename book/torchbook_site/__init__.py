"""Torchbook's site: one Sphinx extension, in four stages.

read      read and run each page, and note what other pages need to know of it
resolve   complete each page's document once all pages have been read
write     write each resolved document: HTML, Markdown, notebook, script, search records
finish    take all pages through one list of steps, in memory, and write each once

`EVENTS` lists what happens in the first three stages, in its order; `finish.steps.STEPS` what
happens in the last.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge

from torchbook_site import notes
from torchbook_site.builder import BookBuilder
from torchbook_site.finish import gates, stamp, steps
from torchbook_site.read import execution, files, recipes, reference
from torchbook_site.resolve import (
    captions,
    checks,
    code_links,
    drawings,
    exercises,
    folds,
    gallery,
    glossary,
    launch,
    progress,
    questions,
    report,
    typography,
)
from torchbook_site.write import code, head, math, page

SETTINGS = {  # name: default, what a change makes Sphinx do again
    "torchbook_repository": (os.environ.get("TORCHBOOK_REPOSITORY", "torchbook/torchbook"), "env"),
    "torchbook_site": (os.environ.get("TORCHBOOK_SITE", ""), "html"),
    "torchbook_package": ("torchbook", "env"),
    "torchbook_source": ("src", "env"),
    "torchbook_requirements": ("requirements.txt", "env"),
    "torchbook_kernel": ("book/kernel", "env"),
    "torchbook_onnxruntime": ("node_modules/onnxruntime-web/dist", "env"),
    "torchbook_formulas": (
        "node_modules/@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2",
        "html",
    ),
    "torchbook_glossary_links_in": (["chapters/*"], "html"),
    "torchbook_wheel": (True, "html"),
    "torchbook_search": (True, "html"),
    "torchbook_trim": (True, "html"),
    "comments_config": ({}, ""),  # Jupyter Book sets it for an extension that we do not load
}

EVENTS: list[tuple[str, Callable[..., Any]]] = [
    # Before anything is read.
    ("config-inited", head.take_version),
    ("builder-inited", gates.collect_problems),
    ("builder-inited", stamp.begin),
    ("builder-inited", execution.prepare),
    # Which pages are read again although their files have not changed?
    ("env-get-outdated", execution.pages_to_run),
    ("env-get-outdated", glossary.glossaries_to_read),
    # Read: each page runs, if it must, between these two.
    ("source-read", execution.before_reading),
    ("source-read", recipes.run_beside_cells),
    ("autodoc-process-docstring", reference.prepare_docstring),
    ("doctree-read", captions.attach),
    ("doctree-read", checks.describe_figures),
    ("doctree-read", folds.gather),
    ("doctree-read", exercises.note_solutions),
    ("doctree-read", execution.note_borrowed_numbers),
    ("doctree-read", files.take_files),
    ("doctree-read", report.count_words),
    ("doctree-read", gallery.collect_figures),
    ("doctree-read", glossary.collect_terms),
    # Which pages are written again although they were not read again?
    ("env-updated", notes.pages_to_write),
    ("env-updated", exercises.chapters_to_write),
    ("env-updated", gallery.galleries_to_write),
    ("env-updated", glossary.pages_to_link),
    # Resolve.
    ("missing-reference", code_links.use_public_name),
    ("doctree-resolved", checks.show_claims_only),
    ("doctree-resolved", gallery.fill_gallery),
    ("doctree-resolved", report.fill_in),
    ("doctree-resolved", launch.offer),  # after the strip of facts
    ("doctree-resolved", progress.call_it_a_chapter),
    ("doctree-resolved", typography.bind_percent),
    ("doctree-resolved", typography.align_numbers),
    ("doctree-resolved", code_links.link_names),
    ("doctree-resolved", glossary.link_first_uses),  # what is a link by now stays as it is
    ("doctree-resolved", typography.keep_whole),
    ("doctree-resolved", code.prepare_blocks),
    ("doctree-resolved", gates.check_alt),
    # Write.
    ("write-started", exercises.number_by_label),
    ("html-page-context", page.complete_page),
    # Finish.
    ("build-finished", steps.finish),
]
ONLY_FOR_HTML = {"doctree-resolved", "write-started", "html-page-context"}
# Our handlers come after those of other extensions, and see what these have done. One comes before:
# it prepares what intersphinx looks for.
BEFORE_OTHERS, AFTER_OTHERS = 100, 900


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    gates.begin(app)
    for name, (default, rebuild) in SETTINGS.items():
        app.add_config_value(name, default, rebuild)
    app.setup_extension("sphinx_markdown_builder")  # for the settings of its translator
    app.add_builder(BookBuilder, override=True)
    app.add_env_collector(notes.Notes)
    app.add_post_transform(exercises.LayOutExercises)
    app.add_post_transform(drawings.ShowPlots)
    reference.call_attributes_attributes()

    app.add_directive("build-report", report.BuildReport)
    app.add_directive("caption", captions.Caption)
    app.add_directive("chapter-needs", report.ChapterNeeds)
    app.add_directive("clone", reference.Clone)
    app.add_directive("commands", reference.Commands)
    app.add_directive("figure-gallery", gallery.FigureGallery)
    app.add_directive("fold", folds.Fold)
    app.add_directive("fold-end", folds.FoldEnd)
    app.add_directive("fold-start", folds.FoldStart)
    app.add_directive("question", questions.Question)
    app.add_directive("recipe", recipes.Recipe)
    app.add_directive("settings", reference.Settings)
    app.add_role("chapter", glossary.Chapter())
    app.add_role("fig", captions.Fig())
    app.add_role("minutes", report.Minutes())
    app.add_node(captions.captioned)
    app.add_node(folds.fold, html=(folds.visit_fold, folds.depart_fold))
    app.add_node(gallery.gallery_placeholder)
    for node, visitors in questions.VISITORS.items():
        app.add_node(node, html=visitors)
    app.add_node(report.report_placeholder)
    app.add_node(report.needs_placeholder)
    app.add_node(report.minutes_placeholder)
    app.add_node(HideCodeCellNode, override=True, html=(page.visit_hidden, page.depart_hidden))
    PygmentsBridge.html_formatter = code.CodeFormatter
    app.add_html_math_renderer("mathml", (math.visit_inline, None), (math.visit_block, None))
    app.add_js_file("copy.js", type="module")
    app.add_js_file("scrolling.js", type="module")
    app.add_js_file("enlarge.js", type="module")
    app.add_css_file("figures/figures.css")

    for event, handler in EVENTS:
        if event in ONLY_FOR_HTML:
            handler = _for_html(handler)
        is_first = event == "missing-reference"
        app.connect(event, handler, priority=BEFORE_OTHERS if is_first else AFTER_OTHERS)
    return {"version": "1", "env_version": version_of_sources(), "parallel_read_safe": False}


def version_of_sources() -> int:
    """Return a number that changes with any line of the extension: Sphinx then reads all pages."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:4])


def _for_html(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler that does nothing when something else than the site is built."""

    def handle(app: Sphinx, *arguments: Any) -> Any:
        return handler(app, *arguments) if isinstance(app.builder, BookBuilder) else None

    return handle
