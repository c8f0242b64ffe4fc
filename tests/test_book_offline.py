"""The list of what a reader keeps: right sums, the same for the same site, and nothing too much."""

import base64
import hashlib
import json
import posixpath
import re

import pytest
from small_book import SmallBook, cell
from torchbook_site.finish.gates import Page


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    element = "<tb-offline>\n\nNot without scripts.\n\n</tb-offline>"
    book.page("index", f"Welcome.\n\n{element}")
    publish = "from pathlib import Path\nfrom torchbook.book.publish import publish\n"
    publish += "Path('small.onnx').write_text('A model')\npublish('small.onnx')"
    book.page("chapters/00_fundamentals", f"## One\n\n{cell(publish)}")
    result = book.build()
    assert result.ok, result.output
    return book


def site(book):
    return book.folder / "_build" / "html"


def read(book):
    return json.loads((site(book) / "offline.json").read_text(encoding="utf-8"))


def test_each_file_has_its_sum_and_its_size(book):
    content = read(book)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", content["built"])
    assert list(content["files"]) == sorted(content["files"])
    for name, (total, size) in content["files"].items():
        text = (site(book) / name).read_bytes()
        assert base64.b64encode(hashlib.sha384(text).digest()).decode() == total, name
        assert len(text) == size


def test_what_reading_takes_is_kept_and_nothing_else(book):
    files = read(book)["files"]
    needed = {
        "index.html",
        "search.html",
        "chapters/00_fundamentals.html",
        "_static/contents.json",
        "_static/figures/common.js",
        "_static/figures/stills/matmul.webp",
        "_static/progress.js",
        "_static/search/search.css",
        "_static/site.css",
        "_static/theme.js",
    }
    assert needed <= files.keys()
    there = {
        "404.html",
        "chapters/00_fundamentals.md",
        "index.md",
        "llms.txt",
        "notebooks/00_fundamentals.ipynb",
        "notebooks/00_fundamentals.py",
        "robots.txt",
        "sitemap.xml",
        "sw.js",
        "_static/basic.css",
        "_static/models/small.onnx",
        "offline.json",
        "_static/torchbook.css",
    }
    assert all((site(book) / name).is_file() for name in there)
    assert not there & files.keys()
    assert max(size for _, size in files.values()) < 1_000_000


def test_all_that_a_page_loads_is_kept(book):
    files = read(book)["files"]
    for name in ("index.html", "search.html", "chapters/00_fundamentals.html"):
        for address in Page((site(book) / name).read_text(encoding="utf-8")).fetched:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
            assert target.partition("?")[0] in files, (name, address)


def test_the_worker_lies_at_the_root_and_the_button_knows_the_size(book):
    assert "addEventListener" in (site(book) / "sw.js").read_text(encoding="utf-8")
    files = read(book)["files"]
    rest = sum(size for name, (_, size) in files.items() if name != "index.html")
    assert f'data-bytes="{rest}">' in book.html("index")


def test_the_list_changes_with_a_file_and_not_without(book):
    path = site(book) / "offline.json"
    before = read(book)
    old = json.dumps(before | {"built": "2026-01-01"})
    path.write_text(old, encoding="utf-8")
    result = book.build()
    assert result.ok, result.output
    assert path.read_text(encoding="utf-8") == old

    book.page("index", "Welcome again.\n\n<tb-offline></tb-offline>")
    result = book.build()
    assert result.ok, result.output
    after = read(book)
    assert after["built"] != "2026-01-01"
    changed = {name for name, entry in after["files"].items() if before["files"].get(name) != entry}
    assert changed == {"index.html"}
    assert book.html("index").count("data-bytes=") == 1
