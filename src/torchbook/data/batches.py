"""Batches cut from tensors that already live on the device."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from torchbook.data.examples import Examples
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


class Batches:
    """An iterable of (inputs, targets) batches; each pass is one epoch.

    The whole data set is moved to the device once, in its compact form (a byte per pixel). A batch
    is one indexing operation there, a copy that may be changed, and `transform` works on the whole
    batch at once. On a small data set this is several times faster than a `DataLoader`, which
    collects a batch from its examples one by one.

    A pass that is left early does not count: the next one begins the same epoch again, in the same
    order. So a look at the first batch changes nothing. `state_dict` says how far the latest pass
    has come, and `load_state_dict` continues from there.

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

    Attributes:
        n_examples: the number of examples in an epoch, N.
        batch_size: as given.

    Raises:
        ValueError: there are no examples, a number is out of range, or the last batch would leave
            a process without an example.
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
        in_group = dist.is_available() and dist.is_initialized()
        if rank is None:
            rank = dist.get_rank() if in_group else 0
        if world_size is None:
            world_size = dist.get_world_size() if in_group else 1
        n = len(examples)
        if n == 0:
            raise ValueError("there are no examples to make batches from: len(examples) is 0")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, but is {batch_size}")
        if not 0 <= rank < world_size:
            raise ValueError(f"expected 0 <= rank < world_size, got {rank} and {world_size}")
        smallest = min(n, n % batch_size or batch_size)
        if smallest < world_size:
            raise ValueError(
                f"{n:,} examples in batches of {batch_size} leave a last batch of {smallest}, too "
                f"few for {world_size} processes: choose another batch_size"
            )
        device = examples.inputs.device if device is None else torch.device(device)
        self.inputs = examples.inputs.to(device)
        self.targets = examples.targets.to(device)
        self.n_examples = n
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.transform = transform
        self.rank = rank
        self.world_size = world_size
        self._generator = torch.Generator().manual_seed(seed).get_state()  # draws the order
        self._first = 0  # the batch with which a pass begins
        self._position = 0  # batches that the latest pass has handed out

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return -(-self.n_examples // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (inputs [B, ...], targets [B, ...]) for one epoch, or for the rest of it."""
        generator = torch.Generator()
        generator.set_state(self._generator)
        order = torch.arange(self.n_examples)
        if self.shuffle:  # on the CPU, so that every device sees the same order
            order = torch.randperm(self.n_examples, generator=generator)
        batches = copy_to(order, self.inputs.device).split(self.batch_size)
        for done, batch in enumerate(batches[self._first :], start=self._first + 1):
            chosen = batch.tensor_split(self.world_size)[self.rank]
            # Counted before it is handed out: a state saved while the batch is used includes it.
            self._position = done
            yield self.transform(self.inputs[chosen]), self.targets[chosen]
        self._first = self._position = 0
        self._generator = generator.get_state()

    def has_target(self, value: int) -> bool:
        """Return whether any example's targets hold this value."""
        return bool((self.targets == value).any())

    def state_dict(self) -> dict[str, Any]:
        """Return the place in the sequence of batches, for a checkpoint."""
        return {"generator": self._generator, "position": self._position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a place that `state_dict` returned, also in the middle of an epoch."""
        self._generator = state["generator"].cpu()
        self._first = self._position = state["position"]
