"""Fashion-MNIST arrives as a Debian package; small scripts stand in for apt-get and dpkg-deb."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import fashion_mnist_from_debian as script
import pytest

from torchbook.data.sets import fashion_mnist

FOLDER = "usr/share/datasets/fashion-mnist"
APT_GET = """
printf '%s\\n' "$*" >>"{log}"
case "$*" in
*" update") ;;
*" download dataset-fashion-mnist") cp "{package}" dataset-fashion-mnist_1_all.deb ;;
*) exit 9 ;;
esac
"""
DPKG_DEB = """
[ "$1" = -x ] && mkdir "$3" && tar -xf "$2" -C "$3"
"""


@pytest.fixture
def published(monkeypatch, tmp_path) -> dict[str, bytes]:
    """Put four short files in the place of the data set, and no program on the PATH."""
    files = {name: name.encode() for name in fashion_mnist.SHA256}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(fashion_mnist, "SHA256", sums)
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "data"))
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return files


def program(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / "bin" / name
    path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{content}")
    path.chmod(0o755)


def test_it_downloads_without_touching_the_system(published, tmp_path, capsys):
    with tarfile.open(tmp_path / "package.tar", "w") as package:
        for name, content in published.items():
            packed = gzip.compress(content)
            entry = tarfile.TarInfo(f"./{FOLDER}/{name}.gz")
            entry.size = len(packed)
            package.addfile(entry, io.BytesIO(packed))
    log = tmp_path / "log"
    program(tmp_path, "apt-get", APT_GET.format(log=log, package=tmp_path / "package.tar"))
    program(tmp_path, "dpkg-deb", DPKG_DEB)
    script.main()
    raw = fashion_mnist.raw_folder()
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == published
    assert list(raw.parent.iterdir()) == [raw]
    assert str(raw) in capsys.readouterr().out
    for command in log.read_text().splitlines():
        assert f"Dir::State::Lists={raw.parent}" in command
        assert f"Dir::Cache={raw.parent}" in command


@pytest.mark.parametrize(
    ("apt_get", "reason"),
    [
        (None, "this machine has no apt-get"),
        ("echo 'W: slow' >&2; echo 'E: Unable to locate package' >&2; exit 100",
         "apt-get failed: E: Unable to locate package"),
        ("exit 7", "apt-get failed: exit status 7"),
        ("exit 0", "apt-get downloaded no package"),
        ("touch dataset-fashion-mnist_1_all.deb", "this machine has no dpkg-deb"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_passed_on(published, tmp_path, apt_get, reason):
    if apt_get is not None:
        program(tmp_path, "apt-get", apt_get)
    with pytest.raises(SystemExit, match=f"Debian package dataset-fashion-mnist: {reason}"):
        script.main()
