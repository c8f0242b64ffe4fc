"""The photos that the package ships arrive whole, split as promised, with their licences."""

import shutil
import tomllib
from pathlib import Path

import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder

from torchbook.data import (
    load_animal_vegetable_mineral,
    read_image,
    sample_photos,
    sets,
    unpack_animal_vegetable_mineral,
)
from torchbook.data.download import DataCorruptError
from torchbook.data.sets import animal_vegetable_mineral as module

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def splits():
    return load_animal_vegetable_mineral()


def rows(examples):
    return {image.numpy().tobytes() for image in examples.inputs}


def test_sizes_shapes_and_dtypes(splits):
    assert splits.classes == ("animal", "mineral", "vegetable")
    for part, n in ((splits.train, 150), (splits.valid, 60), (splits.test, 70)):
        assert part.inputs.shape == (n, 3, 64, 64)
        assert part.inputs.dtype == torch.uint8
        assert part.targets.shape == (n,)
        assert part.targets.dtype == torch.int64
    assert splits.test.targets.bincount().tolist() == [30, 20, 20]
    published = splits.train.targets.bincount() + splits.valid.targets.bincount()
    assert published.tolist() == [90, 58, 62]


def test_the_validation_split_holds_its_share_of_each_class(splits):
    share = torch.tensor([90, 58, 62]) * 60 / 210
    assert (splits.valid.targets.bincount() - share).abs().max() < 1


def test_no_photo_is_in_two_splits(splits):
    train, valid, test = rows(splits.train), rows(splits.valid), rows(splits.test)
    assert len(train | valid | test) == 280


def test_another_seed_draws_another_validation_split(splits):
    again, other = (load_animal_vegetable_mineral(seed=seed) for seed in (0, 1))
    assert torch.equal(again.valid.inputs, splits.valid.inputs)
    assert rows(other.valid) != rows(splits.valid)
    assert rows(other.test) == rows(splits.test)
    assert rows(other.train) | rows(other.valid) == rows(splits.train) | rows(splits.valid)


def test_size_and_number_can_be_chosen():
    splits = load_animal_vegetable_mineral(image_size=16, n_valid=30)
    assert splits.train.inputs.shape == (180, 3, 16, 16)
    assert len(splits.valid) == 30


@pytest.mark.parametrize("n_valid", [-1, 0, 210])
def test_a_number_out_of_range_is_refused(n_valid):
    with pytest.raises(ValueError, match=f"n_valid must be from 1 to 209, but is {n_valid}"):
        load_animal_vegetable_mineral(n_valid=n_valid)


def test_unpacked_it_is_a_tree_of_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = unpack_animal_vegetable_mineral()
    assert root == Path("animal_vegetable_mineral")
    assert (root / "LICENSE.GPL-2").is_file()
    for part, counts in (("train", (90, 58, 62)), ("test", (30, 20, 20))):
        found = [len(list((root / part / name).glob("*.jpg"))) for name in module.CLASSES]
        assert tuple(found) == counts


def test_tensors_and_files_hold_the_same_images(splits, tmp_path):
    root = unpack_animal_vegetable_mineral(tmp_path)
    files = sorted((root / "test" / "vegetable").glob("*.jpg"))
    images = torch.stack([read_image(path, 64) for path in files])
    assert torch.equal(images, splits.test.inputs[splits.test.targets == 2])


def test_labels_are_those_of_torchvision(splits, tmp_path):
    root = unpack_animal_vegetable_mineral(tmp_path)
    published = ImageFolder(root / "test")
    assert tuple(published.classes) == splits.classes
    assert published.targets == splits.test.targets.tolist()


def test_a_tampered_archive_is_refused(tmp_path, monkeypatch):
    altered = tmp_path / "animal_vegetable_mineral.zip"
    shutil.copyfile(module.ARCHIVE, altered)
    content = bytearray(altered.read_bytes())
    content[1000] ^= 1
    altered.write_bytes(content)
    monkeypatch.setattr(module, "ARCHIVE", altered)
    with pytest.raises(DataCorruptError, match="is not the expected file"):
        load_animal_vegetable_mineral()
    with pytest.raises(DataCorruptError, match="is not the expected file"):
        unpack_animal_vegetable_mineral(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [altered.name]


def test_there_is_a_photo_to_ask_about_for_each_class():
    photos = sample_photos()
    assert tuple(photos) == module.CLASSES
    for path in photos.values():
        assert path.stat().st_size < 40_000
        with Image.open(path) as image:
            assert image.size[0] != image.size[1]  # as one's own photos are
        assert path.name in (path.parent / "README.txt").read_text(encoding="utf-8")


def test_a_wheel_takes_the_photos_and_their_licences_along():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["torchbook.data.sets"]
    folder = Path(sets.__file__).parent
    packed = {path for pattern in patterns for path in folder.glob(pattern)}
    shipped = {path for name in ("stamps", "samples") for path in (folder / name).iterdir()}
    assert packed >= shipped
    for name in ("LICENSE.GPL-2", "README.txt", "animal_vegetable_mineral.zip"):
        assert folder / "stamps" / name in shipped
    for licence in ("MIT", "GPL-2.0-or-later", "CC-BY-2.0", "CC0-1.0"):
        assert licence in project["project"]["license"]
    for path in project["project"]["license-files"]:
        assert (ROOT / path).is_file()
