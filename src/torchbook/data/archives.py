"""Unpack an archive: the right one, only inside its folder, whole or not at all."""

import io
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from torchbook.data.download import DataCorruptError, DataUnavailableError, verify_files


def unpack_zip(archive: Path, folder: Path, sha256: str) -> Path:
    """Unpack a verified zip archive whose files all lie below one top folder.

    The files are written into a temporary folder inside `folder`, which is then renamed: after a
    crash or with a full disk there is no half of a data set. What is there already and equal to the
    archive stays as it is, together with whatever the reader has added to it.

    Args:
        archive: a zip file.
        folder: where the archive's top folder goes; made if it is missing.
        sha256: the expected SHA-256 sum of the archive, 64 hexadecimal digits.

    Returns:
        The path of the unpacked top folder.

    Raises:
        DataCorruptError: the archive is missing, is not the expected one, is no zip file, or has an
            entry that would land outside its top folder. Nothing has been written.
        DataUnavailableError: the folder cannot be written, or holds other files of these names.
    """
    verify_files(archive.parent, {archive.name: sha256})
    try:
        with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as packed:
            top = _check_entries(packed)
            destination = folder / top
            if destination.exists():
                _check_unpacked(packed, folder, destination)
            else:
                _unpack(packed, folder, top)
    except zipfile.BadZipFile as error:
        raise DataCorruptError(f"{archive} is no readable zip file: {error}") from error
    return destination


def _check_entries(packed: zipfile.ZipFile) -> str:
    """Return the name of the one top folder, if no entry leads out of it."""
    tops = set()
    for entry in packed.infolist():
        # `orig_filename`, because zipfile has repaired some bad names in `filename` already.
        name = entry.orig_filename
        path = PurePosixPath(name)
        if (
            path.is_absolute()
            or ".." in path.parts
            or "\\" in name
            or "\0" in name
            or PureWindowsPath(name).drive
            or stat.S_ISLNK(entry.external_attr >> 16)
        ):
            raise DataCorruptError(
                f"{name!r} in the archive would lead outside the folder that it is unpacked into; "
                "nothing was unpacked. Do not trust this archive"
            )
        if len(path.parts) < 2 and not (path.parts and entry.is_dir()):
            raise DataCorruptError(
                f"{name!r} in the archive lies in no folder; expected one folder"
            )
        tops.add(path.parts[0])
    if len(tops) != 1:
        raise DataCorruptError(f"the archive should hold one folder, but holds {len(tops)}")
    return tops.pop()


def _check_unpacked(packed: zipfile.ZipFile, folder: Path, destination: Path) -> None:
    for entry in packed.infolist():
        path = folder / entry.filename
        if entry.is_dir():
            continue
        if not path.is_file() or path.read_bytes() != packed.read(entry):
            raise DataUnavailableError(
                f"{destination} is there already, but its file "
                f"{path.relative_to(destination).as_posix()} is missing or differs from the "
                "archive's. It was left alone: move it away, or unpack into another folder"
            )


def _unpack(packed: zipfile.ZipFile, folder: Path, top: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # On the same file system as the destination, where a rename is atomic.
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{top}-") as temporary:
            packed.extractall(temporary)
            (Path(temporary) / top).rename(folder / top)
    except OSError as error:
        raise DataUnavailableError(
            f"the archive cannot be unpacked into {folder}: {error}. Choose a folder that you may "
            "write to, on a disk with room"
        ) from error
