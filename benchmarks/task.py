"""What every contender has to do: the model, the pictures, the settings."""

from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets

from torchbook.data import Batches, Examples
from torchbook.data.download import cache_dir
from torchbook.device import best_device, seed_everything
from torchbook.models import SmallCNN, TinyVGG

LEARNING_RATE = 0.1
N_TRAIN, N_TEST = 60_000, 10_000  # published pictures
VALID_BATCH_SIZE = 500

MODELS = {
    "TinyVGG": lambda: TinyVGG(in_channels=1, hidden_units=10, n_classes=10, image_size=28),
    "SmallCNN": lambda: SmallCNN(in_channels=1, n_classes=10, image_size=28),
}


@dataclass(frozen=True)
class Task:
    """A training, the same for all.

    Attributes:
        model: a key of `MODELS`.
        n_train: how many of the 60,000 published training pictures, the first ones.
        batch_size: pictures in a step.
        epochs: how often to go through them. After each, the first `n_valid` test pictures are
            measured; nothing is chosen by them.
    """

    model: str = "TinyVGG"
    n_train: int = N_TRAIN
    batch_size: int = 32
    epochs: int = 1

    @property
    def n_valid(self) -> int:
        """The same share of the 10,000 test pictures."""
        return max(1, self.n_train * N_TEST // N_TRAIN)

    def first(self, n_train: int) -> "Task":
        """Return the same task with fewer pictures."""
        return replace(self, n_train=n_train)

    def new_model(self, memory_format: torch.memory_format = torch.channels_last) -> nn.Module:
        """Return the model on the device, always with the same weights."""
        seed_everything(0)
        return MODELS[self.model]().to(best_device(), memory_format=memory_format)

    def new_optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """Return plain gradient descent."""
        return torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

    def pictures(self, train: bool) -> datasets.FashionMNIST:
        """Return torchvision's data set, cut to the task's size: bytes [N, 28, 28] in `data`."""
        return _first(self.n_train if train else self.n_valid, train)

    def batches(self) -> tuple[Batches, Batches]:
        """Return torchbook's batches to train on and to measure on."""
        return tuple(
            Batches(
                Examples(data.data.unsqueeze(1), data.targets),
                self.batch_size if train else VALID_BATCH_SIZE,
                shuffle=train,
                device=best_device(),
            )
            for train in (True, False)
            for data in (self.pictures(train),)
        )

    def loaders(self) -> tuple[DataLoader, DataLoader]:
        """Return PyTorch's loaders over tensors that are ready: floats [N, 1, 28, 28] in memory."""
        return tuple(
            DataLoader(
                TensorDataset(data.data.unsqueeze(1).float().div_(255), data.targets),
                batch_size=self.batch_size if train else VALID_BATCH_SIZE,
                shuffle=train,
                pin_memory=best_device().type == "cuda",
            )
            for train in (True, False)
            for data in (self.pictures(train),)
        )


@cache
def _first(n: int, train: bool) -> datasets.FashionMNIST:
    data = datasets.FashionMNIST(cache_dir(), train=train)
    data.data, data.targets = data.data[:n].clone(), data.targets[:n].clone()
    return data
