"""What the pages of the built site weigh, what they ask for and when, and that nothing moves."""

import io
import re
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from PIL import Image
from serving import serve
from test_built_site import KB, PAGES, SITE, WIDTHS

pytestmark = pytest.mark.site

HTML, TRANSFER, IMAGES = 300 * KB, 300 * KB, 1500 * KB
NEXT_TO_NOTHING = 10 * KB
HEIGHT = 900
AHEAD = 2500  # pixels: so far below the screen Chromium asks for a lazy picture on a slow line
# What has to be on a page that loads a file.
USED_BY = {
    "clipboard.min.js": 'class="highlight"',
    "copybutton.js": 'class="highlight"',
    "design-tabs.js": "sd-tab-set",
    "figures.css": "<tb-",
}
USELESS = ("bootstrap", "fontawesome", "jquery", "thebe", "togglebutton", "underscore")

# The size of a picture in the page, before anything has been scrolled.
PICTURES = """nodes => nodes.map((node) => ({
  source: node.getAttribute("src"), loading: node.getAttribute("loading"),
  decoding: node.getAttribute("decoding"), top: node.getBoundingClientRect().top,
  sized: Boolean(Number(node.getAttribute("width")) && Number(node.getAttribute("height"))),
}))"""

SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const moved = entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 100) ?? String(node));
    if (!entry.hadRecentInput) window.shifts.push([entry.value, ...moved]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
# To the end, slowly enough that each part is drawn; then all pictures have to be there.
SCROLL = """async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {
    scrollTo({ top: y, behavior: "instant" });
    await drawn();
  }
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await drawn();
  return window.shifts;
}"""


@pytest.fixture(scope="module")
def compressed_site():
    """The address of the built site on a server that compresses as its host does."""
    with serve(SITE, like_pages=True) as address:
        yield address


@pytest.mark.parametrize("page", PAGES)
def test_page_is_light(browser, compressed_site, page):
    """The budgets of the design: what a first visit costs over the wire."""
    assert (SITE / page).stat().st_size <= HTML
    tab = browser.new_page(viewport={"width": WIDTHS[1], "height": HEIGHT})
    weights: dict[str, dict[str, int]] = {"image": {}, "other": {}}

    def weigh(response):
        if response.url.startswith("http"):
            kind = "image" if response.request.resource_type == "image" else "other"
            weights[kind][response.url] = int(response.headers["content-length"])

    tab.on("response", weigh)
    tab.goto(f"{compressed_site}/{page}", wait_until="networkidle")
    heaviest = sorted(weights["other"].items(), key=lambda item: -item[1])[:5]
    assert sum(weights["other"].values()) <= TRANSFER, heaviest
    tab.evaluate(SCROLL)  # the pictures that come later count too
    tab.wait_for_load_state("networkidle")
    tab.close()
    assert sum(weights["image"].values()) <= IMAGES, weights["image"]


@pytest.mark.parametrize("page", PAGES)
def test_pictures_say_their_size_and_come_when_they_are_needed(browser, site, page):
    for width in WIDTHS:
        tab = browser.new_page(viewport={"width": width, "height": HEIGHT})
        asked = []
        tab.on("request", lambda request, a=asked: a.append(urlsplit(request.url).path))
        tab.goto(f"{site}/{page}", wait_until="networkidle")
        pictures = tab.locator("img").evaluate_all(PICTURES)
        here = tab.url
        tab.close()
        for place, picture in enumerate(pictures):
            if picture["source"].startswith("data:"):  # drawn by a script, there at once
                continue
            assert picture["sized"], picture
            if place or picture["top"] > HEIGHT:
                assert (picture["loading"], picture["decoding"]) == ("lazy", "async"), picture
            else:
                assert picture["loading"] in (None, "eager"), picture
            if picture["top"] > HEIGHT + AHEAD:
                assert urlsplit(urljoin(here, picture["source"])).path not in asked, picture


def test_pictures_are_in_formats_that_are_small():
    """A PNG or JPEG stays where WebP, as good to the eye, would save next to nothing."""
    used = set()
    for page in PAGES:
        for source in re.findall(r'<img\b[^>]*\ssrc="([^"]*)"', (SITE / page).read_text("utf-8")):
            if not source.startswith("data:"):
                used.add(((SITE / page).parent / unquote(source)).resolve())
    assert used
    for path in sorted(used):
        if path.suffix in (".svg", ".webp", ".avif"):
            continue
        assert path.suffix in (".png", ".jpg"), path.name
        webp = io.BytesIO()
        with Image.open(path) as image:
            image.save(webp, "WEBP", lossless=path.suffix == ".png", quality=80, method=6)
        assert path.stat().st_size - len(webp.getvalue()) < NEXT_TO_NOTHING, path.name


@pytest.mark.parametrize("page", PAGES)
def test_nothing_moves_while_it_loads_or_is_scrolled(browser, site, page):
    for width in WIDTHS:
        tab = browser.new_page(viewport={"width": width, "height": HEIGHT})
        tab.add_init_script(SHIFTS)
        tab.goto(f"{site}/{page}", wait_until="networkidle")
        shifts = tab.evaluate(SCROLL)
        tab.close()
        assert sum(value for value, *_ in shifts) < 0.01, (page, width, shifts)


@pytest.mark.parametrize("page", PAGES)
def test_scripts_wait_and_each_file_is_of_use(page):
    html = (SITE / page).read_text(encoding="utf-8")
    head, body = html.split("</head>", 1)
    scripts = re.findall(r"<script\b[^>]*\ssrc=[^>]*>", html)
    assert scripts
    assert not [tag for tag in scripts if not re.search(r'\s(defer|async|type="module")', tag)]
    sheets = [tag for tag in re.findall(r"<link\b[^>]*>", html) if 'rel="stylesheet"' in tag]
    files = re.findall(r'\s(?:src|href)="[^"]*?([^/"?]+)(?:\?[^"]*)?"', "".join(scripts + sheets))
    for name, sign in USED_BY.items():
        assert (name in files) == (sign in body), name
    assert not [name for name in files if any(each in name for each in USELESS)]
    assert not re.search(r'rel="preload"', head)  # of the theme: fonts that nothing uses
    figures = re.findall(r'<script\b[^>]*\ssrc="[^"]*/figures/([a-z-]+)\.js', html)
    assert not [name for name in figures if f"<tb-{name}" not in body]


def test_the_joined_stylesheet_has_what_the_pages_use():
    """None of the theme's variables lacks its value, no address in it leads nowhere."""
    css = (SITE / "_static" / "site.css").read_text(encoding="utf-8")
    assert "@import" not in css
    for address in re.findall(r"""url\(["']?(?!data:|#)([^"')]+)""", css):
        assert (SITE / "_static" / address).is_file(), address
    named = set(re.findall(r"(--pst-[\w-]+)\s*:", css))
    asked = set(re.findall(r"var\((--pst-[\w-]+)\)", css))
    assert asked <= named, asked - named
