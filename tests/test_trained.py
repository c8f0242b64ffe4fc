"""The weights that come with the package are those that the book was written with."""

import pytest
import torch

from torchbook.data.download import DataCorruptError
from torchbook.models import fashion_mnist_after_20_epochs, trained


def test_the_weights_have_the_chapters_shapes_and_can_be_trained_further():
    weights = fashion_mnist_after_20_epochs()
    assert sum(v.numel() for v in weights.values() if v.is_floating_point()) == 39_210 + 224
    assert weights["0.weight"].shape == (16, 1, 3, 3)
    assert weights["8.weight"].shape == (10, 49 * 32)
    for name, value in weights.items():
        counts = name.endswith("num_batches_tracked")
        assert value.dtype == (torch.int64 if counts else torch.float32)
        assert value.isfinite().all()


def test_another_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(trained, "__file__", str(tmp_path / "trained.py"))
    with pytest.raises(DataCorruptError, match="is missing"):
        fashion_mnist_after_20_epochs()
    (tmp_path / trained.WEIGHTS).write_bytes(b"something else")
    with pytest.raises(DataCorruptError, match="not the expected file"):
        fashion_mnist_after_20_epochs()
