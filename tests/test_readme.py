"""What the README, the change log and the citation say is what the project says elsewhere."""

import re
import tomllib
from types import SimpleNamespace

import pytest
import yaml
from small_book import ROOT
from torchbook_site import SETTINGS
from torchbook_site.address import repository_of, site_of
from torchbook_site.resolve.launch import launch_links

import torchbook

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
ROW = re.compile(r"^\| \[(?P<title>[^]]+)\]\((?P<page>[^)]+)\) \| (?P<ends>.+) \| (?P<run>.+) \|$")


@pytest.fixture
def config():
    """The settings that decide where the book is, without those of the machine."""
    given = {name: default for name, (default, _) in SETTINGS.items()}
    given |= {"torchbook_repository": "torchbook/torchbook", "torchbook_site": ""}
    return SimpleNamespace(**given | CONFIG["sphinx"]["config"])


def chapters():
    pages = [page["file"] for part in TOC["parts"] for page in part["chapters"]]
    return [page for page in pages if page.startswith("chapters/")]


def title_of(page):
    return re.search(r"^# (.+)$", (ROOT / f"{page}.md").read_text(encoding="utf-8"), re.M)[1]


def test_the_table_has_each_chapter_in_order_with_its_notebook(config):
    rows = [match for line in README.splitlines() if (match := ROW.match(line))]
    assert [row["title"] for row in rows] == [title_of(page) for page in chapters()]
    start, end = (site_of(config), ".html") if config.torchbook_site else ("", ".md")
    app = SimpleNamespace(config=config)
    for row, page in zip(rows, chapters(), strict=True):
        assert row["page"] == f"{start}{page}{end}"
        assert row["run"] == f"[Colab]({launch_links(app, page)['Colab']})"
        assert not re.search(r"\d", row["ends"]), "a number that no run has checked"


def test_it_says_where_to_read_the_book_or_that_there_is_no_such_place_yet(config):
    section = README.partition("\n## Read it\n")[2].partition("\n## ")[0]
    if config.torchbook_site:
        assert f"]({config.torchbook_site})" in section
    else:
        assert "no public address yet" in section
        assert "github.io" not in README


def test_its_commands_exist_and_the_tests_are_one_of_them():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    blocks = re.findall(r"^```bash\n(.*?)^```$", README, re.M | re.S)
    called = re.findall(r"^make (\w+)", "\n".join(blocks), re.M)
    assert {"book", "serve", "test"} <= set(called) <= targets
    assert set(re.findall(r"`make (\w+)`", README)) <= targets


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_file_that_is_linked_is_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    text = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.M | re.S)
    found = re.findall(r"\]\(([^)#]+)", text) + re.findall(r'src(?:set)?="([^"]+)"', text)
    local = [path for path in found if "://" not in path]
    assert [path for path in local if not (ROOT / path).exists()] == []
    assert local or name == "CHANGELOG.md"


def test_there_is_one_version(config):
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", log, re.M)[1] == PROJECT["version"]
    assert CITATION["version"] == PROJECT["version"] == torchbook.__version__
    assert CITATION["repository-code"] == repository_of(config)
