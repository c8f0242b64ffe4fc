"""The page for teachers: its program works as printed, and it knows every chapter."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "book" / "teachers.md").read_text(encoding="utf-8")
PROGRAMS = dict(re.findall(r"^```\{code-block\} python\n# (\S+)\n(.*?)^```$", PAGE, re.M | re.S))
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.md"))


@pytest.fixture
def results(tmp_path):
    """What the page's program writes of the page's answers, and of some that go wrong."""
    (tmp_path / "answers").mkdir()
    for name, program in PROGRAMS.items():
        (tmp_path / name).write_text(program, encoding="utf-8")
    (tmp_path / "answers" / "bob.py").write_text(
        'def crash(*arguments):\n    raise RuntimeError("no idea")\n\n\n'
        'print("hello")\nANSWERS = {"00-1": (10, 64), "15-2": crash, "99-1": 1}\n',
        encoding="utf-8",
    )
    (tmp_path / "answers" / "cy.py").write_text("ANSWER = 1\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "grade.py", "answers"], cwd=tmp_path, check=True, capture_output=True
    )
    with (tmp_path / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_answers_are_checked_and_nothing_stops_the_rest(results):
    header, *rows = results
    assert header == ["student", "exercise", "result"]
    assert rows[:2] == [["ada", "00-1", "right"], ["ada", "00-2", "right"]]
    assert [row[:2] for row in rows[2:]] == [
        ["bob", "00-1"],
        ["bob", "15-2"],
        ["bob", "99-1"],
        ["cy", ""],
    ]
    hint, crash, unknown, no_answers = (row[2] for row in rows[2:])
    assert hint.startswith("WrongAnswerError: ")
    assert "no idea" in crash
    assert unknown == "KeyError: '99-1'"
    assert no_answers == "KeyError: 'ANSWERS'"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_chapter_has_goals(chapter):
    assert re.search(rf"^\| \[[^]]+\]\(\.\./chapters/{chapter}\.md\) \| \w", PAGE, re.M)
