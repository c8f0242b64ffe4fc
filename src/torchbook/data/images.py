"""Image files become tensors: every format and mode that Pillow reads."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms.v2 import functional as transform

from torchbook.data.download import DataError, DataUnavailableError

TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
COLOURS = {1: "grey", 3: "red, green and blue"}


class UnreadableImageError(DataError):
    """A file cannot be read as an image; the message names it and says why."""


def read_image(file: Path | str | BinaryIO, image_size: int, channels: int = 3) -> Tensor:
    """Read an image as a model expects it: upright, in RGB or grey, square.

    The file may have any format that Pillow knows. An image that a camera has marked as rotated is
    turned upright; if its EXIF data cannot be parsed, it stays as stored. Transparent pixels become
    white. Of 16 bits per channel, the upper 8 are kept. Of an animation or a file with several
    pages, the first image is read. Colour profiles are ignored. The shorter side is resized to
    `image_size` pixels, and the middle square is cut out.

    Args:
        file: a path, or a file that is open for reading bytes.
        image_size: height and width of the result in pixels, S, at least 1.
        channels: 3 for red, green and blue, 1 for grey.

    Returns:
        A uint8 tensor [channels, S, S] from 0 to 255.

    Raises:
        FileNotFoundError: there is no such file.
        UnreadableImageError: the file is not an image, is damaged, may not be read, or holds
            numbers whose range is unknown (mode F, and I in most formats).
        ValueError: `image_size` is below 1, or `channels` is neither 1 nor 3.
    """
    return _read(file, image_size, channels)[0]


def read_and_describe(path: Path | str, image_size: int, channels: int) -> tuple[Tensor, str]:
    """Read an image as `read_image` does, and describe in a few words what that changed.

    Raises:
        DataUnavailableError: there is no such file.
        UnreadableImageError, ValueError: as `read_image` does.
    """
    try:
        return _read(path, image_size, channels)
    except FileNotFoundError:
        raise DataUnavailableError(f"there is no image {path}") from None


def _read(file: Path | str | BinaryIO, image_size: int, channels: int) -> tuple[Tensor, str]:
    if image_size < 1:
        raise ValueError(f"image_size must be at least 1 pixel, but is {image_size}")
    if channels not in COLOURS:
        raise ValueError(f"channels must be 1 (grey) or 3 (RGB), but is {channels}")
    name = printable(file if isinstance(file, Path | str) else getattr(file, "name", "the file"))
    changes = []
    try:
        with Image.open(file) as opened:
            if _orientation(opened) in TRANSPOSITIONS:
                changes.append("turned upright")
            opened.load()
            if not _range_is_known(opened):
                raise UnreadableImageError(
                    f"{name} has mode {opened.mode}, whose numbers have no known range from black "
                    "to white: scale them to 8 or 16 bits, and save the image as PNG"
                )
            if opened.has_transparency_data:
                changes.append("put on white")
            if opened.mode != {1: "L", 3: "RGB"}[channels]:
                changes.append(f"turned to {COLOURS[channels]}")
            image = _to_rgb(opened)
            # Only now, because Pillow itself turns TIFF files as it loads them.
            if (orientation := _orientation(opened)) in TRANSPOSITIONS:
                image = image.transpose(TRANSPOSITIONS[orientation])
        if channels == 1:
            image = image.convert("L")
        side = min(image.size)
        if side != image_size:
            changes.append(
                f"{'shrunk' if side > image_size else 'enlarged'} to {image_size} pixels"
            )
        if image.width != image.height:
            changes.append(f"cut to the middle square of {image.width} x {image.height} pixels")
        image = transform.center_crop(transform.resize(image, [image_size]), [image_size])
    except (FileNotFoundError, UnreadableImageError):
        raise
    except Exception as error:  # Pillow's readers raise errors of any type on a bad file
        reason = str(error) or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "Pillow knows no such format. Convert it to JPEG or PNG, or move it away"
        elif isinstance(error, Image.DecompressionBombError):
            reason += " Make it smaller, or raise PIL.Image.MAX_IMAGE_PIXELS"
        elif getattr(error, "errno", None) is None:
            reason += ". Open it in a viewer; if that fails too, the file is damaged: replace it"
        raise UnreadableImageError(f"{name} cannot be read as an image: {reason}") from error
    return transform.pil_to_tensor(image), ", ".join(changes) or "used as it is"


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation from 1 to 8; 1, as stored, where there is no valid one."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # the parser raises errors of any type on bad EXIF data
        return 1
    return orientation if orientation in TRANSPOSITIONS else 1


def _range_is_known(image: Image.Image) -> bool:
    if image.format == "TIFF" and image.mode.startswith("I;16"):
        tags = image.tag_v2
        zero_is_white = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
        # Pillow opens 12 bits in this mode, too.
        return tags.get(TiffImagePlugin.BITSPERSAMPLE) == (16,) and not zero_is_white
    # In these formats mode I holds 16 bits; PNG's, in older versions of Pillow.
    return image.mode != "F" and (image.mode != "I" or image.format in ("PNG", "PPM"))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits, which `convert` would clip at 255
        values = np.asarray(image)
        grey = (values >> 8).astype(np.uint8)
        grey[values == image.info.get("transparency", -1)] = 255
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def printable(path: Path | str) -> str:
    """Return a path for a message, with escapes for line breaks and for what is not UTF-8."""
    return text if (text := str(path)).isprintable() else repr(text)
