"""MNIST-1D is shipped as it was prepared, and its three pairs of shapes stand on their heads."""

import tomllib
from pathlib import Path

import mnist_1d_from_pypi as script
import numpy as np
import pytest
import torch

from torchbook.data import load_mnist_1d, mnist_1d_shapes
from torchbook.data.download import DataCorruptError
from torchbook.data.sets import mnist_1d


def test_all_signals_are_there_in_three_parts():
    data = load_mnist_1d()
    assert [len(part) for part in (data.train, data.valid, data.test)] == [3000, 1000, 1000]
    for part in (data.train, data.valid, data.test):
        assert part.inputs.shape == (len(part), 40)
        assert part.inputs.dtype == torch.float32
        assert part.targets.dtype == torch.int64
        assert set(part.targets.tolist()) == set(range(10))
    everything = torch.cat([data.train.inputs, data.valid.inputs, data.test.inputs])
    assert len(everything.unique(dim=0)) == 5000
    assert everything.mean().abs() < 0.01
    assert (everything.std() - 1).abs() < 0.01


def test_the_seed_chooses_the_validation_split_and_nothing_else():
    one, same, other = load_mnist_1d(10), load_mnist_1d(10), load_mnist_1d(10, seed=1)
    assert torch.equal(one.valid.inputs, same.valid.inputs)
    assert not torch.equal(one.valid.inputs, other.valid.inputs)
    assert torch.equal(one.test.inputs, other.test.inputs)


def test_three_pairs_of_shapes_are_each_other_upside_down():
    shapes = mnist_1d_shapes()
    assert shapes.shape == (10, 12)
    for one, other in ((0, 6), (1, 7), (3, 8)):
        assert torch.allclose(shapes[one], -shapes[other], atol=1e-6)


@pytest.mark.parametrize("n_valid", [0, 4000])
def test_a_split_that_leaves_nothing_is_refused(n_valid):
    with pytest.raises(ValueError, match="from 1 to 3,999"):
        load_mnist_1d(n_valid)


def test_an_altered_file_is_refused(monkeypatch, tmp_path):
    other = tmp_path / mnist_1d.FILE.name
    other.write_bytes(mnist_1d.FILE.read_bytes()[:-1] + b"!")
    monkeypatch.setattr(mnist_1d, "FILE", other)
    with pytest.raises(DataCorruptError, match="not the expected file"):
        load_mnist_1d()


def test_the_script_rounds_what_the_package_makes():
    made = {"x": np.full((2, 40), 1 / 3), "y": np.array([1, 2]), "templates": {"x": np.ones(3)}}
    made |= {"x_test": np.zeros((1, 40)), "y_test": np.array([9])}
    arrays = script.rounded(made)
    assert arrays["train"].dtype == arrays["test"].dtype == np.float16
    assert arrays["train_digits"].tolist() == [1, 2]
    assert arrays["test_digits"].dtype == np.uint8
    assert arrays["shapes"].dtype == np.float32


def test_the_licence_goes_with_it():
    file = Path(__file__).parents[1] / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    for name in ("LICENSE.Apache-2.0", "NOTICE.txt"):
        assert f"src/torchbook/data/sets/signals/{name}" in project["license-files"]
        assert (mnist_1d.FILE.parent / name).stat().st_size > 500
    assert "Apache-2.0" in project["license"].split(" AND ")
