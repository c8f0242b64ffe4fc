"""Folders of photos become splits, and what is wrong with them is said."""

import io
import os
import shutil
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps
from torchvision.transforms import v2

from torchbook.data import load_image_folder, read_image
from torchbook.data.download import DataUnavailableError
from torchbook.data.images import UnreadableImageError, find_images, read_and_describe


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


COLOURS = np.stack(np.meshgrid(np.arange(0, 256, 16), np.arange(0, 256, 16)), axis=2)
COLOURS = np.dstack([COLOURS, 255 - COLOURS[..., :1]]).astype(np.uint8)  # [16, 16, 3]
GREYS = COLOURS[..., :1].repeat(3, axis=2)


def lab(image: Image.Image) -> Image.Image:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.profileToProfile(image, *profiles, outputMode="LAB")


@pytest.mark.parametrize(
    ("mode", "suffix", "tolerance"),
    [
        ("RGB", "png", 0),
        ("RGB", "JPG", 60),
        ("RGBA", "tiff", 0),
        ("RGBA", "jp2", 0),
        ("RGBX", "tif", 0),
        ("CMYK", "tif", 0),
        ("CMYK", "jpg", 60),  # inverted, as Adobe's programs store it
        ("YCbCr", "im", 4),
        ("LAB", "tif", 40),  # some colours are outside sRGB
        ("P", "gif", 40),
        ("PA", "tif", 40),
        ("HSV", "webp", 10),
    ],
)
def test_every_colour_mode_is_read(tmp_path, mode, suffix, tolerance):
    image, path = Image.fromarray(COLOURS), tmp_path / f"a.{suffix}"
    if mode in ("P", "PA"):
        image = image.quantize(256)
    options = {"lossless": True} if suffix == "webp" else {}
    (lab(image) if mode == "LAB" else image.convert(mode)).save(path, **options)
    read = read_image(path, 16).permute(1, 2, 0).numpy().astype(int)
    assert abs(read - COLOURS).max() <= tolerance


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_every_grey_mode_is_read(tmp_path, mode, suffix):
    image = Image.fromarray(GREYS).convert(mode)
    path = tmp_path / f"a.{suffix}"
    if (mode, suffix) == ("LA", "bmp"):
        pytest.skip("the format has no transparency")
    image.save(path)
    expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(read_image(path, 16).permute(1, 2, 0), expected)
    assert torch.equal(read_image(path, 16, channels=1)[0], read_image(path, 16)[0])


@pytest.mark.parametrize(
    ("dtype", "suffix"),
    [("<u2", "png"), ("<u2", "tif"), (">u2", "tif"), ("<u2", "pgm"), ("<u2", "jp2"), (">u2", "im")],
)
def test_of_16_bits_the_upper_8_are_kept(tmp_path, dtype, suffix):
    values = (np.arange(256, dtype=np.uint16) * 256 + 17).reshape(16, 16).astype(dtype)
    mode = "I;16" if dtype == "<u2" else "I;16B"
    path = tmp_path / f"a.{suffix}"
    Image.frombytes(mode, (16, 16), values.tobytes()).save(path)
    assert torch.equal(read_image(path, 16)[0].flatten(), torch.arange(256, dtype=torch.uint8))


def png(pixels: np.ndarray, colour_type: int, transparent: bytes = b"") -> io.BytesIO:
    """Write a PNG file with 16 bits per channel, which Pillow does not."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        length, checksum = len(content), zlib.crc32(kind + content)
        return struct.pack(">I", length) + kind + content + struct.pack(">I", checksum)

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", pixels.shape[1], len(pixels), 16, colour_type, 0, 0, 0)
    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + (chunk(b"tRNS", transparent) if transparent else b"")
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (png(np.full((4, 4, 3), 0x1234), 2), 0x12),
        (png(np.full((4, 4, 2), (0x1234, 0xFFFF)), 4), 0x12),
        (png(np.full((4, 4, 2), (0x1234, 0)), 4), 255),
        (png(np.full((4, 4, 1), 0x1234), 0), 0x12),
        (png(np.full((4, 4, 1), 0x1234), 0, struct.pack(">H", 0x1234)), 255),
        (png(np.full((4, 4, 1), 0x1234), 0, struct.pack(">H", 0x1235)), 0x12),
    ],
)
def test_16_bits_in_colour_or_with_transparency(file, expected):
    assert read_image(file, 4).unique().tolist() == [expected]


def tiff(bits: int, black: int) -> io.BytesIO:
    """Write a grey TIFF file of 2 x 2 pixels; `black` is 1 if 0 is black, and 0 if it is white."""
    tags = {256: 2, 257: 2, 258: bits, 259: 1, 262: black, 273: 200, 277: 1, 278: 2, 279: 8}
    directory = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags.items())
    header = b"II*\0" + struct.pack("<IH", 8, len(tags)) + directory + bytes(4)
    return io.BytesIO(header.ljust(200, b"\0") + bytes(8))


def saved(pixels: np.ndarray, kind: str) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer


@pytest.mark.parametrize(
    ("file", "mode"),
    [
        (saved(np.zeros((8, 8), dtype=np.float32), "TIFF"), "F"),
        (saved(np.zeros((8, 8), dtype=np.float32), "PPM"), "F"),
        (saved(np.zeros((8, 8), dtype=np.int32), "TIFF"), "I"),
        (tiff(bits=12, black=1), "I;16"),
        (tiff(bits=16, black=0), "I;16"),
    ],
)
def test_numbers_without_a_known_range_are_refused(file, mode):
    with pytest.raises(UnreadableImageError, match=f"the file has mode {mode}, whose numbers"):
        read_image(file, 2)
    assert read_image(tiff(bits=16, black=1), 2).max() == 0


@pytest.mark.parametrize(
    ("mode", "colour", "suffix", "options"),
    [
        ("RGBA", (0, 0, 0, 0), "png", {}),
        ("LA", (0, 0), "png", {}),
        ("RGBA", (0, 0, 0, 0), "webp", {"lossless": True}),
        ("RGBA", (0, 0, 0, 0), "tif", {}),
        ("P", 0, "png", {"transparency": 0}),
        ("P", 3, "png", {"transparency": b"\xff\xff\xff\0"}),
        ("P", 0, "gif", {"transparency": 0}),
        ("L", 7, "png", {"transparency": 7}),
        ("RGB", (7, 7, 7), "png", {"transparency": (7, 7, 7)}),
        ("1", 0, "png", {"transparency": 0}),
    ],
)
def test_transparent_pixels_become_white(tmp_path, mode, colour, suffix, options):
    image = Image.new(mode, (8, 8), colour)
    if mode == "P":
        image.putpalette([0, 0, 0, 10, 10, 10, 20, 20, 20, 30, 30, 30])
    image.save(tmp_path / f"a.{suffix}", **options)
    assert read_image(tmp_path / f"a.{suffix}", 8).min() == 255


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_of_several_images_in_a_file_the_first_is_read(tmp_path, suffix):
    first, *others = (Image.new("RGB", (8, 8), (value, 0, 0)) for value in (200, 100, 50))
    path = tmp_path / f"a.{suffix}"
    options = {"lossless": True} if suffix == "webp" else {}
    first.save(path, save_all=True, append_images=others, **options)
    with Image.open(path) as opened:
        assert opened.n_frames == 3
    assert read_image(path, 8)[0].unique().tolist() == [200]


def jpeg(path, image, tags):
    """Save a JPEG with raw EXIF tags: (number, type, count, value in little-endian bytes)."""
    directory, extra = struct.pack("<H", len(tags)), b""
    for tag, kind, count, value in tags:
        if len(value) > 4:
            place = struct.pack("<I", 8 + 2 + 12 * len(tags) + 4 + len(extra))
            value, extra = place, extra + value
        directory += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + directory + bytes(4) + extra
    image.save(path, exif=exif)


QUADRANTS = np.kron(np.array([[0, 85], [170, 255]], dtype=np.uint8), np.ones((16, 16), np.uint8))


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_upright(tmp_path, orientation, suffix):
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if suffix == "webp" else {"quality": 100}
    Image.fromarray(QUADRANTS).convert("RGB").save(path, exif=exif, **options)
    with Image.open(path) as opened:
        expected = v2.functional.pil_to_tensor(ImageOps.exif_transpose(opened).convert("RGB"))
    image, changes = read_and_describe(path, 32, 3)
    assert torch.equal(image, expected)
    assert changes == ("used as it is" if orientation == 1 else "turned upright")


TURN = (0x0112, 3, 1, struct.pack("<H", 6))


@pytest.mark.parametrize(
    "tags",
    [
        [TURN, (0x011A, 10, 1, struct.pack("<ii", -1, 0))],  # a resolution of -1/0
        [(0x010F, 5, 1, struct.pack("<II", 1, 2)), TURN],  # a maker that is a fraction
        [(0x0110, 3, 1, struct.pack("<H", 7)), TURN],  # a model that is a number
        [TURN, (0x011A, 2, 3, b"72\0")],  # a resolution that is a text
    ],
)
def test_impossible_exif_values_do_not_matter(tmp_path, tags):
    jpeg(tmp_path / "a.jpg", Image.fromarray(QUADRANTS), tags)
    image = read_image(tmp_path / "a.jpg", 32)
    corners = [image[0, y, x].item() for y, x in ((4, 4), (4, 28), (28, 4), (28, 28))]
    assert corners == pytest.approx([170, 0, 255, 85], abs=6)


@pytest.mark.parametrize(
    "tag",
    [
        (0x0112, 3, 1, struct.pack("<H", 0)),
        (0x0112, 3, 1, struct.pack("<H", 9)),
        (0x0112, 2, 4, b"abc\0"),
        (0x0112, 3, 2, struct.pack("<HH", 6, 6)),
        (0x0112, 5, 1, struct.pack("<II", 6, 0)),
    ],
)
def test_an_impossible_orientation_counts_as_upright(tmp_path, tag):
    jpeg(tmp_path / "a.jpg", Image.fromarray(QUADRANTS), [tag])
    image = read_image(tmp_path / "a.jpg", 32)
    assert image[0, 4, 4] < 10
    assert image[0, 4, 28].item() == pytest.approx(85, abs=6)


def test_exif_data_that_cannot_be_parsed_count_as_upright(tmp_path):
    exif = b"Exif\0\0II*\0" + b"\xff" * 4
    Image.fromarray(QUADRANTS).save(tmp_path / "a.jpg", exif=exif)
    with pytest.warns(UserWarning, match="Corrupt EXIF data"):  # Pillow's own
        assert read_image(tmp_path / "a.jpg", 32)[0, 4, 4] < 10


def test_an_open_file_or_a_text_will_do(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(buffer, "PNG")
    assert read_image(buffer, 4).shape == (3, 4, 4)
    assert read_image(str(save(tmp_path / "a.png")), 4).shape == (3, 4, 4)
    with pytest.raises(UnreadableImageError, match="the file cannot be read as an image: Pillow"):
        read_image(io.BytesIO(b"not an image"), 4)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "tif", "bmp", "jp2", "avif"])
def test_a_file_that_is_cut_off_is_named(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    content = path.read_bytes()
    for length in (0, 10, len(content) // 2):
        path.write_bytes(content[:length])
        with pytest.raises(UnreadableImageError, match=rf"a\.{suffix} cannot be read as an image"):
            read_image(path, 8)


def test_the_reason_is_not_damage_if_it_is_something_else(tmp_path, monkeypatch):
    with pytest.raises(UnreadableImageError, match="Is a directory") as caught:
        read_image(tmp_path, 8)
    assert "damaged" not in str(caught.value)
    path = save(tmp_path / "a.png", size=(300, 300))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000)
    with pytest.raises(
        UnreadableImageError, match=r"or raise PIL.Image.MAX_IMAGE_PIXELS"
    ) as caught:
        read_image(path, 8)
    assert "damaged" not in str(caught.value)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions bind neither root nor here"
)
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    save(tmp_path / "a.png").chmod(0)
    with pytest.raises(UnreadableImageError, match=r"Permission denied.*a\.png"):
        read_image(tmp_path / "a.png", 8)


def test_missing_files_and_impossible_sizes_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.jpg"):
        read_image(tmp_path / "a.jpg", 8)
    with pytest.raises(DataUnavailableError, match=r"there is no image .*a\.jpg"):
        read_and_describe(tmp_path / "a.jpg", 8, 3)
    with pytest.raises(ValueError, match="image_size must be at least 1 pixel, but is 0"):
        read_image(save(tmp_path / "a.png"), 0)
    with pytest.raises(ValueError, match=r"channels must be 1 \(grey\) or 3 \(RGB\), but is 4"):
        read_image(save(tmp_path / "a.png"), 8, channels=4)


@pytest.mark.parametrize(
    ("mode", "size", "channels", "said"),
    [
        ("RGB", (8, 8), 3, "used as it is"),
        ("L", (8, 8), 1, "used as it is"),
        ("LA", (8, 8), 1, "put on white, turned to grey"),
        ("RGB", (8, 8), 1, "turned to grey"),
        ("L", (16, 16), 3, "turned to red, green and blue, shrunk to 8 pixels"),
        ("RGB", (6, 4), 3, "enlarged to 8 pixels, cut to the middle square of 6 x 4 pixels"),
    ],
)
def test_what_was_changed_is_described(tmp_path, mode, size, channels, said):
    path = save(tmp_path / "a.png", mode=mode, size=size)
    image, changes = read_and_describe(path, 8, channels)
    assert torch.equal(image, read_image(path, 8, channels))
    assert changes == said


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
