"""The PDF of the whole book: printed pages joined, with links that lead within it."""

import io

import pytest
import yaml
from book_pdf import LEFT_OUT, Sheet, join, read_contents
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import ArrayObject, Fit, FloatObject, NameObject, TextStringObject
from small_book import ROOT

SITE = "http://127.0.0.1:1"
BOX = (10, 10, 90, 20)


def numbers(*values):
    return [FloatObject(value) for value in values]


def printed(sheets, *, addresses=(), names=(), sections=()):
    """Return a document as Chromium prints one.

    Args:
        sheets: how many sheets of paper it has.
        addresses: what its first sheet links to; a bare name is an anchor of its own.
        names: its anchors, by the sheet on which they are, each 500 points up.
        sections: its outline below the title, by the sheet on which each begins.
    """
    writer = PdfWriter()
    for _ in range(sheets):
        writer.add_blank_page(width=200, height=600)
    for address in addresses:
        link = writer.add_annotation(page_number=0, annotation=Link(rect=BOX, url=address))
        if "://" not in address:
            del link["/A"]
            link[NameObject("/Dest")] = TextStringObject(address)
    for name, sheet in dict(names).items():
        place = writer.pages[sheet].indirect_reference
        writer.add_named_destination_array(
            TextStringObject(name), ArrayObject([place, NameObject("/XYZ"), *numbers(0, 500, 0)])
        )
    title = writer.add_outline_item(title="Title", page_number=0)
    for name, sheet in dict(sections).items():
        writer.add_outline_item(title=name, page_number=sheet, parent=title, fit=Fit.xyz(top=500))
    buffer = io.BytesIO()
    writer.write(buffer)
    return PdfReader(buffer)


@pytest.fixture
def book():
    one = printed(
        2,
        addresses=[f"{SITE}/b.html", f"{SITE}/b.html#there", "here", "https://example.org/"],
        names={"here": 1},
        sections={"First": 0, "Second#": 1},
    )
    two = printed(3, addresses=["here", f"{SITE}/search.html"], names={"here": 2, "there": 1})
    front = printed(1, addresses=[f"{SITE}/a.html", f"{SITE}/b.html"])
    sheets = [Sheet("a", "Part", 0, "A", one, 1), Sheet("b", "Part", 0, "B", two, 3)]
    buffer = io.BytesIO()
    join(front, sheets, SITE).write(buffer)
    return PdfReader(buffer)


def links(book, sheet):
    """Return where the links on a sheet lead: to a sheet and how far up, or to an address."""
    found = []
    for annotation in book.pages[sheet]["/Annots"]:
        link = annotation.get_object()
        if "/Dest" in link:
            page, _, _, top, _ = link["/Dest"]
            found.append((book.get_page_number(page.get_object()), top.get_object()))
        else:
            found.append(link["/A"]["/URI"])
    return found


def test_links_between_pages_lead_within_the_book_each_to_its_own_anchor(book):
    assert len(book.pages) == 6
    assert [place for place, _ in links(book, 0)] == [1, 3]  # from the contents
    start, there, here, elsewhere = links(book, 1)
    assert start[0] == 3
    assert there == (4, 500)
    assert here == (2, 500)
    assert elsewhere == "https://example.org/"
    assert links(book, 3) == [(5, 500), f"{SITE}/search.html"]


def test_the_outline_has_the_parts_the_pages_and_their_sections(book):
    part, (a, sections, b) = book.outline
    assert [part.title, a.title, b.title] == ["Part", "A", "B"]
    assert [each.title for each in sections] == ["First", "Second"]
    places = [book.get_destination_page_number(each) for each in (a, *sections, b)]
    assert places == [1, 1, 2, 3]


def test_sheets_are_numbered_after_the_contents(book):
    assert book.page_labels == ["i", "1", "2", "3", "4", "5"]


def test_the_book_has_the_pages_of_the_contents_in_order():
    sheets = read_contents(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
    names = [sheet.name for sheet in sheets]
    assert names[:2] == ["book/index", "book/setup"]
    assert names.index("chapters/00_fundamentals") < names.index("book/solutions/00_fundamentals")
    assert not LEFT_OUT & set(names)
    assert {sheet.depth for sheet in sheets} == {0, 1}
    assert all((ROOT / f"{name}.md").is_file() for name in names)
