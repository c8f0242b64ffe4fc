"""What book/static/theme.js does: the colours, the lists at the sides, the mark in the contents."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site

CHAPTER = "chapters/03_computer_vision.html"
PHONE = 390


def colours(tab):
    return tab.evaluate("({ ...document.documentElement.dataset }).theme")


@pytest.mark.parametrize(
    ("system", "order"),
    [("light", ["dark", "light", "light"]), ("dark", ["light", "dark", "dark"])],
)
def test_the_first_press_changes_the_colours_and_the_third_follows_the_system(
    open_tab, system, order
):
    tab = open_tab(CHAPTER, color_scheme=system)
    seen = []
    for _ in range(3):
        tab.locator(".theme-switch-button:visible").click()
        seen.append(colours(tab))
    assert seen == order
    tab.emulate_media(color_scheme="light" if system == "dark" else "dark")
    tab.wait_for_function("was => document.documentElement.dataset.theme !== was", arg=system)


def test_what_was_chosen_holds_whatever_the_system_says(open_tab):
    tab = open_tab(CHAPTER, color_scheme="light")
    tab.locator(".theme-switch-button:visible").click()
    tab.reload()
    assert colours(tab) == "dark"
    tab.emulate_media(color_scheme="dark")
    tab.emulate_media(color_scheme="light")
    assert colours(tab) == "dark"


@pytest.mark.parametrize(
    "before",
    [
        "localStorage.setItem('mode', 'purple')",
        """for (const name of ["localStorage", "sessionStorage"])
            Object.defineProperty(window, name, { get() { throw new Error("refused"); } });""",
    ],
)
def test_nothing_useful_in_the_storage_and_the_switch_works_all_the_same(open_tab, before):
    tab = open_tab(CHAPTER, init=before, color_scheme="light")
    assert colours(tab) == "light"
    tab.locator(".theme-switch-button:visible").click()
    assert colours(tab) == "dark"


@pytest.mark.parametrize("side", ["primary", "secondary"])
def test_a_phone_shows_a_list_in_a_dialog_and_gives_the_focus_back(open_tab, side):
    tab = open_tab(CHAPTER, width=PHONE)
    button = tab.locator(f".{side}-toggle")
    dialog = tab.locator(f"#pst-{side}-sidebar-modal")
    links = tab.locator(f"#pst-{side}-sidebar a").count()
    assert links > 3
    for close in ("Escape", "backdrop"):
        button.focus()
        tab.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        expect(dialog.locator("a")).to_have_count(links)
        box = dialog.bounding_box()
        if close == "Escape":
            tab.keyboard.press(close)
        else:
            tab.mouse.click(5 if box["x"] > 10 else PHONE - 5, 450)
        expect(dialog).to_be_hidden()
        expect(button).to_be_focused()
        expect(tab.locator(f"#pst-{side}-sidebar a")).to_have_count(links)


def test_a_section_chosen_on_a_phone_can_be_seen(open_tab):
    tab = open_tab(CHAPTER, width=PHONE)
    tab.locator(".secondary-toggle").click()
    dialog = tab.locator("#pst-secondary-sidebar-modal")
    link = dialog.locator("a.nav-link").nth(3)
    target = link.get_attribute("href")
    link.click()
    expect(dialog).to_be_hidden()
    expect(tab.locator(target).locator("h2, h3").first).to_be_in_viewport()


def test_on_a_desk_the_list_of_pages_can_be_put_away(open_tab):
    tab = open_tab(CHAPTER)
    sidebar = tab.locator("#pst-primary-sidebar")
    for state in ("hidden", "visible"):
        tab.locator(".primary-toggle").click()
        sidebar.wait_for(state=state)
    expect(tab.locator("#pst-primary-sidebar-modal")).to_be_hidden()
    # Put away there, it opens on a narrow screen all the same.
    tab.locator(".primary-toggle").click()
    tab.set_viewport_size({"width": PHONE, "height": 900})
    tab.locator(".primary-toggle").click()
    expect(tab.locator("#pst-primary-sidebar-modal a").first).to_be_visible()


def test_the_contents_mark_where_one_is(open_tab):
    tab = open_tab(CHAPTER)
    current = tab.locator("#pst-page-toc-nav a[aria-current]")
    headings = tab.locator(".bd-article section section > h2")
    for index in (2, 4):
        section = headings.nth(index).locator("xpath=..").get_attribute("id")
        headings.nth(index).evaluate("h => h.scrollIntoView()")
        marked = tab.locator("#pst-page-toc-nav .toc-h2.active > a")
        expect(marked).to_have_attribute("href", f"#{section}")
        expect(current).to_have_class(re.compile(r"\bactive\b"))
    # Too near the end to get to the top, but it was asked for.
    last = tab.locator("#pst-page-toc-nav .toc-h2 > a").last
    last.click()
    expect(current).to_have_attribute("href", last.get_attribute("href"))
    open_entries = tab.locator("#pst-page-toc-nav .toc-entry.active")
    assert open_entries.evaluate_all("all => all.every((e) => e.querySelector('[aria-current]'))")


def test_the_mark_stays_in_view_however_long_the_list_is(open_tab):
    tab = open_tab(CHAPTER, height=420)
    current = tab.locator("#pst-page-toc-nav a[aria-current]")
    headings = tab.locator(".bd-article > section > section > h2")
    for heading in (headings.last, headings.first):
        heading.evaluate("h => h.scrollIntoView()")
        section = heading.locator("xpath=..").get_attribute("id")
        expect(current).to_have_attribute("href", f"#{section}")
        expect(current).to_be_in_viewport(ratio=1)


def test_an_address_with_a_section_has_it_marked(open_tab):
    tab = open_tab(CHAPTER)
    target = tab.locator("#pst-page-toc-nav .toc-h2 > a").last.get_attribute("href")
    tab = open_tab(f"{CHAPTER}{target}")
    expect(tab.locator("#pst-page-toc-nav a[aria-current]")).to_have_attribute("href", target)


def test_the_bar_has_a_shadow_when_something_is_under_it(open_tab):
    tab = open_tab(CHAPTER)
    expect(tab.locator("body")).not_to_have_class(re.compile("scrolled"))
    tab.evaluate("scrollTo(0, 500)")
    expect(tab.locator("body")).to_have_class(re.compile("scrolled"))
