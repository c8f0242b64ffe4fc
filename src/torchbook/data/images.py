"""Folders of images, one folder for each class, become tensors."""

import re
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import ExifTags, Image, TiffImagePlugin, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms.v2 import functional as transform

from torchbook.data.download import DataError, DataUnavailableError
from torchbook.data.examples import Examples, Splits

# What operating systems, programs, network drives and cameras leave behind: passed over. Not so
# .name.icloud, which stands for an image that iCloud has not downloaded to this machine.
SYSTEM_NAME = re.compile(
    r"\..*(?<!\.icloud)|.*:zone\.identifier|(eh)?thumbs(_vista)?\.db|desktop\.ini|icon\r|picasa\.ini"
    r"|zbthumbnail\.info|\$recycle\.bin|recycle[rd]|lost\+found|lost\.dir|__macosx|__pycache__"
    r"|system volume information|network trash folder|temporary items"
    r"|@(eadir|recycle|recently-snapshot|sharebin)|#(recycle|snapshot)|~snapshot",
    re.IGNORECASE | re.DOTALL,
)
# Notes, labels and settings that often lie beside images: passed over, too.
COMPANION = re.compile(r"\.(aae|csv|html|json|md|tsv|txt|xml|xmp|ya?ml)", re.IGNORECASE)
# Parts of a data set, which are not classes: train and test, images and labels, train2017 and
# val2017, training_set and test_set.
PART = re.compile(
    r"(?<![a-z])(train(ing)?|val(id|idation)?|dev|test(ing)?|images|labels|annotations|masks)"
    r"(?![a-z])"
)
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
SPLIT_NAMES = ("train", "valid", "test")


class UnreadableImageError(DataError):
    """A file cannot be read as an image; the message names it and says why."""


def read_image(file: Path | str | BinaryIO, image_size: int, channels: int = 3) -> Tensor:
    """Read an image as a model expects it: upright, in RGB or grey, square.

    Reads every format and mode that Pillow reads. An image that a camera has marked as rotated is
    turned upright; if its EXIF data cannot be parsed, it stays as stored. Transparent pixels are
    put on white. Of 16 bits per channel, the upper 8 are kept. Of an animation or a file with
    several pages, the first image is read. Colour profiles are ignored. The shorter side is resized
    to `image_size` pixels, and the middle square is cut out.

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
    name = _printable(file if isinstance(file, Path | str) else getattr(file, "name", "the file"))
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
        is_white = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0  # 0 for white
        return not is_white and tags.get(TiffImagePlugin.BITSPERSAMPLE) == (16,)  # 12 look the same
    # These two use mode I for 16 bits, depending on Pillow's version.
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


def find_images(folder: Path | str) -> tuple[tuple[str, ...], list[tuple[Path, int]]]:
    """List the images in a folder that has one folder for each class.

    Images in folders further down count for the class at the top. What systems and programs leave
    behind (hidden files, thumbnails, recycle bins) and text files (`COMPANION`) are passed
    over; every other file must be an image that Pillow can read, whatever its suffix.

    Args:
        folder: holds the folders of the classes.

    Returns:
        The names of the classes (Unicode form NFC), sorted, and the path and the label of each
        image; sorted too, so that every machine sees the same order.

    Raises:
        FileNotFoundError: there is no such folder.
        UnreadableImageError: names files that are not images, or are empty, or broken links.
        ValueError: there are fewer than two classes, a class has no image, images lie beside the
            classes, the folders are not classes but parts of a data set such as train and test, or
            two names differ only in capitals or in their Unicode form.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise FileNotFoundError(f"{folder.absolute()} {what}; expected a folder of images")
    entries = [path for path in sorted(folder.iterdir()) if not _is_system(path)]
    folders = [path for path in entries if path.is_dir()]
    _check_classes(folder, folders, [path for path in entries if _has_image_suffix(path)])
    classes = {_normalised(path): path for path in folders}
    found, useless, inner = [], [], set()
    for label, name in enumerate(sorted(classes)):
        # By text: Windows would order paths without regard to capitals.
        paths = sorted(_files(classes[name], set()), key=Path.as_posix)
        if not paths:
            raise ValueError(f"there is no image in {_printable(classes[name])}")
        useless += [path for path in paths if not _may_be_image(path)]
        found += [(path, label) for path in paths]
        inner.add(frozenset(path.relative_to(classes[name]).parts[:-1][:1] for path in paths))
    if useless:
        names = ", ".join(_printable(path) for path in useless[:5])
        more = f" and {len(useless) - 5:,} more" if len(useless) > 5 else ""
        raise UnreadableImageError(
            f"{len(useless):,} of the files in {_printable(folder)} are empty, broken links, or "
            f"not images that Pillow can read: {names}{more}. Convert them to JPEG or PNG, or move "
            "them away"
        )
    same = next(iter(inner))
    if len(inner) == 1 and len(same) > 1 and () not in same:
        warnings.warn(
            f"every folder in {_printable(folder)} holds the same folders "
            f"({', '.join(sorted(part for (part,) in same))}): if these are the classes, give one "
            "of the folders above them",
            stacklevel=2,
        )
    return tuple(sorted(classes)), found


def _check_classes(folder: Path, folders: list[Path], loose: list[Path]) -> None:
    """Refuse folders that cannot be classes; `loose` are images beside them."""
    if len(folders) < 2:
        found = f"only {folders[0].name!r}" if folders else "none"
        advice = f"Sort the images into folders such as {folder.name}/cat and {folder.name}/dog"
        if not folders and loose:
            advice = "It holds images itself: give the folder above it, or sort them by class"
        elif folders and len(_subfolders(folders[0])) > 1:
            advice = f"Did you mean {_printable(folders[0])}?"
        raise ValueError(
            f"expected a folder for each class, two or more, in {_printable(folder)}, but there is "
            f"{found}. {advice}"
        )
    rest: dict[str, list[Path]] = {}
    same: dict[str, Path] = {}
    for path in folders:
        try:
            path.name.encode()
        except UnicodeEncodeError:
            raise ValueError(
                f"the name of the folder {_printable(path)} is not valid UTF-8: rename it"
            ) from None
        other = same.setdefault(_normalised(path).casefold().strip(), path)
        if other is not path:
            raise ValueError(
                f"the folders {other.name!a} and {path.name!a} in {_printable(folder)} differ only "
                "in capitals, spaces or Unicode form: merge them, or rename one"
            )
        stripped, n_words = PART.subn("", path.name.casefold())
        if n_words:
            rest.setdefault(stripped, []).append(path)
    for parts in rest.values():
        if len(parts) > 1:
            best = min(parts, key=lambda path: "train" not in path.name.casefold())
            advice = (
                f"Give the folder that holds the classes, such as {_printable(best)}"
                if len(_subfolders(best)) > 1
                else "Sort the images into one folder for each class"
            )
            raise ValueError(
                f"{' and '.join(path.name for path in parts)} in {_printable(folder)} look like "
                f"parts of a data set, not classes. {advice}"
            )
    if loose:
        raise ValueError(
            f"{_printable(loose[0])} lies beside the folders of the classes, so it has no class "
            f"(one of {len(loose):,} such images): move them into a folder, or away"
        )


def _is_system(path: Path) -> bool:
    return SYSTEM_NAME.fullmatch(path.name) is not None


def _files(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield the files below a folder that should be images; visit a linked folder once."""
    if (real := folder.resolve()) in seen:
        return
    seen.add(real)
    for path in folder.iterdir():
        if _is_system(path):
            continue
        if path.is_dir():
            yield from _files(path, seen)
        elif not COMPANION.fullmatch(path.suffix):
            yield path


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir() and not _is_system(path)]


def _has_image_suffix(path: Path) -> bool:
    return Image.registered_extensions().get(path.suffix.lower()) in Image.OPEN


def _may_be_image(path: Path) -> bool:
    """Return whether the file is one, is not empty, and has the suffix or contents of an image."""
    if not path.is_file() or path.stat().st_size == 0:
        return False
    if _has_image_suffix(path):
        return True
    try:
        Image.open(path).close()
    except UnidentifiedImageError:
        return False
    return True


def _normalised(path: Path) -> str:
    return unicodedata.normalize("NFC", path.name)


def _printable(path: Path | str) -> str:
    """Return a path for a message, with escapes for line breaks and for what is not UTF-8."""
    return text if (text := str(path)).isprintable() else repr(text)


def load_image_folder(
    folder: Path | str,
    image_size: int = 64,
    *,
    valid: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
) -> Splits:
    """Load your own images, sorted into one folder for each class, and split them.

    Each class gives the same share of its images to each split, rounded, and at least one image.
    All images are kept in memory, `3 * image_size ** 2` bytes each: 12 KB at 64 pixels, 150 KB at
    224.

    Args:
        folder: holds a folder for each class; see `find_images` for what is passed over.
        image_size: height and width of the tensors in pixels, S; see `read_image`.
        valid: the share of the images in the validation split, between 0 and 1.
        test: the share in the test split; the two together are below 1.
        seed: which random split.

    Returns:
        Splits with images as uint8 tensors [N, 3, S, S], labels as int64 tensors [N], and the names
        of the folders as classes.

    Raises:
        FileNotFoundError: there is no such folder.
        UnreadableImageError: a file cannot be read as an image; names it.
        ValueError: the folders do not look like classes, a class has fewer than 3 images, or the
            shares are impossible; see `find_images`.
    """
    if not (valid > 0 and test > 0 and valid + test < 1):
        raise ValueError(
            f"valid and test must be shares above 0 and together below 1, but are {valid} and "
            f"{test}"
        )
    classes, found = find_images(folder)
    counts = torch.tensor([label for _, label in found]).bincount().tolist()
    for name, n in zip(classes, counts, strict=True):
        if n < len(SPLIT_NAMES):
            raise ValueError(
                f"class {name!r} has {n} image{'s' * (n > 1)}, but each needs at least 3: one to "
                "train, one to validate and one to test with. Add some, or remove the class"
            )
    examples = read_examples(found, image_size)
    generator = torch.Generator().manual_seed(seed)
    parts: dict[str, list[Tensor]] = {name: [] for name in SPLIT_NAMES}
    start = 0
    for n in counts:
        n_test = min(max(round(test * n), 1), n - 2)
        n_valid = min(max(round(valid * n), 1), n - 1 - n_test)
        order = start + torch.randperm(n, generator=generator)
        drawn = order.split((n - n_valid - n_test, n_valid, n_test))
        for name, indices in zip(SPLIT_NAMES, drawn, strict=True):
            parts[name].append(indices.sort().values)
        start += n
    return Splits(**{name: examples[torch.cat(p)] for name, p in parts.items()}, classes=classes)


def read_examples(found: list[tuple[Path, int]], image_size: int) -> Examples:
    """Read images and their labels: uint8 [N, 3, S, S] and int64 [N]; see `read_image`."""
    return Examples(
        torch.stack([read_image(path, image_size) for path, _ in found]),
        torch.tensor([label for _, label in found]),
    )
