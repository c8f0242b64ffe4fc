"""Figures on the page weigh less than matplotlib's files, look the same and say the same."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image
from torchbook_site.resolve import drawings
from torchbook_site.resolve.drawings import inline_svg

from torchbook import plots

ROOT = Path(__file__).parents[1]


def test_coordinates_are_cut_to_a_hundredth_and_words_are_not():
    with plt.rc_context({"svg.fonttype": "none"}):
        figure, axis = plt.subplots()
        axis.plot([0.123456, 0.98765], [0.5, 0.77777], "o-")
        axis.set_title("pi is 3.14159")
        file = io.StringIO()
        plots.describe(figure, "A line; pi is 3.14159.").savefig(file, format="svg")
    page = inline_svg(file.getvalue())
    assert ">pi is 3.14159<" in page
    assert 'aria-label="A line; pi is 3.14159."' in page
    assert len(page) < 0.8 * len(file.getvalue())
    places = [
        part.split('"')[0] for name in ("d", "x", "y") for part in page.split(f' {name}="')[1:]
    ]
    numbers = [n for place in places for n in re.findall(r"[\d.]+", place) if "." in n]
    assert len(numbers) > 20
    assert all(len(number.split(".")[1]) <= 2 for number in numbers)


def test_equal_marks_share_one_style():
    figure, axis = plt.subplots()
    axis.plot(range(50), "o", color="#123456")
    axis.plot(range(50, 0, -1), "s", color="#654321")
    file = io.StringIO()
    plots.describe(figure, "Two rows of marks.").savefig(file, format="svg")
    page = inline_svg(file.getvalue())
    for colour in ("#123456", "#654321"):
        (group,) = re.findall(rf'<g style="fill: {colour}[^>]*>\n((?:<use [^>]*/>\n)*)</g>', page)
        assert group.count("<use href=") == 50
        assert "style" not in group
    ids = set(re.findall(r'id="([^"]+)"', page))
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page))
    assert {a or b for a, b in used} <= ids  # nothing points nowhere


@pytest.fixture
def stored():
    """A function from RGBA pixels to the kind and the pixels of what the page holds."""

    def store(pixels: np.ndarray) -> tuple[str, np.ndarray, int]:
        file = io.BytesIO()
        Image.fromarray(pixels, "RGBA").save(file, "PNG")
        uri = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        uri = drawings.EMBEDDED.sub(drawings._shrink_png, uri)
        kind, packed = re.fullmatch(r"data:image/(\w+);base64,(.*)", uri).groups()
        content = base64.b64decode(packed)
        with Image.open(io.BytesIO(content)) as image:
            return kind, np.asarray(image.convert("RGBA")), len(content)

    return store


def opaque(rgb: np.ndarray) -> np.ndarray:
    return np.dstack([rgb, np.full(rgb.shape[:2], 255)]).astype(np.uint8)


def test_grey_loses_no_pixel(stored):
    grey = np.arange(64 * 64).reshape(64, 64, 1).repeat(3, axis=2) % 251
    kind, pixels, _ = stored(opaque(grey))
    assert kind == "png"
    assert np.array_equal(pixels, opaque(grey))


def test_a_photo_becomes_smaller_and_looks_the_same(stored):
    row, column = np.mgrid[0:64, 0:64]
    photo = opaque(np.dstack([4 * row, 4 * column, 255 - 2 * row - 2 * column]))
    kind, pixels, size = stored(photo)
    assert kind == "webp"
    assert np.abs(pixels.astype(int) - photo).mean() < 4
    assert size < 2_000


def test_few_colours_and_transparent_pictures_stay_as_they_are(stored):
    few = opaque(np.random.default_rng(0).integers(0, 5, (20, 20, 3)) * 50)
    clear = np.random.default_rng(1).integers(0, 256, (30, 30, 4)).astype(np.uint8)
    for picture in (few, clear):
        kind, pixels, _ = stored(picture)
        assert kind == "png"
        assert np.array_equal(pixels, picture)
