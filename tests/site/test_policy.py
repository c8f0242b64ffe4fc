"""What a page may load and run: its policy, in a real browser, and the sums of its files."""

import base64
import hashlib
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from test_built_site import PAGES, ROOT, SITE, VIOLATIONS

pytestmark = pytest.mark.site

# The choice of light or dark, and what scrolls the list of pages; on the lost page, what sees that
# it has no styles. Data is no script.
INLINE_SCRIPTS = re.compile(r"<script(?![^>]* src=)(?![^>]*ld\+json)[^>]*>(?!\s*</script>)")


@pytest.mark.parametrize("page", [*PAGES, "index.html", "404.html"])
def test_page_has_a_strict_policy_before_anything_else(page):
    html = (SITE / page).read_text(encoding="utf-8")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', html)
    before = re.findall(r"<(?!!)([a-z]+)", html[: policy.start()])
    assert before == ["html", "head", "meta"]  # the encoding, within the first kilobyte
    assert html.count("Content-Security-Policy") == 1 or "<code" in html
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == rules["object-src"] == rules["base-uri"] == "'none'"
    for name in ("script-src", "style-src-elem"):
        allowed = set(re.sub(r"'sha256-[\w+/=]{44}'", "", rules[name]).split())
        assert allowed <= {"'self'", "'wasm-unsafe-eval'"}
    assert len(INLINE_SCRIPTS.findall(html)) <= (3 if page == "404.html" else 2)
    assert not re.search(r"<[^>]*\son(?:click|load|error|change|input|submit)=", html)


def test_a_script_that_was_put_into_a_page_does_not_run(browser, site):
    tab = browser.new_page()
    tab.add_init_script(VIOLATIONS)

    def spoil(route):
        html = (SITE / "chapters" / "00_fundamentals.html").read_text(encoding="utf-8")
        evil = '<script>window.ran = 1</script><img alt="" src="x:" onerror="window.ran = 2">'
        route.fulfill(body=html.replace("</main>", f"{evil}</main>"), content_type="text/html")

    tab.route("**/chapters/00_fundamentals.html", spoil)
    tab.goto(f"{site}/chapters/00_fundamentals.html")
    tab.wait_for_function("violations.filter((each) => /script-src/.test(each)).length >= 2")
    assert tab.evaluate("window.ran") is None
    assert tab.evaluate("document.documentElement.dataset.theme")  # the page's own one did
    tab.close()


def test_a_changed_script_does_not_run(browser, site):
    tab = browser.new_page()
    tab.route(
        "**/theme.js*",
        lambda route: route.fulfill(body="window.ran = 1", content_type="text/javascript"),
    )
    tab.goto(f"{site}/book/index.html")
    assert tab.evaluate("window.ran") is None
    tab.close()


@pytest.mark.parametrize("page", [*PAGES, "404.html"])
def test_each_script_has_its_sum(page):
    html = (SITE / page).read_text(encoding="utf-8")
    tags = re.findall(r"<script\b[^>]* src=[^>]*>", html)
    assert len(tags) >= 3
    base = urlsplit(re.search(r'og:image" content="([^"]*)_static', other())[1]).path
    for tag in tags:
        address = re.search(r' src="([^"]*)"', tag)[1]
        path = unquote(urlsplit(address).path)
        file = SITE / path.removeprefix(base) if page == "404.html" else (SITE / page).parent / path
        total = base64.b64encode(hashlib.sha384(file.read_bytes()).digest()).decode()
        assert f'integrity="sha384-{total}"' in tag, tag


def other():
    return (SITE / "book" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", [ROOT, ROOT / "tests"])
def test_what_npm_brings_is_pinned_by_its_sum(folder: Path):
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    entries = {name: entry for name, entry in packages.items() if name}
    assert entries
    assert not [name for name, entry in entries.items() if "integrity" not in entry]
    assert not [name for name, entry in entries.items() if "resolved" in entry]
