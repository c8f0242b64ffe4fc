"""What keeps pages light: the trimmed stylesheet, the sizes of pictures, the choice of scripts."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pydata_sphinx_theme
import pytest
from PIL import Image
from sphinx.builders.html._assets import _JavaScript

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book" / "extensions"))

import tb_images  # noqa: E402
import tb_scripts  # noqa: E402
import tb_styles  # noqa: E402


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".used{a:b}.not-used{a:b}", ".used{a:b}"),
        (".used .not-used,p{a:b}", "p{a:b}"),
        ("p:not(.not-used){a:b}", "p:not(.not-used){a:b}"),
        (":is(.used,.not-used) p{a:b}", ":is(.used,.not-used) p{a:b}"),
        ("@media print{.used{a:b}.not-used{a:b}}", "@media print{.used{a:b}}"),
        ("@media print{.not-used{a:b}}", ""),
        ("@font-face{font-family:F}@keyframes k{to{a:b}}", "@keyframes k{to{a:b}}"),
        ('.used::before{content:"};{"}', '.used::before{content:"};{"}'),
        ("/* .x{ */.used{background:url(data:a;b,c)}", ".used{background:url(data:a;b,c)}"),
        (':root{--x:"a"}[data-x="}"] p{a:b}', ':root{--x:"a"}[data-x="}"] p{a:b}'),
    ],
)
def test_a_rule_stays_where_its_classes_are_used(css, kept):
    assert tb_styles.trimmed(css, {"used"}) == kept


@pytest.mark.parametrize("css", ["p{a:b}}", "p{a:b"])
def test_a_broken_sheet_is_not_cut_silently(css):
    with pytest.raises(ValueError, match=r"brace too many|ends within"):
        tb_styles.trimmed(css, set())


def test_a_drawing_in_a_file_of_its_own_has_the_colours_of_both_themes():
    light, dark, looks = tb_styles.drawing_styles()
    used = set(re.findall(r"var\((--[\w-]+)\)", looks))
    assert used
    for theme in (light, dark):
        declared = set(re.findall(r"(--[\w-]+):", theme))
        assert used - declared == set()
    assert light != dark
    assert "svg.tb-graph" in looks
    assert "svg.tb-drawing" in looks


def test_classes_of_pages_and_words_of_scripts_are_in_use(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "page.html").write_text('<p class="one two">')
    (tmp_path / "_static" / "own.js").write_text('element.classList.add("three-four")')
    (tmp_path / "_static" / "bootstrap.js").write_text('element.classList.add("five")')
    used = tb_styles.names_in_use(tmp_path)
    assert {"one", "two", "three-four"} <= used
    assert "five" not in used


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="30" height="20.4"', (30, 20)),
        ('width="30px" height="20pt" viewBox="0 0 3 2"', (30, 20)),
        ('viewBox="0 0 560 250.4"', (560, 250)),
        ('width="100%" viewBox="0,0,8,6"', (8, 6)),
        ('stroke-width="3"', None),
    ],
)
def test_a_drawing_says_its_size(tmp_path, attributes, size):
    path = tmp_path / "drawing.svg"
    path.write_text(f'<?xml version="1.0"?><svg {attributes}><rect width="1" height="1"/></svg>')
    assert tb_images.size_of(path) == size


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_picture_says_its_size(tmp_path, suffix):
    path = tmp_path / f"picture.{suffix}"
    Image.new("RGB", (7, 5)).save(path)
    assert tb_images.size_of(path) == (7, 5)


def test_a_page_keeps_the_scripts_that_it_uses():
    code = '<div class="highlight-python notranslate"><div class="highlight"></div></div>'
    assert tb_scripts.is_used("_static/copybutton.js", code)
    assert not tb_scripts.is_used("_static/copybutton.js", "<p>highlight</p>")
    assert tb_scripts.is_used("_static/figures/matmul.js", "")
    assert not tb_scripts.is_used(None, code)


@pytest.mark.parametrize("attributes", [{"defer": ""}, {"async": ""}, {"type": "module"}])
def test_a_script_that_waits_stays_as_it_is(attributes):
    script = _JavaScript("a.js", priority=1, **attributes)
    assert tb_scripts.deferred(script) is script


def test_other_scripts_are_made_to_wait():
    script = _JavaScript("a.js", priority=7, id="x")
    assert tb_scripts.deferred(script).attributes == {"id": "x", "defer": "defer"}
    assert tb_scripts.deferred(script).priority == 7


def test_the_site_has_our_scripts_without_comments(tmp_path):
    for folder in ("book/static/figures", "html/_static/figures"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.js").write_text(
            "// A comment.\n/** @type {string} */\nconst text = `a  // ${1}`;\nshow(text / 2);\n"
        )
    app = SimpleNamespace(
        builder=SimpleNamespace(format="html"),
        config=SimpleNamespace(html_static_path=["book/static"]),
        confdir=tmp_path,
        outdir=tmp_path / "html",
    )
    tb_scripts._minify(app, None)
    built = (tmp_path / "html/_static/figures/x.js").read_text()
    assert built == "const text=`a  // ${1}`;show(text/2);"


def test_the_theme_is_calmed_once_and_another_one_is_not_taken_for_it():
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    script = (theme / tb_scripts.THEME).read_text(encoding="utf-8")
    calm = tb_scripts.calmed(script)
    assert '"pre",' in script
    assert '"pre",' not in calm
    assert calm.count("requestAnimationFrame") == script.count("requestAnimationFrame") + 1
    assert tb_scripts.calmed(calm) == calm
    with pytest.raises(ValueError, match="there is no"):
        tb_scripts.calmed("another.theme();")
