"""The trainings that tests/test_distributed.py starts under torchrun.

torchrun --nproc-per-node 2 tests/distributed_training.py CASE FOLDER
"""

import json
import math
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

from torchbook.data import Batches, Examples
from torchbook.models import VisionTransformer
from torchbook.training import DivergedError, SupervisedStep, distributed, evaluate, fit
from torchbook.training.steps import Step

N, BATCH, EPOCHS = 46, 10, 2  # a last batch of 6, which three processes share, too


def scaled(inputs: torch.Tensor) -> torch.Tensor:
    return inputs.double() / 255


def examples(n: int, seed: int) -> Examples:
    draw = torch.Generator().manual_seed(seed)
    inputs = torch.randint(0, 256, (n, 1, 4, 4), generator=draw, dtype=torch.uint8)
    return Examples(inputs, (inputs.float().mean(dim=(1, 2, 3)) > 127).long())


def make_model(name: str = "mlp") -> nn.Module:
    """Return a model in float64, so that only the order of summation can make a difference."""
    torch.manual_seed(3)
    if name == "vit":
        return VisionTransformer(4, 2, 1, 2, width=8, depth=2, n_heads=2, mlp_width=16).double()
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2)).double()


def train(world: distributed.World, *, name: str = "mlp", sharded: bool = False, **options) -> dict:
    """Train, and return the rows of the history and the weights."""
    model = make_model(name)
    if sharded:
        distributed.shard(model)
    # The bias of a key has no effect: its gradient is rounding errors, which Adam would enlarge.
    make = torch.optim.SGD if name == "vit" else torch.optim.AdamW
    optimizer = make(model.parameters(), lr=0.01)
    history = fit(
        model,
        Batches(options.pop("data", examples(N, 0)), BATCH, shuffle=True, transform=scaled),
        Batches(examples(20, 1), 8, transform=scaled),
        optimizer,
        epochs=options.pop("epochs", EPOCHS),
        progress=False,
        **options,
    )
    weights = distributed.full_weights(model)  # of a sharded model only in the first process
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]
    return {"history": rows, "weights": {k: v.tolist() for k, v in weights.items()}}


def dies_once(state) -> None:
    """Kill the last process in its first life, after the first epoch."""
    last = distributed.rank() == distributed.size() - 1
    if last and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        os.kill(os.getpid(), signal.SIGKILL)


class StopNowError(Exception):
    """Ends a training in the middle of an epoch, in all processes."""


def stopping_after(n_batches: float) -> Step:
    """Return the ordinary step, which works for so many batches."""
    step, n = SupervisedStep(), 0

    def stopping(model, batch):
        nonlocal n
        n += 1
        if n > n_batches:
            raise StopNowError
        return step(model, batch)

    return stopping


def same_for_all(world: distributed.World, folder: Path) -> dict:
    """Train in all the ways that must come to the same as in one process."""
    results = {
        "plain": train(world),
        "accumulated": train(world, accumulate=3, clip_norm=0.1),
        "best": train(world, keep_best=True),
        "sharded": train(world, sharded=True, accumulate=3, clip_norm=0.1),
    }
    # Broken off in the middle of an epoch: what its first half came to is not lost.
    path = {"checkpoint": folder / "half.pt", "checkpoint_every": 3, "resume": True}
    with suppress(StopNowError):
        train(world, step=stopping_after(3), **path)
    results["half"] = train(world, step=stopping_after(math.inf), **path)
    for name, sharded in (("resumed", False), ("sharded resumed", True)):
        path = {"checkpoint": folder / f"{name}.pt", "checkpoint_every": 3, "resume": True}
        train(world, sharded=sharded, epochs=1, **path, keep_best=True)
        results[name] = train(world, sharded=sharded, **path, keep_best=True)
    return results


def transformer(world: distributed.World, folder: Path) -> dict:
    """Train a Vision Transformer: replicated, compiled, sharded."""
    results = {
        "plain": train(world, name="vit", accumulate=2),
        "sharded": train(world, name="vit", sharded=True, accumulate=2),
    }
    for name in ("mlp", "vit"):  # with a state of the optimiser, and without one
        path = {"checkpoint": folder / f"{name}.pt", "resume": True, "keep_best": True}
        train(world, name=name, epochs=1, accumulate=2, **path)
        results[f"{name}, whole, then sharded"] = train(
            world, name=name, sharded=True, accumulate=2, **path
        )
    model = distributed.shard(make_model("vit"))
    units = [name for name, module in model.named_modules() if isinstance(module, FSDPModule)]
    return results | {"units": units}


def compiled(world: distributed.World, folder: Path) -> dict:
    """Count how often gradients are exchanged by a compiled model with accumulated steps."""
    n_exchanges = 0
    hook_of = nn.parallel.DistributedDataParallel.register_comm_hook

    def counted(state, bucket):
        nonlocal n_exchanges
        n_exchanges += bucket.is_last()
        future = dist.all_reduce(bucket.buffer(), async_op=True).get_future()
        return future.then(lambda reduced: reduced.value()[0] / dist.get_world_size())

    def replicate(model):
        wrapped = nn.parallel.DistributedDataParallel(model)
        hook_of(wrapped, None, counted)
        return wrapped

    distributed.replicate = replicate
    torch.compile = lambda model: compile_(model, backend="eager")
    result = train(world, name="vit", accumulate=2, compile=True)
    return {"compiled": result, "exchanges": n_exchanges}


compile_ = torch.compile


def trouble(world: distributed.World, folder: Path) -> dict:
    """What goes wrong in one process, and what all of them make of it."""
    stopped = train(world, epochs=5, callbacks=[lambda state: world.rank == 1 and state.epoch == 2])
    data = examples(N, 0)
    poisoned = Examples(data.inputs.double(), data.targets)
    poisoned.inputs[0] = math.nan  # in one process's share of one batch
    path = folder / "diverged.pt"
    try:
        train(world, data=poisoned, checkpoint=path, checkpoint_every=1)
        said = "nothing"
    except DivergedError as error:
        said = str(error)
    said = distributed.gather(said)
    model, refused = make_model(), []
    plain = TensorDataset(scaled(data.inputs), data.targets)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    loader = DataLoader(plain, 10)
    alone = Batches(data, 10, transform=scaled, rank=0, world_size=1)
    for batches in (loader, alone, list(alone)):
        try:
            fit(model, batches, batches, optimizer, epochs=1, progress=False)
        except ValueError as error:
            refused.append(str(error))
    shared = DataLoader(plain, 5, sampler=DistributedSampler(plain))
    history = fit(model, shared, shared, optimizer, epochs=1, progress=False)
    alone = evaluate(model, shared).n if world.rank == 0 else None  # the others do not wait
    return {
        "alone": alone,
        "stopped": len(stopped["history"]),
        "diverged": said,
        "refused": refused,
        "loader": history.rows[0]["train_loss"],
    }


def elastic(world: distributed.World, folder: Path) -> dict:
    """Lose a process, be started again, and go on."""
    path = {"checkpoint": folder / "elastic.pt", "resume": True}
    return {"elastic": train(world, callbacks=[dies_once], **path)}


def by_hand(world: distributed.World, folder: Path) -> dict:
    """Train a plain loop: gradients averaged by hand, and by DistributedDataParallel."""
    results = {}
    for name in ("hand", "ddp"):
        model = make_model()
        wrapped = nn.parallel.DistributedDataParallel(model) if name == "ddp" else model
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        data, losses = examples(48, 0), []
        for start in range(0, 48, 12):
            mine = range(start + world.rank, start + 12, world.size)
            logits = wrapped(scaled(data.inputs[mine]))
            loss = nn.functional.cross_entropy(logits, data.targets[mine])
            optimizer.zero_grad()
            loss.backward()
            if name == "hand":
                for weights in model.parameters():
                    dist.all_reduce(weights.grad)
                    weights.grad /= world.size
            optimizer.step()
            losses.append(sum(distributed.gather(loss.item())) / world.size)
        weights = {name: tensor.tolist() for name, tensor in model.state_dict().items()}
        results[name] = {"weights": weights, "losses": losses}
    return results


CASES = {
    "all": same_for_all,
    "transformer": transformer,
    "compiled": compiled,
    "trouble": trouble,
    "elastic": elastic,
    "by_hand": by_hand,
}


def main(case: str, folder: Path) -> None:
    with distributed.world() as world:
        results = CASES[case](world, folder)
        if world.rank == 0:
            (folder / f"{case}-{world.size}.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
