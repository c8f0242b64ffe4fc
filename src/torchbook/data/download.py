"""Data that arrives whole or not at all: checksums, the cache folder, atomic installation."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import platformdirs


class DataUnavailableError(RuntimeError):
    """A data set could not be had from any of its sources; the message lists what was tried."""


class DataCorruptError(RuntimeError):
    """A file is missing, or its contents are not those that the book was written with."""


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
    """Return `folder` with verified files in it, fetching them from the first source that works.

    Each source writes the files into an empty temporary folder beside `folder`. They are verified
    there and only then moved into place, each with an atomic rename, so a killed download, a full
    disk or a tampered file never leaves anything behind that a later run could take for good data.
    Files of `folder` that are right, or that are not named in `sha256`, are left alone.

    Args:
        name: the data set's name, for messages.
        folder: where the verified files live in the end.
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
        except Exception as error:  # whatever a source trips over, the next one gets its chance
            tried.append(f"{description}: {str(error).strip() or type(error).__name__}")

    attempts = "\n".join(f"  {i}. {reason}" for i, reason in enumerate(tried, start=1))
    raise DataUnavailableError(
        f"{name} could not be loaded. Tried, in this order:\n{attempts}\n"
        f"Connect to the internet and run this again, or copy the files {', '.join(sha256)} from "
        f"another machine into {folder}"
    )


def _remove_altered(folder: Path, sha256: Mapping[str, str]) -> None:
    """Remove the named files that are not as expected, and nothing else that the user keeps."""
    for name, expected in sha256.items():
        try:
            verify_files(folder, {name: expected})
        except DataCorruptError:
            with suppress(OSError):  # it was missing, or may not be removed
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
