"""45 photos with natural backgrounds, to test what models learn from cut-outs.

The classes are those of "Animal, vegetable or mineral?", but none of the photos is from there, so
that they show whether a model knows the object or the white paper. Sources and licences are in the
folder `natural` beside this file, in NOTICE.txt; those licences cover the photos, not this code.
"""

import tempfile
from pathlib import Path

from torchbook.data.download import unpack_zip
from torchbook.data.examples import Examples
from torchbook.data.image_folder import find_images, read_examples

ARCHIVE = Path(__file__).parent / "natural" / "natural_photos.zip"
SHA256 = "f57e4e5f0fbb0250dda85fb4d7cc94631a0275d03f8e45a0638ba82356dce3fc"


def load_natural_photos(image_size: int = 224) -> Examples:
    """Load 15 photos of each class: 0 is animal, 1 is mineral, 2 is vegetable.

    Args:
        image_size: height and width of the images in pixels, S; the files have 256.

    Returns:
        Examples with images as a uint8 tensor [45, 3, S, S] from 0 to 255 and labels as an int64
        tensor [45], sorted by label.

    Raises:
        DataCorruptError: the archive is not the one that the book was written with.
        DataUnavailableError: the disk has no space for temporary files.
        ValueError: `image_size` is below 1.
    """
    with tempfile.TemporaryDirectory() as temporary:
        root = unpack_zip(ARCHIVE, Path(temporary), SHA256)
        return read_examples(find_images(root)[1], image_size)
