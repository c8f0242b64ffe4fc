"""What `publish` keeps in a notebook, and what it refuses."""

import base64

import pytest
from myst_nb.ext.glue import extract_glue_data

from torchbook.book import publish as module
from torchbook.book.publish import FILE_MIME, publish


@pytest.fixture(autouse=True)
def _outside_a_chapter(monkeypatch):
    monkeypatch.delenv("TORCHBOOK_CHAPTER", raising=False)


@pytest.mark.parametrize(
    ("n_bytes", "size"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (280_600, "281 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (18_690_000, "18.7 MB"),
    ],
)
def test_the_size_is_said_as_people_say_it(n_bytes, size):
    assert module._size(n_bytes) == size


def test_outside_a_notebook_it_only_says_so(tmp_path, capsys):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"12")
    publish(path)
    publish(str(path), "other.onnx")
    assert (
        capsys.readouterr().out == "published model.onnx, 2 bytes\npublished other.onnx, 2 bytes\n"
    )


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nothing\.onnx to publish"):
        publish(tmp_path / "nothing.onnx")
    with pytest.raises(FileNotFoundError):
        publish(tmp_path)


@pytest.mark.parametrize(
    "name", ["", "../up.onnx", "a/b", "a\\b", ".hidden", "with space", "ä", "a\n"]
)
def test_names_that_could_lead_elsewhere_are_refused(tmp_path, name):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"12")
    with pytest.raises(ValueError, match="name must be a plain file name"):
        publish(path, name)


CODE = (
    "import tempfile\nfrom pathlib import Path\nfrom torchbook.book.publish import publish\n"
    "path = Path(tempfile.mkdtemp()) / 'a.bin'\npath.write_bytes(bytes(range(256)))\n"
    "publish(path)"
)


class NoWarnings:
    """Stands in for the logger of `extract_glue_data`."""

    def warning(self, message, **_):
        raise AssertionError(message)


def test_in_a_chapter_the_notebook_keeps_the_file_unseen(run_notebook):
    notebook = run_notebook(CODE, TORCHBOOK_CHAPTER="chapters/99_test")
    found = extract_glue_data(notebook, [0], NoWarnings())
    assert base64.b64decode(found["file a.bin"]["data"][FILE_MIME]) == bytes(range(256))
    record = found["file a.bin"]["metadata"]["torchbook_file"]
    assert (record["name"], record["size"]) == ("a.bin", 256)
    [line] = notebook.cells[0].outputs
    assert line["text"] == "published a.bin, 256 bytes\n"


def test_in_a_notebook_of_ones_own_nothing_is_kept(run_notebook):
    notebook = run_notebook(CODE, TORCHBOOK_CHAPTER="")
    assert [output.output_type for output in notebook.cells[0].outputs] == ["stream"]
