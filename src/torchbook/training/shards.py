"""The tensors of a sharded model in a folder: each process writes its part, as safetensors.

PyTorch's `torch.distributed.checkpoint` does the work, so that another number of processes can read
them, even a single one with the whole model. Its own format is not used: it unpickles.
"""

import warnings
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
    set_state_dict,
)
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer

_FLAT = StateDictOptions(flatten_optimizer_state_dict=True)
_WHOLE = StateDictOptions(full_state_dict=True)


def save_shards(
    folder: Path, model: nn.Module, optimizer: Optimizer, best: dict[str, Tensor] | None
) -> dict[str, Any]:
    """Write all tensors; all processes call it together.

    Args:
        folder: empty, or not there yet.
        model: a sharded model.
        optimizer: holds its parameters.
        best: this process's part of the best weights, if they are kept.

    Returns:
        What of the optimiser's state is not tensors, to be kept elsewhere.
    """
    weights, state = get_state_dict(model, optimizer, options=_FLAT)
    tensors, rest = _split(state)
    content = {"model": weights, "optimizer": tensors, "best": best or {}}
    dcp.save(
        _flatten(content),
        storage_writer=dcp.HuggingFaceStorageWriter(folder, save_distributed=True),
    )
    return rest


def load_shards(
    folder: Path, model: nn.Module, optimizer: Optimizer, rest: dict[str, Any], has_best: bool
) -> dict[str, Tensor] | None:
    """Load what `save_shards` has written; all processes call it together.

    Returns:
        This process's part of the best weights, if they were kept.
    """
    weights, state = get_state_dict(model, optimizer, options=_FLAT)
    tensors, _ = _split(state)
    best = {name: value.clone() for name, value in weights.items()} if has_best else {}
    _read(folder, {"model": weights, "optimizer": tensors, "best": best})
    set_state_dict(
        model,
        optimizer,
        model_state_dict=weights,
        optim_state_dict=tensors | rest,
        options=_FLAT,
    )
    return best or None


def load_whole(
    model: nn.Module, optimizer: Optimizer, weights: dict[str, Any], state: dict[str, Any]
) -> None:
    """Load states that are not sharded into a sharded model; all processes call it together.

    Args:
        model: the sharded model.
        optimizer: holds its parameters.
        weights: a model's `state_dict`.
        state: an optimiser's `state_dict`, which counts the parameters instead of naming them.
    """
    set_model_state_dict(model, weights, options=_WHOLE)
    if not state["state"]:  # an optimiser that remembers nothing, or has not made a step
        optimizer.load_state_dict(state)
        return
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    order = [names[id(p)] for group in optimizer.param_groups for p in group["params"]]
    groups = [
        {**group, "params": [order[i] for i in group["params"]]} for group in state["param_groups"]
    ]
    named = {"state": {order[i]: v for i, v in state["state"].items()}, "param_groups": groups}
    set_optimizer_state_dict(model, optimizer, named, options=_WHOLE)


def to_shards(model: nn.Module, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return this process's part of weights that are whole; all processes call it together."""
    return {
        name: distribute_tensor(weights[name], value.device_mesh, value.placements)
        if isinstance(value, DTensor)
        else weights[name].clone()
        for name, value in model.state_dict().items()
    }


def stored(folder: Path, part: str) -> dict[str, Tensor]:
    """Return the names and shapes of the tensors in a folder, as tensors without data."""
    found = dcp.HuggingFaceStorageReader(folder).read_metadata().state_dict_metadata
    return {
        name.removeprefix(f"{part}."): torch.empty(tensor.size, device="meta")
        for name, tensor in found.items()
        if name.startswith(f"{part}.")
    }


def read_weights(folder: Path, model: nn.Module, part: str) -> dict[str, Tensor]:
    """Return the weights in a folder of shards, as this model would have them.

    Args:
        folder: where `save_shards` has written them.
        model: gives names and shapes; it is not changed.
        part: "model" for the last weights, "best" for the best.
    """
    weights = {name: value.clone() for name, value in get_model_state_dict(model).items()}
    _read(folder, {part: weights})
    return weights


def _read(folder: Path, content: dict[str, dict[str, Tensor]]) -> None:
    """Read into the tensors of `content`, in place."""
    flat = _flatten(content)
    with warnings.catch_warnings():
        # A single process may read, too.
        warnings.filterwarnings("ignore", "torch.distributed is disabled, unavailable or uninit")
        dcp.load(flat, storage_reader=dcp.HuggingFaceStorageReader(folder))
    for part, tensors in content.items():
        tensors.update({name: flat[f"{part}.{name}"] for name in tensors})


def _split(state: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors = {name: value for name, value in state.items() if isinstance(value, Tensor)}
    return tensors, {name: value for name, value in state.items() if name not in tensors}


def _flatten(content: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
    return {
        f"{part}.{name}": value
        for part, tensors in content.items()
        for name, value in tensors.items()
    }
