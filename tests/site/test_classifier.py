"""<tb-classifier>: a model in the page, from the press of its button to the answer."""

import io
import re
import shutil

import numpy as np
import pytest
import torch
from conftest import FIGURES, serve, theme_styles
from figure_page import CONTRAST, FALLBACK, LOOKS, STICKING_OUT
from live_models import CLASSES, Halves, MeanColour, prepare
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.site

# Besides our own files: a program for the browser's own machine, and what the worker fetches.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'"
)


@pytest.fixture(scope="module")
def figures_server(tmp_path_factory):
    """The figures, two tiny models, some samples and the runtime, and their address."""
    folder = tmp_path_factory.mktemp("live")
    shutil.copytree(FIGURES, folder, dirs_exist_ok=True)
    (folder / "theme.css").write_text(theme_styles())
    prepare(folder)
    with serve(folder) as address:
        yield folder, address


def classifier(model="colour.onnx", classes=CLASSES, inside=None, **attributes):
    """The element with two samples."""
    inside = inside or (
        '<img src="models/red.png" width="40" height="30" alt="a red card">'
        '<img src="models/blue.png" width="40" height="30" alt="a blue card">'
    )
    given = {"model": f"models/{model}", "classes": ", ".join(classes), **attributes}
    text = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in given.items())
    return f"<tb-classifier {text}><p>{FALLBACK}</p>{inside}</tb-classifier>"


def drawing(**attributes):
    tiles = '<img src="models/tiles.png" data-tile="28" width="56" height="28" alt="tiles">'
    return classifier("halves.onnx", ("left", "right"), kind="grey28", inside=tiles, **attributes)


@pytest.fixture
def open_live(open_page):
    def open_live(body, **options):
        return open_page(body, policy=POLICY, **options)

    return open_live


def load(page):
    page.locator(".tb-sample").first.click()
    expect(page.locator(".tb-share").first).not_to_be_empty(timeout=20_000)


def answer(page):
    return page.locator(".tb-sentence-line")


def png(size=(30, 20), colour=(10, 200, 10)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}


def with_answers(first="2 0.5 -1", second="0.6 0.5 0.4"):
    """The element with what the build adds: samples with answers, and a threshold."""
    inside = "".join(
        f'<img src="models/{name}.png" width="40" height="30" alt="a {name} card" '
        f'data-logits="{logits}">'
        for name, logits in (("red", first), ("blue", second))
    )
    return classifier(inside=inside, data_bytes=3_700_000, data_threshold="0.684")


def test_nothing_is_loaded_before_the_first_question_and_the_size_is_said(open_live):
    page = open_live(classifier(data_bytes=4_012_345))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_text(FALLBACK)).to_have_count(0)
    expect(answer(page)).to_have_text("Pick a picture.")
    expect(page.locator(".tb-foot")).to_contain_text("the model comes to this device (4.0 MB)")
    page.wait_for_timeout(300)
    assert not [url for url in asked if "onnx" in url or "worker" in url]


def test_one_press_of_a_sample_loads_the_model_and_answers(open_live):
    page = open_live(classifier(data_bytes=3_700_000))
    page.get_by_role("button", name="a red card").click()
    expect(answer(page)).to_have_text("red, over 99 %.", timeout=20_000)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_text("the model comes to")).to_have_count(0)
    page.get_by_role("button", name="a blue card").click()
    expect(answer(page)).to_have_text("blue, over 99 %.")
    expect(page.get_by_role("status")).to_have_text("blue, over 99 %. Then red, under 1 %.")
    expect(page.get_by_role("button", name="a blue card")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text(re.compile(r"just now, in your browser, in \d+ ms\."))).to_be_visible()
    shares = page.locator(".tb-share").all_text_contents()
    assert shares == ["under 1 %", "under 1 %", "over 99 %"]


def test_a_sample_with_an_answer_from_the_build_loads_nothing_until_asked_here(open_live):
    page = open_live(with_answers())
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="a red card").click()
    expect(answer(page)).to_have_text("red, 79 %.")
    expect(page.locator(".tb-foot")).to_contain_text("when this page was built")
    page.get_by_role("button", name="a blue card").click()
    expect(answer(page)).to_have_text("Not sure: red, 37 %?")  # wrong, as a model may be
    expect(page.locator(".tb-answers")).to_contain_text("Below the mark, 68 %, it is not sure.")
    assert not asked
    page.get_by_role("button", name="Ask it here, now (3.7 MB)").click()
    expect(page.get_by_role("button", name="a blue card")).to_be_focused()
    expect(answer(page)).to_have_text("blue, over 99 %.", timeout=20_000)
    expect(page.locator(".tb-foot")).to_contain_text("just now")
    page.get_by_role("button", name="a red card").click()  # from now on it answers itself
    expect(answer(page)).to_have_text("red, over 99 %.")
    expect(page.get_by_role("button", name="Ask it here")).to_have_count(0)


def test_without_a_network_there_are_the_answers_of_the_build_and_then_a_reason(open_live):
    page = open_live(with_answers())
    page.context.set_offline(True)
    page.get_by_role("button", name="a red card").click()
    expect(answer(page)).to_have_text("red, 79 %.")
    page.get_by_label("Your own picture").set_input_files(png())
    expect(page.locator(".tb-problem")).to_contain_text("You are offline", timeout=20_000)
    expect(answer(page)).to_be_empty()  # the answer for the red card would be wrong here
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(answer(page)).to_contain_text("green", timeout=20_000)


def test_the_same_logits_as_pytorch(open_live):
    page = open_live(classifier() + drawing())
    generator = np.random.default_rng(0)
    for index, (model, shapes) in enumerate(
        [
            (MeanColour(), [(1, 3, 7, 5), (1, 3, 64, 33), (1, 3, 1, 1)]),
            (Halves(), [(1, 1, 28, 28)] * 3),
        ]
    ):
        page.evaluate("i => document.querySelectorAll('tb-classifier')[i].load()", index)
        for shape in shapes:
            pixels = generator.integers(256, size=shape, dtype=np.uint8)
            found = page.evaluate(
                """([i, data, dims]) => document.querySelectorAll('tb-classifier')[i]
                    .logits(Uint8Array.from(data), dims)""",
                [index, pixels.ravel().tolist(), list(shape)],
            )
            with torch.inference_mode():
                expected = model(torch.from_numpy(pixels))[0]
            torch.testing.assert_close(torch.tensor(found), expected, rtol=1e-5, atol=1e-5)


def test_a_picture_and_its_pixels_are_the_same(open_live):
    page = open_live(classifier())
    page.evaluate("document.querySelector('tb-classifier').load()")
    pixels = np.random.default_rng(0).integers(256, size=(4, 6, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    found = page.evaluate(
        """data => document.querySelector('tb-classifier')
            .logits(new ImageData(Uint8ClampedArray.from(data), 6, 4))""",
        pixels.ravel().tolist(),
    )
    expected = pixels[..., :3].reshape(-1, 3).mean(axis=0) / 25
    assert found == pytest.approx(expected.tolist(), rel=1e-5)


def test_a_picture_of_ones_own_by_choosing_dropping_and_pasting(open_live):
    page = open_live(classifier())
    page.get_by_label("Your own picture").set_input_files(png())  # which loads the model
    expect(answer(page)).to_contain_text("green", timeout=20_000)
    expect(page.locator(".tb-view")).to_be_visible()
    page.get_by_role("button", name="a red card").click()
    expect(answer(page)).to_contain_text("red")
    expect(page.locator(".tb-view")).to_be_hidden()
    page.get_by_label("Your own picture").set_input_files(png())
    expect(answer(page)).to_contain_text("green")
    expect(page.get_by_role("button", name="a red card")).to_have_attribute("aria-pressed", "false")

    give = """async ([kind, data]) => {
        const carried = new DataTransfer();
        carried.items.add(new File([Uint8Array.from(data)], "x.png", { type: "image/png" }));
        const options = { bubbles: true, cancelable: true };
        const event = kind === "drop"
            ? new DragEvent("drop", { ...options, dataTransfer: carried })
            : new ClipboardEvent("paste", { ...options, clipboardData: carried });
        document.querySelector("tb-classifier").dispatchEvent(event);
    }"""
    for kind, colour, name in (("drop", (0, 0, 250), "blue"), ("paste", (250, 0, 0), "red")):
        page.evaluate(give, [kind, list(png(colour=colour)["buffer"])])
        expect(answer(page)).to_contain_text(name)


def test_removed_from_the_page_it_takes_no_more_pictures(open_live):
    page = open_live(classifier())
    asked = page.evaluate(
        """() => {
            const figure = document.querySelector("tb-classifier");
            const parent = figure.parentElement;
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([], "x.png", { type: "image/png" }));
            let asked = 0;
            figure.askFile = () => { asked += 1; };
            const paste = () => {
                document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
                return asked;
            };
            const found = [paste()];
            figure.remove();
            found.push(paste());
            parent.append(figure);
            found.push(paste());
            return found;
        }"""
    )
    assert asked == [1, 1, 2]


def test_a_large_picture_is_made_smaller_and_a_transparent_one_stands_on_white(open_live):
    page = open_live(classifier())
    load(page)
    page.get_by_label("Your own picture").set_input_files(png((3000, 1500)))
    expect(answer(page)).to_contain_text("green")
    sizes = "(view) => [view.width, view.height]"
    assert page.locator(".tb-view").evaluate(sizes) == [1024, 512]
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(file, "PNG")
    page.get_by_label("Your own picture").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    expect(answer(page)).to_have_text("red, 33 %.")  # white: as much of each


def test_a_file_that_is_no_picture(open_live):
    page = open_live(classifier())
    load(page)
    broken = {"name": "cat.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"}
    page.get_by_label("Your own picture").set_input_files(broken)
    expect(page.locator(".tb-problem")).to_contain_text("“cat.jpg” could not be read as a picture.")
    expect(page.get_by_role("status")).to_contain_text("could not be read")
    expect(page.locator(".tb-share").first).to_be_empty()  # no answer to another picture stays
    page.get_by_label("Your own picture").set_input_files(png())  # and on it goes
    expect(answer(page)).to_contain_text("green")
    expect(page.locator(".tb-problem")).to_be_empty()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nowhere.onnx", "The download failed. Check the connection and try again. (/models/"),
        ("broken.onnx", "The file that arrived is not a model that works here."),
    ],
)
def test_a_model_that_does_not_come(open_live, model, message):
    page = open_live(classifier(model))
    page.get_by_role("button", name="a red card").click()
    expect(page.locator(".tb-problem")).to_contain_text(message, timeout=20_000)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text(message)


def test_a_download_that_fails_can_be_tried_again(open_live):
    page = open_live(classifier())
    broken = True

    def answer_request(route):
        route.abort() if broken else route.continue_()

    page.context.route("**/onnxruntime/*", answer_request)
    page.get_by_role("button", name="a red card").click()
    expect(page.locator(".tb-problem")).to_contain_text("The download failed.", timeout=20_000)
    broken = False
    page.get_by_role("button", name="Try again").click()
    expect(answer(page)).to_contain_text("red", timeout=20_000)
    expect(page.locator(".tb-problem")).to_be_empty()


def test_a_download_shows_how_far_it_is_and_can_be_stopped(open_live):
    page = open_live(classifier(data_bytes=13_700_000))
    page.context.route("**/models/colour.onnx", lambda route: None)  # it never comes
    page.get_by_role("button", name="a red card").click()
    expect(page.locator(".tb-received")).to_have_text(
        re.compile(r"\d\.\d MB of 13\.7 MB"), timeout=20_000
    )
    expect(page.get_by_role("progressbar", name="Download")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Try again")).to_be_focused()
    expect(page.locator(".tb-problem")).to_be_empty()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_a_browser_that_is_too_old_says_so(open_live):
    page = open_live(classifier())
    page.evaluate("delete globalThis.DecompressionStream")
    page.get_by_role("button", name="a red card").click()
    expect(page.locator(".tb-problem")).to_contain_text("cannot run in this browser")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_it_works_offline_once_loaded(open_live):
    page = open_live(classifier())
    load(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="a blue card").click()
    expect(answer(page)).to_contain_text("blue")


def test_the_page_stays_quick_while_the_model_thinks(open_live):
    """The model has a thread of its own: the page gets its turns before the answer comes."""
    page = open_live(classifier())
    load(page)
    assert [worker.url.rsplit("/", 1)[1] for worker in page.workers] == ["classifier-worker.js"]
    turns = page.evaluate(
        """async () => {
            const figure = document.querySelector("tb-classifier");
            const busy = figure.logits(new Uint8Array(3 * 4000 * 4000), [1, 3, 4000, 4000]);
            let turns = 0;
            let isDone = false;
            busy.then(() => { isDone = true; });
            while (!isDone) {
                await new Promise((resolve) => setTimeout(resolve));
                turns += 1;
            }
            return turns;
        }"""
    )
    assert turns > 1


def camera(page, code):
    page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = async () => {{ {code} }}; }}")
    page.get_by_role("button", name="Use the camera").click()


FILMS_BLUE = """
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [64, 48];
    const context = canvas.getContext("2d");
    const draw = () => {
        context.fillStyle = "#00f";
        context.fillRect(0, 0, 64, 48);
        requestAnimationFrame(draw);
    };
    draw();
    window.stream = canvas.captureStream();
    return window.stream;
"""
IS_ON = "window.stream.getTracks().some((track) => track.readyState === 'live')"


def test_the_camera_is_on_only_until_the_picture_is_taken(open_live):
    page = open_live(classifier())
    load(page)
    camera(page, FILMS_BLUE)
    take = page.get_by_role("button", name="Take the picture")
    expect(take).to_be_focused()
    assert page.evaluate(IS_ON)
    page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    take.click()
    expect(answer(page)).to_contain_text("blue")
    assert not page.evaluate(IS_ON)
    expect(take).to_have_count(0)
    expect(page.get_by_role("button", name="Use the camera")).to_be_focused()
    camera(page, FILMS_BLUE)
    page.get_by_role("button", name="Camera off").click()
    assert not page.evaluate(IS_ON)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("throw new DOMException('', 'NotAllowedError')", "may not use the camera"),
        ("throw new DOMException('', 'NotFoundError')", "There is no camera"),
        ("throw new DOMException('', 'NotReadableError')", "The camera is busy"),
        ("throw new DOMException('odd', 'AbortError')", "The camera gives no picture (odd)."),
    ],
)
def test_a_camera_that_gives_nothing(open_live, code, message):
    page = open_live(classifier())
    load(page)
    camera(page, code)
    expect(page.locator(".tb-problem")).to_contain_text(message)


def test_no_camera_where_browsers_lend_none(open_live):
    page = open_live(classifier())
    load(page)
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator(".tb-problem")).to_contain_text("over https or from localhost")


def test_tiles_are_samples_of_their_classes(open_live):
    page = open_live(drawing())
    load(page)
    expect(answer(page)).to_have_text("left, 98 %. The label says left.")
    page.get_by_role("button", name="right").click()
    expect(answer(page)).to_have_text("right, 98 %. The label says right.")


def test_drawing_with_the_pointer(open_live):
    page = open_live(drawing())
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("progressbar")).to_have_count(0)  # an empty pad loads nothing
    load(page)
    page.get_by_role("button", name="Clear").click()
    expect(answer(page)).to_have_text("left, 50 %.")
    box = page.locator(".tb-pad-28").bounding_box()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 200, steps=4)
    page.mouse.up()
    expect(answer(page)).to_have_text(re.compile(r"right, [56789]\d %\."))
    page.get_by_label("brush", exact=True).select_option("rub out")
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()
    expect(answer(page)).to_have_text("left, 50 %.")


def test_drawing_by_keyboard(open_live):
    page = open_live(drawing())
    load(page)
    page.get_by_role("button", name="Clear").click()
    page.locator(".tb-pad-28").focus()
    for key in ["ArrowRight"] * 6 + [" "] + ["ArrowDown"] * 10 + [" "] + ["ArrowLeft"] * 20:
        page.keyboard.press(key)
    expect(answer(page)).to_have_text(re.compile(r"right, [56]\d %\."))
    assert page.evaluate("scrollY") == 0


def test_a_photo_becomes_grey_small_and_bright_on_black(open_live):
    page = open_live(drawing())
    load(page)
    picture = Image.new("RGB", (300, 200), (250, 250, 250))
    picture.paste((20, 60, 20), (200, 50, 260, 150))  # something dark, on the right, on white
    file = io.BytesIO()
    picture.save(file, "PNG")
    page.get_by_label("Your own picture").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    expect(answer(page)).to_have_text(re.compile(r"right, \d\d %\."))
    pixels = page.locator(".tb-pad-28").evaluate(
        "view => [...view.getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    pixels = np.array(pixels).reshape(28, 28, 4)[..., :3]
    assert (pixels == pixels[..., :1]).all()
    assert pixels[14, 21, 0] > 180
    assert pixels[14, 5, 0] < 10


def test_by_keyboard_alone(open_live):
    page = open_live(classifier())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.firstChild.alt") == "a red card"
    page.keyboard.press("Enter")
    expect(answer(page)).to_contain_text("red", timeout=20_000)
    walk = []
    for _ in range(3):
        page.keyboard.press("Tab")
        walk.append(
            page.evaluate(
                "document.activeElement.textContent || document.activeElement.firstChild.alt"
            )
        )
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid", walk[-1]
    assert walk == ["a blue card", "Choose a picture", "Use the camera"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(answer(page)).to_contain_text("blue")


def test_wrong_attributes_are_reported_and_leave_the_fallback(open_live):
    page = open_live(classifier(kind="video"), expect_problems=True)
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    expect(page.locator(".tb-figure")).to_have_count(0)


def test_a_model_with_other_classes_is_not_believed(open_live):
    page = open_live(classifier(classes=("one", "two")))
    page.get_by_role("button", name="a red card").click()
    expect(page.locator(".tb-problem")).to_contain_text("3 answers for 2 classes", timeout=20_000)


def test_without_scripts_the_fallback_stays(open_live):
    page = open_live(classifier(), java_script_enabled=False)
    expect(page.get_by_text(FALLBACK)).to_be_visible()
    expect(page.get_by_alt_text("a red card")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_legible_within_the_screen_and_axe_finds_nothing(open_live, axe_violations, theme, width):
    page = open_live(
        "<h1>Figures</h1>" + with_answers() + drawing(),
        width=width,
        theme=theme,
        reduced_motion="reduce",
        bypass_csp=True,
    )
    for stage in ("before", "after"):
        if stage == "after":
            for name in ("a blue card", "right"):
                page.get_by_role("button", name=name).first.click()
                expect(page.locator(".tb-sentence-line").last).not_to_be_empty()
            expect(page.locator(".tb-share").last).not_to_be_empty(timeout=20_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(STICKING_OUT) == []
        assert page.evaluate(CONTRAST)[0][0] >= 4.5, page.evaluate(CONTRAST)[:3]
        found = [v for v in axe_violations(page) if v[0] not in ("region", "landmark-one-main")]
        assert found == [], stage
