"""A checkpoint is whole or not there, belongs to its model, and runs no code."""

import errno
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from torchbook.device import seed_everything
from torchbook.training import checkpoint as checkpoints
from torchbook.training.checkpoint import (
    Checkpoint,
    CheckpointError,
    CheckpointMismatchError,
    load,
    load_weights,
    save,
)


def small(width: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 2))


def content(model: nn.Module | None = None, **fields) -> Checkpoint:
    model = model or small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return Checkpoint(model.state_dict(), optimizer.state_dict(), **fields)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_comes_back(tmp_path):
    saved = content(epoch=3, step=17, history=[{"epoch": 1}], config={"name": "small"})
    save(tmp_path / "run.pt", saved)
    loaded = load(tmp_path / "run.pt")
    assert loaded.epoch == 3
    assert loaded.step == 17
    assert loaded.history == [{"epoch": 1}]
    assert loaded.config == {"name": "small"}
    assert loaded.versions == checkpoints.versions()
    assert loaded.versions["torch"] == str(torch.__version__)
    assert all(torch.equal(loaded.model[name], value) for name, value in saved.model.items())
    assert names(tmp_path) == ["run.pt"]


def test_the_generators_go_on_where_they_were():
    seed_everything(3)
    states = checkpoints.generator_states()
    numbers = [float(np.random.rand()), torch.rand(1).item(), checkpoints.random.random()]
    seed_everything(4)
    checkpoints.set_generator_states(states)
    assert numbers == [float(np.random.rand()), torch.rand(1).item(), checkpoints.random.random()]


# --- written whole or not at all


def full_disk(*arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def torch_on_a_full_disk(content, file):
    file.write(b"half a check")
    raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")


@pytest.mark.parametrize(
    ("place", "failure", "reason"),
    [
        ("os.fsync", full_disk, "the disk is full; free some space, then resume the training"),
        ("torch.save", torch_on_a_full_disk, "PytorchStreamWriter failed writing file data/0"),
    ],
)
def test_a_failed_write_leaves_the_old_checkpoint(tmp_path, monkeypatch, place, failure, reason):
    path = tmp_path / "run.pt"
    save(path, content(epoch=1))
    before = path.read_bytes()
    module, name = place.split(".")
    monkeypatch.setattr({"os": os, "torch": torch}[module], name, failure)
    with pytest.raises(CheckpointError) as caught:
        save(path, content(epoch=2))
    assert f"the checkpoint {path} could not be written: {reason}" in str(caught.value)
    assert f"The checkpoint that was at {path} before is untouched" in str(caught.value)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["run.pt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_is_really_full(tmp_path):
    path = tmp_path / "run.pt"
    save(path, content(epoch=1))
    before = path.read_bytes()
    (tmp_path / ".run.pt.unfinished").symlink_to("/dev/full")  # whoever writes to it hears ENOSPC
    with pytest.raises(CheckpointError, match=r"could not be written: the disk is full") as caught:
        save(path, content(epoch=2))
    assert "before is untouched" in str(caught.value)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["run.pt"]


def test_a_missing_folder_is_named(tmp_path):
    path = tmp_path / "nowhere" / "run.pt"
    with pytest.raises(CheckpointError) as caught:
        save(path, content())
    assert str(caught.value) == (
        f"the checkpoint {path} could not be written: the folder {path.parent} does not exist; "
        "make it first."
    )


def test_a_folder_that_may_not_be_written_to_is_named(tmp_path, monkeypatch):
    def refused(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)  # the tests may run as root, who may write anywhere
    with pytest.raises(CheckpointError, match="may not be written to; choose another folder"):
        save(tmp_path / "run.pt", content())


def test_what_a_killed_process_left_is_overwritten(tmp_path):
    (tmp_path / ".run.pt.unfinished").write_bytes(b"half")
    save(tmp_path / "run.pt", content())
    assert names(tmp_path) == ["run.pt"]


# --- read without running code


class Bomb:
    """Runs code when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


@pytest.mark.parametrize("writer", [pickle.dump, torch.save], ids=["pickle", "torch"])
def test_a_file_that_would_run_code_is_refused(tmp_path, writer):
    path, target = tmp_path / "run.pt", tmp_path / "exploded"
    with path.open("wb") as file:
        writer({"format": checkpoints.FORMAT, "model": Bomb(target)}, file)
    with pytest.raises(CheckpointError, match="Files that would run code when opened are refused"):
        load(path)
    assert not target.exists()


def test_a_truncated_checkpoint_is_named(tmp_path):
    path = tmp_path / "run.pt"
    save(path, content())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CheckpointError, match=r"run\.pt \([\d,]+ bytes\) cannot be read"):
        load(path)


@pytest.mark.parametrize("bytes_", [b"", b"no checkpoint at all", b"\x80\x02}."])
def test_what_is_no_checkpoint_is_named(tmp_path, bytes_):
    path = tmp_path / "run.pt"
    path.write_bytes(bytes_)
    with pytest.raises(
        CheckpointError, match=r"cannot be read as a checkpoint|is not a checkpoint"
    ):
        load(path)


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ({"0.weight": torch.zeros(2)}, "it holds a dictionary with the keys 0.weight"),
        (torch.zeros(2), "it holds a Tensor"),
        ([1, 2], "it holds a list"),
    ],
)
def test_another_kind_of_file_is_described(tmp_path, other, kind):
    path = tmp_path / "weights.pt"
    torch.save(other, path)
    with pytest.raises(CheckpointError) as caught:
        load(path)
    assert kind in str(caught.value)
    assert "model.load_state_dict(torch.load(path, weights_only=True))" in str(caught.value)


def test_a_checkpoint_of_another_version_is_named(tmp_path):
    path = tmp_path / "run.pt"
    torch.save({"format": checkpoints.FORMAT, "versions": {"torchbook": "9.0"}, "new": 1}, path)
    with pytest.raises(CheckpointError, match=r"another version of this package, torchbook 9\.0"):
        load(path)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint at .*run\.pt"):
        load(tmp_path / "run.pt")


# --- belongs to the model


def test_weights_go_into_their_model(tmp_path):
    path = tmp_path / "run.pt"
    trained, fresh = small(), small()
    nn.init.ones_(trained[0].weight)
    save(path, content(trained, epoch=2, config={"width": 3}))
    assert load_weights(fresh, path).config == {"width": 3}
    assert torch.equal(fresh[0].weight, trained[0].weight)


def test_the_best_weights_are_preferred(tmp_path):
    path = tmp_path / "run.pt"
    best, last, fresh = small(), small(), small()
    nn.init.ones_(best[0].weight)
    save(path, content(last, best=best.state_dict()))
    load_weights(fresh, path)
    assert torch.equal(fresh[0].weight, best[0].weight)


def test_the_keys_that_differ_are_named_and_nothing_is_loaded(tmp_path):
    path = tmp_path / "run.pt"
    save(path, content())
    other = nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 2), nn.BatchNorm1d(2))
    other.add_module("2", nn.Identity())
    before = [p.clone() for p in other.parameters()]
    with pytest.raises(CheckpointMismatchError) as caught:
        load_weights(other, path)
    assert str(caught.value) == (
        f"{path} belongs to another model. missing in the checkpoint: 3.weight, 3.bias, "
        "3.running_mean, 3.running_var, 3.num_batches_tracked; unknown to the model: 2.weight, "
        "2.bias; of another shape: 0.weight [3, 2] instead of [5, 2], 0.bias [3] instead of [5]. "
        "Build the model with the arguments that it was trained with. Nothing was loaded"
    )
    assert all(torch.equal(a, b) for a, b in zip(before, other.parameters(), strict=True))


def test_many_differences_are_shortened(tmp_path):
    path = tmp_path / "run.pt"
    save(path, content(nn.Sequential(*[nn.Linear(1, 1) for _ in range(5)])))
    with pytest.raises(CheckpointMismatchError, match=r"2\.weight and 5 more"):
        load_weights(nn.Identity(), path)
