"""Code as HTML: where its lines break, what its colours are, and folded cells and tracebacks."""

import re
from html import unescape
from pathlib import Path

import pytest
from pygments import highlight
from pygments.lexers import PythonLexer
from small_book import SmallBook, cell
from torchbook_site.write.code import FITS, CodeFormatter

STATIC = Path(__file__).parents[1] / "book" / "static"
CODE = """\
short = 1
    batch = loader.next(images[index], labels=labels[:,0]).to(device)  # never (here,or here)
print("a text of (brackets,commas) and more", torch.accelerator.current_accelerator())
"""


def html_of(code, **options):
    return highlight(code, PythonLexer(stripnl=False), CodeFormatter(**options))


def text_of(html):
    return unescape(re.sub(r"<[^>]+>", "", html))


def test_long_lines_break_at_brackets_and_commas_and_nowhere_else():
    html = html_of(CODE)
    assert text_of(html).strip("\n") == CODE.strip("\n")
    short, batch, words, *_ = html.split("\n")
    assert "tb-l" not in short
    assert "<wbr>" not in short
    assert '<span class="tb-l1">' in batch
    parts = text_of(batch.replace("<wbr>", "|")).strip()
    assert parts == (
        "batch = loader.next(|images[|index], labels=labels[|:,|0])|.to(|device)"
        "  # never (here,or here)"
    )
    assert '<span class="tb-l0">' in words
    assert text_of(words.replace("<wbr>", "|")) == (
        'print(|"a text of (brackets,commas) and more", torch.accelerator|.current_accelerator())'
    )


def test_a_line_that_fits_is_left_alone():
    assert "tb-l" not in html_of("x" * FITS)
    assert "tb-l" in html_of("x" * (FITS + 1))


def test_an_output_stays_whole_and_tab_stops_at_a_wide_one():
    wide = html_of("x, " * 20, is_output=True)
    assert "tb-l" not in wide
    assert '<pre tabindex="0" role="group" aria-label="Output">' in wide
    assert "<pre>" in html_of("x, y", is_output=True)


def test_a_link_goes_around_its_name_alone():
    code = "x = f(mean=mean, y=torch.mean(input))"
    place = code.index("torch.mean")
    html = html_of(code, links=[(1, place, "torch.mean", "torch.mean", "there?a&b")])
    assert html.count("<a ") == 1
    assert '<a tabindex="-1" href="there?a&amp;b">torch.mean</a>' in html


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(c * weight for c, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize(("theme", "sheet"), [(0, "drawings.css"), (1, "dark.css")])
def test_all_colours_of_code_can_be_read(theme, sheet):
    css = (STATIC / "torchbook.css").read_text(encoding="utf-8")
    colours = re.findall(r"--tb-code-\w+: light-dark\((#\w{6}), (#\w{6})\)", css)
    assert len(colours) == 5
    ground = re.search(r"--pst-color-surface: (#\w{6})", (STATIC / sheet).read_text())[1]
    for colour in colours:
        pale, dim = sorted((luminance(colour[theme]), luminance(ground)), reverse=True)
        assert (pale + 0.05) / (dim + 0.05) >= 4.5, colour


def test_a_folded_cell_and_a_traceback(tmp_path):
    book = SmallBook(tmp_path)
    fails = cell(":tags: [hide-input, raises-exception]\ndef f():\n    return 1 / 0\n\nf()")
    book.page("index", fails)
    build = book.build()
    assert build.ok, build.output
    html = book.html("index")
    summary = "<summary><span>Show</span><span>Hide</span> the code</summary>"
    assert f'<details class="tb-fold">{summary}' in html
    traceback = text_of(re.search(r'<div class="output traceback.*?</pre>', html, re.S)[0])
    assert "Cell, line 4" in traceback
    assert "In[" not in traceback
