"""Claims hold or stop the run; what they keep is where MyST-NB looks for it."""

import math
import re
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from myst_nb.ext.glue import extract_glue_data
from scipy import stats

from torchbook.book import claims
from torchbook.book.claims import ClaimFailedError, claim, glue, lower_end


@pytest.fixture(autouse=True)
def _outside_a_chapter(monkeypatch):
    monkeypatch.delenv("TORCHBOOK_CHAPTER", raising=False)


@pytest.mark.parametrize(
    ("value", "bounds", "line"),
    [
        (5.25, {"at_least": 5}, "✓ It works: 5.25 (must be at least 5)"),
        (5, {"at_least": 5}, "✓ It works: 5 (must be at least 5)"),
        (-0.5, {"at_most": 0.0}, "✓ It works: -0.5 (must be at most 0)"),
        (3, {"at_least": 1, "at_most": 4}, "✓ It works: 3 (must be at least 1 and at most 4)"),
        (7_740, {"equals": 7_740}, "✓ It works: 7,740 (must be exactly 7,740)"),
        (True, {"equals": True}, "✓ It works: True (must be exactly True)"),
        (False, {"equals": False}, "✓ It works: False (must be exactly False)"),
        (12_345.6, {"at_least": 9_999.9}, "✓ It works: 12,346 (must be at least 10,000)"),
        (0.123456, {"at_most": 1}, "✓ It works: 0.1235 (must be at most 1)"),
        (math.inf, {"at_least": 0}, "✓ It works: inf (must be at least 0)"),
    ],
)
def test_a_claim_that_holds_says_so(capsys, value, bounds, line):
    claim("works", "It works", value, **bounds)
    assert capsys.readouterr().out == line + "\n"


def test_the_unit_stands_beside_every_number(capsys):
    claim("gap", "A gap", 5.5, at_least=5, at_most=6, unit="points")
    expected = "✓ A gap: 5.5 points (must be at least 5 points and at most 6 points)\n"
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(
    ("value", "bounds", "shown"),
    [
        (4.9, {"at_least": 5}, "The value is 4.9, the bound: at least 5."),
        (5.1, {"at_most": 5}, "The value is 5.1, the bound: at most 5."),
        (0, {"at_least": 1, "at_most": 4}, "The value is 0, the bound: at least 1 and at most 4."),
        (9, {"at_least": 1, "at_most": 4}, "The value is 9, the bound: at least 1 and at most 4."),
        (7_741, {"equals": 7_740}, "The value is 7,741, the bound: exactly 7,740."),
        (False, {"equals": True}, "The value is False, the bound: exactly True."),
        (math.nan, {"at_least": 0}, "The value is nan, the bound: at least 0."),
        (math.nan, {"at_most": 0}, "The value is nan, the bound: at most 0."),
        (math.nan, {"equals": 0}, "The value is nan, the bound: exactly 0."),
    ],
)
def test_a_claim_that_does_not_hold_stops_the_run(capsys, value, bounds, shown):
    with pytest.raises(ClaimFailedError) as caught:
        claim("works", "It works", value, **bounds)
    assert str(caught.value) == f"claim 'works' does not hold: It works. {shown}"
    assert capsys.readouterr().out == ""


def test_in_a_chapter_the_failure_names_it(monkeypatch):
    monkeypatch.setenv("TORCHBOOK_CHAPTER", "chapters/03_computer_vision.md")
    with pytest.raises(ClaimFailedError) as caught:
        claim("cnn-gap", "A CNN beats a linear model", 3.14159, at_least=5, unit="points")
    assert str(caught.value) == (
        "claim 'cnn-gap' in chapters/03_computer_vision.md does not hold: A CNN beats a linear "
        "model. The value is 3.142 points, the bound: at least 5 points."
    )


@pytest.mark.parametrize(
    "scalar", [torch.tensor(2.5), torch.tensor([2.5]), np.float64(2.5), np.float32(2.5)]
)
def test_scalars_of_pytorch_and_numpy_are_numbers(capsys, scalar):
    claim("a", "A", scalar, at_least=2)
    claim("b", "B", 3, at_least=scalar)
    assert capsys.readouterr().out == (
        "✓ A: 2.5 (must be at least 2)\n✓ B: 3 (must be at least 2.5)\n"
    )
    with pytest.raises(ClaimFailedError, match=re.escape("at most 2.5.")):
        claim("c", "C", 3, at_most=scalar)


@pytest.mark.parametrize("truth", [torch.tensor(True), np.bool_(True)])
def test_truth_values_of_pytorch_and_numpy_are_true(capsys, truth):
    claim("same", "Same", truth, equals=True)
    assert capsys.readouterr().out == "✓ Same: True (must be exactly True)\n"


def test_a_claim_without_a_bound_is_no_claim():
    with pytest.raises(ValueError, match="claim 'bold' needs a bound: at_least, at_most or equals"):
        claim("bold", "Anything goes", 1.0)


def test_a_bound_of_zero_or_false_is_a_bound():
    with pytest.raises(ClaimFailedError):
        claim("a", "A", -1, at_least=0)
    with pytest.raises(ClaimFailedError):
        claim("a", "A", True, equals=False)


def test_the_lower_end_of_an_interval_is_students():
    values = torch.tensor([[3, 5], [8, 4]])
    interval = stats.t.interval(0.95, df=3, loc=5, scale=stats.sem([3, 5, 8, 4]))
    assert lower_end(values) == pytest.approx(interval[0])
    assert lower_end(torch.tensor([True, False])) < 0 < lower_end(torch.tensor([1.0, 1.0]))


def test_outside_a_notebook_glue_is_silent(capsys):
    glue("n", 3)
    assert capsys.readouterr().out == ""


def test_in_a_notebook_the_value_is_kept_and_the_claim_is_shown_safely(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(claims, "get_ipython", object)
    monkeypatch.setattr(claims, "display", lambda data, **options: shown.append((data, options)))
    claim("few", "Loss < 1 & falling", 0.5, at_most=1)
    (kept, options), (line, _) = shown
    assert kept == {"application/papermill.record/text/plain": "0.5"}
    assert options["metadata"]["scrapbook"]["name"] == "few"
    assert line["text/plain"] == "✓ Loss < 1 & falling: 0.5 (must be at most 1)"
    assert "Loss &lt; 1 &amp; falling" in line["text/html"]
    assert capsys.readouterr().out == ""


class Log:
    """What extract_glue_data tells when it dislikes something."""

    def __init__(self):
        self.warnings = []

    def warning(self, message, **_):
        self.warnings.append(message)


def test_in_a_real_kernel_myst_nb_finds_what_was_kept(run_notebook):
    before = datetime.now(UTC).replace(microsecond=0)
    notebook = run_notebook(
        "import torch\nfrom torchbook.book.claims import claim, glue",
        "glue('accuracy', torch.tensor(0.875))\nglue('device', 'CPU')",
        "claim('gap', 'A gap', 5.5, at_least=5, unit='points')",
        "claim('wish', 'Too good', 0.5, at_least=0.9)",
        TORCHBOOK_CHAPTER="chapters/99_test.md",
    )
    _, glued, claimed, failed = (cell.outputs for cell in notebook.cells)

    # Nothing on stderr: the build fails on it.
    kinds = {output.output_type for cell in notebook.cells for output in cell.outputs}
    assert kinds == {"display_data", "error"}
    (error,) = failed
    assert error["ename"] == "ClaimFailedError"
    assert error["evalue"] == (
        "claim 'wish' in chapters/99_test.md does not hold: Too good. The value is 0.5, the bound: "
        "at least 0.9."
    )

    hidden, visible = claimed
    record = hidden["metadata"]["torchbook_claim"]
    assert record["name"] == "gap"
    assert record["lesson"] == "A gap"
    assert record["value"] == "5.5 points"
    assert record["bound"] == "at least 5 points"
    assert record["device"]
    assert record["seconds"] >= 0
    assert before <= datetime.fromisoformat(record["date"]) <= datetime.now(UTC)
    assert visible["data"]["text/plain"] == "✓ A gap: 5.5 points (must be at least 5 points)"
    assert len(glued) == 2

    log = Log()
    found = extract_glue_data(notebook, list(range(len(notebook.cells))), log)
    assert {name: output["data"]["text/plain"] for name, output in found.items()} == {
        "accuracy": "0.875",
        "device": "CPU",
        "gap": "5.5",
    }
    assert log.warnings == []
    # What was kept is invisible; what was claimed is seen.
    assert notebook.cells[1].outputs == []
    assert notebook.cells[2].outputs == [visible]
