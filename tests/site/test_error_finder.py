"""The finder of errors: alone on a page of real errors, and on the page of the book."""

import random
import re
import traceback
from html import escape
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from figure_page import CONTRAST, FALLBACK, LOOKS, PHONE, STICKING_OUT, in_node
from playwright.sync_api import expect
from test_built_site import SITE
from torch import nn

pytestmark = pytest.mark.site

NONSENSE = [
    "The cat sat on the mat and ate the input.",
    "lorem ipsum dolor sit amet, consectetur adipiscing elit",
    "my code does not work, please help",
    "ModuleNotFoundError: No module named 'torchvision'",
    "KeyError: 'label'",
    "ZeroDivisionError: division by zero",
    "PermissionError: [Errno 13] Permission denied: 'model.pt'",
    "FileNotFoundError: [Errno 2] No such file or directory: 'data.csv'",
    "RuntimeError",
    "...",
]
NOTHING = "Nothing on this page fits."

# Each error, raised with one set of shapes for the page and with others for what is pasted.
RAISED = {
    "shapes": lambda n: nn.Sequential(nn.Flatten(), nn.Linear(7 * n, 10))(torch.rand(n, 3, n)),
    "sizes": lambda n: torch.rand(n, 2 * n) - torch.rand(n, 3 * n),
    "dtypes": lambda n: nn.Linear(n, 2)(torch.rand(n, n, dtype=torch.float64)),
    "keys": lambda n: nn.Linear(n, 2).load_state_dict({f"layer{n}.weight": torch.rand(n)}),
    "twice": lambda n: backward_twice(n),
    "classes": lambda n: nn.functional.cross_entropy(torch.rand(1, n), torch.tensor([n])),
}


def backward_twice(n):
    loss = torch.ones(n, requires_grad=True).exp().sum()
    loss.backward()
    loss.backward()


def raised(name, n):
    """Return the traceback of an error, as Python prints it."""
    try:
        RAISED[name](n)
    except Exception:
        return traceback.format_exc()
    pytest.fail(f"{name} raised nothing")


def section(name, n):
    """An entry as the book's pages have it."""
    error = escape(raised(name, n))
    return (
        f'<section id="title-{name}"><span id="err-{name}"></span><h3>About {name}'
        '<a class="headerlink" href="#x">#</a></h3><div class="output traceback">'
        f"<pre>RuntimeError   Traceback (most recent call last)\n{error}</pre></div></section>"
    )


ALSO = (
    '<section id="memory"><h3>About memory</h3><div class="tb-also"><pre>'
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"
    "RuntimeError: [enforce fail at alloc_cpu.cpp:1] can't allocate memory</pre></div></section>"
)


def finder(entries=None):
    entries = "".join(section(name, 4) for name in RAISED) + ALSO if entries is None else entries
    return f"<tb-error-finder><p>{FALLBACK}</p></tb-error-finder>{entries}"


def paste(page, text):
    """Put a text into the field; return the links that appear."""
    page.get_by_label("Your error message or traceback").fill(text)
    links = page.locator(".tb-found a")
    return [(a.get_attribute("href"), a.text_content()) for a in links.all()]


def message_of(traceback):
    return re.split(r"^(?=\w+Error: )", traceback, flags=re.M)[-1]


def find(*texts):
    """Return for each text the entries that fit, best first, by the finder's own index."""
    known = [{"entry": name, "message": message_of(raised(name, 4))} for name in RAISED]
    known += [
        {"entry": "memory", "message": "torch.OutOfMemoryError: CUDA out of memory. Tried to"},
        {"entry": "memory", "message": "RuntimeError: [enforce fail] can't allocate memory"},
    ]
    function = """({ Index }, [known, texts]) => {
        const index = new Index(known);
        return texts.map((text) => index.find(text).map(({ entry }) => entry));
    }"""
    return in_node("error-finder.js", function, [known, texts])


def test_another_case_of_an_error_is_found():
    for name in RAISED:
        whole = raised(name, 9)
        texts = whole, message_of(whole), whole.replace("\n", "\r\n"), f"Epoch 3\n{whole}\n\nbye"
        assert [found[0] for found in find(*texts)] == [name] * 4


def test_chains_launchers_and_test_runners_are_read():
    inner, outer = raised("classes", 3), "ValueError: training failed"
    chain = f"{inner}\nDuring handling of the above exception, another occurred:\n\n{outer}\n"
    both = f"{inner}\nThe above exception was the direct cause:\n\n{raised('dtypes', 5)}"
    ranks = "\n".join(f"[rank3]: {line}" for line in inner.splitlines())
    pytest_says = "\n".join(f"E   {line}" for line in inner.splitlines())
    found = find(chain, both, ranks, pytest_says)
    # (Of the chain the last line fits nothing here.)
    assert [each[0] for each in found] == ["classes", "dtypes", "classes", "classes"]


def test_blocks_of_other_wordings_count_line_by_line(open_page):
    page = open_page(finder())
    assert paste(page, "RuntimeError: CUDA out of memory.")[0] == ("#memory", "About memory")
    assert paste(page, "can't allocate memory")[0] == ("#memory", "About memory")


def test_nonsense_finds_nothing_and_gets_advice(open_page):
    assert find(*NONSENSE) == [[] for _ in NONSENSE]
    page = open_page(finder())
    assert paste(page, NONSENSE[0]) == []
    expect(page.get_by_text(NOTHING, exact=True)).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Is the last line in what you pasted?")


def test_if_nothing_fits_a_link_searches_the_book_for_the_last_line(open_page):
    page = open_page(finder())
    paste(page, "> Traceback (most recent call last):\n> KeyError: 'label & name'\n> more of it")
    link = page.get_by_role("link", name="Search the book for “KeyError: 'label & name'”")
    address = urlsplit(link.evaluate("a => a.href"))
    assert address.path == "/search.html"
    assert parse_qs(address.query) == {"q": ["KeyError: 'label & name'"]}
    paste(page, "nothing like it " * 100)
    address = urlsplit(page.locator(".tb-elsewhere").evaluate("a => a.href"))
    assert len(parse_qs(address.query)["q"][0]) <= 200


def test_it_works_by_keyboard_and_says_what_it_found(open_page, axe_violations):
    page = open_page(finder())
    expect(page.get_by_text(FALLBACK)).to_have_count(0)
    expect(page.get_by_role("button", name="Clear")).to_be_disabled()
    page.keyboard.press("Tab")
    page.keyboard.insert_text(raised("sizes", 5))
    expect(page.get_by_role("status")).to_contain_text("Found: About sizes")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#err-sizes"
    page.keyboard.press("Enter")
    page.wait_for_url("**#err-sizes")  # the browser tells it a moment after the key
    clear = page.get_by_role("button", name="Clear")
    clear.press("Enter")
    expect(page.locator(".tb-found")).to_have_count(0)
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"


def test_of_a_huge_paste_the_end_counts_and_nothing_is_run(open_page):
    page = open_page(finder())
    log = "<img src=x onerror=alert(1)> step 1 loss 0.5\n" * 20_000 + raised("dtypes", 6)
    length = page.evaluate(
        """(log) => {
            const field = document.querySelector("textarea");
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", log);
            const paste = { clipboardData, bubbles: true, cancelable: true };
            field.dispatchEvent(new ClipboardEvent("paste", paste));
            return field.value.length;
        }""",
        log,
    )
    assert length == 20_000
    assert page.locator(".tb-found a").first.get_attribute("href") == "#err-dtypes"
    assert paste(page, "<img src=x onerror=alert(1)>") == []
    assert page.locator("tb-error-finder img").count() == 0


def test_on_a_page_without_errors_the_fallback_stays(open_page):
    page = open_page(finder(entries=""), expect_problems=True)
    expect(page.get_by_text(FALLBACK)).to_be_visible()


def test_without_scripts_the_fallback_stays_and_leaves_no_gap(open_page):
    page = open_page(finder(), java_script_enabled=False)
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    assert page.locator("tb-error-finder").bounding_box()["height"] < 100


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_it_fits_and_is_legible(open_page, width, theme):
    page = open_page(finder(), width=width, theme=theme)
    for text in ("", raised("keys", 7), "nonsense"):
        paste(page, text)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(STICKING_OUT) == []
        lowest = page.evaluate(CONTRAST)
        assert lowest[0][0] >= 4.5, lowest[:3]


@pytest.fixture(scope="module")
def errors_page(browser, site):
    context = browser.new_context(viewport={"width": PHONE, "height": 900})
    page = context.new_page()
    page.goto(f"{site}/book/errors.html")
    yield page
    context.close()


# The page's messages, read without the finder's own code: what stands after the last frame.
MESSAGES = """() => [...document.querySelectorAll(".output.traceback pre")].map((pre) => {
    const text = pre.textContent;
    const name = text.match(/[A-Z]\\w+/)[0]; // it heads the traceback
    return {
        whole: text,
        message: text.slice(text.lastIndexOf(`\\n${name}: `) + 1).trim(),
        id: pre.closest("section").querySelector(":scope > span[id]").id,
    };
})"""


# Which entry comes first for each text, by the finder's own reading of the page.
FIRSTS = """async (texts) => {
    const { Index, readPage } = await import("/_static/figures/error-finder.js");
    const index = new Index(readPage(document));
    return texts.map((text) => index.find(text)[0]?.entry.id);
}"""

# Whether the finder is sure of its first entry.
SURE = """async (texts) => {
    const { Index, readPage, SURELY } = await import("/_static/figures/error-finder.js");
    const index = new Index(readPage(document));
    return texts.map((text) => index.find(text)[0]?.score >= SURELY);
}"""


def test_every_error_of_the_page_is_found_first(errors_page):
    found = errors_page.evaluate(MESSAGES)
    assert len({error["id"] for error in found}) >= 20
    generator = random.Random(0)

    def other_numbers(text):
        return re.sub(r"\d+", lambda _: str(generator.randint(1, 9999)), text)

    library = (
        'Traceback (most recent call last):\n  File "/home/me/train.py", line 88, in <module>\n'
        '    main()\n  File "/usr/lib/python3/torch/nn/modules/module.py", line 1773, in _call\n'
        "    return forward_call(*args, **kwargs)\n"
    )
    for error in found:
        message = other_numbers(error["message"])
        whole, without_name = other_numbers(error["whole"]), message.split(": ", 1)[1]
        texts = [message, library + message, whole, without_name]
        firsts = errors_page.evaluate(FIRSTS, texts)
        assert dict(zip(texts, firsts, strict=True)) == dict.fromkeys(texts, error["id"])


@pytest.mark.parametrize(
    ("pasted", "entry"),
    [
        # Cases that the page does not raise, and other wordings of the same.
        ("RuntimeError: mat1 and mat2 must have the same dtype, but got Half and Float", "dtype"),
        ("RuntimeError: expected scalar type Float but found Half", "scalar-type"),
        ("RuntimeError: expected scalar type Long but found Int", "target-dtype"),
        (
            "RuntimeError: Expected all tensors to be on the same device, but found at least two "
            "devices, cuda:0 and cpu! (when checking argument for argument mat1 in method "
            "wrapper_CUDA_addmm)",
            "device",
        ),
        (
            "TypeError: can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy "
            "the tensor to host memory first.",
            "device-numpy",
        ),
        (
            "RuntimeError: CUDA error: device-side assert triggered\nCUDA kernel errors might be "
            "asynchronously reported at some other API call, so the stacktrace below might be "
            "incorrect.\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1",
            "target-range",
        ),
        (
            "RuntimeError: Error(s) in loading state_dict for ResNet:\n\tMissing key(s) in "
            'state_dict: "conv1.weight", "layer1.0.conv1.weight". \n\tUnexpected key(s) in '
            'state_dict: "module.conv1.weight". ',
            "keys",
        ),
        (
            "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; "
            "15.90 GiB total capacity; 14.51 GiB already allocated)",
            "memory",
        ),
        ("cannot be multiplied", "matmul"),
        ("AssertionError: Torch not compiled with CUDA enabled", "no-cuda"),
        (
            "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an "
            "NVIDIA GPU and installed a driver from http://www.nvidia.com/Download/index.aspx",
            "no-cuda",
        ),
        (
            "TypeError: CNN.forward() missing 2 required positional arguments: 'x' and 'mask'",
            "arguments",
        ),
        ("TypeError: forward() takes 2 positional arguments but 4 were given", "arguments"),
        ("RuntimeError: DataLoader worker (pid(s) 7, 8) exited unexpectedly", "worker"),
        ("RuntimeError: DataLoader worker (pid 12345) is killed by signal: Killed.", "worker"),
        ("AttributeError: 'NoneType' object has no attribute 'shape'", "none"),
        ("AttributeError: 'ResNet' object has no attribute 'classifier'", "none"),
        (
            "ValueError: Target size (torch.Size([16])) must be the same as input size "
            "(torch.Size([16, 1]))",
            "target-size",
        ),
        (
            "/opt/torch/nn/modules/loss.py:610: UserWarning: Using a target size (torch.Size([8])) "
            "that is different to the input size (torch.Size([8, 1])). This will likely lead to "
            "incorrect results due to broadcasting. Please ensure they have the same size.\n"
            "  return F.mse_loss(input, target, reduction=self.reduction)",
            "target-size",
        ),
        ("NameError: name 'model' is not defined", "name"),
        ("TypeError: Object of type float32 is not JSON serializable", "json"),
        ("OSError: image file is truncated (44 bytes not processed)", "image"),
    ],
)
def test_relatives_are_found_too(errors_page, pasted, entry):
    assert paste(errors_page, pasted)[0][0] == f"#err-{entry}"


def test_nonsense_finds_nothing_on_the_page(errors_page):
    for text in NONSENSE:
        assert paste(errors_page, text) == [], text


CHAPTERS = sorted(path.stem for path in (SITE / "chapters").glob("*.html"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_error_of_a_chapter_has_an_entry(errors_page, chapter):
    texts = errors_page.evaluate(
        """async (chapter) => {
            const text = await (await fetch(`/chapters/${chapter}.html`)).text();
            const page = new DOMParser().parseFromString(text, "text/html");
            const blocks = page.querySelectorAll(".output.traceback pre");
            return [...blocks].map((pre) => pre.textContent);
        }""",
        chapter,
    )
    found = errors_page.evaluate(SURE, texts)
    assert [text for text, fits in zip(texts, found, strict=True) if not fits] == []


def test_the_search_opens_on_the_page_so_that_nothing_leaves_the_browser(errors_page):
    paste(errors_page, "KeyError: 'broadcasting'")
    asked = []
    errors_page.on("request", lambda request: asked.append(request.url))
    errors_page.locator(".tb-elsewhere").click()
    search = errors_page.get_by_role("dialog")
    expect(search.get_by_label("Search the book")).to_have_value("KeyError: 'broadcasting'")
    expect(search.locator("a.tb-search-hit").first).to_be_visible()
    assert not [url for url in asked if "KeyError" in url]
    errors_page.keyboard.press("Escape")


def test_the_page_keeps_what_its_headings_promise(errors_page):
    """The literals of a heading stand in a message of its section, word by word in this order."""
    entries = errors_page.evaluate(
        """() => [...document.querySelectorAll("section > span[id^=err-]")].map((span) => {
            const [section, heading] = [span.parentNode, span.nextElementSibling];
            const texts = (root, selector) =>
                [...root.querySelectorAll(selector)].map((node) => node.textContent);
            return {
                literals: texts(heading, "code"),
                messages: texts(section, ".output.traceback pre, .tb-also pre"),
                silent: heading.textContent.startsWith("Silent"),
            };
        })"""
    )
    assert sum(not entry["silent"] for entry in entries) >= 20
    for entry in entries:
        assert entry["silent"] == (not entry["messages"]), entry
        for literal in entry["literals"] * (not entry["silent"]):
            words = r".*?".join(map(re.escape, literal.split()))
            assert any(re.search(words, text) for text in entry["messages"]), literal


def test_with_results_the_page_stays_accessible(errors_page, axe_violations):
    for theme in ("light", "dark"):
        errors_page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        for text in ("mat1 and mat2 shapes cannot be multiplied (1x2 and 3x4)", "nonsense"):
            paste(errors_page, text)
            found = axe_violations(errors_page, within="tb-error-finder")
            assert not found, (theme, text)
            assert errors_page.evaluate("document.documentElement.scrollWidth") <= PHONE
