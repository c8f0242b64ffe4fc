"""MNIST-1D: 5,000 made-up signals of 40 numbers, each with one of ten shapes hidden in noise.

Source: S. Greydanus and D. Kobak, "Scaling Down Deep Learning with MNIST-1D", ICML 2024,
arXiv:2011.14439, made with their package `mnist1d`. Licence: Apache-2.0. What was changed, and the
licence, are in the folder `signals` beside this file.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from torchbook.data.download import verify_files
from torchbook.data.examples import Examples, Splits, split

FILE = Path(__file__).parent / "signals" / "mnist_1d.npz"
SHA256 = "e71b1835aedb4883a1ea1a7f194ed57d821ac5d5e0588be7ebd31681c2390a9a"
CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
N_TRAIN = 4_000  # published training signals, from which the validation split is drawn


def load_mnist_1d(n_valid: int = 1_000, seed: int = 0) -> Splits:
    """Load MNIST-1D, split into train, validation and test.

    The test split is the data set's own 1,000 signals. The validation split is drawn at random,
    with `seed`, from its 4,000 training signals; the rest is the training split.

    Args:
        n_valid: the number of validation signals, from 1 to 3,999.
        seed: which random validation split.

    Returns:
        Splits with signals as float32 tensors [N, 40], digits as int64 tensors [N], and the names
        of the ten digits.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
        ValueError: `n_valid` is out of range.
    """
    if not 1 <= n_valid < N_TRAIN:
        raise ValueError(f"n_valid must be from 1 to {N_TRAIN - 1:,}, but is {n_valid:,}")
    arrays = _arrays()
    published = Examples(arrays["train"].float(), arrays["train_digits"].long())
    train, valid = split(published, sizes=(N_TRAIN - n_valid, n_valid), seed=seed)
    test = Examples(arrays["test"].float(), arrays["test_digits"].long())
    return Splits(train, valid, test, classes=CLASSES)


def mnist_1d_shapes() -> Tensor:
    """Return the ten shapes that MNIST-1D hides in its signals, a float32 tensor [10, 12].

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    return _arrays()["shapes"]


def _arrays() -> dict[str, Tensor]:
    verify_files(FILE.parent, {FILE.name: SHA256})
    with np.load(FILE) as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}
