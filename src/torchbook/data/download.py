"""Data that arrives complete or not at all: checksums, the cache folder, atomic renames."""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import platformdirs


class DataError(RuntimeError):
    """Data cannot be used; the message says why."""


class DataUnavailableError(DataError):
    """Data could not be fetched or written; the message lists what was tried."""


class DataCorruptError(DataError):
    """A file is missing, or does not have the expected checksum."""


def cache_dir() -> Path:
    """Return the folder for downloaded data: `$TORCHBOOK_DATA` if set, else the user's cache."""
    configured = os.environ.get("TORCHBOOK_DATA")
    return Path(configured) if configured else platformdirs.user_cache_path("torchbook")


def verify_files(folder: Path, sha256: Mapping[str, str]) -> None:
    """Check that `folder` holds every named file with exactly the expected contents.

    Args:
        folder: where the files should be.
        sha256: the expected SHA-256 sum (64 hexadecimal digits) of each file name.

    Raises:
        DataCorruptError: a file is missing or differs; the message says which and how.
    """
    for name, expected in sha256.items():
        path = folder / name
        if not path.is_file():
            raise DataCorruptError(f"{path} is missing")
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != expected:
            raise DataCorruptError(
                f"{path} is not the expected file: it has {path.stat().st_size:,} bytes and "
                f"SHA-256 {actual[:12]}…, expected {expected[:12]}…"
            )


def obtain(
    name: str,
    folder: Path,
    sha256: Mapping[str, str],
    sources: Sequence[tuple[str, Callable[[Path], None]]],
) -> Path:
    """Return `folder` with verified files in it, fetched from the first source that works.

    Each source writes the files into an empty temporary folder beside `folder`. They are verified
    there and only then moved into place, each with an atomic rename, so that a killed download, a
    full disk or an altered file never leaves anything that a later run could take for good data.
    Verified files in `folder`, and files that are not named in `sha256`, are left alone.

    Args:
        name: the data set's name, for messages.
        folder: where the verified files go.
        sha256: the expected SHA-256 sum of each file name.
        sources: pairs of a description and a function that fills the folder it is given.

    Raises:
        DataUnavailableError: no source worked; lists each source with its reason, in order.
    """
    tried = []
    try:
        verify_files(folder, sha256)
        return folder
    except DataCorruptError as error:
        tried.append(f"cache: {error}")
    _remove_altered(folder, sha256)

    for description, fetch in sources:
        try:
            _fetch_into(folder, sha256, fetch)
            return folder
        except Exception as error:  # of any type: the next source is tried
            tried.append(f"{description}: {str(error).strip() or type(error).__name__}")

    attempts = "\n".join(f"  {i}. {reason}" for i, reason in enumerate(tried, start=1))
    raise DataUnavailableError(
        f"{name} could not be loaded. Tried, in this order:\n{attempts}\n"
        f"Connect to the internet and run this again, or copy the files {', '.join(sha256)} from "
        f"another machine into {folder}"
    )


def _remove_altered(folder: Path, sha256: Mapping[str, str]) -> None:
    """Remove the named files that are not as expected, and nothing else."""
    for name, expected in sha256.items():
        try:
            verify_files(folder, {name: expected})
        except DataCorruptError:
            with suppress(OSError):  # it is missing, or cannot be removed
                (folder / name).unlink()


def _fetch_into(folder: Path, sha256: Mapping[str, str], fetch: Callable[[Path], None]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The temporary folder is on the same file system as its destination, where a rename is atomic.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
        arrived = Path(temporary) / "files"
        arrived.mkdir()
        fetch(arrived)
        verify_files(arrived, sha256)
        folder.mkdir(exist_ok=True)
        for file in sha256:
            (arrived / file).replace(folder / file)


def unpack_zip(archive: Path, folder: Path, sha256: str) -> Path:
    """Unpack `name.zip`, whose files all lie in a folder `name`, once.

    The files are unpacked into a temporary folder inside `folder`, which is then renamed, so that
    an interruption or a full disk never leaves half a data set. A folder that is unpacked already
    is kept, with any files that were added to it.

    Args:
        archive: the zip file.
        folder: where the new folder `name` goes; made if it is missing.
        sha256: the expected SHA-256 sum of the archive, 64 hexadecimal digits.

    Returns:
        The path of the folder `name`.

    Raises:
        DataCorruptError: the archive is missing or altered.
        DataUnavailableError: the folder cannot be written, or holds other files of these names.
    """
    verify_files(archive.parent, {archive.name: sha256})
    destination = folder / archive.stem
    with zipfile.ZipFile(archive) as packed:
        if not destination.exists():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryDirectory(dir=folder, prefix=".") as temporary:
                    packed.extractall(temporary)
                    (Path(temporary) / archive.stem).rename(destination)
            except OSError as error:
                if not destination.exists():  # or another process was faster
                    raise DataUnavailableError(
                        f"{archive.name} cannot be unpacked into {folder}: {error}. Choose a "
                        "folder that can be written to, on a disk with free space"
                    ) from error
        for entry in packed.infolist():
            path = folder / entry.filename
            if not entry.is_dir() and not (
                path.is_file() and path.read_bytes() == packed.read(entry)
            ):
                raise DataUnavailableError(
                    f"{destination} exists already, but its file "
                    f"{path.relative_to(destination).as_posix()} is missing or differs from the "
                    "archive's. Nothing was changed: move the folder away, or unpack into another"
                )
    return destination
