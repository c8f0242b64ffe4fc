"""The first use of each term of the glossary in a chapter is a link to its entry."""

import re
import shutil

import pytest
from small_book import ROOT, SmallBook, cell
from torchbook_site.resolve import glossary

GLOSSARY = """---
torchbook:
  unlinked: [step, head]
---
# Glossary

```{glossary}
tensor
    A box of "numbers". It has a shape. See [the start](index.md).

learning rate
    How far a move goes.

learning
    Moving at all.

optimiser
optimizer
    What moves the parameters.

accuracy
    The share that is right.

GPU
    A graphics card.

attention head
head
    One of several.

step
    A move.
```
"""

CHAPTER = """A tensor here, a tensor there, and the learning rate. Learning, then the `optimiser`,
and the Optimizer too: an optimiser. See {chapter}`02` and {chapter}`07`.

## The accuracy

![accuracy](picture.png)

| accuracy |
| --- |
| accuracy |

[the accuracy](#the-accuracy), `accuracy`, accuracy-like, inaccuracy, gpus, a step, a head.

:::{admonition} The accuracy
The *accuracies* of two GPUs and of an attention
head.
:::
"""


@pytest.fixture(scope="module")
def built_once(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    (book.folder / "chapters").mkdir()
    shutil.copy(ROOT / "book" / "static" / "favicon.svg", book.folder / "chapters" / "picture.svg")
    book.page("index", "A tensor on a page that is no chapter.")
    book.page("glossary", "")
    book.write("glossary.md", GLOSSARY)
    book.page("chapters/01_one", CHAPTER.replace("picture.png", "picture.svg"))
    book.page("chapters/02_two", "A tensor.\n\n" + cell("print('the optimiser')"))
    by_hand = "(tensor)=\n## Boxes\n\nAs {term}`tensor` says, a tensor. See [above](tensor)."
    book.page("chapters/03_three", by_hand)
    build = book.build()
    assert build.ok, build.output
    return book


@pytest.fixture
def book(built_once, tmp_path):
    return built_once.copy(tmp_path / "book")


def links(book, page):
    """Return the words and the anchor of each link that was made on a page."""
    found = re.findall(
        r'<a class="tb-gloss[^"]*" href="[./]*glossary.html#(\S+)">(.*?)</a>', book.html(page), re.S
    )
    return [(re.sub(r"\s+", " ", words), anchor) for anchor, words in found]


def test_first_uses_are_linked_and_nothing_else(built_once):
    assert links(built_once, "chapters/01_one") == [
        ("tensor", "term-tensor"),
        ("learning rate", "term-learning-rate"),
        ("Learning", "term-learning"),
        ("Optimizer", "term-optimiser"),
        ("accuracies", "term-accuracy"),
        ("GPUs", "term-GPU"),
        ("attention head", "term-attention-head"),
    ]


def test_other_pages_and_the_output_of_cells_are_left_alone(built_once):
    assert links(built_once, "index") == []
    assert links(built_once, "glossary") == []
    assert [words for words, *_ in links(built_once, "chapters/02_two")] == ["tensor"]


def test_a_link_made_by_hand_is_the_only_one(built_once):
    page = built_once.html("chapters/03_three")
    assert page.count("glossary.html#term-tensor") == 1
    assert links(built_once, "chapters/03_three") == []
    assert '<a class="reference internal" href="#tensor">' in page  # the label, not the term


def test_a_chapter_is_linked_by_its_number_once_it_is_there(book):
    page = book.html("chapters/01_one")
    assert re.search(r'<a [^>]*href="02_two.html"[^>]*>.*?chapter 02', page)
    assert "and chapter 07." in page
    book.write("glossary.md", GLOSSARY.replace("all.", "all. See {chapter}`09`."))
    assert book.build().ok
    assert "See chapter 09." in book.html("glossary")
    book.page("chapters/09_nine", "Nine.")
    again = book.build()
    assert again.ok, again.output
    assert re.search(r'href="chapters/09_nine.html"[^>]*>.*?chapter 09', book.html("glossary"))


def test_a_changed_glossary_writes_the_chapters_again_and_runs_none(book):
    assert book.build().ok  # a book that was moved is written again
    unchanged = book.folder / "_build" / "html" / "chapters" / "02_two.html"
    written = unchanged.stat().st_mtime_ns
    again = book.build()
    assert again.ok, again.output
    assert unchanged.stat().st_mtime_ns == written

    book.write("glossary.md", GLOSSARY.replace("[step, head]", "[step, head, tensor]"))
    again = book.build()
    assert again.ok, again.output
    assert again.ran == set()
    assert links(book, "chapters/02_two") == []


def test_a_page_can_say_that_a_term_means_something_else_on_it(book):
    front_matter = "---\ntorchbook:\n  unlinked: [optimizer, learning rate]\n---\n"
    book.write("chapters/03_three.md", f"{front_matter}# Three\n\nOptimisers have accuracy.")
    build = book.build()
    assert build.ok, build.output
    assert [words for words, *_ in links(book, "chapters/03_three")] == ["accuracy"]


def test_only_a_term_can_be_left_unlinked(book):
    book.write("glossary.md", GLOSSARY.replace("[step, head]", "[step, haed]"))
    build = book.build()
    assert not build.ok
    assert any("'haed' is not to be linked" in problem for problem in build.problems)
    book.write("glossary.md", GLOSSARY)
    front_matter = "---\ntorchbook:\n  unlinked: [tensors]\n---\n"
    book.write("chapters/03_three.md", f"{front_matter}# Three\n\nTensors.")
    build = book.build()
    assert not build.ok
    assert any("'tensors' is not to be linked" in problem for problem in build.problems)


@pytest.mark.parametrize(
    ("singular", "plural"),
    [("batch", "batches"), ("loss", "losses"), ("query", "queries"), ("array", "arrays")],
)
def test_regular_plurals(singular, plural):
    assert glossary.plural(singular) == plural
