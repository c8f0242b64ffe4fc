"""The page on all figures shows those of the pages as they are, and leads to them."""

import re

import pytest
from small_book import SmallBook, cell

PLOT = """\
from myst_nb import glue
import matplotlib.pyplot as plt
figure, axis = plt.subplots()
axis.plot([0, 1], [0, {height}])
figure.set_gid("A line that climbs to {height}.0 metres. It is straight.")
plt.close(figure)
glue("line", figure, display=False)
"""
TWICE = "```{glue:} line\n```\n\n" * 2
DRAWING = """\
<figure>
<svg class="tb-drawing" role="img" aria-labelledby="box" viewBox="0 0 40 20" width="40" height="20">
<title id="box">A box. It is empty.</title>
<g class="box"><rect width="40" height="20"/></g>
</svg>
<figcaption>An <em>empty</em> box &amp; nothing else. Look inside.</figcaption>
</figure>
"""
GALLERY = "```{figure-gallery}\nmatmul: Multiply two matrices.\n```"
INTERACTIVE = '## To play\n\n<tb-matmul a="1" b="1">\n<p>Needs scripts.</p>\n</tb-matmul>\n'


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.page("index", GALLERY)
    book.page("shapes", f"{INTERACTIVE}\n## To see\n\n{DRAWING}")
    book.page("plots", "## Lines\n\n" + TWICE + cell(PLOT.format(height=3)))
    first = book.build()
    assert first.ok, first.output
    return book


def cards(book):
    """Return the gallery as (heading, address, sentence, place, picture)."""
    html = book.html("index")
    found = []
    for section in re.split(r"<h2>", html)[1:]:
        heading = re.sub(r"<.*", "", section, flags=re.S)
        for card in re.findall(r'<li><p><a class="reference internal" (.*?)</a>', section, re.S):
            address = re.search(r'href="([^"]+)"', card)[1]
            sentence, place = re.findall(r'<span class="tb-gallery-\w+">(.*?)</span>', card)
            picture = re.search(r'<img src="([^"]+)"', card)[1]
            found.append((heading, address, sentence, place, picture))
    return found


def test_each_figure_is_there_once_and_the_interactive_ones_come_first(book):
    assert [card[:4] for card in cards(book)] == [
        (
            "Figures to play with",
            "shapes.html#figure-1",
            "Multiply two matrices.",
            "Page shapes: To play",
        ),
        ("Page shapes", "shapes.html#figure-2", "An empty box &amp; nothing else.", "To see"),
        ("Page plots", "plots.html#figure-1", "A line that climbs to 3.0 metres.", "Lines"),
    ]


def test_links_lead_to_the_figures(book):
    assert '<tb-matmul id="figure-1" a="1"' in book.html("shapes")
    assert '<svg class="tb-drawing" id="figure-2" role="img"' in book.html("shapes")
    assert book.html("plots").count('<img class="tb-graph dark-light" id="figure-1" src=') == 1
    assert 'id="figure-2"' not in book.html("plots")  # the same plot a second time


def test_pictures_exist_and_do_not_move_the_page(book):
    site = book.folder / "_build" / "html"
    for *_, picture in cards(book):
        assert (site / picture).is_file()
    for image in re.findall(r'<img src="_static/(?:thumb|figures)[^>]*>', book.html("index")):
        assert re.search(r' loading="lazy" width="\d+" height="\d+"', image)


def test_pictures_of_plots_and_drawings_know_both_themes(book):
    site = book.folder / "_build" / "html"
    for *_, picture in cards(book)[1:]:
        svg = (site / picture).read_text(encoding="utf-8")
        light, dark = svg.split("@media (prefers-color-scheme: dark)")
        assert "--pst-color-background:" in light
        assert "--pst-color-background:" in dark
        assert "background: var(--pst-color-background)" in svg
        assert "<script" not in svg


def test_a_changed_figure_is_shown_again_and_an_unchanged_book_is_left_alone(book):
    page = book.folder / "_build" / "html" / "index.html"
    before, written = page.read_text(encoding="utf-8"), page.stat().st_mtime_ns
    again = book.build()
    assert again.ok, again.output
    assert page.stat().st_mtime_ns == written
    book.page("plots", "## Lines\n\n" + TWICE + cell(PLOT.format(height=5)))
    changed = book.build()
    assert changed.ok, changed.output
    assert page.read_text(encoding="utf-8") != before
    *_, (_, _, sentence, _, picture) = cards(book)
    assert sentence == "A line that climbs to 5.0 metres."
    assert picture not in before


def test_an_interactive_figure_without_a_word_is_a_problem(book):
    book.page("index", GALLERY.replace("matmul", "unheard-of"))
    build = book.build()
    assert not build.ok
    assert any("does not say what one can do with matmul" in p for p in build.problems)
    assert any("describes unheard-of, which no page holds" in p for p in build.problems)
