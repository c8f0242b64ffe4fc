"""Runs are written down whole, read back as they were, and shown in tables that hide nothing."""

import json
import re
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_data import pictures
from torch import nn

from torchbook.apps import tracking
from torchbook.apps.tracking import Run, is_run, read_runs
from torchbook.book.tables import table
from torchbook.data import Batches
from torchbook.training import DivergedError, SupervisedStep, distributed, fit


def read_scalars(folder):
    """Read the curves of a run as TensorBoard does: pairs of step and value."""
    events = EventAccumulator(str(folder)).Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def read_json(folder):
    return json.loads((folder / "run.json").read_text())


def train(recorder, epochs=3, lr=0.01, **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    batches = Batches(pictures(60, 0), 20, shuffle=True)
    valid = Batches(pictures(30, 1), 30)
    options |= {"epochs": epochs, "callbacks": [recorder], "progress": False}
    return fit(model, batches, valid, optimizer, **options)


def test_a_run_is_written_down_whole(tmp_path):
    with Run(tmp_path / "first", {"lr": 0.01, "sizes": (3, 4)}) as run:
        assert json.loads((tmp_path / "first/run.json").read_text())["status"] == "unfinished"
        history = train(run)
    content = json.loads((tmp_path / "first/run.json").read_text())
    assert content["settings"] == {"lr": 0.01, "sizes": [3, 4]}
    assert content["status"] == "finished"
    assert content["last"] == history.rows[-1]
    assert content["environment"]["torch"] == torch.__version__
    assert not list(tmp_path.rglob("*.new"))

    curves = read_scalars(tmp_path / "first")
    assert set(curves) == {
        *(
            f"{quantity}/{split}"
            for quantity in ("loss", "accuracy")
            for split in ("train", "valid")
        ),
        "learning_rate",
    }
    for split in ("train", "valid"):
        for quantity in ("loss", "accuracy"):
            steps, values = zip(*curves[f"{quantity}/{split}"], strict=True)
            assert steps == (1, 2, 3)
            assert values == pytest.approx(history.column(f"{split}_{quantity}"))
    assert curves["learning_rate"] == [(epoch, pytest.approx(0.01)) for epoch in (1, 2, 3)]


def test_every_epoch_can_be_read_during_the_run(tmp_path):
    seen = []

    def look(state):
        last = read_json(tmp_path)["last"]
        seen.append((len(read_scalars(tmp_path)["loss/valid"]), last == state.history.rows[-1]))

    with Run(tmp_path, {}) as run:
        train(lambda state: (run(state), look(state))[0])
    assert seen == [(1, True), (2, True), (3, True)]


def test_a_run_that_was_killed_keeps_its_results(tmp_path):
    run = Run(tmp_path, {"lr": 0.01})  # without the end of `with`, as after a kill
    history = train(run)
    (row,) = read_runs(tmp_path)
    assert row == {"run": ".", "lr": 0.01, "status": "unfinished", **history.rows[-1]}
    run.writer.close()


def test_resuming_a_finished_run_keeps_its_record(tmp_path):
    logs, saved = tmp_path / "logs", tmp_path / "saved.pt"
    with Run(logs, {"seed": 0}) as run:
        history = train(run, epochs=2, checkpoint=saved)
    before = read_json(logs)
    for _ in range(2):  # nothing is left to train
        with Run(logs, {"seed": 0}, resume=True) as run:
            assert read_json(logs)["last"] == history.rows[-1]
            train(run, epochs=2, checkpoint=saved, resume=True)
    after = read_json(logs)
    assert after["last"] == history.rows[-1]
    assert after["status"] == "finished"
    assert after["environment"] == before["environment"]
    assert [set(resumed) for resumed in after["resumed"]] == 2 * [set(before["environment"])]
    assert [step for step, _ in read_scalars(logs)["loss/valid"]] == [1, 2]


def test_a_training_that_starts_over_is_not_recorded_twice(tmp_path):
    with Run(tmp_path, {}) as run:
        history = train(run, epochs=2)
    with Run(tmp_path, {}, resume=True) as run:
        train(run, epochs=2, lr=0.1)  # without the checkpoint to resume from
    assert read_json(tmp_path)["last"] == history.rows[-1]
    assert [step for step, _ in read_scalars(tmp_path)["learning_rate"]] == [1, 2]


def test_a_folder_takes_one_run(tmp_path):
    with Run(tmp_path, {}) as run:
        train(run)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FileExistsError, match="holds a run already, and TensorBoard would draw"):
        Run(tmp_path, {})
    assert sorted(tmp_path.iterdir()) == before


def test_event_files_of_others_count_as_a_run(tmp_path):
    assert not is_run(tmp_path)
    (tmp_path / "events.out.tfevents.1").touch()
    assert is_run(tmp_path)
    with pytest.raises(FileExistsError):
        Run(tmp_path, {})
    with Run(tmp_path, {}, resume=True) as run:
        train(run)
    assert len(read_scalars(tmp_path)["loss/valid"]) == 3


def test_a_resumed_run_writes_no_epoch_twice(tmp_path):
    logs, saved = tmp_path / "logs", tmp_path / "saved.pt"
    with Run(logs, {"seed": 0}) as run:
        train(run, epochs=2, checkpoint=saved)
    with Run(logs, {"seed": 0}, resume=True) as run:
        history = train(run, epochs=4, checkpoint=saved, resume=True)
    curve = read_scalars(logs)["loss/valid"]
    assert [step for step, _ in curve] == [1, 2, 3, 4]
    assert [value for _, value in curve] == pytest.approx(history.column("valid_loss"))


def test_an_epoch_that_was_saved_and_not_logged_comes_after_the_resume(tmp_path):
    logs, saved = tmp_path / "logs", tmp_path / "saved.pt"
    with Run(logs, {}) as run:
        train(lambda state: run(state) if state.epoch == 1 else None, epochs=2, checkpoint=saved)
    with Run(logs, {}, resume=True) as run:
        train(run, epochs=3, checkpoint=saved, resume=True)
    assert [step for step, _ in read_scalars(logs)["loss/valid"]] == [1, 2, 3]


def test_a_resume_with_other_settings_is_refused(tmp_path):
    with Run(tmp_path, {"lr": 0.01}) as run:
        train(run)
    with pytest.raises(ValueError, match=r"other settings: \{'lr': 0.01\}, not \{'lr': 0.02\}"):
        Run(tmp_path, {"lr": 0.02}, resume=True)


def test_a_run_by_steps_is_recorded_by_steps(tmp_path):
    with Run(tmp_path, {"lr": 0.01}) as run:
        train(run, epochs=None, max_steps=7, eval_every=3)
    assert [step for step, _ in read_scalars(tmp_path)["loss/valid"]] == [3, 6, 7]
    assert read_runs(tmp_path)[0]["step"] == 7


def test_how_a_run_failed_is_written_down(tmp_path):
    def explode(logits, targets):
        loss = nn.functional.cross_entropy(logits, targets, reduction="sum")
        return loss * float("inf"), len(targets)

    with pytest.raises(DivergedError), Run(tmp_path, {"lr": 0.1}) as run:
        train(run, step=SupervisedStep(explode))
    content = json.loads((tmp_path / "run.json").read_text())
    assert content["status"] == "failed: DivergedError"
    assert read_runs(tmp_path)[0]["status"] == "failed: DivergedError"


@pytest.mark.parametrize("value", [torch.zeros(2), object(), print, {1, 2}])
def test_a_setting_that_json_cannot_hold_is_named(tmp_path, value):
    with pytest.raises(TypeError, match=f"setting 'what' is a {type(value).__name__}, which"):
        Run(tmp_path / "new", {"lr": 0.1, "what": value})
    assert not (tmp_path / "new").exists()


def test_of_many_processes_only_the_first_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(distributed, "rank", lambda: 1)
    with Run(tmp_path / "new", {}) as run:
        run(None)
    assert not (tmp_path / "new").exists()


def test_a_missing_tensorboard_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match=re.escape('pip install "torchbook[tracking]"')):
        Run(tmp_path / "new", {})
    assert not (tmp_path / "new").exists()


def test_all_runs_below_a_folder_become_rows(tmp_path):
    history = {}
    for name, lr in (("b", 0.1), ("a/deep", 0.01)):
        with Run(tmp_path / name, {"lr": lr}) as run:
            history[name] = train(run, lr=lr)
    rows = read_runs(tmp_path)
    assert [(row["run"], row["lr"]) for row in rows] == [("a/deep", 0.01), ("b", 0.1)]
    assert rows[1]["valid_loss"] == history["b"].rows[-1]["valid_loss"]
    assert rows[1]["epoch"] == 3


ROWS = [{"run": "a<b>", "gain": 1.25, "n": 3}, {"run": "b", "gain": -0.5, "note": None}]


def test_a_table_is_readable_in_a_terminal():
    made = table(ROWS, {"gain": "+.1f"}, caption="Two runs")
    assert str(made) == repr(made)
    assert str(made).splitlines() == [
        "Two runs",
        "run   gain  n  note",
        "a<b>  +1.2  3  –",
        "b     -0.5  –  –",
    ]


def test_a_table_in_a_notebook_escapes_and_keeps_what_it_is_sorted_by():
    html = table(ROWS, {"gain": "+.1f"}, caption="A & B")._repr_html_()
    assert html.startswith("<tb-sortable><table><caption>A &amp; B</caption><thead>")
    assert "<td>a&lt;b&gt;</td>" in html
    assert '<td data-value="1.25">+1.2</td>' in html
    assert '<td data-value="3.0">3</td>' in html
    assert html.count("<td>–</td>") == 3
    assert html.count('<th scope="col">') == 4


def test_a_format_is_for_numbers_only():
    made = table([{"gain": 1.0}, {"gain": 2}, {"gain": "failed"}, {"gain": True}], {"gain": "+.1f"})
    assert str(made).split() == ["gain", "+1.0", "+2.0", "failed", "True"]


def test_truth_values_and_nan_are_no_numbers_to_sort_by():
    html = table([{"ok": True, "loss": float("nan")}])._repr_html_()
    assert "<td>True</td><td>nan</td>" in html


@given(st.lists(st.dictionaries(st.text(min_size=1), st.floats() | st.text()), min_size=1))
def test_tables_of_anything_have_a_cell_for_each_row_and_column(rows):
    if not any(rows):
        with pytest.raises(ValueError, match="nothing to show"):
            table(rows)
        return
    made = table(rows)
    html = made._repr_html_()
    assert html.count("<td") == len(rows) * len(made.columns)
    assert str(made)


def test_a_table_of_nothing_and_a_format_for_no_column_are_refused():
    with pytest.raises(ValueError, match="nothing to show"):
        table([])
    with pytest.raises(ValueError, match="no column rate; there are lr"):
        table([{"lr": 1}], {"rate": ".1f"})


def test_the_environment_has_versions_and_device():
    found = tracking.environment()
    assert set(found) == {"python", "torch", "device", "threads", "started"}
    assert json.loads(json.dumps(found)) == found
