"""Folders of photos become splits, and what is wrong with them is said."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from torchbook.data import load_image_folder, read_image
from torchbook.data.download import DataCorruptError
from torchbook.data.images import find_images


def save(path, colour="red", size=(30, 20), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).convert(mode).save(path, **options)
    return path


@pytest.fixture
def photos(tmp_path):
    """Ten red and twenty blue photos."""
    for i in range(10):
        save(tmp_path / "photos" / "apple" / f"{i}.png", (255, i, 0))
    for i in range(20):
        save(tmp_path / "photos" / "sky" / f"{i}.jpg", (0, 0, 200))
    return tmp_path / "photos"


def test_a_photo_becomes_a_square_of_bytes(tmp_path):
    image = read_image(save(tmp_path / "a.png", "red", size=(300, 200)), 64)
    assert image.shape == (3, 64, 64)
    assert image.dtype == torch.uint8
    assert image.amin(dim=(1, 2)).tolist() == [255, 0, 0]


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (64, 64), (10, 500), (1, 1)])
def test_it_is_what_the_usual_transforms_give(tmp_path, size):
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(noise).save(path)
    usual = v2.Compose([v2.Resize(32), v2.CenterCrop(32), v2.PILToTensor()])
    assert torch.equal(read_image(path, 32), usual(Image.open(path)))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "CMYK", "1", "I;16", "I", "F"])
def test_every_mode_becomes_three_channels(tmp_path, mode):
    suffix = "tif" if mode in ("CMYK", "F", "I") else "png"
    path = tmp_path / f"a.{suffix}"
    white = Image.new("RGB", (8, 8), "white")
    if mode == "I;16":
        white = Image.fromarray(np.full((8, 8), 65535, dtype=np.uint16))
    else:
        white = white.convert(mode)
    white.save(path)
    image = read_image(path, 8)
    assert image.shape == (3, 8, 8)
    assert image.min() == 255


def test_what_is_transparent_becomes_white(tmp_path):
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    clear.save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png", 8).min() == 255
    palette = Image.new("P", (8, 8), 0)
    palette.save(tmp_path / "b.png", transparency=0)
    assert read_image(tmp_path / "b.png", 8).min() == 255


def test_a_photo_on_its_side_is_turned_upright(tmp_path):
    pixels = np.zeros((20, 20, 3), dtype=np.uint8)
    pixels[:, :10] = 255  # white on the left as stored
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it clockwise to see it upright: the white comes to the top
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    image = read_image(tmp_path / "a.png", 20)
    assert image[:, :10].min() == 255
    assert image[:, 10:].max() == 0


def test_an_open_file_will_do():
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(buffer, "PNG")
    assert read_image(buffer, 4).shape == (3, 4, 4)
    with pytest.raises(DataCorruptError, match="the file cannot be read as an image"):
        read_image(io.BytesIO(b"not an image"), 4)


def test_a_damaged_photo_is_named(tmp_path):
    path = save(tmp_path / "a.jpg", size=(300, 300))
    content = path.read_bytes()
    for damaged in (b"", b"not an image", content[: len(content) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(DataCorruptError, match=r"a\.jpg cannot be read as an image"):
            read_image(path, 8)


def test_no_photo_and_no_size_are_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.jpg"):
        read_image(tmp_path / "a.jpg", 8)
    with pytest.raises(ValueError, match="image_size must be at least 1 pixel, but is 0"):
        read_image(save(tmp_path / "a.png"), 0)


def test_a_folder_becomes_splits(photos):
    splits = load_image_folder(photos, image_size=8)
    assert splits.classes == ("apple", "sky")
    assert [len(part) for part in (splits.train, splits.valid, splits.test)] == [18, 6, 6]
    for part, counts in ((splits.train, [6, 12]), (splits.valid, [2, 4]), (splits.test, [2, 4])):
        assert part.inputs.shape[1:] == (3, 8, 8)
        assert part.inputs.dtype == torch.uint8
        assert part.targets.dtype == torch.int64
        assert part.targets.bincount().tolist() == counts
        red, blue = part.inputs[:, 0, 0, 0].long(), part.inputs[:, 2, 0, 0].long()
        assert torch.equal(part.targets, (blue > red).long())  # labels belong to their photos


def test_the_seed_decides_the_split(photos):
    def reds(seed):
        return load_image_folder(str(photos), 4, seed=seed).train.inputs[:, 1, 0, 0].tolist()

    assert reds(0) == reds(0)
    assert reds(0) != reds(1)


def test_hidden_and_other_files_are_passed_over_and_deeper_ones_found(photos):
    save(photos / "apple" / "deep" / "A.JPEG")
    (photos / "apple" / "notes.txt").write_text("none")
    (photos / "apple" / "._0.png").write_bytes(b"what some systems leave behind")
    (photos / "readme.md").touch()
    (photos / ".cache").mkdir()
    classes, found = find_images(photos)
    assert classes == ("apple", "sky")
    assert len(found) == 31
    assert found == sorted(found, key=lambda pair: (pair[1], pair[0].as_posix()))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere does not exist; expected a folder"):
        load_image_folder(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"a\.png is a file; expected a folder"):
        load_image_folder(save(tmp_path / "a.png"))


def test_one_class_or_none_is_too_few(tmp_path):
    with pytest.raises(ValueError, match=r"two or more, in .* but there is none"):
        load_image_folder(tmp_path)
    save(tmp_path / "apple" / "0.png")
    with pytest.raises(ValueError, match="but there is only 'apple'"):
        load_image_folder(tmp_path)


def test_a_class_without_a_photo_is_named(photos):
    (photos / "pear").mkdir()
    with pytest.raises(ValueError, match=r"there is no image in .*pear; looked for files that end"):
        load_image_folder(photos)


def test_an_unreadable_photo_is_named(photos):
    (photos / "sky" / "7.jpg").write_bytes(b"oops")
    with pytest.raises(DataCorruptError, match=r"sky.7\.jpg cannot be read as an image"):
        load_image_folder(photos)


@pytest.mark.parametrize(
    ("valid", "test"), [(0, 0.2), (0.2, 0), (0.5, 0.5), (-0.1, 0.2), (float("nan"), 0.2)]
)
def test_impossible_shares_are_refused(photos, valid, test):
    with pytest.raises(ValueError, match="must be shares above 0 and together below 1"):
        load_image_folder(photos, valid=valid, test=test)


def test_too_few_photos_for_three_splits_are_said(tmp_path):
    save(tmp_path / "a" / "0.png")
    save(tmp_path / "b" / "0.png")
    with pytest.raises(ValueError, match="2 photos are too few for three splits"):
        load_image_folder(tmp_path)
