"""Batches of data that is larger than the memory, collected example by example."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from torchbook.data.batches import scale_to_unit
from torchbook.data.sampler import EpochOrder, Resumable


class _Chosen:
    """The indices of each remaining batch of an epoch, as a DataLoader wants them."""

    def __init__(self, order: EpochOrder) -> None:
        self.order = order

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[list[int]]:
        indices = self.order.begin()
        if indices is None:
            indices = torch.arange(self.order.n_examples)
        for batch in self.order.slices():
            yield indices[batch].tolist()


class StreamedBatches(Resumable):
    """An iterable of (inputs, targets) batches from a `Dataset` that reads each example when asked.

    Where `Batches` holds everything on the device, this one holds what is on its way: worker
    processes read ahead, batches wait in pinned memory, and copies to a CUDA device run beside the
    calculation. It can be asked where it is, and go on from there: `state_dict`.

    Random changes belong into `transform`, which works on whole batches in this process: those
    that a `Dataset` makes in a worker do not come out the same after a resume.

    Args:
        dataset: maps an index to a pair of an input and a target; has a length. With workers it is
            sent to other processes, which are started anew ("spawn") on every system: it must be
            picklable, and a script needs `if __name__ == "__main__":`.
        batch_size: examples in each batch; the last batch of an epoch holds what remains.
        shuffle: draw a new random order in every epoch.
        seed: where the random orders start; the same seed gives the same sequence of orders.
        device: where the batches go.
        transform: makes a batch of inputs ready for the model, on the device.
        workers: processes that read ahead; with 0 this one reads.
        rank: which process this is, if several share each batch.
        world_size: how many share it.

    Raises:
        ValueError: the data set is empty, `batch_size` is below 1, or the last batch of an epoch
            is too small for the number of processes.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int = 0,
        device: torch.device | str = "cpu",
        transform: Callable[[Tensor], Tensor] = scale_to_unit,
        workers: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.device = torch.device(device)
        self.transform = transform
        self.order = EpochOrder(
            len(dataset),
            batch_size,
            shuffle=shuffle,
            seed=seed,
            rank=rank,
            world_size=world_size,
        )
        # The loader reads ahead: it gets an order of its own, `self.order` follows what was used.
        self._ahead = copy.deepcopy(self.order)
        self._loader = DataLoader(
            dataset,
            batch_sampler=_Chosen(self._ahead),
            num_workers=workers,
            pin_memory=self.device.type == "cuda",
            multiprocessing_context="spawn" if workers else None,
            persistent_workers=workers > 0,
            # Its own source of seeds for the workers, so that the global one is left alone.
            generator=torch.Generator().manual_seed(seed),
        )

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (inputs [B, ...], targets [B, ...]) for one epoch, or for the rest of it."""
        self.order.begin()
        self._ahead.load_state_dict(self.order.state_dict())
        for (inputs, targets), _ in zip(self._loader, self.order.slices(), strict=True):
            inputs = inputs.to(self.device, non_blocking=True)
            yield self.transform(inputs), targets.to(self.device, non_blocking=True)
