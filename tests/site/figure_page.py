"""What the tests of interactive figures ask of a page; `open_page` in conftest.py opens one."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

FALLBACK = "Without scripts this text stays."
PHONE, DESKTOP = 390, 1440
# Each width once, and each theme: what is too wide in one of them is so in the other.
LOOKS = [(320, "dark"), (PHONE, "light"), (DESKTOP, "dark")]
ROOT = Path(__file__).parents[2]
NODE = Path(sys.executable).with_name("node")


# A script's wait for the next picture. Without an end of its own a test would wait for ever where
# the browser draws none: nothing ends what Playwright's `evaluate` waits for.
FRAME = """() => new Promise((done, fail) => {
    const late = setTimeout(() => fail(new Error("the browser drew nothing for 1 min")), 60000);
    requestAnimationFrame(() => { clearTimeout(late); done(); });
})"""


def use_keyboard(*pages: Page) -> None:
    """Press a key, which has all figures built, and wait until what scrolls is in the Tab order.

    Each page has a process of its own: they work at the same time.
    """
    for page in pages:
        page.keyboard.press("Shift")
    for page in pages:
        page.evaluate(f"({FRAME})().then({FRAME})")


def check_no_jump(open_page: Callable[..., Page], body: str, width: int) -> None:
    """Check that what follows a figure stands where it stood before the figure's script came."""
    page = open_page(body, width=width)
    expect(page.locator(".tb-figure")).to_have_count(1)
    after = page.locator("#after").bounding_box()["y"]
    page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.reload()
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    before = page.locator("#after").bounding_box()["y"]
    assert after == pytest.approx(before, abs=24)  # fonts differ from machine to machine


def focused(page: Page) -> str | None:
    """Return the label of what has the focus."""
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def moves_when_pressed(button: Locator) -> bool:
    """Press a button, and say whether anything moves then.

    In one turn of the page: a busy machine might ask when the movement is over.
    """
    return button.evaluate(
        "button => { button.click(); return document.getAnimations().length > 0; }"
    )


def in_node(script: str, function: str, cases: object = None) -> object:
    """Call a JavaScript function with a figure's module and some cases; it needs no browser."""
    module = (ROOT / "book" / "static" / "figures" / script).as_uri()
    code = f"""import {{ readFileSync }} from "node:fs";
        import * as module from "{module}";
        const found = ({function})(module, JSON.parse(readFileSync(0, "utf8")));
        console.log(JSON.stringify(found));"""
    stub = (ROOT / "tests" / "js" / "without_browser.mjs").as_uri()
    command = [NODE, "--import", stub, "--input-type=module", "--eval", code]
    answer = subprocess.run(
        command, input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    return json.loads(answer.stdout)


def torch_says(compute: Callable[[], object]) -> object:
    """Return what PyTorch makes of it: the result, or the text of its error."""
    try:
        return compute()
    except RuntimeError as error:
        return str(error)


# The parts of figures that are drawn beyond the figure's own edge.
STICKING_OUT = """() => [...document.querySelectorAll(".tb-figure")].flatMap((figure) => {
    const room = figure.getBoundingClientRect();
    return [...figure.querySelectorAll("*")].filter((node) => {
        const box = node.getBoundingClientRect();
        const sticksOut = box.width && (box.left < room.left || box.right > room.right);
        return sticksOut && !node.closest(".tb-status");
    }).map((node) => node.className);
})"""

# The lowest contrast of the text in the figures: of each text node against what is painted behind.
CONTRAST = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const paint = (colours) => {
        canvas.clearRect(0, 0, 1, 1);
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = (colour) => colour.map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const found = [];
    for (const node of document.querySelectorAll(".tb-figure *")) {
        const hasText = node.matches("input") ||
            [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
        if (!hasText || node.matches(":disabled, .tb-status, option")) continue;
        const behind = [];
        for (let at = node; at; at = at.parentElement) {
            behind.unshift(getComputedStyle(at).backgroundColor);
        }
        const ground = luminance(paint(behind));
        const text = luminance(paint([...behind, getComputedStyle(node).color]));
        const ratio = (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05);
        found.push([ratio, node.className, node.textContent]);
    }
    return found.sort(([a], [b]) => a - b);
}"""

# Text that is cut off: it sticks out of a box that neither shows nor scrolls it, or of the screen.
CUT = """() => {
    const found = [];
    const says = (node) => [...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    for (const node of document.querySelectorAll("main *")) {
        if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        if (node.closest(".tb-status, svg, math, .visually-hidden, .sr-only, select")) continue;
        const style = getComputedStyle(node);
        const boxed = (way) => /hidden|clip/.test(style[`overflow${way}`]);
        const wide = boxed("X") && node.scrollWidth > node.clientWidth + 2;
        const tall = boxed("Y") && node.scrollHeight > node.clientHeight + 2;
        if ((wide || tall) && node.textContent.trim() && style.display !== "inline") {
            found.push(`cut: ${node.tagName}.${node.className}: ${node.textContent.slice(0, 60)}`);
        }
        if (!says(node)) continue;
        const box = node.getBoundingClientRect();
        let scrolls = false;
        for (let up = node; up && !scrolls; up = up.parentElement) {
            scrolls = /auto|scroll/.test(getComputedStyle(up).overflowX);
        }
        if (!scrolls && box.right > document.documentElement.clientWidth + 1) {
            found.push(`beyond the edge: ${node.tagName}.${node.className}: `
                + node.textContent.slice(0, 60));
        }
    }
    return found;
}"""
