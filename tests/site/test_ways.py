"""The ways through the built site: the list of pages, the way to each, the cards of terms."""

import shutil

import pytest
from figure_page import FRAME
from playwright.sync_api import expect
from serving import serve
from test_built_site import SITE

pytestmark = pytest.mark.site

CHAPTER = "chapters/03_computer_vision.html"
CARD = "#tb-card"
# Where the list stands each time something is drawn, from the first time on.
WATCH = """
window.tops = [];
const watch = () => {
    const list = document.getElementById("pst-primary-sidebar");
    if (list) tops.push(list.scrollTop);
    requestAnimationFrame(watch);
};
requestAnimationFrame(watch);
"""


def test_the_list_shows_where_one_is_and_stays_where_it_was(open_tab, site):
    tab = open_tab(CHAPTER, height=420, init=WATCH)
    here = tab.locator("#pst-primary-sidebar [aria-current=page]")
    for page in ("book/glossary.html", "book/api/training.html", CHAPTER):
        tab.goto(f"{site}/{page}")
        expect(here).to_have_count(1)
        expect(here).to_be_in_viewport(ratio=1)
        tops = tab.evaluate(f"({FRAME})().then({FRAME}).then(() => tops)")
        assert len(set(tops)) == 1, tops  # there from the first picture on
        assert tab.evaluate("scrollY") == 0
    # Where the reader has put it, if this page is to be seen there.
    tab.evaluate("document.getElementById('pst-primary-sidebar').scrollTop -= 30")
    top = tab.evaluate("document.getElementById('pst-primary-sidebar').scrollTop")
    tab.reload()
    assert tab.evaluate("document.getElementById('pst-primary-sidebar').scrollTop") == top


def test_pages_under_a_page_are_listed_and_fold_by_keyboard(open_tab):
    tab = open_tab("book/api/data.html")
    nav = tab.get_by_role("navigation", name="Pages")
    sibling = nav.get_by_role("link", name="Models", exact=True)
    expect(sibling).to_be_visible()
    nav.get_by_role("link", name="The package").focus()
    tab.keyboard.press("Tab")
    expect(nav.locator("summary")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(sibling).to_be_hidden()
    tab.keyboard.press("Enter")
    expect(sibling).to_be_visible()
    caption = nav.locator(".caption").first
    size, colour, text = caption.evaluate(
        "c => [getComputedStyle(c).fontSize, getComputedStyle(c).color, "
        "getComputedStyle(document.querySelector('.bd-docs-nav a')).color]"
    )
    assert float(size.removesuffix("px")) <= 13
    assert colour != text
    way = tab.get_by_role("navigation", name="Breadcrumb")
    expect(way.get_by_role("listitem")).to_have_text(["Reference", "The package", "Data"])
    # The foot stands under the text, the way and all above it.
    lefts = tab.evaluate(
        """["h1", ".prev-next-area", ".bd-footer-content p"].map((name) =>
            Math.round(document.querySelector("main " + name).getBoundingClientRect().left))"""
    )
    assert len(set(lefts)) == 1, lefts
    before, after = (
        tab.locator(f".prev-next-area [rel={rel}]").bounding_box() for rel in ("prev", "next")
    )
    assert before["y"] == after["y"]
    tab.locator("h1").click()
    for key in ("ArrowRight", "ArrowLeft"):
        tab.keyboard.press(key)
    assert tab.url.endswith("book/api/data.html")


def test_a_phone_shows_where_one_is_in_the_list_too(open_tab):
    tab = open_tab("book/build_report.html", width=320, height=568, has_touch=True)
    for _ in range(2):
        tab.locator(".primary-toggle").tap()
        dialog = tab.locator("#pst-primary-sidebar-modal")
        here = dialog.locator("[aria-current=page]")
        expect(here).to_be_in_viewport(ratio=1)
        heights = dialog.locator("nav a").evaluate_all(
            "all => all.map((a) => a.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44
        assert tab.evaluate("scrollY") == 0
        tab.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
    boxes = [
        tab.locator(f".prev-next-area [rel={rel}]").bounding_box()
        for rel in ("prev", "next")
        if tab.locator(f".prev-next-area [rel={rel}]").count()
    ]
    assert all(box["width"] > 250 for box in boxes)


def apart(a, b):
    """Return whether two boxes have nothing in common."""
    return (
        a["y"] + a["height"] <= b["y"]
        or b["y"] + b["height"] <= a["y"]
        or a["x"] + a["width"] <= b["x"]
        or b["x"] + b["width"] <= a["x"]
    )


def test_the_card_of_a_term_with_a_mouse_and_with_keys(open_tab, axe_violations):
    asked = []
    tab = open_tab(CHAPTER, blocks=True)
    tab.on("request", lambda request: asked.append(request.url))
    card, terms = tab.locator(CARD), tab.locator("a.tb-gloss")
    assert terms.first.get_attribute("title") is None
    terms.first.scroll_into_view_if_needed()
    terms.first.hover()
    expect(card).to_be_visible()
    assert card.locator("strong").inner_text().lower()[:4] == terms.first.inner_text().lower()[:4]
    words = card.locator("p").inner_text()
    assert len(words) > 20
    assert words.count(". ") <= 1
    assert not words.startswith("See ")
    assert apart(card.bounding_box(), terms.first.bounding_box())
    assert not axe_violations(tab, within=CARD)
    card.hover()  # it stays while one is on it
    tab.wait_for_timeout(400)
    expect(card).to_be_visible()
    href = terms.first.evaluate("a => a.href")
    assert card.get_by_role("link", name="In the glossary").get_attribute("href") == href
    tab.mouse.move(5, 5)
    expect(card).to_have_count(0)
    # With the keyboard; at the bottom of the screen, where there is no room below.
    term = terms.nth(1)
    term.evaluate("a => a.scrollIntoView({ block: 'end', behavior: 'instant' })")
    tab.keyboard.press("Shift")
    term.focus()
    expect(card).to_be_visible()
    assert term.get_attribute("aria-describedby") == card.get_attribute("id")
    assert apart(card.bounding_box(), term.bounding_box())
    tab.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(term).to_be_focused()
    assert term.get_attribute("aria-describedby") is None
    tab.keyboard.press("Tab")
    tab.keyboard.press("Shift+Tab")
    expect(card).to_be_visible()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.querySelector('#tb-card strong')?.textContent") != "term"
    pages = [url for url in asked if "glossary" in url]
    assert len(pages) == 1, pages  # fetched once
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/book/glossary.html#term-*")


def test_the_card_of_a_term_under_a_finger(open_tab):
    tab = open_tab(CHAPTER, width=320, height=568, has_touch=True, blocks=True)
    card, terms = tab.locator(CARD), tab.locator("a.tb-gloss")
    for index in range(3):
        tab.keyboard.press("Escape")  # a card may lie on the next term
        expect(card).to_have_count(0)
        terms.nth(index).tap()
        expect(card).to_be_visible()
        box = card.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        assert apart(box, terms.nth(index).bounding_box())
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    assert card.get_by_role("link").bounding_box()["height"] >= 44
    tab.locator("h1").evaluate("h => h.scrollIntoView({ behavior: 'instant' })")
    tab.locator("h1").tap()
    expect(card).to_have_count(0)
    assert tab.url.endswith(CHAPTER)
    # No glossary to be had: the term leads there.
    tab.route(
        "**/book/glossary.html",
        lambda r: r.abort() if r.request.resource_type == "fetch" else r.continue_(),
    )
    tab.reload()
    terms.first.tap()
    tab.wait_for_url("**/book/glossary.html#term-*")


def test_the_lost_page_can_be_read_where_no_address_of_the_site_leads(browser, tmp_path):
    shutil.copy(SITE / "404.html", tmp_path)
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    with serve(tmp_path) as address:
        tab.goto(f"{address}/404.html")
        expect(tab.get_by_role("heading", level=1)).to_be_in_viewport()
        expect(tab.locator(".bd-sidebar-primary")).to_be_hidden()
        assert 400 < tab.locator("main article p").first.bounding_box()["width"] < 800
    tab.close()
