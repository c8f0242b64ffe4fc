"""40 squares of texture and scenery, and `paste`, which puts cut-out photos onto them.

Sources and licences are in the folder `natural` beside this file, in NOTICE.txt; those licences
cover the pictures, not this code.
"""

import tempfile
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from torchbook.data.download import unpack_zip
from torchbook.data.images import read_image

ARCHIVE = Path(__file__).parent / "natural" / "backgrounds.zip"
SHA256 = "6e536d79e4302b7c16eca9c25dd31cea04c3359491e755adcb48bbd3b2e4cbed"
SPLITS = ("train", "valid")
WHITE = 235  # the darkest red, green or blue that still counts as paper


def load_backgrounds(split: str = "train", image_size: int = 224) -> Tensor:
    """Load grass, wood, stone, sand, water, sky and landscapes, without any clear subject.

    Args:
        split: "train" for the 30 to train with, "valid" for the 10 that are held out.
        image_size: height and width of the images in pixels, S; the files have 256.

    Returns:
        A uint8 tensor [M, 3, S, S] from 0 to 255.

    Raises:
        DataCorruptError: the archive is not the one that the book was written with.
        DataUnavailableError: the disk has no space for temporary files.
        ValueError: there is no such split, or `image_size` is below 1.
    """
    if split not in SPLITS:
        raise ValueError(f'split must be "train" or "valid", but is {split!r}')
    with tempfile.TemporaryDirectory() as temporary:
        root = unpack_zip(ARCHIVE, Path(temporary), SHA256)
        files = sorted((root / split).glob("*.jpg"))
        return torch.stack([read_image(file, image_size) for file in files])


def paste(photos: Tensor, backgrounds: Tensor, generator: torch.Generator) -> Tensor:
    """Put each photo that is cut out on white paper onto a random part of a random background.

    The part is a square of 50 to 100% of the background's side, mirrored half of the time. Paper is
    what is nearly white and reaches the border; white inside the object, such as that of an egg,
    stays. The object loses a pixel at its edge: for small images, paste at full size, then resize.

    Args:
        photos: cut-outs on white paper, uint8 [B, 3, S, S].
        backgrounds: uint8 [M, 3, T, T], on the same device; T may differ from S.
        generator: the only source of randomness, on any device.

    Returns:
        A uint8 tensor [B, 3, S, S], on the device of the photos.

    Raises:
        TypeError: `photos` or `backgrounds` is not a uint8 tensor.
        ValueError: their shape is wrong, there is no background, or the devices differ.
    """
    _check("photos", photos)
    _check("backgrounds", backgrounds)
    if len(backgrounds) == 0:
        raise ValueError("backgrounds must hold at least one image, but is empty")
    if backgrounds.device != photos.device:
        raise ValueError(
            "photos and backgrounds must be on the same device, but are on "
            f"{photos.device} and {backgrounds.device}"
        )
    if len(photos) == 0:
        return photos.clone()
    scenes = _random_parts(backgrounds, photos.shape, generator)
    # A pixel more, because the edge of a photo is tinged with paper; the mean of 3 x 3 softens it.
    paper = _spread(find_paper(photos)).float()
    paper = F.avg_pool2d(paper, 3, stride=1, padding=1, count_include_pad=False)
    return (paper * scenes + (1 - paper) * photos).round().to(torch.uint8)


def find_paper(photos: Tensor) -> Tensor:
    """Find the white paper around each cut-out: what is nearly white and reaches the border.

    Args:
        photos: uint8 [B, 3, S, S].

    Returns:
        A bool tensor [B, 1, S, S], true on paper.

    Raises:
        TypeError: `photos` is not a uint8 tensor.
        ValueError: its shape is wrong.
    """
    _check("photos", photos)
    white = photos.amin(dim=1, keepdim=True) >= WHITE
    paper = white.clone()
    paper[:, :, 1:-1, 1:-1] = False  # begin at the border
    while True:  # spread by a pixel, but only over white, until nothing changes
        wider = _spread(paper) & white
        if torch.equal(wider, paper):
            return paper
        paper = wider


def _spread(mask: Tensor) -> Tensor:
    """Widen a bool mask [..., H, W] by a pixel in all eight directions."""
    tall = mask.clone()
    tall[..., 1:, :] |= mask[..., :-1, :]
    tall[..., :-1, :] |= mask[..., 1:, :]
    wide = tall.clone()
    wide[..., 1:] |= tall[..., :-1]
    wide[..., :-1] |= tall[..., 1:]
    return wide


def _random_parts(backgrounds: Tensor, shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Cut B random squares out of random backgrounds: float32, of the given shape."""
    device, n = generator.device, shape[0]
    which = torch.randint(len(backgrounds), (n,), generator=generator, device=device)
    size, x, y, coin = torch.rand(4, n, generator=generator, device=device)
    size = 0.5 + size / 2
    mirror = torch.where(coin < 0.5, -1.0, 1.0)
    # Where each square lies, in the coordinates of affine_grid: from -1 to 1 in both directions.
    places = torch.zeros(n, 2, 3, device=device)
    places[:, 0, 0] = size * mirror
    places[:, 1, 1] = size
    places[:, :, 2] = (torch.stack([x, y], dim=1) * 2 - 1) * (1 - size)[:, None]
    grid = F.affine_grid(places.to(backgrounds.device), list(shape), align_corners=False)
    chosen = backgrounds[which.to(backgrounds.device)].float()
    return F.grid_sample(chosen, grid, padding_mode="border", align_corners=False)


def _check(name: str, images: Tensor) -> None:
    expected = f"{name} must be a uint8 tensor [N, 3, S, S]"
    if not isinstance(images, Tensor):
        raise TypeError(f"{expected}, but is a {type(images).__name__}")
    if images.dtype != torch.uint8:
        raise TypeError(f"{expected}, but is {images.dtype}: paste before you scale to 0 to 1")
    if images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3]:
        raise ValueError(f"{expected}, but has the shape {list(images.shape)}")
