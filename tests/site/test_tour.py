"""A tour of every page: loaded on a phone in light and at a desk in dark, read from top to end."""

import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from figure_page import CUT, FRAME, use_keyboard
from playwright.sync_api import expect
from serving import serve
from test_built_site import (
    DOCUMENTS,
    KB,
    PAGES,
    SCROLL,
    SITE,
    THEMES,
    VIOLATIONS,
    WALKED,
    WIDTHS,
    base_of_site,
)

pytestmark = pytest.mark.site

NARROW = 320  # a screen of 1280 px at a zoom of 400 %, or of 640 px at 200 %
PATIENCE = 30_000  # milliseconds for what a page asks for

# From before a page's first script: how far things moved by themselves.
SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  // The page's map opens where one reads: that is meant.
  const isMap = ({ node }) => (node?.parentElement ?? node)?.closest("#pst-page-toc-nav");
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput && !entry.sources.every(isMap)) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
IMAGES = """nodes => nodes.map((n) => ({
  source: n.getAttribute("src"), lazy: n.loading === "lazy", decoding: n.decoding,
  sized: n.hasAttribute("width") && n.hasAttribute("height"), top: n.getBoundingClientRect().top,
}))"""
IS_THEME = "theme => document.documentElement.dataset.theme === theme"
# Nothing is on its way. (One animation follows the scrolling, not the clock.)
IS_STILL = """() => document.getAnimations().every((animation) =>
    animation.playState !== "running" || animation.timeline !== document.timeline)"""
WIDTH, HEIGHT = (f"document.documentElement.scroll{side}" for side in ("Width", "Height"))
CODE = """() => {
    const blocks = [...document.querySelectorAll(".cell_input pre, .highlight-python pre")];
    const sideways = blocks.filter((pre) => pre.scrollWidth > pre.clientWidth + 1);
    return { blocks: blocks.length, sideways: sideways.map((pre) => pre.innerText) };
}"""
# The names in wrapped code that a line's end divides, and buttons that lie on code.
BROKEN = """() => {
    const broken = [];
    for (const line of document.querySelectorAll("pre [class^=tb-l]")) {
        if (!line.checkVisibility()) continue;
        const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            for (const { 0: name, index } of walker.currentNode.data.matchAll(/[a-z_]\\w*/gi)) {
                const range = document.createRange();
                range.setStart(walker.currentNode, index);
                range.setEnd(walker.currentNode, index + name.length);
                const tops = [...range.getClientRects()].map((box) => Math.round(box.top));
                if (new Set(tops).size > 1 && name.length < 30) broken.push(name);
            }
        }
    }
    const covered = [...document.querySelectorAll(".tb-copy-code")].filter((button) =>
        button.getBoundingClientRect().bottom
            > button.parentElement.querySelector("pre").getBoundingClientRect().top + 1);
    return [...broken, ...covered.map((button) => button.parentElement.innerText)];
}"""
# How far the right edges of all that is not text lie from the column's; how wide text may be.
EDGES = """() => {
    const article = document.querySelector(".bd-article");
    const column = article.getBoundingClientRect().right
        - parseFloat(getComputedStyle(article).paddingRight);
    const kinds = [".highlight", ".cell_output > .output", "img.tb-graph[width^='4']",
        "svg.tb-graph[width^='4']", ".tb-figure", ".pst-scrollable-table-container", ".tb-scroll",
        ".admonition", ".tb-fold", ".tb-claim", ".tb-launch", ".tb-exercise", ".tb-question"];
    const inside = ".admonition, li, td, dd, .tb-figure, .tb-exercise, .tb-question, .tb-pitch + *";
    const off = {};
    for (const kind of kinds) {
        for (const box of article.querySelectorAll(kind)) {
            if (box.parentElement.closest(inside)) continue;
            const { right, width } = box.getBoundingClientRect();
            if (width && Math.abs(right - column) > 0.5) off[kind] = right - column;
        }
    }
    const text = [...article.querySelectorAll("section > p:not([class])")];
    return { off, column: column - text[0]?.getBoundingClientRect().left,
        text: Math.max(0, ...text.map((p) => p.getBoundingClientRect().width)) };
}"""

# What scrolls sideways, and whether Tab gets there and finds a name.
SCROLLERS = """() => [...document.querySelectorAll("main *")].filter((node) =>
    node.scrollWidth > node.clientWidth + 1 && node.checkVisibility()
    && /auto|scroll/.test(getComputedStyle(node).overflowX)
    && !node.querySelector("a[href], button") // Tab stops at these; arrows scroll
).map((node) => ({
    what: `${node.tagName}.${node.className} in .${node.parentElement.className}`,
    stops: node.tabIndex === 0, named: Boolean(node.getAttribute("aria-label")
        || node.getAttribute("aria-labelledby")), role: node.getAttribute("role"),
}))"""

# How large the text in figures is on the screen: in plots, which are files, and in drawings.
TEXTS = """() => {
    for (const box of document.querySelectorAll("details")) box.open = true;
    const plots = [...document.querySelectorAll(".tb-plot img")];
    const texts = [...document.querySelectorAll("main svg text")];
    return {
        plots: plots.map((img) => [img.getAttribute("src"), img.getBoundingClientRect().width]),
        texts: texts.map((text) => {
            const { a, b } = text.getScreenCTM();
            const size = parseFloat(getComputedStyle(text).fontSize);
            return [text.textContent, size * Math.hypot(a, b)];
        }),
    };
}"""
SMALLEST_TEXT = 11  # pixels
# How far the centred lines of interactive figures are from the middle of their figures.
OFF_CENTRE = """() => [...document.querySelectorAll(".tb-figure p")].flatMap((line) => {
    if (getComputedStyle(line).textAlign !== "center") return [];
    if (line.matches(".tb-status") || !line.textContent.trim()) return [];
    const middle = (node) => {
        const { left, right } = node.getBoundingClientRect();
        return (left + right) / 2;
    };
    const off = Math.abs(middle(line) - middle(line.closest(".tb-figure")));
    return off > 1 ? [`${line.textContent.slice(0, 60)}: ${off}`] : [];
})"""


# The long tables whose columns would have other widths if only their first rows had come.
LOOSE = """() => [...document.querySelectorAll("table")].flatMap((table) => {
    if (table.rows.length <= 30) return [];
    const widths = () => [...table.rows[0].cells].map((cell) => cell.getBoundingClientRect().width);
    const before = widths();
    while (table.rows.length > 5) table.deleteRow(-1);
    const after = widths();
    return before.some((width, i) => Math.abs(width - after[i]) > 0.5) ? [{ before, after }] : [];
})"""


@dataclass
class Visit:
    """A first visit to a page, in one theme and at one width.

    Attributes:
        said: errors on the console, and those that nobody caught.
        asked: the addresses of all requests.
        answers: what came before anything was scrolled, by address: its kind, and its bytes.
        images: what the page's source says of each image, and where it stands.
        shift: how far things moved by themselves, in all (Chromium's layout shift).
        violations: what the page's policy forbade.
        widths: of the page, by the widths of the screen.
        cut: text that is cut off on the narrowest screen.
        code: the blocks of Python, and those that scroll.
        scrollers: what scrolls sideways, once somebody has used the keyboard.
        broken: names that the end of a line divides, and code that a button lies on.
        edges: where the boxes on the page end, and how wide its text is.
        heights: of the page, as it was loaded and when all of it has been seen.
        texts: how large the text in figures is.
        off_centre: the lines of interactive figures that are not in their middle.
        loose: the long tables whose last rows change the widths of their columns.
    """

    tab: Any
    theme: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answers: dict[str, tuple[str, int]] = field(default_factory=dict)
    images: list[dict[str, Any]] = field(default_factory=list)
    shift: float = 0.0
    violations: list[str] = field(default_factory=list)
    widths: dict[int, int] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)
    code: dict[str, Any] = field(default_factory=dict)
    scrollers: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    edges: dict[str, Any] = field(default_factory=dict)
    heights: list[int] = field(default_factory=list)
    texts: dict[str, Any] = field(default_factory=dict)
    off_centre: list[str] = field(default_factory=list)
    loose: list[dict[str, list[float]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.waiting, self.responses = set(), []
        tab = self.tab
        tab.add_init_script(SHIFTS + VIOLATIONS)
        tab.on("console", lambda m: m.type == "error" and self.said.append(m.text))
        tab.on("pageerror", lambda error: self.said.append(str(error)))
        tab.on("request", lambda r: (self.asked.append(r.url), self.waiting.add(r)))
        for end in ("requestfinished", "requestfailed"):
            tab.on(end, lambda request: self.waiting.discard(request))
        tab.on("response", lambda response: self.responses.append(response))

    def weigh(self) -> None:
        """Look at what has come, once all that was asked for is there."""
        for _ in range(PATIENCE // 20):
            if not self.waiting:
                break
            self.tab.wait_for_timeout(20)
        assert not self.waiting, [request.url for request in self.waiting]
        # (`headers` is there already; `header_value` asks the browser, which may never answer.)
        self.answers = {
            r.url: (r.request.resource_type, int(r.headers.get("content-length", 0)))
            for r in self.responses
        }
        self.images = self.tab.locator("img").evaluate_all(IMAGES)


@pytest.fixture(scope="module")
def page_address():
    """A function that says where a page is, on a server that compresses as the site's host does."""
    with serve(SITE, like_pages=True, base=base_of_site()) as address:
        yield lambda page: f"{address}/{page}"


@pytest.fixture(scope="module", params=[*PAGES, "404.html"])
def tour(request, browser, page_address, axe_violations):
    """A page, first visits to it by the widths of the screen, and what axe found on them."""
    with ExitStack() as contexts:
        visits, barriers = take_tour(request.param, browser, contexts, page_address, axe_violations)
    return request.param, visits, barriers


def take_tour(page, browser, contexts, page_address, axe_violations):
    """Visit a page on both screens. Each tab has a process of its own: they work at one time."""
    visits, barriers = {}, {}
    for theme, width in zip(THEMES, WIDTHS, strict=True):
        screen = {"width": width, "height": 900}
        context = contexts.enter_context(browser.new_context(viewport=screen, color_scheme=theme))
        tab = context.new_page()
        visits[width] = Visit(tab, theme)
        tab.goto(page_address(page), wait_until="commit")
    tabs = [visit.tab for visit in visits.values()]
    for visit in visits.values():
        visit.tab.wait_for_load_state()
        assert visit.tab.evaluate(IS_THEME, visit.theme)
    barriers["as soon as it is loaded"] = axe_violations(*tabs)
    for width, visit in visits.items():
        visit.weigh()
        visit.widths[width] = visit.tab.evaluate(WIDTH)
        visit.heights.append(visit.tab.evaluate(HEIGHT))
        visit.tab.evaluate(f"() => {{ window.scrolled = ({SCROLL})(); }}")
    for visit in visits.values():
        visit.shift, visit.violations = visit.tab.evaluate(
            "scrolled.then(() => [shift, violations])"
        )
        visit.tab.wait_for_function(IS_STILL)
        visit.heights.append(visit.tab.evaluate(HEIGHT))
    if tabs[0].locator(".tb-figure").count():
        barriers["its figures, once they are built"] = axe_violations(*tabs, within=".tb-figure")
    if page in WALKED:
        for visit, theme in zip(visits.values(), reversed(THEMES), strict=True):
            # No motion: what is far from the screen would change its colours only when it is seen.
            visit.tab.emulate_media(color_scheme=theme, reduced_motion="reduce")
            visit.tab.wait_for_function(IS_THEME, arg=theme)
        barriers["read to its end, in the other theme"] = axe_violations(*tabs)
    use_keyboard(*tabs)
    for visit in visits.values():
        visit.scrollers = visit.tab.evaluate(SCROLLERS)
        visit.off_centre = visit.tab.evaluate(OFF_CENTRE)
    visits[WIDTHS[1]].edges = tabs[1].evaluate(EDGES)
    phone = visits[WIDTHS[0]]
    phone.broken = phone.tab.evaluate(BROKEN)
    phone.code = phone.tab.evaluate(CODE)
    phone.tab.set_viewport_size({"width": NARROW, "height": 256})
    phone.cut = phone.tab.evaluate(CUT)
    phone.widths[NARROW] = phone.tab.evaluate(WIDTH)
    phone.tab.set_viewport_size({"width": WIDTHS[0], "height": 900})
    phone.texts = phone.tab.evaluate(TEXTS)
    for visit in visits.values():
        visit.loose = visit.tab.evaluate(LOOSE)
    return visits, barriers


def test_axe_finds_nothing(tour):
    """Right after the load, without a key or any scrolling; in the figures when they are built."""
    _, _, barriers = tour
    assert {when: found for when, found in barriers.items() if found} == {}


def test_nothing_goes_wrong_and_nobody_else_is_asked(tour, page_address):
    _, visits, _ = tour
    host = urlsplit(page_address("")).netloc
    for visit in visits.values():
        assert visit.said == []
        assert [url for url in visit.asked if urlsplit(url).netloc not in ("", host)] == []


def test_nothing_is_wider_than_the_screen_or_cut_off(tour):
    """At a zoom of 400 per cent, too."""
    _, visits, _ = tour
    for visit in visits.values():
        assert {screen: width for screen, width in visit.widths.items() if width > screen} == {}
        assert visit.cut == []


def test_python_does_not_scroll_sideways_on_a_phone(tour):
    page, visits, _ = tour
    if page.startswith("chapters/"):
        found = visits[WIDTHS[0]].code
        assert found["blocks"] > 20
        assert found["sideways"] == []


def test_code_breaks_between_names_and_nothing_lies_on_it(tour):
    _, visits, _ = tour
    assert visits[WIDTHS[0]].broken == []


def test_all_boxes_end_at_one_edge(tour):
    page, visits, _ = tour
    edges = visits[WIDTHS[1]].edges
    if page in DOCUMENTS and edges["text"]:
        assert edges["off"] == {}
        if page != "book/index.html":  # whose text has the model beside it
            assert edges["column"] == pytest.approx(768, abs=0.5)
        assert edges["text"] <= 656.5


def test_the_scroll_bar_tells_the_truth(tour):
    """Pages are as long as they say from the start."""
    _, visits, _ = tour
    for visit in visits.values():
        before, after = visit.heights
        assert before == pytest.approx(after, rel=0.02)


def test_what_scrolls_can_be_reached_and_has_a_name(tour):
    page, visits, _ = tour
    assert page not in WALKED[1:] or visits[WIDTHS[0]].scrollers
    for visit in visits.values():
        nameless = [s for s in visit.scrollers if not (s["stops"] and s["named"] and s["role"])]
        assert nameless == []


def test_text_in_figures_can_be_read_on_a_phone(tour):
    page, visits, _ = tour
    found = visits[WIDTHS[0]].texts
    sizes = found["texts"]
    for source, width in found["plots"]:
        svg = (SITE / page).parent.joinpath(source).read_text(encoding="utf-8")
        scale = width / float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
        texts = re.findall(r"font-size: ([\d.]+)px", svg)
        sizes += [(source, scale * float(size)) for size in texts]
    assert [(what, size) for what, size in sizes if size < SMALLEST_TEXT - 0.05] == []
    assert sizes or page not in WALKED or not page.startswith("chapters/")


def test_text_is_in_the_middle_of_interactive_figures(tour):
    _, visits, _ = tour
    assert [visit.off_centre for visit in visits.values()] == [[], []]


def test_page_is_light(tour):
    """The budgets of the design: what a first visit costs over the wire, images aside."""
    page, visits, _ = tour
    html = (SITE / page).read_text(encoding="utf-8")
    assert len(html.encode()) <= 300 * KB
    for visit in visits.values():
        kinds = [kind for kind, _ in visit.answers.values()]
        images = [size for kind, size in visit.answers.values() if kind == "image"]
        others = {url: size for url, (kind, size) in visit.answers.items() if kind != "image"}
        assert all(others.values()), others  # the server says how much it sends
        assert sum(others.values()) <= 300 * KB, sorted(others.items(), key=lambda i: -i[1])[:5]
        assert sum(images) <= 1500 * KB
        # One for the site, and on the page of the search the one of its results.
        assert kinds.count("stylesheet") == 1 + (page == "search.html")
        fonts = {url: size for url, (kind, size) in visit.answers.items() if kind == "font"}
        assert bool(fonts) == ("<math" in html), page
        assert sum(fonts.values()) <= 25 * KB


def test_images_have_sizes_and_wait_until_they_are_needed(tour):
    """Nothing far below the screen is asked for; nothing jumps when it comes."""
    _, visits, _ = tour
    for visit in visits.values():
        asked = [urlsplit(url).path for url in visit.answers]
        near = {image["source"] for image in visit.images if image["top"] <= 900 + 2500}
        for image in visit.images:
            assert image["sized"], image
            if image["top"] > 900 and not image["source"].startswith("data:"):
                assert image["lazy"], image
                assert image["decoding"] == "async", image
            # Chromium asks for a lazy image at most 2,500 pixels ahead.
            if image["source"] not in near and not image["source"].startswith("data:"):
                assert not [path for path in asked if path.endswith(image["source"][3:])], image
        if visit.images and visit.images[0]["top"] < 300:
            assert not visit.images[0]["lazy"]


def test_nothing_moves_while_it_loads_or_is_scrolled(tour):
    _, visits, _ = tour
    assert {width: visit.shift for width, visit in visits.items() if visit.shift >= 0.01} == {}


def test_the_columns_of_long_tables_keep_their_widths_while_rows_come(tour):
    _, visits, _ = tour
    assert [visit.loose for visit in visits.values()] == [[], []]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("page", "figure"),
    [
        ("chapters/16_attention.html", "tb-aloud"),
        ("chapters/20_recommendation.html", "tb-recommender"),
    ],
)
def test_nothing_moves_when_what_a_figure_shows_comes_late(open_tab, page, figure, width):
    tab = open_tab(page, width=width, init=SHIFTS)
    held = []
    tab.route(re.compile("/_static/models/"), lambda route: held.append(route))
    with tab.expect_request(re.compile("/_static/models/")):
        tab.locator(figure).evaluate("(node) => node.scrollIntoView()")
    tab.evaluate(FRAME)
    with tab.expect_response(re.compile("/_static/models/")):
        held[0].continue_()
    expect(tab.locator(figure).get_by_role("button").nth(1)).to_be_enabled()
    tab.evaluate(FRAME)
    assert tab.evaluate("shift") < 0.01


def test_page_obeys_its_policy(tour):
    """From its top to its end: what waits until it is seen, too."""
    _, visits, _ = tour
    assert [visit.violations for visit in visits.values()] == [[], []]
