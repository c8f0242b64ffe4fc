"""The data sets that can be asked for by name, as the command line does."""

from collections.abc import Callable
from dataclasses import dataclass

from torchbook.data.download import cache_dir, verify_files
from torchbook.data.examples import Splits
from torchbook.data.sets import animal_vegetable_mineral as photos
from torchbook.data.sets import fashion_mnist


@dataclass(frozen=True)
class DataSet:
    """A data set of pictures with labels, and how to get it.

    Attributes:
        title: a line that says what it is.
        load: takes the number of validation examples and returns the splits, with images as uint8
            tensors [N, C, S, S], labels as int64 tensors [N], and names for the classes. Fetches
            what is not there, or raises DataUnavailableError.
        check: raises DataCorruptError if it is not here, or not as it should be; fetches nothing.
        n_valid: how many validation examples it has if nothing else is said.
    """

    title: str
    load: Callable[[int], Splits]
    check: Callable[[], object]
    n_valid: int


DATA_SETS: dict[str, DataSet] = {
    "fashion_mnist": DataSet(
        title="70,000 grey pictures of clothes, 28 x 28 pixels, ten classes",
        load=fashion_mnist.load_fashion_mnist,
        check=lambda: verify_files(cache_dir() / "FashionMNIST" / "raw", fashion_mnist.SHA256),
        n_valid=5_000,
    ),
    "animal_vegetable_mineral": DataSet(
        title="280 photos cut out on white, at 64 x 64 pixels, three classes",
        load=lambda n_valid: photos.load_animal_vegetable_mineral(n_valid=n_valid),
        check=lambda: verify_files(photos.ARCHIVE.parent, {photos.ARCHIVE.name: photos.SHA256}),
        n_valid=60,
    ),
}
