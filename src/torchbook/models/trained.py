"""Weights that took longer to train than a build may take. The book's own, under its licence."""

import io
import lzma
from pathlib import Path

import torch
from torch import Tensor

from torchbook.data.download import verify_files
from torchbook.models.gpt import GPT

WEIGHTS = "fashion_mnist_20_epochs.pt"
FLOW = "fashion_mnist_flow.pt"
JUDGE = "fashion_mnist_judge.pt"
SOUNDS = "spelling_to_sound.pt.xz"
SHAKESPEARE = "shakespeare_gpt.pt"
SHA256 = {
    WEIGHTS: "9172ff0a544637cf92b092f620954509bbe6714c2ea2339bc2617506f1c3aa0e",
    FLOW: "7882c22c2417ca71c9958b4e3b5648245250872d026cf5e707b88bb3a35331f2",
    JUDGE: "10320ef0f7b9a5687d3b41e08445debcdb08c53256c2073207cf10536f14e09a",
    SOUNDS: "60e02a0d43c8c5db0b9cbfd164062671befbf8b2e6a3dfaf58625a13d7ee77ed",
    SHAKESPEARE: "52b33df7e8bb8d126bb302587ecb88cecebf5ed795eedf8395a306ae10a55a61",
}

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
    return _load(WEIGHTS)


def fashion_mnist_flow() -> dict[str, Tensor]:
    """Return the weights of the network that draws clothes in chapter 22.

    They are the `state_dict` of its `Velocity()`, which expects pictures from -1 to 1. The script
    `tools/train_generative_for_long.py` trained them, on the training split of
    `load_fashion_mnist` alone.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    return _load(FLOW)


def fashion_mnist_judge() -> dict[str, Tensor]:
    """Return the weights of the network that judges pictures of clothes in chapter 22.

    They are the `state_dict` of `SmallCNN(1, 10, 28)`, which expects pictures from -1 to 1. The
    script `tools/train_generative_for_long.py` trained them, on the training split of
    `load_fashion_mnist` alone.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    return _load(JUDGE)


def spelling_to_sound_weights() -> dict[str, dict[str, Tensor]]:
    """Return the weights of two of chapter 16's networks after four passes over 106,552 words.

    The `state_dict` of its GRUs with attention is under "attention", that of its transformer, which
    is also `Transformer(27, 42, width=96, n_hidden=192)`, under "transformer". The script
    `tools/train_spelling_to_sound.py` trained them, on the training split of `load_pronunciations`
    alone.

    Raises:
        DataCorruptError: the file is not the one that the book was written with.
    """
    content = io.BytesIO(lzma.decompress(_verified(SOUNDS).read_bytes()))
    networks = torch.load(content, weights_only=True)
    return {kind: _in_single(weights) for kind, weights in networks.items()}


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
    model = new_shakespeare_gpt()
    model.load_state_dict(_load(SHAKESPEARE))
    return model.eval()


def _load(name: str) -> dict[str, Tensor]:
    """Return the weights in one of this folder's files, in single precision."""
    return _in_single(torch.load(_verified(name), weights_only=True))


def _verified(name: str) -> Path:
    """Return the path of one of this folder's files, which is the one it should be."""
    folder = Path(__file__).parent
    verify_files(folder, {name: SHA256[name]})
    return folder / name


def _in_single(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k: v.float() if v.is_floating_point() else v for k, v in weights.items()}
