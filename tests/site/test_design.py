"""What the book's own look promises: lines to read, code that fits a phone."""

import pytest

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
