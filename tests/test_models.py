"""Shapes, parameter counts, and that a gradient reaches every part of each model."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from torchbook.metrics import count_parameters
from torchbook.models import (
    CLASSIFIERS,
    LinearClassifier,
    SmallCNN,
    TinyVGG,
    TwoLayerClassifier,
    VisionTransformer,
)
from torchbook.models.tiny_vgg import vgg_block

# Each takes a batch of grey images, 28 x 28, to ten classes.
MODELS = {
    "linear": (lambda: LinearClassifier(784, 10), 784 * 10 + 10),
    "two layers": (lambda: TwoLayerClassifier(784, 32, 10), 784 * 32 + 32 + 32 * 10 + 10),
    "TinyVGG": (lambda: TinyVGG(1, 10, 10, 28), 7_740),
    "SmallCNN": (
        lambda: SmallCNN(1, 10, 28, width=4),
        9 * (4 + 4 * 8 + 8 * 16 + 16 * 16) + 2 * (4 + 8 + 16 + 16) + 16 * 7 * 7 * 10 + 10,
    ),
    "ViT": (lambda: VisionTransformer(28, 7, 1, 10, 64, 4, 4, 256), 205_066),
}
each_model = pytest.mark.parametrize(("make", "n_parameters"), MODELS.values(), ids=MODELS)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_registry_builds_classifiers_of_any_images(name):
    model = CLASSIFIERS[name](3, 12, 5)
    assert type(model).__name__ == name
    assert model(torch.zeros(2, 3, 12, 12)).shape == (2, 5)


@each_model
def test_the_number_of_parameters(make, n_parameters):
    assert count_parameters(make()) == n_parameters


@each_model
@pytest.mark.parametrize("batch_size", [1, 5])
def test_a_batch_of_images_becomes_a_row_of_logits_each(make, n_parameters, batch_size):
    assert make().eval()(torch.rand(batch_size, 1, 28, 28)).shape == (batch_size, 10)


@each_model
def test_logits_are_free_to_be_negative(make, n_parameters):
    logits = make().eval()(torch.rand(64, 1, 28, 28))
    assert (logits < 0).any()
    assert (logits > 0).any()


@each_model
def test_the_gradient_reaches_every_parameter(make, n_parameters):
    model = make()
    torch.nn.functional.cross_entropy(model(torch.rand(8, 1, 28, 28)), torch.arange(8)).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


@each_model
def test_in_evaluation_an_image_is_judged_alone(make, n_parameters):
    model = make().eval()
    images = torch.rand(6, 1, 28, 28)
    alone = torch.cat([model(image.unsqueeze(0)) for image in images])
    assert torch.allclose(model(images), alone, atol=1e-5)


@each_model
def test_the_memory_layout_does_not_change_the_logits(make, n_parameters):
    model = make().eval()
    images = torch.rand(6, 1, 28, 28)
    expected = model(images)
    model.to(memory_format=torch.channels_last)
    assert torch.allclose(model(images.to(memory_format=torch.channels_last)), expected, atol=1e-5)


@given(
    in_channels=st.sampled_from([1, 3]),
    width=st.integers(1, 6),
    n_classes=st.integers(2, 7),
    image_size=st.integers(4, 40),
)
@settings(max_examples=15)
def test_convolutional_models_fit_any_image(in_channels, width, n_classes, image_size):
    images = torch.rand(2, in_channels, image_size, image_size)
    for model in (
        TinyVGG(in_channels, width, n_classes, image_size),
        SmallCNN(in_channels, n_classes, image_size, width=width),
    ):
        assert model(images).shape == (2, n_classes)


@pytest.mark.parametrize(("height", "width"), [(28, 28), (9, 12), (2, 3)])
def test_a_vgg_block_halves_height_and_width(height, width):
    assert vgg_block(3, 7)(torch.rand(2, 3, height, width)).shape == (
        2, 7, height // 2, width // 2,
    )  # fmt: skip


def test_batch_statistics_are_learnt_in_training_only():
    model = SmallCNN(1, 10, 28, width=4)
    images = torch.rand(4, 1, 28, 28)

    def statistics() -> torch.Tensor:
        return torch.cat([value.flatten().float() for value in model.buffers()])

    at_first = statistics()
    model.eval()(images)
    assert torch.equal(statistics(), at_first)
    model.train()(images)
    assert not torch.equal(statistics(), at_first)
