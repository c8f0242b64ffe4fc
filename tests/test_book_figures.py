"""Figures on the page weigh less than matplotlib's files, look the same and say the same."""

import base64
import io
import pickle
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image
from torchbook_site.resolve.drawings import drawing, plot, shrink_png

from torchbook import plots


def test_coordinates_are_cut_to_a_hundredth_and_words_are_not(tmp_path):
    with plt.rc_context({"svg.fonttype": "none"}):
        figure, axis = plt.subplots()
        axis.plot([0.123456, 0.98765], [0.5, 0.77777], "o-")
        axis.set_title("pi is 3.14159")
        file = tmp_path / "line.svg"
        plots.describe(figure, "A line; pi is 3.14159.").savefig(file)
    page = plot(file).inline()
    assert ">pi is 3.14159<" in page
    assert 'aria-label="A line; pi is 3.14159."' in page
    assert len(page) < 0.8 * file.stat().st_size
    places = [
        part.split('"')[0] for name in ("d", "x", "y") for part in page.split(f' {name}="')[1:]
    ]
    numbers = [n for place in places for n in re.findall(r"[\d.]+", place) if "." in n]
    assert len(numbers) > 20
    assert all(len(number.split(".")[1]) <= 2 for number in numbers)


def test_equal_marks_share_one_style(tmp_path):
    figure, axis = plt.subplots()
    axis.plot(range(50), "o", color="#123456")
    axis.plot(range(50, 0, -1), "s", color="#654321")
    file = tmp_path / "marks.svg"
    plots.describe(figure, "Two rows of marks.").savefig(file)
    page = plot(file).inline()
    for colour in ("#123456", "#654321"):
        (group,) = re.findall(rf'<g style="fill: {colour}[^>]*>\n((?:<use [^>]*/>\n)*)</g>', page)
        assert group.count("<use href=") == 50
        assert "style" not in group
    ids = set(re.findall(r'id="([^"]+)"', page))
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page))
    assert {a or b for a, b in used} <= ids  # nothing points nowhere


def drawn(figure, file):
    """Write a figure as a cell does, and read it as the book does."""
    with plt.rc_context({"svg.fonttype": "none"}):
        plots.describe(figure, "A figure.").savefig(file)
    return plot(file)


def test_exponents_are_nearly_as_large_as_other_text_and_have_room(tmp_path):
    figure, axis = plt.subplots(figsize=(4.5, 3))
    axis.set(xscale="log", xlim=(0.01, 100))
    shown = drawn(figure, tmp_path / "log.svg")
    parts = re.findall(r'<tspan x="([\d.]+)"[^>]*font-size: ([\d.]+)px[^>]*>(.)<', shown.body)
    assert {size for *_, size, _ in parts} == {"10", "9"}
    places = {sign: float(x) for x, size, sign in parts[:4]}  # those of 10^-2
    assert places["2"] - places["−"] > 0.838 * 9 - 0.1  # the width of a minus sign in DejaVu Sans
    assert shown.least_width == 396  # 4.5 inches, 324 points, on which 9 points become 11 pixels


def test_a_plot_says_how_narrow_it_may_be_only_where_a_screen_might_be_narrower(tmp_path):
    wide, _ = plt.subplots(figsize=(9, 3))
    small, _ = plt.subplots(figsize=(3, 3))
    for figure, style in ((wide, ' style="min-width: 713px"'), (small, "")):
        shown = drawn(figure, tmp_path / "plot.svg")
        plot.cache_clear()
        html = drawing("", format="html", drawing=shown, address="a.svg").astext()
        assert re.search(r' height="\d+"([^>]*)>', html)[1] == style


def test_what_a_plot_is_made_of_is_known_to_the_dark_theme(tmp_path):
    photo = np.mgrid[0:30, 0:30].transpose(1, 2, 0)[..., [0, 1, 0]] * 8
    pictures = {"tb-pale": "Blues", "tb-photos": None, "": "viridis"}
    for kind, colours in pictures.items():
        figure, axis = plt.subplots()
        axis.imshow(photo if kind == "tb-photos" else [[0, 0.2], [0.5, 1]], cmap=colours)
        shown = drawn(figure, tmp_path / f"{kind or 'other'}.svg")
        assert shown.attributes["class"] == f"tb-graph {kind}".strip()


def test_the_walls_of_a_plot_in_three_dimensions_are_no_slabs_in_the_dark(tmp_path):
    figure = plt.figure()
    figure.add_subplot(projection="3d")
    shown = drawn(figure, tmp_path / "walls.svg")
    assert shown.body.count("fill: currentColor; opacity: 0.06") == 3


def test_a_plot_as_a_file_is_whole_and_says_the_same_whenever_it_was_drawn(tmp_path):
    bodies = set()
    for year in (2001, 2002):
        figure, axis = plt.subplots()
        axis.imshow(np.arange(16).reshape(4, 4))
        file = tmp_path / f"{year}.svg"
        figure = plots.describe(figure, '"4 < 5" & so on')
        figure.savefig(file, metadata={"Date": f"{year}-01-01"})
        shown = plot(file)
        assert shown.alt == '"4 < 5" & so on'
        assert pickle.loads(pickle.dumps(shown)) == shown  # pages keep it from build to build
        bodies.add(shown.body)
    assert len(bodies) == 1
    for paper in (False, True):
        root = ElementTree.parse(tmp_path / shown.store(tmp_path, paper=paper)).getroot()
        (image,) = root.iter("{http://www.w3.org/2000/svg}image")
        assert image.get("href").startswith("data:image/png;base64,")
        assert ("dark" in root[0].text) != paper


@pytest.fixture
def stored():
    """A function from RGBA pixels to the kind and the pixels of what the page holds."""

    def store(pixels: np.ndarray) -> tuple[str, np.ndarray, int]:
        file = io.BytesIO()
        Image.fromarray(pixels, "RGBA").save(file, "PNG")
        uri = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        kind, packed = re.fullmatch(r"data:image/(\w+);base64,(.*)", shrink_png(uri)).groups()
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
