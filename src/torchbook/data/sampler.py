"""In which order an epoch goes through the examples, and how far it has come."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


class EpochOrder:
    """Cuts N examples into batches, epoch after epoch; remembers where it is.

    With several processes each gets its share of every batch, so that all of them together see the
    same batches as a single one would.

    Args:
        n_examples: how many there are, N.
        batch_size: examples in each batch of all processes together; the last one of an epoch
            holds what remains.
        shuffle: draw a new random order in every epoch.
        seed: where the random orders start; the same seed gives the same sequence of orders.
        rank: which process this is.
        world_size: how many processes share the batches.

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
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
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
        self.rank = rank
        self.world_size = world_size
        self.position = 0  # batches of the current epoch that are done
        self._generator = torch.Generator().manual_seed(seed)
        self._start = self._generator.get_state()  # with which the current epoch began
        self._resumed = False

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return -(-self.n_examples // self.batch_size)

    def begin(self) -> Tensor | None:
        """Return this epoch's order, int64 [N], or None if it is that of the examples.

        An epoch begins anew, unless `load_state_dict` has just brought back an unfinished one.
        """
        if self._resumed:
            self._resumed = False
        else:
            self._to_next_epoch()
        if not self.shuffle:
            return None
        # On the CPU, so that every device sees the same order for the same seed.
        return torch.randperm(self.n_examples, generator=self._generator)

    def slices(self) -> Iterator[slice]:
        """Yield which places of the order make up each remaining batch: this process's share."""
        for start in range(self.position * self.batch_size, self.n_examples, self.batch_size):
            n = min(self.batch_size, self.n_examples - start)
            # Counted before it is handed out: whoever asks while using the batch gets it included.
            self.position += 1
            first, end = (n * r // self.world_size for r in (self.rank, self.rank + 1))
            yield slice(start + first, start + end)
        self._to_next_epoch()

    def _to_next_epoch(self) -> None:
        self.position = 0
        self._start = self._generator.get_state()

    def state_dict(self) -> dict[str, Any]:
        """Return the place in the sequence of batches."""
        return {"generator": self._start, "position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a place that `state_dict` returned, in the middle of an epoch if need be."""
        self._start = state["generator"].cpu()
        self._generator.set_state(self._start)
        self.position = state["position"]
        self._resumed = self.position > 0


class Resumable:
    """Batches that go by an `EpochOrder` in `self.order`, and can be asked where they are."""

    order: EpochOrder

    @property
    def n_examples(self) -> int:
        """The number of examples in an epoch, N."""
        return self.order.n_examples

    @property
    def batch_size(self) -> int:
        """The number of examples in a batch, of all processes together."""
        return self.order.batch_size

    @property
    def world_size(self) -> int:
        """The number of processes that share each batch."""
        return self.order.world_size

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return len(self.order)

    def state_dict(self) -> dict[str, Any]:
        """Return the place in the sequence of batches, for a checkpoint."""
        return self.order.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a place that `state_dict` returned, in the middle of an epoch if need be."""
        self.order.load_state_dict(state)
