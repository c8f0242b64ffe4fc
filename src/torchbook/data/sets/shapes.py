"""Random points in the plane on two circles or on the arms of a spiral."""

import math

import torch
from torch import Tensor

from torchbook.data.examples import Examples

INNER_RADIUS = 0.5
OUTER_RADIUS = 1.0


def circles(n: int, noise: float = 0.1, seed: int = 0) -> Examples:
    """Draw points alternately on two circles with the same centre.

    The angles are uniform. Label 0 is the outer circle (radius 1), label 1 the inner one (0.5).

    Args:
        n: number of points, at least 2.
        noise: standard deviation of the normal noise added to each coordinate.
        seed: the same seed gives the same points.

    Returns:
        Inputs [n, 2], float32, on the CPU, and targets [n], int64.

    Raises:
        ValueError: `n` is below 2, or `noise` is negative.
    """
    _require(n, 2, "circles", noise)
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(n) % 2
    angles = 2 * math.pi * torch.rand(n, generator=generator)
    radii = torch.tensor([OUTER_RADIUS, INNER_RADIUS])[targets]
    return Examples(_in_the_plane(radii, angles, noise, generator), targets)


def spirals(n: int, n_arms: int = 3, noise: float = 0.04, seed: int = 0) -> Examples:
    """Draw points on the arms of a spiral, equally many on each.

    Along an arm the radius grows from 0.1 to 1 while the angle grows by 1.2 pi, a little more than
    half a turn. The arms are rotated copies of the first. The label is the number of the arm.

    Args:
        n: number of points, at least one for each arm; a remainder goes to the first arms.
        n_arms: number of arms, at least 2.
        noise: standard deviation of the normal noise added to each coordinate.
        seed: the same seed gives the same points.

    Returns:
        Inputs [n, 2], float32, on the CPU, and targets [n], int64, from 0 to `n_arms` - 1.

    Raises:
        ValueError: there are fewer than 2 arms, fewer points than arms, or `noise` is negative.
    """
    if n_arms < 2:
        raise ValueError(f"n_arms must be at least 2, but is {n_arms}")
    _require(n, n_arms, "arms", noise)
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(n) % n_arms
    along = torch.rand(n, generator=generator)  # from 0 at the inner end to 1 at the outer
    angles = 2 * math.pi * targets / n_arms + 1.2 * math.pi * along
    return Examples(_in_the_plane(0.1 + 0.9 * along, angles, noise, generator), targets)


def _require(n: int, n_classes: int, what: str, noise: float) -> None:
    if n < n_classes:
        raise ValueError(
            f"n must be at least {n_classes}, one point for each of the {what}, but is {n}"
        )
    if not noise >= 0:
        raise ValueError(f"noise must be 0 or more, but is {noise}")


def _in_the_plane(
    radii: Tensor, angles: Tensor, noise: float, generator: torch.Generator
) -> Tensor:
    """Turn radii [N] and angles [N] in radians into points [N, 2], with noise."""
    points = torch.stack([radii * angles.cos(), radii * angles.sin()], dim=1)
    return points + noise * torch.randn(points.shape, generator=generator)
