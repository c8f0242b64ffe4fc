"""Links to the repository follow one setting; links to other hosts have their address on paper."""

import re

import pytest
from small_book import SmallBook

TEXT = """See [the makers](https://example.org/a), [again](https://example.org/a),
[others](https://example.org/b) and <https://example.org/c>.

```{clone}
```
"""


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.settings["torchbook_repository"] = "someone/my-book"
    book.page("index", TEXT)
    build = book.build()
    assert build.ok, build.output
    return book.html("index")


def test_every_link_to_the_repository_follows_the_setting(html):
    start = "https://github.com/someone/my-book"
    found = set(re.findall(r'href="(https://github\.com/[^"]*)"', html))
    issue = f"{start}/issues/new?title=Page%20index%3A%20&amp;body=Page%3A%20"
    assert f"{issue}https%3A%2F%2Fsomeone.github.io%2Fmy-book%2Findex.html%0A%0A" in found
    assert {start, f"{start}/edit/main/index.md", f"{start}/blob/main/CHANGELOG.md"} < found
    assert all(address.startswith(start) for address in found)
    assert f"git clone {start}\ncd my-book" in re.sub(r"<[^>]*>", "", html)


def test_the_page_has_the_version_of_the_project(html):
    assert '<meta name="version" content="1.0" />' in html
    assert "Version 1.0:" in html


def test_paper_shows_an_address_once(html):
    links = re.findall(r'<a class="(reference external[^"]*)" href="https://example.org/(.)"', html)
    known = "reference external tb-known"
    assert links == [
        ("reference external", "a"),
        (known, "a"),
        ("reference external", "b"),
        (known, "c"),
    ]
