"""The front page: what is on the first screen, the model that answers, the way through the book."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site

PAGE = "book/index.html"
# Where the parts of the first screen stand.
PLACES = """() => Object.fromEntries(Object.entries({
    title: "h1", start: ".tb-go a", model: "#play + h2", sample: "tb-classifier img",
}).map(([name, part]) => [name, document.querySelector(part).getBoundingClientRect().toJSON()]))"""
# The smallest text in the drawings that are shown, in pixels on the screen.
SMALLEST = """() => Math.min(...[...document.querySelectorAll(".tb-workflow text")]
    .filter((text) => text.checkVisibility())
    .map((text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().d))"""
# Text that leaves its drawing, or lies on other text.
CLASHES = """() => {
    const texts = [...document.querySelectorAll(".tb-workflow text")]
        .filter((text) => text.checkVisibility());
    const boxes = texts.map((text) => text.getBoundingClientRect());
    const room = texts[0].closest("svg").getBoundingClientRect();
    const apart = (a, b) => a.right <= b.left || b.right <= a.left
        || a.bottom <= b.top + 2 || b.bottom <= a.top + 2;
    return texts.map((text) => text.textContent).filter((_, i) =>
        boxes[i].left < room.left || boxes[i].right > room.right
        || boxes.some((box, j) => j < i && !apart(boxes[i], box)));
}"""
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def tab(browser, site):
    """The front page on a phone, read by a reader who touches."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    tab = context.new_page()
    tab.goto(f"{site}/{PAGE}")
    expect(tab.locator("tb-classifier.tb-figure")).to_have_count(1)
    yield tab
    context.close()


def test_on_a_phone_pitch_buttons_and_model_follow_each_other_on_the_first_screen(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    places = tab.evaluate(PLACES)
    order = sorted(places, key=lambda name: places[name]["top"])
    assert order == ["title", "start", "model", "sample"]
    assert places["sample"]["bottom"] <= 844
    assert places["start"]["height"] >= 44


def test_two_columns_from_1100_pixels(tab):
    for width, is_wide in ((1440, True), (1100, True), (1099, False)):
        tab.set_viewport_size({"width": width, "height": 900})
        places = tab.evaluate(PLACES)
        assert (places["model"]["left"] > places["start"]["right"]) == is_wide, width
        assert (places["model"]["top"] < places["start"]["bottom"]) == is_wide, width
        assert tab.evaluate(WIDTH) <= width


def test_a_sample_answers_at_a_tap_without_a_download(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    for name in ("A cat looking at you", "A brown pine cone"):
        tab.get_by_role("button", name=name).tap()
        expect(tab.locator(".tb-sentence-line")).to_have_text(
            re.compile(r"^(Not sure: )?(animal|vegetable|mineral), (over )?\d+ %[.?]$")
        )
        expect(tab.locator(".tb-sentence-line")).to_be_in_viewport()
    expect(tab.locator(".tb-sentence-line")).to_have_text(re.compile("Not sure"))
    expect(tab.locator(".tb-foot")).to_contain_text("when this page was built")
    assert not asked


def test_a_sample_answers_by_keyboard(tab):
    tab.set_viewport_size({"width": 1440, "height": 900})
    tab.locator(".tb-sample").first.focus()
    tab.keyboard.press("Tab")
    name = tab.evaluate("document.activeElement.firstChild.alt")
    assert name == "An orange dahlia in front of dark leaves"
    tab.keyboard.press("Enter")
    expect(tab.locator(".tb-sentence-line")).to_have_text(re.compile(r"^vegetable, "))
    expect(tab.get_by_role("status")).to_have_text(re.compile(r"^vegetable, .* Then "))


def test_the_workflow_and_the_way_are_legible_at_every_width(tab):
    for width in (320, 390, 768, 1440):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate(WIDTH) <= width
        assert tab.evaluate(SMALLEST) >= 11, width
        assert tab.evaluate(CLASHES) == [], width
    assert tab.locator(".tb-workflow svg:visible").count() == 1


def test_each_chapter_is_a_stop_on_the_way(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    stops = tab.locator(".tb-road li:has(a)")
    links = tab.locator(".bd-docs-nav a[href*='chapters/']").evaluate_all(
        "all => all.map(a => a.href)"
    )
    assert stops.locator("a").evaluate_all("all => all.map(a => a.href)") == links
    for stop in stops.all():
        expect(stop.locator(".tb-minutes")).to_have_text(re.compile(r"^\d+ min$"))
        assert stop.locator("svg").count() == 1
    lefts = stops.evaluate_all("all => all.map(li => li.getBoundingClientRect().left)")
    assert len(set(lefts)) == 1  # one under the other
    tab.set_viewport_size({"width": 1440, "height": 900})
    tops = stops.evaluate_all("all => all.slice(0, 3).map(li => li.getBoundingClientRect().top)")
    assert len(set(tops)) == 1  # side by side


def test_who_comes_back_goes_on(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    expect(tab.locator("tb-continue")).to_be_empty()
    tab.evaluate(
        """async () => {
            const { chapters } = await (await fetch("../_static/contents.json")).json();
            const { page, sections } = chapters.find(({ page }) => page.includes("/00_"));
            const { id } = sections.find(({ title }) => title.startsWith("3."));
            localStorage.setItem("torchbook.progress", JSON.stringify({
                version: 1, read: { [page]: [id] }, done: {}, last: { page, id } }));
        }"""
    )
    tab.reload()
    onward = tab.get_by_role("link", name="Continue: 00, section 4")
    expect(onward).to_be_visible()
    start, place = tab.locator(".tb-go a").first.bounding_box(), onward.bounding_box()
    assert place["height"] >= 44
    assert place["x"] + place["width"] <= 390
    assert start["y"] == place["y"]  # beside it: what follows stays where it was
    onward.tap()
    tab.wait_for_url("**/chapters/00_fundamentals.html#**")
