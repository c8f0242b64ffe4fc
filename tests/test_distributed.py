"""Several processes, started by torchrun, learn what a single one would have learned."""

import json
import os
import subprocess
import sys
from pathlib import Path

import coverage
import pytest
import torch
from distributed_training import train
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


@pytest.mark.parametrize(
    "n_processes", [2, pytest.param(3, marks=pytest.mark.slow)], ids="{} processes".format
)
def test_the_number_of_processes_makes_no_difference(tmp_path, n_processes):
    together = torchrun("all", tmp_path, n_processes)
    plain = train()
    accumulated = train(accumulate=3, clip_norm=0.1)
    assert plain["weights"] != accumulated["weights"]
    assert_same(plain, together["plain"])
    assert_same(accumulated, together["accumulated"])
    assert_same(accumulated, together["sharded"])
    # The validation loss is best after the first epoch.
    best = train(keep_best=True)
    assert best["weights"] != plain["weights"]
    assert_same(best, together["best"])
    assert_same(best, together["resumed"])
    assert_same(best, together["sharded resumed"])

    # What two have begun a single one can finish.
    saved = tmp_path / "resumed.pt"
    assert checkpoint.load(saved).epoch == 2
    alone = train(checkpoint=saved, resume=True, epochs=3)
    assert_same(train(epochs=3), alone)


@pytest.mark.slow
def test_a_process_that_dies_is_started_again_and_goes_on(tmp_path):
    elastic = torchrun("elastic", tmp_path, 2, "--max-restarts", "2")
    assert_same(train(), elastic["elastic"])


def test_without_torchrun_everything_is_as_it_was(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    model = nn.Linear(1, 1)
    with distributed.world() as world:
        assert (world.rank, world.size) == (0, 1)
        assert (distributed.rank(), distributed.size()) == (0, 1)
        assert distributed.replicate(model) is model
        assert distributed.plain(model) is model
        assert distributed.gather(3) == [3]
        distributed.share_buffers(model)
        assert distributed.add_up(torch.ones(2)).tolist() == [1, 1]
