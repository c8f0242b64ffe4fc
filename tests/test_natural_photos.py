"""Photos with natural backgrounds, backgrounds, and cut-outs that are pasted onto these."""

import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest
import torch

from torchbook.data import (
    load_animal_vegetable_mineral,
    load_backgrounds,
    load_natural_photos,
    paste,
)
from torchbook.data.download import DataCorruptError
from torchbook.data.sets import animal_vegetable_mineral, backgrounds, natural_photos
from torchbook.data.sets.backgrounds import find_paper

ROOT = Path(__file__).parents[1]
FOLDER = natural_photos.ARCHIVE.parent


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def ring(size=9):
    """Draw a black ring on white paper, white inside: [1, 3, size, size]."""
    photo = torch.full((1, 3, size, size), 255, dtype=torch.uint8)
    photo[:, :, 2:-2, 2:-2] = 0
    photo[:, :, 4:-4, 4:-4] = 255
    return photo


def green(n=1, size=12):
    image = torch.zeros(n, 3, size, size, dtype=torch.uint8)
    image[:, 1] = 200
    return image


def test_natural_photos_have_the_classes_of_the_cut_outs():
    photos = load_natural_photos(image_size=32)
    assert photos.inputs.shape == (45, 3, 32, 32)
    assert photos.inputs.dtype == torch.uint8
    assert photos.targets.dtype == torch.int64
    assert photos.targets.bincount().tolist() == [15, 15, 15]
    with zipfile.ZipFile(natural_photos.ARCHIVE) as packed:
        names = sorted({name.split("/")[1] for name in packed.namelist()})
    assert tuple(names) == animal_vegetable_mineral.CLASSES


def test_backgrounds_are_in_one_split_only():
    train, valid = (load_backgrounds(split, image_size=32) for split in ("train", "valid"))
    assert train.shape == (30, 3, 32, 32)
    assert valid.shape == (10, 3, 32, 32)
    assert train.dtype == valid.dtype == torch.uint8
    everything = [*train, *valid, *load_natural_photos(image_size=32).inputs]
    assert len({image.numpy().tobytes() for image in everything}) == 85


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match='split must be "train" or "valid", but is \'test\''):
        load_backgrounds("test")


def test_the_default_size_is_that_of_pretrained_models():
    assert load_natural_photos().inputs.shape[2:] == (224, 224)
    assert load_backgrounds("valid").shape[2:] == (224, 224)


@pytest.mark.parametrize(
    ("module", "load"), [(natural_photos, load_natural_photos), (backgrounds, load_backgrounds)]
)
def test_a_tampered_archive_is_refused(module, load, tmp_path, monkeypatch):
    altered = tmp_path / module.ARCHIVE.name
    shutil.copyfile(module.ARCHIVE, altered)
    altered.write_bytes(altered.read_bytes() + b"x")
    monkeypatch.setattr(module, "ARCHIVE", altered)
    with pytest.raises(DataCorruptError, match="is not the expected file"):
        load()


def test_the_notice_names_each_picture_and_the_project_each_licence():
    notice = (FOLDER / "NOTICE.txt").read_text(encoding="utf-8")
    for module in (natural_photos, backgrounds):
        with zipfile.ZipFile(module.ARCHIVE) as packed:
            for name in packed.namelist():
                assert f"\n{name.split('/', 1)[1]}\n" in notice
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = notice.split("Licences:\n")[1].split("\n\n")[0].splitlines()
    named = {line.split(":")[0].strip() for line in listed}
    assert named < set(project["project"]["license"].split(" AND "))
    for name in ("LICENSE.GPL-3", "LICENSE.LGPL-3", "NOTICE.txt"):
        path = (FOLDER / name).relative_to(ROOT).as_posix()
        assert path in project["project"]["license-files"]
    patterns = project["tool"]["setuptools"]["package-data"]["torchbook.data.sets"]
    assert "natural/*" in patterns


def test_paper_is_what_is_white_from_the_border_on():
    paper = find_paper(ring())
    assert paper.shape == (1, 1, 9, 9)
    assert paper.sum() == 81 - 25
    assert not paper[0, 0, 4, 4]  # white, but inside


def test_paper_goes_round_corners():
    photo = torch.zeros(1, 3, 7, 7, dtype=torch.uint8)
    photo[:, :, 3, :5] = 250  # in from the left, then up, right and down again
    photo[:, :, 1:3, 4] = 250
    photo[:, :, 1, 4:6] = 250
    photo[:, :, 1:6, 5] = 250
    assert torch.equal(find_paper(photo)[0, 0], photo[0, 0] == 250)


def test_the_object_stays_and_the_paper_goes(generator):
    pasted = paste(ring(), green(), generator)
    assert pasted.dtype == torch.uint8
    assert pasted.shape == (1, 3, 9, 9)
    assert pasted[0, :, 4, 4].tolist() == [255, 255, 255]
    assert pasted[0, :, 0, 0].tolist() == [0, 200, 0]
    assert pasted[0, :, 0].float().std(dim=1).max() == 0


def test_a_photo_without_paper_stays_as_it_is(generator):
    photo = green(2, 8) + 20
    assert torch.equal(paste(photo, green(), generator), photo)


def test_only_the_generator_decides():
    photos = load_animal_vegetable_mineral(image_size=32).valid.inputs[:8]
    scenes = load_backgrounds(image_size=48)
    before = torch.get_rng_state()
    first, again, other = (
        paste(photos, scenes, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.amin(dim=1).float().mean() < photos.amin(dim=1).float().mean() - 30


def test_parts_are_mirrored_half_of_the_time(generator):
    slope = torch.linspace(0, 255, 32).to(torch.uint8).expand(1, 3, 32, 32)
    paper = torch.full((200, 3, 8, 8), 255, dtype=torch.uint8)
    pasted = paste(paper, slope, generator).int()
    rising = (pasted[:, 0, 0, -1] > pasted[:, 0, 0, 0]).float().mean()
    assert 0.35 < rising < 0.65
    spread = (pasted[:, 0, 0, -1] - pasted[:, 0, 0, 0]).abs()
    assert spread.min() < 150 < spread.max()  # parts of different sizes


def test_an_empty_batch_stays_empty(generator):
    assert paste(ring()[:0], green(), generator).shape == (0, 3, 9, 9)


@pytest.mark.parametrize(
    ("photos", "scenes", "error", "message"),
    [
        (
            ring() / 255,
            green(),
            TypeError,
            r"photos must be a uint8 tensor .* but is torch.float32",
        ),
        ([1], green(), TypeError, r"photos must be a uint8 tensor .* but is a list"),
        (ring()[0], green(), ValueError, r"photos .* but has the shape \[3, 9, 9\]"),
        (ring(), green()[:, :, 1:], ValueError, r"backgrounds .* shape \[1, 3, 11, 12\]"),
        (ring(), green()[:0], ValueError, "backgrounds must hold at least one image"),
        (ring(), green().to("meta"), ValueError, "same device, but are on cpu and meta"),
    ],
)
def test_what_cannot_be_pasted_is_refused(photos, scenes, error, message, generator):
    with pytest.raises(error, match=message):
        paste(photos, scenes, generator)
