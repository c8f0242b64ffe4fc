"""The book's models, one file per architecture. They take plain arguments and know no data."""

from torchbook.models.mlp import LinearClassifier, TwoLayerClassifier
from torchbook.models.small_cnn import SmallCNN
from torchbook.models.tiny_vgg import TinyVGG
from torchbook.models.vit import VisionTransformer

__all__ = ["LinearClassifier", "SmallCNN", "TinyVGG", "TwoLayerClassifier", "VisionTransformer"]
