"""The trainings that tests/test_distributed.py starts under torchrun.

torchrun --nproc-per-node 2 tests/distributed_training.py CASE FOLDER
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch
from torch import nn

from torchbook.data import Batches, Examples
from torchbook.training import distributed, fit

N, BATCH, EPOCHS = 46, 10, 2  # a last batch of 6, which three processes share, too


def scaled(inputs: torch.Tensor) -> torch.Tensor:
    return inputs.double() / 255


def examples(n: int, seed: int) -> Examples:
    draw = torch.Generator().manual_seed(seed)
    inputs = torch.randint(0, 256, (n, 12), generator=draw, dtype=torch.uint8)
    return Examples(inputs, (inputs.float().mean(dim=1) > 127).long())


def train(*, fsdp: bool = False, **options) -> dict:
    """Train in float64, so that only the order of summation can make a difference."""
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 2)).double()
    if fsdp:
        distributed.shard(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    history = fit(
        model,
        Batches(examples(N, 0), BATCH, shuffle=True, transform=scaled),
        Batches(examples(20, 1), 8, transform=scaled),
        optimizer,
        epochs=options.pop("epochs", EPOCHS),
        progress=False,
        **options,
    )
    weights = distributed.copy_of_weights(model)  # of a cut-up model only the first process has it
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]
    return {"history": rows, "weights": {k: v.tolist() for k, v in weights.items()}}


def dies_once(state) -> None:
    """Kill the last process in its first life, after the first epoch."""
    last = distributed.rank() == distributed.size() - 1
    if last and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        os.kill(os.getpid(), signal.SIGKILL)


def main(case: str, folder: Path) -> None:
    with distributed.world() as world:
        results = {}
        if case == "all":
            results["plain"] = train()
            results["accumulated"] = train(accumulate=3, clip_norm=0.1)
            results["best"] = train(keep_best=True)
            results["sharded"] = train(fsdp=True, accumulate=3, clip_norm=0.1)
            for name, fsdp in (("resumed", False), ("sharded resumed", True)):
                path = {"checkpoint": folder / f"{name}.pt", "checkpoint_every": 3, "resume": True}
                train(fsdp=fsdp, epochs=1, **path, keep_best=True)
                results[name] = train(fsdp=fsdp, **path, keep_best=True)
        elif case == "elastic":
            path = {"checkpoint": folder / "elastic.pt", "resume": True}
            results["elastic"] = train(callbacks=[dies_once], **path)
        if world.rank == 0:
            (folder / f"{case}-{world.size}.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
