"""Images of every format and mode become tensors, or an error names the file."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms, ImageOps
from torchvision.transforms import v2

from torchbook.data import read_image
from torchbook.data.download import DataUnavailableError
from torchbook.data.images import UnreadableImageError, read_and_describe


def save(path, colour="red", size=(30, 20), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).convert(mode).save(path, **options)
    return path


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
