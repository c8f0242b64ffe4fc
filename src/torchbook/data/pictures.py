"""A picture of one's own for a trained model, and what was done to it on the way."""

from pathlib import Path

from PIL import Image, ImageOps
from torch import Tensor

from torchbook.data.download import DataUnavailableError
from torchbook.data.images import read_image

COLOURS = {1: "grey", 3: "red, green and blue"}


def read_picture(path: Path | str, channels: int, size: int) -> tuple[Tensor, str]:
    """Read a picture as `read_image` does, and say what that changed.

    Args:
        path: a file in a format that Pillow reads: PNG, JPEG, WebP, ...
        channels: 1 for grey, 3 for red, green and blue.
        size: height and width of the result in pixels, S.

    Returns:
        A uint8 tensor [channels, S, S] from 0 to 255, and a few words on what was changed.

    Raises:
        DataUnavailableError: there is no such file.
        DataCorruptError: it cannot be read as a picture.
        ValueError: there are no pictures with so many channels.
    """
    path = Path(path)
    try:
        picture = read_image(path, size, channels)
    except FileNotFoundError:
        raise DataUnavailableError(f"there is no picture {path}") from None
    return picture, _changes(path, channels, size)


def _changes(path: Path, channels: int, size: int) -> str:
    done = []
    with Image.open(path) as picture:
        width, height = ImageOps.exif_transpose(picture).size
        if (width, height) != picture.size:
            done.append("turned upright")
        if picture.has_transparency_data:
            done.append("put on white")
        if len(picture.getbands()) != channels or picture.mode not in ("L", "RGB"):
            done.append(f"turned to {COLOURS[channels]}")
    side = min(width, height)
    if side != size:
        done.append(f"{'shrunk' if side > size else 'enlarged'} to {size} pixels")
    if width != height:
        done.append(f"cut to the middle square of {width} x {height} pixels")
    return ", ".join(done) or "used as it is"
