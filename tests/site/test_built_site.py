"""Every page of the built site, in a real browser."""

import gzip
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
# After a change of width: what scrolls now is in the Tab order, and nothing is on its way.
SETTLED = """() => [...document.querySelectorAll("main pre, main .tb-math, main .tb-scroll")]
    .every((box) => box.scrollWidth <= box.clientWidth || box.tabIndex === 0)
    && document.getAnimations().every((animation) => animation.playState !== "running")"""


def test_the_book_has_its_pages():
    assert {"book/index.html", "book/setup.html", "book/build_report.html"} < set(PAGES)
    assert sum(page.startswith("chapters/") for page in PAGES) >= 2


@pytest.fixture(scope="module")
def contexts(browser):
    """A browser for each theme, used for all pages: what they share is fetched once."""
    contexts = {theme: browser.new_context(color_scheme=theme) for theme in THEMES}
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.mark.parametrize("page", PAGES)
def test_page_is_sound(contexts, site, page, axe_violations):
    """No console error, no request elsewhere, no axe violation, nothing wider than the screen.

    Loaded at each width and in each theme once, and looked at in all four ways.
    """
    tabs = {theme: contexts[theme].new_page() for theme in THEMES}
    errors, requests = [], []
    for tab, width in zip(tabs.values(), WIDTHS, strict=True):
        tab.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("request", lambda request: requests.append(request.url))
        tab.set_viewport_size({"width": width, "height": 900})
        tab.goto(f"{site}/{page}", wait_until="commit")
    for widths in (WIDTHS, WIDTHS[::-1]):
        where = [f"{theme}, {width} px" for theme, width in zip(THEMES, widths, strict=True)]
        for (theme, tab), width in zip(tabs.items(), widths, strict=True):
            tab.wait_for_load_state("networkidle")
            # A deferred script sets it; on a busy machine that can take a moment.
            tab.wait_for_function("t => document.documentElement.dataset.theme === t", arg=theme)
            tab.set_viewport_size({"width": width, "height": 900})
            tab.wait_for_function(SETTLED)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (theme, width)
        violations = axe_violations(*tabs.values())
        assert not violations, (where, violations)
    for tab in tabs.values():
        tab.close()
    assert not errors
    host = urlsplit(site).netloc
    elsewhere = [url for url in requests if urlsplit(url).netloc not in ("", host)]
    assert not elsewhere


def test_every_link_and_download_leads_somewhere(monkeypatch):
    """What the build's own gate says of the site as it lies there, the launch bars' files too."""
    monkeypatch.syspath_prepend(ROOT / "book" / "extensions")
    from tb_gates import Page, check_site

    assert check_site(SITE) == []
    chapters = [page for page in DOCUMENTS if page.startswith("chapters/")]
    for page in chapters:
        links = Page((SITE / page).read_text(encoding="utf-8")).links
        files = [SITE / "chapters" / link for link in links if link.startswith("../notebooks/")]
        assert sorted({path.suffix for path in files}) == [".ipynb", ".py"], page
        assert all(path.stat().st_size > 1000 for path in files)


@pytest.mark.parametrize("page", PAGES)
def test_page_is_light(browser, site, page):
    """The budgets of the design: what a first visit costs over the wire, images aside."""
    html = (SITE / page).read_bytes()
    assert len(html) <= 300 * KB
    tab = browser.new_page()
    weights = {}

    def weigh(response):
        if response.request.resource_type != "image":
            weights[response.url] = len(gzip.compress(response.body()))

    tab.on("response", weigh)
    tab.goto(f"{site}/{page}", wait_until="networkidle")
    tab.close()
    heaviest = sorted(weights.items(), key=lambda item: -item[1])[:5]
    assert sum(weights.values()) <= 300 * KB, heaviest


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
