"""The book without a network: what is kept when the reader asks for it, and served from there."""

import base64
import contextlib
import json
import socket
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from serving import PagesHandler, serve
from test_built_site import DOCUMENTS, ROOT, SCROLL, SITE, THEMES, WIDTHS, base_of_site
from torchbook_site.finish.offline import LIST, kept_contents, write_list
from torchbook_site.finish.policy import sum_of, version_of

pytestmark = pytest.mark.site

BASE = "/some/book/"
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'; img-src 'self'"
)
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg=="
)
MANY = 1_000_000  # more answers than any test asks for
KEPT = "The book is kept on this device"
STATE = """async () => ({
    workers: (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope),
    caches: await caches.keys(),
})"""
KEYS = """async () => {
    const keys = [];
    for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys()) keys.push(url);
    return keys;
}"""

# Where they stand on a page; those of the other theme are hidden, and not asked for.
PICTURES = """async () => {
    const images = [...document.querySelectorAll("main img")].filter((i) => i.checkVisibility());
    images.forEach((image) => { image.loading = "eager"; });
    const seen = images.map((image) => image.decode().then(() => "", () => image.src));
    return (await Promise.all(seen)).filter(Boolean);
}"""


class Network:
    """What lies between the browser and the site.

    Attributes:
        there: whether there is any.
        asked: how often each path of the site was asked for.
    """

    def __init__(self) -> None:
        self.there = True
        self.asked: Counter[str] = Counter()
        self.answers = threading.Semaphore(MANY)

    def answer(self, n: int) -> None:
        """Let the server answer n times, and then leave all requests waiting."""
        self.answers = threading.Semaphore(n)

    def answer_all(self) -> None:
        """Let the server answer, also the requests that wait."""
        self.answers.release(MANY)

    def lose(self, page) -> None:
        """Take the network away, and what the browser has by itself."""
        self.forget(page)
        self.there = False

    def forget(self, page) -> None:
        """Let the browser forget what it has by itself, and the server what it was asked."""
        page.context.new_cdp_session(page).send("Network.clearBrowserCache")
        self.asked.clear()


@pytest.fixture
def network(monkeypatch):
    network, answer = Network(), PagesHandler.send_head

    def send_head(handler):
        if network.there:
            network.asked[urlsplit(handler.path).path.removeprefix(handler.base)] += 1
            network.answers.acquire()
        if not network.there:
            handler.close_connection = True
            with contextlib.suppress(OSError):
                handler.connection.shutdown(socket.SHUT_RDWR)
            return None
        return answer(handler)

    monkeypatch.setattr(PagesHandler, "send_head", send_head)
    return network


class SmallSite:
    """A site of a few files, with the book's own scripts for keeping it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        static = ROOT / "book" / "static"
        for name in ("progress.js", "figures/common.js", "figures/offline.js"):
            self.write(f"_static/{name}", (static / name).read_text(encoding="utf-8"))
        self.write("sw.js", (ROOT / "book" / "offline" / "sw.js").read_text(encoding="utf-8"))
        element = '<tb-offline data-bytes="2500000">Without scripts.</tb-offline>'
        script = '<script type="module" src="../_static/figures/offline.js"></script>'
        self.page("book/progress.html", script + element)
        self.page("index.html", "The root.")
        self.page("book/index.html", "The start.")
        self.page("chapters/index.html", "All chapters.")
        self.page("search.html", "The search.")
        self.page("404.html", "There is no such page.")
        self.write("notebooks/a.ipynb", "{}")
        for number in range(24):  # enough to be interrupted
            self.write(f"_images/{number}.svg", f"<svg>{number}</svg>")
        (folder / "_images" / "dot.png").write_bytes(DOT)
        self.chapter("first", "one")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def page(self, name: str, body: str) -> None:
        self.write(
            name,
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            f'<link rel="icon" href="data:,">{body}',
        )

    def chapter(self, text: str, build: str) -> None:
        """Write a chapter with a picture, and scripts that say of which build they are."""
        self.write("_static/part.js", f'export const build = "{build}";')
        self.write(
            "_static/chapter.js",
            'import { build } from "./part.js";\n'
            f'document.querySelector("h1").dataset.builds = `{build} ${{build}}`;',
        )
        sum_of.cache_clear()
        version = version_of(sum_of(self.folder / "_static" / "chapter.js"))
        script = f'<script type="module" src="../_static/chapter.js?v={version}"></script>'
        image = '<img src="../_images/dot.png" alt="A dot">'
        self.page("chapters/a.html", f"{script}<h1>{text}</h1>{image}")

    def publish(self, built: str = "2026-11-03") -> list[str]:
        """Write the list of the files as the build does, and return their names."""
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        names = {path.relative_to(self.folder).as_posix() for path in paths}
        write_list(self.folder, kept_contents({}, names, self.folder))
        content = json.loads((self.folder / LIST).read_text(encoding="utf-8"))
        self.write(LIST, json.dumps(content | {"built": built}))
        return list(content["files"])


@pytest.fixture
def small(tmp_path, network):
    small = SmallSite(tmp_path)
    small.files = small.publish()
    with serve(tmp_path, like_pages=True, base=BASE) as address:
        small.address = address
        yield small


@pytest.fixture
def page(browser, small):
    """The page with the button, and at the end no error that the page did not say itself."""
    context = browser.new_context()
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{small.address}/book/progress.html")
    yield page
    context.close()
    assert not problems


def button(page, name):
    return page.get_by_role("button", name=name)


def said(page):
    return page.locator("tb-offline > p").first


def keep(page):
    button(page, "Keep the book").click()
    expect(said(page)).to_contain_text(KEPT)


def check_chapter(page, small, text, build):
    page.goto(f"{small.address}/chapters/a.html")
    expect(page.locator("h1")).to_have_text(text)
    expect(page.locator("h1")).to_have_attribute("data-builds", f"{build} {build}")
    assert page.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)")


def test_nothing_is_kept_or_asked_for_before_the_reader_wants_it(page, small, network):
    expect(button(page, "Keep the book on this device (2.5 MB)")).to_be_visible()
    page.goto(f"{small.address}/chapters/a.html")
    assert page.evaluate(STATE) == {"workers": [], "caches": []}
    assert not {"sw.js", "offline.json"} & network.asked.keys()


def test_the_whole_book_is_there_without_a_network(page, small, network):
    keep(page)
    expect(said(page)).to_contain_text("built on 3 November 2026: ")
    expect(said(page)).to_contain_text(f" {len(small.files)} files, ")
    network.lose(page)
    check_chapter(page, small, "first", "one")  # which was never visited
    for address, text in {
        "": "The root.",
        "chapters/": "All chapters.",
        "search.html?q=dropout": "The search.",
        "book/index.html?from=mail#part": "The start.",
    }.items():
        answer = page.goto(f"{small.address}/{address}")
        assert answer.from_service_worker
        expect(page.locator("body")).to_have_text(text)
        assert page.url == f"{small.address}/{address}"
    page.goto(f"{small.address}/book/progress.html")
    expect(said(page)).to_contain_text(KEPT)
    expect(button(page, "Bring up to date")).to_be_hidden()


@pytest.mark.parametrize(
    "address", ["notebooks/a.ipynb", "chapters/b.html", "_images/", "%E0%A4%A"]
)
def test_what_is_not_kept_says_so(page, small, network, address):
    keep(page)
    network.lose(page)
    answer = page.goto(f"{small.address}/{address}")
    assert answer.status == 503
    expect(page.get_by_role("heading")).to_have_text("This page is not kept on this device")
    page.get_by_role("link").click()
    expect(page.locator("body")).to_have_text("The root.")


def test_the_network_comes_first_while_it_answers(page, small, network):
    """A page of a newer build gets the files of its own build, with and without a version."""
    keep(page)
    network.forget(page)
    check_chapter(page, small, "first", "one")
    assert network.asked["chapters/a.html"] == network.asked["_static/part.js"] == 1
    assert not network.asked["_static/chapter.js"]  # that very version is kept
    network.forget(page)
    small.chapter("second", "two")
    check_chapter(page, small, "second", "two")
    assert page.goto(f"{small.address}/chapters/none.html").status == 404
    network.lose(page)
    check_chapter(page, small, "first", "one")
    network.there = True
    check_chapter(page, small, "second", "two")  # at once


def test_a_slow_network_is_not_waited_for(page, small, network):
    keep(page)
    small.chapter("second", "two")
    network.forget(page)
    network.answer(0)
    check_chapter(page, small, "first", "one")
    assert network.asked["chapters/a.html"] == 1  # it is still waiting
    network.answer_all()


def test_it_can_be_stopped_and_gone_on_with(page, small, network):
    network.answer(12)
    network.asked.clear()
    button(page, "Keep the book").click()
    expect(page.locator("tb-offline .tb-count")).to_contain_text(f" of {len(small.files)} files")
    page.wait_for_function("() => document.querySelector('tb-offline progress').value >= 3")
    button(page, "Stop").click()
    expect(said(page)).to_contain_text("The book is not kept as a whole.")
    network.answer_all()
    expect(said(page)).to_contain_text(f" of {len(small.files)} files are on this device.")
    have = {urlsplit(url).path.removeprefix(BASE) for url in page.evaluate(KEYS)}
    assert 3 <= len(have) < len(small.files)
    network.lose(page)
    assert page.goto(f"{small.address}/chapters/a.html").status == 503  # a part serves nobody
    network.there = True
    page.goto(f"{small.address}/book/progress.html")
    network.asked.clear()
    button(page, "Go on").click()
    expect(said(page)).to_contain_text(KEPT)
    assert not have & network.asked.keys()
    assert set(small.files) - have <= network.asked.keys()


def test_a_network_that_goes_is_said_and_gone_on_from(page, small, network):
    network.answer(12)
    button(page, "Keep the book").click()
    page.wait_for_function("() => document.querySelector('tb-offline progress').value >= 3")
    network.there = False
    network.answer_all()  # those that wait are cut off
    expect(said(page)).to_contain_text("The network is gone.")
    network.there = True
    button(page, "Go on").click()
    expect(said(page)).to_contain_text(KEPT)

    small.chapter("second", "two")
    small.publish()
    page.reload()
    expect(button(page, "Bring up to date")).to_be_visible()
    network.there = False
    button(page, "Bring up to date").click()
    expect(said(page)).to_contain_text("The network is gone.")
    network.there = True
    button(page, "Bring up to date").click()
    expect(said(page)).to_contain_text(KEPT)
    network.lose(page)
    check_chapter(page, small, "second", "two")


def test_it_is_brought_up_to_date_by_what_has_changed(page, small, network):
    keep(page)
    small.chapter("second", "two")
    (small.folder / "chapters" / "index.html").unlink()
    small.page("chapters/b.html", "Another.")
    changed = {"chapters/a.html", "_static/chapter.js", "_static/part.js", "chapters/b.html"}
    files = small.publish("2026-12-04")
    page.reload()
    expect(said(page)).to_contain_text("3 November 2026")
    expect(said(page)).to_contain_text("The site has changed since.")
    network.asked.clear()
    button(page, "Bring up to date").click()
    expect(said(page)).to_contain_text("4 December 2026")
    assert set(network.asked) - {"offline.json", "sw.js"} == changed
    assert all(network.asked[name] == 1 for name in changed)
    keys = [urlsplit(url).path.removeprefix(BASE) for url in page.evaluate(KEYS)]
    assert sorted(keys) == sorted([*files, "offline.json"])
    network.lose(page)
    check_chapter(page, small, "second", "two")
    assert page.goto(f"{small.address}/chapters/index.html").status == 503


def test_files_of_two_builds_are_not_mixed(page, small, network):
    """A site that is being published: the list is new, a file is not, or the other way round."""
    small.page("chapters/a.html", "Something else.")
    button(page, "Keep the book").click()
    expect(said(page)).to_contain_text("The site has just been published again")
    network.lose(page)
    assert page.goto(f"{small.address}/chapters/index.html").status == 503
    network.there = True
    small.chapter("first", "one")
    page.goto(f"{small.address}/book/progress.html")
    button(page, "Go on").click()
    expect(said(page)).to_contain_text(KEPT)

    small.chapter("second", "two")
    small.publish()
    (small.folder / "_static" / "part.js").unlink()
    page.reload()
    button(page, "Bring up to date").click()
    expect(said(page)).to_contain_text("The site has just been published again")
    network.lose(page)
    check_chapter(page, small, "first", "one")  # all of what was kept before


def test_it_is_removed(page, small, network):
    page.evaluate("() => caches.open('of another site on this host')")
    keep(page)
    workers = page.evaluate(STATE)["workers"]
    assert [urlsplit(scope).path for scope in workers] == [BASE]
    button(page, "Remove it").click()
    expect(button(page, "Keep the book on this device (2.5 MB)")).to_be_visible()
    assert page.evaluate(STATE) == {"workers": [], "caches": ["of another site on this host"]}
    network.lose(page)
    with pytest.raises(Exception, match="ERR_"):
        page.goto(f"{small.address}/chapters/a.html")


def test_it_says_when_there_is_no_room(page):
    page.evaluate(
        "() => { StorageManager.prototype.estimate = async () => ({ quota: 5e6, usage: 5e6 }); }"
    )
    button(page, "Keep the book").click()
    expect(said(page)).to_contain_text("There is not enough room: ")
    expect(said(page)).to_contain_text("are needed, and the browser has 0 kB for this site.")
    assert page.evaluate(STATE) == {"workers": [], "caches": []}
    expect(button(page, "Keep the book")).to_be_visible()


def test_it_says_when_a_file_finds_no_room(page):
    page.evaluate(
        """() => { Cache.prototype.put = async () => {
            throw new DOMException("full", "QuotaExceededError"); }; }"""
    )
    button(page, "Keep the book").click()
    expect(said(page)).to_contain_text("There is no room left.")
    button(page, "Remove it").click()
    expect(button(page, "Keep the book")).to_be_visible()


@pytest.mark.parametrize(
    "script",
    [
        "delete Navigator.prototype.serviceWorker",
        "CacheStorage.prototype.has = async () => { throw new DOMException('', 'SecurityError'); }",
    ],
)
def test_it_says_where_it_cannot_work(page, script):
    page.add_init_script(script)
    page.reload()
    expect(said(page)).to_contain_text("The book cannot be kept here")
    assert page.locator("tb-offline button:visible").count() == 0


def test_it_goes_by_keyboard_and_says_how_far_it_is(page, small, network):
    network.answer(12)
    button(page, "Keep the book").focus()
    page.keyboard.press("Enter")
    expect(button(page, "Stop")).to_be_focused()
    expect(page.get_by_role("progressbar", name="Files that are kept")).to_be_visible()
    expect(page.locator("tb-offline .tb-status")).to_contain_text(f" of {len(small.files)} files")
    network.answer_all()
    expect(said(page)).to_contain_text(KEPT)
    expect(said(page)).to_be_focused()
    page.keyboard.press("Tab")
    expect(button(page, "Remove it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("The book is not kept")
    expect(said(page)).to_be_focused()


def test_the_built_book_is_read_without_a_network(browser, network, axe_violations):
    """All of its pages, of which one was visited: pictures, interactive figures, the search."""
    context = browser.new_context()
    page, problems = context.new_page(), []
    with serve(SITE, like_pages=True, base=base_of_site()) as address:
        page.goto(f"{address}/book/progress.html")
        assert not {"sw.js", "offline.json"} & network.asked.keys()
        button(page, "Keep the book").click()
        expect(said(page)).to_contain_text(KEPT, timeout=120_000)
        print(said(page).text_content())
        for theme, width in zip(THEMES, WIDTHS, strict=True):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 900})
            assert axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        network.lose(page)
        # The page of the progress asks for news all the same, and may be left before the answer.
        page.on(
            "requestfailed",
            lambda r: (
                r.failure == "net::ERR_ABORTED"
                or r.url.endswith("/offline.json")
                or problems.append(f"{r.url}: {r.failure}")
            ),
        )
        page.on(
            "console",
            lambda m: (
                m.type == "error"
                and not m.location["url"].endswith("/offline.json")
                and problems.append(m.text)
            ),
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        for name in DOCUMENTS:
            answer = page.goto(f"{address}/{name}")
            assert answer.ok, name
            assert page.evaluate(PICTURES) == [], name

        page.goto(f"{address}/chapters/00_fundamentals.html")
        page.evaluate(SCROLL)
        cell = page.locator("tb-matmul .tb-matrix [role=gridcell]").first
        cell.click()
        page.keyboard.press("ArrowRight")
        expect(page.locator("tb-matmul [aria-selected=true]")).to_be_focused()

        page.goto(f"{address}/search.html?q=dropout")
        hit = page.locator("a.tb-search-hit").first
        expect(hit).to_have_attribute("href", f"{address}/book/glossary.html#term-dropout")
        hit.click()
        expect(page.locator("#term-dropout")).to_be_in_viewport()
    context.close()
    assert not problems
