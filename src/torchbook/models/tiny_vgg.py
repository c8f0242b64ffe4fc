"""TinyVGG, the small convolutional network of the CNN Explainer.

Source: Z. J. Wang et al., "CNN Explainer: Learning Convolutional Neural Networks with Interactive
Visualization", IEEE TVCG 27(2), 2021, arXiv:2004.15004.
"""

from torch import Tensor, nn


def vgg_block(in_channels: int, out_channels: int) -> nn.Sequential:
    """Two 3 x 3 convolutions with ReLUs, then a pooling that halves height and width.

    Maps [B, in_channels, H, W] to [B, out_channels, H // 2, W // 2].
    """
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(kernel_size=2),
    )


class TinyVGG(nn.Module):
    """Two blocks of convolutions and a linear layer.

    With 1 channel, 10 hidden units, 10 classes and images of 28 pixels it has 7,740 parameters.

    Args:
        in_channels: channels of the image: 1 for grey, 3 for colour.
        hidden_units: channels of every convolution.
        n_classes: number of classes, C.
        image_size: height and width of the image in pixels, at least 4.
    """

    def __init__(
        self, in_channels: int, hidden_units: int, n_classes: int, image_size: int
    ) -> None:
        super().__init__()
        self.block_1 = vgg_block(in_channels, hidden_units)
        self.block_2 = vgg_block(hidden_units, hidden_units)
        side = image_size // 2 // 2  # each block halves it
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(hidden_units * side * side, n_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map images [B, in_channels, image_size, image_size] to logits [B, C]."""
        x = self.block_1(x)  # [B, hidden_units, image_size / 2, image_size / 2]
        x = self.block_2(x)  # [B, hidden_units, image_size / 4, image_size / 4]
        return self.classifier(x)  # [B, C]
