"""A small convolutional network with batch normalisation, strong for its size."""

from torch import Tensor, nn


def conv_block(in_channels: int, out_channels: int, pool: bool = False) -> nn.Sequential:
    """A 3 x 3 convolution, batch normalisation and a ReLU, with or without pooling.

    Maps [B, in_channels, H, W] to [B, out_channels, H, W], or to half of H and W with pooling. The
    convolution has no bias of its own: the normalisation would subtract it again (S. Ioffe,
    C. Szegedy, arXiv:1502.03167, section 3.2).
    """
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
        # As early as possible: a quarter of the numbers is left for what follows.
        nn.MaxPool2d(2) if pool else nn.Identity(),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


class SmallCNN(nn.Module):
    """Four convolutions, each on as small a picture as it can bear, and a linear layer.

    Args:
        in_channels: channels of the image: 1 for grey, 3 for colour.
        n_classes: number of classes, C.
        image_size: height and width of the image in pixels, at least 4.
        width: channels of the first convolution, W; the last has four times as many.
    """

    def __init__(self, in_channels: int, n_classes: int, image_size: int, width: int = 16) -> None:
        super().__init__()
        self.features = nn.Sequential(  # [B, in_channels, S, S], with S = image_size
            conv_block(in_channels, width, pool=True),  # [B, W, S / 2, S / 2]
            conv_block(width, 2 * width, pool=True),  # [B, 2 W, S / 4, S / 4]
            conv_block(2 * width, 4 * width),  # [B, 4 W, S / 4, S / 4]
            conv_block(4 * width, 4 * width),
        )
        side = image_size // 2 // 2
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(4 * width * side * side, n_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map images [B, in_channels, image_size, image_size] to logits [B, C]."""
        return self.classifier(self.features(x))
