"""What pages publish lies in the site, comes from the cache, and goes when it is not published."""

import json
import time

import pytest
from small_book import SmallBook, cell


def publishes(**files: str) -> str:
    code = "from pathlib import Path\nfrom torchbook.book.publish import publish\n"
    for stem, text in files.items():
        code += f"Path('{stem}.txt').write_text({text!r})\npublish('{stem}.txt')\n"
    return cell(code)


@pytest.fixture
def book(tmp_path):
    book = SmallBook(tmp_path)
    book.page("index", "A sentence.")
    return book


def site_files(book):
    folder = book.folder / "_build" / "html" / "_static" / "models"
    return {path.name: path.read_text() for path in folder.glob("*")}


def test_files_come_stay_and_go(book):
    glued = "from torchbook.book.claims import glue\nglue('n', 3)"
    book.page("one", publishes(a="A" * 5000, b="B") + cell(glued) + "\n{glue:text}`n:.1f`")
    book.page("two", publishes(a="A" * 5000))  # the same file under the same name is fine
    build = book.build()
    assert build.ok, build.output
    assert site_files(book) == {"a.txt": "A" * 5000, "b.txt": "B"}
    assert "published a.txt, 5 kB" in book.html("one")
    assert "3.0" in book.html("one")
    kept = book.folder / "_build" / "jupyter_execute" / "one.glue.json"
    assert list(json.loads(kept.read_text())) == ["n"]  # the files need not be read again
    assert "QUFB" not in (kept.parent / "one.ipynb").read_text()

    # Nothing changed: nothing is written.
    path = book.folder / "_build" / "html" / "_static" / "models" / "a.txt"
    before = path.stat().st_mtime_ns
    time.sleep(0.01)
    build = book.build()
    assert build.ok, build.output
    assert build.ran == set()
    assert path.stat().st_mtime_ns == before

    # Lost, or read again without a run: it comes from what is kept.
    path.unlink()
    (book.folder / "_build" / "html" / "_static" / "models" / "b.txt").write_text("other")
    (book.folder / "_build" / "html" / "_static" / "models" / "stray.txt").write_text("stray")
    page = book.folder / "one.md"
    page.write_text(page.read_text() + "\nMore prose.\n")
    build = book.build()
    assert build.ok, build.output
    assert build.ran == set()
    assert site_files(book) == {"a.txt": "A" * 5000, "b.txt": "B"}

    # Not published any more, even by a page that glues nothing any more.
    book.page("one", cell("1 + 1"))
    book.page("two", publishes(c="C"))
    build = book.build()
    assert build.ok, build.output
    assert site_files(book) == {"c.txt": "C"}


def test_two_pages_that_disagree_fail_the_build_until_fixed(book):
    book.page("one", publishes(a="A"))
    book.page("two", publishes(a="another"))
    for _ in range(2):
        build = book.build()
        assert not build.ok
        [problem] = build.problems
        said = "one, two: these pages publish different files under the same name, a.txt"
        assert problem.endswith(said)
    book.page("two", publishes(a="A"))
    build = book.build()
    assert build.ok, build.output
    assert site_files(book) == {"a.txt": "A"}
