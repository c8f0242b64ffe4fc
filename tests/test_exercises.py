"""Exercises accept right answers in any style, and meet typical mistakes with a fitting hint.

The published solutions are pages: the build runs them, and fails where a check does.
"""

import functools
import runpy
from pathlib import Path

import pytest
import torch
from myst_nb.core.read import read_myst_markdown_notebook
from torch import nn

from torchbook.book import exercises
from torchbook.book.exercises import WrongAnswerError, check, checks
from torchbook.book.exercises.answers import require, require_tensor, require_type

ROOT = Path(__file__).parents[1]
ANSWERS = {
    path.stem: runpy.run_path(str(path))
    for path in sorted((ROOT / "tests" / "wrong_answers").glob("[!_]*.py"))
}
WRONG = {name: answers["WRONG"] for name, answers in ANSWERS.items()}
TRAINED = {"17-6", "21-6"}  # these answers train for seconds; the build tries one of each
RIGHT_ANSWERS = [
    pytest.param(
        number, answer, id=f"{number}-{i}", marks=[pytest.mark.slow] if number in TRAINED else []
    )
    for answers in ANSWERS.values()
    for number, right in answers.get("RIGHT", {}).items()
    for i, answer in enumerate(right, start=1)
]
WRONG_ANSWERS = [
    pytest.param(number, answer, hint, id=f"{number}-{i}")
    for answers in WRONG.values()
    for number, wrong in answers.items()
    for i, (answer, hint) in enumerate(wrong, start=1)
]


@functools.cache
def published() -> str:
    """Return the code of all published solutions that the build runs."""
    cells = []
    for page in sorted((ROOT / "book" / "solutions").glob("*.md")):
        notebook = read_myst_markdown_notebook(page.read_text(encoding="utf-8"))
        cells += [
            cell.source
            for cell in notebook.cells
            if cell.cell_type == "code" and "skip-execution" not in cell.metadata.get("tags", [])
        ]
    return "\n".join(cells)


@pytest.mark.parametrize(("number", "answer"), RIGHT_ANSWERS)
def test_a_right_answer_is_accepted_whatever_its_style(number, answer):
    check(number, answer)


@pytest.mark.parametrize(("number", "answer", "hint"), WRONG_ANSWERS)
def test_a_typical_wrong_answer_gets_the_hint_that_fits(number, answer, hint):
    with pytest.raises(WrongAnswerError) as caught:
        check(number, answer)
    assert hint.strip()
    assert hint in str(caught.value)


@pytest.mark.parametrize("bias", [-1_000.0, 1_000.0])
def test_whether_a_relu_ends_a_network_is_seen_whatever_its_weights(bias):
    layers = [nn.Conv2d(1, 8, 3), nn.MaxPool2d(5), nn.Conv2d(8, 8, 3), nn.MaxPool2d(3)]
    head = nn.Linear(8, 10)
    nn.init.constant_(head.bias, bias)  # all logits negative, or all of them positive
    check("03-8", nn.Sequential(*layers, nn.Flatten(), head))
    with pytest.raises(WrongAnswerError, match="a ReLU after the last layer"):
        check("03-8", nn.Sequential(*layers, nn.Flatten(), head, nn.ReLU()))


@pytest.mark.parametrize("number", sorted(checks()))
def test_every_exercise_has_a_solution_and_two_wrong_answers(number):
    calls = (f'check("{number}"', f"check('{number}'")
    assert any(call in published() for call in calls), "no solution is published"
    wrong = [pair for answers in WRONG.values() for pair in answers.get(number, [])]
    assert len(wrong) >= 2


def test_wrong_answers_are_to_exercises_that_exist():
    assert {number for answers in WRONG.values() for number in answers} <= checks().keys()


@pytest.mark.parametrize("number", sorted(checks()))
@pytest.mark.parametrize(
    "answer", [None, ..., object(), lambda *args, **kwargs: None], ids=["None", "...", "o", "f"]
)
def test_what_is_no_answer_at_all_gets_a_hint_too(number, answer):
    with pytest.raises(WrongAnswerError) as caught:
        check(number, answer)
    assert str(caught.value).strip()


def test_a_right_answer_is_told_so(monkeypatch, capsys):
    monkeypatch.setitem(checks(), "99-1", lambda answer: require(answer == 42, "Not quite."))
    check("99-1", 42)
    assert capsys.readouterr().out == "✓ Exercise 99-1: that is right.\n"
    with pytest.raises(WrongAnswerError, match=r"^Not quite\.$"):
        check("99-1", 41)
    assert capsys.readouterr().out == ""


def test_an_unknown_exercise_is_named_with_those_that_exist(monkeypatch):
    monkeypatch.setattr(exercises, "checks", lambda: {"99-2": None, "99-1": None})
    with pytest.raises(KeyError, match="no exercise '99-3'; there are 99-1, 99-2"):
        check("99-3", 1)


@pytest.mark.parametrize("nothing", [None, ...])
def test_no_answer_yet_is_not_wrong_type(nothing):
    with pytest.raises(WrongAnswerError, match="There is no answer yet: put yours where the three"):
        require_type(nothing, int)


def test_a_wrong_type_is_named():
    assert require_type(3, int) == 3
    with pytest.raises(WrongAnswerError) as caught:
        require_type("3", int, "Leave out the quotes.")
    assert str(caught.value) == (
        "The answer should be a int, but it is a str. Leave out the quotes."
    )


def test_a_tensor_is_checked_for_shape_and_dtype():
    tensor = torch.zeros(2, 3)
    assert require_tensor(tensor, shape=(2, 3), dtype=torch.float32) is tensor
    assert require_tensor(tensor) is tensor
    with pytest.raises(WrongAnswerError, match=r"should be \[3, 2\], but it is \[2, 3\]"):
        require_tensor(tensor, shape=(3, 2))
    with pytest.raises(WrongAnswerError, match=r"should be torch\.int64, but it is torch\.float32"):
        require_tensor(tensor, dtype=torch.int64)
    with pytest.raises(WrongAnswerError, match="should be a Tensor, but it is a list"):
        require_tensor([1, 2])


def test_in_a_notebook_a_wrong_answer_shows_its_hint_alone(run_notebook):
    notebook = run_notebook(
        "from torchbook.book.exercises import check, checks\n"
        "from torchbook.book.exercises.answers import require\n"
        "checks()['99-1'] = lambda answer: require(answer == 42, 'Count again.')",
        "check('99-1', 41)",
        "check('99-1', 42)",
    )
    (error,) = notebook.cells[1].outputs
    assert error["output_type"] == "error"
    assert error["traceback"] == ["✗ Not yet. Count again."]
    (right,) = notebook.cells[2].outputs
    assert WrongAnswerError("Count again.")._render_traceback_() == error["traceback"]
    assert right["text"] == "✓ Exercise 99-1: that is right.\n"
