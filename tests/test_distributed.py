"""Several processes, started by torchrun, learn what a single one would have learned."""

import json
import os
import subprocess
import sys
from pathlib import Path

import coverage
import pytest
import torch
from distributed_training import EPOCHS, examples, make_model, scaled, train
from torch import nn

from torchbook.training import checkpoint, distributed

SCRIPT = Path(__file__).parent / "distributed_training.py"


def torchrun(case: str, folder: Path, n_processes: int, *options: str) -> dict:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(n_processes)]
    script = [str(SCRIPT), case, str(folder)]
    if coverage.Coverage.current() is not None:  # what the processes run counts as tested, too
        script = ["-m", "coverage", "run", "--parallel-mode", *script]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(
        [*command, "--standalone", *options, *script],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    return json.loads((folder / f"{case}-{n_processes}.json").read_text())


def assert_same(one: dict, other: dict) -> None:
    """Up to the order of summation: in float64 that is next to nothing."""
    assert one["weights"].keys() == other["weights"].keys()
    for name, weights in one["weights"].items():
        expected = torch.tensor(weights, dtype=torch.float64)
        got = torch.tensor(other["weights"][name], dtype=torch.float64)
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-12)
    for row, other_row in zip(one["history"], other["history"], strict=True):
        assert row == pytest.approx(other_row, rel=1e-9)
        for split in ("train", "valid"):
            assert row[f"{split}_accuracy"] == other_row[f"{split}_accuracy"]  # counts are exact


ALONE = distributed.World(rank=0, size=1, device=torch.device("cpu"))


@pytest.mark.parametrize(
    "n_processes", [2, pytest.param(3, marks=pytest.mark.slow)], ids="{} processes".format
)
def test_the_number_of_processes_makes_no_difference(tmp_path, n_processes):
    together = torchrun("all", tmp_path, n_processes)
    plain = train(ALONE)
    accumulated = train(ALONE, accumulate=3, clip_norm=0.1)
    assert plain["weights"] != accumulated["weights"]
    assert_same(plain, together["plain"])
    assert_same(plain, together["half"])
    assert_same(accumulated, together["accumulated"])
    assert_same(accumulated, together["sharded"])
    # The validation loss is best after the first epoch.
    best = train(ALONE, keep_best=True)
    assert best["weights"] != plain["weights"]
    assert_same(best, together["best"])
    assert_same(best, together["resumed"])
    assert_same(best, together["sharded resumed"])

    # What several have begun a single one can finish, from the parts of a sharded model too.
    for name in ("resumed", "sharded resumed"):
        saved = tmp_path / f"{name}.pt"
        assert checkpoint.load(saved).epoch == 2
        assert_same(best, {"history": best["history"], "weights": loaded(saved)})
        alone = train(ALONE, checkpoint=saved, resume=True, epochs=3, keep_best=True)
        assert_same(train(ALONE, epochs=3, keep_best=True), alone)
    # Nothing is left of the folders with the parts.
    files = {f"all-{n_processes}.json", "half.pt", "resumed.pt", "sharded resumed.pt"}
    assert {path.name for path in tmp_path.iterdir()} == files


def test_gradients_averaged_by_hand_are_those_of_pytorchs_wrapper_and_of_one_process(tmp_path):
    together = torchrun("by_hand", tmp_path, 2)
    model, losses = make_model(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    data = examples(48, 0)
    for start in range(0, 48, 12):
        logits = model(scaled(data.inputs[start : start + 12]))
        loss = nn.functional.cross_entropy(logits, data.targets[start : start + 12])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    for name in ("hand", "ddp"):
        assert together[name]["losses"] == pytest.approx(losses, rel=1e-9)
        for key, weights in model.state_dict().items():
            got = torch.tensor(together[name]["weights"][key], dtype=torch.float64)
            torch.testing.assert_close(got, weights, rtol=1e-9, atol=1e-12)


def loaded(path: Path) -> dict:
    model = make_model()
    checkpoint.load_weights(model, path)
    return {name: value.tolist() for name, value in model.state_dict().items()}


def test_a_transformer_is_sharded_block_by_block(tmp_path):
    together = torchrun("transformer", tmp_path, 2)
    alone = train(ALONE, name="vit", accumulate=2)
    for name in ("plain", "sharded"):
        assert_same(alone, together[name])
    for name in ("mlp", "vit"):
        alone = train(ALONE, name=name, accumulate=2, keep_best=True)
        assert_same(alone, together[f"{name}, whole, then sharded"])
    assert together["units"] == ["", "blocks.0", "blocks.1"]


@pytest.mark.slow
def test_a_compiled_model_exchanges_gradients_once_a_step(tmp_path):
    together = torchrun("compiled", tmp_path, 2)
    assert_same(train(ALONE, name="vit", accumulate=2), together["compiled"])
    assert together["exchanges"] == 3 * EPOCHS  # 5 batches, two for each step


def test_trouble_in_one_process_ends_all_in_the_same_way(tmp_path):
    together = torchrun("trouble", tmp_path, 2)
    assert together["stopped"] == 2
    for said in together["diverged"]:
        assert "no longer a finite number" in said
    saved = checkpoint.load(tmp_path / "diverged.pt")  # of a step before
    assert all(weight.isfinite().all() for weight in saved.model.values())
    loader, batches, plain = together["refused"]
    assert loader.endswith("give the DataLoader a torch.utils.data.DistributedSampler")
    assert batches.startswith("2 processes would all train on the same batches, each a Batches")
    assert plain.endswith("with rank and world_size")
    assert together["loader"] > 0
    assert together["alone"] == 23


def test_layers_in_lists_are_the_units_of_sharding():
    model = nn.ModuleDict(
        {
            "stem": nn.Linear(2, 2),
            "deep": nn.Sequential(nn.ModuleList([nn.Linear(2, 2), nn.ReLU()]), nn.Linear(2, 2)),
        }
    )
    units = list(distributed._units(model))
    assert units == [model["deep"][0][0], model["deep"][1]]


@pytest.mark.slow
def test_a_process_that_dies_is_started_again_and_goes_on(tmp_path):
    elastic = torchrun("elastic", tmp_path, 2, "--max-restarts", "2")
    assert_same(train(ALONE), elastic["elastic"])


def test_without_torchrun_everything_is_as_it_was(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    model = nn.Linear(1, 1)
    with distributed.world() as world:
        assert (world.rank, world.size) == (0, 1)
        assert (distributed.rank(), distributed.size()) == (0, 1)
        assert distributed.replicate(model) is model
        assert distributed.unwrap(model) is model
        assert distributed.gather(3) == [3]
        assert distributed.any_process(True)
        assert not distributed.any_process(False)
        distributed.broadcast_buffers(model)
        assert distributed.all_reduce_sum(torch.ones(2)).tolist() == [1, 1]


def test_wrappers_are_taken_off():
    model = nn.Linear(1, 1)
    wrapped = nn.DataParallel(torch.compile(model, backend="eager"))
    assert distributed.unwrap(wrapped) is model
