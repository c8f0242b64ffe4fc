"""The search's index: what gets into it, and when it is made again."""

import gzip
import json

import pytest
from small_book import SmallBook, cell

FIRST = f"""
A paragraph about tensors, with $x^2$ in it.

<p>Drawn words.</p>

## Raised on purpose

Why it fails.

{cell("print('printed number 12345')")}

```{{code-cell}} ipython3
:tags: [raises-exception]

raise ValueError("the shapes 3 and 4 differ")
```
"""
SECOND = """
(target)=
## Terms

```{glossary}
learning rate
step size
    How far one step goes.
```
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A book with an index, built twice; and its index as it was after each build."""
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.settings["torchbook_search"] = True
    book.page("first", FIRST)
    book.page("second", SECOND)
    folder = book.folder / "_build" / "html" / "_static" / "pagefind"
    states = []
    for _ in range(2):
        build = book.build()
        assert build.ok, build.output
        states.append({path: path.stat().st_mtime_ns for path in folder.rglob("*.*")})
    return book, folder, states


def records(folder):
    """Return what Pagefind shows of each record, by its address."""
    found = {}
    for path in (folder / "fragment").iterdir():
        text = gzip.decompress(path.read_bytes()).decode().removeprefix("pagefind_dcd")
        record = json.loads(text)
        found[record["meta"]["address"]] = record
    return found


def test_sections_and_terms_are_records_of_their_own(built):
    found = records(built[1])
    assert set(found) == {
        "first.html",
        "first.html#raised-on-purpose",
        "second.html",
        "second.html#terms",
        "second.html#term-learning-rate",
    }
    term = found["second.html#term-learning-rate"]
    assert term["meta"]["title"] == "learning rate, step size"
    assert term["meta"]["page"] == "Page second"
    assert "How far one step goes." in term["content"]
    assert "How far" not in found["second.html#terms"]["content"]


def test_messages_and_code_are_in_but_no_numbers_formulas_or_drawings(built):
    found = records(built[1])
    raised = found["first.html#raised-on-purpose"]["content"]
    assert "ValueError: the shapes 3 and 4 differ" in raised
    assert "raise ValueError" in raised
    assert "Traceback" not in raised
    everything = " ".join(record["content"] for record in found.values())
    assert "A paragraph about tensors, with \N{HORIZONTAL ELLIPSIS} in it." in everything
    assert "\nprinted number" not in everything
    assert everything.count("12345") == 1  # in the code, not as what it prints
    for left_out in ("x^2", "Drawn words"):
        assert left_out not in everything


def test_the_words_of_the_book_help_with_typing_errors(built):
    lines = (built[1] / "words.txt").read_text(encoding="utf-8").splitlines()
    counts = {word: int(count) for count, *words in map(str.split, lines) for word in words}
    assert {"tensors", "learning", "shapes", "valueerror"} <= counts.keys()
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert counts["page"] == 2  # in two records, whatever else they are


def test_only_what_a_search_loads_is_kept(built):
    _, folder, _ = built
    names = {path.name for path in folder.iterdir()}
    assert {"pagefind.js", "pagefind-entry.json", "wasm.en.pagefind", "words.txt"} <= names
    assert not [name for name in names if "ui" in name or "worker" in name]


def test_nothing_changed_makes_no_new_index(built):
    _, _, (first, second) = built
    assert first == second


def test_nothing_of_the_searches_of_sphinx_and_the_theme_is_left(built):
    book, _, _ = built
    site = book.folder / "_build" / "html"
    for name in ("searchindex.js", "_static/searchtools.js", "_static/language_data.js"):
        assert not (site / name).exists(), name
    for page in ("first", "search"):
        html = book.html(page)
        assert "pst-search-dialog" not in html
        assert "searchtools" not in html
        assert 'data-search href="' in html
    assert "<tb-search>" in book.html("search")
