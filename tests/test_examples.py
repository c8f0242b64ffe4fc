"""Examples keep their rows together; splits share none and lose none."""

import dataclasses

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from torchbook.data import Examples, split, split_by_class

sizes = st.lists(st.integers(1, 30), min_size=1, max_size=5).map(tuple)
seeds = st.integers(0, 2**32)


def numbered(n: int) -> Examples:
    """Row i holds the inputs [2i, 2i + 1] and the target i."""
    return Examples(torch.arange(2 * n).reshape(n, 2), torch.arange(n))


@given(sizes=sizes, seed=seeds)
def test_splits_are_disjoint_and_complete_and_keep_their_pairs(sizes, seed):
    parts = split(numbered(sum(sizes)), sizes, seed)
    assert tuple(len(part) for part in parts) == sizes
    everything = torch.cat([part.targets for part in parts])
    assert everything.sort().values.tolist() == list(range(sum(sizes)))
    for part in parts:
        assert torch.equal(part.inputs[:, 0], 2 * part.targets)


@given(sizes=sizes, seed=seeds)
def test_the_same_seed_gives_the_same_split(sizes, seed):
    examples = numbered(sum(sizes))
    again = zip(split(examples, sizes, seed), split(examples, sizes, seed), strict=True)
    assert all(torch.equal(a.targets, b.targets) for a, b in again)


def test_another_seed_gives_another_split_and_none_is_in_order():
    first, other = (split(numbered(100), (90, 10), seed)[1].targets for seed in (0, 1))
    assert first.tolist() != other.tolist()
    assert first.tolist() != list(range(90, 100))


def test_split_leaves_the_global_random_numbers_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    split(numbered(10), (5, 5), seed=3)
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("sizes", [(5, 4), (5, 6), (10, 0), (11, -1), ()])
def test_split_refuses_sizes_that_do_not_fit(sizes):
    with pytest.raises(ValueError, match="sizes must each be at least 1") as caught:
        split(numbered(10), sizes)
    assert str(caught.value) == (
        f"sizes must each be at least 1 and add up to the 10 examples, but are {sizes}"
    )


def test_different_lengths_are_refused():
    with pytest.raises(ValueError, match="same length") as caught:
        Examples(torch.zeros(1200, 3), torch.zeros(1100))
    assert str(caught.value) == (
        "inputs and targets must have the same length, but there are 1,200 inputs "
        "(shape [1200, 3]) and 1,100 targets (shape [1100])"
    )


def test_a_single_number_is_no_examples():
    with pytest.raises(ValueError, match="first dimension that counts the examples") as caught:
        Examples(torch.tensor(1.0), torch.zeros(1))
    assert "shapes [] and [1]" in str(caught.value)


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (slice(1, 3), [1, 2]),
        (torch.tensor([4, 0]), [4, 0]),
        (torch.tensor([True, False, False, False, True]), [0, 4]),
    ],
)
def test_rows_are_selected_together(index, expected):
    selected = numbered(5)[index]
    assert selected.targets.tolist() == expected
    assert selected.inputs[:, 0].tolist() == [2 * i for i in expected]


def test_one_index_is_refused_with_the_way_out():
    with pytest.raises(TypeError, match=r"examples\.inputs\[3\].*examples\[:3\]"):
        numbered(5)[3]


def test_examples_cannot_be_changed_by_accident():
    examples = numbered(2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        examples.targets = torch.zeros(2)


@given(counts=st.lists(st.integers(0, 30), min_size=1, max_size=6), data=st.data(), seed=seeds)
def test_a_split_by_class_is_a_partition_with_even_shares(counts, data, seed):
    targets = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    targets = targets[torch.randperm(len(targets), generator=torch.Generator().manual_seed(seed))]
    n = len(targets)
    assume(n >= 2)
    n_parts = data.draw(st.integers(2, min(n, 6)))
    distinct = st.sets(st.integers(1, n - 1), min_size=n_parts - 1, max_size=n_parts - 1)
    cuts = torch.tensor([0, *sorted(data.draw(distinct)), n])
    sizes = tuple(cuts.diff().tolist())
    parts = split_by_class(Examples(torch.arange(n), targets), sizes, seed)
    assert tuple(len(part) for part in parts) == sizes
    assert sorted(torch.cat([part.inputs for part in parts]).tolist()) == list(range(n))
    for part, size in zip(parts, sizes, strict=True):
        assert torch.equal(targets[part.inputs], part.targets)
        assert part.inputs.tolist() == sorted(part.inputs.tolist())
        share = torch.tensor(counts).double() * size / n
        assert ((part.targets.bincount(minlength=len(counts)) - share).abs() < n_parts - 1).all()


def test_split_by_class_checks_sizes_and_follows_the_seed():
    examples = Examples(torch.arange(20), torch.arange(20) % 2)
    with pytest.raises(ValueError, match="add up to the 20 examples"):
        split_by_class(examples, (10, 9))
    one, again, other = (split_by_class(examples, (10, 10), seed)[0].inputs for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
