"""The preprocessing that is a part of the model does what torchvision's does."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as transform

from torchbook.models import Preprocess, lite0_preprocess


def pictures(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """Random pictures with smooth parts and hard edges, uint8 [2, 3, height, width]."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(2, 3, height // 5 + 1, width // 5 + 1, generator=generator)
    return (255 * F.interpolate(coarse, (height, width)).round()).to(torch.uint8)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 90), width=st.integers(1, 90), seed=st.integers(0, 9))
def test_it_agrees_with_torchvision_for_any_size(height, width, seed):
    photos = pictures(height, width, seed)
    prepared = Preprocess(40, 33, mean=0, std=1)(photos)
    expected = transform.resize(photos, [40], InterpolationMode.BICUBIC, antialias=True)
    expected = transform.center_crop(expected, [33])
    assert prepared.shape == (2, 3, 33, 33)
    assert prepared.dtype == torch.float32
    assert (255 * prepared - expected).abs().max() < 1.6  # theirs are rounded twice


@pytest.mark.parametrize("size", [(224, 224), (300, 259), (256, 391)])
def test_by_default_it_prepares_for_lite0(size):
    photos = pictures(*size)
    difference = Preprocess()(photos) - lite0_preprocess(photos)
    assert 127.5 * difference.abs().max() < 1.6


def test_pixels_are_normalised():
    white = torch.full((1, 3, 5, 7), 255, dtype=torch.uint8)
    result = Preprocess(4, 4, mean=0.2, std=0.4)(white)
    torch.testing.assert_close(result, torch.full((1, 3, 4, 4), 2.0))


@pytest.mark.parametrize("crop", [0, 65])
def test_a_crop_that_does_not_fit_is_refused(crop):
    with pytest.raises(
        ValueError, match=f"crop must be from 1 to resize, which is 64, but is {crop}"
    ):
        Preprocess(64, crop)
