"""The Vision Transformer: the same numbers as torchvision's, and its weights."""

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from torchbook.metrics import count_parameters
from torchbook.models import VisionTransformer
from torchbook.models.vit import EncoderBlock, SelfAttention
from torchbook.models.vit_weights import load_torchvision_weights

# image_size, patch_size, width, depth, heads, width of the MLP
BASE_16 = (224, 16, 768, 12, 12, 3072)
LARGE_16 = (224, 16, 1024, 24, 16, 4096)
HUGE_14 = (224, 14, 1280, 32, 16, 5120)
SMALL = (28, 7, 16, 2, 4, 32)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def build(sizes=SMALL, n_classes=10, in_channels=1, **options):
    image_size, patch_size, *rest = sizes
    return VisionTransformer(image_size, patch_size, in_channels, n_classes, *rest, **options)


def torchvisions(sizes=SMALL, n_classes=10):
    """One of torchvision's, with weights that are nowhere 0 or 1."""
    image_size, patch_size, width, depth, n_heads, mlp_width = sizes
    model = torchvision.models.VisionTransformer(
        image_size, patch_size, depth, n_heads, width, mlp_width, num_classes=n_classes
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model.eval()


@pytest.mark.parametrize(
    ("sizes", "n_classes", "expected"),
    [
        (BASE_16, None, 85_798_656),
        (BASE_16, 1000, 86_567_656),
        (LARGE_16, 1000, 304_326_632),
        (HUGE_14, 1000, 632_045_800),
    ],
)
def test_the_number_of_parameters(sizes, n_classes, expected):
    with torch.device("meta"):
        assert count_parameters(build(sizes, n_classes, in_channels=3)) == expected


def test_base_16_gives_the_logits_of_torchvision():
    theirs = torchvisions(BASE_16, 1000)
    ours = build(BASE_16, 1000, in_channels=3).eval()
    load_torchvision_weights(ours, theirs.state_dict())
    images = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        expected = theirs(images)
        assert (ours(images) - expected).abs().max() < 1e-4
    assert expected.std() > 0.1


@given(
    patch_size=st.integers(1, 7),
    side=st.integers(1, 4),
    n_heads=st.integers(1, 4),
    head_width=st.integers(1, 6),
    depth=st.integers(1, 3),
)
@settings(max_examples=15, deadline=None)
def test_any_sizes_give_the_logits_of_torchvision(patch_size, side, n_heads, head_width, depth):
    sizes = (patch_size * side, patch_size, n_heads * head_width, depth, n_heads, 5)
    theirs = torchvisions(sizes, 3)
    ours = build(sizes, 3, in_channels=3).eval()
    load_torchvision_weights(ours, theirs.state_dict())
    images = torch.randn(2, 3, sizes[0], sizes[0])
    expected = theirs(images)
    assert torch.allclose(ours(images), expected, atol=1e-4)
    assert torch.allclose(ours.head(features(ours, images)), expected, atol=1e-4)
    n_tokens = side**2 + 1
    assert ours.tokens(images).shape == (2, n_tokens, n_heads * head_width)
    maps = ours.attention_maps(images)
    assert maps.shape == (2, depth, n_heads, n_tokens, n_tokens)
    assert torch.allclose(maps.sum(dim=-1), torch.ones(()), atol=1e-5)
    assert maps.min() >= 0


def features(model, images):
    """The same model, its head taken off."""
    head, model.head = model.head, nn.Identity()
    result = model(images)
    model.head = head
    return result


def test_the_weights_that_are_shown_are_those_that_are_used():
    attention = SelfAttention(12, 3)
    z = torch.randn(2, 5, 12)
    _, _, v = attention.split(z)
    collected = attention.weights(z) @ v  # [2, 3, 5, 4]
    by_hand = attention.out(collected.transpose(1, 2).reshape(2, 5, 12))
    assert torch.allclose(attention(z), by_hand, atol=1e-6)


def test_attention_is_that_of_torch():
    theirs = nn.MultiheadAttention(12, 3, batch_first=True)
    ours = SelfAttention(12, 3)
    with torch.no_grad():
        ours.qkv.weight.copy_(theirs.in_proj_weight)
        ours.qkv.bias.copy_(theirs.in_proj_bias)
        ours.out.load_state_dict(theirs.out_proj.state_dict())
    z = torch.randn(2, 5, 12)
    expected, weights = theirs(z, z, z, average_attn_weights=False)
    assert torch.allclose(ours(z), expected, atol=1e-6)
    assert torch.allclose(ours.weights(z), weights, atol=1e-6)


def test_a_block_does_not_know_the_order_of_its_tokens():
    block = EncoderBlock(12, 3, 24)
    z, order = torch.randn(2, 7, 12), torch.randperm(7)
    assert torch.allclose(block(z[:, order]), block(z)[:, order], atol=1e-5)


def test_dropout_is_for_training_only():
    model = build(dropout=0.5)
    images = torch.rand(3, 1, 28, 28)
    assert not torch.equal(model(images), model(images))
    model.eval()
    assert torch.equal(model(images), model(images))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": (30, 7, 16, 2, 4, 32)}, "image_size must be a multiple of patch_size"),
        ({"sizes": (28, 0, 16, 2, 4, 32)}, "they are 28 and 0"),
        ({"sizes": (28, 7, 18, 2, 4, 32)}, "width must be a multiple of n_heads"),
    ],
)
def test_sizes_that_do_not_divide_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


@pytest.mark.parametrize("shape", [(2, 1, 35, 35), (2, 1, 28, 21), (2, 1, 14, 14)])
def test_images_of_another_size_are_refused(shape):
    with pytest.raises(ValueError, match=r"built for images of 28 x 28 .* have \d+ x \d+"):
        build()(torch.zeros(shape))


def test_weights_of_a_model_with_a_head_fit_one_without():
    theirs = torchvisions()
    ours = build(n_classes=None, in_channels=3).eval()
    load_torchvision_weights(ours, theirs.state_dict())
    images = torch.rand(2, 3, 28, 28)
    assert torch.allclose(theirs.heads(ours(images)), theirs(images), atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("encoder.ln.bias"), "norm.bias is missing"),
        (lambda s: s.update(extra=torch.zeros(1)), "extra is unknown"),
        (
            lambda s: s.update({"encoder.pos_embedding": torch.zeros(1, 10, 16)}),
            r"positions has shape \[1, 10, 16\], expected \[1, 17, 16\]",
        ),
        (lambda s: s.clear(), "and 28 more"),
    ],
)
def test_weights_that_do_not_fit_are_refused_whole(change, message):
    state = torchvisions().state_dict()
    change(state)
    model = build(in_channels=3)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        load_torchvision_weights(model, state)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_the_names_in_published_files_are_known(tmp_path):
    theirs = torchvisions()
    older = {".mlp.0.": ".mlp.linear_1.", ".mlp.3.": ".mlp.linear_2."}
    published = {}
    for name, value in theirs.state_dict().items():
        for new, previous in older.items():
            name = name.replace(new, previous)
        published[name] = value
    assert any("mlp.linear_2" in key for key in published)
    ours = build(in_channels=3).eval()
    load_torchvision_weights(ours, published)
    images = torch.rand(2, 3, 28, 28)
    assert torch.allclose(ours(images), theirs(images), atol=1e-5)
