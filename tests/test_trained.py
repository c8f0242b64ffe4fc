"""The weights that come with the package are those that the book was written with."""

import pytest
import torch

from torchbook.data.download import DataCorruptError
from torchbook.models import (
    SmallCNN,
    Transformer,
    fashion_mnist_after_20_epochs,
    fashion_mnist_flow,
    fashion_mnist_judge,
    shakespeare_gpt,
    spelling_to_sound_weights,
    trained,
)


def test_the_weights_have_the_chapters_shapes_and_can_be_trained_further():
    weights = fashion_mnist_after_20_epochs()
    assert sum(v.numel() for v in weights.values() if v.is_floating_point()) == 39_210 + 224
    assert weights["0.weight"].shape == (16, 1, 3, 3)
    assert weights["8.weight"].shape == (10, 49 * 32)
    for name, value in weights.items():
        counts = name.endswith("num_batches_tracked")
        assert value.dtype == (torch.int64 if counts else torch.float32)
        assert value.isfinite().all()


def test_the_judge_is_a_small_cnn():
    SmallCNN(1, 10, 28).load_state_dict(fashion_mnist_judge())


def test_the_flow_has_the_chapters_shapes():
    weights = fashion_mnist_flow()
    assert weights["label.weight"].shape == (11, 128)
    assert weights["enter.weight"].shape == (24, 4, 3, 3)
    assert weights["coarse_2.second.weight"].shape == (64, 64, 3, 3)
    assert all(v.dtype == torch.float32 and v.isfinite().all() for v in weights.values())


LOADERS = {
    trained.WEIGHTS: fashion_mnist_after_20_epochs,
    trained.FLOW: fashion_mnist_flow,
    trained.JUDGE: fashion_mnist_judge,
    trained.SOUNDS: spelling_to_sound_weights,
    trained.SHAKESPEARE: shakespeare_gpt,
}


@pytest.mark.parametrize("name", LOADERS)
def test_another_file_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.setattr(trained, "__file__", str(tmp_path / "trained.py"))
    with pytest.raises(DataCorruptError, match="is missing"):
        LOADERS[name]()
    (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(DataCorruptError, match="not the expected file"):
        LOADERS[name]()


def test_the_weights_from_spelling_to_sound_fit_the_transformer():
    weights = spelling_to_sound_weights()
    assert sorted(weights) == ["attention", "transformer"]
    Transformer(27, 42, width=96, n_hidden=192).load_state_dict(weights["transformer"])
    for network in weights.values():
        assert all(v.dtype == torch.float32 and v.isfinite().all() for v in network.values())
