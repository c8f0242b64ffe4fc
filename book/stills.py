"""Photograph each interactive figure of the built site, for the notebooks, where it cannot run."""

import functools
import http.server
import io
import re
import shutil
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

BOOK = Path(__file__).parent
SITE = BOOK.parent / "_build" / "html"
STILLS = BOOK / "static" / "figures" / "stills"
FIGURE = re.compile(r"<tb-([a-z-]+)[ >]")
TOOLS = {"classifier", "copy-page", "error-finder", "sortable"}  # nothing to see without a reader
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves without a line for each request."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def main() -> None:
    """Photograph the first figure of each kind, in the light theme, and keep it as WebP."""
    where: dict[str, str] = {}
    for path in sorted((SITE / "chapters").glob("*.html")):
        for name in FIGURE.findall(path.read_text(encoding="utf-8")):
            where.setdefault(name, path.name)
    STILLS.mkdir(exist_ok=True)
    handler = functools.partial(QuietHandler, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context(
            viewport={"width": 800, "height": 900},
            color_scheme="light",
            reduced_motion="reduce",
            device_scale_factor=1.5,
        )
        for name in sorted(where.keys() - TOOLS):
            page = context.new_page()
            address = f"http://127.0.0.1:{server.server_port}/chapters/{where[name]}"
            page.goto(address, wait_until="networkidle")
            picture = page.locator(f"tb-{name}").first.screenshot()
            with Image.open(io.BytesIO(picture)) as image:
                image.convert("RGB").save(STILLS / f"{name}.webp", quality=80, method=6)
            print(f"{name}: {(STILLS / f'{name}.webp').stat().st_size / 1000:.0f} KB")
            page.close()
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
