"""Folders of images become splits, and an error names what is wrong with them."""

import os
import shutil
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from test_images import save

from torchbook.data import load_image_folder, read_image
from torchbook.data.image_folder import find_images
from torchbook.data.images import UnreadableImageError


@pytest.fixture
def photos(tmp_path):
    """Ten red and twenty blue photos."""
    for i in range(10):
        save(tmp_path / "photos" / "apple" / f"{i}.png", (255, i, 0))
    for i in range(20):
        save(tmp_path / "photos" / "sky" / f"{i}.jpg", (0, 0, 200))
    return tmp_path / "photos"


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


SYSTEM = [
    ".ipynb_checkpoints", ".thumbnails", ".git", ".DS_Store", "._0.png", "@eaDir", "@Recycle",
    "#recycle", "#snapshot", "$RECYCLE.BIN", "System Volume Information", "lost+found", "LOST.DIR",
    "__MACOSX", "Thumbs.db", "ehthumbs_vista.db", "desktop.ini", "Desktop.ini", "Icon\r",
    "0.png:Zone.Identifier", "Picasa.ini", ".picasaoriginals", "Network Trash Folder",
]  # fmt: skip


@pytest.mark.parametrize("name", SYSTEM)
@pytest.mark.parametrize("inside", [".", "apple", "apple/deep"])
def test_what_systems_leave_behind_is_passed_over(photos, name, inside):
    before = find_images(photos)
    (photos / inside / name / "deep").mkdir(parents=True)
    shutil.copy(photos / "apple" / "0.png", photos / inside / name / "0.png")
    shutil.copy(photos / "apple" / "0.png", photos / inside / name / "deep" / "0.png")
    assert find_images(photos) == before
    shutil.rmtree(photos / inside / name)
    (photos / inside / name).write_bytes(b"left behind")
    assert find_images(photos) == before


def test_companions_are_passed_over_and_deeper_images_found(photos):
    save(photos / "apple" / "deep" / "A.JPEG")
    for name in ("notes.txt", "IMG_1.AAE", "IMG_1.xmp", "0.png.json", "boxes.xml", "labels.csv"):
        (photos / "apple" / name).write_text("none")
    (photos / "readme.md").touch()
    (photos / "LICENSE").touch()
    classes, found = find_images(photos)
    assert classes == ("apple", "sky")
    assert len(found) == 31
    assert found == sorted(found, key=lambda pair: (pair[1], pair[0].as_posix()))


READABLE = ["jfif", "jpe", "JPG", "avif", "Webp", "ppm", "tga", "jp2", "tiff", "dib", "icns", "sgi"]


@pytest.mark.parametrize("suffix", READABLE)
def test_every_suffix_that_pillow_knows_is_read(photos, suffix):
    path = photos / "apple" / f"new.{suffix}"
    Image.new("RGB", (64, 64), (255, 0, 0)).save(path)
    assert path in [path for path, _ in find_images(photos)[1]]
    assert read_image(path, 8)[:, 4, 4].tolist() == pytest.approx([255, 0, 0], abs=6)


@pytest.mark.parametrize(
    "name", ["photo", "photo.jpg_large", "photo.png", "IMG.0001", "photo.heic"]
)
def test_the_contents_count_not_the_suffix(photos, name):
    Image.new("RGB", (20, 20), (255, 0, 0)).save(photos / "apple" / name, "JPEG")
    assert len(load_image_folder(photos, 8).train) == 19


@pytest.mark.parametrize(
    "name",
    ["a.heic", "b.HEIC", "c.cr2", "d.svg", "e.mp4", "f.png.crdownload", ".g.jpg.icloud", "h"],
)
def test_files_that_are_not_images_are_named(photos, name):
    (photos / "sky" / name).write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    message = r"^1 of the files in .*not images that Pillow"
    with pytest.raises(UnreadableImageError, match=message) as caught:
        load_image_folder(photos)
    assert name in str(caught.value)


def test_of_many_files_that_are_not_images_a_few_are_named(photos):
    for i in range(12):
        (photos / "sky" / f"clip{i:02}.mp4").write_bytes(b"film")
    with pytest.raises(UnreadableImageError, match=r"^12 of .*clip00.*clip04\.mp4 and 7 more\."):
        find_images(photos)


def test_empty_files_and_broken_links_are_named(photos):
    (photos / "sky" / "empty.jpg").touch()
    (photos / "sky" / "broken.jpg").symlink_to("nowhere.jpg")
    os.mkfifo(photos / "sky" / "pipe.jpg")
    with pytest.raises(UnreadableImageError, match=r"3 of .*broken\.jpg.*empty\.jpg.*pipe\.jpg"):
        find_images(photos)


def test_linked_folders_are_followed_once(photos, tmp_path):
    shutil.move(photos / "sky", tmp_path / "elsewhere")
    (photos / "sky").symlink_to(tmp_path / "elsewhere")
    (photos / "sky" / "loop").symlink_to(photos / "sky")
    (photos / "apple" / "loop").symlink_to(photos / "apple")
    assert len(find_images(photos)[1]) == 30


def test_images_beside_the_classes_are_refused(photos):
    save(photos / "loose.jpg")
    with pytest.raises(ValueError, match=r"loose\.jpg lies beside the folders of the classes"):
        find_images(photos)


@pytest.mark.parametrize(
    "names",
    [
        ("train", "test"), ("train", "valid", "test"), ("Train", "Val"), ("Training", "Testing"),
        ("train2017", "val2017"), ("training_set", "test_set"), ("seg_train", "seg_test"),
        ("images", "labels"), ("train", "test", "extra"),
    ],
)  # fmt: skip
def test_parts_of_a_data_set_are_not_classes(photos, tmp_path, names):
    for name in names:
        shutil.copytree(photos, tmp_path / "data" / name)
    with pytest.raises(ValueError, match="look like parts of a data set, not classes") as caught:
        load_image_folder(tmp_path / "data")
    advised = Path(str(caught.value).rpartition("such as ")[2])
    assert advised.name == names[0]
    assert find_images(advised)[0] == ("apple", "sky")


def test_parts_without_classes_have_no_better_folder(tmp_path):
    for name in ("train", "test"):
        save(tmp_path / name / "0.png")
    with pytest.raises(ValueError, match="Sort the images into one folder for each class"):
        find_images(tmp_path)


@pytest.mark.parametrize(
    "names", [("train", "car"), ("train_station", "test_tube"), ("positive test", "negative test")]
)
def test_classes_may_be_named_like_parts(tmp_path, names):
    for name in names:
        save(tmp_path / name / "0.png")
    assert find_images(tmp_path)[0] == tuple(sorted(names))


def test_one_folder_too_many_is_noticed(photos, tmp_path):
    shutil.copytree(photos, tmp_path / "twice" / "photos")
    with pytest.raises(ValueError, match=r"only 'photos'. Did you mean .*photos\?$"):
        find_images(tmp_path / "twice")
    with pytest.raises(ValueError, match="It holds images itself: give the folder above it"):
        find_images(photos / "sky")


def test_the_same_folders_in_each_class_are_suspicious(photos, tmp_path):
    for name in ("monday", "tuesday"):
        shutil.copytree(photos, tmp_path / "days" / name)
    with pytest.warns(UserWarning, match=r"holds the same folders \(apple, sky\): if these are"):
        assert find_images(tmp_path / "days")[0] == ("monday", "tuesday")
    save(tmp_path / "days" / "monday" / "0.png")
    find_images(tmp_path / "days")  # does not warn


@pytest.mark.parametrize(
    "name", ["with space", "\U0001f600", "line\nbreak", "x" * 250, "-rf", "%s {0}", "100%"]
)
def test_unusual_names_are_read(photos, name):
    (photos / "sky").rename(photos / name)
    save(photos / name / f"{name[:240]}.png", (0, 0, 200))
    splits = load_image_folder(photos, 8)
    assert set(splits.classes) == {"apple", name}
    assert len(splits.train) + len(splits.valid) + len(splits.test) == 31


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is valid Unicode")
def test_names_that_are_not_utf_8(photos):
    odd = os.fsdecode(b"caf\xe9")
    save(photos / "sky" / f"{odd}.png", (0, 0, 200))
    assert len(find_images(photos)[1]) == 31
    (photos / "sky" / f"{odd}.png").write_bytes(b"oops")
    with pytest.raises(UnreadableImageError, match=r"caf\\udce9\.png' cannot be read") as caught:
        load_image_folder(photos)
    assert str(caught.value).isprintable()
    (photos / "sky").rename(photos / odd)
    with pytest.raises(ValueError, match=r"caf\\udce9' is not valid UTF-8: rename it"):
        load_image_folder(photos)


@pytest.mark.parametrize(
    "names", [("Cat", "cat"), ("caf\u00e9", "cafe\u0301"), ("stra\u00dfe", "STRASSE"), ("a", "a ")]
)
def test_classes_with_nearly_the_same_name_are_refused(tmp_path, names):
    for name in names:
        save(tmp_path / name / "0.png")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system takes the names for the same")
    with pytest.raises(ValueError, match="differ only in capitals, spaces or Unicode form"):
        find_images(tmp_path)


def test_classes_are_named_in_one_unicode_form(photos):
    (photos / "sky").rename(photos / "cafe\u0301")
    assert find_images(photos)[0] == ("apple", "caf\u00e9")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere does not exist; expected a folder"):
        load_image_folder(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"a\.png is a file; expected a folder"):
        load_image_folder(save(tmp_path / "a.png"))


def test_one_class_or_none_is_too_few(tmp_path):
    with pytest.raises(ValueError, match=r"two or more, in .* but there is none\. Sort the images"):
        load_image_folder(tmp_path)
    save(tmp_path / "apple" / "0.png")
    with pytest.raises(ValueError, match="but there is only 'apple'"):
        load_image_folder(tmp_path)


def test_a_class_without_an_image_is_named(photos):
    (photos / "pear").mkdir()
    with pytest.raises(ValueError, match=r"there is no image in .*pear$"):
        load_image_folder(photos)


def test_an_image_that_cannot_be_read_is_named(photos):
    (photos / "sky" / "7.jpg").write_bytes(b"oops")
    with pytest.raises(UnreadableImageError, match=r"sky.7\.jpg cannot be read as an image"):
        load_image_folder(photos)


@pytest.mark.parametrize(
    ("valid", "test"), [(0, 0.2), (0.2, 0), (0.5, 0.5), (-0.1, 0.2), (float("nan"), 0.2)]
)
def test_impossible_shares_are_refused(photos, valid, test):
    with pytest.raises(ValueError, match="must be shares above 0 and together below 1"):
        load_image_folder(photos, valid=valid, test=test)


@pytest.mark.parametrize(("n", "said"), [(1, "1 image,"), (2, "2 images,")])
def test_a_class_that_a_split_would_lack_is_named(photos, n, said):
    for i in range(n):
        save(photos / "rare" / f"{i}.png")
    with pytest.raises(ValueError, match=f"class 'rare' has {said} but each needs at least 3"):
        load_image_folder(photos)


shares = st.floats(0.001, 0.99)


@given(
    counts=st.lists(st.integers(3, 40), min_size=2, max_size=4),
    valid=shares,
    test=shares,
    seed=st.integers(0, 9),
)
def test_each_class_is_in_each_split_with_its_share(counts, valid, test, seed, tmp_path_factory):
    total = valid + test
    if total > 0.99:
        valid, test = valid / total * 0.99, test / total * 0.99
    folder = tmp_path_factory.mktemp("photos")
    for label, n in enumerate(counts):
        for i in range(n):
            save(folder / f"class {label}" / f"{i:02}.bmp", (label, i, 0), size=(1, 1))
    splits = load_image_folder(folder, 1, valid=valid, test=test, seed=seed)
    seen = []
    for name, share in (("train", 1 - valid - test), ("valid", valid), ("test", test)):
        part = getattr(splits, name)
        found = part.targets.bincount(minlength=len(counts))
        assert (found >= 1).all()
        assert ((found - share * torch.tensor(counts)).abs() <= 2).all()
        assert torch.equal(part.inputs[:, 0, 0, 0].long(), part.targets)
        seen += part.inputs[:, :2, 0, 0].tolist()
    assert sorted(seen) == [[label, i] for label, n in enumerate(counts) for i in range(n)]
