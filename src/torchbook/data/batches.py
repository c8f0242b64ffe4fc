"""Batches cut from tensors that already live on the device."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from torchbook.data.examples import Examples
from torchbook.data.sampler import ResumableBatchSampler


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


class Batches:
    """An iterable of (inputs, targets) batches; each pass is one epoch.

    The whole data set is moved to the device once, in its compact form (a byte per pixel). A batch
    is one indexing operation there, a copy that may be changed, and `transform` works on the whole
    batch at once. On a small data set this is several times faster than a `DataLoader`, which
    collects a batch from its examples one by one.

    A pass that is left early does not count: the next one begins the same epoch again, in the same
    order. `state_dict` says how far the latest pass has come, `load_state_dict` continues there.

    Args:
        examples: inputs [N, ...] and targets [N, ...].
        batch_size: examples in each batch of all processes together; the last batch of an epoch
            holds what remains.
        shuffle: draw a new random order for every epoch.
        seed: the same seed gives the same sequence of orders.
        device: where the batches live; the examples' own device by default.
        transform: prepares a batch of inputs for the model.
        rank: the number of this process, which gets its share of each batch; by default that in
            `torch.distributed`, else 0.
        world_size: the number of processes; by default that in `torch.distributed`, else 1.

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
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        device = examples.inputs.device if device is None else torch.device(device)
        self.sampler = ResumableBatchSampler(
            len(examples),
            batch_size,
            shuffle=shuffle,
            seed=seed,
            device=device,
            rank=rank,
            world_size=world_size,
        )
        self.inputs = examples.inputs.to(device)
        self.targets = examples.targets.to(device)
        self.transform = transform

    @property
    def n_examples(self) -> int:
        """The number of examples in an epoch, N."""
        return self.sampler.n_examples

    @property
    def batch_size(self) -> int:
        """The number of examples in a batch, of all processes together."""
        return self.sampler.batch_size

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (inputs [B, ...], targets [B, ...]) for one epoch, or for the rest of it."""
        for chosen in self.sampler:
            yield self.transform(self.inputs[chosen]), self.targets[chosen]

    def state_dict(self) -> dict[str, Any]:
        """Return the place in the sequence of batches, for a checkpoint."""
        return self.sampler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a place that `state_dict` returned, also in the middle of an epoch."""
        self.sampler.load_state_dict(state)
