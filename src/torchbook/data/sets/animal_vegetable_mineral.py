"""Animal, vegetable or mineral? 280 photos cut out on white, 224 x 224 pixels, three classes.

Source: the photographic stamps of Tux Paint, https://tuxpaint.org/stamps/ , copyright 2002-2022
Bill Kendrick and contributors. Licence: GPL-2.0-or-later. The archive, a notice of what was changed
and the licence are in the folder `stamps` beside this file; that licence covers the photos, not
this code.
"""

import tempfile
from pathlib import Path

from torchbook.data.download import unpack_zip
from torchbook.data.examples import Splits, split_by_class
from torchbook.data.image_folder import find_images, read_examples

ARCHIVE = Path(__file__).parent / "stamps" / "animal_vegetable_mineral.zip"
SHA256 = "06feb2a2410c8d7c46b03444b756aa5299d5af31ec0413ce6b435e832002de1e"
CLASSES = ("animal", "mineral", "vegetable")  # in alphabetical order, as find_images returns them
N_TRAIN = 210  # published training photos, from which the validation split is drawn


def unpack_animal_vegetable_mineral(folder: Path | str = ".") -> Path:
    """Unpack the photos as folders of files: `train` and `test`, each with a folder per class.

    Args:
        folder: where the new folder `animal_vegetable_mineral` goes; the current one by default.

    Returns:
        The path of that new folder.

    Raises:
        DataCorruptError: the archive is not the one that the book was written with.
        DataUnavailableError: the folder cannot be written, or holds other files of these names.
    """
    return unpack_zip(ARCHIVE, Path(folder), SHA256)


def load_animal_vegetable_mineral(image_size: int = 64, n_valid: int = 60, seed: int = 0) -> Splits:
    """Load the photos, split into train, validation and test.

    The test split is the data set's own 70 photos. The validation split is drawn at random, with
    `seed`, from its 210 training photos, with the same share of each class; the rest is the
    training split.

    Args:
        image_size: height and width of the images in pixels, S; the files have 224.
        n_valid: the number of validation photos, from 1 to 209.
        seed: which random validation split.

    Returns:
        Splits with images as uint8 tensors [N, 3, S, S] from 0 to 255, labels as int64 tensors
        [N], and the three class names.

    Raises:
        DataCorruptError: the archive is not the one that the book was written with.
        DataUnavailableError: the disk has no space for temporary files.
        ValueError: `n_valid` or `image_size` is out of range.
    """
    if not 1 <= n_valid < N_TRAIN:
        raise ValueError(f"n_valid must be from 1 to {N_TRAIN - 1}, but is {n_valid}")
    with tempfile.TemporaryDirectory() as temporary:
        root = unpack_animal_vegetable_mineral(temporary)
        published, test = (
            read_examples(find_images(root / part)[1], image_size) for part in ("train", "test")
        )
    train, valid = split_by_class(published, (N_TRAIN - n_valid, n_valid), seed)
    return Splits(train, valid, test, classes=CLASSES)
