"""An archive is unpacked whole or not at all, and only inside its folder."""

import hashlib
import os
import stat
import zipfile
from pathlib import Path

import pytest

from torchbook.data import archives
from torchbook.data.archives import unpack_zip
from torchbook.data.download import DataCorruptError, DataUnavailableError

GOOD = {"photos/README.txt": b"notice", "photos/train/cat/a.jpg": b"1", "photos/test/b.jpg": b"2"}


def pack(path: Path, files: dict[str, bytes]) -> str:
    """Write a zip archive and return its SHA-256 sum."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def everything_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "archive.zip"
    return path, pack(path, GOOD)


def test_a_good_archive_is_unpacked(archive, tmp_path):
    folder = tmp_path / "new" / "folder"
    assert unpack_zip(archive[0], folder, archive[1]) == folder / "photos"
    assert everything_below(folder) == GOOD
    assert [path.name for path in folder.iterdir()] == ["photos"]  # no temporary folder stays


def test_unpacking_again_changes_nothing_and_keeps_what_the_reader_added(archive, tmp_path):
    photos = unpack_zip(archive[0], tmp_path, archive[1])
    (photos / "train" / "cat" / "mine.jpg").write_bytes(b"mine")
    before = (photos / "README.txt").stat().st_mtime_ns
    assert unpack_zip(archive[0], tmp_path, archive[1]) == photos
    assert (photos / "README.txt").stat().st_mtime_ns == before
    assert (photos / "train" / "cat" / "mine.jpg").read_bytes() == b"mine"


@pytest.mark.parametrize("change", ["altered", "missing"])
def test_another_folder_of_that_name_is_left_alone(archive, tmp_path, change):
    photos = unpack_zip(archive[0], tmp_path, archive[1])
    readme = photos / "README.txt"
    if change == "altered":
        readme.write_bytes(b"mine")
    else:
        readme.unlink()
    before = everything_below(photos)
    with pytest.raises(
        DataUnavailableError, match=r"README\.txt is missing or differs.*left alone"
    ):
        unpack_zip(archive[0], tmp_path, archive[1])
    assert everything_below(photos) == before


def test_a_tampered_archive_is_refused(archive, tmp_path):
    content = bytearray(archive[0].read_bytes())
    content[len(content) // 2] ^= 1
    archive[0].write_bytes(content)
    with pytest.raises(DataCorruptError, match="is not the expected file"):
        unpack_zip(archive[0], tmp_path / "new", archive[1])
    assert not (tmp_path / "new").exists()


def test_a_missing_archive_is_named(tmp_path):
    with pytest.raises(DataCorruptError, match=r"nowhere\.zip is missing"):
        unpack_zip(tmp_path / "nowhere.zip", tmp_path, "0" * 64)


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04"])
def test_what_is_no_zip_is_refused(tmp_path, content):
    path = tmp_path / "archive.zip"
    path.write_bytes(content)
    with pytest.raises(DataCorruptError, match="no readable zip file"):
        unpack_zip(path, tmp_path / "new", hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "photos/../../evil.txt",
        "photos/..",
        "/etc/evil.txt",
        "..\\evil.txt",
        "photos\\..\\..\\evil.txt",
        "C:/evil.txt",
        "C:evil.txt",
        "//host/share/evil.txt",
    ],
)
def test_an_entry_that_leads_outside_is_refused(tmp_path, name):
    path, folder = tmp_path / "archive.zip", tmp_path / "deep" / "down"
    sha256 = pack(path, {**GOOD, name: b"evil"})
    before = everything_below(tmp_path)
    with pytest.raises(DataCorruptError, match="would lead outside the folder"):
        unpack_zip(path, folder, sha256)
    assert everything_below(tmp_path) == before
    assert not folder.exists()


def test_a_link_is_refused(tmp_path):
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("photos/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(DataCorruptError, match="'photos/link' in the archive would lead outside"):
        unpack_zip(path, tmp_path / "new", sha256)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"loose.txt": b""}, "lies in no folder"),
        ({"./": b"", "photos/a": b""}, "lies in no folder"),
        ({"one/a": b"", "two/b": b""}, "holds 2"),
        ({}, "holds 0"),
    ],
)
def test_an_archive_needs_one_top_folder(tmp_path, files, message):
    path = tmp_path / "archive.zip"
    sha256 = pack(path, files)
    with pytest.raises(DataCorruptError, match=message):
        unpack_zip(path, tmp_path / "new", sha256)


def test_folders_may_have_entries_of_their_own(tmp_path):
    path = tmp_path / "archive.zip"
    sha256 = pack(path, {"photos/": b"", "photos/train/": b"", **GOOD})
    for _ in range(2):
        assert unpack_zip(path, tmp_path / "new", sha256).name == "photos"
    assert everything_below(tmp_path / "new") == GOOD


def test_a_folder_that_cannot_be_made_is_named(archive, tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(DataUnavailableError, match="Choose a folder that you may write to"):
        unpack_zip(archive[0], file / "below", archive[1])


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions bind neither root nor here"
)
def test_a_folder_without_write_permission_is_named(archive, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    with pytest.raises(DataUnavailableError, match="Permission denied"):
        unpack_zip(archive[0], folder, archive[1])
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(28, "No space left on device")]
)
def test_when_writing_fails_halfway_nothing_stays(archive, tmp_path, monkeypatch, error):
    def writes_some(self, path):
        (Path(path) / "photos").mkdir()
        (Path(path) / "photos" / "README.txt").write_bytes(b"not")
        raise error

    monkeypatch.setattr(archives.zipfile.ZipFile, "extractall", writes_some)
    folder = tmp_path / "new"
    with pytest.raises(DataUnavailableError, match=error.strerror):
        unpack_zip(archive[0], folder, archive[1])
    assert not list(folder.iterdir())
