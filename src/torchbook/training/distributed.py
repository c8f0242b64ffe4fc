"""The same training in several processes, started by torchrun.

Each process holds the whole model and sees its share of every batch; PyTorch averages the gradients
(`DistributedDataParallel`). A model that does not fit into one device is sharded (`shard`, FSDP2).
In a single process, everything here does nothing.
"""

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.checkpoint import state_dict as dcp
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from torchbook.device import best_device


@dataclass(frozen=True)
class World:
    """The processes that work together, as one of them sees them.

    Attributes:
        rank: the number of this process, from 0.
        size: the number of processes.
        device: where this one computes.
    """

    rank: int
    size: int
    device: torch.device


@contextmanager
def world() -> Iterator[World]:
    """Join the processes that torchrun has started; without torchrun, a world of one.

    Yields:
        The world: each process has a CUDA device of its own if there are any, else the CPU.
    """
    if "RANK" not in os.environ:
        yield World(rank=0, size=1, device=best_device())
        return
    # After a restart torchrun offers the same store, with the addresses of processes that are dead
    # (seen with PyTorch 2.14 and gloo: "Connection refused"). A prefix keeps old and new apart.
    store, rank, size = next(dist.rendezvous("env://"))
    restart = f"restart {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}"
    group = {"store": dist.PrefixStore(restart, store), "rank": rank, "world_size": size}
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
        dist.init_process_group("nccl", device_id=device, **group)
    else:
        device = torch.device("cpu")
        dist.init_process_group("gloo", **group)
    try:
        yield World(rank, size, device)
    finally:
        dist.destroy_process_group()


def rank() -> int:
    """Return the number of this process, 0 if it is the only one."""
    return dist.get_rank() if _is_initialized() else 0


def size() -> int:
    """Return the number of processes."""
    return dist.get_world_size() if _is_initialized() else 1


def _is_initialized() -> bool:
    return dist.is_available() and dist.is_initialized()


def replicate(model: nn.Module) -> nn.Module:
    """Wrap the model so that its gradients are averaged over all processes.

    The parameters stay the same objects, which the optimiser already has. Batch normalisation uses
    the statistics of each process's own share; on CUDA,
    `torch.nn.SyncBatchNorm.convert_sync_batchnorm` changes that.
    """
    if size() == 1 or isinstance(unwrap(model), FSDPModule):
        return model
    return model if isinstance(model, DistributedDataParallel) else DistributedDataParallel(model)


def shard(model: nn.Module) -> nn.Module:
    """Shard the parameters over the processes, in place (FSDP2).

    Each layer of an `nn.Sequential` or `nn.ModuleList` is gathered when it is used and dropped
    afterwards, such as each block of a Transformer; what is outside them is gathered as one unit.
    Call it before the optimiser is made: the parameters become other objects.
    """
    for unit in _units(model):
        fully_shard(unit)
    return fully_shard(model)


def _units(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the layers of the outermost lists of layers, those that have parameters."""
    is_list = isinstance(module, nn.Sequential | nn.ModuleList)
    for child in module.children():
        # A list can't be a unit: it has no forward.
        if is_list and not isinstance(child, nn.ModuleList | nn.ModuleDict):
            if any(True for _ in child.parameters()):
                yield child
        else:
            yield from _units(child)


def set_gradient_sync(model: nn.Module, wanted: bool) -> None:
    """Say whether the next backward pass exchanges gradients between the processes.

    Args:
        model: as `replicate` or `shard` returned it.
        wanted: False for all but the last batch of an accumulated step.
    """
    if isinstance(model, DistributedDataParallel):
        model.require_backward_grad_sync = wanted  # what its no_sync() sets
    elif isinstance(model, FSDPModule):
        model.set_requires_gradient_sync(wanted)


def all_reduce_sum(tensor: Tensor) -> Tensor:
    """Return the sum of the tensor over all processes, in place."""
    if size() > 1:
        dist.all_reduce(tensor)
    return tensor


def any_process(flag: bool) -> bool:
    """Tell whether the flag is true in at least one process: all of them get the same answer."""
    return any(gather(flag))


def broadcast_buffers(model: nn.Module) -> None:
    """Give all processes the first one's buffers, such as the averages of batch normalisation."""
    if size() > 1:
        for buffer in model.buffers():
            dist.broadcast(buffer, src=0)


def gather(value: Any) -> list[Any]:
    """Return the values of all processes, by rank."""
    if size() == 1:
        return [value]
    values: list[Any] = [None] * size()
    dist.all_gather_object(values, value)
    return values


def unwrap(model: nn.Module) -> nn.Module:
    """Return the model without `torch.compile`, `DataParallel` and `DistributedDataParallel`."""
    while True:
        if isinstance(model, DistributedDataParallel | nn.DataParallel):
            model = model.module
        elif "_orig_mod" in model._modules:  # what torch.compile returns
            model = model._orig_mod
        else:
            return model


def is_sharded(model: nn.Module) -> bool:
    """Tell whether `shard` has been applied to the model."""
    return isinstance(unwrap(model), FSDPModule)


def local(tensor: Tensor) -> Tensor:
    """Return this process's part of a sharded tensor; of any other, the whole."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def copy_of_weights(model: nn.Module) -> dict[str, Any]:
    """Return a copy of the model's state: of a sharded model, this process's part."""
    return copy.deepcopy(unwrap(model).state_dict())


def full_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return the model's whole state on the CPU; of a sharded model, only in the first process.

    All processes must call it together.
    """
    options = dcp.StateDictOptions(full_state_dict=True, cpu_offload=True)
    if is_sharded(model):
        return dcp.get_model_state_dict(unwrap(model), options=options)
    return {k: v.cpu() for k, v in copy_of_weights(model).items()}
