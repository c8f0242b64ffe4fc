"""Pictures of some pages, for people to look at: `make weekly` keeps `_build/screenshots/`.

They are not compared with anything: fonts and numbers differ from machine to machine.
"""

import io

import pytest
from PIL import Image
from test_built_site import SITE, THEMES, WIDTHS

pytestmark = [pytest.mark.site, pytest.mark.weekly]

FOLDER = SITE.parent / "screenshots"
PAGES = [
    "book/index.html",
    "book/errors.html",
    "book/figures.html",
    "chapters/00_fundamentals.html",
    "chapters/03_computer_vision.html",
    "chapters/08_paper_replicating.html",
    "search.html?q=broadcasting",
]
HEIGHT = 3600  # of a long page the beginning is enough
LARGEST = 400_000  # bytes
# The pictures on the screen are there, and what was searched for is found.
COMPLETE = """() => [...document.images].every((image) => image.complete
        || !image.checkVisibility() || image.getBoundingClientRect().top > innerHeight)
    && (!document.querySelector("main tb-search") || document.querySelector("a.tb-search-hit"))"""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_are_photographed(browser, site, width, theme):
    FOLDER.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme=theme, reduced_motion="reduce"
    )
    tab = context.new_page()
    for page in PAGES:
        tab.goto(f"{site}/{page}")
        tab.wait_for_function(COMPLETE)
        with Image.open(io.BytesIO(tab.screenshot())) as picture:
            small = picture.convert("RGB").resize((width * 2 // 3, HEIGHT * 2 // 3))
        assert len(small.resize((60, 180)).getcolors(60 * 180)) > 20, f"{page} is blank"
        name = page.split("?")[0].removesuffix(".html").replace("/", "-")
        path = FOLDER / f"{name}_{width}_{theme}.png"
        small.quantize(128).save(path, optimize=True)
        assert path.stat().st_size <= LARGEST
    context.close()
