"""Links to the glossary: quiet, but to be told from text by everybody; each leads to its entry."""

import pytest

pytestmark = pytest.mark.site

PAGE = "chapters/00_fundamentals.html"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_they_can_be_told_from_text_without_seeing_colour(browser, site, theme):
    context = browser.new_context(color_scheme=theme)
    tab = context.new_page()
    tab.goto(f"{site}/{PAGE}")
    links = tab.locator("a.tb-gloss")
    assert links.count() >= 10
    look = links.first.evaluate(
        "a => { const s = getComputedStyle(a); return "
        "[s.textDecorationLine, s.textDecorationStyle, s.display, s.color, "
        "getComputedStyle(a.parentElement).color] }"
    )
    assert look[:3] == ["underline", "dotted", "inline"]
    assert look[3] == look[4]  # the contrast of text, which axe checks on every page
    context.close()


def test_without_scripts_to_the_entry(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site}/{PAGE}")
    link = tab.locator("a.tb-gloss").first
    anchor = link.get_attribute("href").partition("#")[2]
    link.click()
    tab.wait_for_url("**/book/glossary.html#*")
    assert tab.locator(f"dt[id='{anchor}']").is_visible()
    context.close()
