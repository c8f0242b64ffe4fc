"""A data set that is learnt in no time: grey 8 x 8 pictures, bright above, below or nowhere."""

import torch

from torchbook.data import Examples, Splits
from torchbook.data.sets.registry import DataSet

CLASSES = ("above", "below", "nowhere")


def pictures(n: int, seed: int) -> Examples:
    draw = torch.Generator().manual_seed(seed)
    targets = torch.randint(0, 3, (n,), generator=draw)
    inputs = torch.randint(0, 60, (n, 1, 8, 8), generator=draw, dtype=torch.uint8)
    inputs[targets == 0, :, 1:4] += 150
    inputs[targets == 1, :, 4:7] += 150
    return Examples(inputs, targets)


def load(n_valid: int) -> Splits:
    if n_valid > 100:
        raise ValueError(f"n_valid must be from 1 to 100, but is {n_valid}")
    return Splits(pictures(160, 0), pictures(n_valid, 1), pictures(50, 2), CLASSES)


TINY = DataSet("bars, 8 x 8 pixels, three classes", load, lambda: None, n_valid=40)
