"""The command line does what it says, and says in a line or two what is wrong."""

import importlib
import io
import json
import os
import pkgutil
import runpy
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tiny_data
import torch
from PIL import Image
from torch.optim.lr_scheduler import OneCycleLR
from typer.testing import CliRunner

import torchbook as torchbook_package
from torchbook.apps import cli, tasks
from torchbook.apps import config as settings
from torchbook.data import Splits
from torchbook.data.download import DataCorruptError, DataUnavailableError
from torchbook.data.sets.registry import DATA_SETS, DataSet
from torchbook.training import TrainingInterrupted, checkpoint, run

QUICK = [
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
    monkeypatch.setitem(DATA_SETS, "fashion_mnist", tiny_data.TINY)
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
        patch.setitem(DATA_SETS, "fashion_mnist", tiny_data.TINY)
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
    assert " parameters, learns fashion_mnist (160 examples, 40 for validation) on " in first
    assert rest[0] == "epoch  train loss  train acc.  valid loss  valid acc.  seconds"
    assert rest[-1] == "Saved in model.pt. To evaluate it: torchbook evaluate model.pt"
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
        *QUICK[:2],
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
    assert "fashion_mnist, valid split, 40 samples" in torchbook("evaluate", "model.pt").stdout


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
        "error: model.pt exists already: add --resume to continue from it, or choose another file "
        "with --set checkpoint.path=FILE"
    )
    assert Path("model.pt").read_text() == "mine"


def test_a_training_that_was_stopped_goes_on_to_the_same_bits():
    torchbook("train", *QUICK, "--quiet", "--set=checkpoint.path=whole.pt")
    original = run.Run._take_step

    def take_step(self):
        original(self)
        if self.step == 10:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run.Run, "_take_step", take_step)
        message = fails("train", *QUICK, "--quiet", code=130)
    assert message == (
        "stopped in epoch 2, after step 10. Everything is in model.pt: the same command with "
        "--resume continues"
    )
    assert "1 and a part of the next, " in torchbook("info", "model.pt").stdout
    torchbook("train", *QUICK, "--quiet", "--resume")
    whole, resumed = weights("whole.pt"), weights("model.pt")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_resume_without_a_checkpoint_begins():
    result = torchbook("train", *QUICK, "--quiet", "--resume")
    assert result.stdout.startswith("There is no model.pt yet: starting from the beginning.\n")
    assert checkpoint.load("model.pt").epoch == 2


def test_resume_needs_a_file():
    assert fails("train", *QUICK, "--resume", "--set=checkpoint.path=none", code=2) == (
        "error: --resume needs a file to continue from: set checkpoint.path"
    )


def test_a_training_is_not_resumed_with_other_settings():
    torchbook("train", *QUICK, "--quiet")
    before = Path("model.pt").read_bytes()
    message = fails(
        "train", *QUICK, "--resume", "--set=optimizer.lr=1", "--set=training.epochs=9", code=4
    )
    assert message == (
        "error: model.pt cannot be resumed with other settings: optimizer.lr was 0.02 and is now "
        "1.0; training.epochs was 2 and is now 9. Use the old settings, or start a new "
        "training with another checkpoint.path"
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
        "error: --set training.epoch=5: there is no setting training.epoch; did you mean "
        "training.epochs?"
    )
    assert fails("train", "none.toml", code=2).startswith("error: there is no file none.toml")
    assert fails("train", *QUICK, "--set=data.n_valid=101", code=2) == (
        "error: data.n_valid is 101: n_valid must be from 1 to 100, but is 101"
    )


def test_a_folder_that_is_missing_is_named_before_the_data_is_loaded(monkeypatch):
    def load(n_valid):
        raise AssertionError

    monkeypatch.setitem(DATA_SETS, "fashion_mnist", DataSet("", load, lambda: None, 1))
    assert fails("train", *QUICK, "--set=checkpoint.path=runs/model.pt", code=2) == (
        "error: checkpoint.path is runs/model.pt, but there is no folder runs: create it first"
    )


def test_batches_too_small_to_share_are_a_matter_of_settings():
    config = settings.load(None, ["data.batch_size=3", "checkpoint.path=none"])
    world = tasks.World(rank=0, size=2, device=torch.device("cpu"))
    with pytest.raises(settings.ConfigError) as caught:
        tasks.train(config, tiny_data.load(40), world)
    assert caught.value.key == "data.batch_size"
    assert str(caught.value) == (
        "data.batch_size: 160 examples in batches of 3 leave a last batch of 1, too "
        "few for 2 processes: choose another batch_size"
    )


def test_ctrl_c_before_the_training_ends_with_130(monkeypatch):
    def interrupted(n_valid):
        raise KeyboardInterrupt

    monkeypatch.setitem(DATA_SETS, "fashion_mnist", DataSet("", interrupted, lambda: None, 1))
    assert fails("train", *QUICK, code=130) == "interrupted"


def test_an_interrupt_without_a_file_promises_nothing(monkeypatch):
    def fit(*args, **kwargs):
        raise TrainingInterrupted("after epoch 1", None)

    monkeypatch.setattr(tasks, "fit", fit)
    assert fails("train", *QUICK, "--set=checkpoint.path=none", code=130) == (
        "stopped after epoch 1. Nothing was saved: there is no checkpoint.path"
    )


# --- data


def test_data_that_cannot_be_had_ends_with_3(monkeypatch):
    def unavailable(n_valid):
        raise DataUnavailableError("tiny could not be loaded. Tried, in this order:\n  1. cache")

    monkeypatch.setitem(DATA_SETS, "fashion_mnist", DataSet("", unavailable, lambda: None, 1))
    message = "error: tiny could not be loaded. Tried, in this order:\n  1. cache"
    assert fails("train", *QUICK, code=3) == message
    assert fails("data", "fashion_mnist", code=3) == message


def test_data_sets_are_listed_and_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "cache"))
    loaded = []

    def load(n_valid: int) -> Splits:
        loaded.append(n_valid)
        return tiny_data.load(n_valid)

    def check() -> None:
        if not loaded:
            raise DataCorruptError("bars is missing")

    monkeypatch.setitem(DATA_SETS, "fashion_mnist", DataSet("bars", load, check, n_valid=7))
    listed = torchbook("data").stdout.splitlines()
    names = ["name", "fashion_mnist", "animal_vegetable_mineral", "Folder:"]
    assert [line.split()[0] for line in listed] == names
    assert listed[1].split(maxsplit=2)[2] == "not available (bars is missing)"
    assert listed[2].endswith("  verified")  # it came with the package
    assert str(tmp_path / "cache") in listed[3]
    assert loaded == []
    assert torchbook("data", "fashion_mnist").stdout.splitlines()[1].endswith("  verified")
    assert loaded == [7]


def test_an_unknown_data_set_is_named():
    assert fails("data", "zzz", code=2) == (
        "error: there is no data set zzz; there are fashion_mnist, animal_vegetable_mineral"
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
    assert lines[0].endswith("fashion_mnist, valid split, 40 samples")
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
    message = " ".join(torchbook("evaluate", trained, "--split=train", code=2).stderr.split())
    assert "'train' is not one of 'valid', 'test'" in message.replace(" │ │ ", " ")


@pytest.mark.parametrize("command", [["evaluate"], ["predict"], ["export"], ["info"]])
def test_files_that_are_no_checkpoints_are_named(command, trained):
    more = {"predict": ["a.png"], "export": ["a.onnx"]}.get(command[0], [])
    assert fails(*command, "none.pt", *more, code=4) == "error: there is no checkpoint at none.pt"
    Path("damaged.pt").write_bytes(trained.read_bytes()[:1000])
    assert fails(*command, "damaged.pt", *more, code=4).startswith(
        "error: damaged.pt (1,000 bytes) is damaged"
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

    def lacking(saved):
        del saved.config["task"]["classes"]

    start = "error: changed.pt holds settings that this version of torchbook cannot use: "
    assert changed(trained, other_setting) == (
        f'{start}model.width should be a valid integer, but is "wide"'
    )
    assert changed(trained, other_task) == (
        f"{start}size should be greater than or equal to 1, but is 0"
    )
    assert changed(trained, no_task) == f"{start}the task should be a table, but is 5"
    assert changed(trained, lacking) == f"{start}classes is missing"


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

    monkeypatch.setitem(DATA_SETS, "fashion_mnist", DataSet("", other_shape, lambda: None, 40))
    assert fails("evaluate", trained, code=4) == (
        "error: the model was trained with images of shape [1, 8, 8], but those of "
        "fashion_mnist now have [1, 7, 7]"
    )
    monkeypatch.setitem(DATA_SETS, "fashion_mnist", DataSet("", other_classes, lambda: None, 40))
    assert fails("evaluate", trained, code=4) == (
        "error: the model was trained with the classes above, below, nowhere, but "
        "fashion_mnist now has a, b, c"
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


def test_predict_swaps_light_and_dark(trained):
    picture("one.png")
    swapped = Image.fromarray(255 - np.array(Image.open("one.png")))
    swapped.save("swapped.png")
    one = json.loads(torchbook("predict", trained, "one.png", "--json").stdout)
    two = json.loads(torchbook("predict", trained, "swapped.png", "--json", "--invert").stdout)
    assert two[0]["prepared"] == "used as it is, light and dark swapped"
    assert two[0]["predictions"] == one[0]["predictions"]


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

    monkeypatch.setitem(DATA_SETS, "fashion_mnist", DataSet("", unavailable, missing, 1))
    first, second = torchbook("export", trained, "model.onnx").stdout.splitlines()
    assert first == "fashion_mnist is not on this machine: comparing on random pixels."
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
        "error: there is no folder none for none/model.onnx: create it first"
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


def test_an_error_that_was_not_expected_points_to_debug(monkeypatch):
    def broken(n_valid):
        raise OSError("the moon is in the way\nand more")

    monkeypatch.setitem(DATA_SETS, "fashion_mnist", DataSet("", broken, lambda: None, 1))
    assert fails("train", *QUICK, code=1) == (
        "error: OSError: the moon is in the way. This error was not expected; --debug shows where "
        "it happened"
    )
    result = torchbook("train", *QUICK, "--debug", code=1)
    assert "Traceback" in result.stderr
    assert "and more" in result.stderr
    monkeypatch.setenv("TORCHBOOK_DEBUG", "1")
    assert "Traceback" in torchbook("train", *QUICK, code=1).stderr


def test_a_library_that_is_missing_is_a_matter_of_usage(trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    message = fails("export", trained, "model.onnx", code=2)
    assert message.startswith("error: onnxscript cannot be imported (")
    assert message.endswith('). To install what is needed: pip install "torchbook[export]"')


def test_of_many_processes_only_the_first_speaks(trained, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert torchbook("info", trained).output == ""
    assert fails("info", "none.pt", code=4) == ""

    def broken():
        raise OSError("no")

    monkeypatch.setitem(DATA_SETS, "fashion_mnist", DataSet("", tiny_data.load, broken, 1))
    assert fails("data", code=1) == (
        "error in process 1: OSError: no. This error was not expected; --debug shows where it "
        "happened"
    )


def subclasses(kind: type) -> set[type]:
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


def test_every_error_of_the_package_has_an_exit_code():
    for found in pkgutil.walk_packages(torchbook_package.__path__, "torchbook."):
        if not found.name.startswith(("torchbook.book", "torchbook.__main__")):
            importlib.import_module(found.name)
    ours = {kind for kind in subclasses(Exception) if kind.__module__.startswith("torchbook.")}
    ours = {kind for kind in ours if not kind.__module__.startswith("torchbook.book")}
    assert {kind.__name__ for kind in ours if cli._code(kind("")) is None} == set()
    for name in cli.CODES_BY_CLASS:
        module, _, kind = name.rpartition(".")
        assert issubclass(getattr(importlib.import_module(module), kind), Exception)


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
DATA_SETS["fashion_mnist"] = tiny_data.TINY
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


@pytest.mark.slow
def test_two_processes_train_what_one_would_and_one_speaks():
    Path("program.py").write_text(PROGRAM)
    torchrun = ["torch.distributed.run", "--nproc-per-node=2", "--standalone", "program.py"]
    model = ["--set=model.name=TinyVGG", "--quiet"]  # nothing in it depends on the share
    args = ["train", *QUICK[:2], *model]
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
    assert again.stderr.count("error: model.pt exists already") == 1
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
        "Everything is in model.pt: the same command with --resume continues"
    )
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".pt"] == ["model.pt"]


@pytest.fixture
def output(monkeypatch):
    """Run a command with an output of some encoding, which is strict about what it lacks."""

    def run(encoding: str, *args: object) -> tuple[int, str, str]:
        out, err = io.BytesIO(), io.BytesIO()
        for name, stream in (("stdout", out), ("stderr", err)):
            text = io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="\n")
            monkeypatch.setattr(sys, name, text)
        monkeypatch.setattr(sys, "argv", ["torchbook", *map(str, args)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code, out.getvalue().decode(encoding), err.getvalue().decode(encoding)

    return run


CAFE, CAT = os.fsdecode(b"caf\xe9"), "猫"  # the first is not UTF-8: old zip files hold such names


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "utf-16"])
def test_names_that_the_output_cannot_show_are_escaped(trained, output, encoding):
    for name in (CAFE, CAT):
        picture(f"{name}.png")
    code, text, errors = output(encoding, "predict", trained, f"{CAFE}.png", f"{CAT}.png")
    assert (code, errors) == (0, "")
    assert "caf\\udce9.png (used as it is)" in text
    cat = CAT if encoding.startswith("utf") else "\\u732b"
    assert f"{cat}.png (used as it is)" in text
    assert text.count("above") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there all file names are Unicode")
@pytest.mark.parametrize("name", [CAFE, CAT])
def test_every_command_takes_names_that_the_output_cannot_show(trained, output, name):
    Path(f"{name}.pt").write_bytes(trained.read_bytes())
    Path(f"{name}.toml").write_text("[model]\nwidth = 4\n")
    picture(f"{name}.png")
    for args in (
        ["train", f"{name}.toml", "--show-config"],
        ["evaluate", f"{name}.pt"],
        ["evaluate", f"{name}.pt", "--json"],
        ["predict", f"{name}.pt", f"{name}.png", "--json"],
        ["info", f"{name}.pt"],
        ["export", f"{name}.pt", f"{name}.onnx", f"--int8={name}.small.onnx"],
    ):
        code, text, errors = output("ascii", *args)
        assert (code, errors) == (0, ""), args
        if "--json" in args:
            answer = json.loads(text)
            path = answer["checkpoint"] if isinstance(answer, dict) else answer[0]["file"]
            assert path in args
    assert Path(f"{name}.small.onnx").is_file()
    for expected, *args in (
        (2, "train", f"--set=checkpoint.path={name}/model.pt"),
        (2, "train", f"{name}.none"),
        (2, "data", name),
        (2, name),
        (3, "predict", trained, f"{name}.none"),
        (4, "evaluate", f"{name}.toml"),
        (4, "info", f"{name}.none"),
    ):
        code, text, errors = output("ascii", *args)
        assert (code, text) == (expected, ""), args
        assert "Traceback" not in errors
        assert name.encode("ascii", "backslashreplace").decode() in errors


def test_the_folder_of_the_data_may_have_any_name(output, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / CAFE))
    for command in ("info", "data"):
        code, text, _ = output("ascii", command)
        assert code == 0
        assert "caf\\udce9" in text


def test_json_has_null_for_numbers_that_it_lacks(capsys):
    cli.say_json({"loss": float("nan"), "pair": [float("inf"), 1.5], "n": 3})
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == {
        "loss": None,
        "pair": [None, 1.5],
        "n": 3,
    }


@pytest.mark.parametrize("args", [["--help"], ["train", "--show-config"], ["info"]])
def test_a_closed_pipe_is_not_an_error(args):
    Path("program.py").write_text(PROGRAM)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as pipe:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "program.py", *args],
            stdout=pipe,
            stderr=subprocess.PIPE,
            env=environment,
            check=False,
        )
    assert done.stderr == b""
    assert done.returncode == 1


def test_an_optimizer_that_is_not_fused_may_still_be_fast():
    model = torch.nn.Linear(2, 2)
    for fused, expected in ((False, None), (True, True)):
        optimizer = tasks.build_optimizer(settings.Optimizer(), model, fused=fused)
        assert {group["fused"] for group in optimizer.param_groups} == {expected}
