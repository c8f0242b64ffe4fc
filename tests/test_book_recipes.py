"""A chapter's complete script runs by itself, without the package, or the build fails."""

import re
from html import unescape

import pytest
from small_book import SmallBook, cell
from torchbook_site.read.recipes import run_script

FILLING = "\n".join(f"value_{number} = {number}" for number in range(30))


@pytest.fixture
def book(tmp_path):
    book = SmallBook(tmp_path)
    book.page("index", "Welcome.")
    return book


def write(book, code):
    book.write("chapters/recipes/00_small.py", f"{FILLING}\n{code}\n")
    book.page("chapters/00_small", "```{recipe} 00_small.py\n```\n\n" + cell("1 + 1"))


def test_the_script_runs_once_and_the_page_shows_it_with_its_output(book):
    write(book, "import os\nprint(sorted(os.listdir()), value_7 < 8)")
    build = book.build()
    assert build.ok, build.output
    assert "Running recipes/00_small.py" in build.output
    page = book.html("chapters/00_small")
    text = unescape(re.sub(r"<[^>]+>", "", page))
    assert "00_small.py, 32 lines" in text
    assert "print(sorted(os.listdir()), value_7 < 8)" in text
    assert "['00_small.py'] True" in text
    assert 'href="../recipes/00_small.py" download' in page
    site = book.folder / "_build" / "html"
    assert "value_29 = 29" in (site / "recipes" / "00_small.py").read_text()
    text = (site / "chapters" / "00_small.md").read_text(encoding="utf-8")
    assert "/recipes/00_small.py)" in re.search(r"\[Download\]\(https://\S+", text)[0]
    assert "value_29 = 29" in (site / "chapters" / "00_small.md").read_text()

    book.page(
        "chapters/00_small", "Other words.\n\n```{recipe} 00_small.py\n```\n\n" + cell("1 + 1")
    )
    build = book.build()
    assert build.ok, build.output
    assert "Running recipes" not in build.output

    write(book, "print('changed')")
    build = book.build()
    assert build.ok, build.output
    assert "Running recipes/00_small.py" in build.output
    assert "changed" in book.html("chapters/00_small")


def test_the_script_runs_while_the_cells_run(book, tmp_path):
    mark = tmp_path / "the_script_has_run"
    write(book, f"open({str(mark)!r}, 'w').close()")
    waiting = (
        "import os, time\n"
        "for _ in range(600):\n"
        f"    if os.path.exists({str(mark)!r}):\n"
        "        break\n"
        "    time.sleep(0.1)\n"
        "else:\n"
        "    raise TimeoutError"
    )
    book.page("chapters/00_small", "```{recipe} 00_small.py\n```\n\n" + cell(waiting))
    build = book.build()
    assert build.ok, build.output


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import torchbook", "import of torchbook halted"),
        ("import warnings\nwarnings.warn('watch out')", "watch out"),
        ("raise SystemExit(3)", "exit code 3"),
        ("\n" * 60, "a recipe has 30 to 70"),
    ],
)
def test_a_script_that_fails_warns_or_is_too_long_fails_the_build_each_time(book, code, complaint):
    write(book, f"{code}\nprint('done')")
    for _ in range(2):
        build = book.build()
        assert not build.ok
        assert any(complaint in problem for problem in build.problems), build.problems


def test_the_data_lies_where_torchvision_looks_for_it(tmp_path, fashion_mnist):
    script = tmp_path / "script.py"
    script.write_text(
        "from torchvision.datasets import FashionMNIST\n"
        "print(len(FashionMNIST('data', download=True)))\n"
    )
    run = run_script(script, "fashion_mnist")
    assert (run.code, run.output, run.errors) == (0, "60000\n", "")


def test_the_photos_lie_in_one_folder_for_each_class(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "for folder in sorted(Path('photos').iterdir()):\n"
        "    print(folder.name, len(list(folder.glob('*.jpg'))))\n"
        "print(sorted(path.name for path in Path().iterdir()))\n"
    )
    run = run_script(script, "animal_vegetable_mineral")
    expected = "animal 120\nmineral 78\nvegetable 82\n['photos', 'script.py']\n"
    assert (run.code, run.output, run.errors) == (0, expected, "")


def test_the_script_sees_its_own_command_line(tmp_path):
    script = tmp_path / "small.py"
    script.write_text("import sys\nprint(sys.argv)")
    assert run_script(script).output == "['small.py']\n"
