"""Make the site's icon, the picture that stands for it where it is linked, and the README's.

The first two come from the logo, the last shows a chapter of the built site.
"""

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from serving import CHROMIUM_FLAGS, serve

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "book" / "static"
SITE = ROOT / "_build" / "html"
CHAPTER = "chapters/03_computer_vision.html"
WINDOW = {"width": 1280, "height": 800}  # pixels; the README shows it smaller
ICON = 180  # pixels, as Apple asks for
PREVIEW = {"width": 1200, "height": 630}  # pixels, as Open Graph asks for
PAGE = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #14171c; color: #f2f4f7; font: 34px/1.4 sans-serif; }
main { display: grid; grid-template-columns: 1fr 330px; align-items: center; gap: 60px;
  box-sizing: border-box; height: 630px; padding: 0 90px; border-left: 18px solid #b4451f; }
h1 { margin: 0 0 20px; font-size: 104px; line-height: 1; letter-spacing: -3px; }
p { margin: 0; color: #c9ced6; }
svg { width: 330px; height: 330px; }
</style><main><div><h1>Torchbook</h1>
<p>Deep learning with PyTorch, from the first tensor to a working model, in chapters that run.</p>
</div>LOGO</main>"""


def main() -> None:
    """Draw the first two with the browser, as PNG of few colours; photograph the site."""
    logo = (STATIC / "favicon.svg").read_text(encoding="utf-8")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": ICON, "height": ICON})
        square = logo.replace(' rx="7"', "")  # the telephone rounds the corners itself
        page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{square}")
        save(page.screenshot(), "apple-touch-icon.png")
        page = browser.new_page(viewport=PREVIEW)
        page.set_content(PAGE.replace("LOGO", logo))
        save(page.screenshot(), "preview.png")
        with serve(SITE) as site:
            for theme, ending in (("light", ""), ("dark", "-dark")):
                page = browser.new_page(viewport=WINDOW, color_scheme=theme)
                page.goto(f"{site}/{CHAPTER}")
                figure = page.locator("tb-convolution")
                figure.scroll_into_view_if_needed()
                figure.evaluate("f => scrollBy({ top: f.getBoundingClientRect().top - 300 })")
                figure.locator(".tb-button").first.wait_for()
                with Image.open(io.BytesIO(page.screenshot())) as image:
                    path = ROOT / ".github" / f"picture{ending}.webp"
                    image.convert("RGB").save(path, quality=85, method=6)
        browser.close()


def save(picture: bytes, name: str) -> None:
    """Keep a picture with 64 colours, which is enough for flat ones."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(64).save(STATIC / name, optimize=True)


if __name__ == "__main__":
    main()
