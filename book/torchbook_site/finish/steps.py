"""The finishing pass: the list of its steps, and what runs them."""

from __future__ import annotations

from collections.abc import Callable

from sphinx.application import Sphinx

from torchbook_site.builder import BookBuilder
from torchbook_site.finish.answers import add_answers
from torchbook_site.finish.css import join_styles
from torchbook_site.finish.files import add_files_of_pages, add_static_files, remove_leftovers
from torchbook_site.finish.formulas import add_font
from torchbook_site.finish.gates import check_site, end
from torchbook_site.finish.lists import add_lists, add_root_page
from torchbook_site.finish.literals import unwrap_words
from torchbook_site.finish.models import add_published_files, add_runtime
from torchbook_site.finish.not_found import make_addresses_absolute
from torchbook_site.finish.offline import add_offline_copy
from torchbook_site.finish.policy import add_policies
from torchbook_site.finish.search import add_search
from torchbook_site.finish.site import Site
from torchbook_site.finish.stamp import find_files_left_behind, write_stamp
from torchbook_site.finish.summary import print_summary
from torchbook_site.finish.wheel import add_wheel

STEPS: list[Callable[[Site], None]] = [
    add_root_page,
    unwrap_words,
    make_addresses_absolute,
    add_static_files,
    add_files_of_pages,
    add_wheel,
    add_font,
    add_published_files,
    add_runtime,
    add_answers,  # when the models are there
    add_lists,
    add_search,
    join_styles,  # when all pages have their classes
    add_policies,  # when all files that pages load are there: it names their sums
    add_offline_copy,  # when all pages and files are as readers get them
    remove_leftovers,
    check_site,
    find_files_left_behind,
    print_summary,
]


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Take the site through all steps, write its pages and say what is wrong with it."""
    problems: list[str] = []
    if exception is None and isinstance(app.builder, BookBuilder):
        site = Site.from_drafts(app)
        for step in STEPS:
            step(site)
        for name, html in site.pages.items():
            site.write(name, html)
        problems = site.problems
    is_clean = end(app, problems, interrupted=exception is not None)
    if is_clean and isinstance(app.builder, BookBuilder):
        write_stamp(app)
