"""The notebooks, scripts and Markdown pages that the built site offers."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site
ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.md"))
PAGES = sorted(path for path in SITE.rglob("*.md") if "_static" not in path.parts)
# Of MyST and HTML nothing may be left outside code.
MARKUP = re.compile(
    r"^\s*(?:`{3,}|:{3,})\{|\{[a-z:]+\}`|<tb-|<svg|</?(?:div|figure|span)\b|\x00", re.M
)
CODE = re.compile(r"^(?P<fence>`{3,}).*?^(?P=fence)$|(?P<tick>`+)[^`].*?(?P=tick)", re.M | re.S)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_notebook_is_sound(chapter):
    path = SITE / "notebooks" / f"{chapter}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_size < 500_000
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert texts[0].startswith("# ")
    for text in texts:
        prose = CODE.sub("", text)
        assert not MARKUP.search(prose), MARKUP.search(prose)
        for target in re.findall(r"\]\(([^)\s]*)\)", prose):
            assert target.startswith("https://"), target
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert "%pip install" in codes[0].source
    assert not any(cell.outputs for cell in codes)
    assert sum("check(" in cell.source for cell in codes) >= 5
    assert "## Solution" not in "".join(texts)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_solutions_have_a_notebook_of_their_own(chapter):
    link = f'href="../../notebooks/solutions_{chapter}.ipynb" download'
    assert link in (SITE / "book" / "solutions" / f"{chapter}.html").read_text(encoding="utf-8")
    notebook = nbformat.read(SITE / "notebooks" / f"solutions_{chapter}.ipynb", as_version=4)
    assert notebook.cells[0].source.startswith("# Solutions to ")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_script_is_python(chapter):
    tree = ast.parse((SITE / "notebooks" / f"{chapter}.py").read_text(encoding="utf-8"))
    assert len(tree.body) > 20


def test_all_pictures_of_the_notebooks_are_there():
    wanted = set()
    for chapter in CHAPTERS:
        text = (SITE / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8")
        wanted |= set(re.findall(r"!\[[^\]]*\]\(https://[^/]+/[^/]+/([^)]+)\)", text))
    assert wanted
    assert not [name for name in wanted if not (SITE / name).is_file()]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(SITE)))
def test_markdown_page_is_plain(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# ")
    prose = CODE.sub("", text)
    assert not MARKUP.search(prose), MARKUP.search(prose)


def test_the_list_for_assistants_names_every_page():
    text = (SITE / "llms.txt").read_text(encoding="utf-8")
    assert len(re.findall(r"^- \[.+\]\(https://.+\.md\)$", text, re.M)) == len(PAGES)


def test_the_page_is_copied_as_markdown(browser, site):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{site}/chapters/00_fundamentals.html")
    button = tab.get_by_role("button", name="Copy page as Markdown")
    button.focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("tb-copy-page [role=status]")).to_have_text("Copied")
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied == (SITE / "chapters" / "00_fundamentals.md").read_text(encoding="utf-8")
    context.close()
