"""Pictures in the page's figures are stored as small as their kind allows, and look the same."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXTENSIONS = Path(__file__).parents[1] / "book" / "extensions"


@pytest.fixture
def stored(monkeypatch):
    """A function from RGBA pixels to the kind and the pixels of what the page holds."""
    monkeypatch.syspath_prepend(EXTENSIONS)
    import tb_figures

    def store(pixels: np.ndarray) -> tuple[str, np.ndarray, int]:
        file = io.BytesIO()
        Image.fromarray(pixels, "RGBA").save(file, "PNG")
        uri = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        uri = tb_figures.EMBEDDED.sub(tb_figures._shrink_png, uri)
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
