"""Batches cut from tensors that already live on the device."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from torchbook.data.examples import Examples


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
    is one indexing operation there, and `transform` works on the whole batch at once. On a small
    data set this is several times faster than a `DataLoader`, which collects a batch from its
    examples one by one.

    Args:
        examples: inputs [N, ...] and targets [N, ...].
        batch_size: examples in each batch; the last batch of an epoch holds what remains.
        shuffle: draw a new random order in every epoch.
        seed: where the random orders start; the same seed gives the same sequence of orders.
        device: where the batches live; the examples' own device by default.
        transform: makes a batch of inputs ready for the model.

    Raises:
        ValueError: there are no examples, or `batch_size` is below 1.
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
    ) -> None:
        if len(examples) == 0:
            raise ValueError("there are no examples to make batches from: len(examples) is 0")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, but is {batch_size}")
        device = examples.inputs.device if device is None else torch.device(device)
        self.inputs = examples.inputs.to(device)
        self.targets = examples.targets.to(device)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.transform = transform
        self._generator = torch.Generator().manual_seed(seed)

    @property
    def n_examples(self) -> int:
        """The number of examples in an epoch, N."""
        return len(self.targets)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return -(-self.n_examples // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (inputs [B, ...], targets [B, ...]) for one epoch."""
        if self.shuffle:
            # Drawn on the CPU, so that every device sees the same order for the same seed.
            order = torch.randperm(self.n_examples, generator=self._generator)
            for indices in order.to(self.inputs.device).split(self.batch_size):
                yield self.transform(self.inputs[indices]), self.targets[indices]
        else:
            for start in range(0, self.n_examples, self.batch_size):
                batch = slice(start, start + self.batch_size)
                yield self.transform(self.inputs[batch]), self.targets[batch]
