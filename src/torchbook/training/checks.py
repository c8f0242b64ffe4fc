"""The first batch is checked before it does harm; on an error, the batch is described."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from torchbook.device import device_of


@contextmanager
def batch_in_errors(model: nn.Module) -> Iterator[list[Any]]:
    """Add to an error which batch was being used; yields a list to keep that batch in."""
    current: list[Any] = []
    try:
        yield current
    except Exception as error:
        if current:
            error.add_note(
                f"The batch: {describe(current[0])}. "
                f"The model's weights are {_describe_weights(model)}."
            )
        raise


def check_inputs(inputs: Any, model: nn.Module) -> None:
    """Raise TypeError if bytes would meet weights that are floats."""
    weight = next(model.parameters(), None)
    are_bytes = isinstance(inputs, Tensor) and inputs.dtype == torch.uint8
    if are_bytes and weight is not None and weight.is_floating_point():
        raise TypeError(
            f"the inputs are bytes (torch.uint8), shape {list(inputs.shape)}, but the model "
            f"calculates with {weight.dtype}: scale them first, for example with "
            "Batches(..., transform=scale_to_unit)"
        )


@torch.no_grad()
def check_labels(targets: Any, inputs: Tensor, model: nn.Module, ignore_index: int) -> None:
    """Raise ValueError if a label is not from 0 to C - 1, with C from the model's outputs [2, C].

    Targets that are not labels (floating point), or more than one a sample, are left alone.
    """
    if not isinstance(targets, Tensor) or targets.is_floating_point() or targets.ndim != 1:
        return
    training = model.training
    outputs = model.eval()(inputs[:2])
    model.train(training)
    if outputs.ndim != 2:
        return
    n_classes = outputs.shape[1]
    wrong = ((targets < 0) | (targets >= n_classes)) & (targets != ignore_index)
    if wrong.any():
        place = int(wrong.nonzero()[0])
        raise ValueError(
            f"targets must be labels from 0 to {n_classes - 1}, since the model has {n_classes} "
            f"outputs, but {int(wrong.sum()):,} of {len(targets):,} are not: the first is "
            f"{int(targets[place])}, at place {place:,}. Count labels from 0, or give the model "
            "as many outputs as there are classes"
        )


def describe(batch: Any) -> str:
    """Return shapes, dtypes and devices of the tensors of a batch."""
    if isinstance(batch, Mapping):
        return ", ".join(f"{name} {_describe_one(value)}" for name, value in batch.items())
    if isinstance(batch, tuple | list):
        parts = [_describe_one(part) for part in batch]
        return f"inputs {parts[0]}, targets {parts[1]}" if len(parts) == 2 else ", ".join(parts)
    return _describe_one(batch)


def _describe_one(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{list(value.shape)} {value.dtype} on {value.device}"
    return f"a {type(value).__name__}"


def _describe_weights(model: nn.Module) -> str:
    weight = next(model.parameters(), None)
    return "none" if weight is None else f"{weight.dtype} on {device_of(model)}"
