"""The site in Firefox: what a reader meets first loads, fits, and does what it says.

Chromium's tests look closer. Here a stock Firefox is driven by the standard protocol, WebDriver
BiDi; Playwright's own Firefox is a patched one, which would have to be downloaded.
"""

import re
import shutil

import pytest
from figure_page import DESKTOP, PHONE
from playwright.sync_api import expect, sync_playwright
from test_built_site import VIOLATIONS, WALKED

pytestmark = pytest.mark.firefox

CHAPTER = "chapters/03_computer_vision.html"
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def firefox():
    path = next(filter(None, map(shutil.which, ("firefox", "firefox-esr"))), None)
    assert path, "these tests need a Firefox on the PATH"
    with sync_playwright() as playwright:
        browser = playwright.firefox.launch(channel="moz-firefox", executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def open_tab(firefox, site):
    """Open a page; at the end nothing may have gone wrong on it, nor against its policy."""
    contexts, problems = [], []

    def open_tab(page, width=DESKTOP):
        context = firefox.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        tab = context.new_page()
        tab.add_init_script(VIOLATIONS)
        tab.on("console", lambda m: m.type == "error" and problems.append(m.text))
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.goto(f"{site}/{page}")
        return tab

    yield open_tab
    for context in contexts:
        for tab in context.pages:
            problems += tab.evaluate("window.violations ?? []")
        context.close()
    assert problems == []


@pytest.mark.parametrize("page", WALKED)
def test_it_loads_and_fits(open_tab, page):
    tab = open_tab(page)
    for width in (DESKTOP, PHONE):
        tab.set_viewport_size({"width": width, "height": 900})
        for share in (0, 0.5, 1):  # figures are built when they come near
            tab.evaluate(f"scrollTo(0, {share} * document.documentElement.scrollHeight)")
            tab.wait_for_timeout(50)
        assert tab.evaluate(WIDTH) <= width
    tab.keyboard.press("Shift")  # a key has all of them built
    tab.wait_for_timeout(100)
    assert tab.evaluate(WIDTH) <= PHONE


def test_colours_change_and_stay(open_tab):
    tab = open_tab(CHAPTER)
    theme = "document.documentElement.dataset.theme"
    before = tab.evaluate(theme)
    tab.locator(".theme-switch-button:visible").click()
    chosen = tab.evaluate(theme)
    assert {before, chosen} == {"light", "dark"}
    tab.reload()
    assert tab.evaluate(theme) == chosen


def test_the_search_answers(open_tab):
    tab = open_tab(CHAPTER)
    tab.locator("a[data-search]:visible").first.click()
    tab.get_by_role("dialog").get_by_label("Search the book").fill("dropout")
    tab.get_by_role("dialog").locator("a[href*='glossary.html#term-dropout']").first.wait_for()


def test_a_cell_is_copied(open_tab):
    tab = open_tab(CHAPTER)
    button = tab.locator("div.cell_input button.copybtn").first
    button.focus()
    tab.keyboard.press("Enter")
    expect(button).to_have_attribute("data-tooltip", "Copied!")


def test_a_figure_can_be_played_with(open_tab):
    tab = open_tab(CHAPTER)
    figure = tab.locator("tb-convolution")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_class(re.compile("tb-figure"))
    before = figure.inner_text()
    figure.get_by_role("button", name="Next").click()
    assert figure.inner_text() != before


def test_a_term_leads_to_the_glossary(open_tab):
    tab = open_tab(CHAPTER)
    link = tab.locator("a.tb-gloss").first
    anchor = link.get_attribute("href").partition("#")[2]
    link.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/book/glossary.html#*")
    expect(tab.locator(f"dt[id='{anchor}']")).to_be_visible()


def test_a_model_runs_in_the_page(open_tab):
    tab = open_tab(CHAPTER)
    tab.locator("tb-classifier").scroll_into_view_if_needed()
    expect(tab.locator("tb-classifier button").first).to_be_attached()
    tab.evaluate("document.querySelector('tb-classifier').load()")
    answers = tab.evaluate(
        """document.querySelector("tb-classifier")
            .logits(new Uint8Array(784), [1, 1, 28, 28]).then((all) => [...all])"""
    )
    assert len(answers) == 10
    assert len(set(answers)) > 1
