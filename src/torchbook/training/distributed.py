"""The same training in many processes, started by torchrun.

Each process holds the whole model and sees its share of every batch; PyTorch averages the gradients
(`DistributedDataParallel`). A model that does not fit into one device is cut up with `shard`
(FSDP2). Without torchrun everything here does nothing.
"""

import copy
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.checkpoint import state_dict as dcp
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from torchbook.device import best_device


@dataclass(frozen=True)
class World:
    """The processes that work together, seen from one of them.

    Attributes:
        rank: which one this is, from 0.
        size: how many there are.
        device: where this one calculates.
    """

    rank: int
    size: int
    device: torch.device


@contextmanager
def world() -> Iterator[World]:
    """Join the processes that torchrun has started; without torchrun, be alone.

    Yields:
        The world, with a device for each process where there are CUDA devices, else the CPU.
    """
    if "RANK" not in os.environ:
        yield World(rank=0, size=1, device=best_device())
        return
    # After a restart torchrun offers the same store, with addresses of processes that are dead
    # (seen with PyTorch 2.14 and gloo: "Connection refused"). A prefix keeps the lives apart.
    store, rank, size = next(dist.rendezvous("env://"))
    life = f"life {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}"
    group = {"store": dist.PrefixStore(life, store), "rank": rank, "world_size": size}
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
    """Return the number of this process, 0 if it is alone."""
    return dist.get_rank() if _together() else 0


def size() -> int:
    """Return the number of processes, 1 if this one is alone."""
    return dist.get_world_size() if _together() else 1


def _together() -> bool:
    return dist.is_available() and dist.is_initialized()


def replicate(model: nn.Module) -> nn.Module:
    """Wrap the model so that its gradients are averaged over all processes.

    The parameters stay the same objects: an optimiser that holds them goes on to do so. Batch
    normalisation counts each process's share for itself; on CUDA, let
    `torch.nn.SyncBatchNorm.convert_sync_batchnorm` change that.
    """
    if size() == 1 or isinstance(model, FSDPModule | DistributedDataParallel):
        return model
    return DistributedDataParallel(model)


def shard(model: nn.Module) -> nn.Module:
    """Cut the parameters up between the processes, in place, each child a unit (FSDP2).

    Call it before the optimiser is made: the parameters become other objects.
    """
    for child in model.children():
        if any(True for _ in child.parameters()):
            fully_shard(child)
    return fully_shard(model)


def weighted(
    group: Sequence[tuple[Tensor, Tensor]], model: nn.Module
) -> Iterator[tuple[Tensor, Tensor, float | Tensor | None]]:
    """Yield the batches of one step, each with the weight of its mean loss in the step's.

    Every sample counts the same, however unequal the batches are, also between processes. Only the
    last batch of the group exchanges gradients.

    Args:
        group: batches of inputs [B, ...] and targets [B, ...].
        model: the model as `replicate` or `shard` returned it.

    Yields:
        Inputs, targets and weight; None for a batch that is the whole step.
    """
    if len(group) == 1 and size() == 1:
        yield *group[0], None
        return
    n = sum(len(targets) for _, targets in group)
    if size() > 1:
        # Added up where the gradients are: no process waits for its device. The gradients are
        # averaged over the processes later, so it is their mean number of samples that counts.
        device = group[0][1].device
        n = add_up(torch.full((), n / size(), dtype=torch.float64, device=device))
    for place, (inputs, targets) in enumerate(group, start=1):
        _exchange_gradients(model, place == len(group))
        yield inputs, targets, len(targets) / n


def _exchange_gradients(model: nn.Module, wanted: bool) -> None:
    if isinstance(model, DistributedDataParallel):
        model.require_backward_grad_sync = wanted  # what its no_sync() sets
    elif isinstance(model, FSDPModule):
        model.set_requires_gradient_sync(wanted)


def add_up(tensor: Tensor) -> Tensor:
    """Return the sum of the tensor over all processes."""
    if size() > 1:
        dist.all_reduce(tensor)
    return tensor


def share_buffers(model: nn.Module) -> None:
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


def plain(model: nn.Module) -> nn.Module:
    """Return the model without the wrapper of `replicate`."""
    return model.module if isinstance(model, DistributedDataParallel) else model


_WHOLE = dcp.StateDictOptions(full_state_dict=True, cpu_offload=True)
_TO_ALL = dcp.StateDictOptions(full_state_dict=True, broadcast_from_rank0=True)


def states(model: nn.Module, optimizer: Optimizer) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the whole states of model and optimiser; of a cut-up model, to the first process."""
    if isinstance(model, FSDPModule):
        return dcp.get_state_dict(model, optimizer, options=_WHOLE)
    return plain(model).state_dict(), optimizer.state_dict()


def load_states(
    model: nn.Module, optimizer: Optimizer, model_state: dict, optimizer_state: dict
) -> None:
    """Put back what `states` returned."""
    if isinstance(model, FSDPModule):
        dcp.set_state_dict(
            model,
            optimizer,
            model_state_dict=model_state,
            optim_state_dict=optimizer_state,
            options=_TO_ALL,
        )
    else:
        plain(model).load_state_dict(model_state)
        optimizer.load_state_dict(optimizer_state)


def copy_of_weights(model: nn.Module) -> dict[str, Any]:
    """Return a copy of the model's whole state; of a cut-up model, to the first process."""
    if isinstance(model, FSDPModule):
        return dcp.get_model_state_dict(model, options=_WHOLE)
    return copy.deepcopy(plain(model).state_dict())


def load_weights(model: nn.Module, weights: dict[str, Any]) -> None:
    """Put back what `copy_of_weights` returned."""
    if isinstance(model, FSDPModule):
        dcp.set_model_state_dict(model, weights, options=_TO_ALL)
    else:
        plain(model).load_state_dict(weights)
