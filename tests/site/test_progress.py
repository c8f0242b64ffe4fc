"""The place that a reader's browser keeps, on the built site."""

import json

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site

PAGE = "chapters/00_fundamentals.html"
THROWS = """Storage.prototype.getItem = Storage.prototype.setItem = () => {
    throw new Error("no storage here"); };"""
SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => { shift += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def page(browser):
    context = browser.new_context()
    page, problems = context.new_page(), []
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on("console", lambda m: m.type == "error" and problems.append(m.text))
    yield page
    context.close()
    assert not problems


def test_a_tick_survives_a_reload(page, site):
    page.goto(f"{site}/{PAGE}")
    page.locator(".tb-tick").first.check()
    page.reload()
    expect(page.locator(".tb-tick").first).to_be_checked()
    expect(page.locator(".bd-docs-nav .current .tb-mark").first).to_be_attached()


def test_a_browser_that_stores_nothing_is_survived(page, site):
    page.add_init_script(THROWS)
    page.goto(f"{site}/{PAGE}")
    page.locator(".tb-tick").first.check()
    expect(page.locator(".tb-tick").first).to_be_checked()


def test_another_tab_follows(page, site):
    page.goto(f"{site}/{PAGE}")
    other = page.context.new_page()
    other.goto(f"{site}/{PAGE}")
    page.locator(".tb-tick").first.check()
    expect(other.locator(".tb-tick").first).to_be_checked()


def kept(page):
    """Return what the browser keeps."""
    return json.loads(page.evaluate("localStorage.getItem('torchbook.progress')") or "{}")


def read_sections(page):
    return kept(page).get("read", {}).get("chapters/00_fundamentals", [])


def test_a_section_is_read_when_its_end_has_been_seen_and_there_was_time(page, site):
    page.clock.install()
    page.goto(f"{site}/{PAGE}")
    section = page.locator(".bd-article > section > section").first
    name = section.get_attribute("id")
    section.evaluate("node => node.scrollIntoView()")
    page.clock.run_for(1000)
    assert read_sections(page) == []  # nobody reads that fast
    page.mouse.move(640, 400)
    for _ in range(20):
        page.mouse.wheel(0, 200)
        page.wait_for_timeout(20)
        page.clock.run_for(6000)
        if name in read_sections(page):
            break
    assert name in read_sections(page)
    link = page.locator(f".page-toc a[href='#{name}']")
    expect(link.get_by_role("img", name="read")).to_be_attached()


def test_what_was_jumped_over_is_not_read(page, site):
    page.clock.install()
    page.goto(f"{site}/{PAGE}#exercises")
    for _ in range(60):
        page.clock.run_for(2000)
    skipped = page.locator(".bd-article > section > section").nth(3).get_attribute("id")
    assert skipped not in read_sections(page)


def test_the_front_page_leads_on(page, site):
    page.goto(f"{site}/book/index.html")
    expect(page.locator("tb-continue")).to_be_empty()
    page.goto(f"{site}/{PAGE}")
    first, second = (
        page.locator(".bd-article > section > section").nth(place).get_attribute("id")
        for place in (0, 1)
    )
    page.evaluate(
        """([page, id]) => localStorage.setItem("torchbook.progress", JSON.stringify({
            version: 1, read: { [page]: [id] }, done: {}, last: { page, id } }))""",
        [PAGE.removesuffix(".html"), first],
    )
    page.goto(f"{site}/book/index.html")
    page.locator("tb-continue a").click()
    page.wait_for_url(f"**/{PAGE}#{second}")


def test_progress_is_saved_forgotten_and_taken_back(page, site, tmp_path):
    page.goto(f"{site}/{PAGE}")
    page.locator(".tb-tick").nth(1).check()
    before = kept(page)
    page.goto(f"{site}/book/progress.html")
    expect(page.locator("tb-progress")).to_contain_text("1 of 8 exercises done")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save to a file").click()
    file = tmp_path / "progress.json"
    download.value.save_as(file)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Forget everything").click()
    expect(page.locator("tb-progress")).not_to_contain_text("1 of 8 exercises done")
    assert kept(page)["done"] == {}
    page.locator("tb-progress input[type=file]").set_input_files(file)
    expect(page.locator("tb-progress")).to_contain_text("1 of 8 exercises done")
    assert kept(page) == before


def test_a_file_that_is_no_progress_changes_nothing(page, site, tmp_path):
    page.goto(f"{site}/{PAGE}")
    page.locator(".tb-tick").first.check()
    before = kept(page)
    page.goto(f"{site}/book/progress.html")
    file = tmp_path / "other.json"
    file.write_text('{"version": 99}')
    page.locator("tb-progress input[type=file]").set_input_files(file)
    expect(page.locator("tb-progress [role=status]")).to_contain_text("Nothing has changed")
    assert kept(page) == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_use_the_progress_page(page, site, theme, axe_violations):
    page.emulate_media(color_scheme=theme)
    page.goto(f"{site}/{PAGE}")
    page.locator(".tb-tick").first.check()
    page.goto(f"{site}/book/progress.html")
    page.locator("tb-progress summary").nth(1).click()
    assert axe_violations(page) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_marks_move_nothing(page, site, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(SHIFTS)
    page.goto(f"{site}/{PAGE}")
    page.locator(".tb-tick").first.check()
    page.goto(f"{site}/book/progress.html")
    page.goto(f"{site}/{PAGE}")
    expect(page.locator(".bd-docs-nav .current .tb-mark").first).to_be_attached()
    assert page.evaluate("shift") < 0.001


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("how", ["reload", "back"])
def test_one_comes_back_to_where_one_was(page, site, width, how):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}/chapters/03_computer_vision.html")
    page.mouse.move(width / 2, 400)
    for _ in range(15):
        page.mouse.wheel(0, 900)
        page.wait_for_timeout(50)
    page.wait_for_function("() => history.state?.place")
    page.wait_for_timeout(300)  # the last scrollend
    place = page.evaluate("history.state.place")
    assert place["index"] > 20
    if how == "reload":
        page.reload()
    else:
        page.goto(f"{site}/book/glossary.html")
        page.go_back()
    page.wait_for_function(
        """({ index, top }) => {
            const node = document.querySelectorAll(".bd-article section > :not(section)")[index];
            return Math.abs(node.getBoundingClientRect().top - top) < 40;
        }""",
        arg=place,
    )
