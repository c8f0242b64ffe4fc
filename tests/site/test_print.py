"""A chapter on paper, as Chromium prints it: all of the text, and nothing to press."""

import io
import re

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from test_built_site import SITE

pytestmark = pytest.mark.site

CHAPTER = "chapters/03_computer_vision.html"


def squeezed(text):
    """Return a text without white space, which a PDF has only here and there."""
    return re.sub(r"\s", "", text)


@pytest.fixture(scope="module")
def printed(browser, site):
    """Print the chapter from a dark screen: the tab, the text of each sheet, its first lines."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    tab.goto(f"{site}/{CHAPTER}")
    sheets = PdfReader(io.BytesIO(tab.pdf(format="A4", print_background=True))).pages
    texts = [sheet.extract_text() for sheet in sheets]
    yield tab, [squeezed(text) for text in texts], [text.splitlines()[:2] for text in texts]
    tab.close()


def test_the_title_is_there_once(printed):
    _, sheets, _ = printed
    assert sheets[0].count("anetworkthatsortsthelaundry") == 1


def test_there_is_nothing_to_press_and_no_way_through_the_site(printed):
    _, sheets, _ = printed
    text = "".join(sheets)
    for words in (
        *("Open in Colab", "Copy page as", "Edit this page", "Suggest a correction"),
        *("Previous", "Show code", "Hide code", "Load the model", "Mark as done", "On this page"),
    ):
        assert squeezed(words) not in text, words


def test_boxes_are_open_and_solutions_are_said_to_be_left_out(printed):
    _, sheets, _ = printed
    text = "".join(sheets)
    html = (SITE / CHAPTER).read_text(encoding="utf-8")
    boxes = re.findall(r'<details class="tb-fold"><summary>.*?</summary>\s*<p>([^<]{20,40})', html)
    assert len(boxes) >= 2
    for box in boxes:
        assert squeezed(box)[:20] in text
    solution = re.search(
        r'tb-solution"><summary>.*?<div class="highlight-python.*?</pre>', html, re.S
    )
    code = squeezed(re.sub(r"<[^>]*>", "", solution[0].partition("<pre>")[2])).replace(
        "&quot;", '"'
    )
    assert code not in text
    assert squeezed("On paper the solutions are left out") in text


def test_the_address_of_a_link_is_there_once(printed):
    _, sheets, _ = printed
    text = "".join(sheets)
    assert text.count("(https://github.com/zalandoresearch/fashion-mnist)") == 1


def test_sheets_have_numbers_and_a_running_title_and_are_full(printed):
    """From cell to cell a sheet may end early; it was every second one when cells stayed whole."""
    _, sheets, heads = printed
    assert len(sheets) <= 40
    assert heads[0][0] == "1"
    running = "Torchbook: 03. Computer vision: a network that sorts the laundry"
    assert heads[1:] == [[running, str(number)] for number in range(2, len(sheets) + 1)]
    assert len([sheet for sheet in sheets[:-1] if len(sheet) < 300]) <= 2


def test_plots_and_drawings_are_there(printed):
    tab, sheets, _ = printed
    text = "".join(sheets)
    assert "predicted" in text  # the axis of a plot
    tab.emulate_media(media="print")
    figures = tab.locator(".bd-article :is(img.tb-graph, svg.tb-drawing)")
    html = (SITE / CHAPTER).read_text(encoding="utf-8")
    written = re.findall(r'<(?:img|svg) class="tb-(?:graph|drawing)', html)
    assert figures.count() == len(written) > 5
    for figure in figures.all():
        expect(figure).to_be_visible()


def test_it_is_in_light_colours(printed):
    tab, *_ = printed
    tab.emulate_media(media="print")
    expect(tab.locator(".bd-sidebar-primary")).to_be_hidden()
    background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = tab.locator("section section > p").first.evaluate("p => getComputedStyle(p).color")
    assert background == "rgba(0, 0, 0, 0)"
    assert sum(map(int, re.findall(r"\d+", ink)[:3])) < 200
