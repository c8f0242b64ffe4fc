"""Circles and spirals are what they say, and come from their seed."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torchbook.data.sets.shapes import circles, spirals

SHAPES = [circles, spirals]


@pytest.mark.parametrize("draw", SHAPES)
@given(n=st.integers(3, 200), seed=st.integers(0, 2**31))
def test_the_same_seed_gives_the_same_points(draw, n, seed):
    first, again, other = draw(n, seed=seed), draw(n, seed=seed), draw(n, seed=seed + 1)
    assert first.inputs.shape == (n, 2)
    assert first.inputs.dtype == torch.float32
    assert first.targets.shape == (n,)
    assert first.targets.dtype == torch.int64
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, other.targets)
    assert not torch.equal(first.inputs, other.inputs)
    counts = first.targets.bincount()
    assert counts.max() - counts.min() <= 1  # the classes are even


@pytest.mark.parametrize("draw", SHAPES)
def test_nobody_elses_random_numbers_move(draw):
    state = torch.get_rng_state()
    draw(10)
    assert torch.equal(state, torch.get_rng_state())


@given(st.integers(2, 300), st.integers(0, 1000))
def test_circles_have_their_radii(n, seed):
    examples = circles(n, noise=0, seed=seed)
    radii = examples.inputs.norm(dim=1)
    torch.testing.assert_close(radii, torch.where(examples.targets == 1, 0.5, 1.0))


def test_circles_are_the_same_in_every_direction():
    inputs = circles(20_000, noise=0, seed=1).inputs
    octants = (torch.atan2(inputs[:, 1], inputs[:, 0]) / (math.pi / 4)).floor().long() + 4
    shares = octants.bincount(minlength=8) / 20_000
    torch.testing.assert_close(shares, torch.full((8,), 1 / 8), atol=0.01, rtol=0)


@given(st.integers(2, 6), st.integers(0, 1000))
def test_the_arms_of_a_spiral_are_one_arm_turned(n_arms, seed):
    examples = spirals(60, n_arms, noise=0, seed=seed)
    radii = examples.inputs.norm(dim=1)
    assert radii.min() >= 0.1 - 1e-6
    assert radii.max() <= 1 + 1e-6
    turn = 1.2 * math.pi * (radii - 0.1) / 0.9 + 2 * math.pi * examples.targets / n_arms
    expected = radii[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    torch.testing.assert_close(examples.inputs, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("draw", SHAPES)
def test_noise_has_the_deviation_that_was_asked(draw):
    scatter = draw(20_000, noise=0.2, seed=3).inputs - draw(20_000, noise=0, seed=3).inputs
    assert scatter.std(dim=0).tolist() == pytest.approx([0.2, 0.2], rel=0.03)
    assert scatter.mean(dim=0).tolist() == pytest.approx([0, 0], abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: circles(1), "n must be at least 2, one point for each of the circles, but is 1"),
        (lambda: spirals(2), "n must be at least 3, one point for each of the arms, but is 2"),
        (lambda: spirals(9, n_arms=1), "n_arms must be at least 2, but is 1"),
        (lambda: circles(9, noise=-0.1), r"noise must be 0 or more, but is -0\.1"),
        (lambda: spirals(9, noise=float("nan")), "noise must be 0 or more, but is nan"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
