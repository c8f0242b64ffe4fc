"""Make the site's icon, the picture that stands for it where it is linked, and the README's.

The icon comes from the logo; the others show the built site, and one the app of chapter 09.
"""

import base64
import io
import shutil
from pathlib import Path

import gradio as gr
import onnxruntime
import torch
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from serving import CHROMIUM_FLAGS, serve
from torchvision.transforms.v2.functional import pil_to_tensor

from torchbook.data import sample_photos

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "book" / "static"
SITE = ROOT / "_build" / "html"
MODEL = SITE / "_static" / "models" / "animal_vegetable_mineral.onnx"
CHAPTER = "chapters/03_computer_vision.html"
WINDOW = {"width": 1280, "height": 800}  # pixels; the README shows it smaller
ICON = 180  # pixels, as Apple asks for
PREVIEW = {"width": 1200, "height": 630}  # pixels, as Open Graph asks for
PAGE = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #14171c; color: #f2f4f7; font: 32px/1.4 sans-serif; }
main { display: grid; grid-template-columns: 1fr 500px; align-items: center; gap: 50px;
  box-sizing: border-box; height: 630px; padding: 0 60px; border-left: 18px solid #b4451f; }
svg { display: block; width: 96px; height: 96px; margin-bottom: 26px; }
h1 { margin: 0 0 16px; font-size: 92px; line-height: 1; letter-spacing: -3px; }
p { margin: 0; color: #c9ced6; text-wrap: balance; }
img { width: 500px; border-radius: 12px; }
</style><main><div>LOGO<h1>Torchbook</h1>
<p>Deep learning with PyTorch, from the first tensor to a working model, in chapters that run.</p>
</div><img src="data:image/png;base64,MODEL"></main>"""
# What a still picture has no use for.
UNUSED = """.tb-sources, .tb-foot, .tb-answers .tb-hint { display: none !important; }
tb-classifier.tb-figure { min-height: 0 !important; padding: 1.4rem 0.6rem 1.2rem !important; }"""


def main() -> None:
    """Draw the icon and the preview, as PNG of few colours; photograph a chapter."""
    logo = (STATIC / "favicon.svg").read_text(encoding="utf-8")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, serve(SITE) as site:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": ICON, "height": ICON})
        square = logo.replace(' rx="7"', "")  # the telephone rounds the corners itself
        page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{square}")
        save(page.screenshot(), "apple-touch-icon.png", 64)
        page = browser.new_page(viewport=PREVIEW)
        model = base64.b64encode(photograph_model(browser, site)).decode()
        page.set_content(PAGE.replace("LOGO", logo).replace("MODEL", model))
        save(page.screenshot(), "preview.png", 256)
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
        with Image.open(io.BytesIO(photograph_app(browser))) as image:
            image.convert("RGB").save(STATIC / "app.webp", quality=80, method=6)
        browser.close()


def photograph_app(browser: Browser) -> bytes:
    """Return a picture of chapter 09's first app, asked about a cat."""
    session = onnxruntime.InferenceSession(MODEL)
    classes = session.get_modelmeta().custom_metadata_map["classes"].split(", ")

    def answer(image: Image.Image) -> dict[str, float]:
        logits = session.run(None, {"inputs": pil_to_tensor(image)[None].numpy()})[0][0]
        shares = torch.tensor(logits).softmax(dim=0)
        return dict(zip(classes, shares.tolist(), strict=True))

    app = gr.Interface(
        answer,
        gr.Image(type="pil", label="Your picture"),
        gr.Label(label="It is"),
        title="Animal, vegetable or mineral?",
        flagging_mode="never",
        analytics_enabled=False,
    )
    app.launch(prevent_thread_lock=True, inline=False, quiet=True, share=False)
    page = browser.new_page(viewport={"width": 780, "height": 398}, device_scale_factor=2)
    page.goto(app.local_url)
    page.set_input_files("input[type=file]", sample_photos()["animal"])
    page.get_by_alt_text("").first.wait_for()
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("%").first.wait_for()
    picture = page.screenshot()
    app.close(verbose=False)
    return picture


def photograph_model(browser: Browser, site: str) -> bytes:
    """Return a picture of the front page's model, with an answer."""
    page = browser.new_page(
        viewport={"width": 1440, "height": 900},
        color_scheme="dark",
        device_scale_factor=1.25,
        reduced_motion="reduce",
        bypass_csp=True,
    )
    page.goto(f"{site}/book/index.html")
    page.add_style_tag(content=UNUSED)
    page.locator(".tb-sample").first.click()
    return page.locator("tb-classifier").screenshot()


def save(picture: bytes, name: str, colours: int) -> None:
    """Keep a picture with a few colours, which is enough."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(colours).save(STATIC / name, optimize=True)


if __name__ == "__main__":
    main()
