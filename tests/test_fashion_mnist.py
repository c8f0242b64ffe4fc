"""Fashion-MNIST from each of its sources, tried on files of the same form with a few images."""

import gzip
import hashlib
import socket
import struct
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torchvision import datasets

from torchbook.data import load_fashion_mnist
from torchbook.data.download import DataUnavailableError
from torchbook.data.sets import fashion_mnist

N_TRAIN, N_TEST = 12, 5
PACKED_FOLDER = "usr/share/datasets/fashion-mnist"


def idx(values: torch.Tensor) -> bytes:
    """Write bytes as the data set's authors did: a magic number, the sizes, the values."""
    header = struct.pack(">BBBB", 0, 0, 0x08, values.ndim)
    return header + struct.pack(f">{values.ndim}I", *values.shape) + values.numpy().tobytes()


@pytest.fixture
def published(monkeypatch, tmp_path) -> dict[str, bytes]:
    """Put a few made-up images in the place of the data set, and no source at first."""
    draw = torch.Generator().manual_seed(0)
    files = {}
    for part, n in (("train", N_TRAIN), ("t10k", N_TEST)):
        images = torch.randint(0, 256, (n, 28, 28), dtype=torch.uint8, generator=draw)
        labels = torch.arange(n, dtype=torch.uint8) % 10
        images[:, 0, 0] = labels  # so that a test can see whether they are still together
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(labels)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert sums.keys() == fashion_mnist.SHA256.keys()
    monkeypatch.setattr(fashion_mnist, "SHA256", sums)
    monkeypatch.setattr(fashion_mnist, "N_TRAIN", N_TRAIN)
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "data"))

    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", Path("/nowhere", PACKED_FOLDER))

    def no_network(self):
        raise URLError("no network")

    monkeypatch.setattr(datasets.FashionMNIST, "download", no_network)
    return files


@pytest.fixture
def raw(tmp_path) -> Path:
    return tmp_path / "data" / "FashionMNIST" / "raw"


def write_packed(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))


def check_splits(splits, n_valid: int) -> None:
    sizes = [len(part) for part in (splits.train, splits.valid, splits.test)]
    assert sizes == [N_TRAIN - n_valid, n_valid, N_TEST]
    for part in (splits.train, splits.valid, splits.test):
        assert part.inputs.shape == (len(part), 1, 28, 28)
        assert part.inputs.dtype == torch.uint8
        assert part.targets.dtype == torch.int64
        assert torch.equal(part.inputs[:, 0, 0, 0].long(), part.targets)
    assert splits.test.targets.tolist() == list(range(N_TEST))
    labels = torch.cat([splits.train.targets, splits.valid.targets])
    assert labels.sort().values.tolist() == sorted(i % 10 for i in range(N_TRAIN))


def check_raw(raw: Path, published: dict[str, bytes]) -> None:
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == published
    assert list(raw.parent.iterdir()) == [raw]


def test_files_in_the_cache_need_no_source(published, raw):
    raw.mkdir(parents=True)
    for name, content in published.items():
        (raw / name).write_bytes(content)
    splits = load_fashion_mnist(n_valid=3)
    check_splits(splits, n_valid=3)
    assert splits.classes[9] == "Ankle boot"
    assert len(splits.classes) == 10


def test_the_system_package_is_unpacked(published, raw, monkeypatch, tmp_path):
    write_packed(tmp_path / "package", published)
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path / "package")
    check_splits(load_fashion_mnist(n_valid=2), n_valid=2)
    check_raw(raw, published)


def test_torchvision_downloads(published, raw, monkeypatch):
    timeouts = []

    def download(self):
        timeouts.append(socket.getdefaulttimeout())
        Path(self.raw_folder).mkdir(parents=True)
        for name, content in published.items():
            Path(self.raw_folder, name).write_bytes(content)

    before = socket.getdefaulttimeout()
    monkeypatch.setattr(datasets.FashionMNIST, "download", download)
    check_splits(load_fashion_mnist(n_valid=2), n_valid=2)
    check_raw(raw, published)
    assert timeouts == [fashion_mnist.DOWNLOAD_TIMEOUT]
    assert socket.getdefaulttimeout() == before


def test_a_server_that_never_answers_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(fashion_mnist, "DOWNLOAD_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = f"http://127.0.0.1:{server.getsockname()[1]}/"
        monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [silent])
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with pytest.raises((RuntimeError, OSError), match="timed out"):
            fashion_mnist._download_with_torchvision(tmp_path / "files")


def test_an_altered_download_is_not_used(published, raw, monkeypatch):
    def download(self):
        Path(self.raw_folder).mkdir(parents=True)
        for name, content in published.items():
            Path(self.raw_folder, name).write_bytes(content[:-1] + b"\xff")

    monkeypatch.setattr(datasets.FashionMNIST, "download", download)
    with pytest.raises(DataUnavailableError, match=r"download: .* is not the expected"):
        load_fashion_mnist(n_valid=2)
    assert not raw.exists()


def test_without_network_the_error_says_what_was_tried_and_what_to_do(published, raw):
    folder = fashion_mnist.DEBIAN_FOLDER
    with pytest.raises(DataUnavailableError) as caught:
        load_fashion_mnist(n_valid=2)
    first, *_ = published
    assert str(caught.value) == (
        "Fashion-MNIST could not be loaded. Tried, in this order:\n"
        f"  1. cache: {raw / first} is missing\n"
        f"  2. system package in {folder}: [Errno 2] No such file or directory: "
        f"'{folder / first}.gz'\n"
        "  3. torchvision's download: <urlopen error no network>\n"
        "Connect to the internet and run this again, or copy the files train-images-idx3-ubyte, "
        "train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte from another "
        f"machine into {raw}"
    )
    assert list(raw.parent.iterdir()) == []


def test_unverified_tensors_of_an_old_torchvision_are_not_used(published, raw):
    raw.mkdir(parents=True)
    for name, content in published.items():
        (raw / name).write_bytes(content)
    processed = raw.parent / "processed"
    processed.mkdir()
    for name in ("training.pt", "test.pt"):
        tensors = torch.zeros(N_TRAIN, 28, 28, dtype=torch.uint8), torch.zeros(N_TRAIN).long()
        torch.save(tensors, processed / name)
    check_splits(load_fashion_mnist(n_valid=2), n_valid=2)


@pytest.mark.parametrize("n_valid", [0, -1, 60_000, 70_000])
def test_a_validation_split_out_of_range_is_refused_before_any_download(monkeypatch, n_valid):
    monkeypatch.setattr(fashion_mnist, "obtain", None)
    with pytest.raises(ValueError, match="n_valid must be from 1 to 59,999") as caught:
        load_fashion_mnist(n_valid)
    assert str(caught.value).endswith(f"but is {n_valid:,}")


def test_the_real_data_is_whole(fashion_mnist):
    splits = fashion_mnist
    sizes = [len(part) for part in (splits.train, splits.valid, splits.test)]
    assert sizes == [55_000, 5_000, 10_000]
    for part in (splits.train, splits.valid, splits.test):
        assert part.inputs.shape[1:] == (1, 28, 28)
        assert part.inputs.dtype == torch.uint8
        assert part.targets.dtype == torch.int64
    # As many of each class as the authors promise, train and validation together.
    labels = torch.cat([splits.train.targets, splits.valid.targets])
    assert labels.bincount().tolist() == [6_000] * 10
    assert splits.test.targets.bincount().tolist() == [1_000] * 10
    assert len(splits.classes) == 10
    # The mean that is quoted everywhere for the 60,000 training images, 0.2860.
    images = torch.cat([splits.train.inputs, splits.valid.inputs])
    assert images.sum(dtype=torch.int64).item() / images.numel() / 255 == pytest.approx(
        0.2860, abs=1e-4
    )


def test_the_seed_decides_the_real_validation_split(fashion_mnist):
    same, other = load_fashion_mnist(seed=0), load_fashion_mnist(n_valid=1_000, seed=1)
    assert torch.equal(same.valid.inputs, fashion_mnist.valid.inputs)
    assert torch.equal(same.train.targets, fashion_mnist.train.targets)
    assert not torch.equal(other.valid.inputs, fashion_mnist.valid.inputs[:1_000])
    assert torch.equal(other.test.inputs, fashion_mnist.test.inputs)
