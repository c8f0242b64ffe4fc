"""The live models of the built site answer as PyTorch did when the book was built.

And in a browser they say of their samples what the build had them say.
"""

import base64
import json
import re
from urllib.parse import urlsplit

import pytest
import torch
from conftest import SITE
from playwright.sync_api import expect
from torch import Tensor

from torchbook.data import load_animal_vegetable_mineral, load_fashion_mnist

pytestmark = pytest.mark.site

MODELS = SITE / "_static" / "models"


def find_classifiers() -> list[tuple[str, str, tuple[str, ...]]]:
    """Return the pages that hold a live model, with its name and its classes."""
    found = []
    for path in sorted(SITE.rglob("*.html")):
        for tag in re.findall(r"<tb-classifier(?=\s)[^>]*>", path.read_text(encoding="utf-8")):
            model = re.search(r'model="[^"]*/([^"/]+)\.onnx"', tag)[1]
            classes = re.search(r'classes="([^"]+)"', tag)[1].split(", ")
            found.append((path.relative_to(SITE).as_posix(), model, tuple(classes)))
    return found


CLASSIFIERS = find_classifiers()
STORED = {"animal_vegetable_mineral"}  # models of photos: their samples have answers in the page


def percent(text: str) -> int:
    """Read a share, such as "under 1 %"."""
    return int(re.search(r"\d+", text)[0])


def laundry_pictures() -> Tensor:
    """The first hundred test pictures, uint8 [100, 1, 28, 28]."""
    return load_fashion_mnist().test.inputs[:100]


def stamp_pictures() -> Tensor:
    """The 70 test photos and 30 of the validation split, uint8 [100, 3, 224, 224]."""
    splits = load_animal_vegetable_mineral(image_size=224)
    return torch.cat([splits.test.inputs, splits.valid.inputs[:30]])


PICTURES = {"laundry": laundry_pictures, "animal_vegetable_mineral": stamp_pictures}

ASK = """([data, dims]) => document.querySelector("tb-classifier")
    .logits(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)), dims)"""


# The mean difference of neighbouring pixels, of 255.
ROUGHNESS = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let i = 4; i < data.length; i += 4) sum += Math.abs(data[i] - data[i - 4]);
    return 4 * sum / data.length;
}"""


@pytest.fixture
def open_figure(browser, site):
    """Open a page of the site; at the end nothing may have been asked of another host."""
    contexts, elsewhere, errors = [], [], []

    def open_figure(page, tag="tb-classifier"):
        context = browser.new_context()
        contexts.append(context)
        tab = context.new_page()
        host = urlsplit(site).netloc
        context.on(
            "request",
            lambda r: urlsplit(r.url).netloc not in ("", host) and elsewhere.append(r.url),
        )
        tab.on("console", lambda m: m.type == "error" and errors.append(m.text))
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(f"{site}/{page}")
        tab.locator(tag).scroll_into_view_if_needed()  # it is built when one is near
        expect(tab.locator(f"{tag} button").first).to_be_attached()
        return tab

    yield open_figure
    for context in contexts:
        context.close()
    assert (elsewhere, errors) == ([], [])


def test_the_book_has_live_models():
    assert "chapters/03_computer_vision.html" in {page for page, _, _ in CLASSIFIERS}
    assert {model for _, model, _ in CLASSIFIERS} <= set(PICTURES)


@pytest.mark.parametrize(("page", "model", "classes"), CLASSIFIERS)
def test_first_answer_and_offline(open_figure, page, model, classes):
    """The model is fetched once and says what the build had it say; then no net is needed."""
    tab = open_figure(page)
    asked = []
    tab.context.on("request", lambda request: asked.append(request.url))
    samples, shares = tab.locator(".tb-sample"), tab.locator(".tb-share")
    answers = {}
    if model in STORED:
        for place in range(samples.count()):
            samples.nth(place).click()
            answers[place] = [percent(text) for text in shares.all_text_contents()]
            expect(tab.locator(".tb-foot")).to_contain_text("when this page was built")
        assert not [url for url in asked if "onnx" in url]
        samples.nth(0).click()
        tab.get_by_role("button", name=re.compile(r"Ask it here, now \(\d+\.\d MB\)")).click()
    else:
        samples.nth(0).click()
    expect(tab.locator(".tb-foot")).to_contain_text("just now", timeout=60_000)
    assert sum(url.endswith(f"/{model}.onnx") for url in asked) == 1

    tab.context.set_offline(True)
    for place in range(1, samples.count() if answers else 2):
        tab.locator(".tb-origin").evaluate("line => { line.textContent = ''; }")
        samples.nth(place).click()
        expect(tab.locator(".tb-foot")).to_contain_text("just now")
        expect(samples.nth(place)).to_have_attribute("aria-pressed", "true")
        found = [percent(text) for text in shares.all_text_contents()]
        assert found == pytest.approx(answers.get(place, found), abs=2)
    expect(tab.locator(".tb-class")).to_have_text(list(classes))
    expect(tab.locator(".tb-problem")).to_be_empty()


@pytest.mark.parametrize("count", [5, pytest.param(100, marks=pytest.mark.weekly)])
@pytest.mark.parametrize("model", sorted({model for _, model, _ in CLASSIFIERS}))
def test_the_same_logits_as_pytorch(open_figure, model, count):
    page, _, classes = next(found for found in CLASSIFIERS if found[1] == model)
    record = json.loads((MODELS / f"{model}.check.json").read_text(encoding="utf-8"))
    assert tuple(record["classes"]) == classes
    tab = open_figure(page)
    tab.evaluate("document.querySelector('tb-classifier').load()")
    answers = []
    for picture in PICTURES[model]()[:count]:
        data = base64.b64encode(picture.contiguous().numpy().tobytes()).decode()
        answers.append(tab.evaluate(ASK, [data, [1, *picture.shape]]))
    found = torch.tensor(answers)
    for runtime in ("pytorch", "onnxruntime"):
        if runtime not in record:
            continue
        expected = torch.tensor(record[runtime][:count])
        largest = expected.abs().max()
        difference = ((found - expected).abs().max() / largest).item()
        print(f"{model}: differs from {runtime} by at most {difference:.2g} of the largest logit")
        # Another runtime on the same file: as good as equal. Weights stored as float16: the file's.
        tolerance = 1e-4 if runtime == "onnxruntime" else record.get("tolerance", 0.01)
        assert difference <= tolerance


def test_the_gpt_goes_on_from_the_readers_words(open_figure):
    tab = open_figure("chapters/17_gpt.html", "tb-writer")
    figure = tab.locator("tb-writer")
    figure.get_by_role("textbox").fill("JULIET:\n")
    figure.get_by_role("button", name="Write", exact=True).click()
    paper = figure.locator(".tb-paper")
    expect(paper).to_have_text(re.compile(r"JULIET:\s.{60}", re.S), timeout=60_000)
    figure.get_by_role("button", name="Stop", exact=True).first.click()
    expect(figure.locator(".tb-problem")).to_be_empty()
    words = re.findall("[A-Za-z]+", paper.inner_text())
    assert 2 < sum(map(len, words)) / len(words) < 8  # it has learned how long words are


def test_the_sampler_draws_a_picture_from_noise(open_figure):
    tab = open_figure("chapters/22_generative.html", "tb-sampler")
    figure = tab.locator("tb-sampler")
    canvas = figure.locator(".tb-sampler-view")
    noise = canvas.evaluate(ROUGHNESS)
    figure.get_by_role("button", name=re.compile("^Draw")).click()
    expect(figure.locator(".tb-explanation")).to_contain_text("in 20 steps", timeout=60_000)
    expect(figure.locator(".tb-problem")).to_be_empty()
    assert canvas.evaluate(ROUGHNESS) < noise / 3
