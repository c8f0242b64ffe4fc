"""Every page of the built site, in a real browser."""

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from figure_page import FRAME, use_keyboard
from PIL import Image
from playwright.sync_api import expect
from serving import serve
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
WIDTHS = (390, 1440)  # a phone, a desk
THEMES = ("light", "dark")
KB = 1000
# After a change of width: what scrolls now is in the Tab order, and nothing is on its way.
SETTLED = """() => [...document.querySelectorAll("main pre, main .tb-math, main .tb-scroll")]
    .every((box) => box.scrollWidth <= box.clientWidth || box.tabIndex === 0)
    && document.getAnimations().every((animation) => animation.playState !== "running"
        || animation.timeline !== document.timeline)"""  # one follows the scrolling, not the clock


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
        use_keyboard(*tabs.values())
        for (theme, tab), width in zip(tabs.items(), widths, strict=True):
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


@pytest.fixture(scope="module")
def page_address():
    """A function that says where a page is, on a server that compresses as the site's host does."""
    with serve(SITE, like_pages=True, base=base_of_site()) as address:
        yield lambda page: f"{address}/{page}"


# What a page says of itself from before its first script: what moved, and what its policy forbade.
SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  // The page's map opens where one reads: that is meant.
  const isMap = ({ node }) => (node?.parentElement ?? node)?.closest("#pst-page-toc-nav");
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput && !entry.sources.every(isMap)) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`));
"""
IMAGES = """nodes => nodes.map((n) => ({
  source: n.getAttribute("src"), lazy: n.loading === "lazy", decoding: n.decoding,
  sized: n.hasAttribute("width") && n.hasAttribute("height"), top: n.getBoundingClientRect().top,
}))"""
SCROLL = f"""async () => {{
  const frame = {FRAME};
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {{
    scrollTo(0, y);
    await frame().then(frame);
  }}
}}"""


@dataclass(frozen=True)
class Visit:
    """A first visit to a page, read from its top to its end.

    Attributes:
        answers: what came before anything was scrolled, by address: its kind, and its bytes.
        images: what the page's source says of each image, and where it stands.
        shift: how far things moved by themselves, in all (Chromium's layout shift).
        violations: what the page's policy forbade.
    """

    answers: dict[str, tuple[str, int]]
    images: list[dict[str, Any]]
    shift: float
    violations: list[str]


@pytest.fixture(scope="module", params=[*PAGES, "404.html"])
def visits(request, browser, page_address):
    """A page of the site, and first visits to it by the widths of the screen."""
    tabs = {width: browser.new_page(viewport={"width": width, "height": 900}) for width in WIDTHS}
    responses = {width: [] for width in WIDTHS}
    for width, tab in tabs.items():  # each has a process of its own: they work at the same time
        tab.add_init_script(SHIFTS + VIOLATIONS)
        tab.on("response", lambda response, found=responses[width]: found.append(response))
        tab.goto(page_address(request.param), wait_until="commit")
    unscrolled = {}
    for width, tab in tabs.items():
        tab.wait_for_load_state("networkidle")
        # (`headers` is there already; `header_value` asks the browser, which may never answer.)
        answers = {
            r.url: (r.request.resource_type, int(r.headers.get("content-length", 0)))
            for r in responses[width]
        }
        unscrolled[width] = answers, tab.locator("img").evaluate_all(IMAGES)
        tab.evaluate(f"() => {{ window.scrolled = ({SCROLL})(); }}")
    visits = {}
    for width, tab in tabs.items():
        shift, violations = tab.evaluate("scrolled.then(() => [shift, violations])")
        visits[width] = Visit(*unscrolled[width], shift, violations)
        tab.close()
    return request.param, visits


def test_page_is_light(visits):
    """The budgets of the design: what a first visit costs over the wire, images aside."""
    page, visits = visits
    assert len((SITE / page).read_bytes()) <= 300 * KB
    for visit in visits.values():
        kinds = [kind for kind, _ in visit.answers.values()]
        images = [size for kind, size in visit.answers.values() if kind == "image"]
        others = {url: size for url, (kind, size) in visit.answers.items() if kind != "image"}
        assert all(others.values()), others  # the server says how much it sends
        assert sum(others.values()) <= 300 * KB, sorted(others.items(), key=lambda i: -i[1])[:5]
        assert sum(images) <= 1500 * KB
        # One for the site, and on the page of the search the one of its results.
        assert kinds.count("stylesheet") == 1 + (page == "search.html")
        assert "font" not in kinds


def test_images_have_sizes_and_wait_until_they_are_needed(visits):
    """Nothing far below the screen is asked for; nothing jumps when it comes."""
    for visit in visits[1].values():
        asked = [urlsplit(url).path for url in visit.answers]
        for image in visit.images:
            assert image["sized"], image
            if image["top"] > 900 and not image["source"].startswith("data:"):
                assert image["lazy"], image
                assert image["decoding"] == "async", image
            # Chromium asks for a lazy image at most 2,500 pixels ahead.
            if image["top"] > 900 + 2500 and not image["source"].startswith("data:"):
                assert not [path for path in asked if path.endswith(image["source"][3:])], image
        if visit.images and visit.images[0]["top"] < 300:
            assert not visit.images[0]["lazy"]


def test_nothing_moves_while_it_loads_or_is_scrolled(visits):
    assert {width: visit.shift for width, visit in visits[1].items() if visit.shift >= 0.01} == {}


def test_page_obeys_its_policy(visits):
    """From its top to its end: what waits until it is seen, too."""
    assert [visit.violations for visit in visits[1].values()] == [[], []]


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
    assert ("copybutton.js" in loaded) == ("clipboard.min.js" in loaded) == code
    assert ("design-tabs.js" in loaded) == ('class="sd-tab-set' in html)
    for name in ("bootstrap", "fontawesome", "togglebutton", "sphinx_highlight", "jquery"):
        assert name not in loaded


def test_the_theme_can_be_switched_and_is_remembered(browser, site):
    context = browser.new_context(color_scheme="light")
    tab = context.new_page()
    tab.goto(f"{site}/book/index.html", wait_until="networkidle")
    tab.wait_for_function("() => document.documentElement.dataset.theme === 'light'")
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


@pytest.fixture
def tall_page(browser, site):
    """A chapter with figures far below the screen that it opens with."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.goto(f"{site}/chapters/00_fundamentals.html", wait_until="networkidle")
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
