"""The book's models, one file per architecture. They take plain arguments and know no data."""

from collections.abc import Callable

from torch import nn

from torchbook.models.gpt import GPT
from torchbook.models.mlp import LinearClassifier, TwoLayerClassifier
from torchbook.models.preprocess import Preprocess
from torchbook.models.pretrained import (
    Lite0Classifier,
    freeze_batch_norm,
    imagenet_classes,
    lite0,
    lite0_preprocess,
)
from torchbook.models.recurrent import GRUCell, LSTMCell, Memory, RNNCell
from torchbook.models.seq2seq import Transformer
from torchbook.models.small_cnn import SmallCNN
from torchbook.models.tiny_vgg import TinyVGG
from torchbook.models.trained import (
    fashion_mnist_after_20_epochs,
    fashion_mnist_flow,
    fashion_mnist_judge,
    shakespeare_gpt,
    spelling_to_sound_weights,
)
from torchbook.models.vit import EncoderBlock, SelfAttention, VisionTransformer
from torchbook.models.vit_weights import load_torchvision_weights

#: Functions that build a classifier of square images, by name. They take the images' channels,
#: their size in pixels, the number of classes, and options of the model's own.
CLASSIFIERS: dict[str, Callable[..., nn.Module]] = {
    "LinearClassifier": lambda channels, size, n_classes: LinearClassifier(
        channels * size**2, n_classes
    ),
    "TwoLayerClassifier": lambda channels, size, n_classes, *, n_hidden=100: TwoLayerClassifier(
        channels * size**2, n_hidden, n_classes
    ),
    "TinyVGG": lambda channels, size, n_classes, *, hidden_units=10: TinyVGG(
        channels, hidden_units, n_classes, size
    ),
    "SmallCNN": lambda channels, size, n_classes, *, width=16: SmallCNN(
        channels, n_classes, size, width
    ),
}

__all__ = [
    "CLASSIFIERS",
    "GPT",
    "EncoderBlock",
    "GRUCell",
    "LSTMCell",
    "LinearClassifier",
    "Lite0Classifier",
    "Memory",
    "Preprocess",
    "RNNCell",
    "SelfAttention",
    "SmallCNN",
    "TinyVGG",
    "Transformer",
    "TwoLayerClassifier",
    "VisionTransformer",
    "fashion_mnist_after_20_epochs",
    "fashion_mnist_flow",
    "fashion_mnist_judge",
    "freeze_batch_norm",
    "imagenet_classes",
    "lite0",
    "lite0_preprocess",
    "load_torchvision_weights",
    "shakespeare_gpt",
    "spelling_to_sound_weights",
]
