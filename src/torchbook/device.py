"""Where the code runs, and from which seed: the device and the random numbers."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def best_device() -> torch.device:
    """Return the accelerator of this machine (CUDA, MPS, XPU, ...) if it has one, else the CPU."""
    if torch.accelerator.is_available():
        return torch.accelerator.current_accelerator()
    return torch.device("cpu")


def device_name(device: torch.device | str) -> str:
    """Return a name for people: "CPU", or the accelerator's own, such as "NVIDIA H200"."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return device.type.upper()


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and PyTorch (all devices), so that a run can be repeated.

    On one CPU the same seed gives the same digits. Another machine, or a GPU, may add numbers in
    another order and round differently.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def device_of(model: nn.Module) -> torch.device:
    """Return the device of the model's parameters, the CPU if it has none."""
    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def copy_to(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy a tensor of the CPU to a device, without making the CPU wait for a CUDA device."""
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def to_device(batch: Any, device: torch.device) -> Any:
    """Return a batch with all its tensors on a device.

    Args:
        batch: a tensor, anything with a method `to`, or tuples, lists and dictionaries of these.
            What is none of these, such as a text, stays as it is.
        device: where to.
    """
    if isinstance(batch, Tensor):  # first, for it is by far the most frequent
        return batch.to(device, non_blocking=True)
    if isinstance(batch, tuple | list) and not hasattr(batch, "_fields"):
        return type(batch)(to_device(value, device) for value in batch)
    if isinstance(batch, tuple):  # a named tuple
        return type(batch)(*(to_device(value, device) for value in batch))
    if isinstance(batch, Mapping):
        return {name: to_device(value, device) for name, value in batch.items()}
    return batch.to(device, non_blocking=True) if hasattr(batch, "to") else batch
