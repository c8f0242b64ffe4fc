"""Every example once an epoch, in pairs, in an order that a seed decides."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torchbook.data import Batches, Examples, scale_to_unit

counts = st.integers(1, 60)
seeds = st.integers(0, 2**32)


def numbered(n: int) -> Examples:
    """Row i holds the inputs [i, -i], as floats, and the target i."""
    numbers = torch.arange(n)
    return Examples(torch.stack([numbers, -numbers], dim=1).float(), numbers)


def order(batches: Batches) -> list[int]:
    return torch.cat([targets for _, targets in batches]).tolist()


@given(n=counts, batch_size=counts, shuffle=st.booleans(), seed=seeds)
def test_each_example_comes_once_an_epoch_with_its_target(n, batch_size, shuffle, seed):
    batches = Batches(numbered(n), batch_size, shuffle=shuffle, seed=seed)
    for _ in range(2):
        epoch = list(batches)
        assert len(epoch) == len(batches)
        sizes = [len(targets) for _, targets in epoch]
        assert sizes[:-1] == [batch_size] * (len(epoch) - 1)
        assert 1 <= sizes[-1] <= batch_size
        seen = torch.cat([targets for _, targets in epoch])
        assert seen.sort().values.tolist() == list(range(n))
        for inputs, targets in epoch:
            assert torch.equal(inputs, torch.stack([targets, -targets], dim=1).float())
    assert batches.n_examples == n


@given(n=counts, batch_size=counts)
def test_without_shuffle_the_order_is_that_of_the_examples(n, batch_size):
    assert order(Batches(numbered(n), batch_size)) == list(range(n))


@given(seed=seeds, batch_size=counts)
def test_the_seed_decides_the_sequence_of_orders(seed, batch_size):
    one, two = (Batches(numbered(40), batch_size, shuffle=True, seed=seed) for _ in range(2))
    epochs = [order(one) for _ in range(3)]
    assert epochs == [order(two) for _ in range(3)]
    assert len({tuple(epoch) for epoch in epochs}) == 3  # by chance alone: 1 in 40 factorial


def test_the_order_does_not_depend_on_the_batch_size():
    orders = [order(Batches(numbered(40), size, shuffle=True, seed=5)) for size in (1, 7, 64)]
    assert orders[0] == orders[1] == orders[2]


def test_another_seed_gives_another_order():
    orders = [order(Batches(numbered(40), 8, shuffle=True, seed=seed)) for seed in (0, 1)]
    assert orders[0] != orders[1]


def test_shuffling_leaves_the_global_random_numbers_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    order(Batches(numbered(10), 3, shuffle=True))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("transform", [lambda inputs: inputs, scale_to_unit])
def test_a_batch_that_is_changed_in_place_leaves_the_examples_alone(shuffle, transform):
    examples = numbered(10)
    before = examples.inputs.clone(), examples.targets.clone()
    for inputs, targets in Batches(examples, 4, shuffle=shuffle, transform=transform):
        inputs.zero_()
        targets.zero_()
    assert torch.equal(examples.inputs, before[0])
    assert torch.equal(examples.targets, before[1])


def test_images_stay_bytes_until_their_batch_is_due():
    images = torch.randint(0, 256, (10, 1, 4, 4), dtype=torch.uint8)
    batches = Batches(Examples(images, torch.arange(10)), 4)
    assert batches.inputs.dtype == torch.uint8
    inputs = torch.cat([inputs for inputs, _ in batches])
    assert inputs.dtype == torch.float32
    assert torch.equal(inputs, images.float() / 255)


def test_a_transform_works_on_the_whole_batch():
    shapes = []

    def double(inputs):
        shapes.append(tuple(inputs.shape))
        return 2 * inputs

    inputs, _ = next(iter(Batches(numbered(10), 4, transform=double)))
    assert inputs[:, 0].tolist() == [0, 2, 4, 6]
    assert shapes == [(4, 2)]


def test_scale_to_unit_maps_bytes_to_the_unit_interval():
    scaled = scale_to_unit(torch.tensor([0, 51, 255], dtype=torch.uint8))
    assert scaled.dtype == torch.float32
    assert torch.allclose(scaled, torch.tensor([0, 0.2, 1]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_scale_to_unit_leaves_floats_alone(dtype):
    inputs = torch.tensor([-3.0, 300.0], dtype=dtype)
    assert scale_to_unit(inputs) is inputs


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.int8])
def test_scale_to_unit_refuses_what_it_cannot_know_the_range_of(dtype):
    with pytest.raises(TypeError, match=f"dtype {dtype}; convert them first.*inputs.float"):
        scale_to_unit(torch.zeros(2, dtype=dtype))


def test_no_examples_are_refused():
    with pytest.raises(ValueError, match="there are no examples to make batches from"):
        Batches(numbered(0), 4)


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_size_below_one_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"batch_size must be at least 1, but is {batch_size}"):
        Batches(numbered(4), batch_size)


def test_the_device_can_be_named():
    batches = Batches(numbered(4), 2, device="cpu")
    assert batches.inputs.device == torch.device("cpu")
    assert batches.targets.device == torch.device("cpu")


@pytest.mark.gpu
def test_on_a_gpu_the_batches_live_there_in_the_same_order():
    images = torch.randint(0, 256, (50, 1, 4, 4), dtype=torch.uint8)
    examples = Examples(images, torch.arange(50))
    on_cpu = Batches(examples, 8, shuffle=True, seed=1)
    on_gpu = Batches(examples, 8, shuffle=True, seed=1, device="cuda")
    for (inputs, targets), (gpu_inputs, gpu_targets) in zip(on_cpu, on_gpu, strict=True):
        assert gpu_inputs.device.type == gpu_targets.device.type == "cuda"
        assert torch.equal(gpu_targets.cpu(), targets)
        assert torch.allclose(gpu_inputs.cpu(), inputs)
