"""Which examples make up each batch, epoch after epoch, from a place that can be saved."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from torchbook.device import copy_to


class ResumableBatchSampler:
    """An iterable of batches of indices; each pass is one epoch.

    A pass that is left early does not count: the next one begins the same epoch again, in the same
    order. So a look at the first batch changes nothing. `state_dict` says how far the latest pass
    has come, and `load_state_dict` continues from there.

    With several processes each gets its share of every batch, so that together they see the batches
    that a single process would.

    Args:
        n_examples: how many there are, N.
        batch_size: examples in each batch of all processes together; the last batch of an epoch
            holds what remains.
        shuffle: draw a new random order for every epoch.
        seed: the same seed gives the same sequence of orders.
        device: where the indices live.
        rank: the number of this process; by default that in `torch.distributed`, else 0.
        world_size: the number of processes; by default that in `torch.distributed`, else 1.

    Raises:
        ValueError: there are no examples, a number is out of range, or the last batch would leave
            a process without an example.
    """

    def __init__(
        self,
        n_examples: int,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int = 0,
        device: torch.device | str = "cpu",
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        together = dist.is_available() and dist.is_initialized()
        if rank is None:
            rank = dist.get_rank() if together else 0
        if world_size is None:
            world_size = dist.get_world_size() if together else 1
        if n_examples == 0:
            raise ValueError("there are no examples to make batches from: len(examples) is 0")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, but is {batch_size}")
        if not 0 <= rank < world_size:
            raise ValueError(f"expected 0 <= rank < world_size, got {rank} and {world_size}")
        smallest = min(n_examples, n_examples % batch_size or batch_size)
        if smallest < world_size:
            raise ValueError(
                f"{n_examples:,} examples in batches of {batch_size} leave a last batch of "
                f"{smallest}, too few for {world_size} processes: choose another batch_size"
            )
        self.n_examples = n_examples
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.device = torch.device(device)
        self.rank = rank
        self.world_size = world_size
        self.position = 0  # batches that the latest pass has handed out
        self._first = 0  # the batch with which a pass begins
        self._state = torch.Generator().manual_seed(seed).get_state()  # from it comes the order

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return -(-self.n_examples // self.batch_size)

    def __iter__(self) -> Iterator[Tensor]:
        """Yield this process's share of each batch of an epoch, or of the rest of it: int64 [B]."""
        # On the CPU, so that every device sees the same order for the same seed.
        generator = torch.Generator()
        generator.set_state(self._state)
        if self.shuffle:
            order = torch.randperm(self.n_examples, generator=generator)
        else:
            order = torch.arange(self.n_examples)
        batches = copy_to(order, self.device).split(self.batch_size)
        for done, batch in enumerate(batches[self._first :], start=self._first + 1):
            # Counted before it is handed out: a state saved while the batch is used includes it.
            self.position = done
            yield batch.tensor_split(self.world_size)[self.rank]
        self.position = self._first = 0
        self._state = generator.get_state()

    def state_dict(self) -> dict[str, Any]:
        """Return the place in the sequence of batches."""
        return {"generator": self._state, "position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a place that `state_dict` returned, also in the middle of an epoch."""
        self._state = state["generator"].cpu()
        self.position = self._first = state["position"]
