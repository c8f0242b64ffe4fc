"""Every page of the built site, in a real browser."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
DOCUMENTS = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts and path.parent != SITE
)
PAGES = [*DOCUMENTS, "search.html"]
WIDTHS = (390, 1440)  # a phone, a desk
THEMES = ("light", "dark")
KB = 1000


def test_the_book_has_its_pages():
    assert {"book/index.html", "book/setup.html", "book/build_report.html"} < set(PAGES)
    assert sum(page.startswith("chapters/") for page in PAGES) >= 2


@pytest.mark.parametrize("page", PAGES)
def test_page_is_sound(browser, site, page, axe_violations):
    """No console error, no request elsewhere, no axe violation, nothing wider than the screen."""
    for width in WIDTHS:
        for theme in THEMES:
            where = f"{page} at {width} px, {theme}"
            context = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=theme
            )
            tab = context.new_page()
            errors, requests = [], []
            tab.on("console", lambda m, e=errors: e.append(m.text) if m.type == "error" else None)
            tab.on("pageerror", lambda error, e=errors: e.append(str(error)))
            tab.on("request", lambda request, r=requests: r.append(request.url))
            tab.goto(f"{site}/{page}", wait_until="networkidle")
            # A deferred script sets it; on a busy machine that can take a moment.
            tab.wait_for_function("t => document.documentElement.dataset.theme === t", arg=theme)
            assert not errors, (where, errors)
            host = urlsplit(site).netloc
            elsewhere = [u for u in requests if urlsplit(u).netloc not in ("", host)]
            assert not elsewhere, (where, elsewhere)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, where
            violations = axe_violations(tab)
            assert not violations, (where, violations)
            context.close()


def test_the_theme_can_be_switched_and_is_remembered(browser, site):
    context = browser.new_context(color_scheme="light")
    tab = context.new_page()
    tab.goto(f"{site}/book/index.html", wait_until="networkidle")
    tab.wait_for_function("document.documentElement.dataset.theme === 'light'")
    seen = set()
    for _ in range(3):  # light, dark, the system's own
        tab.locator(".theme-switch-button:visible").first.click()
        seen.add(tab.evaluate("document.documentElement.dataset.theme"))
    assert seen == {"light", "dark"}
    context.close()


def test_code_is_copied_without_its_output(browser, site):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{site}/chapters/00_fundamentals.html", wait_until="networkidle")
    cell = tab.locator("div.cell_input").first
    cell.hover()
    cell.locator("button.copybtn").click()
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").inner_text().strip()
    assert "import torch" in copied
    context.close()


def test_code_is_copied_by_keyboard_and_the_button_says_so(browser, site):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{site}/book/cheatsheet.html", wait_until="networkidle")
    button = tab.locator("div.cell_input button.copybtn").first
    button.focus()
    tab.keyboard.press("Enter")
    expect(button).to_have_attribute("data-tooltip", "Copied!")
    expect(button).to_be_focused()
    expect(button).to_have_css("opacity", "1")
    assert "import" in tab.evaluate("navigator.clipboard.readText()")
    context.close()


def test_search_finds_a_concept(browser, site):
    tab = browser.new_page()
    tab.goto(f"{site}/search.html?q=broadcasting", wait_until="networkidle")
    tab.locator("#search-results li a").first.wait_for()
    results = tab.locator("#search-results li a")
    first = [results.nth(i).get_attribute("href") for i in range(min(5, results.count()))]
    assert any("00_fundamentals" in address for address in first), first
    tab.close()
