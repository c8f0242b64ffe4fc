"""What the book's own look promises: lines to read, code that fits a phone, paper."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site

CHAPTER = "chapters/03_computer_vision.html"


@pytest.fixture
def phone(browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, permissions=["clipboard-read", "clipboard-write"]
    )
    yield context.new_page()
    context.close()


def test_a_wrapped_line_is_copied_as_it_was_written(phone, site):
    phone.goto(f"{site}/{CHAPTER}")
    cell = phone.locator(".cell_input:has(.tb-l1)").first
    line = cell.locator(".tb-l1").first
    cell.get_by_role("button", name="Copy").click()
    copied = phone.evaluate("navigator.clipboard.readText()")
    assert copied == cell.locator("pre").evaluate("pre => pre.textContent").rstrip("\n")
    assert line.evaluate("span => span.textContent") in copied + "\n"
    height = line.evaluate("span => span.getBoundingClientRect().height")
    assert height > 1.5 * float(line.evaluate("s => parseFloat(getComputedStyle(s).lineHeight)"))
    assert "url(" in line.evaluate("s => getComputedStyle(s).backgroundImage")  # the arrow


def test_lines_of_text_have_a_length_to_read(browser, site):
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.goto(f"{site}/{CHAPTER}")
    # A long paragraph, its characters divided by its lines.
    lengths = tab.locator(".bd-article section > p").evaluate_all(
        """all => all.filter((p) => p.textContent.length > 300).map((p) =>
            p.textContent.length / Math.ceil(p.getBoundingClientRect().height
                / parseFloat(getComputedStyle(p).lineHeight) - 0.1))"""
    )
    tab.close()
    assert len(lengths) > 10
    assert 45 <= sum(lengths) / len(lengths) <= 80


def test_on_paper_there_is_the_text_alone_and_in_light_colours(browser, site):
    context = browser.new_context(viewport={"width": 794, "height": 1123}, color_scheme="dark")
    tab = context.new_page()
    tab.goto(f"{site}/{CHAPTER}")
    tab.emulate_media(media="print")
    for name in (".bd-sidebar-primary", ".bd-header-article", ".tb-launch", ".prev-next-footer"):
        expect(tab.locator(name).first).to_be_hidden()
    expect(tab.locator(".bd-article h1")).to_be_visible()
    background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = tab.locator("section section > p").first.evaluate("p => getComputedStyle(p).color")
    light, dark = (
        sum(map(int, c[c.index("(") + 1 : -1].split(",")[:3])) for c in (background, ink)
    )
    assert light > 700
    assert dark < 200
    context.close()
