"""Captions: they number the figures of a page, hold what text holds, and can be linked."""

import re

import pytest
from small_book import SmallBook, cell
from test_book_folds import markdown, notebook

PLOT = """\
import matplotlib.pyplot as plt
figure, axis = plt.subplots()
axis.plot([0, 1], [0, {height}])
figure.set_gid("A line that climbs to {height} metres.")
plt.show()"""
CHECK = """:tags: [check]
from torchbook.book.claims import claim, describe, glue
describe(figure, "A line that climbs.")
glue("height", 3)
glue("again", figure)
claim("climbs", "The line climbs", 3, at_least=2)"""
DRAWING = """<figure>
<svg class="tb-drawing" role="img" aria-label="A box." viewBox="0 0 40 20" width="40" height="20">
<g class="box"><rect width="40" height="20"/></g>
</svg>
</figure>
"""
CHAPTER = f"""\
As {{fig}}`line` shows, and {{fig}}`box` doesn't.

{cell(PLOT.format(height=3))}
{cell(CHECK)}
:::{{caption}} line
It climbs to {{glue:text}}`height`, see [the box](#a-box), `code` and $x^2$. Then it ends.
:::

## A box

{DRAWING}
:::{{caption}} box
A box.
:::

## To play

<tb-matmul a="1" b="1">

<p>Needs scripts.</p>

</tb-matmul>

:::{{caption}} product
Two matrices.
:::

:::{{fold-start}} More
:::

```{{glue:}} again
```

{cell(PLOT.format(height=5))}
:::{{caption}} steep
It climbs to five.
:::

:::{{fold-end}}
:::
"""
NAMES = {"line": "3.1", "box": "3.2", "product": "3.3", "steep": "3.4"}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.page("index", "```{figure-gallery}\nmatmul: Multiply.\n```")
    book.page("plots", CHAPTER)
    path = book.folder / "plots.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("# Page plots", "# 03. Plots"), encoding="utf-8")
    built = book.build()
    assert built.ok, built.output
    return book


def figures(html):
    return dict(re.findall(r'<figure[^>]* id="fig-([\w-]+)">(.*?)</figure>', html, re.S))


def test_captions_count_the_figures_of_their_page_and_belong_to_them(book):
    found = figures(book.html("plots"))
    assert list(found) == list(NAMES)
    for name, number in NAMES.items():
        assert f'<strong class="caption-number">Figure {number}.</strong>' in found[name]
    for name in ("line", "steep"):
        assert len(re.findall('class="tb-graph', found[name])) == 1
    assert "tb-drawing" in found["box"]
    assert "</tb-matmul>" in found["product"]
    assert "<figure>" not in book.html("plots")


def test_a_caption_holds_numbers_links_code_and_formulas(book):
    caption = figures(book.html("plots"))["line"].partition("<figcaption>")[2]
    assert re.search(r'It climbs to <span class="pasted-text">3</span>, see <a ', caption)
    assert 'href="#a-box"' in caption
    assert "<code" in caption
    assert "<math" in caption


def test_the_claim_of_a_captioned_plot_stands_below_it(book):
    page = book.html("plots")
    assert page.index("fig-line") < page.index("</figure>") < page.index("tb-claim")


def test_the_role_leads_to_the_figure_and_says_its_number(book):
    for name in ("line", "box"):
        link = rf'<a class="tb-fig reference internal" href="#fig-{name}">'
        assert re.search(rf"{link}(<span[^>]*>)?Figure {NAMES[name]}<", book.html("plots"))


def test_other_forms_have_the_caption_as_a_sentence(book):
    line = "**Figure 3.1.** It climbs to 3, see [the box]"
    for text in (markdown(book, "plots"), "\n\n".join(notebook(book, "plots"))):
        for start in (line, "**Figure 3.2.** A box.", "**Figure 3.3.** Two matrices."):
            assert [part for part in text.split("\n\n") if part.startswith(start)], text


def test_the_page_of_all_figures_says_what_the_captions_say(book):
    said = re.findall(r'<span class="tb-gallery-caption">(.*?)</span>', book.html("index"))
    line = "Figure 3.1. It climbs to 3, see the box, code and x^2."
    assert said == ["Multiply.", line, "Figure 3.2. A box.", "Figure 3.4. It climbs to five."]


def test_a_page_without_a_number_counts_alone(tmp_path):
    book = SmallBook(tmp_path)
    book.page("index", f"{DRAWING}\n:::{{caption}} box\nA box.\n:::\n\nSee {{fig}}`box`.")
    assert book.build().ok
    assert '<strong class="caption-number">Figure 1.</strong> A box.' in book.html("index")


def test_a_caption_that_means_nothing_is_a_problem_that_says_what_to_do(tmp_path):
    def caption(name, text="A box."):
        return f":::{{caption}} {name}\n{text}\n:::\n\n"

    book = SmallBook(tmp_path)
    drawn = DRAWING.replace("</figure>", "<figcaption>A box.</figcaption>\n</figure>")
    parts = [
        "Only text.\n\n" + caption("none"),
        f"{DRAWING}\n" + caption("box"),
        f"{DRAWING}\n" + caption("box"),
        f"{DRAWING}\n" + caption("Box"),
        f"{drawn}\n" + caption("drawn"),
        f"{DRAWING}\n" + caption("long", "One.\n\nTwo."),
        "See {fig}`unheard-of`.",
    ]
    book.page("index", "\n".join(parts))
    build = book.build()
    assert not build.ok
    for message in (
        "the caption 'none' has no figure before it: it goes directly after the cell",
        "the caption 'box' has the name of another on this page",
        "the caption 'Box' needs a name of lower-case words",
        "the caption 'drawn' follows a drawing with a <figcaption>: leave one of them out",
        "the caption 'long' must be one paragraph",
        "no figure of this page has a caption called 'unheard-of'; it has: box",
    ):
        assert any(message in problem for problem in build.problems), (message, build.output)
    assert len(build.problems) == 6
