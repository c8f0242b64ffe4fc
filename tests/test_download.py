"""Data arrives complete or not at all."""

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from torchbook.data import download
from torchbook.data.download import (
    DataCorruptError,
    DataUnavailableError,
    cache_dir,
    obtain,
    unpack_zip,
    verify_files,
)

FILES = {"images": b"one two three", "labels": b"1 2 3"}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def good(destination: Path) -> None:
    write(destination, FILES)


def altered(destination: Path) -> None:
    write(destination, {**FILES, "labels": b"1 2 4"})


def truncated(destination: Path) -> None:
    write(destination, {**FILES, "images": FILES["images"][:-1]})


def incomplete(destination: Path) -> None:
    write(destination, {"images": FILES["images"]})


def offline(destination: Path) -> None:
    write(destination, {"images": FILES["images"][:3]})
    raise OSError("no network")


def disk_full(destination: Path) -> None:
    write(destination, {"images": b""})
    raise OSError(28, "No space left on device")


BROKEN = {
    altered: "labels is not the expected file: it has 5 bytes and SHA-256",
    truncated: "images is not the expected file: it has 12 bytes and SHA-256",
    incomplete: "labels is missing",
    offline: "no network",
    disk_full: "No space left on device",
}


def never(destination: Path) -> None:
    raise AssertionError("this source should not have been asked")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_cache_dir_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path))
    assert cache_dir() == tmp_path


@pytest.mark.parametrize("unset", [None, ""])
def test_cache_dir_is_the_users_cache_by_default(monkeypatch, unset):
    monkeypatch.delenv("TORCHBOOK_DATA", raising=False)
    if unset is not None:
        monkeypatch.setenv("TORCHBOOK_DATA", unset)
    assert cache_dir() == platformdirs.user_cache_path("torchbook")


def test_verify_accepts_the_expected_files_among_others(tmp_path):
    write(tmp_path, {**FILES, "notes.txt": b"mine"})
    verify_files(tmp_path, SHA256)


def test_verify_names_a_missing_file(tmp_path):
    write(tmp_path, {"images": FILES["images"]})
    (tmp_path / "labels").mkdir()  # a folder of that name is no file
    with pytest.raises(DataCorruptError) as caught:
        verify_files(tmp_path, SHA256)
    assert str(caught.value) == f"{tmp_path / 'labels'} is missing"


def test_verify_says_how_a_file_differs(tmp_path):
    altered(tmp_path)
    with pytest.raises(DataCorruptError) as caught:
        verify_files(tmp_path, SHA256)
    actual = hashlib.sha256(b"1 2 4").hexdigest()
    assert str(caught.value) == (
        f"{tmp_path / 'labels'} is not the expected file: it has 5 bytes and SHA-256 "
        f"{actual[:12]}…, expected {SHA256['labels'][:12]}…"
    )


@given(content=st.binary())
def test_verify_rejects_any_other_content(content):
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), {**FILES, "images": content})
        if content == FILES["images"]:
            verify_files(Path(folder), SHA256)
        else:
            with pytest.raises(DataCorruptError, match="images is not the expected file"):
                verify_files(Path(folder), SHA256)


def test_good_files_in_the_cache_are_used_as_they_are(tmp_path):
    good(tmp_path / "raw")
    assert obtain("Toy", tmp_path / "raw", SHA256, [("source", never)]) == tmp_path / "raw"


def test_the_first_source_that_works_is_the_last_that_is_asked(tmp_path):
    folder = tmp_path / "deep" / "raw"
    sources = [("a", offline), ("b", altered), ("c", good), ("d", never)]
    assert obtain("Toy", folder, SHA256, sources) == folder
    assert contents(folder) == FILES


@given(
    cached=st.sampled_from([None, altered, truncated, incomplete]),
    sources=st.lists(st.sampled_from([good, *BROKEN]), max_size=5),
)
def test_whatever_the_sources_do_the_files_are_right_or_absent(cached, sources):
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "raw"
        if cached is not None:
            cached(folder)
        asked = []

        def watch(number, source):
            def fetch(destination):
                asked.append(number)
                assert list(destination.iterdir()) == []
                source(destination)

            return fetch

        named = [(f"source {i}", watch(i, source)) for i, source in enumerate(sources)]
        if good in sources:
            assert obtain("Toy", folder, SHA256, named) == folder
            assert contents(folder) == FILES
            assert asked == list(range(sources.index(good) + 1))
        else:
            with pytest.raises(DataUnavailableError) as caught:
                obtain("Toy", folder, SHA256, named)
            reasons = str(caught.value).splitlines()[1:-1]
            assert len(reasons) == 1 + len(sources)
            assert reasons[0].startswith("  1. cache: ")
            for i, source in enumerate(sources):
                assert reasons[i + 1].startswith(f"  {i + 2}. source {i}: ")
                assert BROKEN[source] in reasons[i + 1]
            for name in SHA256:  # what is left, if anything, is right
                path = folder / name
                assert not path.exists() or path.read_bytes() == FILES[name]
        assert {path.name for path in Path(parent).iterdir()} <= {"raw"}


def test_the_error_says_what_was_tried_and_what_to_do(tmp_path):
    def silent(destination):
        raise ConnectionError

    folder = tmp_path / "raw"
    with pytest.raises(DataUnavailableError) as caught:
        obtain("Toy", folder, SHA256, [("the server", offline), ("a mirror", silent)])
    assert str(caught.value) == (
        "Toy could not be loaded. Tried, in this order:\n"
        f"  1. cache: {folder / 'images'} is missing\n"
        "  2. the server: no network\n"
        "  3. a mirror: ConnectionError\n"
        "Connect to the internet and run this again, or copy the files images, labels from "
        f"another machine into {folder}"
    )


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_source_leaves_nothing_behind(tmp_path, stop):
    def interrupted(destination):
        write(destination, {"images": FILES["images"]})
        raise stop

    with pytest.raises(stop):
        obtain("Toy", tmp_path / "raw", SHA256, [("slow", interrupted), ("next", never)])
    assert list(tmp_path.iterdir()) == []
    obtain("Toy", tmp_path / "raw", SHA256, [("again", good)])
    assert contents(tmp_path / "raw") == FILES


@pytest.mark.skipif(sys.platform == "win32", reason="needs a process that can be killed outright")
def test_a_killed_process_leaves_nothing_that_passes_for_data(tmp_path):
    script = """
import os, runpy, signal, sys
from pathlib import Path
obtain = runpy.run_path(sys.argv[2])["obtain"]  # the one module: importing torch takes seconds
def killed(destination):
    (destination / "images").write_bytes(b"one two three")
    os.kill(os.getpid(), signal.SIGKILL)
obtain("Toy", Path(sys.argv[1]), {"images": "0", "labels": "0"}, [("slow", killed)])
"""
    command = [sys.executable, "-c", script, str(tmp_path / "raw"), download.__file__]
    process = subprocess.run(command, check=False)
    assert process.returncode == -9
    assert not (tmp_path / "raw").exists()
    obtain("Toy", tmp_path / "raw", SHA256, [("again", good)])
    assert contents(tmp_path / "raw") == FILES


def test_another_process_that_was_faster_wins(tmp_path):
    folder = tmp_path / "raw"

    def overtaken(destination):
        good(destination)
        good(folder)

    assert obtain("Toy", folder, SHA256, [("slow", overtaken)]) == folder
    assert contents(folder) == FILES
    assert list(tmp_path.iterdir()) == [folder]


def test_bad_files_of_another_process_are_never_returned(tmp_path):
    folder = tmp_path / "raw"

    def overtaken(destination):
        good(destination)
        altered(folder)

    with contextlib.suppress(DataUnavailableError):
        obtain("Toy", folder, SHA256, [("slow", overtaken)])
        assert contents(folder) == FILES


def test_many_at_once_all_get_the_files(tmp_path):
    n = 4
    together = threading.Barrier(n, timeout=300)
    results = []

    def fetch(destination):
        good(destination)
        together.wait()

    def load():
        results.append(obtain("Toy", tmp_path / "raw", SHA256, [("source", fetch)]))

    threads = [threading.Thread(target=load) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [tmp_path / "raw"] * n
    assert contents(tmp_path / "raw") == FILES
    assert list(tmp_path.iterdir()) == [tmp_path / "raw"]


def test_a_cache_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataUnavailableError, match=r"2\. source: .*file"):
        obtain("Toy", tmp_path / "file" / "raw", SHA256, [("source", good)])
    assert (tmp_path / "file").read_text() == "in the way"


def test_good_and_foreign_files_survive_when_no_source_works(tmp_path):
    folder = tmp_path / "raw"
    write(folder, {"images": FILES["images"], "labels": b"1 2 4", "notes.txt": b"mine"})
    with pytest.raises(DataUnavailableError, match="labels is not the expected file"):
        obtain("Toy", folder, SHA256, [("source", offline)])
    assert contents(folder) == {"images": FILES["images"], "notes.txt": b"mine"}
    obtain("Toy", folder, SHA256, [("source", good)])
    assert contents(folder) == {**FILES, "notes.txt": b"mine"}


# --- Archives

PHOTOS = {"photos/README.txt": b"notice", "photos/train/a.jpg": b"1", "photos/test/b.jpg": b"2"}


@pytest.fixture
def archive(tmp_path) -> tuple[Path, str]:
    """Write a zip archive, with an entry for one of its folders, and return its SHA-256 sum too."""
    path = tmp_path / "server" / "photos.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {"photos/train/": b"", **PHOTOS}.items():
            packed.writestr(name, content)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def everything_below(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_an_archive_is_unpacked(archive, tmp_path):
    folder = tmp_path / "new" / "folder"
    assert unpack_zip(archive[0], folder, archive[1]) == folder / "photos"
    assert everything_below(folder) == PHOTOS
    assert [path.name for path in folder.iterdir()] == ["photos"]  # no temporary folder stays


def test_unpacking_again_changes_nothing_and_keeps_files_that_were_added(archive, tmp_path):
    photos = unpack_zip(archive[0], tmp_path, archive[1])
    (photos / "train" / "mine.jpg").write_bytes(b"mine")
    before = (photos / "README.txt").stat().st_mtime_ns
    assert unpack_zip(archive[0], tmp_path, archive[1]) == photos
    assert (photos / "README.txt").stat().st_mtime_ns == before
    assert (photos / "train" / "mine.jpg").read_bytes() == b"mine"


@pytest.mark.parametrize("change", ["altered", "missing"])
def test_another_folder_of_that_name_is_left_alone(archive, tmp_path, change):
    photos = unpack_zip(archive[0], tmp_path, archive[1])
    readme = photos / "README.txt"
    if change == "altered":
        readme.write_bytes(b"mine")
    else:
        readme.unlink()
    before = everything_below(photos)
    message = r"README\.txt is missing or differs.*Nothing was changed"
    with pytest.raises(DataUnavailableError, match=message):
        unpack_zip(archive[0], tmp_path, archive[1])
    assert everything_below(photos) == before


def test_an_altered_archive_is_refused(archive, tmp_path):
    content = bytearray(archive[0].read_bytes())
    content[len(content) // 2] ^= 1
    archive[0].write_bytes(content)
    with pytest.raises(DataCorruptError, match="is not the expected file"):
        unpack_zip(archive[0], tmp_path / "new", archive[1])
    assert not (tmp_path / "new").exists()


def test_a_missing_archive_is_named(tmp_path):
    with pytest.raises(DataCorruptError, match=r"nowhere\.zip is missing"):
        unpack_zip(tmp_path / "nowhere.zip", tmp_path, "0" * 64)


def test_a_folder_that_cannot_be_made_is_named(archive, tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(DataUnavailableError, match="Choose a folder that can be written to"):
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
    ("error", "raised"),
    [
        (OSError(28, "No space left on device"), DataUnavailableError),
        (KeyboardInterrupt("stopped"), KeyboardInterrupt),
    ],
)
def test_when_unpacking_breaks_off_nothing_stays(archive, tmp_path, monkeypatch, error, raised):
    def writes_some(self, path):
        (Path(path) / "photos").mkdir()
        (Path(path) / "photos" / "README.txt").write_bytes(b"not")
        raise error

    monkeypatch.setattr(zipfile.ZipFile, "extractall", writes_some)
    folder = tmp_path / "new"
    with pytest.raises(raised, match=str(error.args[-1])):
        unpack_zip(archive[0], folder, archive[1])
    assert not list(folder.iterdir())


def test_another_process_that_unpacked_faster_wins(archive, tmp_path, monkeypatch):
    extract = zipfile.ZipFile.extractall

    def overtaken(self, path):
        extract(self, path)
        extract(self, tmp_path)

    monkeypatch.setattr(zipfile.ZipFile, "extractall", overtaken)
    assert unpack_zip(archive[0], tmp_path, archive[1]) == tmp_path / "photos"
    assert {path.name for path in tmp_path.iterdir()} == {"server", "photos"}
