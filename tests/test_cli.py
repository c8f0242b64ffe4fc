"""The command line does what it says, and says in a line or two what is wrong."""

import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import tiny_data
import torch
from PIL import Image
from torch.optim.lr_scheduler import OneCycleLR
from typer.testing import CliRunner

from torchbook.apps import cli, tasks
from torchbook.apps import config as settings
from torchbook.data import Splits
from torchbook.data.download import DataCorruptError, DataUnavailableError
from torchbook.data.sets.registry import DATA_SETS, DataSet
from torchbook.training import TrainingInterrupted, checkpoint, run

QUICK = [
    "--set=data.name=tiny",
    "--set=data.batch_size=20",
    "--set=training.epochs=2",
    "--set=model.width=4",
    "--set=optimizer.lr=0.02",
]


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Many small steps: on a busy machine threads would mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """Let each test have a folder and a small data set of its own, and no environment of others."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(DATA_SETS, "tiny", tiny_data.TINY)
    monkeypatch.delenv("TORCHBOOK_DEBUG", raising=False)


def torchbook(*args: object, code: int = 0):
    result = CliRunner().invoke(cli.app, [str(arg) for arg in args])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def fails(*args: object, code: int) -> str:
    """Return the message of a command that must fail, and show no traceback."""
    result = torchbook(*args, code=code)
    assert "Traceback" not in result.output
    assert len(result.stderr.splitlines()) <= 2
    return result.stderr.strip()


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Path:
    """A checkpoint of a training of the tiny data, made once."""
    path = tmp_path_factory.mktemp("trained") / "model.pt"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DATA_SETS, "tiny", tiny_data.TINY)
        torchbook(
            "train", *QUICK, "--set=training.epochs=6", "--quiet", f"--set=checkpoint.path={path}"
        )
    return path


def picture(path: str, size: tuple[int, int] = (8, 8), mode: str = "L") -> str:
    """Write a picture of the class "above"."""
    image = Image.new("L", (8, 8), 30)
    image.paste(200, (0, 1, 8, 4))
    image.resize(size, Image.Resampling.NEAREST).convert(mode).save(path)
    return path


def weights(path: Path | str) -> dict[str, torch.Tensor]:
    return checkpoint.load(path).model


# --- train


def test_train_saves_a_model_and_says_how_to_go_on():
    result = torchbook("train", *QUICK)
    first, *rest = result.stdout.splitlines()
    assert first.startswith("SmallCNN, ")
    assert " parameters, learns tiny (160 examples, 40 for validation) on " in first
    assert rest[0] == "epoch  train loss  train acc.  valid loss  valid acc.  seconds"
    assert rest[-1] == "Saved in model.pt. To go on: torchbook evaluate model.pt"
    assert "epoch 2/2: train loss" in result.stderr
    saved = checkpoint.load("model.pt")
    assert saved.epoch == 2
    assert saved.config["settings"]["optimizer"]["lr"] == 0.02
    assert saved.config["task"]["classes"] == tiny_data.CLASSES


@pytest.mark.parametrize("model", ["LinearClassifier", "TwoLayerClassifier", "TinyVGG"])
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_every_model_and_optimiser_learns(model, optimizer):
    torchbook(
        "train",
        *QUICK[:3],
        f"--set=model.name={model}",
        f"--set=optimizer.name={optimizer}",
        "--set=data.augment=flip",
        "--set=schedule.name=cosine",
        "--set=training.clip_norm=1",
        "--set=training.accumulate=3",
        "--set=training.channels_last=false",
        "--set=training.keep_best=true",
        "--set=training.patience=5",
        "--set=training.precision=bfloat16",
        "--quiet",
    )
    assert checkpoint.load("model.pt").step == 2 * 3
    assert "tiny, valid split, 40 samples" in torchbook("evaluate", "model.pt").stdout


def test_train_without_a_checkpoint_keeps_nothing(tmp_path):
    result = torchbook("train", *QUICK, "--quiet", "--set=checkpoint.path=none")
    assert "Saved" not in result.stdout
    assert result.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_settings_are_shown_and_read_again():
    shown = torchbook("train", *QUICK, "--show-config").stdout
    assert "batch_size = 20 " in shown
    Path("run.toml").write_text(shown)
    assert torchbook("train", "run.toml", "--show-config").stdout == shown
    assert not Path("model.pt").exists()


def test_a_model_that_is_there_is_not_overwritten():
    Path("model.pt").write_text("mine")
    assert fails("train", *QUICK, code=4) == (
        "error: model.pt is there already: add --resume to go on from it, or choose another file "
        "with --set checkpoint.path=FILE"
    )
    assert Path("model.pt").read_text() == "mine"


def test_a_training_that_was_stopped_goes_on_to_the_same_bits():
    torchbook("train", *QUICK, "--quiet", "--set=checkpoint.path=whole.pt")
    answers = iter([False] * 10 + [True])
    original = run._Run.after_step

    def after_step(self):
        self.interrupted = lambda: next(answers, False)
        original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run._Run, "after_step", after_step)
        message = fails("train", *QUICK, "--quiet", code=130)
    assert message.startswith("stopped in epoch 2, after step ")
    assert message.endswith(". Nothing is lost: the same command with --resume goes on")
    assert "1 and a part of the next, " in torchbook("info", "model.pt").stdout
    torchbook("train", *QUICK, "--quiet", "--resume")
    whole, resumed = weights("whole.pt"), weights("model.pt")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_resume_without_a_checkpoint_begins():
    result = torchbook("train", *QUICK, "--quiet", "--resume")
    assert result.stdout.startswith("There is no model.pt yet: beginning anew.\n")
    assert checkpoint.load("model.pt").epoch == 2


def test_resume_needs_a_file():
    assert fails("train", *QUICK, "--resume", "--set=checkpoint.path=none", code=2) == (
        "error: --resume needs a file to go on from: set checkpoint.path"
    )


def test_a_training_is_not_resumed_with_other_settings():
    torchbook("train", *QUICK, "--quiet")
    before = Path("model.pt").read_bytes()
    message = fails(
        "train", *QUICK, "--resume", "--set=optimizer.lr=1", "--set=training.epochs=9", code=4
    )
    assert message == (
        "error: model.pt cannot be resumed with other settings: optimizer.lr was 0.02 and is now "
        "1.0; training.epochs was 2 and is now 9. Use the old ones, or begin anew with another "
        "checkpoint.path"
    )
    assert Path("model.pt").read_bytes() == before


def test_without_a_schedule_a_training_can_be_made_longer():
    plain = [*QUICK, "--set=schedule.name=none", "--quiet"]
    torchbook("train", *plain)
    torchbook("train", *plain, "--resume", "--set=training.epochs=3", "--set=checkpoint.every=100")
    assert checkpoint.load("model.pt").epoch == 3


def test_a_training_that_diverges_says_so_and_saves_nothing():
    message = fails(
        "train",
        *QUICK,
        "--quiet",
        "--set=model.name=TinyVGG",
        "--set=model.width=none",
        "--set=optimizer.name=SGD",
        "--set=optimizer.lr=1e20",
        code=1,
    )
    assert message.startswith("error: ")
    assert "is probably too high" in message or "is too high: try a tenth of it" in message
    assert not Path("model.pt").exists()


def test_settings_that_are_wrong_are_named():
    assert fails("train", "--set", "training.epoch=5", code=2) == (
        "error: --set training.epoch=5: training.epoch is no setting; did you mean training.epochs?"
    )
    assert fails("train", "none.toml", code=2).startswith("error: there is no file none.toml")
    assert fails("train", *QUICK, "--set=data.n_valid=101", code=2) == (
        "error: data.n_valid = 101: n_valid must be from 1 to 100, but is 101"
    )


def test_a_folder_that_is_missing_is_named_before_the_training():
    assert fails("train", *QUICK, "--set=checkpoint.path=runs/model.pt", code=4) == (
        "error: the folder of the checkpoint runs/model.pt does not exist: make it first"
    )


def test_batches_too_small_to_share_are_a_matter_of_settings():
    config = settings.load(None, ["data.name=tiny", "data.batch_size=3", "checkpoint.path=none"])
    world = tasks.World(rank=0, size=2, device=torch.device("cpu"))
    with pytest.raises(settings.ConfigError) as caught:
        tasks.train(config, tiny_data.load(40), world)
    assert str(caught.value) == (
        "data.batch_size, data.n_valid: 160 examples in batches of 3 leave a last batch of 1, too "
        "few for 2 processes: choose another batch_size"
    )


def test_ctrl_c_before_the_training_ends_with_130(monkeypatch):
    def interrupted(n_valid):
        raise KeyboardInterrupt

    monkeypatch.setitem(DATA_SETS, "tiny", DataSet("", interrupted, lambda: None, 1))
    assert fails("train", *QUICK, code=130) == "interrupted"


def test_an_interrupt_without_a_file_promises_nothing(monkeypatch):
    def fit(*args, **kwargs):
        raise TrainingInterrupted("stopped after epoch 1. The model keeps the weights")

    monkeypatch.setattr(tasks, "fit", fit)
    assert fails("train", *QUICK, "--set=checkpoint.path=none", code=130) == "stopped after epoch 1"


# --- data


def test_data_that_cannot_be_had_ends_with_3(monkeypatch):
    def unavailable(n_valid):
        raise DataUnavailableError("tiny could not be loaded. Tried, in this order:\n  1. cache")

    monkeypatch.setitem(DATA_SETS, "tiny", DataSet("", unavailable, lambda: None, 1))
    message = "error: tiny could not be loaded. Tried, in this order:\n  1. cache"
    assert fails("train", *QUICK, code=3) == message
    assert fails("data", "tiny", code=3) == message


def test_data_sets_are_listed_and_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "cache"))
    here = []

    def load(n_valid: int) -> Splits:
        here.append(n_valid)
        return tiny_data.load(n_valid)

    def check() -> None:
        if not here:
            raise DataCorruptError("bars is missing")

    monkeypatch.setitem(DATA_SETS, "tiny", DataSet("bars", load, check, n_valid=7))
    listed = torchbook("data").stdout.splitlines()
    names = ["name", "fashion_mnist", "animal_vegetable_mineral", "tiny", "Folder:"]
    assert [line.split()[0] for line in listed] == names
    assert "not here (" in listed[1]
    assert "here, verified" in listed[2]  # it came with the package
    assert listed[3].split(maxsplit=2)[2] == "not here (bars is missing)"
    assert str(tmp_path / "cache") in listed[4]
    assert here == []
    assert "here, verified" in torchbook("data", "tiny").stdout
    assert here == [7]


def test_an_unknown_data_set_is_named():
    assert fails("data", "zzz", code=2) == (
        "error: there is no data set zzz, only fashion_mnist, animal_vegetable_mineral, tiny"
    )


# --- evaluate


def test_evaluate_counts_and_compares(trained):
    lines = torchbook("evaluate", trained).stdout.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "data",
        "loss",
        "accuracy",
        "majority baseline",
    ]
    assert lines[0].endswith("tiny, valid split, 40 samples")
    result = json.loads(torchbook("evaluate", trained, "--split=test", "--json").stdout)
    splits = tiny_data.load(40)
    loaded = tasks.load_trained(trained)
    right = loaded.model(splits.test.inputs.float() / 255).argmax(1) == splits.test.targets
    assert result["n"] == 50
    assert result["accuracy"] == pytest.approx(right.float().mean().item())
    low, high = result["accuracy_interval"]
    assert 0 <= low < result["accuracy"] <= high <= 1
    common = splits.train.targets.mode().values
    assert result["majority_baseline"] == (splits.test.targets == common).sum().item() / 50
    assert result["accuracy"] > result["majority_baseline"] + 0.2


def test_evaluate_knows_two_splits(trained):
    assert fails("evaluate", trained, "--split=train", code=2) == (
        "error: --split must be valid or test, but is train"
    )


@pytest.mark.parametrize("command", [["evaluate"], ["predict"], ["export"], ["info"]])
def test_files_that_are_no_checkpoints_are_named(command, trained):
    more = {"predict": ["a.png"], "export": ["a.onnx"]}.get(command[0], [])
    assert fails(*command, "none.pt", *more, code=4) == "error: there is no checkpoint at none.pt"
    Path("damaged.pt").write_bytes(trained.read_bytes()[:1000])
    assert fails(*command, "damaged.pt", *more, code=4).startswith(
        "error: damaged.pt (1,000 bytes) cannot be read as a checkpoint: it is damaged"
    )


def changed(trained: Path, change) -> str:
    saved = checkpoint.load(trained)
    change(saved)
    checkpoint.save("changed.pt", saved)
    return fails("evaluate", "changed.pt", code=4)


def test_a_checkpoint_of_fit_itself_cannot_be_rebuilt(trained):
    assert changed(trained, lambda saved: saved.config.clear()) == (
        "error: changed.pt does not say how to build its model: it was not saved by torchbook "
        "train. Build the model in Python and use torchbook.training.checkpoint.load_weights"
    )
    assert "Classes" not in torchbook("info", "changed.pt").stdout


def test_a_checkpoint_whose_settings_make_no_sense_is_refused(trained):
    def other_setting(saved):
        saved.config["settings"]["model"]["width"] = "wide"

    def other_task(saved):
        saved.config["task"]["size"] = 0

    def no_task(saved):
        saved.config["task"] = 5

    start = "error: changed.pt holds settings that this version of torchbook cannot use: "
    assert changed(trained, other_setting) == (
        f'{start}model.width must be a whole number of at least 1, but is "wide" (a text)'
    )
    assert changed(trained, other_task) == f"{start}pictures of 1 x 0 x 0"
    assert changed(trained, no_task).startswith(start)


def test_weights_that_do_not_fit_are_refused_before_room_is_made_for_them(trained):
    def enormous(saved):
        saved.config["settings"]["model"]["width"] = 1_000_000

    message = changed(trained, enormous)
    assert message.startswith("error: changed.pt belongs to another model. of another shape: ")


def test_data_that_has_changed_since_is_named(trained, monkeypatch):
    def other_shape(n_valid):
        splits = tiny_data.load(n_valid)
        large = type(splits.valid)(splits.valid.inputs[:, :, :7, :7], splits.valid.targets)
        return Splits(splits.train, large, large, splits.classes)

    def other_classes(n_valid):
        splits = tiny_data.load(n_valid)
        return Splits(splits.train, splits.valid, splits.test, ("a", "b", "c"))

    monkeypatch.setitem(DATA_SETS, "tiny", DataSet("", other_shape, lambda: None, 40))
    assert fails("evaluate", trained, code=4) == (
        "error: the model was trained with pictures of shape [1, 8, 8], but those of tiny have "
        "[1, 7, 7] now"
    )
    monkeypatch.setitem(DATA_SETS, "tiny", DataSet("", other_classes, lambda: None, 40))
    assert fails("evaluate", trained, code=4) == (
        "error: the model was trained with the classes above, below, nowhere, but tiny has "
        "a, b, c now"
    )


# --- predict


def test_predict_names_the_class_and_what_was_done(trained):
    picture("one.png")
    picture("two.png", size=(60, 40), mode="RGB")
    result = torchbook("predict", trained, "one.png", "two.png", "--top=2")
    lines = result.stdout.splitlines()
    assert lines[0] == "one.png (used as it is)"
    assert lines[1].split() == ["class", "probability"]
    assert lines[2].startswith("above")
    assert lines[4] == ""
    assert lines[5] == (
        "two.png (turned to grey, shrunk to 8 pixels, cut to the middle square of 60 x 40 pixels)"
    )
    assert lines[7].startswith("above")
    assert result.stderr == ""


def test_predict_for_other_programs(trained):
    picture("one.png", size=(4, 4))
    (answer,) = json.loads(torchbook("predict", trained, "one.png", "--json", "--top=9").stdout)
    assert answer["file"] == "one.png"
    assert answer["prepared"] == "enlarged to 8 pixels"
    assert answer["predictions"][0]["class"] == "above"
    assert {p["label"] for p in answer["predictions"]} == {0, 1, 2}
    assert sum(p["probability"] for p in answer["predictions"]) == pytest.approx(1, abs=1e-5)


def test_predict_notices_light_and_dark_swapped(trained):
    Image.new("L", (8, 8), 250).save("light.png")
    result = torchbook("predict", trained, "light.png")
    assert result.stderr == (
        "note: the edges of light.png are light, those of the pictures that the model knows are "
        "not; try --invert\n"
    )
    swapped = torchbook("predict", trained, "light.png", "--invert")
    assert "(used as it is, light and dark swapped)" in swapped.stdout
    assert swapped.stderr == ""
    Image.new("L", (8, 8), 0).save("dark.png")
    result = torchbook("predict", trained, "dark.png", "--invert")
    assert result.stderr.endswith("are not; try without --invert\n")


def test_predict_reads_pictures_of_all_kinds(trained):
    turned = Image.new("RGB", (8, 16))
    exif = turned.getexif()
    exif[0x0112] = 6  # "turn me by a quarter"
    turned.save("turned.jpg", exif=exif)
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save("clear.png")
    answers = json.loads(torchbook("predict", trained, "turned.jpg", "clear.png", "--json").stdout)
    assert answers[0]["prepared"] == (
        "turned upright, turned to grey, cut to the middle square of 16 x 8 pixels"
    )
    assert answers[1]["prepared"] == "put on white, turned to grey"


def test_pictures_that_cannot_be_read_end_with_3_before_any_answer(trained):
    picture("one.png")
    Path("text.png").write_text("no picture")
    Path("half.png").write_bytes(Path("one.png").read_bytes()[:60])
    for name, message in {
        "none.png": "there is no image none.png",
        "text.png": "text.png cannot be read as an image: Pillow knows no such format",
        "half.png": "half.png cannot be read as an image: ",
    }.items():
        result = torchbook("predict", trained, "one.png", name, code=3)
        assert result.stderr.startswith(f"error: {message}")
        assert result.stdout == ""


def test_a_model_of_no_pictures_predicts_none(trained):
    def five_channels(saved):
        saved.config["task"]["channels"] = 5
        saved.model["features.0.0.weight"] = torch.zeros(4, 5, 3, 3)

    saved = checkpoint.load(trained)
    five_channels(saved)
    checkpoint.save("five.pt", saved)
    assert "channels must be 1 (grey) or 3 (RGB), but is 5" in fails(
        "predict", "five.pt", picture("one.png"), code=1
    )


# --- export


def test_export_says_how_exact_and_what_int8_costs(trained):
    result = torchbook("export", trained, "model.onnx", "--int8", "small.onnx")
    first, second = result.stdout.splitlines()
    assert first.startswith("model.onnx: ")
    assert " KB, differs from PyTorch by at most " in first
    assert first.endswith("(batches of 1, 2, 3, 40)")
    assert second.startswith("small.onnx: ")
    assert second.endswith(" of 40 samples (validation split)")
    assert result.stderr == ""
    assert {path.name for path in Path().iterdir()} == {"model.onnx", "small.onnx"}


def test_export_without_the_data_compares_on_random_pixels(trained, monkeypatch):
    def missing():
        raise DataCorruptError("gone")

    def unavailable(n_valid):
        raise DataUnavailableError("no network")

    monkeypatch.setitem(DATA_SETS, "tiny", DataSet("", unavailable, missing, 1))
    first, second = torchbook("export", trained, "model.onnx").stdout.splitlines()
    assert first == "tiny is not here: comparing on random pixels."
    assert second.endswith("(batches of 1, 2, 3, 8)")
    assert fails("export", trained, "a.onnx", "--int8=b.onnx", code=3) == "error: no network"
    assert not Path("a.onnx").exists()


def test_export_never_overwrites_the_checkpoint(trained):
    before = trained.read_bytes()
    assert fails("export", trained, trained, code=2) == (
        f"error: {trained} and {trained} must be different files"
    )
    assert trained.read_bytes() == before
    assert fails("export", trained, "none/model.onnx", code=2) == (
        "error: the folder of none/model.onnx does not exist: make it first"
    )


# --- info


def test_info_on_this_machine():
    words = [line.split()[0] for line in torchbook("info").stdout.splitlines()]
    assert words == ["python", "torch", "torchbook", "device", "cores", "threads", "data"]


def test_info_on_a_checkpoint(trained):
    out = torchbook("info", trained).stdout
    assert "6, 48 steps" in out
    assert "of the last epoch" in out
    assert "train loss" in out
    assert "# Classes: above, below, nowhere" in out
    assert "lr = 0.02 " in out


# --- how it fails


def test_a_fault_that_nobody_foresaw_points_to_debug(monkeypatch):
    def broken(n_valid):
        raise OSError("the moon is in the way\nand more")

    monkeypatch.setitem(DATA_SETS, "tiny", DataSet("", broken, lambda: None, 1))
    assert fails("train", *QUICK, code=1) == (
        "error: OSError: the moon is in the way. That was not foreseen; --debug shows where it "
        "happened"
    )
    result = torchbook("train", *QUICK, "--debug", code=1)
    assert "Traceback" in result.stderr
    assert "and more" in result.stderr
    monkeypatch.setenv("TORCHBOOK_DEBUG", "1")
    assert "Traceback" in torchbook("train", *QUICK, code=1).stderr


def test_a_library_that_is_missing_is_a_matter_of_usage(trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert fails("export", trained, "model.onnx", code=2) == (
        "error: to export models, onnxscript is missing. To install what is needed: "
        'pip install "torchbook[export]"'
    )


def test_of_many_processes_only_the_first_speaks(trained, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert torchbook("info", trained).output == ""
    assert fails("info", "none.pt", code=4) == ""

    def broken():
        raise OSError("no")

    monkeypatch.setitem(DATA_SETS, "tiny", DataSet("", tiny_data.load, broken, 1))
    assert fails("data", code=1) == (
        "error in process 1: OSError: no. That was not foreseen; --debug shows where it happened"
    )


def test_a_closed_pipe_is_no_fault(monkeypatch):
    with pytest.raises(BrokenPipeError), cli.reported(debug=False):
        raise BrokenPipeError


def test_usage_errors_end_with_2_and_help_has_the_codes():
    assert torchbook("evaluate", code=2).stderr
    assert torchbook("nonsense", code=2).stderr
    for command in ("train", "evaluate", "predict", "export", "data", "info"):
        text = torchbook(command, "--help").stdout
        assert "130 interrupted" in text.replace("\n", " ").replace("  ", " ")
        assert f"torchbook {command} " in text.split("Usage:")[1].split("\n", 1)[1]


# --- schedules


@pytest.mark.parametrize(("n_steps", "warm_up"), [(20, 0.25), (37, 0.3), (100, 0.5)])
def test_one_cycle_is_pytorchs(n_steps, warm_up):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = OneCycleLR(
        optimizer, max_lr=1.0, total_steps=n_steps, pct_start=warm_up, cycle_momentum=False
    )
    for step in range(n_steps):
        mine = tasks.one_cycle(step, n_steps, warm_up)
        assert mine == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        if step < n_steps - 1:
            theirs.step()


@pytest.mark.parametrize("shape", [tasks.one_cycle, tasks.cosine])
@pytest.mark.parametrize("n_steps", [1, 2, 3, 4, 50])
@pytest.mark.parametrize("warm_up", [0.0, 0.25, 0.5, 0.99])
def test_schedules_bear_any_length(shape, n_steps, warm_up):
    shares = [shape(step, n_steps, warm_up) for step in range(n_steps + 1)]
    assert all(0 <= share <= 1 for share in shares)
    assert shares[-1] < 1e-4
    rising = [b > a for a, b in pairwise(shares)]
    assert rising == sorted(rising, reverse=True)  # up, then down, once


# --- in processes of its own

PROGRAM = """
import tiny_data
from torchbook.data.sets.registry import DATA_SETS
DATA_SETS["tiny"] = tiny_data.TINY
from torchbook.apps.cli import main
main()
"""


def in_processes(program: list[str], *args: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    return subprocess.run(
        [sys.executable, "-m", *program, *args],
        capture_output=True,
        text=True,
        timeout=600,
        env=environment,
        check=False,
    )


def test_as_a_module_it_starts(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["torchbook", "--help"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("torchbook", run_name="__main__")
    assert caught.value.code == 0
    assert capsys.readouterr().out.lstrip().startswith("Usage: torchbook ")
    importlib.reload(importlib.import_module("torchbook.__main__"))  # not started: does nothing


def test_help_and_wrong_settings_need_not_wait_for_pytorch():
    source = "import sys; from torchbook.apps import cli, config; sys.exit('torch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert (
        subprocess.run([sys.executable, "-c", source], env=environment, check=False).returncode == 0
    )


@pytest.mark.slow
def test_two_processes_train_what_one_would_and_one_speaks():
    Path("program.py").write_text(PROGRAM)
    torchrun = ["torch.distributed.run", "--nproc-per-node=2", "--standalone", "program.py"]
    model = ["--set=model.name=TinyVGG", "--quiet"]  # nothing in it depends on the share
    args = ["train", *QUICK[:3], *model]
    result = in_processes(torchrun, *args)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("Saved in model.pt") == 1
    assert "on CPU in 2 processes" in result.stdout
    torchbook(*args, "--set=checkpoint.path=one.pt")
    one, two = weights("one.pt"), weights("model.pt")
    for name in one:
        torch.testing.assert_close(two[name], one[name].cpu(), rtol=1e-3, atol=1e-4)
    again = in_processes(torchrun, *args)
    assert again.returncode == 1
    assert again.stderr.count("error: model.pt is there already") == 1
    assert "exitcode  : 4" in again.stderr


@pytest.mark.slow
def test_ctrl_c_from_a_terminal(tmp_path):
    Path("program.py").write_text(PROGRAM)
    args = [*QUICK, "--set=training.epochs=100000", "--set=schedule.name=none"]
    with subprocess.Popen(
        [sys.executable, "program.py", "train", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert "epoch 1/" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=600)
    assert process.returncode == 130
    assert errors.splitlines()[-1].endswith(
        "Nothing is lost: the same command with --resume goes on"
    )
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".pt"] == ["model.pt"]
