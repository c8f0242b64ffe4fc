"""What happens to a photo before a network sees it, as a part of the model."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Preprocess(nn.Module):
    """Resize, cut out the middle, normalise: for photos of any size, and exportable to ONNX.

    In front of a network (`nn.Sequential(Preprocess(), network)`) it makes a model that takes bytes
    as they come out of an image file, so that no other program has to prepare them. With its
    defaults it does what `lite0_preprocess` does; because that rounds to whole bytes in between
    and this does not, a pixel may differ by about one level of 255.

    Args:
        resize: the length that the shorter side gets, in pixels; bicubic, antialiased.
        crop: the side of the square that is cut out of the middle, in pixels, S; at most `resize`.
        mean: subtracted from pixels between 0 and 1.
        std: what remains is divided by this.

    Raises:
        ValueError: `crop` is not between 1 and `resize`.
    """

    def __init__(
        self, resize: int = 256, crop: int = 224, mean: float = 0.5, std: float = 0.5
    ) -> None:
        super().__init__()
        if not 1 <= crop <= resize:
            raise ValueError(f"crop must be from 1 to resize, which is {resize}, but is {crop}")
        self.resize, self.crop, self.mean, self.std = resize, crop, mean, std

    def forward(self, photos: Tensor) -> Tensor:
        """Map photos [B, 3, H, W], bytes from 0 to 255, to float32 [B, 3, S, S]."""
        height, width = photos.shape[2:]
        shorter = torch.sym_min(height, width)
        new_height, new_width = (self.resize * side // shorter for side in (height, width))
        x = photos.float()
        # Across and then down, as Pillow does; what overshoots the range is cut off in between.
        x = F.interpolate(x, (height, new_width), mode="bicubic", antialias=True).clamp(0, 255)
        x = x.index_select(3, self._middle(new_width, x.device))
        x = F.interpolate(x, (new_height, self.crop), mode="bicubic", antialias=True).clamp(0, 255)
        x = x.index_select(2, self._middle(new_height, x.device))
        return (x / 255 - self.mean) / self.std

    def _middle(self, length: int, device: torch.device) -> Tensor:
        """Return the indices of the middle; a half pixel is rounded as torchvision rounds it."""
        spare = length - self.crop
        return (spare + spare % 4 // 3) // 2 + torch.arange(self.crop, device=device)
