"""The book's models, one file per architecture. They take plain arguments and know no data."""

from torchbook.models.mlp import LinearClassifier, TwoLayerClassifier
from torchbook.models.preprocess import Preprocess
from torchbook.models.pretrained import (
    Lite0Classifier,
    freeze_batch_norm,
    imagenet_classes,
    lite0,
    lite0_preprocess,
)
from torchbook.models.small_cnn import SmallCNN
from torchbook.models.tiny_vgg import TinyVGG
from torchbook.models.vit import EncoderBlock, SelfAttention, VisionTransformer
from torchbook.models.vit_weights import load_torchvision_weights

__all__ = [
    "EncoderBlock",
    "LinearClassifier",
    "Lite0Classifier",
    "Preprocess",
    "SelfAttention",
    "SmallCNN",
    "TinyVGG",
    "TwoLayerClassifier",
    "VisionTransformer",
    "freeze_batch_norm",
    "imagenet_classes",
    "lite0",
    "lite0_preprocess",
    "load_torchvision_weights",
]
