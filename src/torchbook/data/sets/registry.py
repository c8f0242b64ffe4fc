"""The data sets that can be loaded by name, as the command line does."""

from collections.abc import Callable
from dataclasses import dataclass

from torchbook.data.download import verify_files
from torchbook.data.examples import Splits
from torchbook.data.sets import animal_vegetable_mineral as photos
from torchbook.data.sets import fashion_mnist


@dataclass(frozen=True)
class DataSet:
    """A data set of labelled images, and how to load it.

    Attributes:
        title: a line that describes it.
        load: takes the number of validation examples and returns the splits, with images as uint8
            tensors [N, C, S, S], labels as int64 tensors [N], and the names of the classes. Fetches
            files that are missing, or raises DataUnavailableError.
        check: raises DataCorruptError if a file is missing or altered; fetches nothing.
        n_valid: the default number of validation examples.
    """

    title: str
    load: Callable[[int], Splits]
    check: Callable[[], object]
    n_valid: int


DATA_SETS: dict[str, DataSet] = {
    "fashion_mnist": DataSet(
        title="70,000 grey images of clothes, 28 x 28 pixels, ten classes",
        load=fashion_mnist.load_fashion_mnist,
        check=lambda: verify_files(fashion_mnist.raw_folder(), fashion_mnist.SHA256),
        n_valid=5_000,
    ),
    "animal_vegetable_mineral": DataSet(
        title="280 photos cut out on white, at 64 x 64 pixels, three classes",
        load=lambda n_valid: photos.load_animal_vegetable_mineral(n_valid=n_valid),
        check=lambda: verify_files(photos.ARCHIVE.parent, {photos.ARCHIVE.name: photos.SHA256}),
        n_valid=60,
    ),
}
