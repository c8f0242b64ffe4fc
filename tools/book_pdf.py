"""Make one PDF of the built site: every page as Chromium prints it, in the order of the contents.

    make pdf        writes _build/torchbook.pdf

Links between pages lead within the file, and its outline has every section. What is no use on
paper is left out, such as the page on one's progress.
"""

from __future__ import annotations

import functools
import io
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import yaml
from playwright.sync_api import Page, sync_playwright
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NullObject

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from serving import CHROMIUM_FLAGS, serve  # noqa: E402 - the tests' own server

SITE = ROOT / "_build" / "html"
BOOK = ROOT / "_build" / "torchbook.pdf"
LEFT_OUT = {"book/progress", "book/figures"}  # a list of ticks; small copies of all figures
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PAPER = {"format": "A4", "print_background": True, "prefer_css_page_size": False}

# Runs in each page before it is printed. Chromium tells where an anchor has come to lie only if the
# page links to it: so the page gets invisible links to the anchors that others link to. The number
# of its first sheet is set where the styles count them.
PREPARE = """([anchors, first]) => {
    const links = anchors.filter((id) => document.getElementById(id)).map((id) => {
        const link = document.createElement("a");
        link.href = `#${id}`;
        link.textContent = ".";
        return link;
    });
    const box = document.createElement("div");
    box.style.cssText = "height: 1px; overflow: clip; font-size: 1px; color: transparent";
    box.append(...links);
    document.querySelector("article").append(box);
    document.documentElement.dataset.book = "";
    document.documentElement.style.counterReset = `page ${first - 1}`;
}"""

COVER = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>
@page {{ margin: 25mm 22mm; }}
body {{ font: 11pt/1.5 system-ui, sans-serif; color: #1d2126; }}
header {{ display: flex; flex-direction: column; height: 235mm; break-after: page; }}
header svg {{ width: 42mm; margin-top: 45mm; }}
header h1 {{ margin: 12mm 0 4mm; font-size: 44pt; letter-spacing: -0.03em; line-height: 1; }}
header p {{ max-width: 120mm; margin: 0 0 3mm; font-size: 15pt; }}
header small {{ margin-top: auto; color: #59606a; font-size: 9.5pt; }}
h2 {{ margin: 0 0 5mm; font-size: 20pt; }}
h3 {{ margin: 6mm 0 1.5mm; color: #b4451f; font-size: 10pt; break-after: avoid; }}
ol {{ margin: 0; padding: 0; list-style: none; }}
a {{ display: flex; gap: 4mm; justify-content: space-between; padding: 0.6mm 0; color: inherit;
  font-variant-numeric: tabular-nums; text-decoration: none; }}
.inner a {{ padding-left: 6mm; color: #59606a; }}
</style><header>{logo}<h1>{title}</h1><p>{lead}</p><small>{small}</small></header>
<h2>Contents</h2>{lists}"""


@dataclass
class Sheet:
    """A page of the site, and how it was printed.

    Attributes:
        name: its path in the site, without its ending.
        part: the part of the book that it belongs to.
        depth: 0, or 1 for a page below another.
        title: its heading.
        pdf: the printed page.
        first: the number of its first sheet of paper.
    """

    name: str
    part: str
    depth: int
    title: str = ""
    pdf: PdfReader | None = None
    first: int = 0

    @property
    def address(self) -> str:
        """Return its path in the site."""
        return f"{self.name}.html"

    def place_of(self, anchor: str) -> tuple[int, float | None]:
        """Return the number of the sheet that has an anchor, and how far up it lies there."""
        return self.anchors.get(anchor, (self.first, None))

    @functools.cached_property
    def anchors(self) -> dict[str, tuple[int, float | None]]:
        """Return where the anchors lie that the page links to."""
        return {
            name.removeprefix("/"): (
                self.first + self.pdf.get_destination_page_number(place),
                place.top,
            )
            for name, place in self.pdf.named_destinations.items()
        }


def read_contents(toc: dict) -> list[Sheet]:
    """Return the pages of `_toc.yml` that are printed, in order."""
    sheets = [Sheet(toc["root"], "", 0)]
    for part in toc["parts"]:
        for chapter in part["chapters"]:
            sheets.append(Sheet(chapter["file"], part["caption"], 0))
            sheets += [Sheet(s["file"], part["caption"], 1) for s in chapter.get("sections", [])]
    return [sheet for sheet in sheets if sheet.name not in LEFT_OUT]


def anchors_linked(sheets: list[Sheet]) -> dict[str, list[str]]:
    """Return the anchors of each page that other pages link to, by the page's address."""
    found: dict[str, set[str]] = {sheet.address: set() for sheet in sheets}
    for sheet in sheets:
        html = (SITE / sheet.address).read_text(encoding="utf-8")
        for link in re.findall(r'<a\b[^>]* href="([^":#]+#[^"]+)"', html):
            address, anchor = urldefrag(urljoin(sheet.address, unescape(link)))
            if address in found:
                found[address].add(unquote(anchor))
    return {address: sorted(anchors) for address, anchors in found.items()}


def title_of(sheet: Sheet) -> str:
    """Return the heading of a built page."""
    html = (SITE / sheet.address).read_text(encoding="utf-8")
    return unescape(re.search(r'<meta property="og:title" content="([^"]*)"', html)[1])


def print_sheets(page: Page, site: str, sheets: list[Sheet]) -> None:
    """Print all pages, numbered through."""
    linked, first = anchors_linked(sheets), 1
    for sheet in sheets:
        sheet.title, sheet.first = title_of(sheet), first
        page.goto(f"{site}/{sheet.address}")
        page.evaluate(PREPARE, [linked[sheet.address], first])
        sheet.pdf = PdfReader(io.BytesIO(page.pdf(**PAPER, outline=True, tagged=True)))
        first += len(sheet.pdf.pages)
        print(f"  {len(sheet.pdf.pages):4} {sheet.title}", flush=True)


def print_front(page: Page, site: str, sheets: list[Sheet]) -> PdfReader:
    """Print the title and the contents."""
    lists = []
    for part in dict.fromkeys(sheet.part for sheet in sheets):
        lists.append(f"<h3>{escape(part)}</h3><ol>" if part else "<ol>")
        lists += [
            f'<li{" class=inner" if sheet.depth else ""}><a href="{site}/{sheet.address}">'
            f"<span>{escape(sheet.title)}</span> {sheet.first}</a>"
            for sheet in sheets
            if sheet.part == part
        ]
        lists.append("</ol>")
    html = (SITE / sheets[0].address).read_text(encoding="utf-8")

    def said(name: str) -> str:
        return re.search(rf'<meta name="{name}" content="([^"]*)"', html)[1]

    small = f"Version {said('version')}. Code: MIT. Text and figures: CC BY 4.0."
    logo = (ROOT / "book" / "static" / "favicon.svg").read_text(encoding="utf-8")
    page.set_content(
        COVER.format(
            title=escape(sheets[0].title),
            lead=said("description"),
            small=small,
            logo=logo,
            lists="".join(lists),
        )
    )
    return PdfReader(io.BytesIO(page.pdf(**PAPER)))


def join(front: PdfReader, sheets: list[Sheet], site: str) -> PdfWriter:
    """Join the printed pages into one book.

    Args:
        front: the title and the contents.
        sheets: the pages.
        site: the address from which they were printed, without a slash at its end.
    """
    book = PdfWriter()
    for reader in (front, *(sheet.pdf for sheet in sheets)):
        for leaf in reader.pages:
            book.add_page(leaf)
    before = len(front.pages)
    for start, end, style in (
        (0, before, PageLabelStyle.LOWERCASE_ROMAN),
        (before, len(book.pages), PageLabelStyle.DECIMAL),
    ):
        book.set_page_label(page_index_from=start, page_index_to=end - 1, style=style)
    by_address = {f"{site}/{sheet.address}": sheet for sheet in sheets}
    for leaf in book.pages[:before]:
        lead_within(book, leaf, by_address, before)
    part, part_item = "", None
    for sheet in sheets:
        start = before + sheet.first - 1
        for leaf in book.pages[start : start + len(sheet.pdf.pages)]:
            lead_within(book, leaf, by_address, before, sheet)
        if sheet.part != part:
            part = sheet.part
            part_item = book.add_outline_item(title=part, page_number=start)
        item = book.add_outline_item(title=sheet.title, page_number=start, parent=part_item)
        for title, place in sections(sheet):
            book.add_outline_item(title=title, page_number=start + place, parent=item)
    return book


def sections(sheet: Sheet) -> Iterator[tuple[str, int]]:
    """Yield the sections of a page: their headings, and on which of its sheets they begin."""
    for entry in sheet.pdf.outline:  # the title, then a list of what is below it
        if isinstance(entry, list):
            for each in entry:
                if not isinstance(each, list):
                    title = each.title.removesuffix("#").strip()
                    yield title, sheet.pdf.get_destination_page_number(each)


def lead_within(
    book: PdfWriter,
    leaf: PageObject,
    by_address: dict[str, Sheet],
    before: int,
    sheet: Sheet | None = None,
) -> None:
    """Let the links on a sheet of paper that lead to a page of the book lead there in the file.

    Args:
        book: the book.
        leaf: the sheet of paper.
        by_address: the pages by the addresses that they were printed from.
        before: how many sheets of paper come before the first page.
        sheet: the page that this is a part of, if it is one.
    """
    for reference in leaf.get("/Annots", ()):
        link = reference.get_object()
        if link.get("/Subtype") != "/Link":
            continue
        target, anchor = sheet, str(link.get("/Dest", "")).removeprefix("/")
        if isinstance(action := link.get("/A"), DictionaryObject) and "/URI" in action:
            address, anchor = urldefrag(str(action["/URI"]))
            target = by_address.get(address)
        if target is None:
            continue
        number, top = target.place_of(unquote(anchor))
        link.pop("/A", None)
        place = [book.pages[before + number - 1].indirect_reference, NameObject("/XYZ")]
        height = NullObject() if top is None else FloatObject(top)
        link[NameObject("/Dest")] = ArrayObject([*place, NullObject(), height, NullObject()])


def main() -> None:
    """Print the book."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    sheets = read_contents(toc)
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SystemExit(f"A Chromium prints the book: none of {', '.join(BROWSERS)} was found.")
    with serve(SITE) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        page = browser.new_page(color_scheme="light")
        print_sheets(page, site, sheets)
        front = print_front(browser.new_page(), site, sheets)  # free of the pages' policy
        browser.close()
    book = join(front, sheets, site)
    book.add_metadata({"/Title": sheets[0].title, "/Author": "The Torchbook authors"})
    book.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
    book.write(BOOK)
    megabytes = BOOK.stat().st_size / 1e6
    print(f"{BOOK.relative_to(ROOT)}: {len(book.pages)} pages, {megabytes:.1f} MB")


if __name__ == "__main__":
    main()
