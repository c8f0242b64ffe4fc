"""Batches cut from tensors that already live on the device."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from torchbook.data.examples import Examples
from torchbook.data.sampler import EpochOrder, Resumable
from torchbook.device import copy_to


def scale_to_unit(inputs: Tensor) -> Tensor:
    """Turn bytes (uint8, 0 to 255) into floats (float32, 0 to 1); leave floats as they are.

    Args:
        inputs: a tensor of any shape.

    Raises:
        TypeError: the dtype is neither uint8 nor floating point.
    """
    if inputs.dtype == torch.uint8:
        return inputs.float() / 255
    if inputs.is_floating_point():
        return inputs
    raise TypeError(
        f"inputs must be uint8 images or floating-point numbers, but have dtype {inputs.dtype}; "
        "convert them first, for example with inputs.float()"
    )


class Batches(Resumable):
    """An iterable of (inputs, targets) batches; each pass is one epoch.

    The whole data set is moved to the device once, in its compact form (a byte per pixel). A batch
    is one indexing operation there, and `transform` works on the whole batch at once. On a small
    data set this is several times faster than a `DataLoader`, which collects a batch from its
    examples one by one.

    It can be asked where it is, and go on from there: `state_dict` and `load_state_dict`.

    Args:
        examples: inputs [N, ...] and targets [N, ...].
        batch_size: examples in each batch; the last batch of an epoch holds what remains.
        shuffle: draw a new random order in every epoch.
        seed: where the random orders start; the same seed gives the same sequence of orders.
        device: where the batches live; the examples' own device by default.
        transform: makes a batch of inputs ready for the model.
        rank: which process this is, if several share each batch.
        world_size: how many share it.

    Raises:
        ValueError: there are no examples, `batch_size` is below 1, or the last batch of an epoch
            is too small for the number of processes.
    """

    def __init__(
        self,
        examples: Examples,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int = 0,
        device: torch.device | str | None = None,
        transform: Callable[[Tensor], Tensor] = scale_to_unit,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.order = EpochOrder(
            len(examples),
            batch_size,
            shuffle=shuffle,
            seed=seed,
            rank=rank,
            world_size=world_size,
        )
        device = examples.inputs.device if device is None else torch.device(device)
        self.inputs = examples.inputs.to(device)
        self.targets = examples.targets.to(device)
        self.transform = transform

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (inputs [B, ...], targets [B, ...]) for one epoch, or for the rest of it."""
        order = self.order.begin()
        if order is not None:
            order = copy_to(order, self.inputs.device)
        for batch in self.order.slices():
            chosen = batch if order is None else order[batch]
            yield self.transform(self.inputs[chosen]), self.targets[chosen]
