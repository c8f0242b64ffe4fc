"""What stays together on a line, and how numbers stand in tables."""

from types import SimpleNamespace

import pytest
from docutils import nodes
from torchbook_site.finish.literals import unwrap_words
from torchbook_site.resolve.typography import align_numbers, keep_whole


def whole(*children):
    """Return what stays together in a paragraph, and the whole of its text."""
    paragraph = nodes.paragraph("", "", *children)
    keep_whole(None, paragraph, "page")
    return [node.astext() for node in paragraph.findall(nodes.inline)], paragraph.astext()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("at most 1e-15, or 2.5e-7.", ["1e-15", "2.5e-7."]),
        ("on 2026-11-30 at noon", ["2026-11-30"]),
        ("a T-shirt by k-means in UTF-8", ["T-shirt", "k-means", "UTF-8"]),
        ("a cross-entropy, well-known, from 3 - 4", []),
        ("a name-of-great-length-7 is parted", []),
    ],
)
def test_numbers_dates_and_single_letters_keep_their_hyphens(text, parts):
    assert whole(nodes.Text(text)) == (parts, text)


def test_marks_within_the_text_stay():
    emphasis = nodes.emphasis("", "the t-test")
    assert whole(nodes.Text("See "), emphasis, nodes.Text("!")) == (["t-test"], "See the t-test!")
    assert whole(nodes.literal("", "1e-3")) == ([], "1e-3")  # finish/literals.py sees to those


def table(head, *rows):
    """Return a table of texts, and a function that gives its cells' classes, row by row."""

    def row(texts):
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in texts))

    group = nodes.tgroup("", nodes.thead("", row(head)), nodes.tbody("", *map(row, rows)))
    whole = nodes.table("", group)
    align_numbers(None, nodes.section("", whole), "page")
    return [
        [" ".join(c["classes"]) for c in r.findall(nodes.entry)] for r in whole.findall(nodes.row)
    ]


def test_columns_of_numbers_stand_at_the_right_and_short_cells_on_one_line():
    found = table(
        ("Section", "weights", "right", "range", "what"),
        ("1", "7,850", "83.1 %", "78.7 to 80.2", "3 layers of which two are new"),
        ("2", "1,133,860", "−4e-05", "83.8 to 84.4", "two"),
        ("3", "", "12 MB", "none", "two"),
    )
    number = "tb-number-cell"
    assert found == [
        ["", number, number, "", ""],
        ["", number, number, "tb-whole", ""],
        ["", number, number, "tb-whole", ""],
        ["", number, number, "", ""],
    ]


def test_a_table_whose_cells_span_others_stays_as_it_is():
    assert table(("a", "b"), ("1", "2"), ("3",)) == [["", ""], ["", ""], [""]]


def test_code_in_a_line_is_one_piece_and_what_is_short_in_it_is_not_parted():
    start = '<code class="docutils literal notranslate'
    html = (
        f'{start}"><span class="pre">[3,</span> <span class="pre">28]</span></code>'
        f'{start}"><span class="pre">weights</span></code>'
        f'{start}"><span class="pre">torch.allclose(a,</span> <span class="pre">b,</span> '
        f'<span class="pre">atol=1e-6)</span></code>'
        '<code class="xref"><span class="pre">y</span></code>'
    )
    site = SimpleNamespace(pages={"page.html": html})
    unwrap_words(site)
    assert site.pages["page.html"] == (
        f'{start} tb-whole">[3, 28]</code>'
        f'{start}">weights</code>'
        f'{start}">torch.allclose(a, b, atol=<span class="tb-whole">1e-6</span>)</code>'
        '<code class="xref"><span class="pre">y</span></code>'
    )
