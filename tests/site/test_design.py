"""What the book's own look promises: lines to read, code that fits a phone."""

import io

import pytest
from figure_page import FRAME
from PIL import Image

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


# What a line ends in the middle of: numbers, words such as T-shirt, and short code.
PARTED = r"""() => {
    const parted = [];
    const check = (range, text) => {
        const tops = [...range.getClientRects()].filter((r) => r.width).map((r) => r.top);
        if (tops.length && Math.max(...tops) - Math.min(...tops) > 8) parted.push(text);
    };
    const range = document.createRange();
    const texts = document.createTreeWalker(document.querySelector("article"), 4);
    for (let text; (text = texts.nextNode()); ) {
        if (text.parentElement.closest("pre, svg, math, script, details:not([open])")) continue;
        const WHOLE = /\d[\d.,]*(?:e-\d+)?(?:\u00a0%)?|\b[A-Za-z]-[a-z]+/g;
        for (const found of text.data.matchAll(WHOLE)) {
            range.setStart(text, found.index);
            range.setEnd(text, found.index + found[0].length);
            check(range, found[0]);
        }
    }
    for (const code of document.querySelectorAll("article :not(pre) > code.literal")) {
        range.selectNodeContents(code);
        if (code.textContent.length <= 22 && !code.closest("details:not([open])")) {
            check(range, code.textContent);
        }
    }
    return parted;
}"""


@pytest.mark.parametrize("page", ["00_fundamentals", "03_computer_vision", "08_paper_replicating"])
def test_a_phone_parts_no_number_and_no_short_code(open_tab, page):
    tab = open_tab(f"chapters/{page}.html", width=390)
    assert tab.evaluate(PARTED) == []


def test_indices_stand_low_and_powers_high_whatever_fonts_a_device_has(open_tab):
    tab = open_tab("chapters/08_paper_replicating.html")
    tab.evaluate("document.fonts.ready")
    ends = """all => all.map(({ children: [base, index] }) => {
        const [a, b] = [base, index].map((part) => part.getBoundingClientRect());
        return [b.top - a.top, b.bottom - a.bottom];
    })"""
    low = tab.locator("math msub:visible").evaluate_all(ends)
    high = tab.locator("math msup:visible").evaluate_all(ends)
    assert len(low) > 5
    assert len(high) > 2
    assert all(top > 1 and bottom > 0 for top, bottom in low), low
    assert all(top < 0 for top, _ in high), high
    assert tab.evaluate("[...document.fonts].map((font) => font.status)") == ["loaded"]


def test_what_goes_on_at_the_side_fades_there_and_nothing_else_does(open_tab):
    tab = open_tab(CHAPTER, width=390)
    # What a closed fold hides has no scroll position yet, and so no fade.
    tab.locator("details").evaluate_all("all => all.forEach((fold) => { fold.open = true; })")
    tab.evaluate(FRAME)
    boxes = ".bd-article :is(.output:not(.traceback) pre, .pst-scrollable-table-container)"
    fades = tab.locator(boxes).evaluate_all(
        """all => all.map((box) => [box.scrollWidth > box.clientWidth,
            getComputedStyle(box).getPropertyValue("--tb-right")])"""
    )
    assert {wide for wide, _ in fades} == {True, False}
    assert all((fade != "0px") == wide for wide, fade in fades), fades
    wide = tab.locator(f"{boxes}[tabindex]").first
    wide.evaluate("box => { box.scrollLeft = 1e6; }")
    tab.evaluate(FRAME)
    sides = "b => ['left', 'right'].map((s) => getComputedStyle(b).getPropertyValue(`--tb-${s}`))"
    left, right = wide.evaluate(sides)
    assert right == "0px" != left
    # It has the focus: the line around it must be seen.
    tab.keyboard.press("Tab")
    wide.focus()
    assert wide.evaluate("box => getComputedStyle(box).maskImage") == "none"


def test_in_the_dark_the_ground_of_a_pale_plot_is_the_pages(open_tab):
    tab = open_tab(CHAPTER, color_scheme="dark")
    plot = tab.locator("img.tb-pale").first
    plot.scroll_into_view_if_needed()
    plot.evaluate("image => image.decode()")
    with Image.open(io.BytesIO(plot.screenshot())) as picture:
        corner = picture.convert("RGB").getpixel((3, 3))
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert f"rgb{corner}" == ground
