"""The built site for readers with a keyboard, a screen reader, a phone, large type, or no motion.

What axe-core finds is in test_built_site.py; here is what it cannot see.
"""

import re
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from figure_page import CUT, FRAME, use_keyboard
from playwright.sync_api import expect
from test_built_site import DOCUMENTS, PAGES, SITE, WALKED

pytestmark = pytest.mark.site

FILE_NAME = re.compile(r"\.(?:svg|png|jpe?g|webp|gif)$|^[0-9a-f]{16,}", re.I)


@pytest.fixture(scope="module", params=PAGES)
def page(request):
    """A page's address on the site, and its HTML as it is written."""
    html = (SITE / request.param).read_text(encoding="utf-8")
    return request.param, BeautifulSoup(html, "html.parser")


def test_headings_are_in_order(page):
    _, html = page
    printed = {id(node) for box in html.select(".onlyprint") for node in box.find_all(True)}
    headings = [h for h in html.main.find_all(re.compile(r"^h[1-6]$")) if id(h) not in printed]
    levels = [int(heading.name[1]) for heading in headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    for (_, before), (heading, after) in pairwise(zip(headings, levels, strict=True)):
        assert after <= before + 1, f"h{before} is followed by h{after}: {heading.get_text()}"


def pictures(html):
    """Return what each picture of a page is and says, without those that say nothing on purpose."""
    found = []
    for picture in html.main.select("img, svg[role=img]"):
        if picture.get("role") == "presentation" or picture.get("aria-hidden") == "true":
            continue
        named = picture.get("aria-labelledby")
        text = html.find(id=named).get_text() if named else picture.get("aria-label", "")
        unique = r'\bf[0-9a-f]{8}-|\sid="figure-\d+"'
        source = picture.get("src") or re.sub(unique, "", str(picture))
        found.append((source, picture.get("alt", text).strip()))
    return found


def test_pictures_say_what_they_show(page):
    _, html = page
    for source, text in pictures(html):
        assert len(text.split()) > 3, f"{text!r} describes nothing: {source[:200]}"
        assert not FILE_NAME.search(text)


def test_different_pictures_say_different_things(page):
    _, html = page
    by_text = {}
    for source, text in pictures(html):
        by_text.setdefault(text, set()).add(source)
    twice = [text for text, sources in by_text.items() if len(sources) > 1]
    assert not twice


def test_landmarks_and_language(page):
    _, html = page
    assert html.html["lang"] == "en"
    assert html.title.get_text(strip=True)
    assert len(html.find_all("main")) == 1
    skip = html.body.find("a")
    assert html.find(id=skip["href"].removeprefix("#")).name == "main"
    regions = html.select("nav, aside, section[aria-label]")
    names = [
        region.get("aria-label") or html.find(id=region["aria-labelledby"]).get_text(strip=True)
        for region in regions
    ]
    assert all(names)
    visible = [
        name
        for name, region in zip(names, regions, strict=True)
        if not region.find_parent(class_="onlyprint")
    ]
    assert len(visible) == len(set(visible)), visible


def test_buttons_and_fields_have_names(page):
    _, html = page
    for control in html.select("button, input:not([type=hidden]), select, textarea"):
        label = control.get("aria-label") or control.get("title") or control.get("placeholder")
        label = label or control.get_text(strip=True)
        if not label and control.get("id"):
            label = html.find("label", attrs={"for": control["id"]})
        if not label and (around := control.find_parent("label")):
            label = around.get_text(strip=True)
        assert label, str(control)[:200]


# -- by keyboard ---------------------------------------------------------------------------------

# What Tab should reach, in this order: all that takes the focus, may be seen, and is not behind a
# closed door. Of radio buttons with one name only the chosen one counts.
REACHABLE = """() => {
    const wanted = "a[href], button, input, select, textarea, summary, [tabindex], video[controls]";
    return [...document.querySelectorAll(wanted)].filter((node) => {
        if (node.tabIndex < 0 || node.disabled || node.closest("[inert]")) return false;
        if (node.type === "radio") { // of a group, Tab reaches one: the chosen one, or the first
            const group = [...document.getElementsByName(node.name)];
            if (node !== (group.find((each) => each.checked) ?? group[0])) return false;
        }
        return node.checkVisibility({ visibilityProperty: true });
    }).map((node, i) => { node.dataset.stop = i; return describe(node); });
}"""
LOOK = """() => {
    window.describe = (node) => `${node.tagName.toLowerCase()}.${node.className} ` +
        (node.getAttribute("aria-label") || node.textContent).trim().slice(0, 40);
    const look = (node) => {
        const style = getComputedStyle(node);
        const lines = [];
        if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) {
            lines.push(`outline ${style.outlineStyle} ${style.outlineWidth} ${style.outlineColor}`);
        }
        lines.push(`shadow ${style.boxShadow}`);
        return lines.join("; ");
    };
    // What shows a radio button and its focus: its label.
    const face = (node) => (node.type === "radio" && node.closest("label")) || node;
    window.stops = [];
    const isOn = (box) => box.bottom > 0 && box.top < innerHeight
        && box.right > 0 && box.left < innerWidth;
    // Where the focus is now, and whether the stop before looked otherwise while it had it.
    window.step = async () => {
        const node = document.activeElement;
        const last = stops.at(-1);
        if (last) last.differs = look(face(last.node)) !== last.look;
        if (node === document.body) return null;
        // What comes onto the screen is laid out then, and may move the rest for a moment.
        if (!isOn(node.getBoundingClientRect())) await frame().then(frame).then(frame);
        const box = node.getBoundingClientRect();
        stops.push({
            node, look: look(face(node)), what: describe(node), stop: node.dataset.stop,
            seen: isOn(box) && box.width > 0 && box.height > 0 && face(node).checkVisibility({
                visibilityProperty: true, opacityProperty: true,
            }),
            article: Boolean(node.closest("article")),
            // One column after the other: the next one begins further up.
            columns: Boolean(node.closest(".tb-names, .tb-pitch + section, .tb-three")),
            figure: node.closest(".tb-figure")?.localName,
        });
        return stops.length;
    };
    // Where they stand is asked of all at once: the page moves as parts of it are laid out.
    window.report = () => stops.map(({ node, ...rest }) => {
        const { top, bottom } = node.getBoundingClientRect();
        return { ...rest, top, bottom };
    });
}"""


def walk(tab):
    """Press Tab from the top of a page until the focus leaves it; return the stops, and all due."""
    tab.evaluate(f"() => {{ window.frame = {FRAME}; }}")
    tab.evaluate(LOOK)
    due = tab.evaluate(REACHABLE)
    for _ in range(len(due) + 50):
        tab.keyboard.press("Tab")
        if tab.evaluate("step()") is None:
            break
    else:
        pytest.fail(f"the focus is caught: {tab.evaluate('report()')[-3:]}")
    return tab.evaluate("report()"), due


@pytest.fixture(
    scope="module",
    params=[*((page, 1440) for page in WALKED), (WALKED[0], 390), (WALKED[3], 390)],
    ids=lambda param: f"{param[0]}-{param[1]}",
)
def walked(request, browser, site):
    """A page, walked through by keyboard: the stops, all due ones, and its interactive figures."""
    page, width = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    tab = context.new_page()
    tab.goto(f"{site}/{page}")
    use_keyboard(tab)  # now all that it can reach is there
    figures = tab.locator(".tb-figure").evaluate_all("nodes => nodes.map((n) => n.localName)")
    yield *walk(tab), set(figures), page
    context.close()


def test_the_keyboard_reaches_everything_in_order_and_the_focus_is_seen(walked):
    stops, due, *_ = walked
    unexpected = [stop["what"] for stop in stops if stop["stop"] is None]
    assert not unexpected
    reached = [int(stop["stop"]) for stop in stops]
    missing = [what for i, what in enumerate(due) if i not in reached]
    assert not missing
    assert reached == list(range(len(due)))  # each once, in the order of the page
    assert "Skip to main content" in stops[0]["what"]
    hidden = [stop["what"] for stop in stops if not stop["seen"]]
    assert not hidden
    unmarked = [stop["what"] for stop in stops if not stop["differs"]]
    assert not unmarked
    # (Within a figure, a matrix may stand above the one before it.)
    lines = [s for s in stops if s["article"] and not s["columns"] and not s["figure"]]
    upwards = [
        (before["what"], after["what"])
        for before, after in pairwise(lines)
        if after["bottom"] < before["top"]
    ]
    assert not upwards


def test_the_walk_passes_what_a_reader_needs(walked):
    stops, _, figures, page = walked
    whats = "\n".join(stop["what"] for stop in stops)
    needed = ["Skip to main content", "sidebar-toggle", "Search", "theme-switch-button"]
    if page != "book/index.html":
        needed += ["Copy page as Markdown", "tb-copy-code", "left-prev"]
    if page.startswith("chapters/"):
        needed += ["Open in Colab", "Notebook"]
    assert [part for part in needed if part not in whats] == []
    assert figures <= {stop["figure"] for stop in stops}


def test_the_skip_link_skips(browser, site):
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.goto(f"{site}/chapters/03_computer_vision.html")
    tab.keyboard.press("Tab")
    expect(tab.locator("#pst-skip-link a")).to_be_focused()
    expect(tab.locator("#pst-skip-link a")).to_be_in_viewport()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.closest('main') !== null")
    tab.close()


# -- small screens, large type -------------------------------------------------------------------

SPACING = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("page", [WALKED[0], WALKED[3], "book/figures.html"])
def test_wider_spacing_of_text_cuts_nothing(browser, site, page, width):
    # The page's policy would not let a reader's own style in; a browser's setting it cannot hinder.
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    tab = context.new_page()
    tab.goto(f"{site}/{page}")
    tab.add_style_tag(content=SPACING)
    assert tab.evaluate(CUT) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


# -- interactive figures on their pages ----------------------------------------------------------

# Empty for a new reader (test_progress.py has a returning one), and a switch, which changes all but
# itself (test_exercises.py).
OTHERS = {"tb-continue", "tb-predict"}
ELEMENTS = {
    page: names
    for page in DOCUMENTS
    if (
        names := sorted(
            set(re.findall(r"<(tb-[a-z-]+)", (SITE / page).read_text("utf-8"))) - OTHERS
        )
    )
}
# What to press where that is not the first button, and with which key.
PRESS = {
    "tb-attention": ("[role=gridcell][tabindex='0']", "ArrowRight"),
    "tb-lattice": ("select", "ArrowDown"),
    "tb-progress": ("summary", "Enter"),
    "tb-question": ("input", "Enter"),
    "tb-roofline": ("input", "ArrowUp"),
    "tb-classifier": None,  # it would load megabytes: test_live_models.py presses it
    "tb-sampler": None,  # so would these
    "tb-writer": None,
}


# A figure is built when one is near, and has its class then; other elements have no `begin`.
BUILT = """(name) => {
    const element = document.querySelector(name);
    return !element.begin || element.matches(".tb-figure");
}"""


@pytest.fixture(scope="module")
def still_context(browser):
    """A browser whose reader has asked that nothing move."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    yield context
    context.close()


@pytest.mark.parametrize("page", sorted(ELEMENTS))
def test_figures_on_the_page_are_alive_and_hold_still_for_those_who_ask(still_context, site, page):
    tab = still_context.new_page()
    tab.goto(f"{site}/{page}")
    for name in ELEMENTS[page]:
        tab.wait_for_function("name => Boolean(customElements.get(name))", arg=name)
        element = tab.locator(name).first
        element.scroll_into_view_if_needed()
        tab.wait_for_function(BUILT, arg=name)
        before = element.inner_html()
        press = PRESS.get(name, ("button:not([disabled])", "Enter"))
        if press is None:
            expect(element.get_by_role("button").first).to_be_visible()
            continue
        control, key = press
        field = element.locator("textarea")
        if field.count():
            field.fill("RuntimeError: mat1 and mat2 shapes cannot be multiplied (3x4 and 3x4)")
        else:
            element.locator(f"{control} >> visible=true").first.focus()
            tab.keyboard.press(key)
        tab.wait_for_function(
            "([name, before]) => document.querySelector(name).innerHTML !== before",
            arg=[name, before],
        )
        assert tab.evaluate("document.getAnimations().length") == 0, name
    tab.locator(".theme-switch-button:visible").first.click()
    assert tab.evaluate("document.getAnimations().length") == 0
    tab.close()


# -- forced colours ------------------------------------------------------------------------------


def test_icons_and_figures_are_seen_in_forced_colours(browser, site):
    """Windows' contrast themes paint backgrounds over; what is drawn by one must not vanish."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, forced_colors="active", color_scheme="dark"
    )
    tab = context.new_page()
    tab.goto(f"{site}/chapters/03_computer_vision.html")
    icons = tab.locator(".fa-solid >> visible=true")
    assert icons.count() > 2
    invisible = icons.evaluate_all(
        """nodes => nodes.filter((node) => getComputedStyle(node).backgroundColor
            === getComputedStyle(document.body).backgroundColor).map((node) => node.className)"""
    )
    assert invisible == []
    context.close()


# -- contrast ------------------------------------------------------------------------------------


def luminance(colour):
    """Return the relative luminance of an `rgb(...)` colour (WCAG 2.2, definition)."""
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


# Text reaches level AAA, and the lines around things what is asked of controls.
NEEDED = {"link": 7, "text-base": 7, "text-muted": 7, "border": 3}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_those_who_ask_for_more_contrast_get_it(browser, site, theme):
    found = {}
    for contrast in ("no-preference", "more"):
        context = browser.new_context(color_scheme=theme, contrast=contrast)
        tab = context.new_page()
        tab.goto(f"{site}/book/index.html")
        tab.wait_for_function("t => document.documentElement.dataset.theme === t", arg=theme)
        paper = luminance(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
        for name in NEEDED:
            ink = luminance(
                tab.evaluate(
                    """name => {
                        const probe = document.body.appendChild(document.createElement("p"));
                        probe.style.color = `var(--pst-color-${name})`;
                        return getComputedStyle(probe).color;
                    }""",
                    name,
                )
            )
            dark, light = sorted((paper, ink))
            found[contrast, name] = (light + 0.05) / (dark + 0.05)
        context.close()
    for name in NEEDED:
        assert found["more", name] >= NEEDED[name]
        assert found["more", name] > found["no-preference", name]
