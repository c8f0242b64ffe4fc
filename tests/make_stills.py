"""Photograph the interactive figures of the built site, for where they cannot run.

That is in the notebooks, and, small, on the page on all figures, which is dark for some.
"""

import io
import re
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from serving import CHROMIUM_FLAGS, serve

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
STILLS = ROOT / "book" / "static" / "figures" / "stills"
FIGURE = re.compile(r"<tb-([a-z-]+)[ >]")
# Nothing to see without a reader.
TOOLS = {"classifier", "copy-page", "error-finder", "predict", "question", "sortable"}
TOOLS |= {"sampler", "writer"}  # live models


def main() -> None:
    """Photograph the first figure of each kind in both themes, and keep the pictures as WebP."""
    where: dict[str, str] = {}
    for path in sorted((SITE / "chapters").glob("*.html")):
        for name in FIGURE.findall(path.read_text(encoding="utf-8")):
            where.setdefault(name, path.name)
    STILLS.mkdir(exist_ok=True)
    with serve(SITE) as site, sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        for theme, ending in (("light", ""), ("dark", "-dark")):
            context = browser.new_context(
                viewport={"width": 800, "height": 900},
                color_scheme=theme,
                reduced_motion="reduce",
                device_scale_factor=1.5,
            )
            for name in sorted(where.keys() - TOOLS):
                page = context.new_page()
                page.goto(f"{site}/chapters/{where[name]}")
                page.locator(f"tb-{name}").first.scroll_into_view_if_needed()  # then it is built
                picture = page.locator(f"tb-{name}.tb-figure").first.screenshot()
                still = STILLS / f"{name}{ending}.webp"
                with Image.open(io.BytesIO(picture)) as image:
                    image.convert("RGB").save(still, quality=80, method=6)
                print(f"{still.name}: {still.stat().st_size / 1000:.0f} KB")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
