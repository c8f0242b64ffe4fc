"""The place that a reader's browser keeps, on the built site."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site

PAGE = "chapters/00_fundamentals.html"
THROWS = "Storage.prototype.getItem = Storage.prototype.setItem = () => { throw new Error('no'); };"
GARBLED = "localStorage.setItem('torchbook.progress', '{\"version\": 1, \"read\": [')"


@pytest.fixture
def page(browser):
    context = browser.new_context()
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert not problems


def test_a_tick_survives_a_reload(page, site):
    page.goto(f"{site}/{PAGE}")
    page.locator(".tb-tick").first.check()
    page.reload()
    expect(page.locator(".tb-tick").first).to_be_checked()
    expect(page.locator(".bd-docs-nav .current .tb-mark").first).to_be_attached()


@pytest.mark.parametrize("script", [THROWS, GARBLED])
def test_bad_storage_is_survived(page, site, script):
    page.add_init_script(script)
    page.goto(f"{site}/{PAGE}")
    page.locator(".tb-tick").first.check()
    expect(page.locator(".tb-tick").first).to_be_checked()


def test_another_tab_follows(page, site):
    page.goto(f"{site}/{PAGE}")
    other = page.context.new_page()
    other.goto(f"{site}/{PAGE}")
    page.locator(".tb-tick").first.check()
    expect(other.locator(".tb-tick").first).to_be_checked()
