"""Batches are looked at once before they cause harm, and named when they did."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from torchbook.device import device_of

Batch = tuple[Tensor, Tensor]
LossFunction = Callable[[Tensor, Tensor], Tensor]

NO_BATCH = "there was no batch: the data is empty, or an iterator that was used up already"


@contextmanager
def checked(
    batches: Iterable[Batch],
    model: nn.Module,
    loss_fn: LossFunction | None = None,
    source: object = None,
) -> Iterator[Iterable[Batch]]:
    """Check the first batch before it is used; on an error, add to it which batch was at hand.

    The model is asked for two samples of the first batch, in evaluation mode, and the labels are
    read once. A label out of range would stop a CUDA process for good.

    Args:
        batches: yields (inputs [B, ...], targets [B, ...]).
        model: maps inputs to outputs.
        loss_fn: if it is cross-entropy, labels are checked against the number of classes.
        source: where the batches come from, `batches` itself by default; if it has all `targets`,
            these are checked, else those of the first batch.

    Yields:
        The same batches.

    Raises:
        TypeError: the inputs are bytes, the weights are floats.
        ValueError: a label is out of range.
    """
    last: list[Batch] = []

    def sound() -> Iterator[Batch]:
        for batch in batches:
            if not last:
                last.append(batch)
                check_inputs(batch[0], model)
                if _is_cross_entropy(loss_fn):
                    targets = getattr(source or batches, "targets", batch[1])
                    check_labels(targets, batch[0], model)
            last[0] = batch
            yield batch

    try:
        yield sound()
    except Exception as error:
        if last:
            inputs, targets = last[0]
            error.add_note(
                f"The batch at hand: inputs {_describe(inputs)}, targets {_describe(targets)}. "
                f"The model's weights are {_describe_weights(model)}."
            )
        raise


def check_inputs(inputs: Tensor, model: nn.Module) -> None:
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
def check_labels(targets: Tensor, inputs: Tensor, model: nn.Module) -> None:
    """Raise ValueError if a label is not from 0 to C - 1, with C from the model's outputs [2, C].

    Targets that are no labels (floating point), or more than one a sample, are left alone, and so
    is -100, which cross-entropy ignores.
    """
    if targets.is_floating_point() or targets.ndim != 1:
        return
    training = model.training
    outputs = model.eval()(inputs[:2])
    model.train(training)
    if outputs.ndim != 2:
        return
    n_classes = outputs.shape[1]
    wrong = ((targets < 0) | (targets >= n_classes)) & (targets != -100)
    if wrong.any():
        place = int(wrong.nonzero()[0])
        raise ValueError(
            f"targets must be labels from 0 to {n_classes - 1}, since the model has {n_classes} "
            f"outputs, but {int(wrong.sum()):,} of {len(targets):,} are not: the first is "
            f"{int(targets[place])}, at place {place:,}. Count labels from 0, or give the model "
            "as many outputs as there are classes"
        )


def _is_cross_entropy(loss_fn: LossFunction | None) -> bool:
    return loss_fn is nn.functional.cross_entropy or isinstance(loss_fn, nn.CrossEntropyLoss)


def _describe(tensor: object) -> str:
    if not isinstance(tensor, Tensor):
        return f"a {type(tensor).__name__}"
    return f"{list(tensor.shape)} {tensor.dtype} on {tensor.device}"


def _describe_weights(model: nn.Module) -> str:
    weight = next(model.parameters(), None)
    return "none" if weight is None else f"{weight.dtype} on {device_of(model)}"
