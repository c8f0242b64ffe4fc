"""Folders of photos, one for each class, become tensors."""

from pathlib import Path
from typing import BinaryIO

import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms.v2 import functional as transform

from torchbook.data.download import DataCorruptError
from torchbook.data.examples import Examples, Splits, split_by_class

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def read_image(file: Path | BinaryIO, image_size: int, channels: int = 3) -> Tensor:
    """Read a photo as a model expects it: upright, in its colours, square.

    A photo that a camera has marked as lying on its side is turned. Grey pictures and those with a
    palette get three channels; where a picture is transparent, the paper behind it is white. The
    shorter side becomes `image_size` pixels long, and the middle square is cut out.

    Args:
        file: a path, or a file that is open for reading bytes.
        image_size: the side of the result in pixels, S, at least 1.
        channels: 3 for red, green and blue, 1 for grey.

    Returns:
        A uint8 tensor [channels, S, S] from 0 to 255.

    Raises:
        DataCorruptError: the file is no image, or a damaged one; names it.
        FileNotFoundError: there is no such file.
        ValueError: `image_size` is below 1, or there are no pictures with so many channels.
    """
    if image_size < 1:
        raise ValueError(f"image_size must be at least 1 pixel, but is {image_size}")
    if channels not in (1, 3):
        raise ValueError(f"pictures have 1 or 3 channels, but {channels} were asked for")
    try:
        with Image.open(file) as opened:
            image = _to_rgb(ImageOps.exif_transpose(opened))
            if channels == 1:
                image = image.convert("L")
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        name = file if isinstance(file, Path) else getattr(file, "name", "the file")
        known = not isinstance(error, UnidentifiedImageError)
        reason = error if known else "its contents are in no image format that is known here"
        raise DataCorruptError(
            f"{name} cannot be read as an image: {reason}. Open it in a viewer; if it is damaged, "
            "delete it or replace it"
        ) from error
    image = transform.resize(image, [image_size])  # the shorter side
    return transform.pil_to_tensor(transform.center_crop(image, [image_size]))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    elif image.mode.startswith("I;16"):  # 16 bits of grey, which `convert` would cut off at 255
        image = image.point(lambda value: value / 256).convert("L")
    return image.convert("RGB")


def find_images(folder: Path | str) -> tuple[tuple[str, ...], list[tuple[Path, int]]]:
    """List the photos in a folder that has one folder for each class.

    Files whose names begin with a dot, and files that are no images by their suffix, are passed
    over. Photos in folders further down count for the class at the top.

    Args:
        folder: holds the folders of the classes.

    Returns:
        The names of the classes, sorted, and for each photo its path and its label; sorted too, so
        that every machine sees the same order.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there are fewer than two classes, or a class without a photo.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise FileNotFoundError(f"{folder.absolute()} {what}; expected a folder of photos")
    classes = sorted(
        path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    if len(classes) < 2:
        found = f"only {classes[0]!r}" if classes else "none"
        raise ValueError(
            f"expected a folder for each class, two or more, in {folder}, but there is "
            f"{found}. Sort the photos into folders such as {folder.name}/cat and {folder.name}/dog"
        )
    found = []
    for label, name in enumerate(classes):
        paths = [
            path
            for path in (folder / name).rglob("*")
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
        ]
        if not paths:
            raise ValueError(
                f"there is no image in {folder / name}; looked for files that end in "
                f"{', '.join(SUFFIXES)}"
            )
        # By text: Windows would order paths without regard to capitals.
        found += [(path, label) for path in sorted(paths, key=Path.as_posix)]
    return tuple(classes), found


def load_image_folder(
    folder: Path | str,
    image_size: int = 64,
    *,
    valid: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
) -> Splits:
    """Load your own photos, sorted into one folder for each class, and split them.

    Each class gives the same share of its photos to each split. All photos are read at once and
    kept in memory, `3 * image_size ** 2` bytes each: 12 KB at 64 pixels, 150 KB at 224.

    Args:
        folder: holds a folder for each class.
        image_size: the side of the pictures in pixels, S; see `read_image`.
        valid: the share of the photos in the validation split, between 0 and 1.
        test: the share in the test split; the two together are below 1.
        seed: which random split.

    Returns:
        Splits with images as uint8 tensors [N, 3, S, S], labels as int64 tensors [N], and the names
        of the folders as classes.

    Raises:
        DataCorruptError: a file is no image, or a damaged one; names it.
        FileNotFoundError: there is no such folder.
        ValueError: there are fewer than two classes, a class has no photo, there are too few photos
            to give each split one, or the shares are not possible.
    """
    if not (valid > 0 and test > 0 and valid + test < 1):
        raise ValueError(
            f"valid and test must be shares above 0 and together below 1, but are {valid} and "
            f"{test}"
        )
    classes, found = find_images(folder)
    n_valid, n_test = round(valid * len(found)), round(test * len(found))
    sizes = (len(found) - n_valid - n_test, n_valid, n_test)
    if min(sizes) < 1:
        raise ValueError(
            f"{len(found)} photos are too few for three splits: they would hold "
            f"{sizes[0]}, {sizes[1]} and {sizes[2]}"
        )
    examples = read_examples(found, image_size)
    return Splits(*split_by_class(examples, sizes, seed), classes=classes)


def read_examples(found: list[tuple[Path, int]], image_size: int) -> Examples:
    """Read photos and their labels: uint8 [N, 3, S, S] and int64 [N]; see `read_image`."""
    return Examples(
        torch.stack([read_image(path, image_size) for path, _ in found]),
        torch.tensor([label for _, label in found]),
    )
