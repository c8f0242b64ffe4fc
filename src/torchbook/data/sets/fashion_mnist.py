"""Fashion-MNIST: 70,000 grey images of clothes, 28 x 28 pixels, ten classes.

Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
Machine Learning Algorithms", arXiv:1708.07747 (2017). Licence: MIT.
"""

import gzip
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torchvision import datasets
from torchvision.datasets.mnist import read_image_file, read_label_file

from torchbook.data.download import cache_dir, obtain
from torchbook.data.examples import Examples, Splits, split

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

# Of the unpacked files: the compressed ones differ between the sources in their headers.
SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}

# Where the Debian package dataset-fashion-mnist installs the files.
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
N_TRAIN = 60_000  # published training images, from which the validation split is drawn

DOWNLOAD_TIMEOUT = 30  # seconds without a response


def load_fashion_mnist(n_valid: int = 5_000, seed: int = 0) -> Splits:
    """Load Fashion-MNIST, fetching it on first use, split into train, validation and test.

    The test split is the data set's own 10,000 images. The validation split is drawn at random,
    with `seed`, from its 60,000 training images; the rest is the training split.

    Args:
        n_valid: the number of validation images, from 1 to 59,999.
        seed: which random validation split.

    Returns:
        Splits with images as uint8 tensors [N, 1, 28, 28] from 0 to 255, labels as int64 tensors
        [N], and the ten class names.

    Raises:
        DataUnavailableError: no source has the files; says what was tried.
        ValueError: `n_valid` is out of range.
    """
    if not 1 <= n_valid < N_TRAIN:
        raise ValueError(f"n_valid must be from 1 to {N_TRAIN - 1:,}, but is {n_valid:,}")
    folder = raw_folder()
    sources = [
        (f"system package in {DEBIAN_FOLDER}", lambda to: unpack_debian(DEBIAN_FOLDER, to)),
        ("torchvision's download", _download_with_torchvision),
    ]
    obtain("Fashion-MNIST", folder, SHA256, sources)

    published = _read(folder, "train")
    train, valid = split(published, sizes=(len(published) - n_valid, n_valid), seed=seed)
    return Splits(train, valid, test=_read(folder, "t10k"), classes=CLASSES)


def raw_folder() -> Path:
    """Return the folder of the verified files in the cache, where torchvision looks for them."""
    return cache_dir() / "FashionMNIST" / "raw"


def _read(folder: Path, part: str) -> Examples:
    # Not with datasets.FashionMNIST, which prefers unverified tensors that an old version of it
    # may have saved beside `folder`.
    return Examples(
        read_image_file(str(folder / f"{part}-images-idx3-ubyte")).unsqueeze(1),
        read_label_file(str(folder / f"{part}-labels-idx1-ubyte")),
    )


def unpack_debian(folder: Path, destination: Path) -> None:
    """Unpack the compressed files that the Debian package keeps in `folder`."""
    for name in SHA256:
        with (
            gzip.open(folder / f"{name}.gz") as packed,
            (destination / name).open("wb") as unpacked,
        ):
            shutil.copyfileobj(packed, unpacked)


def _download_with_torchvision(destination: Path) -> None:
    with tempfile.TemporaryDirectory(dir=destination.parent) as temporary, _socket_timeout():
        datasets.FashionMNIST(temporary, train=True, download=True)
        for name in SHA256:
            shutil.move(Path(temporary) / "FashionMNIST" / "raw" / name, destination / name)


@contextmanager
def _socket_timeout() -> Iterator[None]:
    """Give up on a silent server: torchvision sets no timeout of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
