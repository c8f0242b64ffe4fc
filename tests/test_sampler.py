"""Batches know where they are, and several processes share each of them."""

from itertools import chain

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import TensorDataset

from torchbook.data import Batches, Examples, StreamedBatches
from torchbook.data.sampler import EpochOrder

sizes = st.integers(1, 40)


def numbered(n: int) -> Examples:
    return Examples(torch.arange(n).float()[:, None], torch.arange(n))


def make(kind: type, n: int, *arguments, **options):
    examples = numbered(n)
    if kind is StreamedBatches:
        return StreamedBatches(
            TensorDataset(examples.inputs, examples.targets), *arguments, **options
        )
    return Batches(examples, *arguments, **options)


def seen(batches) -> list[list[int]]:
    return [targets.tolist() for _, targets in batches]


@pytest.mark.parametrize("kind", [Batches, StreamedBatches])
@given(n=sizes, batch_size=sizes, stop=st.integers(0, 100), shuffle=st.booleans())
def test_batches_go_on_from_any_place(kind, n, batch_size, stop, shuffle):
    whole = make(kind, n, batch_size, shuffle=shuffle, seed=5)
    expected = [batch for _ in range(3) for batch in seen(whole)]
    first = make(kind, n, batch_size, shuffle=shuffle, seed=5)
    got, state = [], first.state_dict()
    stop %= len(expected)
    while len(got) < stop:
        for _, targets in first:
            got.append(targets.tolist())
            state = first.state_dict()
            if len(got) == stop:
                break
    second = make(kind, n, batch_size, shuffle=shuffle, seed=77)  # its own seed counts no more
    second.load_state_dict(state)
    while len(got) < len(expected):
        got += seen(second)
    assert got == expected


@given(n=sizes, batch_size=sizes, world_size=st.integers(1, 5))
def test_processes_share_each_batch_and_leave_nothing_out(n, batch_size, world_size):
    smallest = min(n, n % batch_size or batch_size)
    options = {"shuffle": True, "seed": 2}
    if smallest < world_size:
        with pytest.raises(ValueError, match=f"last batch of {smallest}, too few for {world_size}"):
            make(Batches, n, batch_size, **options, world_size=world_size)
        return
    alone = seen(make(Batches, n, batch_size, **options))
    shares = [
        seen(make(Batches, n, batch_size, **options, rank=rank, world_size=world_size))
        for rank in range(world_size)
    ]
    assert [list(chain(*parts)) for parts in zip(*shares, strict=True)] == alone
    for parts in zip(*shares, strict=True):
        lengths = [len(part) for part in parts]
        assert max(lengths) - min(lengths) <= 1


@given(n=sizes, batch_size=sizes, seed=st.integers(0, 99))
def test_streamed_batches_are_those_from_memory(n, batch_size, seed):
    options = {"shuffle": True, "seed": seed}
    in_memory, streamed = (make(k, n, batch_size, **options) for k in (Batches, StreamedBatches))
    assert len(streamed) == len(in_memory)
    assert (streamed.n_examples, streamed.batch_size) == (n, batch_size)
    for _ in range(2):
        for (a, b), (c, d) in zip(in_memory, streamed, strict=True):
            assert torch.equal(a, c)
            assert torch.equal(b, d)


def test_workers_read_ahead_without_changing_the_order():
    expected = make(Batches, 23, 4, shuffle=True, seed=1)
    streamed = make(StreamedBatches, 23, 4, shuffle=True, seed=1, workers=2)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    for _ in range(2):
        assert seen(streamed) == seen(expected)
    assert torch.equal(torch.get_rng_state(), before)
    assert streamed._loader.multiprocessing_context.get_start_method() == "spawn"


def test_a_streamed_epoch_left_early_does_not_disturb_the_next():
    left, whole = (make(StreamedBatches, 20, 3, shuffle=True, seed=2) for _ in range(2))
    next(iter(left))
    seen(whole)
    assert seen(left) == seen(whole)


def test_streamed_bytes_are_scaled_on_the_batch():
    images = torch.randint(0, 256, (5, 1, 2, 2), dtype=torch.uint8)
    data = TensorDataset(images, torch.arange(5))
    inputs, _ = next(iter(StreamedBatches(data, 5, device="cpu")))
    assert torch.equal(inputs, images / 255)


@pytest.mark.parametrize(("rank", "world_size"), [(2, 2), (-1, 2), (0, 0)])
def test_a_rank_outside_of_its_world_is_refused(rank, world_size):
    with pytest.raises(ValueError, match=f"expected 0 <= rank < world_size, got {rank} and"):
        EpochOrder(10, 5, rank=rank, world_size=world_size)


def test_an_empty_data_set_is_refused():
    with pytest.raises(ValueError, match="there are no examples"):
        make(StreamedBatches, 0, 5)
