"""What pages say of themselves, and what a reader sees at an address that does not exist."""

import re
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect
from serving import serve
from test_built_site import DOCUMENTS, SITE

pytestmark = pytest.mark.site

ONCE = (
    "meta[name=description]",
    "meta[name=viewport]",
    "meta[name=referrer]",
    "link[rel=canonical]",
    "link[rel~=icon]",
    "link[rel=apple-touch-icon]",
    "meta[property='og:title']",
    "meta[property='og:description']",
    "meta[property='og:url']",
    "meta[property='og:image']",
    "meta[property='og:image:alt']",
    "meta[name='twitter:card']",
    "title",
)


@pytest.fixture(scope="module")
def address():
    """The site's own address, as its pages have it."""
    html = (SITE / "book" / "index.html").read_text(encoding="utf-8")
    return re.search(r'rel="canonical" href="([^"]*)book/index.html"', html)[1]


def head_of(page):
    """Return a page's HTML up to the end of its head."""
    html = (SITE / page).read_text(encoding="utf-8")
    return BeautifulSoup(html.partition("</head>")[0], "html.parser")


@pytest.mark.parametrize("page", DOCUMENTS)
def test_page_is_described_once(page, address):
    html = head_of(page)
    assert {name: len(html.select(f"head > {name}")) for name in ONCE} == dict.fromkeys(ONCE, 1)

    def content(selector):
        return html.select_one(selector)["content"]

    description = content("meta[name=description]")
    assert 15 <= len(description) <= 210
    assert description == content("meta[property='og:description']")
    assert not description.startswith("Reading about")  # the strip of facts below a heading
    canonical = html.select_one("link[rel=canonical]")["href"]
    assert canonical == content("meta[property='og:url']") == f"{address}{page}"
    assert html.html["lang"] == "en"
    assert re.fullmatch(r"\S.* — Torchbook|Torchbook", html.title.get_text()), html.title
    assert len(html.select("meta[name=theme-color]")) == 2
    for selector in ("link[rel~=icon]", "link[rel=apple-touch-icon]"):
        assert ((SITE / page).parent / html.select_one(selector)["href"]).is_file()
    image = content("meta[property='og:image']")
    assert image.startswith("https://")
    assert (SITE / image.removeprefix(address)).is_file()


def test_titles_and_descriptions_differ():
    seen = {}
    for page in DOCUMENTS:
        text = head_of(page).select_one("meta[name=description]")["content"]
        seen.setdefault(text, []).append(page)
    assert not [pages for pages in seen.values() if len(pages) > 1]


def test_the_map_has_each_page_and_robots_find_it(address):
    tree = ElementTree.parse(SITE / "sitemap.xml")
    places = [element.text for element in tree.findall(".//{*}loc")]
    assert sorted(places) == sorted(f"{address}{page}" for page in DOCUMENTS)
    assert f"Sitemap: {address}sitemap.xml" in (SITE / "robots.txt").read_text()


@pytest.mark.parametrize("path", ["nowhere.html", "chapters/no/such/page.html?x=1"])
def test_an_address_that_does_not_exist_leads_on(browser, address, path):
    """The host answers with 404.html, whatever the path: all on it has to work from there."""
    base = urlsplit(address).path
    with serve(SITE, like_pages=True, base=base) as site:
        tab = browser.new_page()
        failed, problems = [], []
        tab.on("response", lambda r: failed.append(r.url) if r.status >= 400 else None)
        tab.on("pageerror", lambda error: problems.append(str(error)))
        response = tab.goto(f"{site}/{path}")
        assert response.status == 404
        assert failed == [f"{site}/{path}"]
        assert not problems
        tab.wait_for_function("() => document.documentElement.dataset.theme != 'auto'")
        expect(tab.get_by_role("heading", level=1)).to_have_text("There is no such page")
        links = tab.locator("main article a")
        chapters = [p for p in DOCUMENTS if p.startswith("chapters/")]
        assert links.count() >= 2 + len(chapters)
        for link in {link.get_attribute("href") for link in links.all()}:
            assert tab.request.get(f"{site.removesuffix(base.rstrip('/'))}{link}").ok
        links.filter(has_text="00.").first.click()
        expect(tab.get_by_role("heading", level=1)).to_contain_text("Tensors")
        tab.close()
