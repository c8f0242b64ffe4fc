"""A real browser, the built site on localhost, and pages that hold nothing but figures."""

import importlib.util
import re
import shutil
from pathlib import Path

import pytest
from figure_page import DESKTOP
from playwright.sync_api import sync_playwright
from serving import CHROMIUM_FLAGS, serve

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
FIGURES = ROOT / "book" / "static" / "figures"
# As strict as a page can be: our own files only, nothing inline.
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:"


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium: Playwright's own is not downloaded."""
    # The first is the same engine without a window system: it opens a page in half the time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    assert path, f"these tests need a Chromium: none of {', '.join(names)} is on the PATH"
    with sync_playwright() as playwright:
        # Where it can't tell how fast its line is, it would load images from further away.
        ahead = "--blink-settings=lazyLoadingImageMarginPxUnknown=2500"
        browser = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS, ahead])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site():
    """The address of the built site."""
    assert (SITE / "index.html").is_file(), f"no built site in {SITE}: say `make book` first"
    with serve(SITE) as address:
        yield address


@pytest.fixture
def open_tab(browser, site):
    """Open a page of the site; at the end nothing may have gone wrong on any.

    With `blocks` the test itself has the browser refuse something, which it says on its console.
    """
    contexts, problems = [], []

    def open_tab(page, *, width=DESKTOP, height=900, init="", blocks=False, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        tab = context.new_page()
        if not blocks:
            tab.on("console", lambda m: m.type == "error" and problems.append(m.text))
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.add_init_script(init)
        tab.goto(f"{site}/{page}")
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert not problems


@pytest.fixture(scope="session")
def axe_violations():
    """A function that lists what axe-core finds wrong with pages, by WCAG and best practice.

    Best practice is headings in order, everything in a landmark, and so on. A part of a page that
    is tested as a whole elsewhere can be named by a CSS selector.
    """
    axe = (ROOT / "tests" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")

    def find(*pages, within=None):
        for page in pages:  # they work at the same time
            if page.evaluate("typeof axe") == "undefined":
                page.evaluate(axe)
            # Of what is right nothing is asked: describing it takes longer than finding it out.
            page.evaluate(
                """([within, rules]) => {
                    const run = () => axe.run(
                        within ?? document, { resultTypes: ["violations"], rules });
                    window.axeFound = new Promise((done) => { setTimeout(done); }).then(run);
                }""",
                # axe leaves WCAG 2.2 out by default.
                [within, {"target-size": {"enabled": True}}],
            )
        return [
            (found["id"], found["nodes"][0]["html"][:200], len(found["nodes"]), page.viewport_size)
            for page in pages
            for found in page.evaluate("axeFound.then((result) => result.violations)")
        ]

    return find


def theme_styles():
    """Return the theme's styles as the book's pages have them, without their icon fonts."""
    sheets = {
        "pydata_sphinx_theme": "pydata-sphinx-theme.css",
        "sphinx_book_theme": "sphinx-book-theme.css",
    }
    text = ""
    for package, name in sheets.items():
        folder = Path(importlib.util.find_spec(package).origin).parent
        text += next(folder.glob(f"theme/*/static/styles/{name}")).read_text()
    return "@layer theirs {" + re.sub(r"@font-face\{[^}]*\}", "", text) + "}"


@pytest.fixture(scope="session")
def figures_server(tmp_path_factory):
    """A folder with the figures' scripts and the theme's styles, and its address."""
    folder = tmp_path_factory.mktemp("figures")
    shutil.copytree(FIGURES, folder, dirs_exist_ok=True)
    (folder / "theme.css").write_text(
        theme_styles() + "article { box-sizing: border-box; margin: auto; "
        "max-width: 46rem; padding: 1rem; width: 100%; }"
    )
    with serve(folder) as address:
        yield folder, address


@pytest.fixture
def open_page(browser, figures_server):
    """Open a page with some figures; at the end nothing may have gone wrong on it."""
    folder, address = figures_server
    contexts, problems, expected = [], [], []

    def open_page(
        body, *, width=DESKTOP, theme="light", expect_problems=False, policy=POLICY, **options
    ):
        expected.append(expect_problems)
        scripts = "".join(
            f'<script type="module" src="{name}.js"></script>'
            for name in sorted(set(re.findall(r"<tb-([a-z-]+)", body)))
        )
        (folder / "page.html").write_text(
            f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>Figures</title>'
            '<link rel="stylesheet" href="theme.css"><link rel="stylesheet" href="figures.css">'
            f'{scripts}<body><article class="bd-article">{body}<p id="after">After.</p></article>'
        )
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type in ("error", "warning") and problems.append(m.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda r: r.url.startswith((address, "data:")) or problems.append(r.url))
        page.goto(f"{address}/page.html")
        page.keyboard.press("Shift")  # a key has all figures built, those far down, too
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert bool(problems) == any(expected), problems
