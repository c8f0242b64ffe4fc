"""Weights that took longer to train than a build may take. The book's own, under its licence."""

import io
import lzma
from pathlib import Path

import torch
from torch import Tensor

from torchbook.data.download import verify_files

WEIGHTS = "fashion_mnist_20_epochs.pt"
SHA256 = "9172ff0a544637cf92b092f620954509bbe6714c2ea2339bc2617506f1c3aa0e"

SOUNDS = "spelling_to_sound.pt.xz"
SOUNDS_SHA256 = "60e02a0d43c8c5db0b9cbfd164062671befbf8b2e6a3dfaf58625a13d7ee77ed"


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


def spelling_to_sound_weights() -> dict[str, dict[str, Tensor]]:
    """Return the weights of two of chapter 16's networks after four passes over 106,552 words.

    The `state_dict` of its GRUs with attention is under "attention", that of its transformer, which
    is also `Transformer(27, 42, width=96, n_hidden=192)`, under "transformer". The script
    `tools/train_spelling_to_sound.py` trained them, on the training split of `load_pronunciations`
    alone.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    folder = Path(__file__).parent
    verify_files(folder, {SOUNDS: SOUNDS_SHA256})
    content = lzma.decompress((folder / SOUNDS).read_bytes())
    networks = torch.load(io.BytesIO(content), weights_only=True)
    return {
        kind: {name: value.float() for name, value in weights.items()}
        for kind, weights in networks.items()
    }
