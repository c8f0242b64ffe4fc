"""A figure on the page weighs less than matplotlib's file, and says the same."""

import io
import re
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from torchbook import plots

ROOT = Path(__file__).parents[1]


@pytest.fixture
def inline_svg(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book" / "extensions")
    from tb_figures import inline_svg

    return inline_svg


def test_coordinates_are_cut_to_a_hundredth_and_words_are_not(inline_svg):
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


def test_equal_marks_share_one_style(inline_svg):
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
