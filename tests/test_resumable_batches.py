"""Batches can be resumed from any place, and several processes share each of them."""

from itertools import chain, islice

import pytest
import torch
import torch.distributed as dist
from hypothesis import given
from hypothesis import strategies as st

from torchbook.data import Batches, Examples

sizes = st.integers(1, 40)


def make(n: int, *arguments, **options) -> Batches:
    return Batches(
        Examples(torch.arange(n).float()[:, None], torch.arange(n)), *arguments, **options
    )


def seen(batches, n: int | None = None) -> list[list[int]]:
    return [targets.tolist() for _, targets in islice(batches, n)]


@given(n=sizes, batch_size=sizes, stop=st.integers(0, 100), shuffle=st.booleans())
def test_batches_can_be_resumed_from_any_place(n, batch_size, stop, shuffle):
    whole = make(n, batch_size, shuffle=shuffle, seed=5)
    expected = [batch for _ in range(3) for batch in seen(whole)]
    first = make(n, batch_size, shuffle=shuffle, seed=5)
    got, state = [], first.state_dict()
    stop %= len(expected)
    while len(got) < stop:
        for _, targets in first:
            got.append(targets.tolist())
            state = first.state_dict()
            if len(got) == stop:
                break
    second = make(n, batch_size, shuffle=shuffle, seed=77)  # the state replaces its seed
    second.load_state_dict(state)
    while len(got) < len(expected):
        got += seen(second)
    assert got == expected


@given(n=sizes, batch_size=sizes, epoch=st.integers(0, 2), looks=st.lists(sizes, max_size=3))
def test_a_pass_that_is_left_early_changes_nothing(n, batch_size, epoch, looks):
    whole, looked_at = (make(n, batch_size, shuffle=True, seed=3) for _ in range(2))
    for i in range(3):
        expected = seen(whole)
        if i == epoch:
            for look in looks:
                look = min(look, len(expected))
                assert seen(looked_at, look) == expected[:look]
        assert seen(looked_at) == expected


@given(n=sizes, batch_size=sizes, stop=sizes)
def test_a_look_between_loading_and_training_changes_nothing(n, batch_size, stop):
    whole = make(n, batch_size, shuffle=True)
    expected = seen(whole) + seen(whole)
    stop = min(stop, len(whole))
    first, second = (make(n, batch_size, shuffle=True) for _ in range(2))
    assert seen(first, stop) == expected[:stop]
    second.load_state_dict(first.state_dict())
    assert seen(second, 1) == expected[stop : len(whole)][:1]
    if stop < len(whole):  # the look has moved the position, not the start of the pass
        assert seen(second) + seen(second) == expected[stop:]


def test_a_look_while_training_changes_nothing():
    whole, batches = (make(20, 3, shuffle=True) for _ in range(2))
    for _ in range(2):
        got = []
        for _, targets in batches:
            got.append(targets.tolist())
            seen(batches, 1)
        assert got == seen(whole)


@given(n=sizes, batch_size=sizes, world_size=st.integers(1, 5))
def test_processes_share_each_batch_and_leave_nothing_out(n, batch_size, world_size):
    smallest = min(n, n % batch_size or batch_size)
    options = {"shuffle": True, "seed": 2}
    if smallest < world_size:
        with pytest.raises(ValueError, match=f"last batch of {smallest}, too few for {world_size}"):
            make(n, batch_size, **options, rank=0, world_size=world_size)
        return
    alone = seen(make(n, batch_size, **options))
    shares = [
        seen(make(n, batch_size, **options, rank=rank, world_size=world_size))
        for rank in range(world_size)
    ]
    assert [list(chain(*parts)) for parts in zip(*shares, strict=True)] == alone
    for parts in zip(*shares, strict=True):
        lengths = [len(part) for part in parts]
        assert max(lengths) - min(lengths) <= 1


@pytest.fixture
def group(tmp_path):
    """Start a group of one process."""
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_rank_and_size_come_from_the_process_group(group, monkeypatch):
    assert (make(10, 4).rank, make(10, 4).world_size) == (0, 1)
    monkeypatch.setattr(dist, "get_rank", lambda: 1)
    monkeypatch.setattr(dist, "get_world_size", lambda: 2)
    assert seen(make(10, 4)) == [[2, 3], [6, 7], [9]]
    assert seen(make(10, 4, rank=0, world_size=1)) == seen(make(10, 4, rank=0, world_size=1))
    assert seen(make(10, 4, rank=0, world_size=1))[0] == [0, 1, 2, 3]


def test_without_a_process_group_there_is_one_process():
    assert (make(10, 4).rank, make(10, 4).world_size) == (0, 1)


@pytest.mark.parametrize(("rank", "world_size"), [(2, 2), (-1, 2), (0, 0)])
def test_a_rank_outside_of_its_world_is_refused(rank, world_size):
    with pytest.raises(ValueError, match=f"expected 0 <= rank < world_size, got {rank} and"):
        make(10, 5, rank=rank, world_size=world_size)
