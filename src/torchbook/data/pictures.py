"""Pictures from files, brought to the form that a model was trained with."""

from pathlib import Path

from PIL import Image, ImageOps
from torch import Tensor
from torchvision.transforms.v2 import functional as transform

from torchbook.data.verify import DataUnavailableError

MODES = {1: ("L", "grey"), 3: ("RGB", "red, green and blue")}


def read_picture(path: Path | str, channels: int, size: int) -> tuple[Tensor, str]:
    """Read a picture as a model expects it: upright, with so many channels, square.

    The middle square is cut out and brought to `size` pixels, smoothly. Where a picture is
    transparent, the paper behind it is white. Of a film, the first picture is taken.

    Args:
        path: a file in a format that Pillow reads: PNG, JPEG, WebP, ...
        channels: 1 for grey, 3 for red, green and blue.
        size: height and width of the result in pixels, S.

    Returns:
        A uint8 tensor [channels, S, S] from 0 to 255, and a few words on what was changed.

    Raises:
        DataUnavailableError: there is no such file, or it cannot be read as a picture.
        ValueError: there are no pictures with so many channels.
    """
    if channels not in MODES:
        raise ValueError(f"pictures have 1 or 3 channels, but the model wants {channels}")
    path = Path(path)
    mode, colours = MODES[channels]
    done = []
    try:
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened)
            if picture.size != opened.size:
                done.append("turned upright")
            if picture.mode.startswith(("I", "F")):
                raise DataUnavailableError(
                    f"{path} has more than 8 bits for each colour of a pixel (mode "
                    f"{picture.mode}): save it with 8"
                )
            if picture.has_transparency_data:
                picture = picture.convert("RGBA")
                white = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(white, picture)
                done.append("put on white")
            if picture.mode != mode:
                picture = picture.convert(mode)
                done.append(f"turned to {colours}")
    except FileNotFoundError:
        raise DataUnavailableError(f"there is no picture {path}") from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise DataUnavailableError(f"{path} cannot be read as a picture: {error}") from error
    width, height = picture.size
    side = min(width, height)
    if width != height:
        picture = transform.center_crop(picture, [side])
        done.append(f"cut to the middle {side} x {side} of {width} x {height} pixels")
    if side != size:
        picture = transform.resize(picture, [size])  # of a Pillow image: always without aliasing
        done.append(f"{'shrunk' if side > size else 'enlarged'} to {size} x {size}")
    return transform.pil_to_tensor(picture), ", ".join(done) or "used as it is"
