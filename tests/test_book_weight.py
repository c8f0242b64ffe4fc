"""What keeps pages light: the trimmed stylesheet, the sizes of pictures, the choice of scripts."""

import re
import subprocess
from types import SimpleNamespace

import pytest
from PIL import Image
from sphinx.builders.html._assets import _JavaScript
from torchbook_site.finish import css as styles
from torchbook_site.finish.files import add_static_files
from torchbook_site.finish.site import Site
from torchbook_site.resolve.drawings import drawing_styles
from torchbook_site.write import images, scripts


def test_a_rule_stays_if_something_uses_it():
    page = '<html data-theme="light"><p class="used two" id="here">Not a class: text.</p></html>'
    script = 'element.classList.add("by-script"); document.createElement("dialog")'
    kept = [
        ".used{a:b}",
        ".by-script:hover{a:b}",
        "#here.two>p{a:b}",
        "dialog[open]::backdrop{a:b}",
        'html[data-theme="light"] p{a:b}',
        ":root{--x:'a'}",
        ":focus-visible{a:b}",
        "p:not(.unused){a:b}",
        "p:has(.unused){a:b}",
        ":is(h1,.h1) p{a:b}",  # counts as a class
        "@media print{.used{a:b}}",
        "@keyframes k{to{a:b}}",
        '.used::before{content:"};{"}',
        ".used{background:url(data:a;b,c)}",
    ]
    changed = {
        ".used .unused,p{a:b}": "p{a:b}",
        ".text{a:b}": "",  # a word on the page, but not a class
        'html[data-theme="sepia"] p{a:b}': "",
        "p:is(.used,.unused){a:b}": "p:is(.used){a:b}",
        "@media print{.unused{a:b}}": "",
    }
    expected = dict(zip(kept, kept, strict=True)) | changed
    sheets = {css: css for css in expected}
    assert styles.trimmed(sheets, page, script) == expected


def test_a_broken_sheet_is_not_cut_silently(capfd):
    with pytest.raises(subprocess.CalledProcessError):
        styles.trimmed({"a.css": "p{a:b"}, "<p>", "")
    assert "Unclosed block" in capfd.readouterr().err


def test_the_sheets_of_others_are_trimmed_and_ours_stay_whole(tmp_path):
    sheets = {"torchbook.css": ".unused{a:b}", "styles/theme.css": "@font-face { a: url(f) }"}
    sheets["styles/theme.css"] += ".unused{a:b}p{background:url(../img/a.png),url('/b.png')}"
    sheets["dark.css"] = "p{c:d}"
    for name, css in sheets.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(css)
    media = {"styles/theme.css": "", "dark.css": "screen", "torchbook.css": ""}
    css = styles.site_css({"a.html": "<p>"}, tmp_path, media, trim=True)
    assert css.splitlines() == [
        "@layer important, theirs;",
        "@layer theirs {",
        "p{background:url(img/a.png),url('/b.png')}}",
        "@media screen {",
        "p{c:d}}",
        ".unused{a:b}",
    ]


def test_a_drawing_in_a_file_of_its_own_has_the_colours_of_both_themes():
    light, dark = drawing_styles()
    used = set(re.findall(r"var\((--[\w-]+)\)", light))
    assert used
    for theme in (light, dark):
        assert used <= set(re.findall(r"(--[\w-]+):", theme))
        assert "\nsvg:root {" in theme
        assert not {"<", "&"} & set(theme)  # they stand in a file of XML
    assert light != dark


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
    assert images.size_of(path) == size


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_picture_says_its_size(tmp_path, suffix):
    path = tmp_path / f"picture.{suffix}"
    Image.new("RGB", (7, 5)).save(path)
    assert images.size_of(path) == (7, 5)


def test_a_page_keeps_the_scripts_that_it_uses():
    code = '<div class="highlight-python notranslate"><div class="highlight"></div></div>'
    assert scripts.is_used("_static/copy.js", code)
    assert not scripts.is_used("_static/copy.js", "<p>highlight</p>")
    assert scripts.is_used("_static/figures/matmul.js", "")
    assert not scripts.is_used("scripts/sphinx-book-theme.js", code)
    assert not scripts.is_used(None, code)


@pytest.mark.parametrize("attributes", [{"defer": ""}, {"async": ""}, {"type": "module"}])
def test_a_script_that_waits_stays_as_it_is(attributes):
    script = _JavaScript("a.js", priority=1, **attributes)
    assert scripts.deferred(script) is script


def test_other_scripts_are_made_to_wait():
    script = _JavaScript("a.js", priority=7, id="x")
    assert scripts.deferred(script).attributes == {"id": "x", "defer": "defer"}
    assert scripts.deferred(script).priority == 7


def test_the_site_has_our_scripts_without_comments(tmp_path):
    own, drafts = tmp_path / "own", tmp_path / "drafts"
    for folder in (own, drafts / "_static"):
        (folder / "figures").mkdir(parents=True)
        (folder / "figures" / "x.js").write_text(
            "// A comment.\n/** @type {string} */\nconst text = `a  // ${1}`;\nshow(text / 2);\n"
        )
    (drafts / "_static" / "theirs.js").write_text("// Stays.\n")
    config = SimpleNamespace(html_static_path=["own"])
    app = SimpleNamespace(confdir=tmp_path, config=config)
    add_static_files(Site(app, tmp_path / "html", drafts, {}))
    built = tmp_path / "html" / "_static"
    assert (built / "figures" / "x.js").read_text() == "const text=`a  // ${1}`;show(text/2);"
    assert (built / "theirs.js").read_text() == "// Stays.\n"
