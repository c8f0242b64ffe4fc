"""Classifiers that see an image as a list of numbers: linear, and with one hidden layer."""

from torch import Tensor, nn


class LinearClassifier(nn.Module):
    """Softmax regression: one score per class, each a weighted sum of the inputs.

    Args:
        n_inputs: numbers per example, D.
        n_classes: number of classes, C.
    """

    def __init__(self, n_inputs: int, n_classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),  # [B, ...] -> [B, D]
            nn.Linear(n_inputs, n_classes),  # [B, D] -> [B, C]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map inputs [B, ...] with D numbers each to logits [B, C]."""
        return self.layers(x)


class TwoLayerClassifier(nn.Module):
    """One hidden layer with a ReLU between two linear layers, none after the logits.

    Args:
        n_inputs: numbers per example, D.
        n_hidden: width of the hidden layer, H.
        n_classes: number of classes, C.
    """

    def __init__(self, n_inputs: int, n_hidden: int, n_classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),  # [B, ...] -> [B, D]
            nn.Linear(n_inputs, n_hidden),  # [B, D] -> [B, H]
            nn.ReLU(),
            nn.Linear(n_hidden, n_classes),  # [B, H] -> [B, C]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map inputs [B, ...] with D numbers each to logits [B, C]."""
        return self.layers(x)
