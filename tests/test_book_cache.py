"""A chapter runs again exactly when it must."""

import importlib.metadata
import re
import shutil
from html import unescape

import pytest
from nbformat.v4 import new_code_cell, new_output
from small_book import ROOT, SmallBook, cell
from torchbook_site.read import execution


@pytest.fixture(scope="module")
def built_once(tmp_path_factory):
    """A book in which `direct` imports a module, `indirect` another one that imports it."""
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.write("src/little/base.py", "VALUE = 1\n")
    book.write("src/little/upper.py", "from little.base import VALUE\n\nDOUBLE = 2 * VALUE\n")
    book.write("src/little/other.py", "THREE = 3\n")
    book.page("index", "See {glue:text}`direct.md::value:.0f`.")
    book.page(
        "direct",
        "Prose.\n\n"
        + cell(
            "from little.base import VALUE\n"
            + "from torchbook.book.claims import glue\n"
            + "glue('value', VALUE)"
        ),
    )
    book.page("indirect", cell("import little.upper"))
    book.page("unrelated", cell("from little import other"))
    book.page("alone", cell(":tags: [hide-input]\n1 + 1"))
    first = book.build()
    assert first.ok, first.output
    assert first.ran == {"direct", "indirect", "unrelated", "alone"}
    return book


@pytest.fixture
def book(built_once, tmp_path):
    """A copy of that book, cache and all, for one test to change."""
    return built_once.copy(tmp_path / "book")


def test_nothing_changed_runs_nothing(book):
    again = book.build()
    assert again.ok, again.output
    assert again.ran == set()
    assert again.cached == {"direct", "indirect", "unrelated", "alone"}


def test_nothing_changed_writes_no_page_again(book):
    assert book.build().ok
    draft = book.folder / "_build" / "drafts" / "index.html"  # it quotes a number of `direct`
    written = draft.stat().st_mtime_ns
    assert book.build().ok
    assert draft.stat().st_mtime_ns == written


def test_a_module_reruns_the_chapters_that_stand_on_it_and_no_other(book):
    book.write("src/little/base.py", "VALUE = 1  # the same, said otherwise\n")
    again = book.build()
    assert again.ok, again.output
    assert again.ran == {"direct", "indirect"}
    assert again.cached == {"unrelated", "alone"}


def test_a_shipped_data_file_reruns_the_chapters_of_its_package(book):
    book.write("src/little/photos/one.txt", "1,2\n")
    assert book.build().ran == {"direct", "indirect", "unrelated"}


def test_the_fingerprint_sees_each_shipped_data_file_and_its_changes(monkeypatch, tmp_path):
    monkeypatch.setattr(execution, "accelerator_name", lambda: "CPU")
    requirements, package = tmp_path / "requirements.txt", tmp_path / "little"
    requirements.touch()
    package.mkdir()
    (package / "__init__.py").touch()
    seen = set()

    def note():
        freshness = execution.Freshness(tmp_path, "little", requirements, tmp_path / "-")
        seen.add(freshness.fingerprint(["import little"]))

    note()
    for content in ("1,2\n", "1,3\n"):
        for name in ("table.csv", "photos/one.txt"):
            (package / name).parent.mkdir(exist_ok=True)
            (package / name).write_text(content)
            note()
    assert len(seen) == 5


def test_prose_alt_text_and_styling_tags_rerun_nothing(book):
    for name, old, new in [
        ("direct", "Prose.", "Other prose."),
        ("alone", ":tags: [hide-input]", ":tags: [remove-input]"),
    ]:
        path = book.folder / f"{name}.md"
        path.write_text(path.read_text().replace(old, new))
    again = book.build()
    assert again.ok, again.output
    assert again.ran == set()
    assert "Other prose." in book.html("direct")
    assert "1 + 1" not in book.html("alone")  # the new tag counts for the page all the same


def test_code_reruns_its_chapter_alone(book):
    path = book.folder / "alone.md"
    path.write_text(path.read_text().replace("1 + 1", "1 + 2"))
    assert book.build().ran == {"alone"}


def test_another_device_reruns_all(book):
    book.device = "NVIDIA H200"
    again = book.build()
    assert again.ran == {"direct", "indirect", "unrelated", "alone"}
    assert "NVIDIA H200" in again.output


def test_another_version_of_a_pinned_library_reruns_all(book):
    # A library that is named but not installed has another version than one that is.
    book.write("requirements.txt", "numpy\nsome-library-that-nobody-has\n")
    assert book.build().ran == {"direct", "indirect", "unrelated", "alone"}


def test_a_page_has_the_files_that_it_reads_and_no_others(book):
    book.write("tables/one.txt", "first")
    book.write("tables/secret.csv", "")
    book.page(
        "reader", cell("from pathlib import Path\n[p.read_text() for p in Path().rglob('*.*')]")
    )
    path = book.folder / "reader.md"
    path.write_text(path.read_text().replace("\n", "\ntorchbook_reads: tables/*.txt\n", 1))
    assert book.build().ran == {"reader"}
    for name, content, shown in [("one", "changed", "['changed']"), ("two", "more", "'more'")]:
        book.write(f"tables/{name}.txt", content)
        build = book.build()
        assert build.ok, build.output
        assert build.ran == {"reader"}
        assert shown in unescape(re.sub("<[^>]*>", "", book.html("reader")))


def test_a_page_runs_on_one_thread_or_on_as_many_as_it_names(book):
    book.page("threads", cell("import os\n'threads: ' + os.environ['OMP_NUM_THREADS']"))
    assert book.build().ran == {"threads"}
    assert "threads: 1" in unescape(book.html("threads"))
    path = book.folder / "threads.md"
    path.write_text(path.read_text().replace("\n", "\ntorchbook_threads: 2\n", 1))
    assert book.build().ran == {"threads"}
    assert "threads: 2" in unescape(book.html("threads"))


def test_only_the_libraries_that_a_run_uses_count(tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("numpy==1.0  # arrays\n\n# The book\nsphinx==1.0  # pages\n")
    assert list(execution.installed_versions(requirements)) == ["numpy"]


def test_the_fingerprint_sees_a_new_version_of_torch(monkeypatch, tmp_path):
    monkeypatch.setattr(execution, "accelerator_name", lambda: "CPU")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("torch==2.14.1  # the subject\n")

    def fingerprint():
        freshness = execution.Freshness(ROOT / "src", "torchbook", requirements, tmp_path / "-")
        return freshness.fingerprint(["import torchbook.metrics"])

    before = fingerprint()
    assert fingerprint() == before
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "99.0")
    assert fingerprint() != before


def test_a_page_that_quotes_another_is_never_stale(book):
    assert 'See <span class="pasted-text">1</span>' in book.html("index")
    book.write("src/little/base.py", "VALUE = 7\n")
    again = book.build()
    assert again.ok, again.output
    assert again.ran == {"direct", "indirect"}
    assert 'See <span class="pasted-text">7</span>' in book.html("index")


def test_the_fingerprint_sees_a_change_of_the_used_cars(monkeypatch, tmp_path):
    monkeypatch.setattr(execution, "accelerator_name", lambda: "CPU")
    source = shutil.copytree(ROOT / "src", tmp_path / "src")
    chapter = (ROOT / "chapters" / "what_is_deep_learning.md").read_text(encoding="utf-8")
    cells = [match["code"] for match in execution.CODE_CELL.finditer(chapter)]

    def fingerprint():
        requirements = ROOT / "requirements.txt"
        freshness = execution.Freshness(source, "torchbook", requirements, tmp_path / "-")
        return freshness.fingerprint(cells)

    before = fingerprint()
    assert fingerprint() == before
    with (source / "torchbook" / "data" / "used_cars.csv").open("a") as table:
        table.write("\n")
    assert fingerprint() != before


def test_a_line_that_the_kernel_sends_in_two_pieces_stays_one_line():
    printed = [new_output("stream", name="stdout", text=text) for text in ("by", " hand\n", "7\n")]
    figure = new_output("display_data", {"text/plain": "a figure"})
    code = new_code_cell("...", outputs=[printed[0], figure, *printed[1:]])
    execution.join_streams(code)
    assert [output.get("text") for output in code.outputs] == ["by hand\n7\n", None]
