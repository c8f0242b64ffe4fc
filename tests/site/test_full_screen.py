"""A figure fills the screen on a tap or Enter, and gives it back."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site

CHAPTER = "chapters/03_computer_vision.html"
# The first plot that is wider than high, and the place of what is shown on the screen.
IS_WIDE = "nodes => nodes.findIndex((n) => n.offsetWidth > 1.3 * n.offsetHeight)"


def test_a_plot_fills_the_screen_by_keyboard(browser, site, axe_violations):
    tab = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    tab.goto(f"{site}/{CHAPTER}")
    plot = tab.locator(".tb-enlarge").first
    image = plot.locator("img")
    expect(plot).to_have_accessible_name(image.get_attribute("alt"))
    before = image.bounding_box()
    plot.focus()
    tab.keyboard.press("Enter")
    dialog = tab.get_by_role("dialog")
    shown = dialog.locator("img")
    expect(dialog).to_have_accessible_name(re.compile(r"^Figure \d+\.\d+"))
    after = shown.bounding_box()
    assert after["width"] * after["height"] > 2 * before["width"] * before["height"]
    assert after["y"] >= 0
    assert after["y"] + after["height"] <= 900
    assert axe_violations(tab) == []
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(plot).to_be_focused()
    tab.close()


def test_a_wide_plot_is_turned_on_a_phone_and_a_tap_closes_it(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    tab = context.new_page()
    tab.goto(f"{site}/{CHAPTER}")
    plots = tab.locator(".tb-enlarge")
    plot = plots.nth(plots.locator("img").evaluate_all(IS_WIDE))
    dialog = tab.get_by_role("dialog")
    for close in ("button", "img"):
        plot.tap()
        shown = dialog.locator("img").bounding_box()
        assert shown["height"] > 1.5 * shown["width"]
        assert shown["x"] >= 0
        assert shown["x"] + shown["width"] <= 390
        button = dialog.get_by_role("button", name="Close").bounding_box()
        assert min(button["width"], button["height"]) >= 44
        assert button["y"] + button["height"] <= shown["y"] + 1
        dialog.locator(close).tap()
        expect(dialog).to_have_count(0)
    context.close()
