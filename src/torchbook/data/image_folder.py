"""A folder of images, with one folder for each class, becomes tensors."""

import re
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image, UnidentifiedImageError

from torchbook.data.examples import Examples, Splits
from torchbook.data.images import UnreadableImageError, printable, read_image

# What operating systems, programs, network drives and cameras leave behind: passed over. Not so
# .name.icloud, which stands for an image that iCloud has not downloaded to this machine.
SYSTEM = re.compile(
    r"\..*(?<!\.icloud)|.*:zone\.identifier|(eh)?thumbs(_vista)?\.db|desktop\.ini|icon\r|picasa\.ini"
    r"|zbthumbnail\.info|\$recycle\.bin|recycle[rd]|lost\+found|lost\.dir|__macosx|__pycache__"
    r"|system volume information|network trash folder|temporary items"
    r"|@(eadir|recycle|recently-snapshot|sharebin)|#(recycle|snapshot)|~snapshot",
    re.IGNORECASE | re.DOTALL,
)
# Notes, labels and settings that often lie beside images: passed over, too.
COMPANION = re.compile(r"\.(aae|csv|html|json|md|tsv|txt|xml|xmp|ya?ml)", re.IGNORECASE)
# Folders of a data set that are not classes: train and test, images and labels, train2017 and
# val2017, training_set and test_set.
PART = re.compile(
    r"(?<![a-z])(train(ing)?|val(id|idation)?|dev|test(ing)?|images|labels|annotations|masks)"
    r"(?![a-z])"
)


def find_images(folder: Path | str) -> tuple[tuple[str, ...], list[tuple[Path, int]]]:
    """List the images in a folder that has one folder for each class.

    Images in folders further down count for the class at the top. What systems and programs leave
    behind (`SYSTEM`) and text files (`COMPANION`) are passed over; every other file in a class must
    be an image that Pillow can read, whatever its suffix. Beside the classes only images matter.

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
    classes = _class_folders(folder)
    found: list[tuple[Path, int]] = []
    inner = set()
    for label, path in enumerate(classes.values()):
        # By text: Windows would order paths without regard to capitals.
        images = sorted(_files(path, set()), key=Path.as_posix)
        if not images:
            raise ValueError(f"there is no image in {printable(path)}")
        found += [(image, label) for image in images]
        inner.add(frozenset(image.relative_to(path).parts[:-1][:1] for image in images))
    if useless := [path for path, _ in found if not _may_be_image(path)]:
        names = ", ".join(printable(path) for path in useless[:5])
        more = f" and {len(useless) - 5:,} more" if len(useless) > 5 else ""
        raise UnreadableImageError(
            f"{len(useless):,} of the files in {printable(folder)} are empty, broken links, or not "
            f"images that Pillow can read: {names}{more}. Convert them to JPEG or PNG, or move "
            "them away"
        )
    same = inner.pop()
    if not inner and len(same) > 1 and () not in same:
        warnings.warn(
            f"every folder in {printable(folder)} holds the same folders "
            f"({', '.join(sorted(name for (name,) in same))}): if these are the classes, give one "
            "of the folders above them",
            stacklevel=2,
        )
    return tuple(classes), found


def _class_folders(folder: Path) -> dict[str, Path]:
    """Return the folder of each class by its name, sorted; refuse what cannot be classes."""
    entries = [path for path in sorted(folder.iterdir()) if not SYSTEM.fullmatch(path.name)]
    loose = [path for path in entries if _has_image_suffix(path) and not path.is_dir()]
    folders = [path for path in entries if path.is_dir()]
    if len(folders) < 2:
        found = f"only {folders[0].name!r}" if folders else "none"
        advice = f"Sort the images into folders such as {folder.name}/cat and {folder.name}/dog"
        if folders and _has_subfolders(folders[0]):
            advice = f"Did you mean {printable(folders[0])}?"
        elif loose and not folders:
            advice = "It holds images itself: give the folder above it, or sort them by class"
        raise ValueError(
            f"expected a folder for each class, two or more, in {printable(folder)}, but there is "
            f"{found}. {advice}"
        )
    classes: dict[str, Path] = {}
    alike: dict[str, Path] = {}
    parts: dict[str, list[Path]] = {}
    for path in folders:
        if not _is_utf_8(path.name):
            raise ValueError(f"the folder name {printable(path)} is not valid UTF-8: rename it")
        name = unicodedata.normalize("NFC", path.name)
        other = alike.setdefault(name.casefold().strip(), path)
        if other is not path:
            raise ValueError(
                f"the folders {other.name!a} and {path.name!a} in {printable(folder)} differ only "
                "in capitals, spaces or Unicode form: merge them, or rename one"
            )
        classes[name] = path
        rest, n_words = PART.subn("", name.casefold())
        if n_words:
            parts.setdefault(rest, []).append(path)
    for paths in parts.values():
        if len(paths) > 1:
            best = min(paths, key=lambda path: "train" not in path.name.casefold())
            advice = "Sort the images into one folder for each class"
            if _has_subfolders(best):
                advice = f"Give the folder that holds the classes, such as {printable(best)}"
            raise ValueError(
                f"{' and '.join(path.name for path in paths)} in {printable(folder)} look like "
                f"parts of a data set, not classes. {advice}"
            )
    if loose:
        raise ValueError(
            f"{printable(loose[0])} lies beside the folders of the classes, so it has no class "
            f"(one of {len(loose):,} such images): move them into a folder, or away"
        )
    return dict(sorted(classes.items()))


def _files(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield the files below a folder that should be images; visit a linked folder once."""
    if (real := folder.resolve()) in seen:
        return
    seen.add(real)
    for path in folder.iterdir():
        if SYSTEM.fullmatch(path.name):
            continue
        if path.is_dir():
            yield from _files(path, seen)
        elif not COMPANION.fullmatch(path.suffix):
            yield path


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


def _has_image_suffix(path: Path) -> bool:
    return Image.registered_extensions().get(path.suffix.lower()) in Image.OPEN


def _has_subfolders(folder: Path) -> bool:
    return sum(p.is_dir() and not SYSTEM.fullmatch(p.name) for p in folder.iterdir()) > 1


def _is_utf_8(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


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
        ValueError: the folders do not look like classes (see `find_images`), a class has fewer than
            3 images, or the shares are impossible.
    """
    if not (valid > 0 and test > 0 and valid + test < 1):
        raise ValueError(
            f"valid and test must be shares above 0 and together below 1, but are {valid} and "
            f"{test}"
        )
    classes, found = find_images(folder)
    counts = torch.tensor([label for _, label in found]).bincount().tolist()
    generator = torch.Generator().manual_seed(seed)
    parts = []  # for each class its indices in train, valid and test
    start = 0
    for name, n in zip(classes, counts, strict=True):
        if n < 3:
            raise ValueError(
                f"class {name!r} has {n} image{'s' * (n > 1)}, but each needs at least 3: one to "
                "train, one to validate and one to test with. Add some, or remove the class"
            )
        n_test = min(max(round(test * n), 1), n - 2)
        n_valid = min(max(round(valid * n), 1), n - 1 - n_test)
        order = start + torch.randperm(n, generator=generator)
        parts.append(order.split((n - n_valid - n_test, n_valid, n_test)))
        start += n
    examples = read_examples(found, image_size)
    indices = [torch.cat(part).sort().values for part in zip(*parts, strict=True)]
    return Splits(*(examples[part] for part in indices), classes=classes)


def read_examples(found: list[tuple[Path, int]], image_size: int) -> Examples:
    """Read images and their labels: uint8 [N, 3, S, S] and int64 [N]; see `read_image`."""
    return Examples(
        torch.stack([read_image(path, image_size) for path, _ in found]),
        torch.tensor([label for _, label in found]),
    )
