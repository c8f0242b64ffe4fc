"""Every page of the built site, in a real browser."""

import io
import re
from pathlib import Path

import pytest
from figure_page import FRAME
from PIL import Image
from playwright.sync_api import expect
from torchbook_site.finish.gates import Page, problems_of

pytestmark = pytest.mark.site

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
DOCUMENTS = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts and path.parent != SITE
)
PAGES = [*DOCUMENTS, "search.html"]
# What a visitor meets in turn: the front page, chapters with figures of each kind, tools.
WALKED = [
    "book/index.html",
    "chapters/00_fundamentals.html",
    "chapters/02_classification.html",
    "chapters/03_computer_vision.html",
    "chapters/08_paper_replicating.html",
    "book/errors.html",
    "book/cheatsheet.html",
]
WIDTHS = (390, 1440)  # a phone, a desk
THEMES = ("light", "dark")
KB = 1000


def test_the_book_has_its_pages():
    assert {"book/index.html", "book/setup.html", "book/build_report.html"} < set(PAGES)
    assert sum(page.startswith("chapters/") for page in PAGES) >= 2


def base_of_site():
    """Return the path of the site on its host: 404.html works at any address below it."""
    html = (SITE / "404.html").read_text(encoding="utf-8")
    return re.search(r'data-content_root="([^"]*)"', html)[1]


def test_every_link_and_download_leads_somewhere():
    """What the build's own gate says of the site as it lies there, the launch bars' files too."""
    html = {name: (SITE / name).read_text(encoding="utf-8") for name in PAGES}
    assert problems_of(html, SITE, base_of_site()) == []
    chapters = [page for page in DOCUMENTS if page.startswith("chapters/")]
    for page in chapters:
        links = Page((SITE / page).read_text(encoding="utf-8")).links
        files = [SITE / "chapters" / link for link in links if link.startswith("../notebooks/")]
        assert sorted({path.suffix for path in files}) == [".ipynb", ".py"], page
        assert all(path.stat().st_size > 1000 for path in files)


# From before a page's first script: what its policy forbids.
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`));
"""
SCROLL = f"""async () => {{
  const frame = {FRAME};
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {{
    scrollTo(0, y);
    await frame().then(frame); // one for the browser to lay out what has come near
  }}
  await frame().then(frame);
}}"""


def test_pictures_are_in_formats_that_are_small():
    """A PNG or JPEG stays where WebP would save next to nothing."""
    for path in [*(SITE / "_images").glob("*"), *(SITE / "_static").glob("figures/stills/*")]:
        if path.suffix in (".svg", ".webp", ".avif"):
            continue
        buffer = io.BytesIO()
        with Image.open(path) as image:
            image.save(buffer, "webp", lossless=path.suffix == ".png", quality=85)
        assert path.stat().st_size - len(buffer.getvalue()) < 20 * KB, path.name


@pytest.mark.parametrize("page", [*PAGES, "404.html"])
def test_scripts_hold_up_nothing_and_are_used(page):
    html = (SITE / page).read_text(encoding="utf-8")
    scripts = re.findall(r"<script\b[^>]* src=[^>]*>", html)
    assert not [tag for tag in scripts if not re.search(r'\s(defer|async|type="module")', tag)]
    loaded = " ".join(scripts)
    code = re.search(r'<div class="[^"]*\bhighlight\b', html) is not None
    assert ("copy.js" in loaded) == code
    assert ("design-tabs.js" in loaded) == ('class="sd-tab-set' in html)
    for name in ("bootstrap", "fontawesome", "togglebutton", "sphinx_highlight", "jquery"):
        assert name not in loaded


def test_code_is_copied_without_its_output(browser, site):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{site}/chapters/00_fundamentals.html")
    cell = tab.locator("div.cell_input").first
    cell.get_by_role("button", name="Copy").click()
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").text_content().strip()
    assert "import torch" in copied
    context.close()


def test_code_is_copied_by_keyboard_and_the_button_says_so(browser, site):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{site}/book/cheatsheet.html")
    button = tab.locator("div.cell_input button.tb-copy-code").first
    button.focus()
    tab.keyboard.press("Enter")
    expect(button).to_have_text("Copied")
    expect(button).to_be_focused()
    assert "import" in tab.evaluate("navigator.clipboard.readText()")
    context.close()


@pytest.fixture
def tall_page(browser, site):
    """A chapter with figures far below the screen that it opens with."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.goto(f"{site}/chapters/00_fundamentals.html")
    yield tab
    tab.close()


def test_a_figure_is_built_when_one_comes_near(tall_page):
    figures = tall_page.locator("tb-broadcast, tb-matmul")
    assert figures.count() > 1
    expect(tall_page.locator("main .tb-figure")).to_have_count(0)
    figures.first.scroll_into_view_if_needed()
    expect(figures.first).to_have_class("tb-figure")


@pytest.mark.parametrize("sign", ["beforeprint", "key"])
def test_all_figures_are_built_for_paper_and_for_the_keyboard(tall_page, sign):
    if sign == "key":
        tall_page.keyboard.press("Shift")
    else:
        tall_page.pdf()
    figures = tall_page.locator("tb-broadcast, tb-matmul")
    expect(tall_page.locator("main .tb-figure")).to_have_count(figures.count())


def test_a_link_leads_to_its_place_past_figures_that_are_not_built(tall_page):
    place = tall_page.locator("section:has(tb-matmul) + section").last.get_attribute("id")
    expect(tall_page.locator("main .tb-figure")).to_have_count(0)
    tall_page.evaluate("id => { location.hash = id; }", place)
    tall_page.wait_for_timeout(1000)  # whatever moves, has moved, or does so on a busy machine
    tall_page.wait_for_function(
        """id => {
            const { top } = document.getElementById(id).getBoundingClientRect();
            return -20 < top && top < 200;
        }""",
        arg=place,
    )
