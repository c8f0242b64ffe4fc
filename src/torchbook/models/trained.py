"""Weights that took longer to train than a build may take. The book's own, under its licence."""

from pathlib import Path

import torch
from torch import Tensor

from torchbook.data.download import verify_files
from torchbook.models.gpt import GPT

WEIGHTS = "fashion_mnist_20_epochs.pt"
SHA256 = "9172ff0a544637cf92b092f620954509bbe6714c2ea2339bc2617506f1c3aa0e"

SHAKESPEARE_WEIGHTS = "shakespeare_gpt.pt"
SHAKESPEARE_SHA256 = "52b33df7e8bb8d126bb302587ecb88cecebf5ed795eedf8395a306ae10a55a61"
SHAKESPEARE_LETTERS = "\n !&',-.:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def fashion_mnist_after_20_epochs() -> dict[str, Tensor]:
    """Return the weights of chapter 11's network after 20 epochs of Fashion-MNIST.

    They are the `state_dict` of its `make_network(norm=True, shortcut=True, width=32, depth=2)`,
    which expects pictures of mean 0 and standard deviation 1. The script
    `tools/train_fashion_mnist_for_long.py` trained them, on the training split of
    `load_fashion_mnist` alone.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    folder = Path(__file__).parent
    verify_files(folder, {WEIGHTS: SHA256})
    weights = torch.load(folder / WEIGHTS, weights_only=True)
    return {k: v.float() if v.is_floating_point() else v for k, v in weights.items()}


def new_shakespeare_gpt() -> GPT:
    """Return the untrained GPT of 3 blocks that chapter 17's longer training begins with."""
    n_letters = len(SHAKESPEARE_LETTERS)
    return GPT(n_letters, 128, n_layers=3, rope=True, qk_norm=True, relu2=True)


def shakespeare_gpt() -> GPT:
    """Return chapter 17's GPT after four minutes of Shakespeare on one core, in evaluation mode.

    Its tokens are the places of letters in `sorted(set(text))`, where the text is all plays of
    `load_shakespeare`. The script `tools/train_gpt_for_long.py` trained it, on the first eight of
    them alone.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    folder = Path(__file__).parent
    verify_files(folder, {SHAKESPEARE_WEIGHTS: SHAKESPEARE_SHA256})
    weights = torch.load(folder / SHAKESPEARE_WEIGHTS, weights_only=True)
    model = new_shakespeare_gpt()
    model.load_state_dict({name: weight.float() for name, weight in weights.items()})
    return model.eval()
