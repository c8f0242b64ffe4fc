"""A training that breaks off and goes on ends as if it had never stopped, to the last bit."""

import json
import math
import os
import signal
import subprocess
import sys
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import timm.optim
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    LambdaLR,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)
from torch.utils.data import DataLoader, TensorDataset
from torchdata.stateful_dataloader import StatefulDataLoader
from torchdata.stateful_dataloader.sampler import StatefulDistributedSampler

from torchbook.data import Batches, Examples
from torchbook.device import seed_everything
from torchbook.training import DivergedError, History, SupervisedStep, TrainingInterrupted, fit
from torchbook.training import checkpoint as checkpoints
from torchbook.training.checkpoint import CheckpointMismatchError

EPOCHS = 3
N, BATCH = 44, 10  # a last batch of 4


class StopNowError(Exception):
    """Stands for whatever ends a run."""


def examples(n: int = N, seed: int = 0) -> Examples:
    draw = torch.Generator().manual_seed(seed)
    inputs = torch.randint(0, 256, (n, 1, 6, 6), generator=draw, dtype=torch.uint8)
    return Examples(inputs, (inputs.float().mean(dim=(1, 2, 3)) > 127).long())


def mirror_some(inputs: torch.Tensor) -> torch.Tensor:
    """Draw from the global random numbers, as augmentations do."""
    coin = torch.rand(len(inputs), 1, 1, 1) < 0.5
    return torch.where(coin, inputs.flip(3), inputs).float() / 255


class Training:
    """A training with everything that has a state: dropout, batch norm, augmentation, schedule."""

    def __init__(self, scheduler: str = "one_cycle", **options) -> None:
        seed_everything(7)
        self.model = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3),
            nn.Linear(64, 2),
        )  # fmt: skip
        self.train = Batches(examples(), BATCH, shuffle=True, seed=1, transform=mirror_some)
        self.valid = Batches(examples(20, seed=9), 8)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.01)
        self.options = {"epochs": EPOCHS, "progress": False, **options}
        steps = EPOCHS * math.ceil(len(self.train) / self.options.get("accumulate", 1))
        if scheduler == "one_cycle":
            self.options["scheduler"] = OneCycleLR(self.optimizer, 0.02, total_steps=steps)
        elif scheduler == "cosine":
            self.options |= {"scheduler": CosineAnnealingLR(self.optimizer, EPOCHS)}
            self.options["schedule"] = "epoch"
        elif scheduler == "plateau":
            self.options |= {"scheduler": ReduceLROnPlateau(self.optimizer, patience=0)}

    def run(self, **options) -> History:
        return fit(self.model, self.train, self.valid, self.optimizer, **self.options | options)

    def ending(self, history: History) -> tuple:
        """Everything that must be the same in the end."""
        rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]
        weights = {name: value.clone() for name, value in self.model.state_dict().items()}
        return rows, weights, self.optimizer.param_groups[0]["lr"]


def same(one: tuple, other: tuple) -> bool:
    (rows, weights, rate), (rows_2, weights_2, rate_2) = one, other
    assert rows == rows_2
    assert rate == rate_2
    assert weights.keys() == weights_2.keys()
    return all(torch.equal(weights[name], weights_2[name]) for name in weights)


def break_off(training: Training, path: Path, at: int, monkeypatch, **options) -> None:
    """Run until the checkpoint after step `at` is written, and no further."""
    save = checkpoints.save

    def save_and_stop(where, content):
        save(where, content)
        if content.step >= at:
            raise StopNowError

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "save", save_and_stop)
        with pytest.raises(StopNowError):
            training.run(checkpoint=path, checkpoint_every=1, **options)


OPTIONS = {
    "plain": {"scheduler": None},
    "one cycle": {},
    "cosine by epoch": {"scheduler": "cosine"},
    "plateau": {"scheduler": "plateau"},
    "accumulated and clipped": {"accumulate": 2, "clip_norm": 0.5},
    "bfloat16": {"precision": "bfloat16"},
    "float16": {"precision": "float16"},
    "best kept": {"keep_best": True, "monitor": "valid_accuracy", "mode": "max"},
    "by steps": {"epochs": None, "max_steps": 13, "eval_every": 3},
    "epochs, evaluated by steps": {"eval_every": 2, "keep_best": True},
}


# After step 5 the first epoch is trained, but not yet validated.
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("at", [5, 7])
def test_a_resumed_run_ends_as_one_that_never_stopped(tmp_path, monkeypatch, options, at):
    whole = Training(**options)
    expected = whole.ending(whole.run())
    if options.get("accumulate"):
        at = min(at, 5)
    path = tmp_path / "run.pt"
    break_off(Training(**options), path, at, monkeypatch)
    resumed = Training(**options)
    seed_everything(99)  # whatever the new process did before
    torch.rand(5)
    history = resumed.run(checkpoint=path, checkpoint_every=1, resume=True)
    assert same(resumed.ending(history), expected)


@settings(max_examples=8)
@given(stops=st.lists(st.integers(1, EPOCHS * 5 - 1), max_size=3, unique=True))
def test_any_number_of_breaks_changes_nothing(tmp_path_factory, stops):
    whole = Training()
    expected = whole.ending(whole.run())
    path = tmp_path_factory.mktemp("runs") / "run.pt"
    with pytest.MonkeyPatch.context() as monkeypatch:
        for at in sorted(stops):
            break_off(Training(), path, at, monkeypatch, resume=True)
    last = Training()
    history = last.run(checkpoint=path, checkpoint_every=1, resume=True)
    assert same(last.ending(history), expected)


def test_checkpoints_change_nothing_either(tmp_path):
    whole = Training()
    expected = whole.ending(whole.run())
    saving = Training()
    history = saving.run(checkpoint=tmp_path / "run.pt", checkpoint_every=2)
    assert same(saving.ending(history), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_a_finished_run_is_not_trained_again(tmp_path):
    path = tmp_path / "run.pt"
    first = Training(keep_best=True)
    expected = first.ending(first.run(checkpoint=path))
    before = path.read_bytes()
    again = Training(keep_best=True)
    history = again.run(checkpoint=path, resume=True)
    assert same(again.ending(history), expected)
    assert path.read_bytes() == before


def test_a_finished_run_can_be_given_more_epochs(tmp_path):
    path = tmp_path / "run.pt"
    Training(scheduler=None).run(epochs=1, checkpoint=path)
    more = Training(scheduler=None)
    history = more.run(checkpoint=path, resume=True)
    whole = Training(scheduler=None)
    assert same(more.ending(history), whole.ending(whole.run()))


def test_patience_counts_across_a_break(tmp_path, monkeypatch):
    options = {"scheduler": None, "patience": 1, "monitor": "valid_loss", "mode": "max"}
    whole = Training(**options)  # the loss is asked to grow, and does not: soon out of patience
    expected = whole.ending(whole.run(epochs=20))
    assert len(expected[0]) < 20
    path = tmp_path / "run.pt"
    break_off(Training(**options), path, 3, monkeypatch, epochs=20)
    resumed = Training(**options)
    history = resumed.run(epochs=20, checkpoint=path, resume=True)
    assert same(resumed.ending(history), expected)


def from_outside() -> Training:
    """Return a training with an optimiser, a scheduler and a loader that are not the package's."""
    training = Training(scheduler=None)
    data = TensorDataset(examples().inputs.float() / 255, examples().targets)
    # With a generator of its own, this loader resumes an epoch, but not the order of the next.
    sampler = StatefulDistributedSampler(data, num_replicas=1, rank=0, seed=1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'set_vital' is deprecated")  # torchdata 0.11 calls it
        training.train = StatefulDataLoader(data, BATCH, sampler=sampler)
    training.optimizer = timm.optim.Lion(training.model.parameters(), lr=1e-3)
    scheduler = CosineAnnealingWarmRestarts(training.optimizer, T_0=4)
    training.options |= {"scheduler": scheduler, "schedule": "step"}
    return training


@pytest.mark.parametrize("at", [3, 5, 7, 10])
def test_what_comes_from_outside_resumes_too(tmp_path, monkeypatch, at):
    path = tmp_path / "run.pt"
    whole = from_outside()
    expected = whole.ending(whole.run(checkpoint=tmp_path / "whole.pt"))
    break_off(from_outside(), path, at, monkeypatch)
    resumed = from_outside()
    assert same(resumed.ending(resumed.run(checkpoint=path, resume=True)), expected)


def test_a_loader_that_was_saved_between_two_epochs_goes_on_with_the_next(tmp_path):
    path = tmp_path / "run.pt"
    whole = from_outside()
    expected = whole.ending(whole.run(checkpoint=tmp_path / "whole.pt"))
    from_outside().run(checkpoint=path, epochs=1)
    resumed = from_outside()
    assert same(resumed.ending(resumed.run(checkpoint=path, resume=True)), expected)


# --- Ctrl-C


def interrupt_at(training: Training, step: int) -> None:
    """Press Ctrl-C while the batch of that step is made ready."""
    transform, calls = training.train.transform, []

    def pressed(inputs):
        calls.append(1)
        if len(calls) == step:
            os.kill(os.getpid(), signal.SIGINT)
        return transform(inputs)

    training.train.transform = pressed


@pytest.mark.parametrize(
    ("step", "place"), [(3, "in epoch 1, after step 3"), (5, "in epoch 1, after step 5")]
)
def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path, step, place):
    whole = Training()
    expected = whole.ending(whole.run())
    path = tmp_path / "run.pt"
    stopped = Training()
    interrupt_at(stopped, step)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as caught:
        stopped.run(checkpoint=path)
    assert type(caught.value) is TrainingInterrupted
    assert str(caught.value) == (
        f"stopped {place}. Everything is saved in {path}: the same call with resume=True goes on"
    )
    assert (caught.value.place, caught.value.path) == (place, path)
    assert signal.getsignal(signal.SIGINT) is before
    assert checkpoints.load(path).step == step
    resumed = Training()
    assert same(resumed.ending(resumed.run(checkpoint=path, resume=True)), expected)


def test_ctrl_c_in_the_validation_waits_for_its_end(tmp_path):
    path = tmp_path / "run.pt"
    stopped = Training()
    interrupt_at(stopped, 10**9)
    stopped.valid.transform = lambda inputs: (os.kill(os.getpid(), signal.SIGINT), inputs / 255)[1]
    stopped.valid = Batches(examples(8), 8, transform=stopped.valid.transform)
    with pytest.raises(TrainingInterrupted, match=r"stopped after epoch 1\. Everything is saved"):
        stopped.run(checkpoint=path)
    assert checkpoints.load(path).epoch == 1


def test_ctrl_c_without_a_checkpoint_says_what_is_missing():
    stopped = Training()
    interrupt_at(stopped, 2)
    with pytest.raises(TrainingInterrupted, match=r"after step 2\. The model keeps the weights"):
        stopped.run()


def test_a_second_ctrl_c_does_not_wait():
    stopped = Training()

    def impatient(inputs):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("still running")

    stopped.train.transform = impatient
    with pytest.raises(KeyboardInterrupt) as caught:
        stopped.run()
    assert type(caught.value) is KeyboardInterrupt


# --- what a checkpoint must not allow


def test_an_existing_checkpoint_is_not_overwritten_by_a_new_run(tmp_path):
    path = tmp_path / "run.pt"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError, match=r"exists already: resume it with resume=True"):
        Training().run(checkpoint=path)
    assert path.read_bytes() == b"precious"


def test_resume_without_a_file_name_makes_no_sense():
    with pytest.raises(ValueError, match="resume=True needs the file to resume from"):
        Training().run(resume=True)


def test_resume_begins_where_there_is_nothing_yet(tmp_path):
    path = tmp_path / "run.pt"
    whole = Training()
    expected = whole.ending(whole.run())
    begun = Training()
    assert same(begun.ending(begun.run(checkpoint=path, resume=True)), expected)
    assert path.is_file()


def test_a_missing_folder_is_found_before_the_first_step(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"the folder of the checkpoint .* does not exist"):
        Training().run(checkpoint=tmp_path / "nowhere" / "run.pt")


def test_batches_that_cannot_say_where_they_are_cannot_be_saved(tmp_path):
    training = Training()
    for batches, kind in (
        (list(training.train), "list"),
        (DataLoader(TensorDataset(torch.zeros(4))), "DataLoader"),
    ):
        training.train = batches
        with pytest.raises(TypeError, match=rf"\(state_dict\), which a {kind} does not: use"):
            training.run(checkpoint=tmp_path / "run.pt")


def test_other_settings_are_refused_by_name(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    break_off(Training(), path, 3, monkeypatch)
    before = path.read_bytes()
    other = Training(accumulate=2)
    other.train = Batches(examples(), 11, shuffle=True)
    weights = other.ending(History())
    with pytest.raises(CheckpointMismatchError) as caught:
        other.run(checkpoint=path, resume=True, precision="bfloat16")
    assert "batch_size was 10 and is now 11; accumulate was 1 and is now 2" in str(caught.value)
    assert "precision was 'float32' and is now 'bfloat16'" in str(caught.value)
    assert same(other.ending(History()), weights)
    assert path.read_bytes() == before


OTHERS = {
    "lr": (lambda p: torch.optim.SGD(p, 0.1), "optimizer's lr was 0.01 and is now 0.1"),
    "decay": (
        lambda p: torch.optim.SGD(p, 0.01, weight_decay=0.5),
        "optimizer's weight_decay was 0 and is now 0.5",
    ),
    "class": (lambda p: torch.optim.Adam(p, 0.01), "optimizer was 'SGD' and is now 'Adam'. Use"),
    "groups": (
        lambda p: torch.optim.SGD([{"params": [x]} for x in p], 0.01),
        "optimizer's number of groups was 1 and is now 6",
    ),
}


@pytest.mark.parametrize(("optimizer", "message"), OTHERS.values(), ids=OTHERS)
def test_another_optimizer_is_refused_by_name(tmp_path, optimizer, message):
    def training(make) -> Training:
        training = Training(scheduler=None)
        training.optimizer = make(list(training.model.parameters()))
        return training

    path = tmp_path / "run.pt"
    training(lambda p: torch.optim.SGD(p, 0.01)).run(epochs=1, checkpoint=path)
    other = training(optimizer)
    weights = other.ending(History())
    with pytest.raises(CheckpointMismatchError) as caught:
        other.run(checkpoint=path, resume=True)
    assert message in str(caught.value)
    assert "load the weights with torchbook.training.checkpoint.load_weights" in str(caught.value)
    assert same(other.ending(History()), weights)


SCHEDULERS = {
    "none": (lambda o: None, {}, "scheduler was 'StepLR' and is now None"),
    "settings": (
        lambda o: StepLR(o, 5, gamma=0.5),
        {"schedule": "epoch"},
        "scheduler's gamma was 0.1 and is now 0.5",
    ),
    "class": (
        lambda o: CosineAnnealingLR(o, 5),
        {"schedule": "epoch"},
        "scheduler was 'StepLR' and is now 'CosineAnnealingLR'",
    ),
    "unit": (
        lambda o: StepLR(o, 5),
        {"schedule": "step"},
        "schedule was 'epoch' and is now 'step'",
    ),
}


@pytest.mark.parametrize(("make", "options", "message"), SCHEDULERS.values(), ids=SCHEDULERS)
def test_another_schedule_is_refused_by_name(tmp_path, make, options, message):
    path = tmp_path / "run.pt"
    first = Training(scheduler=None)
    before = {"scheduler": StepLR(first.optimizer, 5), "schedule": "epoch"}
    first.run(epochs=1, checkpoint=path, **before)
    other = Training(scheduler=None)
    with pytest.raises(CheckpointMismatchError) as caught:
        other.run(checkpoint=path, resume=True, scheduler=make(other.optimizer), **options)
    assert message in str(caught.value)


def test_a_schedule_of_another_length_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    Training().run(epochs=1, checkpoint=path)
    longer = Training(epochs=EPOCHS + 1)
    longer.options["scheduler"] = OneCycleLR(longer.optimizer, 0.02, total_steps=20)
    with pytest.raises(CheckpointMismatchError, match="total_steps was 15 and is now 20"):
        longer.run(checkpoint=path, resume=True)


def test_a_new_metric_is_refused_and_a_quicker_optimizer_is_not(tmp_path):
    path = tmp_path / "run.pt"
    Training(scheduler=None).run(epochs=1, checkpoint=path)
    with pytest.raises(CheckpointMismatchError, match=r"step was 'SupervisedStep\(.*; loss, acc"):
        Training(scheduler=None).run(
            checkpoint=path, resume=True, step=SupervisedStep(nn.CrossEntropyLoss(), {})
        )
    fused = Training(scheduler=None)
    fused.optimizer = torch.optim.AdamW(fused.model.parameters(), lr=0.01, fused=True)
    assert len(fused.run(checkpoint=path, resume=True)) == EPOCHS


# --- what a checkpoint can hold

NUMPY = {
    "a rate from numpy.logspace": {"lr": np.logspace(-3, -1, 3)[1]},
    "a number of numpy's": {"config": {"mean": np.float32(0.5)}},
    "a path": {"config": {"photos": Path("photos")}},
    "a version": {"config": {"torch": torch.__version__}},
    "a defaultdict": {"config": {"counts": defaultdict(int, a=1)}},
}


@pytest.mark.parametrize("options", NUMPY.values(), ids=NUMPY)
def test_what_fit_saves_can_be_read_back(tmp_path, options):
    path = tmp_path / "run.pt"
    for epochs in (1, 2):
        training = Training(scheduler=None)
        training.optimizer = torch.optim.SGD(training.model.parameters(), lr=options.get("lr", 0.1))
        config = options.get("config")
        training.run(epochs=epochs, checkpoint=path, resume=True, config=config)
    assert checkpoints.load(path).epoch == 2


def test_what_could_not_be_read_back_is_refused_before_the_first_step(tmp_path):
    training = Training(scheduler=None)
    weights = training.ending(History())
    with pytest.raises(TypeError, match=r"config\['model'\]\[1\] is of the class Linear, which a"):
        training.run(checkpoint=tmp_path / "run.pt", config={"model": [1, nn.Linear(1, 1)]})
    assert same(training.ending(History()), weights)


@pytest.mark.parametrize(
    "wrap",
    [lambda m: torch.compile(m, backend="eager"), nn.DataParallel],
    ids=["compiled", "DataParallel"],
)
def test_a_wrapped_model_is_saved_without_its_wrapper(tmp_path, wrap):
    path = tmp_path / "run.pt"
    training = Training(scheduler=None)
    plain_model = training.model
    training.model = wrap(plain_model)
    training.run(epochs=1, checkpoint=path, keep_best=True)
    fresh = Training().model
    checkpoints.load_weights(fresh, path)
    weights = plain_model.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in fresh.state_dict().items())


def test_a_causal_mask_in_a_buffer_is_not_a_weight_gone_wrong(tmp_path):
    training = Training(scheduler=None)
    training.model.register_buffer("mask", torch.full((3, 3), -math.inf).triu(1))
    training.run(epochs=1, checkpoint=tmp_path / "run.pt")
    assert checkpoints.load(tmp_path / "run.pt").epoch == 1


def test_a_function_in_a_schedule_cannot_be_compared_and_is_left_out(tmp_path):
    path = tmp_path / "run.pt"
    for epochs, factor in ((1, 0.9), (2, 0.8)):
        training = Training(scheduler=None)
        scheduler = LambdaLR(training.optimizer, lambda step, factor=factor: factor**step)
        training.run(
            epochs=epochs, checkpoint=path, resume=True, scheduler=scheduler, schedule="epoch"
        )


def test_another_model_is_refused_and_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    break_off(Training(), path, 3, monkeypatch)
    other = Training()
    other.model[5] = nn.Linear(64, 3)
    weights = other.ending(History())
    with pytest.raises(CheckpointMismatchError, match=r"5\.weight \[2, 64\] instead of \[3, 64\]"):
        other.run(checkpoint=path, resume=True)
    assert same(other.ending(History()), weights)


def test_weights_that_are_no_numbers_are_never_saved(tmp_path):
    path = tmp_path / "run.pt"
    Training(scheduler=None).run(epochs=1, checkpoint=path)
    before = path.read_bytes()
    resumed = Training(scheduler=None)
    resumed.model[0].weight.register_hook(lambda gradient: gradient * math.nan)
    with pytest.raises(DivergedError, match="was left as it was before") as caught:
        resumed.run(checkpoint=path, checkpoint_every=1, resume=True)
    assert "after step 6 a weight is no longer a finite number" in str(caught.value)
    assert "learning rate (0.01 now) is probably too high" in str(caught.value)
    assert path.read_bytes() == before


# --- killed for real

SCRIPT = Path(__file__).parent / "killed_training.py"


@pytest.mark.parametrize("kind", ["ours", "outside"])
@pytest.mark.parametrize("kills", [5, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_ends_the_same(tmp_path, kills, kind):
    command = [sys.executable, SCRIPT, str(tmp_path), str(kills), kind]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    outcome = json.loads(result.stdout)
    assert outcome["kills"] == kills
    assert outcome["identical"] == kills
    assert len(outcome["kills_by_last_saved_step"]) >= min(kills, 10) // 2  # here and there
